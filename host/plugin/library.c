/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/mem.h"
#include "plugin/cache.h"
#include "plugin/catalog.h"
#include "plugin/elf.h"
#include "plugin/search.h"
#include "plugin/trust.h"

/*
 * From the file of a library to a sealed copy in memory.  Nothing can change what was hashed between the
 * check and the load: not the file's owner, not another process, not the worker.
 */

#define COPY_STEP	 ((size_t)64 << 10)
#define LIBRARY_SIZE_MAX ((uint64_t)1 << 30)

/* A library of the system is replaced by its package, under the same name. */
#define SYSTEM_CHANGED                                                                                       \
	"the system has another version of it than the one that was trusted: run 'kist plugin trust' again " \
	"if "                                                                                                \
	"you know why"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static kist_status make_memory_file(int *ret_fd, struct kist_error *err)
{
	int fd = memfd_create("kist-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	/* Kernels before 6.3 do not know the flag: their memory files are executable anyway. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("kist-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 && errno == EACCES)
		return kist_fail(err, KIST_DENIED,
				 "this system allows no executable memory files: set the sysctl "
				 "vm.memfd_noexec to 0 or 1");
	if (fd < 0)
		return kist_fail_errno(err, errno, "cannot make a memory file");
	*ret_fd = fd;
	return KIST_OK;
}

static kist_status copy_and_hash(int from, int to, uint64_t size, struct kist_digest *ret,
				 struct kist_error *err)
{
	struct kist_hasher hasher;
	kist_auto_mem uint8_t *step = kist_alloc(COPY_STEP, 1);

	if (!step)
		return kist_fail_memory(err, COPY_STEP);
	kist_hasher_start(&hasher);
	for (uint64_t done = 0;;) {
		size_t got;

		KIST_TRY(kist_pread_full(from, step, COPY_STEP, done, &got, err));
		if (got > size - done)
			return kist_fail(err, KIST_DENIED, "larger than the %llu bytes its manifest says",
					 (unsigned long long)size);
		if (got == 0)
			break;
		KIST_TRY(kist_write_all(to, kist_view_of(step, got), err));
		kist_hasher_add(&hasher, kist_view_of(step, got));
		done += got;
	}
	*ret = kist_hasher_finish(&hasher);
	return KIST_OK;
}

static kist_status seal(int fd, struct kist_error *err)
{
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
		return kist_fail_errno(err, errno, "cannot seal a memory file");
	return KIST_OK;
}

static kist_status check_digest(const struct kist_digest *actual, const struct kist_manifest *manifest,
				struct kist_error *err)
{
	char found[KIST_DIGEST_HEX_SIZE];
	char wanted[KIST_DIGEST_HEX_SIZE];

	if (kist_digest_equal(actual, &manifest->library_sha256))
		return KIST_OK;
	if (manifest->is_system)
		return kist_fail(err, KIST_DENIED, SYSTEM_CHANGED);
	kist_digest_hex(actual, found);
	kist_digest_hex(&manifest->library_sha256, wanted);
	return kist_fail(err, KIST_DENIED,
			 "not the library that its manifest names: its SHA-256 is %s, not %s", found, wanted);
}

static kist_status check_sealed(int fd, const struct kist_manifest *manifest, struct kist_error *err)
{
	const size_t size = (size_t)manifest->library_size;
	void *base = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	kist_status status;

	if (base == MAP_FAILED)
		return kist_fail_errno(err, errno, "cannot map a memory file");
	status = kist_elf_gate(kist_view_of(base, size), manifest, err);
	(void)munmap(base, size);
	return status;
}

static kist_status check_size(int fd, const struct kist_manifest *manifest, struct kist_error *err)
{
	struct stat info;

	if (manifest->library_size > LIBRARY_SIZE_MAX)
		return kist_fail(err, KIST_LIMIT, "a library of %llu bytes, at most %llu are allowed",
				 (unsigned long long)manifest->library_size,
				 (unsigned long long)LIBRARY_SIZE_MAX);
	if (fstat(fd, &info) != 0)
		return kist_fail_errno(err, errno, "cannot look at it");
	if (manifest->is_system && (uint64_t)info.st_size != manifest->library_size)
		return kist_fail(err, KIST_DENIED, SYSTEM_CHANGED);
	if (info.st_size < 0 || (uint64_t)info.st_size != manifest->library_size)
		return kist_fail(err, KIST_DENIED,
				 "not the library that its manifest names: it has %lld bytes, not %llu",
				 (long long)info.st_size, (unsigned long long)manifest->library_size);
	return KIST_OK;
}

kist_status kist_search_open_library(const struct kist_catalog_entry *entry, int *ret_fd,
				     struct kist_error *err)
{
	const size_t folder_len = (size_t)(strrchr(entry->path, '/') - entry->path);
	kist_auto_mem char *folder = NULL;
	kist_auto_mem char *resolved = NULL;
	kist_auto_fd int dir_fd = -1;

	if (entry->manifest->is_system)
		return kist_search_open_system(entry->manifest->library_file, ret_fd, err);
	/* A plugin folder "/" leaves an empty text: the slash itself is its name. */
	folder = kist_strndup(entry->path, folder_len ? folder_len : 1);
	if (!folder)
		return kist_fail_memory(err, strlen(entry->path));
	KIST_TRY(kist_search_open_dir(folder, &resolved, &dir_fd, err));
	return kist_search_open_file(dir_fd, entry->manifest->library_file, ret_fd, err);
}

/* What a pin says of a library of the system is taken from the file once, by who trusts it. */
kist_status kist_catalog_measure(struct kist_manifest *manifest, struct kist_error *err)
{
	struct kist_hasher hasher;
	kist_auto_mem uint8_t *step = kist_alloc(COPY_STEP, 1);
	kist_auto_fd int fd = -1;
	uint64_t size = 0;
	size_t got;

	if (!manifest->is_system || manifest->library_size > 0)
		return KIST_OK;
	if (!step)
		return kist_fail_memory(err, COPY_STEP);
	KIST_TRY(kist_search_open_system(manifest->library_file, &fd, err));
	kist_hasher_start(&hasher);
	do {
		KIST_TRY(kist_pread_full(fd, step, COPY_STEP, size, &got, err));
		kist_hasher_add(&hasher, kist_view_of(step, got));
		size += got;
		if (size > LIBRARY_SIZE_MAX)
			return kist_fail(err, KIST_LIMIT, "library '%s': more than %llu bytes",
					 manifest->library_file, (unsigned long long)LIBRARY_SIZE_MAX);
	} while (got > 0);
	if (size == 0)
		return kist_fail(err, KIST_CORRUPT, "library '%s' is empty", manifest->library_file);
	manifest->library_sha256 = kist_hasher_finish(&hasher);
	manifest->library_size = size;
	return KIST_OK;
}

static kist_status open_checked(const struct kist_catalog_entry *entry, int *ret_fd, struct kist_error *err)
{
	const struct kist_manifest *manifest = entry->manifest;
	kist_auto_fd int file_fd = -1;
	kist_auto_fd int sealed_fd = -1;
	struct kist_digest digest;

	KIST_TRY(kist_search_open_library(entry, &file_fd, err));
	KIST_TRY(check_size(file_fd, manifest, err));
	KIST_TRY(make_memory_file(&sealed_fd, err));
	KIST_TRY(copy_and_hash(file_fd, sealed_fd, manifest->library_size, &digest, err));
	KIST_TRY(seal(sealed_fd, err));
	KIST_TRY(check_digest(&digest, manifest, err));
	KIST_TRY(check_sealed(sealed_fd, manifest, err));
	*ret_fd = kist_fd_move(&sealed_fd);
	return KIST_OK;
}

/* An installation puts another manifest in place together with its library. */
static bool is_replaced(const struct kist_catalog_entry *entry)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_MANIFEST_SIZE_MAX);
	struct kist_digest digest;

	if (kist_read_file_at(AT_FDCWD, entry->path, &text, NULL) != KIST_OK)
		return false;
	digest = kist_digest_of(kist_buf_view(&text));
	return !kist_digest_equal(&digest, &entry->digest);
}

kist_status kist_catalog_open_library(const struct kist_catalog_entry *entry, int *ret_fd,
				      struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (entry->refusal.status != KIST_OK)
		return kist_fail_at(
			err, entry->refusal.status, entry->refusal.code[0] ? entry->refusal.code : NULL,
			entry->refusal.offset, "plugin '%s': %s", entry->path, entry->refusal.text);
	if (open_checked(entry, ret_fd, &why) == KIST_OK) {
		/* What cannot be noted is noted the next time. */
		if (entry->see_in)
			(void)!kist_trust_see(entry->see_in, entry->manifest->id, entry->manifest->version,
					      NULL);
		return KIST_OK;
	}
	if (is_replaced(entry))
		return kist_fail(err, KIST_DENIED,
				 "plugin '%s' is being replaced by another version: run the command again",
				 entry->manifest->id);
	return kist_fail_at(err, why.status, why.code[0] ? why.code : NULL, why.offset,
			    "library '%s' of plugin '%s': %s", entry->manifest->library_file,
			    entry->manifest->id, why.text);
}
