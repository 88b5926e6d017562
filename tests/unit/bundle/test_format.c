/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/format.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/le.h"
#include "base/mem.h"
#include "support/suite.h"

#define MANIFEST "{\"kistpack\":1}"

static const char *const texts[] = { "one", "two and more", "three" };
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

/* A bundle of the three texts. */
static void make(struct kist_buf *ret)
{
	struct kist_bundle_chunk chunks[TEXTS];
	struct kist_digest digest;

	for (size_t i = 0; i < TEXTS; i++) {
		chunks[i] = (struct kist_bundle_chunk){ .len = (uint32_t)strlen(texts[i]),
							.kind = (enum kist_chunk_kind)i };
		chunks[i].id = kist_digest_of(kist_view_of(texts[i], strlen(texts[i])));
	}
	ck_assert_int_eq(
		kist_bundle_head(kist_view_of(MANIFEST, strlen(MANIFEST)), chunks, TEXTS, ret, &digest, NULL),
		KIST_OK);
	for (size_t i = 0; i < TEXTS; i++)
		ck_assert_int_eq(kist_buf_append(ret, texts[i], strlen(texts[i]), NULL), KIST_OK);
}

static int file_of(struct kist_view bytes)
{
	char path[] = "/tmp/kist-format.XXXXXX";
	const int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(kist_pwrite_all(fd, bytes, 0, NULL), KIST_OK);
	return fd;
}

static kist_status try_bytes(struct kist_view bytes, struct kist_error *err)
{
	kist_auto_fd int fd = file_of(bytes);
	kist_auto_bundle struct kist_bundle bundle = KIST_BUNDLE_INIT;

	return kist_bundle_open(fd, &bundle, err);
}

START_TEST(what_is_written_is_read)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(4096);
	kist_auto_buf struct kist_buf chunk = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	kist_auto_bundle struct kist_bundle bundle = KIST_BUNDLE_INIT;
	const struct kist_digest other = kist_digest_of(kist_view_of("x", 1));
	kist_auto_fd int fd = -1;

	make(&bytes);
	fd = file_of(kist_buf_view(&bytes));
	ck_assert(kist_bundle_is(fd));
	ck_assert_int_eq(kist_bundle_open(fd, &bundle, NULL), KIST_OK);
	ck_assert_uint_eq(bundle.count, TEXTS);
	ck_assert_uint_eq(bundle.size, bytes.size);
	ck_assert_mem_eq(bundle.manifest.data, MANIFEST, strlen(MANIFEST));
	for (size_t i = TEXTS; i-- > 0;) {
		ck_assert_uint_eq(bundle.chunks[i].kind, i);
		ck_assert_int_eq(kist_bundle_get(&bundle, &bundle.chunks[i].id, &chunk, NULL), KIST_OK);
		ck_assert_uint_eq(chunk.size, strlen(texts[i]));
		ck_assert_mem_eq(chunk.data, texts[i], chunk.size);
	}
	ck_assert_int_eq(kist_bundle_get(&bundle, &other, &chunk, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(nothing_but_a_manifest_is_a_bundle)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(4096);
	struct kist_digest digest;

	ck_assert_int_eq(kist_bundle_head(kist_view_of("{}", 2), NULL, 0, &bytes, &digest, NULL), KIST_OK);
	ck_assert_int_eq(try_bytes(kist_buf_view(&bytes), NULL), KIST_OK);
}
END_TEST

START_TEST(no_flipped_bit_and_no_shorter_file_is_taken)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(4096);
	kist_auto_buf struct kist_buf chunk = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	const size_t chunks_at = KIST_BUNDLE_HEAD_SIZE + strlen(MANIFEST) + TEXTS * KIST_BUNDLE_ENTRY_SIZE;

	make(&bytes);
	for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
		kist_auto_bundle struct kist_bundle bundle = KIST_BUNDLE_INIT;
		kist_auto_fd int fd = -1;
		kist_status status;

		bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		fd = file_of(kist_buf_view(&bytes));
		bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		status = kist_bundle_open(fd, &bundle, NULL);
		ck_assert(status == KIST_OK ? bit / 8 >= chunks_at
					    : status == KIST_CORRUPT || status == KIST_INCOMPATIBLE);
		for (size_t i = 0; status == KIST_OK && i < TEXTS; i++)
			status = kist_bundle_get(&bundle, &bundle.chunks[i].id, &chunk, NULL);
		ck_assert_int_ne(status, KIST_OK);
	}
	for (size_t size = 0; size < bytes.size; size++)
		ck_assert_int_eq(try_bytes(kist_view_of(bytes.data, size), NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_buf_append(&bytes, "x", 1, NULL), KIST_OK);
	ck_assert_int_eq(try_bytes(kist_buf_view(&bytes), NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(a_newer_format_is_refused_by_name)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(4096);
	struct kist_error err = KIST_ERROR_INIT;

	make(&bytes);
	kist_le_write32(bytes.data + 8, KIST_BUNDLE_VERSION + 1);
	ck_assert_int_eq(try_bytes(kist_buf_view(&bytes), &err), KIST_INCOMPATIBLE);
	ck_assert_ptr_nonnull(strstr(err.text, "it needs a newer kist"));
}
END_TEST

START_TEST(what_is_no_regular_file_is_none)
{
	kist_auto_bundle struct kist_bundle bundle = KIST_BUNDLE_INIT;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert(!kist_bundle_is(ends[0]));
	ck_assert_int_eq(kist_bundle_open(ends[0], &bundle, NULL), KIST_INVALID);
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

START_TEST(running_out_of_memory_is_an_error_and_no_leak)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(4096);
	kist_status status = KIST_NO_MEMORY;

	make(&bytes);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_mem_fail_at(k);
		status = try_bytes(kist_buf_view(&bytes), NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 100);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("format");

	tcase_add_test(tcase, what_is_written_is_read);
	tcase_add_test(tcase, nothing_but_a_manifest_is_a_bundle);
	tcase_add_test(tcase, no_flipped_bit_and_no_shorter_file_is_taken);
	tcase_add_test(tcase, a_newer_format_is_refused_by_name);
	tcase_add_test(tcase, what_is_no_regular_file_is_none);
	tcase_add_test(tcase, running_out_of_memory_is_an_error_and_no_leak);
	return suite_run(tcase, "bundle/format");
}
