/* SPDX-License-Identifier: Apache-2.0 */

/* Archives of arrays: what is in them, and tensors of it when they are asked for. */
#include <stdlib.h>

#include "npz.h"

#define SCORE_SURE  90
#define SCORE_EMPTY 40

void npz_done(struct npz *npz)
{
	zip_done(&npz->zip);
}

const char *npz_name(const struct npz *npz, size_t i)
{
	return zip_name(&npz->zip, i);
}

/* Where in the file a byte of an entry lies: of what is deflated, all lies where it begins. */
static uint64_t place_of(const struct zip_entry *entry, uint64_t at)
{
	return entry->method == ZIP_STORED ? entry->data_at + at : entry->data_at;
}

kist_status npz_file_open(const struct npz *npz, size_t i, struct kist_call *call, struct kist_source *source,
			  struct zip_member *member, struct npy_file *ret_file, struct model_fault *fault)
{
	const struct zip_entry *const entry = zip_at(&npz->zip, i);
	struct npy_fault inner;
	kist_status status;
	char text[128];

	zip_member_open(member, call, source, entry, fault);
	status = npy_header_take(call, &member->source, npz->params, ret_file, &inner);
	if (status == KIST_OK)
		status = npy_set_logical(call, npz->params, false, &ret_file->header.dtype);
	if (status == KIST_OK)
		status = npy_check_rank(ret_file, &inner);
	if (inner.kind == NPY_FAULT_NONE)
		return status;
	npy_fault_text(&inner, text, sizeof(text));
	return model_fault_set(fault, status, npy_fault_code(inner.kind), place_of(entry, inner.at),
			       "array '%.100s': %s", npz_name(npz, i), text);
}

/* Takes the suffix off the name of entry @i, and looks at its header. */
static kist_status take_member(struct kist_call *call, struct kist_source *source, struct npz *npz, size_t i,
			       struct model_fault *fault)
{
	const struct zip_entry *const entry = zip_at(&npz->zip, i);
	char *const name = (char *)npz->zip.names.items + entry->name;
	const size_t len = strlen(name);
	npy_auto_file struct npy_file file = { .major = 0 };
	zip_auto_member struct zip_member member = { .stream = NULL };

	if (len < NPZ_SUFFIX_SIZE || memcmp(name + len - NPZ_SUFFIX_SIZE, NPZ_SUFFIX, NPZ_SUFFIX_SIZE) != 0)
		return model_fault_set(fault, KIST_CORRUPT, "E_ZIP", entry->header_at,
				       "entry '%.100s' does not end in " NPZ_SUFFIX ", so it is no array",
				       name);
	name[len - NPZ_SUFFIX_SIZE] = '\0';
	return npz_file_open(npz, i, call, source, &member, &file, fault);
}

kist_status npz_read(struct kist_call *call, struct kist_source *source, const struct kist_params *params,
		     struct npz *npz, struct model_fault *fault)
{
	npz->params = params;
	NPY_TRY(zip_read(call, source, &npz->zip, fault));
	for (size_t i = 0; i < npz->zip.entries.count; i++) {
		NPY_TRY(call->poll(call));
		NPY_TRY(take_member(call, source, npz, i, fault));
	}
	return KIST_OK;
}

struct held_archive {
	struct kist_tensor_map map;
	struct kist_source *source;
	struct npz npz;
	char logical_dtype[NPY_LOGICAL_SIZE];
};

/* Each array is read with the parameters that the archive was read with. */
static kist_status get_tensor(const struct held_archive *held, struct kist_call *call, size_t i,
			      struct model_fault *fault, DLManagedTensorVersioned **ret_tensor)
{
	npy_auto_file struct npy_file file = { .major = 0 };
	zip_auto_member struct zip_member member = { .stream = NULL };
	const struct kist_param limit = { .struct_size = sizeof(limit),
					  .name = "max_header",
					  .integer = (int64_t)NPY_HEADER_MAX };
	const struct kist_param logical = { .struct_size = sizeof(logical),
					    .name = "logical_dtype",
					    .string = held->logical_dtype };
	const struct kist_param *const list[] = { &limit, &logical };
	const struct kist_params params = { .struct_size = sizeof(params), .count = 2, .list = list };
	const struct npz npz = { .zip = held->npz.zip, .params = &params };

	NPY_TRY(npz_file_open(&npz, i, call, held->source, &member, &file, fault));
	return npy_tensor_read(call, &member.source, &file, ret_tensor);
}

static kist_status map_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			   DLManagedTensorVersioned **ret_tensor)
{
	struct model_fault fault = { 0 };

	if (i >= map->count)
		return kist_failf(call, KIST_INVALID, "E_INDEX", KIST_NO_OFFSET, "tensor %llu of %llu",
				  (unsigned long long)i, (unsigned long long)map->count);
	return model_fault_fail(&fault, call, get_tensor(map->ctx, call, (size_t)i, &fault, ret_tensor));
}

static kist_status map_get_name(struct kist_tensor_map *map, uint64_t i, const char **ret_name)
{
	const struct held_archive *const held = map->ctx;

	if (i >= map->count)
		return KIST_INVALID;
	*ret_name = npz_name(&held->npz, (size_t)i);
	return KIST_OK;
}

static void release_archive(struct kist_object *object)
{
	struct held_archive *const held = object->priv;

	npz_done(&held->npz);
	free(held);
	object->value = NULL;
	object->release = NULL;
}

kist_status npz_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_object *ret_object)
{
	const struct kist_param *const logical = kist_param_find(params, "logical_dtype");
	struct held_archive *const held = calloc(1, sizeof(*held));
	struct model_fault fault = { 0 };
	kist_status status;

	(void)instance;
	if (!held)
		return model_no_memory(call);
	status = npz_read(call, source, params, &held->npz, &fault);
	if (status != KIST_OK) {
		npz_done(&held->npz);
		free(held);
		return model_fault_fail(&fault, call, status);
	}
	if (logical && logical->string)
		snprintf(held->logical_dtype, sizeof(held->logical_dtype), "%s", logical->string);
	held->source = source;
	held->map = (struct kist_tensor_map){ .struct_size = sizeof(held->map),
					      .ctx = held,
					      .count = held->npz.zip.entries.count,
					      .get_name = map_get_name,
					      .get = map_get };
	ret_object->kind = KIST_KIND_MODEL;
	ret_object->flags = 0;
	ret_object->type = NPZ_TYPE;
	ret_object->type_major = NPZ_MAJOR;
	ret_object->type_minor = NPZ_MINOR;
	ret_object->value = &held->map;
	ret_object->release = release_archive;
	ret_object->priv = held;
	return KIST_OK;
}

kist_status npz_validate(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_report *report)
{
	struct model_fault fault = { 0 };
	struct npz npz = { .params = NULL };
	kist_status status = npz_read(call, source, params, &npz, &fault);

	(void)instance;
	if (status == KIST_OK)
		status = zip_check_all(call, source, &npz.zip, &fault);
	npz_done(&npz);
	if (!fault.code)
		return status;
	report->issue(report, KIST_ISSUE_ERROR, fault.code, fault.offset, fault.text, strlen(fault.text));
	return KIST_OK;
}

/* The first entry of a zip is an array; or there is none, and the zip is just its end. */
kist_status npz_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	const char *name;
	const size_t name_len = zip_first_name(head, len, &name);

	*ret_score = 0;
	if (len >= 4 && memcmp(head, "PK\5\6", 4) == 0 && total_size == 22)
		*ret_score = SCORE_EMPTY;
	if (name_len >= NPZ_SUFFIX_SIZE &&
	    memcmp(name + name_len - NPZ_SUFFIX_SIZE, NPZ_SUFFIX, NPZ_SUFFIX_SIZE) == 0)
		*ret_score = SCORE_SURE;
	return KIST_OK;
}

static int compare_places(const void *context, uint32_t a, uint32_t b)
{
	const struct npz *const npz = context;
	const uint64_t left = zip_at(&npz->zip, a)->header_at;
	const uint64_t right = zip_at(&npz->zip, b)->header_at;

	return (left > right) - (left < right);
}

static kist_status give_part(struct kist_call *call, struct kist_source *source, const struct npz *npz,
			     size_t i, struct kist_layout *layout, struct model_fault *fault)
{
	npy_auto_file struct npy_file file = { .major = 0 };
	zip_auto_member struct zip_member member = { .stream = NULL };
	int64_t shape[KIST_RANK_MAX];
	struct kist_part part;

	NPY_TRY(npz_file_open(npz, i, call, source, &member, &file, fault));
	npy_part_of(&file.header, zip_at(&npz->zip, i)->data_at + file.data_at, shape, &part);
	part.name = npz_name(npz, i);
	/* Text, records, times: of their bytes alone nobody makes the array again. */
	if (npy_dtype_is_opaque(&file.header.dtype) || file.header.dtype.kind == 'M' ||
	    file.header.dtype.kind == 'm')
		part.flags |= KIST_PART_STORAGE;
	return layout->part(layout, &part);
}

/* What is deflated has no elements in the file. */
static kist_status give_parts(struct kist_call *call, struct kist_source *source, const struct npz *npz,
			      struct kist_layout *layout, struct model_fault *fault)
{
	const size_t count = npz->zip.entries.count;
	kist_status status = KIST_OK;
	uint32_t *order = NULL;

	NPY_TRY(model_order(call, count, compare_places, npz, &order));
	for (size_t i = 0; status == KIST_OK && i < count; i++) {
		if (zip_at(&npz->zip, order[i])->method == ZIP_STORED)
			status = give_part(call, source, npz, order[i], layout, fault);
	}
	free(order);
	return status;
}

kist_status npz_layout(void *instance, struct kist_call *call, struct kist_source *source,
		       const struct kist_params *params, struct kist_layout *layout)
{
	struct model_fault fault = { 0 };
	struct npz npz = { .params = NULL };
	kist_status status = npz_read(call, source, params, &npz, &fault);

	(void)instance;
	if (status == KIST_OK)
		status = give_parts(call, source, &npz, layout, &fault);
	npz_done(&npz);
	return model_fault_fail(&fault, call, status);
}
