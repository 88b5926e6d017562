/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/cdc.h"

#include <assert.h>

#include "base/num.h"
#include "pack/cdc_gear_kernel.h"

_Static_assert(4 * (size_t)KIST_CDC_AVERAGE_MAX <= KIST_CHUNK_SIZE_MAX, "the longest chunk fits");

/* Of the profile: masks of so many bits, spread over the word; 2^6 to 2^22. */
#define MASK_BITS_MIN 6
static const uint64_t masks[] = {
	0x0000000001803110, 0x0000000018035100, 0x0000001800035300, 0x0000019000353000, 0x0000590003530000,
	0x0000d90003530000, 0x0000d90103530000, 0x0000d90303530000, 0x0000d90313530000, 0x0000d90f03530000,
	0x0000d90303537000, 0x0000d90703537000, 0x0000d90707537000, 0x0000d91707537000, 0x0000d91747537000,
	0x0000d91767537000, 0x0000d93767537000,
};
#define NORMALIZATION 2

_Static_assert(sizeof(masks) / sizeof(masks[0]) == 22 + 1 - MASK_BITS_MIN, "masks for all averages");

kist_status kist_cdc_init(struct kist_cdc *cdc, uint32_t average, struct kist_error *err)
{
	int bits;

	if (average < KIST_CDC_AVERAGE_MIN || average > KIST_CDC_AVERAGE_MAX || (average & (average - 1)))
		return kist_fail(err, KIST_INVALID,
				 "chunks of %u bytes: powers of two from %u to %u are allowed", average,
				 KIST_CDC_AVERAGE_MIN, KIST_CDC_AVERAGE_MAX);
	bits = __builtin_ctz(average);
	*cdc = (struct kist_cdc){ .min = average / 4,
				  .average = average,
				  .max = 4 * average,
				  .mask_strict = masks[bits + NORMALIZATION - MASK_BITS_MIN],
				  .mask_loose = masks[bits - NORMALIZATION - MASK_BITS_MIN],
				  .at = average / 4 };
	return KIST_OK;
}

/*
 * Judges pairs of bytes from *@at to @end, both even.  True when the chunk ends: *@at is its length then.
 *
 * hash(i) and hash(i + 1) come from the same hash(i - 1), so that one step of the chain does two bytes.
 */
static bool judge(const uint8_t *data, size_t *at, size_t end, uint64_t mask, uint64_t *hash)
{
	uint64_t h = *hash;

	for (size_t i = *at; i < end; i += 2) {
		const uint64_t first = (h << 1) + kist_cdc_gear[data[i]];
		const uint64_t second =
			(h << 2) + ((kist_cdc_gear[data[i]] << 1) + kist_cdc_gear[data[i + 1]]);

		if (__builtin_expect((first & mask) == 0 || (second & mask) == 0, 0)) {
			*at = i + ((first & mask) != 0);
			return true;
		}
		h = second;
	}
	*at = end > *at ? end : *at;
	*hash = h;
	return false;
}

bool kist_cdc_next(struct kist_cdc *cdc, struct kist_view bytes, bool end, size_t *ret_len)
{
	const size_t limit = (size_t)kist_min_u64(bytes.size, cdc->max);
	const size_t pairs = limit - limit % 2;
	bool cut;

	assert(bytes.size >= cdc->at || cdc->at == cdc->min);
	cut = judge(bytes.data, &cdc->at, (size_t)kist_min_u64(pairs, cdc->average), cdc->mask_strict,
		    &cdc->hash) ||
	      (cdc->at >= cdc->average && judge(bytes.data, &cdc->at, pairs, cdc->mask_loose, &cdc->hash));
	if (!cut) {
		if (limit == 0 || (limit < cdc->max && !end))
			return false;
		cdc->at = limit;
	}
	*ret_len = cdc->at;
	cdc->at = cdc->min;
	cdc->hash = 0;
	return true;
}
