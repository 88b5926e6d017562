/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_JSON_LIST_H
#define KIST_CLI_JSON_LIST_H

#include "base/buf.h"
#include "base/json.h"

/*
 * A JSON list that is printed while it is made, as kist_print_json_take() would print it: however long it is,
 * it takes KIST_JSON_LIST_HELD bytes.  What is held back first leaves room for a failure to be told instead.
 *
 * Thread: [main]
 */

#define KIST_JSON_LIST_HELD ((size_t)1 << 20)

struct kist_json_list {
	struct kist_buf held;
	uint64_t count;
	bool streams; /* the front is out */
};

#define KIST_JSON_LIST_INIT                                                                                  \
	{                                                                                                    \
		.held = KIST_BUF_INIT((size_t)1 << 30)                                                       \
	}
void kist_json_list_done(struct kist_json_list *list);

/** kist_json_list_add_take() - One more element; drops the reference.  Errors: KIST_NO_MEMORY, KIST_IO. */
KIST_CHECKED kist_status kist_json_list_add_take(struct kist_json_list *list, json_t *value,
						 struct kist_error *err);

/** kist_json_list_end() - Prints what is left and the end.  Errors: KIST_NO_MEMORY, KIST_IO. */
KIST_CHECKED kist_status kist_json_list_end(struct kist_json_list *list, struct kist_error *err);

#endif
