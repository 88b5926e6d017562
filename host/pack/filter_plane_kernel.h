/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_PLANE_KERNEL_H
#define KIST_PACK_FILTER_PLANE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/*
 * Planes of few different bytes, packed: numbers of 0, 1, 2, 4 or 8 bits that say which byte stands there.
 *
 *     u8 bits | the 2^bits bytes, but none for 8 bits
 *
 * Of m = count * bits / 8, rounded up, packed bytes, byte i has the numbers i, i + m, i + 2 m..., the first in the
 * lowest bits; numbers behind the last are 0.  So both ways are shifts of bytes that lie beside each other.
 *
 * Thread: pure.
 * Source: docs/format/store.md, section 3.
 */

/** Bytes of the longest description. */
#define KIST_FILTER_PLANE_HEAD_MAX 17

/** kist_filter_plane_head_size() - Bytes of a description with so many bits; 0 when there is none. */
size_t kist_filter_plane_head_size(uint8_t bits);

/** kist_filter_plane_size() - Bytes of @count packed numbers. */
size_t kist_filter_plane_size(uint8_t bits, size_t count);

/**
 * kist_filter_plane_pack() - Packs @count bytes, 1 or more, into as few bits as hold them.
 *
 * @plane:    Changed.
 * @ret_head: Room for KIST_FILTER_PLANE_HEAD_MAX bytes.
 * @ret:      Room for @count bytes; may be @plane, or lie before it.
 *
 * Returns the bytes written.
 */
size_t kist_filter_plane_pack(uint8_t *plane, size_t count, uint8_t *ret_head, uint8_t *ret);

/**
 * kist_filter_plane_unpack() - The bytes @at..@at + @some - 1 of @count packed ones.
 *
 * @head: A description, which is there as far as kist_filter_plane_head_size() says.
 */
void kist_filter_plane_unpack(const uint8_t *head, const uint8_t *packed, size_t count, size_t at,
			      size_t some, uint8_t *ret);

#endif
