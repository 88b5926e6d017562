/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_ops_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define OPS_TARGET __attribute__((target("avx2")))
#define OPS_VECTOR 32
#define OPS_TABLE  kist_filter_ops_avx2

typedef __m256i lanes;

/* Packing and unpacking work in the two halves of a vector; this swaps the middle quarters to make up for it.
 */
#define MIDDLE_SWAPPED 0xd8

static inline __attribute__((always_inline)) OPS_TARGET lanes lanes_load(const uint8_t *from)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

static inline __attribute__((always_inline)) OPS_TARGET void lanes_store(uint8_t *to, lanes value)
{
	_mm256_storeu_si256((__m256i *)(void *)to, value);
}

static inline __attribute__((always_inline)) OPS_TARGET lanes lanes_even(lanes a, lanes b)
{
	const lanes low = _mm256_set1_epi16(0xff);

	return _mm256_permute4x64_epi64(
		_mm256_packus_epi16(_mm256_and_si256(a, low), _mm256_and_si256(b, low)), MIDDLE_SWAPPED);
}

static inline __attribute__((always_inline)) OPS_TARGET lanes lanes_odd(lanes a, lanes b)
{
	return _mm256_permute4x64_epi64(_mm256_packus_epi16(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8)),
					MIDDLE_SWAPPED);
}

static inline __attribute__((always_inline)) OPS_TARGET void lanes_zip(lanes a, lanes b, lanes *ret_low,
								       lanes *ret_high)
{
	a = _mm256_permute4x64_epi64(a, MIDDLE_SWAPPED);
	b = _mm256_permute4x64_epi64(b, MIDDLE_SWAPPED);
	*ret_low = _mm256_unpacklo_epi8(a, b);
	*ret_high = _mm256_unpackhi_epi8(a, b);
}

#include "pack/filter_ops_body_kernel.h"

#endif
