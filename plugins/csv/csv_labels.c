/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_labels.h"

#include <stdlib.h>
#include <string.h>

#include "csv_fixed.h"

#define SLOTS_MIN 64u
#define TEXT_MIN  ((size_t)512)
/* Once so many cells were looked at, no more than a fifth of them may be different. */
#define JUDGED_AT 4096u
/* Of so many rows of a long table the first ones are looked at; fewer when texts are only counted. */
#define ROWS_TOGETHER ((uint64_t)8192)
#define ROWS_LOOKED   1024u
#define ROWS_COUNTED  128u

/* Both halves of a product, so that every bit counts. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
	const csv_uint128 product = (csv_uint128)(hash ^ 0x9e3779b97f4a7c15u) * (word ^ 0xc2b2ae3d27d4eb4fu);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const uint8_t *at, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, at, len);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	/* How many are different is told from hashes, and has to be the same everywhere. */
	word = __builtin_bswap64(word);
#endif
	return word;
}

static uint64_t hash_of(const uint8_t *text, uint32_t len)
{
	uint64_t hash = len;

	for (; len > 16; text += 8, len -= 8)
		hash = mix(hash, load(text, 8));
	/* Halves that overlap, so that no copy is of a length that the compiler does not know. */
	if (len >= 8)
		return mix(hash ^ load(text, 8), load(text + len - 8, 8));
	if (len >= 4)
		return mix(hash, load(text, 4) | load(text + len - 4, 4) << 32);
	if (len == 0)
		return mix(hash, 0);
	return mix(hash, text[0] | (uint64_t)text[len / 2] << 8 | (uint64_t)text[len - 1] << 16);
}

static void drop(struct csv_labels *l)
{
	free(l->labels);
	free(l->slots);
	free(l->text);
	l->labels = NULL;
	l->slots = NULL;
	l->text = NULL;
	l->count = 0;
}

/* From now on texts are only counted. */
static void give_up(struct csv_labels *l)
{
	l->over = true;
	l->registers = calloc(CSV_DISTINCT_REGISTERS, 1);
	for (uint32_t i = 0; l->registers && i < l->count; i++)
		csv_distinct_add(l->registers, l->labels[i].hash);
	drop(l);
}

static bool grow_slots(struct csv_labels *l)
{
	const uint32_t count = l->slot_count ? l->slot_count * 2 : SLOTS_MIN;
	uint16_t *slots = calloc(count, sizeof(*slots));
	struct csv_label *labels = slots ? reallocarray(l->labels, count / 2, sizeof(*labels)) : NULL;

	if (labels)
		l->labels = labels;
	if (!labels) {
		free(slots);
		return false;
	}
	for (uint32_t i = 0; i < l->count; i++) {
		uint64_t slot = labels[i].hash & (count - 1);

		while (slots[slot] != 0)
			slot = (slot + 1) & (count - 1);
		slots[slot] = (uint16_t)(i + 1);
	}
	free(l->slots);
	l->slots = slots;
	l->slot_count = count;
	return true;
}

static bool grow_text(struct csv_labels *l)
{
	const size_t capacity = l->text_capacity ? l->text_capacity * 2 : TEXT_MIN;
	uint8_t *text = realloc(l->text, capacity);

	if (!text)
		return false;
	l->text = text;
	l->text_capacity = capacity;
	return true;
}

static void add_label(struct csv_labels *l, const uint8_t *text, uint32_t len, uint64_t hash)
{
	uint64_t slot;

	if (l->count == CSV_LABELS_MAX || len > CSV_LABEL_SIZE_MAX ||
	    (l->count * 2 >= l->slot_count && !grow_slots(l)) ||
	    (len > l->text_capacity - l->text_size && !grow_text(l))) {
		give_up(l);
		return;
	}
	slot = hash & (l->slot_count - 1);
	while (l->slots[slot] != 0)
		slot = (slot + 1) & (l->slot_count - 1);
	if (len > 0)
		memcpy(l->text + l->text_size, text, len);
	l->labels[l->count++] =
		(struct csv_label){ .count = 1, .hash = hash, .at = (uint32_t)l->text_size, .len = len };
	l->slots[slot] = (uint16_t)l->count;
	l->text_size += len;
}

static void add_cell(struct csv_labels *l, const uint8_t *text, uint32_t len)
{
	const uint64_t hash = hash_of(text, len <= CSV_LABEL_SIZE_MAX ? len : 0);
	uint64_t slot = l->slot_count > 0 ? hash & (l->slot_count - 1) : 0;

	while (l->slot_count > 0 && l->slots[slot] != 0) {
		struct csv_label *const label = &l->labels[l->slots[slot] - 1];

		if (label->hash == hash && label->len == len && memcmp(l->text + label->at, text, len) == 0) {
			label->count++;
			return;
		}
		slot = (slot + 1) & (l->slot_count - 1);
	}
	add_label(l, text, len, hash);
}

static const struct csv_cell *cell_of(const struct csv_rows *rows, uint32_t index, uint64_t row)
{
	return &rows->cells[row * rows->width + index];
}

static bool is_null(const struct csv_rows *rows, const struct csv_cell *cell, uint8_t nulls)
{
	return csv_cell_is_null(cell, rows->base, rows->width, nulls);
}

static void keep_length(struct csv_labels *l, uint32_t len)
{
	if (l->length_count == CSV_LENGTHS_MAX) {
		for (uint32_t i = 0; i < CSV_LENGTHS_MAX / 2; i++)
			l->lengths[i] = l->lengths[(size_t)i * 2];
		l->length_count = CSV_LENGTHS_MAX / 2;
		l->length_step *= 2;
	}
	l->lengths[l->length_count++] = len;
}

/* Every so many rows; when the room is full every second one goes. */
static void add_lengths(struct csv_labels *l, const struct csv_rows *rows, uint32_t index, uint64_t row,
			uint8_t nulls)
{
	if (l->length_step == 0)
		l->length_step = 1;
	for (; l->length_at < row + rows->count; l->length_at += l->length_step) {
		const struct csv_cell *const cell = cell_of(rows, index, l->length_at - row);

		if (!is_null(rows, cell, nulls))
			keep_length(l, cell->len);
	}
}

/* The next row from @row on that is looked at. */
static uint64_t next_row(const struct csv_labels *l, uint64_t row)
{
	const uint64_t within = row % ROWS_TOGETHER;
	const bool is_looked_at = l->over ? row < CSV_COUNTED_ROWS || within < ROWS_COUNTED
					  : row < CSV_LABELS_ROWS || within < ROWS_LOOKED;

	return is_looked_at ? row : row - within + ROWS_TOGETHER;
}

void csv_labels_add(struct csv_labels *l, const struct csv_rows *rows, uint32_t index, uint64_t row,
		    uint8_t nulls)
{
	add_lengths(l, rows, index, row, nulls);
	for (uint64_t at = next_row(l, row); at < row + rows->count; at = next_row(l, at + 1)) {
		const struct csv_cell *const cell = cell_of(rows, index, at - row);
		const uint8_t *const text = rows->base + cell->begin;

		if (is_null(rows, cell, nulls))
			continue;
		l->seen++;
		if (!l->over)
			add_cell(l, text, cell->len);
		if (l->registers)
			csv_distinct_add(l->registers, hash_of(text, cell->len));
		if (!l->over && l->seen == JUDGED_AT && l->count > JUDGED_AT / 5)
			give_up(l);
	}
}

static bool goes_before(const struct csv_labels *l, const struct csv_label *a, const struct csv_label *b)
{
	const uint32_t len = a->len < b->len ? a->len : b->len;
	const int order = a->count == b->count ? memcmp(l->text + a->at, l->text + b->at, len) : 0;

	if (a->count != b->count)
		return a->count > b->count;
	return order != 0 ? order < 0 : a->len < b->len;
}

uint32_t csv_labels_top(const struct csv_labels *l, const struct csv_label *ret[static CSV_TOP_MAX])
{
	uint32_t count = 0;

	if (l->over || (l->count > CSV_TOP_MAX && (uint64_t)l->count * 5 > l->seen))
		return 0;
	for (uint32_t i = 0; i < l->count; i++) {
		const struct csv_label *const label = &l->labels[i];
		uint32_t at = count < CSV_TOP_MAX ? count++ : CSV_TOP_MAX;

		for (; at > 0 && goes_before(l, label, ret[at - 1]); at--) {
			if (at < CSV_TOP_MAX)
				ret[at] = ret[at - 1];
		}
		if (at < CSV_TOP_MAX)
			ret[at] = label;
	}
	return count;
}

uint64_t csv_labels_distinct(const struct csv_labels *l, bool *ret_is_exact)
{
	uint64_t count;

	*ret_is_exact = !l->over;
	if (!l->over || !l->registers)
		return l->over ? 0 : l->count;
	count = csv_distinct_count(l->registers);
	return count < l->seen ? count : l->seen;
}

void csv_labels_done(struct csv_labels *l)
{
	drop(l);
	free(l->registers);
	*l = (struct csv_labels){ 0 };
}
