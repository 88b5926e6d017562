/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MODEL_READER_H
#define MODEL_MODEL_READER_H

#include "model.h"

/*
 * A source read from front to back in small pieces, little-endian; what ends too early is E_TRUNCATED.
 *
 * Thread: a struct is used by one thread at a time.
 */

#define MODEL_READER_SIZE ((size_t)1 << 16)

/**
 * struct model_reader - Begins as { call, source, fault } and the offset to begin at.
 *
 * @at:  Offset of the next byte.
 * @end: No byte at or behind it is read.
 */
struct model_reader {
	struct kist_call *call;
	struct kist_source *source;
	struct model_fault *fault;
	uint64_t at;
	uint64_t end;
	uint64_t held_at; /* of the bytes in @held */
	size_t held_size;
	uint8_t held[MODEL_READER_SIZE];
};

void model_reader_init(struct model_reader *reader, struct kist_call *call, struct kist_source *source,
		       struct model_fault *fault);

/** model_reader_left() - Bytes up to the end. */
uint64_t model_reader_left(const struct model_reader *reader);

/**
 * model_reader_bytes() - Reads @len bytes to @ret, or passes over them when that is NULL.
 *
 * Errors: KIST_CORRUPT (E_TRUNCATED, with the fault set), and what the source and poll give.
 */
kist_status model_reader_bytes(struct model_reader *reader, void *ret, uint64_t len);

kist_status model_reader_u8(struct model_reader *reader, uint8_t *ret);
kist_status model_reader_u16(struct model_reader *reader, uint16_t *ret);
kist_status model_reader_u32(struct model_reader *reader, uint32_t *ret);
kist_status model_reader_u64(struct model_reader *reader, uint64_t *ret);

/** model_reader_fault() - Sets the fault at @offset.  Returns KIST_CORRUPT. */
KIST_PRINTF_(4, 5)
kist_status model_reader_fault(struct model_reader *reader, const char *code, uint64_t offset,
			       const char *format, ...);

#endif
