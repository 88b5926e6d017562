/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_KERNEL_H
#define CSV_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The tokenizer: one record of CSV text at a time, from bytes that arrive in pieces of any size.
 *
 *     record  = cell *( delimiter cell ) newline
 *     cell    = plain / DQUOTE *( any / DQUOTE DQUOTE ) DQUOTE
 *     newline = LF / CR LF / CR / the end of the text
 *
 * A quote inside a plain cell is a character like another.  The caller keeps the bytes of an unfinished
 * record together and in order; they may move between calls, because all positions count from the record's
 * first byte.  What is found does not depend on where the pieces end.
 *
 * Limits: CSV_LINE_SIZE_MAX, CSV_COLUMNS_MAX.
 * Thread: pure.
 * Source: RFC 4180; plugins/csv/spec.md.
 */

/* Bytes in one record, without its newline. */
#define CSV_LINE_SIZE_MAX 2000000u
/* Cells in one record. */
#define CSV_COLUMNS_MAX 65536u

enum {
	CSV_CELL_QUOTED = 1, /* It stood in quotes: never null. */
	CSV_CELL_ESCAPED = 2 /* It holds doubled quotes: csv_unescape() before use. */
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
 * @at:         First byte not yet read.
 * @cell_begin: First byte of the current cell, its quote included.
 * @size:       After CSV_SCAN_RECORD: bytes of the record without its newline.
 * @next:       After CSV_SCAN_RECORD: bytes of the record with its newline.
 * @newlines:   Newlines inside quotes so far.
 * @strays:     Quotes inside plain cells so far.
 * @escaped:    A cell of the record is CSV_CELL_ESCAPED.
 * @non_ascii:  The record may hold bytes above 0x7f; false says that it holds none.
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
	uint8_t state;
	bool non_ascii;
	bool escaped;
};

/** csv_scanner_begin() - Go to the start of a new record; keeps @delimiter, @cells and @capacity. */
void csv_scanner_begin(struct csv_scanner *scanner);

/**
 * csv_scan() - Read on in the current record.
 *
 * @data:  The record's bytes from its first one on: those given before, and more.  Borrowed for the call.
 * @size:  Bytes in @data; at least @scanner->at.
 * @final: The text ends after @data.
 */
enum csv_scan csv_scan(struct csv_scanner *scanner, const uint8_t *data, size_t size, bool final);

/** csv_unescape() - Turn doubled quotes into single ones, in place.  Returns the new length. */
size_t csv_unescape(uint8_t *text, size_t len);

/** csv_utf8_valid() - Whether @text is well-formed UTF-8. */
bool csv_utf8_valid(const uint8_t *text, size_t len);

/** csv_utf8_step() - Bytes of the well-formed character at the start of @text (1..4), or 0.  @len > 0. */
size_t csv_utf8_step(const uint8_t *text, size_t len);

#endif
