/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pack/filter_cells_kernel.h"
#include "pack/filter_cells_parts_kernel.h"
#include "pack/filter_plane_kernel.h"

/* A column under way. */
struct column {
	uint8_t width; /* 0: a text */
	uint8_t words;
	const uint8_t *heads; /* of its planes */
	const uint8_t *from;  /* its first plane, or the next cell of a text */
	const uint8_t *end;   /* of the text */
};

/* What is said of the columns: where of the texts, and of the planes. */
static void first_heads(const struct kist_filter_cells *cells, const uint8_t *filtered, size_t *ret_text,
			size_t *ret_plane)
{
	*ret_text = cells->columns;
	*ret_plane = cells->columns;
	for (size_t i = 0; i < cells->columns; i++)
		*ret_plane += filtered[i] == 0 ? KIST_CELLS_TEXT_SIZE : 0;
}

size_t kist_filter_cells_next(const struct kist_filter_cells *cells, const uint8_t *filtered,
			      struct kist_filter_cells_walk *walk, bool *ret_text)
{
	const size_t at = walk->at;

	*ret_text = true;
	if (at == 0) {
		first_heads(cells, filtered, &walk->text, &walk->bits);
		walk->at = walk->bits;
		for (size_t i = 0; i < cells->columns; i++) {
			for (size_t k = 0; k < filtered[i]; k++)
				walk->at += kist_filter_plane_head_size(filtered[walk->at]);
		}
		return walk->at;
	}
	while (walk->at == at && walk->column < cells->columns) {
		const uint8_t width = filtered[walk->column];

		*ret_text = width == 0;
		if (width == 0) {
			walk->at += kist_cells_read32(filtered + walk->text);
			walk->text += KIST_CELLS_TEXT_SIZE;
		} else {
			walk->at += kist_filter_plane_size(filtered[walk->bits], cells->rows);
			walk->bits += kist_filter_plane_head_size(filtered[walk->bits]);
		}
		walk->plane = walk->plane + 1 < width ? walk->plane + 1 : 0;
		walk->column += walk->plane == 0;
	}
	if (walk->at == at) {
		*ret_text = true;
		walk->at = cells->size;
	}
	return walk->at - at;
}

/* Sizes the column, whose heads are at *@heads, and moves that on; false when it is not there. */
static bool open_column(const struct kist_filter_cells *cells, const uint8_t *filtered, size_t *text,
			size_t *plane, size_t *at, struct column *ret)
{
	size_t size = 0;

	if (ret->width > KIST_FILTER_CELLS_WIDTH_MAX)
		return false;
	ret->words = (uint8_t)((ret->width + KIST_CELLS_WORD - 1) / KIST_CELLS_WORD);
	ret->heads = filtered + *plane;
	if (ret->width == 0) {
		size = kist_cells_read32(filtered + *text);
		*text += KIST_CELLS_TEXT_SIZE;
	}
	for (size_t i = 0; i < ret->width; i++) {
		size += kist_filter_plane_size(filtered[*plane], cells->rows);
		*plane += kist_filter_plane_head_size(filtered[*plane]);
	}
	if (size > cells->size - *at)
		return false;
	ret->from = filtered + *at;
	*at += size;
	ret->end = filtered + *at;
	return true;
}

/* Where what is said of the columns ends; 0 when that is not there. */
static size_t end_of_heads(const struct kist_filter_cells *cells, const uint8_t *filtered, size_t *ret_plane)
{
	size_t at = cells->columns;

	if (cells->size < at)
		return 0;
	for (size_t i = 0; i < cells->columns; i++)
		at += filtered[i] == 0 ? KIST_CELLS_TEXT_SIZE : 0;
	*ret_plane = at;
	for (size_t i = 0; i < cells->columns; i++) {
		for (size_t k = 0; k < filtered[i]; k++) {
			const size_t size = at < cells->size ? kist_filter_plane_head_size(filtered[at]) : 0;

			if (size == 0)
				return 0;
			at += size;
		}
	}
	return at <= cells->size ? at : 0;
}

/* Finds the columns; false when they are more than there is.  *@ret_at is where they end. */
static bool open_columns(const struct kist_filter_cells *cells, const uint8_t *filtered,
			 struct column *columns, size_t *ret_at)
{
	size_t text = cells->columns;
	size_t plane = 0;
	size_t at = end_of_heads(cells, filtered, &plane);

	if (at == 0)
		return false;
	for (size_t i = 0; i < cells->columns; i++) {
		columns[i].width = filtered[i];
		if (!open_column(cells, filtered, &text, &plane, &at, &columns[i]))
			return false;
	}
	*ret_at = at;
	return true;
}

/* The words of @rows rows of a column, @at rows from their start, of @all. */
static void merge_words(const struct kist_filter_ops *ops, const struct column *column, uint64_t *words,
			size_t stride, size_t at, size_t rows, size_t all)
{
	uint8_t planes[KIST_CELLS_WORD * KIST_CELLS_ROWS_MAX];
	const uint8_t *head = column->heads;
	const uint8_t *from = column->from;

	for (size_t i = 0; i < column->words; i++) {
		size_t skip = i == 0 ? KIST_CELLS_WORD * column->words - column->width : 0;

		memset(planes, 0, skip * rows);
		for (; skip < KIST_CELLS_WORD; skip++) {
			kist_filter_plane_unpack(head, from, all, at, rows, planes + skip * rows);
			from += kist_filter_plane_size(head[0], all);
			head += kist_filter_plane_head_size(head[0]);
		}
		ops->merge[KIST_CELLS_WORD_LOG](planes, rows, (uint8_t *)(words + i * stride), rows);
	}
}

/* Where rows are written to. */
struct writing {
	uint8_t *at;
	uint8_t *end;
	const uint8_t *others; /* the next stretch: its rows and length */
	size_t others_left;
	const uint8_t *bytes; /* of it */
	size_t bytes_left;
	size_t rows_left; /* before it */
	uint8_t delimiter;
};

/* How many bytes at the start of @word are zeros. */
static inline size_t zeros_of(uint64_t word)
{
	return word == 0 ? KIST_CELLS_WORD : (size_t)__builtin_ctzll(word) / 8;
}

/* In two steps: of all its bits at once a word cannot be shifted. */
static inline uint64_t without_zeros(uint64_t word, size_t zeros)
{
	return word >> 4 * zeros >> 4 * zeros;
}

/* Bytes of @word behind the zeros at its start; false when there is no room for them. */
static bool write_word(struct writing *writing, uint64_t word)
{
	const size_t zeros = zeros_of(word);
	uint8_t bytes[KIST_CELLS_WORD];

	if ((size_t)(writing->end - writing->at) < KIST_CELLS_WORD - zeros)
		return false;
	kist_cells_write64(bytes, without_zeros(word, zeros));
	memcpy(writing->at, bytes, KIST_CELLS_WORD - zeros);
	writing->at += KIST_CELLS_WORD - zeros;
	return true;
}

/* The next cell of a text; false when there is none, or no room for it. */
static bool write_text(struct writing *writing, struct column *column)
{
	const size_t left = (size_t)(column->end - column->from);
	const uint8_t *end;
	size_t len;

	/* Most texts of a sparse table. */
	if (left > 0 && *column->from == '\n') {
		column->from++;
		return true;
	}
	end = memchr(column->from, '\n', left);
	len = end ? (size_t)(end - column->from) : 0;
	if (!end || len > (size_t)(writing->end - writing->at))
		return false;
	memcpy(writing->at, column->from, len);
	writing->at += len;
	column->from = end + 1;
	return true;
}

static bool write_row(struct writing *writing, struct column *columns, size_t count, const uint64_t *words,
		      size_t stride)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < columns[i].words; k++, words += stride) {
			if (!write_word(writing, *words))
				return false;
		}
		if ((columns[i].words == 0 && !write_text(writing, &columns[i])) ||
		    writing->at == writing->end)
			return false;
		*writing->at++ = writing->delimiter;
	}
	writing->at[-1] = '\n';
	return true;
}

/* Where there is room for each word and what follows it. */
static void write_short_row(struct writing *writing, const struct column *columns, size_t count,
			    const uint64_t *words, size_t stride)
{
	uint8_t *at = writing->at;

	for (size_t i = 0; i < count; i++) {
		size_t left = columns[i].words;

		do {
			const uint64_t word = *words;
			const size_t zeros = zeros_of(word);

			kist_cells_write64(at, without_zeros(word, zeros));
			at += KIST_CELLS_WORD - zeros;
			words += stride;
		} while (--left > 0);
		*at++ = writing->delimiter;
	}
	at[-1] = '\n';
	writing->at = at;
}

static void open_stretch(struct writing *writing)
{
	writing->rows_left = writing->others_left > 0 ? kist_cells_read32(writing->others) : SIZE_MAX;
}

/* The stretches that stand before the next row. */
static bool write_others_back(struct writing *writing)
{
	while (writing->rows_left == 0) {
		const size_t len = kist_cells_read32(writing->others + 4);

		if (len > writing->bytes_left || len > (size_t)(writing->end - writing->at))
			return false;
		memcpy(writing->at, writing->bytes, len);
		writing->at += len;
		writing->bytes += len;
		writing->bytes_left -= len;
		writing->others += KIST_CELLS_OTHER_SIZE;
		writing->others_left--;
		open_stretch(writing);
	}
	return true;
}

/* Rows with columns of these widths of which the words have room. */
static size_t rows_at_once(size_t words)
{
	return words == 0 || KIST_CELLS_ROOM_WORDS / words > KIST_CELLS_ROWS_MAX
		       ? KIST_CELLS_ROWS_MAX
		       : KIST_CELLS_ROOM_WORDS / words;
}

static bool write_rows(struct writing *writing, struct column *columns, size_t count, const uint64_t *words,
		       size_t stride, size_t rows)
{
	size_t longest = 0; /* bytes that a row without texts has room in; 0 with texts */
	bool texts = false;

	for (size_t i = 0; i < count; i++) {
		longest += columns[i].words * KIST_CELLS_WORD + 1;
		texts = texts || columns[i].words == 0;
	}
	for (size_t i = 0; i < rows; i++) {
		if (!write_others_back(writing))
			return false;
		if (!texts && (size_t)(writing->end - writing->at) >= longest)
			write_short_row(writing, columns, count, words + i, stride);
		else if (!write_row(writing, columns, count, words + i, stride))
			return false;
		writing->rows_left--;
	}
	return true;
}

bool kist_filter_cells_back(const struct kist_filter_ops *ops, const struct kist_filter_cells *cells,
			    const uint8_t *filtered, uint8_t *ret, size_t len)
{
	struct column columns[KIST_FILTER_CELLS_COLUMNS_MAX];
	struct writing writing = { .at = ret, .end = ret + len, .delimiter = cells->delimiter };
	uint64_t words[KIST_CELLS_ROOM_WORDS];
	size_t all_words = 0;
	size_t stride;
	size_t at;

	if (!open_columns(cells, filtered, columns, &at) ||
	    cells->others > (cells->size - at) / KIST_CELLS_OTHER_SIZE)
		return false;
	writing.others = filtered + at;
	writing.others_left = cells->others;
	writing.bytes = filtered + at + cells->others * KIST_CELLS_OTHER_SIZE;
	writing.bytes_left = cells->size - at - cells->others * KIST_CELLS_OTHER_SIZE;
	open_stretch(&writing);
	for (size_t i = 0; i < cells->columns; i++)
		all_words += columns[i].words;
	stride = rows_at_once(all_words);
	for (at = 0; at < cells->rows; at += stride) {
		const size_t rows = cells->rows - at < stride ? cells->rows - at : stride;
		uint64_t *to = words;

		for (size_t i = 0; i < cells->columns; i++) {
			merge_words(ops, &columns[i], to, stride, at, rows, cells->rows);
			to += columns[i].words * stride;
		}
		if (!write_rows(&writing, columns, cells->columns, words, stride, rows))
			return false;
	}
	for (size_t i = 0; i < cells->columns; i++) {
		if (columns[i].words == 0 && columns[i].from != columns[i].end)
			return false;
	}
	return write_others_back(&writing) && writing.at == writing.end && writing.others_left == 0 &&
	       writing.bytes_left == 0;
}
