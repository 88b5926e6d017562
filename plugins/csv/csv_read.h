/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_READ_H
#define CSV_READ_H

#include "csv_blocks_kernel.h"
#include "csv_input.h"
#include "csv_sniff.h"
#include "kist/plugin.h"

/*
 * A reader: the records of a source, one after another or many at once, with their place for error messages.
 *
 * Memory: one buffer of at most CSV_LINE_SIZE_MAX and one piece, the cells of one record, and those of
 * CSV_ROWS_CELLS or one record more.
 * Thread: one at a time.
 */

/* Cells that are found at once: what is done with them next finds them and their text in the nearest caches. */
#define CSV_ROWS_CELLS 2048u

/* Rejected records that are kept. */
#define CSV_REJECTS_MAX 100u

/**
 * struct csv_record - One record.  Valid until the next one is read.
 *
 * @base:      What the cells' positions count from.  Cells are already unescaped.
 * @count:     Cells; 0 at the end of the text.
 * @line:      Line in the text on which it begins, from 1.
 * @offset:    Byte in the source at which it begins.
 * @size:      Bytes of UTF-8, with the newline.
 * @non_ascii: false says that all its bytes are ASCII.
 */
struct csv_record {
	const uint8_t *base;
	const struct csv_cell *cells;
	uint32_t count;
	uint32_t size;
	uint64_t line;
	uint64_t offset;
	bool non_ascii;
};

/**
 * struct csv_rows - Records that follow each other.  Valid until the next ones are read.
 *
 * @cells: @width of each record, those of the first one first; positions count from @base.  Already unescaped.
 * @stops: The last byte of each record's newline, or of the text.
 * @count: Records; 0 at the end of the text.
 * @non_ascii: false says that all its bytes are ASCII.
 */
struct csv_rows {
	const uint8_t *base;
	const struct csv_cell *cells;
	const uint32_t *stops;
	uint32_t width;
	uint32_t count;
	bool non_ascii;
};

enum csv_newline { CSV_NEWLINE_NONE, CSV_NEWLINE_LF, CSV_NEWLINE_CRLF, CSV_NEWLINE_CR };

/**
 * struct csv_reader - @width: cells that every record must have; 0 until the first one.
 *
 * @dialect: Found out by csv_reader_open().
 * @newline: How the first record ended.
 * @passes_over: Wrong records are counted in @rejected and passed over; the first CSV_REJECTS_MAX are in @rejects.
 */
struct csv_reader {
	struct csv_input input;
	struct kist_call *call;
	struct csv_dialect dialect;
	enum csv_newline newline;
	uint32_t width;
	struct csv_fault fault;
	struct csv_fault *rejects;
	uint64_t rejected;
	bool passes_over;

	struct csv_scanner scanner;
	struct csv_group group;
	enum csv_blocks blocks;
	uint32_t odd;	/* times in a row that no group was found */
	uint32_t alone; /* records to be read one by one until the next try */
	uint8_t *buf;
	size_t capacity;
	size_t begin;
	size_t end;
	uint64_t place; /* of buf[begin] in the source */
	uint64_t last_place;
	uint64_t line;
	uint32_t last_size;
	uint32_t last_stop; /* of a record that is read alone */
	uint32_t last_lines;
	uint64_t polled;
};

/**
 * csv_reader_open() - Begin to read a source.
 *
 * @call:    For poll(); NULL in a lazy object.  Borrowed, as @source, until csv_reader_close().
 * @dialect: What the caller demands.  The delimiter was checked.
 *
 * On failure @reader->fault says why; csv_reader_close() is needed all the same.
 *
 * Errors: KIST_NO_MEMORY, KIST_UNSUPPORTED (E_ENCODING), KIST_CORRUPT (E_ENCODING), and the source's.
 */
kist_status csv_reader_open(struct csv_reader *reader, struct kist_source *source, struct kist_call *call,
			    struct csv_dialect dialect);

/** csv_reader_close() - Free everything.  May run twice. */
void csv_reader_close(struct csv_reader *reader);

/**
 * csv_reader_next() - Read the next record that is not blank.
 *
 * On failure @reader->fault says why.  After a fault of the text, csv_reader_skip() may go on.
 *
 * Errors: KIST_CORRUPT (E_QUOTE, E_RAGGED, E_ENCODING), KIST_LIMIT (E_LINE_TOO_LONG, E_OVERFLOW), KIST_NO_MEMORY, and
 * the source's and poll's.
 */
kist_status csv_reader_next(struct csv_reader *reader, struct csv_record *ret_record);

/**
 * csv_reader_rows() - Read the next records, as many as are found at once.
 *
 * Errors: as csv_reader_next(), for the first of them.
 */
kist_status csv_reader_rows(struct csv_reader *reader, struct csv_rows *ret_rows);

/**
 * csv_reader_skip() - After a fault of the text, go to the start of the next line.
 *
 * Errors: as csv_reader_next() without those of the text.
 */
kist_status csv_reader_skip(struct csv_reader *reader);

/* What csv_read.c and csv_rows.c share. */

/** csv_reader_no_memory() - Says so in @reader->fault.  Returns KIST_NO_MEMORY. */
kist_status csv_reader_no_memory(struct csv_reader *reader);

/** csv_reader_fill() - Reads at least one byte more.  Not called at the end. */
kist_status csv_reader_fill(struct csv_reader *reader);

/** csv_reader_advance() - Goes behind what was given last. */
void csv_reader_advance(struct csv_reader *reader);

/** csv_reader_unescape() - csv_unescape() for those of @count cells that need it. */
void csv_reader_unescape(struct csv_reader *reader, struct csv_cell *cells, uint32_t count);

/** csv_cell_is_null() - Empty, and not quoted unless it is the only cell of its record; or a word for null. */
static inline bool csv_cell_is_null(const struct csv_cell *cell, const uint8_t *base, uint32_t width,
				    uint8_t nulls)
{
	if (nulls != CSV_NULLS_EMPTY)
		return csv_is_null_word(base + cell->begin, cell->len);
	return cell->len == 0 && ((cell->flags & CSV_CELL_QUOTED) == 0 || width == 1);
}

#endif
