/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>

#include "pack/filter_cells_kernel.h"

#define LEN_MAX ((size_t)300000)

static uint8_t raw[LEN_MAX];
static uint8_t lengths[LEN_MAX];
static uint8_t filtered[2 * LEN_MAX];
static uint8_t back[LEN_MAX + 1];
static size_t len;

static bool forward(struct kist_filter_cells *cells)
{
	return kist_filter_cells_forward(kist_filter_ops_best(), cells, raw, len, lengths, sizeof(filtered),
					 filtered);
}

static bool backward(const struct kist_filter_cells *cells, size_t size)
{
	memset(back, 0x55, sizeof(back));
	return kist_filter_cells_back(kist_filter_ops_best(), cells, filtered, back, size);
}

/* There and back, with all streams; how many bytes are left. */
static size_t both_ways(struct kist_filter_cells *cells)
{
	struct kist_filter_cells_walk walk = { .at = 0 };
	size_t all = 0;
	size_t size;
	bool is_text;

	ck_assert(forward(cells));
	while ((size = kist_filter_cells_next(cells, filtered, &walk, &is_text)) > 0)
		all += size;
	ck_assert_uint_eq(all, cells->size);
	ck_assert(backward(cells, len));
	ck_assert_mem_eq(back, raw, len);
	ck_assert_uint_eq(back[len], 0x55);
	/* Not one byte more or less. */
	ck_assert(!backward(cells, len - 1));
	ck_assert_uint_eq(back[len - 1], 0x55);
	ck_assert(!backward(cells, len + 1));
	return all;
}

static void put(const char *text)
{
	const size_t size = strlen(text);

	ck_assert_uint_le(size, LEN_MAX - len);
	memcpy(raw + len, text, size);
	len += size;
}

static uint32_t next(void)
{
	static uint32_t seed = 5;

	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

/* A text as of a logger. */
static void put_rows(size_t rows)
{
	static const char *const words[] = { "ok", "late", "", "unknown" };

	for (size_t i = 0; i < rows; i++) {
		char row[200];

		snprintf(row, sizeof(row), "%zu,sensor-%02u,%u.%03u,%.*s,%s,%d\n", i + 990, next() % 40,
			 next() % 50, next() % 1000, (int)(next() % 30), "a text that is not always as long",
			 words[next() % 4], (int)(next() % 2000) - 1000);
		put(row);
	}
}

START_TEST(rows_come_back_and_take_few_bytes)
{
	struct kist_filter_cells cells = { .delimiter = ',', .columns = 6 };

	len = 0;
	put_rows(5000);
	ck_assert_uint_lt(both_ways(&cells), len * 2 / 3);
	ck_assert_uint_ge(cells.rows, 4998);
	ck_assert_uint_eq(cells.others, 1);
}
END_TEST

START_TEST(what_is_no_row_comes_back_too)
{
	struct kist_filter_cells cells = { .delimiter = ',', .columns = 6 };

	len = 0;
	put("half of a line, and no more\nand a title\n\n");
	put_rows(700);
	put("\"a, b\",\"c\nd\",,,,,,,\n\n,,,,,\n");
	put_rows(300);
	put("\n");
	put_rows(1);
	put("the end,of a,table");
	(void)both_ways(&cells);
	ck_assert_uint_eq(cells.rows, 1002);
	ck_assert_uint_eq(cells.others, 4);
}
END_TEST

START_TEST(cells_of_every_width_come_back)
{
	for (size_t width = 0; width < 300; width += width < 40 ? 1 : 43) {
		struct kist_filter_cells cells = { .delimiter = '\t', .columns = 3 };

		len = 0;
		put("0123456789012345678901234567890123456789\n");
		for (size_t i = 0; i < 300; i++) {
			char row[400];

			snprintf(row, sizeof(row), "%0*zu\t%.*s\tx\n", (int)width, i,
				 (int)(width < 2 ? width : width - i % 3),
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNO");
			put(row);
		}
		if (width <= KIST_FILTER_CELLS_LEN_MAX)
			(void)both_ways(&cells);
		else
			ck_assert(!forward(&cells));
	}
}
END_TEST

START_TEST(any_number_of_columns_comes_back)
{
	static const size_t counts[] = { 1, 2, 7, 64, 254, 255 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct kist_filter_cells cells = { .delimiter = ' ', .columns = (uint8_t)counts[i] };

		len = 0;
		for (size_t k = 0; k < 100 * counts[i]; k++) {
			char cell[16];

			snprintf(cell, sizeof(cell), "%u%c", next() % 100000,
				 k % counts[i] + 1 == counts[i] ? '\n' : ' ');
			put(cell);
		}
		(void)both_ways(&cells);
		ck_assert_uint_ge(cells.rows, 90);
	}
}
END_TEST

START_TEST(all_instruction_sets_give_the_same)
{
	struct kist_filter_cells cells = { .delimiter = ',', .columns = 6 };
	struct kist_filter_cells scalar = cells;
	static uint8_t again[2 * LEN_MAX];

	len = 0;
	put_rows(3001);
	ck_assert(forward(&cells));
	ck_assert(kist_filter_cells_forward(kist_filter_ops_of(KIST_FILTER_SCALAR), &scalar, raw, len,
					    lengths, sizeof(again), again));
	ck_assert_uint_eq(scalar.size, cells.size);
	ck_assert_mem_eq(again, filtered, cells.size);
	ck_assert(
		kist_filter_cells_back(kist_filter_ops_of(KIST_FILTER_SCALAR), &cells, filtered, back, len));
	ck_assert_mem_eq(back, raw, len);
}
END_TEST

START_TEST(what_are_no_cells_is_left_alone)
{
	struct kist_filter_cells cells = { .delimiter = ',', .columns = 6 };

	len = 0;
	put_rows(10);
	ck_assert(!forward(&cells)); /* too few rows */
	put_rows(1000);
	ck_assert(forward(&cells));
	raw[len / 2] = 0;
	ck_assert(!forward(&cells));
	raw[len / 2] = '1';
	cells.columns = 5;
	ck_assert(!forward(&cells));
	/* A stretch behind each row. */
	cells.columns = 2;
	len = 0;
	for (size_t i = 0; i < KIST_FILTER_CELLS_OTHERS_MAX; i++)
		put("1,2\n-\n");
	ck_assert(forward(&cells));
	for (size_t i = 0; i < 16; i++)
		put("1,2\n-\n");
	ck_assert(!forward(&cells));
}
END_TEST

START_TEST(short_room_is_told)
{
	struct kist_filter_cells cells = { .delimiter = ',', .columns = 6 };
	size_t size;

	len = 0;
	put_rows(2000);
	put("a long line that is no row, which takes some room as well\n");
	ck_assert(forward(&cells));
	for (size = 0; size < sizeof(filtered); size += 997) {
		uint8_t *const room = kist_alloc(size + 1, 1);
		const bool fits = kist_filter_cells_forward(kist_filter_ops_best(), &cells, raw, len, lengths,
							    size, room);

		kist_free(room);
		if (fits)
			break;
	}
	ck_assert_uint_ge(size, cells.size);
	ck_assert_uint_lt(size, sizeof(filtered));
}
END_TEST

START_TEST(damage_is_refused_or_gives_other_bytes)
{
	struct kist_filter_cells cells = { .delimiter = ',', .columns = 6 };
	static uint8_t kept[2 * LEN_MAX];
	size_t refused = 0;

	len = 0;
	put_rows(500);
	put("no row\n");
	put_rows(3);
	ck_assert(forward(&cells));
	memcpy(kept, filtered, cells.size);
	for (size_t i = 0; i < 4000; i++) {
		struct kist_filter_cells wrong = cells;
		const size_t at = i < 400 ? i : next() % cells.size;

		filtered[at] ^= (uint8_t)(1 + next() % 255);
		if (i % 5 == 0)
			wrong.rows += next() % 3 - 1;
		if (i % 7 == 0)
			wrong.others ^= next() % 4;
		if (i % 11 == 0)
			wrong.columns = (uint8_t)(1 + next() % 255);
		if (wrong.rows <= len / wrong.columns) {
			refused += !backward(&wrong, len);
			ck_assert_uint_eq(back[len], 0x55);
		}
		filtered[at] = kept[at];
	}
	ck_assert_uint_gt(refused, 400);
	/* Fewer bytes than they say. */
	for (size_t size = 0; size < cells.size; size += 1 + size / 50) {
		struct kist_filter_cells cut = cells;
		uint8_t *const some = kist_alloc(size + 1, 1);

		memcpy(some, filtered, size);
		cut.size = (uint32_t)size;
		ck_assert(!kist_filter_cells_back(kist_filter_ops_best(), &cut, some, back, len));
		kist_free(some);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("filter_cells_kernel");

	tcase_add_test(tests, rows_come_back_and_take_few_bytes);
	tcase_add_test(tests, what_is_no_row_comes_back_too);
	tcase_add_test(tests, cells_of_every_width_come_back);
	tcase_add_test(tests, any_number_of_columns_comes_back);
	tcase_add_test(tests, all_instruction_sets_give_the_same);
	tcase_add_test(tests, what_are_no_cells_is_left_alone);
	tcase_add_test(tests, short_room_is_told);
	tcase_add_test(tests, damage_is_refused_or_gives_other_bytes);
	return suite_run(tests, "filter_cells_kernel");
}
