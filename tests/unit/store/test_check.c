/* SPDX-License-Identifier: Apache-2.0 */
#include "store/check.h"

#include "fixture.h"
#include "support/suite.h"

/* Some chunks fill a stretch alone, and there are more than one stretch has room for. */
#define CHUNKS	 12
#define LONG_LEN ((size_t)5 << 19)

static struct kist_store *store;
static struct kist_digest id;
static struct kist_digest ids[CHUNKS];
static char key[KIST_PACK_KEY_SIZE];
static struct kist_buf bytes;

static size_t chunk_len(size_t i, bool is_long)
{
	return is_long ? LONG_LEN + i : 100 + 10 * i;
}

static void make(bool is_long)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *packs = NULL;
	uint8_t *raw = malloc(LONG_LEN + CHUNKS);

	store = new_store();
	bytes = (struct kist_buf)KIST_BUF_INIT((size_t)64 << 20);
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	for (size_t i = 0; i < CHUNKS; i++) {
		struct kist_piece piece = { .bytes = { raw, chunk_len(i, is_long) } };

		fill_noise(raw, piece.bytes.size, (uint32_t)i);
		ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &ids[i], NULL, NULL),
				 KIST_OK);
	}
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert_uint_eq(json_array_size(packs), 1);
	ck_assert(kist_digest_parse(kist_json_get_text(json_array_get(packs, 0), "id"), 64, &id));
	kist_pack_key(&id, key);
	ck_assert_int_eq(kist_backend_get(store->backend, key, 0, bytes.size_max, &bytes, NULL), KIST_OK);
	free(raw);
}

static void done(void)
{
	kist_buf_done(&bytes);
	kist_store_close(store);
}

/* What was told: chunks, and the rest. */
struct told {
	int chunks;
	int others;
	uint64_t last_offset;
};

static void note(void *ctx, const struct kist_digest *chunk, uint64_t offset, const struct kist_error *why)
{
	struct told *told = ctx;
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&id, hex);
	ck_assert_msg(strstr(why->text, hex) != NULL, "%s", why->text);
	ck_assert_uint_ge(offset, told->last_offset);
	told->last_offset = chunk ? offset : told->last_offset;
	told->chunks += chunk != NULL;
	told->others += chunk == NULL;
}

static struct kist_pack_checked check(struct kist_pack_checker *checker, enum kist_check_level level,
				      struct told *told)
{
	struct kist_pack_checked checked;

	*told = (struct told){ .chunks = 0 };
	ck_assert_int_eq(
		kist_pack_checker_run(checker, &id, bytes.size, level, note, NULL, told, &checked, NULL),
		KIST_OK);
	ck_assert_int_eq(checked.is_sound, told->chunks + told->others == 0);
	return checked;
}

/* A pack in a store, and what checks it. */
static struct kist_pack_checker *make_checked(bool many)
{
	struct kist_pack_checker *checker;

	make(many);
	ck_assert_int_eq(kist_pack_checker_new(store, &checker, NULL), KIST_OK);
	return checker;
}

START_TEST(a_sound_pack_is_sound_at_every_level)
{
	kist_auto_pack_checker struct kist_pack_checker *checker = make_checked(_i > 2);
	struct kist_pack_checked checked;
	struct told told;

	checked = check(checker, (enum kist_check_level)(_i % 3), &told);
	ck_assert(checked.is_sound && checked.has_index);
	/* The commit said another size. */
	ck_assert_int_eq(kist_pack_checker_run(checker, &id, bytes.size + 1, KIST_CHECK_QUICK, NULL, NULL,
					       NULL, &checked, NULL),
			 KIST_OK);
	ck_assert(!checked.is_sound);
	done();
}
END_TEST

START_TEST(no_wrong_byte_passes_a_scrub)
{
	kist_auto_pack_checker struct kist_pack_checker *checker = make_checked(false);
	struct told told;

	for (size_t at = 0; at < bytes.size; at++) {
		bytes.data[at] ^= (uint8_t)(1u << (at % 8));
		overwrite(store, key, bytes.data, bytes.size);
		for (int level = KIST_CHECK_SCRUB; level <= KIST_CHECK_FULL; level++)
			ck_assert_msg(!check(checker, (enum kist_check_level)level, &told).is_sound, "%zu",
				      at);
		bytes.data[at] ^= (uint8_t)(1u << (at % 8));
	}
	done();
}
END_TEST

START_TEST(each_chunk_that_is_hurt_is_told_in_order)
{
	kist_auto_pack_checker struct kist_pack_checker *checker = make_checked(true);
	struct told told;

	/* The records lie in the order in which they were put, each a little longer than its chunk. */
	for (size_t i = 0; i < CHUNKS; i += 2)
		bytes.data[64 + i * LONG_LEN + LONG_LEN / 2] ^= 1;
	overwrite(store, key, bytes.data, bytes.size);
	for (int level = KIST_CHECK_QUICK; level <= KIST_CHECK_FULL; level++) {
		ck_assert(check(checker, (enum kist_check_level)level, &told).has_index);
		ck_assert_int_eq(told.chunks, level == KIST_CHECK_QUICK ? 0 : CHUNKS / 2);
		ck_assert_int_eq(told.others, 0);
	}
	done();
}
END_TEST

START_TEST(a_pack_that_is_cut_or_gone_is_told)
{
	kist_auto_pack_checker struct kist_pack_checker *checker = make_checked(false);
	struct told told;

	for (size_t size = 0; size < bytes.size; size += 7) {
		overwrite(store, key, bytes.data, size);
		ck_assert(!check(checker, KIST_CHECK_QUICK, &told).has_index);
		ck_assert_int_eq(told.others, 1);
	}
	ck_assert_int_eq(kist_backend_delete(store->backend, key, NULL), KIST_OK);
	ck_assert(!check(checker, KIST_CHECK_FULL, &told).has_index);
	ck_assert_int_eq(told.others, 1);
	done();
}
END_TEST

START_TEST(the_checker_survives_every_failed_allocation)
{
	kist_status status = KIST_NO_MEMORY;

	make(false);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_pack_checker struct kist_pack_checker *checker = NULL;
		struct kist_pack_checked checked;

		kist_mem_fail_at(k);
		status = kist_pack_checker_new(store, &checker, NULL);
		if (status == KIST_OK)
			status = kist_pack_checker_run(checker, &id, 0, KIST_CHECK_FULL, NULL, NULL, NULL,
						       &checked, NULL);
		kist_mem_fail_at(0);
		ck_assert_msg(status == KIST_OK || status == KIST_NO_MEMORY, "%lu", k);
		ck_assert(status != KIST_OK || checked.is_sound);
	}
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("check");

	tcase_add_loop_test(tcase, a_sound_pack_is_sound_at_every_level, 0, 6);
	tcase_add_test(tcase, no_wrong_byte_passes_a_scrub);
	tcase_add_test(tcase, each_chunk_that_is_hurt_is_told_in_order);
	tcase_add_test(tcase, a_pack_that_is_cut_or_gone_is_told);
	tcase_add_test(tcase, the_checker_survives_every_failed_allocation);
	return suite_run(tcase, "check");
}
