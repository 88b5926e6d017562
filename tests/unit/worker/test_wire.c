/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "base/mem.h"
#include "support/suite.h"
#include "worker/wire.h"

START_TEST(a_header_comes_back_as_it_went)
{
	const struct kist_header header = {
		.op = KIST_OP_READ, .id = 7, .a = 1ull << 40, .b = 9, .c = 3, .len = 2
	};
	uint8_t bytes[KIST_MESSAGE_HEADER_SIZE + 2] = { 0 };
	struct kist_header back;

	kist_header_write(&header, bytes);
	ck_assert(kist_header_read(bytes, sizeof(bytes), &back));
	ck_assert_mem_eq(&back, &header, sizeof(back));
}
END_TEST

START_TEST(a_header_of_another_length_is_no_message)
{
	static uint8_t bytes[KIST_MESSAGE_SIZE_MAX + 1];
	static const struct {
		uint32_t op;
		uint32_t len;
		size_t size;
		bool good;
	} table[] = {
		{ 1, 0, 32, true },
		{ 1, 0, 31, false },
		{ 1, 1, 32, false },
		{ 1, 0, 33, false },
		{ 1, UINT32_MAX, 32, false },
		{ 1, KIST_MESSAGE_INLINE_MAX, KIST_MESSAGE_SIZE_MAX, true },
		{ 1, KIST_MESSAGE_INLINE_MAX + 1, KIST_MESSAGE_SIZE_MAX + 1, false },
		{ 1 | KIST_OP_IN_WINDOW, KIST_WINDOW_SIZE, 32, true },
		{ 1 | KIST_OP_IN_WINDOW, KIST_WINDOW_SIZE + 1, 32, false },
		{ 1 | KIST_OP_IN_WINDOW, 1, 33, false },
	};
	struct kist_header header;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		kist_header_write(&(struct kist_header){ .op = table[i].op, .len = table[i].len }, bytes);
		ck_assert_msg(kist_header_read(bytes, table[i].size, &header) == table[i].good, "row %zu", i);
	}
}
END_TEST

static void put_everything(struct kist_writer *writer)
{
	const int64_t shape[] = { 2, -3 };

	kist_put_u32(writer, 5);
	kist_put_u64(writer, 1ull << 50);
	kist_put_text(writer, "text", 4);
	kist_put_part(writer, &(struct kist_part){ .flags = 2,
						   .name = "w",
						   .offset = 8,
						   .len = 16,
						   .dtype = { 2, 32, 1 },
						   .ndim = 2,
						   .shape = shape });
}

static void check_everything(struct kist_reader *reader)
{
	struct kist_part_room room;
	struct kist_part part;
	size_t len;

	ck_assert_uint_eq(kist_get_u32(reader), 5);
	ck_assert_uint_eq(kist_get_u64(reader), 1ull << 50);
	ck_assert_str_eq(kist_get_text(reader, &len), "text");
	ck_assert_uint_eq(len, 4);
	kist_get_part(reader, &part, &room);
	ck_assert_str_eq(part.name, "w");
	ck_assert_uint_eq(part.flags, 2);
	ck_assert_uint_eq(part.offset, 8);
	ck_assert_uint_eq(part.len, 16);
	ck_assert_uint_eq(part.dtype.bits, 32);
	ck_assert_int_eq(part.ndim, 2);
	ck_assert_int_eq(part.shape[1], -3);
	ck_assert(kist_reader_end(reader));
}

START_TEST(values_come_back_and_every_cut_is_seen)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct kist_reader reader;

	put_everything(&writer);
	ck_assert_int_eq(writer.status, KIST_OK);
	reader = (struct kist_reader){ .rest = kist_buf_view(&writer.buf) };
	check_everything(&reader);
	for (size_t size = 0; size < writer.buf.size; size++) {
		/* Of exact size, so that a sanitizer sees a read past it. */
		uint8_t *cut = malloc(size + 1);
		struct kist_part_room room;
		struct kist_part part;
		size_t len;

		ck_assert_ptr_nonnull(cut);
		memcpy(cut + 1, writer.buf.data, size);
		reader = (struct kist_reader){ .rest = kist_view_of(cut + 1, size) };
		(void)kist_get_u32(&reader);
		(void)kist_get_u64(&reader);
		(void)kist_get_text(&reader, &len);
		kist_get_part(&reader, &part, &room);
		ck_assert(!kist_reader_end(&reader));
		free(cut);
	}
}
END_TEST

START_TEST(a_text_with_a_nul_inside_or_without_its_end_is_bad)
{
	static const struct {
		uint8_t bytes[8];
		size_t size;
		bool good;
	} table[] = {
		{ { 3, 0, 0, 0, 'a', 'b', 'c', 0 }, 8, true },
		{ { 3, 0, 0, 0, 'a', 0, 'c', 0 }, 8, false },
		{ { 3, 0, 0, 0, 'a', 'b', 'c', 'd' }, 8, false },
		{ { 3, 0, 0, 0, 'a', 'b', 'c' }, 7, false },
		{ { 0, 0, 0, 0, 0 }, 5, true },
		{ { 255, 255, 255, 255, 0 }, 5, false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct kist_reader reader = { .rest = kist_view_of(table[i].bytes, table[i].size) };
		size_t len;

		(void)kist_get_text(&reader, &len);
		ck_assert_msg(kist_reader_end(&reader) == table[i].good, "row %zu", i);
	}
}
END_TEST

START_TEST(a_part_has_at_most_64_dimensions_and_a_name_of_4095_bytes)
{
	static char name[KIST_PART_NAME_SIZE + 8];
	static int64_t shape[KIST_RANK_MAX + 1];
	static const struct {
		int32_t ndim;
		size_t name_len;
		bool good;
	} table[] = {
		{ 64, 4095, true },
		{ 65, 1, false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
		struct kist_reader reader;
		struct kist_part_room room;
		struct kist_part part;

		memset(name, 'n', sizeof(name));
		name[table[i].name_len] = '\0';
		kist_put_part(&writer,
			      &(struct kist_part){ .name = name, .ndim = table[i].ndim, .shape = shape });
		reader = (struct kist_reader){ .rest = kist_buf_view(&writer.buf) };
		kist_get_part(&reader, &part, &room);
		ck_assert_msg(kist_reader_end(&reader) == table[i].good, "row %zu", i);
	}
}
END_TEST

/* A tensor of a model may have a name of 64 KiB; its part is sent all the same. */
START_TEST(a_longer_name_is_cut_between_two_characters)
{
	static char name[65536 + 1];
	static const struct {
		const char *character;
		size_t kept;
	} table[] = { { "n", 4095 }, { "\xc3\xa9", 4094 }, { "\xe2\x82\xac", 4095 }, { "\xf0\x9f\x98\x80", 4092 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
		const size_t step = strlen(table[i].character);
		struct kist_reader reader;
		struct kist_part_room room;
		struct kist_part part;

		memset(name, 0, sizeof(name));
		for (size_t at = 0; at + step <= 65536; at += step)
			memcpy(name + at, table[i].character, step);
		kist_put_part(&writer, &(struct kist_part){ .name = name });
		reader = (struct kist_reader){ .rest = kist_buf_view(&writer.buf) };
		kist_get_part(&reader, &part, &room);
		ck_assert(kist_reader_end(&reader));
		ck_assert_uint_eq(strlen(part.name), table[i].kept);
		ck_assert(strncmp(part.name, name, table[i].kept) == 0);
	}
}
END_TEST

START_TEST(an_error_comes_back_escaped)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct kist_error back = KIST_ERROR_INIT;
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct kist_reader reader;

	(void)kist_fail_at(&error, KIST_CORRUPT, "E_X", 12, "why");
	memcpy(error.text, "w\ny", 4);
	kist_put_error(&writer, &error);
	reader = (struct kist_reader){ .rest = kist_buf_view(&writer.buf) };
	kist_get_error(&reader, KIST_LIMIT, &back);
	ck_assert(kist_reader_end(&reader));
	ck_assert_int_eq(back.status, KIST_LIMIT);
	ck_assert_str_eq(back.code, "E_X");
	ck_assert_uint_eq(back.offset, 12);
	ck_assert_str_eq(back.text, "w\\ny");
}
END_TEST

static void put_arguments(struct kist_writer *writer, uint32_t count)
{
	kist_put_u32(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		kist_put_u32(writer, i % 4 + 1);
		kist_put_text(writer, "name", 4);
		if (i % 4 + 1 == KIST_PARAM_STRING)
			kist_put_text(writer, "v", 1);
		else
			kist_put_u64(writer, i % 4 + 1 == KIST_PARAM_NUMBER ? 0x3ff8000000000000u : i);
	}
	kist_put_text(writer, "{}", 2);
}

START_TEST(arguments_are_rebuilt_up_to_64)
{
	for (uint32_t count = 60; count <= 65; count++) {
		kist_auto_arguments struct kist_arguments arguments = KIST_ARGUMENTS_INIT;
		kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
		struct kist_reader reader;

		put_arguments(&writer, count);
		reader = (struct kist_reader){ .rest = kist_buf_view(&writer.buf) };
		if (count > 64) {
			ck_assert_int_eq(kist_get_arguments(&reader, &arguments, NULL), KIST_LIMIT);
			continue;
		}
		ck_assert_int_eq(kist_get_arguments(&reader, &arguments, NULL), KIST_OK);
		ck_assert(kist_reader_end(&reader));
		ck_assert_uint_eq(arguments.params.count, count);
		ck_assert_int_eq(arguments.params.list[1]->integer, 1);
		ck_assert_double_eq(arguments.params.list[2]->number, 1.5);
		ck_assert_str_eq(arguments.params.list[3]->string, "v");
		ck_assert_str_eq(arguments.params.json, "{}");
	}
}
END_TEST

START_TEST(arguments_without_memory_fail_and_leave_nothing)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	kist_status status = KIST_NO_MEMORY;

	put_arguments(&writer, 3);
	for (unsigned long k = 1; status == KIST_NO_MEMORY; k++) {
		kist_auto_arguments struct kist_arguments arguments = KIST_ARGUMENTS_INIT;
		struct kist_reader reader = { .rest = kist_buf_view(&writer.buf) };

		kist_mem_fail_at(k);
		status = kist_get_arguments(&reader, &arguments, NULL);
		kist_mem_fail_at(0);
		ck_assert_uint_lt(k, 10);
	}
	ck_assert_int_eq(status, KIST_OK);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("wire");

	tcase_add_test(tests, a_header_comes_back_as_it_went);
	tcase_add_test(tests, a_header_of_another_length_is_no_message);
	tcase_add_test(tests, values_come_back_and_every_cut_is_seen);
	tcase_add_test(tests, a_text_with_a_nul_inside_or_without_its_end_is_bad);
	tcase_add_test(tests, a_part_has_at_most_64_dimensions_and_a_name_of_4095_bytes);
	tcase_add_test(tests, a_longer_name_is_cut_between_two_characters);
	tcase_add_test(tests, an_error_comes_back_escaped);
	tcase_add_test(tests, arguments_are_rebuilt_up_to_64);
	tcase_add_test(tests, arguments_without_memory_fail_and_leave_nothing);
	return suite_run(tests, "wire");
}
