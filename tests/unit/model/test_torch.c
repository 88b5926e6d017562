/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modeltest.h"
#include "support/makezip.h"
#include "support/suite.h"

static struct makezip zip;

#define STORAGE(key, count) "(S'storage'\nctorch\nFloatStorage\nS'" key "'\nS'cpu'\nI" count "\ntQ"
#define TENSOR(key, count, offset, shape, strides)                                                           \
	"ctorch._utils\n_rebuild_tensor_v2\n(" STORAGE(key, count) "I" offset "\n(" shape "t(" strides       \
								   "tI00\nNtR"

/* {"a": 2 x 3, "b": [its transposed, two numbers of it]} */
#define MODEL                                                                                                \
	"(dS'a'\n" TENSOR("0", "6", "0", "I2\nI3\n", "I3\nI1\n") "sS'b'\n(l" TENSOR(                         \
		"0", "6", "0", "I3\nI2\n", "I1\nI3\n") "a" TENSOR("0", "6", "4", "I2\n", "I1\n") "as."

static const float numbers[6] = { 1, 2, 3, 4, 5, 6 };

static void make(const char *pickle)
{
	makezip_begin(&zip, 0);
	makezip_add(&zip, "x/data.pkl", pickle, strlen(pickle));
	makezip_add(&zip, "x/byteorder", "little", 6);
	makezip_add(&zip, "x/data/0", numbers, sizeof(numbers));
	makezip_end(&zip);
}

static struct plugtest_report report;

/* "" when it is sound; else the code of what validate reports. */
static const char *judge(void)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.torch")->interface;
	struct plugtest_source source;
	struct plugtest_call call;
	void *format;

	plugtest_call_init(&call);
	plugtest_report_init(&report);
	plugtest_source_init(&source, zip.bytes, zip.size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->validate(format, &call.call, &source.source, NULL, &report.report), KIST_OK);
	plugtest_call_done(&call);
	return report.errors > 0 ? report.code : "";
}

START_TEST(tensors_are_found_by_the_names_that_lead_to_them)
{
	static const char *const names[] = { "a", "b.0", "b.1" };
	const ArtifactTaskInterface *const type = plugtest_type("kist.torch")->interface;
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_layout layout;
	struct plugtest_source source;
	struct plugtest_call call;
	struct kist_tensor_map *map;
	void *format;

	make(MODEL);
	ck_assert_str_eq(judge(), "");
	plugtest_call_init(&call);
	plugtest_source_init(&source, zip.bytes, zip.size);
	plugtest_layout_init(&layout, zip.size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->deserialize(format, &call.call, &source.source, NULL, &object), KIST_OK);
	map = object.value;
	ck_assert_uint_eq(map->count, 3);
	for (uint64_t i = 0; i < 3; i++) {
		DLManagedTensorVersioned *tensor;
		const char *name;
		float second;

		ck_assert_int_eq(map->get_name(map, i, &name), KIST_OK);
		ck_assert_str_eq(name, names[i]);
		ck_assert_int_eq(map->get(map, &call.call, i, &tensor), KIST_OK);
		/* The second along the last axis. */
		memcpy(&second,
		       (char *)tensor->dl_tensor.data +
			       4 * tensor->dl_tensor.strides[tensor->dl_tensor.ndim - 1],
		       sizeof(second));
		ck_assert_int_eq((int)second, i == 0 ? 2 : i == 1 ? 4 : 6);
		tensor->deleter(tensor);
	}
	object.release(&object);
	/* They share their bytes, which are one part. */
	ck_assert_int_eq(type->layout(format, &call.call, &source.source, NULL, &layout.layout), KIST_OK);
	ck_assert_uint_eq(layout.part_count, 1);
	ck_assert_uint_eq(layout.parts[0].len, sizeof(numbers));
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
}
END_TEST

START_TEST(a_tensor_stays_in_its_storage)
{
	make("(dS'a'\n" TENSOR("0", "6", "1", "I2\nI3\n", "I3\nI1\n") "s.");
	ck_assert_str_eq(judge(), "E_OFFSET");
	make("(dS'a'\n" TENSOR("0", "6", "0", "I2\nI3\n", "I4\nI1\n") "s.");
	ck_assert_str_eq(judge(), "E_OFFSET");
	make("(dS'a'\n" TENSOR("0", "6", "0", "I2\n", "I9223372036854775807\n") "s.");
	ck_assert_str_eq(judge(), "E_OFFSET");
	make("(dS'a'\n" TENSOR("9", "6", "0", "I6\n", "I1\n") "s.");
	ck_assert_str_eq(judge(), "E_OFFSET");
	make("(dS'a'\n" TENSOR("0", "6", "6", "I0\n", "I1\n") "s.");
	ck_assert_str_eq(judge(), "");
}
END_TEST

START_TEST(tied_tensors_leave_the_others_their_statistics)
{
	static const char pickle[] = "(dS'a'\n" TENSOR("0", "4096", "0", "I4096\n", "I1\n") "sS'tied'\n" TENSOR(
		"0", "4096", "0", "I4096\n", "I1\n") "sS'z'\n" TENSOR("1", "2048", "0", "I2048\n", "I1\n") "s.";
	static const float storage[4096] = { 1 };
	const ArtifactTaskInterface *const type = plugtest_type("kist.torch")->interface;
	struct plugtest_source source;
	struct plugtest_sink sink;
	struct plugtest_call call;
	const char *text;
	void *format;
	int found = 0;

	makezip_begin(&zip, 0);
	makezip_add(&zip, "x/data.pkl", pickle, strlen(pickle));
	makezip_add(&zip, "x/data/0", storage, sizeof(storage));
	makezip_add(&zip, "x/data/1", storage, sizeof(storage) / 2);
	makezip_end(&zip);
	plugtest_call_init(&call);
	plugtest_sink_init(&sink);
	plugtest_source_init(&source, zip.bytes, zip.size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->describe(format, &call.call, &source.source, NULL, &sink.sink), KIST_OK);
	ck_assert_int_eq(sink.sink.write(&sink.sink, "", 1), KIST_OK);
	text = (const char *)sink.data;
	while ((text = strstr(text, "\"mean\":"))) {
		text++;
		found++;
	}
	ck_assert_int_eq(found, 3);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}
END_TEST

START_TEST(the_zip_is_told_alike_twice)
{
	static const struct {
		size_t at; /* of a local header; in the directory when it is marked */
		bool in_directory;
		const char *code;
	} cases[] = {
		{ 6, false, "E_ZIP" },	/* flags: encrypted */
		{ 8, false, "E_ZIP" },	/* method */
		{ 14, false, "E_ZIP" }, /* CRC-32 */
		{ 18, false, "E_ZIP" }, /* stored size */
		{ 22, false, "E_ZIP" }, /* size */
		{ 26, false, "E_ZIP" }, /* length of the name */
		{ 30, false, "E_ZIP" }, /* name */
		{ 8, true, "E_ZIP" },	/* flags: encrypted */
		{ 10, true, "E_ZIP" },	/* method */
		{ 16, true, "E_ZIP" },	/* CRC-32 */
		{ 20, true, "E_ZIP" },	/* stored size */
		{ 42, true, "E_ZIP" },	/* where it lies */
		{ 46, true, "E_ZIP" },	/* name */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(MODEL);
		zip.bytes[cases[i].at + (cases[i].in_directory ? zip.directory_at : 0)] ^= 1;
		ck_assert_msg(strcmp(judge(), cases[i].code) == 0, "%zu: %s", i, judge());
	}
	/* The bytes of a tensor. */
	make(MODEL);
	zip.bytes[zip.entries[2].at + 40] ^= 1;
	ck_assert_str_eq(judge(), "E_CRC");
	/* Something before the first entry, behind the end, and every cut. */
	make(MODEL);
	zip.size++;
	ck_assert_str_eq(judge(), "E_ZIP");
	make(MODEL);
	for (size_t all = zip.size, cut = 4; cut < all; cut++) {
		zip.size = cut;
		ck_assert_str_eq(judge(), "E_ZIP");
	}
}
END_TEST

START_TEST(names_stay_in_the_folder)
{
	static const struct {
		const char *name;
		const char *code;
	} cases[] = { { "x/../y", "E_PATH" },
		      { "/x/y", "E_PATH" },
		      { "x\\y", "E_PATH" },
		      { "c:/x", "E_PATH" },
		      { "x//y", "E_PATH" },
		      { "x/./y", "E_PATH" },
		      { "\xff", "E_PATH" },
		      { "x/data/0", "E_DUPLICATE" },
		      { "y/z", "E_MAGIC" },
		      { "x/more", "" },
		      { "x/DATA.pkl", "E_DUPLICATE" },
		      { "x/Constants.PKL", "E_DUPLICATE" },
		      { "x/byteOrder", "E_DUPLICATE" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		makezip_begin(&zip, 0);
		makezip_add(&zip, "x/data.pkl", MODEL, strlen(MODEL));
		makezip_add(&zip, "x/data/0", numbers, sizeof(numbers));
		makezip_add(&zip, cases[i].name, "", 0);
		makezip_end(&zip);
		ck_assert_msg(strcmp(judge(), cases[i].code) == 0, "%zu: %s", i, judge());
	}
}
END_TEST

START_TEST(entries_do_not_lie_over_each_other)
{
	make(MODEL);
	/* The third is said to lie where the second does, and its name is that one's. */
	zip.count = 3;
	zip.size = zip.directory_at;
	zip.entries[2].at = zip.entries[1].at;
	makezip_end(&zip);
	ck_assert_str_eq(judge(), "E_ZIP");
}
END_TEST

START_TEST(another_zip_or_none_is_not_torchs)
{
	makezip_begin(&zip, 0);
	makezip_add(&zip, "arr_0.npy", "x", 1);
	makezip_end(&zip);
	ck_assert_str_eq(judge(), "E_MAGIC");
	makezip_begin(&zip, 0);
	makezip_end(&zip);
	ck_assert_str_eq(judge(), "E_MAGIC");
	makezip_begin(&zip, 0);
	makezip_bytes(&zip, "\x80\x02\x8a", 3);
	ck_assert_str_eq(judge(), "E_MAGIC");
}
END_TEST

START_TEST(a_malformed_pickle_is_named)
{
	make("(dS'a'\n");
	ck_assert_str_eq(judge(), "E_PICKLE");
	make("N.N.");
	ck_assert_str_eq(judge(), "E_PICKLE");
}
END_TEST

START_TEST(lists_of_the_same_list_have_an_end)
{
	static char pickle[4096] = "(lp0\n0";
	size_t len = strlen(pickle);

	for (int i = 1; i < 31; i++)
		len += (size_t)snprintf(pickle + len, sizeof(pickle) - len, "(lg%d\nag%d\nap%d\n0", i - 1,
					i - 1, i);
	snprintf(pickle + len, sizeof(pickle) - len, "g30\n.");
	make(pickle);
	ck_assert_str_eq(judge(), "E_DEPTH");
}
END_TEST

/* Warnings of what is in zip, which has no errors. */
static unsigned long warnings(void)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.torch")->interface;
	struct plugtest_source source;
	struct plugtest_call call;
	void *format;

	plugtest_call_init(&call);
	plugtest_report_init(&report);
	plugtest_source_init(&source, zip.bytes, zip.size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->validate(format, &call.call, &source.source, NULL, &report.report), KIST_OK);
	ck_assert_uint_eq(report.errors, 0);
	plugtest_call_done(&call);
	return report.warnings;
}

START_TEST(what_the_pickle_names_is_a_warning)
{
	make("(dS'a'\ncos\nsystem\n(S'id'\ntRs.");
	ck_assert_uint_eq(warnings(), 1);
	make(MODEL);
	ck_assert_uint_eq(warnings(), 0);
}
END_TEST

START_TEST(what_a_broken_pickle_names_is_told_with_the_error)
{
	make("cos\nsystem\n(S'id'\ntR\xff");
	ck_assert_str_eq(judge(), "E_PICKLE");
	ck_assert_msg(strstr(report.text, "names what is not known"), "%s", report.text);
	make("ccollections\nOrderedDict\n)R\xff");
	ck_assert_str_eq(judge(), "E_PICKLE");
	ck_assert_msg(!strstr(report.text, "names"), "%s", report.text);
}
END_TEST

START_TEST(a_program_of_torchscript_is_not_clean)
{
	static const char *const names[] = { "x/constants.pkl", "x/code/__torch__.py" };

	for (size_t i = 0; i < 2; i++) {
		makezip_begin(&zip, 0);
		makezip_add(&zip, "x/data.pkl", MODEL, strlen(MODEL));
		makezip_add(&zip, "x/data/0", numbers, sizeof(numbers));
		makezip_add(&zip, names[i], "N.", 2);
		makezip_end(&zip);
		ck_assert_uint_eq(warnings(), 1);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("torch");

	tcase_add_test(tcase, tensors_are_found_by_the_names_that_lead_to_them);
	tcase_add_test(tcase, a_tensor_stays_in_its_storage);
	tcase_add_test(tcase, tied_tensors_leave_the_others_their_statistics);
	tcase_add_test(tcase, the_zip_is_told_alike_twice);
	tcase_add_test(tcase, names_stay_in_the_folder);
	tcase_add_test(tcase, entries_do_not_lie_over_each_other);
	tcase_add_test(tcase, another_zip_or_none_is_not_torchs);
	tcase_add_test(tcase, a_malformed_pickle_is_named);
	tcase_add_test(tcase, lists_of_the_same_list_have_an_end);
	tcase_add_test(tcase, what_the_pickle_names_is_a_warning);
	tcase_add_test(tcase, what_a_broken_pickle_names_is_told_with_the_error);
	tcase_add_test(tcase, a_program_of_torchscript_is_not_clean);
	return suite_run(tcase, "model/torch");
}
