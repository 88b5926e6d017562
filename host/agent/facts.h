/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_FACTS_H
#define KIST_AGENT_FACTS_H

#include "agent/agent.h"

/*
 * What is written down of a job as it begins.  Private to the room.
 *
 * Thread: pure.
 */

/** struct kist_agent_facts - New references both. */
struct kist_agent_facts {
	json_t *facts;	  /* of run.json, with the digest of the manifest as "manifest_lock" */
	json_t *manifest; /* what was asked for, and nothing that is another's each time */
};

/** kist_agent_make_facts() - Of job @id.  Errors: KIST_NO_MEMORY, KIST_LIMIT, KIST_IO. */
KIST_CHECKED kist_status kist_agent_make_facts(const struct kist_agent_options *options, const char *id,
					       struct kist_agent_facts *ret, struct kist_error *err);

#endif
