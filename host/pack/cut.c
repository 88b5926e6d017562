/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/cut.h"

#include <assert.h>

#include "base/num.h"

_Static_assert(KIST_CUT_STRETCH_MIN + KIST_CUT_SIZE_MAX + KIST_CUT_STRETCH_MIN <= KIST_CHUNK_SIZE_MAX,
	       "the longest chunk fits");

bool kist_cut_sizes_check(const struct kist_cut_sizes *sizes)
{
	return sizes->typed >= KIST_CUT_SIZE_MIN && sizes->typed <= KIST_CUT_SIZE_MAX &&
	       sizes->cdc >= KIST_CUT_SIZE_MIN && sizes->cdc <= KIST_CDC_AVERAGE_MAX &&
	       (sizes->cdc & (sizes->cdc - 1)) == 0;
}

kist_status kist_cut_init(struct kist_cut *cut, struct kist_cut_sizes sizes, uint64_t size,
			  const struct kist_cut_part *parts, size_t count, struct kist_error *err)
{
	uint64_t end = 0;

	if (!kist_cut_sizes_check(&sizes))
		return kist_fail(
			err, KIST_INVALID,
			"cuts of %u and %u bytes: %u to %u, and a power of two from %u to %u, are allowed",
			sizes.typed, sizes.cdc, KIST_CUT_SIZE_MIN, KIST_CUT_SIZE_MAX, KIST_CUT_SIZE_MIN,
			KIST_CDC_AVERAGE_MAX);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].offset < end || parts[i].offset > size || parts[i].len > size - parts[i].offset)
			return kist_fail(err, KIST_INVALID, "part %zu is out of order, or past the end", i);
		end = parts[i].offset + parts[i].len;
	}
	*cut = (struct kist_cut){
		.sizes = sizes, .size = size, .parts = parts, .count = count, .stretch_part = KIST_CUT_NO_PART
	};
	return kist_cdc_init(&cut->cdc, sizes.cdc, err);
}

/* Goes on to the stretch that begins where the last one ended; false at the end. */
static bool next_stretch(struct kist_cut *cut)
{
	const struct kist_cut_part *part;

	while (cut->next_part < cut->count && cut->parts[cut->next_part].len == 0)
		cut->next_part++;
	if (cut->stretch_end == cut->size)
		return false;
	part = cut->next_part < cut->count ? &cut->parts[cut->next_part] : NULL;
	if (part && part->offset == cut->stretch_end) {
		cut->stretch_part = cut->next_part++;
		cut->stretch_end += part->len;
		cut->by_content = false;
	} else {
		const uint64_t end = part ? part->offset : cut->size;

		cut->stretch_part = KIST_CUT_NO_PART;
		cut->by_content = end - cut->stretch_end >= cut->cdc.max;
		cut->stretch_end = end;
	}
	return true;
}

/* What a chunk of the stretch has at most; a gap that is not cut by its content is shorter. */
static uint64_t step_of(const struct kist_cut *cut)
{
	uint32_t element_size;

	if (cut->stretch_part == KIST_CUT_NO_PART)
		return cut->cdc.max;
	element_size = cut->parts[cut->stretch_part].element_size;
	/* Elements longer than half a cut would make odd chunks; they are cut as bytes. */
	if (element_size == 0 || element_size > cut->sizes.typed / 2)
		return cut->sizes.typed;
	return cut->sizes.typed - cut->sizes.typed % element_size;
}

/* Whether the stretch is a part that has its chunks to itself; of a small object none has. */
static bool is_own(const struct kist_cut *cut)
{
	return cut->stretch_part != KIST_CUT_NO_PART && cut->size >= KIST_CUT_STRETCH_MIN &&
	       cut->parts[cut->stretch_part].len >= KIST_CUT_PART_MIN;
}

/* Whether the stretch after this one is there and short. */
static bool short_follows(const struct kist_cut *cut)
{
	struct kist_cut ahead = *cut;

	return next_stretch(&ahead) && !is_own(&ahead) &&
	       ahead.stretch_end - cut->stretch_end < KIST_CUT_STRETCH_MIN;
}

bool kist_cut_next(struct kist_cut *cut, uint64_t *ret_offset, size_t *ret_len, size_t *ret_part)
{
	const uint64_t start = cut->at;
	uint64_t left;

	if (start == cut->size)
		return false;
	if (start == cut->stretch_end)
		(void)next_stretch(cut);
	/* Short ones gather until they are long enough together, or until a long one begins. */
	while (!cut->by_content && !is_own(cut) && cut->stretch_end - start < KIST_CUT_STRETCH_MIN &&
	       short_follows(cut))
		(void)next_stretch(cut);
	left = cut->stretch_end - start;
	if (left >= step_of(cut) + (cut->by_content ? 0 : KIST_CUT_STRETCH_MIN))
		left = step_of(cut);
	cut->open = (size_t)left;
	*ret_offset = start;
	*ret_len = cut->open;
	if (ret_part)
		*ret_part = cut->stretch_part;
	assert(left > 0 && left <= KIST_CHUNK_SIZE_MAX);
	return true;
}

size_t kist_cut_end(struct kist_cut *cut, struct kist_view bytes)
{
	size_t len = bytes.size;

	assert(len > 0 && len <= cut->open);
	/* These are the most that a chunk has, or all that is left: it can always tell. */
	if (cut->by_content)
		(void)kist_cdc_next(&cut->cdc, bytes, true, &len);
	cut->at += len;
	return len;
}
