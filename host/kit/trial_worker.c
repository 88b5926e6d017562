/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "kit/trial.h"

/* The bytes, lent to the worker. */
static kist_status read_bytes(void *ctx, uint64_t offset, void *buf, size_t len, size_t *ret_len,
			      struct kist_error *err)
{
	const struct kist_view *bytes = ctx;
	const size_t left = offset < bytes->size ? bytes->size - (size_t)offset : 0;

	(void)err;
	*ret_len = len < left ? len : left;
	if (*ret_len > 0)
		memcpy(buf, bytes->data + offset, *ret_len);
	return KIST_OK;
}

static kist_status keep(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	return kist_buf_append(ctx, bytes.data, bytes.size, err);
}

static kist_status pass_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	(void)ctx;
	(void)part;
	(void)err;
	return KIST_OK;
}

/* What a put does, and a convert. */
static kist_status all_calls(struct kist_worker *worker, const struct kist_serializer_ref *reading,
			     const struct kist_serializer_ref *writing, struct kist_view bytes,
			     struct kist_buf *ret, struct kist_error *err)
{
	const struct kist_input input = { .fd = -1, .size = bytes.size, .read = read_bytes, .ctx = &bytes };
	const struct kist_output output = { .write = keep, .ctx = ret };
	json_t *description = NULL;
	uint64_t object;
	uint32_t kind;
	kist_status status;

	KIST_TRY(kist_worker_layout(worker, reading, &input, pass_part, NULL, err));
	KIST_TRY(kist_worker_validate(worker, reading, &input, NULL, NULL, err));
	KIST_TRY(kist_worker_describe(worker, reading, &input, &description, err));
	json_decref(description);
	status = kist_worker_deserialize(worker, reading, &input, &object, &kind, err);
	if (status != KIST_OK)
		return status;
	return kist_worker_serialize(worker, writing, object, &output, err);
}

void kist_trial_in_worker(const struct kist_kit_subject *subject, const struct kist_worker_options *options,
			  size_t type, struct kist_view bytes, const char *wanted, char ret_why[static 512])
{
	const struct kist_manifest_type *declared = &subject->manifest->types[type];
	kist_auto_buf struct kist_buf again = KIST_BUF_INIT(4 * bytes.size + 4096);
	kist_auto_worker struct kist_worker *worker = NULL;
	struct kist_serializer_ref reading = { .type_index = type };
	struct kist_serializer_ref writing;
	kist_auto_json json_t *read_params = NULL;
	kist_auto_json json_t *write_params = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	char had[KIST_DIGEST_HEX_SIZE];
	struct kist_digest digest;
	kist_status status = kist_schema_apply(declared->deserialize, NULL, false, &read_params, &why);

	ret_why[0] = '\0';
	if (status == KIST_OK)
		status = kist_schema_apply(declared->serialize, NULL, false, &write_params, &why);
	if (status == KIST_OK)
		status = kist_worker_start(options, &worker, &why);
	if (status == KIST_OK)
		status = kist_worker_load(worker, &subject->entry, &reading.plugin, &why);
	if (status == KIST_OK) {
		writing = reading;
		reading.params = read_params;
		writing.params = write_params;
		status = all_calls(worker, &reading, &writing, bytes, &again, &why);
	}
	digest = kist_digest_of(kist_buf_view(&again));
	kist_digest_hex(&digest, had);
	/* Who only reads has done all it can. */
	if (status != KIST_OK && status != KIST_UNSUPPORTED)
		snprintf(ret_why, 512, "in a worker it fails: %.400s", why.text);
	else if (status == KIST_OK && strcmp(had, wanted) != 0)
		snprintf(ret_why, 512, "in a worker it reads or writes something else than outside of it");
}
