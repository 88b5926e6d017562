/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_GGUF_H
#define MODEL_GGUF_H

#include "model_index.h"
#include "model_reader.h"

/*
 * GGUF, little-endian:
 *
 *     "GGUF" | u32 version | u64 tensors | u64 pairs | pairs | tensor infos | padding | data
 *
 * Versions 2 and 3.  Elements that come in blocks are given as bytes, a row of blocks as a row of bytes.
 *
 * Limits: GGUF_NAME_SIZE_MAX, GGUF_RANK_MAX, GGUF_KEY_SIZE_MAX, GGUF_NESTING_MAX.
 * Source: gguf.md; ggml's docs/gguf.md and src/gguf.cpp.
 */

#define GGUF_NAME_SIZE_MAX     ((uint64_t)63)
#define GGUF_KEY_SIZE_MAX      ((uint64_t)65535)
#define GGUF_RANK_MAX	       4
#define GGUF_NESTING_MAX       4
#define GGUF_ALIGNMENT_DEFAULT 32u
/** Of a string, and elements of an array, what stands in the metadata as it is. */
#define GGUF_TEXT_SHOWN_MAX  ((uint64_t)64 << 10)
#define GGUF_ITEMS_SHOWN_MAX ((uint64_t)64)

#define GGUF_MAGIC_SIZE 4

extern const struct model_format gguf_format;

kist_status gguf_open(const struct kist_host *host, struct kist_call *call, void **ret_instance);
kist_status gguf_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);

/**
 * gguf_take_string() - Reads the length of a string, which has to lie in what is left.
 *
 * Errors: KIST_CORRUPT (E_TRUNCATED).
 */
kist_status gguf_take_length(struct model_reader *reader, uint64_t *ret);

/**
 * gguf_take_pairs() - Reads @count pairs, into @index->meta as JSON.
 *
 * @ret_alignment: What general.alignment says, or GGUF_ALIGNMENT_DEFAULT.
 *
 * Errors: KIST_CORRUPT (E_METADATA, E_DUPLICATE, E_DEPTH, E_ALIGNMENT, E_TRUNCATED), KIST_NO_MEMORY.
 */
kist_status gguf_take_pairs(struct model_reader *reader, uint64_t count, struct model_index *index,
			    uint32_t *ret_alignment);

#endif
