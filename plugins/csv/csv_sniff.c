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

static uint32_t signs_of(const struct csv_scanner *s)
{
	uint32_t signs = s->count == 0 || s->escaped;

	/* A quote that is doubled says little; one with another escape, or another quote, says much. */
	for (uint32_t i = 0; i < s->count; i++)
		signs += s->quote != '"' && (s->cells[i].flags & CSV_CELL_QUOTED) != 0;
	return signs;
}

/* Reads the head with one dialect.  A quote out of place disqualifies it: width 0. */
static struct csv_sniffed try_dialect(const uint8_t *head, size_t len, bool whole, struct csv_sniffed found)
{
	struct csv_cell cells[SNIFF_COLUMNS_MAX];
	struct csv_scanner s = { .cells = cells,
				 .capacity = SNIFF_COLUMNS_MAX,
				 .delimiter = found.delimiter,
				 .quote = found.quote,
				 .escape = found.escape,
				 .comment = found.comment };
	size_t at = 0;

	csv_scanner_begin(&s);
	while (at < len) {
		const enum csv_scan result = csv_scan(&s, head + at, len - at, whole);

		if (result == CSV_SCAN_BAD_QUOTE) {
			found.width = 0;
			return found;
		}
		found.strays |= s.strays > 0;
		/* A first record that goes on past the head is judged by what is there. */
		if (result != CSV_SCAN_RECORD && found.records > 0)
			break;
		found.signs += signs_of(&s);
		if (result == CSV_SCAN_RECORD && (s.count == 0 || is_blank(&s))) {
			at += s.next;
			csv_scanner_next(&s);
			continue;
		}
		if (found.records == 0)
			found.width = s.count + (result != CSV_SCAN_RECORD);
		found.records++;
		found.agree += result != CSV_SCAN_RECORD || s.count == found.width;
		if (result != CSV_SCAN_RECORD)
			break;
		at += s.next;
		csv_scanner_next(&s);
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

/* The best delimiter for these quotes, escapes and comments; width below 2 if none counts. */
static struct csv_sniffed best_of(const struct csv_dialect *asked, const uint8_t *head, size_t len,
				  bool whole, struct csv_sniffed with)
{
	struct csv_sniffed best = with;

	for (const char *c = CANDIDATES; *c != '\0'; c++) {
		struct csv_sniffed found;

		with.delimiter = asked->delimiter ? asked->delimiter : (uint8_t)*c;
		found = try_dialect(head, len, whole, with);
		if (found.width >= 2 && (best.width < 2 || is_better(&found, &best)))
			best = found;
		if (asked->delimiter)
			break;
	}
	return best;
}

static bool is_clean(const struct csv_sniffed *found)
{
	return found->width >= 2 && !found->strays && found->agree == found->records;
}

/* 0 for none, and for one that is found out. */
static uint8_t comment_of(const struct csv_dialect *asked)
{
	return asked->comment == CSV_COMMENT_NONE ? 0 : asked->comment;
}

/* The other dialects, until one fits all that is there. */
static bool find_other(const struct csv_dialect *asked, const uint8_t *head, size_t len, bool whole,
		       struct csv_sniffed *ret)
{
	static const uint8_t rows[][3] = { { '"', '"', '#' },  { '"', '\\', 0 },    { '"', '\\', '#' },
					   { '\'', '\'', 0 },  { '\'', '\'', '#' }, { '\'', '\\', 0 },
					   { '\'', '\\', '#' } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct csv_sniffed with = { .quote = asked->quote ? asked->quote : rows[i][0],
						  .escape = asked->escape ? asked->escape : rows[i][1],
						  .comment =
							  asked->comment ? comment_of(asked) : rows[i][2] };
		const struct csv_sniffed found = best_of(asked, head, len, whole, with);

		if (is_clean(&found) && found.signs > 0) {
			*ret = found;
			return true;
		}
	}
	return false;
}

struct csv_sniffed csv_sniff(const struct csv_dialect *asked, const uint8_t *head, size_t len, bool whole)
{
	const uint8_t quote = asked->quote ? asked->quote : '"';
	const struct csv_sniffed usual = { .delimiter = asked->delimiter ? asked->delimiter : ',',
					   .quote = quote,
					   .escape = asked->escape ? asked->escape : quote,
					   .comment = comment_of(asked) };
	struct csv_sniffed best;

	if (len > CSV_HEAD_SIZE) {
		len = CSV_HEAD_SIZE;
		whole = false;
	}
	best = best_of(asked, head, len, whole, usual);
	if (is_clean(&best) || find_other(asked, head, len, whole, &best))
		return best;
	return best.width >= 2 ? best : try_dialect(head, len, whole, usual);
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
	found = csv_sniff(&(struct csv_dialect){ 0 }, head, len, whole);
	if (found.width < 2)
		return found.width == 1 ? 5 : 0;
	if (found.records < 2)
		return 15;
	if (found.agree < found.records)
		return found.agree >= found.records / 10 * 9 && found.records >= 10 ? 20 : 5;
	return found.records >= 5 ? 70 : 50;
}
