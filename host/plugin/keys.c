/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "plugin/field.h"
#include "plugin/manifest.h"
#include "plugin/search.h"

#define SUFFIX	      ".json"
#define DATE_LEN      10
#define FILE_NAME_MAX (KIST_KEY_ID_SIZE + sizeof(SUFFIX))

void kist_keys_done(struct kist_keys *keys)
{
	kist_free(keys->list);
	*keys = (struct kist_keys)KIST_KEYS_INIT;
}

static bool is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";
	int month;
	int day;

	if (strlen(text) != DATE_LEN)
		return false;
	for (size_t i = 0; i < DATE_LEN; i++) {
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	month = 10 * (text[5] - '0') + text[6] - '0';
	day = 10 * (text[8] - '0') + text[9] - '0';
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

kist_status kist_key_check(const struct kist_key *key, struct kist_error *err)
{
	if (!kist_name_dotted(key->scope, sizeof(key->scope)))
		return kist_fail(
			err, KIST_INVALID,
			"scope '%s' is no beginning of an id such as 'org.example': a key speaks for "
			"one publisher's plugins",
			key->scope);
	if (kist_id_is_own(key->scope))
		return kist_fail(err, KIST_INVALID, "scope '%s': ids under 'kist.' are this build's own",
				 key->scope);
	if (key->expires[0] && !is_date(key->expires))
		return kist_fail(err, KIST_INVALID, "'%s' is no date such as '2027-01-31'", key->expires);
	if (!kist_utf8_valid(key->note, strlen(key->note)))
		return kist_fail(err, KIST_INVALID, "the note is not UTF-8");
	return KIST_OK;
}

bool kist_key_in_scope(const struct kist_key *key, const char *id)
{
	const size_t len = strlen(key->scope);

	return strncmp(id, key->scope, len) == 0 && (id[len] == '\0' || id[len] == '.');
}

bool kist_key_is_expired(const struct kist_key *key, int64_t wall_ns)
{
	char now[KIST_TIME_TEXT_SIZE];

	kist_time_text(wall_ns, now);
	/* Dates of this form sort as text. */
	return key->expires[0] && strncmp(now, key->expires, DATE_LEN) >= 0;
}

/* Reading ------------------------------------------------------------------------------------------- */

static kist_status bad(struct kist_error *err, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_KEY", KIST_NO_OFFSET, "no file of a key: %s", what);
}

static bool copy_text(const json_t *json, const char *name, char *ret, size_t size)
{
	const char *text = kist_json_get_text(json, name);

	if (!text && json_object_get(json, name))
		return false;
	/* A NUL within makes it another text than the one that is shown. */
	if (text && strlen(text) != json_string_length(json_object_get(json, name)))
		return false;
	return snprintf(ret, size, "%s", text ? text : "") < (int)size;
}

kist_status kist_key_parse(struct kist_view text, struct kist_key *ret, struct kist_error *err)
{
	kist_auto_json json_t *json = NULL;
	struct kist_key key = { .of_site = false };
	struct kist_error why = KIST_ERROR_INIT;
	const char *line;
	uint64_t version;

	if (text.size > KIST_KEY_FILE_SIZE_MAX)
		return kist_fail(err, KIST_LIMIT, "a key of %zu bytes: at most %zu are allowed", text.size,
				 KIST_KEY_FILE_SIZE_MAX);
	KIST_TRY(kist_json_parse(text, &json, err));
	line = kist_json_get_text(json, "key");
	if (!line || !kist_json_get_u64(json, "version", &version) || version != 1)
		return bad(err, "not {\"version\":1,\"key\":\"...\",\"scope\":\"...\"}");
	if (!copy_text(json, "scope", key.scope, sizeof(key.scope)) ||
	    !copy_text(json, "expires", key.expires, sizeof(key.expires)) ||
	    !copy_text(json, "note", key.note, sizeof(key.note)))
		return bad(err, "scope, expires or note is no text, or too long");
	KIST_TRY(kist_public_key_read(kist_view_of(line, strlen(line)), &key.public, err));
	if (kist_key_check(&key, &why) != KIST_OK)
		return bad(err, why.text);
	*ret = key;
	return KIST_OK;
}

struct scan {
	struct kist_keys *keys;
	int dir_fd;
	bool of_site;
	char *note;
	size_t note_size;
};

static void add_note(const struct scan *scan, const char *name, const char *why)
{
	const size_t used = strlen(scan->note);

	if (used < scan->note_size)
		snprintf(scan->note + used, scan->note_size - used, "%s%s%s%s", used ? "; " : "", name,
			 name[0] ? ": " : "", why);
}

static kist_status read_key(const struct scan *scan, const char *name, struct kist_key *ret,
			    struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_KEY_FILE_SIZE_MAX);
	kist_auto_fd int fd = -1;
	char id[KIST_KEY_ID_SIZE];

	KIST_TRY(kist_search_open_file(scan->dir_fd, name, &fd, err));
	KIST_TRY(kist_read_all(fd, &text, err));
	KIST_TRY(kist_key_parse(kist_buf_view(&text), ret, err));
	kist_key_id_text(ret->public.id, id);
	if (strncmp(name, id, strlen(id)) != 0 || strcmp(name + strlen(id), SUFFIX) != 0)
		return bad(err, "it is not called after its key's id");
	ret->of_site = scan->of_site;
	return KIST_OK;
}

static kist_status scan_key(void *ctx, const char *name, struct kist_error *err)
{
	const struct scan *scan = ctx;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_key *list;
	struct kist_key key;
	kist_status status;

	if (scan->keys->count == KIST_KEYS_MAX) {
		add_note(scan, name, "there are more keys than are read");
		return KIST_OK;
	}
	status = read_key(scan, name, &key, &why);
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	if (status != KIST_OK) {
		add_note(scan, name, why.text);
		return KIST_OK;
	}
	list = kist_realloc(scan->keys->list, scan->keys->count + 1, sizeof(*list));
	if (!list)
		return kist_fail_memory(err, sizeof(*list));
	list[scan->keys->count++] = key;
	scan->keys->list = list;
	return KIST_OK;
}

static kist_status path_of(const char *config_dir, char ret[static PATH_MAX], struct kist_error *err)
{
	if (snprintf(ret, PATH_MAX, "%s/" KIST_KEYS_FOLDER, config_dir) >= PATH_MAX)
		return kist_fail(err, KIST_INVALID, "the path of the keys is too long");
	return KIST_OK;
}

kist_status kist_keys_load(const char *config_dir, bool of_site, struct kist_keys *keys, char *ret_note,
			   size_t note_size, struct kist_error *err)
{
	struct scan scan = { .keys = keys, .of_site = of_site, .note = ret_note, .note_size = note_size };
	kist_auto_mem char *resolved = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	kist_auto_fd int fd = -1;
	char path[PATH_MAX];
	kist_status status;

	ret_note[0] = '\0';
	KIST_TRY(path_of(config_dir, path, err));
	status = kist_search_open_dir(path, &resolved, &fd, &why);
	if (status == KIST_NOT_FOUND)
		return KIST_OK;
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	if (status != KIST_OK) {
		add_note(&scan, "", why.text);
		return KIST_OK;
	}
	scan.dir_fd = fd;
	return kist_search_names(fd, scan_key, &scan, err);
}

const struct kist_key *kist_keys_find(const struct kist_keys *keys, uint64_t id)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (keys->list[i].public.id == id)
			return &keys->list[i];
	}
	return NULL;
}

/* Changes ------------------------------------------------------------------------------------------- */

static void name_of(uint64_t id, char ret[static FILE_NAME_MAX])
{
	char text[KIST_KEY_ID_SIZE];

	kist_key_id_text(id, text);
	snprintf(ret, FILE_NAME_MAX, "%s" SUFFIX, text);
}

static kist_status write_key(const struct kist_key *key, struct kist_buf *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_KEY_FILE_SIZE_MAX);
	kist_auto_json json_t *json = NULL;
	const char *line;

	KIST_TRY(kist_public_key_write(&key->public, &text, err));
	line = kist_buf_text(&text);
	line = line ? strchr(line, '\n') : NULL;
	/* The second line alone, without what ends it. */
	json = line ? json_pack("{s:i,s:s%,s:s}", "version", 1, "key", line + 1,
				(int)KIST_BASE64_LEN(2 + 8 + KIST_ED25519_KEY_SIZE), "scope", key->scope)
		    : NULL;
	if (!json ||
	    (key->expires[0] && json_object_set_new(json, "expires", json_string(key->expires)) != 0) ||
	    (key->note[0] && json_object_set_new(json, "note", json_string(key->note)) != 0))
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_json_canonical(json, ret, err));
	return kist_buf_append(ret, "\n", 1, err);
}

kist_status kist_keys_add(const char *config_dir, const struct kist_key *key, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_KEY_FILE_SIZE_MAX);
	kist_auto_mem char *resolved = NULL;
	kist_auto_fd int fd = -1;
	char path[PATH_MAX];
	char name[FILE_NAME_MAX];

	KIST_TRY(kist_key_check(key, err));
	KIST_TRY(write_key(key, &text, err));
	KIST_TRY(path_of(config_dir, path, err));
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, path, 0700, err));
	KIST_TRY(kist_search_open_dir(path, &resolved, &fd, err));
	name_of(key->public.id, name);
	return kist_replace_file_at(fd, name, kist_buf_view(&text), 0600, true, err);
}

kist_status kist_keys_remove(const char *config_dir, uint64_t id, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	char path[PATH_MAX];
	char name[FILE_NAME_MAX];
	char text[KIST_KEY_ID_SIZE];

	KIST_TRY(path_of(config_dir, path, err));
	name_of(id, name);
	kist_key_id_text(id, text);
	if (kist_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &fd, NULL) != KIST_OK ||
	    (unlinkat(fd, name, 0) != 0 && errno == ENOENT))
		return kist_fail(err, KIST_NOT_FOUND,
				 "there is no key %s of yours; 'kist plugin key ls' shows all", text);
	if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return kist_fail(err, KIST_IO, "key %s cannot be removed from '%s'", text, path);
	return kist_sync_fd(fd, err);
}
