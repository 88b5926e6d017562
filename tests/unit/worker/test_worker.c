/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "kist/host.h"
#include "support.h"
#include "support/suite.h"

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

START_TEST(arguments_reach_the_plugin_typed_sorted_and_canonical)
{
	struct faulty faulty;
	struct bytes_input bytes;
	kist_auto_json json_t *value = NULL;
	kist_auto_json json_t *params =
		json_pack("{s:s,s:b,s:i,s:f}", "zeta", "text", "alpha", 1, "mid", -7, "real", 0.5);

	faulty_load(&faulty, NULL);
	bytes_input_host(&bytes, "n", 1);
	struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	ref.params = params;
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &value, NULL), KIST_OK);
	ck_assert(json_equal(json_object_get(value, "params"), params));
	ck_assert_str_eq(kist_json_get_text(value, "list"), "alpha=1:1 mid=2:-7 real=3:0.5 zeta=4:text ");
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(arguments_larger_than_a_message_go_through_the_window)
{
	static const struct {
		size_t len;
		kist_status status;
	} table[] = { { 60000, KIST_OK }, { 70000, KIST_OK }, { 500000, KIST_OK }, { 1 << 20, KIST_LIMIT } };
	static char text[(1 << 20) + 1];
	struct faulty faulty;

	faulty_load(&faulty, NULL);
	memset(text, 't', sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		kist_auto_json json_t *params = json_pack("{s:s%}", "how", text, table[i].len);
		struct kist_serializer_ref ref = faulty_ref(&faulty, 0);
		struct bytes_input bytes;
		int32_t score;

		ref.params = params;
		bytes_input_host(&bytes, "?", 1);
		ck_assert_int_eq(kist_worker_validate(faulty.worker, &ref, &bytes.input, NULL, NULL, NULL),
				 table[i].status);
		ck_assert_int_eq(
			kist_worker_probe(faulty.worker, &ref, kist_view_of("n", 1), 1, &score, NULL),
			table[i].status);
	}
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(probe_gives_the_score_of_the_type)
{
	static char head[70000] = "n";
	struct faulty faulty;
	int32_t score = -1;

	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);
	const struct kist_serializer_ref plain = faulty_ref(&faulty, 1);

	ck_assert_int_eq(
		kist_worker_probe(faulty.worker, &ref, kist_view_of(head, sizeof(head)), 9, &score, NULL),
		KIST_OK);
	ck_assert_int_eq(score, 42);
	ck_assert_int_eq(kist_worker_probe(faulty.worker, &ref, kist_view_of(NULL, 0), 0, &score, NULL),
			 KIST_OK);
	ck_assert_int_eq(score, 0);
	score = -1;
	ck_assert_int_eq(kist_worker_probe(faulty.worker, &plain, kist_view_of(head, 1), 1, &score, NULL),
			 KIST_OK);
	ck_assert_int_eq(score, 0);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(what_a_type_does_not_have_gives_nothing)
{
	struct faulty faulty;
	struct bytes_input bytes;
	unsigned count = 0;
	json_t *value = json_true();

	faulty_load(&faulty, NULL);
	bytes_input_host(&bytes, "nabcde", 6);
	const struct kist_serializer_ref plain = faulty_ref(&faulty, 1);

	ck_assert_int_eq(kist_worker_layout(faulty.worker, &plain, &bytes.input, count_part, &count, NULL),
			 KIST_OK);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &plain, &bytes.input, &value, NULL), KIST_OK);
	ck_assert_ptr_null(value);
	kist_worker_close(faulty.worker);
}
END_TEST

struct issues {
	unsigned long warnings;
	unsigned long errors;
};

static void count_issue(void *ctx, int32_t severity, const struct kist_error *issue)
{
	struct issues *issues = ctx;

	ck_assert_int_eq(issue->status, KIST_CORRUPT);
	if (severity == KIST_ISSUE_ERROR)
		issues->errors++;
	else
		issues->warnings++;
}

START_TEST(validate_gives_all_issues_and_fails_with_the_first_error)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct issues issues = { 0 };
	struct faulty faulty;
	struct bytes_input bytes;

	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	bytes_input_host(&bytes, "i", 1);
	ck_assert_int_eq(
		kist_worker_validate(faulty.worker, &ref, &bytes.input, count_issue, &issues, &error),
		KIST_CORRUPT);
	ck_assert_str_eq(error.code, "E_FIRST");
	ck_assert_str_eq(error.text, "plugin test.fault 1.0.0: wrong");
	ck_assert_uint_eq(error.offset, 2);
	ck_assert_uint_eq(issues.warnings, 1);
	ck_assert_uint_eq(issues.errors, 2);
	/* Also when it comes after more than 1,000 warnings. */
	kist_error_clear(&error);
	issues = (struct issues){ 0 };
	bytes_input_host(&bytes, "I", 1);
	ck_assert_int_eq(
		kist_worker_validate(faulty.worker, &ref, &bytes.input, count_issue, &issues, &error),
		KIST_CORRUPT);
	ck_assert_str_eq(error.code, "E_LAST");
	ck_assert_uint_eq(issues.warnings, 1000);
	bytes_input_host(&bytes, "?", 1);
	ck_assert_int_eq(kist_worker_validate(faulty.worker, &ref, &bytes.input, NULL, NULL, NULL), KIST_OK);
	kist_worker_close(faulty.worker);
}
END_TEST

/* What the instance that describes counted: {validated, opened, closed}. */
static void check_counter(json_t *value, int validated, int opened, int closed)
{
	ck_assert_ptr_nonnull(value);
	ck_assert_int_eq(json_integer_value(json_object_get(value, "validated")), validated);
	ck_assert_int_eq(json_integer_value(json_object_get(value, "opened")), opened);
	ck_assert_int_eq(json_integer_value(json_object_get(value, "closed")), closed);
	json_decref(value);
}

START_TEST(a_review_describes_with_the_instance_that_validated)
{
	struct faulty faulty;
	struct bytes_input bytes;
	json_t *value = NULL;

	faulty_load(&faulty, NULL);
	bytes_input_host(&bytes, "k", 1);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);
	const struct kist_serializer_ref plain = faulty_ref(&faulty, 1);

	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &value, NULL), KIST_OK);
	check_counter(value, 0, 1, 0);
	ck_assert_int_eq(kist_worker_review(faulty.worker, &ref, &bytes.input, &value, NULL), KIST_OK);
	check_counter(value, 1, 2, 1);
	/* It is not kept for a call that does not belong to it, nor left open. */
	ck_assert_int_eq(kist_worker_review(faulty.worker, &plain, &bytes.input, &value, NULL), KIST_OK);
	ck_assert_ptr_null(value);
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &value, NULL), KIST_OK);
	check_counter(value, 0, 4, 3);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(what_a_review_finds_wrong_is_not_described)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct faulty faulty;
	struct bytes_input bytes;
	json_t *value = NULL;

	faulty_load(&faulty, NULL);
	bytes_input_host(&bytes, "i", 1);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	ck_assert_int_eq(kist_worker_review(faulty.worker, &ref, &bytes.input, &value, &error), KIST_CORRUPT);
	ck_assert_str_eq(error.code, "E_FIRST");
	ck_assert_ptr_null(value);
	bytes_input_host(&bytes, "k", 1);
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &value, NULL), KIST_OK);
	check_counter(value, 0, 2, 1);
	kist_worker_close(faulty.worker);
}
END_TEST

static kist_status take_all(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	return kist_buf_append(ctx, bytes.data, bytes.size, err);
}

static void round_trip(struct faulty *faulty, const struct bytes_input *bytes)
{
	kist_auto_buf struct kist_buf back = KIST_BUF_INIT((size_t)128 << 20);
	const struct kist_output output = { .write = take_all, .ctx = &back };
	const struct kist_serializer_ref ref = faulty_ref(faulty, 0);
	uint64_t object;
	uint64_t converted;
	uint32_t kind;

	ck_assert_int_eq(kist_worker_deserialize(faulty->worker, &ref, &bytes->input, &object, &kind, NULL),
			 KIST_OK);
	ck_assert_uint_eq(kind, KIST_KIND_BYTES);
	ck_assert_int_eq(kist_worker_convert(faulty->worker, object, KIST_KIND_BIT(KIST_KIND_BYTES), "",
					     &converted, &kind, NULL),
			 KIST_OK);
	ck_assert_uint_eq(kind, KIST_KIND_BYTES);
	ck_assert_uint_ne(converted, object);
	ck_assert_int_eq(kist_worker_serialize(faulty->worker, &ref, object, &output, NULL), KIST_INVALID);
	ck_assert_int_eq(kist_worker_serialize(faulty->worker, &ref, converted, &output, NULL), KIST_OK);
	ck_assert_uint_eq(back.size, bytes->size);
	ck_assert_mem_eq(back.data, bytes->data, back.size);
	ck_assert_int_eq(kist_worker_drop(faulty->worker, converted, NULL), KIST_OK);
	ck_assert_int_eq(kist_worker_drop(faulty->worker, converted, NULL), KIST_INVALID);
}

START_TEST(bytes_come_back_as_they_went_by_file_and_host_of_any_size)
{
	/* Around the read-ahead, the window, all slots of the ring, and what is mapped instead of read. */
	static const size_t sizes[] = { 1,	 65535,		65537,	       (1 << 20) - 1,
					1 << 20, (1 << 20) + 1, (9 << 20) + 5, (64 << 20) + 1 };
	const size_t size = sizes[_i];
	uint8_t *data = malloc(size);
	struct faulty faulty;
	struct bytes_input bytes;

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
	data[0] = '?';
	faulty_load(&faulty, NULL);
	bytes_input_host(&bytes, data, size);
	round_trip(&faulty, &bytes);
	bytes_input_file(&bytes, data, size);
	round_trip(&faulty, &bytes);
	bytes_input_done(&bytes);
	kist_worker_close(faulty.worker);
	free(data);
}
END_TEST

START_TEST(an_object_of_another_kind_is_explained)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct faulty faulty;
	struct bytes_input bytes;
	uint64_t object;
	uint64_t other;
	uint32_t kind;

	faulty_load(&faulty, NULL);
	bytes_input_host(&bytes, "?", 1);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	ck_assert_int_eq(kist_worker_deserialize(faulty.worker, &ref, &bytes.input, &object, &kind, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_worker_convert(faulty.worker, object, KIST_KIND_BIT(KIST_KIND_TABLE), "",
					     &other, &kind, &error),
			 KIST_UNSUPPORTED);
	ck_assert_msg(strstr(error.text, "bytes") && strstr(error.text, "table"), "%s", error.text);
	/* It is still there. */
	ck_assert_int_eq(kist_worker_drop(faulty.worker, object, NULL), KIST_OK);
	kist_worker_close(faulty.worker);
}
END_TEST

struct part_log {
	unsigned begun;
	unsigned ended;
	uint64_t bytes;
};

static kist_status log_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	struct part_log *log = ctx;

	(void)err;
	if (!part) {
		log->ended++;
		return KIST_OK;
	}
	ck_assert_str_eq(part->name, "data");
	ck_assert_uint_eq(part->offset, 4 * log->begun);
	ck_assert_uint_eq(part->offset, log->bytes);
	log->begun++;
	return KIST_OK;
}

static kist_status log_bytes(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	struct part_log *log = ctx;

	(void)err;
	log->bytes += bytes.size;
	return KIST_OK;
}

START_TEST(parts_reach_the_output_in_order_with_their_offsets)
{
	struct part_log log = { 0 };
	const struct kist_output output = { .part = log_part, .write = log_bytes, .ctx = &log };
	kist_auto_json json_t *params = json_pack("{s:s}", "how", "q");
	struct faulty faulty;
	struct bytes_input bytes;
	uint64_t object;
	uint32_t kind;

	faulty_load(&faulty, NULL);
	bytes_input_host(&bytes, "?", 1);
	struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	ck_assert_int_eq(kist_worker_deserialize(faulty.worker, &ref, &bytes.input, &object, &kind, NULL),
			 KIST_OK);
	ref.params = params;
	ck_assert_int_eq(kist_worker_serialize(faulty.worker, &ref, object, &output, NULL), KIST_OK);
	ck_assert_uint_eq(log.begun, 100);
	ck_assert_uint_eq(log.ended, 100);
	ck_assert_uint_eq(log.bytes, 400);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(a_worker_holds_1024_objects)
{
	struct faulty faulty;
	struct bytes_input bytes;
	uint64_t first = 0;
	uint64_t object;
	uint32_t kind;

	faulty_load(&faulty, NULL);
	/* Each with a descriptor of its own in the worker. */
	bytes_input_file(&bytes, "?", 1);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	for (int i = 0; i < 1024; i++) {
		ck_assert_int_eq(
			kist_worker_deserialize(faulty.worker, &ref, &bytes.input, &object, &kind, NULL),
			KIST_OK);
		first = i == 0 ? object : first;
	}
	ck_assert_int_eq(kist_worker_deserialize(faulty.worker, &ref, &bytes.input, &object, &kind, NULL),
			 KIST_LIMIT);
	ck_assert_int_eq(kist_worker_drop(faulty.worker, first, NULL), KIST_OK);
	ck_assert_int_eq(kist_worker_deserialize(faulty.worker, &ref, &bytes.input, &object, &kind, NULL),
			 KIST_OK);
	ck_assert_uint_ne(object, first);
	ck_assert_int_eq(kist_worker_drop(faulty.worker, first, NULL), KIST_INVALID);
	bytes_input_done(&bytes);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(a_worker_that_has_seen_data_loads_no_other_plugin)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct kist_manifest other = *faulty_entry()->manifest;
	struct kist_catalog_entry entry = *faulty_entry();
	struct kist_worker_plugin *plugin = NULL;
	struct faulty faulty;
	int32_t score;

	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	ck_assert_int_eq(kist_worker_probe(faulty.worker, &ref, kist_view_of("n", 1), 1, &score, NULL),
			 KIST_OK);
	other.id = "test.other";
	entry.manifest = &other;
	ck_assert_int_eq(kist_worker_load(faulty.worker, &entry, &plugin, &error), KIST_INVALID);
	ck_assert_str_eq(error.text,
			 "cannot load plugin test.other: this worker has seen data; load all plugins of a "
			 "run first");
	ck_assert_int_eq(kist_worker_load(faulty.worker, faulty_entry(), &plugin, NULL), KIST_OK);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(a_plugin_that_is_not_its_manifest_is_refused_and_the_worker_goes_on)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct kist_manifest other = *faulty_entry()->manifest;
	struct kist_catalog_entry entry = *faulty_entry();
	struct kist_worker_plugin *plugin = NULL;
	struct faulty faulty;

	faulty_start(&faulty, NULL);
	other.version = "2.0.0";
	entry.manifest = &other;
	ck_assert_int_eq(kist_worker_load(faulty.worker, &entry, &plugin, &error), KIST_INVALID);
	ck_assert_msg(strstr(error.text, "plugin test.fault 2.0.0") && strstr(error.text, "1.0.0"), "%s",
		      error.text);
	ck_assert_ptr_null(plugin);
	ck_assert_int_eq(kist_worker_load(faulty.worker, faulty_entry(), &plugin, NULL), KIST_OK);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(an_input_that_could_be_written_is_not_passed)
{
	struct faulty faulty;
	struct bytes_input bytes;
	json_t *value = NULL;

	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	bytes_input_file(&bytes, "n", 1);
	bytes.input.fd = memfd_create("writable", MFD_CLOEXEC);
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &value, NULL), KIST_INVALID);
	(void)close(bytes.input.fd);
	bytes_input_done(&bytes);
	kist_worker_close(faulty.worker);
}
END_TEST

/* A full life of a worker; what of it failed. */
static kist_status one_life(const struct kist_catalog_entry *entry)
{
	struct faulty faulty = { .worker = NULL };
	const struct kist_worker_options options = faulty_options(&faulty);
	kist_auto_worker struct kist_worker *worker = NULL;
	struct bytes_input bytes;
	kist_auto_json json_t *value = NULL;

	bytes_input_host(&bytes, "n", 1);
	KIST_TRY(kist_worker_start(&options, &worker, NULL));
	KIST_TRY(kist_worker_load(worker, entry, &faulty.plugin, NULL));
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	return kist_worker_describe(worker, &ref, &bytes.input, &value, NULL);
}

START_TEST(a_host_without_memory_fails_and_leaves_nothing)
{
	const struct kist_catalog_entry *entry = faulty_entry();
	kist_status status = KIST_NO_MEMORY;
	int fds;

	ck_assert_int_eq(one_life(entry), KIST_OK);
	fds = count_fds();
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_mem_fail_at(k);
		status = one_life(entry);
		kist_mem_fail_at(0);
		ck_assert_msg(status == KIST_OK || status == KIST_NO_MEMORY, "allocation %lu: %d", k, status);
		ck_assert_int_eq(count_fds(), fds);
		ck_assert_uint_lt(k, 200);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("worker");

	tcase_add_test(tests, a_worker_starts_answers_and_ends);
	tcase_add_test(tests, a_plugin_is_loaded_once);
	tcase_add_test(tests, layout_gives_the_parts_in_order);
	tcase_add_test(tests, a_file_and_the_host_give_the_same_description);
	tcase_add_test(tests, arguments_reach_the_plugin_typed_sorted_and_canonical);
	tcase_add_test(tests, arguments_larger_than_a_message_go_through_the_window);
	tcase_add_test(tests, probe_gives_the_score_of_the_type);
	tcase_add_test(tests, what_a_type_does_not_have_gives_nothing);
	tcase_add_test(tests, validate_gives_all_issues_and_fails_with_the_first_error);
	tcase_add_test(tests, a_review_describes_with_the_instance_that_validated);
	tcase_add_test(tests, what_a_review_finds_wrong_is_not_described);
	tcase_add_loop_test(tests, bytes_come_back_as_they_went_by_file_and_host_of_any_size, 0, 8);
	tcase_add_test(tests, an_object_of_another_kind_is_explained);
	tcase_add_test(tests, parts_reach_the_output_in_order_with_their_offsets);
	tcase_add_test(tests, a_worker_holds_1024_objects);
	tcase_add_test(tests, a_worker_that_has_seen_data_loads_no_other_plugin);
	tcase_add_test(tests, a_plugin_that_is_not_its_manifest_is_refused_and_the_worker_goes_on);
	tcase_add_test(tests, an_input_that_could_be_written_is_not_passed);
	tcase_add_test(tests, a_host_without_memory_fails_and_leaves_nothing);
	return suite_run(tests, "worker");
}
