/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_CONVERT_H
#define KIST_FLOW_CONVERT_H

#include "flow/load.h"
#include "flow/save.h"

/*
 * Converting: an artifact read by the plugin that its record names, and written by another.
 *
 * Thread: one flow, one thread at a time.
 */

/**
 * kist_convert() - Makes another artifact of @artifact.
 *
 * @task:    The artifact task that writes it, by name.
 * @select:  "" for all; a tensor's name; column names "a,b".
 * @params:  Arguments of @task, or NULL.
 * @options: name and description of the new artifact.
 *
 * Errors: KIST_NOT_FOUND (task), KIST_UNSUPPORTED (the plugin that reads it is not here: names what is needed;
 * the kinds do not meet), and what the plugins say.
 */
KIST_CHECKED kist_status kist_convert(struct kist_save *save, const struct kist_artifact *artifact,
				      const char *task, const char *select, const json_t *params,
				      const struct kist_save_options *options, struct kist_saved *ret,
				      struct kist_error *err);

/** kist_stored_target() - The serializer that reads @record, by what the record says and nothing else. */
KIST_CHECKED kist_status kist_stored_target(struct kist_flow *flow, const json_t *record,
					    struct kist_route_target *ret, struct kist_error *err);

#endif
