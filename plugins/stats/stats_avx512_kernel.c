/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_ops_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

/* These have "fma" with them, but plugins are compiled without contraction: see stats_avx2_kernel.c. */
#define STATS_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define STATS_VECTOR 64
#define STATS_TABLE  stats_ops_avx512

typedef double doubles __attribute__((vector_size(STATS_VECTOR)));
typedef uint64_t ulongs __attribute__((vector_size(STATS_VECTOR)));
typedef int32_t ints __attribute__((vector_size(STATS_VECTOR / 2)));

static inline __attribute__((always_inline)) STATS_TARGET doubles least(doubles a, doubles b)
{
	return (doubles)_mm512_min_pd((__m512d)a, (__m512d)b);
}

static inline __attribute__((always_inline)) STATS_TARGET doubles most(doubles a, doubles b)
{
	return (doubles)_mm512_max_pd((__m512d)a, (__m512d)b);
}

static inline __attribute__((always_inline)) STATS_TARGET ints words_of_u16(const uint8_t *from)
{
	return (ints)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
}

#include "stats_body_kernel.h"

#endif
