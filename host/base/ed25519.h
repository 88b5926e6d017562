/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_ED25519_H
#define KIST_BASE_ED25519_H

#include "base/buf.h"

/*
 * Ed25519 signatures, by libcrypto.
 *
 * Thread: all functions may run at once.
 * Source: RFC 8032, section 5.1.
 */

#define KIST_ED25519_SEED_SIZE	    32
#define KIST_ED25519_KEY_SIZE	    32
#define KIST_ED25519_SIGNATURE_SIZE 64

/** kist_ed25519_make() - A new secret seed from the system's random bytes.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_ed25519_make(uint8_t ret_seed[static KIST_ED25519_SEED_SIZE],
					   struct kist_error *err);

/** kist_ed25519_public() - The public key of @seed.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_ed25519_public(const uint8_t seed[static KIST_ED25519_SEED_SIZE],
					     uint8_t ret_key[static KIST_ED25519_KEY_SIZE],
					     struct kist_error *err);

/** kist_ed25519_sign() - Signs @message.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_ed25519_sign(const uint8_t seed[static KIST_ED25519_SEED_SIZE],
					   struct kist_view message,
					   uint8_t ret[static KIST_ED25519_SIGNATURE_SIZE],
					   struct kist_error *err);

/** kist_ed25519_verify() - Errors: KIST_DENIED (not the signature of @message by @key); KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_ed25519_verify(const uint8_t key[static KIST_ED25519_KEY_SIZE],
					     struct kist_view message,
					     const uint8_t signature[static KIST_ED25519_SIGNATURE_SIZE],
					     struct kist_error *err);

#endif
