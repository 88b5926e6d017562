/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_SCHEMA_H
#define CSV_SCHEMA_H

#include "csv_column.h"
#include "kist/plugin.h"

/*
 * A sidecar schema: what somebody says of a text in the JSON of W3C's CSV on the Web (CSVW).
 *
 *     {"dialect":{"delimiter":";","header":true},
 *      "tableSchema":{"columns":[{"titles":"a","datatype":"integer"},{"titles":"b","datatype":"string"}]}}
 *
 * Of "string" (and of any other type that is not below) the column is text, whatever its cells look like.  Any other
 * type is a promise: a column that is not of it is refused, and so are other names and another number of columns,
 * and an empty cell where one is required.  No type makes a cell read as what would not print as that cell.
 *
 * Thread: one at a time.
 * Source: https://www.w3.org/TR/tabular-metadata/
 */

enum csv_wanted {
	CSV_WANTED_ANY,
	CSV_WANTED_TEXT,
	CSV_WANTED_INTEGER,
	CSV_WANTED_DECIMAL,
	CSV_WANTED_DOUBLE,
	CSV_WANTED_BOOL,
	CSV_WANTED_DATE,
	CSV_WANTED_TIME,
	CSV_WANTED_STAMP
};

/** struct csv_wish - Of one column.  @title.data is NULL if none is said. */
struct csv_wish {
	const char *title;
	size_t title_len;
	enum csv_wanted wanted;
	bool required;
};

/** struct csv_schema - @dialect: 0 where nothing is said, as in struct csv_dialect. */
struct csv_schema {
	uint32_t count;
	struct csv_wish *columns;
	uint8_t delimiter;
	uint8_t quote;
	uint8_t escape;
	uint8_t comment;
	uint8_t header;
	uint8_t encoding;
};

/**
 * csv_schema_read() - Read the JSON.
 *
 * @ret: In memory of the call.
 *
 * Errors: KIST_INVALID (E_SCHEMA), KIST_NO_MEMORY.
 */
kist_status csv_schema_read(struct kist_call *call, const char *text, size_t len,
			    const struct csv_schema **ret);

/** csv_schema_takes() - Whether a column of @kind is what was wanted. */
bool csv_schema_takes(enum csv_wanted wanted, enum csv_kind kind, unsigned int scale);

/** csv_schema_name() - What was wanted, in one word. */
const char *csv_schema_name(enum csv_wanted wanted);

/** csv_schema_type() - The name of a type that takes a column of @kind. */
const char *csv_schema_type(enum csv_kind kind);

#endif
