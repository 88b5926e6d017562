/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "flow/logical.h"
#include "flow/save_private.h"

/* The nameless file that a task writes to. */
struct spool {
	int fd;
	const char *task;
	struct kist_logical logical;
};

static kist_status take_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	struct spool *spool = ctx;

	(void)err;
	if (part)
		kist_logical_add(&spool->logical, part);
	return KIST_OK;
}

static kist_status take_bytes(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	const struct spool *spool = ctx;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_write_all(spool->fd, bytes, &why);

	if (status == KIST_OK)
		return KIST_OK;
	(void)kist_fail_context(&why, "what %s writes", spool->task);
	return kist_fail_as(err, status, &why);
}

/*
 * What a serializer wrote goes the same road as a file that a person gives: its layout is asked for, it is
 * validated and described, so a serializer that writes what its own plugin cannot read is found before
 * anything is stored.
 */
kist_status kist_save_object(struct kist_save *save, uint64_t object, const struct kist_route_target *target,
			     const json_t *params, const struct kist_save_options *options,
			     struct kist_saved *ret, struct kist_error *err)
{
	const struct kist_manifest_type *type = &target->entry->manifest->types[target->type_index];
	kist_auto_json json_t *asked = NULL;
	kist_auto_json json_t *checked = NULL;
	kist_auto_json json_t *reading = NULL;
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_fd int write_fd = -1;
	kist_auto_fd int read_fd = -1;
	struct kist_save_options how = *options;
	struct kist_serializer_ref serializer;
	struct kist_file_origin origin = { .shown = type->task };
	struct spool spool = { .task = origin.shown };
	const struct kist_output output = { .part = take_part, .write = take_bytes, .ctx = &spool };

	KIST_TRY(kist_save_check_name(options, err));
	KIST_TRY(kist_save_spool(save, &write_fd, &read_fd, err));
	KIST_TRY(
		kist_schema_for_name(type->serialize, params, options->name, options->name_len, &asked, err));
	KIST_TRY(kist_flow_serializer(save->flow, target, true, asked, &serializer, &checked, err));
	spool.fd = write_fd;
	kist_logical_init(&spool.logical, type->deserialize);
	KIST_TRY(kist_worker_serialize(save->flow->worker, &serializer, object, &output, err));
	KIST_TRY(kist_logical_params(&spool.logical, &reading, err));
	how.examine = (struct kist_examine_options){ .task = origin.shown, .params = reading };
	how.params = checked;
	origin.fd = read_fd;
	origin.is_private = true;
	KIST_TRY(kist_save_file(save, &origin, &how, false, &saved, err));
	KIST_TRY(kist_save_own_ref(save, options->name, options->name_len, &saved.artifact, "put", err));
	kist_saved_move(ret, &saved);
	return KIST_OK;
}
