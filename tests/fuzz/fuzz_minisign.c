/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Signatures and keys from hostile bytes: what is read is written again as it was, and nothing verifies.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "plugin/keys.h"

static void try_signature(struct kist_view text)
{
	static const struct kist_public_key nobody = { .id = 1 };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_minisign signature;
	struct kist_view word;

	if (kist_minisign_read(text, &signature, &err) != KIST_OK) {
		must(err.status == KIST_CORRUPT || err.status == KIST_LIMIT ||
		     err.status == KIST_UNSUPPORTED);
		return;
	}
	must(strlen(signature.comment) < KIST_MINISIGN_COMMENT_SIZE);
	if (kist_minisign_word(signature.comment, "id", &word))
		must(word.size > 0 && word.size < KIST_MINISIGN_COMMENT_SIZE);
	must(kist_minisign_verify(&signature, &nobody, text, NULL) != KIST_OK);
}

static void try_public(struct kist_view text)
{
	kist_auto_buf struct kist_buf again = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	struct kist_public_key key;
	struct kist_public_key back;

	if (kist_public_key_read(text, &key, NULL) != KIST_OK)
		return;
	must(kist_public_key_write(&key, &again, NULL) == KIST_OK);
	must(kist_public_key_read(kist_buf_view(&again), &back, NULL) == KIST_OK);
	must(memcmp(&key, &back, sizeof(key)) == 0);
}

static void try_secret(struct kist_view text)
{
	kist_auto_buf struct kist_buf again = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	struct kist_secret_key key;
	struct kist_secret_key back;

	if (kist_secret_key_read(text, &key, NULL) != KIST_OK)
		return;
	must(kist_secret_key_write(&key, &again, NULL) == KIST_OK);
	must(kist_secret_key_read(kist_buf_view(&again), &back, NULL) == KIST_OK);
	must(memcmp(key.seed, back.seed, sizeof(key.seed)) == 0 && key.public.id == back.public.id);
}

static void try_key(struct kist_view text)
{
	struct kist_key key;

	if (kist_key_parse(text, &key, NULL) != KIST_OK)
		return;
	must(kist_key_check(&key, NULL) == KIST_OK && key.public.id != 0);
	must(kist_key_in_scope(&key, key.scope) && !kist_key_in_scope(&key, "kist.numpy"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kist_view text = kist_view_of(data, size);

	try_signature(text);
	try_public(text);
	try_secret(text);
	try_key(text);
	return 0;
}
