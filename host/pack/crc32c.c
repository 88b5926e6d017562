/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/crc32c.h"

#include <pthread.h>
#include <string.h>

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

/*
 * The instruction takes three times as long as it takes until the next one can begin, so three stretches are read
 * side by side.  A sum moves on over the stretch behind it, as if that were zeros, by a table: it is linear.  Stretches
 * are long, or short where no more is left.
 */
#define LANES	  3
#define LONG_LOG  12
#define SHORT_LOG 8

struct moves {
	uint32_t by[4][256];
};

static struct moves over_long;
static struct moves over_short;
static pthread_once_t moves_once = PTHREAD_ONCE_INIT;

/* What becomes of @sum, when @bits says what becomes of each of its bits. */
static uint32_t moved_by(const uint32_t bits[32], uint32_t sum)
{
	uint32_t moved = 0;

	for (int i = 0; i < 32; i++)
		moved ^= sum >> i & 1 ? bits[i] : 0;
	return moved;
}

static void fill_over(const uint32_t bits[32], struct moves *ret)
{
	for (int s = 0; s < 4; s++) {
		for (uint32_t i = 0; i < 256; i++)
			ret->by[s][i] = moved_by(bits, i << 8 * s);
	}
}

static void fill_moves(void)
{
	uint32_t bits[32];

	(void)pthread_once(&tables_once, fill_tables);
	/* Over one byte; then over twice as many, and again. */
	for (int i = 0; i < 32; i++)
		bits[i] = UINT32_C(1) << i >> 8 ^ tables[0][UINT32_C(1) << i & 255];
	for (int k = 0; k < LONG_LOG; k++) {
		uint32_t twice[32];

		if (k == SHORT_LOG)
			fill_over(bits, &over_short);
		for (int i = 0; i < 32; i++)
			twice[i] = moved_by(bits, bits[i]);
		memcpy(bits, twice, sizeof(bits));
	}
	fill_over(bits, &over_long);
}

static uint64_t move(const struct moves *moves, uint64_t sum)
{
	return moves->by[0][sum & 255] ^ moves->by[1][sum >> 8 & 255] ^ moves->by[2][sum >> 16 & 255] ^
	       moves->by[3][sum >> 24 & 255];
}

__attribute__((target("sse4.2"))) static uint64_t stretches(uint64_t crc, const uint8_t *at, size_t size,
							    const struct moves *moves)
{
	uint64_t second = 0;
	uint64_t third = 0;

	for (size_t i = 0; i < size; i += 8) {
		crc = _mm_crc32_u64(crc, kist_le_read64(at + i));
		second = _mm_crc32_u64(second, kist_le_read64(at + size + i));
		third = _mm_crc32_u64(third, kist_le_read64(at + 2 * size + i));
	}
	return move(moves, move(moves, crc) ^ second) ^ third;
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t start, struct kist_view bytes)
{
	const size_t long_size = (size_t)1 << LONG_LOG;
	const size_t short_size = (size_t)1 << SHORT_LOG;
	const uint8_t *at = bytes.data;
	size_t left = bytes.size;
	uint64_t crc = ~start;

	if (left >= LANES * short_size)
		(void)pthread_once(&moves_once, fill_moves);
	for (; left >= LANES * long_size; left -= LANES * long_size, at += LANES * long_size)
		crc = stretches(crc, at, long_size, &over_long);
	for (; left >= LANES * short_size; left -= LANES * short_size, at += LANES * short_size)
		crc = stretches(crc, at, short_size, &over_short);
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
