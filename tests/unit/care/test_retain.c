/* SPDX-License-Identifier: Apache-2.0 */
#include "care/retain.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "flow/record.h"
#include "flow/save_private.h"
#include "support/suite.h"

static struct kist_flow *flow;
static unsigned made;

static void setup(void)
{
	struct kist_flow_options options = { .temp_dir = "/tmp" };
	char uri[64];

	snprintf(uri, sizeof(uri), "memory:retain-%u", made++);
	ck_assert_int_eq(kist_store_create(uri, NULL), KIST_OK);
	options.store_uri = uri;
	ck_assert_int_eq(kist_flow_open(&options, &flow, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_flow_close(flow);
}

/* One commit that gives all @count names a value of their own. */
static void set(const char *const *names, size_t count, const char *event)
{
	kist_auto_save struct kist_save *save = NULL;

	ck_assert_int_eq(kist_save_open(flow, &save, NULL), KIST_OK);
	for (size_t i = 0; i < count; i++) {
		const struct kist_content content = { .form = KIST_CONTENT_INLINE };
		kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
		kist_auto_json json_t *record =
			json_pack("{s:s,s:s,s:s}", "kind", "bytes", "encoding", "e", "description", names[i]);

		ck_assert_int_eq(kist_record_set_content(record, &content, &content.sha256, NULL), KIST_OK);
		ck_assert_int_eq(kist_save_record(save, record, &saved, NULL), KIST_OK);
		ck_assert_int_eq(
			kist_save_ref(save, names[i], strlen(names[i]), &saved.artifact, "put", NULL),
			KIST_OK);
		/* The last change counts. */
		if (strcmp(event, "tag") == 0)
			ck_assert_int_eq(
				kist_save_ref(save, names[i], strlen(names[i]), &saved.artifact, event, NULL),
				KIST_OK);
		save->leans.size = 0;
	}
	ck_assert_int_eq(kist_save_commit(save, NULL), KIST_OK);
}

static void set_one(const char *name, const char *event)
{
	set(&name, 1, event);
}

/* What the rule drops, as "a b c". */
static void expect_plan(const struct kist_retain_rule *rule, const char *wanted, uint64_t kept)
{
	kist_auto_retained struct kist_retained plan = KIST_RETAINED_INIT;
	const struct kist_retain_name *names;
	char said[256] = "";

	ck_assert_int_eq(kist_retain_plan(flow, rule, &plan, NULL), KIST_OK);
	names = (const void *)plan.dropped.data;
	for (size_t i = 0; i < plan.dropped.size / sizeof(*names); i++)
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s", i ? " " : "",
			 (const char *)plan.texts.data + names[i].at);
	ck_assert_str_eq(said, wanted);
	ck_assert_uint_eq(plan.kept, kept);
}

START_TEST(the_newest_by_the_order_of_the_log_stay)
{
	static const char *const two[] = { "r/10", "r/09" };

	set_one("r/1", "put");
	set_one("r/2", "put");
	set(two, 2, "put");
	set_one("r/1", "put");
	set_one("s", "put");
	set_one("r/x/1", "put");
	expect_plan(&(struct kist_retain_rule){ .pattern = "r/*", .keep_last = 1 }, "r/10 r/09 r/2", 1);
	expect_plan(&(struct kist_retain_rule){ .pattern = "r/*", .keep_last = 3 }, "r/2", 3);
	expect_plan(&(struct kist_retain_rule){ .pattern = "r/*", .keep_last = 4 }, "", 4);
	expect_plan(&(struct kist_retain_rule){ .pattern = "r/[0-9]", .keep_last = 1 }, "r/2", 1);
	expect_plan(&(struct kist_retain_rule){ .pattern = "*", .keep_last = 1 }, "", 1);
	expect_plan(&(struct kist_retain_rule){ .pattern = "r/2", .keep_last = 1 }, "", 1);
	expect_plan(&(struct kist_retain_rule){ .pattern = "q*", .keep_last = 1 }, "", 0);
}
END_TEST

START_TEST(what_was_tagged_stays_and_does_not_count)
{
	set_one("r/1", "put");
	set_one("r/2", "tag");
	set_one("r/3", "put");
	set_one("r/4", "tag");
	expect_plan(&(struct kist_retain_rule){ .pattern = "r/*", .keep_last = 1 }, "r/1", 3);
	/* Until it is put again. */
	set_one("r/2", "put");
	expect_plan(&(struct kist_retain_rule){ .pattern = "r/*", .keep_last = 1 }, "r/3 r/1", 2);
}
END_TEST

START_TEST(only_what_is_old_goes)
{
	set_one("r/1", "put");
	set_one("r/2", "put");
	expect_plan(&(struct kist_retain_rule){ .pattern = "r/*",
						.keep_last = 1,
						.before = "2001-01-01T00:00:00Z" },
		    "", 2);
	expect_plan(&(struct kist_retain_rule){ .pattern = "r/*",
						.keep_last = 1,
						.before = "9001-01-01T00:00:00Z" },
		    "r/1", 1);
}
END_TEST

START_TEST(what_is_put_again_meanwhile_stays)
{
	const struct kist_retain_rule rule = { .pattern = "r/*", .keep_last = 1 };
	kist_auto_retained struct kist_retained plan = KIST_RETAINED_INIT;
	struct kist_digest artifact;
	uint64_t dropped;

	set_one("r/1", "put");
	set_one("r/2", "put");
	set_one("r/3", "put");
	ck_assert_int_eq(kist_retain_plan(flow, &rule, &plan, NULL), KIST_OK);
	/* The same bytes under the same name: it was meant all the same. */
	set_one("r/2", "put");
	ck_assert_int_eq(kist_retain_drop(flow, &plan, &dropped, NULL), KIST_OK);
	ck_assert_uint_eq(dropped, 1);
	ck_assert_uint_eq(plan.dropped.size, sizeof(struct kist_retain_name));
	ck_assert_int_eq(kist_registry_find_ref(flow->registry, "r/1", 3, &artifact, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_registry_find_ref(flow->registry, "r/2", 3, &artifact, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_find_ref(flow->registry, "r/3", 3, &artifact, NULL), KIST_OK);
	/* Nothing is left of the plan to be done. */
	ck_assert_int_eq(kist_retain_drop(flow, &plan, &dropped, NULL), KIST_OK);
	ck_assert_uint_eq(dropped, 0);
}
END_TEST

START_TEST(a_commit_is_made_under_its_number_or_not_at_all)
{
	kist_auto_save struct kist_save *save = NULL;
	struct kist_digest digest;
	uint64_t head;

	set_one("r/1", "put");
	kist_registry_head(flow->registry, &head, &digest);
	ck_assert_int_eq(kist_save_open(flow, &save, NULL), KIST_OK);
	ck_assert_int_eq(kist_save_ref(save, "r/1", 3, NULL, "rm", NULL), KIST_OK);
	set_one("r/2", "put");
	ck_assert_int_eq(kist_save_commit_at(save, head + 1, NULL), KIST_EXISTS);
	ck_assert_int_eq(kist_registry_find_ref(flow->registry, "r/1", 3, &digest, NULL), KIST_OK);
}
END_TEST

START_TEST(more_than_one_commit_drops_go_all_the_same)
{
	static char texts[KIST_RETAIN_COMMIT_MAX + 2][16];
	static const char *names[KIST_RETAIN_COMMIT_MAX + 2];
	const struct kist_retain_rule rule = { .pattern = "r/*", .keep_last = 1 };
	kist_auto_retained struct kist_retained plan = KIST_RETAINED_INIT;
	struct kist_registry_stats stats;
	uint64_t dropped;

	for (size_t i = 0; i < KIST_RETAIN_COMMIT_MAX + 2; i++) {
		snprintf(texts[i], sizeof(texts[i]), "r/%05zu", i);
		names[i] = texts[i];
	}
	set(names, KIST_RETAIN_COMMIT_MAX + 2, "put");
	ck_assert_int_eq(kist_retain_plan(flow, &rule, &plan, NULL), KIST_OK);
	ck_assert_int_eq(kist_retain_drop(flow, &plan, &dropped, NULL), KIST_OK);
	ck_assert_uint_eq(dropped, KIST_RETAIN_COMMIT_MAX + 1);
	ck_assert_int_eq(kist_registry_get_stats(flow->registry, &stats, NULL), KIST_OK);
	ck_assert_uint_eq(stats.refs, 1);
	ck_assert_uint_eq(stats.commits, 3);
}
END_TEST

START_TEST(no_failed_allocation_is_a_false_success)
{
	const struct kist_retain_rule rule = { .pattern = "r/*", .keep_last = 1 };
	kist_status status = KIST_NO_MEMORY;

	set_one("r/1", "put");
	set_one("r/2", "put");
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_retained struct kist_retained plan = KIST_RETAINED_INIT;
		uint64_t dropped = 0;

		kist_mem_fail_at(k);
		status = kist_retain_plan(flow, &rule, &plan, NULL);
		if (status == KIST_OK)
			status = kist_retain_drop(flow, &plan, &dropped, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_NO_MEMORY || status == KIST_OK);
		/* What could not be taken up into the index is in the log, and seen with the next fold. */
		ck_assert_int_eq(kist_registry_fold(flow->registry, NULL), KIST_OK);
		if (status == KIST_OK)
			expect_plan(&rule, "", 1);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("retain");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_newest_by_the_order_of_the_log_stay);
	tcase_add_test(tcase, what_was_tagged_stays_and_does_not_count);
	tcase_add_test(tcase, only_what_is_old_goes);
	tcase_add_test(tcase, what_is_put_again_meanwhile_stays);
	tcase_add_test(tcase, a_commit_is_made_under_its_number_or_not_at_all);
	tcase_add_test(tcase, more_than_one_commit_drops_go_all_the_same);
	tcase_add_test(tcase, no_failed_allocation_is_a_false_success);
	return suite_run(tcase, "care/retain");
}
