/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/ed25519.h"
#include "support/suite.h"

/* RFC 8032, section 7.1, test 2. */
static const uint8_t seed[32] = { 0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3,
				  0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab,
				  0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb };
static const uint8_t key[32] = { 0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a,
				 0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4,
				 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c };
static const uint8_t signature[64] = { 0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82,
				       0x0b, 0x5f, 0x64, 0x25, 0x40, 0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50,
				       0x3f, 0x8f, 0xb3, 0x76, 0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08,
				       0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99, 0x6e, 0x45, 0x8f, 0x36, 0x13,
				       0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae, 0xb4, 0x30, 0x2a,
				       0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00 };
static const uint8_t message[1] = { 0x72 };

START_TEST(key_and_signature_are_those_of_the_standard)
{
	uint8_t public[32];
	uint8_t made[64];

	ck_assert_int_eq(kist_ed25519_public(seed, public, NULL), KIST_OK);
	ck_assert_mem_eq(public, key, sizeof(key));
	ck_assert_int_eq(kist_ed25519_sign(seed, kist_view_of(message, 1), made, NULL), KIST_OK);
	ck_assert_mem_eq(made, signature, sizeof(made));
	ck_assert_int_eq(kist_ed25519_verify(key, kist_view_of(message, 1), signature, NULL), KIST_OK);
}
END_TEST

START_TEST(no_changed_bit_passes)
{
	uint8_t changed[64];
	uint8_t other_key[32];
	uint8_t other_message[1] = { message[0] ^ 1 };

	for (unsigned bit = 0; bit < 512; bit++) {
		memcpy(changed, signature, sizeof(changed));
		changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(kist_ed25519_verify(key, kist_view_of(message, 1), changed, NULL),
				 KIST_DENIED);
	}
	for (unsigned bit = 0; bit < 256; bit++) {
		memcpy(other_key, key, sizeof(other_key));
		other_key[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(kist_ed25519_verify(other_key, kist_view_of(message, 1), signature, NULL),
				 KIST_DENIED);
	}
	ck_assert_int_eq(kist_ed25519_verify(key, kist_view_of(other_message, 1), signature, NULL),
			 KIST_DENIED);
}
END_TEST

/* A signature with S + L in place of S is of the same message: only one of both may pass. */
START_TEST(a_signature_has_one_form)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
					   0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,	   0,	 0,    0,
					   0,	 0,    0,    0,	   0,	 0,    0,    0,	   0,	 0x10 };
	uint8_t other[64];
	unsigned carry = 0;

	memcpy(other, signature, sizeof(other));
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)other[32 + i] + order[i];
		other[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	ck_assert_int_eq(kist_ed25519_verify(key, kist_view_of(message, 1), other, NULL), KIST_DENIED);
}
END_TEST

START_TEST(each_new_seed_is_another)
{
	uint8_t a[32];
	uint8_t b[32];

	ck_assert_int_eq(kist_ed25519_make(a, NULL), KIST_OK);
	ck_assert_int_eq(kist_ed25519_make(b, NULL), KIST_OK);
	ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ed25519");

	tcase_add_test(tcase, key_and_signature_are_those_of_the_standard);
	tcase_add_test(tcase, no_changed_bit_passes);
	tcase_add_test(tcase, a_signature_has_one_form);
	tcase_add_test(tcase, each_new_seed_is_another);
	return suite_run(tcase, "ed25519");
}
