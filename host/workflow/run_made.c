/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "plugin/manifest_type.h"
#include "workflow/run_private.h"

#define READ_SIZE ((size_t)256 << 10)

/*
 * Digests of what a run would keep: the same bytes go the same road as if they were kept, up to the store.
 */

/* What a serializer writes. */
struct sum {
	struct kist_hasher hasher;
	uint64_t size;
};

static kist_status take_bytes(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	struct sum *sum = ctx;

	(void)err;
	kist_hasher_add(&sum->hasher, bytes);
	sum->size += bytes.size;
	return KIST_OK;
}

kist_status kist_digest_file(int fd, uint64_t *ret_size, struct kist_digest *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf room = KIST_BUF_INIT(READ_SIZE);
	struct sum sum = { .size = 0 };
	size_t got;

	KIST_TRY(kist_buf_reserve(&room, READ_SIZE, err));
	kist_hasher_start(&sum.hasher);
	do {
		KIST_TRY(kist_pread_full(fd, room.data, READ_SIZE, sum.size, &got, err));
		KIST_TRY(take_bytes(&sum, kist_view_of(room.data, got), err));
	} while (got == READ_SIZE);
	*ret = kist_hasher_finish(&sum.hasher);
	*ret_size = sum.size;
	return KIST_OK;
}

static kist_status sum_object(struct kist_running *running, const struct kist_keep *keep, uint64_t object,
			      struct kist_run_made *made, struct kist_error *err)
{
	const struct kist_route_target target = { keep->artifact->entry, keep->artifact->type_index };
	const struct kist_manifest_type *type = &target.entry->manifest->types[target.type_index];
	struct sum sum = { .size = 0 };
	const struct kist_output output = { .write = take_bytes, .ctx = &sum };
	kist_auto_json json_t *params = NULL;
	kist_auto_json json_t *asked = NULL;
	kist_auto_json json_t *checked = NULL;
	struct kist_serializer_ref serializer;

	if (keep->args)
		KIST_TRY(kist_running_json(running, keep->args, &params, err));
	KIST_TRY(kist_schema_for_name(type->serialize, params, keep->name, strlen(keep->name), &asked, err));
	KIST_TRY(kist_flow_serializer(running->flow, &target, true, asked, &serializer, &checked, err));
	kist_hasher_start(&sum.hasher);
	KIST_TRY(kist_worker_serialize(running->flow->worker, &serializer, object, &output, err));
	made->sha256 = kist_hasher_finish(&sum.hasher);
	made->size = sum.size;
	return KIST_OK;
}

static kist_status sum_artifact(struct kist_running *running, const struct kist_keep *keep,
				struct kist_run_made *made, struct kist_error *err)
{
	__attribute__((cleanup(kist_value_done))) struct kist_value own = KIST_VALUE_INIT;
	const struct kist_value *value;
	bool is_new = false;
	uint64_t object;
	uint32_t kind;
	kist_status status;

	KIST_TRY(kist_running_contents(running, keep, &own, &value, err));
	KIST_TRY(kist_running_object(running, value, &object, &kind, &is_new, err));
	status = kist_running_check_kind(keep, kind, err);
	if (status == KIST_OK)
		status = sum_object(running, keep, object, made, err);
	if (is_new)
		(void)!kist_worker_drop(running->flow->worker, object, NULL);
	return status;
}

static kist_status sum_output(struct kist_running *running, const struct kist_keep *keep,
			      struct kist_run_made *made, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	char path[PATH_MAX];

	KIST_TRY(kist_running_new_path(running, "", path, err));
	KIST_TRY(kist_open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL, 0600, &fd, err));
	(void)unlink(path);
	KIST_TRY(kist_running_write_contents(running, keep, fd, err));
	return kist_digest_file(fd, &made->size, &made->sha256, err);
}

kist_status kist_running_tell_made(struct kist_running *running, const struct kist_keep *keep,
				   struct kist_error *err)
{
	const struct kist_reference reference = kist_entrypoint_resolve(running->entrypoint, keep->contents);
	struct kist_run_made made = { .name = keep->name, .is_output = keep->file };

	if (reference.kind == KIST_REFERENCE_STEP)
		made.step = running->entrypoint->steps[reference.index].name;
	KIST_TRY(keep->file ? sum_output(running, keep, &made, err)
			    : sum_artifact(running, keep, &made, err));
	running->options->made(running->options->ctx, &made);
	return KIST_OK;
}
