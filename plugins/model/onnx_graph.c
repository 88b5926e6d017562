/* SPDX-License-Identifier: Apache-2.0 */

/* Graphs of ONNX: their nodes are counted, and what goes in and comes out is told. */
#include "onnx.h"

/* An input or an output on its way. */
struct value {
	struct wire_field name;
	uint64_t dtype;
	bool has_shape;
	struct model_out shape;
};
#define SHAPE_SIZE_MAX ((size_t)2048)

struct node {
	struct wire_field op;
	struct wire_field domain;
};

/* struct onnx_entry: of a dimension the number is the key, a name the value. */
static kist_status take_shape_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				    const struct wire_field *field, unsigned depth)
{
	struct value *const value = state;
	struct onnx_entry size = { .key = { .at = 0 } };

	(void)known;
	MODEL_TRY(onnx_walk(onnx, ONNX_DIMENSION, field, depth + 1, onnx_take_entry, &size));
	if (value->shape.size > 0)
		model_out_text(&value->shape, ",");
	if (size.value.end > size.value.begin)
		return onnx_put(onnx, "", &size.value, &value->shape);
	if (size.key.end > size.key.begin && size.key.value <= INT64_MAX)
		model_out_number(&value->shape, size.key.value);
	else
		model_out_text(&value->shape, "null");
	return KIST_OK;
}

static kist_status take_tensor_type_field(struct onnx *onnx, void *state, const struct onnx_field *known,
					  const struct wire_field *field, unsigned depth)
{
	struct value *const value = state;

	if (known->number == 1) {
		value->dtype = field->value;
		return KIST_OK;
	}
	value->has_shape = true;
	return onnx_walk(onnx, ONNX_SHAPE, field, depth + 1, take_shape_field, value);
}

static kist_status take_type_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				   const struct wire_field *field, unsigned depth)
{
	if (known->number == 1)
		return onnx_walk(onnx, ONNX_TENSOR_TYPE, field, depth + 1, take_tensor_type_field, state);
	return onnx_enter(onnx, known, field, depth);
}

static kist_status take_value_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				    const struct wire_field *field, unsigned depth)
{
	struct value *const value = state;

	if (known->number == 1)
		value->name = *field;
	if (known->number == 2)
		return onnx_walk(onnx, ONNX_TYPE, field, depth + 1, take_type_field, state);
	return onnx_enter(onnx, known, field, depth);
}

/* {"name":...,"dtype":...,"shape":[...]}; null for what is not told, or is no tensor. */
static kist_status put_value(struct onnx *onnx, struct value *value, struct model_out *out)
{
	const char *const dtype = onnx_dtype_name(value->dtype);

	MODEL_TRY(onnx_put(onnx, out->size > 0 ? ",{\"name\":" : "{\"name\":", &value->name, out));
	model_out_text(out, ",\"dtype\":");
	if (dtype)
		model_out_string(out, dtype, strlen(dtype));
	else
		model_out_text(out, "null");
	if (value->has_shape && !value->shape.full) {
		model_out_text(out, ",\"shape\":[");
		model_out_bytes(out, value->shape.data, value->shape.size);
		model_out_text(out, "]}");
	} else {
		model_out_text(out, ",\"shape\":null}");
	}
	return KIST_OK;
}

static kist_status take_value(struct onnx *onnx, const struct wire_field *field, unsigned depth,
			      struct model_out *out, uint64_t *left_out)
{
	struct value value = { .shape = { .limit = SHAPE_SIZE_MAX } };
	const size_t mark = out->size;
	kist_status status = onnx_walk(onnx, ONNX_VALUE, field, depth, take_value_field, &value);

	if (status == KIST_OK)
		status = put_value(onnx, &value, out);
	if (status == KIST_OK && !model_out_keep(out, mark))
		++*left_out;
	out->failed = out->failed || value.shape.failed;
	model_out_done(&value.shape);
	return status;
}

/* @state: bool, whether it is the model's own. */
static kist_status take_graph_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				    const struct wire_field *field, unsigned depth)
{
	const bool is_main = *(const bool *)state;

	switch (known->number) {
	case 2:
		if (is_main)
			onnx->graph_name = *field;
		return KIST_OK;
	case 5:
		return onnx_take_tensor(onnx, field, depth + 1, is_main);
	case 11:
		if (is_main)
			return take_value(onnx, field, depth + 1, &onnx->inputs, &onnx->inputs_left_out);
		return onnx_enter(onnx, known, field, depth);
	case 12:
		if (is_main)
			return take_value(onnx, field, depth + 1, &onnx->outputs, &onnx->outputs_left_out);
		return onnx_enter(onnx, known, field, depth);
	case 15:
		onnx->sparse_tensors++;
		return onnx_enter(onnx, known, field, depth);
	default:
		return onnx_enter(onnx, known, field, depth);
	}
}

kist_status onnx_take_graph(struct onnx *onnx, const struct wire_field *field, unsigned depth, bool is_main)
{
	onnx->graphs++;
	return onnx_walk(onnx, ONNX_GRAPH, field, depth, take_graph_field, &is_main);
}

static kist_status take_node_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				   const struct wire_field *field, unsigned depth)
{
	struct node *const node = state;

	if (known->number == 4)
		node->op = *field;
	if (known->number == 7)
		node->domain = *field;
	return onnx_enter(onnx, known, field, depth);
}

kist_status onnx_take_node(struct onnx *onnx, const struct wire_field *field, unsigned depth)
{
	struct node node = { .op = { .at = 0 } };
	char *const name = onnx->text;
	uint64_t count;
	size_t len;

	MODEL_TRY(onnx_walk(onnx, ONNX_NODE, field, depth, take_node_field, &node));
	onnx->nodes++;
	if (node.op.begin == node.op.end)
		return model_reader_fault(&onnx->reader, "E_METADATA", field->at, "a node has no operator");
	/* "domain.Operator"; the operators of ONNX itself have no domain. */
	MODEL_TRY(onnx_text(onnx, &node.domain, name));
	len = strlen(name);
	if (len > 0)
		name[len++] = '.';
	if (len + (node.op.end - node.op.begin) > ONNX_TEXT_MAX)
		return model_reader_fault(&onnx->reader, "E_METADATA", field->at,
					  "the name of an operator has more than %zu bytes", ONNX_TEXT_MAX);
	MODEL_TRY(onnx_text(onnx, &node.op, onnx->name));
	memcpy(name + len, onnx->name, strlen(onnx->name) + 1);
	MODEL_TRY(model_set_add(onnx->reader.call, &onnx->operators, ONNX_OPS_MAX, name, &count));
	onnx->ops_left_out += count == 0;
	return KIST_OK;
}
