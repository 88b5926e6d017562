/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/minisign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/blake2b.h"
#include "base/le.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "plugin/minisign_file.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED	  "trusted comment: "

static kist_status bad(struct kist_error *err, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_SIGNATURE", KIST_NO_OFFSET, "no signature of minisign: %s",
			    what);
}

static kist_status read_comment(struct kist_view line, struct kist_minisign *ret, struct kist_error *err)
{
	const size_t head = strlen(TRUSTED);

	if (line.size < head || memcmp(line.data, TRUSTED, head) != 0)
		return bad(err, "its third line does not begin with '" TRUSTED "'");
	if (line.size - head >= sizeof(ret->comment))
		return kist_fail(err, KIST_LIMIT, "a trusted comment of %zu bytes: at most %zu are allowed",
				 line.size - head, sizeof(ret->comment) - 1);
	memset(ret->comment, 0, sizeof(ret->comment));
	memcpy(ret->comment, line.data + head, line.size - head);
	for (size_t i = 0; i < line.size - head; i++) {
		const uint8_t byte = (uint8_t)ret->comment[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return bad(err, "its trusted comment holds control characters");
	}
	return kist_utf8_valid(ret->comment, line.size - head) ? KIST_OK
							       : bad(err, "its trusted comment is not UTF-8");
}

kist_status kist_minisign_read(struct kist_view text, struct kist_minisign *ret, struct kist_error *err)
{
	uint8_t head[2 + 8 + KIST_ED25519_SIGNATURE_SIZE];
	struct kist_view lines[4];

	KIST_TRY(kist_minisign_lines(text, lines, 4, "a signature", "E_SIGNATURE", err));
	if (!kist_minisign_is_comment(lines[0]))
		return bad(err, "its first line does not begin with '" UNTRUSTED "'");
	if (!kist_base64_read((const char *)lines[1].data, lines[1].size, head, sizeof(head)))
		return bad(err, "its second line is not the base64 of 74 bytes");
	if (memcmp(head, "Ed", 2) == 0)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "a signature of the old kind, which does not hash first: sign with "
				 "'minisign -S -H', or 'kist plugin sign'");
	if (memcmp(head, "ED", 2) != 0)
		return bad(err, "its algorithm is not 'ED'");
	KIST_TRY(read_comment(lines[2], ret, err));
	if (!kist_base64_read((const char *)lines[3].data, lines[3].size, ret->global, sizeof(ret->global)))
		return bad(err, "its fourth line is not the base64 of 64 bytes");
	ret->key_id = kist_le_read64(head + 2);
	memcpy(ret->signature, head + 10, sizeof(ret->signature));
	return KIST_OK;
}

/* What the second signature is of: the first one and the comment. */
static struct kist_view
bind_comment(const uint8_t *signature, const char *comment,
	     uint8_t ret[static KIST_ED25519_SIGNATURE_SIZE + KIST_MINISIGN_COMMENT_SIZE])
{
	const size_t len = strlen(comment);

	memcpy(ret, signature, KIST_ED25519_SIGNATURE_SIZE);
	memcpy(ret + KIST_ED25519_SIGNATURE_SIZE, comment, len);
	return kist_view_of(ret, KIST_ED25519_SIGNATURE_SIZE + len);
}

kist_status kist_minisign_verify(const struct kist_minisign *signature, const struct kist_public_key *key,
				 struct kist_view file, struct kist_error *err)
{
	uint8_t whole[KIST_ED25519_SIGNATURE_SIZE + KIST_MINISIGN_COMMENT_SIZE];
	uint8_t digest[KIST_BLAKE2B_SIZE_MAX];

	if (signature->key_id != key->id)
		return kist_fail(err, KIST_DENIED, "signed by key %016" PRIX64 ", not by %016" PRIX64,
				 signature->key_id, key->id);
	kist_blake2b(file, digest, sizeof(digest));
	KIST_TRY(kist_ed25519_verify(key->key, kist_view_of(digest, sizeof(digest)), signature->signature,
				     err));
	return kist_ed25519_verify(key->key, bind_comment(signature->signature, signature->comment, whole),
				   signature->global, err);
}

static kist_status check_comment(const char *comment, struct kist_error *err)
{
	const size_t len = strlen(comment);

	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)comment[i] < ' ' && comment[i] != '\t')
			return kist_fail(err, KIST_INVALID, "a trusted comment is one line of text");
	}
	if (len >= KIST_MINISIGN_COMMENT_SIZE)
		return kist_fail(err, KIST_INVALID, "a trusted comment has less than %zu bytes",
				 KIST_MINISIGN_COMMENT_SIZE);
	return KIST_OK;
}

kist_status kist_minisign_write(const struct kist_secret_key *key, struct kist_view file, const char *comment,
				struct kist_buf *ret, struct kist_error *err)
{
	uint8_t whole[KIST_ED25519_SIGNATURE_SIZE + KIST_MINISIGN_COMMENT_SIZE];
	uint8_t head[2 + 8 + KIST_ED25519_SIGNATURE_SIZE] = "ED";
	uint8_t global[KIST_ED25519_SIGNATURE_SIZE];
	uint8_t digest[KIST_BLAKE2B_SIZE_MAX];
	char first[KIST_BASE64_LEN(sizeof(head)) + 1];
	char second[KIST_BASE64_LEN(sizeof(global)) + 1];

	KIST_TRY(check_comment(comment, err));
	kist_blake2b(file, digest, sizeof(digest));
	kist_le_write64(head + 2, key->public.id);
	KIST_TRY(kist_ed25519_sign(key->seed, kist_view_of(digest, sizeof(digest)), head + 10, err));
	KIST_TRY(kist_ed25519_sign(key->seed, bind_comment(head + 10, comment, whole), global, err));
	kist_base64_write(head, sizeof(head), first);
	kist_base64_write(global, sizeof(global), second);
	return kist_buf_appendf(ret, err, UNTRUSTED "signature of a kist plugin\n%s\n" TRUSTED "%s\n%s\n",
				first, comment, second);
}

bool kist_minisign_word(const char *comment, const char *name, struct kist_view *ret)
{
	const size_t name_len = strlen(name);
	bool found = false;

	for (const char *at = comment + strspn(comment, " \t"); *at; at += strspn(at, " \t")) {
		const size_t len = strcspn(at, " \t");

		if (len > name_len + 1 && memcmp(at, name, name_len) == 0 && at[name_len] == ':') {
			if (found)
				return false;
			*ret = kist_view_of(at + name_len + 1, len - name_len - 1);
			found = true;
		}
		at += len;
	}
	return found;
}
