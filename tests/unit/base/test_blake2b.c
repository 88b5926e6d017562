/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <string.h>

#include "base/blake2b.h"
#include "support/suite.h"

#define SIZE_MAX_TRIED 600

START_TEST(digests_of_64_bytes_are_those_of_libcrypto)
{
	uint8_t bytes[SIZE_MAX_TRIED];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + 3);
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		uint8_t theirs[EVP_MAX_MD_SIZE];
		uint8_t ours[KIST_BLAKE2B_SIZE_MAX];
		unsigned len = 0;

		ck_assert_int_eq(EVP_Digest(bytes, size, theirs, &len, EVP_blake2b512(), NULL), 1);
		ck_assert_uint_eq(len, sizeof(ours));
		kist_blake2b(kist_view_of(bytes, size), ours, sizeof(ours));
		ck_assert_mem_eq(ours, theirs, sizeof(ours));
	}
}
END_TEST

/* As b2sum --length=256 of coreutils gives it. */
START_TEST(a_shorter_digest_is_another_one)
{
	static const uint8_t of_abc[32] = { 0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72, 0x31, 0x71, 0xef,
					    0x3f, 0xee, 0x98, 0x57, 0x9b, 0x94, 0x96, 0x4e, 0x3b, 0xb1, 0xcb,
					    0x3e, 0x42, 0x72, 0x62, 0xc8, 0xc0, 0x68, 0xd5, 0x23, 0x19 };
	uint8_t digest[32];

	kist_blake2b(kist_view_of("abc", 3), digest, sizeof(digest));
	ck_assert_mem_eq(digest, of_abc, sizeof(digest));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("blake2b");

	tcase_add_test(tcase, digests_of_64_bytes_are_those_of_libcrypto);
	tcase_add_test(tcase, a_shorter_digest_is_another_one);
	return suite_run(tcase, "blake2b");
}
