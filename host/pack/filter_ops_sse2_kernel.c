/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_ops_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define OPS_TARGET __attribute__((target("sse2")))
#define OPS_VECTOR 16
#define OPS_TABLE  kist_filter_ops_sse2

typedef __m128i lanes;

static inline __attribute__((always_inline)) OPS_TARGET lanes lanes_load(const uint8_t *from)
{
	return _mm_loadu_si128((const __m128i *)(const void *)from);
}

static inline __attribute__((always_inline)) OPS_TARGET void lanes_store(uint8_t *to, lanes value)
{
	_mm_storeu_si128((__m128i *)(void *)to, value);
}

/* Bytes 0, 2, 4... of @a and then of @b. */
static inline __attribute__((always_inline)) OPS_TARGET lanes lanes_even(lanes a, lanes b)
{
	const lanes low = _mm_set1_epi16(0xff);

	return _mm_packus_epi16(_mm_and_si128(a, low), _mm_and_si128(b, low));
}

/* Bytes 1, 3, 5... */
static inline __attribute__((always_inline)) OPS_TARGET lanes lanes_odd(lanes a, lanes b)
{
	return _mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8));
}

/* Byte 0 of @a, byte 0 of @b, byte 1 of @a...: the two vectors that this gives. */
static inline __attribute__((always_inline)) OPS_TARGET void lanes_zip(lanes a, lanes b, lanes *ret_low,
								       lanes *ret_high)
{
	*ret_low = _mm_unpacklo_epi8(a, b);
	*ret_high = _mm_unpackhi_epi8(a, b);
}

#include "pack/filter_ops_body_kernel.h"

#endif
