/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest_task.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "kist/plugin.h"
#include "plugin/manifest_type.h"
#include "task/type.h"
#include "task/value.h"

#define DESCRIPTION_LEN_MAX ((size_t)1023)
#define SYMBOL_LEN_MAX	    ((size_t)255)

static bool name_valid(const char *text)
{
	const size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return len > 0 && len < KIST_TASK_NAME_SIZE && text[len] == '\0' && (text[0] < '0' || text[0] > '9');
}

/* What values of a type can be, as bits. */
enum {
	AS_INTEGER = 1,
	AS_NUMBER = 2,
	AS_BOOLEAN = 4,
	AS_STRING = 8,
	AS_JSON = 16, /* any other value that JSON can hold */
	AS_BYTES = 32,
	AS_TENSOR = 64,
	AS_TABLE = 128,
	AS_MODEL = 256,
	AS_ANY = 512,
	AS_OTHER = 1024, /* what no function can be given */
	AS_VALUE = AS_INTEGER | AS_NUMBER | AS_BOOLEAN | AS_STRING | AS_JSON
};

static const struct {
	const struct kist_type *type;
	unsigned as;
	uint32_t kinds;
} simple_types[] = {
	{ &kist_type_any, AS_ANY, (KIST_KIND_BIT(KIST_KIND_COUNT) - 1) & ~KIST_KIND_BIT(KIST_KIND_NULL) },
	{ &kist_type_string, AS_STRING, KIST_KIND_BIT(KIST_KIND_VALUE) },
	{ &kist_type_number, AS_NUMBER, KIST_KIND_BIT(KIST_KIND_VALUE) },
	{ &kist_type_integer, AS_INTEGER, KIST_KIND_BIT(KIST_KIND_VALUE) },
	{ &kist_type_boolean, AS_BOOLEAN, KIST_KIND_BIT(KIST_KIND_VALUE) },
	{ &kist_type_null, AS_JSON, KIST_KIND_BIT(KIST_KIND_VALUE) },
	{ &kist_type_bytes, AS_BYTES, KIST_KIND_BIT(KIST_KIND_BYTES) },
	{ &kist_type_tensor, AS_TENSOR, KIST_KIND_BIT(KIST_KIND_TENSOR) },
	{ &kist_type_table, AS_TABLE, KIST_KIND_BIT(KIST_KIND_TABLE) },
	{ &kist_type_model, AS_MODEL, KIST_KIND_BIT(KIST_KIND_MODEL) },
};

/* Adds what values of @type can be.  Types are not deep: their reader sees to that. */
static void collect(const struct kist_type *type, unsigned *as, uint32_t *kinds)
{
	unsigned parts = 0;
	uint32_t ignored = 0;

	for (size_t i = 0; i < sizeof(simple_types) / sizeof(simple_types[0]); i++) {
		if (simple_types[i].type != type)
			continue;
		*as |= simple_types[i].as;
		*kinds |= simple_types[i].kinds;
		return;
	}
	for (size_t i = 0; i < type->part_count; i++) {
		if (type->form == KIST_TYPE_UNION)
			collect(type->parts[i], as, kinds);
		else
			collect(type->parts[i], &parts, &ignored);
	}
	if (type->form == KIST_TYPE_UNION)
		return;
	/* A list of tensors is neither JSON nor an object. */
	*as |= type->form == KIST_TYPE_SIMPLE || (parts & ~(unsigned)(AS_VALUE | AS_ANY)) ? AS_OTHER
											  : AS_JSON;
	*kinds |= KIST_KIND_BIT(KIST_KIND_VALUE);
}

/* What was read of the "type" of an input or output. */
struct said {
	const json_t *type;
	unsigned as;
	uint32_t kinds;
};

static kist_status read_type(const struct kist_field *field, struct said *ret, struct kist_error *err)
{
	kist_auto_types struct kist_types *types = NULL;
	const struct kist_type *type = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_field member;
	kist_status status;

	ret->type = json_object_get(field->value, "type");
	if (!json_is_object(ret->type))
		KIST_TRY(kist_field_get(field, "type", JSON_STRING, true, &member, err));
	KIST_TRY(kist_types_new(&types, err));
	status = kist_types_parse(types, ret->type, &type, NULL, &why);
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	if (status != KIST_OK)
		return kist_field_fail(err, status == KIST_LIMIT ? status : KIST_CORRUPT, field->path,
				       "type: %s", why.text);
	ret->as = 0;
	ret->kinds = 0;
	collect(type, &ret->as, &ret->kinds);
	return KIST_OK;
}

/* All that a C type takes or gives; @out: it gives. */
static unsigned fits_c(uint8_t c_type, bool out)
{
	switch (c_type) {
	case KIST_TASK_F32:
	case KIST_TASK_F64:
		return out ? AS_NUMBER : AS_NUMBER | AS_INTEGER;
	case KIST_TASK_B8:
		return AS_BOOLEAN;
	case KIST_TASK_CSTR:
		return AS_STRING;
	case KIST_TASK_BYTES:
		return AS_BYTES;
	case KIST_TASK_JSON:
	case KIST_TASK_REGION_OUT:
		return AS_VALUE | AS_ANY;
	case KIST_TASK_TABLE:
		return AS_TABLE;
	case KIST_TASK_OBJECT:
	case KIST_TASK_OBJECT_OUT:
		return AS_VALUE | AS_ANY | AS_BYTES | AS_TENSOR | AS_TABLE | AS_MODEL;
	default:
		if (c_type >= KIST_TASK_I8_ARRAY || c_type == KIST_TASK_TENSOR ||
		    c_type == KIST_TASK_TENSOR_OUT)
			return AS_TENSOR;
		return out ? AS_INTEGER | AS_NUMBER : AS_INTEGER;
	}
}

static kist_status read_name(const struct kist_field *field, const char **ret_name,
			     const char **ret_description, struct kist_error *err)
{
	KIST_TRY(kist_field_text(field, "name", KIST_TASK_NAME_SIZE - 1, ret_name, err));
	if (!name_valid(*ret_name))
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       "name '%s' is no name of letters, digits and '_'", *ret_name);
	return kist_field_text_optional(field, "description", DESCRIPTION_LEN_MAX, ret_description, err);
}

static kist_status check_fit(const struct kist_field *field, const char *name, const struct said *said,
			     uint8_t c_type, bool out, struct kist_error *err)
{
	/* A region is bytes, or it is JSON: one of them. */
	if (c_type == KIST_TASK_REGION_OUT && said->as == AS_BYTES)
		return KIST_OK;
	if ((said->as & ~fits_c(c_type, out)) == 0)
		return KIST_OK;
	return kist_field_fail(err, KIST_CORRUPT, field->path,
			       "'%s' is %s in the signature, which is not what its type says", name,
			       kist_task_type_name(c_type));
}

/* A default: of what can be written in JSON, and nothing that the signature's type does not hold. */
static kist_status read_preset(const struct kist_field *field, struct kist_manifest_input *input,
			       uint8_t c_type, struct kist_error *err)
{
	const json_t *const preset = json_object_get(field->value, "default");
	struct kist_task_value value;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_field required;
	bool is_required;

	KIST_TRY(kist_field_get(field, "required", JSON_TRUE, false, &required, err));
	is_required = required.value ? json_is_true(required.value) : !preset;
	if (is_required == (preset != NULL))
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       "'%s' needs a \"default\", or to be \"required\"", input->name);
	input->preset = preset;
	if (!preset || c_type == KIST_TASK_JSON || c_type == KIST_TASK_OBJECT)
		return KIST_OK;
	if (kist_task_value_of_json(c_type, preset, &value, &why) != KIST_OK)
		return kist_field_fail(err, KIST_CORRUPT, field->path, "the default of '%s': %s", input->name,
				       why.text);
	return KIST_OK;
}

static kist_status read_input(const struct kist_manifest_task *task, struct kist_manifest_input *input,
			      const struct kist_field *field, struct kist_error *err)
{
	const uint8_t c_type = task->call.args[input->position];
	struct said said;

	KIST_TRY(read_type(field, &said, err));
	KIST_TRY(check_fit(field, input->name, &said, c_type, false, err));
	input->type = said.type;
	return read_preset(field, input, c_type, err);
}

/* Arguments of the signature that are an input (or, with @out, an output); their places are put into @ret. */
static size_t positions(const struct kist_signature *call, bool out,
			size_t ret[static KIST_MANIFEST_OUTPUTS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < call->arg_count; i++) {
		if (kist_signature_is_out(call->args[i]) == out && call->args[i] != KIST_TASK_CALL)
			ret[count++] = i;
	}
	if (out && call->ret != KIST_TASK_VOID && call->ret != KIST_TASK_STATUS)
		ret[count++] = KIST_SIGNATURE_ARGS_MAX;
	return count;
}

static kist_status check_count(const struct kist_field *list, const char *key, size_t count, size_t wanted,
			       const char *signature, struct kist_error *err)
{
	if (count == wanted)
		return KIST_OK;
	return kist_field_fail(err, KIST_CORRUPT, list->path, "%zu %s, the signature '%s' has %zu", count,
			       key, signature, wanted);
}

/* The place of the array that is called so, among the inputs. */
static kist_status find_array(const struct kist_manifest_task *task, const struct kist_field *field,
			      size_t *ret_position, struct kist_error *err)
{
	const char *name;

	KIST_TRY(kist_field_text(field, "count_of", KIST_TASK_NAME_SIZE - 1, &name, err));
	for (size_t i = 0; i < task->input_count; i++) {
		if (strcmp(task->inputs[i].name, name) != 0 ||
		    task->call.args[task->inputs[i].position] < KIST_TASK_I8_ARRAY)
			continue;
		*ret_position = task->inputs[i].position;
		return KIST_OK;
	}
	return kist_field_fail(err, KIST_CORRUPT, field->path,
			       "\"count_of\" names '%s', which is no array here", name);
}

/* After the inputs, since any of them may be what is counted. */
static kist_status read_counts(struct kist_manifest_task *task, const struct kist_field *list,
			       const size_t *places, struct kist_error *err)
{
	struct kist_manifest_count *counts;

	counts = kist_alloc(json_array_size(list->value), sizeof(*counts));
	if (!counts)
		return kist_fail_memory(err, json_array_size(list->value) * sizeof(*counts));
	task->counts = counts;
	for (size_t i = 0; i < json_array_size(list->value); i++) {
		const uint8_t c_type = task->call.args[places[i]];
		struct kist_field item;

		KIST_TRY(kist_field_item(list, i, JSON_OBJECT, &item, err));
		if (!json_object_get(item.value, "count_of"))
			continue;
		if (c_type < KIST_TASK_I8 || c_type > KIST_TASK_U64 || json_object_get(item.value, "default"))
			return kist_field_fail(err, KIST_CORRUPT, item.path,
					       "only an integer without a default is a \"count_of\"");
		counts[task->count_count].position = places[i];
		KIST_TRY(find_array(task, &item, &counts[task->count_count].of, err));
		task->count_count++;
	}
	return KIST_OK;
}

static kist_status read_inputs(struct kist_manifest_task *task, const struct kist_field *field,
			       struct kist_error *err)
{
	size_t places[KIST_MANIFEST_OUTPUTS_MAX];
	const size_t wanted = positions(&task->call, false, places);
	struct kist_manifest_input *inputs;
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(field, "inputs", KIST_SIGNATURE_ARGS_MAX, &list, &count, err));
	KIST_TRY(check_count(&list, "inputs", count, wanted, task->signature, err));
	inputs = kist_alloc(count, sizeof(*inputs));
	if (!inputs)
		return kist_fail_memory(err, count * sizeof(*inputs));
	task->inputs = inputs;
	for (size_t i = 0; i < count; i++) {
		struct kist_manifest_input *input = &inputs[task->input_count];
		struct kist_field item;

		KIST_TRY(kist_field_item(&list, i, JSON_OBJECT, &item, err));
		KIST_TRY(read_name(&item, &input->name, &input->description, err));
		for (size_t k = 0; k < task->input_count; k++) {
			if (strcmp(inputs[k].name, input->name) == 0)
				return kist_field_fail(err, KIST_CORRUPT, item.path, "'%s' stands twice",
						       input->name);
		}
		if (json_object_get(item.value, "count_of"))
			continue;
		input->position = places[i];
		KIST_TRY(read_input(task, input, &item, err));
		task->input_count++;
	}
	return read_counts(task, &list, places, err);
}

static kist_status read_output(const struct kist_manifest_task *task, struct kist_manifest_output *output,
			       const struct kist_field *field, struct kist_error *err)
{
	const bool returned = output->position == KIST_SIGNATURE_ARGS_MAX;
	const uint8_t c_type = returned ? task->call.ret : task->call.args[output->position];
	struct said said;

	KIST_TRY(read_name(field, &output->name, &output->description, err));
	KIST_TRY(read_type(field, &said, err));
	KIST_TRY(check_fit(field, output->name, &said, c_type, true, err));
	output->type = said.type;
	output->kinds = said.kinds;
	output->is_text = said.as == AS_STRING;
	if (c_type == KIST_TASK_REGION_OUT && said.as != AS_BYTES)
		output->kinds = KIST_KIND_BIT(KIST_KIND_VALUE);
	return KIST_OK;
}

static kist_status read_outputs(struct kist_manifest_task *task, const struct kist_field *field,
				struct kist_error *err)
{
	size_t places[KIST_MANIFEST_OUTPUTS_MAX];
	const size_t wanted = positions(&task->call, true, places);
	struct kist_manifest_output *outputs;
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(field, "outputs", KIST_MANIFEST_OUTPUTS_MAX, &list, &count, err));
	KIST_TRY(check_count(&list, "outputs", count, wanted, task->signature, err));
	outputs = kist_alloc(count, sizeof(*outputs));
	if (!outputs)
		return kist_fail_memory(err, count * sizeof(*outputs));
	task->outputs = outputs;
	task->output_count = count;
	for (size_t i = 0; i < count; i++) {
		struct kist_field item;

		KIST_TRY(kist_field_item(&list, i, JSON_OBJECT, &item, err));
		outputs[i].position = places[i];
		KIST_TRY(read_output(task, &outputs[i], &item, err));
		for (size_t k = 0; k < i; k++) {
			if (strcmp(outputs[k].name, outputs[i].name) == 0)
				return kist_field_fail(err, KIST_CORRUPT, item.path, "'%s' stands twice",
						       outputs[i].name);
		}
	}
	return KIST_OK;
}

static kist_status read_caps(struct kist_manifest_task *task, const struct kist_field *field,
			     struct kist_error *err)
{
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(field, "caps", KIST_MANIFEST_LIST_MAX, &list, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct kist_field item;

		KIST_TRY(kist_field_item(&list, i, JSON_STRING, &item, err));
		if (strcmp(json_string_value(item.value), "deterministic") == 0)
			task->caps |= KIST_CAP_DETERMINISTIC;
		else if (strcmp(json_string_value(item.value), "reentrant") == 0)
			task->caps |= KIST_CAP_REENTRANT;
		else
			return kist_field_fail(err, KIST_CORRUPT, item.path,
					       "'%s' is none of deterministic, reentrant",
					       json_string_value(item.value));
	}
	return KIST_OK;
}

/* What a library that knows nothing of kist can take and give, and what only it may have. */
static kist_status check_ordinary(const struct kist_manifest_task *task, const struct kist_field *field,
				  struct kist_error *err)
{
	for (size_t i = 0; i < task->call.arg_count; i++) {
		const uint8_t type = task->call.args[i];
		const bool array = type >= KIST_TASK_I8_ARRAY;

		if (task->symbol ? array || type <= KIST_TASK_TENSOR : !array)
			continue;
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       task->symbol ? "signature '%s': an ordinary library cannot take %s"
						    : "signature '%s': %s is for ordinary libraries, whose "
						      "tasks have a \"symbol\"; write tensor",
				       task->signature, kist_task_type_name(type));
	}
	if (task->symbol && task->call.ret == KIST_TASK_STATUS)
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       "signature '%s': an ordinary library has no status; write i32",
				       task->signature);
	return KIST_OK;
}

static kist_status read_symbol(struct kist_manifest_task *task, const struct kist_field *field,
			       struct kist_error *err)
{
	if (!json_object_get(field->value, "symbol"))
		return KIST_OK;
	return kist_field_text(field, "symbol", SYMBOL_LEN_MAX, &task->symbol, err);
}

kist_status kist_manifest_task_init(struct kist_manifest_task *ret, const struct kist_field *field,
				    struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	KIST_TRY(kist_field_text(field, "name", KIST_TYPE_NAME_SIZE - 1, &ret->name, err));
	if (!kist_name_plain(ret->name, KIST_TYPE_NAME_SIZE))
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       "name '%s' is no name of letters, digits and '_.-'", ret->name);
	KIST_TRY(kist_field_text(field, "signature", KIST_SIGNATURE_SIZE_MAX, &ret->signature, err));
	if (kist_signature_parse(ret->signature, &ret->call, &why) != KIST_OK)
		return kist_field_fail(err, KIST_CORRUPT, field->path, "signature '%s': %s", ret->signature,
				       why.text);
	KIST_TRY(kist_field_text_optional(field, "description", DESCRIPTION_LEN_MAX, &ret->description, err));
	KIST_TRY(read_symbol(ret, field, err));
	KIST_TRY(check_ordinary(ret, field, err));
	KIST_TRY(read_caps(ret, field, err));
	KIST_TRY(read_inputs(ret, field, err));
	return read_outputs(ret, field, err);
}

void kist_manifest_task_done(struct kist_manifest_task *task)
{
	kist_free((void *)(uintptr_t)task->inputs);
	kist_free((void *)(uintptr_t)task->counts);
	kist_free((void *)(uintptr_t)task->outputs);
	*task = (struct kist_manifest_task){ .name = NULL };
}
