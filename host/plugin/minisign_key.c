/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/blake2b.h"
#include "base/le.h"
#include "base/mem.h"
#include "plugin/minisign.h"
#include "plugin/minisign_file.h"

/*
 * Keys.  A secret one, 158 bytes:
 *
 *     "Ed" | kind of password, 2: 0 for none | "B2" | salt, 32 | limits, 16 | key id, 8 | seed, 32 | public key, 32
 *     | BLAKE2b-256 of "Ed", key id, seed and public key, 32, or zeros
 */

#define UNTRUSTED	"untrusted comment: "
#define PUBLIC_SIZE	(2 + 8 + KIST_ED25519_KEY_SIZE)
#define SECRET_SIZE	158
#define SECRET_ID_AT	54
#define SECRET_SUM_AT	126
#define SUM_SIZE	32
#define SECRET_LINE_LEN KIST_BASE64_LEN(SECRET_SIZE)

static kist_status bad(struct kist_error *err, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_KEY", KIST_NO_OFFSET, "no key of minisign: %s", what);
}

bool kist_minisign_is_comment(struct kist_view line)
{
	return line.size >= strlen(UNTRUSTED) && memcmp(line.data, UNTRUSTED, strlen(UNTRUSTED)) == 0;
}

kist_status kist_minisign_lines(struct kist_view text, struct kist_view *ret_lines, size_t count,
				const char *what, const char *code, struct kist_error *err)
{
	size_t at = 0;

	if (text.size > KIST_MINISIGN_SIZE_MAX)
		return kist_fail(err, KIST_LIMIT, "%s of %zu bytes: at most %zu are allowed", what, text.size,
				 KIST_MINISIGN_SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *begin = text.data + at;
		const uint8_t *end = at < text.size ? memchr(begin, '\n', text.size - at) : NULL;
		size_t len = end ? (size_t)(end - begin) : text.size - at;

		if (at >= text.size)
			return kist_fail_at(err, KIST_CORRUPT, code, at, "%s has %zu lines, this ends before",
					    what, count);
		at += len + (end ? 1 : 0);
		len -= len > 0 && begin[len - 1] == '\r';
		ret_lines[i] = kist_view_of(begin, len);
	}
	if (at < text.size)
		return kist_fail_at(err, KIST_CORRUPT, code, at, "%s has %zu lines, this goes on behind them",
				    what, count);
	return KIST_OK;
}

void kist_key_id_text(uint64_t id, char ret[static KIST_KEY_ID_SIZE])
{
	snprintf(ret, KIST_KEY_ID_SIZE, "%016" PRIX64, id);
}

bool kist_key_id_read(const char *text, size_t len, uint64_t *ret)
{
	static const char digits[] = "0123456789ABCDEF";
	uint64_t id = 0;

	if (len != KIST_KEY_ID_SIZE - 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *digit = memchr(digits, text[i], sizeof(digits) - 1);

		if (!digit)
			return false;
		id = id << 4 | (uint64_t)(digit - digits);
	}
	*ret = id;
	return id != 0;
}

kist_status kist_public_key_read(struct kist_view text, struct kist_public_key *ret, struct kist_error *err)
{
	uint8_t bytes[PUBLIC_SIZE];
	struct kist_view lines[2];
	const bool whole = kist_minisign_is_comment(text);

	KIST_TRY(kist_minisign_lines(text, lines, whole ? 2 : 1, "a public key", "E_KEY", err));
	if (lines[whole].size == SECRET_LINE_LEN)
		return bad(err, "this is a secret key, which is nobody else's business: name the public one");
	if (!kist_base64_read((const char *)lines[whole].data, lines[whole].size, bytes, sizeof(bytes)))
		return bad(err,
			   "not the base64 of 42 bytes, as in 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0"
			   "QTaLn73Y7GFO3'");
	if (memcmp(bytes, "Ed", 2) != 0)
		return bad(err, "its algorithm is not 'Ed'");
	ret->id = kist_le_read64(bytes + 2);
	if (ret->id == 0)
		return bad(err, "its id is 0");
	memcpy(ret->key, bytes + 10, sizeof(ret->key));
	return KIST_OK;
}

kist_status kist_public_key_write(const struct kist_public_key *key, struct kist_buf *ret,
				  struct kist_error *err)
{
	uint8_t bytes[PUBLIC_SIZE] = "Ed";
	char line[KIST_BASE64_LEN(PUBLIC_SIZE) + 1];

	kist_le_write64(bytes + 2, key->id);
	memcpy(bytes + 10, key->key, sizeof(key->key));
	kist_base64_write(bytes, sizeof(bytes), line);
	return kist_buf_appendf(ret, err, UNTRUSTED "minisign public key %016" PRIX64 "\n%s\n", key->id,
				line);
}

void kist_secret_key_done(struct kist_secret_key *key)
{
	explicit_bzero(key, sizeof(*key));
}

/* The checksum is of the algorithm and of what lies between the limits and it. */
static void sum_secret(const uint8_t bytes[static SECRET_SIZE], uint8_t ret[static SUM_SIZE])
{
	uint8_t summed[2 + SECRET_SUM_AT - SECRET_ID_AT];

	memcpy(summed, bytes, 2);
	memcpy(summed + 2, bytes + SECRET_ID_AT, SECRET_SUM_AT - SECRET_ID_AT);
	kist_blake2b(kist_view_of(summed, sizeof(summed)), ret, SUM_SIZE);
	explicit_bzero(summed, sizeof(summed));
}

static kist_status read_secret(const uint8_t bytes[static SECRET_SIZE], struct kist_secret_key *ret,
			       struct kist_error *err)
{
	static const uint8_t no_sum[SUM_SIZE];
	uint8_t sum[SUM_SIZE];
	const uint8_t *at = bytes + SECRET_ID_AT;

	if (memcmp(bytes, "Ed", 2) != 0 || memcmp(bytes + 4, "B2", 2) != 0)
		return bad(err, "its algorithms are not 'Ed' and 'B2'");
	if (memcmp(bytes + 2, "Sc", 2) == 0)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "a password protects this key: sign with 'minisign -S' and -t "
				 "'id:<id> version:<version>', or make a key with 'kist plugin keygen'");
	if (bytes[2] != 0 || bytes[3] != 0)
		return bad(err, "it is protected in a way that is not known");
	sum_secret(bytes, sum);
	/* minisign writes none for a key without a password; that both halves belong together is checked below. */
	if (memcmp(sum, bytes + SECRET_SUM_AT, SUM_SIZE) != 0 &&
	    memcmp(no_sum, bytes + SECRET_SUM_AT, SUM_SIZE) != 0)
		return bad(err, "its checksum does not fit: it is damaged");
	ret->public.id = kist_le_read64(at);
	memcpy(ret->seed, at + 8, sizeof(ret->seed));
	KIST_TRY(kist_ed25519_public(ret->seed, ret->public.key, err));
	if (ret->public.id == 0 ||
	    memcmp(ret->public.key, at + 8 + sizeof(ret->seed), sizeof(ret->public.key)) != 0)
		return bad(err, "its public half is not that of its secret half");
	return KIST_OK;
}

kist_status kist_secret_key_read(struct kist_view text, struct kist_secret_key *ret, struct kist_error *err)
{
	uint8_t bytes[SECRET_SIZE];
	struct kist_view lines[2];
	struct kist_secret_key key = { .public.id = 0 };
	kist_status status;

	KIST_TRY(kist_minisign_lines(text, lines, 2, "a secret key", "E_KEY", err));
	if (!kist_minisign_is_comment(lines[0]))
		return bad(err, "its first line does not begin with '" UNTRUSTED "'");
	if (!kist_base64_read((const char *)lines[1].data, lines[1].size, bytes, sizeof(bytes)))
		return bad(err, "its second line is not the base64 of 158 bytes");
	status = read_secret(bytes, &key, err);
	explicit_bzero(bytes, sizeof(bytes));
	if (status == KIST_OK)
		*ret = key;
	kist_secret_key_done(&key);
	return status;
}

kist_status kist_secret_key_make(struct kist_secret_key *ret, struct kist_error *err)
{
	uint8_t random[KIST_ED25519_SEED_SIZE];

	/* An id says nothing of its key: it is drawn, as minisign draws it. */
	do {
		KIST_TRY(kist_ed25519_make(random, err));
		ret->public.id = kist_le_read64(random);
	} while (ret->public.id == 0);
	KIST_TRY(kist_ed25519_make(ret->seed, err));
	return kist_ed25519_public(ret->seed, ret->public.key, err);
}

kist_status kist_secret_key_write(const struct kist_secret_key *key, struct kist_buf *ret,
				  struct kist_error *err)
{
	uint8_t bytes[SECRET_SIZE] = "Ed";
	char line[SECRET_LINE_LEN + 1];
	uint8_t *at = bytes + SECRET_ID_AT;
	kist_status status;

	memcpy(bytes + 4, "B2", 2);
	kist_le_write64(at, key->public.id);
	memcpy(at + 8, key->seed, sizeof(key->seed));
	memcpy(at + 8 + sizeof(key->seed), key->public.key, sizeof(key->public.key));
	sum_secret(bytes, bytes + SECRET_SUM_AT);
	kist_base64_write(bytes, sizeof(bytes), line);
	status = kist_buf_appendf(ret, err,
				  UNTRUSTED "minisign secret key %016" PRIX64 ", without a password\n%s\n",
				  key->public.id, line);
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(line, sizeof(line));
	return status;
}
