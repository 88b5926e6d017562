/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_ops_kernel.h"

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

/* Vectors of 16 bytes: what every x86-64 and every 64-bit ARM has. */
#define STATS_TARGET
#define STATS_VECTOR 16
#define STATS_TABLE  stats_ops_base

typedef double doubles __attribute__((vector_size(STATS_VECTOR)));
typedef uint64_t ulongs __attribute__((vector_size(STATS_VECTOR)));
typedef int32_t ints __attribute__((vector_size(STATS_VECTOR / 2)));

#ifdef __SSE2__

static inline doubles least(doubles a, doubles b)
{
	return (doubles)_mm_min_pd((__m128d)a, (__m128d)b);
}

static inline doubles most(doubles a, doubles b)
{
	return (doubles)_mm_max_pd((__m128d)a, (__m128d)b);
}

#else

static inline doubles least(doubles a, doubles b)
{
	return (doubles){ a[0] < b[0] ? a[0] : b[0], a[1] < b[1] ? a[1] : b[1] };
}

static inline doubles most(doubles a, doubles b)
{
	return (doubles){ a[0] > b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1] };
}

#endif

static inline ints words_of_u16(const uint8_t *from)
{
	uint16_t two[2];

	memcpy(two, from, sizeof(two));
	return (ints){ two[0], two[1] };
}

#include "stats_body_kernel.h"
