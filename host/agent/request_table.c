/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/request_table.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/mem.h"

/* A line, with every character doubled. */
#define TEXT_MAX ((size_t)1 << 20)

enum type { TYPE_ANY, TYPE_INTEGER, TYPE_NUMBER, TYPE_BOOLEAN, TYPE_TEXT };

static const char *const type_names[] = {
	[TYPE_INTEGER] = "integer", [TYPE_NUMBER] = "number", [TYPE_BOOLEAN] = "boolean", [TYPE_TEXT] = "text"
};

static bool find_type(const char *name, enum type *ret)
{
	for (size_t i = TYPE_INTEGER; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		if (strcmp(name, type_names[i]) == 0) {
			*ret = (enum type)i;
			return true;
		}
	}
	return false;
}

/* In quotes, always: a text that looks like a number stays one for who reads quotes so. */
static kist_status put_text(struct kist_buf *to, const json_t *text, struct kist_error *err)
{
	const char *at = json_string_value(text);
	const char *const end = at + json_string_length(text);

	KIST_TRY(kist_buf_append(to, "\"", 1, err));
	for (; at < end; at++) {
		if (*at == '"')
			KIST_TRY(kist_buf_append(to, "\"", 1, err));
		KIST_TRY(kist_buf_append(to, at, 1, err));
	}
	return kist_buf_append(to, "\"", 1, err);
}

static kist_status put_value(struct kist_buf *to, const json_t *value, struct kist_error *err)
{
	kist_auto_buf struct kist_buf number = KIST_BUF_INIT(64);

	if (json_is_null(value))
		return KIST_OK;
	if (json_is_string(value))
		return put_text(to, value, err);
	if (json_is_boolean(value))
		return kist_buf_appendf(to, err, "%s", json_is_true(value) ? "true" : "false");
	KIST_TRY(kist_json_canonical(value, &number, err));
	return kist_buf_append(to, number.data, number.size, err);
}

static bool fits(const json_t *value, enum type type)
{
	double real;

	switch (type) {
	case TYPE_INTEGER:
		return json_is_integer(value);
	case TYPE_NUMBER:
		return kist_json_get_real(value, &real);
	case TYPE_BOOLEAN:
		return json_is_boolean(value);
	case TYPE_TEXT:
		return json_is_string(value);
	case TYPE_ANY:
		break;
	}
	return json_is_number(value) || json_is_boolean(value) || json_is_string(value);
}

/* The name of a column, and what its values are. */
static kist_status read_column(const json_t *column, const json_t **ret_name, enum type *ret,
			       struct kist_error *err)
{
	const char *type = kist_json_get_text(column, "type");

	*ret = TYPE_ANY;
	*ret_name = json_is_object(column) ? json_object_get(column, "name") : column;
	if (!json_is_string(*ret_name) || json_string_length(*ret_name) == 0)
		return kist_fail(err, KIST_INVALID, "a column is a text, or has a \"name\"");
	if (json_is_object(column) && json_object_get(column, "type") && (!type || !find_type(type, ret)))
		return kist_fail(err, KIST_INVALID,
				 "the \"type\" of a column is integer, number, boolean or text");
	return KIST_OK;
}

static kist_status put_header(struct kist_buf *to, const json_t *columns, enum type *types,
			      struct kist_error *err)
{
	for (size_t i = 0; i < json_array_size(columns); i++) {
		const json_t *name;

		KIST_TRY(read_column(json_array_get(columns, i), &name, &types[i], err));
		KIST_TRY(kist_buf_append(to, ",", i > 0, err));
		KIST_TRY(put_text(to, name, err));
	}
	return kist_buf_append(to, "\n", 1, err);
}

static kist_status put_row(struct kist_buf *to, const json_t *row, size_t no, const enum type *types,
			   size_t count, struct kist_error *err)
{
	if (!json_is_array(row) || json_array_size(row) != count)
		return kist_fail(err, KIST_INVALID, "row %zu is no array of %zu values", no, count);
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_array_get(row, i);

		if (!json_is_null(value) && !fits(value, types[i]))
			return kist_fail(err, KIST_INVALID, "row %zu, column %zu: that is no %s", no, i + 1,
					 types[i] == TYPE_ANY ? "value of a table" : type_names[types[i]]);
		KIST_TRY(kist_buf_append(to, ",", i > 0, err));
		KIST_TRY(put_value(to, value, err));
	}
	return kist_buf_append(to, "\n", 1, err);
}

kist_status kist_request_table(const json_t *request, int *ret_fd, struct kist_error *err)
{
	const json_t *columns = json_object_get(request, "columns");
	const json_t *rows = json_object_get(request, "rows");
	const size_t count = json_array_size(columns);
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(TEXT_MAX);
	kist_auto_mem enum type *types = NULL;
	kist_auto_fd int fd = -1;

	if (count == 0 || !json_is_array(rows))
		return kist_fail(err, KIST_INVALID, "a table has \"columns\" and \"rows\"");
	types = kist_alloc(count, sizeof(*types));
	if (!types)
		return kist_fail_memory(err, count * sizeof(*types));
	KIST_TRY(put_header(&text, columns, types, err));
	for (size_t i = 0; i < json_array_size(rows); i++)
		KIST_TRY(put_row(&text, json_array_get(rows, i), i + 1, types, count, err));
	fd = memfd_create("kist", MFD_CLOEXEC);
	if (fd < 0)
		return kist_fail_errno(err, errno, "cannot make a file in memory");
	KIST_TRY(kist_write_all(fd, kist_buf_view(&text), err));
	*ret_fd = kist_fd_move(&fd);
	return KIST_OK;
}
