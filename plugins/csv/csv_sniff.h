/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_SNIFF_H
#define CSV_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * Thread: pure.
 */

/* Bytes that are looked at. */
#define CSV_HEAD_SIZE 65536u
/* Bytes of the byte order mark, EF BB BF. */
#define CSV_BOM_SIZE 3u

enum csv_header { CSV_HEADER_AUTO, CSV_HEADER_YES, CSV_HEADER_NO };

/** struct csv_dialect - @delimiter 0 and CSV_HEADER_AUTO say "find out". */
struct csv_dialect {
	uint8_t delimiter;
	uint8_t header;
	bool bom;
};

/** struct csv_sniffed - @records whole records, @agree of them @width cells wide; @strays: see above. */
struct csv_sniffed {
	uint8_t delimiter;
	bool strays;
	uint32_t width;
	uint32_t records;
	uint32_t agree;
};

/** csv_sniff() - Find the delimiter.  @head holds the start of the text, without its mark; @whole: all of it.
 */
struct csv_sniffed csv_sniff(const uint8_t *head, size_t len, bool whole);

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
