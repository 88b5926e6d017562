/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>

#include "pack/filter_cells.h"

#define LEN ((size_t)300000)

static uint8_t raw[LEN];
static uint8_t body[2 * LEN];
static uint8_t back[LEN];

static uint32_t next(void)
{
	static uint32_t seed = 9;

	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

/* Rows whose cells have @delimiter between them. */
static size_t fill(size_t len, char delimiter)
{
	size_t at = 0;

	while (len - at > 64)
		at += (size_t)snprintf((char *)raw + at, 64, "%u%csensor-%02u%c%u.%03u%c%s\n",
				       (unsigned)(at / 30), delimiter, next() % 40, delimiter,
				       10 + next() % 40, next() % 1000, delimiter,
				       next() % 2 ? "late" : "ok");
	return at;
}

/* There and back; the filter. */
static uint8_t round_trip(size_t len, enum kist_filter_level level, const struct kist_filter_guess *guess,
			  struct kist_filter_choice *ret, size_t *ret_size)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const struct kist_filter_input input = { .raw = kist_view_of(raw, len),
						 .level = level,
						 .guess = guess };
	struct kist_filter_body encoded;

	ck_assert_int_eq(kist_filter_encode(&filter, &input, body, ret_size, ret, NULL), KIST_OK);
	ck_assert_uint_gt(*ret_size, 0);
	encoded = (struct kist_filter_body){ .body = kist_view_of(body, *ret_size), .choice = *ret };
	ck_assert_int_eq(kist_filter_decode(&filter, &encoded, back, len, NULL), KIST_OK);
	ck_assert_mem_eq(back, raw, len);
	return ret->filter;
}

START_TEST(a_table_is_found_by_its_delimiter)
{
	static const char delimiters[] = { ',', '\t', ';', '|', ' ' };

	for (size_t i = 0; i < sizeof(delimiters); i++) {
		struct kist_filter_cells cells;

		ck_assert(kist_filter_cells_find(kist_view_of(raw, fill(LEN, delimiters[i])), &cells));
		ck_assert_int_eq(cells.delimiter, delimiters[i]);
		ck_assert_uint_eq(cells.columns, 4);
	}
}
END_TEST

START_TEST(other_text_is_none)
{
	struct kist_filter_cells cells;

	fill_noise(raw, LEN, 1);
	ck_assert(!kist_filter_cells_find(kist_view_of(raw, LEN), &cells));
	memset(raw, 'x', LEN);
	ck_assert(!kist_filter_cells_find(kist_view_of(raw, LEN), &cells));
	memset(raw, '\n', LEN);
	ck_assert(!kist_filter_cells_find(kist_view_of(raw, LEN), &cells));
	for (size_t i = 0; i < LEN; i++)
		raw[i] = (uint8_t)(next() % 8 == 0 ? ' ' : next() % 50 == 0 ? '\n' : 'a' + next() % 26);
	ck_assert(!kist_filter_cells_find(kist_view_of(raw, LEN), &cells));
	ck_assert(!kist_filter_cells_find(kist_view_of(raw, 1), &cells));
	/* More cells than there may be columns. */
	for (size_t i = 0; i < LEN; i++)
		raw[i] = i % 300 == 299 ? '\n' : ',';
	ck_assert(!kist_filter_cells_find(kist_view_of(raw, LEN), &cells));
}
END_TEST

START_TEST(a_table_takes_half_of_what_plain_zstd_does)
{
	const size_t len = fill(LEN, ',');

	for (int level = KIST_FILTER_FAST; level <= KIST_FILTER_ARCHIVE; level++) {
		struct kist_filter_choice choice;
		size_t size;

		ck_assert_uint_eq(round_trip(len, (enum kist_filter_level)level, NULL, &choice, &size),
				  KIST_FILTER_CELLS);
		ck_assert(!choice.is_guess);
		ck_assert_uint_lt(size, len / 6);
	}
}
END_TEST

START_TEST(short_tables_and_text_that_repeats_itself_stay_as_they_are)
{
	struct kist_filter_choice choice;
	size_t size;

	ck_assert_uint_eq(round_trip(fill(KIST_FILTER_CELLS_SIZE_MIN - 1, ','), KIST_FILTER_DEFAULT, NULL,
				     &choice, &size),
			  KIST_FILTER_NONE);
	/* The same hundred rows again and again. */
	(void)fill(LEN, ',');
	for (size_t at = 3000; at < LEN; at++)
		raw[at] = raw[at - 3000];
	ck_assert_uint_eq(round_trip(LEN, KIST_FILTER_DEFAULT, NULL, &choice, &size), KIST_FILTER_NONE);
}
END_TEST

START_TEST(what_the_text_before_was_best_with_is_taken_where_it_is_as_good)
{
	size_t len = fill(LEN, ',');
	struct kist_filter_guess guess;
	struct kist_filter_choice choice;
	size_t size;

	(void)round_trip(len, KIST_FILTER_DEFAULT, NULL, &guess.choice, &size);
	guess.ratio = (double)size / (double)len;
	len = fill(LEN, ',');
	ck_assert_uint_eq(round_trip(len, KIST_FILTER_DEFAULT, &guess, &choice, &size), KIST_FILTER_CELLS);
	ck_assert(choice.is_guess);
	/* Another table is found all the same. */
	(void)round_trip(fill(LEN, ';'), KIST_FILTER_DEFAULT, &guess, &choice, &size);
	ck_assert_uint_eq(choice.params[0], ';');
	guess.ratio /= 2;
	len = fill(LEN, ',');
	ck_assert_uint_eq(round_trip(len, KIST_FILTER_DEFAULT, &guess, &choice, &size), KIST_FILTER_CELLS);
	ck_assert(!choice.is_guess);
}
END_TEST

START_TEST(rows_that_come_again_from_afar_stay_as_they_are)
{
	const size_t len = fill(LEN, ',');
	struct kist_filter_guess guess;
	struct kist_filter_choice choice;
	size_t size;
	size_t without;

	(void)round_trip(len, KIST_FILTER_DEFAULT, NULL, &guess.choice, &size);
	/* More than a trial sees, in lines that begin anywhere in a word. */
	for (size_t at = 40001; at < len; at++)
		raw[at] = raw[at - 40001];
	ck_assert_uint_eq(round_trip(len, KIST_FILTER_DEFAULT, NULL, &choice, &without), KIST_FILTER_NONE);
	ck_assert_uint_lt(without, size / 2);
	/* Nor is the way of the text before taken, though the cells are as small as they were there. */
	guess.ratio = (double)size / (double)len;
	ck_assert_uint_eq(round_trip(len, KIST_FILTER_DEFAULT, &guess, &choice, &without), KIST_FILTER_NONE);
	ck_assert(!choice.is_guess);
	ck_assert_uint_lt(without, size / 2);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
	const struct kist_filter_input input = { .raw = kist_view_of(raw, fill(LEN, ',')),
						 .level = KIST_FILTER_DEFAULT };
	struct kist_filter_choice choice;
	kist_status status = KIST_NO_MEMORY;
	size_t size;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;

		kist_mem_fail_at(k);
		status = kist_filter_encode(&filter, &input, body, &size, &choice, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 20);
	}
	ck_assert_uint_eq(choice.filter, KIST_FILTER_CELLS);
}
END_TEST

START_TEST(cells_that_do_not_go_with_the_record_are_refused)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const size_t len = fill(LEN, ',');
	struct kist_filter_body wrong;
	struct kist_filter_choice choice;
	size_t size;

	(void)round_trip(len, KIST_FILTER_DEFAULT, NULL, &choice, &size);
	wrong.body = kist_view_of(body, size);
	wrong.base = kist_view_of(NULL, 0);
	wrong.choice = choice;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, len - 1, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, len + 1, NULL), KIST_CORRUPT);
	wrong.base = kist_view_of(raw, len);
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, len, NULL), KIST_CORRUPT);
	wrong.base.size = 0;
	/* But for the delimiter, which gives other bytes. */
	for (size_t at = 1; at < KIST_FILTER_PARAMS_SIZE; at++) {
		wrong.choice = choice;
		wrong.choice.params[at] ^= 2;
		ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, len, NULL), KIST_CORRUPT);
	}
	wrong.choice.params[0] = '\n';
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, len, NULL), KIST_CORRUPT);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("filter_cells");

	tcase_add_test(tests, a_table_is_found_by_its_delimiter);
	tcase_add_test(tests, other_text_is_none);
	tcase_add_test(tests, a_table_takes_half_of_what_plain_zstd_does);
	tcase_add_test(tests, short_tables_and_text_that_repeats_itself_stay_as_they_are);
	tcase_add_test(tests, what_the_text_before_was_best_with_is_taken_where_it_is_as_good);
	tcase_add_test(tests, rows_that_come_again_from_afar_stay_as_they_are);
	tcase_add_test(tests, every_failed_allocation_is_reported);
	tcase_add_test(tests, cells_that_do_not_go_with_the_record_are_refused);
	return suite_run(tests, "filter_cells");
}
