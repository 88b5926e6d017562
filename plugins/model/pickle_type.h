/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_PICKLE_TYPE_H
#define MODEL_PICKLE_TYPE_H

#include "kist/plugin.h"

/*
 * kist.pickle: a pickle as bytes that are looked at, and never loaded.
 *
 * Source: pickle.md.
 */

#define PICKLE_TYPE "kist.pickle"

kist_status pickle_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
			     const struct kist_params *params, struct kist_sink *sink);
kist_status pickle_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			       const struct kist_params *params, struct kist_object *ret_object);
kist_status pickle_validate(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_report *report);
kist_status pickle_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);
kist_status pickle_describe_file(void *instance, struct kist_call *call, struct kist_source *source,
				 const struct kist_params *params, struct kist_sink *sink);

#endif
