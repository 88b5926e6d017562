/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "workflow/check.h"
#include "workflow/run_private.h"

void kist_value_done(struct kist_value *value)
{
	json_decref(value->json);
	kist_free(value->file);
	kist_fd_close(&value->fd);
	*value = (struct kist_value)KIST_VALUE_INIT;
}

/* The index of the output that a reference names; its type was checked before anything ran. */
static size_t output_of(const struct kist_step *step, const struct kist_reference *reference)
{
	size_t i = 0;

	while (reference->member && i + 1 < step->output_count &&
	       strcmp(step->outputs[i].name, reference->member) != 0)
		i++;
	return i;
}

const struct kist_value *kist_running_find(const struct kist_running *running, const struct kist_node *node)
{
	const struct kist_reference reference = kist_entrypoint_resolve(running->entrypoint, node);
	const struct kist_run_step *step;

	if (reference.kind == KIST_REFERENCE_INPUT && !reference.member)
		return &running->inputs[reference.index].value;
	if (reference.kind != KIST_REFERENCE_STEP)
		return NULL;
	step = &running->steps[reference.index];
	return step->values
		       ? &step->values[output_of(&running->entrypoint->steps[reference.index], &reference)]
		       : NULL;
}

bool kist_running_is_known(const struct kist_running *running, const struct kist_node *node)
{
	const struct kist_reference reference = kist_entrypoint_resolve(running->entrypoint, node);

	if (reference.kind == KIST_REFERENCE_STEP && !running->steps[reference.index].values)
		return false;
	for (const struct kist_node *child = node->first; child; child = child->next) {
		if (!kist_running_is_known(running, child))
			return false;
	}
	return true;
}

static kist_status value_json(const struct kist_running *running, const struct kist_value *value,
			      const char *text, json_t **ret, struct kist_error *err)
{
	if (value->json) {
		*ret = json_incref(value->json);
		return KIST_OK;
	}
	if (value->object != 0 && value->kind == KIST_KIND_VALUE)
		return kist_worker_read_value(running->flow->worker, value->object, ret, err);
	return kist_fail(err, KIST_UNSUPPORTED,
			 "'%s' is an object or a file, and can only stand by itself: a list, a "
			 "mapping or an argument of an artifact task holds values",
			 text);
}

/* What a text means: a reference's value, or itself. */
static json_t *text_json(void *ctx, const struct kist_node *text, struct kist_error *err)
{
	const struct kist_running *running = ctx;
	const struct kist_reference reference = kist_entrypoint_resolve(running->entrypoint, text);
	const struct kist_value *value = NULL;
	kist_auto_json json_t *whole = NULL;

	if (reference.kind == KIST_REFERENCE_NONE)
		return json_string(kist_node_literal(text));
	if (reference.kind == KIST_REFERENCE_PARAMETER)
		whole = json_incref(running->entrypoint->parameters[reference.index].value);
	else if (reference.kind == KIST_REFERENCE_INPUT)
		value = &running->inputs[reference.index].value;
	else
		value = kist_running_find(running, text);
	if (value && value_json(running, value, text->text, &whole, err) != KIST_OK)
		return NULL;
	if (reference.kind == KIST_REFERENCE_STEP || !reference.member)
		return json_incref(whole);
	if (!json_object_get(whole, reference.member))
		(void)kist_fail(err, KIST_INVALID, "'%s': it has no such member", text->text);
	return json_incref(json_object_get(whole, reference.member));
}

kist_status kist_running_json(struct kist_running *running, const struct kist_node *node, json_t **ret,
			      struct kist_error *err)
{
	return kist_node_json(node, text_json, running, ret, err);
}

kist_status kist_running_object(struct kist_running *running, const struct kist_value *value, uint64_t *ret,
				uint32_t *ret_kind, bool *ret_is_new, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 20);
	struct kist_worker *worker = running->flow->worker;

	*ret_is_new = value->object == 0;
	*ret_kind = value->object ? value->kind : value->json ? KIST_KIND_VALUE : KIST_KIND_BYTES;
	if (value->object != 0) {
		*ret = value->object;
		return KIST_OK;
	}
	if (value->json)
		return kist_worker_make_value(worker, value->json, ret, err);
	KIST_TRY(kist_read_file_at(AT_FDCWD, value->file, &bytes, err));
	return kist_worker_make(worker, KIST_KIND_BYTES, kist_buf_view(&bytes), ret, err);
}
