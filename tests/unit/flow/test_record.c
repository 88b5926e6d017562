/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/record.h"

#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

static struct kist_content content_of(enum kist_content_form form, uint64_t size)
{
	struct kist_content content = { .form = form, .size = size };

	memset(content.bytes, 0xa5, sizeof(content.bytes));
	content.sha256 = kist_digest_of(kist_view_of("whole", 5));
	content.chunk = content.sha256;
	return content;
}

/* The record as it is made step by step, where more is said of the bytes. */
static void make(const struct kist_content *content, struct kist_buf *ret)
{
	kist_auto_json json_t *record = json_object();

	ck_assert_int_eq(kist_record_set_content(record, content, &content->sha256, NULL), KIST_OK);
	ck_assert_int_eq(kist_record_set_text(record, "kind", "bytes", NULL), KIST_OK);
	ck_assert_int_eq(kist_record_set_text(record, "encoding", KIST_BYTES_ENCODING, NULL), KIST_OK);
	ck_assert_int_eq(kist_json_canonical(record, ret, NULL), KIST_OK);
}

START_TEST(the_short_way_makes_the_same_record)
{
	static const struct {
		enum kist_content_form form;
		uint64_t size;
	} cases[] = { { KIST_CONTENT_INLINE, 0 },
		      { KIST_CONTENT_INLINE, 1 },
		      { KIST_CONTENT_INLINE, KIST_INLINE_SIZE_MAX },
		      { KIST_CONTENT_CHUNK, KIST_INLINE_SIZE_MAX + 1 },
		      { KIST_CONTENT_CHUNK, 131072 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kist_auto_buf struct kist_buf expected = KIST_BUF_INIT(4096);
		kist_auto_buf struct kist_buf text = KIST_BUF_INIT(4096);
		const struct kist_content content = content_of(cases[i].form, cases[i].size);
		kist_auto_json json_t *record = NULL;
		struct kist_content back;

		make(&content, &expected);
		ck_assert_int_eq(kist_record_plain(&content, &text, NULL), KIST_OK);
		ck_assert_uint_eq(text.size, expected.size);
		ck_assert_mem_eq(text.data, expected.data, text.size);
		ck_assert_int_eq(kist_json_parse(kist_buf_view(&text), &record, NULL), KIST_OK);
		ck_assert_int_eq(kist_record_get_content(record, &back, NULL), KIST_OK);
		ck_assert_int_eq(back.form, content.form);
		ck_assert_uint_eq(back.size, content.size);
		/* And it is read without building anything. */
		memset(&back, 0, sizeof(back));
		ck_assert(kist_record_text_content(kist_buf_view(&text), &back));
		ck_assert_int_eq(back.form, content.form);
		ck_assert_uint_eq(back.size, content.size);
		ck_assert(kist_digest_equal(&back.sha256, &content.sha256));
		if (content.form == KIST_CONTENT_CHUNK)
			ck_assert(kist_digest_equal(&back.chunk, &content.chunk));
		else
			ck_assert_mem_eq(back.bytes, content.bytes, content.size);
	}
}
END_TEST

#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Whoever reads all of them says what is wrong with one. */
START_TEST(the_short_way_reads_no_record_that_is_out_of_the_ordinary)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{\"chunk\":\"" SUM "\",\"record\":1,\"sha256\":\"" SUM "\"}",
		"{\"chunk\":\"" SUM "\",\"record\":2,\"sha256\":\"" SUM "\",\"size\":1}",
		"{\"chunk\":\"" SUM "\",\"record\":1,\"sha256\":\"" SUM "\",\"size\":-1}",
		"{\"chunk\":\"" SUM "\",\"record\":1,\"sha256\":\"0\",\"size\":1}",
		"{\"chunk\":\"xy\",\"record\":1,\"sha256\":\"" SUM "\",\"size\":1}",
		"{\"chunk\":1,\"record\":1,\"sha256\":\"" SUM "\",\"size\":1}",
		"{\"inline\":1,\"record\":1,\"sha256\":\"" SUM "\",\"size\":1}",
		"{\"recipe\":\"" SUM "\",\"record\":1,\"sha256\":\"" SUM "\",\"size\":1}",
		"{\"inline\":\"00\",\"record\":1,\"sha256\":\"" SUM "\",\"size\":2}",
		"{\"inline\":\"00\",\"record\":1,\"sha256\":\"" SUM "\",\"size\":257}",
		"{\"record\":1,\"chunk\":\"" SUM "\",\"sha256\":\"" SUM "\",\"size\":1}",
		"{\"chunk\":\"" SUM "\",\"record\":1,\"sha256\":\"" SUM "\",\"size\":1} ",
	};
	const char *const good = "{\"chunk\":\"" SUM "\",\"record\":1,\"sha256\":\"" SUM "\",\"size\":1}";
	struct kist_content content;

	ck_assert(kist_record_text_content(kist_view_of(good, strlen(good)), &content));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!kist_record_text_content(kist_view_of(texts[i], strlen(texts[i])), &content),
			      "%s", texts[i]);
}
END_TEST

START_TEST(the_one_chunk_is_named_where_its_id_is_not_the_digest)
{
	const struct kist_content content = content_of(KIST_CONTENT_CHUNK, 300);
	const struct kist_digest other = kist_digest_of(kist_view_of("tree", 4));
	kist_auto_json json_t *record = json_object();
	struct kist_content back;

	ck_assert_int_eq(kist_record_set_content(record, &content, &content.sha256, NULL), KIST_OK);
	ck_assert_ptr_null(json_object_get(record, "chunk"));
	ck_assert_int_eq(kist_record_get_content(record, &back, NULL), KIST_OK);
	ck_assert_int_eq(back.form, KIST_CONTENT_CHUNK);
	ck_assert(kist_digest_equal(&back.chunk, &content.chunk));

	ck_assert_int_eq(kist_record_set_content(record, &content, &other, NULL), KIST_OK);
	ck_assert_int_eq(kist_record_get_content(record, &back, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&back.chunk, &content.chunk));
	ck_assert(kist_digest_equal(&back.sha256, &other));

	/* What stands there and is nothing of the kind is not passed over. */
	for (size_t i = 0; i < 3; i++) {
		static const char *const keys[] = { "chunk", "recipe", "inline" };

		ck_assert_int_eq(json_object_set_new(record, keys[i], json_integer(1)), 0);
		ck_assert_int_eq(kist_record_get_content(record, &back, NULL), KIST_CORRUPT);
	}
}
END_TEST

/* The record made as a value, member by member. */
static void make_typed(const struct kist_content *content, const struct kist_said *said, struct kist_buf *ret)
{
	kist_auto_json json_t *record = json_object();
	json_t *value = NULL;

	ck_assert_int_eq(kist_json_parse(said->type, &value, NULL), KIST_OK);
	ck_assert_int_eq(json_object_update(record, value), 0);
	json_decref(value);
	ck_assert_int_eq(kist_record_set_content(record, content, &content->sha256, NULL), KIST_OK);
	if (said->info.size > 0) {
		ck_assert_int_eq(kist_json_parse(said->info, &value, NULL), KIST_OK);
		ck_assert_int_eq(kist_record_set_take(record, "info", value, NULL), KIST_OK);
	}
	if (said->has_chunk)
		ck_assert_int_eq(kist_record_set_digest(record, "info_chunk", &said->chunk, NULL), KIST_OK);
	if (said->has_chunk || said->info.size > 0)
		ck_assert_int_eq(kist_record_set_text(record, "summary", said->summary, NULL), KIST_OK);
	ck_assert_int_eq(kist_json_canonical(record, ret, NULL), KIST_OK);
}

START_TEST(what_a_plugin_said_stands_where_its_key_belongs)
{
	static const char type[] =
		"{\"encoding\":\"x \\\"y\\\"@1.0\",\"kind\":\"tensor\",\"plugin\":{\"id\":\"a.b\","
		"\"sha256\":\"" SUM "\",\"version\":\"1.0\"}}";
	static const char info[] = "{\"dtype\":\"float32\",\"shape\":[3]}";
	static const struct kist_said cases[] = {
		{ .summary = "" },
		{ .info = { (const uint8_t *)info, sizeof(info) - 1 }, .summary = "" },
		{ .info = { (const uint8_t *)info, sizeof(info) - 1 }, .summary = "float32 [3]" },
		{ .has_chunk = true, .summary = "a \"b\" \\n \xc3\xa4" },
	};
	const struct kist_content contents[] = { content_of(KIST_CONTENT_INLINE, 3),
						 content_of(KIST_CONTENT_CHUNK, 4096) };

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		kist_auto_buf struct kist_buf expected = KIST_BUF_INIT(4096);
		kist_auto_buf struct kist_buf text = KIST_BUF_INIT(4096);
		struct kist_said said = cases[i / 2];

		said.type = kist_view_of(type, sizeof(type) - 1);
		make_typed(&contents[i % 2], &said, &expected);
		ck_assert_int_eq(kist_buf_append(&text, "before", 6, NULL), KIST_OK);
		ck_assert_int_eq(kist_record_typed(&contents[i % 2], &said, &text, NULL), KIST_OK);
		ck_assert_uint_eq(text.size, 6 + expected.size);
		ck_assert_mem_eq(text.data + 6, expected.data, expected.size);
	}
}
END_TEST

static const struct {
	const char *info;
	const char *summary;
} summaries[] = {
	{ "{\"dtype\":\"float32\",\"shape\":[1000,3]}", "float32 [1000, 3]" },
	{ "{\"dtype\":\"int8\",\"shape\":[]}", "int8 []" },
	{ "{\"columns\":[1,2,[3,4]],\"rows\":10000}", "10 000 rows, 3 columns" },
	{ "{\"columns\":[1],\"columns_total\":5000,\"rows\":1}", "1 row, 5 000 columns" },
	{ "{\"parameters\":1200000,\"tensors\":12}", "12 tensors, 1 200 000 parameters" },
	{ "{\"rows\":-4,\"tensors\":\"many\"}", "" },
	{ "{\"dtype\":3,\"shape\":[1]}", "" },
	{ "{}", "" },
	{ "", "" },
	{ "{\"dtype\":\"\xc2\x9b\",\"shape\":[1]}", "\\xc2\\x9b [1]" },
};

START_TEST(a_summary_is_one_line)
{
	char got[64];

	kist_record_summary(kist_view_of(summaries[_i].info, strlen(summaries[_i].info)), got, sizeof(got));
	ck_assert_str_eq(got, summaries[_i].summary);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("record");

	tcase_add_test(tcase, the_short_way_makes_the_same_record);
	tcase_add_test(tcase, the_short_way_reads_no_record_that_is_out_of_the_ordinary);
	tcase_add_test(tcase, the_one_chunk_is_named_where_its_id_is_not_the_digest);
	tcase_add_test(tcase, what_a_plugin_said_stands_where_its_key_belongs);
	tcase_add_loop_test(tcase, a_summary_is_one_line, 0, sizeof(summaries) / sizeof(summaries[0]));
	return suite_run(tcase, "record");
}
