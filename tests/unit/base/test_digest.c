/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <string.h>

#include "support/suite.h"

/* FIPS 180-4 examples. */
static const struct {
	const char *text;
	const char *hex;
} rows[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(digests_are_sha_256_whole_and_in_pieces)
{
	kist_auto_hasher struct kist_hasher hasher = KIST_HASHER_INIT;
	const size_t len = strlen(rows[_i].text);
	const struct kist_digest whole = kist_digest_of(kist_view_of(len ? rows[_i].text : NULL, len));
	struct kist_digest parsed;
	struct kist_digest pieces;
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&whole, hex);
	ck_assert_str_eq(hex, rows[_i].hex);
	ck_assert(kist_digest_parse(hex, 64, &parsed));
	ck_assert(kist_digest_equal(&parsed, &whole));
	/* The second round shows that a hasher starts anew. */
	for (int round = 0; round < 2; round++) {
		ck_assert_int_eq(kist_hasher_start(&hasher, NULL), KIST_OK);
		for (size_t i = 0; i < len; i++)
			kist_hasher_add(&hasher, kist_view_of(rows[_i].text + i, 1));
		pieces = kist_hasher_finish(&hasher);
		ck_assert(kist_digest_equal(&pieces, &whole));
	}
}
END_TEST

START_TEST(only_64_lower_case_digits_are_a_digest)
{
	struct kist_digest digest = { { 1 } };
	struct kist_digest other = { { 1 } };
	char hex[65];

	memset(hex, 'a', sizeof(hex));
	ck_assert(kist_digest_parse(hex, 64, &digest));
	ck_assert(!kist_digest_parse(hex, 63, &other));
	ck_assert(!kist_digest_parse(hex, 65, &other));
	hex[63] = 'A';
	ck_assert(!kist_digest_parse(hex, 64, &other));
	hex[63] = 'g';
	ck_assert(!kist_digest_parse(hex, 64, &other));
	ck_assert(!kist_digest_equal(&digest, &other));
}
END_TEST

START_TEST(a_string_beside_a_hasher_changes_nothing_in_either)
{
	static uint8_t bytes[3000];
	kist_auto_hasher struct kist_hasher hasher = KIST_HASHER_INIT;
	struct kist_digest expected;
	struct kist_digest got;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i >> 3);
	ck_assert_int_eq(kist_hasher_start(&hasher, NULL), KIST_OK);
	/* Pieces of all lengths around a block, beside strings that are shorter, as long, and longer. */
	for (size_t len = 0; at + len <= sizeof(bytes); at += len++) {
		const struct kist_view other = kist_view_of(bytes + len, (len * 37 + (size_t)_i) % 300);

		got = kist_hasher_add_beside(&hasher, kist_view_of(bytes + at, len), other);
		expected = kist_digest_of(other);
		ck_assert(kist_digest_equal(&got, &expected));
	}
	got = kist_hasher_finish(&hasher);
	expected = kist_digest_of(kist_view_of(bytes, at));
	ck_assert(kist_digest_equal(&got, &expected));
}
END_TEST

START_TEST(a_hasher_may_end_twice)
{
	struct kist_hasher hasher = KIST_HASHER_INIT;

	kist_hasher_done(&hasher);
	ck_assert_int_eq(kist_hasher_start(&hasher, NULL), KIST_OK);
	kist_hasher_done(&hasher);
	kist_hasher_done(&hasher);
	ck_assert_ptr_null(hasher.ctx);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("digest");

	tcase_add_loop_test(tcase, digests_are_sha_256_whole_and_in_pieces, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, only_64_lower_case_digits_are_a_digest);
	tcase_add_loop_test(tcase, a_string_beside_a_hasher_changes_nothing_in_either, 0, 65);
	tcase_add_test(tcase, a_hasher_may_end_twice);
	return suite_run(tcase, "digest");
}
