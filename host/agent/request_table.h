/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_REQUEST_TABLE_H
#define KIST_AGENT_REQUEST_TABLE_H

#include "base/json.h"

/*
 * A small table in a request: as much as fits in a line.
 *
 *     {"op":"table", "name":"people.csv", "columns":["name","age"], "rows":[["Ada",36], ["Bob",null]]}
 *
 * A column may be {"name":"age", "type":"integer"}, too: integer, number, boolean or text, which all of its values are
 * then, or null.
 *
 * Thread: pure.
 */

/**
 * kist_request_table() - A file in memory that holds the table of @request as CSV.
 *
 * @ret_fd: Owned by the caller.
 *
 * Errors: KIST_INVALID (it is no table), KIST_LIMIT, KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_request_table(const json_t *request, int *ret_fd, struct kist_error *err);

#endif
