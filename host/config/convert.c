/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "config/key.h"

#define MS_PER_S 1000.0
/* What was written is shown up to here. */
#define SHOWN_SIZE 100

static const struct {
	char unit;
	uint64_t seconds;
} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };

static void takes_word(const struct kist_config_key *key, char ret[static 160])
{
	const char *at = key->words;
	size_t used = 0;

	ret[0] = '\0';
	while (*at && used < 160) {
		const size_t len = strcspn(at, "|");
		const bool is_last = at[len] == '\0';

		used += (size_t)snprintf(ret + used, 160 - used, "%s%.*s",
					 at == key->words ? "" : (is_last ? " or " : ", "), (int)len, at);
		at += len + !is_last;
	}
}

void kist_config_takes(const struct kist_config_key *key, char ret[static 160])
{
	static const char *const plain[] = {
		[KIST_CONFIG_TEXT] = "a text",
		[KIST_CONFIG_BOOLEAN] = "true or false",
		[KIST_CONFIG_DURATION] = "a number and s, m, h or d, as in 12h",
		[KIST_CONFIG_PATH] = "a path",
		[KIST_CONFIG_STORE] = "a path or a URI",
		[KIST_CONFIG_TEXTS] = "a list of texts",
		[KIST_CONFIG_PATHS] = "a list of paths",
		[KIST_CONFIG_TEXT_MAP] = "a mapping of texts",
		[KIST_CONFIG_SCALAR_MAP] = "a mapping of texts, numbers and booleans",
		[KIST_CONFIG_VARIABLES] = "a mapping of texts",
	};

	if (key->type == KIST_CONFIG_WORD)
		takes_word(key, ret);
	else if (key->type == KIST_CONFIG_COUNT)
		snprintf(ret, 160, "a number from %" PRIu64 " to %" PRIu64, key->min, key->max);
	else if (key->type == KIST_CONFIG_SECONDS)
		snprintf(ret, 160, "seconds, %g to %g", (double)key->min / MS_PER_S,
			 (double)key->max / MS_PER_S);
	else
		snprintf(ret, 160, "%s", plain[key->type]);
}

static kist_status fail_takes(const struct kist_config_key *key, const char *text, struct kist_error *err)
{
	char takes[160];
	char shown[SHOWN_SIZE];

	kist_config_takes(key, takes);
	kist_text_escape(text, strlen(text), shown, sizeof(shown));
	return kist_fail(err, KIST_INVALID, "takes %s, not '%s'", takes, shown);
}

/* Which of the words @text is; false: none. */
static bool find_word(const char *words, const char *text, uint64_t *ret)
{
	const size_t wanted = strlen(text);
	uint64_t which = 0;

	for (const char *at = words;; which++) {
		const size_t len = strcspn(at, "|");

		if (len == wanted && memcmp(at, text, len) == 0) {
			*ret = which;
			return true;
		}
		if (!at[len])
			return false;
		at += len + 1;
	}
}

static bool read_duration(const struct kist_config_key *key, const char *text, uint64_t *ret_s)
{
	const size_t digits = strspn(text, "0123456789");
	uint64_t count;
	uint64_t seconds = 0;

	if (!kist_u64_parse(text, digits, &count))
		return false;
	if (!text[digits] && (key->flags & KIST_CONFIG_PLAIN_SECONDS))
		seconds = 1;
	for (size_t i = 0; text[digits] && !text[digits + 1] && i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[digits] == units[i].unit)
			seconds = units[i].seconds;
	}
	if (seconds == 0 || count > key->max / seconds || count * seconds < key->min)
		return false;
	*ret_s = count * seconds;
	return true;
}

static bool read_seconds(const struct kist_config_key *key, const char *text, uint64_t *ret_ms)
{
	double ms;
	char *end;

	/* Nothing but digits and a point: strtod() alone takes "nan", "1e5" and blanks too. */
	if (text[strspn(text, "0123456789.")] != '\0')
		return false;
	ms = strtod(text, &end) * MS_PER_S;
	if (end == text || *end != '\0' || ms < (double)key->min || ms > (double)key->max)
		return false;
	*ret_ms = (uint64_t)ms;
	return true;
}

static bool is_uri(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon && colon > text && !memchr(text, '/', (size_t)(colon - text));
}

/* @text as it is found from @folder. */
static kist_status read_path(const struct kist_config_key *key, const char *text, const char *folder,
			     struct kist_arena *arena, const char **ret, struct kist_error *err)
{
	const bool is_whole = text[0] == '/' || !folder || (key->type == KIST_CONFIG_STORE && is_uri(text));
	char path[PATH_MAX];
	int len;

	/* A shell would have put the folder in its place: what is left is a folder of that name, and not meant. */
	if (folder && text[0] == '~')
		return kist_fail(err, KIST_INVALID,
				 "takes a path, and '~' stands for nothing: write ${HOME}");
	len = snprintf(path, sizeof(path), "%s%s%s", is_whole ? "" : folder, is_whole ? "" : "/", text);
	if (len >= (int)sizeof(path))
		return kist_fail(err, KIST_INVALID, "takes a path of at most %d bytes", PATH_MAX - 1);
	*ret = kist_arena_text(arena, path, (size_t)len, err);
	return *ret ? KIST_OK : KIST_NO_MEMORY;
}

static bool read_number(const struct kist_config_key *key, const char *text, uint64_t *ret)
{
	switch (key->type) {
	case KIST_CONFIG_WORD:
		return find_word(key->words, text, ret);
	case KIST_CONFIG_BOOLEAN:
		return find_word("false|true", text, ret);
	case KIST_CONFIG_DURATION:
		return read_duration(key, text, ret);
	case KIST_CONFIG_SECONDS:
		return read_seconds(key, text, ret);
	default:
		return kist_u64_parse(text, strlen(text), ret) && *ret >= key->min && *ret <= key->max;
	}
}

static bool is_number(const struct kist_config_key *key)
{
	return key->type >= KIST_CONFIG_WORD && key->type <= KIST_CONFIG_SECONDS;
}

kist_status kist_config_convert(const struct kist_config_key *key, const char *text, const char *folder,
				struct kist_arena *arena, struct kist_config_scalar *ret,
				struct kist_error *err)
{
	struct kist_config_scalar made = { .text = text };

	if (!text[0] && (key->flags & KIST_CONFIG_NOT_EMPTY))
		return kist_fail(err, KIST_INVALID, "takes what is not empty");
	if (is_number(key) && !read_number(key, text, &made.number))
		return fail_takes(key, text, err);
	if (key->type == KIST_CONFIG_PATH || key->type == KIST_CONFIG_STORE || key->type == KIST_CONFIG_PATHS)
		KIST_TRY(read_path(key, text, folder, arena, &made.text, err));
	*ret = made;
	return KIST_OK;
}

/* Names that the program's environment may have; those that the agent gives are its own. */
static kist_status check_variable(const char *name, struct kist_error *err)
{
	static const char *const own[] = { "KIST_JOB_ID", "KIST_SOCKET" };
	const size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

	if (len == 0 || name[len] || (name[0] >= '0' && name[0] <= '9'))
		return kist_fail(err, KIST_INVALID, "is no name of a variable: letters, digits and '_' are");
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(name, own[i]) == 0)
			return kist_fail(err, KIST_INVALID, "is what kist exec gives itself");
	}
	return KIST_OK;
}

kist_status kist_config_convert_item(const struct kist_config_key *key, const char *folder,
				     struct kist_arena *arena, struct kist_config_item *item,
				     struct kist_error *err)
{
	struct kist_config_scalar made;

	if (item->kind == KIST_NODE_NULL)
		return kist_fail(err, KIST_INVALID, "takes a value, not null: write \"\" for an empty text");
	if (key->type == KIST_CONFIG_VARIABLES)
		KIST_TRY(check_variable(item->key, err));
	KIST_TRY(kist_config_convert(key, item->text, folder, arena, &made, err));
	item->text = made.text;
	return KIST_OK;
}
