/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_SIZE    ((uint64_t)1 << 20)
#define BUF_SIZE_MAX ((size_t)CSV_LINE_SIZE_MAX + 2 + CSV_PIECE_SIZE)
#define CELLS_MIN    64u

kist_status csv_fault_set(struct csv_fault *fault, kist_status status, const char *code, uint64_t offset,
			  const char *format, ...)
{
	va_list args;

	if (fault->status != KIST_OK)
		return status;
	fault->status = status;
	fault->offset = offset;
	snprintf(fault->code, sizeof(fault->code), "%s", code);
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return status;
}

kist_status csv_fault_raise(const struct csv_fault *fault, struct kist_call *call)
{
	if (fault->text[0] == '\0')
		return fault->status;
	return call->fail(call, fault->status, fault->code[0] ? fault->code : NULL, fault->offset,
			  fault->text, strlen(fault->text));
}

/* For each record: so not all of the texts. */
static void clear_fault(struct csv_reader *r)
{
	r->fault.status = KIST_OK;
	r->fault.code[0] = '\0';
	r->fault.offset = KIST_NO_OFFSET;
	r->fault.text[0] = '\0';
}

static kist_status no_memory(struct csv_reader *r)
{
	return csv_fault_set(&r->fault, KIST_NO_MEMORY, "", KIST_NO_OFFSET, "no memory to read the table");
}

/* A status of the host is passed on as it is, without a text. */
static kist_status pass(struct csv_reader *r, kist_status status)
{
	if (status != KIST_OK && r->fault.status == KIST_OK)
		r->fault = (struct csv_fault){ .status = status, .offset = KIST_NO_OFFSET };
	return status;
}

static bool at_end(const struct csv_reader *r)
{
	return r->offset + r->end >= r->source->size;
}

static kist_status poll_call(struct csv_reader *r)
{
	const uint64_t now = r->offset + r->end;

	if (!r->call || (now > 0 && now - r->polled < POLL_SIZE))
		return KIST_OK;
	r->polled = now;
	return pass(r, r->call->poll(r->call));
}

/* Makes room for one more piece behind the bytes in use. */
static kist_status make_room(struct csv_reader *r)
{
	const size_t used = r->end - r->begin;
	size_t capacity = r->capacity ? r->capacity : CSV_PIECE_SIZE;
	uint8_t *grown;

	if (r->end < r->capacity)
		return KIST_OK;
	if (r->begin > 0) {
		memmove(r->buf, r->buf + r->begin, used);
		r->offset += r->begin;
		r->begin = 0;
		r->end = used;
	}
	if (used <= r->capacity / 2 && r->capacity > 0)
		return KIST_OK;
	if (r->capacity > 0)
		capacity = r->capacity * 2;
	if (capacity > BUF_SIZE_MAX)
		capacity = BUF_SIZE_MAX;
	if ((uint64_t)capacity > r->source->size - r->offset)
		capacity = (size_t)(r->source->size - r->offset);
	if (capacity <= r->capacity)
		return KIST_OK;
	grown = realloc(r->buf, capacity);
	if (!grown)
		return no_memory(r);
	r->buf = grown;
	r->capacity = capacity;
	return KIST_OK;
}

/* Reads at least one byte more.  Not called at the end. */
static kist_status fill(struct csv_reader *r)
{
	const uint64_t left = r->source->size - r->offset - r->end;
	kist_status status = make_room(r);
	size_t want = 0;
	size_t got = 0;

	if (status != KIST_OK)
		return status;
	want = r->capacity - r->end;
	want = want > CSV_PIECE_SIZE ? CSV_PIECE_SIZE : want;
	want = want > left ? (size_t)left : want;
	status = pass(r, r->source->read_at(r->source, r->offset + r->end, r->buf + r->end, want, &got));
	if (status != KIST_OK)
		return status;
	if (got == 0 || got > want)
		return csv_fault_set(&r->fault, KIST_CORRUPT, "E_TRUNCATED", r->offset + r->end,
				     "the source ends before its size of %llu bytes",
				     (unsigned long long)r->source->size);
	r->end += got;
	return poll_call(r);
}

static kist_status grow_cells(struct csv_reader *r)
{
	uint32_t capacity = r->scanner.capacity ? r->scanner.capacity * 2 : CELLS_MIN;
	struct csv_cell *grown;

	capacity = capacity > CSV_COLUMNS_MAX ? CSV_COLUMNS_MAX : capacity;
	grown = reallocarray(r->scanner.cells, capacity, sizeof(*grown));
	if (!grown)
		return no_memory(r);
	r->scanner.cells = grown;
	r->scanner.capacity = capacity;
	return KIST_OK;
}

static kist_status sniff(struct csv_reader *r)
{
	size_t len;

	while (!at_end(r) && r->end < CSV_HEAD_SIZE + CSV_BOM_SIZE) {
		const kist_status status = fill(r);

		if (status != KIST_OK)
			return status;
	}
	if (csv_is_utf16(r->buf, r->end))
		return csv_fault_set(&r->fault, KIST_UNSUPPORTED, "E_ENCODING", 0,
				     "the text is UTF-16: convert it to UTF-8");
	r->dialect.bom = csv_has_bom(r->buf, r->end);
	r->begin = r->dialect.bom ? CSV_BOM_SIZE : 0;
	len = r->end - r->begin;
	if (r->dialect.delimiter == 0)
		r->dialect.delimiter = csv_sniff(r->buf + r->begin, len, at_end(r)).delimiter;
	r->scanner.delimiter = r->dialect.delimiter;
	return KIST_OK;
}

kist_status csv_reader_open(struct csv_reader *r, struct kist_source *source, struct kist_call *call,
			    struct csv_dialect dialect)
{
	kist_status status;

	*r = (struct csv_reader){ .source = source, .call = call, .dialect = dialect, .line = 1 };
	r->fault.offset = KIST_NO_OFFSET;
	status = poll_call(r);
	if (status == KIST_OK)
		status = grow_cells(r);
	if (status == KIST_OK && source->size > 0)
		status = sniff(r);
	if (r->dialect.delimiter == 0)
		r->dialect.delimiter = r->scanner.delimiter = ',';
	return status;
}

void csv_reader_close(struct csv_reader *r)
{
	free(r->buf);
	free(r->scanner.cells);
	r->buf = NULL;
	r->scanner.cells = NULL;
	r->capacity = r->begin = r->end = 0;
}

/* Line, counted from 1, of the byte that the scanner stands at. */
static unsigned long long line_here(const struct csv_reader *r)
{
	return r->line + r->scanner.newlines;
}

static kist_status text_fault(struct csv_reader *r, enum csv_scan result)
{
	const struct csv_scanner *s = &r->scanner;
	const uint64_t start = r->offset + r->begin;
	const unsigned int column = s->count + 1;

	switch (result) {
	case CSV_SCAN_BAD_QUOTE:
		return csv_fault_set(&r->fault, KIST_CORRUPT, "E_QUOTE", start + s->at,
				     "line %llu, column %u: text follows the closing quote", line_here(r),
				     column);
	case CSV_SCAN_OPEN_QUOTE:
		return csv_fault_set(&r->fault, KIST_CORRUPT, "E_QUOTE", start + s->cell_begin,
				     "line %llu, column %u: the quote is never closed", line_here(r), column);
	case CSV_SCAN_LONG:
		return csv_fault_set(&r->fault, KIST_LIMIT, "E_LINE_TOO_LONG", start,
				     "line %llu, column %u: the record is longer than %u bytes",
				     (unsigned long long)r->line, column, CSV_LINE_SIZE_MAX);
	default:
		return csv_fault_set(&r->fault, KIST_LIMIT, "E_OVERFLOW", start,
				     "line %llu, column %u: the record has more than %u cells",
				     (unsigned long long)r->line, column, CSV_COLUMNS_MAX);
	}
}

/* Goes behind the record that was given last. */
static void advance(struct csv_reader *r)
{
	if (r->last_size > 0)
		csv_scanner_next(&r->scanner);
	else
		csv_scanner_begin(&r->scanner);
	r->begin += r->last_size;
	r->line += r->last_lines;
	r->last_size = 0;
	r->last_lines = 0;
}

/* Brings one record into the buffer, blank or not.  *@ret_found is false at the end of the text. */
static kist_status scan_record(struct csv_reader *r, bool *ret_found)
{
	advance(r);
	for (;;) {
		enum csv_scan result = CSV_SCAN_MORE;
		kist_status status = KIST_OK;

		*ret_found = r->begin < r->end;
		if (!*ret_found && at_end(r))
			return KIST_OK;
		if (*ret_found)
			result = csv_scan(&r->scanner, r->buf + r->begin, r->end - r->begin, at_end(r));
		if (result == CSV_SCAN_RECORD)
			return KIST_OK;
		if (result == CSV_SCAN_MORE)
			status = fill(r);
		else if (result == CSV_SCAN_CELLS)
			status = grow_cells(r);
		else
			status = text_fault(r, result);
		if (status != KIST_OK)
			return status;
	}
}

static void note_newline(struct csv_reader *r)
{
	const struct csv_scanner *s = &r->scanner;
	const uint8_t *at = r->buf + r->begin + s->size;

	if (s->next - s->size == 2)
		r->newline = CSV_NEWLINE_CRLF;
	else if (s->next > s->size)
		r->newline = *at == '\n' ? CSV_NEWLINE_LF : CSV_NEWLINE_CR;
}

static kist_status check_width(struct csv_reader *r)
{
	const uint32_t count = r->scanner.count;
	const uint32_t common = count < r->width ? count : r->width;

	if (r->width == 0)
		r->width = count;
	if (count == r->width)
		return KIST_OK;
	return csv_fault_set(&r->fault, KIST_CORRUPT, "E_RAGGED", r->offset + r->begin,
			     "line %llu, column %u: the record has %u cell%s, the first one %u",
			     (unsigned long long)r->line, common + 1, count, count == 1 ? "" : "s", r->width);
}

static void unescape_cells(struct csv_reader *r)
{
	const struct csv_scanner *s = &r->scanner;

	for (uint32_t i = 0; i < r->scanner.count; i++) {
		struct csv_cell *cell = &r->scanner.cells[i];

		if ((cell->flags & CSV_CELL_ESCAPED) != 0)
			cell->len = (uint32_t)csv_unescape(s, r->buf + r->begin + cell->begin, cell->len);
	}
}

kist_status csv_reader_next(struct csv_reader *r, struct csv_record *ret)
{
	const struct csv_scanner *s = &r->scanner;
	bool blank = true;

	clear_fault(r);
	while (blank) {
		bool found = false;
		kist_status status = scan_record(r, &found);

		if (status != KIST_OK)
			return status;
		if (!found) {
			*ret = (struct csv_record){ .line = r->line, .offset = r->offset + r->begin };
			return KIST_OK;
		}
		r->last_size = s->next;
		r->last_lines = s->newlines + 1;
		if (r->newline == CSV_NEWLINE_NONE)
			note_newline(r);
		blank = s->size == 0;
	}
	if (s->count != r->width) {
		const kist_status status = check_width(r);

		if (status != KIST_OK)
			return status;
	}
	if (s->escaped)
		unescape_cells(r);
	*ret = (struct csv_record){ .base = r->buf + r->begin,
				    .cells = s->cells,
				    .count = s->count,
				    .size = s->next,
				    .line = r->line,
				    .offset = r->offset + r->begin,
				    .non_ascii = s->non_ascii };
	return KIST_OK;
}

/* Bytes up to and with the next newline, or 0.  A CR that ends the buffer may be half of CR LF. */
static size_t find_newline(const struct csv_reader *r, size_t from)
{
	for (size_t i = from; i < r->end; i++) {
		if (r->buf[i] == '\n')
			return i + 1;
		if (r->buf[i] == '\r' && (i + 1 < r->end || at_end(r)))
			return i + 1 + (i + 1 < r->end && r->buf[i + 1] == '\n');
	}
	return 0;
}

kist_status csv_reader_skip(struct csv_reader *r)
{
	const uint32_t newlines = r->scanner.newlines;

	clear_fault(r);
	/* A ragged record was read to its end. */
	if (r->last_size > 0) {
		advance(r);
		return KIST_OK;
	}
	r->begin += r->scanner.at;
	csv_scanner_begin(&r->scanner);
	for (;;) {
		const size_t next = find_newline(r, r->begin);
		kist_status status;

		if (next > 0 || at_end(r)) {
			r->begin = next > 0 ? next : r->end;
			r->line += newlines + 1;
			return KIST_OK;
		}
		/* All but a last CR is done with. */
		if (r->end > r->begin)
			r->begin = r->end - (r->buf[r->end - 1] == '\r');
		status = fill(r);
		if (status != KIST_OK)
			return status;
	}
}
