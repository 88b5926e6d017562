/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/stored.h"

#include "base/mem.h"
#include "flow/ahead.h"
#include "flow/load.h"
#include "flow/record.h"

static const char *const names[KIST_FILTER_COUNT] = {
	[KIST_FILTER_NONE] = "none",	 [KIST_FILTER_PLANES] = "planes", [KIST_FILTER_FLOAT] = "float",
	[KIST_FILTER_DELTA] = "delta",	 [KIST_FILTER_BASE] = "base",	  [KIST_FILTER_DECIMAL] = "decimal",
	[KIST_FILTER_RECORD] = "record", [KIST_FILTER_BITS] = "bits",	  [KIST_FILTER_COPIES] = "copies",
	[KIST_FILTER_CELLS] = "cells",
};

/* Where a chunk lies, and the head of its record; a collector may have moved it since it was found. */
static kist_status look_at_chunk(struct kist_flow *flow, const struct kist_digest *id,
				 struct kist_location *ret_where, struct kist_record *ret_head,
				 struct kist_error *err)
{
	KIST_TRY(kist_load_find(flow, id, ret_where, err));
	for (;;) {
		struct kist_error why = KIST_ERROR_INIT;
		kist_status status = kist_store_read_head(flow->store, ret_where, id, ret_head, &why);

		if (status != KIST_NOT_FOUND)
			return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
		status = kist_load_find_again(flow, id, ret_where, err);
		if (status == KIST_EXISTS)
			return kist_fail_as(err, KIST_CORRUPT, &why);
		KIST_TRY(status);
	}
}

kist_status kist_stored_look(struct kist_flow *flow, const json_t *record, struct kist_stored *ret,
			     struct kist_error *err)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;
	struct kist_stored stored = { .chunks = 0 };
	const struct kist_object_chunk *chunks;

	KIST_TRY(kist_object_reader_open(flow, record, &reader, err));
	chunks = (const void *)reader.entries.data;
	stored.chunks = reader.entries.size / sizeof(*chunks);
	for (size_t i = 0; i < stored.chunks; i++) {
		struct kist_location where;
		struct kist_record head;

		KIST_TRY(look_at_chunk(flow, &chunks[i].id, &where, &head, err));
		stored.raw_bytes += where.raw_len;
		stored.stored_bytes += where.stored_len;
		stored.filtered[head.filter]++;
	}
	*ret = stored;
	return KIST_OK;
}

kist_status kist_stored_json(const struct kist_stored *stored, json_t **ret, struct kist_error *err)
{
	json_t *filters = json_object();
	kist_auto_json json_t *made = json_pack("{s:I, s:I, s:I, s:o}", "chunks", (json_int_t)stored->chunks,
						"raw_bytes", (json_int_t)stored->raw_bytes, "stored_bytes",
						(json_int_t)stored->stored_bytes, "filters", filters);

	if (!made)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < KIST_FILTER_COUNT; i++) {
		if (stored->filtered[i] > 0)
			KIST_TRY(kist_record_set_take(filters, names[i],
						      json_integer((json_int_t)stored->filtered[i]), err));
	}
	*ret = json_incref(made);
	return KIST_OK;
}
