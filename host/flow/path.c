/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/path.h"

#include <string.h>

#define SEGMENT_SIZE_MAX 255

static kist_status refuse(struct kist_error *err, const char *what, const char *path, size_t len)
{
	return kist_fail_at(err, KIST_INVALID, "E_PATH", KIST_NO_OFFSET, "%s: '%.*s'", what,
			    (int)(len > 200 ? 200 : len), path);
}

/* The segment that begins at @at: its length; *ret_next is where the next begins, or past the end. */
static size_t segment(const char *path, size_t len, size_t at, size_t *ret_next)
{
	const char *slash = memchr(path + at, '/', len - at);
	const size_t size = slash ? (size_t)(slash - path) - at : len - at;

	*ret_next = at + size + 1;
	return size;
}

static bool is_up(const char *text, size_t size)
{
	return size == 2 && text[0] == '.' && text[1] == '.';
}

kist_status kist_tree_path_check(const char *path, size_t len, struct kist_error *err)
{
	if (len == 0 || len > KIST_TREE_PATH_SIZE_MAX)
		return refuse(err, "a path in a tree has 1 to 4095 bytes", path, len);
	if (memchr(path, '\0', len))
		return refuse(err, "a path must not hold a NUL byte", path, len);
	if (path[0] == '/')
		return refuse(err, "an absolute path has no place in a tree", path, len);
	for (size_t at = 0, next; at <= len; at = next) {
		const size_t size = segment(path, len, at, &next);

		if (size == 0 || (size == 1 && path[at] == '.') || is_up(path + at, size))
			return refuse(err, "a path must not have an empty, '.' or '..' segment", path, len);
		if (size > SEGMENT_SIZE_MAX)
			return refuse(err, "a name in a path is longer than 255 bytes", path, len);
	}
	return KIST_OK;
}

static size_t folders_of(const char *path, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += path[i] == '/';
	return count;
}

kist_status kist_tree_link_check(const char *path, size_t path_len, const char *target, size_t target_len,
				 struct kist_error *err)
{
	size_t depth = folders_of(path, path_len);

	if (target_len == 0 || target_len > KIST_TREE_PATH_SIZE_MAX || memchr(target, '\0', target_len))
		return refuse(err, "a link's target has 1 to 4095 bytes and no NUL", path, path_len);
	if (target[0] == '/')
		return refuse(err, "a link to an absolute path leaves the tree", path, path_len);
	for (size_t at = 0, next; at <= target_len; at = next) {
		const size_t size = segment(target, target_len, at, &next);

		if (is_up(target + at, size) && depth == 0)
			return refuse(err, "a link leaves the tree", path, path_len);
		if (is_up(target + at, size))
			depth--;
		else if (size > 0 && !(size == 1 && target[at] == '.'))
			depth++;
	}
	return KIST_OK;
}
