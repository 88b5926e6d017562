/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_sniff.h"

#include <string.h>

#include "csv_kernel.h"

#define CANDIDATES ",\t;|"
/* A head this wide is judged by its first cells only. */
#define SNIFF_COLUMNS_MAX 4096u

bool csv_has_bom(const uint8_t *head, size_t len)
{
	return len >= CSV_BOM_SIZE && memcmp(head, "\xef\xbb\xbf", CSV_BOM_SIZE) == 0;
}

bool csv_is_utf16(const uint8_t *head, size_t len)
{
	return len >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0);
}

bool csv_delimiter_allowed(uint8_t c)
{
	const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	const bool digit = c >= '0' && c <= '9';

	return c > 0 && c < 0x80 && !letter && !digit && strchr("\"\r\n+-._", c) == NULL;
}

static bool is_blank(const struct csv_scanner *s)
{
	return s->count == 1 && s->cells[0].len == 0 && (s->cells[0].flags & CSV_CELL_QUOTED) == 0;
}

/* Reads the head with one delimiter.  A quote out of place disqualifies it: width 0. */
static struct csv_sniffed try_delimiter(const uint8_t *head, size_t len, bool whole, uint8_t delimiter)
{
	struct csv_cell cells[SNIFF_COLUMNS_MAX];
	struct csv_scanner s = { .cells = cells, .capacity = SNIFF_COLUMNS_MAX, .delimiter = delimiter };
	struct csv_sniffed found = { .delimiter = delimiter };
	size_t at = 0;

	while (at < len) {
		enum csv_scan result;

		csv_scanner_begin(&s);
		result = csv_scan(&s, head + at, len - at, whole);
		if (result == CSV_SCAN_BAD_QUOTE)
			return (struct csv_sniffed){ .delimiter = delimiter };
		found.strays |= s.strays > 0;
		/* A first record that goes on past the head is judged by what is there. */
		if (result != CSV_SCAN_RECORD && found.records > 0)
			break;
		if (result == CSV_SCAN_RECORD && is_blank(&s)) {
			at += s.next;
			continue;
		}
		if (found.records == 0)
			found.width = s.count + (result != CSV_SCAN_RECORD);
		found.records++;
		found.agree += result != CSV_SCAN_RECORD || s.count == found.width;
		if (result != CSV_SCAN_RECORD)
			break;
		at += s.next;
	}
	return found;
}

static bool is_better(const struct csv_sniffed *a, const struct csv_sniffed *b)
{
	const uint64_t share_a = (uint64_t)a->agree * b->records;
	const uint64_t share_b = (uint64_t)b->agree * a->records;

	if (a->strays != b->strays)
		return b->strays;
	if (share_a != share_b)
		return share_a > share_b;
	return a->width > b->width;
}

struct csv_sniffed csv_sniff(const uint8_t *head, size_t len, bool whole)
{
	struct csv_sniffed best = { 0 };

	if (len > CSV_HEAD_SIZE) {
		len = CSV_HEAD_SIZE;
		whole = false;
	}
	for (const char *c = CANDIDATES; *c != '\0'; c++) {
		const struct csv_sniffed found = try_delimiter(head, len, whole, (uint8_t)*c);

		if (found.width >= 2 && (best.width == 0 || is_better(&found, &best)))
			best = found;
	}
	return best.width > 0 ? best : try_delimiter(head, len, whole, ',');
}

/* Printable UTF-8; the last character may be cut off where the head ends. */
static bool is_printable(const uint8_t *head, size_t len, bool whole)
{
	size_t at = 0;

	while (at < len) {
		const size_t step = csv_utf8_step(head + at, len - at);

		if (step == 0)
			return !whole && len - at < 4 && head[at] >= 0xc2;
		if (head[at] == 0x7f || (head[at] < 0x20 && strchr("\t\r\n", head[at]) == NULL) ||
		    head[at] == 0)
			return false;
		at += step;
	}
	return true;
}

int32_t csv_probe_text(const uint8_t *head, size_t len, bool whole)
{
	struct csv_sniffed found;

	if (csv_has_bom(head, len)) {
		head += CSV_BOM_SIZE;
		len -= CSV_BOM_SIZE;
	}
	if (len > CSV_HEAD_SIZE) {
		len = CSV_HEAD_SIZE;
		whole = false;
	}
	if (len == 0 || !is_printable(head, len, whole))
		return 0;
	found = csv_sniff(head, len, whole);
	if (found.width < 2)
		return found.width == 1 ? 5 : 0;
	if (found.records < 2)
		return 15;
	if (found.agree < found.records)
		return found.agree >= found.records / 10 * 9 && found.records >= 10 ? 20 : 5;
	return found.records >= 5 ? 70 : 50;
}
