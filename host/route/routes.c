/* SPDX-License-Identifier: Apache-2.0 */
#include "route/routes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "plugin/field.h"
#include "plugin/manifest_type.h"
#include "route/lock.h"

#define FIRST_LINE "kist-routes "
#define FORMAT	   1
#define FIELDS	   4
/* How long a writer waits for its turn. */
#define TURN_MS 2000

void kist_routes_done(struct kist_routes *routes)
{
	json_decref(routes->pinned);
	json_decref(routes->used);
	json_decref(routes->times);
	*routes = (struct kist_routes)KIST_ROUTES_INIT;
}

static kist_status routes_init(struct kist_routes *ret, struct kist_error *err)
{
	*ret = (struct kist_routes){ .pinned = json_object(), .used = json_object(), .times = json_object() };
	return ret->pinned && ret->used && ret->times ? KIST_OK : kist_fail_memory(err, 3 * sizeof(json_t));
}

/*
 * The text ------------------------------------------------------------------------------------------------
 */

/* The line that is being read. */
struct place {
	const char *shown;
	size_t line;
};

static kist_status fail_line(const struct place *place, kist_status status, const char *what,
			     struct kist_error *err)
{
	return kist_fail_at(
		err, status, "E_ROUTES", KIST_NO_OFFSET,
		"%s, line %zu: %s; mend that line, or delete the file: what was used first is then decided "
		"anew, and pins are to be made again",
		place->shown, place->line, what);
}

/* Splits a line at its blanks; false when it has not exactly FIELDS fields. */
static bool split(char *line, char *ret[static FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++) {
		char *blank = strchr(line, ' ');

		ret[i] = line;
		if (!blank)
			return i + 1 == FIELDS;
		*blank = '\0';
		line = blank + 1;
	}
	return false;
}

static bool time_valid(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00Z";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	return true;
}

static kist_status set_text(json_t *object, const char *key, const char *text, struct kist_error *err)
{
	if (json_object_set_new(object, key, json_string(text)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

static kist_status read_line(struct kist_routes *routes, char *line, const struct place *place,
			     struct kist_error *err)
{
	char *fields[FIELDS];
	bool pinned;

	if (!split(line, fields))
		return fail_line(place, KIST_CORRUPT, "not 'KEY PLUGIN used|pinned TIME'", err);
	if (!kist_lock_key_valid(fields[0]))
		return fail_line(place, KIST_CORRUPT, "the first word is no key such as 'ext:csv'", err);
	if (!kist_name_dotted(fields[1], KIST_TYPE_NAME_SIZE))
		return fail_line(place, KIST_CORRUPT, "the second word is no plugin's id", err);
	pinned = strcmp(fields[2], "pinned") == 0;
	if (!pinned && strcmp(fields[2], "used") != 0)
		return fail_line(place, KIST_CORRUPT, "the third word is neither 'used' nor 'pinned'", err);
	if (!time_valid(fields[3]))
		return fail_line(place, KIST_CORRUPT,
				 "the fourth word is no time such as 2026-01-31T12:00:00Z", err);
	if (json_object_get(routes->times, fields[0]))
		return fail_line(place, KIST_CORRUPT, "its key stands twice", err);
	if (json_object_size(routes->times) == KIST_ROUTES_MAX)
		return fail_line(place, KIST_LIMIT, "more routes than the 4096 that are allowed", err);
	KIST_TRY(set_text(pinned ? routes->pinned : routes->used, fields[0], fields[1], err));
	return set_text(routes->times, fields[0], fields[3], err);
}

static kist_status read_first(const char *line, const struct place *place, struct kist_error *err)
{
	const size_t front = strlen(FIRST_LINE);
	uint64_t version;

	if (strncmp(line, FIRST_LINE, front) != 0 ||
	    !kist_u64_parse(line + front, strlen(line + front), &version) || version == 0)
		return fail_line(place, KIST_CORRUPT, "not '" FIRST_LINE "1'", err);
	if (version > FORMAT)
		return kist_fail_at(
			err, KIST_INCOMPATIBLE, "E_ROUTES", KIST_NO_OFFSET,
			"%s was written by a newer kist (version %llu): use that one, or move the file away",
			place->shown, (unsigned long long)version);
	return KIST_OK;
}

kist_status kist_routes_parse(struct kist_view text, const char *shown, struct kist_routes *ret,
			      struct kist_error *err)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	struct place place = { .shown = shown, .line = 1 };
	const char *rest = (const char *)text.data;
	size_t left = text.size;

	KIST_TRY(routes_init(&routes, err));
	if (left == 0)
		return fail_line(&place, KIST_CORRUPT, "the file is empty", err);
	for (; left > 0; place.line++) {
		const char *end = memchr(rest, '\n', left);
		const size_t len = end ? (size_t)(end - rest) : left;
		char line[KIST_ROUTES_LINE_MAX + 1];

		if (len > KIST_ROUTES_LINE_MAX)
			return fail_line(&place, KIST_LIMIT, "longer than 320 bytes", err);
		if (!end)
			return fail_line(&place, KIST_CORRUPT, "the file ends within this line", err);
		if (memchr(rest, '\0', len))
			return fail_line(&place, KIST_CORRUPT, "it holds a zero byte", err);
		memcpy(line, rest, len);
		line[len] = '\0';
		KIST_TRY(place.line == 1 ? read_first(line, &place, err)
					 : read_line(&routes, line, &place, err));
		rest = end + 1;
		left -= len + 1;
	}
	kist_routes_done(ret);
	*ret = routes;
	routes = (struct kist_routes)KIST_ROUTES_INIT;
	return KIST_OK;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static kist_status write_text(const struct kist_routes *routes, struct kist_buf *ret, struct kist_error *err)
{
	const size_t count = json_object_size(routes->times);
	kist_auto_mem const char **keys = kist_alloc(count ? count : 1, sizeof(*keys));
	const char *key;
	json_t *value;
	size_t n = 0;

	if (!keys)
		return kist_fail_memory(err, count * sizeof(*keys));
	json_object_foreach(routes->times, key, value)
		keys[n++] = key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	KIST_TRY(kist_buf_appendf(ret, err, FIRST_LINE "%d\n", FORMAT));
	for (size_t i = 0; i < count; i++) {
		const char *pin = kist_json_get_text(routes->pinned, keys[i]);

		KIST_TRY(kist_buf_appendf(ret, err, "%s %s %s %s\n", keys[i],
					  pin ? pin : kist_json_get_text(routes->used, keys[i]),
					  pin ? "pinned" : "used",
					  kist_json_get_text(routes->times, keys[i])));
	}
	return KIST_OK;
}

/*
 * The file ------------------------------------------------------------------------------------------------
 */

/* Who can write the file decides which plugin is taken: nobody but root and this user may. */
static kist_status check_file(int fd, const char *shown, struct kist_error *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", shown);
	if (!S_ISREG(info.st_mode))
		return kist_fail(err, KIST_DENIED, "'%s' is not a regular file", shown);
	if (info.st_uid != 0 && info.st_uid != geteuid())
		return kist_fail(err, KIST_DENIED, "'%s' belongs to user %u, not to root or to you", shown,
				 info.st_uid);
	if (info.st_mode & (S_IWGRP | S_IWOTH))
		return kist_fail(err, KIST_DENIED, "'%s' is writable by others: run 'chmod go-w' on it",
				 shown);
	return KIST_OK;
}

static kist_status load_at(int dir_fd, const char *config_dir, struct kist_routes *ret,
			   struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_ROUTES_SIZE_MAX);
	kist_auto_routes struct kist_routes none = KIST_ROUTES_INIT;
	kist_auto_fd int fd = -1;
	char shown[PATH_MAX];
	kist_status status;

	snprintf(shown, sizeof(shown), "%s/" KIST_ROUTES_FILE, config_dir);
	status = kist_open_at(dir_fd, KIST_ROUTES_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, &fd,
			      NULL);
	if (status == KIST_NOT_FOUND) {
		KIST_TRY(routes_init(&none, err));
		kist_routes_done(ret);
		*ret = none;
		none = (struct kist_routes)KIST_ROUTES_INIT;
		return KIST_OK;
	}
	if (status != KIST_OK)
		return kist_fail(err, status, "cannot open '%s': permission denied, or a symbolic link",
				 shown);
	KIST_TRY(check_file(fd, shown, err));
	status = kist_read_all(fd, &text, err);
	if (status != KIST_OK)
		return err ? kist_fail_context(err, "'%s'", shown) : status;
	return kist_routes_parse(kist_buf_view(&text), shown, ret, err);
}

kist_status kist_routes_load(const char *config_dir, struct kist_routes *ret, struct kist_error *err)
{
	kist_auto_fd int dir_fd = -1;
	const kist_status status = kist_open_at(AT_FDCWD, config_dir, O_PATH | O_DIRECTORY, 0, &dir_fd, NULL);

	if (status == KIST_NOT_FOUND) {
		kist_routes_done(ret);
		return routes_init(ret, err);
	}
	if (status != KIST_OK)
		return kist_fail(err, status, "cannot open the folder '%s'", config_dir);
	return load_at(dir_fd, config_dir, ret, err);
}

static kist_status change_one(struct kist_routes *routes, enum kist_route_change change, const char *key,
			      const char *id, size_t *count, struct kist_error *err)
{
	const char *there = kist_json_get_text(routes->pinned, key);
	char now[KIST_TIME_TEXT_SIZE];

	if (change == KIST_ROUTE_DROP) {
		*count += json_object_del(routes->times, key) == 0;
		(void)json_object_del(routes->pinned, key);
		(void)json_object_del(routes->used, key);
		return KIST_OK;
	}
	if (change == KIST_ROUTE_USE ? json_object_get(routes->times, key) != NULL
				     : there && strcmp(there, id) == 0)
		return KIST_OK;
	if (json_object_size(routes->times) == KIST_ROUTES_MAX && !json_object_get(routes->times, key))
		return kist_fail(err, KIST_LIMIT,
				 "there are %d routes already: 'kist plugin unpin' drops some",
				 KIST_ROUTES_MAX);
	(void)json_object_del(routes->used, key);
	kist_time_text(kist_wall_ns(), now);
	KIST_TRY(set_text(routes->times, key, now, err));
	KIST_TRY(set_text(change == KIST_ROUTE_PIN ? routes->pinned : routes->used, key, id, err));
	++*count;
	return KIST_OK;
}

kist_status kist_routes_change(const char *config_dir, enum kist_route_change change, const json_t *changes,
			       size_t *ret_count, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(2 * KIST_ROUTES_SIZE_MAX);
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	kist_auto_fd int dir_fd = -1;
	const char *key;
	json_t *id;
	size_t count = 0;

	KIST_TRY(kist_mkdirs_at(AT_FDCWD, config_dir, 0700, err));
	KIST_TRY(kist_open_at(AT_FDCWD, config_dir, O_RDONLY | O_DIRECTORY, 0, &dir_fd, err));
	/* Two writers at once must not lose an entry: they take turns on the folder. */
	KIST_TRY(kist_lock_fd(dir_fd, LOCK_EX, TURN_MS, config_dir, err));
	KIST_TRY(load_at(dir_fd, config_dir, &routes, err));
	json_object_foreach((json_t *)(uintptr_t)changes, key, id)
		KIST_TRY(change_one(&routes, change, key, json_string_value(id), &count, err));
	if (count > 0) {
		KIST_TRY(write_text(&routes, &text, err));
		if (text.size > KIST_ROUTES_SIZE_MAX)
			return kist_fail(err, KIST_LIMIT, "the routes would take more than %zu bytes",
					 KIST_ROUTES_SIZE_MAX);
		KIST_TRY(kist_replace_file_at(dir_fd, KIST_ROUTES_FILE, kist_buf_view(&text), 0600, true,
					      err));
	}
	if (ret_count)
		*ret_count = count;
	return KIST_OK;
}
