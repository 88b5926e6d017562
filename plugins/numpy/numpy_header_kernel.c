/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_header_kernel.h"

#include <limits.h>
#include <string.h>

#include "numpy_literal_kernel.h"

#define ALIGNMENT 64
/* numpy leaves room for the growing dimension to become this many digits long. */
#define GROWTH_DIGITS 21
/* Bytes of a dimension with its separator. */
#define DIMENSION_SIZE 22

static const uint8_t magic[NPY_MAGIC_SIZE] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };

static bool prefix_fault(struct npy_fault *fault, enum npy_fault_kind kind, uint64_t at, const char *what)
{
	*fault = (struct npy_fault){ .kind = kind, .at = at, .what = what, .dimension = -1 };
	return false;
}

bool npy_prefix_read(const uint8_t *head, size_t len, size_t *ret_size, uint64_t *ret_text_len,
		     struct npy_fault *fault)
{
	size_t size = NPY_PREFIX_1;

	for (size_t i = 0; i < NPY_MAGIC_SIZE; i++) {
		if (i >= len || head[i] != magic[i])
			return prefix_fault(fault, NPY_FAULT_MAGIC, i, "not an npy file");
	}
	if (len < NPY_MAGIC_SIZE + 2)
		return prefix_fault(fault, NPY_FAULT_MAGIC, len, "the file ends before its version");
	if (head[6] < 1 || head[6] > 3 || head[7] != 0)
		return prefix_fault(fault, NPY_FAULT_VERSION, 6, "the version is not 1.0, 2.0 or 3.0");
	if (head[6] > 1)
		size = NPY_PREFIX_2;
	if (len < size)
		return prefix_fault(fault, NPY_FAULT_TRUNCATED, len,
				    "the file ends before the length of its header");
	*ret_text_len = (uint64_t)head[8] | (uint64_t)head[9] << 8;
	if (head[6] > 1)
		*ret_text_len |= (uint64_t)head[10] << 16 | (uint64_t)head[11] << 24;
	*ret_size = size;
	return true;
}

/* An integer of the shape; what is no integer is a wrong shape, not wrong syntax. */
static bool read_dimension(struct npy_reader *reader, struct npy_header *header)
{
	const size_t at = reader->at;
	int64_t value;

	switch (npy_read_int(reader, &value)) {
	case NPY_INT_NONE:
		return npy_fault_at(reader, NPY_FAULT_SHAPE, at, "a dimension is not an integer");
	case NPY_INT_TOO_LARGE:
		return npy_fault_at(reader, NPY_FAULT_OVERFLOW, at, "a dimension is beyond 2^63-1");
	case NPY_INT_OK:
		break;
	}
	if (header->rank == NPY_RANK_MAX)
		return npy_fault_at(reader, NPY_FAULT_SHAPE, at, "more than 64 dimensions");
	if (value < 0) {
		(void)npy_fault_at(reader, NPY_FAULT_SHAPE, at, "is negative");
		reader->fault->dimension = header->rank;
		reader->fault->value = value;
		return false;
	}
	header->shape[header->rank++] = value;
	return true;
}

static bool read_shape(struct npy_reader *reader, struct npy_header *header)
{
	bool comma = false;

	header->shape_at = reader->at;
	header->rank = 0;
	if (!npy_open(reader, '('))
		return reader->fault->kind == NPY_FAULT_NONE &&
		       npy_fault_at(reader, NPY_FAULT_SHAPE, header->shape_at, "the shape is not a tuple");
	while (!npy_close(reader, ')')) {
		if (header->rank > 0 && !comma)
			return npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, "expected ',' or ')'");
		if (!read_dimension(reader, header))
			return false;
		comma = npy_skip(reader, ',');
	}
	if (header->rank == 1 && !comma)
		return npy_fault_at(reader, NPY_FAULT_SHAPE, header->shape_at, "the shape is not a tuple");
	return true;
}

static bool read_bool(struct npy_reader *reader, bool *ret_value)
{
	if (npy_skip_word(reader, "True"))
		*ret_value = true;
	else if (npy_skip_word(reader, "False"))
		*ret_value = false;
	else
		return npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at,
				    "fortran_order is not True or False");
	return true;
}

/* Bytes of the data.  Dimensions of 0 are left out of the product, as numpy does, so that it stays a bound.
 */
static bool check_size(struct npy_reader *reader, struct npy_header *header)
{
	uint64_t count = 1;
	uint64_t bytes;
	bool empty = false;

	for (int i = 0; i < header->rank; i++) {
		if (header->shape[i] == 0)
			empty = true;
		else if (__builtin_mul_overflow(count, (uint64_t)header->shape[i], &count))
			count = UINT64_MAX;
	}
	if (__builtin_mul_overflow(count, header->dtype.item_size, &bytes) || bytes > INT64_MAX ||
	    count > INT64_MAX)
		return npy_fault_at(reader, NPY_FAULT_OVERFLOW, header->shape_at,
				    "the array is beyond 2^63-1 bytes");
	header->count = empty ? 0 : count;
	header->data_len = empty ? 0 : bytes;
	return true;
}

enum { KEY_DESCR = 1, KEY_FORTRAN = 2, KEY_SHAPE = 4, KEY_ALL = 7 };

static unsigned key_of(const struct npy_reader *reader, const struct npy_string *name)
{
	static const struct {
		unsigned key;
		size_t len;
		char text[14];
	} keys[] = { { KEY_DESCR, 5, "descr" },
		     { KEY_FORTRAN, 13, "fortran_order" },
		     { KEY_SHAPE, 5, "shape" } };
	char text[sizeof(keys[0].text)];
	size_t len;

	if (!npy_string_ascii(reader, name, text, sizeof(text), &len))
		return 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (len == keys[i].len && memcmp(text, keys[i].text, len) == 0)
			return keys[i].key;
	}
	return 0;
}

static bool read_value(struct npy_reader *reader, unsigned key, struct npy_header *header)
{
	bool ok;

	if (key == KEY_SHAPE)
		return read_shape(reader, header);
	if (key == KEY_FORTRAN)
		return read_bool(reader, &header->fortran);
	header->descr_at = reader->at;
	ok = npy_read_descr(reader, &header->dtype);
	header->descr_len = reader->last - header->descr_at;
	return ok;
}

static bool read_entry(struct npy_reader *reader, struct npy_header *header, unsigned *seen)
{
	const size_t at = reader->at;
	struct npy_string name;
	unsigned key;

	if (!npy_read_string(reader, &name))
		return false;
	key = key_of(reader, &name);
	if (key == 0)
		return npy_fault_at(reader, NPY_FAULT_SYNTAX, at,
				    "a key is not descr, fortran_order or shape");
	if (*seen & key)
		return npy_fault_at(reader, NPY_FAULT_DUPLICATE, at, "a key is given twice");
	*seen |= key;
	if (!npy_skip(reader, ':'))
		return npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, "expected ':'");
	return read_value(reader, key, header);
}

static bool read_dict(struct npy_reader *reader, struct npy_header *header)
{
	const size_t start = reader->at;
	unsigned seen = 0;
	bool comma = true;

	if (!npy_open(reader, '{'))
		return reader->fault->kind == NPY_FAULT_NONE &&
		       npy_fault_at(reader, NPY_FAULT_SYNTAX, start, "the header is not a dict");
	while (!npy_close(reader, '}')) {
		if (!comma)
			return npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, "expected ',' or '}'");
		if (!read_entry(reader, header, &seen))
			return false;
		comma = npy_skip(reader, ',');
	}
	if (seen != KEY_ALL)
		return npy_fault_at(reader, NPY_FAULT_SYNTAX, start,
				    "a key of descr, fortran_order, shape is missing");
	if (reader->at != reader->len)
		return npy_fault_at(reader, NPY_FAULT_SYNTAX, reader->at, "text after the dict");
	return true;
}

bool npy_header_read(const uint8_t *text, size_t len, bool utf8, struct npy_name *names,
		     struct npy_header *ret_header, struct npy_fault *fault)
{
	struct npy_reader reader = { .text = text, .len = len, .utf8 = utf8, .names = names, .fault = fault };
	struct npy_header header = { .rank = 0 };

	*fault = (struct npy_fault){ .dimension = -1 };
	reader.names_mask = npy_names_count(len) - 1;
	memset(names, 0, npy_names_count(len) * sizeof(*names));
	if (utf8 && !npy_check_utf8(&reader))
		return false;
	npy_skip_blank(&reader);
	if (!read_dict(&reader, &header) || !check_size(&reader, &header))
		return false;
	*ret_header = header;
	return true;
}

size_t npy_header_size_max(size_t descr_len)
{
	return 256 + descr_len + (size_t)NPY_RANK_MAX * DIMENSION_SIZE;
}

static size_t put(char *to, size_t at, const char *text, size_t len)
{
	memcpy(to + at, text, len);
	return at + len;
}

static size_t put_text(char *to, size_t at, const char *text)
{
	return put(to, at, text, strlen(text));
}

static size_t put_shape(char *to, size_t at, const struct npy_outline *outline)
{
	to[at++] = '(';
	for (int i = 0; i < outline->rank; i++) {
		if (i > 0)
			at = put_text(to, at, ", ");
		at += npy_decimal(to + at, (uint64_t)outline->shape[i]);
	}
	return put_text(to, at, outline->rank == 1 ? ",)" : ")");
}

/* Spare blanks in which the dimension that grows by appending can be written longer, in place. */
static size_t put_growth(char *to, size_t at, const struct npy_outline *outline)
{
	char digits[DIMENSION_SIZE];
	size_t len;

	if (outline->rank == 0)
		return at;
	len = npy_decimal(digits, (uint64_t)outline->shape[outline->fortran ? outline->rank - 1 : 0]);
	memset(to + at, ' ', GROWTH_DIGITS - len);
	return at + GROWTH_DIGITS - len;
}

size_t npy_header_write(char *to, const struct npy_outline *outline)
{
	/* The text is laid out as for the longer prefix and moved when the shorter one does. */
	char *const text = to + NPY_PREFIX_2;
	size_t prefix = NPY_PREFIX_1;
	size_t len = 0;
	size_t padding;

	len = put_text(text, len, "{'descr': ");
	len = put(text, len, outline->descr, outline->descr_len);
	len = put_text(text, len, ", 'fortran_order': ");
	len = put_text(text, len, outline->fortran ? "True" : "False");
	len = put_text(text, len, ", 'shape': ");
	len = put_shape(text, len, outline);
	len = put_text(text, len, ", }");
	len = put_growth(text, len, outline);

	padding = ALIGNMENT - (prefix + len + 1) % ALIGNMENT;
	if (outline->unicode || len + 1 + padding > UINT16_MAX) {
		prefix = NPY_PREFIX_2;
		padding = ALIGNMENT - (prefix + len + 1) % ALIGNMENT;
	}
	memmove(to + prefix, text, len);
	memset(to + prefix + len, ' ', padding);
	len += padding;
	to[prefix + len++] = '\n';

	memcpy(to, magic, sizeof(magic));
	to[6] = (char)(outline->unicode ? 3 : prefix == NPY_PREFIX_1 ? 1 : 2);
	to[7] = 0;
	for (size_t i = 8; i < prefix; i++)
		to[i] = (char)(uint8_t)(len >> (8 * (i - 8)));
	return prefix + len;
}
