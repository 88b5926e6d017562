/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#define PIECE ((size_t)1 << 20)

static struct kist_piece piece_of(const void *data, size_t size)
{
	return (struct kist_piece){ .bytes = kist_view_of(data, size) };
}

/* Finds chunks in the packs that were written, by reading their indexes: what the registry does. */
struct found {
	const struct kist_digest *id;
	struct kist_location where;
	bool yes;
};

static kist_status match(void *ctx, const struct kist_digest *chunk, const struct kist_location *where,
			 struct kist_error *err)
{
	struct found *found = ctx;

	(void)err;
	if (kist_digest_equal(chunk, found->id)) {
		found->where = *where;
		found->yes = true;
	}
	return KIST_OK;
}

static void expect_chunk(struct kist_store *store, const json_t *packs, const struct kist_digest *id,
			 const void *data, size_t size, uint32_t kind)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct found found = { .id = id };

	for (size_t i = 0; i < json_array_size(packs) && !found.yes; i++) {
		struct kist_digest pack;

		ck_assert(kist_digest_parse(kist_json_get_text(json_array_get(packs, i), "id"), 64, &pack));
		ck_assert_int_eq(kist_store_read_index(store, &pack, match, &found, NULL), KIST_OK);
		ck_assert_int_eq(kist_store_check_pack(store, &pack, NULL, NULL, NULL), KIST_OK);
	}
	ck_assert(found.yes);
	ck_assert_uint_eq(found.where.kind, kind);
	ck_assert_int_eq(kist_store_read_chunk(store, &found.where, id, &bytes, NULL), KIST_OK);
	ck_assert_uint_eq(bytes.size, size);
	ck_assert_mem_eq(bytes.data, data, size);
}

START_TEST(what_is_put_is_read)
{
	struct kist_store *store = new_store();
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_hasher whole;
	uint8_t *data = malloc(3 * PIECE);
	struct kist_piece pieces[3];
	struct kist_digest ids[3];
	struct kist_digest digest;
	struct kist_digest record;
	json_t *packs;

	fill_noise(data, PIECE, 1);
	memset(data + PIECE, 'z', 2 * PIECE);
	pieces[0] = piece_of(data, PIECE);
	pieces[1] = piece_of(data + PIECE, PIECE + 5);
	pieces[2] = piece_of(data + 2 * PIECE + 5, PIECE - 5);
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	kist_hasher_start(&whole);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, pieces, 3, ids, &whole, NULL), KIST_OK);
	pieces[0] = piece_of("{}", 2);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_RECORD, pieces, 1, &record, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, NULL, 0, NULL, NULL, NULL), KIST_OK);
	digest = kist_hasher_finish(&whole);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert_uint_eq(json_array_size(packs), 2);
	ck_assert_str_eq(kist_json_get_text(json_array_get(packs, 0), "kind"), "data");
	ck_assert_str_eq(kist_json_get_text(json_array_get(packs, 1), "kind"), "meta");
	expect_chunk(store, packs, &ids[0], data, PIECE, KIST_CHUNK_DATA);
	expect_chunk(store, packs, &ids[1], data + PIECE, PIECE + 5, KIST_CHUNK_DATA);
	expect_chunk(store, packs, &ids[2], data + 2 * PIECE + 5, PIECE - 5, KIST_CHUNK_DATA);
	expect_chunk(store, packs, &record, "{}", 2, KIST_CHUNK_RECORD);
	ids[0] = kist_digest_of(kist_view_of(data, 3 * PIECE));
	ck_assert(kist_digest_equal(&digest, &ids[0]));
	json_decref(packs);
	free(data);
	kist_store_close(store);
}
END_TEST

START_TEST(typed_pieces_get_filters_and_are_read)
{
	static const struct kist_filter_hint hint = { .kind = KIST_FILTER_INT, .width = 4 };
	struct kist_store *store = new_store();
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_chunk_reader struct kist_chunk_reader reader = { .filter = KIST_FILTER_INIT };
	uint32_t *numbers = malloc(3 * PIECE);
	struct kist_piece pieces[3];
	struct kist_digest ids[3];
	struct kist_digest pack;
	json_t *packs;

	/* Three pieces, so that one is left when they are read back two at a time. */
	for (uint32_t i = 0; i < 3 * PIECE / 4; i++)
		numbers[i] = 1000 * i + i * i % 37;
	for (size_t i = 0; i < 3; i++) {
		pieces[i] = piece_of((uint8_t *)numbers + i * PIECE, PIECE);
		pieces[i].hint = hint;
	}
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	kist_writer_set_level(writer, (enum kist_filter_level)_i);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, pieces, 3, ids, NULL, NULL), KIST_OK);
	ck_assert_uint_eq(kist_writer_stats(writer).filtered[KIST_FILTER_DELTA], 3);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert(kist_digest_parse(kist_json_get_text(json_array_get(packs, 0), "id"), 64, &pack));
	for (size_t i = 0; i < 3; i++) {
		struct found found = { .id = &ids[i] };
		struct kist_record head;
		uint8_t *raw = malloc(PIECE);

		expect_chunk(store, packs, &ids[i], pieces[i].bytes.data, PIECE, KIST_CHUNK_DATA);
		ck_assert_int_eq(kist_store_read_index(store, &pack, match, &found, NULL), KIST_OK);
		ck_assert_uint_lt(found.where.stored_len, PIECE / 3);
		ck_assert_int_eq(kist_store_read_head(store, &found.where, &ids[i], &head, NULL), KIST_OK);
		ck_assert_uint_eq(head.filter, KIST_FILTER_DELTA);
		ck_assert_int_eq(kist_store_read_head(store, &found.where, &ids[(i + 1) % 3], &head, NULL),
				 KIST_CORRUPT);
		ck_assert_int_eq(kist_store_unpack_chunk(store, &reader, &found.where, &ids[i], raw, NULL),
				 KIST_OK);
		ck_assert_mem_eq(raw, pieces[i].bytes.data, PIECE);
		ck_assert_int_eq(kist_store_prove_chunk(&found.where, &ids[i], &ids[i], NULL), KIST_OK);
		ck_assert_int_eq(kist_store_prove_chunk(&found.where, &ids[i], &pack, NULL), KIST_CORRUPT);
		free(raw);
	}
	json_decref(packs);
	free(numbers);
	kist_store_close(store);
}
END_TEST

struct index {
	struct kist_digest known;
	struct kist_location where; /* of it */
	int calls;
	kist_status status;
};

static kist_status find_known(void *ctx, const struct kist_digest *id, struct kist_location *ret_where,
			      struct kist_error *err)
{
	struct index *index = ctx;

	index->calls++;
	if (index->status != KIST_OK)
		return kist_fail(err, index->status, "the index is broken");
	*ret_where = index->where;
	return kist_digest_equal(id, &index->known) ? KIST_OK : KIST_NOT_FOUND;
}

/* An index that knows @text, which it has put into a pack of its own. */
static struct index index_of(struct kist_store *store, enum kist_chunk_kind kind, const char *text)
{
	const struct kist_piece piece = piece_of(text, strlen(text));
	kist_auto_writer struct kist_writer *writer = NULL;
	struct index index = { .status = KIST_OK };
	struct found found = { .id = &index.known };
	struct kist_digest pack;
	json_t *packs;

	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, kind, &piece, 1, &index.known, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert(kist_digest_parse(kist_json_get_text(json_array_get(packs, 0), "id"), 64, &pack));
	ck_assert_int_eq(kist_store_read_index(store, &pack, match, &found, NULL), KIST_OK);
	index.where = found.where;
	json_decref(packs);
	return index;
}

static uint64_t new_chunks(struct kist_store *store, struct index *known, enum kist_chunk_kind kind,
			   const char *text)
{
	const struct kist_chunk_index index = { .ctx = known, .find = find_known };
	const struct kist_piece piece = piece_of(text, strlen(text));
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_digest id;

	ck_assert_int_eq(kist_writer_open(store, &index, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, kind, &piece, 1, &id, NULL, NULL), KIST_OK);
	return kist_writer_stats(writer).chunks_new;
}

START_TEST(a_pack_that_is_gone_or_cut_short_is_not_leaned_on)
{
	struct kist_store *store = new_store();
	struct index known = index_of(store, KIST_CHUNK_DATA, "kept");
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
	char key[KIST_PACK_KEY_SIZE];

	ck_assert_uint_eq(new_chunks(store, &known, KIST_CHUNK_DATA, "kept"), 0);
	kist_pack_key(&known.where.pack, key);
	ck_assert_int_eq(kist_backend_get(store->backend, key, 0, KIST_OBJECT_SIZE_MAX, &bytes, NULL),
			 KIST_OK);
	for (size_t size = 0; size < bytes.size; size++) {
		overwrite(store, key, bytes.data, size);
		ck_assert_uint_eq(new_chunks(store, &known, KIST_CHUNK_DATA, "kept"), 1);
	}
	ck_assert_int_eq(kist_backend_delete(store->backend, key, NULL), KIST_OK);
	ck_assert_uint_eq(new_chunks(store, &known, KIST_CHUNK_DATA, "kept"), 1);
	kist_store_close(store);
}
END_TEST

START_TEST(bytes_that_are_kept_as_something_else_are_no_record)
{
	static const enum kist_chunk_kind others[] = { KIST_CHUNK_DATA, KIST_CHUNK_INFO };
	const struct kist_piece piece = piece_of("{}", 2);

	for (size_t i = 0; i < 2; i++) {
		struct kist_store *store = new_store();
		struct index known = index_of(store, others[i], "{}");
		kist_auto_writer struct kist_writer *writer = NULL;
		struct kist_digest id;
		json_t *packs;

		ck_assert_uint_eq(new_chunks(store, &known, KIST_CHUNK_RECORD, "{}"), 1);
		ck_assert_uint_eq(new_chunks(store, &known, KIST_CHUNK_TREE, "{}"), 0);
		/* Through one writer too: both are there, and every pack is sound. */
		ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
		ck_assert_int_eq(kist_writer_put(writer, others[i], &piece, 1, &id, NULL, NULL), KIST_OK);
		for (int again = 0; again < 2; again++)
			ck_assert_int_eq(
				kist_writer_put(writer, KIST_CHUNK_RECORD, &piece, 1, &id, NULL, NULL),
				KIST_OK);
		ck_assert_uint_eq(kist_writer_stats(writer).chunks_new, 2);
		ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
		ck_assert_uint_eq(json_array_size(packs), 2);
		expect_chunk(store, packs, &id, "{}", 2, others[i]);
		ck_assert_int_eq(json_array_remove(packs, 0), 0);
		expect_chunk(store, packs, &id, "{}", 2, KIST_CHUNK_RECORD);
		json_decref(packs);
		kist_store_close(store);
	}
}
END_TEST

START_TEST(what_is_kept_is_not_written_again)
{
	struct kist_store *store = new_store();
	struct index known = index_of(store, KIST_CHUNK_DATA, "kept");
	const struct kist_chunk_index index = { .ctx = &known, .find = find_known };
	const struct kist_piece pieces[] = { piece_of("kept", 4), piece_of("new", 3), piece_of("new", 3),
					     piece_of("kept", 4) };
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_digest ids[4];
	struct kist_write_stats stats;
	json_t *packs;

	ck_assert_int_eq(kist_writer_open(store, &index, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, pieces, 4, ids, NULL, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&ids[0], &known.known));
	ck_assert(kist_digest_equal(&ids[1], &ids[2]));
	/* In a later put as well, and without asking the index. */
	known.calls = 0;
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, pieces + 1, 1, ids, NULL, NULL), KIST_OK);
	ck_assert_int_eq(known.calls, 0);
	stats = kist_writer_stats(writer);
	ck_assert_uint_eq(stats.chunks, 5);
	ck_assert_uint_eq(stats.chunks_new, 1);
	ck_assert_uint_eq(stats.raw_bytes, 4 + 3 + 3 + 4 + 3);
	ck_assert_uint_eq(stats.raw_bytes_new, 3);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert_uint_eq(json_array_size(packs), 1);
	ck_assert_uint_eq(kist_writer_stats(writer).packs, 1);
	json_decref(packs);
	kist_store_close(store);
}
END_TEST

/* More than the queue holds, so that some are placed while others are added. */
#define ADDED 40

START_TEST(chunks_that_are_added_are_kept_and_let_go_one_after_another)
{
	struct kist_store *store = new_store();
	kist_auto_writer struct kist_writer *writer = NULL;
	uint8_t *data = malloc(ADDED * PIECE);
	uint8_t *copy = malloc(ADDED * PIECE);
	struct kist_digest ids[ADDED];
	json_t *packs;

	fill_noise(data, ADDED * PIECE, 1);
	memcpy(copy, data, ADDED * PIECE);
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	for (size_t i = 0; i < ADDED; i++) {
		const struct kist_piece piece = piece_of(copy + i * PIECE, PIECE - i);

		ck_assert_int_eq(kist_writer_add(writer, KIST_CHUNK_DATA, &piece, &ids[i], NULL, NULL),
				 KIST_OK);
		/* What is settled is not read any more. */
		if (i == ADDED / 2) {
			ck_assert_int_eq(kist_writer_settle(writer, i, NULL), KIST_OK);
			memset(copy, 0, i * PIECE);
		}
	}
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert_uint_eq(kist_writer_stats(writer).chunks_new, ADDED);
	for (size_t i = 0; i < ADDED; i++)
		expect_chunk(store, packs, &ids[i], data + i * PIECE, PIECE - i, KIST_CHUNK_DATA);
	json_decref(packs);
	free(data);
	free(copy);
	kist_store_close(store);
}
END_TEST

#define NUMBERS ((size_t)40000)

/* A store with NUMBERS numbers in a pack, and others that are nearly the same. */
struct alike {
	struct kist_store *store;
	struct index known;
	bool may; /* what the index says of new chunks */
	uint64_t collected;
	uint32_t base[NUMBERS];
	uint32_t numbers[NUMBERS];
	struct kist_chunk_index index;
};

static kist_status may_differ(void *ctx, const struct kist_digest *id, bool *ret, struct kist_error *err)
{
	const struct alike *alike = (const struct alike *)((const char *)ctx - offsetof(struct alike, known));

	(void)id;
	(void)err;
	*ret = alike->may;
	return KIST_OK;
}

static kist_status last_collected(void *ctx, uint64_t *ret, struct kist_error *err)
{
	const struct alike *alike = (const struct alike *)((const char *)ctx - offsetof(struct alike, known));

	(void)err;
	*ret = alike->collected;
	return KIST_OK;
}

/* Puts @piece, and finds it again: where, and in *@ret_id what it is. */
static struct kist_location put_one(struct kist_store *store, const struct kist_piece *piece,
				    struct kist_digest *ret_id)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	struct found found = { .id = ret_id };
	struct kist_digest pack;
	json_t *packs;

	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, piece, 1, ret_id, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert(kist_digest_parse(kist_json_get_text(json_array_get(packs, 0), "id"), 64, &pack));
	ck_assert_int_eq(kist_store_read_index(store, &pack, match, &found, NULL), KIST_OK);
	json_decref(packs);
	return found.where;
}

static struct alike *make_alike(void)
{
	struct alike *alike = calloc(1, sizeof(*alike));
	struct kist_piece piece;

	alike->store = new_store();
	alike->may = true;
	fill_noise((uint8_t *)alike->base, sizeof(alike->base), 5);
	for (size_t i = 0; i < NUMBERS; i++)
		alike->numbers[i] = alike->base[i] + (uint32_t)i % 5;
	piece = piece_of(alike->base, sizeof(alike->base));
	alike->known.where = put_one(alike->store, &piece, &alike->known.known);
	alike->index = (struct kist_chunk_index){ .ctx = &alike->known,
						  .find = find_known,
						  .last_collected = last_collected,
						  .may_differ = may_differ };
	return alike;
}

static void free_alike(struct alike *alike)
{
	kist_store_close(alike->store);
	free(alike);
}

static struct kist_piece like_piece(const struct alike *alike)
{
	struct kist_piece piece = piece_of(alike->numbers, sizeof(alike->numbers));

	piece.hint = (struct kist_filter_hint){ .kind = KIST_FILTER_INT, .width = 4 };
	piece.is_like = true;
	piece.like = alike->known.known;
	return piece;
}

/* How many differences a writer makes of the numbers. */
static uint64_t differences(struct alike *alike, enum kist_filter_level level)
{
	const struct kist_piece piece = like_piece(alike);
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_digest id;

	ck_assert_int_eq(kist_writer_open(alike->store, &alike->index, &writer, NULL), KIST_OK);
	kist_writer_set_level(writer, level);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &id, NULL, NULL), KIST_OK);
	return kist_writer_stats(writer).filtered[KIST_FILTER_BASE];
}

START_TEST(a_difference_is_made_where_it_may_be_and_of_what_is_whole_alone)
{
	struct alike *alike = make_alike();
	char key[KIST_PACK_KEY_SIZE];

	ck_assert_uint_eq(differences(alike, KIST_FILTER_DEFAULT), 1);
	ck_assert_uint_eq(differences(alike, KIST_FILTER_ARCHIVE), 1);
	ck_assert_uint_eq(differences(alike, KIST_FILTER_FAST), 0);
	alike->may = false;
	ck_assert_uint_eq(differences(alike, KIST_FILTER_DEFAULT), 0);
	alike->may = true;
	/* The base of what is like it serves, or nothing does. */
	alike->known.where.has_base = true;
	ck_assert_uint_eq(differences(alike, KIST_FILTER_DEFAULT), 0);
	alike->known.where.has_base = false;
	alike->known.where.kind = KIST_CHUNK_RECIPE;
	ck_assert_uint_eq(differences(alike, KIST_FILTER_DEFAULT), 0);
	alike->known.where.kind = KIST_CHUNK_DATA;
	/* One that cannot be read costs size alone. */
	kist_pack_key(&alike->known.where.pack, key);
	ck_assert_int_eq(kist_backend_delete(alike->store->backend, key, NULL), KIST_OK);
	ck_assert_uint_eq(differences(alike, KIST_FILTER_DEFAULT), 0);
	free_alike(alike);
}
END_TEST

START_TEST(a_base_that_is_hostile_gives_no_bytes)
{
	struct alike *alike = make_alike();
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	const struct kist_piece piece = like_piece(alike);
	const struct kist_location *whole = &alike->known.where;
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_location wrong[6];
	struct found found;
	struct kist_digest id;
	struct kist_digest pack;
	json_t *packs;

	ck_assert_int_eq(kist_writer_open(alike->store, &alike->index, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &id, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert(kist_digest_parse(kist_json_get_text(json_array_get(packs, 0), "id"), 64, &pack));
	found = (struct found){ .id = &id };
	ck_assert_int_eq(kist_store_read_index(alike->store, &pack, match, &found, NULL), KIST_OK);
	ck_assert(found.where.has_base && kist_digest_equal(&found.where.base.id, &alike->known.known));
	/* The index of a pack knows the base's id alone. */
	ck_assert_int_eq(kist_store_read_chunk(alike->store, &found.where, &id, &bytes, NULL), KIST_CORRUPT);
	found.where.base = (struct kist_base_location){ .id = alike->known.known,
							.pack = whole->pack,
							.offset = whole->offset,
							.stored_len = whole->stored_len,
							.raw_len = whole->raw_len,
							.kind = whole->kind };
	ck_assert_int_eq(kist_store_read_chunk(alike->store, &found.where, &id, &bytes, NULL), KIST_OK);
	ck_assert_uint_eq(bytes.size, sizeof(alike->numbers));
	ck_assert_mem_eq(bytes.data, alike->numbers, sizeof(alike->numbers));
	for (size_t i = 0; i < 6; i++)
		wrong[i] = found.where;
	wrong[0].base.raw_len--;
	wrong[1].base.offset++;
	wrong[2].base.stored_len = UINT32_MAX;
	wrong[3].has_base = false;
	/* Its own base, and the difference as another's base: in a row, and in a circle. */
	wrong[4].base = (struct kist_base_location){ .id = id,
						     .pack = found.where.pack,
						     .offset = found.where.offset,
						     .stored_len = found.where.stored_len,
						     .raw_len = found.where.raw_len,
						     .kind = found.where.kind };
	wrong[5] = wrong[4];
	wrong[5].base.id = alike->known.known;
	for (size_t i = 0; i < 6; i++)
		ck_assert_msg(kist_store_read_chunk(alike->store, &wrong[i], &id, &bytes, NULL) ==
				      KIST_CORRUPT,
			      "location %zu", i);
	wrong[0] = found.where;
	wrong[0].base.pack.bytes[0] ^= 1;
	ck_assert_int_eq(kist_store_read_chunk(alike->store, &wrong[0], &id, &bytes, NULL), KIST_NOT_FOUND);
	json_decref(packs);
	/* The writer leans on the base: as long as that is whole. */
	ck_assert_int_eq(kist_writer_recheck(writer, NULL), KIST_OK);
	alike->collected = 1;
	ck_assert_int_eq(kist_writer_recheck(writer, NULL), KIST_OK);
	alike->collected = 2;
	alike->known.where.has_base = true;
	ck_assert_int_eq(kist_writer_recheck(writer, NULL), KIST_CANCELLED);
	free_alike(alike);
}
END_TEST

START_TEST(nothing_new_is_no_pack)
{
	struct kist_store *store = new_store();
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_digest id;
	const struct kist_piece piece = piece_of("x", 1);
	json_t *packs;

	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert_uint_eq(json_array_size(packs), 0);
	json_decref(packs);
	/* Finished is finished. */
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &id, NULL, NULL), KIST_INVALID);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_INVALID);
	kist_store_close(store);
}
END_TEST

START_TEST(a_full_pack_is_published_and_a_new_one_begun)
{
	struct kist_store *store = new_store();
	kist_auto_writer struct kist_writer *writer = NULL;
	uint8_t *data = malloc(KIST_CHUNK_SIZE_MAX);
	struct kist_digest ids[30];
	json_t *packs;

	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	/* Eight do not fit, with their heads; more packs than are on their way at once. */
	for (int i = 0; i < 30; i++) {
		const struct kist_piece piece = piece_of(data, KIST_CHUNK_SIZE_MAX);

		fill_noise(data, KIST_CHUNK_SIZE_MAX, (uint32_t)i);
		ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &ids[i], NULL, NULL),
				 KIST_OK);
		ck_assert_uint_eq(kist_writer_stats(writer).packs, (uint64_t)i / 7);
	}
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert_uint_eq(json_array_size(packs), 5);
	expect_chunk(store, packs, &ids[29], data, KIST_CHUNK_SIZE_MAX, KIST_CHUNK_DATA);
	json_decref(packs);
	free(data);
	kist_store_close(store);
}
END_TEST

START_TEST(sizes_and_kinds_out_of_range_are_refused)
{
	static const struct {
		size_t size;
		unsigned kind;
		kist_status status;
	} cases[] = { { 0, KIST_CHUNK_DATA, KIST_LIMIT },
		      { KIST_CHUNK_SIZE_MAX + 1, KIST_CHUNK_DATA, KIST_LIMIT },
		      { 1, KIST_CHUNK_KIND_COUNT, KIST_INVALID } };
	struct kist_store *store = new_store();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kist_auto_writer struct kist_writer *writer = NULL;
		const struct kist_piece piece = piece_of("x", cases[i].size);
		struct kist_digest id;
		json_t *packs;

		ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
		ck_assert_int_eq(kist_writer_put(writer, (enum kist_chunk_kind)cases[i].kind, &piece, 1, &id,
						 NULL, NULL),
				 cases[i].status);
		ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_INVALID);
	}
	kist_store_close(store);
}
END_TEST

/* A few chunks of both kinds, some compressed: what the sweeps below write. */
static kist_status write_some(struct kist_store *store, const struct kist_chunk_index *index,
			      json_t **ret_packs, struct kist_error *err)
{
	static uint8_t noise[200000];
	kist_auto_writer struct kist_writer *writer = NULL;
	const struct kist_piece pieces[] = { piece_of(noise, sizeof(noise)), piece_of("text", 4) };
	struct kist_digest ids[2];

	fill_noise(noise, sizeof(noise), 9);
	KIST_TRY(kist_writer_open(store, index, &writer, err));
	KIST_TRY(kist_writer_put(writer, KIST_CHUNK_DATA, pieces, 2, ids, NULL, err));
	KIST_TRY(kist_writer_put(writer, KIST_CHUNK_TREE, pieces, 2, ids, NULL, err));
	KIST_TRY(kist_writer_put(writer, KIST_CHUNK_TREE, &(struct kist_piece){ .bytes = { noise, 77 } }, 1,
				 ids, NULL, err));
	return kist_writer_finish(writer, ret_packs, err);
}

START_TEST(no_allocation_that_fails_is_overlooked)
{
	struct kist_store *store = new_store();
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_error err = KIST_ERROR_INIT;
		kist_auto_json json_t *packs = NULL;

		ck_assert_uint_lt(k, 500);
		kist_mem_fail_at(k);
		status = write_some(store, NULL, &packs, &err);
		kist_mem_fail_at(0);
		if (status != KIST_OK)
			ck_assert_int_eq(err.status, KIST_NO_MEMORY);
	}
	kist_store_close(store);
}
END_TEST

START_TEST(every_failure_of_the_backend_is_told)
{
	struct kist_store *store = new_store();
	struct kist_backend *real = store->backend;
	struct faulty faulty = { .base = { .ops = &faulty_ops }, .real = real };
	kist_status status = KIST_IO;
	unsigned long k;

	store->backend = &faulty.base;
	for (k = 1; status != KIST_OK; k++) {
		struct kist_error err = KIST_ERROR_INIT;
		kist_auto_json json_t *packs = NULL;

		faulty.countdown = k;
		status = write_some(store, NULL, &packs, &err);
		if (status != KIST_OK) {
			ck_assert_int_eq(status, KIST_IO);
			ck_assert_str_eq(err.text, "made to fail");
			ck_assert_ptr_null(packs);
		}
	}
	/* Two packs, two calls. */
	ck_assert_uint_eq(k, 4);
	store->backend = real;
	kist_store_close(store);
}
END_TEST

START_TEST(a_failure_of_the_index_is_told)
{
	struct kist_store *store = new_store();
	struct index broken = { .status = KIST_IO };
	const struct kist_chunk_index index = { .ctx = &broken, .find = find_known };
	struct kist_error err = KIST_ERROR_INIT;
	json_t *packs;

	ck_assert_int_eq(write_some(store, &index, &packs, &err), KIST_IO);
	ck_assert_str_eq(err.text, "the index is broken");
	kist_store_close(store);
}
END_TEST

#define PART_PIECE  ((size_t)256 << 10)
#define PART_PIECES ((size_t)64)

/* A part whose first half is noise around zero and whose second half rises; what was written of it. */
static struct kist_write_stats write_part(const uint8_t *data, uint64_t part)
{
	struct kist_store *store = new_store();
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_piece pieces[PART_PIECES];
	struct kist_digest ids[PART_PIECES];
	struct kist_write_stats stats;
	json_t *packs;

	for (size_t i = 0; i < PART_PIECES; i++) {
		pieces[i] = piece_of(data + i * PART_PIECE, PART_PIECE);
		pieces[i].hint = (struct kist_filter_hint){ .kind = KIST_FILTER_INT, .width = 4 };
		pieces[i].part = part;
	}
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, pieces, PART_PIECES, ids, NULL, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	for (size_t i = 0; i < PART_PIECES; i += 7)
		expect_chunk(store, packs, &ids[i], data + i * PART_PIECE, PART_PIECE, KIST_CHUNK_DATA);
	stats = kist_writer_stats(writer);
	json_decref(packs);
	kist_store_close(store);
	return stats;
}

START_TEST(chunks_of_a_part_take_one_filter_until_they_change)
{
	uint8_t *const data = malloc(PART_PIECE * PART_PIECES);
	const size_t count = PART_PIECE * PART_PIECES / 4;
	struct kist_write_stats looked;
	struct kist_write_stats guessed;
	struct kist_write_stats again;

	fill_noise(data, PART_PIECE * PART_PIECES, 9);
	for (uint32_t i = 0, sum = 0; i < count; i++) {
		uint32_t word;

		memcpy(&word, data + i * (size_t)4, 4);
		sum += word >> 16 & 0xff;
		word = i < count / 2 ? (word >> 8 & 0xfff) * 257 : sum * 3;
		memcpy(data + i * (size_t)4, &word, 4);
	}
	looked = write_part(data, 0);
	guessed = write_part(data, 77);
	again = write_part(data, 1);
	ck_assert_uint_gt(looked.filtered[KIST_FILTER_DELTA], 0);
	ck_assert_uint_lt(looked.filtered[KIST_FILTER_DELTA], PART_PIECES);
	ck_assert_mem_eq(looked.filtered, guessed.filtered, sizeof(looked.filtered));
	ck_assert_uint_eq(looked.stored_bytes, guessed.stored_bytes);
	/* Whoever is done first. */
	ck_assert_mem_eq(&guessed, &again, sizeof(again));
	free(data);
}
END_TEST

#define SMALL_PIECE  ((size_t)4 << 10)
#define SMALL_PIECES ((size_t)200)

/* Small pieces of two kinds in turn, each kind as its own part, or all without; what was written of them. */
static struct kist_write_stats write_small(const uint8_t *data, bool with_parts)
{
	struct kist_store *store = new_store();
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_write_stats stats;
	json_t *packs;

	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	for (size_t i = 0; i < SMALL_PIECES; i++) {
		struct kist_piece piece = piece_of(data + i * SMALL_PIECE, SMALL_PIECE);
		struct kist_digest id;

		piece.hint = (struct kist_filter_hint){ .kind = KIST_FILTER_INT, .width = 4 };
		piece.part = with_parts ? 40 + i % 2 : 0;
		ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &id, NULL, NULL),
				 KIST_OK);
	}
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	stats = kist_writer_stats(writer);
	json_decref(packs);
	kist_store_close(store);
	return stats;
}

START_TEST(small_pieces_of_parts_in_turn_keep_the_filter_of_their_part)
{
	uint8_t *const data = malloc(SMALL_PIECE * SMALL_PIECES);
	struct kist_write_stats looked;
	struct kist_write_stats guessed;

	fill_noise(data, SMALL_PIECE * SMALL_PIECES, 3);
	for (uint32_t i = 0, sum = 0; i < SMALL_PIECE * SMALL_PIECES / 4; i++) {
		const bool rises = i / (SMALL_PIECE / 4) % 2;
		uint32_t word;

		memcpy(&word, data + i * (size_t)4, 4);
		sum += word >> 16 & 0xff;
		word = rises ? sum * 3 : (word >> 8 & 0xfff) * 257;
		memcpy(data + i * (size_t)4, &word, 4);
	}
	looked = write_small(data, false);
	guessed = write_small(data, true);
	ck_assert_uint_eq(looked.filtered[KIST_FILTER_DELTA], SMALL_PIECES / 2);
	ck_assert_mem_eq(looked.filtered, guessed.filtered, sizeof(looked.filtered));
	ck_assert_uint_eq(looked.stored_bytes, guessed.stored_bytes);
	free(data);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("writer");

	tcase_add_test(tests, what_is_put_is_read);
	tcase_add_loop_test(tests, typed_pieces_get_filters_and_are_read, KIST_FILTER_FAST,
			    KIST_FILTER_ARCHIVE);
	tcase_add_test(tests, what_is_kept_is_not_written_again);
	tcase_add_test(tests, a_pack_that_is_gone_or_cut_short_is_not_leaned_on);
	tcase_add_test(tests, bytes_that_are_kept_as_something_else_are_no_record);
	tcase_add_test(tests, chunks_that_are_added_are_kept_and_let_go_one_after_another);
	tcase_add_test(tests, a_difference_is_made_where_it_may_be_and_of_what_is_whole_alone);
	tcase_add_test(tests, a_base_that_is_hostile_gives_no_bytes);
	tcase_add_test(tests, nothing_new_is_no_pack);
	tcase_add_test(tests, a_full_pack_is_published_and_a_new_one_begun);
	tcase_add_test(tests, sizes_and_kinds_out_of_range_are_refused);
	tcase_add_test(tests, no_allocation_that_fails_is_overlooked);
	tcase_add_test(tests, every_failure_of_the_backend_is_told);
	tcase_add_test(tests, a_failure_of_the_index_is_told);
	tcase_add_test(tests, chunks_of_a_part_take_one_filter_until_they_change);
	tcase_add_test(tests, small_pieces_of_parts_in_turn_keep_the_filter_of_their_part);
	return suite_run(tests, "writer");
}
