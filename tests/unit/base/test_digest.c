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
	struct kist_hasher hasher;
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
		kist_hasher_start(&hasher);
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
	struct kist_hasher hasher;
	struct kist_digest expected;
	struct kist_digest got;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i >> 3);
	kist_hasher_start(&hasher);
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

START_TEST(a_hasher_goes_on_where_another_one_began)
{
	static uint8_t bytes[1000];
	const size_t at = (size_t)_i;
	const struct kist_view behind = kist_view_of(bytes + at, sizeof(bytes) - at);
	struct kist_hasher hasher;
	struct kist_hasher resumed;
	struct kist_digest expected;
	struct kist_midstate midstate;
	struct kist_digest got;
	size_t skip;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i >> 5);
	expected = kist_digest_of(kist_view_of(bytes, sizeof(bytes)));
	kist_hasher_start(&hasher);
	kist_hasher_add(&hasher, kist_view_of(bytes, at));
	ck_assert(kist_hasher_midstate(&hasher, behind, &midstate));
	skip = kist_hasher_resume(&resumed, at, &midstate);
	ck_assert_uint_eq((at + skip) % 64, 0);
	ck_assert_uint_lt(skip, 64);
	kist_hasher_add(&resumed, kist_view_of(behind.data + skip, behind.size - skip));
	/* What stands elsewhere is not joined, and changes nothing. */
	midstate.bytes[31] ^= 1;
	ck_assert(!kist_hasher_join(&hasher, &midstate, behind, &resumed));
	midstate.bytes[31] ^= 1;
	if (skip > 0) {
		bytes[at] ^= 1;
		ck_assert(!kist_hasher_join(&hasher, &midstate, behind, &resumed));
		bytes[at] ^= 1;
		ck_assert(
			!kist_hasher_join(&hasher, &midstate, kist_view_of(behind.data, skip - 1), &resumed));
		ck_assert(!kist_hasher_midstate(&hasher, kist_view_of(behind.data, skip - 1), &midstate));
	}
	ck_assert(kist_hasher_join(&hasher, &midstate, behind, &resumed));
	got = kist_hasher_finish(&hasher);
	ck_assert(kist_digest_equal(&got, &expected));
}
END_TEST

START_TEST(the_midstate_of_nothing_is_where_the_standard_begins)
{
	struct kist_midstate midstate;
	struct kist_hasher hasher;

	kist_hasher_start(&hasher);
	ck_assert(kist_hasher_midstate(&hasher, kist_view_of(NULL, 0), &midstate));
	ck_assert_mem_eq(midstate.bytes, "\x6a\x09\xe6\x67\xbb\x67\xae\x85", 8);
	ck_assert_mem_eq(midstate.bytes + 24, "\x1f\x83\xd9\xab\x5b\xe0\xcd\x19", 8);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("digest");

	tcase_add_loop_test(tcase, digests_are_sha_256_whole_and_in_pieces, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, only_64_lower_case_digits_are_a_digest);
	tcase_add_loop_test(tcase, a_string_beside_a_hasher_changes_nothing_in_either, 0, 65);
	tcase_add_loop_test(tcase, a_hasher_goes_on_where_another_one_began, 0, 130);
	tcase_add_test(tcase, the_midstate_of_nothing_is_where_the_standard_begins);
	return suite_run(tcase, "digest");
}
