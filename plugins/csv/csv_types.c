/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_types.h"

#include <stdlib.h>
#include <string.h>

#include "csv_runs.h"
#include "csv_schema.h"

static uint32_t sampled_columns(uint32_t width)
{
	return width < CSV_SAMPLE_COLUMNS ? width : CSV_SAMPLE_COLUMNS;
}

static void add_rows(struct csv_profile *p, const struct csv_rows *rows)
{
	for (uint32_t i = 0; i < p->width; i++)
		csv_runs_add(&p->columns[i], rows, i, p->dialect.nulls);
	for (uint32_t i = 0; p->labels && i < sampled_columns(p->width); i++)
		csv_labels_add(&p->labels[i], rows, i, p->rows, p->dialect.nulls);
	p->rows += rows->count;
}

static kist_status no_memory(struct csv_fault *fault)
{
	return csv_fault_set(fault, KIST_NO_MEMORY, "", KIST_NO_OFFSET, "no memory to read the table");
}

/* What is gathered of some columns only. */
static bool make_samples(struct csv_profile *p, uint32_t count)
{
	p->samples = calloc(count, sizeof(*p->samples));
	if (p->has_labels) {
		p->labels = calloc(count, sizeof(*p->labels));
		p->quantiles = calloc(count, sizeof(*p->quantiles));
		p->reservoir = calloc(1, sizeof(*p->reservoir));
	}
	if (!p->samples || (p->has_labels && (!p->labels || !p->quantiles || !p->reservoir)))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		p->samples[i].step = 1;
		p->columns[i].sample = &p->samples[i];
		if (!p->quantiles)
			continue;
		csv_quantiles_init(&p->quantiles[i]);
		p->columns[i].quantiles = &p->quantiles[i];
	}
	return true;
}

static kist_status keep_first(struct csv_profile *p, const struct csv_rows *first, struct csv_fault *fault)
{
	const uint32_t width = first->width;
	const size_t size = (size_t)first->stops[0] + 1;

	p->width = width;
	p->columns = calloc(width, sizeof(*p->columns));
	p->first_record = malloc(size);
	p->first_cells = reallocarray(NULL, width, sizeof(*p->first_cells));
	if (!p->columns || !p->first_record || !p->first_cells || !make_samples(p, sampled_columns(width)))
		return no_memory(fault);
	for (uint32_t i = 0; p->dialect.schema && i < width && i < p->dialect.schema->count; i++) {
		if (p->dialect.schema->columns[i].wanted == CSV_WANTED_TEXT)
			p->columns[i].kind = CSV_KIND_TEXT;
	}
	memcpy(p->first_record, first->base, size);
	memcpy(p->first_cells, first->cells, width * sizeof(*p->first_cells));
	return KIST_OK;
}

static bool is_name(const struct csv_profile *p, uint32_t i)
{
	const struct csv_cell *cell = &p->first_cells[i];

	if ((cell->flags & CSV_CELL_QUOTED) != 0)
		return cell->len > 0;
	return csv_name_is_plain(p->first_record + cell->begin, cell->len);
}

/* Whether an empty cell stands over whole numbers, or over nothing: as pandas writes its index. */
static bool is_over_index(const struct csv_profile *p)
{
	const enum csv_kind kind = p->columns[0].kind;

	return p->width > 1 && p->first_cells[0].len == 0 &&
	       (kind == CSV_KIND_INT64 || kind == CSV_KIND_NULL);
}

/*
 * The header rule: the first record is one if a name stands over a column of numbers or bools, or if all its
 * cells are names and no two alike.  The first may be empty over an index.
 */
static kist_status decide_header(struct csv_profile *p, const struct csv_text *texts, struct csv_fault *fault)
{
	uint32_t names = 0;
	int unique = 0;

	p->has_header = p->dialect.header == CSV_HEADER_YES;
	if (p->dialect.header != CSV_HEADER_AUTO)
		return KIST_OK;
	for (uint32_t i = 0; i < p->width && !p->has_header; i++) {
		const enum csv_kind kind = p->columns[i].kind;
		const bool typed = kind != CSV_KIND_NULL && kind != CSV_KIND_TEXT && kind != CSV_KIND_BINARY;

		names += is_name(p, i) || (i == 0 && is_over_index(p));
		p->has_header = typed && is_name(p, i);
	}
	if (p->has_header || names < p->width)
		return KIST_OK;
	unique = csv_names_unique(texts, p->width);
	if (unique < 0)
		return no_memory(fault);
	p->has_header = unique == 1;
	return KIST_OK;
}

static kist_status make_names(struct csv_profile *p, struct csv_text *texts, struct csv_fault *fault)
{
	for (uint32_t i = 0; i < p->width && !p->has_header; i++)
		texts[i] = (struct csv_text){ 0 };
	p->names = csv_names_make(texts, p->width);
	if (!p->names)
		return no_memory(fault);
	for (uint32_t i = 0; i < p->width; i++) {
		const size_t len = strlen(p->names[i]);

		if (len == texts[i].len && memcmp(p->names[i], texts[i].data, len) == 0)
			texts[i] = (struct csv_text){ 0 };
	}
	if (p->has_header)
		p->original = texts;
	return KIST_OK;
}

static kist_status check_wish(const struct csv_profile *p, uint32_t i, struct csv_fault *fault)
{
	const struct csv_wish *const wish = &p->dialect.schema->columns[i];
	const struct csv_column *const c = &p->columns[i];
	const struct csv_cell *const cell = &p->first_cells[i];
	const char *const name = p->names[i];

	/* The header's own bytes: a name may have been changed. */
	if (p->has_header && wish->title &&
	    (cell->len != wish->title_len ||
	     memcmp(p->first_record + cell->begin, wish->title, wish->title_len) != 0))
		return csv_fault_set(fault, KIST_CORRUPT, "E_SCHEMA", KIST_NO_OFFSET,
				     "column %u is '%.64s', and the schema says '%.*s'", i + 1, name,
				     (int)(wish->title_len < 64 ? wish->title_len : 64), wish->title);
	if (!csv_schema_takes(wish->wanted, c->kind, c->scale))
		return csv_fault_set(fault, KIST_CORRUPT, "E_SCHEMA", KIST_NO_OFFSET,
				     "column '%.64s' holds %s, and the schema says %s", name,
				     csv_kind_name(c->kind), csv_schema_name(wish->wanted));
	if (wish->required && c->nulls > 0)
		return csv_fault_set(fault, KIST_CORRUPT, "E_SCHEMA", KIST_NO_OFFSET,
				     "column '%.64s' has %llu nulls, and the schema says that it has none",
				     name, (unsigned long long)c->nulls);
	return KIST_OK;
}

/* Whether the table is what the schema says; it is not needed any more. */
static kist_status check_schema(struct csv_profile *p, struct csv_fault *fault)
{
	const struct csv_schema *const schema = p->dialect.schema;
	kist_status status = KIST_OK;

	if (!schema || !schema->columns)
		return KIST_OK;
	if (schema->count != p->width)
		return csv_fault_set(fault, KIST_CORRUPT, "E_SCHEMA", KIST_NO_OFFSET,
				     "the table has %u columns, and the schema %u", p->width, schema->count);
	for (uint32_t i = 0; i < p->width && status == KIST_OK; i++)
		status = check_wish(p, i, fault);
	return status;
}

/* After the last record: is the first one a header, and what are the columns called. */
static kist_status finish_columns(struct csv_profile *p, struct csv_fault *fault)
{
	struct csv_text *texts = calloc(p->width, sizeof(*texts));
	kist_status status;

	if (!texts)
		return no_memory(fault);
	for (uint32_t i = 0; i < p->width; i++)
		texts[i] =
			(struct csv_text){ p->first_record + p->first_cells[i].begin, p->first_cells[i].len };
	status = decide_header(p, texts, fault);
	if (status == KIST_OK && !p->has_header)
		add_rows(p, &(struct csv_rows){ .base = p->first_record,
						.cells = p->first_cells,
						.width = p->width,
						.count = 1,
						.non_ascii = true });
	for (uint32_t i = 0; i < p->width; i++)
		csv_column_finish(&p->columns[i]);
	if (status == KIST_OK)
		status = make_names(p, texts, fault);
	if (p->original != texts)
		free(texts);
	return status;
}

kist_status csv_profile_add(struct csv_profile *p, const struct csv_reader *reader,
			    const struct csv_rows *rows, struct csv_fault *fault)
{
	/* The first record is one of its own: nothing is known of the width before. */
	if (p->width == 0)
		return keep_first(p, rows, fault);
	csv_marks_add(&p->marks, reader, rows, p->rows);
	if (p->reservoir)
		csv_reservoir_add(p->reservoir, rows, p->rows, p->dialect.nulls);
	add_rows(p, rows);
	return KIST_OK;
}

kist_status csv_profile_finish(struct csv_profile *p, struct csv_reader *reader, struct csv_fault *fault)
{
	kist_status status;

	p->dialect = reader->dialect;
	p->newline = reader->newline;
	p->rejected = reader->rejected;
	p->rejects = reader->rejects;
	reader->rejects = NULL;
	if (p->reservoir)
		csv_reservoir_sort(p->reservoir);
	status = p->width > 0 ? finish_columns(p, fault) : KIST_OK;
	if (status == KIST_OK && p->width > 0)
		status = check_schema(p, fault);
	/* It does not outlive the call. */
	p->dialect.schema = NULL;
	return status;
}

static kist_status read_all(struct csv_reader *reader, struct csv_profile *p, struct csv_fault *fault)
{
	struct csv_rows rows;
	kist_status status = csv_reader_rows(reader, &rows);

	p->dialect = reader->dialect;
	while (status == KIST_OK && rows.count > 0) {
		status = csv_profile_add(p, reader, &rows, fault);
		if (status == KIST_OK)
			status = csv_reader_rows(reader, &rows);
	}
	return status == KIST_OK ? csv_profile_finish(p, reader, fault) : status;
}

static kist_status read_profile(struct kist_source *source, struct kist_call *call,
				struct csv_dialect dialect, bool has_labels, struct csv_profile *ret,
				struct csv_fault *fault)
{
	struct csv_reader reader;
	kist_status status = csv_reader_open(&reader, source, call, dialect);

	*ret = (struct csv_profile){ .has_labels = has_labels };
	*fault = (struct csv_fault){ .offset = KIST_NO_OFFSET };
	if (status == KIST_OK)
		status = read_all(&reader, ret, fault);
	if (status != KIST_OK && fault->status == KIST_OK)
		*fault = reader.fault;
	csv_reader_close(&reader);
	if (status != KIST_OK)
		csv_profile_done(ret);
	return status;
}

kist_status csv_profile_read(struct kist_source *source, struct kist_call *call, struct csv_dialect dialect,
			     struct csv_profile *ret, struct csv_fault *fault)
{
	return read_profile(source, call, dialect, false, ret, fault);
}

kist_status csv_profile_read_labels(struct kist_source *source, struct kist_call *call,
				    struct csv_dialect dialect, struct csv_profile *ret,
				    struct csv_fault *fault)
{
	return read_profile(source, call, dialect, csv_profile_wants_labels(source), ret, fault);
}

void csv_profile_done(struct csv_profile *p)
{
	csv_names_free(p->names, p->width);
	free(p->columns);
	free(p->samples);
	free(p->quantiles);
	free(p->original);
	free(p->first_record);
	free(p->first_cells);
	free(p->rejects);
	for (uint32_t i = 0; p->labels && i < sampled_columns(p->width); i++)
		csv_labels_done(&p->labels[i]);
	free(p->labels);
	free(p->reservoir);
	csv_marks_done(&p->marks);
	*p = (struct csv_profile){ 0 };
}
