/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/group.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "flow/save_private.h"
#include "store/log.h"
#include "support/suite.h"

#define URI	"memory:group"
#define THREADS 8
#define ROUNDS	20

static struct kist_group *group;

/* What is to become of commits. */
static atomic_int appended; /* tried so far */
static int hold_for;	    /* the first waits until so many others wait for it */
static int fail_joint_with; /* the status of a commit of more than one name */
static atomic_int waiting;
static _Thread_local bool gathered; /* past what a save does by itself */

kist_status __real_kist_writer_finish(struct kist_writer *writer, json_t **ret_packs, struct kist_error *err);
kist_status __wrap_kist_writer_finish(struct kist_writer *writer, json_t **ret_packs, struct kist_error *err);
kist_status __wrap_kist_writer_finish(struct kist_writer *writer, json_t **ret_packs, struct kist_error *err)
{
	const kist_status status = __real_kist_writer_finish(writer, ret_packs, err);

	gathered = true;
	return status;
}

int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
	if (gathered)
		atomic_fetch_add(&waiting, 1);
	return __real_pthread_cond_wait(cond, lock);
}

kist_status __real_kist_log_append(struct kist_store *store, uint64_t number,
				   const struct kist_digest *previous, json_t *commit,
				   struct kist_digest *ret_digest, struct kist_error *err);
kist_status __wrap_kist_log_append(struct kist_store *store, uint64_t number,
				   const struct kist_digest *previous, json_t *commit,
				   struct kist_digest *ret_digest, struct kist_error *err);
kist_status __wrap_kist_log_append(struct kist_store *store, uint64_t number,
				   const struct kist_digest *previous, json_t *commit,
				   struct kist_digest *ret_digest, struct kist_error *err)
{
	if (atomic_fetch_add(&appended, 1) == 0) {
		while (atomic_load(&waiting) < hold_for)
			(void)sched_yield();
	}
	if (fail_joint_with && json_array_size(json_object_get(commit, "refs")) > 1)
		return kist_fail(err, (kist_status)fail_joint_with, "a joint commit fails");
	return __real_kist_log_append(store, number, previous, commit, ret_digest, err);
}

static void setup(void)
{
	hold_for = 0;
	fail_joint_with = 0;
	atomic_store(&appended, 0);
	atomic_store(&waiting, 0);
	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	ck_assert_int_eq(kist_group_new(&group, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_group_free(group);
}

static void open_flow(struct kist_flow *flow)
{
	*flow = (struct kist_flow){ .store = NULL };
	ck_assert_int_eq(kist_store_open(URI, &flow->store, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_open(flow->store, NULL, &flow->registry, NULL), KIST_OK);
}

static void name_of(unsigned thread, unsigned round, char ret[static 32])
{
	snprintf(ret, 32, "thread-%u/%u", thread, round);
}

/* What stands under a name says which it is. */
static kist_status put_named(struct kist_save *save, const char *name, struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_json json_t *record = json_pack("{s:s, s:s}", "kind", "bytes", "encoding", "e");
	struct kist_content content = { .form = KIST_CONTENT_INLINE, .size = strlen(name) };

	memcpy(content.bytes, name, strlen(name));
	content.sha256 = kist_digest_of(kist_view_of(name, strlen(name)));
	KIST_TRY(kist_record_set_content(record, &content, &content.sha256, err));
	KIST_TRY(kist_save_record(save, record, &saved, err));
	return kist_save_ref(save, name, strlen(name), &saved.artifact, "put", err);
}

struct putter {
	pthread_t thread;
	unsigned no;
	unsigned rounds;
	bool leans_on_nothing;
	kist_status status; /* of the last round */
};

static kist_status put_round(struct putter *putter, struct kist_flow *flow, unsigned round)
{
	const struct kist_digest nothing = { { 1, 2, 3 } };
	kist_auto_save struct kist_save *save = NULL;
	char name[32];

	name_of(putter->no, round, name);
	gathered = false;
	KIST_TRY(kist_save_open(flow, &save, NULL));
	KIST_TRY(put_named(save, name, NULL));
	if (putter->leans_on_nothing)
		KIST_TRY(kist_save_lean(save, &nothing, 0, NULL));
	return kist_save_commit_in(save, group, NULL);
}

static void *put_all(void *arg)
{
	struct putter *putter = arg;
	struct kist_flow flow;

	open_flow(&flow);
	for (unsigned i = 0; i < putter->rounds; i++)
		putter->status = put_round(putter, &flow, i);
	kist_flow_done(&flow);
	return NULL;
}

/* Many threads put; what became of each is in @putters. */
static void put_many(struct putter putters[static THREADS], unsigned rounds)
{
	for (unsigned i = 0; i < THREADS; i++) {
		putters[i].no = i;
		putters[i].rounds = rounds;
		ck_assert_int_eq(pthread_create(&putters[i].thread, NULL, put_all, &putters[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(putters[i].thread, NULL), 0);
}

/* Whether the name is there, and means what was put. */
static bool is_kept(const struct kist_flow *flow, unsigned thread, unsigned round)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_digest id;
	struct kist_digest expected;
	char name[32];

	name_of(thread, round, name);
	if (kist_registry_find_ref(flow->registry, name, strlen(name), &id, NULL) != KIST_OK)
		return false;
	ck_assert_int_eq(kist_registry_get_artifact(flow->registry, &id, &artifact, NULL), KIST_OK);
	expected = kist_digest_of(kist_view_of(name, strlen(name)));
	ck_assert(kist_digest_equal(&artifact.sha256, &expected));
	return true;
}

static uint64_t count_commits(const struct kist_flow *flow)
{
	struct kist_digest digest;
	uint64_t head;

	kist_registry_head(flow->registry, &head, &digest);
	return head;
}

START_TEST(who_comes_while_a_commit_is_under_way_shares_the_next)
{
	struct putter putters[THREADS] = { { .no = 0 } };
	struct kist_flow flow;

	hold_for = THREADS - 1;
	put_many(putters, 1);
	open_flow(&flow);
	ck_assert_uint_eq(count_commits(&flow), 2);
	for (unsigned i = 0; i < THREADS; i++) {
		ck_assert_int_eq(putters[i].status, KIST_OK);
		ck_assert(is_kept(&flow, i, 0));
	}
	kist_flow_done(&flow);
}
END_TEST

START_TEST(who_comes_alone_does_not_wait)
{
	struct putter putter = { .rounds = 3 };
	struct kist_flow flow;

	(void)put_all(&putter);
	ck_assert_int_eq(putter.status, KIST_OK);
	open_flow(&flow);
	ck_assert_uint_eq(count_commits(&flow), 3);
	ck_assert_int_eq(atomic_load(&waiting), 0);
	kist_flow_done(&flow);
}
END_TEST

START_TEST(all_that_is_acknowledged_is_there)
{
	struct putter putters[THREADS] = { { .no = 0 } };
	struct kist_flow flow;

	put_many(putters, ROUNDS);
	open_flow(&flow);
	ck_assert_uint_le(count_commits(&flow), THREADS * ROUNDS);
	for (unsigned i = 0; i < THREADS * ROUNDS; i++)
		ck_assert(is_kept(&flow, i / ROUNDS, i % ROUNDS));
	kist_flow_done(&flow);
}
END_TEST

START_TEST(one_that_may_not_be_committed_does_not_hold_back_the_others)
{
	struct putter putters[THREADS] = { { .no = 0 } };
	struct kist_flow flow;

	putters[2].leans_on_nothing = true;
	putters[5].leans_on_nothing = true;
	put_many(putters, 1);
	open_flow(&flow);
	for (unsigned i = 0; i < THREADS; i++) {
		const bool bad = i == 2 || i == 5;

		ck_assert_int_eq(putters[i].status, bad ? KIST_NOT_FOUND : KIST_OK);
		ck_assert_int_eq(is_kept(&flow, i, 0), !bad);
	}
	kist_flow_done(&flow);
}
END_TEST

START_TEST(what_is_too_much_for_one_commit_is_committed_one_by_one)
{
	struct putter putters[THREADS] = { { .no = 0 } };
	struct kist_flow flow;

	hold_for = THREADS - 1;
	fail_joint_with = KIST_LIMIT;
	put_many(putters, 1);
	open_flow(&flow);
	ck_assert_uint_eq(count_commits(&flow), THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		ck_assert_int_eq(putters[i].status, KIST_OK);
		ck_assert(is_kept(&flow, i, 0));
	}
	kist_flow_done(&flow);
}
END_TEST

START_TEST(a_commit_that_fails_is_acknowledged_to_nobody)
{
	struct putter putters[THREADS] = { { .no = 0 } };
	struct kist_flow flow;
	unsigned kept = 0;

	hold_for = THREADS - 1;
	fail_joint_with = KIST_IO;
	put_many(putters, 1);
	open_flow(&flow);
	ck_assert_uint_eq(count_commits(&flow), 1);
	for (unsigned i = 0; i < THREADS; i++) {
		ck_assert_int_eq(is_kept(&flow, i, 0), putters[i].status == KIST_OK);
		ck_assert(putters[i].status == KIST_OK || putters[i].status == KIST_IO);
		kept += putters[i].status == KIST_OK;
	}
	ck_assert_uint_eq(kept, 1);
	kist_flow_done(&flow);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("group");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, who_comes_while_a_commit_is_under_way_shares_the_next);
	tcase_add_test(tcase, who_comes_alone_does_not_wait);
	tcase_add_test(tcase, all_that_is_acknowledged_is_there);
	tcase_add_test(tcase, one_that_may_not_be_committed_does_not_hold_back_the_others);
	tcase_add_test(tcase, what_is_too_much_for_one_commit_is_committed_one_by_one);
	tcase_add_test(tcase, a_commit_that_fails_is_acknowledged_to_nobody);
	return suite_run(tcase, "group");
}
