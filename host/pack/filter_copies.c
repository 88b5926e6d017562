/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_copies.h"

#include <string.h>

#include "base/le.h"

#define TABLE_BITS  15
#define MULTIPLIER  UINT64_C(0x9e3779b97f4a7c15)
#define MULTIPLIER2 UINT64_C(0xc2b2ae3d27d4eb4f)

/* Of KIST_FILTER_COPY_MIN bytes. */
static size_t slot_of(const uint8_t *at)
{
	const uint64_t first = (kist_le_read64(at) ^ kist_le_read64(at + 8) * MULTIPLIER2) * MULTIPLIER;
	const uint64_t second =
		(kist_le_read64(at + 16) ^ kist_le_read64(at + 24) * MULTIPLIER) * MULTIPLIER2;

	return (size_t)((first ^ second >> 17) * MULTIPLIER >> (64 - TABLE_BITS));
}

/* Where every stretch of KIST_FILTER_COPY_MIN bytes begins, plus 1: a longer one of @raw holds a whole one.
 */
static void fill_table(struct kist_view base, uint32_t *table)
{
	memset(table, 0, KIST_FILTER_COPIES_TABLE * sizeof(*table));
	for (size_t at = 0; at + KIST_FILTER_COPY_MIN <= base.size; at += KIST_FILTER_COPY_MIN)
		table[slot_of(base.data + at)] = (uint32_t)at + 1;
}

static size_t same_ahead(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t same = 0;

	while (len - same >= 8 && kist_le_read64(a + same) == kist_le_read64(b + same))
		same += 8;
	while (same < len && a[same] == b[same])
		same++;
	return same;
}

static size_t same_before(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t same = 0;

	while (same < len && a[-(ptrdiff_t)same - 1] == b[-(ptrdiff_t)same - 1])
		same++;
	return same;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The finding under way. */
struct finding {
	struct kist_view raw;
	struct kist_view base;
	size_t limit;
	uint8_t *ret;
	size_t done;	 /* of @raw */
	size_t base_end; /* of the copy before */
	size_t copies;
	size_t fresh;
};

static bool has_room(const struct finding *finding, size_t fresh, size_t copies)
{
	return (finding->copies + copies) * KIST_FILTER_COPY_SIZE + finding->fresh + fresh <= finding->limit;
}

/* Notes the copy around @at of the raw bytes and @from of the base, which begin alike. */
static void add_copy(struct finding *finding, size_t at, size_t from)
{
	const uint8_t *const raw = finding->raw.data + at;
	const uint8_t *const base = finding->base.data + from;
	const size_t before = same_before(raw, base, smaller(at - finding->done, from));
	const size_t ahead =
		same_ahead(raw, base, smaller(finding->raw.size - at, finding->base.size - from));
	uint8_t *const to = finding->ret + finding->copies * KIST_FILTER_COPY_SIZE;

	kist_le_write32(to, (uint32_t)(at - before - finding->done));
	kist_le_write32(to + 4, (uint32_t)(from - before - finding->base_end));
	kist_le_write32(to + 8, (uint32_t)(before + ahead));
	finding->fresh += at - before - finding->done;
	finding->copies++;
	finding->done = at + ahead;
	finding->base_end = from + ahead;
}

static bool find_copies(struct finding *finding, const uint32_t *table)
{
	const struct kist_view raw = finding->raw;
	size_t at = 0;

	while (at + KIST_FILTER_COPY_MIN <= raw.size) {
		const uint32_t found = table[slot_of(raw.data + at)];

		if (!has_room(finding, at - finding->done, 1))
			return false;
		if (found == 0 ||
		    memcmp(finding->base.data + found - 1, raw.data + at, KIST_FILTER_COPY_MIN) != 0) {
			at++;
			continue;
		}
		add_copy(finding, at, found - 1);
		at = finding->done;
	}
	return finding->copies > 0 && has_room(finding, raw.size - finding->done, 0);
}

/* The bytes between the copies, behind them. */
static void write_fresh(struct finding *finding)
{
	const uint8_t *from = finding->raw.data;
	uint8_t *to = finding->ret + finding->copies * KIST_FILTER_COPY_SIZE;

	for (size_t i = 0; i < finding->copies; i++) {
		const uint8_t *const copy = finding->ret + i * KIST_FILTER_COPY_SIZE;
		const size_t fresh = kist_le_read32(copy);

		memcpy(to, from, fresh);
		to += fresh;
		from += fresh + kist_le_read32(copy + 8);
	}
	memcpy(to, from, finding->raw.size - finding->done);
	finding->fresh += finding->raw.size - finding->done;
}

bool kist_filter_copies_forward(struct kist_view raw, struct kist_view base, uint32_t *table, size_t limit,
				uint8_t *ret, uint32_t *ret_copies, uint32_t *ret_fresh)
{
	struct finding finding = { .raw = raw, .base = base, .limit = limit, .ret = ret };

	fill_table(base, table);
	if (!find_copies(&finding, table))
		return false;
	write_fresh(&finding);
	*ret_copies = (uint32_t)finding.copies;
	*ret_fresh = (uint32_t)finding.fresh;
	return true;
}

bool kist_filter_copies_back(const uint8_t *filtered, uint32_t copies, uint32_t fresh, struct kist_view base,
			     uint8_t *ret, size_t len)
{
	const uint8_t *from = filtered + copies * KIST_FILTER_COPY_SIZE;
	size_t left = fresh;
	size_t room = len;
	uint32_t start = 0;

	for (size_t i = 0; i < copies; i++) {
		const uint8_t *const copy = filtered + i * KIST_FILTER_COPY_SIZE;
		const size_t add = kist_le_read32(copy);
		const size_t same = kist_le_read32(copy + 8);

		start += kist_le_read32(copy + 4);
		if (add > left || add > room || same > room - add || start > base.size ||
		    same > base.size - start)
			return false;
		memcpy(ret, from, add);
		memcpy(ret + add, base.data + start, same);
		ret += add + same;
		room -= add + same;
		from += add;
		left -= add;
		start += (uint32_t)same;
	}
	if (left != room)
		return false;
	memcpy(ret, from, left);
	return true;
}
