/* SPDX-License-Identifier: Apache-2.0 */
#include "npytest.h"
#include "support/makezip.h"

static struct makezip zip;

/* One array of six floats, as numpy writes it: 128 bytes of header. */
static const float numbers[6] = { 1, 2, 3, 4, 5, 6 };
static uint8_t array[4096];
static size_t array_size;

static void make_array(const char *descr, const char *shape, const void *data, size_t len)
{
	char text[256];
	const int text_len = snprintf(text, sizeof(text),
				      "{'descr': %s, 'fortran_order': False, 'shape': %s, }", descr, shape);

	memset(array, ' ', sizeof(array));
	memcpy(array, "\x93NUMPY\x01\x00\x76\x00", 10);
	memcpy(array + 10, text, (size_t)text_len);
	array[127] = '\n';
	memcpy(array + 128, data, len);
	array_size = 128 + len;
}

static void make(int how)
{
	make_array("'<f4'", "(2, 3)", numbers, sizeof(numbers));
	makezip_begin(&zip, how);
	makezip_add(&zip, "layer/weight.npy", array, array_size);
	make_array("'>i2'", "(2,)", "\0\1\1\0", 4);
	makezip_add(&zip, "bias.npy", array, array_size);
	makezip_end(&zip);
}

static const ArtifactTaskInterface *npz(void)
{
	return plugtest_type("kist.npz")->interface;
}

/* "" when it is sound; else the code of what validate reports, which every other method gives too. */
static const char *judge(void)
{
	static struct plugtest_report report;
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_call call;

	plugtest_call_init(&call);
	plugtest_report_init(&report);
	plugtest_source_init(&source, zip.bytes, zip.size);
	ck_assert_int_eq(npz()->validate(NULL, &call.call, &source.source, NULL, &report.report), KIST_OK);
	plugtest_layout_init(&layout, zip.size);
	if (report.errors == 0 || strcmp(report.code, "E_CRC") != 0) {
		const kist_status status =
			npz()->layout(NULL, &call.call, &source.source, NULL, &layout.layout);

		ck_assert_int_eq(report.errors == 0, status == KIST_OK);
		ck_assert_str_eq(call.error.code, report.errors > 0 ? report.code : "");
		ck_assert_int_eq(status, npz()->deserialize(NULL, &call.call, &source.source, NULL, &object));
		if (status == KIST_OK)
			object.release(&object);
	}
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
	return report.errors > 0 ? report.code : "";
}

static DLManagedTensorVersioned *tensor_at(struct kist_object *object, struct plugtest_call *call, uint64_t i,
					   const char *name)
{
	struct kist_tensor_map *const map = object->value;
	DLManagedTensorVersioned *tensor = NULL;
	const char *found;

	ck_assert_int_eq(map->get_name(map, i, &found), KIST_OK);
	ck_assert_str_eq(found, name);
	ck_assert_int_eq(map->get(map, &call->call, i, &tensor), KIST_OK);
	return tensor;
}

static void reads_both(void)
{
	struct kist_object object = { .struct_size = sizeof(object) };
	DLManagedTensorVersioned *weight;
	DLManagedTensorVersioned *bias;
	struct plugtest_source source;
	struct plugtest_call call;

	plugtest_call_init(&call);
	plugtest_source_init(&source, zip.bytes, zip.size);
	source.step_max = 7;
	ck_assert_int_eq(npz()->deserialize(NULL, &call.call, &source.source, NULL, &object), KIST_OK);
	ck_assert_uint_eq(object.kind, KIST_KIND_MODEL);
	ck_assert_uint_eq(((struct kist_tensor_map *)object.value)->count, 2);
	weight = tensor_at(&object, &call, 0, "layer/weight");
	bias = tensor_at(&object, &call, 1, "bias");
	object.release(&object);
	ck_assert_int_eq(weight->dl_tensor.ndim, 2);
	ck_assert_int_eq(weight->dl_tensor.shape[1], 3);
	ck_assert_mem_eq(weight->dl_tensor.data, numbers, sizeof(numbers));
	/* 1 and 256, the higher byte first in the file. */
	ck_assert_mem_eq(bias->dl_tensor.data, "\1\0\0\1", 4);
	weight->deleter(weight);
	bias->deleter(bias);
	plugtest_call_done(&call);
}

static const int every_way[] = { 0,
				 MAKEZIP_ZIP64,
				 MAKEZIP_SIZES_LAST,
				 MAKEZIP_SIZES_LAST | MAKEZIP_ZIP64,
				 MAKEZIP_DEFLATED,
				 MAKEZIP_DEFLATED | MAKEZIP_ZIP64,
				 MAKEZIP_DEFLATED | MAKEZIP_SIZES_LAST,
				 MAKEZIP_DEFLATED | MAKEZIP_SIZES_LAST | MAKEZIP_ZIP64 };
#define WAYS (sizeof(every_way) / sizeof(every_way[0]))

START_TEST(arrays_are_read_however_their_sizes_are_told)
{
	for (size_t i = 0; i < WAYS; i++) {
		make(every_way[i]);
		ck_assert_str_eq(judge(), "");
		reads_both();
	}
	/* The members begin at any place. */
	make_array("'<f4'", "(2, 3)", numbers, sizeof(numbers));
	makezip_begin(&zip, 0);
	makezip_end(&zip);
	ck_assert_str_eq(judge(), "");
}
END_TEST

START_TEST(a_stored_array_is_a_typed_part_and_a_deflated_one_is_none)
{
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_call call;

	for (size_t i = 0; i < WAYS; i++) {
		make(every_way[i]);
		plugtest_call_init(&call);
		plugtest_source_init(&source, zip.bytes, zip.size);
		plugtest_layout_init(&layout, zip.size);
		ck_assert_int_eq(npz()->layout(NULL, &call.call, &source.source, NULL, &layout.layout),
				 KIST_OK);
		ck_assert_uint_eq(layout.part_count, every_way[i] & MAKEZIP_DEFLATED ? 0 : 2);
		if (layout.part_count == 2) {
			ck_assert_str_eq(layout.parts[0].name, "layer/weight");
			ck_assert_uint_eq(layout.parts[0].offset, zip.entries[0].data_at + 128);
			ck_assert_uint_eq(layout.parts[0].len, sizeof(numbers));
			ck_assert_uint_eq(layout.parts[0].dtype.code, kDLFloat);
			ck_assert_int_eq(layout.parts[0].ndim, 2);
			ck_assert_uint_eq(layout.parts[1].flags, KIST_PART_BIG_ENDIAN);
		}
		plugtest_layout_done(&layout);
		plugtest_call_done(&call);
	}
}
END_TEST

START_TEST(what_the_directory_and_an_entry_tell_must_agree)
{
	static const struct {
		size_t at;
		bool in_directory;
		const char *code;
	} cases[] = {
		{ 6, false, "E_ZIP" },	/* encrypted */
		{ 8, false, "E_ZIP" },	/* method */
		{ 14, false, "E_ZIP" }, /* CRC-32 */
		{ 18, false, "E_ZIP" }, /* stored size */
		{ 22, false, "E_ZIP" }, /* size */
		{ 30, false, "E_ZIP" }, /* name */
		{ 34, true, "E_ZIP" },	/* disk */
		{ 42, true, "E_ZIP" },	/* where it lies */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(0);
		zip.bytes[cases[i].at + (cases[i].in_directory ? zip.directory_at : 0)] ^= 1;
		ck_assert_str_eq(judge(), cases[i].code);
	}
	make(0);
	zip.bytes[zip.directory_at - 1] ^= 1;
	ck_assert_str_eq(judge(), "E_CRC");
	make(MAKEZIP_DEFLATED);
	zip.bytes[zip.entries[0].at + 14] ^= 1;
	zip.bytes[zip.directory_at + 16] ^= 1;
	ck_assert_str_eq(judge(), "E_CRC");
}
END_TEST

START_TEST(bytes_that_belong_to_no_entry_are_refused)
{
	static uint8_t before[MAKEZIP_SIZE_MAX];

	/* Behind the end, between the entries, between them and the directory. */
	make(0);
	zip.bytes[zip.size++] = 0;
	ck_assert_str_eq(judge(), "E_ZIP");
	for (size_t gap_at = 0; gap_at < 2; gap_at++) {
		make_array("'|u1'", "(4,)", "abcd", 4);
		makezip_begin(&zip, 0);
		makezip_add(&zip, "a.npy", array, array_size);
		for (size_t i = 0; i < 2; i++) {
			if (i == gap_at)
				makezip_number(&zip, 0, 1);
			if (i == 0)
				makezip_add(&zip, "b.npy", array, array_size);
		}
		makezip_end(&zip);
		ck_assert_str_eq(judge(), "E_ZIP");
	}
	/* Another file before the first, which a reader of the directory alone would not see. */
	make(0);
	memcpy(before, zip.bytes, zip.size);
	memcpy(zip.bytes + 4, before, zip.size);
	memcpy(zip.bytes, "GIF8", 4);
	zip.size += 4;
	ck_assert_str_eq(judge(), "E_ZIP");
	/* Nothing but an end, and something before it. */
	makezip_begin(&zip, 0);
	makezip_number(&zip, 0, 3);
	makezip_end(&zip);
	ck_assert_str_eq(judge(), "E_ZIP");
}
END_TEST

START_TEST(entries_that_lie_over_each_other_are_refused)
{
	make(0);
	zip.size = zip.directory_at;
	zip.count = 3;
	zip.entries[2] = zip.entries[0];
	snprintf(zip.entries[2].name, sizeof(zip.entries[2].name), "again/weight.npy");
	makezip_end(&zip);
	ck_assert_str_eq(judge(), "E_ZIP");
	snprintf(zip.entries[2].name, sizeof(zip.entries[2].name), "layer/weight.npy");
	zip.size = zip.directory_at;
	makezip_end(&zip);
	ck_assert_str_eq(judge(), "E_ZIP");
}
END_TEST

START_TEST(names_must_be_relative_and_unique_and_end_in_npy)
{
	static const struct {
		const char *name;
		const char *code;
	} cases[] = {
		{ "/a.npy", "E_PATH" },	       { "../a.npy", "E_PATH" },
		{ "a/../b.npy", "E_PATH" },    { "a\\b.npy", "E_PATH" },
		{ "C:a.npy", "E_PATH" },       { "a//b.npy", "E_PATH" },
		{ "./a.npy", "E_PATH" },       { "\xff.npy", "E_PATH" },
		{ "a.txt", "E_ZIP" },	       { "npy", "E_ZIP" },
		{ "folder/", "E_ZIP" },	       { "a.NPY", "E_ZIP" },
		{ "same.npy", "E_DUPLICATE" }, { "a..b.npy", "" },
		{ "\xc3\xa9.npy", "" },
	};

	make_array("'|u1'", "(4,)", "abcd", 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		makezip_begin(&zip, 0);
		makezip_add(&zip, "same.npy", array, array_size);
		makezip_add(&zip, cases[i].name, array, array_size);
		makezip_end(&zip);
		ck_assert_str_eq(judge(), cases[i].code);
	}
}
END_TEST

START_TEST(a_bomb_is_refused_before_it_goes_off)
{
	static const uint8_t zeros[100000];
	size_t at;

	/* A thousand times is what deflate can do, and no more. */
	make_array("'|u1'", "(4,)", "abcd", 4);
	makezip_begin(&zip, MAKEZIP_DEFLATED);
	makezip_add(&zip, "a.npy", zeros, sizeof(zeros));
	zip.entries[0].size *= 20;
	makezip_end(&zip);
	ck_assert_str_eq(judge(), "E_BOMB");

	/* It inflates to more than is told. */
	make(MAKEZIP_DEFLATED);
	for (at = 0; at < 2; at++) {
		const size_t size_at = at == 0 ? zip.entries[0].at + 22 : zip.directory_at + 24;

		ck_assert_uint_eq(zip.bytes[size_at], 152);
		zip.bytes[size_at] = 148;
	}
	ck_assert_str_eq(judge(), "E_TRUNCATED");
	make_array("'<f4'", "(1, 5)", numbers, sizeof(numbers));
	makezip_begin(&zip, MAKEZIP_DEFLATED);
	makezip_add(&zip, "a.npy", array, array_size);
	makezip_end(&zip);
	zip.bytes[zip.entries[0].at + 22] = 148;
	zip.bytes[zip.directory_at + 24] = 148;
	{
		struct plugtest_report report;
		struct plugtest_source source;
		struct plugtest_call call;

		plugtest_call_init(&call);
		plugtest_report_init(&report);
		plugtest_source_init(&source, zip.bytes, zip.size);
		ck_assert_int_eq(npz()->validate(NULL, &call.call, &source.source, NULL, &report.report),
				 KIST_OK);
		ck_assert_str_eq(report.code, "E_BOMB");
		plugtest_call_done(&call);
	}
}
END_TEST

START_TEST(what_an_array_breaks_is_told_with_its_name)
{
	static const struct {
		const char *descr;
		const char *shape;
		const char *code;
	} cases[] = { { "'<f4'", "(7,)", "E_TRUNCATED" },
		      { "'<f4'", "(5,)", "E_TRAILING" },
		      { "'|O'", "(3,)", "E_OBJECT" },
		      { "'<f4'", "(-6,)", "E_SHAPE" },
		      { "'<f16'", "(1,)", "E_DTYPE" } };

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		makezip_begin(&zip, i % 2 ? MAKEZIP_DEFLATED : 0);
		make_array(cases[i / 2].descr, cases[i / 2].shape, numbers, sizeof(numbers));
		makezip_add(&zip, "a.npy", array, array_size);
		makezip_end(&zip);
		ck_assert_str_eq(judge(), cases[i / 2].code);
	}
}
END_TEST

START_TEST(a_file_that_is_cut_off_anywhere_is_refused)
{
	make(MAKEZIP_ZIP64);
	for (size_t all = zip.size, cut = 0; cut < all; cut++) {
		zip.size = cut;
		ck_assert_str_ne(judge(), "");
	}
}
END_TEST

/* Reads @bytes and writes what was read. */
static void write_again(const uint8_t *bytes, size_t size, struct plugtest_sink *sink)
{
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_source source;
	struct plugtest_call call;

	plugtest_call_init(&call);
	plugtest_source_init(&source, bytes, size);
	plugtest_sink_init(sink);
	ck_assert_int_eq(npz()->deserialize(NULL, &call.call, &source.source, NULL, &object), KIST_OK);
	ck_assert_int_eq(npz()->serialize(NULL, &call.call, &object, NULL, &sink->sink), KIST_OK);
	object.release(&object);
	plugtest_call_done(&call);
}

START_TEST(the_same_arrays_are_written_as_the_same_bytes_each_where_it_can_be_mapped)
{
	struct plugtest_sink first;

	make(0);
	write_again(zip.bytes, zip.size, &first);
	ck_assert_uint_eq(first.part_count, 2);
	ck_assert_str_eq(first.parts[0].name, "bias");
	ck_assert_str_eq(first.parts[1].name, "layer/weight");
	ck_assert_uint_eq(first.parts[0].offset % 64, 0);
	ck_assert_uint_eq(first.parts[1].offset % 64, 0);
	ck_assert_mem_eq(first.data + first.parts[0].offset, "\0\1\1\0", 4);
	for (size_t i = 1; i < WAYS; i++) {
		struct plugtest_sink again;

		make(every_way[i]);
		write_again(zip.bytes, zip.size, &again);
		ck_assert_uint_eq(again.size, first.size);
		ck_assert_mem_eq(again.data, first.data, first.size);
		plugtest_sink_done(&again);
	}
	memcpy(zip.bytes, first.data, first.size);
	zip.size = first.size;
	ck_assert_str_eq(judge(), "");
	plugtest_sink_done(&first);
}
END_TEST

/* Of the first part. */
static uint32_t flags_of_part(void)
{
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_call call;
	uint32_t flags;

	plugtest_call_init(&call);
	plugtest_source_init(&source, zip.bytes, zip.size);
	plugtest_layout_init(&layout, zip.size);
	ck_assert_int_eq(npz()->layout(NULL, &call.call, &source.source, NULL, &layout.layout), KIST_OK);
	flags = layout.parts[0].flags;
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
	return flags;
}

START_TEST(records_text_and_times_are_written_as_they_were_read)
{
	static const char *const descrs[] = { "[('a', '<i2'), ('b', '>f4'), ('', '|V2')]",
					      "'<U2'",
					      "'|S8'",
					      "'|V8'",
					      "'<M8[25us]'",
					      "'>m8[D]'",
					      "'>c8'" };
	struct plugtest_sink sink;

	for (size_t i = 0; i < sizeof(descrs) / sizeof(descrs[0]); i++) {
		make_array(descrs[i], "(3,)", numbers, sizeof(numbers));
		makezip_begin(&zip, i % 2 ? MAKEZIP_DEFLATED : 0);
		makezip_add(&zip, "a.npy", array, array_size);
		makezip_end(&zip);
		ck_assert_str_eq(judge(), "");
		if (i % 2 == 0)
			ck_assert_uint_eq(flags_of_part() & KIST_PART_STORAGE,
					  descrs[i][2] == 'c' ? 0 : KIST_PART_STORAGE);
		write_again(zip.bytes, zip.size, &sink);
		ck_assert_ptr_nonnull(memmem(sink.data, sink.size, descrs[i], strlen(descrs[i])));
		ck_assert_mem_eq(sink.data + sink.parts[0].offset, numbers, sizeof(numbers));
		plugtest_sink_done(&sink);
	}
}
END_TEST

START_TEST(raw_bytes_are_what_the_caller_says_in_every_array_of_their_size)
{
	struct kist_object object = { .struct_size = sizeof(object) };
	DLManagedTensorVersioned *tensor;
	struct plugtest_source source;
	struct plugtest_call call;

	makezip_begin(&zip, 0);
	make_array("'<V2'", "(12,)", numbers, sizeof(numbers));
	makezip_add(&zip, "b.npy", array, array_size);
	make_array("'<f4'", "(6,)", numbers, sizeof(numbers));
	makezip_add(&zip, "f.npy", array, array_size);
	makezip_end(&zip);
	plugtest_call_init(&call);
	plugtest_source_init(&source, zip.bytes, zip.size);
	ck_assert_int_eq(npz()->deserialize(NULL, &call.call, &source.source,
					    plugtest_params("logical_dtype=string:bfloat16", NULL), &object),
			 KIST_OK);
	tensor = tensor_at(&object, &call, 0, "b");
	ck_assert_uint_eq(tensor->dl_tensor.dtype.code, kDLBfloat);
	tensor->deleter(tensor);
	tensor = tensor_at(&object, &call, 1, "f");
	ck_assert_uint_eq(tensor->dl_tensor.dtype.code, kDLFloat);
	tensor->deleter(tensor);
	object.release(&object);
	plugtest_call_done(&call);
}
END_TEST

static char *described(void)
{
	struct plugtest_source source;
	struct plugtest_sink sink;
	struct plugtest_call call;
	char *text;

	plugtest_call_init(&call);
	plugtest_source_init(&source, zip.bytes, zip.size);
	plugtest_sink_init(&sink);
	ck_assert_int_eq(npz()->describe(NULL, &call.call, &source.source, NULL, &sink.sink), KIST_OK);
	text = strndup((const char *)sink.data, sink.size);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	return text;
}

START_TEST(arrays_are_described_with_their_statistics)
{
	for (size_t i = 0; i < WAYS; i++) {
		char *text;

		make(every_way[i]);
		text = described();
		ck_assert_ptr_nonnull(strstr(text, "{\"kind\":\"model\",\"format\":\"npz\",\"tensors\":2,"
						   "\"parameters\":8,\"bytes\":28,\"list\":[{\"name\":"
						   "\"layer/weight\",\"dtype\":\"float32\",\"descr\":"
						   "\"<f4\",\"shape\":[2,3],\"bytes\":24,"));
		ck_assert_ptr_nonnull(strstr(text, "\"min\":1,\"max\":6,\"mean\":3.5"));
		ck_assert_ptr_nonnull(strstr(text, "\"min\":1,\"max\":256"));
		ck_assert_ptr_nonnull(strstr(text, "\"descr\":\">i2\",\"shape\":[2],"
						   "\"byte_order\":\"big\",\"bytes\":4,"));
		ck_assert_ptr_nonnull(strstr(text, "],\"left_out\":0}"));
		ck_assert_int_eq(strstr(text, "\"deflated_bytes\":") != NULL,
				 (every_way[i] & MAKEZIP_DEFLATED) != 0);
		free(text);
	}
}
END_TEST

START_TEST(only_a_zip_that_begins_with_an_array_is_probed_as_one)
{
	int32_t score;

	make(0);
	ck_assert_int_eq(npz()->probe(zip.bytes, 512, zip.size, &score), KIST_OK);
	ck_assert_int_eq(score, 90);
	makezip_begin(&zip, 0);
	makezip_add(&zip, "x/data.pkl", "", 0);
	makezip_end(&zip);
	ck_assert_int_eq(npz()->probe(zip.bytes, zip.size, zip.size, &score), KIST_OK);
	ck_assert_int_eq(score, 0);
	makezip_begin(&zip, 0);
	makezip_end(&zip);
	ck_assert_int_eq(npz()->probe(zip.bytes, zip.size, zip.size, &score), KIST_OK);
	ck_assert_int_eq(score, 40);
}
END_TEST

NPYTEST_MAIN("npz", arrays_are_read_however_their_sizes_are_told,
	     a_stored_array_is_a_typed_part_and_a_deflated_one_is_none,
	     what_the_directory_and_an_entry_tell_must_agree, bytes_that_belong_to_no_entry_are_refused,
	     entries_that_lie_over_each_other_are_refused, names_must_be_relative_and_unique_and_end_in_npy,
	     a_bomb_is_refused_before_it_goes_off, what_an_array_breaks_is_told_with_its_name,
	     a_file_that_is_cut_off_anywhere_is_refused,
	     the_same_arrays_are_written_as_the_same_bytes_each_where_it_can_be_mapped,
	     records_text_and_times_are_written_as_they_were_read,
	     raw_bytes_are_what_the_caller_says_in_every_array_of_their_size,
	     arrays_are_described_with_their_statistics,
	     only_a_zip_that_begins_with_an_array_is_probed_as_one)
