/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The element type of a header: a string, or a list of fields.  Part of numpy_literal_kernel.h.
 *
 *     [(name, type), ((title, name), type), (name, type, (2, 3)), ('', '|V4')]
 *
 * A field lies right after the one before it; a nameless one of raw bytes is a gap.
 */
#include <string.h>

#include "numpy_literal_kernel.h"

/* Bytes of a type string; a longer one is no type. */
#define TYPE_STRING_SIZE 48
/* Steps through the table of names that no honest header comes near: a bound on names made to collide. */
#define PROBES_MAX ((uint64_t)1 << 22)

static bool read_nested(struct npy_reader *reader, struct npy_dtype *ret_dtype);

size_t npy_names_count(size_t len)
{
	size_t count = 16;

	/* A name takes more than four bytes of text: its quotes, a comma, its type. */
	while (count < len / 4 && count < 2 * (size_t)NPY_FIELDS_MAX)
		count *= 2;
	return count;
}

static bool read_type_string(struct npy_reader *reader, struct npy_dtype *ret_dtype)
{
	const size_t at = reader->at;
	struct npy_string string;
	char text[TYPE_STRING_SIZE];
	size_t len;

	if (!npy_read_string(reader, &string))
		return false;
	if (!npy_string_ascii(reader, &string, text, sizeof(text), &len))
		return npy_fault_at(reader, NPY_FAULT_DTYPE, at, "the element type is not known");
	switch (npy_dtype_parse(text, len, ret_dtype)) {
	case NPY_DTYPE_OK:
		return true;
	case NPY_DTYPE_PICKLED:
		return npy_fault_at(reader, NPY_FAULT_OBJECT, at, "the elements are pickled objects");
	case NPY_DTYPE_TOO_LARGE:
		return npy_fault_at(reader, NPY_FAULT_OVERFLOW, at, "an element is beyond 2^31-1 bytes");
	case NPY_DTYPE_UNKNOWN:
		break;
	}
	return npy_fault_at(reader, NPY_FAULT_DTYPE, at, "the element type is not known or not portable");
}

/* Notes a name of @record.  The slots are at least twice the names, so a free one is always found. */
static bool add_name(struct npy_reader *reader, const struct npy_string *name, uint32_t record)
{
	size_t slot = npy_string_hash(reader, name, record * 0x9E3779B9u) & reader->names_mask;

	if (++reader->names_used > NPY_FIELDS_MAX || reader->names_used > reader->names_mask)
		return npy_fault_at(reader, NPY_FAULT_FIELDS, name->at, "more than 65536 fields");
	for (; reader->names[slot].at != 0; slot = (slot + 1) & reader->names_mask) {
		const struct npy_string other = { .at = reader->names[slot].at - 1 };

		if (++reader->probes > PROBES_MAX)
			return npy_fault_at(reader, NPY_FAULT_FIELDS, name->at, "the field names collide");
		if (reader->names[slot].record == record && npy_string_same(reader, name, &other))
			return npy_fault_at(reader, NPY_FAULT_DUPLICATE, name->at,
					    "a field's name is given twice");
	}
	reader->names[slot] = (struct npy_name){ .at = (uint32_t)name->at + 1, .record = record };
	return true;
}

static bool times(struct npy_reader *reader, size_t at, uint64_t count, uint64_t *size)
{
	if (__builtin_mul_overflow(*size, count, size) || *size > INT64_MAX)
		return npy_fault_at(reader, NPY_FAULT_OVERFLOW, at, "an element is beyond 2^63-1 bytes");
	return true;
}

static bool read_sub_dimension(struct npy_reader *reader, uint64_t *size)
{
	const size_t at = reader->at;
	int64_t value;

	switch (npy_read_int(reader, &value)) {
	case NPY_INT_OK:
		break;
	case NPY_INT_TOO_LARGE:
		return npy_fault_at(reader, NPY_FAULT_OVERFLOW, at,
				    "a dimension of a field is beyond 2^63-1");
	case NPY_INT_NONE:
		return npy_fault_at(reader, NPY_FAULT_SHAPE, at, "a dimension of a field is not an integer");
	}
	if (value < 0)
		return npy_fault_at(reader, NPY_FAULT_SHAPE, at, "a dimension of a field is negative");
	return times(reader, at, (uint64_t)value, size);
}

/* A field's shape, a tuple or one integer: multiplies *@size by it. */
static bool read_sub_shape(struct npy_reader *reader, uint64_t *size)
{
	bool comma = true;
	int rank = 0;

	if (!npy_open(reader, '('))
		return reader->fault->kind == NPY_FAULT_NONE && read_sub_dimension(reader, size);
	while (!npy_close(reader, ')')) {
		if (!comma)
			return npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, "expected ',' or ')'");
		if (rank++ == NPY_RANK_MAX)
			return npy_fault_at(reader, NPY_FAULT_SHAPE, reader->at,
					    "more than 64 dimensions in a field");
		if (!read_sub_dimension(reader, size))
			return false;
		comma = npy_skip(reader, ',');
	}
	return true;
}

struct field {
	struct npy_string name;
	struct npy_string title;
	bool has_title;
};

static bool expect(struct npy_reader *reader, char c, const char *what)
{
	return npy_skip(reader, c) || npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, what);
}

/* NAME or (TITLE, NAME). */
static bool read_name(struct npy_reader *reader, struct field *field)
{
	field->has_title = npy_open(reader, '(');
	if (reader->fault->kind != NPY_FAULT_NONE)
		return false;
	if (!field->has_title)
		return npy_read_string(reader, &field->name);
	if (!npy_read_string(reader, &field->title) || !expect(reader, ',', "expected ',' after the title") ||
	    !npy_read_string(reader, &field->name))
		return false;
	(void)npy_skip(reader, ',');
	return npy_close(reader, ')') || npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, "expected ')'");
}

/* (NAME, TYPE) or (NAME, TYPE, SHAPE): adds its bytes to *@size. */
static bool read_field(struct npy_reader *reader, uint32_t record, uint64_t *size)
{
	const size_t at = reader->at;
	struct npy_dtype dtype = { .kind = 0 };
	struct field field;
	uint64_t bytes;

	if (!npy_open(reader, '('))
		return npy_fault_at(reader, NPY_FAULT_SYNTAX, at, "a field is not a tuple");
	if (!read_name(reader, &field) || !expect(reader, ',', "expected ',' after the name") ||
	    !read_nested(reader, &dtype))
		return false;
	bytes = dtype.item_size;
	if (npy_skip(reader, ',') && reader->at < reader->len && reader->text[reader->at] != ')') {
		if (!read_sub_shape(reader, &bytes))
			return false;
		(void)npy_skip(reader, ',');
	}
	if (!npy_close(reader, ')'))
		return npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, "expected ')'");
	if (__builtin_add_overflow(*size, bytes, size) || *size > INT64_MAX)
		return npy_fault_at(reader, NPY_FAULT_OVERFLOW, at, "an element is beyond 2^63-1 bytes");
	if (dtype.kind == 'V' && npy_string_equals(reader, &field.name, ""))
		return true;
	return (!field.has_title || add_name(reader, &field.title, record)) &&
	       add_name(reader, &field.name, record);
}

static bool read_record(struct npy_reader *reader, struct npy_dtype *ret_dtype)
{
	const uint32_t record = reader->records++;
	bool comma = true;
	uint64_t size = 0;

	while (!npy_close(reader, ']')) {
		if (!comma)
			return npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, "expected ',' or ']'");
		if (!read_field(reader, record, &size))
			return false;
		comma = npy_skip(reader, ',');
	}
	*ret_dtype = (struct npy_dtype){ .kind = 'R', .order = '|', .item_size = size };
	return true;
}

/* (TYPE, SHAPE), which stands in place of a type. */
static bool read_sub_array(struct npy_reader *reader, struct npy_dtype *ret_dtype)
{
	if (!read_nested(reader, ret_dtype) || !expect(reader, ',', "expected ',' after the type") ||
	    !read_sub_shape(reader, &ret_dtype->item_size))
		return false;
	(void)npy_skip(reader, ',');
	return npy_close(reader, ')') || npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, "expected ')'");
}

static bool read_nested(struct npy_reader *reader, struct npy_dtype *ret_dtype)
{
	if (npy_open(reader, '['))
		return read_record(reader, ret_dtype);
	if (npy_open(reader, '('))
		return read_sub_array(reader, ret_dtype);
	return reader->fault->kind == NPY_FAULT_NONE && read_type_string(reader, ret_dtype);
}

bool npy_read_descr(struct npy_reader *reader, struct npy_dtype *ret_dtype)
{
	const size_t at = reader->at;

	if (at < reader->len && reader->text[at] == '(')
		return npy_fault_at(reader, NPY_FAULT_DTYPE, at,
				    "an element that is an array is not supported");
	return read_nested(reader, ret_dtype);
}
