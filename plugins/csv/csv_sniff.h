/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_SNIFF_H
#define CSV_SNIFF_H

#include "csv_dialect.h"

/*
 * The dialect of a text: what stands between its cells.
 *
 * For each of comma, tab, semicolon and bar, the whole records in the text's first CSV_HEAD_SIZE bytes are
 * read with it.  A candidate counts if the first record has at least two cells and no text follows a closing
 * quote.  The best has no quote inside a plain cell; then the largest share of records as wide as the first
 * one; then the widest first record; then the order above.  Without a candidate it is the comma.
 *
 * So a text in which these four stand for themselves only in quotes, as csv_write.h makes it, is always read
 * with the one that separates its cells: with another one, either text follows a closing quote, or a quote
 * stands inside a plain cell.
 *
 * Where even the best leaves a fault - a record of another width, a quote out of place - the other dialects are
 * tried: the quotes " and ', with themselves or \\ as escape, without and with # before comments.  One is taken
 * if nothing is left that does not fit it, and its own signs are there.
 *
 * Thread: pure.
 */

/* Bytes that are looked at. */
#define CSV_HEAD_SIZE 65536u
/* Bytes of the byte order mark, EF BB BF. */
#define CSV_BOM_SIZE 3u

/** struct csv_sniffed - @records whole records, @agree of them @width cells wide; @strays: see above; @signs:
 * cells in quotes, escapes and comments. */
struct csv_sniffed {
	uint8_t delimiter;
	uint8_t quote;
	uint8_t escape;
	uint8_t comment;
	bool strays;
	uint32_t signs;
	uint32_t width;
	uint32_t records;
	uint32_t agree;
};

/**
 * csv_sniff() - Find the dialect.
 *
 * @asked: What is not 0 in it is not looked for.
 * @head:  The start of the text, without its mark; @whole: all of it.
 */
struct csv_sniffed csv_sniff(const struct csv_dialect *asked, const uint8_t *head, size_t len, bool whole);

/** csv_has_bom() - Whether the text begins with the UTF-8 byte order mark. */
bool csv_has_bom(const uint8_t *head, size_t len);

/** csv_is_utf16() - Whether the text begins with a UTF-16 byte order mark. */
bool csv_is_utf16(const uint8_t *head, size_t len);

/** csv_delimiter_allowed() - Whether one byte may separate cells: ASCII, no quote, newline, letter, digit,
 * sign. */
bool csv_delimiter_allowed(uint8_t c);

/** csv_probe_text() - 0 to 100: how much the head of a file looks like CSV. */
int32_t csv_probe_text(const uint8_t *head, size_t len, bool whole);

#endif
