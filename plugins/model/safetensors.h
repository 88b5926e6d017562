/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_SAFETENSORS_H
#define MODEL_SAFETENSORS_H

#include <stdbool.h>

#include "model.h"
#include "model_kernel.h"

/*
 * The safetensors format: what its reader and its writer share.
 *
 *     u64 N, little-endian | N bytes of JSON, UTF-8 | data
 *     {"__metadata__":{"k":"v"},"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}
 *
 * Offsets in the JSON count from the end of the header.
 *
 * Limits: SAFETENSORS_HEADER_SIZE_MAX, SAFETENSORS_NAME_SIZE_MAX, KIST_RANK_MAX.
 * Thread: any function may run on any thread; a struct is used by one thread at a time.
 * Source: spec.md; huggingface/safetensors, README.md and src/tensor.rs.
 */

/* Bytes of JSON in the largest header; the format's own limit. */
#define SAFETENSORS_HEADER_SIZE_MAX 100000000u
/* Bytes of the longest tensor name. */
#define SAFETENSORS_NAME_SIZE_MAX 65536u
#define SAFETENSORS_METADATA_KEY  "__metadata__"

/* JSON in ------------------------------------------------------------------------------------------ */

/**
 * struct safetensors_text - JSON text and the place that was reached in it.
 *
 * @data:    Valid UTF-8.  Borrowed.
 * @at:      The next byte.
 * @base:    Offset of @data[0] in the input, or KIST_NO_OFFSET.
 * @poll_at: Where the call is polled next.
 */
struct safetensors_text {
	const uint8_t *data;
	size_t size;
	size_t at;
	size_t poll_at;
	uint64_t base;
	struct kist_call *call;
	struct model_fault *fault;
};

/** safetensors_text_offset() - Offset in the input of byte @at of the text, or KIST_NO_OFFSET. */
uint64_t safetensors_text_offset(const struct safetensors_text *text, size_t at);

/**
 * safetensors_check_utf8() - Says whether the whole text is UTF-8.
 *
 * Errors: KIST_CORRUPT (E_HEADER_UTF8), and what poll gives.
 */
kist_status safetensors_check_utf8(struct safetensors_text *text);

/** safetensors_peek() - Skips white space; *@ret_byte is the byte that follows, or -1 at the end. */
kist_status safetensors_peek(struct safetensors_text *text, int *ret_byte);

/** safetensors_take() - Skips white space and the byte @byte.  Errors: KIST_CORRUPT (@code). */
kist_status safetensors_take(struct safetensors_text *text, char byte, const char *code);

/**
 * safetensors_take_string() - Skips white space and a string.
 *
 * @ret_at: Place of its first byte, after the quote; safetensors_string_next() reads it.
 *
 * Errors: KIST_CORRUPT (@code when no string is there, E_HEADER_SYNTAX when it is broken).
 */
kist_status safetensors_take_string(struct safetensors_text *text, const char *code, size_t *ret_at);

/** safetensors_take_number() - Skips white space and an integer of 0 to 2^63-1.
 *
 * Errors: KIST_CORRUPT (E_HEADER_SYNTAX, E_OVERFLOW; E_DEPTH for an object or array).
 */
kist_status safetensors_take_number(struct safetensors_text *text, uint64_t *ret_number);

/**
 * safetensors_take_end() - After a member: *@ret_more says that a comma came, not @close.
 *
 * Errors: KIST_CORRUPT (E_HEADER_SYNTAX).
 */
kist_status safetensors_take_end(struct safetensors_text *text, char close, bool *ret_more);

/** struct safetensors_string - A string being decoded, byte by byte.  Begins as { data, at }. */
struct safetensors_string {
	const uint8_t *data;
	size_t at;
	uint8_t waiting[4];
	uint8_t waiting_at;
	uint8_t waiting_count;
};

/** safetensors_string_next() - The next byte of a string that was taken, decoded; -1 at its end. */
int safetensors_string_next(struct safetensors_string *string);

/** safetensors_string_equal() - True when the string at @at reads @literal. */
bool safetensors_string_equal(const uint8_t *data, size_t at, const char *literal);

/**
 * struct safetensors_pairs - An object of strings: the place of each key, sorted by key.
 *
 * @data: The text.  Borrowed.
 * @at:   Places for safetensors_string_next().  Owned; safetensors_pairs_done() frees them.
 */
struct safetensors_pairs {
	const uint8_t *data;
	uint32_t *at;
	size_t count;
};

/**
 * safetensors_pairs_take() - Skips white space and an object whose values are all strings.
 *
 * Errors: KIST_CORRUPT (E_METADATA, E_DUPLICATE, E_HEADER_SYNTAX), KIST_NO_MEMORY, and what poll gives.
 */
kist_status safetensors_pairs_take(struct safetensors_text *text, struct safetensors_pairs *ret_pairs);
void safetensors_pairs_done(struct safetensors_pairs *pairs);

/** safetensors_pairs_value() - The place of the value of pair @i. */
size_t safetensors_pairs_value(const struct safetensors_pairs *pairs, size_t i);

/* Header -------------------------------------------------------------------------------------------- */

/**
 * struct safetensors_tensor - One entry of a header.
 *
 * @begin, @end: Its bytes, from the start of the data.
 * @at:          Place of the name in the header as it was read.
 * @name:        Place of the name, decoded and NUL-terminated.
 * @shape:       Place of the text of its shape.
 */
struct safetensors_tensor {
	uint64_t begin;
	uint64_t end;
	uint32_t at;
	uint32_t name;
	uint32_t name_len;
	uint32_t shape;
	uint8_t dtype;
	uint8_t ndim;
};

/**
 * struct safetensors_header - A header that was checked against the size of its file.
 *
 * @text:        The JSON; names in it are decoded where they stand.  Owned.
 * @tensors:     In the order of their bytes.  Owned.
 * @data_offset: Where the data begins in the file.
 * @meta:        The metadata object as it stands in @text, or NULL.
 */
struct safetensors_header {
	uint8_t *text;
	size_t size;
	struct safetensors_tensor *tensors;
	size_t count;
	uint64_t data_offset;
	const char *meta;
	size_t meta_len;
};

/**
 * safetensors_header_read() - Reads the header of @source and checks all of it.
 *
 * @fault: Set when the bytes break the format.
 *
 * Errors: KIST_CORRUPT, KIST_UNSUPPORTED, KIST_LIMIT (with @fault set); KIST_NO_MEMORY, and what the source
 * and poll give.
 */
kist_status safetensors_header_read(struct kist_call *call, struct kist_source *source,
				    struct safetensors_header *ret_header, struct model_fault *fault);
void safetensors_header_done(struct safetensors_header *header);

const char *safetensors_name(const struct safetensors_header *header, size_t i);

/** safetensors_shape() - Reads the shape of tensor @i. */
void safetensors_shape(const struct safetensors_header *header, size_t i, int64_t ret_shape[KIST_RANK_MAX]);

/** safetensors_string_put() - model_out_string() of a string in JSON text, decoded on the way. */
void safetensors_string_put(struct model_out *out, const uint8_t *data, size_t at);

/* Strides --------------------------------------------------------------------------------------------- */

/** struct safetensors_packer - Where tensors go.  @buffer is made when it is needed; owned. */
struct safetensors_packer {
	struct kist_call *call;
	struct kist_sink *sink;
	uint8_t *buffer;
};

/** safetensors_is_contiguous() - True when the elements lie row-major, without gaps. */
bool safetensors_is_contiguous(const DLTensor *tensor);

/**
 * safetensors_pack() - Writes the elements row-major, without gaps.
 *
 * @tensor: At least one element, of whole bytes unless it is contiguous.  Borrowed.
 * @size:   Its bytes.
 *
 * Errors: KIST_NO_MEMORY, and what the sink and poll give.
 */
kist_status safetensors_pack(struct safetensors_packer *packer, const DLTensor *tensor, uint64_t size);
void safetensors_packer_done(struct safetensors_packer *packer);

/* Methods -------------------------------------------------------------------------------------------- */

#define SAFETENSORS_TYPE  "kist.safetensors"
#define SAFETENSORS_MAJOR 1
#define SAFETENSORS_MINOR 0

kist_status safetensors_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
				  const struct kist_params *params, struct kist_sink *sink);
/** safetensors_open() - The instance is the struct model_format of the methods that model_index.h has. */
kist_status safetensors_open(const struct kist_host *host, struct kist_call *call, void **ret_instance);
kist_status safetensors_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);

#endif
