/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_KEPT_H
#define MODEL_KEPT_H

#include "model_reader.h"

/*
 * Types of files that are kept as bytes, looked at, and never loaded: what they would do is told.
 *
 * Thread: a struct is used by one thread at a time.
 */

/**
 * struct kept - A look at a file.
 *
 * @out:    Members of a JSON object are written here, each after a comma.
 * @report: What is unsound or unknown goes here; NULL when it is only described.
 * @fault:  Why it is not such a file at all.
 */
struct kept {
	struct kist_call *call;
	struct kist_source *source;
	struct model_out *out;
	struct kist_report *report;
	struct model_fault *fault;
};

/**
 * struct kept_format - The instance of such a type.
 *
 * @look:  Looks at all of the file.
 * @parts: Gives the typed parts; NULL when there are none.
 */
struct kept_format {
	const char *type;
	const char *name;
	kist_status (*look)(const struct kept *kept);
	kist_status (*parts)(struct kist_call *call, struct kist_source *source, struct kist_layout *layout,
			     struct model_fault *fault);
};

/* Methods.  @instance is the struct kept_format. */

kist_status kept_refuse_write(void *instance, struct kist_call *call, const struct kist_object *object,
			      const struct kist_params *params, struct kist_sink *sink);
kist_status kept_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			     const struct kist_params *params, struct kist_object *ret_object);
kist_status kept_validate(void *instance, struct kist_call *call, struct kist_source *source,
			  const struct kist_params *params, struct kist_report *report);
kist_status kept_layout(void *instance, struct kist_call *call, struct kist_source *source,
			const struct kist_params *params, struct kist_layout *layout);
kist_status kept_describe(void *instance, struct kist_call *call, struct kist_source *source,
			  const struct kist_params *params, struct kist_sink *sink);

/* The formats: what opens and what probes each. */

kist_status hdf5_open(const struct kist_host *host, struct kist_call *call, void **ret_instance);
kist_status hdf5_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);
kist_status keras_open(const struct kist_host *host, struct kist_call *call, void **ret_instance);
kist_status keras_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);
kist_status pickle_open(const struct kist_host *host, struct kist_call *call, void **ret_instance);
kist_status pickle_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);
kist_status skops_open(const struct kist_host *host, struct kist_call *call, void **ret_instance);
kist_status skops_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);

#endif
