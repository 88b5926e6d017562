/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/registry.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

/* What is wrong with one segment of a name, or NULL. */
static const char *segment_problem(const char *segment, size_t len)
{
	if (len == 0)
		return "it has an empty segment";
	if (len == 1 && segment[0] == '.')
		return "it has a segment '.'";
	if (len == 2 && segment[0] == '.' && segment[1] == '.')
		return "it has a segment '..'";
	return NULL;
}

/* What is wrong with a name, or NULL. */
static const char *name_problem(const char *name, size_t len)
{
	const char *problem;
	size_t begin = 0;

	if (len == 0)
		return "it is empty";
	if (len > KIST_NAME_SIZE_MAX)
		return "it is longer than 1024 bytes";
	if (memchr(name, '\0', len))
		return "it holds a NUL byte";
	if (name[0] == '/')
		return "it begins with '/'";
	if (name[len - 1] == '/')
		return "it ends with '/'";
	for (size_t i = 0; i <= len; i++) {
		if (i < len && name[i] != '/')
			continue;
		problem = segment_problem(name + begin, i - begin);
		if (problem)
			return problem;
		begin = i + 1;
	}
	return NULL;
}

kist_status kist_name_check(const char *name, size_t len, struct kist_error *err)
{
	const char *problem = name_problem(name, len);

	if (!problem)
		return KIST_OK;
	return kist_fail(err, KIST_INVALID, "'%.*s' cannot be a name: %s",
			 (int)strnlen(name, len < 200 ? len : 200), len ? name : "", problem);
}

bool kist_name_is_own(const char *name, size_t len)
{
	const size_t prefix = strlen(KIST_NAME_OWN_PREFIX);

	return len >= prefix && memcmp(name, KIST_NAME_OWN_PREFIX, prefix) == 0;
}

kist_status kist_name_check_given(const char *name, size_t len, struct kist_error *err)
{
	KIST_TRY(kist_name_check(name, len, err));
	if (kist_name_is_own(name, len))
		return kist_fail(err, KIST_INVALID,
				 "'%.*s' cannot be a name here: what begins with '" KIST_NAME_OWN_PREFIX
				 "' is kist's own; 'kist job' is for jobs",
				 (int)(len < 200 ? len : 200), name);
	return KIST_OK;
}

kist_status kist_name_json(json_t *object, const char *name, size_t len, struct kist_error *err)
{
	KIST_TRY(kist_name_check(name, len, err));
	return kist_json_set_bytes(object, "name", name, len, err);
}

/* The bytes that "name_bytes" gives: they must be what made "name", so that a name has one form only. */
static kist_status name_from_hex(const json_t *text, const json_t *hex,
				 uint8_t ret_name[static KIST_NAME_SIZE_MAX], size_t *ret_len,
				 struct kist_error *err)
{
	kist_auto_json json_t *shown = NULL;
	const size_t len = json_string_length(hex) / 2;

	if (!json_is_string(hex) || len > KIST_NAME_SIZE_MAX ||
	    !kist_hex_read(json_string_value(hex), json_string_length(hex), ret_name, len))
		return kist_fail(err, KIST_CORRUPT, "\"name_bytes\" does not hold the hex digits of a name");
	if (kist_utf8_valid((const char *)ret_name, len))
		return kist_fail(err, KIST_CORRUPT, "\"name_bytes\" stands beside a name that is UTF-8");
	shown = kist_json_text((const char *)ret_name, len);
	if (!shown)
		return kist_fail_memory(err, len);
	if (!json_equal(shown, text))
		return kist_fail(err, KIST_CORRUPT, "\"name\" and \"name_bytes\" differ");
	*ret_len = len;
	return KIST_OK;
}

kist_status kist_name_from_json(const json_t *object, struct kist_buf *ret, struct kist_error *err)
{
	uint8_t decoded[KIST_NAME_SIZE_MAX];
	const json_t *text = json_object_get(object, "name");
	const json_t *hex = json_object_get(object, "name_bytes");
	const char *name;
	const char *problem;
	size_t len;

	if (!json_is_string(text))
		return kist_fail(err, KIST_CORRUPT, "\"name\" is missing or no text");
	name = json_string_value(text);
	len = json_string_length(text);
	if (hex) {
		KIST_TRY(name_from_hex(text, hex, decoded, &len, err));
		name = (const char *)decoded;
	}
	problem = name_problem(name, len);
	if (problem)
		return kist_fail(err, KIST_CORRUPT, "\"name\" is none: %s", problem);
	return kist_buf_append(ret, name, len, err);
}

/* The members of a change, found in one walk. */
struct change {
	struct kist_view artifact;
	struct kist_view event;
	struct kist_view name;
	bool has_name_bytes;
};

static struct change find_members(struct kist_view ref)
{
	struct change change = { .has_name_bytes = false };
	struct kist_json_walk walk = kist_json_walk(ref);
	struct kist_json_item item;

	while (walk.is_object && kist_json_next(&walk, &item)) {
		if (kist_json_is(item.key, "artifact"))
			change.artifact = item.value;
		else if (kist_json_is(item.key, "event"))
			change.event = item.value;
		else if (kist_json_is(item.key, "name"))
			change.name = item.value;
		else if (kist_json_is(item.key, "name_bytes"))
			change.has_name_bytes = true;
	}
	return change;
}

/* Names that are spelled as they are need no JSON to be built. */
static kist_status read_name(struct kist_view ref, const struct change *change, struct kist_ref_change *ret,
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf name = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
	kist_auto_json json_t *object = NULL;
	struct kist_view plain;
	const char *problem;

	if (!change->has_name_bytes && kist_json_plain(change->name, &plain)) {
		problem = name_problem((const char *)plain.data, plain.size);
		if (problem)
			return kist_fail(err, KIST_CORRUPT, "\"name\" is none: %s", problem);
	} else {
		KIST_TRY(kist_json_parse(ref, &object, err));
		KIST_TRY(kist_name_from_json(object, &name, err));
		plain = kist_buf_view(&name);
	}
	memcpy(ret->name, plain.data, plain.size);
	ret->name_len = plain.size;
	return KIST_OK;
}

kist_status kist_ref_change_read(struct kist_view ref, struct kist_ref_change *ret, struct kist_error *err)
{
	const struct change change = find_members(ref);

	KIST_TRY(read_name(ref, &change, ret, err));
	memset(&ret->artifact, 0, sizeof(ret->artifact));
	if (kist_json_is(change.event, "\"rm\"")) {
		ret->event = KIST_REF_RM;
		return kist_json_is(change.artifact, "null")
			       ? KIST_OK
			       : kist_fail(err, KIST_CORRUPT, "a ref that is removed names an artifact");
	}
	ret->event = kist_json_is(change.event, "\"tag\"") ? KIST_REF_TAG : KIST_REF_PUT;
	if (ret->event == KIST_REF_PUT && !kist_json_is(change.event, "\"put\""))
		return kist_fail(err, KIST_CORRUPT, "the \"event\" of a ref is none");
	return kist_commit_digest(change.artifact, &ret->artifact)
		       ? KIST_OK
		       : kist_fail(err, KIST_CORRUPT, "\"artifact\" is missing or no SHA-256");
}
