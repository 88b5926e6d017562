/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/cache.h"

#include <gnu/libc-version.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/time.h"
#include "kist/plugin.h"

/* What changed this lately may change again without a new time: the clock of files ticks more slowly. */
#define SETTLED_NS 100000000

/* What one library is remembered under, and as. */
struct key {
	char path[PATH_MAX]; /* "" when it is too long: nothing is remembered then */
	char text[KIST_CACHE_SIZE_MAX];
	int64_t changed_ns;
};

static int64_t ns_of(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static void describe_host(char *ret, size_t size)
{
	struct utsname name;

	if (uname(&name) != 0)
		memset(&name, 0, sizeof(name));
	snprintf(ret, size, "kist %s, abi %u.%u, %.65s, glibc %.32s, on %.65s", PACKAGE_VERSION,
		 KIST_ABI_MAJOR, KIST_ABI_MINOR, name.machine, gnu_get_libc_version(), name.nodename);
}

static void key_init(struct key *ret, const struct kist_catalog_entry *entry, const struct stat *info,
		     const char *cache_dir)
{
	char host[256];
	char host_hex[KIST_DIGEST_HEX_SIZE];
	char manifest_hex[KIST_DIGEST_HEX_SIZE];
	char library_hex[KIST_DIGEST_HEX_SIZE];
	struct kist_digest host_digest;

	describe_host(host, sizeof(host));
	host_digest = kist_digest_of(kist_view_of(host, strlen(host)));
	kist_digest_hex(&host_digest, host_hex);
	kist_digest_hex(&entry->digest, manifest_hex);
	/* That of a library of the system is not in the manifest. */
	kist_digest_hex(&entry->manifest->library_sha256, library_hex);
	if (snprintf(ret->path, sizeof(ret->path), "%s/plugins/%s-%.16s", cache_dir, manifest_hex,
		     host_hex) >= (int)sizeof(ret->path))
		ret->path[0] = '\0';
	ret->changed_ns = ns_of(&info->st_ctim);
	snprintf(ret->text, sizeof(ret->text),
		 "kist-library 2\n%s\n%s %s\n%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n",
		 host, manifest_hex, library_hex, (uint64_t)info->st_dev, (uint64_t)info->st_ino,
		 (uint64_t)info->st_size, ns_of(&info->st_mtim), ret->changed_ns);
}

static bool is_remembered(const struct key *key)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_CACHE_SIZE_MAX);
	kist_auto_fd int fd = -1;
	struct stat info;

	if (kist_open_at(AT_FDCWD, key->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, &fd, NULL) !=
		    KIST_OK ||
	    fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || kist_read_all(fd, &text, NULL) != KIST_OK)
		return false;
	return text.size == strlen(key->text) && memcmp(text.data, key->text, text.size) == 0;
}

static void remember(const struct key *key)
{
	char folder[PATH_MAX];

	if (kist_wall_ns() - key->changed_ns < SETTLED_NS)
		return;
	snprintf(folder, sizeof(folder), "%s", key->path);
	*strrchr(folder, '/') = '\0';
	/* Not being able to costs the next one a look at the library, and that is all. */
	if (kist_mkdirs_at(AT_FDCWD, folder, 0700, NULL) == KIST_OK)
		(void)!kist_replace_file_at(AT_FDCWD, key->path, kist_view_of(key->text, strlen(key->text)),
					    0600, false, NULL);
}

/* Fills in @ret of the library as it is now; false when it is not to be found, or nothing is remembered. */
static bool look(const struct kist_catalog_entry *entry, const char *cache_dir, struct key *ret)
{
	kist_auto_fd int fd = -1;
	struct stat info;

	if (!cache_dir || kist_search_open_library(entry, &fd, NULL) != KIST_OK || fstat(fd, &info) != 0)
		return false;
	key_init(ret, entry, &info, cache_dir);
	return ret->path[0] != '\0';
}

kist_status kist_catalog_check_library(const struct kist_catalog_entry *entry, const char *cache_dir,
				       struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	struct key before;
	struct key after;
	bool known;

	if (entry->refusal.status != KIST_OK)
		return kist_catalog_open_library(entry, &fd, err);
	known = look(entry, cache_dir, &before);
	if (known && is_remembered(&before))
		return KIST_OK;
	KIST_TRY(kist_catalog_open_library(entry, &fd, err));
	if (known && look(entry, cache_dir, &after) && strcmp(before.text, after.text) == 0)
		remember(&after);
	return KIST_OK;
}
