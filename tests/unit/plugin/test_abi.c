/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/layout.h"
#include "kist/plugin.h"
#include "support/suite.h"

#define MEMBER(type, member, frozen) { #type "." #member, offsetof(type, member), frozen },
#define SIZE(type, frozen)	     { "sizeof " #type, sizeof(type), frozen },

static const struct {
	const char *what;
	size_t is;
	size_t frozen;
} layout[] = { KIST_LAYOUT(MEMBER, SIZE) };

START_TEST(the_layout_is_that_of_the_first_release)
{
	for (size_t i = 0; i < sizeof(layout) / sizeof(layout[0]); i++)
		ck_assert_msg(layout[i].is == layout[i].frozen, "%s is %zu, was %zu", layout[i].what, layout[i].is,
			      layout[i].frozen);
}
END_TEST

/* The numbers that travel in the structs. */
static const int64_t numbers[][2] = {
	{ KIST_OK, 0 },		{ KIST_INVALID, -1 },	  { KIST_UNSUPPORTED, -2 }, { KIST_CORRUPT, -3 },
	{ KIST_IO, -4 },	{ KIST_NO_MEMORY, -5 },	  { KIST_LIMIT, -6 },	    { KIST_CANCELLED, -7 },
	{ KIST_DEADLINE, -8 },	{ KIST_AMBIGUOUS, -9 },	  { KIST_DENIED, -10 },	    { KIST_INCOMPATIBLE, -11 },
	{ KIST_INTERNAL, -12 }, { KIST_CRASHED, -13 },	  { KIST_NOT_FOUND, -14 },  { KIST_EXISTS, -15 },
	{ KIST_KIND_NULL, 0 },	{ KIST_KIND_BYTES, 1 },	  { KIST_KIND_VALUE, 2 },   { KIST_KIND_TENSOR, 3 },
	{ KIST_KIND_MODEL, 4 }, { KIST_KIND_TABLE, 5 },	  { KIST_KIND_OPAQUE, 6 },  { KIST_REGION_READ_ONLY, 1 },
	{ KIST_REGION_STABLE, 2 }, { KIST_PART_FORTRAN, 1 }, { KIST_PART_BIG_ENDIAN, 2 }, { KIST_PART_STORAGE, 4 }, { KIST_RANK_MAX, 64 },
	{ KIST_LOG_DEBUG, 0 },	{ KIST_LOG_ERROR, 3 },	  { KIST_PARAM_BOOL, 1 },   { KIST_PARAM_INTEGER, 2 },
	{ KIST_PARAM_NUMBER, 3 }, { KIST_PARAM_STRING, 4 }, { KIST_ISSUE_WARNING, 1 }, { KIST_ISSUE_ERROR, 2 },
	{ KIST_CAP_DETERMINISTIC, 1 }, { KIST_CAP_REENTRANT, 2 }, { KIST_CAP_STREAM_WRITE, 4 },
	{ KIST_CAP_STREAM_READ, 8 }, { KIST_CAP_LOSSY, 128 }, { KIST_CAP_NEEDS_THREADS, 1024 },
	{ KIST_ABI_MAJOR, 1 },	{ KIST_ID_SIZE, 96 },	  { kDLCPU, 1 },	    { kDLFloat4_e2m1fn, 17 },
};

START_TEST(the_numbers_are_those_of_the_first_release)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		ck_assert_int_eq(numbers[i][0], numbers[i][1]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("abi");

	tcase_add_test(tcase, the_layout_is_that_of_the_first_release);
	tcase_add_test(tcase, the_numbers_are_those_of_the_first_release);
	return suite_run(tcase, "abi");
}
