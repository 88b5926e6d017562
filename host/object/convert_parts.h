/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_CONVERT_PARTS_H
#define KIST_OBJECT_CONVERT_PARTS_H

#include "kist/host.h"
#include "object/check.h"

/*
 * The conversions behind object/convert.h, one for each pair of kinds.
 *
 * Each takes an object that was checked and is of its kind.  On success the object is given; on failure it is
 * left alone, or, once a batch of a table was read, released.
 *
 * Thread: one object, one thread at a time.
 */

KIST_CHECKED kist_status kist_table_to_tensor(struct kist_object *object, const char *select,
					      struct kist_call *call, struct kist_object *ret,
					      struct kist_error *err);
KIST_CHECKED kist_status kist_table_select(struct kist_object *object, const char *select,
					   struct kist_object *ret, struct kist_error *err);
KIST_CHECKED kist_status kist_tensor_to_table(struct kist_object *object, struct kist_object *ret,
					      struct kist_error *err);
KIST_CHECKED kist_status kist_tensor_to_model(struct kist_object *object, struct kist_object *ret,
					      struct kist_error *err);
KIST_CHECKED kist_status kist_model_to_tensor(struct kist_object *object, const char *select,
					      struct kist_call *call, struct kist_object *ret,
					      struct kist_error *err);

/** kist_call_poll() - Whether the call may go on.  @call may be NULL. */
KIST_CHECKED static inline kist_status kist_call_poll(struct kist_call *call, struct kist_error *err)
{
	const kist_status status = call && call->poll ? call->poll(call) : KIST_OK;

	return status == KIST_OK ? KIST_OK : kist_fail(err, status, "stopped: %s", kist_status_name(status));
}

#endif
