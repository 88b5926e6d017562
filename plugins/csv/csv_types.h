/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_TYPES_H
#define CSV_TYPES_H

#include "csv_column.h"
#include "csv_labels.h"
#include "csv_marks.h"
#include "csv_names.h"
#include "csv_read.h"
#include "csv_reservoir.h"

/*
 * What a text holds: one pass over all of it finds the type and the statistics of every column.
 *
 * Memory: per column one struct csv_column and its name; the first record.
 * Thread: one at a time.
 */

/**
 * struct csv_profile - All of a text.
 *
 * @names:    @width unique names.
 * @original: The header's own bytes for names that had to be changed, else data is NULL.  NULL without
 * header.
 * @rejected, @rejects: As in struct csv_reader.
 * @has_labels: Set before the first record; @labels and @quantiles are gathered, of the first CSV_SAMPLE_COLUMNS columns,
 *            and the @reservoir, of rows behind the first record.
 * @marks:    Count records behind the first one, which is a row unless it is the header.
 */
struct csv_profile {
	struct csv_dialect dialect;
	enum csv_newline newline;
	bool has_header;
	uint32_t width;
	uint64_t rows;
	struct csv_column *columns;
	struct csv_sample *samples;
	struct csv_quantiles *quantiles;
	char **names;
	struct csv_text *original;
	uint8_t *first_record;
	struct csv_cell *first_cells;
	struct csv_fault *rejects;
	uint64_t rejected;
	struct csv_marks marks;
	bool has_labels;
	struct csv_labels *labels;
	struct csv_reservoir *reservoir;
};

/**
 * csv_profile_read() - Read the whole source.
 *
 * @dialect: What the caller demands.
 * @ret_profile: Set on success; csv_profile_done() frees it.
 * @fault:   Set on failure.
 *
 * Errors: as csv_reader_open() and csv_reader_next().
 */
kist_status csv_profile_read(struct kist_source *source, struct kist_call *call, struct csv_dialect dialect,
			     struct csv_profile *ret_profile, struct csv_fault *fault);

/** csv_profile_read_labels() - The same, with labels where csv_profile_wants_labels(): for what describe says. */
kist_status csv_profile_read_labels(struct kist_source *source, struct kist_call *call,
				    struct csv_dialect dialect, struct csv_profile *ret_profile,
				    struct csv_fault *fault);

/** csv_profile_wants_labels() - Whether a table is so long that its labels are worth it. */
static inline bool csv_profile_wants_labels(const struct kist_source *source)
{
	return source->size >= CSV_LABELS_SIZE_MIN;
}

/**
 * csv_profile_add() - Of csv_profile_read(): adds the next rows.
 *
 * @profile: All zero before the first rows, with the reader's dialect.
 * @rows:    What @reader gave last.
 *
 * Errors: KIST_NO_MEMORY.
 */
kist_status csv_profile_add(struct csv_profile *profile, const struct csv_reader *reader,
			    const struct csv_rows *rows, struct csv_fault *fault);

/** csv_profile_finish() - Of csv_profile_read(): after the last row.  Errors: KIST_NO_MEMORY. */
kist_status csv_profile_finish(struct csv_profile *profile, struct csv_reader *reader,
			       struct csv_fault *fault);

/** csv_profile_done() - Free everything.  May run twice. */
void csv_profile_done(struct csv_profile *profile);

#endif
