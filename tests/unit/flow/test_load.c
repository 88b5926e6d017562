/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/ahead.h"
#include "flow/content.h"
#include "flow/load.h"
#include "pack/crc32c.h"
#include "unit/store/fixture.h"

/* An object of several chunks in a store in memory, restored to a file: which bytes are proved, and by what. */

#define SIZE ((size_t)5 << 20)

static struct kist_flow flow;
static uint8_t *bytes;
static json_t *record;
static char dir[64];
static char path[80];

/* Of flow.c, which needs workers and plugins: nobody watches. */
void kist_flow_progress(const struct kist_flow *of, uint64_t done, uint64_t total)
{
	(void)of;
	ck_assert_uint_le(done, total);
}

static void put_object(struct kist_content *ret)
{
	kist_auto_content_writer struct kist_content_writer content = KIST_CONTENT_WRITER_INIT;
	kist_auto_writer struct kist_writer *writer = NULL;
	const struct kist_digest none = { { 0 } };
	kist_auto_json json_t *commit = NULL;
	kist_auto_json json_t *packs = NULL;

	ck_assert_int_eq(kist_writer_open(flow.store, NULL, &writer, NULL), KIST_OK);
	content.sizes =
		(struct kist_cut_sizes){ .typed = KIST_CUT_SIZE_DEFAULT, .cdc = KIST_CDC_AVERAGE_DEFAULT };
	ck_assert_int_eq(kist_content_start(&content, writer, KIST_CHUNK_DATA, SIZE, NULL, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_content_write(&content, kist_view_of(bytes, SIZE), NULL), KIST_OK);
	ck_assert_int_eq(kist_content_finish(&content, ret, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	commit = json_pack("{s:O, s:[]}", "packs", packs, "refs");
	ck_assert_int_eq(kist_log_append(flow.store, 1, &none, commit, NULL, NULL), KIST_OK);
}

static void setup(void)
{
	struct kist_content content;

	flow = (struct kist_flow){ .store = new_store() };
	bytes = malloc(SIZE);
	fill_noise(bytes, SIZE, 1);
	memset(bytes + SIZE / 2, 0, SIZE / 4);
	put_object(&content);
	ck_assert_int_eq(content.form, KIST_CONTENT_RECIPE);
	record = json_pack("{s:s,s:s}", "kind", "bytes", "encoding", "e");
	ck_assert_int_eq(kist_record_set_content(record, &content, &content.sha256, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_open(flow.store, NULL, &flow.registry, NULL), KIST_OK);
	snprintf(dir, sizeof(dir), "/tmp/kist-load.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/back", dir);
}

static void teardown(void)
{
	(void)unlink(path);
	/* So it also says whether anything else was left. */
	ck_assert_int_eq(rmdir(dir), 0);
	json_decref(record);
	kist_chunk_reader_done(&flow.chunk_reader);
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
	free(bytes);
}

static void expect_refused(const char *code, const char *text)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_load_path(&flow, record, path, false, &err), KIST_CORRUPT);
	if (code)
		ck_assert_str_eq(err.code, code);
	ck_assert_msg(strstr(err.text, text) != NULL, "'%s' is not in '%s'", text, err.text);
	ck_assert_int_ne(access(path, F_OK), 0);
}

/* Which byte of a record: the last one, whatever the frame says of it, or the first of the frame. */
enum changed { LAST_BYTE, FRAME };

/* Changes a stored byte of chunk @no, and has the record's head agree when @summed; says where it lies. */
static void change_chunk(size_t no, enum changed which, bool summed, struct kist_location *ret)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;
	kist_auto_buf struct kist_buf pack = KIST_BUF_INIT(KIST_PACK_SIZE_MAX);
	const struct kist_object_chunk *chunks;
	char key[KIST_PACK_KEY_SIZE];
	struct kist_record head;
	struct kist_view body;

	ck_assert_int_eq(kist_object_reader_open(&flow, record, &reader, NULL), KIST_OK);
	chunks = (const void *)reader.entries.data;
	ck_assert_uint_lt(no, reader.entries.size / sizeof(*chunks));
	ck_assert_int_eq(kist_load_find(&flow, &chunks[no].id, ret, NULL), KIST_OK);
	kist_pack_key(&ret->pack, key);
	ck_assert_int_eq(kist_backend_get(flow.store->backend, key, 0, KIST_PACK_SIZE_MAX, &pack, NULL),
			 KIST_OK);
	body = kist_view_of(pack.data + ret->offset, ret->stored_len);
	ck_assert_int_eq(kist_record_parse(body, &head, NULL), KIST_OK);
	ck_assert_int_eq(head.codec, KIST_CODEC_STORED);
	pack.data[ret->offset + (which == FRAME ? kist_record_head_size(&head) : ret->stored_len - 1)] ^= 1;
	if (summed)
		head.body_crc =
			kist_crc32c(0, kist_view_of(body.data + kist_record_head_size(&head), head.body_len));
	kist_record_write_head(&head, pack.data + ret->offset);
	overwrite(flow.store, key, pack.data, pack.size);
}

START_TEST(a_file_comes_back_whole)
{
	uint8_t *back = malloc(SIZE + 1);
	int fd;

	ck_assert_int_eq(kist_load_path(&flow, record, path, false, NULL), KIST_OK);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, back, SIZE + 1), SIZE);
	ck_assert_mem_eq(back, bytes, SIZE);
	close(fd);
	free(back);
}
END_TEST

START_TEST(a_record_that_lies_of_the_digest_gives_no_file)
{
	json_object_set_new(record, "sha256",
			    json_string("0000000000000000000000000000000000000000000000000000000000000000"));
	expect_refused("E_DIGEST", "the bytes do not have the SHA-256 that the record says");
}
END_TEST

static void expect_named(const struct kist_location *where, const char *why)
{
	char expected[KIST_DIGEST_HEX_SIZE + 80];
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&where->pack, hex);
	snprintf(expected, sizeof(expected), "pack %s at offset %llu: %s", hex,
		 (unsigned long long)where->offset, why);
	expect_refused(NULL, expected);
}

START_TEST(a_changed_chunk_with_a_right_crc_is_named)
{
	struct kist_location where;

	change_chunk(2, LAST_BYTE, true, &where);
	expect_named(&where, "chunk does not match its SHA-256");
}
END_TEST

/* The frame still decodes, to other bytes: the digest of the whole sees it, and the CRC says what it is. */
START_TEST(a_chunk_that_was_hurt_is_named)
{
	struct kist_location where;

	change_chunk(2, LAST_BYTE, false, &where);
	expect_named(&where, "body of the record is damaged (CRC)");
}
END_TEST

START_TEST(a_chunk_that_does_not_decode_is_named_by_what_it_suffers_from)
{
	struct kist_location where;

	change_chunk(2, FRAME, _i, &where);
	expect_named(&where, _i ? "not one zstd frame" : "body of the record is damaged (CRC)");
}
END_TEST

START_TEST(no_allocation_that_fails_is_overlooked)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		ck_assert_uint_lt(k, 2000);
		kist_mem_fail_at(k);
		status = kist_load_path(&flow, record, path, false, NULL);
		kist_mem_fail_at(0);
		ck_assert_int_eq(status, status == KIST_OK ? KIST_OK : KIST_NO_MEMORY);
		ck_assert_int_eq(access(path, F_OK), status == KIST_OK ? 0 : -1);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("load");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_file_comes_back_whole);
	tcase_add_test(tests, a_record_that_lies_of_the_digest_gives_no_file);
	tcase_add_test(tests, a_changed_chunk_with_a_right_crc_is_named);
	tcase_add_test(tests, a_chunk_that_was_hurt_is_named);
	tcase_add_loop_test(tests, a_chunk_that_does_not_decode_is_named_by_what_it_suffers_from, 0, 2);
	tcase_add_test(tests, no_allocation_that_fails_is_overlooked);
	return suite_run(tests, "load");
}
