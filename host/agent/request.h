/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_REQUEST_H
#define KIST_AGENT_REQUEST_H

#include "agent/keeper.h"

/*
 * One request to the agent: a line of JSON, agent/server.h.
 *
 * Thread: any.
 */

/**
 * kist_request_serve() - Does what @line asks for.
 *
 * @fd: A file that came with it, or -1; taken where it is needed: -1 then.
 *
 * Errors: KIST_INVALID (that is no request), KIST_CORRUPT (no JSON), KIST_NOT_FOUND, KIST_DENIED, KIST_LIMIT,
 * KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_request_serve(struct kist_view line, int *fd, struct kist_keeper *keeper,
					    struct kist_error *err);

#endif
