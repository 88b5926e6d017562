/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/source.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/git.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "flow/record.h"

#define MODE_LINK 0120000u
/* Arguments of a command that are looked at. */
#define ARGUMENTS_MAX 64
#define READ_SIZE     ((size_t)64 << 10)

/* A description under way. */
struct describing {
	json_t *files;
	const char *top; /* that paths of git are below */
	size_t text_size;
	size_t read_size;
	bool is_changed;
	bool is_full; /* more than KIST_SOURCE_FILES_MAX */
};

/* What scripts end in; others begin with "#!". */
static const char *const suffixes[] = { ".py",	 ".ipynb", ".sh",   ".R",   ".r",  ".jl",
					".pl",	 ".rb",	   ".lua",  ".js",  ".m",  ".sql",
					".yaml", ".yml",   ".toml", ".cfg", ".ini" };

/* What keys and passwords are kept in. */
static const char *const secret[] = { ".env",	  ".env.*",	"*.pem",       "*.key",	 "*.p12",
				      "*.pfx",	  "id_rsa*",	"id_ed25519*", ".netrc", "*credentials*",
				      "*secret*", "*password*", "*token*" };

static bool is_secret(const char *path)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
		if (fnmatch(secret[i], slash ? slash + 1 : path, FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

/* Opens a regular file.  A pipe is not waited for. */
static bool open_regular(const char *path, int *ret_fd, struct stat *ret_st)
{
	kist_auto_fd int fd = -1;

	if (kist_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, NULL) != KIST_OK ||
	    fstat(fd, ret_st) != 0 || !S_ISREG(ret_st->st_mode))
		return false;
	*ret_fd = kist_fd_move(&fd);
	return true;
}

/* Its digest, and its bytes where there are few. */
static bool read_file(int fd, size_t size_max, struct kist_buf *text, size_t *ret_size,
		      struct kist_digest *ret)
{
	struct kist_hasher hasher;
	uint8_t bytes[READ_SIZE];
	size_t got = READ_SIZE;

	kist_hasher_start(&hasher);
	for (*ret_size = 0; got == READ_SIZE; *ret_size += got) {
		if (*ret_size > size_max ||
		    kist_pread_full(fd, bytes, sizeof(bytes), *ret_size, &got, NULL) != KIST_OK)
			return false;
		kist_hasher_add(&hasher, kist_view_of(bytes, got));
		if (text->size == *ret_size)
			(void)!kist_buf_append(text, bytes, got, NULL);
	}
	*ret = kist_hasher_finish(&hasher);
	return true;
}

/* What is kept of the bytes of a file. */
static kist_status describe_bytes(struct describing *describing, int fd, bool with_text, json_t *file,
				  struct kist_error *err)
{
	const size_t room = KIST_SOURCE_TEXT_MAX - describing->text_size;
	kist_auto_buf struct kist_buf text =
		KIST_BUF_INIT(room < KIST_SOURCE_FILE_MAX ? room : KIST_SOURCE_FILE_MAX);
	char hex[KIST_DIGEST_HEX_SIZE];
	struct kist_digest digest;
	size_t size;

	if (!read_file(fd, KIST_SOURCE_READ_MAX - describing->read_size, &text, &size, &digest))
		return KIST_OK;
	describing->read_size += size < KIST_SOURCE_READ_MAX - describing->read_size
					 ? size
					 : KIST_SOURCE_READ_MAX - describing->read_size;
	kist_digest_hex(&digest, hex);
	KIST_TRY(kist_record_set_take(file, "sha256", json_string(hex), err));
	if (!with_text || text.size != size || memchr(text.data ? text.data : (const uint8_t *)"", 0, size) ||
	    !kist_utf8_valid((const char *)text.data, size))
		return KIST_OK;
	describing->text_size += size;
	return kist_record_set_take(file, "text", json_stringn(size ? (const char *)text.data : "", size),
				    err);
}

static kist_status add_file(struct describing *describing, const char *path, const char *full,
			    const char *why, struct kist_error *err)
{
	kist_auto_json json_t *file = json_object();
	kist_auto_fd int fd = -1;
	struct stat st;
	char mode[16];

	if (!file)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_json_set_bytes(file, "path", path, strlen(path), err));
	KIST_TRY(kist_record_set_take(file, "why", json_string(why), err));
	if (open_regular(full, &fd, &st)) {
		(void)snprintf(mode, sizeof(mode), "%06o", (unsigned)st.st_mode);
		KIST_TRY(kist_record_set_take(file, "mode", json_string(mode), err));
		KIST_TRY(kist_record_set_take(file, "size", json_integer((json_int_t)st.st_size), err));
		KIST_TRY(describe_bytes(describing, fd, !is_secret(path), file, err));
	} else if (errno == ENOENT || errno == ENOTDIR) {
		KIST_TRY(kist_record_set_take(file, "gone", json_true(), err));
	}
	return json_array_append(describing->files, file) == 0 ? KIST_OK
							       : kist_fail_memory(err, sizeof(json_t));
}

/* Whether it was written to since git looked at it: by what it looks at, too. */
static bool has_changed(const struct kist_git_file *file, const struct stat *st)
{
	return (S_ISLNK(st->st_mode) ? MODE_LINK : (uint32_t)st->st_mode & S_IFMT) != (file->mode & S_IFMT) ||
	       (S_ISREG(st->st_mode) && ((file->mode & S_IXUSR) != 0) != ((st->st_mode & S_IXUSR) != 0)) ||
	       (uint32_t)st->st_size != file->size || (uint32_t)st->st_mtim.tv_sec != file->mtime_s ||
	       (file->mtime_ns != 0 && (uint32_t)st->st_mtim.tv_nsec != file->mtime_ns);
}

static kist_status see_file(void *ctx, const struct kist_git_file *file, struct kist_error *err)
{
	struct describing *describing = ctx;
	char full[PATH_MAX];
	struct stat st;

	/* Other repositories within, and folders that a sparse index has as one. */
	if (file->is_left || (!S_ISREG(file->mode) && !S_ISLNK(file->mode)) ||
	    snprintf(full, sizeof(full), "%s/%s", describing->top, file->path) >= (int)sizeof(full))
		return KIST_OK;
	if (file->is_known && lstat(full, &st) == 0 && !has_changed(file, &st))
		return KIST_OK;
	describing->is_changed = true;
	if (json_array_size(describing->files) < KIST_SOURCE_FILES_MAX)
		return add_file(describing, file->path, full, "changed", err);
	describing->is_full = true;
	return KIST_OK;
}

/* Where extensions.objectFormat says so. */
static size_t hash_len_of(const struct kist_git *git)
{
	return strlen(git->commit) > 40 ? 32 : 20;
}

static kist_status see_index(struct describing *describing, const struct kist_git *git,
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf index = KIST_BUF_INIT(KIST_GIT_INDEX_MAX);
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/index", git->folder) >= (int)sizeof(path))
		return kist_fail(err, KIST_LIMIT, "the path of git's index is too long");
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return kist_fail(err, KIST_CORRUPT, "git's index is no file");
	KIST_TRY(kist_read_file_at(AT_FDCWD, path, &index, err));
	return kist_git_index_each(kist_buf_view(&index), hash_len_of(git), see_file, describing, err);
}

static kist_status describe_git(struct describing *describing, json_t *root, const struct kist_git *git,
				struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(kist_record_set_take(root, "vcs", json_string("git"), err));
	KIST_TRY(kist_json_set_bytes(root, "top", git->top, strlen(git->top), err));
	KIST_TRY(kist_json_set_bytes(root, "branch", git->branch, strlen(git->branch), err));
	KIST_TRY(kist_record_set_take(root, "commit", json_string(git->commit), err));
	describing->top = git->top;
	status = see_index(describing, git, &why);
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	if (status != KIST_OK) {
		KIST_TRY(kist_record_set_take(root, "note", kist_json_text(why.text, strlen(why.text)), err));
		return kist_record_set_take(root, "changed",
					    describing->is_changed ? json_true() : json_null(), err);
	}
	if (describing->is_full)
		KIST_TRY(kist_record_set_take(root, "note",
					      json_string("more files have changed than are told"), err));
	return kist_record_set_take(root, "changed", json_boolean(describing->is_changed), err);
}

static bool ends_in(const char *text, const char *suffix)
{
	const size_t len = strlen(text);
	const size_t suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

/* Whether the argument of a command names a script. */
static bool is_script(const char *path)
{
	kist_auto_fd int fd = -1;
	struct stat st;
	char begin[2];
	size_t size = 0;

	if (!open_regular(path, &fd, &st))
		return false;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (ends_in(path, suffixes[i]))
			return true;
	}
	return kist_pread_full(fd, begin, sizeof(begin), 0, &size, NULL) == KIST_OK &&
	       size == sizeof(begin) && memcmp(begin, "#!", 2) == 0;
}

/* One that git tells of is told of twice at most: as what has changed, and as what ran. */
static kist_status see_command(struct describing *describing, char *const *command, struct kist_error *err)
{
	for (size_t i = 0; command[i] && i < ARGUMENTS_MAX; i++) {
		/* A word is a path of a program only with a slash; a shell would look elsewhere. */
		if ((i == 0 && !strchr(command[0], '/')) || !is_script(command[i]))
			continue;
		KIST_TRY(add_file(describing, command[i], command[i], "command", err));
	}
	return KIST_OK;
}

kist_status kist_source_describe(const char *folder, char *const *command, json_t **ret,
				 struct kist_error *err)
{
	kist_auto_json json_t *root = json_object();
	kist_auto_json json_t *files = json_array();
	struct describing describing = { .files = files };
	struct kist_git git;

	if (!root || !files)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_record_set_take(root, "schema_version", json_integer(KIST_SOURCE_SCHEMA_VERSION), err));
	KIST_TRY(kist_json_set_bytes(root, "folder", folder, strlen(folder), err));
	if (kist_git_find(folder, &git))
		KIST_TRY(describe_git(&describing, root, &git, err));
	KIST_TRY(see_command(&describing, command, err));
	KIST_TRY(kist_record_set_take(root, "files", json_incref(files), err));
	*ret = kist_steal(root);
	return KIST_OK;
}
