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

void csv_marks_note(struct csv_marks *m, uint64_t row, uint64_t offset)
{
	if (offset < m->next || m->failed)
		return;
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

void csv_marks_done(struct csv_marks *m)
{
	free(m->marks);
	*m = (struct csv_marks){ 0 };
}
