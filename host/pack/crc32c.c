/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/crc32c.h"

#include <pthread.h>

#include "base/le.h"

#define POLYNOMIAL 0x82F63B78u
#define SLICES	   8

static uint32_t tables[SLICES][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void fill_tables(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		tables[0][i] = crc;
	}
	/* Table s is table 0 moved s bytes further, so that eight bytes are looked up at once. */
	for (int s = 1; s < SLICES; s++) {
		for (uint32_t i = 0; i < 256; i++)
			tables[s][i] = tables[s - 1][i] >> 8 ^ tables[0][tables[s - 1][i] & 255];
	}
}

uint32_t kist_crc32c_table(uint32_t crc, struct kist_view bytes)
{
	const uint8_t *at = bytes.data;
	size_t left = bytes.size;

	(void)pthread_once(&tables_once, fill_tables);
	crc = ~crc;
	for (; left >= 8; left -= 8, at += 8) {
		const uint64_t word = kist_le_read64(at) ^ crc;

		crc = 0;
		for (int s = 0; s < SLICES; s++)
			crc ^= tables[SLICES - 1 - s][word >> 8 * s & 255];
	}
	for (; left > 0; left--)
		crc = crc >> 8 ^ tables[0][(crc ^ *at++) & 255];
	return ~crc;
}

#if defined(__x86_64__)

#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t start, struct kist_view bytes)
{
	const uint8_t *at = bytes.data;
	size_t left = bytes.size;
	uint64_t crc = ~start;

	for (; left >= 8; left -= 8, at += 8)
		crc = _mm_crc32_u64(crc, kist_le_read64(at));
	for (; left > 0; left--)
		crc = _mm_crc32_u8((uint32_t)crc, *at++);
	return ~(uint32_t)crc;
}

uint32_t kist_crc32c(uint32_t crc, struct kist_view bytes)
{
	return __builtin_cpu_supports("sse4.2") ? crc32c_sse42(crc, bytes) : kist_crc32c_table(crc, bytes);
}

#else

uint32_t kist_crc32c(uint32_t crc, struct kist_view bytes)
{
	return kist_crc32c_table(crc, bytes);
}

#endif
