/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "pack/huffman.h"
#include "pack/huffman_fours_kernel.h"

#define VECTORS ((size_t)5)
#define LEN	(VECTORS * KIST_HUFFMAN_FOURS_BYTES)

static uint8_t data[LEN];
static struct kist_huffman_code code;
static struct kist_huffman_lookup lookup;

static uint64_t code_of(uint8_t byte)
{
	return code.entries[byte] >> (64 - code.lengths[byte]);
}

/* The code of bytes that occur more or less often, all 256 of them. */
static void make_code(uint32_t seed)
{
	static struct kist_huffman_counts counts;

	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++) {
		seed = seed * 1664525u + 1013904223u;
		counts.of[0][i] = 1 + (seed >> 8) % (1u << (seed >> 28));
	}
	ck_assert(kist_huffman_make(&counts, &code));
	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++) {
		ck_assert_uint_le(code_of((uint8_t)i), UINT8_MAX);
		lookup.codes[i] = (uint8_t)code_of((uint8_t)i);
		lookup.bits[i] = code.lengths[i];
	}
}

START_TEST(fours_are_the_codes_of_four_bytes_from_the_last_on)
{
	static struct kist_huffman_fours fours[VECTORS];

	if (!kist_huffman_has_fours())
		return;
	for (uint32_t round = 1; round <= 50; round++) {
		const uint8_t *from = data + LEN;

		make_code(round);
		fill_noise(data, LEN, round);
		kist_huffman_join(&lookup, data + LEN, VECTORS, fours);
		for (size_t i = 0; i < VECTORS * KIST_HUFFMAN_FOURS; i++) {
			const struct kist_huffman_fours *const vector = &fours[i / KIST_HUFFMAN_FOURS];
			uint64_t expected = 0;
			unsigned bits = 0;

			for (int k = 0; k < 4; k++) {
				expected |= code_of(*--from) << bits;
				bits += code.lengths[*from];
			}
			ck_assert_uint_eq(vector->codes[i % KIST_HUFFMAN_FOURS], expected);
			ck_assert_uint_eq(vector->bits[i % KIST_HUFFMAN_FOURS], bits);
		}
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("huffman_fours_kernel");

	tcase_add_test(tests, fours_are_the_codes_of_four_bytes_from_the_last_on);
	return suite_run(tests, "huffman_fours_kernel");
}
