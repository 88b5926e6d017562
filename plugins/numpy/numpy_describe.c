/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_stats.h"
#include "stats/stats_picture.h"
#include "stats/stats_text.h"

/* Longest literal of a record type that is shown. */
#define DESCR_SHOWN_MAX 8192
/* Room for all else: 64 dimensions of 20 bytes, a dozen numbers of 32, the names; and without such a literal. */
#define JSON_SIZE (8192 + STATS_PICTURE_SIZE + STATS_EXPONENTS_SIZE)

/* Numbers shown of each end, and of what has fewer bytes. */
#define ENDS_MANY      32
#define ENDS_FEW       4
#define ENDS_FEW_BELOW 16384
/* Cells of a picture that anything may have. */
#define CELLS_FEW 64
/* Pixels on the shorter side of what may be a picture. */
#define IMAGE_SIDE_MIN 16

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
	put(json, "],\"elements\":%llu,\"bytes\":%llu,\"offset\":%llu", (unsigned long long)header->count,
	    (unsigned long long)header->data_len, (unsigned long long)file->data_at);
}

/* An array as a matrix of rows in the order of the file; a picture has its colours beside each other. */
static void matrix_of(const struct npy_header *header, bool is_image, uint64_t *ret_rows,
		      uint64_t *ret_columns)
{
	const int last = header->fortran ? 0 : header->rank - 1;
	uint64_t columns = header->rank > 0 ? (uint64_t)header->shape[last] : 1;

	if (is_image && header->rank == 3)
		columns *= (uint64_t)header->shape[1];
	/* One column is a row as good. */
	if (columns == 1)
		columns = header->count;
	*ret_columns = columns;
	*ret_rows = columns > 0 ? header->count / columns : 0;
}

/* Height, width and perhaps three or four colours, of bytes or of real numbers from 0 to 1. */
static bool is_image(const struct npy_header *header, const struct stats *stats)
{
	const int64_t *const shape = header->shape;

	if (header->fortran || header->rank < 2 || header->rank > 3 || shape[0] < IMAGE_SIDE_MIN ||
	    shape[1] < IMAGE_SIDE_MIN || (header->rank == 3 && shape[2] != 3 && shape[2] != 4))
		return false;
	/* Before the numbers are known the shape decides. */
	return stats->type == STATS_U8 ||
	       (stats->type == STATS_F32 && (stats->finite == 0 || (stats->min >= 0 && stats->max <= 1)));
}

static void put_image(struct json *json, const struct npy_header *header)
{
	put(json, ",\"image\":{\"height\":%lld,\"width\":%lld,\"channels\":%lld}",
	    (long long)header->shape[0], (long long)header->shape[1],
	    header->rank == 3 ? (long long)header->shape[2] : 1LL);
}

/* The first and the last numbers, null where they are not finite. */
static kist_status put_ends(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			    enum stats_type type, struct json *json)
{
	const size_t size = stats_size(type);
	const uint64_t count = file->header.count;
	const uint64_t shown_max = file->header.data_len < ENDS_FEW_BELOW ? ENDS_FEW : ENDS_MANY;
	const uint64_t shown = count < shown_max ? count : shown_max;
	uint8_t items[ENDS_MANY * 8];

	for (int end = 0; end < 2; end++) {
		const uint64_t first = end ? count - shown : 0;

		NPY_TRY(kist_read_exact(call, source, file->data_at + first * size, items, shown * size));
		if (file->header.dtype.order == '>')
			npy_swap(items, shown * size, size);
		put(json, ",\"%s\":[", end ? "last" : "first");
		for (uint64_t i = 0; i < shown; i++) {
			char text[STATS_NUMBER_SIZE];

			stats_item_text(type, items + i * size, text);
			put(json, "%s%s", i ? "," : "", text);
		}
		put(json, "]");
	}
	return KIST_OK;
}

/* The picture takes no more than a sixteenth of the data, but for what is small anyway. */
static uint64_t cells_max(const struct npy_header *header)
{
	const uint64_t cells = header->data_len / 32;

	return cells < CELLS_FEW ? CELLS_FEW : cells;
}

static void put_exponents(enum stats_type type, const struct stats_sample *sample, struct json *json)
{
	struct stats_exponents exponents = { 0 };
	char text[STATS_EXPONENTS_SIZE];

	stats_exponents_add(&exponents, sample);
	(void)stats_exponents_text(&exponents, text);
	put(json, "%s", text);
	stats_number_text(stats_exponents_ratio(&exponents, type), false, text);
	put(json, ",\"ratio\":%s", text);
}

static kist_status put_numbers(struct kist_call *call, struct kist_source *source,
			       const struct npy_file *file, enum stats_type type, struct json *json)
{
	const uint64_t count = file->header.count;
	const size_t sampled = count < STATS_SAMPLE_MAX ? (size_t)count : STATS_SAMPLE_MAX;
	double *const values = call->alloc(call, sampled * sizeof(*values), sizeof(*values));
	char *const text = call->alloc(call, STATS_PICTURE_SIZE, 1);
	uint8_t *const chunk = call->alloc(call, npy_stats_room(&file->header), 64);
	const struct npy_header *const header = &file->header;
	struct stats_sample sample;
	struct stats stats;
	uint64_t columns;
	uint64_t rows;

	if (!values || !text || !chunk)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for statistics");
	stats_init(&stats, type);
	matrix_of(header, is_image(header, &stats), &rows, &columns);
	stats_sample_init(&sample, type, rows, columns, values);
	NPY_TRY(npy_stats_gather(call, source, file, chunk, &stats, &sample));
	(void)stats_text(&stats, text);
	put(json, ",%s", text);
	(void)stats_picture_text(&stats, &sample, header->fortran, cells_max(header), text);
	put(json, "%s", text);
	if (stats_is_floating(type) && header->data_len >= ENDS_FEW_BELOW)
		put_exponents(type, &sample, json);
	if (stats.finite > 0 && is_image(header, &stats))
		put_image(json, header);
	return put_ends(call, source, file, type, json);
}

kist_status npy_describe(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_sink *sink)
{
	struct json json = { .len = 0 };
	enum stats_type type;
	npy_auto_file struct npy_file file = { .major = 0 };

	(void)instance;
	NPY_TRY(npy_file_open(call, source, params, &file));
	json.latin1 = file.major < 3;
	json.size = JSON_SIZE;
	if (file.header.dtype.kind == 'R')
		json.size += 6 * DESCR_SHOWN_MAX;
	json.text = call->alloc(call, json.size, 1);
	if (!json.text)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET,
				  "no memory for the description");
	put_head(&json, &file);
	type = npy_stats_type(&file.header.dtype);
	if (type != STATS_NONE)
		NPY_TRY(put_numbers(call, source, &file, type, &json));
	put(&json, "}");
	return sink->write(sink, json.text, json.len);
}
