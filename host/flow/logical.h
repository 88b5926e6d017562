/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_LOGICAL_H
#define KIST_FLOW_LOGICAL_H

#include <stdbool.h>

#include "kist/stream.h"
#include "plugin/schema.h"

/*
 * What the elements of written bytes are, when the bytes do not say it: a serializer announces parts of a type,
 * and the type's reader has an argument for just that, "logical_dtype", whose "enum" names it.
 *
 * Thread: one struct, one thread.
 */

/** struct kist_logical - What is known so far. */
struct kist_logical {
	const json_t *choices; /* that the argument may be; NULL: the reader has none.  Borrowed. */
	char name[32];	       /* of the parts so far that are one of them; "": there was none */
	bool is_mixed;	       /* there were several, and one argument cannot say them */
};

/** kist_logical_init() - Before the first part.  @reading: The arguments of the reader; must stay. */
void kist_logical_init(struct kist_logical *logical, const struct kist_schema *reading);

/** kist_logical_add() - A part was announced; its type may be anything. */
void kist_logical_add(struct kist_logical *logical, const struct kist_part *part);

/**
 * kist_logical_params() - The arguments with which what was written is read as it was.
 *
 * @ret: New reference; NULL when there is nothing to say, or more than one argument can.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_logical_params(const struct kist_logical *logical, json_t **ret,
					     struct kist_error *err);

#endif
