/* SPDX-License-Identifier: Apache-2.0 */

/* Models of ONNX: what they say of themselves, and where their tensors lie. */
#include "onnx_order.h"

#include <stdlib.h>

#define SCORE_LIKELY   60
#define IR_VERSION_MAX 1000
/* Fields at the head of a file that must make sense. */
#define PROBED_FIELDS 2
#define PART_SIZE_MAX ((size_t)16 << 10)

kist_status onnx_walk(struct onnx *onnx, enum onnx_message message, const struct wire_field *outer,
		      unsigned depth, onnx_take take, void *state)
{
	struct model_reader *const reader = &onnx->reader;
	const struct onnx_field *known;
	struct wire_field field;
	uint32_t seen = 0;
	unsigned i = 0;

	if (depth > ONNX_DEPTH_MAX)
		return model_reader_fault(reader, "E_DEPTH", outer->at, "messages are nested deeper than %d",
					  ONNX_DEPTH_MAX);
	reader->at = outer->begin;
	while (reader->at < outer->end) {
		MODEL_TRY(wire_next(reader, outer->end, &field));
		known = onnx_field_find(message, field.number, &i);
		if (!known)
			continue;
		if (!onnx_field_allows(known, field.type))
			return model_reader_fault(reader, "E_HEADER_SYNTAX", field.at,
						  "field %u is of the wrong type", field.number);
		/* The last would count, or two would be one: readers differ. */
		if (!known->is_many && (seen & 1u << i))
			return model_reader_fault(reader, "E_DUPLICATE", field.at, "field %u is there twice",
						  field.number);
		seen |= 1u << i;
		MODEL_TRY(take ? take(onnx, state, known, &field, depth)
			       : onnx_enter(onnx, known, &field, depth));
		reader->at = field.end;
	}
	return KIST_OK;
}

kist_status onnx_enter(struct onnx *onnx, const struct onnx_field *known, const struct wire_field *field,
		       unsigned depth)
{
	if (known->kind != ONNX_INNER)
		return KIST_OK;
	switch (known->inner) {
	case ONNX_GRAPH:
		return onnx_take_graph(onnx, field, depth + 1, false);
	case ONNX_NODE:
		return onnx_take_node(onnx, field, depth + 1);
	case ONNX_TENSOR:
		return onnx_take_tensor(onnx, field, depth + 1, false);
	default:
		return onnx_walk(onnx, (enum onnx_message)known->inner, field, depth + 1, NULL, NULL);
	}
}

kist_status onnx_text(struct onnx *onnx, const struct wire_field *field, char *ret)
{
	struct model_reader *const reader = &onnx->reader;
	const uint64_t len = field->end - field->begin;

	if (len > ONNX_TEXT_MAX)
		return model_reader_fault(reader, "E_METADATA", field->at,
					  "a text of %llu bytes: at most %zu it can have",
					  (unsigned long long)len, ONNX_TEXT_MAX);
	reader->at = field->begin;
	MODEL_TRY(model_reader_bytes(reader, ret, len));
	ret[len] = '\0';
	if (strlen(ret) != len || !model_is_utf8(ret, (size_t)len))
		return model_reader_fault(reader, "E_METADATA", field->at,
					  "a text is not UTF-8, or holds a NUL");
	return KIST_OK;
}

kist_status onnx_put(struct onnx *onnx, const char *before, const struct wire_field *field,
		     struct model_out *out)
{
	MODEL_TRY(onnx_text(onnx, field, onnx->text));
	model_out_text(out, before);
	model_out_string(out, onnx->text, strlen(onnx->text));
	return KIST_OK;
}

kist_status onnx_take_entry(struct onnx *onnx, void *state, const struct onnx_field *known,
			    const struct wire_field *field, unsigned depth)
{
	struct onnx_entry *const entry = state;

	(void)onnx;
	(void)depth;
	*(known->number == 1 ? &entry->key : &entry->value) = *field;
	return KIST_OK;
}

/* The text that was put last is not there for the second time. */
static kist_status check_once(struct onnx *onnx, struct model_set *set, const struct wire_field *field)
{
	uint64_t count;

	MODEL_TRY(model_set_add(onnx->reader.call, set, ONNX_OPS_MAX, onnx->text, &count));
	if (count > 1)
		return model_reader_fault(&onnx->reader, "E_DUPLICATE", field->at, "'%.100s' is there twice",
					  onnx->text);
	return KIST_OK;
}

static kist_status take_opset(struct onnx *onnx, const struct wire_field *field, unsigned depth)
{
	struct onnx_entry opset = { .key = { .at = 0 } };
	const size_t mark = onnx->opsets.size;

	MODEL_TRY(onnx_walk(onnx, ONNX_OPSET, field, depth, onnx_take_entry, &opset));
	onnx->opset_count++;
	MODEL_TRY(onnx_put(onnx, onnx->opsets.size > 0 ? "," : "", &opset.key, &onnx->opsets));
	MODEL_TRY(check_once(onnx, &onnx->domains, field));
	model_out_text(&onnx->opsets, ":");
	model_out_number(&onnx->opsets, opset.value.value);
	(void)model_out_keep(&onnx->opsets, mark);
	return KIST_OK;
}

static kist_status take_property(struct onnx *onnx, const struct wire_field *field, unsigned depth)
{
	struct onnx_entry entry = { .key = { .at = 0 } };
	const size_t mark = onnx->properties.size;

	MODEL_TRY(onnx_walk(onnx, ONNX_ENTRY, field, depth, onnx_take_entry, &entry));
	onnx->property_count++;
	MODEL_TRY(onnx_put(onnx, onnx->properties.size > 0 ? "," : "", &entry.key, &onnx->properties));
	MODEL_TRY(check_once(onnx, &onnx->keys, field));
	MODEL_TRY(onnx_put(onnx, ":", &entry.value, &onnx->properties));
	(void)model_out_keep(&onnx->properties, mark);
	return KIST_OK;
}

static kist_status take_model_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				    const struct wire_field *field, unsigned depth)
{
	(void)state;
	switch (known->number) {
	case 1:
		onnx->ir_version = field->value;
		return KIST_OK;
	case 2:
		onnx->producer = *field;
		return KIST_OK;
	case 3:
		onnx->producer_version = *field;
		return KIST_OK;
	case 4:
		onnx->domain = *field;
		return KIST_OK;
	case 5:
		onnx->model_version = field->value;
		return KIST_OK;
	case 7:
		onnx->has_graph = true;
		return onnx_take_graph(onnx, field, depth + 1, true);
	case 8:
		return take_opset(onnx, field, depth + 1);
	case 14:
		return take_property(onnx, field, depth + 1);
	case 25:
		onnx->functions++;
		return onnx_enter(onnx, known, field, depth);
	default:
		return onnx_enter(onnx, known, field, depth);
	}
}

static void put_field(struct model_out *out, const char *name, uint64_t number)
{
	model_out_text(out, name);
	model_out_number(out, number);
}

static void put_part(struct model_out *out, const char *before, const struct model_out *part,
		     const char *after)
{
	model_out_text(out, before);
	model_out_bytes(out, part->data, part->size);
	model_out_text(out, after);
	out->failed = out->failed || part->failed;
}

static void put_ops(const struct onnx *onnx, struct model_out *out)
{
	model_out_text(out, ",\"operators\":");
	model_set_put(&onnx->operators, true, out);
	if (onnx->ops_left_out > 0)
		put_field(out, ",\"operators_left_out\":", onnx->ops_left_out);
}

/* What there may be none of. */
static void put_counts(const struct onnx *onnx, struct model_out *out)
{
	const struct {
		const char *name;
		uint64_t count;
	} counts[] = { { ",\"inputs_left_out\":", onnx->inputs_left_out },
		       { ",\"outputs_left_out\":", onnx->outputs_left_out },
		       { ",\"subgraphs\":", onnx->graphs - 1 },
		       { ",\"functions\":", onnx->functions },
		       { ",\"tensors_in_nodes\":", onnx->other_tensors },
		       { ",\"string_tensors\":", onnx->string_tensors },
		       { ",\"sparse_tensors\":", onnx->sparse_tensors },
		       { ",\"external_tensors\":", onnx->index->absent },
		       { ",\"external_left_out\":", onnx->external_left_out } };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (counts[i].count > 0)
			put_field(out, counts[i].name, counts[i].count);
	}
}

static kist_status put_meta(struct onnx *onnx)
{
	struct model_out *const out = &onnx->index->meta;
	struct model_out *const texts = &onnx->index->texts;

	out->limit = SIZE_MAX / 2;
	texts->limit = SIZE_MAX / 2;
	put_field(out, "{\"ir_version\":", onnx->ir_version);
	MODEL_TRY(onnx_put(onnx, ",\"producer\":", &onnx->producer, out));
	MODEL_TRY(onnx_put(onnx, ",\"producer_version\":", &onnx->producer_version, out));
	MODEL_TRY(onnx_put(onnx, ",\"domain\":", &onnx->domain, out));
	put_field(out, ",\"model_version\":", onnx->model_version);
	put_part(out, ",\"opsets\":{", &onnx->opsets, "}");
	MODEL_TRY(onnx_put(onnx, ",\"graph\":", &onnx->graph_name, out));
	put_part(out, ",\"inputs\":[", &onnx->inputs, "]");
	put_part(out, ",\"outputs\":[", &onnx->outputs, "]");
	put_field(out, ",\"nodes\":", onnx->nodes);
	put_ops(onnx, out);
	put_part(out, ",\"properties\":{", &onnx->properties, "}");
	if (onnx->external.size > 0)
		put_part(out, ",\"external\":[", &onnx->external, "]");
	put_counts(onnx, out);
	model_out_text(out, "}");
	put_part(texts, "{", &onnx->properties, "}");
	return out->failed || texts->failed ? model_no_memory(onnx->reader.call) : KIST_OK;
}

static kist_status check_names(struct onnx *onnx)
{
	size_t twin = 0;
	bool any;

	MODEL_TRY(model_index_twin(onnx->reader.call, onnx->index, &any, &twin));
	if (any)
		return model_reader_fault(
			&onnx->reader, "E_DUPLICATE", model_index_at(onnx->index, twin)->offset,
			"two tensors have the name '%.100s'", model_index_name(onnx->index, twin));
	return KIST_OK;
}

static kist_status read_all(struct onnx *onnx)
{
	struct model_reader *const reader = &onnx->reader;
	const struct wire_field all = { .end = reader->source->size };

	if (all.end > ONNX_SIZE_MAX)
		return model_fault_set(reader->fault, KIST_LIMIT, "E_LIMIT", ONNX_SIZE_MAX,
				       "a model of more than 2 GiB: its tensors belong into other files");
	MODEL_TRY(onnx_walk(onnx, ONNX_MODEL, &all, 1, take_model_field, NULL));
	if (onnx->ir_version == 0 || onnx->ir_version > IR_VERSION_MAX || !onnx->has_graph)
		return model_reader_fault(reader, "E_MAGIC", 0,
					  "it has no version or no graph: it is no model of ONNX");
	/* Before IR version 3 there were no operator sets. */
	if (onnx->ir_version >= 3 && onnx->opset_count == 0)
		return model_reader_fault(reader, "E_METADATA", 0, "it names no set of operators");
	MODEL_TRY(check_names(onnx));
	return put_meta(onnx);
}

static void onnx_free(struct onnx *onnx)
{
	struct model_out *const outs[] = { &onnx->opsets, &onnx->properties, &onnx->inputs, &onnx->outputs,
					   &onnx->external };

	for (size_t i = 0; i < sizeof(outs) / sizeof(outs[0]); i++)
		model_out_done(outs[i]);
	model_set_done(&onnx->operators);
	model_set_done(&onnx->domains);
	model_set_done(&onnx->keys);
	free(onnx);
}

/* NULL when there is no memory. */
static struct onnx *onnx_new(struct kist_call *call, struct kist_source *source, struct model_index *index,
			     struct model_fault *fault)
{
	struct onnx *const onnx = calloc(1, sizeof(*onnx));

	if (!onnx)
		return NULL;
	model_reader_init(&onnx->reader, call, source, fault);
	onnx->index = index;
	onnx->opsets.limit = PART_SIZE_MAX;
	onnx->properties.limit = PART_SIZE_MAX;
	onnx->inputs.limit = PART_SIZE_MAX;
	onnx->outputs.limit = PART_SIZE_MAX;
	onnx->external.limit = PART_SIZE_MAX;
	return onnx;
}

static kist_status onnx_read(struct kist_call *call, struct kist_source *source, struct model_index *index,
			     struct model_fault *fault)
{
	struct onnx *const onnx = onnx_new(call, source, index, fault);
	kist_status status;

	if (!onnx)
		return model_no_memory(call);
	status = read_all(onnx);
	onnx_free(onnx);
	return status;
}

static kist_status onnx_check(struct kist_call *call, struct kist_source *source, struct kist_report *report,
			      struct model_fault *fault)
{
	struct onnx *const onnx = onnx_new(call, source, NULL, fault);
	kist_status status;

	if (!onnx)
		return model_no_memory(call);
	status = onnx_check_order(onnx, report);
	onnx_free(onnx);
	return status;
}

static const struct model_format format = { .type = "kist.onnx",
					    .name = "onnx",
					    .major = 1,
					    .minor = 0,
					    .read = onnx_read,
					    .check = onnx_check,
					    .decode = onnx_decode };

kist_status onnx_open(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = (void *)(uintptr_t)&format;
	return KIST_OK;
}

/* One number of a head; false when it is cut off. */
static bool probe_varint(const uint8_t *bytes, size_t len, size_t *at, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 64 && *at < len; shift += 7) {
		const uint8_t byte = bytes[(*at)++];

		*ret |= (uint64_t)(byte & 0x7F) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* A version of the format, and then fields that a model has. */
kist_status onnx_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	const uint8_t *const bytes = head;
	const struct onnx_field *known;
	unsigned found = 0;
	uint64_t number;
	uint64_t tag;
	size_t at = 2;
	unsigned i;

	*ret_score = 0;
	if (len < 4 || bytes[0] != 0x08 || bytes[1] == 0 || bytes[1] > 0x7F)
		return KIST_OK;
	while (found < PROBED_FIELDS && probe_varint(bytes, len, &at, &tag) &&
	       probe_varint(bytes, len, &at, &number)) {
		known = onnx_field_find(ONNX_MODEL, (uint32_t)(tag >> 3), &i);
		if (!known || tag > UINT8_MAX * 8 || !onnx_field_allows(known, tag & 7))
			return KIST_OK;
		found++;
		if ((tag & 7) != WIRE_BYTES)
			continue;
		if (number > total_size - at)
			return KIST_OK;
		if (number > len - at)
			break;
		at += (size_t)number;
	}
	*ret_score = found > 0 ? SCORE_LIKELY : 0;
	return KIST_OK;
}
