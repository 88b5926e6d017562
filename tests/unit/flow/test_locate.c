/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/locate.h"

#include <string.h>

#include "support/suite.h"

#define SIZE 1000

/* Of flow.c, which needs workers and plugins: nobody watches. */
void kist_flow_progress(const struct kist_flow *flow, uint64_t done, uint64_t total)
{
	(void)flow;
	(void)done;
	(void)total;
}

static json_t *info_of(const char *text)
{
	json_t *info = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(info);
	return info;
}

static void refuses(const char *text, const char *part, kist_status status, const char *word)
{
	kist_auto_json json_t *info = info_of(text);
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_array array;

	ck_assert_int_eq(kist_array_locate(info, SIZE, part, &array, &err), status);
	ck_assert_msg(strstr(err.text, word) != NULL, "'%s' is not in '%s'", word, err.text);
}

START_TEST(an_array_is_found)
{
	kist_auto_json json_t *info = info_of("{\"kind\":\"tensor\",\"dtype\":\"float32\",\"descr\":\">f4\","
					      "\"byte_order\":\"big\",\"order\":\"F\","
					      "\"shape\":[2,3],\"bytes\":24,\"offset\":128}");
	struct kist_array array;

	ck_assert_int_eq(kist_array_locate(info, 152, NULL, &array, NULL), KIST_OK);
	ck_assert_str_eq(array.name, "data");
	ck_assert_str_eq(array.descr, ">f4");
	ck_assert(array.is_fortran && array.is_big_endian);
	ck_assert_uint_eq(array.bits, 32);
	ck_assert_uint_eq(array.elements, 6);
	ck_assert_uint_eq(array.offset, 128);
	ck_assert_int_eq(array.shape[1], 3);
	/* One byte less, and its end is behind the object's. */
	ck_assert_int_eq(kist_array_locate(info, 151, NULL, &array, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(the_size_of_unknown_elements_is_what_the_bytes_say)
{
	kist_auto_json json_t *info =
		info_of("{\"kind\":\"tensor\",\"dtype\":\"<U3\",\"shape\":[5],\"bytes\":60,\"offset\":0}");
	struct kist_array array;

	ck_assert_int_eq(kist_array_locate(info, SIZE, NULL, &array, NULL), KIST_OK);
	ck_assert_uint_eq(array.bits, 96);
}
END_TEST

#define MODEL                                                                                                \
	"{\"kind\":\"model\",\"left_out\":0,\"list\":["                                                      \
	"{\"name\":\"a.weight\",\"dtype\":\"bfloat16\",\"shape\":[2,2],\"bytes\":8,\"offset\":10},"          \
	"{\"name\":\"turned\",\"dtype\":\"uint8\",\"shape\":[2,3],\"strides\":[1,2],\"bytes\":6,\"offset\":" \
	"10},"                                                                                               \
	"{\"name\":\"odd\",\"dtype\":\"uint8\",\"shape\":[2,3,2],\"strides\":[1,4,2],\"bytes\":12,"          \
	"\"offset\":10},"                                                                                    \
	"{\"name\":\"sparse\",\"dtype\":\"uint8\",\"shape\":[2,3],\"bytes\":7,\"offset\":10},"               \
	"{\"name\":\"packed\",\"dtype\":\"uint8\",\"shape\":[2],\"bytes\":2},"                               \
	"{\"name\":\"four\",\"dtype\":\"float4_e2m1fn\",\"shape\":[3,2],\"bytes\":3,\"offset\":0},"          \
	"{\"name\":\"none\",\"dtype\":\"float32\",\"shape\":[4611686018427387904,9,0],\"strides\":[1,2,3],"  \
	"\"bytes\":0,\"offset\":1000}]}"

START_TEST(a_part_of_a_model_is_found)
{
	kist_auto_json json_t *info = info_of(MODEL);
	struct kist_array array;

	ck_assert_int_eq(kist_array_locate(info, SIZE, "a.weight", &array, NULL), KIST_OK);
	ck_assert_str_eq(array.name, "a.weight");
	ck_assert(!array.is_fortran && array.bits == 16 && array.rank == 2 && array.offset == 10);
	ck_assert_int_eq(kist_array_locate(info, SIZE, "turned", &array, NULL), KIST_OK);
	ck_assert(array.is_fortran);
	ck_assert_int_eq(kist_array_locate(info, SIZE, "four", &array, NULL), KIST_OK);
	ck_assert_uint_eq(array.bits, 4);
	ck_assert_int_eq(kist_array_locate(info, SIZE, "none", &array, NULL), KIST_OK);
	ck_assert_uint_eq(array.elements, 0);
}
END_TEST

START_TEST(a_part_that_is_left_out_is_known_to_be)
{
	kist_auto_json json_t *all = info_of(MODEL);
	kist_auto_json json_t *some =
		info_of("{\"kind\":\"model\",\"left_out\":9,\"list\":[{\"name\":\"a\"}]}");

	ck_assert(kist_array_is_left_out(some, "b"));
	ck_assert(!kist_array_is_left_out(some, "a"));
	ck_assert(!kist_array_is_left_out(some, NULL));
	ck_assert(!kist_array_is_left_out(all, "b"));
}
END_TEST

START_TEST(what_cannot_be_read_says_what_can)
{
	refuses(MODEL, NULL, KIST_INVALID, "--tensor");
	refuses(MODEL, "a.weigth", KIST_NOT_FOUND, "did you mean 'a.weight'?");
	refuses(MODEL, "zzzzzzzzzzzzzzzzzzz", KIST_NOT_FOUND, "'kist show' lists the 7 that it has");
	refuses(MODEL, "odd", KIST_UNSUPPORTED, "'kist convert'");
	refuses(MODEL, "sparse", KIST_UNSUPPORTED, "'kist convert'");
	refuses(MODEL, "packed", KIST_UNSUPPORTED, "'kist convert'");
	refuses("{\"kind\":\"table\"}", NULL, KIST_UNSUPPORTED, "--columns");
	refuses("{\"kind\":\"tensor\"}", "x", KIST_UNSUPPORTED, "--slice");
	refuses("{}", NULL, KIST_UNSUPPORTED, "no plugin");
}
END_TEST

static const char *const lies[] = {
	"\"dtype\":\"uint8\",\"shape\":[2],\"bytes\":1001,\"offset\":0",
	"\"dtype\":\"uint8\",\"shape\":[2],\"bytes\":2,\"offset\":999",
	"\"dtype\":\"uint8\",\"shape\":[-2],\"bytes\":2,\"offset\":0",
	"\"dtype\":\"uint8\",\"shape\":2,\"bytes\":2,\"offset\":0",
	"\"dtype\":\"uint8\",\"shape\":[\"2\"],\"bytes\":2,\"offset\":0",
	"\"dtype\":8,\"shape\":[2],\"bytes\":2,\"offset\":0",
	"\"dtype\":\"uint8\",\"shape\":[2],\"offset\":0",
};

START_TEST(a_description_that_lies_is_not_believed)
{
	char text[300];

	snprintf(text, sizeof(text), "{\"kind\":\"tensor\",%s}", lies[_i]);
	refuses(text, NULL, KIST_CORRUPT, "contradicts itself");
}
END_TEST

START_TEST(shapes_beyond_all_numbers_are_refused)
{
	refuses("{\"kind\":\"tensor\",\"dtype\":\"uint8\",\"shape\":[4611686018427387904,4,2],\"bytes\":0,"
		"\"offset\":0}",
		NULL, KIST_UNSUPPORTED, "one behind the other");
	refuses("{\"kind\":\"tensor\",\"dtype\":\"float64\",\"shape\":[4611686018427387904],\"bytes\":0,"
		"\"offset\":0}",
		NULL, KIST_UNSUPPORTED, "one behind the other");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("locate");

	tcase_add_test(tests, an_array_is_found);
	tcase_add_test(tests, the_size_of_unknown_elements_is_what_the_bytes_say);
	tcase_add_test(tests, a_part_of_a_model_is_found);
	tcase_add_test(tests, a_part_that_is_left_out_is_known_to_be);
	tcase_add_test(tests, what_cannot_be_read_says_what_can);
	tcase_add_loop_test(tests, a_description_that_lies_is_not_believed, 0,
			    sizeof(lies) / sizeof(lies[0]));
	tcase_add_test(tests, shapes_beyond_all_numbers_are_refused);
	return suite_run(tests, "locate");
}
