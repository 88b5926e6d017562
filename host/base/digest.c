/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <assert.h>
/* The calls of SHA-256 with a context of the caller: none of the others can do without memory. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

#include "base/num.h"
#include "base/sha256_kernel.h"

_Static_assert(KIST_SHA256_SIZE == KIST_DIGEST_SIZE, "digests are SHA-256");

struct kist_digest kist_digest_of(struct kist_view bytes)
{
	struct kist_digest digest;
	SHA256_CTX context;

	/* They always succeed.  SHA256() takes memory since OpenSSL 3, and without it gives no digest. */
	(void)SHA256_Init(&context);
	(void)SHA256_Update(&context, bytes.data, bytes.size);
	(void)SHA256_Final(digest.bytes, &context);
	return digest;
}

/* Asking the processor is slow in a virtual machine, so it is asked once. */
static bool pair_supported;
static pthread_once_t pair_once = PTHREAD_ONCE_INIT;

static void ask_for_pair(void)
{
	pair_supported = kist_sha256_pair_supported();
}

static bool has_pair(void)
{
	(void)pthread_once(&pair_once, ask_for_pair);
	return pair_supported;
}

static struct kist_sha256_input input_of(struct kist_view bytes)
{
	return (struct kist_sha256_input){ .data = bytes.data, .size = bytes.size };
}

void kist_digest_two(struct kist_view first, struct kist_view second, struct kist_digest ret[static 2])
{
	const struct kist_sha256_input inputs[2] = { input_of(first), input_of(second) };

	if (has_pair()) {
		kist_sha256_pair(inputs, ret[0].bytes, ret[1].bytes);
		return;
	}
	ret[0] = kist_digest_of(first);
	ret[1] = kist_digest_of(second);
}

bool kist_digest_equal(const struct kist_digest *a, const struct kist_digest *b)
{
	return memcmp(a->bytes, b->bytes, KIST_DIGEST_SIZE) == 0;
}

void kist_digest_hex(const struct kist_digest *digest, char ret_hex[static KIST_DIGEST_HEX_SIZE])
{
	kist_hex_write(digest->bytes, KIST_DIGEST_SIZE, ret_hex);
}

bool kist_digest_parse(const char *text, size_t len, struct kist_digest *ret_digest)
{
	return kist_hex_read(text, len, ret_digest->bytes, KIST_DIGEST_SIZE);
}

kist_status kist_hasher_start(struct kist_hasher *hasher, struct kist_error *err)
{
	if (has_pair()) {
		kist_sha256_stream_start(&hasher->stream);
		return KIST_OK;
	}
	if (!hasher->ctx)
		hasher->ctx = EVP_MD_CTX_new();
	if (!hasher->ctx || EVP_DigestInit_ex(hasher->ctx, EVP_sha256(), NULL) != 1)
		return kist_fail(err, KIST_NO_MEMORY, "cannot start a SHA-256");
	return KIST_OK;
}

void kist_hasher_add(struct kist_hasher *hasher, struct kist_view bytes)
{
	const struct kist_sha256_input input = input_of(bytes);

	if (!hasher->ctx) {
		kist_sha256_stream_add(&hasher->stream, &input, NULL, NULL);
	} else {
		const int done = EVP_DigestUpdate(hasher->ctx, bytes.data, bytes.size);

		assert(done == 1);
		(void)done;
	}
}

struct kist_digest kist_hasher_add_beside(struct kist_hasher *hasher, struct kist_view bytes,
					  struct kist_view other)
{
	const struct kist_sha256_input inputs[2] = { input_of(bytes), input_of(other) };
	struct kist_digest digest;

	if (hasher->ctx) {
		kist_hasher_add(hasher, bytes);
		return kist_digest_of(other);
	}
	kist_sha256_stream_add(&hasher->stream, &inputs[0], &inputs[1], digest.bytes);
	return digest;
}

struct kist_digest kist_hasher_finish(struct kist_hasher *hasher)
{
	struct kist_digest digest;

	if (!hasher->ctx) {
		kist_sha256_stream_end(&hasher->stream, digest.bytes);
	} else {
		const int done = EVP_DigestFinal_ex(hasher->ctx, digest.bytes, NULL);

		assert(done == 1);
		(void)done;
	}
	return digest;
}

void kist_hasher_done(struct kist_hasher *hasher)
{
	EVP_MD_CTX_free(hasher->ctx);
	hasher->ctx = NULL;
}
