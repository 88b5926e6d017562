/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_runs.h"

#include "csvtest.h"

/*
 * Many cells at once make of a column what they make of it one by one.
 */

#define ROWS	  600
#define TEXT_SIZE 16384

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

struct table {
	uint8_t text[TEXT_SIZE];
	struct csv_cell cells[ROWS];
	uint32_t size;
	uint32_t count;
};

static void put(struct table *t, const char *cell, uint32_t flags)
{
	const uint32_t len = (uint32_t)strlen(cell);

	if (t->size + len > TEXT_SIZE || t->count == ROWS)
		return;
	memcpy(t->text + t->size, cell, len);
	t->cells[t->count++] = (struct csv_cell){ t->size, len, flags };
	t->size += len;
}

/* One by one. */
static void add_slowly(struct csv_column *c, const struct csv_rows *rows, uint32_t index, uint8_t nulls)
{
	for (uint32_t i = 0; i < rows->count; i++) {
		const struct csv_cell *const cell = &rows->cells[i * rows->width + index];

		if (csv_cell_is_null(cell, rows->base, rows->width, nulls))
			c->nulls++;
		else
			csv_column_add(c, rows->base + cell->begin, cell->len, rows->non_ascii);
	}
}

static void check_same(const struct csv_column *a, const struct csv_column *b)
{
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_uint_eq(a->nulls, b->nulls);
	ck_assert_uint_eq(a->values, b->values);
	ck_assert_uint_eq(a->bytes, b->bytes);
	ck_assert_uint_eq(a->len_min, b->len_min);
	ck_assert_uint_eq(a->len_max, b->len_max);
	ck_assert_uint_eq(a->trues, b->trues);
	ck_assert_uint_eq(a->finite, b->finite);
	ck_assert_int_eq(a->int_min, b->int_min);
	ck_assert_int_eq(a->int_max, b->int_max);
	ck_assert(a->min == b->min && a->max == b->max && a->mean == b->mean && a->m2 == b->m2);
	ck_assert_uint_eq(a->whole, b->whole);
	ck_assert_uint_eq(a->scale, b->scale);
	ck_assert_uint_eq(a->fixed, b->fixed);
	ck_assert_uint_eq(a->trimmed, b->trimmed);
	ck_assert_mem_eq(&a->form, &b->form, sizeof(a->form));
	ck_assert_uint_eq(a->sample->count, b->sample->count);
	ck_assert_mem_eq(a->sample->values, b->sample->values, a->sample->count * sizeof(double));
}

static void compare(const struct table *t, uint32_t width, bool non_ascii, uint8_t nulls)
{
	const struct csv_rows rows = { .base = t->text,
				       .cells = t->cells,
				       .width = width,
				       .count = t->count / width,
				       .non_ascii = non_ascii };

	for (uint32_t i = 0; i < width; i++) {
		struct csv_sample samples[2] = { { .step = 1 }, { .step = 1 } };
		struct csv_column fast = { .sample = &samples[0] };
		struct csv_column slow = { .sample = &samples[1] };

		csv_runs_add(&fast, &rows, i, nulls);
		add_slowly(&slow, &rows, i, nulls);
		csv_column_finish(&fast);
		csv_column_finish(&slow);
		check_same(&fast, &slow);
	}
}

/* What a column holds most, and what comes between. */
static const char *const pools[][8] = {
	{ "0", "7", "-12", "1234567890", "9223372036854775807", "-9223372036854775808", "12345678", "99" },
	{ "0.5", "-1.25", "1234567.875", "0.0001", "1e-05", "3.141592653589793", "-0.0", "inf" },
	{ "1.25", "-1.50", "22.00", "3.99", "100.10", "0.00", "7.77", "8.01" },
	{ "true", "false", "true", "false", "true", "true", "false", "true" },
	{ "2024-02-29", "0001-01-01", "9999-12-31", "1970-01-01", "2026-11-21", "1999-12-31", "2000-02-29",
	  "1900-03-01" },
	{ "12:00:00", "23:59:59", "00:00:00", "01:02:03", "12:34:56", "10:10:10", "09:08:07", "22:22:22" },
	{ "2024-02-29 12:00:00", "2024-02-29 12:00:01", "1970-01-01 00:00:00", "0001-01-01 00:00:00",
	  "9999-12-31 23:59:59", "2024-02-29 12:00:02", "2024-02-29 12:00:03", "2024-02-29 12:00:04" },
	{ "text", "a", "\xc3\xa9", "longer than the others", "x,y", "\"", "NA", "null" },
};

static const char *const strangers[] = {
	"", "", "", "NA", "12", "1.5", "x", "\xff", "18446744073709551615", "2024-02-30"
};

START_TEST(columns_come_out_alike)
{
	uint64_t state = 11;
	static struct table t;

	for (unsigned int i = 0; i < 300; i++) {
		const uint32_t odd_after = next_random(&state) % (2 * ROWS);

		t.size = t.count = 0;
		for (unsigned int row = 0; row < ROWS; row++) {
			const bool odd = next_random(&state) % 16 == 0;
			const uint32_t flags = next_random(&state) % 8 == 0 ? CSV_CELL_QUOTED : 0;
			/* Nulls from the start on, all else only later, so that types hold for a while. */
			const char *const stranger =
				strangers[next_random(&state) % (row < odd_after ? 3 : 10)];

			put(&t, odd ? stranger : pools[_i][next_random(&state) % 8], odd ? flags : 0);
		}
		compare(&t, 1 + next_random(&state) % 3, true, CSV_NULLS_EMPTY);
		compare(&t, 1 + next_random(&state) % 3, true, CSV_NULLS_PANDAS);
	}
}
END_TEST

START_TEST(a_column_of_plain_bytes_is_not_looked_at_as_utf8)
{
	static struct table t;
	struct csv_column c = { 0 };
	struct csv_rows rows = { .base = t.text, .cells = t.cells, .width = 1 };

	put(&t, "a", 0);
	put(&t, "\xff", 0);
	rows.count = t.count;
	csv_runs_add(&c, &rows, 0, CSV_NULLS_EMPTY);
	ck_assert_int_eq(c.kind, CSV_KIND_TEXT);
	rows.non_ascii = true;
	csv_runs_add(&c, &rows, 0, CSV_NULLS_EMPTY);
	ck_assert_int_eq(c.kind, CSV_KIND_BINARY);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("runs");

	tcase_add_loop_test(tcase, columns_come_out_alike, 0, (int)(sizeof(pools) / sizeof(pools[0])));
	tcase_add_test(tcase, a_column_of_plain_bytes_is_not_looked_at_as_utf8);
	return suite_run(tcase, "csv_runs");
}
