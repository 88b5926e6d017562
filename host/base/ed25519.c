/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ed25519.h"

#include <errno.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include "base/mem.h"

static void key_free(EVP_PKEY **slot)
{
	EVP_PKEY_free(*slot);
}

static void context_free(EVP_MD_CTX **slot)
{
	EVP_MD_CTX_free(*slot);
}

#define auto_key     __attribute__((cleanup(key_free)))
#define auto_context __attribute__((cleanup(context_free)))

kist_status kist_ed25519_make(uint8_t ret_seed[static KIST_ED25519_SEED_SIZE], struct kist_error *err)
{
	/* As few bytes as these come at once or not at all. */
	if (getrandom(ret_seed, KIST_ED25519_SEED_SIZE, 0) != KIST_ED25519_SEED_SIZE)
		return kist_fail_errno(err, errno, "the system gives no random bytes");
	return KIST_OK;
}

kist_status kist_ed25519_public(const uint8_t seed[static KIST_ED25519_SEED_SIZE],
				uint8_t ret_key[static KIST_ED25519_KEY_SIZE], struct kist_error *err)
{
	auto_key EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KIST_ED25519_SEED_SIZE);
	size_t size = KIST_ED25519_KEY_SIZE;

	if (!key || EVP_PKEY_get_raw_public_key(key, ret_key, &size) != 1)
		return kist_fail_memory(err, KIST_ED25519_KEY_SIZE);
	return KIST_OK;
}

kist_status kist_ed25519_sign(const uint8_t seed[static KIST_ED25519_SEED_SIZE], struct kist_view message,
			      uint8_t ret[static KIST_ED25519_SIGNATURE_SIZE], struct kist_error *err)
{
	auto_key EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KIST_ED25519_SEED_SIZE);
	auto_context EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = KIST_ED25519_SIGNATURE_SIZE;

	if (!key || !context || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(context, ret, &size, message.data, message.size) != 1)
		return kist_fail_memory(err, KIST_ED25519_SIGNATURE_SIZE);
	return KIST_OK;
}

kist_status kist_ed25519_verify(const uint8_t key[static KIST_ED25519_KEY_SIZE], struct kist_view message,
				const uint8_t signature[static KIST_ED25519_SIGNATURE_SIZE],
				struct kist_error *err)
{
	auto_key EVP_PKEY *public =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, KIST_ED25519_KEY_SIZE);
	auto_context EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!public || !context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, public) != 1)
		return kist_fail_memory(err, KIST_ED25519_KEY_SIZE);
	if (EVP_DigestVerify(context, signature, KIST_ED25519_SIGNATURE_SIZE, message.data, message.size) !=
	    1)
		return kist_fail(err, KIST_DENIED, "the signature is not one of these bytes by this key");
	return KIST_OK;
}
