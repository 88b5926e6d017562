/* SPDX-License-Identifier: Apache-2.0 */
#include "object/array_head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/le.h"
#include "base/mem.h"

/* Bytes of a head without its type and name: 64 sizes of up to 21 characters and the words. */
#define HEAD_SIZE_MAX ((size_t)64 << 10)
/* numpy leaves room for so many digits, that the dimension which grows may be written anew in its place. */
#define GROWTH_DIGITS 21
#define NPY_ALIGN     64
/* What a head of version 1.0 holds at most. */
#define NPY_TEXT_MAX	  65535
#define SAFETENSORS_ALIGN 8

static const struct kist_array_type types[] = {
	{ "bool", 8, "|b1", "BOOL", kDLBool },
	{ "int8", 8, "|i1", "I8", kDLInt },
	{ "uint8", 8, "|u1", "U8", kDLUInt },
	{ "int16", 16, "<i2", "I16", kDLInt },
	{ "uint16", 16, "<u2", "U16", kDLUInt },
	{ "int32", 32, "<i4", "I32", kDLInt },
	{ "uint32", 32, "<u4", "U32", kDLUInt },
	{ "int64", 64, "<i8", "I64", kDLInt },
	{ "uint64", 64, "<u8", "U64", kDLUInt },
	{ "float16", 16, "<f2", "F16", kDLFloat },
	{ "float32", 32, "<f4", "F32", kDLFloat },
	{ "float64", 64, "<f8", "F64", kDLFloat },
	{ "complex64", 64, "<c8", "C64", kDLComplex },
	{ "complex128", 128, "<c16", NULL, kDLComplex },
	/* numpy has no names for these: raw bytes. */
	{ "bfloat16", 16, "<V2", "BF16", kDLBfloat },
	{ "float8_e4m3fn", 8, "|V1", "F8_E4M3", kDLFloat8_e4m3fn },
	{ "float8_e4m3fnuz", 8, "|V1", "F8_E4M3FNUZ", kDLFloat8_e4m3fnuz },
	{ "float8_e5m2", 8, "|V1", "F8_E5M2", kDLFloat8_e5m2 },
	{ "float8_e5m2fnuz", 8, "|V1", "F8_E5M2FNUZ", kDLFloat8_e5m2fnuz },
	{ "float8_e8m0fnu", 8, "|V1", "F8_E8M0", kDLFloat8_e8m0fnu },
	{ "float6_e2m3fn", 6, NULL, "F6_E2M3", kDLFloat6_e2m3fn },
	{ "float6_e3m2fn", 6, NULL, "F6_E3M2", kDLFloat6_e3m2fn },
	{ "float4_e2m1fn", 4, NULL, "F4", kDLFloat4_e2m1fn },
};

const struct kist_array_type *kist_array_type_find(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	}
	return NULL;
}

const struct kist_array_type *kist_array_type_of(DLDataType dtype)
{
	for (size_t i = 0; dtype.lanes == 1 && i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].code == dtype.code && types[i].bits == dtype.bits)
			return &types[i];
	}
	return NULL;
}

/* A type string in quotes, or the list of a structured type as it stands. */
static kist_status put_descr(const char *type, struct kist_buf *text, struct kist_error *err)
{
	const char *quote = type[0] == '[' ? "" : "'";

	for (const char *c = type; *c; c++) {
		if ((unsigned char)*c < ' ' || (quote[0] && (*c == '\'' || *c == '\\')))
			return kist_fail(err, KIST_UNSUPPORTED, "the type of the elements cannot be written");
	}
	return kist_buf_appendf(text, err, "{'descr': %s%s%s", quote, type, quote);
}

static kist_status put_npy_text(const struct kist_array_head *head, struct kist_buf *text,
				struct kist_error *err)
{
	const size_t growing = head->is_fortran ? head->rank - 1 : 0;

	KIST_TRY(put_descr(head->type, text, err));
	KIST_TRY(kist_buf_appendf(text, err, ", 'fortran_order': %s, 'shape': (",
				  head->is_fortran ? "True" : "False"));
	for (size_t i = 0; i < head->rank; i++)
		KIST_TRY(kist_buf_appendf(text, err, "%s%" PRId64, i ? ", " : "", head->shape[i]));
	KIST_TRY(kist_buf_appendf(text, err, "%s), }", head->rank == 1 ? "," : ""));
	if (head->rank == 0)
		return KIST_OK;
	for (int left = GROWTH_DIGITS - snprintf(NULL, 0, "%" PRId64, head->shape[growing]); left > 0; left--)
		KIST_TRY(kist_buf_append(text, " ", 1, err));
	return KIST_OK;
}

static bool is_ascii(struct kist_view text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] >= 0x80)
			return false;
	}
	return true;
}

kist_status kist_npy_head(const struct kist_array_head *head, struct kist_buf *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(HEAD_SIZE_MAX);
	uint8_t start[12] = "\x93NUMPY";
	size_t start_len = 10;
	size_t spare;

	KIST_TRY(put_npy_text(head, &text, err));
	/* 3.0 is for names that are not ASCII, and has a longer length. */
	if (!is_ascii(kist_buf_view(&text)))
		start_len = 12;
	spare = NPY_ALIGN - (start_len + text.size + 1) % NPY_ALIGN;
	/* numpy never adds none: 64 in its place. */
	for (; spare > 0; spare--)
		KIST_TRY(kist_buf_append(&text, " ", 1, err));
	KIST_TRY(kist_buf_append(&text, "\n", 1, err));
	if (text.size > NPY_TEXT_MAX)
		return kist_fail(err, KIST_LIMIT, "the type of the elements is too long to be written");
	start[6] = start_len == 12 ? 3 : 1;
	if (start_len == 12)
		kist_le_write32(start + 8, (uint32_t)text.size);
	else
		kist_le_write16(start + 8, (uint16_t)text.size);
	KIST_TRY(kist_buf_append(ret, start, start_len, err));
	return kist_buf_append(ret, text.data, text.size, err);
}

kist_status kist_safetensors_head(const struct kist_array_head *head, struct kist_buf *ret,
				  struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(HEAD_SIZE_MAX);
	kist_auto_json json_t *name = json_string(head->name);
	uint8_t len[8];

	if (!name)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_buf_append(&text, "{", 1, err));
	KIST_TRY(kist_json_canonical(name, &text, err));
	KIST_TRY(kist_buf_appendf(&text, err, ":{\"dtype\":\"%s\",\"shape\":[", head->type));
	for (size_t i = 0; i < head->rank; i++)
		KIST_TRY(kist_buf_appendf(&text, err, "%s%" PRId64, i ? "," : "", head->shape[i]));
	KIST_TRY(kist_buf_appendf(&text, err, "],\"data_offsets\":[0,%" PRIu64 "]}}", head->bytes));
	while (text.size % SAFETENSORS_ALIGN != 0)
		KIST_TRY(kist_buf_append(&text, " ", 1, err));
	kist_le_write64(len, text.size);
	KIST_TRY(kist_buf_append(ret, len, sizeof(len), err));
	return kist_buf_append(ret, text.data, text.size, err);
}
