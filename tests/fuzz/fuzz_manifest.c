/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Plugin manifests from hostile bytes.  What is accepted keeps the limits of its header, and the schemas of its
 * arguments take what they themselves filled in.
 */
#include "fuzz/fuzz.h"
#include "plugin/manifest.h"

/* Defaults fit their own schema, unless an argument without one is required. */
static void try_schema(const struct kist_schema *schema)
{
	kist_auto_json json_t *filled = NULL;
	kist_auto_json json_t *again = NULL;
	kist_auto_json json_t *told = schema ? kist_schema_json(schema) : NULL;
	struct kist_error err = KIST_ERROR_INIT;

	if (!schema)
		return;
	must(told != NULL);
	if (kist_schema_apply(schema, NULL, false, &filled, &err) != KIST_OK) {
		must(err.status == KIST_INVALID && !filled);
		return;
	}
	must(kist_schema_apply(schema, filled, false, &again, NULL) == KIST_OK);
	must(json_equal(filled, again));
}

static void try_type(const struct kist_manifest_type *type)
{
	must(type->type && type->task && type->kinds != 0);
	must(type->media_type_count <= KIST_MANIFEST_LIST_MAX && type->extension_count <= KIST_MANIFEST_LIST_MAX);
	must(type->magic_count <= KIST_MANIFEST_LIST_MAX);
	for (size_t i = 0; i < type->magic_count; i++)
		must(type->magics[i].len >= KIST_MAGIC_SIZE_MIN && type->magics[i].len <= KIST_MAGIC_SIZE_MAX);
	try_schema(type->serialize);
	try_schema(type->deserialize);
}

/* What is accepted agrees with its signature, argument by argument. */
static void try_task(const struct kist_manifest *manifest, const struct kist_manifest_task *task)
{
	must(task->name && task->signature && !task->symbol == !manifest->is_ordinary);
	must(task->input_count <= KIST_SIGNATURE_ARGS_MAX && task->output_count <= KIST_MANIFEST_OUTPUTS_MAX);
	for (size_t i = 0; i < task->input_count; i++) {
		const struct kist_manifest_input *input = &task->inputs[i];

		must(input->name && input->type && input->position < task->call.arg_count);
		must(!kist_signature_is_out(task->call.args[input->position]));
	}
	for (size_t i = 0; i < task->count_count; i++) {
		must(manifest->is_ordinary && task->call.args[task->counts[i].of] >= KIST_TASK_I8_ARRAY);
		must(task->counts[i].position < task->call.arg_count);
	}
	for (size_t i = 0; i < task->output_count; i++) {
		const size_t position = task->outputs[i].position;

		must(position == KIST_SIGNATURE_ARGS_MAX ||
		     (position < task->call.arg_count && kist_signature_is_out(task->call.args[position])));
		must(task->outputs[i].kinds != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest = NULL;

	if (kist_manifest_parse(kist_view_of(data, size), &manifest, &err) != KIST_OK) {
		must(err.status != KIST_OK && !manifest);
		return 0;
	}
	must(manifest->id && manifest->version && manifest->library_file && manifest->abi_major > 0);
	must(manifest->type_count <= KIST_MANIFEST_TYPES_MAX && manifest->task_count <= KIST_MANIFEST_TASKS_MAX);
	must(kist_version_compare(manifest->version, manifest->version) == 0);
	must(kist_version_compare(manifest->version, "1.0.0-rc.1") ==
	     -kist_version_compare("1.0.0-rc.1", manifest->version));
	for (size_t i = 0; i < manifest->type_count; i++)
		try_type(&manifest->types[i]);
	for (size_t i = 0; i < manifest->task_count; i++)
		try_task(manifest, &manifest->tasks[i]);
	kist_manifest_free(manifest);
	return 0;
}
