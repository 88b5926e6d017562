/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_cells_kernel.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "pack/filter_cells_parts_kernel.h"
#include "pack/filter_plane_kernel.h"

#define BLOCK  ((size_t)64)
#define VECTOR 16
/* Rows begin so far behind the start that the widest cell can be read from its end on. */
#define START_MIN ((size_t)KIST_FILTER_CELLS_WIDTH_MAX)
#define ROWS_MIN  ((size_t)16)
/* A column of widths that differ much is a text: zeros would be more than its bytes. */
#define SPREAD	   2
#define PROBE	   ((size_t)256)
#define PROBE_SIZE ((size_t)4096)
/* Both are all bits below one: lengths are or'ed. */
#define LEN_SHORT ((size_t)31)

/* What of a word belongs to a cell of so many bytes, which stand at its end. */
static const uint64_t masks[KIST_CELLS_WORD + 1] = {
	0,
	UINT64_C(0xff00000000000000),
	UINT64_C(0xffff000000000000),
	UINT64_C(0xffffff0000000000),
	UINT64_C(0xffffffff00000000),
	UINT64_C(0xffffffffff000000),
	UINT64_C(0xffffffffffff0000),
	UINT64_C(0xffffffffffffff00),
	UINT64_C(0xffffffffffffffff),
};

/* A column under way. */
struct column {
	uint8_t width; /* 0: a text */
	uint8_t words;
	uint8_t *start; /* of its planes, or of the text */
	uint8_t *end;	/* of the text, so far */
};

struct other {
	uint32_t rows; /* before it, since the one before */
	uint32_t start;
	uint32_t len;
};

struct lines {
	const uint8_t *raw;
	size_t len;
	uint8_t *lengths; /* of the cells of all rows */
	size_t columns;
	size_t rows;
	size_t rows_before; /* when the last stretch ended */
	size_t other_count;
	struct other others[KIST_FILTER_CELLS_OTHERS_MAX];
};

/* Of the bytes of a block: bit i is byte i's. */
struct found {
	uint64_t newlines;
	uint64_t separators; /* newlines too */
	bool zeros;
};

static inline struct found find_in_rest(const uint8_t *at, size_t size, uint8_t delimiter)
{
	struct found found = { .zeros = false };

	for (size_t i = 0; i < size; i++) {
		found.newlines |= (uint64_t)(at[i] == '\n') << i;
		found.separators |= (uint64_t)(at[i] == delimiter || at[i] == '\n') << i;
		found.zeros = found.zeros || at[i] == 0;
	}
	return found;
}

/* @size is BLOCK, or less at the end. */
static inline struct found find_in_block(const uint8_t *at, size_t size, uint8_t delimiter)
{
#ifdef __x86_64__
	const __m128i delimiters = _mm_set1_epi8((char)delimiter);
	const __m128i newlines = _mm_set1_epi8('\n');
	__m128i least = delimiters;
	struct found found = { .zeros = false };

	if (size < BLOCK)
		return find_in_rest(at, size, delimiter);
	for (unsigned i = 0; i < BLOCK; i += VECTOR) {
		const __m128i bytes = _mm_loadu_si128((const void *)(at + i));
		const __m128i newline = _mm_cmpeq_epi8(bytes, newlines);
		const __m128i separator = _mm_or_si128(newline, _mm_cmpeq_epi8(bytes, delimiters));

		least = _mm_min_epu8(least, bytes);
		found.newlines |= (uint64_t)(uint32_t)_mm_movemask_epi8(newline) << i;
		found.separators |= (uint64_t)(uint32_t)_mm_movemask_epi8(separator) << i;
	}
	found.zeros = _mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128())) != 0;
	return found;
#else
	return find_in_rest(at, size, delimiter);
#endif
}

/* Bytes that are no row: they go on the stretch that ends where they start, or begin one. */
static bool add_other(struct lines *lines, size_t start, size_t len)
{
	struct other *const last = &lines->others[lines->other_count];

	if (lines->other_count > 0 && lines->rows == lines->rows_before) {
		last[-1].len += (uint32_t)len;
		return true;
	}
	if (lines->other_count == KIST_FILTER_CELLS_OTHERS_MAX)
		return false;
	*last = (struct other){ .rows = (uint32_t)(lines->rows - lines->rows_before),
				.start = (uint32_t)start,
				.len = (uint32_t)len };
	lines->other_count++;
	lines->rows_before = lines->rows;
	return true;
}

/*
 * The longest cell that a row may have: where cells are short, one that is not would make its column a text.
 *
 * A part from the middle tells.
 */
static size_t cell_len_max(const struct lines *lines, uint8_t delimiter)
{
	const size_t size = lines->len < PROBE_SIZE ? lines->len : PROBE_SIZE;
	const uint8_t *const raw = lines->raw + (lines->len - size) / 2;
	size_t start = 0;

	for (size_t at = 0; at < size; at += BLOCK) {
		const size_t some = size - at < BLOCK ? size - at : BLOCK;
		uint64_t found = find_in_block(raw + at, some, delimiter).separators;

		for (; found != 0; found &= found - 1) {
			const size_t end = at + (size_t)__builtin_ctzll(found);

			if (end - start > LEN_SHORT)
				return KIST_FILTER_CELLS_LEN_MAX;
			start = end + 1;
		}
	}
	return LEN_SHORT;
}

/* Finds rows and stretches; false when the latter are too many, or bytes are zeros. */
static bool find_lines(struct lines *lines, uint8_t delimiter)
{
	const size_t len_max = cell_len_max(lines, delimiter);
	const uint8_t *const raw = lines->raw;
	uint8_t *cell = lines->lengths; /* the next; those of a line that is no row are overwritten */
	uint8_t *row = cell;
	size_t line_start = 0;
	size_t cell_start = 0;
	size_t longest = 0; /* all lengths of a line, or'ed */

	for (size_t at = 0; at < lines->len; at += BLOCK) {
		const size_t size = lines->len - at < BLOCK ? lines->len - at : BLOCK;
		const struct found found = find_in_block(raw + at, size, delimiter);
		uint64_t left = found.separators;

		if (found.zeros)
			return false;
		for (; left != 0; left &= left - 1) {
			const size_t end = at + (size_t)__builtin_ctzll(left);

			longest |= end - cell_start;
			*cell++ = (uint8_t)(end - cell_start);
			cell_start = end + 1;
			if ((left & -left & found.newlines) == 0)
				continue;
			if ((size_t)(cell - row) == lines->columns && longest <= len_max &&
			    line_start >= START_MIN) {
				lines->rows++;
				row = cell;
			} else {
				cell = row;
				if (!add_other(lines, line_start, cell_start - line_start))
					return false;
			}
			line_start = cell_start;
			longest = 0;
		}
	}
	return line_start == lines->len || add_other(lines, line_start, lines->len - line_start);
}

/* The longest cell of each column: sixteen rows are as many vectors of 16 lengths as there are columns. */
static void find_widths(const struct lines *lines, uint8_t *ret)
{
	typedef uint8_t vector __attribute__((vector_size(16)));
	const size_t columns = lines->columns;
	const size_t count = lines->rows * columns;
	vector most[KIST_FILTER_CELLS_COLUMNS_MAX];
	size_t at = 0;

	memset(most, 0, columns * sizeof(most[0]));
	memset(ret, 0, columns);
	for (; count - at >= 16 * columns; at += 16 * columns) {
		for (size_t i = 0; i < columns; i++) {
			vector lengths;
			vector more;

			memcpy(&lengths, lines->lengths + at + 16 * i, sizeof(lengths));
			more = (vector)(lengths > most[i]);
			most[i] = (lengths & more) | (most[i] & ~more);
		}
	}
	for (size_t i = 0; i < 16 * columns; i++) {
		const uint8_t len = ((const uint8_t *)most)[i];

		ret[i % columns] = len > ret[i % columns] ? len : ret[i % columns];
	}
	for (; at < count; at++)
		ret[at % columns] =
			lines->lengths[at] > ret[at % columns] ? lines->lengths[at] : ret[at % columns];
}

/* Bytes of the first @rows cells of column @i, with a newline each. */
static size_t text_size(const struct lines *lines, size_t i, size_t rows)
{
	size_t size = rows;

	for (size_t row = 0; row < rows; row++)
		size += lines->lengths[row * lines->columns + i];
	return size;
}

/* Decides what each column is, and gives it room; false when it is too much. */
static bool place_columns(const struct lines *lines, struct column *columns, size_t limit, uint8_t *ret)
{
	uint8_t widths[KIST_FILTER_CELLS_COLUMNS_MAX];
	const size_t probe = lines->rows < PROBE ? lines->rows : PROBE;

	find_widths(lines, widths);
	for (size_t i = 0; i < lines->columns; i++) {
		const bool is_text = widths[i] == 0 || widths[i] > KIST_FILTER_CELLS_WIDTH_MAX ||
				     widths[i] * probe > SPREAD * text_size(lines, i, probe);
		const size_t size = is_text ? text_size(lines, i, lines->rows) : widths[i] * lines->rows;

		if (size > limit)
			return false;
		columns[i].width = is_text ? 0 : widths[i];
		columns[i].words = (uint8_t)((columns[i].width + KIST_CELLS_WORD - 1) / KIST_CELLS_WORD);
		columns[i].start = ret;
		columns[i].end = ret;
		ret += size;
		limit -= size;
	}
	return true;
}

/* Words of @rows rows into the planes of a column, @at rows from their start. */
static void split_words(const struct kist_filter_ops *ops, const struct column *column, const uint64_t *words,
			size_t at, size_t rows, size_t all)
{
	uint8_t planes[KIST_CELLS_WORD * KIST_CELLS_ROWS_MAX];
	uint8_t *to = column->start + at;

	for (size_t i = 0; i < column->words; i++) {
		size_t skip = i == 0 ? KIST_CELLS_WORD * column->words - column->width : 0;

		ops->split[KIST_CELLS_WORD_LOG]((const uint8_t *)(words + i * KIST_CELLS_ROWS_MAX), rows,
						planes, KIST_CELLS_ROWS_MAX);
		for (; skip < KIST_CELLS_WORD; skip++, to += all)
			kist_cells_copy(planes + skip * KIST_CELLS_ROWS_MAX, rows, to);
	}
}

/* Rows that are worked on at once. */
struct rows {
	const uint8_t *at[KIST_CELLS_ROWS_MAX]; /* where the next cell of each begins */
	const uint8_t *lengths;			/* of that cell of the first row */
	size_t count;
	size_t columns;
};

/* Cells of a column of one word. */
static void read_words(struct rows *rows, uint64_t *words)
{
	const uint8_t *length = rows->lengths;

	for (size_t i = 0; i < rows->count; i++, length += rows->columns) {
		const uint8_t *const end = rows->at[i] + *length;

		words[i] = kist_cells_read64(end - KIST_CELLS_WORD) & masks[*length];
		rows->at[i] = end + 1;
	}
}

/* Of more than one, the first bytes in the first. */
static void read_long_words(struct rows *rows, size_t count, uint64_t *words)
{
	const uint8_t *length = rows->lengths;

	for (size_t i = 0; i < rows->count; i++, length += rows->columns) {
		const uint8_t *const end = rows->at[i] + *length;

		for (size_t k = 0; k < count; k++) {
			const size_t behind = KIST_CELLS_WORD * (count - 1 - k);
			const size_t left = *length > behind ? *length - behind : 0;

			words[k * KIST_CELLS_ROWS_MAX + i] =
				kist_cells_read64(end - behind - KIST_CELLS_WORD) &
				masks[left < KIST_CELLS_WORD ? left : KIST_CELLS_WORD];
		}
		rows->at[i] = end + 1;
	}
}

static void read_texts(struct rows *rows, struct column *column)
{
	const uint8_t *length = rows->lengths;

	for (size_t i = 0; i < rows->count; i++, length += rows->columns) {
		memcpy(column->end, rows->at[i], *length);
		column->end[*length] = '\n';
		column->end += *length + 1;
		rows->at[i] += *length + 1;
	}
}

/* Where the next rows are, and which stretches are passed by. */
struct reading {
	const uint8_t *at;
	size_t rows_left; /* before the next stretch */
	size_t other;
};

static void next_stretch(const struct lines *lines, struct reading *reading)
{
	while (reading->rows_left == 0) {
		reading->at += lines->others[reading->other++].len;
		reading->rows_left =
			reading->other < lines->other_count ? lines->others[reading->other].rows : SIZE_MAX;
	}
}

static void find_rows(const struct lines *lines, struct reading *reading, struct rows *rows)
{
	const uint8_t *length = rows->lengths;

	for (size_t i = 0; i < rows->count; i++) {
		size_t len = lines->columns;

		next_stretch(lines, reading);
		rows->at[i] = reading->at;
		for (size_t k = 0; k < lines->columns; k++)
			len += *length++;
		reading->at += len;
		reading->rows_left--;
	}
}

static void split_rows(const struct kist_filter_ops *ops, const struct lines *lines, struct column *columns)
{
	struct reading reading = { .at = lines->raw,
				   .rows_left = lines->other_count > 0 ? lines->others[0].rows : SIZE_MAX };
	uint64_t words[KIST_CELLS_WORDS_MAX * KIST_CELLS_ROWS_MAX];
	struct rows rows;

	rows.columns = lines->columns;
	for (size_t at = 0; at < lines->rows; at += rows.count) {
		rows.count = lines->rows - at < KIST_CELLS_ROWS_MAX ? lines->rows - at : KIST_CELLS_ROWS_MAX;
		rows.lengths = lines->lengths + at * lines->columns;
		find_rows(lines, &reading, &rows);
		for (size_t i = 0; i < lines->columns; i++, rows.lengths++) {
			if (columns[i].words == 0)
				read_texts(&rows, &columns[i]);
			else if (columns[i].words == 1)
				read_words(&rows, words);
			else
				read_long_words(&rows, columns[i].words, words);
			split_words(ops, &columns[i], words, at, rows.count, lines->rows);
		}
	}
}

/* What is beside the columns, behind them; 0 when there is no room for it. */
static size_t write_others(const struct lines *lines, size_t at, size_t limit, uint8_t *ret)
{
	const size_t table = at;

	if (lines->other_count * KIST_CELLS_OTHER_SIZE > limit - at)
		return 0;
	at += lines->other_count * KIST_CELLS_OTHER_SIZE;
	for (size_t i = 0; i < lines->other_count; i++) {
		const struct other *const other = &lines->others[i];

		if (other->len > limit - at)
			return 0;
		kist_cells_write32(ret + table + i * KIST_CELLS_OTHER_SIZE, other->rows);
		kist_cells_write32(ret + table + i * KIST_CELLS_OTHER_SIZE + 4, other->len);
		memcpy(ret + at, lines->raw + other->start, other->len);
		at += other->len;
	}
	return at;
}

/*
 * Packs the columns where they stand, from @ret on, and writes what is said of them to @head; *@ret_head_size bytes.
 *
 * Returns the bytes of the columns.
 */
static size_t pack_columns(const struct lines *lines, const struct column *columns, uint8_t *head,
			   size_t *ret_head_size, uint8_t *ret)
{
	uint8_t *text = head + lines->columns;
	uint8_t *plane = text;
	uint8_t *to = ret;

	for (size_t i = 0; i < lines->columns; i++) {
		head[i] = columns[i].width;
		plane += columns[i].width == 0 ? KIST_CELLS_TEXT_SIZE : 0;
	}
	for (size_t i = 0; i < lines->columns; i++) {
		const size_t size = (size_t)(columns[i].end - columns[i].start);

		if (columns[i].width == 0) {
			kist_cells_write32(text, (uint32_t)size);
			text += KIST_CELLS_TEXT_SIZE;
			memmove(to, columns[i].start, size);
			to += size;
		}
		for (size_t k = 0; k < columns[i].width; k++) {
			to += kist_filter_plane_pack(columns[i].start + k * lines->rows, lines->rows, plane,
						     to);
			plane += kist_filter_plane_head_size(plane[0]);
		}
	}
	*ret_head_size = (size_t)(plane - head);
	return (size_t)(to - ret);
}

/* Bytes of what is said of the columns, at most. */
static size_t head_size_max(const struct column *columns, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += 1 + (columns[i].width > 0 ? columns[i].width * KIST_FILTER_PLANE_HEAD_MAX
						  : KIST_CELLS_TEXT_SIZE);
	return size;
}

bool kist_filter_cells_forward(const struct kist_filter_ops *ops, struct kist_filter_cells *cells,
			       const uint8_t *raw, size_t len, uint8_t *lengths, size_t limit, uint8_t *ret)
{
	struct column columns[KIST_FILTER_CELLS_COLUMNS_MAX];
	struct lines lines;
	size_t head;
	size_t size;

	lines.raw = raw;
	lines.len = len;
	lines.lengths = lengths;
	lines.columns = cells->columns;
	lines.rows = 0;
	lines.rows_before = 0;
	lines.other_count = 0;
	if (!find_lines(&lines, cells->delimiter) || lines.rows < ROWS_MIN ||
	    !place_columns(&lines, columns, limit, ret) || head_size_max(columns, lines.columns) > len)
		return false;
	split_rows(ops, &lines, columns);
	/* The lengths are not needed any more. */
	size = pack_columns(&lines, columns, lengths, &head, ret);
	if (head > limit - size)
		return false;
	memmove(ret + head, ret, size);
	memcpy(ret, lengths, head);
	size = write_others(&lines, head + size, limit, ret);
	cells->rows = (uint32_t)lines.rows;
	cells->size = (uint32_t)size;
	cells->others = (uint32_t)lines.other_count;
	return size > 0;
}
