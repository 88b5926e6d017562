/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "plugin/minisign.h"
#include "support/suite.h"

/* Made by minisign 0.11: "minisign -G -W", and "minisign -S -t 'id:org.example.a version:1.0.0'" of "hello\n". */
#define THEIR_PUBLIC "RWRhzYQWHdnqIDn1srn05/RnEnmYyVc9fUTMGma5oWMWCquTFqz5UjlQ"

static struct kist_secret_key key;
static struct kist_buf text = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
static const char file[] = "{\"id\":\"org.example.a\"}";
#define COMMENT "id:org.example.a\tversion:1.0.0\ttimestamp:1"

static struct kist_view view_of_file(void)
{
	return kist_view_of(file, sizeof(file) - 1);
}

static void setup(void)
{
	ck_assert_int_eq(kist_secret_key_make(&key, NULL), KIST_OK);
	ck_assert_int_eq(kist_minisign_write(&key, view_of_file(), COMMENT, &text, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_buf_done(&text);
	kist_secret_key_done(&key);
}

static kist_status read_and_verify(struct kist_view signature, struct kist_error *err)
{
	struct kist_minisign read;

	KIST_TRY(kist_minisign_read(signature, &read, err));
	return kist_minisign_verify(&read, &key.public, view_of_file(), err);
}

START_TEST(what_is_signed_is_verified)
{
	struct kist_minisign read;

	ck_assert_int_eq(kist_minisign_read(kist_buf_view(&text), &read, NULL), KIST_OK);
	ck_assert_uint_eq(read.key_id, key.public.id);
	ck_assert_str_eq(read.comment, COMMENT);
	ck_assert_int_eq(kist_minisign_verify(&read, &key.public, view_of_file(), NULL), KIST_OK);
	ck_assert_int_eq(kist_minisign_verify(&read, &key.public, kist_view_of(file, sizeof(file) - 2), NULL),
			 KIST_DENIED);
}
END_TEST

START_TEST(keys_come_back_from_their_files)
{
	kist_auto_buf struct kist_buf public = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	kist_auto_buf struct kist_buf secret = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	struct kist_public_key read;
	struct kist_secret_key again;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_public_key_write(&key.public, &public, NULL), KIST_OK);
	ck_assert_int_eq(kist_secret_key_write(&key, &secret, NULL), KIST_OK);
	ck_assert_int_eq(kist_public_key_read(kist_buf_view(&public), &read, NULL), KIST_OK);
	ck_assert_mem_eq(&read, &key.public, sizeof(read));
	ck_assert_int_eq(kist_secret_key_read(kist_buf_view(&secret), &again, NULL), KIST_OK);
	ck_assert_mem_eq(again.seed, key.seed, sizeof(again.seed));
	/* A secret key is not given away by taking it for a public one. */
	ck_assert_int_eq(kist_public_key_read(kist_buf_view(&secret), &read, &err), KIST_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.text, "secret"));
}
END_TEST

START_TEST(a_key_of_minisign_is_read)
{
	struct kist_public_key read;
	char id[KIST_KEY_ID_SIZE];
	uint64_t back;

	ck_assert_int_eq(kist_public_key_read(kist_view_of(THEIR_PUBLIC, strlen(THEIR_PUBLIC)), &read, NULL),
			 KIST_OK);
	kist_key_id_text(read.id, id);
	ck_assert_str_eq(id, "20EAD91D1684CD61");
	ck_assert(kist_key_id_read(id, strlen(id), &back));
	ck_assert_uint_eq(back, read.id);
	ck_assert(!kist_key_id_read("20ead91d1684cd61", 16, &back));
	ck_assert(!kist_key_id_read("0000000000000000", 16, &back));
	ck_assert(!kist_key_id_read(id, 15, &back));
}
END_TEST

/* Every byte of the three lines that are signed, and of the second one. */
START_TEST(no_changed_bit_of_a_signature_passes)
{
	uint8_t *const first = memchr(text.data, '\n', text.size);

	for (size_t i = (size_t)(first - text.data) + 1; i < text.size - 1; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			const uint8_t before = text.data[i];
			kist_status status;

			text.data[i] ^= (uint8_t)(1u << bit);
			status = read_and_verify(kist_buf_view(&text), NULL);
			ck_assert_msg(status != KIST_OK, "byte %zu, bit %u", i, bit);
			text.data[i] = before;
		}
	}
	ck_assert_int_eq(read_and_verify(kist_buf_view(&text), NULL), KIST_OK);
}
END_TEST

START_TEST(a_signature_that_is_cut_or_longer_is_refused)
{
	for (size_t size = 0; size < text.size - 1; size++)
		ck_assert_int_ne(read_and_verify(kist_view_of(text.data, size), NULL), KIST_OK);
	/* The last newline may be missing, as may no other; lines may end as on other systems. */
	ck_assert_int_eq(read_and_verify(kist_view_of(text.data, text.size - 1), NULL), KIST_OK);
	ck_assert_int_eq(kist_buf_append(&text, "\n", 1, NULL), KIST_OK);
	ck_assert_int_eq(read_and_verify(kist_buf_view(&text), NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(another_key_with_the_same_id_is_another_key)
{
	struct kist_secret_key other;
	struct kist_minisign read;

	ck_assert_int_eq(kist_secret_key_make(&other, NULL), KIST_OK);
	ck_assert_int_eq(kist_minisign_read(kist_buf_view(&text), &read, NULL), KIST_OK);
	ck_assert_int_eq(kist_minisign_verify(&read, &other.public, view_of_file(), NULL), KIST_DENIED);
	other.public.id = key.public.id;
	ck_assert_int_eq(kist_minisign_verify(&read, &other.public, view_of_file(), NULL), KIST_DENIED);
	kist_secret_key_done(&other);
}
END_TEST

START_TEST(the_words_of_a_comment_stand_once)
{
	static const struct {
		const char *comment;
		const char *value; /* of "id", or NULL */
	} rows[] = {
		{ "id:a.b", "a.b" },
		{ "  version:1\tid:a.b  timestamp:3", "a.b" },
		{ "xid:a.b", NULL },
		{ "id a.b", NULL },
		{ "id:", NULL },
		{ "id:a.b id:a.c", NULL },
		{ "id:a.b id:a.b", NULL },
		{ "", NULL },
		{ "id", NULL },
		{ "id::a", ":a" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kist_view value = { .size = 0 };
		const bool found = kist_minisign_word(rows[i].comment, "id", &value);

		ck_assert_msg(found == (rows[i].value != NULL), "%s", rows[i].comment);
		if (found)
			ck_assert(value.size == strlen(rows[i].value) &&
				  memcmp(value.data, rows[i].value, value.size) == 0);
	}
}
END_TEST

START_TEST(what_is_no_signature_is_told)
{
	static const struct {
		const char *text;
		kist_status status;
		const char *why;
	} rows[] = {
		{ "", KIST_CORRUPT, "4 lines" },
		{ "a\nb\nc\nd\n", KIST_CORRUPT, "untrusted comment" },
		{ "untrusted comment: a\nb\nc\nd\n", KIST_CORRUPT, "74 bytes" },
		{ "untrusted comment: a\n%s\nc\nd\n", KIST_CORRUPT, "trusted comment" },
		{ "untrusted comment: a\n%s\ntrusted comment: \x01\nd\n", KIST_CORRUPT, "control" },
		{ "untrusted comment: a\n%s\ntrusted comment: \xff\nd\n", KIST_CORRUPT, "UTF-8" },
		{ "untrusted comment: a\n%s\ntrusted comment: x\nd\n", KIST_CORRUPT, "64 bytes" },
	};
	uint8_t head[74] = "ED";
	char line[128];
	char made[512];

	kist_base64_write(head, sizeof(head), line);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;
		struct kist_minisign read;
		const char *at = strstr(rows[i].text, "%s");

		if (at)
			snprintf(made, sizeof(made), "%.*s%s%s", (int)(at - rows[i].text), rows[i].text, line,
				 at + 2);
		else
			snprintf(made, sizeof(made), "%s", rows[i].text);
		ck_assert_int_eq(kist_minisign_read(kist_view_of(made, strlen(made)), &read, &err),
				 rows[i].status);
		ck_assert_msg(strstr(err.text, rows[i].why), "%s", err.text);
	}
}
END_TEST

START_TEST(running_out_of_memory_leaks_nothing)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_buf struct kist_buf made = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);

		kist_mem_fail_at(k);
		status = kist_minisign_write(&key, view_of_file(), COMMENT, &made, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
}
END_TEST

START_TEST(a_comment_is_one_short_line)
{
	kist_auto_buf struct kist_buf made = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	char long_one[KIST_MINISIGN_COMMENT_SIZE + 1];

	memset(long_one, 'x', sizeof(long_one));
	long_one[KIST_MINISIGN_COMMENT_SIZE] = '\0';
	ck_assert_int_eq(kist_minisign_write(&key, view_of_file(), long_one, &made, NULL), KIST_INVALID);
	ck_assert_int_eq(kist_minisign_write(&key, view_of_file(), "a\nb", &made, NULL), KIST_INVALID);
	ck_assert_uint_eq(made.size, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("minisign");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_signed_is_verified);
	tcase_add_test(tcase, keys_come_back_from_their_files);
	tcase_add_test(tcase, a_key_of_minisign_is_read);
	tcase_add_test(tcase, no_changed_bit_of_a_signature_passes);
	tcase_add_test(tcase, a_signature_that_is_cut_or_longer_is_refused);
	tcase_add_test(tcase, another_key_with_the_same_id_is_another_key);
	tcase_add_test(tcase, the_words_of_a_comment_stand_once);
	tcase_add_test(tcase, what_is_no_signature_is_told);
	tcase_add_test(tcase, running_out_of_memory_leaks_nothing);
	tcase_add_test(tcase, a_comment_is_one_short_line);
	return suite_run(tcase, "minisign");
}
