/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_OUTPUT_H
#define KIST_CLI_OUTPUT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/json.h"

/*
 * The standard output, where exactly one JSON document goes with --json, and files that a command is told to write.
 *
 * Thread: [main]
 */

/** kist_reader_is_gone() - Whether nobody reads the standard output any more. */
bool kist_reader_is_gone(void);

/** kist_output_is_whole() - Flushes the standard output; false when something of it could not be written. */
bool kist_output_is_whole(void);

/** kist_print_json() - One JSON value and a newline to standard output; drops the reference. */
KIST_CHECKED kist_status kist_print_json_take(json_t *value, struct kist_error *err);

/** kist_json_with_path() - @object, given, with @path as @key: kist_json_set_bytes().  NULL: out of memory. */
json_t *kist_json_with_path(json_t *object, const char *key, const char *path);

/** kist_json_is_printed() - Whether the run has printed its document: there is one, whatever happens. */
bool kist_json_is_printed(void);
/** kist_json_set_printed() - For who prints it in pieces. */
void kist_json_set_printed(void);

/**
 * kist_output_file() - Writes @bytes to the file @path that a user named.
 *
 * A file is put there whole or not at all, also where a link leads; what is no file, a device or a pipe, is written to.
 *
 * Errors: KIST_NOT_FOUND, KIST_DENIED, KIST_IO.
 */
KIST_CHECKED kist_status kist_output_file(const char *path, struct kist_view bytes, mode_t mode,
					  struct kist_error *err);

#endif
