/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_blocks_kernel.h"
#include "csvtest.h"

/*
 * The tokenizer for many records and the one for single bytes find the same in any text, and the first leaves
 * to the second what it should.
 */

#define CELLS	  600
#define TEXT_SIZE 600

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

struct found {
	struct csv_cell cells[CELLS];
	uint32_t ends[CELLS + CSV_GROUP_SPARE];
	uint32_t stops[CELLS + CSV_GROUP_SPARE];
	struct csv_group group;
};

static void find(struct found *f, struct csv_group like, const uint8_t *text, size_t size,
		 enum csv_blocks kind)
{
	/* A copy of its own shows ASan what is read past the end. */
	uint8_t *const copy = malloc(size > 0 ? size : 1);

	memcpy(copy, text, size);
	f->group = like;
	f->group.cells = f->cells;
	f->group.ends = f->ends;
	f->group.stops = f->stops;
	if (f->group.capacity == 0)
		f->group.capacity = CELLS;
	csv_group_scan(&f->group, copy, (uint32_t)size, kind);
	free(copy);
}

/* Reads the record at @text byte by byte.  Returns its bytes; 0 if it is not as usual. */
static uint32_t read_one(struct csv_scanner *s, const struct csv_group *g, const uint8_t *text, size_t size)
{
	static struct csv_cell cells[CELLS];

	*s = (struct csv_scanner){ .cells = cells,
				   .capacity = CELLS,
				   .delimiter = g->delimiter,
				   .quote = g->quote,
				   .comment = g->comment };
	csv_scanner_begin(s);
	if (csv_scan(s, text, size, true) != CSV_SCAN_RECORD || s->count != g->width || s->size == 0)
		return 0;
	return s->next;
}

/* What was found is what the other finds; returns how many records. */
static uint32_t compare_group(const struct found *f, const uint8_t *text, size_t size)
{
	const struct csv_group *g = &f->group;
	uint32_t newlines = 0;
	uint32_t at = 0;

	for (uint32_t i = 0; i < g->count; i++) {
		struct csv_scanner s;
		const uint32_t next = read_one(&s, g, text + at, size - at);

		ck_assert_uint_ne(next, 0);
		for (uint32_t c = 0; c < g->width; c++) {
			const struct csv_cell *const cell = &g->cells[i * g->width + c];

			ck_assert_uint_eq(cell->begin, at + s.cells[c].begin);
			ck_assert_uint_eq(cell->len, s.cells[c].len);
			ck_assert_uint_eq(cell->flags, s.cells[c].flags);
			ck_assert(g->quoted || cell->flags == 0);
			ck_assert(g->escaped || (cell->flags & CSV_CELL_ESCAPED) == 0);
		}
		ck_assert(g->non_ascii || !s.non_ascii);
		newlines += s.newlines;
		at += next;
		ck_assert_uint_eq(g->stops[i] + 1, at);
	}
	ck_assert_uint_eq(g->size, at);
	ck_assert_uint_eq(g->newlines, newlines);
	return g->count;
}

/* From each record on, all kinds find the same; returns how many records they found in all. */
static uint32_t compare_all(const uint8_t *text, size_t size, struct csv_group like)
{
	static struct found found;
	uint32_t total = 0;
	size_t at = 0;

	while (at < size) {
		uint32_t counts[CSV_BLOCKS_KINDS] = { 0 };
		struct csv_scanner s;

		for (int kind = 0; kind < CSV_BLOCKS_KINDS; kind++) {
			const bool there = csv_blocks_available((enum csv_blocks)kind);

			find(&found, like, text + at, size - at,
			     there ? (enum csv_blocks)kind : CSV_BLOCKS_C);
			counts[kind] = compare_group(&found, text + at, size - at);
			ck_assert_uint_eq(counts[kind], counts[0]);
		}
		total += counts[0];
		/* What is as usual, and far enough from the end, is found. */
		if (counts[0] == 0 && read_one(&s, &like, text + at, size - at) > 0 && s.strays == 0)
			ck_assert_uint_lt(size - at, s.next + 66);
		(void)read_one(&s, &like, text + at, size - at);
		if (counts[0] == 0 && s.next == 0)
			return total;
		at += counts[0] > 0 ? found.group.size : s.next;
	}
	return total;
}

static struct csv_group group_of(uint32_t width)
{
	return (struct csv_group){ .width = width, .delimiter = ',', .quote = '"' };
}

START_TEST(every_text_of_special_bytes_is_read_alike)
{
	static const char bytes[] = "a,\"\n\r";
	static const char tail[] =
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n";
	uint8_t text[6 + sizeof(tail) - 1];

	memcpy(text + 6, tail, sizeof(tail) - 1);
	for (unsigned int number = 0; number < 5 * 5 * 5 * 5 * 5 * 5; number++) {
		unsigned int left = number;

		for (size_t i = 0; i < 6; i++, left /= 5)
			text[i] = (uint8_t)bytes[left % 5];
		(void)compare_all(text, sizeof(text), group_of(1 + number % 3));
	}
}
END_TEST

/* Cells as they should be, now and then one that is not; around the ends of blocks. */
static size_t random_text(uint8_t *text, uint64_t *state)
{
	static const char *const pieces[] = { "a",
					      "bcdefgh",
					      ",",
					      ",",
					      "\n",
					      "\r\n",
					      ",\"\",",
					      "\n\"x\"",
					      ",\"a,b\"",
					      "\"\"\"\"",
					      ",\"c\nd\"",
					      "\r",
					      ",\"e\r\nf\"\r\n",
					      ",\"g\"\"h\",",
					      "\xc3\xa9",
					      "0123456789abcdef0123456789abcdef",
					      ",\"i\"\n" };
	static const char *const odd[] = { "\"", "a\"b", "\"a\"b", "\"\"", "\n\r", "\0" };
	const size_t wanted = next_random(state) % TEXT_SIZE;
	const bool clean = next_random(state) % 2 == 0;
	size_t size = 0;

	while (size < wanted) {
		const bool is_odd = !clean && next_random(state) % 24 == 0;
		const char *const piece =
			is_odd ? odd[next_random(state) % 6]
			       : pieces[next_random(state) % (sizeof(pieces) / sizeof(pieces[0]))];
		const size_t len = strlen(piece);

		if (size + len > TEXT_SIZE)
			break;
		memcpy(text + size, piece, len);
		size += len;
	}
	return size;
}

START_TEST(long_texts_are_read_alike_from_every_record_on)
{
	uint64_t state = 7;
	uint32_t total = 0;
	uint8_t text[TEXT_SIZE];

	for (unsigned int i = 0; i < 2000; i++) {
		const size_t size = random_text(text, &state);

		total += compare_all(text, size, group_of(1 + i % 4));
	}
	ck_assert_uint_gt(total, 100);
}
END_TEST

/* @count records of @record. */
static size_t repeat(uint8_t *text, const char *record, unsigned int count)
{
	const size_t len = strlen(record);

	for (unsigned int i = 0; i < count; i++)
		memcpy(text + i * len, record, len);
	return count * len;
}

START_TEST(records_as_usual_are_found_to_the_last_block)
{
	static const char *const records[] = { "ab,cd,ef\n", "\"a,b\",\"c\"\"d\",\"e\nf\"\r\n", ",,\r",
					       "\xc3\xa9,\"\",\"\"\"\"\"\"\n" };
	const char *const record = records[_i];
	uint8_t text[TEXT_SIZE];
	const size_t size = repeat(text, record, TEXT_SIZE / 24);
	struct found f;

	find(&f, group_of(3), text, size, csv_blocks_best());
	ck_assert_uint_ge(f.group.size + 64 + strlen(record), size);
	(void)compare_group(&f, text, size);
	ck_assert_uint_eq(compare_all(text, size, group_of(3)), f.group.count);
}
END_TEST

START_TEST(what_is_not_as_usual_ends_the_group)
{
	static const char *const odd[] = {
		"\n", "a,b\n", "a,b,c,d\n", "#,,\n", "a\"b,c,d\n", "\"a\"b,c,d\n"
	};
	uint8_t text[TEXT_SIZE];
	size_t size = repeat(text, "1,2,3\n", 20);
	struct csv_group like = group_of(3);
	struct found f;

	like.comment = '#';
	size += repeat(text + size, odd[_i], 1);
	size += repeat(text + size, "1,2,3\n", 20);
	find(&f, like, text, size, csv_blocks_best());
	/* A quote inside a plain cell is no fault, but it is for the other. */
	ck_assert_uint_eq(f.group.count, 20);
	(void)compare_group(&f, text, size);
}
END_TEST

START_TEST(no_more_is_found_than_there_is_room_for)
{
	uint8_t text[TEXT_SIZE];
	const size_t size = repeat(text, "1,2,3\n", 90);
	struct csv_group like = group_of(3);
	struct found f;

	for (like.capacity = 3; like.capacity < 100; like.capacity++) {
		find(&f, like, text, size, csv_blocks_best());
		ck_assert_uint_eq(f.group.count, like.capacity / 3);
		(void)compare_group(&f, text, size);
	}
}
END_TEST

START_TEST(a_text_without_quotes_is_one_of_them_too)
{
	uint8_t text[TEXT_SIZE];
	const size_t size = repeat(text, "\"a,b\"c\n", 40);
	struct csv_group like = group_of(2);
	struct found f;

	like.quote = CSV_QUOTE_NONE;
	for (int kind = 0; kind < CSV_BLOCKS_KINDS; kind++) {
		if (!csv_blocks_available((enum csv_blocks)kind))
			continue;
		find(&f, like, text, size, (enum csv_blocks)kind);
		ck_assert_uint_gt(f.group.count, 20);
		ck_assert(!f.group.quoted);
		(void)compare_group(&f, text, size);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("blocks");

	tcase_add_test(tcase, every_text_of_special_bytes_is_read_alike);
	tcase_add_test(tcase, long_texts_are_read_alike_from_every_record_on);
	tcase_add_loop_test(tcase, records_as_usual_are_found_to_the_last_block, 0, 4);
	tcase_add_loop_test(tcase, what_is_not_as_usual_ends_the_group, 0, 6);
	tcase_add_test(tcase, no_more_is_found_than_there_is_room_for);
	tcase_add_test(tcase, a_text_without_quotes_is_one_of_them_too);
	return suite_run(tcase, "csv_blocks");
}
