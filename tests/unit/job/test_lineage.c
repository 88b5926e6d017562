/* SPDX-License-Identifier: Apache-2.0 */
#include "job/lineage.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

#define URI "memory:lineage"

static struct kist_flow flow;
static struct kist_digest start;

static void setup(void)
{
	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	flow = (struct kist_flow){ .store = NULL };
	ck_assert_int_eq(kist_store_open(URI, &flow.store, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_open(flow.store, NULL, &flow.registry, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_flow_done(&flow);
}

/* An artifact that holds its name, with @parent as its parent, or NULL. */
static struct kist_digest put(struct kist_save *save, const char *name, const struct kist_digest *parent)
{
	const struct kist_save_made made = { .bytes = kist_view_of(name, strlen(name)),
					     .kind = "bytes",
					     .encoding = KIST_BYTES_ENCODING };
	struct kist_save_options how = { .name = name, .name_len = strlen(name) };
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_json json_t *parents = json_array();
	char hex[KIST_DIGEST_HEX_SIZE];

	if (parent) {
		kist_digest_hex(parent, hex);
		ck_assert_int_eq(json_array_append_new(parents, json_string(hex)), 0);
		how.parents = parents;
	}
	ck_assert_int_eq(kist_save_bytes(save, &made, &how, &saved, NULL), KIST_OK);
	return saved.artifact;
}

/* A job "link-NO" whose one step takes @from and makes "made-NO". */
static struct kist_digest make_link(unsigned no, const struct kist_digest *from)
{
	char id[32];
	char name[32];
	const struct kist_job_options options = { .id = id, .kind = "test" };
	const struct kist_job_step step = { .name = "step", .task = "scale" };
	struct kist_job_artifact artifact = { .name = name, .step = "step" };
	kist_auto_job struct kist_job *job = NULL;
	kist_auto_save struct kist_save *save = NULL;

	snprintf(id, sizeof(id), "link-%u", no);
	snprintf(name, sizeof(name), "made-%u", no);
	artifact.name_len = strlen(name);
	ck_assert_int_eq(kist_job_new(&options, &job, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_step(job, &step, NULL), KIST_OK);
	ck_assert_int_eq(kist_save_open(&flow, &save, NULL), KIST_OK);
	artifact.artifact = put(save, name, NULL);
	if (from)
		ck_assert_int_eq(kist_job_add_step_input(job, "step", "x", from, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_step_output(job, "step", "y", &artifact.artifact, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_artifact(job, &artifact, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_commit(job, save, NULL), KIST_OK);
	return artifact.artifact;
}

static struct kist_digest make_chain(unsigned links)
{
	struct kist_digest last = start = make_link(0, NULL);

	for (unsigned i = 1; i < links; i++)
		last = make_link(i, &last);
	return last;
}

static kist_status find(const struct kist_digest *id, bool forward, unsigned depth, struct kist_lineage *ret)
{
	kist_auto_job_index struct kist_job_index *index = NULL;

	KIST_TRY(kist_job_index_open(&flow, &index, NULL));
	return kist_lineage_find(&flow, index, id, "asked", forward, depth, ret, NULL);
}

static void check(const struct kist_digest *id, bool forward, unsigned depth, size_t nodes, size_t edges,
		  bool is_cut)
{
	kist_auto_lineage struct kist_lineage lineage = KIST_LINEAGE_INIT;

	ck_assert_int_eq(find(id, forward, depth, &lineage), KIST_OK);
	ck_assert_uint_eq(lineage.nodes.size / sizeof(struct kist_lineage_node), nodes);
	ck_assert_uint_eq(lineage.edges.size / sizeof(struct kist_lineage_edge), edges);
	ck_assert(lineage.is_cut == is_cut);
}

START_TEST(a_chain_is_followed_both_ways_and_as_far_as_asked)
{
	const struct kist_digest last = make_chain(4);

	/* Four artifacts, made by four steps. */
	check(&last, false, 100, 8, 7, false);
	/* Of the first all but who made it. */
	check(&start, true, 100, 7, 6, false);
	check(&last, false, 1, 3, 2, true);
	check(&last, false, 3, 7, 6, true);
	check(&last, false, 4, 8, 7, false);
	check(&last, true, 100, 1, 0, false);
}
END_TEST

START_TEST(nodes_say_what_they_are)
{
	const struct kist_digest last = make_chain(2);
	kist_auto_lineage struct kist_lineage lineage = KIST_LINEAGE_INIT;
	const struct kist_lineage_node *nodes;
	const struct kist_lineage_edge *edges;

	ck_assert_int_eq(find(&last, false, 100, &lineage), KIST_OK);
	nodes = (const void *)lineage.nodes.data;
	edges = (const void *)lineage.edges.data;
	ck_assert(!nodes[0].is_step && nodes[1].is_step && !nodes[2].is_step);
	ck_assert_str_eq(kist_lineage_text(&lineage, nodes[0].name), "asked");
	ck_assert_str_eq(kist_lineage_text(&lineage, nodes[0].summary), "bytes");
	ck_assert_str_eq(kist_lineage_text(&lineage, nodes[1].job), "link-1");
	ck_assert_str_eq(kist_lineage_text(&lineage, nodes[1].name), "step");
	ck_assert_str_eq(kist_lineage_text(&lineage, nodes[1].task), "scale");
	ck_assert_str_eq(kist_lineage_text(&lineage, nodes[1].state), "queued");
	ck_assert_str_eq(kist_lineage_text(&lineage, nodes[2].name), "made-0");
	ck_assert(kist_digest_equal(&nodes[2].artifact, &start));
	ck_assert_uint_eq(edges[0].from, 1);
	ck_assert_uint_eq(edges[0].to, 0);
	ck_assert_str_eq(kist_lineage_text(&lineage, edges[0].name), "y");
	ck_assert_uint_eq(edges[1].from, 2);
	ck_assert_uint_eq(edges[1].to, 1);
	ck_assert_str_eq(kist_lineage_text(&lineage, edges[1].name), "x");
}
END_TEST

START_TEST(where_no_job_is_known_the_parents_are)
{
	const struct kist_digest nothing = { { 7 } };
	kist_auto_save struct kist_save *save = NULL;
	struct kist_digest first;
	struct kist_digest second;
	struct kist_digest orphan;

	ck_assert_int_eq(kist_save_open(&flow, &save, NULL), KIST_OK);
	first = put(save, "first", NULL);
	second = put(save, "second", &first);
	orphan = put(save, "orphan", &nothing);
	ck_assert_int_eq(kist_save_commit(save, NULL), KIST_OK);
	check(&second, false, 100, 2, 1, false);
	/* A parent that is gone is named all the same. */
	check(&orphan, false, 100, 2, 1, false);
	check(&first, true, 100, 1, 0, false);
}
END_TEST

START_TEST(what_a_job_takes_as_a_whole_is_in_what_its_steps_make)
{
	const struct kist_digest first = make_link(0, NULL);
	const struct kist_job_options options = { .id = "whole", .kind = "test" };
	const struct kist_job_step step = { .name = "step" };
	struct kist_job_artifact artifact = { .name = "made", .name_len = 4, .step = "step" };
	kist_auto_job struct kist_job *job = NULL;
	kist_auto_save struct kist_save *save = NULL;

	ck_assert_int_eq(kist_job_new(&options, &job, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_step(job, &step, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_input(job, "x", &first, NULL), KIST_OK);
	ck_assert_int_eq(kist_save_open(&flow, &save, NULL), KIST_OK);
	artifact.artifact = put(save, "made", NULL);
	ck_assert_int_eq(kist_job_add_artifact(job, &artifact, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_commit(job, save, NULL), KIST_OK);
	check(&artifact.artifact, false, 100, 4, 3, false);
	check(&first, true, 100, 3, 2, false);
}
END_TEST

START_TEST(a_circle_has_an_end)
{
	const struct kist_digest first = make_link(0, NULL);
	const struct kist_digest second = make_link(1, &first);
	const struct kist_job_options options = { .id = "back", .kind = "test" };
	kist_auto_job struct kist_job *job = NULL;
	const struct kist_job_artifact artifact = { .name = "same", .name_len = 4, .artifact = first };

	/* It makes the first of the second, once more. */
	ck_assert_int_eq(kist_job_new(&options, &job, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_input(job, "x", &second, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_artifact(job, &artifact, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_commit_alone(&flow, job, NULL), KIST_OK);
	check(&first, false, 100, 5, 5, false);
	check(&first, true, 100, 4, 4, false);
}
END_TEST

START_TEST(it_does_without_memory_at_any_point)
{
	const struct kist_digest last = make_chain(2);

	for (unsigned long k = 1;; k++) {
		kist_auto_lineage struct kist_lineage lineage = KIST_LINEAGE_INIT;
		kist_status status;

		kist_mem_fail_at(k);
		status = find(&last, false, 100, &lineage);
		kist_mem_fail_at(0);
		if (status == KIST_OK && k > 20)
			return;
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lineage");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_chain_is_followed_both_ways_and_as_far_as_asked);
	tcase_add_test(tcase, nodes_say_what_they_are);
	tcase_add_test(tcase, where_no_job_is_known_the_parents_are);
	tcase_add_test(tcase, what_a_job_takes_as_a_whole_is_in_what_its_steps_make);
	tcase_add_test(tcase, a_circle_has_an_end);
	tcase_add_test(tcase, it_does_without_memory_at_any_point);
	return suite_run(tcase, "job/lineage");
}
