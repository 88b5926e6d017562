/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_NAMES_H
#define CSV_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Column names: UTF-8 without NUL, not empty, no two alike.
 *
 * A byte that is not UTF-8, and NUL, become U+FFFD.  A name is cut after CSV_NAME_LEN_MAX bytes, at a character: the
 * host takes none that is longer than 64 KiB.  An empty name becomes "column_N", N counted from 1.
 * Of several alike the first keeps its name, the next ones become name_1, name_2, ... leaving out those that
 * another column has from the start.
 *
 * Thread: pure.
 */

/** Bytes of a name, without what makes it differ from others that are alike. */
#define CSV_NAME_LEN_MAX ((size_t)65000)

/** struct csv_text - Borrowed bytes. */
struct csv_text {
	const uint8_t *data;
	size_t len;
};

/** csv_names_make() - Make @count names of @texts.  NULL without memory.  Owned by the caller. */
char **csv_names_make(const struct csv_text *texts, uint32_t count);

/** csv_names_free() - Free @names.  Accepts NULL. */
void csv_names_free(char **names, uint32_t count);

/** csv_names_unique() - Whether no two of @texts are alike.  Returns -1 without memory. */
int csv_names_unique(const struct csv_text *texts, uint32_t count);

/** csv_name_is_plain() - Whether an unquoted cell can be a name: not empty, not like a number, date or bool.
 */
bool csv_name_is_plain(const uint8_t *text, size_t len);

#endif
