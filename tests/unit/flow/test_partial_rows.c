/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/partial_rows.h"

#include "support/suite.h"

#define SIZE 1000

static struct kist_stretch find(const char *marks, uint64_t start, uint64_t count)
{
	kist_auto_json json_t *value = json_loads(marks, 0, NULL);

	ck_assert_ptr_nonnull(value);
	return kist_stretch_find(value, SIZE, start, count);
}

/* A header of 20 bytes, then a row of 10 bytes each; or, without a header, a first row of 20. */
#define HEADED	 "{\"params\":{},\"rows\":[0,10,20,60],\"offsets\":[20,120,220,620]}"
#define HEADLESS "{\"params\":{},\"rows\":[1,11,21],\"offsets\":[20,120,220]}"

static const struct {
	const char *marks;
	uint64_t start;
	uint64_t count;
	uint64_t from;
	uint64_t to;
	uint64_t skip;
} stretches[] = {
	{ HEADED, 0, 1, 20, 120, 0 },	 { HEADED, 0, 10, 20, 120, 0 },	   { HEADED, 0, 11, 20, 220, 0 },
	{ HEADED, 9, 2, 20, 220, 9 },	 { HEADED, 10, 10, 120, 220, 0 },  { HEADED, 15, 1, 120, 220, 5 },
	{ HEADED, 59, 1, 220, 620, 39 }, { HEADED, 60, 38, 620, SIZE, 0 }, { HEADED, 70, 0, 620, SIZE, 10 },
	{ HEADED, 0, 0, 20, 120, 0 },	 { HEADED, 0, 1000, 20, SIZE, 0 }, { HEADLESS, 0, 1, 20, 120, 0 },
	{ HEADLESS, 1, 1, 20, 120, 1 },	 { HEADLESS, 12, 3, 120, 220, 2 }, { HEADLESS, 30, 1, 220, SIZE, 10 },
};

START_TEST(the_least_stretch_with_the_rows_is_found)
{
	const struct kist_stretch stretch =
		find(stretches[_i].marks, stretches[_i].start, stretches[_i].count);

	ck_assert(stretch.is_marked);
	ck_assert_uint_eq(stretch.head, 20);
	ck_assert_uint_eq(stretch.from, stretches[_i].from);
	ck_assert_uint_eq(stretch.to, stretches[_i].to);
	ck_assert_uint_eq(stretch.skip, stretches[_i].skip);
}
END_TEST

static const char *const lies[] = {
	"{}",
	"{\"params\":{},\"rows\":[],\"offsets\":[]}",
	"{\"rows\":[0,1],\"offsets\":[2,3]}",
	"{\"params\":{},\"rows\":[0,1],\"offsets\":[2]}",
	"{\"params\":{},\"rows\":[0,1],\"offsets\":[3,3]}",
	"{\"params\":{},\"rows\":[1,0],\"offsets\":[2,3]}",
	"{\"params\":{},\"rows\":[0,-1],\"offsets\":[2,3]}",
	"{\"params\":{},\"rows\":[0,\"1\"],\"offsets\":[2,3]}",
	"{\"params\":{},\"rows\":[0,1],\"offsets\":[2,1001]}",
};

START_TEST(marks_that_cannot_be_are_none)
{
	const struct kist_stretch stretch = find(lies[_i], 7, 2);

	ck_assert(!stretch.is_marked);
	ck_assert_uint_eq(stretch.head, 0);
	ck_assert_uint_eq(stretch.from, 0);
	ck_assert_uint_eq(stretch.to, SIZE);
	ck_assert_uint_eq(stretch.skip, 7);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("partial_rows");

	tcase_add_loop_test(tests, the_least_stretch_with_the_rows_is_found, 0,
			    sizeof(stretches) / sizeof(stretches[0]));
	tcase_add_loop_test(tests, marks_that_cannot_be_are_none, 0, sizeof(lies) / sizeof(lies[0]));
	return suite_run(tests, "partial_rows");
}
