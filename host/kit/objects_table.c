/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "kit/objects.h"
#include "object/made.h"
#include "object/stream.h"

/* Batches of a table with several: the last one has fewer rows. */
#define BATCH_ROWS ((int64_t)1000)

/* Tables: rows, and how many of the columns below they have. */
static const struct {
	int64_t rows;
	int64_t columns;
	const char *name;
} tables[] = {
	{ 5, 4, "a table of 5 rows with nulls" },
	{ 3, 1, "a table of one column" },
	{ 0, 4, "a table without rows" },
	{ 2500, 4, "a table of 2500 rows" },
};

/* The columns: an integer, a number, a text, a truth value.  Every third text and number is null. */
static const struct {
	const char *name;
	const char *format;
} columns[] = { { "id", "l" }, { "value", "g" }, { "text", "u" }, { "flag", "b" } };
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static const char *const words[] = { "plain",	   "with, comma",
				     "\"quoted\"", "gr\303\266\303\237er",
				     "two\nlines", "" };
#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

/* All of a column's memory: bitmap, numbers or offsets, text. */
struct column {
	const void *buffers[3];
	uint8_t validity[(BATCH_ROWS + 7) / 8];
	union {
		int64_t integers[BATCH_ROWS];
		double numbers[BATCH_ROWS];
		int32_t offsets[BATCH_ROWS + 1];
		uint8_t bits[(BATCH_ROWS + 7) / 8];
	};
	char text[BATCH_ROWS * 16];
};

struct reading {
	int64_t rows;
	int64_t column_count;
	int64_t done;
	bool is_ended;
};

static void column_release(struct ArrowArray *array)
{
	kist_free(array->private_data);
	array->release = NULL;
}

/* Row @row of the table, which is row @i of the batch. */
static void put_cell(struct column *column, size_t which, int64_t i, int64_t row)
{
	const bool is_null = (which == 1 || which == 2) && row % 3 == 2;
	const char *word = is_null ? "" : words[row % (int64_t)WORD_COUNT];

	if (!is_null)
		column->validity[i / 8] |= (uint8_t)(1u << (i % 8));
	if (which == 0) {
		column->integers[i] = row - 1;
	} else if (which == 1) {
		column->numbers[i] = is_null ? 0 : (double)row / 4;
	} else if (which == 3) {
		column->bits[i / 8] |= (uint8_t)((row % 2) << (i % 8));
	} else {
		memcpy(column->text + column->offsets[i], word, strlen(word));
		column->offsets[i + 1] = column->offsets[i] + (int32_t)strlen(word);
	}
}

static bool make_column(size_t which, int64_t first, int64_t rows, struct ArrowArray *ret)
{
	struct column *column = kist_alloc(1, sizeof(*column));
	int64_t nulls = 0;

	if (!column)
		return false;
	for (int64_t i = 0; i < rows; i++) {
		put_cell(column, which, i, first + i);
		nulls += !(column->validity[i / 8] >> (i % 8) & 1);
	}
	column->buffers[0] = column->validity;
	column->buffers[1] = column->integers;
	column->buffers[2] = column->text;
	*ret = (struct ArrowArray){ .length = rows,
				    .null_count = nulls,
				    .n_buffers = which == 2 ? 3 : 2,
				    .buffers = column->buffers,
				    .release = column_release,
				    .private_data = column };
	return true;
}

static int next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	struct reading *reading = stream->private_data;
	const int64_t left = reading->rows - reading->done;
	const int64_t rows = left < BATCH_ROWS ? left : BATCH_ROWS;
	kist_auto_array struct ArrowArray batch = { .release = NULL };

	*out = (struct ArrowArray){ .release = NULL };
	/* A table without rows has one batch all the same. */
	if (left == 0 && (reading->is_ended || reading->rows > 0))
		return 0;
	reading->is_ended = true;
	if (kist_batch_new(rows, reading->column_count, &batch, NULL) != KIST_OK)
		return ENOMEM;
	for (int64_t c = 0; c < reading->column_count; c++) {
		if (!make_column((size_t)c, reading->done, rows, batch.children[c]))
			return ENOMEM;
	}
	reading->done += rows;
	*out = batch;
	batch.release = NULL;
	return 0;
}

struct schema {
	struct ArrowSchema own[COLUMN_COUNT];
	struct ArrowSchema *children[COLUMN_COUNT];
};

static void child_release(struct ArrowSchema *schema)
{
	schema->release = NULL;
}

static void schema_release(struct ArrowSchema *schema)
{
	struct schema *own = schema->private_data;

	for (int64_t i = 0; i < schema->n_children; i++)
		kist_schema_release(&own->own[i]);
	kist_free(own);
	schema->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	const struct reading *reading = stream->private_data;
	struct schema *own = kist_alloc(1, sizeof(*own));

	if (!own)
		return ENOMEM;
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		own->own[i] = (struct ArrowSchema){ .format = columns[i].format,
						    .name = columns[i].name,
						    .flags = ARROW_FLAG_NULLABLE,
						    .release = child_release };
		own->children[i] = &own->own[i];
	}
	*out = (struct ArrowSchema){ .format = "+s",
				     .name = "",
				     .n_children = reading->column_count,
				     .children = own->children,
				     .release = schema_release,
				     .private_data = own };
	return 0;
}

static const char *last_error(struct ArrowArrayStream *stream)
{
	(void)stream;
	return "no memory";
}

static void stream_release(struct ArrowArrayStream *stream)
{
	kist_free(stream->private_data);
	stream->release = NULL;
}

kist_status kist_kit_table(size_t i, char ret_name[static KIST_KIT_OBJECT_NAME_SIZE], struct kist_object *ret,
			   struct kist_error *err)
{
	struct ArrowArrayStream stream = { .get_schema = get_schema,
					   .get_next = next,
					   .get_last_error = last_error,
					   .release = stream_release };
	struct reading *reading;
	kist_status status;

	if (i >= sizeof(tables) / sizeof(tables[0]))
		return KIST_NOT_FOUND;
	reading = kist_alloc(1, sizeof(*reading));
	if (!reading)
		return kist_fail_memory(err, sizeof(*reading));
	*reading = (struct reading){ .rows = tables[i].rows, .column_count = tables[i].columns };
	stream.private_data = reading;
	snprintf(ret_name, KIST_KIT_OBJECT_NAME_SIZE, "%s", tables[i].name);
	status = kist_object_of_stream(&stream, ret, err);
	kist_stream_release(&stream);
	return status;
}
