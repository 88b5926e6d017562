/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_CDC_H
#define KIST_PACK_CDC_H

#include <stdbool.h>

#include "base/buf.h"
#include "pack/chunk.h"

/*
 * Content-defined cutting: FastCDC 2020, the published profile of the Remote Execution API, bit for bit.
 *
 * Bytes that are put in or taken out move only the cuts near them, so the rest keeps its chunks.
 *
 *     hash(i) = 2 * hash(i - 1) + gear[byte i]   from byte `min` of the chunk on, modulo 2^64, seed 0
 *     the chunk ends before byte i, when hash(i) has no bit of the mask: the strict one (two bits more
 *     than the average asks for) below `average`, the loose one (two bits fewer) from there on;
 *     it has at most `max` bytes
 *
 * Bytes are judged in pairs, as the 2020 paper does it: the odd byte at the end of the data is not judged.
 * min = average / 4, max = 4 * average.
 *
 * Thread: one struct kist_cdc, one thread at a time.
 * Source: Xia et al., "The Design of Fast Content-Defined Chunking", IEEE TPDS 31 (2020); the FastCDC 2020
 * parameters and test vectors of the Remote Execution API, version 2.
 */

#define KIST_CDC_AVERAGE_DEFAULT ((uint32_t)512 << 10)
/** Powers of two between these. */
#define KIST_CDC_AVERAGE_MIN ((uint32_t)256)
/** So that the longest chunk is within KIST_CHUNK_SIZE_MAX. */
#define KIST_CDC_AVERAGE_MAX ((uint32_t)1 << 20)

/** struct kist_cdc - The parameters, and how far the chunk under way has been judged. */
struct kist_cdc {
	uint32_t min;
	uint32_t average;
	uint32_t max;
	uint64_t mask_strict;
	uint64_t mask_loose;
	size_t at;     /* bytes of the chunk that were judged, or need not be */
	uint64_t hash; /* of the bytes from min to at */
};

/**
 * kist_cdc_init() - Begins to cut.
 *
 * Errors: KIST_INVALID (@average is no power of two, or out of range).
 */
KIST_CHECKED kist_status kist_cdc_init(struct kist_cdc *cdc, uint32_t average, struct kist_error *err);

/**
 * kist_cdc_next() - Where the chunk under way ends.
 *
 * @bytes:   All that is there of the chunk, from its first byte on, and what follows it.  May be more at
 *           the next call; the judged part of it is not looked at again.
 * @end:     The data end with @bytes.
 * @ret_len: Bytes of the chunk, 1..@cdc->max.  The next call begins with the byte behind it.
 *
 * False when more bytes are needed to tell, or with @end when there are none.
 */
bool kist_cdc_next(struct kist_cdc *cdc, struct kist_view bytes, bool end, size_t *ret_len);

#endif
