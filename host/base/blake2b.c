/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blake2b.h"

#include <stdbool.h>
#include <string.h>

#include "base/le.h"

#define BLOCK  ((size_t)128)
#define ROUNDS 12

static const uint64_t start[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t order[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t rotate(uint64_t word, unsigned by)
{
	return word >> by | word << (64 - by);
}

static void mix(uint64_t v[static 16], const uint8_t at[static 4], uint64_t x, uint64_t y)
{
	uint64_t *const a = &v[at[0]];
	uint64_t *const b = &v[at[1]];
	uint64_t *const c = &v[at[2]];
	uint64_t *const d = &v[at[3]];

	*a += *b + x;
	*d = rotate(*d ^ *a, 32);
	*c += *d;
	*b = rotate(*b ^ *c, 24);
	*a += *b + y;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 63);
}

/* @end: bytes up to and with this block.  Nothing here is larger than 2^64 bytes. */
static void add_block(uint64_t h[static 8], const uint8_t block[static BLOCK], uint64_t end, bool last)
{
	static const uint8_t quarters[8][4] = { { 0, 4, 8, 12 },  { 1, 5, 9, 13 },  { 2, 6, 10, 14 },
						{ 3, 7, 11, 15 }, { 0, 5, 10, 15 }, { 1, 6, 11, 12 },
						{ 2, 7, 8, 13 },  { 3, 4, 9, 14 } };
	uint64_t m[16];
	uint64_t v[16];

	for (size_t i = 0; i < 16; i++)
		m[i] = kist_le_read64(block + 8 * i);
	memcpy(v, h, 8 * sizeof(*v));
	memcpy(v + 8, start, sizeof(start));
	v[12] ^= end;
	v[14] ^= last ? UINT64_MAX : 0;
	for (size_t round = 0; round < ROUNDS; round++) {
		const uint8_t *s = order[round % 10];

		for (size_t i = 0; i < 8; i++)
			mix(v, quarters[i], m[s[2 * i]], m[s[2 * i + 1]]);
	}
	for (size_t i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[i + 8];
}

void kist_blake2b(struct kist_view bytes, uint8_t *ret, size_t size)
{
	uint8_t block[BLOCK] = { 0 };
	uint8_t whole[KIST_BLAKE2B_SIZE_MAX];
	uint64_t h[8];
	uint64_t at = 0;

	memcpy(h, start, sizeof(start));
	h[0] ^= 0x01010000 ^ size;
	/* The last block is marked, and may be a full one. */
	for (; bytes.size - at > BLOCK; at += BLOCK)
		add_block(h, bytes.data + at, at + BLOCK, false);
	if (bytes.size > at)
		memcpy(block, bytes.data + at, bytes.size - at);
	add_block(h, block, bytes.size, true);
	for (size_t i = 0; i < 8; i++)
		kist_le_write64(whole + 8 * i, h[i]);
	memcpy(ret, whole, size);
}
