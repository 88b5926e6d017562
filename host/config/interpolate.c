/* SPDX-License-Identifier: Apache-2.0 */
#include "config/interpolate.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define SHOWN_SIZE 100

/* One "${NAME:-default}", without "${" and "}". */
struct reference {
	char name[KIST_VARIABLE_NAME_MAX + 1];
	struct kist_view otherwise;
	bool has_otherwise;
};

static bool is_name(const char *text, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";

	if (len == 0 || len > KIST_VARIABLE_NAME_MAX || (text[0] >= '0' && text[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!text[i] || (!strchr(letters, text[i]) && !(text[i] >= '0' && text[i] <= '9')))
			return false;
	}
	return true;
}

static kist_status fail_shown(const char *what, struct kist_view within, struct kist_error *err)
{
	char shown[SHOWN_SIZE];

	kist_text_escape((const char *)within.data, within.size, shown, sizeof(shown));
	return kist_fail(err, KIST_INVALID, "'${%s}' %s", shown, what);
}

static kist_status read_reference(struct kist_view within, struct reference *ret, struct kist_error *err)
{
	const char *text = (const char *)within.data;
	const char *colon = memchr(text, ':', within.size);
	const size_t len = colon ? (size_t)(colon - text) : within.size;
	const size_t rest = within.size - len;

	*ret = (struct reference){ .has_otherwise = rest >= 2 && memcmp(text + len, ":-", 2) == 0 };
	if (!is_name(text, len) || (rest > 0 && !ret->has_otherwise))
		return fail_shown("is not read: ${NAME} and ${NAME:-default} are", within, err);
	memcpy(ret->name, text, len);
	if (ret->has_otherwise)
		ret->otherwise = kist_view_of(text + len + 2, rest - 2);
	if (ret->otherwise.size > 0 && memchr(ret->otherwise.data, '$', ret->otherwise.size))
		return fail_shown("has a '$' in its default: references do not nest", within, err);
	return KIST_OK;
}

static kist_status put(const struct reference *reference, kist_variable variable, struct kist_buf *ret,
		       struct kist_error *err)
{
	const char *value = variable ? variable(reference->name) : NULL;

	if (reference->has_otherwise && (!value || !value[0]))
		return kist_buf_append(ret, reference->otherwise.data, reference->otherwise.size, err);
	if (!variable)
		return KIST_OK;
	if (!value)
		return kist_fail(err, KIST_NOT_FOUND,
				 "the variable %s is not set: set it, or give a default, as in ${%s:-...}",
				 reference->name, reference->name);
	if (!kist_utf8_valid(value, strlen(value)))
		return kist_fail(err, KIST_INVALID, "the variable %s is not UTF-8", reference->name);
	return kist_buf_append(ret, value, strlen(value), err);
}

/* What begins with '$' at @at; *@ret_size: bytes of it. */
static kist_status read_one(struct kist_view at, kist_variable variable, struct kist_buf *ret,
			    size_t *ret_size, struct kist_error *err)
{
	struct reference reference;
	const uint8_t *end;

	if (at.size >= 2 && at.data[1] == '$') {
		*ret_size = 2;
		return kist_buf_append(ret, "$", 1, err);
	}
	if (at.size < 2 || at.data[1] != '{')
		return kist_fail(err, KIST_INVALID,
				 "a '$' begins ${NAME} or ${NAME:-default}: write $$ for the sign itself");
	end = memchr(at.data, '}', at.size);
	if (!end)
		return kist_fail(err, KIST_INVALID, "a '${' has no '}'");
	KIST_TRY(read_reference(kist_view_of(at.data + 2, (size_t)(end - at.data) - 2), &reference, err));
	*ret_size = (size_t)(end - at.data) + 1;
	return put(&reference, variable, ret, err);
}

kist_status kist_interpolate(struct kist_view text, kist_variable variable, struct kist_buf *ret,
			     size_t *ret_where, struct kist_error *err)
{
	size_t done = 0;

	while (done < text.size) {
		const uint8_t *dollar = memchr(text.data + done, '$', text.size - done);
		const size_t plain = dollar ? (size_t)(dollar - text.data) - done : text.size - done;
		size_t size = 0;

		KIST_TRY(kist_buf_append(ret, text.data + done, plain, err));
		done += plain;
		if (!dollar)
			break;
		*ret_where = done;
		KIST_TRY(read_one(kist_view_of(dollar, text.size - done), variable, ret, &size, err));
		done += size;
	}
	return KIST_OK;
}
