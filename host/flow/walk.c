/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/walk.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/beneath.h"
#include "base/file.h"
#include "flow/path.h"

/* In place of an offset: of a folder that is passed over. */
#define LEFT_OUT SIZE_MAX

void kist_walk_done(struct kist_walk *walk)
{
	kist_buf_done(&walk->text);
	kist_buf_done(&walk->paths);
}

size_t kist_walk_count(const struct kist_walk *walk)
{
	return walk->paths.size / sizeof(struct kist_walk_path);
}

const char *kist_walk_path(const struct kist_walk *walk, size_t i)
{
	const struct kist_walk_path *paths = (const void *)walk->paths.data;

	return (const char *)walk->text.data + paths[i].offset;
}

bool kist_walk_was_file(const struct kist_walk *walk, size_t i)
{
	const struct kist_walk_path *paths = (const void *)walk->paths.data;

	return paths[i].type == DT_REG;
}

/* As a number that is in order as they are; zeros where it is shorter. */
static uint64_t begin_of(const char *path)
{
	uint64_t begin = 0;

	for (int shift = 56; shift >= 0 && *path; shift -= 8)
		begin |= (uint64_t)(unsigned char)*path++ << shift;
	return begin;
}

static kist_status add(struct kist_walk *walk, const char *folder, const struct dirent *entry,
		       struct kist_error *err)
{
	struct kist_walk_path path = { .offset = walk->text.size, .type = entry->d_type };

	if (folder[0] != '\0') {
		KIST_TRY(kist_buf_append(&walk->text, folder, strlen(folder), err));
		KIST_TRY(kist_buf_append(&walk->text, "/", 1, err));
	}
	KIST_TRY(kist_buf_append(&walk->text, entry->d_name, strlen(entry->d_name) + 1, err));
	KIST_TRY(kist_tree_path_check((const char *)walk->text.data + path.offset,
				      walk->text.size - path.offset - 1, err));
	path.begin = begin_of((const char *)walk->text.data + path.offset);
	return kist_buf_append(&walk->paths, &path, sizeof(path), err);
}

/* Adds what stands in one folder; @folder is a copy, because the text moves as it grows. */
static kist_status list(int dir_fd, const char *folder, struct kist_walk *walk, struct kist_error *err)
{
	kist_auto_dir DIR *dir = NULL;
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_open_beneath(dir_fd, folder, O_RDONLY | O_DIRECTORY, 0, false, &fd, err));
	KIST_TRY(kist_dir_of_fd(&fd, &dir, err));
	for (;;) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry && errno != 0)
			return kist_fail_errno(err, errno, "cannot list the folder '%s'", folder);
		if (!entry)
			return KIST_OK;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			KIST_TRY(add(walk, folder, entry, err));
	}
}

/* Lists what the @i-th path holds, when that is a folder; a folder that is left out loses its place. */
static kist_status enter(int dir_fd, size_t i, const struct kist_walk_options *options,
			 struct kist_walk *walk, struct kist_error *err)
{
	char path[KIST_TREE_PATH_SIZE_MAX + 1];
	struct kist_walk_path *paths = (void *)walk->paths.data;
	struct stat st;

	if (paths[i].type != DT_DIR && paths[i].type != DT_UNKNOWN)
		return KIST_OK;
	memcpy(path, kist_walk_path(walk, i), strlen(kist_walk_path(walk, i)) + 1);
	if (fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return KIST_OK;
	if (options && options->left_out && options->left_out->st_dev == st.st_dev &&
	    options->left_out->st_ino == st.st_ino) {
		paths[i].offset = LEFT_OUT;
		options->each_left_out(options->ctx, path);
		return KIST_OK;
	}
	return list(dir_fd, path, walk, err);
}

/* Paths that lost their place are gone, the others keep their order. */
static void close_gaps(struct kist_walk *walk)
{
	struct kist_walk_path *paths = (void *)walk->paths.data;
	size_t kept = 0;

	for (size_t i = 0; i < kist_walk_count(walk); i++) {
		if (paths[i].offset != LEFT_OUT)
			paths[kept++] = paths[i];
	}
	walk->paths.size = kept * sizeof(*paths);
}

static int compare_paths(const void *a, const void *b, void *text)
{
	const char *base = text;
	const struct kist_walk_path *x = a;
	const struct kist_walk_path *y = b;

	return x->begin != y->begin ? (x->begin > y->begin ? 1 : -1)
				    : strcmp(base + x->offset, base + y->offset);
}

kist_status kist_walk_folder(int dir_fd, const struct kist_walk_options *options, struct kist_walk *walk,
			     struct kist_error *err)
{
	KIST_TRY(list(dir_fd, "", walk, err));
	/* The list grows while it is walked: each folder adds what it holds to the end. */
	for (size_t i = 0; i < kist_walk_count(walk); i++) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = enter(dir_fd, i, options, walk, &why);

		if (status == KIST_OK)
			continue;
		if (!options)
			return kist_fail_as(err, status, &why);
		KIST_TRY(options->each_bad(options->ctx, kist_walk_path(walk, i), &why, err));
	}
	close_gaps(walk);
	if (kist_walk_count(walk) > 0)
		qsort_r(walk->paths.data, kist_walk_count(walk), sizeof(struct kist_walk_path), compare_paths,
			walk->text.data);
	return KIST_OK;
}
