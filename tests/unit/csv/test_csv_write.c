/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_write.h"

#include <errno.h>

#include "csvtest.h"

#define COLUMNS_MAX 4

/* A producer whose every field a test may spoil. */
struct producer {
	struct ArrowSchema schema;
	struct ArrowSchema fields[COLUMNS_MAX];
	struct ArrowSchema *field_pointers[COLUMNS_MAX];
	struct ArrowArray array;
	struct ArrowArray columns[COLUMNS_MAX];
	struct ArrowArray *column_pointers[COLUMNS_MAX];
	const void *buffers[COLUMNS_MAX][3];
	const void *own_buffers[1];
	struct ArrowArrayStream stream;
	int batches;
	int released;
	int error;
};

static void release_schema(struct ArrowSchema *schema)
{
	struct producer *p = schema->private_data;

	p->released++;
	schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
	struct producer *p = array->private_data;

	p->released++;
	array->release = NULL;
}

static void release_child_schema(struct ArrowSchema *schema)
{
	(void)schema;
	ck_abort_msg("only the base is released");
}

static void release_child_array(struct ArrowArray *array)
{
	(void)array;
	ck_abort_msg("only the base is released");
}

static void release_stream(struct ArrowArrayStream *stream)
{
	stream->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	const struct producer *p = stream->private_data;

	*out = p->schema;
	return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	struct producer *p = stream->private_data;

	*out = (struct ArrowArray){ 0 };
	if (p->error)
		return p->error;
	if (p->batches-- > 0)
		*out = p->array;
	return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
	(void)stream;
	return "the disk is gone";
}

static void producer_init(struct producer *p, int64_t columns, int64_t rows)
{
	*p = (struct producer){ .batches = 1 };
	p->schema = (struct ArrowSchema){ .format = "+s",
					  .name = "",
					  .n_children = columns,
					  .children = p->field_pointers,
					  .release = release_schema,
					  .private_data = p };
	p->array = (struct ArrowArray){ .length = rows,
					.n_buffers = 1,
					.n_children = columns,
					.buffers = p->own_buffers,
					.children = p->column_pointers,
					.release = release_array,
					.private_data = p };
	p->stream = (struct ArrowArrayStream){ .get_schema = get_schema,
					       .get_next = get_next,
					       .get_last_error = get_last_error,
					       .release = release_stream,
					       .private_data = p };
	for (int i = 0; i < COLUMNS_MAX; i++) {
		p->field_pointers[i] = &p->fields[i];
		p->column_pointers[i] = &p->columns[i];
	}
}

static void add_column(struct producer *p, int i, const char *name, const char *format, int64_t n_buffers,
		       const void *valid, const void *values, const void *data)
{
	p->fields[i] =
		(struct ArrowSchema){ .format = format, .name = name, .release = release_child_schema };
	p->buffers[i][0] = valid;
	p->buffers[i][1] = values;
	p->buffers[i][2] = data;
	p->columns[i] = (struct ArrowArray){ .length = p->array.offset + p->array.length,
					     .null_count = -1,
					     .n_buffers = n_buffers,
					     .buffers = p->buffers[i],
					     .release = release_child_array };
}

static kist_status write_table(struct producer *p, const struct kist_params *params,
			       struct plugtest_sink *sink, struct plugtest_call *call)
{
	struct kist_object object = { .struct_size = sizeof(object),
				      .kind = KIST_KIND_TABLE,
				      .value = &p->stream };

	plugtest_sink_init(sink);
	plugtest_call_init(call);
	return csvtest_interface()->serialize(NULL, &call->call, &object, params, &sink->sink);
}

static void expect_text(struct producer *p, const struct kist_params *params, const char *text)
{
	struct plugtest_sink sink;
	struct plugtest_call call;

	ck_assert_int_eq(write_table(p, params, &sink, &call), KIST_OK);
	csvtest_expect(&sink, text, strlen(text));
	ck_assert_uint_eq(sink.part_count, 1);
	ck_assert_str_eq(sink.parts[0].name, "rows");
	ck_assert(!sink.in_part);
	ck_assert_int_eq(p->released, 2);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}

static void expect_refused(struct producer *p, kist_status status, const char *code)
{
	struct plugtest_sink sink;
	struct plugtest_call call;

	ck_assert_int_eq(write_table(p, NULL, &sink, &call), status);
	ck_assert_str_eq(call.error.code, code);
	ck_assert_uint_gt(strlen(call.error.text), 5);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}

static const int8_t i8[] = { 9, -128, 127 };
static const uint8_t u8[] = { 9, 0, 255 };
static const int16_t i16[] = { 9, -32768, 32767 };
static const uint16_t u16[] = { 9, 0, 65535 };
static const int32_t i32[] = { 9, INT32_MIN, INT32_MAX };
static const uint32_t u32[] = { 9, 0, UINT32_MAX };
static const int64_t i64[] = { 9, INT64_MIN, INT64_MAX };
static const uint64_t u64[] = { 9, 0, UINT64_MAX };
static const uint16_t f16[] = { 9, 0x2e66, 0xfc00 };
static const uint16_t f16_edges[] = { 9, 0x8001, 0x7bff };
static const float f32[] = { 9, 0.1f, -2.5f };
static const double f64[] = { 9, 0.1, 1e300 };
static const uint8_t bits[] = { 0x04 };
static const int32_t off32[] = { 0, 1, 3, 3 };
static const int64_t off64[] = { 0, 1, 3, 3 };

static const int32_t days[] = { 9, -719162, 2932896 };
static const int64_t day_ms[] = { 9, -86400000, 86399999 };
static const int32_t day_s[] = { 9, 0, 86399 };
static const int64_t day_ns[] = { 9, 1000000500, 86399999999999 };
static const int64_t moments[] = { 9, -500000, 1600000000000000 };
__extension__ static const __int128 fixed[] = { 9, -5, (__int128)INT64_MAX * 100 };

static const struct {
	const char *format;
	int64_t n_buffers;
	const void *values;
	const char *text;
} formats[] = {
	{ "n", 0, NULL, "x,y\n,0\n,0\n" },
	{ "b", 2, bits, "x,y\nfalse,0\ntrue,0\n" },
	{ "c", 2, i8, "x,y\n-128,0\n127,0\n" },
	{ "C", 2, u8, "x,y\n0,0\n255,0\n" },
	{ "s", 2, i16, "x,y\n-32768,0\n32767,0\n" },
	{ "S", 2, u16, "x,y\n0,0\n65535,0\n" },
	{ "i", 2, i32, "x,y\n-2147483648,0\n2147483647,0\n" },
	{ "I", 2, u32, "x,y\n0,0\n4294967295,0\n" },
	{ "l", 2, i64, "x,y\n-9223372036854775808,0\n9223372036854775807,0\n" },
	{ "L", 2, u64, "x,y\n0,0\n18446744073709551615,0\n" },
	{ "e", 2, f16, "x,y\n0.099975586,0\n-inf,0\n" },
	{ "e", 2, f16_edges, "x,y\n-5.9604645e-08,0\n65504.0,0\n" },
	{ "f", 2, f32, "x,y\n0.1,0\n-2.5,0\n" },
	{ "g", 2, f64, "x,y\n0.1,0\n1e+300,0\n" },
	{ "tdD", 2, days, "x,y\n0001-01-01,0\n9999-12-31,0\n" },
	{ "tdm", 2, day_ms, "x,y\n1969-12-31,0\n1970-01-01,0\n" },
	{ "tts", 2, day_s, "x,y\n00:00:00,0\n23:59:59,0\n" },
	{ "ttm", 2, day_s, "x,y\n00:00:00,0\n00:01:26.399,0\n" },
	{ "ttn", 2, day_ns, "x,y\n00:00:01.0000005,0\n23:59:59.999999999,0\n" },
	{ "tsu:", 2, moments, "x,y\n1969-12-31 23:59:59.5,0\n2020-09-13 12:26:40,0\n" },
	{ "tsu:UTC", 2, moments, "x,y\n1969-12-31 23:59:59.5+00:00,0\n2020-09-13 12:26:40+00:00,0\n" },
	{ "tsu:-08:00", 2, moments, "x,y\n1969-12-31 15:59:59.5-08:00,0\n2020-09-13 04:26:40-08:00,0\n" },
	{ "d:38,2", 2, fixed, "x,y\n-0.05,0\n9223372036854775807.00,0\n" },
	{ "d:38,0,128", 2, fixed, "x,y\n-5,0\n922337203685477580700,0\n" },
	{ "u", 3, off32, "x,y\nbc,0\n\"\",0\n" },
	{ "U", 3, off64, "x,y\nbc,0\n\"\",0\n" },
	{ "z", 3, off32, "x,y\nbc,0\n\"\",0\n" },
	{ "Z", 3, off64, "x,y\nbc,0\n\"\",0\n" },
};

/* The batch is a slice, the column a slice, or both are not. */
START_TEST(every_format_is_written_also_from_slices)
{
	static const uint8_t zeros[8] = { 0 };

	for (int sliced = 0; sliced < 2; sliced++) {
		struct producer p;

		producer_init(&p, 2, 2);
		p.array.offset = sliced;
		add_column(&p, 0, "x", formats[_i].format, formats[_i].n_buffers, NULL, formats[_i].values,
			   "abc");
		add_column(&p, 1, "y", "c", 2, NULL, zeros, NULL);
		p.columns[0].offset = 1 - sliced;
		expect_text(&p, NULL, formats[_i].text);
	}
}
END_TEST

START_TEST(nulls_come_from_either_validity)
{
	static const uint8_t valid[] = { 0x05 };
	struct producer p;

	producer_init(&p, 2, 3);
	add_column(&p, 0, "x", "l", 2, valid, i64, NULL);
	add_column(&p, 1, "y", "u", 3, valid, off32, "abc");
	expect_text(&p, NULL, "x,y\n9,a\n,\n9223372036854775807,\"\"\n");
	producer_init(&p, 2, 3);
	p.own_buffers[0] = valid;
	p.array.null_count = 1;
	add_column(&p, 0, "x", "c", 2, NULL, i8, NULL);
	add_column(&p, 1, "y", "u", 3, NULL, off32, "abc");
	expect_text(&p, NULL, "x,y\n9,a\n,\n127,\"\"\n");
	producer_init(&p, 2, 3);
	add_column(&p, 0, "x", "l", 2, valid, i8, NULL);
	add_column(&p, 1, "y", "c", 2, valid, i8, NULL);
	p.fields[0].format = "c";
	p.columns[0].null_count = p.columns[1].null_count = 0;
	expect_text(&p, NULL, "x,y\n9,9\n-128,-128\n127,127\n");
}
END_TEST

START_TEST(the_null_of_one_column_is_quoted)
{
	static const uint8_t valid[] = { 0x05 };
	struct producer p;

	producer_init(&p, 1, 3);
	add_column(&p, 0, "x", "c", 2, valid, i8, NULL);
	expect_text(&p, NULL, "x\n9\n\"\"\n127\n");
}
END_TEST

START_TEST(cells_are_quoted_when_they_must_be)
{
	static const char *const rows[][2] = {
		{ "plain", "plain" },	  { "a b", "a b" },	  { "a,b", "\"a,b\"" },
		{ "a;b", "\"a;b\"" },	  { "a\tb", "\"a\tb\"" }, { "a|b", "\"a|b\"" },
		{ "a\"b", "\"a\"\"b\"" }, { "\"", "\"\"\"\"" },	  { "a\nb", "\"a\nb\"" },
		{ "a\rb", "\"a\rb\"" },	  { "", "\"\"" },	  { "1", "1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int32_t offsets[] = { 0, (int32_t)strlen(rows[i][0]) };
		struct producer p;
		char text[64];

		producer_init(&p, 1, 1);
		add_column(&p, 0, "x", "u", 3, NULL, offsets, rows[i][0]);
		snprintf(text, sizeof(text), "x\n%s\n", rows[i][1]);
		expect_text(&p, NULL, text);
	}
}
END_TEST

START_TEST(names_are_quoted_when_they_look_like_values)
{
	static const char *const rows[][2] = { { "a", "a" },
					       { "1", "\"1\"" },
					       { "true", "\"true\"" },
					       { NULL, "column_1" },
					       { "a,b", "\"a,b\"" },
					       { "", "column_1" },
					       { "2024-01-01", "\"2024-01-01\"" },
					       { "\xef\xbb\xbf"
						 "a",
						 "\"\xef\xbb\xbf"
						 "a\"" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct producer p;
		char text[64];

		producer_init(&p, 1, 1);
		add_column(&p, 0, rows[i][0], "c", 2, NULL, i8, NULL);
		snprintf(text, sizeof(text), "%s\n9\n", rows[i][1]);
		expect_text(&p, NULL, text);
	}
}
END_TEST

START_TEST(parameters_choose_delimiter_and_header)
{
	struct producer p;

	producer_init(&p, 2, 1);
	add_column(&p, 0, "x", "c", 2, NULL, i8, NULL);
	add_column(&p, 1, "y", "u", 3, NULL, (const int32_t[]){ 0, 3 }, "a b");
	expect_text(&p, plugtest_params("delimiter=string: ", "header=bool:0", NULL), "9 \"a b\"\n");
}
END_TEST

START_TEST(what_is_no_time_and_what_has_no_text_is_refused)
{
	static const char *const formats_refused[] = { "tDs", "tiM", "ts",	 "tsu",	   "tsx:", "ttz",  "tts:",
						       "td",  "tdX", "d:38,2,256", "d:38,-2", "d:38", "d:,2", "d:38,39" };
	static const int64_t far_away[] = { 0, INT64_MIN, INT64_MAX };
	static const char *const far_formats[] = { "tdm", "tss:", "tsu:", "tsu:+23:59", "tss:-23:59", "tss:+23:59", "ttu" };
	struct producer p;

	for (size_t i = 0; i < sizeof(formats_refused) / sizeof(formats_refused[0]); i++) {
		producer_init(&p, 1, 3);
		add_column(&p, 0, "x", formats_refused[i], 2, NULL, i64, NULL);
		expect_refused(&p, KIST_UNSUPPORTED, "E_DTYPE");
	}
	for (size_t i = 0; i < sizeof(far_formats) / sizeof(far_formats[0]); i++) {
		producer_init(&p, 1, 3);
		add_column(&p, 0, "x", far_formats[i], 2, NULL, far_away, NULL);
		expect_refused(&p, KIST_UNSUPPORTED, "E_DTYPE");
	}
}
END_TEST

START_TEST(a_table_without_columns_has_no_bytes_and_may_have_no_rows)
{
	struct producer p;

	producer_init(&p, 0, 0);
	expect_text(&p, NULL, "");
	producer_init(&p, 0, 3);
	expect_refused(&p, KIST_UNSUPPORTED, "E_SHAPE");
}
END_TEST

static void spoil_schema(struct producer *p, int how)
{
	switch (how) {
	case 0:
		p->fields[0].format = "tDs";
		break;
	case 1:
		p->fields[0].dictionary = &p->fields[1];
		break;
	case 2:
		p->fields[0].format = "+l";
		break;
	case 3:
		p->schema.format = "l";
		break;
	case 4:
		p->fields[0].format = "";
		break;
	case 5:
		p->schema.n_children = 70000;
		break;
	case 6:
		p->fields[0].release = NULL;
		break;
	case 7:
		p->error = EIO;
		break;
	default:
		p->schema.children = NULL;
		break;
	}
}

static void spoil_batch(struct producer *p, int how)
{
	switch (how) {
	case 0:
		p->array.n_children = 1;
		break;
	case 1:
		p->array.children = NULL;
		break;
	case 2:
		p->array.length = -1;
		break;
	case 3:
		p->array.offset = -1;
		break;
	case 4:
		p->array.offset = INT64_MAX;
		break;
	case 5:
		p->array.length = INT64_MAX;
		break;
	case 6:
		p->array.n_buffers = 2;
		break;
	default:
		p->column_pointers[1] = NULL;
		break;
	}
}

static void spoil_column(struct producer *p, int how)
{
	struct ArrowArray *column = &p->columns[0];

	switch (how) {
	case 0:
		column->length = 2;
		break;
	case 1:
		column->offset = INT64_MAX;
		break;
	case 2:
		column->n_buffers = 1;
		break;
	case 3:
		column->buffers = NULL;
		break;
	case 4:
		column->release = NULL;
		break;
	case 5:
		column->null_count = -2;
		break;
	default:
		column->n_children = 1;
		break;
	}
}

static void spoil_buffers(struct producer *p, int how)
{
	static const int32_t falling[] = { 0, 3, 1, 1 };
	static const int32_t negative[] = { -1, 1, 2, 3 };
	static const int32_t far[] = { 0, 2000001, 2000001, 2000001 };

	switch (how) {
	case 0:
		p->buffers[0][1] = NULL;
		break;
	case 1:
		p->buffers[1][2] = NULL;
		break;
	case 2:
		p->buffers[1][1] = falling;
		break;
	case 3:
		p->buffers[1][1] = negative;
		break;
	default:
		p->buffers[1][1] = far;
		break;
	}
}

static void spoil(struct producer *p, int how)
{
	if (how < 9)
		spoil_schema(p, how);
	else if (how < 17)
		spoil_batch(p, how - 9);
	else if (how < 24)
		spoil_column(p, how - 17);
	else
		spoil_buffers(p, how - 24);
}

#define SPOILS 29

START_TEST(a_hostile_producer_is_refused)
{
	struct producer p;
	kist_status status = KIST_INVALID;
	const char *code = "E_ARROW";

	producer_init(&p, 2, 3);
	add_column(&p, 0, "x", "c", 2, NULL, i8, NULL);
	add_column(&p, 1, "y", "u", 3, NULL, off32, "abc");
	spoil(&p, _i);
	if (_i < 5) {
		status = KIST_UNSUPPORTED;
		code = "E_DTYPE";
	} else if (_i == 5) {
		status = KIST_LIMIT;
		code = "E_OVERFLOW";
	} else if (_i == 7) {
		status = KIST_IO;
	} else if (_i == SPOILS - 1) {
		status = KIST_LIMIT;
		code = "E_LINE_TOO_LONG";
	}
	expect_refused(&p, status, code);
	ck_assert_int_ge(p.released, 1);
}
END_TEST

/* A call that was ended while the producer worked ends as such, whoever noticed first. */
START_TEST(what_ends_the_producer_ends_the_call)
{
	static const struct {
		int error;
		kist_status status;
	} ends[] = {
		{ ECANCELED, KIST_CANCELLED }, { ETIMEDOUT, KIST_DEADLINE }, { ENOMEM, KIST_NO_MEMORY },
		{ EIO, KIST_IO },	       { EILSEQ, KIST_CORRUPT },     { EOVERFLOW, KIST_LIMIT },
		{ EINVAL, KIST_INVALID },      { EPERM, KIST_INVALID },
	};
	struct producer p;

	producer_init(&p, 1, 3);
	add_column(&p, 0, "x", "c", 2, NULL, i8, NULL);
	p.error = ends[_i].error;
	expect_refused(&p, ends[_i].status, "E_ARROW");
}
END_TEST

START_TEST(an_object_of_another_kind_is_refused)
{
	struct kist_object object = { .struct_size = sizeof(object), .kind = KIST_KIND_TENSOR };
	struct plugtest_sink sink;
	struct plugtest_call call;

	plugtest_sink_init(&sink);
	plugtest_call_init(&call);
	ck_assert_int_eq(csvtest_interface()->serialize(NULL, &call.call, &object, NULL, &sink.sink),
			 KIST_UNSUPPORTED);
	ck_assert_str_eq(call.error.code, "E_DTYPE");
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("write");

	tcase_add_loop_test(tcase, every_format_is_written_also_from_slices, 0,
			    (int)(sizeof(formats) / sizeof(formats[0])));
	tcase_add_test(tcase, nulls_come_from_either_validity);
	tcase_add_test(tcase, the_null_of_one_column_is_quoted);
	tcase_add_test(tcase, cells_are_quoted_when_they_must_be);
	tcase_add_test(tcase, names_are_quoted_when_they_look_like_values);
	tcase_add_test(tcase, parameters_choose_delimiter_and_header);
	tcase_add_test(tcase, what_is_no_time_and_what_has_no_text_is_refused);
	tcase_add_test(tcase, a_table_without_columns_has_no_bytes_and_may_have_no_rows);
	tcase_add_loop_test(tcase, a_hostile_producer_is_refused, 0, SPOILS);
	tcase_add_loop_test(tcase, what_ends_the_producer_ends_the_call, 0, 8);
	tcase_add_test(tcase, an_object_of_another_kind_is_refused);
	return suite_run(tcase, "csv_write");
}
