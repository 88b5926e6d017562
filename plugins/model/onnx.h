/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_ONNX_H
#define MODEL_ONNX_H

#include "model_index.h"
#include "model_set.h"
#include "onnx_schema.h"
#include "wire.h"

/*
 * Models of ONNX: kist.onnx.  What is read and refused stands in onnx.md.
 *
 * Messages are looked through from front to back, and nothing of them is kept but what is said of the model and
 * where its tensors lie.
 *
 * Limits: ONNX_SIZE_MAX, ONNX_DEPTH_MAX, ONNX_TEXT_MAX, ONNX_OPS_MAX.
 * Thread: a struct is used by one thread at a time.
 * Source: onnx, docs/IR.md, onnx.proto, checker.cc.
 */

/** What a message of Protocol Buffers can have at most. */
#define ONNX_SIZE_MAX ((uint64_t)INT32_MAX)
/** Messages in each other. */
#define ONNX_DEPTH_MAX 64
/** Bytes of a text that is used. */
#define ONNX_TEXT_MAX MODEL_NAME_SIZE_MAX
/** Operators, sets of them and properties that are counted each for itself. */
#define ONNX_OPS_MAX ((size_t)128)
/** Values of enum TensorProto.DataType. */
#define ONNX_DTYPE_COUNT  29
#define ONNX_DTYPE_STRING 8

struct onnx {
	struct model_reader reader;
	struct model_index *index;
	struct model_set operators;
	struct model_set domains;
	struct model_set keys;
	struct model_out opsets;
	struct model_out properties;
	struct model_out inputs;
	struct model_out outputs;
	struct model_out external;
	struct wire_field producer;
	struct wire_field producer_version;
	struct wire_field domain;
	struct wire_field graph_name;
	uint64_t ir_version;
	uint64_t model_version;
	uint64_t graphs; /* of the model, and in its nodes */
	uint64_t nodes;
	uint64_t ops_left_out;
	uint64_t functions;
	uint64_t opset_count;
	uint64_t inputs_left_out;
	uint64_t outputs_left_out;
	uint64_t property_count;
	uint64_t other_tensors; /* not among the initializers of the model's graph */
	uint64_t string_tensors;
	uint64_t sparse_tensors;
	uint64_t external_left_out;
	bool has_graph;
	char name[ONNX_TEXT_MAX + 1]; /* of the tensor that is looked at */
	char text[ONNX_TEXT_MAX + 1];
};

/** What is done with a field that is known, of a message of depth @depth. */
typedef kist_status (*onnx_take)(struct onnx *onnx, void *state, const struct onnx_field *known,
				 const struct wire_field *field, unsigned depth);

/**
 * onnx_walk() - Looks through the message in the bytes of @outer.
 *
 * @take: For each field that is known; NULL: onnx_enter().
 *
 * Errors: KIST_CORRUPT, with the fault set; KIST_NO_MEMORY; what the source and poll give.
 */
kist_status onnx_walk(struct onnx *onnx, enum onnx_message message, const struct wire_field *outer,
		      unsigned depth, onnx_take take, void *state);

/** onnx_enter() - Looks through the message in a field, if there is one in it. */
kist_status onnx_enter(struct onnx *onnx, const struct onnx_field *known, const struct wire_field *field,
		       unsigned depth);

/** onnx_text() - Reads a text that is used to @ret, of ONNX_TEXT_MAX + 1 bytes.  Errors: E_METADATA. */
kist_status onnx_text(struct onnx *onnx, const struct wire_field *field, char *ret);

/** onnx_put() - Writes @before and the text of @field as a string of JSON. */
kist_status onnx_put(struct onnx *onnx, const char *before, const struct wire_field *field,
		     struct model_out *out);

/** struct onnx_entry - A key and a value; their fields are all zero when they are not there. */
struct onnx_entry {
	struct wire_field key;
	struct wire_field value;
};
kist_status onnx_take_entry(struct onnx *onnx, void *state, const struct onnx_field *known,
			    const struct wire_field *field, unsigned depth);

kist_status onnx_take_graph(struct onnx *onnx, const struct wire_field *field, unsigned depth, bool is_main);
kist_status onnx_take_node(struct onnx *onnx, const struct wire_field *field, unsigned depth);

/** onnx_take_tensor() - Checks a tensor; @is_named: an initializer, which has a name and goes to the index. */
kist_status onnx_take_tensor(struct onnx *onnx, const struct wire_field *field, unsigned depth,
			     bool is_named);

/** The fields that can hold the values of a tensor. */
enum {
	ONNX_IN_FLOATS,
	ONNX_IN_INT32S,
	ONNX_IN_STRINGS,
	ONNX_IN_INT64S,
	ONNX_IN_RAW,
	ONNX_IN_DOUBLES,
	ONNX_IN_UINT64S,
	ONNX_IN_COUNT
};

/** onnx_value_field() - Which of these the field @number of a tensor is, or -1. */
int onnx_value_field(uint32_t number);

/**
 * struct onnx_dtype - An element type; no name: there is no such type.
 *
 * @in:    The field that holds its values when they are not raw.
 * @parts: Numbers there of one element.
 */
struct onnx_dtype {
	const char *name;
	uint8_t code;
	uint8_t bits;
	uint8_t in;
	uint8_t parts;
};
extern const struct onnx_dtype onnx_dtypes[ONNX_DTYPE_COUNT];

/** onnx_dtype_name() - "float32", "string", or NULL for what is no type. */
const char *onnx_dtype_name(uint64_t data_type);

/** onnx_decode() - The elements of a tensor that is told by a list of numbers.  As model_format.decode. */
kist_status onnx_decode(struct kist_call *call, struct kist_source *source, uint64_t offset, uint64_t len,
			uint8_t *to, uint64_t size);

kist_status onnx_open(const struct kist_host *host, struct kist_call *call, void **ret_instance);
kist_status onnx_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);

#endif
