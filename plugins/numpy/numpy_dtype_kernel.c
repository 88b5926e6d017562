/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_dtype_kernel.h"

#include <string.h>

#define DIGITS_MAX 20

/* Other names of types.  The characters l, L, p and P are left out: their size is that of a machine. */
static const struct {
	const char *name;
	const char *descr;
} aliases[] = {
	{ "bool", "b1" },    { "bool_", "b1" },	    { "int8", "i1" },	     { "int16", "i2" },
	{ "int32", "i4" },   { "int64", "i8" },	    { "uint8", "u1" },	     { "uint16", "u2" },
	{ "uint32", "u4" },  { "uint64", "u8" },    { "float16", "f2" },     { "float32", "f4" },
	{ "float64", "f8" }, { "complex64", "c8" }, { "complex128", "c16" }, { "half", "f2" },
	{ "single", "f4" },  { "double", "f8" },    { "?", "b1" },	     { "b", "i1" },
	{ "B", "u1" },	     { "h", "i2" },	    { "H", "u2" },	     { "i", "i4" },
	{ "I", "u4" },	     { "q", "i8" },	    { "Q", "u8" },	     { "e", "f2" },
	{ "f", "f4" },	     { "d", "f8" },	    { "F", "c8" },	     { "D", "c16" },
};

static const char *const units[] = { "Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as" };

size_t npy_decimal(char *to, uint64_t value)
{
	char digits[DIGITS_MAX];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	for (size_t i = 0; i < count; i++)
		to[i] = digits[count - 1 - i];
	return count;
}

/* Mostly the first character tells. */
static bool equals(const char *text, size_t len, const char *other)
{
	return len > 0 && text[0] == other[0] && strlen(other) == len && memcmp(text, other, len) == 0;
}

static bool starts_with(const char *text, size_t len, const char *prefix)
{
	return len >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

/* Digits up to the end of the text, or none; larger numbers than NPY_ITEM_SIZE_MAX stop there. */
static bool parse_size(const char *text, size_t len, uint64_t *ret_size)
{
	uint64_t size = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		size = size * 10 + (uint64_t)(text[i] - '0');
		if (size > NPY_ITEM_SIZE_MAX)
			size = NPY_ITEM_SIZE_MAX + 1;
	}
	*ret_size = size;
	return true;
}

/* "[25us]": a number of 1 to 2^31-1 or none, then a unit. */
static bool is_unit(const char *text, size_t len)
{
	uint64_t number = 1;
	size_t digits = 0;

	if (len < 3 || text[0] != '[' || text[len - 1] != ']')
		return false;
	text++;
	len -= 2;
	while (digits < len && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (digits > 10 || (digits > 0 && !parse_size(text, digits, &number)))
		return false;
	if (number == 0 || number > NPY_ITEM_SIZE_MAX)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (equals(text + digits, len - digits, units[i]))
			return true;
	}
	return false;
}

static bool is_number_size(char kind, uint64_t size)
{
	switch (kind) {
	case 'b':
		return size == 1;
	case 'i':
	case 'u':
		return size == 1 || size == 2 || size == 4 || size == 8;
	case 'f':
		return size == 2 || size == 4 || size == 8;
	case 'c':
		return size == 8 || size == 16;
	default:
		return false;
	}
}

/* The canonical text: a number of one byte and a byte string have no order, raw bytes keep the one they name.
 */
static void finish(struct npy_dtype *dtype, uint64_t number, const char *unit, size_t unit_len)
{
	size_t at = 2;

	if (dtype->kind == 'S' || (dtype->kind != 'V' && dtype->item_size == 1))
		dtype->order = '|';
	dtype->descr[0] = dtype->order;
	dtype->descr[1] = dtype->kind;
	at += npy_decimal(dtype->descr + at, number);
	memcpy(dtype->descr + at, unit, unit_len);
	dtype->descr[at + unit_len] = '\0';
}

static enum npy_dtype_fault parse_time(const char *text, size_t len, struct npy_dtype *dtype)
{
	if (len < 1 || text[0] != '8' || (len > 1 && !is_unit(text + 1, len - 1)))
		return NPY_DTYPE_UNKNOWN;
	dtype->item_size = 8;
	finish(dtype, 8, text + 1, len - 1);
	return NPY_DTYPE_OK;
}

static enum npy_dtype_fault parse_bytes(const char *text, size_t len, struct npy_dtype *dtype)
{
	uint64_t number;

	if (!parse_size(text, len, &number))
		return NPY_DTYPE_UNKNOWN;
	if (number > NPY_ITEM_SIZE_MAX / (dtype->kind == 'U' ? 4 : 1))
		return NPY_DTYPE_TOO_LARGE;
	dtype->item_size = number * (dtype->kind == 'U' ? 4 : 1);
	finish(dtype, number, "", 0);
	return NPY_DTYPE_OK;
}

static bool is_pickled(const char *text, size_t len)
{
	return text[0] == 'O' || text[0] == 'T' || starts_with(text, len, "object") ||
	       starts_with(text, len, "StringDType");
}

/* The text after the byte order. */
static enum npy_dtype_fault parse_kind(const char *text, size_t len, struct npy_dtype *dtype)
{
	const char kind = len > 0 ? text[0] : '\0';
	uint64_t size;

	if (kind == '\0')
		return NPY_DTYPE_UNKNOWN;
	if (is_pickled(text, len))
		return NPY_DTYPE_PICKLED;
	dtype->kind = kind;
	if (kind == 'M' || kind == 'm')
		return parse_time(text + 1, len - 1, dtype);
	if (kind == 'S' || kind == 'U' || kind == 'V')
		return parse_bytes(text + 1, len - 1, dtype);
	if (len < 2 || !parse_size(text + 1, len - 1, &size))
		return NPY_DTYPE_UNKNOWN;
	/* A package of other floating numbers writes it, and numpy itself cannot read it: bytes without a type. */
	if (kind == 'f' && size == 1) {
		dtype->kind = 'V';
		dtype->order = '|';
	} else if (!is_number_size(kind, size)) {
		return NPY_DTYPE_UNKNOWN;
	}
	dtype->item_size = size;
	finish(dtype, size, "", 0);
	return NPY_DTYPE_OK;
}

static enum npy_dtype_fault parse_time_name(char kind, const char *unit, size_t unit_len,
					    struct npy_dtype *dtype)
{
	char text[NPY_DESCR_SIZE] = "8";

	if (unit_len > sizeof(text) - 4)
		return NPY_DTYPE_UNKNOWN;
	memcpy(text + 1, unit, unit_len);
	dtype->kind = kind;
	return parse_time(text, unit_len + 1, dtype);
}

enum npy_dtype_fault npy_dtype_parse(const char *text, size_t len, struct npy_dtype *ret_dtype)
{
	struct npy_dtype dtype = { .order = NPY_ORDER_NATIVE };
	enum npy_dtype_fault fault;
	bool has_order = false;

	if (len > 0 && memchr("<>=|", text[0], 4)) {
		has_order = text[0] == '<' || text[0] == '>';
		dtype.order = has_order ? text[0] : NPY_ORDER_NATIVE;
		text++;
		len--;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (equals(text, len, aliases[i].name)) {
			text = aliases[i].descr;
			len = strlen(text);
			break;
		}
	}
	if (len > 0 && text[0] == 'V' && !has_order)
		dtype.order = '|';
	if (starts_with(text, len, "datetime64"))
		fault = parse_time_name('M', text + 10, len - 10, &dtype);
	else if (starts_with(text, len, "timedelta64"))
		fault = parse_time_name('m', text + 11, len - 11, &dtype);
	else
		fault = parse_kind(text, len, &dtype);
	if (fault == NPY_DTYPE_OK)
		*ret_dtype = dtype;
	return fault;
}

size_t npy_dtype_width(const struct npy_dtype *dtype)
{
	switch (dtype->kind) {
	case 'i':
	case 'u':
	case 'f':
	case 'M':
	case 'm':
		return (size_t)dtype->item_size;
	case 'V':
		return dtype->logical != 0 ? (size_t)dtype->item_size : 1;
	case 'c':
		return (size_t)dtype->item_size / 2;
	case 'U':
		return 4;
	default:
		return 1;
	}
}

bool npy_dtype_is_opaque(const struct npy_dtype *dtype)
{
	return dtype->kind == 'S' || dtype->kind == 'U' || dtype->kind == 'R' ||
	       (dtype->kind == 'V' && dtype->logical == 0);
}

void npy_dtype_name(const struct npy_dtype *dtype, char *ret_name)
{
	static const struct {
		char kind;
		const char *name;
	} names[] = { { 'b', "bool" },	  { 'i', "int" },	 { 'u', "uint" },	{ 'f', "float" },
		      { 'c', "complex" }, { 'S', "bytes" },	 { 'U', "str" },	{ 'V', "void" },
		      { 'R', "record" },  { 'M', "datetime64" }, { 'm', "timedelta64" } };
	size_t len = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].kind == dtype->kind) {
			len = strlen(names[i].name);
			memcpy(ret_name, names[i].name, len);
		}
	}
	if (memchr("iufc", dtype->kind, 4))
		len += npy_decimal(ret_name + len, dtype->item_size * 8);
	ret_name[len] = '\0';
	if (dtype->kind == 'M' || dtype->kind == 'm')
		memcpy(ret_name + len, dtype->descr + 3, strlen(dtype->descr + 3) + 1);
}
