/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_DIALECT_H
#define CSV_DIALECT_H

#include <stdbool.h>

#include "kist/plugin.h"

/*
 * How a text is to be read, as the parameters of the plugin say it.
 *
 * Thread: pure.
 */

enum csv_header { CSV_HEADER_AUTO, CSV_HEADER_YES, CSV_HEADER_NO };

/* CSV_ENCODING_UTF16 takes the byte order from the mark. */
enum csv_encoding {
	CSV_ENCODING_UTF8,
	CSV_ENCODING_UTF16,
	CSV_ENCODING_UTF16LE,
	CSV_ENCODING_UTF16BE,
	CSV_ENCODING_LATIN1,
	CSV_ENCODING_CP1252
};

/* CSV_NULLS_PANDAS: the words that pandas takes for null are null, too, quoted or not. */
enum csv_nulls { CSV_NULLS_EMPTY, CSV_NULLS_PANDAS };

#define CSV_COMMENT_NONE 0xffu

struct csv_schema;

/**
 * struct csv_dialect - All zero: everything is found out, and everything wrong is refused.
 *
 * @delimiter, @quote, @escape, @comment: As in csv_kernel.h; @delimiter 0 is found out, and then @quote 0 with
 *                it.  A @comment of CSV_COMMENT_NONE is not looked for.
 * @header, @encoding, @nulls: enum csv_header, csv_encoding, csv_nulls.
 * @lenient:      Wrong records are passed over and listed; text behind a closing quote belongs to its cell.
 * @null_padding: A record that is too short is filled up with nulls.
 * @bom:          Found out: the text begins with a byte order mark.
 * @schema:       What the columns have to be; or NULL.  Lives as long as the call.
 */
struct csv_dialect {
	const struct csv_schema *schema;
	uint8_t delimiter;
	uint8_t quote;
	uint8_t escape;
	uint8_t comment;
	uint8_t header;
	uint8_t encoding;
	uint8_t nulls;
	bool lenient;
	bool null_padding;
	bool bom;
};

/** csv_dialect_read() - Read the parameters of deserialize.  Errors: KIST_INVALID (E_HEADER_SYNTAX, E_SCHEMA). */
kist_status csv_dialect_read(struct kist_call *call, const struct kist_params *params,
			     struct csv_dialect *ret);

/** csv_delimiter_read() - Set *@delimiter if the parameter is there and not empty.  Errors: as above. */
kist_status csv_delimiter_read(struct kist_call *call, const struct kist_params *params, uint8_t *delimiter);

/** csv_encoding_name() - "UTF-8", "UTF-16LE", ... */
const char *csv_encoding_name(enum csv_encoding encoding);

/** csv_is_null_word() - Whether pandas takes @text for null. */
bool csv_is_null_word(const uint8_t *text, size_t len);

#endif
