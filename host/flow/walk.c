/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/walk.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/beneath.h"
#include "base/file.h"
#include "flow/path.h"

/* In place of an offset: of a folder that is passed over. */
#define LEFT_OUT SIZE_MAX

/* Fewer folders are not worth a thread. */
#define BESIDE_MIN 16

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

/* Whether what stands at @path is a folder that is to be listed, or the one that is left out. */
static kist_status look(int dir_fd, const char *path, const struct kist_walk_options *options,
			bool *ret_listed, bool *ret_left_out, struct kist_error *err)
{
	struct stat st;

	if (fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", path);
	*ret_left_out = S_ISDIR(st.st_mode) && options && options->left_out &&
			options->left_out->st_dev == st.st_dev && options->left_out->st_ino == st.st_ino;
	*ret_listed = S_ISDIR(st.st_mode) && !*ret_left_out;
	return KIST_OK;
}

static bool may_be_folder(const struct kist_walk *walk, size_t i)
{
	const struct kist_walk_path *paths = (const void *)walk->paths.data;

	return paths[i].type == DT_DIR || paths[i].type == DT_UNKNOWN;
}

/* Lists what the @i-th path holds, when that is a folder; a folder that is left out loses its place. */
static kist_status enter(int dir_fd, size_t i, const struct kist_walk_options *options,
			 struct kist_walk *walk, struct kist_error *err)
{
	char path[KIST_TREE_PATH_SIZE_MAX + 1];
	struct kist_walk_path *paths = (void *)walk->paths.data;
	bool left_out = false;
	bool listed = false;

	if (!may_be_folder(walk, i))
		return KIST_OK;
	memcpy(path, kist_walk_path(walk, i), strlen(kist_walk_path(walk, i)) + 1);
	KIST_TRY(look(dir_fd, path, options, &listed, &left_out, err));
	if (left_out) {
		paths[i].offset = LEFT_OUT;
		options->each_left_out(options->ctx, path);
	}
	return listed ? list(dir_fd, path, walk, err) : KIST_OK;
}

/* Lists what the paths from @first to @end hold, and tells of all that cannot be listed. */
static kist_status enter_each(int dir_fd, size_t first, size_t end, const struct kist_walk_options *options,
			      struct kist_walk *walk, struct kist_error *err)
{
	for (size_t i = first; i < end; i++) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = enter(dir_fd, i, options, walk, &why);

		if (status == KIST_OK)
			continue;
		if (!options)
			return kist_fail_as(err, status, &why);
		KIST_TRY(options->each_bad(options->ctx, kist_walk_path(walk, i), &why, err));
	}
	return KIST_OK;
}

/* One of the two that list folders at once: until there is something to tell, which is not theirs to do. */
struct hand {
	int dir_fd;
	const struct kist_walk_options *options;
	const struct kist_walk *walk; /* nothing is added to it meanwhile */
	size_t next;		      /* path that is not listed yet */
	size_t end;
	struct kist_walk found;
};

static void hands_done(struct hand (*hands)[2])
{
	kist_walk_done(&(*hands)[0].found);
	kist_walk_done(&(*hands)[1].found);
}

/* False, and nothing is found, when there is something to tell. */
static bool list_one(struct hand *hand, size_t i)
{
	const char *const path = kist_walk_path(hand->walk, i);
	struct kist_walk *const found = &hand->found;
	const size_t text_size = found->text.size;
	const size_t paths_size = found->paths.size;
	bool left_out = false;
	bool listed = false;

	if (look(hand->dir_fd, path, hand->options, &listed, &left_out, NULL) != KIST_OK || left_out)
		return false;
	if (!listed || list(hand->dir_fd, path, found, NULL) == KIST_OK)
		return true;
	found->text.size = text_size;
	found->paths.size = paths_size;
	return false;
}

static void *hand_work(void *arg)
{
	struct hand *const hand = arg;

	while (hand->next < hand->end &&
	       (!may_be_folder(hand->walk, hand->next) || list_one(hand, hand->next)))
		hand->next++;
	return NULL;
}

static void list_at_once(struct hand hands[static 2])
{
	pthread_t thread;
	const bool beside = pthread_create(&thread, NULL, hand_work, &hands[1]) == 0;

	(void)hand_work(&hands[0]);
	if (beside)
		(void)pthread_join(thread, NULL);
}

static kist_status append_found(struct kist_walk *walk, const struct kist_walk *found, struct kist_error *err)
{
	const size_t before = walk->text.size;
	size_t i = kist_walk_count(walk);
	struct kist_walk_path *paths;

	KIST_TRY(kist_buf_append(&walk->text, found->text.data, found->text.size, err));
	if (kist_buf_append(&walk->paths, found->paths.data, found->paths.size, err) != KIST_OK) {
		walk->text.size = before;
		return KIST_LIMIT;
	}
	for (paths = (void *)walk->paths.data; i < kist_walk_count(walk); i++)
		paths[i].offset += before;
	return KIST_OK;
}

/* Where there is no room for all, those from @first on are listed once more, one by one: it is told of each then. */
static void take_found(struct hand *hand, size_t first, struct kist_walk *walk)
{
	if (append_found(walk, &hand->found, NULL) != KIST_OK)
		hand->next = first;
	kist_walk_done(&hand->found);
}

/* Where of the paths from @first on @count have passed that may be folders. */
static size_t pass_folders(const struct kist_walk *walk, size_t first, size_t count)
{
	for (; count > 0; first++)
		count -= may_be_folder(walk, first);
	return first;
}

static size_t count_folders(const struct kist_walk *walk, size_t first)
{
	size_t count = 0;

	for (size_t i = first; i < kist_walk_count(walk); i++)
		count += may_be_folder(walk, i);
	return count;
}

/* Lists what the paths from @first on hold: where these are many folders, two at once. */
static kist_status walk_level(int dir_fd, size_t first, const struct kist_walk_options *options,
			      struct kist_walk *walk, struct kist_error *err)
{
	__attribute__((cleanup(hands_done))) struct hand hands[2];
	const size_t folders = count_folders(walk, first);
	const size_t middle = pass_folders(walk, first, folders / 2);

	for (size_t i = 0; i < 2; i++)
		hands[i] = (struct hand){ .dir_fd = dir_fd,
					  .options = options,
					  .walk = walk,
					  .next = i == 0 ? first : middle,
					  .end = i == 0 ? middle : kist_walk_count(walk),
					  .found = KIST_WALK_INIT };
	if (folders >= BESIDE_MIN)
		list_at_once(hands);
	take_found(&hands[0], first, walk);
	take_found(&hands[1], middle, walk);
	/* What they have left. */
	for (size_t i = 0; i < 2; i++)
		KIST_TRY(enter_each(dir_fd, hands[i].next, hands[i].end, options, walk, err));
	return KIST_OK;
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
	size_t first = 0;

	KIST_TRY(list(dir_fd, "", walk, err));
	/* The list grows while it is walked: each folder adds what it holds to the end. */
	while (first < kist_walk_count(walk)) {
		const size_t end = kist_walk_count(walk);

		KIST_TRY(walk_level(dir_fd, first, options, walk, err));
		first = end;
	}
	close_gaps(walk);
	if (kist_walk_count(walk) > 0)
		qsort_r(walk->paths.data, kist_walk_count(walk), sizeof(struct kist_walk_path), compare_paths,
			walk->text.data);
	return KIST_OK;
}
