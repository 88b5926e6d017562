/* SPDX-License-Identifier: Apache-2.0 */
#include "npytest.h"
#include "numpy_kernel.h"

START_TEST(swapping_turns_each_number_round_at_any_address)
{
	const char *const from = "0123456789abcdef";
	static const struct {
		size_t width;
		const char *to;
	} rows[] = { { 1, "0123456789abcdef" }, { 2, "1032547698badcfe" }, { 4, "32107654ba98fedc" },
		     { 8, "76543210fedcba98" } };

	for (size_t i = 0; i < 4; i++) {
		for (size_t shift = 0; shift < 3; shift++) {
			char data[20];

			memcpy(data + shift, from, 16);
			npy_swap(data + shift, 16, rows[i].width);
			ck_assert_mem_eq(data + shift, rows[i].to, 16);
		}
	}
}
END_TEST

/* Walks in steps of @step and compares with the plain loop over three dimensions. */
static void walk_like_a_loop(size_t item_size, const uint64_t *size, const int64_t *stride, size_t step)
{
	uint8_t memory[4096];
	uint8_t expected[1024];
	uint8_t actual[1024];
	const uint8_t *base = memory + 2048;
	const size_t count = (size_t)(size[0] * size[1] * size[2]);
	struct npy_walk walk;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(i * 31 + i / 256);
	for (size_t i = 0; i < count; i++) {
		const int64_t a = (int64_t)(i / (size[1] * size[2]));
		const int64_t b = (int64_t)(i / size[2] % size[1]);
		const int64_t c = (int64_t)(i % size[2]);

		memcpy(expected + i * item_size, base + a * stride[0] + b * stride[1] + c * stride[2], item_size);
	}
	npy_walk_init(&walk, base, item_size, 3, size, stride);
	while (at < count) {
		const size_t part = count - at < step ? count - at : step;

		npy_walk_fill(&walk, actual + at * item_size, part);
		at += part;
	}
	ck_assert_mem_eq(actual, expected, count * item_size);
}

START_TEST(a_walk_gives_the_elements_in_order_whatever_the_strides_and_steps)
{
	static const size_t items[] = { 1, 2, 4, 8, 16, 3 };
	static const uint64_t sizes[][3] = { { 2, 3, 4 }, { 1, 1, 1 }, { 1, 7, 1 }, { 3, 1, 5 }, { 4, 4, 1 } };

	for (size_t k = 0; k < 6; k++) {
		const int64_t item = (int64_t)items[k];

		for (size_t s = 0; s < 5; s++) {
			const int64_t b = (int64_t)sizes[s][1];
			const int64_t c = (int64_t)sizes[s][2];
			const int64_t strides[][3] = {
				{ b * c * item, c * item, item },      { item, 4 * item, 16 * item },
				{ -b * c * item, c * item, -item },    { 0, item, 0 },
				{ 2 * b * c * item, 2 * c * item, 2 * item }, { 7, -13, 5 },
			};

			for (size_t t = 0; t < 6; t++) {
				for (size_t step = 1; step < 12; step += 5)
					walk_like_a_loop(items[k], sizes[s], strides[t], step);
			}
		}
	}
}
END_TEST

START_TEST(dimensions_that_lie_as_one_are_joined)
{
	static const uint64_t size[] = { 2, 1, 3, 4 };
	static const int64_t flat[] = { 48, -7, 16, 4 };
	static const int64_t gap[] = { 64, 0, 16, 4 };
	uint8_t memory[128] = { 0 };
	struct npy_walk walk;

	npy_walk_init(&walk, memory, 4, 4, size, flat);
	ck_assert_int_eq(walk.rank, 1);
	ck_assert(npy_walk_is_flat(&walk));
	npy_walk_init(&walk, memory, 4, 4, size, gap);
	ck_assert_int_eq(walk.rank, 2);
	ck_assert(!npy_walk_is_flat(&walk));
}
END_TEST

NPYTEST_MAIN("numpy_kernel", swapping_turns_each_number_round_at_any_address,
	     a_walk_gives_the_elements_in_order_whatever_the_strides_and_steps, dimensions_that_lie_as_one_are_joined)
