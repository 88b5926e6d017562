/* SPDX-License-Identifier: Apache-2.0 */
#include "task/signature.h"

#include <stdbool.h>
#include <string.h>

static const char *const type_names[KIST_TASK_TYPE_COUNT] = {
	"void",	  "status", "i8",      "i16",	  "i32",     "i64",   "u8",    "u16",	 "u32",
	"u64",	  "f32",    "f64",     "b8",	  "cstr",    "bytes", "json",  "tensor", "table",
	"object", "call",   "tensor*", "object*", "region*", "i8[]",  "i16[]", "i32[]",	 "i64[]",
	"u8[]",	  "u16[]",  "u32[]",   "u64[]",	  "f32[]",   "f64[]",
};

/* Spellings that are refused by name.  The first that fits is taken. */
struct refusal {
	const char *spelling;
	const char *hint;
};

static const struct refusal whole_words[] = {
	{ "", "a type is missing" },
	{ "char", "write i8 or u8: the sign of char differs between machines" },
	{ "signed char", "write i8" },
	{ "unsigned char", "write u8" },
	{ "byte", "write u8" },
	{ "short", "write i16" },
	{ "unsigned short", "write u16" },
	{ "int", "write i32" },
	{ "signed", "write i32" },
	{ "unsigned", "write u32" },
	{ "unsigned int", "write u32" },
	{ "uint", "write u32" },
	{ "long", "write i64: the size of long differs between systems" },
	{ "unsigned long", "write u64: the size of long differs between systems" },
	{ "long long", "write i64" },
	{ "unsigned long long", "write u64" },
	{ "long double", "write f64: the format of long double differs between machines" },
	{ "float", "write f32" },
	{ "double", "write f64" },
	{ "half", "write f32" },
	{ "f16", "write f32" },
	{ "f128", "write f64" },
	{ "bool", "write b8" },
	{ "_Bool", "write b8" },
	{ "size_t", "write u64" },
	{ "ssize_t", "write i64" },
	{ "ptrdiff_t", "write i64" },
	{ "intptr_t", "write i64" },
	{ "uintptr_t", "write u64" },
	{ "off_t", "write i64" },
	{ "time_t", "write i64" },
	{ "wchar_t", "write i32: the size of wchar_t differs between systems" },
	{ "int8_t", "write i8" },
	{ "int16_t", "write i16" },
	{ "int32_t", "write i32" },
	{ "int64_t", "write i64" },
	{ "uint8_t", "write u8" },
	{ "uint16_t", "write u16" },
	{ "uint32_t", "write u32" },
	{ "uint64_t", "write u64" },
	{ "kist_status", "write status" },
	{ "string", "write cstr" },
	{ "str", "write cstr" },
	{ "char*", "write cstr for text that comes in, region* for text that goes out" },
	{ "char *", "write cstr for text that comes in, region* for text that goes out" },
	{ "const char*", "write cstr" },
	{ "const char *", "write cstr" },
	{ "void*", "write bytes, object or region*: a bare pointer has no size and no owner" },
	{ "void *", "write bytes, object or region*: a bare pointer has no size and no owner" },
	{ "pointer", "write bytes, object or region*: a bare pointer has no size and no owner" },
	{ "region", "write bytes for what comes in, region* for what goes out" },
	{ "bytes*", "write region*" },
	{ "cstr*", "write region*" },
	{ "json*", "write region*" },
	{ "table*", "write object*" },
	{ "...", "functions with a variable number of arguments cannot be called" },
};

/* Spellings that are refused for what they hold, after the whole words. */
static const struct refusal fragments[] = {
	{ "...", "functions with a variable number of arguments cannot be called" },
	{ "(", "functions cannot be passed: a callback would need memory that is writable and executable" },
	{ "struct", "a struct cannot be passed by value; write bytes or object" },
	{ "union", "a union cannot be passed by value; write bytes or object" },
	{ "enum", "write i32 or u32: the size of an enum differs between compilers" },
	{ "omplex", "a complex number cannot be passed by value; write two f64" },
	{ "*", "only tensor*, object* and region* go out; a bare pointer has no size and no owner" },
	{ "[", "write f64[] and the like, or bytes or tensor: an array is a bare pointer" },
	{ " ", "write no blanks" },
};

static bool word_equal(const char *word, size_t len, const char *other)
{
	return strlen(other) == len && memcmp(word, other, len) == 0;
}

static const char *hint_for(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(whole_words) / sizeof(whole_words[0]); i++) {
		if (word_equal(word, len, whole_words[i].spelling))
			return whole_words[i].hint;
	}
	for (size_t i = 0; i < sizeof(fragments) / sizeof(fragments[0]); i++) {
		if (memmem(word, len, fragments[i].spelling, strlen(fragments[i].spelling)))
			return fragments[i].hint;
	}
	return "no such type; the scalars are i8 to i64, u8 to u64, f32, f64 and b8";
}

static bool type_find(const char *word, size_t len, uint8_t *ret_type)
{
	for (unsigned type = 0; type < KIST_TASK_TYPE_COUNT; type++) {
		if (word_equal(word, len, type_names[type])) {
			*ret_type = (uint8_t)type;
			return true;
		}
	}
	return false;
}

static kist_status refuse(const char *text, const char *word, size_t len, const char *hint,
			  struct kist_error *err)
{
	return kist_fail_at(err, KIST_INVALID, "E_SIGNATURE", (uint64_t)(word - text),
			    "signature '%s': '%.*s' is refused: %s", text, (int)len, word, hint);
}

static kist_status parse_arg(const char *text, const char *word, size_t len, uint8_t *ret,
			     struct kist_error *err)
{
	uint8_t type;

	if (!type_find(word, len, &type))
		return refuse(text, word, len, hint_for(word, len), err);
	if (type == KIST_TASK_VOID)
		return refuse(text, word, len, "write nothing before '->' when there are no arguments", err);
	if (type == KIST_TASK_STATUS)
		return refuse(text, word, len, "a status only comes back; write i32", err);
	*ret = type;
	return KIST_OK;
}

static kist_status parse_return(const char *text, const char *word, uint8_t *ret, struct kist_error *err)
{
	const size_t len = strlen(word);
	uint8_t type;

	if (!type_find(word, len, &type))
		return refuse(text, word, len, hint_for(word, len), err);
	if (type > KIST_TASK_B8)
		return refuse(text, word, len,
			      "only void, status or a scalar comes back; return status and write to an out "
			      "argument "
			      "(tensor*, object*, region*)",
			      err);
	*ret = type;
	return KIST_OK;
}

static kist_status parse_args(const char *text, const char *end, struct kist_signature *signature,
			      struct kist_error *err)
{
	const char *word = text;

	if (word == end)
		return KIST_OK;
	for (;;) {
		const char *comma = memchr(word, ',', (size_t)(end - word));
		const size_t len = (size_t)((comma ? comma : end) - word);

		if (signature->arg_count == KIST_SIGNATURE_ARGS_MAX)
			return kist_fail_at(err, KIST_LIMIT, "E_SIGNATURE", (uint64_t)(word - text),
					    "signature '%s': more than %d arguments", text,
					    KIST_SIGNATURE_ARGS_MAX);
		KIST_TRY(parse_arg(text, word, len, &signature->args[signature->arg_count], err));
		signature->arg_count++;
		if (!comma)
			return KIST_OK;
		word = comma + 1;
	}
}

kist_status kist_signature_parse(const char *text, struct kist_signature *ret, struct kist_error *err)
{
	struct kist_signature signature = { .arg_count = 0 };
	const size_t len = strnlen(text, KIST_SIGNATURE_SIZE_MAX + 1);
	const char *arrow;

	if (len > KIST_SIGNATURE_SIZE_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_SIGNATURE", KIST_SIGNATURE_SIZE_MAX,
				    "signature longer than %zu bytes", KIST_SIGNATURE_SIZE_MAX);
	arrow = strstr(text, "->");
	if (!arrow)
		return kist_fail_at(err, KIST_INVALID, "E_SIGNATURE", len,
				    "signature '%s': no '->'; write it as 'i64,f64->i64'", text);
	KIST_TRY(parse_args(text, arrow, &signature, err));
	KIST_TRY(parse_return(text, arrow + 2, &signature.ret, err));
	*ret = signature;
	return KIST_OK;
}

kist_status kist_signature_check(const char *text, struct kist_error *err)
{
	struct kist_signature signature;

	return kist_signature_parse(text, &signature, err);
}

const char *kist_task_type_name(unsigned type)
{
	return type < KIST_TASK_TYPE_COUNT ? type_names[type] : "unknown";
}
