/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* A worker with a plugin that behaves. */

START_TEST(a_worker_starts_answers_and_ends)
{
	struct faulty faulty;

	faulty_start(&faulty, NULL);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(kist_worker_ping(faulty.worker, NULL), KIST_OK);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(a_plugin_is_loaded_once)
{
	struct faulty faulty;
	struct kist_worker_plugin *again = NULL;

	faulty_load(&faulty, NULL);
	ck_assert_int_eq(kist_worker_load(faulty.worker, faulty_entry(), &again, NULL), KIST_OK);
	ck_assert_ptr_eq(again, faulty.plugin);
	kist_worker_close(faulty.worker);
}
END_TEST

static kist_status count_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	unsigned *count = ctx;

	(void)err;
	ck_assert_str_eq(part->name, "data");
	ck_assert_uint_eq(part->offset, *count == 0 ? 0 : 4);
	ck_assert_uint_eq(part->len, *count == 0 ? 4 : 2);
	ck_assert_int_eq(part->shape[0], (int64_t)part->len);
	++*count;
	return KIST_OK;
}

START_TEST(layout_gives_the_parts_in_order)
{
	struct faulty faulty;
	struct bytes_input bytes;
	unsigned count = 0;

	faulty_load(&faulty, NULL);
	bytes_input_host(&bytes, "nabcde", 6);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	ck_assert_int_eq(kist_worker_layout(faulty.worker, &ref, &bytes.input, count_part, &count, NULL),
			 KIST_OK);
	ck_assert_uint_eq(count, 2);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(a_file_and_the_host_give_the_same_description)
{
	const size_t size = 3000000;
	uint8_t *data = malloc(size);
	struct faulty faulty;
	struct bytes_input bytes;
	json_t *first = NULL;
	json_t *second = NULL;

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 7);
	data[0] = 'n';
	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	bytes_input_host(&bytes, data, size);
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &first, NULL), KIST_OK);
	ck_assert_uint_gt(bytes.reads, 2);
	bytes_input_file(&bytes, data, size);
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &second, NULL), KIST_OK);
	ck_assert_uint_eq(bytes.reads, 0);
	ck_assert(json_equal(first, second));
	ck_assert_int_eq(json_integer_value(json_object_get(first, "size")), (json_int_t)size);
	ck_assert_uint_eq(faulty.logs, 2);
	ck_assert_str_eq(faulty.log_text, "test.fault 2 a\\nlog");
	ck_assert_uint_eq(faulty.progress, 2);
	json_decref(first);
	json_decref(second);
	bytes_input_done(&bytes);
	kist_worker_close(faulty.worker);
	free(data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker");
	TCase *tests = tcase_create("worker");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_worker_starts_answers_and_ends);
	tcase_add_test(tests, a_plugin_is_loaded_once);
	tcase_add_test(tests, layout_gives_the_parts_in_order);
	tcase_add_test(tests, a_file_and_the_host_give_the_same_description);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
