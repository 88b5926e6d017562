/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/file_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "backend/kinds.h"
#include "base/mem.h"

/* Bytes of all names in one folder. */
#define NAMES_SIZE_MAX ((size_t)1 << 30)

struct lister {
	int root_fd;
	bool plain;
	const char *prefix;
	size_t prefix_len;
	kist_status (*each)(void *ctx, const char *key, uint64_t size, struct kist_error *err);
	void *ctx;
	char key[KIST_KEY_SIZE_MAX + 1]; /* of the folder that is read, with its '/' */
};

kist_status kist_folder_is_empty(int dir_fd, bool *ret_empty, struct kist_error *err)
{
	kist_auto_dir DIR *dir = NULL;
	const struct dirent *entry;
	bool empty = true;

	KIST_TRY(kist_dir_open_at(dir_fd, ".", &dir, err));
	errno = 0;
	while (empty && (entry = readdir(dir)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (errno != 0)
		return kist_fail_errno(err, errno, "cannot read a folder");
	*ret_empty = empty;
	return KIST_OK;
}

/* Reads the names that can be keys into @ret, each ended by NUL; a folder's name by '/' and NUL. */
static kist_status read_names(int dir_fd, struct kist_buf *ret, size_t *ret_count, struct kist_error *err)
{
	kist_auto_dir DIR *dir = NULL;
	const struct dirent *entry;
	size_t count = 0;

	KIST_TRY(kist_dir_open_at(dir_fd, ".", &dir, err));
	while ((void)(errno = 0), (entry = readdir(dir))) {
		const size_t len = strlen(entry->d_name);
		struct stat info;

		if (!kist_key_segment(entry->d_name, len) ||
		    fstatat(dir_fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
		    (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
			continue;
		KIST_TRY(kist_buf_append(ret, entry->d_name, len, err));
		KIST_TRY(kist_buf_append(ret, "/", S_ISDIR(info.st_mode) ? 2 : 0, err));
		KIST_TRY(kist_buf_append(ret, "", S_ISDIR(info.st_mode) ? 0 : 1, err));
		count++;
	}
	if (errno != 0)
		return kist_fail_errno(err, errno, "cannot read a folder");
	*ret_count = count;
	return KIST_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether @key, when it ends in '/' the keys below it, can begin with the prefix. */
static bool prefix_allows(const struct lister *lister, const char *key, size_t len)
{
	return strncmp(key, lister->prefix, len < lister->prefix_len ? len : lister->prefix_len) == 0 &&
	       (len >= lister->prefix_len || key[len - 1] == '/');
}

static kist_status list_folder(struct lister *lister, size_t len, struct kist_error *err);

static kist_status list_name(struct lister *lister, int dir_fd, size_t folder_len, const char *name,
			     struct kist_error *err)
{
	const size_t len = strlen(name);
	struct stat info;

	if (len > KIST_KEY_SIZE_MAX - folder_len)
		return KIST_OK;
	memcpy(lister->key + folder_len, name, len + 1);
	if (!prefix_allows(lister, lister->key, folder_len + len))
		return KIST_OK;
	if (name[len - 1] == '/')
		return list_folder(lister, folder_len + len, err);
	/* Removed meanwhile: not an error. */
	if (fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
		return KIST_OK;
	return lister->each(lister->ctx, lister->key, (uint64_t)info.st_size, err);
}

/* The folder is the first @len bytes of lister->key.  Depth is bounded by the longest key. */
static kist_status list_folder(struct lister *lister, size_t len, struct kist_error *err)
{
	kist_auto_buf struct kist_buf names = KIST_BUF_INIT(NAMES_SIZE_MAX);
	kist_auto_mem const char **sorted = NULL;
	kist_auto_fd int dir_fd = -1;
	char folder[KIST_KEY_SIZE_MAX + 1];
	const char *name;
	kist_status status;
	size_t count = 0;

	memcpy(folder, lister->key, len);
	folder[len ? len - 1 : 0] = '\0';
	status = kist_open_beneath(lister->root_fd, folder, O_RDONLY | O_DIRECTORY, 0, lister->plain, &dir_fd,
				   err);
	if (status != KIST_OK)
		return status;
	KIST_TRY(read_names(dir_fd, &names, &count, err));
	sorted = kist_alloc(count, sizeof(*sorted));
	if (!sorted)
		return kist_fail_memory(err, count * sizeof(*sorted));
	name = (const char *)names.data;
	for (size_t i = 0; i < count; i++, name += strlen(name) + 1)
		sorted[i] = name;
	/* With the '/' behind folders this is the order of the whole keys. */
	qsort(sorted, count, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < count; i++)
		KIST_TRY(list_name(lister, dir_fd, len, sorted[i], err));
	return KIST_OK;
}

kist_status kist_file_list(int root_fd, bool plain, const char *prefix,
			   kist_status (*each)(void *ctx, const char *key, uint64_t size,
					       struct kist_error *err),
			   void *ctx, struct kist_error *err)
{
	const char *slash = strrchr(prefix, '/');
	struct lister lister = { .root_fd = root_fd,
				 .plain = plain,
				 .prefix = prefix,
				 .prefix_len = strlen(prefix),
				 .each = each,
				 .ctx = ctx };
	const size_t len = slash ? (size_t)(slash - prefix) + 1 : 0;
	char folder[KIST_KEY_SIZE_MAX + 1];
	kist_auto_fd int fd = -1;
	kist_status status;

	memcpy(folder, prefix, len);
	folder[len ? len - 1 : 0] = '\0';
	/* No folder, no keys: the first of them makes it. */
	status = kist_open_beneath(root_fd, folder, O_PATH | O_DIRECTORY, 0, plain, &fd, NULL);
	if (status == KIST_NOT_FOUND)
		return KIST_OK;
	memcpy(lister.key, prefix, len);
	return list_folder(&lister, len, err);
}

static bool is_regular(int dir_fd, const struct dirent *entry)
{
	struct stat info;

	/* Not all file systems say it in the folder. */
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
	return fstatat(dir_fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
}

kist_status kist_file_names(int root_fd, bool plain, const char *folder,
			    kist_status (*each)(void *ctx, const char *name, struct kist_error *err),
			    void *ctx, struct kist_error *err)
{
	kist_auto_dir DIR *dir = NULL;
	const size_t len = strlen(folder) - 1;
	char path[KIST_KEY_SIZE_MAX + 1];
	const struct dirent *entry;
	kist_auto_fd int fd = -1;
	kist_status status;

	memcpy(path, folder, len);
	path[len] = '\0';
	status = kist_open_beneath(root_fd, path, O_PATH | O_DIRECTORY, 0, plain, &fd, NULL);
	if (status == KIST_NOT_FOUND)
		return KIST_OK;
	kist_fd_close(&fd);
	KIST_TRY(kist_open_beneath(root_fd, path, O_RDONLY | O_DIRECTORY, 0, plain, &fd, err));
	KIST_TRY(kist_dir_open_at(fd, ".", &dir, err));
	while ((void)(errno = 0), (entry = readdir(dir))) {
		const size_t name_len = strlen(entry->d_name);

		if (name_len < KIST_KEY_SIZE_MAX - len && kist_key_segment(entry->d_name, name_len) &&
		    is_regular(fd, entry))
			KIST_TRY(each(ctx, entry->d_name, err));
	}
	return errno == 0 ? KIST_OK : kist_fail_errno(err, errno, "cannot read a folder");
}
