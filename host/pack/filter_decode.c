/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter.h"

#include <string.h>

#include "pack/filter_copies.h"
#include "pack/filter_room.h"

/* Whether @spec has the base that it needs, and no other. */
static bool base_fits(const struct kist_filter_spec *spec, size_t base_size, size_t raw_len)
{
	if (spec->filter == KIST_FILTER_COPIES)
		return base_size > 0;
	return base_size == (spec->filter == KIST_FILTER_BASE ? raw_len : 0);
}

static bool back(const struct kist_filter *filter, const struct kist_filter_spec *spec, struct kist_view base,
		 uint8_t *ret, size_t raw_len)
{
	const uint8_t *const filtered = filter->room[KIST_ROOM_FILTERED];

	if (spec->filter == KIST_FILTER_COPIES)
		return kist_filter_copies_back(filtered, spec->copies, spec->fresh, base, ret, raw_len);
	if (spec->filter == KIST_FILTER_CELLS)
		return kist_filter_cells_back(filter->ops, &spec->cells, filtered, ret, raw_len);
	return kist_filter_back(filter->ops, spec, filtered, raw_len, base.data, ret);
}

/* Checks what stands in the record.  With a filter, the frames are taken off too. */
static kist_status open_body(struct kist_filter *filter, const struct kist_filter_body *body, size_t raw_len,
			     struct kist_filter_spec *ret_spec, struct kist_error *err)
{
	size_t size;

	if (body->choice.filter >= KIST_FILTER_COUNT)
		return kist_fail(err, KIST_INCOMPATIBLE, "filter %u is not known to this version",
				 body->choice.filter);
	if (raw_len == 0 || raw_len > KIST_CHUNK_SIZE_MAX ||
	    !kist_filter_spec_read(body->choice.filter, body->choice.params, ret_spec))
		return kist_fail(err, KIST_CORRUPT, "parameters of filter %u are wrong", body->choice.filter);
	size = kist_filter_size(ret_spec, raw_len);
	if (size == 0 || !base_fits(ret_spec, body->base.size, raw_len))
		return kist_fail(err, KIST_CORRUPT, "filter %u does not fit %zu bytes", ret_spec->filter,
				 raw_len);
	if (body->choice.with_dictionary && ret_spec->filter != KIST_FILTER_NONE)
		return kist_fail(err, KIST_CORRUPT, "filter %u and the dictionary of records",
				 ret_spec->filter);
	if (ret_spec->filter == KIST_FILTER_NONE)
		return kist_filter_frame_alone(body->body)
			       ? KIST_OK
			       : kist_fail(err, KIST_CORRUPT, "not one zstd frame");
	/* Nothing is allocated for a body that does not even state the right length. */
	if (!kist_filter_frames_check(body->body, size))
		return kist_fail(err, KIST_CORRUPT, "not zstd frames of %zu bytes", size);
	KIST_TRY(kist_filter_reserve(filter, raw_len, err));
	return kist_filter_frames_decode(&filter->coder, body->body, filter->room[KIST_ROOM_FILTERED], size,
					 err);
}

static kist_status decode_record(struct kist_filter *filter, struct kist_view body, uint8_t *ret,
				 size_t raw_len, struct kist_error *err)
{
	const void *dictionary;

	if (!kist_filter_frames_check(body, raw_len))
		return kist_fail(err, KIST_CORRUPT, "not a zstd frame of %zu bytes", raw_len);
	KIST_TRY(kist_dictionary_decoding(&filter->dictionary, &dictionary, err));
	return kist_filter_frame_decode(&filter->coder, dictionary, body, ret, raw_len, err);
}

/* What is open, to @ret. */
static kist_status decode(struct kist_filter *filter, const struct kist_filter_body *body,
			  const struct kist_filter_spec *spec, uint8_t *ret, size_t raw_len,
			  struct kist_error *err)
{
	if (body->choice.with_dictionary)
		return decode_record(filter, body->body, ret, raw_len, err);
	if (spec->filter == KIST_FILTER_NONE)
		return kist_filter_frames_decode(&filter->coder, body->body, ret, raw_len, err);
	if (!back(filter, spec, body->base, ret, raw_len))
		return kist_fail(err, KIST_CORRUPT, "bytes that filter %u cannot have made", spec->filter);
	return KIST_OK;
}

kist_status kist_filter_decode(struct kist_filter *filter, const struct kist_filter_body *body, uint8_t *ret,
			       size_t raw_len, struct kist_error *err)
{
	struct kist_filter_spec spec;

	KIST_TRY(open_body(filter, body, raw_len, &spec, err));
	return decode(filter, body, &spec, ret, raw_len, err);
}

kist_status kist_filter_compare(struct kist_filter *filter, const struct kist_filter_body *body,
				struct kist_view raw, struct kist_buf *room, struct kist_error *err)
{
	struct kist_filter_spec spec;
	bool equal;

	KIST_TRY(open_body(filter, body, raw.size, &spec, err));
	if (kist_filter_has_words(&spec)) {
		equal = kist_filter_equal(filter->ops, &spec, filter->room[KIST_ROOM_FILTERED], raw.size,
					  body->base.data, raw.data);
	} else {
		KIST_TRY(kist_buf_reserve(room, raw.size, err));
		KIST_TRY(decode(filter, body, &spec, room->data, raw.size, err));
		equal = memcmp(room->data, raw.data, raw.size) == 0;
	}
	return equal ? KIST_OK : kist_fail(err, KIST_CORRUPT, "it holds other bytes");
}
