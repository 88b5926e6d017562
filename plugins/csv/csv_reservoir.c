/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_reservoir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_kernel.h"

#define REPLACEMENT "\xef\xbf\xbd"
/* What a cell takes at most: each byte as an escape, quotes, and a comma. */
#define CELL_JSON_MAX (CSV_RESERVOIR_CELL_SIZE * 6 + 3)

/* Of numbers in a row, hashes that have nothing of it any more (SplitMix64). */
static inline uint64_t hash_of(uint64_t row)
{
	uint64_t z = (row + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* One character of @len bytes, or what stands for it.  Returns the bytes read. */
static size_t put_character(char *to, size_t *size, const uint8_t *from, size_t len)
{
	const size_t step = *from == 0 ? 0 : csv_utf8_step(from, len);

	if (step == 1 && (*from < 0x20 || *from == 0x7f)) {
		*size += (size_t)snprintf(to + *size, 7, "\\u%04x", *from);
	} else if (step > 0) {
		if (*from == '"' || *from == '\\')
			to[(*size)++] = '\\';
		memcpy(to + *size, from, step);
		*size += step;
	} else {
		memcpy(to + *size, REPLACEMENT, 3);
		*size += 3;
	}
	return step > 0 ? step : 1;
}

/* The cell in JSON, of at most CELL_JSON_MAX bytes.  Returns their number. */
static size_t put_cell(char *to, const uint8_t *text, size_t len)
{
	size_t size = 0;
	size_t at = 0;

	to[size++] = '"';
	while (at < len && at < CSV_RESERVOIR_CELL_SIZE) {
		const size_t before = size;
		const size_t next = at + put_character(to, &size, text + at, len - at);

		if (next > CSV_RESERVOIR_CELL_SIZE) {
			size = before;
			break;
		}
		at = next;
	}
	to[size++] = '"';
	return size;
}

/* Row @i in JSON: as many of its first cells as there is room for. */
static void keep(struct csv_picked *to, const struct csv_rows *rows, uint32_t i, uint8_t nulls)
{
	const struct csv_cell *const cells = rows->cells + (size_t)i * rows->width;
	size_t size = 0;

	to->text[size++] = '[';
	for (uint32_t k = 0; k < rows->width; k++) {
		char cell[CELL_JSON_MAX + 8] = "null";
		size_t n = 4;

		if (!csv_cell_is_null(&cells[k], rows->base, rows->width, nulls))
			n = put_cell(cell, rows->base + cells[k].begin, cells[k].len);
		if (size + n + 2 > sizeof(to->text))
			break;
		if (k > 0)
			to->text[size++] = ',';
		memcpy(to->text + size, cell, n);
		size += n;
	}
	to->text[size++] = ']';
	to->size = (uint32_t)size;
}

static void find_largest(struct csv_reservoir *r)
{
	r->largest = 0;
	for (uint32_t i = 1; i < CSV_RESERVOIR_ROWS; i++)
		r->largest = r->picked[i].hash > r->picked[r->largest].hash ? i : r->largest;
	r->limit = r->picked[r->largest].hash;
}

static __attribute__((noinline)) void take(struct csv_reservoir *r, const struct csv_rows *rows, uint32_t i,
					   uint64_t row, uint8_t nulls)
{
	struct csv_picked *const to = &r->picked[r->count < CSV_RESERVOIR_ROWS ? r->count : r->largest];

	to->hash = hash_of(row);
	to->row = row;
	keep(to, rows, i, nulls);
	if (r->count < CSV_RESERVOIR_ROWS)
		r->count++;
	if (r->count == CSV_RESERVOIR_ROWS)
		find_largest(r);
}

void csv_reservoir_add(struct csv_reservoir *r, const struct csv_rows *rows, uint64_t row, uint8_t nulls)
{
	uint32_t i = 0;

	for (; i < rows->count && r->count < CSV_RESERVOIR_ROWS; i++)
		take(r, rows, i, row + i, nulls);
	for (; i < rows->count; i++) {
		if (hash_of(row + i) < r->limit)
			take(r, rows, i, row + i, nulls);
	}
}

static int compare_rows(const void *a, const void *b)
{
	const struct csv_picked *const x = a;
	const struct csv_picked *const y = b;

	return (x->row > y->row) - (x->row < y->row);
}

void csv_reservoir_sort(struct csv_reservoir *r)
{
	qsort(r->picked, r->count, sizeof(r->picked[0]), compare_rows);
}
