/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_VALUE_H
#define KIST_CLI_VALUE_H

#include "base/json.h"

/*
 * JSON values for people: lines, lists and tables.
 *
 * Thread: [main]
 */

/** kist_cell_text() - A value in one cell; "" for NULL. */
void kist_cell_text(const json_t *value, char *ret, size_t size);

/**
 * kist_print_value() - A JSON object for people: lines, lists and tables.  @indent in spaces.
 *
 * Members "size", "mode" and "mtime_ns" that are integers are shown as a size, a mode and a time; but not in
 * "info" and "params", which are a plugin's.
 */
void kist_print_value(const json_t *object, int indent);

#endif
