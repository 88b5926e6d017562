/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

/* The calls of SHA-256 with a context of the caller: none of the others can do without memory. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

#include "base/num.h"
#include "base/sha256_kernel.h"

_Static_assert(4 * KIST_SHA256_WORDS == KIST_DIGEST_SIZE, "digests are SHA-256");

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
static bool has_kernel;
static pthread_once_t kernel_once = PTHREAD_ONCE_INIT;

static void ask_for_kernel(void)
{
	has_kernel = kist_sha256_supported();
}

static void add_blocks(struct kist_sha256_blocks both[static 2])
{
	(void)pthread_once(&kernel_once, ask_for_kernel);
	if (has_kernel) {
		kist_sha256_add_blocks(both);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		SHA256_CTX context;

		if (both[i].count == 0)
			continue;
		(void)SHA256_Init(&context);
		memcpy(context.h, both[i].words, sizeof(both[i].words));
		(void)SHA256_Update(&context, both[i].data, both[i].count * KIST_SHA256_BLOCK_SIZE);
		memcpy(both[i].words, context.h, sizeof(both[i].words));
	}
}

static struct kist_sha256_blocks blocks_of(const struct kist_hasher *hasher, struct kist_view bytes)
{
	struct kist_sha256_blocks blocks = { .data = bytes.data,
					     .count = bytes.size / KIST_SHA256_BLOCK_SIZE };

	memcpy(blocks.words, hasher->words, sizeof(blocks.words));
	return blocks;
}

static void add_alone(struct kist_hasher *hasher, struct kist_view blocks)
{
	struct kist_sha256_blocks both[2] = { blocks_of(hasher, blocks), { .count = 0 } };

	add_blocks(both);
	memcpy(hasher->words, both[0].words, sizeof(hasher->words));
}

/* How many bytes the block that is begun lacks. */
static size_t missing_of(uint64_t size)
{
	return (size_t)(-size % KIST_SHA256_BLOCK_SIZE);
}

/* Fills the block that is begun; what is left of @bytes. */
static struct kist_view fill_rest(struct kist_hasher *hasher, struct kist_view bytes)
{
	const size_t missing = missing_of(hasher->size);
	const size_t taken = bytes.size < missing ? bytes.size : missing;

	if (taken == 0)
		return bytes;
	memcpy(hasher->rest + KIST_SHA256_BLOCK_SIZE - missing, bytes.data, taken);
	hasher->size += taken;
	if (taken == missing)
		add_alone(hasher, kist_view_of(hasher->rest, KIST_SHA256_BLOCK_SIZE));
	return kist_view_of(bytes.data + taken, bytes.size - taken);
}

/* Takes what @blocks came to, and keeps what follows them of @bytes. */
static void take_blocks(struct kist_hasher *hasher, const struct kist_sha256_blocks *blocks,
			struct kist_view bytes)
{
	const size_t done = blocks->count * KIST_SHA256_BLOCK_SIZE;

	memcpy(hasher->words, blocks->words, sizeof(hasher->words));
	if (bytes.size > done)
		memcpy(hasher->rest, bytes.data + done, bytes.size - done);
	hasher->size += bytes.size;
}

void kist_digest_two(struct kist_view first, struct kist_view second, struct kist_digest ret[static 2])
{
	struct kist_hasher one;
	struct kist_hasher other;

	kist_hasher_start(&one);
	kist_hasher_start(&other);
	kist_hasher_add_two(&one, first, &other, second);
	ret[0] = kist_hasher_finish(&one);
	ret[1] = kist_hasher_finish(&other);
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

void kist_hasher_start(struct kist_hasher *hasher)
{
	static const uint32_t words[KIST_SHA256_WORDS] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
							   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(hasher->words, words, sizeof(words));
	hasher->size = 0;
}

void kist_hasher_add_two(struct kist_hasher *one, struct kist_view first, struct kist_hasher *other,
			 struct kist_view second)
{
	struct kist_sha256_blocks both[2];

	first = fill_rest(one, first);
	second = fill_rest(other, second);
	both[0] = blocks_of(one, first);
	both[1] = blocks_of(other, second);
	add_blocks(both);
	take_blocks(one, &both[0], first);
	take_blocks(other, &both[1], second);
}

void kist_hasher_add(struct kist_hasher *hasher, struct kist_view bytes)
{
	struct kist_hasher nothing = { .size = 0 };

	kist_hasher_add_two(hasher, bytes, &nothing, kist_view_of(NULL, 0));
}

struct kist_digest kist_hasher_add_beside(struct kist_hasher *hasher, struct kist_view bytes,
					  struct kist_view other)
{
	struct kist_hasher beside;

	kist_hasher_start(&beside);
	kist_hasher_add_two(hasher, bytes, &beside, other);
	return kist_hasher_finish(&beside);
}

static void write_words(const uint32_t words[static KIST_SHA256_WORDS], uint8_t ret[static KIST_DIGEST_SIZE])
{
	for (size_t i = 0; i < KIST_DIGEST_SIZE; i++)
		ret[i] = (uint8_t)(words[i / 4] >> (24 - i % 4 * 8));
}

/* A 1 bit, zeros, and the length in bits make whole blocks of it. */
struct kist_digest kist_hasher_finish(struct kist_hasher *hasher)
{
	static const uint8_t one_and_zeros[KIST_SHA256_BLOCK_SIZE] = { 0x80 };
	const uint64_t bits = hasher->size * 8;
	struct kist_digest digest;
	uint8_t length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)(bits >> (56 - i * 8));
	kist_hasher_add(hasher,
			kist_view_of(one_and_zeros, 1 + missing_of(hasher->size + 1 + sizeof(length))));
	kist_hasher_add(hasher, kist_view_of(length, sizeof(length)));
	write_words(hasher->words, digest.bytes);
	return digest;
}

bool kist_hasher_midstate(const struct kist_hasher *hasher, struct kist_view next, struct kist_midstate *ret)
{
	const size_t missing = missing_of(hasher->size);
	struct kist_hasher full = *hasher;

	if (next.size < missing)
		return false;
	(void)fill_rest(&full, kist_view_of(next.data, missing));
	write_words(full.words, ret->bytes);
	return true;
}

size_t kist_hasher_resume(struct kist_hasher *hasher, uint64_t offset, const struct kist_midstate *midstate)
{
	const uint8_t *const at = midstate->bytes;

	for (size_t i = 0; i < KIST_SHA256_WORDS; i++)
		hasher->words[i] = (uint32_t)at[4 * i] << 24 | (uint32_t)at[4 * i + 1] << 16 |
				   (uint32_t)at[4 * i + 2] << 8 | at[4 * i + 3];
	hasher->size = offset + missing_of(offset);
	return missing_of(offset);
}

bool kist_hasher_join(struct kist_hasher *hasher, const struct kist_midstate *midstate,
		      struct kist_view bytes, const struct kist_hasher *resumed)
{
	struct kist_midstate actual;

	if (!kist_hasher_midstate(hasher, bytes, &actual) ||
	    memcmp(actual.bytes, midstate->bytes, sizeof(actual.bytes)) != 0)
		return false;
	*hasher = *resumed;
	return true;
}
