/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/git.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

/* Of HEAD, a reference, ".git" as a file, "commondir". */
#define SMALL_SIZE  ((size_t)4096)
#define PACKED_MAX  ((size_t)16 << 20)
#define REF_DEPTH   5
#define HEADER_SIZE ((size_t)12)
/* Of an entry, before the hash; behind it come the flags. */
#define STAT_SIZE	   ((size_t)40)
#define FLAG_ASSUME_VALID  0x8000u
#define FLAG_EXTENDED	   0x4000u
#define FLAG_STAGE	   0x3000u
#define FLAG_SKIP_WORKTREE 0x4000u /* of the extended ones */
#define FLAG_INTENT_TO_ADD 0x2000u
#define PREFIXED_VERSION   4

/* A small file as text, without what blanks stand at its end; false for none. */
static bool read_small(const char *path, char ret[static SMALL_SIZE])
{
	kist_auto_fd int fd = -1;
	size_t size = 0;

	if (kist_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, &fd, NULL) != KIST_OK ||
	    kist_pread_full(fd, ret, SMALL_SIZE - 1, 0, &size, NULL) != KIST_OK)
		return false;
	ret[size] = '\0';
	for (size = strlen(ret); size > 0 && strchr(" \t\r\n", ret[size - 1]); size--)
		ret[size - 1] = '\0';
	return true;
}

/* "<a>/<b>", or @b when that is absolute. */
static bool join(const char *a, const char *b, char ret[static PATH_MAX])
{
	return snprintf(ret, PATH_MAX, "%s%s%s", b[0] == '/' ? "" : a, b[0] == '/' ? "" : "/", b) < PATH_MAX;
}

/* @ret: @at's own folder of git, when it is the top of a working tree. */
static bool find_folder(const char *at, char ret[static PATH_MAX])
{
	char text[SMALL_SIZE];
	struct stat st;

	if (!join(at, ".git", ret) || stat(ret, &st) != 0)
		return false;
	if (S_ISDIR(st.st_mode))
		return true;
	/* Another working tree of a repository, or a submodule: it says where. */
	return S_ISREG(st.st_mode) && read_small(ret, text) && strncmp(text, "gitdir: ", 8) == 0 &&
	       join(at, text + 8, ret) && stat(ret, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_commit(const char *text)
{
	const size_t len = strlen(text);

	return (len == 40 || len == KIST_GIT_COMMIT_SIZE - 1) && strspn(text, "0123456789abcdef") == len;
}

/* A name that leads to a file below the folder, and nowhere else. */
static bool is_ref(const char *name)
{
	return strncmp(name, "refs/", 5) == 0 && !strstr(name, "..") && strlen(name) < KIST_GIT_BRANCH_SIZE;
}

/* Of references that are not files of their own: "<commit> <name>" in a line. */
static bool find_packed(const struct kist_git *git, const char *name, char ret[static SMALL_SIZE])
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(PACKED_MAX);
	char path[PATH_MAX];
	const char *line;
	const size_t len = strlen(name);

	if (!join(git->common, "packed-refs", path) ||
	    kist_read_file_at(AT_FDCWD, path, &text, NULL) != KIST_OK ||
	    kist_buf_append(&text, "", 1, NULL) != KIST_OK)
		return false;
	for (line = (const char *)text.data; line && *line; line = strchr(line, '\n')) {
		const size_t digits = strcspn(line += *line == '\n', " \n");

		if (line[digits] != ' ' || digits >= KIST_GIT_COMMIT_SIZE ||
		    strncmp(line + digits + 1, name, len) != 0 ||
		    (line[digits + 1 + len] != '\n' && line[digits + 1 + len] != '\0'))
			continue;
		(void)snprintf(ret, SMALL_SIZE, "%.*s", (int)digits, line);
		return true;
	}
	return false;
}

static void find_commit(struct kist_git *git)
{
	char text[SMALL_SIZE];
	char path[PATH_MAX];

	if (!join(git->folder, "HEAD", path) || !read_small(path, text))
		return;
	for (int depth = 0; depth < REF_DEPTH && strncmp(text, "ref: ", 5) == 0; depth++) {
		char name[SMALL_SIZE];

		(void)snprintf(name, sizeof(name), "%s", text + 5);
		if (!is_ref(name))
			return;
		if (depth == 0 && strncmp(name, "refs/heads/", 11) == 0)
			(void)snprintf(git->branch, sizeof(git->branch), "%.*s", (int)sizeof(git->branch) - 1,
				       name + 11);
		if (!(join(git->folder, name, path) && read_small(path, text)) &&
		    !(join(git->common, name, path) && read_small(path, text)) &&
		    !find_packed(git, name, text))
			return;
	}
	if (is_commit(text))
		(void)snprintf(git->commit, sizeof(git->commit), "%.*s", (int)sizeof(git->commit) - 1, text);
}

bool kist_git_find(const char *path, struct kist_git *ret)
{
	char text[SMALL_SIZE];
	char at[PATH_MAX];

	*ret = (struct kist_git){ .commit = "" };
	if (snprintf(ret->top, sizeof(ret->top), "%s", path) >= (int)sizeof(ret->top))
		return false;
	for (int depth = 0; !find_folder(ret->top, ret->folder); depth++) {
		char *slash = strrchr(ret->top, '/');

		if (!slash || depth == KIST_GIT_DEPTH_MAX || !ret->top[1])
			return false;
		slash[slash == ret->top] = '\0';
	}
	if (!join(ret->folder, "commondir", at) || !read_small(at, text) ||
	    !join(ret->folder, text, ret->common))
		(void)snprintf(ret->common, sizeof(ret->common), "%s", ret->folder);
	find_commit(ret);
	return true;
}

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t be16(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

/* An index that is read. */
struct reading {
	struct kist_view index;
	size_t at;
	size_t hash_len;
	uint32_t version;
	char path[PATH_MAX]; /* of the entry before, too: version 4 goes on from it */
};

static kist_status fail_index(const struct reading *reading, struct kist_error *err)
{
	return kist_fail(err, KIST_CORRUPT, "git's index is damaged at byte %zu", reading->at);
}

/* How much of the path before is left out: 7 bits a byte, the most significant first, as in offsets of packs. */
static bool read_strip(struct reading *reading, size_t *ret)
{
	size_t value = 0;
	uint8_t byte;

	do {
		if (reading->at == reading->index.size || value >= PATH_MAX)
			return false;
		byte = reading->index.data[reading->at++];
		value = (value << 7) + (byte & 0x7f);
		value += byte & 0x80 ? 1 : 0;
	} while (byte & 0x80);
	*ret = value;
	return true;
}

/* The path, which ends in NUL. */
static kist_status read_path(struct reading *reading, size_t entry_at, struct kist_error *err)
{
	const uint8_t *bytes;
	const uint8_t *end;
	size_t kept = 0;
	size_t strip = 0;
	size_t len;

	if (reading->version == PREFIXED_VERSION) {
		kept = strlen(reading->path);
		if (!read_strip(reading, &strip) || strip > kept)
			return fail_index(reading, err);
		kept -= strip;
	}
	bytes = reading->index.data + reading->at;
	end = memchr(bytes, 0, reading->index.size - reading->at);
	len = end ? (size_t)(end - bytes) : 0;
	if (!end || kept + len == 0 || kept + len >= sizeof(reading->path))
		return fail_index(reading, err);
	memcpy(reading->path + kept, bytes, len + 1);
	reading->at += len + 1;
	/* Entries are filled up with NUL to 8 bytes. */
	if (reading->version != PREFIXED_VERSION)
		reading->at = entry_at + (reading->at - 1 - entry_at + 8) / 8 * 8;
	return reading->at <= reading->index.size ? KIST_OK : fail_index(reading, err);
}

static kist_status read_entry(struct reading *reading, struct kist_git_file *ret, struct kist_error *err)
{
	const size_t entry_at = reading->at;
	const size_t fixed = STAT_SIZE + reading->hash_len + 2;
	const uint8_t *bytes = reading->index.data + reading->at;
	uint32_t extended = 0;
	uint32_t flags;

	if (reading->index.size - reading->at < fixed + 2)
		return fail_index(reading, err);
	flags = be16(bytes + fixed - 2);
	reading->at += fixed;
	if (flags & FLAG_EXTENDED) {
		extended = be16(bytes + fixed);
		reading->at += 2;
	}
	*ret = (struct kist_git_file){ .path = reading->path,
				       .mtime_s = be32(bytes + 8),
				       .mtime_ns = be32(bytes + 12),
				       .mode = be32(bytes + 24),
				       .size = be32(bytes + 36),
				       .is_known = !(flags & FLAG_STAGE) && !(extended & FLAG_INTENT_TO_ADD),
				       .is_left = (flags & FLAG_ASSUME_VALID) ||
						  (extended & FLAG_SKIP_WORKTREE) };
	return read_path(reading, entry_at, err);
}

/* What is behind the entries: of an extension that has to be understood, as that of a split index, there may be none. */
static kist_status check_extensions(struct reading *reading, struct kist_error *err)
{
	while (reading->index.size - reading->at >= reading->hash_len + 8) {
		const uint8_t *bytes = reading->index.data + reading->at;
		const uint32_t size = be32(bytes + 4);

		if (bytes[0] < 'A' || bytes[0] > 'Z')
			return kist_fail(err, KIST_UNSUPPORTED,
					 "git's index has an extension '%c%c%c%c', which is not known",
					 bytes[0], bytes[1], bytes[2], bytes[3]);
		if (size > reading->index.size - reading->at - 8)
			return fail_index(reading, err);
		reading->at += 8 + (size_t)size;
	}
	return KIST_OK;
}

kist_status kist_git_index_each(struct kist_view index, size_t hash_len,
				kist_status (*each)(void *ctx, const struct kist_git_file *file,
						    struct kist_error *err),
				void *ctx, struct kist_error *err)
{
	struct reading reading = { .index = index, .at = HEADER_SIZE, .hash_len = hash_len };
	uint32_t count;

	if (index.size < HEADER_SIZE || memcmp(index.data, "DIRC", 4) != 0)
		return kist_fail(err, KIST_CORRUPT, "this is no index of git's");
	reading.version = be32(index.data + 4);
	count = be32(index.data + 8);
	if (reading.version < 2 || reading.version > PREFIXED_VERSION)
		return kist_fail(err, KIST_UNSUPPORTED, "git's index is of version %u", reading.version);
	if (count > KIST_GIT_FILES_MAX)
		return kist_fail(err, KIST_LIMIT, "git's index has more than %zu files", KIST_GIT_FILES_MAX);
	for (uint32_t i = 0; i < count; i++) {
		struct kist_git_file file;

		KIST_TRY(read_entry(&reading, &file, err));
		KIST_TRY(each(ctx, &file, err));
	}
	return check_extensions(&reading, err);
}
