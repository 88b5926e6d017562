/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_marks.h"

#include <stdlib.h>

static void drop_every_second(struct csv_marks *m)
{
	for (uint32_t i = 0; i < CSV_MARKS_MAX / 2; i++)
		m->marks[i] = m->marks[(size_t)i * 2];
	m->count = CSV_MARKS_MAX / 2;
	m->step *= 2;
	m->next = m->marks[m->count - 1].offset + m->step;
}

static void begin(struct csv_marks *m, uint64_t row, uint64_t offset)
{
	m->first = (struct csv_mark){ .row = row, .offset = offset };
	m->step = CSV_MARKS_STEP;
	m->next = offset + m->step;
}

static void note(struct csv_marks *m, uint64_t row, uint64_t offset)
{
	if (m->step == 0) {
		begin(m, row, offset);
		return;
	}
	if (!m->marks) {
		m->marks = reallocarray(NULL, CSV_MARKS_MAX, sizeof(*m->marks));
		m->failed = !m->marks;
		if (m->failed)
			return;
		m->marks[m->count++] = m->first;
	}
	if (m->count == CSV_MARKS_MAX)
		drop_every_second(m);
	if (offset < m->next)
		return;
	m->marks[m->count++] = (struct csv_mark){ .row = row, .offset = offset };
	m->next = offset + m->step;
}

/* Where record @i of @rows begins in the source. */
static uint64_t offset_of(const struct csv_reader *reader, const struct csv_rows *rows, uint32_t i)
{
	const size_t start = i > 0 ? (size_t)rows->stops[i - 1] + 1 : 0;

	return reader->place + csv_encoded_size(reader->input.encoding, rows->base, start);
}

/* The first record from @low on that begins at @offset or behind it, or their number. */
static uint32_t find(const struct csv_reader *reader, const struct csv_rows *rows, uint32_t low,
		     uint64_t offset)
{
	uint32_t high = rows->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (offset_of(reader, rows, middle) < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void csv_marks_add(struct csv_marks *m, const struct csv_reader *reader, const struct csv_rows *rows,
		   uint64_t row)
{
	uint32_t i = 0;

	while (!m->failed && reader->place + reader->last_place > m->next) {
		i = find(reader, rows, i, m->next);
		if (i == rows->count)
			return;
		note(m, row + i, offset_of(reader, rows, i));
	}
}

void csv_marks_done(struct csv_marks *m)
{
	free(m->marks);
	*m = (struct csv_marks){ 0 };
}
