/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_kernel.h"

#include <assert.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#define BLOCK_SIZE 64

enum { PLAIN, QUOTED, CLOSED };

/* Bit i of @special: byte i is the delimiter, a quote, CR or LF.  @high: some byte is above 0x7f. */
struct block {
	uint64_t special;
	bool high;
};

#ifdef __SSE2__

static struct block classify(const uint8_t *data, uint8_t delimiter)
{
	const __m128i d = _mm_set1_epi8((char)delimiter);
	const __m128i q = _mm_set1_epi8('"');
	const __m128i cr = _mm_set1_epi8('\r');
	const __m128i lf = _mm_set1_epi8('\n');
	__m128i all = _mm_setzero_si128();
	struct block block = { 0, false };

	for (unsigned int i = 0; i < BLOCK_SIZE / 16; i++) {
		const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(data + i * 16));
		const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, d), _mm_cmpeq_epi8(v, q)),
						 _mm_or_si128(_mm_cmpeq_epi8(v, cr), _mm_cmpeq_epi8(v, lf)));

		block.special |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (i * 16);
		all = _mm_or_si128(all, v);
	}
	block.high = _mm_movemask_epi8(all) != 0;
	return block;
}

#else

static struct block classify(const uint8_t *data, uint8_t delimiter)
{
	struct block block = { 0, false };

	for (unsigned int i = 0; i < BLOCK_SIZE; i++) {
		const uint8_t c = data[i];
		const bool hit = c == delimiter || c == '"' || c == '\r' || c == '\n';

		block.special |= (uint64_t)hit << i;
		block.high |= c > 0x7f;
	}
	return block;
}

#endif

/* The last block may be short: the kernel reads nothing past the caller's bytes. */
static struct block classify_tail(const uint8_t *data, size_t size, uint8_t delimiter)
{
	uint8_t copy[BLOCK_SIZE] = { 0 };
	struct block block;

	memcpy(copy, data, size);
	block = classify(copy, delimiter);
	block.special &= ((uint64_t)1 << size) - 1;
	return block;
}

void csv_scanner_begin(struct csv_scanner *scanner)
{
	scanner->count = 0;
	scanner->at = 0;
	scanner->cell_begin = 0;
	scanner->content_end = 0;
	scanner->ignore_before = 0;
	scanner->size = 0;
	scanner->next = 0;
	scanner->newlines = 0;
	scanner->strays = 0;
	scanner->cell_flags = 0;
	scanner->state = PLAIN;
	scanner->non_ascii = false;
	scanner->escaped = false;
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

	if (s->state == CLOSED) {
		cell->begin = s->cell_begin + 1;
		cell->len = s->content_end - s->cell_begin - 1;
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
	if (s->count >= s->capacity || s->count >= CSV_COLUMNS_MAX)
		return no_room(s, p);
	push_cell(s, p);
	s->size = p;
	s->next = p + newline_size;
	return CSV_SCAN_RECORD;
}

/*
 * A quote at @p inside quotes: the first of a pair, or the closing one.  Returns CSV_SCAN_RECORD to go on.
 */
static enum csv_scan quote_in_quotes(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final,
				     uint32_t p)
{
	if (p + 1 == size && !final) {
		s->at = p;
		return CSV_SCAN_MORE;
	}
	if (p + 1 < size && data[p + 1] == '"') {
		s->cell_flags |= CSV_CELL_ESCAPED;
		s->escaped = true;
		s->ignore_before = p + 2;
		return CSV_SCAN_RECORD;
	}
	if (p + 1 < size && data[p + 1] != s->delimiter && data[p + 1] != '\n' && data[p + 1] != '\r') {
		s->at = p + 1;
		return CSV_SCAN_BAD_QUOTE;
	}
	s->content_end = p;
	s->state = CLOSED;
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

/* Goes through the marked bytes of one block.  *@ret_done says that @csv_scan() returns what this returns. */
static enum csv_scan walk(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final,
			  uint64_t special, bool *ret_done)
{
	const uint32_t base = s->at;
	enum csv_scan result = CSV_SCAN_RECORD;

	for (; special != 0; special &= special - 1) {
		const uint32_t p = base + (uint32_t)__builtin_ctzll(special);
		const uint8_t c = data[p];

		if (s->state == QUOTED) {
			if (p < s->ignore_before)
				continue;
			if (c == '"')
				result = quote_in_quotes(s, data, size, final, p);
			else if (c == '\r' || (c == '\n' && data[p - 1] != '\r'))
				s->newlines++;
			*ret_done = result != CSV_SCAN_RECORD;
			if (*ret_done)
				return result;
		} else if (c == '\n' || c == '\r') {
			*ret_done = true;
			return newline(s, data, size, final, p);
		} else if (c == s->delimiter) {
			if (s->count >= s->capacity || s->count >= CSV_COLUMNS_MAX) {
				s->at = p;
				*ret_done = true;
				return no_room(s, p);
			}
			push_cell(s, p);
		} else if (p == s->cell_begin) {
			s->state = QUOTED;
			s->cell_flags = CSV_CELL_QUOTED;
			s->ignore_before = p + 1;
		} else if (p >= s->ignore_before && s->state == PLAIN) {
			s->strays++;
		}
	}
	return result;
}

enum csv_scan csv_scan(struct csv_scanner *s, const uint8_t *data, size_t size_all, bool final_all)
{
	/* One byte past the limit shows that the record is too long, a second one completes CR LF. */
	const bool cut = size_all > CSV_LINE_SIZE_MAX + 2;
	const uint32_t size = cut ? CSV_LINE_SIZE_MAX + 2 : (uint32_t)size_all;
	const bool final = final_all && !cut;
	bool done = false;

	assert(s->at <= size_all);
	while (s->at < size) {
		const uint32_t left = size - s->at;
		const struct block block = left >= BLOCK_SIZE
						   ? classify(data + s->at, s->delimiter)
						   : classify_tail(data + s->at, left, s->delimiter);
		enum csv_scan result;

		s->non_ascii |= block.high;
		result = walk(s, data, size, final, block.special, &done);
		if (done)
			return result == CSV_SCAN_MORE && s->at > CSV_LINE_SIZE_MAX ? CSV_SCAN_LONG : result;
		s->at += left < BLOCK_SIZE ? left : BLOCK_SIZE;
	}
	if (!final)
		return s->at > CSV_LINE_SIZE_MAX ? CSV_SCAN_LONG : CSV_SCAN_MORE;
	return s->state == QUOTED ? CSV_SCAN_OPEN_QUOTE : end_record(s, size, 0);
}

size_t csv_unescape(uint8_t *text, size_t len)
{
	size_t to = 0;

	for (size_t from = 0; from < len; from++) {
		text[to++] = text[from];
		from += text[from] == '"';
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
