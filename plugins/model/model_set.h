/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MODEL_SET_H
#define MODEL_MODEL_SET_H

#include "model_array.h"

/*
 * A few texts, each counted: it is looked for among all others.
 *
 * Thread: a struct is used by one thread at a time.
 */

/** struct model_set - Begins zeroed; model_set_done() frees it. */
struct model_set {
	struct model_array counts; /* struct model_count */
	struct model_array texts;
};
struct model_count {
	size_t text; /* place in texts, NUL-terminated */
	uint64_t count;
};

/**
 * model_set_add() - Counts @text, of at most @max of them.
 *
 * @ret_count: How often it was there; 0 when there are too many others.
 *
 * Errors: KIST_NO_MEMORY.
 */
kist_status model_set_add(struct kist_call *call, struct model_set *set, size_t max, const char *text,
			  uint64_t *ret_count);
void model_set_done(struct model_set *set);

/** model_set_text() - The text that was counted as the @i-th. */
const char *model_set_text(const struct model_set *set, size_t i);
uint64_t model_set_count(const struct model_set *set, size_t i);

/** model_set_put() - ["text", ...], or {"text":count, ...} with @are_counted. */
void model_set_put(const struct model_set *set, bool are_counted, struct model_out *out);

#endif
