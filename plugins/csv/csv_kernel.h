/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_KERNEL_H
#define CSV_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The tokenizer: one record of CSV text at a time, from bytes that arrive in pieces of any size.
 *
 *     record  = cell *( delimiter cell ) newline / comment *any newline
 *     cell    = plain / quote *( any / escape quote / escape escape ) quote
 *     newline = LF / CR LF / CR / the end of the text
 *
 * The escape may be the quote itself.  A quote inside a plain cell is a character like another.  The caller
 * keeps the bytes of an unfinished record together and in order; they may move between calls, because all
 * positions count from the record's first byte.  What is found does not depend on where the pieces end.
 *
 * csv_blocks_kernel.h finds records that are as usual many times as fast, and the same cells in them.
 *
 * Limits: CSV_LINE_SIZE_MAX, CSV_COLUMNS_MAX.
 * After CSV_SCAN_RECORD of a comment, @count is 0.
 *
 * Thread: pure.
 * Source: RFC 4180; plugins/csv/spec.md.
 */

/* Bytes in one record, without its newline. */
#define CSV_LINE_SIZE_MAX 2000000u
/* Cells in one record. */
#define CSV_COLUMNS_MAX 65536u

/* As csv_scanner.quote: no byte is a quote. */
#define CSV_QUOTE_NONE ((uint8_t)'\n')

enum {
	CSV_CELL_QUOTED = 1, /* It stood in quotes: never null. */
	CSV_CELL_ESCAPED =
		2 /* It holds escaped quotes, or text behind its quotes: csv_unescape() before use. */
};

/** struct csv_cell - One cell: @len bytes at @begin, without the quotes around it. */
struct csv_cell {
	uint32_t begin;
	uint32_t len;
	uint32_t flags;
};

enum csv_scan {
	CSV_SCAN_RECORD,     /* A record is complete. */
	CSV_SCAN_MORE,	     /* The bytes end inside the record: call again with more. */
	CSV_SCAN_CELLS,	     /* @cells is full: call again with a larger array. */
	CSV_SCAN_BAD_QUOTE,  /* Text follows a closing quote, at @at. */
	CSV_SCAN_OPEN_QUOTE, /* The text ends inside the quotes that opened at @cell_begin. */
	CSV_SCAN_LONG,	     /* The record is longer than CSV_LINE_SIZE_MAX. */
	CSV_SCAN_WIDE	     /* The record has more than CSV_COLUMNS_MAX cells. */
};

/**
 * struct csv_scanner - Where the tokenizer is in a record.
 *
 * @cells:      Cells found, @count of them; room for @capacity.  Borrowed from the caller.
 * @delimiter, @quote, @escape, @comment: The dialect, from the caller.  @quote 0 is ", CSV_QUOTE_NONE none;
 *              @escape 0 is the quote; @comment 0 is none.
 * @lenient:    From the caller: text behind a closing quote belongs to the cell.
 * @at:         First byte not yet read.
 * @cell_begin: First byte of the current cell, its quote included.
 * @size:       After CSV_SCAN_RECORD: bytes of the record without its newline.
 * @next:       After CSV_SCAN_RECORD: bytes of the record with its newline.
 * @newlines:   Newlines inside quotes so far.
 * @strays:     Quotes inside plain cells so far.
 * @escaped:    A cell of the record is CSV_CELL_ESCAPED.
 * @non_ascii:  The record holds bytes above 0x7f.
 * @kinds:      What each byte is in the dialect.
 */
struct csv_scanner {
	struct csv_cell *cells;
	uint32_t capacity;
	uint32_t count;
	uint32_t at;
	uint32_t cell_begin;
	uint32_t content_end;
	uint32_t ignore_before;
	uint32_t size;
	uint32_t next;
	uint32_t newlines;
	uint32_t strays;
	uint32_t cell_flags;
	uint8_t delimiter;
	uint8_t quote;
	uint8_t escape;
	uint8_t comment;
	uint8_t state;
	bool lenient;
	bool non_ascii;
	bool escaped;
	uint8_t kinds[256];
};

/** csv_scanner_begin() - Take the dialect, and go to the start of the first record; keeps @cells and @capacity. */
void csv_scanner_begin(struct csv_scanner *scanner);

/** csv_scanner_next() - Go to the start of a new record of the same dialect. */
void csv_scanner_next(struct csv_scanner *scanner);

/**
 * csv_scan() - Read on in the current record.
 *
 * @data:  The record's bytes from its first one on: those given before, and more.  Borrowed for the call.
 * @size:  Bytes in @data; at least @scanner->at.
 * @final: The text ends after @data.
 */
enum csv_scan csv_scan(struct csv_scanner *scanner, const uint8_t *data, size_t size, bool final);

/**
 * csv_unescape() - Turn escaped quotes into quotes, in place; take out a closing quote and keep what follows.
 *
 * Returns the new length.
 */
size_t csv_unescape(const struct csv_scanner *scanner, uint8_t *text, size_t len);

/** csv_utf8_valid() - Whether @text is well-formed UTF-8. */
bool csv_utf8_valid(const uint8_t *text, size_t len);

/** csv_utf8_step() - Bytes of the well-formed character at the start of @text (1..4), or 0.  @len > 0. */
size_t csv_utf8_step(const uint8_t *text, size_t len);

#endif
