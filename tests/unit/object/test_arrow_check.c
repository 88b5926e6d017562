/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "object/check.h"
#include "support/suite.h"
#include "unit/object/produce.h"

/* The status for a column of @format with @children int32 columns under it. */
static kist_status check_format(const char *format, int children)
{
	struct ArrowSchema *const schema = produce_schema(format, "x", NULL);
	kist_status status;

	for (int i = 0; i < children; i++)
		schema->children[schema->n_children++] = produce_schema("i", "y", NULL);
	status = kist_schema_tree_check(schema, NULL);
	produce_free_schema(schema);
	return status;
}

static const struct {
	const char *format;
	int children;
	kist_status status;
} formats[] = {
	{ "n", 0, KIST_OK },	     { "b", 0, KIST_OK },	 { "c", 0, KIST_OK },	    { "C", 0, KIST_OK },
	{ "s", 0, KIST_OK },	     { "S", 0, KIST_OK },	 { "i", 0, KIST_OK },	    { "I", 0, KIST_OK },
	{ "l", 0, KIST_OK },	     { "L", 0, KIST_OK },	 { "e", 0, KIST_OK },	    { "f", 0, KIST_OK },
	{ "g", 0, KIST_OK },	     { "z", 0, KIST_OK },	 { "Z", 0, KIST_OK },	    { "u", 0, KIST_OK },
	{ "U", 0, KIST_OK },	     { "vz", 0, KIST_OK },	 { "vu", 0, KIST_OK },	    { "tdD", 0, KIST_OK },
	{ "tdm", 0, KIST_OK },	     { "tts", 0, KIST_OK },	 { "ttn", 0, KIST_OK },	    { "tDu", 0, KIST_OK },
	{ "tiM", 0, KIST_OK },	     { "tin", 0, KIST_OK },	 { "tss:", 0, KIST_OK },    { "tsu:UTC", 0, KIST_OK },
	{ "d:12,2", 0, KIST_OK },    { "d:12,-2", 0, KIST_OK },	 { "d:9,2,32", 0, KIST_OK }, { "d:76,0,256", 0, KIST_OK },
	{ "w:0", 0, KIST_OK },	     { "w:16", 0, KIST_OK },	 { "+l", 1, KIST_OK },	    { "+L", 1, KIST_OK },
	{ "+vl", 1, KIST_OK },	     { "+vL", 1, KIST_OK },	 { "+w:4", 1, KIST_OK },    { "+s", 0, KIST_OK },
	{ "+s", 5, KIST_OK },	     { "+r", 2, KIST_OK },	 { "+us:0,1", 2, KIST_OK }, { "+ud:5,127", 2, KIST_OK },
	{ "+us:", 0, KIST_OK },
	{ "", 0, KIST_UNSUPPORTED }, { "x", 0, KIST_UNSUPPORTED }, { "ii", 0, KIST_UNSUPPORTED },
	{ "ts:", 0, KIST_UNSUPPORTED }, { "tsx:", 0, KIST_UNSUPPORTED }, { "tsu", 0, KIST_UNSUPPORTED },
	{ "d:", 0, KIST_UNSUPPORTED }, { "d:12", 0, KIST_UNSUPPORTED }, { "d:,2", 0, KIST_UNSUPPORTED },
	{ "d:0,2", 0, KIST_UNSUPPORTED }, { "d:77,2", 0, KIST_UNSUPPORTED }, { "d:9,2,33", 0, KIST_UNSUPPORTED },
	{ "d:9,2,", 0, KIST_UNSUPPORTED }, { "d:9,--2", 0, KIST_UNSUPPORTED },
	{ "w:", 0, KIST_UNSUPPORTED }, { "w:-1", 0, KIST_UNSUPPORTED }, { "w:99999999999", 0, KIST_UNSUPPORTED },
	{ "+w:", 1, KIST_UNSUPPORTED }, { "+ud:128", 1, KIST_UNSUPPORTED }, { "+ud:1,", 1, KIST_UNSUPPORTED },
	{ "+ud:,1", 1, KIST_UNSUPPORTED }, { "+x", 0, KIST_UNSUPPORTED },
	{ "i", 1, KIST_INVALID },    { "u", 1, KIST_INVALID },	 { "+l", 0, KIST_INVALID }, { "+l", 2, KIST_INVALID },
	{ "+w:4", 0, KIST_INVALID }, { "+m", 0, KIST_INVALID },	 { "+m", 1, KIST_INVALID }, { "+r", 1, KIST_INVALID },
	{ "+us:0,1", 1, KIST_INVALID }, { "+ud:0", 2, KIST_INVALID },
};

START_TEST(format_strings_and_their_children_are_checked)
{
	ck_assert_msg(check_format(formats[_i].format, formats[_i].children) == formats[_i].status, "'%s' with %d",
		      formats[_i].format, formats[_i].children);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(the_longest_format_is_read_and_one_byte_more_is_refused)
{
	char format[1024 + 2] = "tsu:";

	memset(format + 4, 'z', sizeof(format) - 4);
	format[1024] = '\0';
	ck_assert_int_eq(check_format(format, 0), KIST_OK);
	format[1024] = 'z';
	format[1025] = '\0';
	ck_assert_int_eq(check_format(format, 0), KIST_INVALID);
}
END_TEST

START_TEST(a_map_has_a_struct_of_key_and_value)
{
	struct ArrowSchema *const entries =
		produce_schema("+s", "entries", produce_schema("u", "key", NULL), produce_schema("i", "value", NULL), NULL);
	struct ArrowSchema *const map = produce_schema("+m", "m", entries, NULL);

	ck_assert_int_eq(kist_schema_tree_check(map, NULL), KIST_OK);
	entries->format = "i";
	ck_assert_int_eq(kist_schema_tree_check(map, NULL), KIST_INVALID);
	produce_free_schema(map);
}
END_TEST

START_TEST(hostile_schemas_are_refused)
{
	struct ArrowSchema *const schema = produce_schema("+s", "t", produce_schema("i", "a", NULL), NULL);
	struct ArrowSchema *const child = schema->children[0];
	struct ArrowSchema **const children = schema->children;
	void (*release)(struct ArrowSchema *) = schema->release;

	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_OK);
	schema->n_children = -1;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	schema->n_children = KIST_ARROW_CHILDREN_MAX + 1;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_LIMIT);
	schema->n_children = 1;
	schema->children = NULL;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	schema->children = children;
	schema->children[0] = NULL;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	/* A schema that is its own child never ends. */
	schema->children[0] = schema;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_LIMIT);
	schema->children[0] = child;
	child->release = NULL;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	child->release = release;
	child->format = NULL;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	child->format = "\xff";
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	child->format = "i";
	child->name = "\xff";
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	child->name = NULL;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_OK);
	produce_free_schema(schema);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(nesting_of_32_is_taken_and_33_is_not)
{
	struct ArrowSchema *schema = produce_schema("i", "leaf", NULL);

	for (int depth = 2; depth <= KIST_ARROW_DEPTH_MAX; depth++)
		schema = produce_schema("+l", "list", schema, NULL);
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_OK);
	schema = produce_schema("+l", "list", schema, NULL);
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_LIMIT);
	produce_free_schema(schema);
}
END_TEST

START_TEST(metadata_with_negative_or_endless_lengths_are_refused)
{
	struct ArrowSchema *const schema = produce_schema("i", "a", NULL);
	struct {
		int32_t pairs;
		int32_t key_len;
		char key[4];
		int32_t value_len;
		char value[4];
	} metadata = { 1, 4, "key1", 4, "val1" };

	schema->metadata = (const char *)&metadata;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_OK);
	metadata.value_len = -1;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	metadata.value_len = INT32_MAX;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	metadata.pairs = -1;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	metadata.pairs = INT32_MAX;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	metadata.pairs = 0;
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_OK);
	produce_free_schema(schema);
}
END_TEST

START_TEST(only_integers_index_a_dictionary)
{
	struct ArrowSchema *const schema = produce_schema("i", "a", NULL);

	schema->dictionary = produce_schema("u", "", NULL);
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_OK);
	schema->format = "f";
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	schema->format = "tdD";
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_INVALID);
	produce_free_schema(schema);
}
END_TEST

/* A checked array of @format; buffers are set by the test. */
struct fixture {
	struct ArrowSchema *schema;
	struct ArrowArray *array;
};

static kist_status check_fixture(const struct fixture *fixture)
{
	return kist_array_check(fixture->schema, fixture->array, NULL);
}

static void fixture_done(struct fixture *fixture)
{
	produce_free_array(fixture->array);
	produce_free_schema(fixture->schema);
}

#define FIXTURE(format, length, buffers)                                     \
	__attribute__((cleanup(fixture_done))) struct fixture fixture = {     \
		produce_schema(format, "x", NULL),                           \
		produce_array(length, buffers, 0),                           \
	};                                                                   \
	struct ArrowArray *const array = fixture.array

START_TEST(lengths_and_counts_out_of_range_are_refused)
{
	static const int32_t values[4] = { 1, 2, 3, 4 };
	static const uint8_t bitmap[1] = { 0x0b }; /* 1 1 0 1 */
	FIXTURE("i", 4, 2);
	void (*release)(struct ArrowArray *) = array->release;
	const void **const buffers = array->buffers;

	array->buffers[1] = values;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	array->length = -1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->length = INT64_MAX;
	ck_assert_int_eq(check_fixture(&fixture), KIST_LIMIT);
	array->length = INT64_MAX / 16;
	ck_assert_int_eq(check_fixture(&fixture), KIST_LIMIT);
	array->length = 4;
	array->offset = -1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->offset = INT64_MAX - 3;
	ck_assert_int_eq(check_fixture(&fixture), KIST_LIMIT);
	array->offset = 0;
	array->null_count = 5;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->null_count = -2;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->null_count = 1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->buffers[0] = bitmap;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	array->null_count = 2;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->null_count = -1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	array->n_buffers = 1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->n_buffers = 3;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->n_buffers = 2;
	array->n_children = 1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->n_children = 0;
	array->buffers = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->buffers = buffers;
	array->buffers[1] = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->length = 0;
	array->null_count = 0;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	array->release = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->release = release;
	array->dictionary = array;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->dictionary = NULL;
}
END_TEST

START_TEST(null_counts_are_those_of_the_slice)
{
	static const int32_t values[8] = { 0 };
	static const uint8_t bitmap[1] = { 0xf0 };
	FIXTURE("i", 3, 2);

	array->buffers[0] = bitmap;
	array->buffers[1] = values;
	array->offset = 4;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	array->offset = 3;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->null_count = 1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
}
END_TEST

START_TEST(offsets_must_rise_from_zero_up)
{
	static int32_t offsets[5];
	static const int32_t good[5] = { 0, 1, 1, 3, 5 };
	FIXTURE("u", 4, 3);

	memcpy(offsets, good, sizeof(good));
	array->buffers[1] = offsets;
	array->buffers[2] = "abcde";
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	offsets[2] = 0;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	/* The descent lies before the slice. */
	array->offset = 2;
	array->length = 2;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	array->offset = 0;
	array->length = 4;
	memcpy(offsets, good, sizeof(good));
	offsets[0] = -1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	offsets[0] = 0;
	array->buffers[2] = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	memset(offsets, 0, sizeof(offsets));
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	array->buffers[1] = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->length = 0;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
}
END_TEST

START_TEST(large_offsets_are_read_as_64_bits_also_unaligned)
{
	static uint8_t memory[3 * sizeof(int64_t) + 1];
	const int64_t good[3] = { 0, 2, 4 };
	const int64_t descending[3] = { 0, (int64_t)1 << 32, 4 };
	FIXTURE("U", 2, 3);

	memcpy(memory + 1, good, sizeof(good));
	array->buffers[1] = memory + 1;
	array->buffers[2] = "abcd";
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	memcpy(memory + 1, descending, sizeof(descending));
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
}
END_TEST

START_TEST(views_must_lie_in_their_buffers)
{
	struct {
		int32_t size;
		char prefix[4];
		int32_t buffer;
		int32_t offset;
	} view = { 20, "abcd", 0, 10 };
	int64_t sizes[1] = { 30 };
	FIXTURE("vu", 1, 4);

	array->buffers[1] = &view;
	array->buffers[2] = "abcdefghijklmnopqrstuvwxyzabcd";
	array->buffers[3] = sizes;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	view.offset = 11;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	view.offset = -1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	view.offset = 0;
	view.buffer = 1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	view.buffer = -1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	/* Twelve bytes and fewer stand in the view itself. */
	view.size = 12;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	view.size = -1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->buffers[3] = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->buffers[3] = sizes;
	array->n_buffers = 2;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	array->n_buffers = 4;
	array->buffers[1] = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
}
END_TEST

/* An array of @format over @children int32 columns of 4. */
static void nested(struct fixture *fixture, const char *format, int64_t length, int64_t buffers, int64_t children)
{
	static const int32_t values[4] = { 2, 4, 6, 8 };

	fixture->schema = produce_schema(format, "x", NULL);
	fixture->array = produce_array(length, buffers, children);
	for (int64_t i = 0; i < children; i++) {
		fixture->schema->children[fixture->schema->n_children++] = produce_schema("i", "y", NULL);
		fixture->array->children[i] = produce_column(4, values);
	}
}

START_TEST(lists_must_lie_in_their_child)
{
	__attribute__((cleanup(fixture_done))) struct fixture fixture;
	int32_t offsets[3] = { 0, 2, 4 };

	nested(&fixture, "+l", 2, 2, 1);
	fixture.array->buffers[1] = offsets;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	offsets[2] = 5;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	offsets[2] = 1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	offsets[2] = 4;
	fixture.array->children[0]->n_buffers = 1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
}
END_TEST

START_TEST(list_views_must_lie_in_their_child)
{
	__attribute__((cleanup(fixture_done))) struct fixture fixture;
	int32_t offsets[2] = { 3, 0 };
	int32_t sizes[2] = { 1, 4 };

	nested(&fixture, "+vl", 2, 3, 1);
	fixture.array->buffers[1] = offsets;
	fixture.array->buffers[2] = sizes;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	sizes[0] = 2;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	sizes[0] = -1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	sizes[0] = 1;
	offsets[0] = -1;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	fixture.array->buffers[2] = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
}
END_TEST

START_TEST(children_must_be_long_enough)
{
	__attribute__((cleanup(fixture_done))) struct fixture list;
	__attribute__((cleanup(fixture_done))) struct fixture record;

	nested(&list, "+w:2", 2, 1, 1);
	ck_assert_int_eq(check_fixture(&list), KIST_OK);
	list.array->offset = 1;
	ck_assert_int_eq(check_fixture(&list), KIST_INVALID);
	list.array->length = INT64_MAX / 16;
	ck_assert_int_eq(check_fixture(&list), KIST_INVALID);
	nested(&record, "+s", 3, 1, 2);
	record.array->offset = 1;
	ck_assert_int_eq(check_fixture(&record), KIST_OK);
	record.array->length = 4;
	ck_assert_int_eq(check_fixture(&record), KIST_INVALID);
	record.array->length = 3;
	record.array->n_children = 1;
	ck_assert_int_eq(check_fixture(&record), KIST_INVALID);
	record.array->n_children = 3;
	ck_assert_int_eq(check_fixture(&record), KIST_INVALID);
	record.array->n_children = 2;
}
END_TEST

START_TEST(a_missing_child_is_refused)
{
	__attribute__((cleanup(fixture_done))) struct fixture fixture;
	struct ArrowArray **children;
	struct ArrowArray *child;

	nested(&fixture, "+s", 3, 1, 2);
	children = fixture.array->children;
	child = children[1];
	children[1] = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	children[1] = child;
	fixture.array->children = NULL;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	fixture.array->children = children;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
}
END_TEST

START_TEST(unions_must_name_a_member_and_a_value_in_it)
{
	__attribute__((cleanup(fixture_done))) struct fixture dense;
	__attribute__((cleanup(fixture_done))) struct fixture sparse;
	int8_t ids[3] = { 5, 9, 5 };
	int32_t offsets[3] = { 0, 3, 1 };

	nested(&dense, "+ud:5,9", 3, 2, 2);
	dense.array->buffers[0] = ids;
	dense.array->buffers[1] = offsets;
	ck_assert_int_eq(check_fixture(&dense), KIST_OK);
	offsets[1] = 4;
	ck_assert_int_eq(check_fixture(&dense), KIST_INVALID);
	offsets[1] = -1;
	ck_assert_int_eq(check_fixture(&dense), KIST_INVALID);
	offsets[1] = 0;
	ids[1] = 0;
	ck_assert_int_eq(check_fixture(&dense), KIST_INVALID);
	ids[1] = -5;
	ck_assert_int_eq(check_fixture(&dense), KIST_INVALID);
	ids[1] = 9;
	dense.array->buffers[1] = NULL;
	ck_assert_int_eq(check_fixture(&dense), KIST_INVALID);
	nested(&sparse, "+us:5,9", 3, 1, 2);
	sparse.array->buffers[0] = ids;
	ck_assert_int_eq(check_fixture(&sparse), KIST_OK);
	sparse.array->offset = 2;
	ck_assert_int_eq(check_fixture(&sparse), KIST_INVALID);
}
END_TEST

START_TEST(run_ends_must_rise_and_reach_the_end)
{
	__attribute__((cleanup(fixture_done))) struct fixture fixture;
	int32_t ends[4] = { 1, 3, 7, 8 };

	nested(&fixture, "+r", 8, 0, 2);
	fixture.array->children[0]->buffers[1] = ends;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
	fixture.array->length = 9;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	fixture.array->length = 8;
	ends[2] = 3;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	ends[2] = 7;
	ends[0] = 0;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
	ends[0] = 1;
	fixture.array->children[1]->length = 3;
	ck_assert_int_eq(check_fixture(&fixture), KIST_INVALID);
}
END_TEST

static const struct {
	const char *format;
	int8_t index;
	bool fits;
} indices[] = {
	{ "c", 0, true },  { "c", 2, true },  { "c", 3, false }, { "c", -1, false },
	{ "C", 2, true },  { "C", 3, false }, { "C", -1, false },
};

START_TEST(indices_must_lie_in_the_dictionary)
{
	static const int32_t values[3] = { 7, 8, 9 };
	static const uint8_t bitmap[1] = { 0 };
	FIXTURE(indices[_i].format, 1, 2);

	fixture.schema->dictionary = produce_schema("i", "", NULL);
	array->dictionary = produce_column(3, values);
	array->buffers[1] = &indices[_i].index;
	ck_assert_int_eq(check_fixture(&fixture), indices[_i].fits ? KIST_OK : KIST_INVALID);
	/* What a null holds is not looked at. */
	array->null_count = 1;
	array->buffers[0] = bitmap;
	ck_assert_int_eq(check_fixture(&fixture), KIST_OK);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("arrow_check");

	tcase_add_loop_test(tcase, format_strings_and_their_children_are_checked, 0,
			    (int)(sizeof(formats) / sizeof(formats[0])));
	tcase_add_test(tcase, the_longest_format_is_read_and_one_byte_more_is_refused);
	tcase_add_test(tcase, a_map_has_a_struct_of_key_and_value);
	tcase_add_test(tcase, hostile_schemas_are_refused);
	tcase_add_test(tcase, nesting_of_32_is_taken_and_33_is_not);
	tcase_add_test(tcase, metadata_with_negative_or_endless_lengths_are_refused);
	tcase_add_test(tcase, only_integers_index_a_dictionary);
	tcase_add_test(tcase, lengths_and_counts_out_of_range_are_refused);
	tcase_add_test(tcase, null_counts_are_those_of_the_slice);
	tcase_add_test(tcase, offsets_must_rise_from_zero_up);
	tcase_add_test(tcase, large_offsets_are_read_as_64_bits_also_unaligned);
	tcase_add_test(tcase, views_must_lie_in_their_buffers);
	tcase_add_test(tcase, lists_must_lie_in_their_child);
	tcase_add_test(tcase, list_views_must_lie_in_their_child);
	tcase_add_test(tcase, children_must_be_long_enough);
	tcase_add_test(tcase, a_missing_child_is_refused);
	tcase_add_test(tcase, unions_must_name_a_member_and_a_value_in_it);
	tcase_add_test(tcase, run_ends_must_rise_and_reach_the_end);
	tcase_add_loop_test(tcase, indices_must_lie_in_the_dictionary, 0,
			    (int)(sizeof(indices) / sizeof(indices[0])));
	return suite_run(tcase, "arrow_check");
}
