/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/logical.h"

#include "support/suite.h"

static struct kist_schema *schema_of(const char *text)
{
	kist_auto_json json_t *value = json_loads(text, 0, NULL);
	struct kist_schema *schema = NULL;

	ck_assert_ptr_nonnull(value);
	ck_assert_int_eq(kist_schema_parse(value, &schema, NULL), KIST_OK);
	return schema;
}

static const DLDataType brain = { kDLBfloat, 16, 1 };
static const DLDataType small = { kDLFloat8_e5m2, 8, 1 };
static const DLDataType plain = { kDLFloat, 32, 1 };
static const DLDataType pairs = { kDLBfloat, 16, 2 };
static const DLDataType wrong = { 255, 255, 65535 };

#define DECLARED                                                                                             \
	"{\"max\": {\"type\": \"integer\"}, \"logical_dtype\": {\"type\": \"string\", \"enum\": [\"\", "     \
	"\"bfloat16\", \"float8_e5m2\"]}}"

static const struct {
	const char *schema;
	DLDataType parts[3];
	size_t count;
	const char *wanted; /* NULL: nothing is said */
} rows[] = {
	{ DECLARED, { brain }, 1, "bfloat16" },
	{ DECLARED, { brain, plain, brain }, 3, "bfloat16" },
	{ DECLARED, { plain, small }, 2, "float8_e5m2" },
	{ DECLARED, { brain, small, brain }, 3, NULL },
	{ DECLARED, { plain, wrong, pairs }, 3, NULL },
	{ DECLARED, { plain }, 0, NULL },
	{ "{}", { brain }, 1, NULL },
	{ "{\"logical_dtype\": {\"type\": \"string\"}}", { brain }, 1, NULL },
	{ "{\"logical_dtype\": {\"type\": \"integer\", \"enum\": [1, 2]}}", { brain }, 1, NULL },
};

START_TEST(a_type_that_the_reader_has_to_be_told_is_named_when_it_is_one)
{
	struct kist_schema *schema = schema_of(rows[_i].schema);
	kist_auto_json json_t *params = NULL;
	struct kist_logical logical;

	kist_logical_init(&logical, schema);
	for (size_t i = 0; i < rows[_i].count; i++) {
		const struct kist_part part = { .struct_size = sizeof(part), .dtype = rows[_i].parts[i] };

		kist_logical_add(&logical, &part);
	}
	ck_assert_int_eq(kist_logical_params(&logical, &params, NULL), KIST_OK);
	if (rows[_i].wanted)
		ck_assert_str_eq(kist_json_get_text(params, "logical_dtype"), rows[_i].wanted);
	else
		ck_assert_ptr_null(params);
	kist_schema_free(schema);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("logical");

	tcase_add_loop_test(tests, a_type_that_the_reader_has_to_be_told_is_named_when_it_is_one, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	return suite_run(tests, "logical");
}
