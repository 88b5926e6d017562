/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "care/repair.h"
#include "support/suite.h"
#include "unit/care/hurt.h"

/* Beside writers and collectors: test_collect.c.  After any damage: tests/faults/mends.c. */

#define OBJECT_SIZE   ((size_t)140000)
#define SUCCESSES_MAX 40

static uint8_t bytes[HURT_OBJECT_MAX];
static struct kist_buf pack;
static const char *key; /* of the largest pack */

static struct {
	unsigned hurt;
	unsigned lost;
	unsigned replaced;
	uint64_t range_bytes;
	char text[256];
} told;

static void note(void *ctx, const struct kist_repair_step *step)
{
	(void)ctx;
	told.hurt += strcmp(step->did, "hurt") == 0;
	told.lost += strcmp(step->did, "lost") == 0;
	told.replaced += strcmp(step->did, "replaced") == 0;
	for (size_t i = 0; i < step->range_count; i++)
		told.range_bytes += step->ranges[i].len;
	if (strcmp(step->what, "artifact") == 0)
		snprintf(told.text, sizeof(told.text), "%s", step->text);
}

static kist_status repair(bool dry_run, struct kist_repaired *ret, struct kist_error *err)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	kist_auto_store struct kist_store *store = NULL;
	const struct kist_repair_options how = { .dry_run = dry_run, .each = note };
	struct kist_flow flow = { .store = NULL };
	kist_status status;

	memset(&told, 0, sizeof(told));
	KIST_TRY(kist_store_open(HURT_URI, &store, err));
	KIST_TRY(kist_registry_open(store, NULL, &registry, err));
	flow.store = store;
	flow.registry = registry;
	status = kist_repair_store(&flow, &how, ret, err);
	kist_chunk_reader_done(&flow.chunk_reader);
	return status;
}

static void setup(void)
{
	uint64_t state = 1;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(state >> 56);
	}
	hurt_open(bytes, OBJECT_SIZE, NULL);
	pack = (struct kist_buf)KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
	for (size_t k = 0; k < hurt_key_count && pack.size < OBJECT_SIZE; k++) {
		pack.size = 0;
		key = hurt_keys[k];
		hurt_get(key, &pack);
	}
	ck_assert_uint_ge(pack.size, OBJECT_SIZE);
}

static void teardown(void)
{
	kist_buf_done(&pack);
	hurt_close();
}

static void spoil(size_t at, size_t count)
{
	kist_auto_buf struct kist_buf wrong = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);

	ck_assert_int_eq(kist_buf_append(&wrong, pack.data, pack.size, NULL), KIST_OK);
	for (size_t i = 0; i < count; i++)
		wrong.data[at + i] ^= 0xa5;
	hurt_overwrite(key, kist_buf_view(&wrong));
}

START_TEST(what_is_lost_is_told_to_the_byte_and_nothing_is_taken_away)
{
	struct kist_repaired done;

	spoil(1000, 20);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(repair(i == 0, &done, NULL), KIST_CORRUPT);
		ck_assert_uint_eq(done.packs_lost, 1);
		ck_assert_uint_eq(done.packs_replaced, 0);
		ck_assert_uint_ge(done.artifacts_hurt, 1);
		ck_assert_uint_ge(done.names_hurt, 1);
		ck_assert_uint_gt(told.range_bytes, 0);
		ck_assert_uint_lt(told.range_bytes, 2 * OBJECT_SIZE);
	}
	ck_assert(hurt_is_seen(key));
}
END_TEST

START_TEST(a_pack_of_which_all_is_sound_but_its_head_is_replaced)
{
	struct kist_repaired done;

	spoil(40, 12);
	ck_assert_int_eq(repair(true, &done, NULL), KIST_OK);
	ck_assert_uint_eq(done.packs_replaced, 1);
	ck_assert(hurt_is_seen(key));
	ck_assert_int_eq(repair(false, &done, NULL), KIST_OK);
	ck_assert_uint_eq(told.replaced, 1);
	ck_assert(!hurt_is_seen(key));
	ck_assert_int_eq(repair(false, &done, NULL), KIST_OK);
	ck_assert_uint_eq(told.replaced, 0);
}
END_TEST

/* Some failures cost nothing: so it goes on past the first success, as far as a dry run changes nothing. */
START_TEST(memory_that_runs_out_is_told_and_costs_nothing)
{
	unsigned successes = 0;
	struct kist_repaired done;

	spoil(40, 12);
	for (unsigned long k = 1; successes < SUCCESSES_MAX; k++) {
		struct kist_error err = KIST_ERROR_INIT;
		kist_status status;

		kist_mem_fail_at(k);
		status = repair(k % 2 != 0, &done, &err);
		kist_mem_fail_at(0);
		ck_assert_msg(status == KIST_OK || status == KIST_NO_MEMORY || status == KIST_CORRUPT ||
				      status == KIST_IO,
			      "allocation %lu: %s", k, err.text);
		successes += status == KIST_OK;
		ck_assert_uint_lt(k, 20000);
	}
	ck_assert_int_eq(repair(false, &done, NULL), KIST_OK);
	ck_assert(!hurt_is_seen(key));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("repair");

	tcase_set_timeout(tests, 600);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_lost_is_told_to_the_byte_and_nothing_is_taken_away);
	tcase_add_test(tests, a_pack_of_which_all_is_sound_but_its_head_is_replaced);
	tcase_add_test(tests, memory_that_runs_out_is_told_and_costs_nothing);
	return suite_run(tests, "repair");
}
