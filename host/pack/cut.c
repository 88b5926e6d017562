/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/cut.h"

#include <assert.h>

#include "base/num.h"

_Static_assert(KIST_CUT_STRETCH_MIN + KIST_CUT_SIZE_MAX + KIST_CUT_STRETCH_MIN <= KIST_CHUNK_SIZE_MAX,
	       "the longest chunk fits");

static bool size_allowed(uint32_t size)
{
	return size >= KIST_CUT_SIZE_MIN && size <= KIST_CUT_SIZE_MAX;
}

kist_status kist_cut_init(struct kist_cut *cut, struct kist_cut_sizes sizes, uint64_t size,
			  const struct kist_cut_part *parts, size_t count, struct kist_error *err)
{
	uint64_t end = 0;

	if (!size_allowed(sizes.typed) || !size_allowed(sizes.fixed))
		return kist_fail(err, KIST_INVALID, "cuts of %u and %u bytes: %u to %u are allowed",
				 sizes.typed, sizes.fixed, KIST_CUT_SIZE_MIN, KIST_CUT_SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].offset < end || parts[i].offset > size || parts[i].len > size - parts[i].offset)
			return kist_fail(err, KIST_INVALID, "part %zu is out of order, or past the end", i);
		end = parts[i].offset + parts[i].len;
	}
	*cut = (struct kist_cut){
		.sizes = sizes, .size = size, .parts = parts, .count = count, .stretch_part = KIST_CUT_NO_PART
	};
	return KIST_OK;
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
	} else {
		cut->stretch_part = KIST_CUT_NO_PART;
		cut->stretch_end = part ? part->offset : cut->size;
	}
	return true;
}

static uint64_t step_of(const struct kist_cut *cut)
{
	uint32_t element_size;

	if (cut->stretch_part == KIST_CUT_NO_PART)
		return cut->sizes.fixed;
	element_size = cut->parts[cut->stretch_part].element_size;
	/* Elements longer than half a cut would make odd chunks; they are cut as bytes. */
	if (element_size == 0 || element_size > cut->sizes.typed / 2)
		return cut->sizes.typed;
	return cut->sizes.typed - cut->sizes.typed % element_size;
}

/* Whether the stretch after this one is there and short. */
static bool short_follows(const struct kist_cut *cut)
{
	struct kist_cut ahead = *cut;

	return next_stretch(&ahead) && ahead.stretch_end - cut->stretch_end < KIST_CUT_STRETCH_MIN;
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
	while (cut->stretch_end - start < KIST_CUT_STRETCH_MIN && short_follows(cut))
		(void)next_stretch(cut);
	left = cut->stretch_end - start;
	if (left >= KIST_CUT_STRETCH_MIN + step_of(cut))
		left = step_of(cut);
	cut->at = start + left;
	*ret_offset = start;
	*ret_len = (size_t)(cut->at - start);
	if (ret_part)
		*ret_part = cut->stretch_part;
	assert(*ret_len > 0 && *ret_len <= KIST_CHUNK_SIZE_MAX);
	return true;
}
