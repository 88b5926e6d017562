/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "numpy_plugin.h"

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

static bool reads_back(const char *text, double value, bool is_single)
{
	return is_single ? (double)strtof(text, NULL) == value : strtod(text, NULL) == value;
}

/* The shortest decimal that reads back the same; the point is put in whatever the locale thinks of it. */
static void put_number(struct json *json, const char *key, double value, bool is_single)
{
	char text[64];
	char clean[64];
	size_t len = 0;

	if (!isfinite(value))
		return;
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (reads_back(text, value, is_single))
			break;
	}
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (memchr("0123456789+-e", text[i], 13))
			clean[len++] = text[i];
		else if (len > 0 && clean[len - 1] != '.')
			clean[len++] = '.';
	}
	put(json, ",\"%s\":%.*s", key, (int)len, clean);
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

/* Which numbers these are to the kernel. */
static char stats_kind(const struct npy_dtype *dtype)
{
	return dtype->logical == kDLBfloat ? NPY_STATS_BFLOAT : dtype->kind;
}

static bool is_floating(const struct npy_dtype *dtype)
{
	return stats_kind(dtype) == 'f' || stats_kind(dtype) == NPY_STATS_BFLOAT;
}

static void put_extremes(struct json *json, const struct npy_stats *stats, const struct npy_dtype *dtype)
{
	if (is_floating(dtype)) {
		put_number(json, "min", stats->min_f, dtype->item_size < 8);
		put_number(json, "max", stats->max_f, dtype->item_size < 8);
	} else if (dtype->kind == 'i') {
		put(json, ",\"min\":%lld,\"max\":%lld", (long long)stats->min_i, (long long)stats->max_i);
	} else {
		put(json, ",\"min\":%llu,\"max\":%llu", (unsigned long long)stats->min_u,
		    (unsigned long long)stats->max_u);
	}
}

static void put_stats(struct json *json, const struct npy_stats *stats, const struct npy_dtype *dtype)
{
	if (stats->finite > 0) {
		put_extremes(json, stats, dtype);
		put_number(json, "mean", stats->mean, false);
		put_number(json, "std", sqrt(stats->m2 / (double)stats->finite), false);
	}
	if (is_floating(dtype))
		put(json, ",\"nan\":%llu,\"inf\":%llu,\"neg_inf\":%llu", (unsigned long long)stats->nan,
		    (unsigned long long)stats->inf, (unsigned long long)stats->neg_inf);
	put(json, ",\"zero\":%llu", (unsigned long long)stats->zero);
	if (is_floating(dtype) || dtype->kind == 'i')
		put(json, ",\"negative\":%llu", (unsigned long long)stats->negative);
}

/* One pass over the numbers. */
static kist_status gather(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			  struct npy_stats *stats)
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
		npy_stats_add(stats, stats_kind(dtype), item_size, chunk, step / item_size);
		at += step;
		call->progress(call, at, len);
	}
	npy_stats_finish(stats, stats_kind(dtype), item_size);
	return KIST_OK;
}

kist_status npy_describe(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_sink *sink)
{
	struct json json = { .size = JSON_SIZE };
	struct npy_stats stats;
	struct npy_file file;

	(void)instance;
	NPY_TRY(npy_file_open(call, source, params, &file));
	json.latin1 = file.major < 3;
	json.text = call->alloc(call, JSON_SIZE, 1);
	if (!json.text)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET,
				  "no memory for the description");
	put_head(&json, &file);
	if (npy_stats_can(stats_kind(&file.header.dtype), (size_t)file.header.dtype.item_size)) {
		npy_stats_init(&stats);
		NPY_TRY(gather(call, source, &file, &stats));
		put_stats(&json, &stats, &file.header.dtype);
	}
	put(&json, "}");
	return sink->write(sink, json.text, json.len);
}
