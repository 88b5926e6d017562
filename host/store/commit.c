/* SPDX-License-Identifier: Apache-2.0 */
#include "store/commit.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

#define LINE_FORMAT  "kist-log 1 %s %zu\n"
#define LINE_MAGIC   "kist-log "
#define LINE_VERSION "1 "

static const char *const list_keys[KIST_COMMIT_LIST_COUNT] = {
	[KIST_COMMIT_PACKS] = "packs",	   [KIST_COMMIT_FORGET] = "forget", [KIST_COMMIT_CONDEMN] = "condemn",
	[KIST_COMMIT_DELETED] = "deleted", [KIST_COMMIT_FENCE] = "fence",   [KIST_COMMIT_REFS] = "refs",
};

void kist_commit_done(struct kist_commit *commit)
{
	kist_buf_done(&commit->entry);
	*commit = (struct kist_commit)KIST_COMMIT_INIT;
}

size_t kist_commit_line(struct kist_view body, const struct kist_digest *digest,
			char ret_line[static KIST_COMMIT_LINE_SIZE_MAX])
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(digest, hex);
	return (size_t)snprintf(ret_line, KIST_COMMIT_LINE_SIZE_MAX, LINE_FORMAT, hex, body.size);
}

static kist_status fail_line(struct kist_error *err)
{
	return kist_fail(err, KIST_CORRUPT, "its first line is damaged");
}

kist_status kist_commit_check_entry(struct kist_view entry, struct kist_view *ret_body,
				    struct kist_digest *ret_digest, struct kist_error *err)
{
	const size_t magic_len = strlen(LINE_MAGIC);
	const size_t head_len = magic_len + strlen(LINE_VERSION) + 2 * KIST_DIGEST_SIZE + 1;
	const char *text = (const char *)entry.data;
	const char *end =
		entry.size ? memchr(text, '\n', (size_t)kist_min_u64(entry.size, KIST_COMMIT_LINE_SIZE_MAX))
			   : NULL;
	struct kist_digest actual;
	struct kist_view body;
	char line[KIST_COMMIT_LINE_SIZE_MAX];
	size_t line_len;

	if (!end || memcmp(text, LINE_MAGIC, magic_len) != 0)
		return fail_line(err);
	line_len = (size_t)(end - text) + 1;
	if (line_len > magic_len + 2 && text[magic_len] >= '2' && text[magic_len] <= '9' &&
	    text[magic_len + 1] == ' ')
		return kist_fail(err, KIST_INCOMPATIBLE, "commit of version %c: a newer kist made it",
				 text[magic_len]);
	if (line_len <= head_len)
		return fail_line(err);
	body = kist_view_of(entry.data + line_len, entry.size - line_len);
	if (body.size > KIST_COMMIT_SIZE_MAX)
		return kist_fail(err, KIST_CORRUPT, "it is larger than %zu bytes", KIST_COMMIT_SIZE_MAX);
	actual = kist_digest_of(body);
	/* There is one way to write the line: it is the way we would. */
	if (kist_commit_line(body, &actual, line) != line_len || memcmp(line, text, line_len) != 0)
		return kist_fail(err, KIST_CORRUPT, "it does not match its SHA-256 and length");
	*ret_body = body;
	*ret_digest = actual;
	return KIST_OK;
}

bool kist_commit_digest(struct kist_view value, struct kist_digest *ret)
{
	struct kist_view hex;

	return kist_json_plain(value, &hex) && kist_digest_parse((const char *)hex.data, hex.size, ret);
}

static bool is_write_id(struct kist_view value)
{
	uint8_t id[KIST_WRITE_ID_SIZE];
	struct kist_view hex;

	return kist_json_plain(value, &hex) &&
	       kist_hex_read((const char *)hex.data, hex.size, id, sizeof(id));
}

static bool set_time(struct kist_commit *commit, struct kist_view value)
{
	struct kist_view text;

	if (!kist_json_plain(value, &text) || text.size == 0 || text.size > KIST_COMMIT_TIME_SIZE_MAX)
		return false;
	memcpy(commit->time, text.data, text.size);
	commit->time[text.size] = '\0';
	return true;
}

static kist_status set_list(struct kist_commit *commit, const struct kist_json_item *item,
			    struct kist_error *err)
{
	for (size_t i = 0; i < KIST_COMMIT_LIST_COUNT; i++) {
		if (!kist_json_is(item->key, list_keys[i]))
			continue;
		if (item->value.data[0] != '[')
			return kist_fail(err, KIST_CORRUPT, "\"%s\" is no list", list_keys[i]);
		commit->lists[i] = item->value;
	}
	return KIST_OK;
}

/* The members that each commit has. */
struct seen {
	bool number;
	bool previous;
	bool write_id;
	bool time;
};

static kist_status set_member(struct kist_commit *commit, const struct kist_json_item *item,
			      struct seen *seen, struct kist_error *err)
{
	if (kist_json_is(item->key, "number"))
		seen->number = kist_json_u64(item->value, &commit->number);
	else if (kist_json_is(item->key, "previous"))
		seen->previous = kist_commit_digest(item->value, &commit->previous);
	else if (kist_json_is(item->key, "write_id"))
		seen->write_id = is_write_id(item->value);
	else if (kist_json_is(item->key, "time"))
		seen->time = set_time(commit, item->value);
	else
		return set_list(commit, item, err);
	return KIST_OK;
}

kist_status kist_commit_parse(struct kist_commit *commit, uint64_t number, struct kist_error *err)
{
	struct kist_json_item item;
	struct kist_json_walk walk;
	struct kist_view body;
	struct seen seen = { .number = false };

	memset(commit->lists, 0, sizeof(commit->lists));
	KIST_TRY(kist_commit_check_entry(kist_buf_view(&commit->entry), &body, &commit->digest, err));
	KIST_TRY(kist_json_check(body, SIZE_MAX, err));
	walk = kist_json_walk(body);
	while (walk.is_object && kist_json_next(&walk, &item))
		KIST_TRY(set_member(commit, &item, &seen, err));
	if (!seen.number || commit->number != number)
		return kist_fail(err, KIST_CORRUPT, "it does not bear its number");
	if (!seen.previous || !seen.write_id || !seen.time)
		return kist_fail(err, KIST_CORRUPT,
				 "\"previous\", \"write_id\" or \"time\" is missing or wrong");
	return KIST_OK;
}
