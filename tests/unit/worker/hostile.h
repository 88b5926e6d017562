/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_WORKER_HOSTILE_H
#define TESTS_UNIT_WORKER_HOSTILE_H

#include "worker/client.h"

/*
 * A host whose worker is the test itself: the other end of its socket is in the caller's hands.
 */

struct hostile {
	struct kist_worker *worker;
	struct kist_worker_plugin plugin;
	int other;
	uint64_t taken; /* bytes that were written */
	unsigned long parts;
	unsigned long issues;
	unsigned long reads;
};

void hostile_open(struct hostile *hostile);
void hostile_close(struct hostile *hostile);

/** An exchange of the kind @op as client_type.c would make it, with a host's input of 100 bytes and an
 * output. */
struct exchange hostile_exchange(struct hostile *hostile, uint32_t op);

/** Gives one message to client_take(). */
kist_status hostile_take(struct hostile *hostile, struct exchange *exchange, const struct kist_header *header,
			 struct kist_view payload, bool *ret_done, struct kist_error *err);

#endif
