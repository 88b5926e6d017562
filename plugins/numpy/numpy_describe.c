/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_stats.h"
#include "stats/stats_picture.h"
#include "stats/stats_text.h"

/* Longest literal of a record type that is shown. */
#define DESCR_SHOWN_MAX 8192
/* Room for all else: 64 dimensions of 20 bytes, a dozen numbers of 32, the names; and without such a literal. */
#define JSON_SIZE (8192 + STATS_PICTURE_SIZE + STATS_EXPONENTS_SIZE)

/* What a small array needs. */
#define FEW_BYTES  16384
#define FEW_VALUES 4096

/* Numbers shown of each end, and of what has fewer bytes. */
#define ENDS_MANY      32
#define ENDS_FEW       4
#define ENDS_FEW_BELOW 16384
/* Cells of a picture that anything may have. */
#define CELLS_FEW 64
/* Pixels on the shorter side of what may be a picture. */
#define IMAGE_SIDE_MIN 16

/* A string; what a header before 3.0 holds is latin-1. */
static void put_string(struct stats_out *out, bool is_latin1, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t plain = 0;

	stats_out_text(out, "\"");
	for (size_t i = 0; i < len; i++) {
		const uint8_t c = (uint8_t)text[i];
		const bool is_quoted = c == '"' || c == '\\';

		if (!is_quoted && c >= 0x20 && c != 0x7F && (c < 0x80 || !is_latin1))
			continue;
		stats_out_bytes(out, text + plain, i - plain);
		plain = is_quoted ? i : i + 1;
		if (is_quoted)
			stats_out_text(out, "\\");
		else
			stats_out_bytes(out, (const char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] },
					6);
	}
	stats_out_bytes(out, text + plain, len - plain);
	stats_out_text(out, "\"");
}

static void put_head(struct stats_out *out, const struct npy_file *file)
{
	const struct npy_header *header = &file->header;
	const bool has_order = header->dtype.order != '|' && npy_dtype_width(&header->dtype) > 1;
	const bool is_latin1 = file->major < 3;
	const char *shown = header->dtype.logical != 0 ? npy_logical_name(header->dtype.logical) : NULL;
	char name[NPY_DESCR_SIZE + 16];

	npy_dtype_name(&header->dtype, name);
	shown = shown ? shown : name;
	stats_out_field(out, "{\"kind\":\"tensor\",\"format\":\"npy ", file->major);
	stats_out_text(out, ".0\",\"dtype\":");
	put_string(out, is_latin1, shown, strlen(shown));
	if (header->dtype.kind != 'R') {
		stats_out_text(out, ",\"descr\":");
		put_string(out, is_latin1, header->dtype.descr, strlen(header->dtype.descr));
	} else if (header->descr_len <= DESCR_SHOWN_MAX) {
		stats_out_text(out, ",\"descr\":");
		put_string(out, is_latin1, file->text + header->descr_at, header->descr_len);
	}
	if (has_order)
		stats_out_text(out, header->dtype.order == '>' ? ",\"byte_order\":\"big\""
							       : ",\"byte_order\":\"little\"");
	stats_out_text(out,
		       header->fortran ? ",\"order\":\"F\",\"shape\":[" : ",\"order\":\"C\",\"shape\":[");
	for (int i = 0; i < header->rank; i++)
		stats_out_field(out, i > 0 ? "," : "", (uint64_t)header->shape[i]);
	stats_out_field(out, "],\"elements\":", header->count);
	stats_out_field(out, ",\"bytes\":", header->data_len);
	stats_out_field(out, ",\"offset\":", file->data_at);
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

static void put_image(struct stats_out *out, const struct npy_header *header)
{
	stats_out_field(out, ",\"image\":{\"height\":", (uint64_t)header->shape[0]);
	stats_out_field(out, ",\"width\":", (uint64_t)header->shape[1]);
	stats_out_field(out, ",\"channels\":", header->rank == 3 ? (uint64_t)header->shape[2] : 1);
	stats_out_text(out, "}");
}

/* The first and the last numbers, null where they are not finite. */
static kist_status put_ends(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			    enum stats_type type, struct stats_out *out)
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
		stats_out_text(out, end ? ",\"last\":[" : ",\"first\":[");
		for (uint64_t i = 0; i < shown; i++) {
			stats_out_text(out, i > 0 ? "," : "");
			stats_put_item(out, type, items + i * size);
		}
		stats_out_text(out, "]");
	}
	return KIST_OK;
}

/* The picture takes no more than a sixteenth of the data, but for what is small anyway. */
static uint64_t cells_max(const struct npy_header *header)
{
	const uint64_t cells = header->data_len / 32;

	return cells < CELLS_FEW ? CELLS_FEW : cells;
}

static void put_exponents(enum stats_type type, const struct stats_sample *sample, struct stats_out *out)
{
	struct stats_exponents exponents = { 0 };

	stats_exponents_add(&exponents, sample);
	stats_put_exponents(out, &exponents);
	stats_out_text(out, ",\"ratio\":");
	stats_out_number(out, stats_exponents_ratio(&exponents, type), false);
}

static kist_status put_numbers(struct kist_call *call, struct kist_source *source,
			       const struct npy_file *file, enum stats_type type, struct stats_out *out)
{
	const uint64_t count = file->header.count;
	const size_t sampled = count < STATS_SAMPLE_MAX ? (size_t)count : STATS_SAMPLE_MAX;
	const size_t room = npy_stats_room(&file->header);
	/* What is asked of the host is cleared first. */
	_Alignas(64) uint8_t few_bytes[FEW_BYTES];
	double few_values[FEW_VALUES];
	uint8_t *const chunk = room <= sizeof(few_bytes) ? few_bytes : call->alloc(call, room, 64);
	double *const values = sampled <= FEW_VALUES
				       ? few_values
				       : call->alloc(call, sampled * sizeof(*values), sizeof(*values));
	const struct npy_header *const header = &file->header;
	struct stats_sample sample;
	struct stats stats;
	uint64_t columns;
	uint64_t rows;

	if (!values || !chunk)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for statistics");
	stats_init(&stats, type);
	matrix_of(header, is_image(header, &stats), &rows, &columns);
	stats_sample_init(&sample, type, rows, columns, values);
	NPY_TRY(npy_stats_gather(call, source, file, chunk, &stats, &sample));
	stats_out_text(out, ",");
	stats_put(out, &stats);
	stats_put_picture(out, &stats, &sample, header->fortran, cells_max(header));
	if (stats_is_floating(type) && header->data_len >= ENDS_FEW_BELOW)
		put_exponents(type, &sample, out);
	if (stats.finite > 0 && is_image(header, &stats))
		put_image(out, header);
	return put_ends(call, source, file, type, out);
}

kist_status npy_describe(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_sink *sink)
{
	char room[JSON_SIZE];
	struct stats_out out = { .to = room, .size = sizeof(room) };
	enum stats_type type;
	npy_auto_file struct npy_file file = { .major = 0 };

	(void)instance;
	NPY_TRY(npy_file_open(call, source, params, &file));
	if (file.header.dtype.kind == 'R') {
		out.size += 6 * DESCR_SHOWN_MAX;
		out.to = call->alloc(call, out.size, 1);
	}
	if (!out.to)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET,
				  "no memory for the description");
	put_head(&out, &file);
	type = npy_stats_type(&file.header.dtype);
	if (type != STATS_NONE)
		NPY_TRY(put_numbers(call, source, &file, type, &out));
	stats_out_text(&out, "}");
	return sink->write(sink, out.to, out.len);
}
