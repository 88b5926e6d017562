/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_kernel.h"

#include <assert.h>
#include <string.h>

enum { PLAIN, QUOTED, CLOSED, LOOSE, COMMENT };

/* Bits of csv_scanner.kinds: the byte has a meaning; it is above 0x7f. */
enum { SPECIAL = 1, HIGH = 2 };

/* The record from its start on. */
static void rewind_record(struct csv_scanner *s)
{
	s->count = 0;
	s->at = 0;
	s->cell_begin = 0;
	s->content_end = 0;
	s->ignore_before = 0;
	s->size = 0;
	s->next = 0;
	s->newlines = 0;
	s->strays = 0;
	s->cell_flags = 0;
	s->state = PLAIN;
	s->non_ascii = false;
	s->escaped = false;
}

void csv_scanner_begin(struct csv_scanner *s)
{
	if (s->quote == 0)
		s->quote = '"';
	if (s->escape == 0)
		s->escape = s->quote;
	memset(s->kinds, 0, 0x80);
	memset(s->kinds + 0x80, HIGH, 0x80);
	s->kinds[s->delimiter] |= SPECIAL;
	s->kinds[s->quote] |= SPECIAL;
	s->kinds[s->escape] |= SPECIAL;
	s->kinds['\r'] |= SPECIAL;
	s->kinds['\n'] |= SPECIAL;
	rewind_record(s);
}

void csv_scanner_next(struct csv_scanner *s)
{
	rewind_record(s);
}

static enum csv_scan no_room(const struct csv_scanner *s, uint32_t p)
{
	if (s->count < CSV_COLUMNS_MAX)
		return CSV_SCAN_CELLS;
	return p > CSV_LINE_SIZE_MAX ? CSV_SCAN_LONG : CSV_SCAN_WIDE;
}

/* Ends the current cell before position @p.  There is room for it. */
static void push_cell(struct csv_scanner *s, uint32_t p)
{
	struct csv_cell *cell = &s->cells[s->count++];

	if (s->state == CLOSED || s->state == LOOSE) {
		const uint32_t end = s->state == LOOSE ? p : s->content_end;

		cell->begin = s->cell_begin + 1;
		cell->len = end - s->cell_begin - 1;
	} else {
		cell->begin = s->cell_begin;
		cell->len = p - s->cell_begin;
	}
	cell->flags = s->cell_flags;
	s->cell_begin = p + 1;
	s->cell_flags = 0;
	s->state = PLAIN;
}

static enum csv_scan end_record(struct csv_scanner *s, uint32_t p, uint32_t newline_size)
{
	if (p > CSV_LINE_SIZE_MAX)
		return CSV_SCAN_LONG;
	if (s->state != COMMENT) {
		if (s->count >= s->capacity || s->count >= CSV_COLUMNS_MAX)
			return no_room(s, p);
		push_cell(s, p);
	}
	s->size = p;
	s->next = p + newline_size;
	return CSV_SCAN_RECORD;
}

static bool ends_cell(const struct csv_scanner *s, uint8_t c)
{
	return c == s->delimiter || c == '\n' || c == '\r';
}

/*
 * A quote or an escape at @p inside quotes.  Returns CSV_SCAN_RECORD to go on.
 */
static enum csv_scan quote_in_quotes(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final,
				     uint32_t p)
{
	const bool last = p + 1 == size;

	if (last && !final) {
		s->at = p;
		return CSV_SCAN_MORE;
	}
	if (data[p] == s->escape && !last && (data[p + 1] == s->quote || data[p + 1] == s->escape)) {
		s->cell_flags |= CSV_CELL_ESCAPED;
		s->escaped = true;
		s->ignore_before = p + 2;
		return CSV_SCAN_RECORD;
	}
	/* Before anything else an escape is a character. */
	if (data[p] != s->quote)
		return CSV_SCAN_RECORD;
	s->content_end = p;
	s->state = CLOSED;
	if (last || ends_cell(s, data[p + 1]))
		return CSV_SCAN_RECORD;
	if (!s->lenient) {
		s->at = p + 1;
		return CSV_SCAN_BAD_QUOTE;
	}
	s->cell_flags |= CSV_CELL_ESCAPED;
	s->escaped = true;
	s->state = LOOSE;
	return CSV_SCAN_RECORD;
}

static enum csv_scan newline(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final,
			     uint32_t p)
{
	uint32_t newline_size = 1;

	s->at = p;
	if (data[p] == '\r') {
		if (p + 1 == size && !final)
			return CSV_SCAN_MORE;
		newline_size += p + 1 < size && data[p + 1] == '\n';
	}
	return end_record(s, p, newline_size);
}

/* A delimiter, quote or escape at @p outside of quotes.  Returns CSV_SCAN_RECORD to go on. */
static enum csv_scan step_outside(struct csv_scanner *s, uint8_t c, uint32_t p)
{
	if (c == s->delimiter) {
		if (s->count >= s->capacity || s->count >= CSV_COLUMNS_MAX) {
			s->at = p;
			return no_room(s, p);
		}
		push_cell(s, p);
	} else if (c == s->quote && p == s->cell_begin) {
		s->state = QUOTED;
		s->cell_flags = CSV_CELL_QUOTED;
	} else if (c == s->quote && s->state == PLAIN) {
		s->strays++;
	}
	return CSV_SCAN_RECORD;
}

/* One byte at @p.  *@ret_done says that the scan returns what this returns. */
static enum csv_scan step(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final, uint32_t p,
			  bool *ret_done)
{
	const uint8_t c = data[p];
	enum csv_scan result = CSV_SCAN_RECORD;

	if (s->state == QUOTED) {
		if (c == s->quote || c == s->escape)
			result = quote_in_quotes(s, data, size, final, p);
		else if (c == '\r' || (c == '\n' && data[p - 1] != '\r'))
			s->newlines++;
	} else if (c == '\n' || c == '\r') {
		*ret_done = true;
		return newline(s, data, size, final, p);
	} else if (s->state != COMMENT) {
		result = step_outside(s, c, p);
	}
	*ret_done = result != CSV_SCAN_RECORD;
	return result;
}

/* One byte past the limit shows that the record is too long, a second one completes CR LF. */
static uint32_t cut_size(size_t size, bool *final)
{
	if (size <= CSV_LINE_SIZE_MAX + 2)
		return (uint32_t)size;
	*final = false;
	return CSV_LINE_SIZE_MAX + 2;
}

/* Passes over bytes without a meaning.  Returns where the next one with some is, or @size. */
static uint32_t skip(struct csv_scanner *s, const uint8_t *data, uint32_t size)
{
	uint32_t at = s->at;
	uint8_t kinds = 0;

	for (; at < size; at++) {
		const uint8_t kind = s->kinds[data[at]];

		kinds |= kind;
		if ((kind & SPECIAL) != 0)
			break;
	}
	s->non_ascii |= (kinds & HIGH) != 0;
	return at;
}

enum csv_scan csv_scan(struct csv_scanner *s, const uint8_t *data, size_t size_all, bool final)
{
	const uint32_t size = cut_size(size_all, &final);
	bool done = false;

	assert(s->at <= size_all);
	if (s->at == 0 && size > 0 && s->comment != 0 && data[0] == s->comment)
		s->state = COMMENT;
	for (s->at = skip(s, data, size); s->at < size; s->at++, s->at = skip(s, data, size)) {
		enum csv_scan result;

		if (s->at < s->ignore_before)
			continue;
		result = step(s, data, size, final, s->at, &done);
		if (done)
			return result == CSV_SCAN_MORE && s->at > CSV_LINE_SIZE_MAX ? CSV_SCAN_LONG : result;
	}
	if (!final)
		return s->at > CSV_LINE_SIZE_MAX ? CSV_SCAN_LONG : CSV_SCAN_MORE;
	return s->state == QUOTED ? CSV_SCAN_OPEN_QUOTE : end_record(s, size, 0);
}

size_t csv_unescape(const struct csv_scanner *s, uint8_t *text, size_t len)
{
	size_t from = 0;
	size_t to = 0;

	while (from < len) {
		const uint8_t c = text[from++];

		if (c == s->escape && from < len && (text[from] == s->quote || text[from] == s->escape)) {
			text[to++] = text[from++];
		} else if (c == s->quote) {
			memmove(text + to, text + from, len - from);
			return to + len - from;
		} else {
			text[to++] = c;
		}
	}
	return to;
}

size_t csv_utf8_step(const uint8_t *text, size_t len)
{
	const uint8_t c = text[0];
	size_t n;
	uint8_t low = 0x80;
	uint8_t high = 0xbf;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	/* Overlong forms, surrogates and numbers above U+10FFFF show in the second byte. */
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (len < n || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

bool csv_utf8_valid(const uint8_t *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		uint64_t word;
		size_t step;

		if (len - at >= sizeof(word)) {
			memcpy(&word, text + at, sizeof(word));
			if ((word & 0x8080808080808080u) == 0) {
				at += sizeof(word);
				continue;
			}
		}
		step = csv_utf8_step(text + at, len - at);
		if (step == 0)
			return false;
		at += step;
	}
	return true;
}
