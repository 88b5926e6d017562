/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_BLAKE2B_H
#define KIST_BASE_BLAKE2B_H

#include "base/buf.h"

/*
 * BLAKE2b without a key: the digest that minisign signs (64 bytes) and checks its keys with (32).
 *
 * Own code, because libcrypto 3.0 makes digests of 64 bytes alone, and those of 32 are not their beginning.
 *
 * Thread: pure.
 * Source: RFC 7693.
 */

#define KIST_BLAKE2B_SIZE_MAX 64

/** kist_blake2b() - The digest of @bytes, of @size bytes: 1 to KIST_BLAKE2B_SIZE_MAX. */
void kist_blake2b(struct kist_view bytes, uint8_t *ret, size_t size);

#endif
