/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mend.h"

#include "base/mem.h"
#include "base/num.h"
#include "pack/mend.h"
#include "store/state.h"

/* A kist.json that is longer is not searched for a wrong byte. */
#define JSON_SIZE_MAX ((size_t)1024)
/* What is read at once where the disk fails: its sectors are no larger. */
#define PIECE_SIZE ((size_t)4 << 10)

static bool mend_json(uint8_t *text, size_t size)
{
	const struct kist_view view = kist_view_of(text, size);

	for (size_t i = 0; i < size; i++) {
		const uint8_t was = text[i];

		for (unsigned value = 0; value < 256; value++) {
			text[i] = (uint8_t)value;
			/* The last byte is under no digest, and always this one. */
			if (kist_store_check_json(view, NULL) == KIST_OK && text[size - 1] == '\n')
				return true;
		}
		text[i] = was;
	}
	return false;
}

kist_status kist_store_mend_json(const char *uri, bool dry_run, bool *ret_mended, struct kist_error *err)
{
	kist_auto_backend struct kist_backend *backend = NULL;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_STORE_JSON_SIZE_MAX);
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	*ret_mended = false;
	KIST_TRY(kist_backend_open(uri, false, &backend, err));
	status = kist_backend_get(backend, KIST_STORE_KEY, 0, text.size_max, &text, &why);
	/* Who opens the store tells what it means that this file is missing. */
	if (status != KIST_OK)
		return status == KIST_NOT_FOUND ? KIST_OK : kist_fail_as(err, status, &why);
	status = kist_store_check_json(kist_buf_view(&text), &why);
	if (status == KIST_OK || status == KIST_NO_MEMORY)
		return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
	/* What a newer kist wrote looks like one wrong digit of the format: a right "check" tells them apart.
	 */
	if (text.size == 0 || text.size > JSON_SIZE_MAX || !mend_json(text.data, text.size))
		return kist_fail(err, status,
				 KIST_STORE_KEY " cannot be mended: %s; put it back from a copy of the store",
				 why.text);
	*ret_mended = true;
	return dry_run ? KIST_OK : kist_backend_replace(backend, KIST_STORE_KEY, kist_buf_view(&text), err);
}

void kist_pack_remedy_done(struct kist_pack_remedy *remedy)
{
	kist_buf_done(&remedy->bytes);
	kist_buf_done(&remedy->records);
}

/* A pack that is being mended. */
struct patient {
	struct kist_store *store;
	const struct kist_pack_mending *how;
	struct kist_filter filter;
	struct kist_chunk_reader reader; /* of bases */
	uint8_t *raw;			 /* twice KIST_CHUNK_SIZE_MAX bytes: of a chunk, and of its base */
	struct kist_digest base;	 /* which base that is */
	bool looked_for_base;
	bool has_base;
	bool wants_base;
	bool is_proved; /* what was looked at last */
	struct kist_buf *records;
};

static void patient_done(struct patient *patient)
{
	kist_filter_done(&patient->filter);
	kist_chunk_reader_done(&patient->reader);
	kist_free(patient->raw);
}

static bool read_base(struct patient *patient, const struct kist_record *record)
{
	struct kist_location where;

	/* A search asks often, also for one that is not there. */
	if (patient->looked_for_base && kist_digest_equal(&patient->base, &record->base))
		return patient->has_base;
	patient->base = record->base;
	patient->looked_for_base = true;
	patient->has_base =
		patient->how->find(patient->how->ctx, &record->base, &where, NULL) == KIST_OK &&
		!where.has_base && where.raw_len == record->raw_len &&
		kist_store_read_chunk_into(patient->store, &patient->reader, &where, &record->base,
					   patient->raw + KIST_CHUNK_SIZE_MAX, NULL) == KIST_OK;
	patient->wants_base = patient->wants_base || !patient->has_base;
	return patient->has_base;
}

static bool prove(void *ctx, const struct kist_record *record, struct kist_view bytes, bool is_changed)
{
	struct patient *patient = ctx;
	struct kist_view base = kist_view_of("", 0);

	patient->is_proved = false;
	if (patient->how->known && !kist_idset_has(patient->how->known, &record->id))
		return false;
	if (kist_record_has_base(record)) {
		/* Of what lies as it was written, both CRCs say so. */
		if (!read_base(patient, record))
			return !is_changed && kist_record_check_body(record, bytes, NULL) == KIST_OK;
		base = kist_view_of(patient->raw + KIST_CHUNK_SIZE_MAX, record->raw_len);
	}
	patient->is_proved =
		kist_record_decode(&patient->filter, record, bytes, base, patient->raw, NULL) == KIST_OK;
	return patient->is_proved;
}

static kist_status note(void *ctx, const struct kist_record *record, size_t offset, bool was_sound,
			struct kist_error *err)
{
	struct patient *patient = ctx;
	const struct kist_sound_record sound = {
		.id = record->id,
		.offset = (uint32_t)offset,
		.len = (uint32_t)(kist_record_head_size(record) + record->body_len),
		.kind = record->kind,
		.was_sound = was_sound,
		.is_proved = patient->is_proved,
	};

	return kist_buf_append(patient->records, &sound, sizeof(sound), err);
}

/* All that the disk still gives; zeros stand for the rest. */
static kist_status read_what_there_is(struct kist_store *store, const char *key, struct kist_buf *ret,
				      struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	uint64_t size;

	KIST_TRY(kist_backend_head(store->backend, key, &size, err));
	size = kist_min_u64(size, KIST_PACK_SIZE_MAX);
	/* Memory that is short is no damage. */
	KIST_TRY(kist_buf_reserve(ret, (size_t)size, err));
	if (kist_backend_get(store->backend, key, 0, (size_t)size, ret, &why) == KIST_OK)
		return KIST_OK;
	if (!kist_is_damage(why.status, &why) || why.status == KIST_NOT_FOUND)
		return kist_fail_as(err, why.status, &why);
	ret->size = 0;
	while (ret->size < size) {
		const size_t start = ret->size;
		const size_t len = (size_t)kist_min_u64(PIECE_SIZE, size - start);
		uint8_t *zeros;

		if (kist_backend_get(store->backend, key, start, len, ret, NULL) == KIST_OK &&
		    ret->size == start + len)
			continue;
		ret->size = start;
		KIST_TRY(kist_buf_extend(ret, len, &zeros, err));
	}
	return KIST_OK;
}

kist_status kist_store_mend_pack(struct kist_store *store, const struct kist_digest *id, uint64_t size,
				 const struct kist_pack_mending *how, struct kist_pack_remedy *ret,
				 struct kist_error *err)
{
	__attribute__((cleanup(patient_done))) struct patient patient = {
		.store = store,
		.how = how,
		.raw = kist_alloc(KIST_CHUNK_SIZE_MAX, 2),
		.records = &ret->records,
	};
	const struct kist_mend_options options = {
		.prove = prove, .each = note, .ctx = &patient, .name = *id
	};
	struct kist_mended mended = { .is_whole = false };
	char key[KIST_PACK_KEY_SIZE];
	bool same_size;

	if (!patient.raw)
		return kist_fail_memory(err, 2 * KIST_CHUNK_SIZE_MAX);
	kist_pack_key(id, key);
	ret->bytes.size = 0;
	ret->records.size = 0;
	KIST_TRY(read_what_there_is(store, key, &ret->bytes, err));
	same_size = ret->bytes.size == size;
	KIST_TRY(kist_pack_mend(&ret->bytes, &options, &mended, err));
	ret->was_whole = mended.was_whole;
	ret->is_whole = mended.is_whole;
	ret->has_index = mended.had_index;
	ret->wants_base = patient.wants_base;
	/* Where the file is as long as it was, and nothing in it is lost, nothing can have been in between. */
	ret->is_complete = (same_size || mended.is_whole) && mended.lost == 0;
	if (mended.is_whole && !mended.was_whole && !how->dry_run)
		return kist_backend_replace(store->backend, key, kist_buf_view(&ret->bytes), err);
	return KIST_OK;
}
