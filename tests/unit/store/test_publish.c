/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <signal.h>
#include <sys/resource.h>

#include "store/publish.h"

/* Enough for three full packs: the first has long ended when its memory is taken for the third. */
static kist_status write_packs(struct kist_store *store, uint8_t *data, struct kist_error *err)
{
	const struct kist_piece piece = { .bytes = kist_view_of(data, KIST_CHUNK_SIZE_MAX) };
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *packs = NULL;
	struct kist_digest id;

	KIST_TRY(kist_writer_open(store, NULL, &writer, err));
	for (int i = 0; i < 22; i++) {
		data[i] ^= 0xff;
		KIST_TRY(kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &id, NULL, err));
	}
	return kist_writer_finish(writer, &packs, err);
}

START_TEST(a_pack_that_could_not_be_put_is_told_however_late)
{
	struct kist_store *store = new_store();
	struct kist_backend *real = store->backend;
	struct faulty faulty = { .base = { .ops = &faulty_ops }, .real = real };
	uint8_t *data = malloc(KIST_CHUNK_SIZE_MAX);

	fill_noise(data, KIST_CHUNK_SIZE_MAX, 1);
	store->backend = &faulty.base;
	for (unsigned long k = 1; k <= 3; k++) {
		struct kist_error err = KIST_ERROR_INIT;

		faulty.countdown = k;
		ck_assert_int_eq(write_packs(store, data, &err), KIST_IO);
		ck_assert_str_eq(err.text, "made to fail");
	}
	store->backend = real;
	free(data);
	kist_store_close(store);
}
END_TEST

static char folder[64];

/* A new store in a folder, where packs are written piece by piece. */
static struct kist_store *new_folder_store(void)
{
	struct kist_store *store;

	snprintf(folder, sizeof(folder), "/tmp/kist-publish-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(kist_store_create(folder, NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open(folder, &store, NULL), KIST_OK);
	return store;
}

static void remove_folder_store(struct kist_store *store)
{
	char command[128];

	kist_store_close(store);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

/* How many packs there are. */
static int count_packs(void)
{
	char command[128];
	FILE *pipe;
	int count = -1;

	snprintf(command, sizeof(command), "find '%s/packs' -type f 2>/dev/null | wc -l", folder);
	pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	ck_assert_int_eq(fscanf(pipe, "%d", &count), 1);
	ck_assert_int_eq(pclose(pipe), 0);
	return count;
}

static size_t length_of(int i)
{
	return (size_t)(1 + i * 70001 % (3 << 20));
}

/* Chunks of many lengths, of which some fill a piece to the byte and some go far beyond. */
START_TEST(what_was_written_piece_by_piece_is_read_as_it_was)
{
	struct kist_store *store = new_folder_store();
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *packs = NULL;
	uint8_t *data = malloc(KIST_CHUNK_SIZE_MAX);
	struct kist_digest ids[80];
	size_t found = 0;

	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	for (int i = 0; i < 80; i++) {
		const struct kist_piece piece = { .bytes = kist_view_of(data, length_of(i)) };

		fill_noise(data, length_of(i), (uint32_t)i);
		ck_assert_int_eq(kist_writer_put(writer, i % 5 == 0 ? KIST_CHUNK_TREE : KIST_CHUNK_DATA,
						 &piece, 1, &ids[i], NULL, NULL),
				 KIST_OK);
	}
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert_int_eq(count_packs(), (int)json_array_size(packs));
	ck_assert_uint_ge(json_array_size(packs), 5);
	for (size_t no = 0; no < json_array_size(packs); no++) {
		kist_auto_buf struct kist_buf tail = KIST_BUF_INIT(KIST_PACK_TAIL_MAX);
		const char *hex = kist_json_get_text(json_array_get(packs, no), "id");
		struct kist_pack_footer footer;
		struct kist_view index;
		struct kist_digest id;

		ck_assert(kist_digest_parse(hex, strlen(hex), &id));
		ck_assert_int_eq(kist_read_pack_index(store, &id, &tail, &footer, &index, NULL), KIST_OK);
		for (int i = 0; i < 80; i++) {
			kist_auto_buf struct kist_buf back = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
			struct kist_pack_entry entry;
			struct kist_location where = { .pack = id };

			if (!kist_pack_find(index, &ids[i], &entry))
				continue;
			where.offset = entry.offset;
			where.stored_len = entry.record_len;
			where.raw_len = entry.raw_len;
			where.kind = (uint8_t)entry.kind;
			ck_assert_int_eq(kist_store_read_chunk(store, &where, &ids[i], &back, NULL), KIST_OK);
			fill_noise(data, length_of(i), (uint32_t)i);
			ck_assert_uint_eq(back.size, length_of(i));
			ck_assert_int_eq(memcmp(back.data, data, back.size), 0);
			found++;
		}
	}
	ck_assert_uint_eq(found, 80);
	free(data);
	remove_folder_store(store);
}
END_TEST

/* No file may grow beyond half of a pack: what fails is a piece in the middle. */
START_TEST(a_piece_that_cannot_be_written_is_told_and_leaves_no_pack)
{
	struct kist_store *store = new_folder_store();
	const struct rlimit half = { KIST_DATA_PACK_SIZE / 2, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	uint8_t *data = malloc(KIST_CHUNK_SIZE_MAX);
	struct kist_error err = KIST_ERROR_INIT;

	(void)signal(SIGXFSZ, SIG_IGN);
	fill_noise(data, KIST_CHUNK_SIZE_MAX, 1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &half), 0);
	ck_assert_int_eq(write_packs(store, data, &err), KIST_IO);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_ptr_nonnull(strstr(err.text, folder));
	ck_assert_int_eq(count_packs(), 0);
	free(data);
	remove_folder_store(store);
}
END_TEST

/* With and without something of it on disk. */
START_TEST(a_pack_that_is_given_up_leaves_nothing)
{
	struct kist_store *store = new_folder_store();
	struct kist_writer *writer;
	uint8_t *data = malloc(KIST_CHUNK_SIZE_MAX);
	const struct kist_piece piece = { .bytes = kist_view_of(data, KIST_CHUNK_SIZE_MAX) };
	struct kist_digest id;

	fill_noise(data, KIST_CHUNK_SIZE_MAX, 1);
	for (int count = 1; count <= 9; count += 4) {
		ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
		for (int i = 0; i < count; i++) {
			data[i] ^= 0xff;
			ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &id, NULL, NULL),
					 KIST_OK);
		}
		kist_writer_close(writer);
		ck_assert_int_eq(count_packs(), 0);
	}
	free(data);
	remove_folder_store(store);
}
END_TEST

/* An object that grows on a faulty backend: it may fail to begin, at each piece, and where it is named. */
struct faulty_growing {
	struct kist_growing base;
	struct kist_growing *real;
};

static kist_status faulty_begin(struct kist_backend *backend, const char *under, struct kist_growing **ret,
				struct kist_error *err)
{
	struct faulty_growing *growing;

	KIST_TRY(faulty_step(backend, err));
	growing = calloc(1, sizeof(*growing));
	ck_assert_ptr_nonnull(growing);
	growing->base.backend = backend;
	ck_assert_int_eq(kist_backend_begin(((struct faulty *)backend)->real, under, &growing->real, err),
			 KIST_OK);
	/* Every file system that tests run on has nameless files. */
	ck_assert_ptr_nonnull(growing->real);
	*ret = &growing->base;
	return KIST_OK;
}

/* Slow enough for the queue of pieces to be full. */
static kist_status faulty_grow(struct kist_growing *growing, struct kist_view bytes, struct kist_error *err)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < 2 * bytes.size; i++)
		sum = (uint8_t)(sum * 3 + bytes.data[i % bytes.size]);
	__asm__ volatile("" : : "r"(sum));
	KIST_TRY(faulty_step(growing->backend, err));
	return kist_growing_add(((struct faulty_growing *)growing)->real, bytes, err);
}

static kist_status faulty_put_grown(struct kist_growing *growing, const char *key, struct kist_error *err)
{
	KIST_TRY(faulty_step(growing->backend, err));
	return kist_growing_put(((struct faulty_growing *)growing)->real, key, err);
}

static void faulty_drop(struct kist_growing *growing)
{
	kist_growing_drop(((struct faulty_growing *)growing)->real);
	free(growing);
}

START_TEST(whichever_step_fails_is_told_and_leaves_no_pack)
{
	struct kist_store *store = new_folder_store();
	struct kist_backend *real = store->backend;
	struct kist_backend_ops ops = faulty_ops;
	struct faulty faulty = { .base = { .ops = &ops }, .real = real };
	uint8_t *data = malloc(KIST_CHUNK_SIZE_MAX);
	kist_status status = KIST_IO;
	unsigned long k = 1;

	ops.begin = faulty_begin;
	ops.grow = faulty_grow;
	ops.put_grown = faulty_put_grown;
	ops.drop = faulty_drop;
	fill_noise(data, KIST_CHUNK_SIZE_MAX, 1);
	store->backend = &faulty.base;
	for (; status != KIST_OK; k++) {
		struct kist_error err = KIST_ERROR_INIT;

		faulty.countdown = k;
		status = write_packs(store, data, &err);
		if (status == KIST_OK)
			break;
		ck_assert_int_eq(status, KIST_IO);
		ck_assert_str_eq(err.text, "made to fail");
		ck_assert_int_eq(count_packs(), 0);
	}
	/* Four packs of 88 MiB: each begun, written in several pieces, and named. */
	ck_assert_uint_gt(k, 4 + 4 * 2 + 4);
	ck_assert_int_eq(count_packs(), 4);
	store->backend = real;
	free(data);
	remove_folder_store(store);
}
END_TEST

START_TEST(nothing_is_taken_after_a_failure)
{
	struct kist_store *store = new_store();
	struct kist_backend *real = store->backend;
	struct faulty faulty = { .base = { .ops = &faulty_ops }, .real = real };
	struct kist_open_pack pack = KIST_OPEN_PACK_INIT(KIST_PACK_DATA);
	struct kist_publisher publisher;
	struct kist_record record = { .body_len = 10, .raw_len = 10 };
	const struct kist_view bytes = kist_view_of(record.id.bytes, 10);
	size_t offset;

	ck_assert_int_eq(kist_publisher_start(&publisher, store, NULL), KIST_OK);
	store->backend = &faulty.base;
	ck_assert_int_eq(kist_open_pack_add(&pack, &publisher, &record, bytes, &offset, NULL), KIST_OK);
	faulty.countdown = 1;
	ck_assert_int_eq(kist_publish(&publisher, &pack, false, NULL), KIST_IO);
	ck_assert_int_eq(kist_publish(&publisher, &pack, false, NULL), KIST_IO);
	ck_assert_int_eq(kist_open_pack_add(&pack, &publisher, &record, bytes, &offset, NULL), KIST_IO);
	store->backend = real;
	kist_publisher_done(&publisher);
	kist_open_pack_done(&pack);
	kist_store_close(store);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("publish");

	tcase_add_test(tests, a_pack_that_could_not_be_put_is_told_however_late);
	tcase_add_test(tests, what_was_written_piece_by_piece_is_read_as_it_was);
	tcase_add_test(tests, a_piece_that_cannot_be_written_is_told_and_leaves_no_pack);
	tcase_add_test(tests, a_pack_that_is_given_up_leaves_nothing);
	tcase_add_test(tests, whichever_step_fails_is_told_and_leaves_no_pack);
	tcase_add_test(tests, nothing_is_taken_after_a_failure);
	return suite_run(tests, "publish");
}
