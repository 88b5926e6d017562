/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_plugin.h"
#include "stats/stats_text.h"

/* Longest literal of a record type that is shown. */
#define DESCR_SHOWN_MAX 8192
/* Room for all else: 64 dimensions of 20 bytes, a dozen numbers of 32, the names. */
#define JSON_SIZE (4096 + 6 * DESCR_SHOWN_MAX)

/* JSON in the making.  The room is enough for what is put in; text beyond it is dropped, never overrun. */
struct json {
	char *text;
	size_t len;
	size_t size;
	bool latin1;
};

__attribute__((format(printf, 2, 3))) static void put(struct json *json, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(json->text + json->len, json->size - json->len, format, args);
	va_end(args);
	if (len > 0)
		json->len += (size_t)len < json->size - json->len ? (size_t)len : json->size - json->len - 1;
}

/* A string; what a header before 3.0 holds is latin-1. */
static void put_string(struct json *json, const char *text, size_t len)
{
	put(json, "\"");
	for (size_t i = 0; i < len; i++) {
		const uint8_t c = (uint8_t)text[i];

		if (c == '"' || c == '\\')
			put(json, "\\%c", c);
		else if (c < 0x20 || c == 0x7F || (c >= 0x80 && json->latin1))
			put(json, "\\u%04x", c);
		else
			put(json, "%c", c);
	}
	put(json, "\"");
}

static void put_head(struct json *json, const struct npy_file *file)
{
	const struct npy_header *header = &file->header;
	const bool has_order = header->dtype.order != '|' && npy_dtype_width(&header->dtype) > 1;
	char name[NPY_DESCR_SIZE + 16];

	npy_dtype_name(&header->dtype, name);
	if (header->dtype.logical != 0)
		snprintf(name, sizeof(name), "%s", npy_logical_name(header->dtype.logical));
	put(json, "{\"kind\":\"tensor\",\"format\":\"npy %d.0\",\"dtype\":", file->major);
	put_string(json, name, strlen(name));
	if (header->dtype.kind != 'R') {
		put(json, ",\"descr\":");
		put_string(json, header->dtype.descr, strlen(header->dtype.descr));
	} else if (header->descr_len <= DESCR_SHOWN_MAX) {
		put(json, ",\"descr\":");
		put_string(json, file->text + header->descr_at, header->descr_len);
	}
	if (has_order)
		put(json, ",\"byte_order\":\"%s\"", header->dtype.order == '>' ? "big" : "little");
	put(json, ",\"order\":\"%s\",\"shape\":[", header->fortran ? "F" : "C");
	for (int i = 0; i < header->rank; i++)
		put(json, "%s%lld", i > 0 ? "," : "", (long long)header->shape[i]);
	put(json, "],\"elements\":%llu,\"bytes\":%llu", (unsigned long long)header->count,
	    (unsigned long long)header->data_len);
}

/* Which numbers these are; STATS_NONE for what is no number. */
static enum stats_type stats_type_of(const struct npy_dtype *dtype)
{
	static const struct {
		char kind;
		uint8_t size;
		uint8_t type;
	} rows[] = { { 'b', 1, STATS_BOOL }, { 'i', 1, STATS_I8 },  { 'u', 1, STATS_U8 },
		     { 'i', 2, STATS_I16 },  { 'u', 2, STATS_U16 }, { 'i', 4, STATS_I32 },
		     { 'u', 4, STATS_U32 },  { 'i', 8, STATS_I64 }, { 'u', 8, STATS_U64 },
		     { 'f', 2, STATS_F16 },  { 'f', 4, STATS_F32 }, { 'f', 8, STATS_F64 } };

	if (dtype->logical == kDLBfloat && dtype->item_size == 2)
		return STATS_BF16;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].kind == dtype->kind && rows[i].size == dtype->item_size)
			return (enum stats_type)rows[i].type;
	}
	return STATS_NONE;
}

/* One pass over the numbers. */
static kist_status gather(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			  struct stats *stats)
{
	const struct npy_dtype *dtype = &file->header.dtype;
	const uint64_t len = file->header.data_len;
	const size_t item_size = (size_t)dtype->item_size;
	const size_t width = dtype->order == '|' || dtype->order == NPY_ORDER_NATIVE ? 1 : item_size;
	uint8_t *chunk = call->alloc(call, NPY_CHUNK_SIZE, 64);

	if (!chunk)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET,
				  "no memory to read elements into");
	for (uint64_t at = 0; at < len;) {
		const size_t step = len - at < NPY_CHUNK_SIZE ? (size_t)(len - at) : NPY_CHUNK_SIZE;

		NPY_TRY(call->poll(call));
		NPY_TRY(kist_read_exact(call, source, file->data_at + at, chunk, step));
		if (width > 1)
			npy_swap(chunk, step, width);
		stats_add(stats, chunk, step / item_size);
		at += step;
		call->progress(call, at, len);
	}
	stats_finish(stats);
	return KIST_OK;
}

kist_status npy_describe(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_sink *sink)
{
	struct json json = { .size = JSON_SIZE };
	char text[STATS_TEXT_SIZE];
	struct stats stats;
	enum stats_type type;
	struct npy_file file;

	(void)instance;
	NPY_TRY(npy_file_open(call, source, params, &file));
	json.latin1 = file.major < 3;
	json.text = call->alloc(call, JSON_SIZE, 1);
	if (!json.text)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET,
				  "no memory for the description");
	put_head(&json, &file);
	type = stats_type_of(&file.header.dtype);
	if (type != STATS_NONE) {
		stats_init(&stats, type);
		NPY_TRY(gather(call, source, &file, &stats));
		(void)stats_text(&stats, text);
		put(&json, ",%s", text);
	}
	put(&json, "}");
	return sink->write(sink, json.text, json.len);
}
