/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_ops_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

/* Not "fma": a product and a sum are rounded one by one on every machine. */
#define STATS_TARGET __attribute__((target("avx2")))
#define STATS_VECTOR 32
#define STATS_TABLE  stats_ops_avx2

typedef double doubles __attribute__((vector_size(STATS_VECTOR)));
typedef uint64_t ulongs __attribute__((vector_size(STATS_VECTOR)));
typedef int32_t ints __attribute__((vector_size(STATS_VECTOR / 2)));

static inline __attribute__((always_inline)) STATS_TARGET doubles least(doubles a, doubles b)
{
	return (doubles)_mm256_min_pd((__m256d)a, (__m256d)b);
}

static inline __attribute__((always_inline)) STATS_TARGET doubles most(doubles a, doubles b)
{
	return (doubles)_mm256_max_pd((__m256d)a, (__m256d)b);
}

static inline __attribute__((always_inline)) STATS_TARGET ints words_of_u16(const uint8_t *from)
{
	return (ints)_mm_cvtepu16_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
}

#include "stats_body_kernel.h"

#endif
