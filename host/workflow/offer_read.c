/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "kist/object.h"
#include "workflow/offer.h"

/* What is read of one catalog. */
struct reading {
	struct kist_offer *offer;
	const struct kist_type *value; /* of objects that are JSON */
	struct kist_error *err;
};

/* A type that its manifest says and nobody understands is any other's: it fits, and the run tells. */
static kist_status read_type(const struct reading *reading, const json_t *expression,
			     const struct kist_type **ret)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status =
		kist_types_parse(kist_offer_types(reading->offer), expression, ret, NULL, &why);

	if (status == KIST_OK)
		return KIST_OK;
	*ret = &kist_type_unknown;
	return status == KIST_INVALID ? KIST_OK : kist_fail_as(reading->err, status, &why);
}

static kist_status read_function(const struct reading *reading, const struct kist_catalog_entry *entry,
				 size_t index)
{
	const struct kist_manifest_task *task = &entry->manifest->tasks[index];
	struct kist_offer_input inputs[KIST_SIGNATURE_ARGS_MAX];
	struct kist_offer_output outputs[KIST_MANIFEST_OUTPUTS_MAX];
	struct kist_offer_function function = { .plugin = entry->manifest->id,
						.name = task->name,
						.input_count = task->input_count,
						.inputs = inputs,
						.output_count = task->output_count,
						.outputs = outputs,
						.entry = entry,
						.task_index = index };

	for (size_t i = 0; i < task->input_count; i++) {
		inputs[i] = (struct kist_offer_input){ .name = task->inputs[i].name,
						       .preset = task->inputs[i].preset };
		KIST_TRY(read_type(reading, task->inputs[i].type, &inputs[i].type));
	}
	for (size_t i = 0; i < task->output_count; i++) {
		outputs[i].name = task->outputs[i].name;
		KIST_TRY(read_type(reading, task->outputs[i].type, &outputs[i].type));
	}
	return kist_offer_add_function(reading->offer, &function, reading->err);
}

static kist_status make_union(const struct reading *reading, const struct kist_type *const *parts,
			      size_t count, const struct kist_type **ret)
{
	const struct kist_type_parts made = { .form = KIST_TYPE_UNION, .count = count, .parts = parts };

	return kist_types_make(kist_offer_types(reading->offer), &made, ret, reading->err);
}

/* The type of all that JSON can be. */
static kist_status make_value(struct reading *reading)
{
	const struct kist_type *const any[] = { &kist_type_any };
	const struct kist_type *const pair[] = { &kist_type_string, &kist_type_any };
	const struct kist_type_parts list = { .form = KIST_TYPE_LIST, .count = 1, .parts = any };
	const struct kist_type_parts map = { .form = KIST_TYPE_MAPPING, .count = 2, .parts = pair };
	const struct kist_type *parts[6] = { &kist_type_string, &kist_type_number, &kist_type_boolean,
					     &kist_type_null };

	KIST_TRY(kist_types_make(kist_offer_types(reading->offer), &list, &parts[4], reading->err));
	KIST_TRY(kist_types_make(kist_offer_types(reading->offer), &map, &parts[5], reading->err));
	return make_union(reading, parts, 6, &reading->value);
}

static kist_status read_artifact(const struct reading *reading, const struct kist_catalog_entry *entry,
				 size_t index)
{
	const struct kist_manifest_type *type = &entry->manifest->types[index];
	const struct kist_type *const of_kinds[KIST_KIND_COUNT] = {
		[KIST_KIND_NULL] = &kist_type_null,	 [KIST_KIND_BYTES] = &kist_type_bytes,
		[KIST_KIND_VALUE] = reading->value,	 [KIST_KIND_TENSOR] = &kist_type_tensor,
		[KIST_KIND_MODEL] = &kist_type_model,	 [KIST_KIND_TABLE] = &kist_type_table,
		[KIST_KIND_OPAQUE] = &kist_type_unknown,
	};
	struct kist_offer_artifact artifact = { .plugin = entry->manifest->id,
						.name = type->task,
						.schema = type->serialize,
						.entry = entry,
						.type_index = index };
	const struct kist_type *parts[KIST_KIND_COUNT];
	size_t count = 0;

	for (size_t kind = 0; kind < KIST_KIND_COUNT; kind++) {
		if (type->kinds & KIST_KIND_BIT(kind))
			parts[count++] = of_kinds[kind];
	}
	artifact.contents = parts[0];
	if (count > 1)
		KIST_TRY(make_union(reading, parts, count, &artifact.contents));
	return kist_offer_add_artifact(reading->offer, &artifact, reading->err);
}

kist_status kist_offer_read(const struct kist_catalog *catalog, struct kist_offer **ret,
			    struct kist_error *err)
{
	kist_auto_offer struct kist_offer *offer = NULL;
	struct reading reading = { .err = err };

	KIST_TRY(kist_offer_new(&offer, err));
	reading.offer = offer;
	KIST_TRY(make_value(&reading));
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];

		if (!entry->manifest || entry->refusal.status != KIST_OK)
			continue;
		for (size_t k = 0; k < entry->manifest->task_count; k++)
			KIST_TRY(read_function(&reading, entry, k));
		for (size_t k = 0; k < entry->manifest->type_count; k++)
			KIST_TRY(read_artifact(&reading, entry, k));
	}
	*ret = kist_steal(offer);
	return KIST_OK;
}
