/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

#define RECORD_VERSION 1

kist_status kist_record_set_take(json_t *object, const char *key, json_t *value, struct kist_error *err)
{
	if (!value || json_object_set_new(object, key, value) != 0)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making a record");
	return KIST_OK;
}

bool kist_record_is_tree(const json_t *record)
{
	const char *kind = kist_json_get_text(record, "kind");

	return kind && strcmp(kind, "tree") == 0;
}

kist_status kist_record_set_text(json_t *object, const char *key, const char *text, struct kist_error *err)
{
	return text ? kist_record_set_take(object, key, kist_json_text(text, strlen(text)), err) : KIST_OK;
}

kist_status kist_record_set_digest(json_t *object, const char *key, const struct kist_digest *digest,
				   struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(digest, hex);
	return kist_record_set_take(object, key, json_string(hex), err);
}

bool kist_record_get_digest(const json_t *object, const char *key, struct kist_digest *ret)
{
	const char *hex = kist_json_get_text(object, key);

	return hex && kist_digest_parse(hex, strlen(hex), ret);
}

kist_status kist_record_set_content(json_t *record, const struct kist_content *content,
				    const struct kist_digest *digest, struct kist_error *err)
{
	char hex[2 * KIST_INLINE_SIZE_MAX + 1];

	KIST_TRY(kist_record_set_take(record, "record", json_integer(RECORD_VERSION), err));
	KIST_TRY(kist_record_set_take(record, "size", json_integer((json_int_t)content->size), err));
	KIST_TRY(kist_record_set_digest(record, "sha256", digest, err));
	if (content->form == KIST_CONTENT_CHUNK)
		return kist_digest_equal(&content->chunk, digest)
			       ? KIST_OK
			       : kist_record_set_digest(record, "chunk", &content->chunk, err);
	if (content->form == KIST_CONTENT_RECIPE)
		return kist_record_set_digest(record, "recipe", &content->chunk, err);
	kist_hex_write(content->bytes, (size_t)content->size, hex);
	return kist_record_set_take(record, "inline", json_string(hex), err);
}

kist_status kist_record_plain(const struct kist_content *content, struct kist_buf *ret,
			      struct kist_error *err)
{
	char inlined[2 * KIST_INLINE_SIZE_MAX + 1] = "";
	char sha256[KIST_DIGEST_HEX_SIZE];
	const bool is_inline = content->form == KIST_CONTENT_INLINE;

	if (is_inline)
		kist_hex_write(content->bytes, (size_t)content->size, inlined);
	kist_digest_hex(&content->sha256, sha256);
	return kist_buf_appendf(
		ret, err,
		"{\"encoding\":\"" KIST_BYTES_ENCODING
		"\",%s%s%s\"kind\":\"bytes\",\"record\":%d,\"sha256\":\"%s\",\"size\":%" PRIu64 "}",
		is_inline ? "\"inline\":\"" : "", inlined, is_inline ? "\"," : "", RECORD_VERSION, sha256,
		content->size);
}

static kist_status bad(struct kist_error *err, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_RECORD", KIST_NO_OFFSET,
			    "an artifact's record is damaged: %s", what);
}

/* Where the bytes are; false when that is not told in one of the ways there are. */
static bool get_place(const json_t *record, struct kist_content *content)
{
	const char *text = kist_json_get_text(record, "inline");

	if (json_object_get(record, "inline")) {
		content->form = KIST_CONTENT_INLINE;
		return text && content->size <= KIST_INLINE_SIZE_MAX &&
		       kist_hex_read(text, strlen(text), content->bytes, (size_t)content->size);
	}
	if (json_object_get(record, "recipe")) {
		content->form = KIST_CONTENT_RECIPE;
		return kist_record_get_digest(record, "recipe", &content->chunk);
	}
	content->form = KIST_CONTENT_CHUNK;
	content->chunk = content->sha256;
	return !json_object_get(record, "chunk") || kist_record_get_digest(record, "chunk", &content->chunk);
}

kist_status kist_record_get_content(const json_t *record, struct kist_content *ret, struct kist_error *err)
{
	struct kist_content content = { .size = 0 };
	uint64_t version;

	if (!kist_json_get_u64(record, "record", &version))
		return bad(err, "it has no version");
	if (version != RECORD_VERSION)
		return kist_fail(err, KIST_INCOMPATIBLE,
				 "the record has version %" PRIu64 ", this kist reads %d: use a newer kist",
				 version, RECORD_VERSION);
	if (!kist_json_get_u64(record, "size", &content.size) ||
	    !kist_record_get_digest(record, "sha256", &content.sha256))
		return bad(err, "it has no size or digest");
	if (!get_place(record, &content))
		return bad(err, content.form == KIST_CONTENT_INLINE ? "its bytes do not fit its size"
								    : "it does not say where its bytes are");
	*ret = content;
	return KIST_OK;
}

static bool digest_of_text(struct kist_view object, const char *key, struct kist_digest *ret)
{
	struct kist_view hex;

	return kist_json_plain(kist_json_find(object, key), &hex) &&
	       kist_digest_parse((const char *)hex.data, hex.size, ret);
}

bool kist_record_text_content(struct kist_view text, struct kist_content *ret)
{
	struct kist_content content = { .form = KIST_CONTENT_CHUNK };
	const struct kist_view inlined = kist_json_find(text, "inline");
	struct kist_view hex;
	uint64_t version;

	if (kist_json_check(text, SIZE_MAX, NULL) != KIST_OK ||
	    !kist_json_u64(kist_json_find(text, "record"), &version) || version != RECORD_VERSION ||
	    !kist_json_u64(kist_json_find(text, "size"), &content.size) ||
	    !digest_of_text(text, "sha256", &content.sha256))
		return false;
	content.chunk = content.sha256;
	if (inlined.size > 0) {
		content.form = KIST_CONTENT_INLINE;
		if (!kist_json_plain(inlined, &hex) || content.size > KIST_INLINE_SIZE_MAX ||
		    !kist_hex_read((const char *)hex.data, hex.size, content.bytes, (size_t)content.size))
			return false;
	} else if (kist_json_find(text, "recipe").size > 0 ||
		   (kist_json_find(text, "chunk").size > 0 &&
		    !digest_of_text(text, "chunk", &content.chunk))) {
		return false;
	}
	*ret = content;
	return true;
}

/* "1 234 567": digits in groups of three. */
static void group_digits(uint64_t value, char ret[static 32])
{
	char digits[24];
	const int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);
	int out = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			ret[out++] = ' ';
		ret[out++] = digits[i];
	}
	ret[out] = '\0';
}

static uint64_t items_in(struct kist_view list)
{
	struct kist_json_walk walk = kist_json_walk(list);
	struct kist_json_item item;
	uint64_t count = 0;

	while (kist_json_next(&walk, &item))
		count++;
	return count;
}

static void add_count(struct kist_view member, const char *singular, char *ret, size_t size)
{
	const bool is_list = member.size > 0 && member.data[0] == '[';
	const size_t used = strlen(ret);
	uint64_t count = is_list ? items_in(member) : 0;
	char text[32];

	if (!is_list && !kist_json_u64(member, &count))
		return;
	group_digits(count, text);
	snprintf(ret + used, size - used, "%s%s %s%s", used ? ", " : "", text, singular, kist_plural(count));
}

static void add_shape(struct kist_view shape, char *ret, size_t size)
{
	struct kist_json_walk walk = kist_json_walk(shape);
	struct kist_json_item item;
	size_t used = 0;

	while (used < size && kist_json_next(&walk, &item))
		used += (size_t)snprintf(ret + used, size - used, "%s%.*s", used ? ", " : "",
					 (int)item.value.size, (const char *)item.value.data);
}

const json_t *kist_record_read_params(const json_t *record)
{
	return json_object_get(record, "read_params");
}

/* What a summary is made of. */
enum {
	SAID_COLUMNS,
	SAID_COLUMNS_TOTAL,
	SAID_DTYPE,
	SAID_PARAMETERS,
	SAID_ROWS,
	SAID_SHAPE,
	SAID_TENSORS,
	SAID_COUNT
};

/* In one walk: a description may be long. */
static void find_said(struct kist_view info, struct kist_view ret[static SAID_COUNT])
{
	static const char *const keys[SAID_COUNT] = { "columns", "columns_total", "dtype",  "parameters",
						      "rows",	 "shape",	  "tensors" };
	struct kist_json_walk walk = kist_json_walk(info);
	struct kist_json_item item;

	for (size_t i = 0; i < SAID_COUNT; i++)
		ret[i] = kist_view_of(NULL, 0);
	while (walk.is_object && kist_json_next(&walk, &item)) {
		for (size_t i = 0; i < SAID_COUNT; i++) {
			if (kist_json_is(item.key, keys[i]))
				ret[i] = item.value;
		}
	}
}

void kist_record_summary(struct kist_view info, char *ret, size_t size)
{
	struct kist_view said[SAID_COUNT];
	struct kist_view dtype;
	char shown[128] = "";
	char line[256] = "";

	find_said(info, said);
	if (kist_json_plain(said[SAID_DTYPE], &dtype) && said[SAID_SHAPE].size > 0 &&
	    said[SAID_SHAPE].data[0] == '[') {
		add_shape(said[SAID_SHAPE], shown, sizeof(shown));
		snprintf(line, sizeof(line), "%.*s [%s]", (int)dtype.size, (const char *)dtype.data, shown);
	} else {
		const bool is_cut = said[SAID_COLUMNS_TOTAL].size > 0;

		add_count(said[SAID_ROWS], "row", line, sizeof(line));
		add_count(said[is_cut ? SAID_COLUMNS_TOTAL : SAID_COLUMNS], "column", line, sizeof(line));
		add_count(said[SAID_TENSORS], "tensor", line, sizeof(line));
		add_count(said[SAID_PARAMETERS], "parameter", line, sizeof(line));
	}
	/* What a plugin says is shown on terminals: escaped here, once. */
	kist_text_escape(line, strlen(line), ret, size);
}

/* A member of @object, as it stands there, with what separates it from the one before. */
static kist_status copy_member(struct kist_view object, const char *key, struct kist_buf *ret,
			       struct kist_error *err)
{
	const struct kist_view value = kist_json_find(object, key);

	KIST_TRY(kist_buf_appendf(ret, err, "%s\"%s\":", ret->data[ret->size - 1] == '{' ? "" : ",", key));
	return kist_buf_append(ret, value.data, value.size, err);
}

static kist_status add_summary(const char *summary, struct kist_buf *ret, struct kist_error *err)
{
	kist_auto_json json_t *text = json_string(summary);

	if (!text)
		return kist_fail_memory(err, strlen(summary));
	KIST_TRY(kist_buf_append(ret, ",\"summary\":", 11, err));
	return kist_json_canonical(text, ret, err);
}

kist_status kist_record_typed(const struct kist_content *content, const struct kist_said *said,
			      struct kist_buf *ret, struct kist_error *err)
{
	char inlined[2 * KIST_INLINE_SIZE_MAX + 1];
	char hex[KIST_DIGEST_HEX_SIZE];

	KIST_TRY(kist_buf_append(ret, "{", 1, err));
	KIST_TRY(copy_member(said->type, "encoding", ret, err));
	if (said->info.size > 0) {
		KIST_TRY(kist_buf_append(ret, ",\"info\":", 8, err));
		KIST_TRY(kist_buf_append(ret, said->info.data, said->info.size, err));
	}
	if (said->has_chunk) {
		kist_digest_hex(&said->chunk, hex);
		KIST_TRY(kist_buf_appendf(ret, err, ",\"info_chunk\":\"%s\"", hex));
	}
	if (content->form == KIST_CONTENT_INLINE) {
		kist_hex_write(content->bytes, (size_t)content->size, inlined);
		KIST_TRY(kist_buf_appendf(ret, err, ",\"inline\":\"%s\"", inlined));
	}
	KIST_TRY(copy_member(said->type, "kind", ret, err));
	KIST_TRY(copy_member(said->type, "plugin", ret, err));
	kist_digest_hex(&content->sha256, hex);
	KIST_TRY(kist_buf_appendf(ret, err, ",\"record\":%d,\"sha256\":\"%s\",\"size\":%" PRIu64,
				  RECORD_VERSION, hex, content->size));
	if (said->info.size > 0 || said->has_chunk)
		KIST_TRY(add_summary(said->summary, ret, err));
	return kist_buf_append(ret, "}", 1, err);
}

kist_status kist_record_add_hex(json_t *object, const char *key, const uint8_t *bytes, size_t size,
				struct kist_error *err)
{
	char hex[2 * KIST_DIGEST_SIZE + 1];
	json_t *list = json_object_get(object, key);

	if (!list) {
		list = json_array();
		if (!list || json_object_set_new(object, key, list) != 0)
			return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	}
	kist_hex_write(bytes, size, hex);
	if (json_array_append_new(list, json_string(hex)) != 0)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	return KIST_OK;
}
