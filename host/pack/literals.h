/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_LITERALS_H
#define KIST_PACK_LITERALS_H

#include <stdbool.h>

#include "base/buf.h"
#include "pack/huffman.h"

/*
 * A zstd frame without matches, which every zstd decoder reads: each block has its own Huffman code, or is as it is.
 *
 *     28 B5 2F FD | A0 | u32 length | blocks of up to 128 KiB, all as long but the last:
 *         3-byte block header | 3 to 5-byte header of the literals | the code | 3 u16 | 4 streams | 00
 *
 * zstd, which was made for blocks that have matches too, writes them a third slower, and reads some half as fast.
 *
 * Thread: pure.
 * Source: RFC 8878, sections 3.1.1; docs/adr/0052-literals.md.
 */

/** Bytes of a frame less those of its blocks. */
#define KIST_LITERALS_HEAD_SIZE ((size_t)9)

/** kist_literals_are_same() - Whether @bytes, 1 or more, are one value: their frame has 4 bytes a block. */
bool kist_literals_are_same(struct kist_view bytes);

/**
 * kist_literals_frame() - Writes the frame of @stream, 1 byte or more.
 *
 * @with: As for kist_huffman_write().
 *
 * Gives its bytes; 0 when they do not fit into @room.
 */
size_t kist_literals_frame(struct kist_view stream, uint8_t *ret, size_t room, enum kist_huffman_with with);

/**
 * kist_literals_read() - Reads one frame of blocks like these, with short codes: faster than zstd, which reads the others.
 *
 * @ret: Room for @len bytes; undefined when it is refused.
 *
 * False for any other frame, be it right or wrong.
 */
bool kist_literals_read(struct kist_view frame, uint8_t *ret, size_t len);

#endif
