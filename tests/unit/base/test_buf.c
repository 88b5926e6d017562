/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

START_TEST(a_buf_takes_as_many_bytes_as_its_limit_and_not_one_more)
{
	kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(4);
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_buf_append(&buf, "abcd", 4, NULL), KIST_OK);
	ck_assert_int_eq(kist_buf_append(&buf, "e", 1, &err), KIST_LIMIT);
	ck_assert_str_eq(err.text, "more than 4 bytes");
	ck_assert_int_eq(kist_buf_appendf(&buf, NULL, "%d", 1), KIST_LIMIT);
	ck_assert_int_eq(kist_buf_append(&buf, NULL, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_buf_reserve(&buf, SIZE_MAX, NULL), KIST_LIMIT);
	ck_assert_uint_eq(buf.size, 4);
	ck_assert_mem_eq(buf.data, "abcd", 4);
}
END_TEST

START_TEST(formatted_text_may_fill_the_buf_to_its_limit)
{
	kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(200);

	ck_assert_int_eq(kist_buf_appendf(&buf, NULL, "%0200d", 7), KIST_OK);
	ck_assert_uint_eq(buf.size, 200);
	ck_assert_uint_eq(buf.data[199], '7');
	ck_assert_str_eq(kist_buf_text(&buf) + 198, "07");
	ck_assert_uint_eq(buf.size, 200);
}
END_TEST

START_TEST(extended_bytes_are_zero_also_where_others_stood)
{
	kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(100);
	uint8_t *data;

	ck_assert_int_eq(kist_buf_append(&buf, "xxxxxxxx", 8, NULL), KIST_OK);
	buf.size = 2;
	ck_assert_int_eq(kist_buf_extend(&buf, 4, &data, NULL), KIST_OK);
	ck_assert_uint_eq(buf.size, 6);
	ck_assert_mem_eq(data, "\0\0\0\0", 4);
	ck_assert_int_eq(kist_buf_extend(&buf, 95, &data, NULL), KIST_LIMIT);
}
END_TEST

START_TEST(a_moved_buf_is_left_empty_with_its_limit)
{
	kist_auto_buf struct kist_buf from = KIST_BUF_INIT(10);
	kist_auto_buf struct kist_buf to = KIST_BUF_INIT(20);

	ck_assert_int_eq(kist_buf_append(&from, "abc", 3, NULL), KIST_OK);
	ck_assert_int_eq(kist_buf_append(&to, "old", 3, NULL), KIST_OK);
	kist_buf_move(&to, &from);
	ck_assert_uint_eq(to.size, 3);
	ck_assert_mem_eq(to.data, "abc", 3);
	ck_assert_ptr_null(from.data);
	ck_assert_uint_eq(from.size_max, 10);
	kist_buf_done(&to);
	kist_buf_done(&to);
	ck_assert_uint_eq(kist_buf_view(&to).size, 0);
}
END_TEST

START_TEST(an_empty_buf_is_an_empty_text)
{
	kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(0);

	ck_assert_str_eq(kist_buf_text(&buf), "");
	ck_assert_uint_eq(buf.size, 0);
}
END_TEST

static kist_status use(struct kist_buf *buf)
{
	uint8_t *data;

	KIST_TRY(kist_buf_append(buf, "abc", 3, NULL));
	KIST_TRY(kist_buf_appendf(buf, NULL, "%0300d", 1));
	KIST_TRY(kist_buf_extend(buf, 1000, &data, NULL));
	return kist_buf_text(buf) ? KIST_OK : KIST_NO_MEMORY;
}

START_TEST(every_failed_allocation_is_called_so_and_leaves_the_bytes)
{
	unsigned long k = 1;

	for (;; k++) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(10000);
		kist_status status;

		kist_mem_fail_at(k);
		status = use(&buf);
		kist_mem_fail_at(0);
		if (status == KIST_OK)
			break;
		ck_assert_int_eq(status, KIST_NO_MEMORY);
		ck_assert(buf.size == 0 || memcmp(buf.data, "abc", 3) == 0);
	}
	ck_assert_uint_gt(k, 3);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("buf");

	tcase_add_test(tcase, a_buf_takes_as_many_bytes_as_its_limit_and_not_one_more);
	tcase_add_test(tcase, formatted_text_may_fill_the_buf_to_its_limit);
	tcase_add_test(tcase, extended_bytes_are_zero_also_where_others_stood);
	tcase_add_test(tcase, a_moved_buf_is_left_empty_with_its_limit);
	tcase_add_test(tcase, an_empty_buf_is_an_empty_text);
	tcase_add_test(tcase, every_failed_allocation_is_called_so_and_leaves_the_bytes);
	return suite_run(tcase, "buf");
}
