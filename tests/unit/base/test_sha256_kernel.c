/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256_kernel.h"

#include <string.h>

#include "base/digest.h"
#include "support/suite.h"

/* FIPS 180-4 examples, and a million times "a". */
static const struct {
	const char *text;
	const char *hex;
} rows[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ NULL, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
};
#define ROWS	(sizeof(rows) / sizeof(rows[0]))
#define MILLION 1000000

static uint8_t data[MILLION + 4096];

static struct kist_view bytes_of(size_t row)
{
	return rows[row].text ? kist_view_of(rows[row].text, strlen(rows[row].text))
			      : kist_view_of(data, MILLION);
}

START_TEST(two_at_once_are_those_of_the_standard)
{
	memset(data, 'a', MILLION);
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t k = 0; k < ROWS; k++) {
			struct kist_digest both[2];
			char hex[KIST_DIGEST_HEX_SIZE];

			kist_digest_two(bytes_of(i), bytes_of(k), both);
			kist_digest_hex(&both[0], hex);
			ck_assert_str_eq(hex, rows[i].hex);
			kist_digest_hex(&both[1], hex);
			ck_assert_str_eq(hex, rows[k].hex);
		}
	}
}
END_TEST

static void check_pair(size_t first, size_t second, size_t shift)
{
	/* Blocks of exact size, so that a sanitizer sees a read past an end. */
	uint8_t *const a = malloc(first + 1);
	uint8_t *const b = malloc(second + 1);
	const struct kist_view views[2] = { kist_view_of(a + 1, first), kist_view_of(b + 1, second) };
	struct kist_digest both[2];
	struct kist_digest alone;

	memcpy(a + 1, data + shift, first);
	memcpy(b + 1, data + 2 * shift, second);
	kist_digest_two(views[0], views[1], both);
	alone = kist_digest_of(views[0]);
	ck_assert(kist_digest_equal(&both[0], &alone));
	alone = kist_digest_of(views[1]);
	ck_assert(kist_digest_equal(&both[1], &alone));
	free(a);
	free(b);
}

START_TEST(two_at_once_are_those_of_each_alone_at_every_length)
{
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	for (size_t first = 0; first < 260; first++) {
		for (size_t second = 0; second < 260; second += 13)
			check_pair(first, second, first % 17);
		check_pair(first, first, 5);
	}
	check_pair(1000000, 999000, 7);
	check_pair(64, 700001, 8);
	check_pair(700001, 0, 9);
}
END_TEST

START_TEST(views_of_nothing_have_the_digest_of_nothing)
{
	const struct kist_view nothing = kist_view_of(NULL, 0);
	struct kist_digest both[2];
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_two(nothing, nothing, both);
	kist_digest_hex(&both[0], hex);
	ck_assert_str_eq(hex, rows[0].hex);
	ck_assert(kist_digest_equal(&both[0], &both[1]));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("sha256_kernel");

	tcase_add_test(tests, two_at_once_are_those_of_the_standard);
	tcase_add_test(tests, two_at_once_are_those_of_each_alone_at_every_length);
	tcase_add_test(tests, views_of_nothing_have_the_digest_of_nothing);
	return suite_run(tests, "sha256_kernel");
}
