/* SPDX-License-Identifier: Apache-2.0 */

/* What is in an archive of arrays, and their statistics. */
#include <stdlib.h>

#include "npz.h"
#include "numpy_stats.h"
#include "stats/stats_text.h"

/* Bytes of a description, of the statistics of one array in it, and of what ends it. */
#define DESCRIPTION_SIZE_MAX ((size_t)256 << 10)
#define STATS_SIZE_MAX	     ((size_t)STATS_TEXT_SIZE + STATS_HISTOGRAM_SIZE + 64)
#define TAIL_SIZE_MAX	     ((size_t)64)
/* Longest literal of a record type that is shown. */
#define DESCR_SHOWN_MAX 8192
/* How many times the size of the file may be inflated for statistics, and what may be anyway. */
#define INFLATED_RATIO ((uint64_t)16)
#define INFLATED_FREE  ((uint64_t)64 << 20)

struct describing {
	struct kist_call *call;
	struct kist_source *source;
	struct npz npz;
	struct model_fault fault;
	struct model_out out;
	struct model_out list;
	uint8_t *chunk;
	double *sample;
	uint64_t budget; /* bytes that may still be inflated */
	uint64_t parameters;
	uint64_t bytes;
	uint64_t listed;
	uint64_t left_out;
};

static void put_field(struct model_out *out, const char *name, uint64_t number)
{
	model_out_text(out, name);
	model_out_number(out, number);
}

static void put_quoted(struct model_out *out, const char *name, const char *text, size_t len)
{
	model_out_text(out, name);
	model_out_string(out, text, len);
}

/* A literal; what a header before 3.0 holds is latin-1. */
static void put_descr(struct model_out *out, const struct npy_file *file)
{
	const struct npy_header *const header = &file->header;
	const char *const text = file->text + header->descr_at;

	if (header->dtype.kind != 'R') {
		put_quoted(out, ",\"descr\":", header->dtype.descr, strlen(header->dtype.descr));
		return;
	}
	if (header->descr_len > DESCR_SHOWN_MAX)
		return;
	model_out_text(out, ",\"descr\":\"");
	for (size_t i = 0; i < header->descr_len; i++) {
		const uint8_t byte = (uint8_t)text[i];

		if (byte >= 0x80 && file->major < 3)
			model_out_bytes(out,
					(const uint8_t[]){ (uint8_t)(0xC0 | byte >> 6),
							   (uint8_t)(0x80 | (byte & 63)) },
					2);
		else
			model_out_escaped(out, byte);
	}
	model_out_text(out, "\"");
}

static kist_status put_stats(struct describing *describing, struct zip_member *member,
			     const struct npy_file *file)
{
	const enum stats_type type = npy_stats_type(&file->header.dtype);
	char text[STATS_SIZE_MAX];
	struct stats_out json = { .to = text, .size = sizeof(text) };
	struct stats_sample sample;
	struct stats stats;

	if (type == STATS_NONE)
		return KIST_OK;
	if (member->entry->method != ZIP_STORED) {
		if (file->header.data_len > describing->budget)
			return KIST_OK;
		describing->budget -= file->header.data_len;
	}
	stats_init(&stats, type);
	stats_sample_init(&sample, type, 1, file->header.count, describing->sample);
	NPY_TRY(npy_stats_gather(describing->call, &member->source, file, describing->chunk, &stats,
				 &sample));
	stats_put(&json, &stats);
	stats_put_histogram(&json, &stats, &sample, STATS_BINS_SMALL);
	model_out_text(&describing->list, ",");
	model_out_bytes(&describing->list, text, json.len);
	return KIST_OK;
}

/* One entry of the list, or one more that is left out; its statistics always have room. */
static kist_status put_array(struct describing *describing, size_t i, struct zip_member *member,
			     const struct npy_file *file)
{
	const struct npy_header *const header = &file->header;
	struct model_out *const out = &describing->list;
	const char *const name = npz_name(&describing->npz, i);
	const size_t mark = out->size;
	char dtype[NPY_DESCR_SIZE + 16];

	npy_dtype_name(&header->dtype, dtype);
	if (header->dtype.logical != 0)
		snprintf(dtype, sizeof(dtype), "%s", npy_logical_name(header->dtype.logical));
	out->limit = DESCRIPTION_SIZE_MAX - STATS_SIZE_MAX - TAIL_SIZE_MAX - 512;
	put_quoted(out, describing->listed > 0 ? ",{\"name\":" : "{\"name\":", name, strlen(name));
	put_quoted(out, ",\"dtype\":", dtype, strlen(dtype));
	put_descr(out, file);
	model_out_text(out, ",\"shape\":");
	model_out_shape(out, header->shape, header->rank);
	/* What is as in other models is not told, so that they can be compared. */
	if (header->fortran)
		model_out_text(out, ",\"order\":\"F\"");
	if (header->dtype.order == '>' && npy_dtype_width(&header->dtype) > 1)
		model_out_text(out, ",\"byte_order\":\"big\"");
	put_field(out, ",\"bytes\":", header->data_len);
	if (member->entry->method == ZIP_STORED)
		put_field(out, ",\"offset\":", member->entry->data_at + file->data_at);
	else
		put_field(out, ",\"deflated_bytes\":", member->entry->stored_size);
	if (!model_out_keep(out, mark)) {
		describing->left_out++;
		return KIST_OK;
	}
	describing->listed++;
	out->limit = DESCRIPTION_SIZE_MAX;
	NPY_TRY(put_stats(describing, member, file));
	model_out_text(out, "}");
	return KIST_OK;
}

static kist_status look_at(struct describing *describing, size_t i)
{
	npy_auto_file struct npy_file file = { .major = 0 };
	zip_auto_member struct zip_member member = { .stream = NULL };

	NPY_TRY(npz_file_open(&describing->npz, i, describing->call, describing->source, &member, &file,
			      &describing->fault));
	describing->parameters += file.header.count;
	describing->bytes += file.header.data_len;
	return put_array(describing, i, &member, &file);
}

static kist_status describe(struct describing *describing, const struct kist_params *params)
{
	struct kist_call *const call = describing->call;
	struct model_out *const out = &describing->out;

	NPY_TRY(npz_read(call, describing->source, params, &describing->npz, &describing->fault));
	describing->chunk = malloc(NPY_CHUNK_SIZE);
	describing->sample = malloc(STATS_SAMPLE_MAX * sizeof(*describing->sample));
	if (!describing->chunk || !describing->sample)
		return model_no_memory(call);
	describing->budget = INFLATED_FREE;
	if (describing->source->size < UINT64_MAX / INFLATED_RATIO / 2)
		describing->budget += describing->source->size * INFLATED_RATIO;
	for (size_t i = 0; i < describing->npz.zip.entries.count; i++)
		NPY_TRY(look_at(describing, i));
	out->limit = DESCRIPTION_SIZE_MAX;
	model_out_text(out, "{\"kind\":\"model\",\"format\":\"npz\"");
	put_field(out, ",\"tensors\":", describing->npz.zip.entries.count);
	put_field(out, ",\"parameters\":", describing->parameters);
	put_field(out, ",\"bytes\":", describing->bytes);
	model_out_text(out, ",\"list\":[");
	model_out_bytes(out, describing->list.data, describing->list.size);
	put_field(out, "],\"left_out\":", describing->left_out);
	model_out_text(out, "}");
	return out->failed || describing->list.failed ? model_no_memory(call) : KIST_OK;
}

kist_status npz_describe(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_sink *sink)
{
	struct describing describing = { .call = call, .source = source };
	kist_status status = describe(&describing, params);

	(void)instance;
	status = model_fault_fail(&describing.fault, call, status);
	if (status == KIST_OK)
		status = sink->write(sink, describing.out.data, describing.out.size);
	model_out_done(&describing.out);
	model_out_done(&describing.list);
	free(describing.chunk);
	free(describing.sample);
	npz_done(&describing.npz);
	return status;
}
