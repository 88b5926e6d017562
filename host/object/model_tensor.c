/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "object/convert_parts.h"
#include "object/made.h"

#define LIST_SIZE ((size_t)512)

static const char *name_at(struct kist_tensor_map *map, uint64_t i)
{
	const char *name = NULL;

	return map->get_name(map, i, &name) == KIST_OK && name ? name : "";
}

static void list_names(struct kist_tensor_map *map, char ret[static LIST_SIZE])
{
	size_t used = 0;

	snprintf(ret, LIST_SIZE, "none");
	for (uint64_t i = 0; i < map->count; i++) {
		const char *const name = name_at(map, i);

		if (strlen(name) + 10 > LIST_SIZE - used) {
			snprintf(ret + used, LIST_SIZE - used, "%s...", used ? ", " : "");
			return;
		}
		used += (size_t)snprintf(ret + used, LIST_SIZE - used, "%s'%s'", used ? ", " : "", name);
	}
}

static kist_status find(struct kist_tensor_map *map, const char *select, uint64_t *ret,
			struct kist_error *err)
{
	char list[LIST_SIZE];

	if (*select == '\0' && map->count == 1) {
		*ret = 0;
		return KIST_OK;
	}
	for (uint64_t i = 0; *select != '\0' && i < map->count; i++) {
		if (strcmp(name_at(map, i), select) == 0) {
			*ret = i;
			return KIST_OK;
		}
	}
	list_names(map, list);
	if (*select != '\0')
		return kist_fail(err, KIST_NOT_FOUND, "no tensor '%.64s' in the model; there are: %s", select,
				 list);
	return kist_fail(err, KIST_UNSUPPORTED,
			 "cannot make a tensor from a model of %llu tensors; select one of: %s",
			 (unsigned long long)map->count, list);
}

kist_status kist_model_to_tensor(struct kist_object *object, const char *select, struct kist_call *call,
				 struct kist_object *ret, struct kist_error *err)
{
	struct kist_tensor_map *const map = object->value;
	kist_auto_object struct kist_object made = KIST_OBJECT_INIT;
	DLManagedTensorVersioned *tensor = NULL;
	kist_status status;
	uint64_t index = 0;

	KIST_TRY(find(map, select, &index, err));
	KIST_TRY(kist_call_poll(call, err));
	status = map->get(map, call, index, &tensor);
	if (status != KIST_OK || !tensor)
		return kist_fail(err, status < 0 && status >= KIST_STATUS_MIN ? status : KIST_INTERNAL,
				 "the model does not give its tensor '%.64s'", name_at(map, index));
	kist_object_of_tensor(tensor, &made);
	KIST_TRY(kist_tensor_check(tensor, NULL, err));
	kist_object_move(ret, &made);
	kist_object_release(object);
	return KIST_OK;
}

/* A tensor that a model and the tensors it gave out share: the last of them releases it. */
struct shared {
	atomic_ulong users;
	struct kist_object object;
};

struct model {
	struct kist_tensor_map map;
	struct shared *shared;
};

struct share {
	DLManagedTensorVersioned tensor;
	struct shared *shared;
};

static void shared_drop(struct shared *shared)
{
	if (atomic_fetch_sub(&shared->users, 1) != 1)
		return;
	kist_object_release(&shared->object);
	kist_free(shared);
}

static void share_delete(DLManagedTensorVersioned *tensor)
{
	struct share *const share = tensor->manager_ctx;

	shared_drop(share->shared);
	kist_free(share);
}

static kist_status model_get_name(struct kist_tensor_map *map, uint64_t i, const char **ret_name)
{
	if (i >= map->count)
		return KIST_INVALID;
	*ret_name = "data";
	return KIST_OK;
}

static kist_status model_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			     DLManagedTensorVersioned **ret_tensor)
{
	struct shared *const shared = ((struct model *)map->ctx)->shared;
	struct share *share;

	(void)call;
	if (i >= map->count)
		return KIST_INVALID;
	share = kist_alloc(1, sizeof(*share));
	if (!share)
		return KIST_NO_MEMORY;
	share->tensor = *(const DLManagedTensorVersioned *)shared->object.value;
	share->tensor.manager_ctx = share;
	share->tensor.deleter = share_delete;
	share->shared = shared;
	atomic_fetch_add(&shared->users, 1);
	*ret_tensor = &share->tensor;
	return KIST_OK;
}

static void model_release(struct kist_object *object)
{
	struct model *const model = ((struct kist_tensor_map *)object->value)->ctx;

	shared_drop(model->shared);
	kist_free(model);
	object->release = NULL;
}

kist_status kist_tensor_to_model(struct kist_object *object, struct kist_object *ret, struct kist_error *err)
{
	kist_auto_mem struct model *model = kist_alloc(1, sizeof(*model));
	kist_auto_mem struct shared *shared = kist_alloc(1, sizeof(*shared));

	if (!model || !shared)
		return kist_fail_memory(err, sizeof(*model));
	atomic_init(&shared->users, 1);
	kist_object_move(&shared->object, object);
	model->map = (struct kist_tensor_map){ .struct_size = sizeof(model->map),
					       .ctx = model,
					       .count = 1,
					       .get_name = model_get_name,
					       .get = model_get };
	model->shared = kist_steal(shared);
	kist_object_of_model(&kist_steal(model)->map, model_release, ret);
	return KIST_OK;
}
