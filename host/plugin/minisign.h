/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_MINISIGN_H
#define KIST_PLUGIN_MINISIGN_H

#include <stdbool.h>

#include "base/ed25519.h"

/*
 * The files of minisign: public keys, secret keys, signatures.
 *
 *     untrusted comment: <any text>
 *     <base64: "ED" | key id, 8 | Ed25519 signature of the BLAKE2b-512 of the file, 64>
 *     trusted comment: <text>
 *     <base64: Ed25519 signature of the 64 bytes above and the text, 64>
 *
 * Of signatures the prehashed kind ("ED") alone is accepted.  The trusted comment says what was signed, so that a
 * signature of an older version does not pass for the present one:
 *
 *     id:org.example.mask	version:1.4.2	timestamp:1767225600
 *
 * Words between tabs or blanks; others are ignored.
 *
 * Limits: KIST_MINISIGN_SIZE_MAX bytes a file, KIST_MINISIGN_COMMENT_SIZE a comment.
 * Thread: pure.
 * Source: the manual of minisign, "Signature format", "Public key format", "Secret key format".
 */

#define KIST_MINISIGN_SIZE_MAX	   ((size_t)8192)
#define KIST_MINISIGN_COMMENT_SIZE ((size_t)1024)
/** What is behind the name of a file in that of its signature. */
#define KIST_MINISIGN_SUFFIX ".minisig"
/** Bytes of a key id as 16 hex digits, NUL included. */
#define KIST_KEY_ID_SIZE 17

/** struct kist_public_key - @id is what minisign prints as 16 hex digits; never 0. */
struct kist_public_key {
	uint64_t id;
	uint8_t key[KIST_ED25519_KEY_SIZE];
};

/** struct kist_secret_key - To be wiped with kist_secret_key_done(). */
struct kist_secret_key {
	struct kist_public_key public;
	uint8_t seed[KIST_ED25519_SEED_SIZE];
};
void kist_secret_key_done(struct kist_secret_key *key);

/** struct kist_minisign - One signature, read. */
struct kist_minisign {
	uint64_t key_id;
	uint8_t signature[KIST_ED25519_SIGNATURE_SIZE];
	uint8_t global[KIST_ED25519_SIGNATURE_SIZE];
	char comment[KIST_MINISIGN_COMMENT_SIZE]; /* the trusted one: trusted once it is verified */
};

/** kist_key_id_text() - As minisign shows it: "5A1B...".  kist_key_id_read() - false: it is none. */
void kist_key_id_text(uint64_t id, char ret[static KIST_KEY_ID_SIZE]);
bool kist_key_id_read(const char *text, size_t len, uint64_t *ret);

/**
 * kist_public_key_read() - Reads a file of minisign.pub, or its second line alone.
 *
 * Errors: KIST_CORRUPT E_KEY, KIST_LIMIT.
 */
KIST_CHECKED kist_status kist_public_key_read(struct kist_view text, struct kist_public_key *ret,
					      struct kist_error *err);

/**
 * kist_secret_key_read() - Reads a secret key that no password protects, and checks that it is whole.
 *
 * Errors: KIST_CORRUPT E_KEY; KIST_UNSUPPORTED (a password protects it); KIST_LIMIT; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_secret_key_read(struct kist_view text, struct kist_secret_key *ret,
					      struct kist_error *err);

/** kist_secret_key_make() - A new key with a new id.  Errors: KIST_IO, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_secret_key_make(struct kist_secret_key *ret, struct kist_error *err);

/** kist_public_key_write(), kist_secret_key_write() - Append the file.  Errors: KIST_LIMIT, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_public_key_write(const struct kist_public_key *key, struct kist_buf *ret,
					       struct kist_error *err);
KIST_CHECKED kist_status kist_secret_key_write(const struct kist_secret_key *key, struct kist_buf *ret,
					       struct kist_error *err);

/** kist_minisign_read() - Errors: KIST_CORRUPT E_SIGNATURE; KIST_UNSUPPORTED (not prehashed); KIST_LIMIT. */
KIST_CHECKED kist_status kist_minisign_read(struct kist_view text, struct kist_minisign *ret,
					    struct kist_error *err);

/**
 * kist_minisign_verify() - Whether @signature is one of @file, and of its own comment, by @key.
 *
 * Errors: KIST_DENIED (it is not; another key id); KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_minisign_verify(const struct kist_minisign *signature,
					      const struct kist_public_key *key, struct kist_view file,
					      struct kist_error *err);

/**
 * kist_minisign_write() - Signs @file and appends the signature's file.
 *
 * @comment: The trusted one: one line of less than KIST_MINISIGN_COMMENT_SIZE bytes.
 *
 * Errors: KIST_INVALID (@comment), KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_minisign_write(const struct kist_secret_key *key, struct kist_view file,
					     const char *comment, struct kist_buf *ret,
					     struct kist_error *err);

/** kist_minisign_word() - The value of the word "<name>:<value>" in @comment; false: none, or more than one. */
bool kist_minisign_word(const char *comment, const char *name, struct kist_view *ret);

#endif
