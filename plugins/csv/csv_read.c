/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_SIZE    ((uint64_t)1 << 20)
#define BUF_SIZE_MAX ((size_t)CSV_LINE_SIZE_MAX + 2 + CSV_PIECE_SIZE)
#define CELLS_MIN    64u

kist_status csv_reader_no_memory(struct csv_reader *r)
{
	return csv_fault_set(&r->fault, KIST_NO_MEMORY, "", KIST_NO_OFFSET, "no memory to read the table");
}

static bool at_end(const struct csv_reader *r)
{
	return csv_input_ended(&r->input);
}

static kist_status poll_call(struct csv_reader *r)
{
	const uint64_t now = r->input.at;

	if (!r->call || (now > 0 && now - r->polled < POLL_SIZE))
		return KIST_OK;
	r->polled = now;
	return csv_fault_pass(&r->fault, r->call->poll(r->call));
}

/* Bytes of UTF-8 that may still come. */
static uint64_t left_at_most(const struct csv_reader *r)
{
	const uint64_t left = r->input.source->size - r->input.at + (r->input.raw_end - r->input.raw_at);

	return r->input.encoding == CSV_ENCODING_UTF8 ? left : left * CSV_DECODE_GROWTH + CSV_INPUT_ROOM;
}

/* Makes room for one more piece behind the bytes in use. */
static kist_status make_room(struct csv_reader *r)
{
	const size_t used = r->end - r->begin;
	const size_t least = r->input.encoding == CSV_ENCODING_UTF8 ? 1 : CSV_INPUT_ROOM;
	size_t capacity = r->capacity ? r->capacity : CSV_PIECE_SIZE;
	uint8_t *grown;

	if (r->capacity - r->end >= least)
		return KIST_OK;
	if (r->begin > 0) {
		memmove(r->buf, r->buf + r->begin, used);
		r->begin = 0;
		r->end = used;
	}
	if (used <= r->capacity / 2 && r->capacity - used >= least)
		return KIST_OK;
	if (r->capacity > 0)
		capacity = r->capacity * 2;
	if (capacity > BUF_SIZE_MAX)
		capacity = BUF_SIZE_MAX;
	if ((uint64_t)capacity > used + left_at_most(r))
		capacity = used + (size_t)left_at_most(r);
	if (capacity <= r->capacity)
		return KIST_OK;
	grown = realloc(r->buf, capacity);
	if (!grown)
		return csv_reader_no_memory(r);
	r->buf = grown;
	r->capacity = capacity;
	return KIST_OK;
}

kist_status csv_reader_fill(struct csv_reader *r)
{
	kist_status status = make_room(r);
	size_t got = 0;

	if (status == KIST_OK)
		status = csv_input_read(&r->input, r->buf + r->end, r->capacity - r->end, &got, &r->fault);
	r->end += got;
	return status == KIST_OK ? poll_call(r) : status;
}

static kist_status grow_cells(struct csv_reader *r)
{
	uint32_t capacity = r->scanner.capacity ? r->scanner.capacity * 2 : CELLS_MIN;
	struct csv_cell *grown;

	capacity = capacity > CSV_COLUMNS_MAX ? CSV_COLUMNS_MAX : capacity;
	grown = reallocarray(r->scanner.cells, capacity, sizeof(*grown));
	if (!grown)
		return csv_reader_no_memory(r);
	r->scanner.cells = grown;
	r->scanner.capacity = capacity;
	return KIST_OK;
}

static void take_dialect(struct csv_reader *r, struct csv_sniffed found)
{
	r->scanner.delimiter = r->dialect.delimiter = found.delimiter;
	r->scanner.quote = r->dialect.quote = found.quote;
	r->scanner.escape = r->dialect.escape = found.escape;
	r->scanner.comment = r->dialect.comment = found.comment;
	r->scanner.lenient = r->dialect.lenient;
	csv_scanner_begin(&r->scanner);
	r->group.delimiter = r->scanner.delimiter;
	r->group.quote = r->scanner.quote;
	r->group.comment = r->scanner.comment;
	r->blocks = csv_blocks_best();
}

static kist_status sniff(struct csv_reader *r)
{
	/* Without a byte there is no buffer. */
	const uint8_t *head;

	while (!at_end(r) && r->end < CSV_HEAD_SIZE + CSV_BOM_SIZE) {
		const kist_status status = csv_reader_fill(r);

		if (status != KIST_OK)
			return status;
	}
	if (r->input.encoding == CSV_ENCODING_UTF8 && csv_is_utf16(r->buf, r->end))
		return csv_fault_set(&r->fault, KIST_UNSUPPORTED, "E_ENCODING", 0,
				     "the text is UTF-16: say encoding=utf-16, or convert it to UTF-8");
	r->dialect.bom = csv_has_bom(r->buf, r->end);
	r->begin = r->dialect.bom ? CSV_BOM_SIZE : 0;
	r->place = csv_encoded_size(r->input.encoding, r->buf, r->begin);
	head = r->buf ? r->buf + r->begin : (const uint8_t *)"";
	take_dialect(r, csv_sniff(&r->dialect, head, r->end - r->begin, at_end(r)));
	return KIST_OK;
}

kist_status csv_reader_open(struct csv_reader *r, struct kist_source *source, struct kist_call *call,
			    struct csv_dialect dialect)
{
	kist_status status;

	*r = (struct csv_reader){
		.call = call, .dialect = dialect, .line = 1, .passes_over = dialect.lenient
	};
	csv_fault_clear(&r->fault);
	r->input.source = source;
	status = poll_call(r);
	if (status == KIST_OK)
		status = csv_input_open(&r->input, source, (enum csv_encoding)dialect.encoding, &r->fault);
	if (status == KIST_OK)
		status = grow_cells(r);
	r->dialect.encoding = (uint8_t)r->input.encoding;
	if (status == KIST_OK)
		status = sniff(r);
	return status;
}

void csv_reader_close(struct csv_reader *r)
{
	csv_input_close(&r->input);
	free(r->buf);
	free(r->scanner.cells);
	free(r->group.cells);
	free(r->group.ends);
	free(r->group.stops);
	free(r->rejects);
	r->buf = NULL;
	r->scanner.cells = NULL;
	r->group = (struct csv_group){ 0 };
	r->rejects = NULL;
	r->capacity = r->begin = r->end = 0;
}

/* Line of byte @at of the current record. */
static uint64_t line_of(const struct csv_reader *r, uint32_t at)
{
	const uint8_t *const from = r->buf + r->begin;
	uint64_t line = r->line;

	for (uint32_t i = 0; i < at; i++)
		line += from[i] == '\n' || (from[i] == '\r' && from[i + 1] != '\n');
	return line;
}

/* A fault at byte @at of the current record. */
__attribute__((format(printf, 7, 8))) static kist_status fault_at(struct csv_reader *r, kist_status status,
								  const char *code, uint32_t at,
								  uint64_t line, uint32_t column,
								  const char *format, ...)
{
	char reason[160];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	status = csv_fault_set(&r->fault, status, code,
			       r->place + csv_encoded_size(r->input.encoding, r->buf + r->begin, at),
			       "line %llu, column %u: %s", (unsigned long long)line, column, reason);
	r->fault.line = line;
	r->fault.column = column;
	return status;
}

static kist_status text_fault(struct csv_reader *r, enum csv_scan result)
{
	const struct csv_scanner *s = &r->scanner;
	const uint32_t column = s->count + 1;

	switch (result) {
	case CSV_SCAN_BAD_QUOTE:
		return fault_at(r, KIST_CORRUPT, "E_QUOTE", s->at, line_of(r, s->at), column,
				"text follows the closing quote");
	case CSV_SCAN_OPEN_QUOTE:
		return fault_at(r, KIST_CORRUPT, "E_QUOTE", s->cell_begin, line_of(r, s->cell_begin), column,
				"the quote is never closed");
	case CSV_SCAN_LONG:
		return fault_at(r, KIST_LIMIT, "E_LINE_TOO_LONG", 0, r->line, column,
				"the record is longer than %u bytes", CSV_LINE_SIZE_MAX);
	default:
		return fault_at(r, KIST_LIMIT, "E_OVERFLOW", 0, r->line, column,
				"the record has more than %u cells", CSV_COLUMNS_MAX);
	}
}

void csv_reader_advance(struct csv_reader *r)
{
	csv_scanner_next(&r->scanner);
	r->begin += r->last_size;
	r->place += r->last_place;
	r->line += r->last_lines;
	r->last_place = 0;
	r->last_size = 0;
	r->last_lines = 0;
}

/* Brings one record into the buffer, blank or not.  *@ret_found is false at the end of the text. */
static kist_status scan_record(struct csv_reader *r, bool *ret_found)
{
	csv_reader_advance(r);
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
			status = csv_reader_fill(r);
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

/* A record that is too short gets empty cells at its end. */
static kist_status pad(struct csv_reader *r)
{
	struct csv_scanner *s = &r->scanner;

	while (s->capacity < r->width) {
		const kist_status status = grow_cells(r);

		if (status != KIST_OK)
			return status;
	}
	while (s->count < r->width)
		s->cells[s->count++] = (struct csv_cell){ .begin = s->size };
	return KIST_OK;
}

static kist_status check_width(struct csv_reader *r)
{
	const uint32_t count = r->scanner.count;
	const uint32_t common = count < r->width ? count : r->width;

	if (r->width == 0)
		r->width = count;
	if (count == r->width)
		return KIST_OK;
	if (count < r->width && r->dialect.null_padding)
		return pad(r);
	return fault_at(r, KIST_CORRUPT, "E_RAGGED", 0, r->line, common + 1,
			"the record has %u cell%s, the first one %u", count, count == 1 ? "" : "s", r->width);
}

/* Brings the next record that is neither blank nor a comment into the buffer. */
static kist_status scan_filled(struct csv_reader *r, bool *ret_found)
{
	const struct csv_scanner *s = &r->scanner;

	for (;;) {
		const kist_status status = scan_record(r, ret_found);

		if (status != KIST_OK || !*ret_found)
			return status;
		r->last_size = s->next;
		r->last_lines = s->newlines + 1;
		/* Before the record is changed in its place. */
		r->last_place = csv_encoded_size(r->input.encoding, r->buf + r->begin, s->next);
		if (r->newline == CSV_NEWLINE_NONE)
			note_newline(r);
		if (s->size > 0 && s->count > 0)
			return s->count == r->width ? KIST_OK : check_width(r);
	}
}

/* Keeps the fault, and goes on behind it. */
static kist_status pass_over(struct csv_reader *r)
{
	if (!r->rejects)
		r->rejects = calloc(CSV_REJECTS_MAX, sizeof(*r->rejects));
	if (!r->rejects) {
		csv_fault_clear(&r->fault);
		return csv_reader_no_memory(r);
	}
	if (r->rejected < CSV_REJECTS_MAX)
		r->rejects[r->rejected] = r->fault;
	r->rejected++;
	return csv_reader_skip(r);
}

kist_status csv_reader_next(struct csv_reader *r, struct csv_record *ret)
{
	const struct csv_scanner *s = &r->scanner;
	bool found = false;
	kist_status status;

	csv_fault_clear(&r->fault);
	status = scan_filled(r, &found);
	while (r->passes_over && r->fault.line > 0) {
		status = pass_over(r);
		if (status == KIST_OK)
			status = scan_filled(r, &found);
	}
	if (status != KIST_OK)
		return status;
	*ret = (struct csv_record){ .line = r->line, .offset = r->place };
	if (!found)
		return KIST_OK;
	if (s->escaped)
		csv_reader_unescape(r, s->cells, s->count);
	ret->base = r->buf + r->begin;
	ret->cells = s->cells;
	ret->count = s->count;
	ret->size = s->next;
	ret->non_ascii = s->non_ascii;
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

static void move_to(struct csv_reader *r, size_t begin)
{
	r->place += csv_encoded_size(r->input.encoding, r->buf + r->begin, begin - r->begin);
	r->begin = begin;
}

kist_status csv_reader_skip(struct csv_reader *r)
{
	const uint32_t newlines = r->scanner.newlines;

	csv_fault_clear(&r->fault);
	/* A ragged record was read to its end. */
	if (r->last_size > 0) {
		csv_reader_advance(r);
		return KIST_OK;
	}
	move_to(r, r->begin + r->scanner.at);
	csv_scanner_next(&r->scanner);
	for (;;) {
		const size_t next = find_newline(r, r->begin);
		kist_status status;

		if (next > 0 || at_end(r)) {
			move_to(r, next > 0 ? next : r->end);
			r->line += newlines + 1;
			return KIST_OK;
		}
		/* All but a last CR is done with. */
		if (r->end > r->begin)
			move_to(r, r->end - (r->buf[r->end - 1] == '\r'));
		status = csv_reader_fill(r);
		if (status != KIST_OK)
			return status;
	}
}
