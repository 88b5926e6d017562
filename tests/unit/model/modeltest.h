/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_MODEL_MODELTEST_H
#define TESTS_UNIT_MODEL_MODELTEST_H

#include <check.h>

#include "support/plugtest.h"

/* What the tests of the model plugin share: files made of JSON and data, and models made of tensors. */

/** Bytes of a file, owned; free() them. */
struct file {
	uint8_t *data;
	size_t size;
};

/** The length of @json, @json, and @data_size bytes 0, 1, 2 ... */
struct file file_make(const char *json, size_t data_size);

/** A tensor of a test's own model.  @deletes counts the deleter's calls. */
struct given {
	const char *name;
	DLManagedTensorVersioned tensor;
	int64_t shape[KIST_RANK_MAX];
	int64_t strides[KIST_RANK_MAX];
	unsigned long gets;
	unsigned long deletes;
};

/** A model over borrowed tensors. */
struct model {
	struct kist_tensor_map map;
	struct kist_object object;
	struct given *tensors;
};

void given_init(struct given *tensor, const char *name, uint8_t code, uint8_t bits, const void *data,
		int32_t ndim, ...);
void model_init(struct model *model, struct given *tensors, size_t count, const char *meta);

/** The interface of kist.safetensors. */
const ArtifactTaskInterface *safetensors(void);

/** What its methods are called with. */
void *safetensors_instance(void);

/** Serializes; the bytes are in @sink.  Returns the status. */
kist_status model_write(struct model *model, const struct kist_params *params, struct plugtest_call *call,
			struct plugtest_sink *sink);

#endif
