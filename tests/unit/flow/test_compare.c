/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/compare.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "store/log.h"
#include "support/suite.h"
#include "unit/flow/kept.h"

/* Two objects of floating numbers, and lists that say which stretches of them are parts. */

#define URI "memory:compare"

static struct kist_flow flow;
static struct kist_artifact versions[2];

/* Of flow.c, which needs workers and plugins: nobody watches. */
void kist_flow_progress(const struct kist_flow *of, uint64_t done, uint64_t total)
{
	(void)of;
	(void)done;
	(void)total;
}

static void put(const void *now, size_t now_size, const void *old, size_t old_size)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *commit = json_pack("{s:[]}", "refs");
	struct kist_digest digest = { { 0 } };
	struct kist_digest ids[2];
	json_t *packs;

	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open(URI, &flow.store, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_open(flow.store, NULL, &writer, NULL), KIST_OK);
	ids[0] = kept_object(writer, KIST_CHUNK_DATA, kist_view_of(now, now_size), NULL);
	ids[1] = kept_object(writer, KIST_CHUNK_DATA, kist_view_of(old, old_size), NULL);
	kept_name(commit, "now", &ids[0]);
	kept_name(commit, "old", &ids[1]);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	json_object_set_new(commit, "packs", packs);
	ck_assert_int_eq(kist_log_append(flow.store, 1, &digest, commit, &digest, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_open(flow.store, NULL, &flow.registry, NULL), KIST_OK);
	for (int i = 0; i < 2; i++) {
		versions[i] = (struct kist_artifact)KIST_ARTIFACT_INIT;
		ck_assert_int_eq(kist_registry_get_artifact(flow.registry, &ids[i], &versions[i], NULL),
				 KIST_OK);
	}
}

static void done(void)
{
	for (int i = 0; i < 2; i++)
		kist_artifact_done(&versions[i]);
	kist_chunk_reader_done(&flow.chunk_reader);
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
}

static json_t *part(const char *name, const char *dtype, uint64_t offset, uint64_t bytes)
{
	return json_pack("{s:s,s:s,s:I,s:I}", "name", name, "dtype", dtype, "offset", (json_int_t)offset,
			 "bytes", (json_int_t)bytes);
}

/* Compares lists of parts, which are given away. */
static json_t *compare(json_t *now, json_t *old)
{
	json_t *info = json_pack("{s:s,s:o}", "kind", "model", "list", now);
	kist_auto_json json_t *old_info = json_pack("{s:s,s:o}", "kind", "model", "list", old);

	ck_assert_int_eq(
		kist_compare_infos(&flow, versions[0].record, info, versions[1].record, old_info, NULL),
		KIST_OK);
	return info;
}

static const json_t *row_of(const json_t *info, size_t i)
{
	return json_array_get(json_object_get(info, "list"), i);
}

static const char *status_of(const json_t *info, size_t i)
{
	return kist_json_get_text(row_of(info, i), "status");
}

static double number_of(const json_t *info, size_t i, const char *key)
{
	return json_number_value(json_object_get(row_of(info, i), key));
}

START_TEST(parts_are_the_same_changed_new_or_gone)
{
	const float now[] = { 1, 2, 3, 4 };
	const float old[] = { 1, 2, 9, 9 };
	kist_auto_json json_t *info = NULL;

	put(now, sizeof(now), old, sizeof(old));
	info = compare(json_pack("[o,o,o,o]", part("same", "float32", 0, 8), part("changed", "float32", 8, 8),
				 part("new", "float32", 8, 4), part("longer", "float32", 0, 12)),
		       json_pack("[o,o,o,o]", part("same", "float32", 0, 8), part("changed", "float32", 8, 8),
				 part("gone", "float32", 8, 4), part("longer", "float32", 0, 8)));
	ck_assert_str_eq(status_of(info, 0), "same");
	ck_assert_str_eq(status_of(info, 1), "changed");
	ck_assert_str_eq(status_of(info, 2), "new");
	/* Of another size: nothing is measured. */
	ck_assert_str_eq(status_of(info, 3), "changed");
	ck_assert_ptr_null(json_object_get(row_of(info, 3), "equal"));
	ck_assert_str_eq(status_of(info, 4), "gone");
	ck_assert_uint_eq(json_array_size(json_object_get(info, "list")), 5);
	done();
}
END_TEST

START_TEST(a_part_that_moved_in_the_file_is_the_same)
{
	const float now[] = { 0, 0, 5, 6 };
	const float old[] = { 5, 6 };
	kist_auto_json json_t *info = NULL;

	put(now, sizeof(now), old, sizeof(old));
	info = compare(json_pack("[o]", part("a", "float32", 8, 8)),
		       json_pack("[o]", part("a", "float32", 0, 8)));
	ck_assert_str_eq(status_of(info, 0), "same");
	done();
}
END_TEST

START_TEST(how_far_floating_numbers_moved_is_measured)
{
	const float now[] = { 1, 2, 3, 4, -0.0f };
	const float old[] = { 1, 5, 3, 0, 0.0f };
	kist_auto_json json_t *info = NULL;

	put(now, sizeof(now), old, sizeof(old));
	info = compare(json_pack("[o]", part("a", "float32", 0, 20)),
		       json_pack("[o]", part("a", "float32", 0, 20)));
	ck_assert_str_eq(status_of(info, 0), "changed");
	ck_assert_double_eq(number_of(info, 0, "equal"), 0.4);
	ck_assert_double_eq(number_of(info, 0, "l2"), 5);
	ck_assert_double_eq(number_of(info, 0, "max_abs"), 4);
	done();
}
END_TEST

START_TEST(doubles_are_measured_as_doubles)
{
	const double now = 3;
	const double old = 1.5;
	kist_auto_json json_t *info = NULL;

	put(&now, sizeof(now), &old, sizeof(old));
	info = compare(json_pack("[o]", part("a", "float64", 0, 8)),
		       json_pack("[o]", part("a", "float64", 0, 8)));
	ck_assert_double_eq(number_of(info, 0, "max_abs"), 1.5);
	done();
}
END_TEST

START_TEST(a_distance_to_nan_is_null)
{
	const float now[] = { 1, NAN };
	const float old[] = { 1, 2 };
	kist_auto_json json_t *info = NULL;

	put(now, sizeof(now), old, sizeof(old));
	info = compare(json_pack("[o]", part("a", "float32", 0, 8)),
		       json_pack("[o]", part("a", "float32", 0, 8)));
	ck_assert_double_eq(number_of(info, 0, "equal"), 0.5);
	ck_assert(json_is_null(json_object_get(row_of(info, 0), "l2")));
	ck_assert(json_is_null(json_object_get(row_of(info, 0), "max_abs")));
	done();
}
END_TEST

START_TEST(of_what_is_no_floating_number_bytes_are_counted)
{
	kist_auto_json json_t *info = NULL;

	put("abcd", 4, "abXd", 4);
	info = compare(json_pack("[o]", part("a", "int32", 0, 4)),
		       json_pack("[o]", part("a", "int32", 0, 4)));
	ck_assert_double_eq(number_of(info, 0, "equal"), 0.75);
	ck_assert_ptr_null(json_object_get(row_of(info, 0), "l2"));
	done();
}
END_TEST

START_TEST(another_type_or_order_is_a_change_that_nobody_measures)
{
	kist_auto_json json_t *info = NULL;
	json_t *turned;

	put("abcd", 4, "abcd", 4);
	turned = part("b", "int8", 0, 4);
	json_object_set_new(turned, "strides", json_pack("[i,i]", 1, 2));
	info = compare(json_pack("[o,o]", part("a", "int32", 0, 4), part("b", "int8", 0, 4)),
		       json_pack("[o,o]", part("a", "float32", 0, 4), turned));
	for (size_t i = 0; i < 2; i++) {
		ck_assert_str_eq(status_of(info, i), "changed");
		ck_assert_ptr_null(json_object_get(row_of(info, i), "equal"));
	}
	done();
}
END_TEST

START_TEST(arrays_are_compared_as_a_whole)
{
	const float now[] = { 1, 2 };
	const float old[] = { 1, 4 };
	kist_auto_json json_t *info = part("x", "float32", 0, 8);
	kist_auto_json json_t *old_info = part("y", "float32", 0, 8);
	kist_auto_json json_t *table = json_pack("{s:s}", "kind", "table");

	put(now, sizeof(now), old, sizeof(old));
	json_object_set_new(info, "kind", json_string("tensor"));
	json_object_set_new(old_info, "kind", json_string("tensor"));
	ck_assert_int_eq(
		kist_compare_infos(&flow, versions[0].record, info, versions[1].record, old_info, NULL),
		KIST_OK);
	ck_assert_str_eq(kist_json_get_text(info, "status"), "changed");
	ck_assert_double_eq(json_number_value(json_object_get(info, "max_abs")), 2);
	ck_assert_str_eq(kist_json_get_text(info, "name"), "x");
	ck_assert_int_eq(kist_compare_infos(&flow, versions[0].record, info, versions[1].record, table, NULL),
			 KIST_UNSUPPORTED);
	done();
}
END_TEST

START_TEST(a_part_behind_the_end_is_damage)
{
	kist_auto_json json_t *list = json_pack("[o]", part("a", "int8", 2, 4));
	kist_auto_json json_t *old = json_pack("[o]", part("a", "int8", 0, 4));

	put("abcd", 4, "abce", 4);
	ck_assert_int_eq(kist_compare_parts(&flow, versions[0].record, list, versions[1].record, old, NULL),
			 KIST_CORRUPT);
	done();
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
	kist_status status = KIST_NO_MEMORY;

	put("abcd", 4, "abce", 4);
	for (unsigned long k = 1; status != KIST_OK && k < 200; k++) {
		kist_auto_json json_t *list = json_pack("[o]", part("a", "int8", 0, 4));
		kist_auto_json json_t *old =
			json_pack("[o,o]", part("a", "int8", 0, 4), part("b", "int8", 0, 4));

		kist_mem_fail_at(k);
		status = kist_compare_parts(&flow, versions[0].record, list, versions[1].record, old, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
	ck_assert_int_eq(status, KIST_OK);
	done();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("compare");

	tcase_add_test(tests, parts_are_the_same_changed_new_or_gone);
	tcase_add_test(tests, a_part_that_moved_in_the_file_is_the_same);
	tcase_add_test(tests, how_far_floating_numbers_moved_is_measured);
	tcase_add_test(tests, doubles_are_measured_as_doubles);
	tcase_add_test(tests, a_distance_to_nan_is_null);
	tcase_add_test(tests, of_what_is_no_floating_number_bytes_are_counted);
	tcase_add_test(tests, another_type_or_order_is_a_change_that_nobody_measures);
	tcase_add_test(tests, arrays_are_compared_as_a_whole);
	tcase_add_test(tests, a_part_behind_the_end_is_damage);
	tcase_add_test(tests, every_failed_allocation_is_reported);
	return suite_run(tests, "compare");
}
