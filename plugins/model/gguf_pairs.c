/* SPDX-License-Identifier: Apache-2.0 */

/* The key and value pairs of a GGUF file, as JSON. */
#include <stdlib.h>

#include "gguf.h"
#include "stats/stats_number.h"

enum {
	GGUF_U8,
	GGUF_I8,
	GGUF_U16,
	GGUF_I16,
	GGUF_U32,
	GGUF_I32,
	GGUF_F32,
	GGUF_BOOL,
	GGUF_STRING,
	GGUF_ARRAY,
	GGUF_U64,
	GGUF_I64,
	GGUF_F64,
	GGUF_VALUE_COUNT
};

static const struct {
	const char *name;
	uint8_t size; /* bytes; of a string and an array the least */
} values[GGUF_VALUE_COUNT] = {
	[GGUF_U8] = { "uint8", 1 },	[GGUF_I8] = { "int8", 1 },    [GGUF_U16] = { "uint16", 2 },
	[GGUF_I16] = { "int16", 2 },	[GGUF_U32] = { "uint32", 4 }, [GGUF_I32] = { "int32", 4 },
	[GGUF_F32] = { "float32", 4 },	[GGUF_BOOL] = { "bool", 1 },  [GGUF_STRING] = { "string", 8 },
	[GGUF_ARRAY] = { "array", 12 }, [GGUF_U64] = { "uint64", 8 }, [GGUF_I64] = { "int64", 8 },
	[GGUF_F64] = { "float64", 8 },
};

/* The pairs on their way.  @out: the value of one, as JSON.  @text: room for a key, or a string that is shown. */
struct pairs {
	struct model_reader *reader;
	struct model_index *index;
	struct model_out out;
	struct model_index keys;
	uint32_t alignment;
	char text[GGUF_TEXT_SHOWN_MAX];
};

kist_status gguf_take_length(struct model_reader *reader, uint64_t *ret)
{
	MODEL_TRY(model_reader_u64(reader, ret));
	if (*ret > model_reader_left(reader))
		return model_reader_fault(
			reader, "E_TRUNCATED", reader->at - 8, "a string of %llu bytes, and %llu are left",
			(unsigned long long)*ret, (unsigned long long)model_reader_left(reader));
	return KIST_OK;
}

static void put_signed(struct model_out *out, int64_t number)
{
	if (number < 0)
		model_out_text(out, "-");
	model_out_number(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

static void put_scalar(struct model_out *out, uint32_t type, uint64_t bits)
{
	const unsigned unused = 64 - 8u * values[type].size;
	uint32_t word = (uint32_t)bits;
	char text[STATS_NUMBER_SIZE];
	double number;
	float single;

	if (type == GGUF_BOOL) {
		model_out_text(out, bits ? "true" : "false");
	} else if (type == GGUF_F32) {
		memcpy(&single, &word, sizeof(single));
		stats_number_text((double)single, true, text);
		model_out_text(out, text);
	} else if (type == GGUF_F64) {
		memcpy(&number, &bits, sizeof(number));
		stats_number_text(number, false, text);
		model_out_text(out, text);
	} else if (type == GGUF_I8 || type == GGUF_I16 || type == GGUF_I32 || type == GGUF_I64) {
		put_signed(out, (int64_t)(bits << unused) >> unused);
	} else {
		model_out_number(out, bits);
	}
}

static kist_status take_scalar(struct model_reader *reader, uint32_t type, uint64_t *ret)
{
	uint8_t bytes[8];

	MODEL_TRY(model_reader_bytes(reader, bytes, values[type].size));
	*ret = 0;
	for (size_t i = values[type].size; i > 0; i--)
		*ret = *ret << 8 | bytes[i - 1];
	if (type == GGUF_BOOL && *ret > 1)
		return model_reader_fault(reader, "E_METADATA", reader->at - 1,
					  "a bool of %u: 0 or 1 it can be", (unsigned)*ret);
	return KIST_OK;
}

/* What is too long to stand there as it is. */
static void put_size(struct model_out *out, const char *what, uint64_t count)
{
	model_out_text(out, "{\"type\":\"");
	model_out_text(out, what);
	model_out_text(out, "\",\"count\":");
	model_out_number(out, count);
	model_out_text(out, "}");
}

static kist_status take_string(struct pairs *pairs, bool shown)
{
	struct model_reader *const reader = pairs->reader;
	const uint64_t at = reader->at;
	uint64_t len;

	MODEL_TRY(gguf_take_length(reader, &len));
	if (shown && len > GGUF_TEXT_SHOWN_MAX)
		put_size(&pairs->out, "string", len);
	if (!shown || len > GGUF_TEXT_SHOWN_MAX)
		return model_reader_bytes(reader, NULL, len);
	MODEL_TRY(model_reader_bytes(reader, pairs->text, len));
	if (!model_is_utf8(pairs->text, (size_t)len))
		return model_reader_fault(reader, "E_METADATA", at, "a string is not UTF-8");
	model_out_string(&pairs->out, pairs->text, (size_t)len);
	return KIST_OK;
}

static kist_status take_type(struct model_reader *reader, uint32_t *ret)
{
	MODEL_TRY(model_reader_u32(reader, ret));
	if (*ret >= GGUF_VALUE_COUNT)
		return model_reader_fault(reader, "E_METADATA", reader->at - 4, "no type of values: %u",
					  *ret);
	return KIST_OK;
}

static kist_status take_value(struct pairs *pairs, uint32_t type, unsigned depth, bool shown);

static kist_status take_items(struct pairs *pairs, uint32_t type, uint64_t count, unsigned depth, bool shown)
{
	if (shown)
		model_out_text(&pairs->out, "[");
	for (uint64_t i = 0; i < count; i++) {
		if (shown && i > 0)
			model_out_text(&pairs->out, ",");
		MODEL_TRY(take_value(pairs, type, depth, shown));
	}
	if (shown)
		model_out_text(&pairs->out, "]");
	return KIST_OK;
}

static kist_status take_array(struct pairs *pairs, unsigned depth, bool shown)
{
	struct model_reader *const reader = pairs->reader;
	const uint64_t at = reader->at;
	uint64_t count;
	uint32_t type;

	if (depth >= GGUF_NESTING_MAX)
		return model_reader_fault(reader, "E_DEPTH", at, "arrays are nested deeper than %d",
					  GGUF_NESTING_MAX);
	MODEL_TRY(take_type(reader, &type));
	MODEL_TRY(model_reader_u64(reader, &count));
	if (count > model_reader_left(reader) / values[type].size)
		return model_reader_fault(
			reader, "E_TRUNCATED", at, "an array of %llu, and %llu bytes are left",
			(unsigned long long)count, (unsigned long long)model_reader_left(reader));
	if (shown && count > GGUF_ITEMS_SHOWN_MAX) {
		put_size(&pairs->out, values[type].name, count);
		shown = false;
	}
	/* Numbers need not be looked at one by one. */
	if (!shown && type != GGUF_STRING && type != GGUF_ARRAY && type != GGUF_BOOL)
		return model_reader_bytes(reader, NULL, count * values[type].size);
	return take_items(pairs, type, count, depth + 1, shown);
}

static kist_status take_value(struct pairs *pairs, uint32_t type, unsigned depth, bool shown)
{
	uint64_t bits;

	if (type == GGUF_STRING)
		return take_string(pairs, shown);
	if (type == GGUF_ARRAY)
		return take_array(pairs, depth, shown);
	MODEL_TRY(take_scalar(pairs->reader, type, &bits));
	if (shown)
		put_scalar(&pairs->out, type, bits);
	return KIST_OK;
}

/* general.alignment decides where the data begins. */
static kist_status take_alignment(struct pairs *pairs, uint32_t type)
{
	struct model_reader *const reader = pairs->reader;
	const uint64_t at = reader->at;
	uint64_t number;

	if (type != GGUF_U32)
		return model_reader_fault(reader, "E_ALIGNMENT", at - 4,
					  "general.alignment is of type %s: it has to be uint32",
					  values[type].name);
	MODEL_TRY(take_scalar(reader, type, &number));
	if (number == 0 || (number & (number - 1)) != 0)
		return model_reader_fault(reader, "E_ALIGNMENT", at,
					  "general.alignment is %u: it has to be a power of two",
					  (unsigned)number);
	put_scalar(&pairs->out, type, number);
	pairs->alignment = (uint32_t)number;
	return KIST_OK;
}

static kist_status take_key(struct pairs *pairs)
{
	struct model_reader *const reader = pairs->reader;
	const uint64_t at = reader->at;
	uint64_t len;

	MODEL_TRY(gguf_take_length(reader, &len));
	if (len == 0 || len > GGUF_KEY_SIZE_MAX)
		return model_reader_fault(reader, "E_METADATA", at,
					  "a key of %llu bytes: 1 to %llu it can have",
					  (unsigned long long)len, (unsigned long long)GGUF_KEY_SIZE_MAX);
	MODEL_TRY(model_reader_bytes(reader, pairs->text, len));
	if (memchr(pairs->text, '\0', (size_t)len) || !model_is_utf8(pairs->text, (size_t)len))
		return model_reader_fault(reader, "E_METADATA", at, "a key is not UTF-8, or holds a NUL");
	return model_index_add(
		reader->call, &pairs->keys,
		&(struct model_entry){ .name = pairs->text, .name_len = (size_t)len, .offset = at });
}

static kist_status take_pair(struct pairs *pairs)
{
	uint32_t type;

	MODEL_TRY(take_key(pairs));
	MODEL_TRY(take_type(pairs->reader, &type));
	if (strcmp(model_index_name(&pairs->keys, pairs->keys.tensors.count - 1), "general.alignment") == 0)
		return take_alignment(pairs, type);
	return take_value(pairs, type, 0, true);
}

static kist_status check_keys(const struct pairs *pairs)
{
	const struct model_index *const keys = &pairs->keys;
	size_t twin = 0;
	bool any;

	MODEL_TRY(model_index_twin(pairs->reader->call, keys, &any, &twin));
	if (any)
		return model_reader_fault(pairs->reader, "E_DUPLICATE", model_index_at(keys, twin)->offset,
					  "the key '%.100s' is there twice", model_index_name(keys, twin));
	return KIST_OK;
}

/* Adds "key":value to one of the two objects; what does not fit is left out. */
static void add_pair(const struct pairs *pairs, struct model_out *to, const char *key, bool as_text)
{
	const struct model_out *const value = &pairs->out;
	const size_t mark = to->size;

	model_out_text(to, to->size > 1 ? "," : "");
	model_out_string(to, key, strlen(key));
	model_out_text(to, ":");
	if (as_text)
		model_out_string(to, value->data, value->size);
	else
		model_out_bytes(to, value->data, value->size);
	(void)model_out_keep(to, mark);
}

static kist_status take_all(struct pairs *pairs, uint64_t count)
{
	struct model_index *const index = pairs->index;

	model_out_text(&index->meta, "{");
	model_out_text(&index->texts, "{");
	for (uint64_t i = 0; i < count; i++) {
		const char *key;

		pairs->out.size = 0;
		MODEL_TRY(take_pair(pairs));
		key = model_index_name(&pairs->keys, (size_t)i);
		if (pairs->out.failed)
			return model_no_memory(pairs->reader->call);
		add_pair(pairs, &index->meta, key, false);
		add_pair(pairs, &index->texts, key, pairs->out.data[0] != '"');
	}
	index->meta.limit = index->texts.limit = SIZE_MAX;
	model_out_text(&index->meta, "}");
	model_out_text(&index->texts, "}");
	if (index->meta.failed || index->texts.failed)
		return model_no_memory(pairs->reader->call);
	return check_keys(pairs);
}

kist_status gguf_take_pairs(struct model_reader *reader, uint64_t count, struct model_index *index,
			    uint32_t *ret_alignment)
{
	struct pairs *const pairs = calloc(1, sizeof(*pairs));
	kist_status status;

	if (!pairs)
		return model_no_memory(reader->call);
	pairs->reader = reader;
	pairs->index = index;
	pairs->out.limit = SIZE_MAX / 2;
	pairs->alignment = GGUF_ALIGNMENT_DEFAULT;
	/* Escapes are longer than what they stand for. */
	index->meta.limit = reader->source->size < SIZE_MAX / 2 ? (size_t)reader->source->size : SIZE_MAX / 2;
	index->texts.limit = index->meta.limit;
	status = take_all(pairs, count);
	*ret_alignment = pairs->alignment;
	model_index_done(&pairs->keys);
	model_out_done(&pairs->out);
	free(pairs);
	return status;
}
