/* SPDX-License-Identifier: Apache-2.0 */
#include "store/written.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

/* Fewer records are not worth a thread. */
#define BESIDE_MIN ((size_t)512)
/* So many are taken at once from what two threads share. */
#define STEP ((size_t)64)

struct place {
	uint32_t offset; /* in the pack */
	uint32_t at;	 /* in the records */
};

#define PLACES_MAX (KIST_PACK_CHUNKS_MAX * sizeof(struct place))
#define INDEX_MAX  (KIST_PACK_INDEX_SIZE(KIST_PACK_CHUNKS_MAX) + KIST_PACK_CHUNKS_MAX * KIST_PACK_BASE_SIZE)

static void pack_done(struct kist_written_pack *pack)
{
	kist_buf_done(&pack->index);
	kist_buf_done(&pack->records);
	kist_buf_done(&pack->places);
	kist_free(pack->entries);
	pack->entries = NULL;
}

void kist_written_done(struct kist_written *written)
{
	for (size_t i = 0; i <= KIST_WRITTEN_PACKS_MAX; i++)
		pack_done(&written->packs[i]);
	for (size_t i = 0; i < KIST_WRITTEN_PACKS_MAX; i++)
		pack_done(&written->data[i]);
	*written = (struct kist_written)KIST_WRITTEN_INIT;
}

static struct kist_written_pack *open_pack(struct kist_written *written)
{
	struct kist_written_pack *const pack = &written->packs[written->count];

	pack->records.size_max = KIST_WRITTEN_BYTES_MAX;
	pack->places.size_max = PLACES_MAX;
	return pack;
}

static void fill_up(struct kist_written *written)
{
	written->is_full = true;
	pack_done(open_pack(written));
}

kist_status kist_written_add(struct kist_written *written, size_t offset, struct kist_view record,
			     struct kist_error *err)
{
	struct kist_written_pack *const pack = open_pack(written);
	const struct place place = { .offset = (uint32_t)offset, .at = (uint32_t)pack->records.size };

	if (!written->is_full && (written->count == KIST_WRITTEN_PACKS_MAX ||
				  record.size > KIST_WRITTEN_BYTES_MAX - written->bytes))
		fill_up(written);
	if (written->is_full)
		return KIST_OK;
	written->bytes += record.size;
	KIST_TRY(kist_buf_append(&pack->places, &place, sizeof(place), err));
	return kist_buf_append(&pack->records, record.data, record.size, err);
}

static kist_status keep_index(struct kist_written_pack *pack, const struct kist_digest *id,
			      struct kist_view tail, size_t size, struct kist_error *err)
{
	pack->index.size_max = INDEX_MAX;
	KIST_TRY(kist_pack_parse_footer(tail, size, &pack->footer, err));
	KIST_TRY(kist_buf_append(&pack->index, tail.data + tail.size - (size - pack->footer.index_offset),
				 (size_t)pack->footer.index_size, err));
	pack->id = *id;
	return KIST_OK;
}

kist_status kist_written_seal(struct kist_written *written, const struct kist_digest *id,
			      struct kist_view tail, size_t size, struct kist_error *err)
{
	struct kist_written_pack *const pack = open_pack(written);

	if (written->is_full || written->count == KIST_WRITTEN_PACKS_MAX)
		return KIST_OK;
	KIST_TRY(keep_index(pack, id, tail, size, err));
	written->count++;
	return KIST_OK;
}

kist_status kist_written_data(struct kist_written *written, const struct kist_digest *id,
			      struct kist_view tail, size_t size, struct kist_error *err)
{
	if (written->data_count == KIST_WRITTEN_PACKS_MAX)
		return KIST_OK;
	KIST_TRY(keep_index(&written->data[written->data_count], id, tail, size, err));
	written->data_count++;
	return KIST_OK;
}

static struct kist_written_pack *find(struct kist_written_pack *packs, size_t count,
				      const struct kist_digest *id)
{
	for (size_t i = 0; i < count; i++) {
		if (kist_digest_equal(&packs[i].id, id))
			return &packs[i];
	}
	return NULL;
}

struct kist_written_pack *kist_written_find(struct kist_written *written, const struct kist_digest *id)
{
	struct kist_written_pack *found = NULL;

	if (written)
		found = find(written->packs, written->count, id);
	return found || !written ? found : find(written->data, written->data_count, id);
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

struct kist_view kist_written_record(const struct kist_written_pack *pack, uint64_t offset)
{
	const struct place wanted = { .offset = (uint32_t)offset };
	const struct place *const places = (const void *)pack->places.data;
	const size_t count = pack->places.size / sizeof(*places);
	const struct place *found = NULL;
	size_t end;

	if (count > 0 && offset <= UINT32_MAX)
		found = bsearch(&wanted, places, count, sizeof(*places), compare_places);
	if (!found)
		return kist_view_of(NULL, 0);
	end = found + 1 < places + count ? found[1].at : pack->records.size;
	return kist_view_of(pack->records.data + found->at, end - found->at);
}

/* The entries of a pack that two threads look at. */
struct looking {
	const struct kist_written_pack *pack;
	struct kist_written_entry *entries;
	kist_look *look;
	atomic_size_t next; /* that nobody has taken */
};

static void look_at(const struct looking *looking, size_t i)
{
	const struct kist_written_pack *pack = looking->pack;
	const struct kist_pack_entry entry = kist_pack_entry_at(kist_buf_view(&pack->index), i);
	struct kist_written_entry *const to = &looking->entries[i];

	if (entry.kind != KIST_CHUNK_RECORD)
		return;
	to->record = kist_written_record(pack, entry.offset);
	if (looking->look)
		looking->look(to->record, to->looked);
}

static void *look_at_all(void *arg)
{
	struct looking *const looking = arg;
	const size_t count = looking->pack->footer.count;
	size_t first;

	while ((first = atomic_fetch_add(&looking->next, STEP)) < count) {
		for (size_t i = first; i < kist_min_u64(first + STEP, count); i++)
			look_at(looking, i);
	}
	return NULL;
}

kist_status kist_written_look(struct kist_written_pack *pack, kist_look *look, struct kist_error *err)
{
	const size_t count = pack->footer.count;
	struct looking looking = { .pack = pack, .look = look };
	pthread_t helper;
	bool helped;

	if (pack->entries && pack->look == look)
		return KIST_OK;
	kist_free(pack->entries);
	pack->entries = NULL;
	looking.entries = kist_alloc(count, sizeof(*looking.entries));
	if (!looking.entries)
		return kist_fail_memory(err, count * sizeof(*looking.entries));
	helped = count >= BESIDE_MIN && pthread_create(&helper, NULL, look_at_all, &looking) == 0;
	(void)look_at_all(&looking);
	if (helped)
		(void)pthread_join(helper, NULL);
	pack->entries = looking.entries;
	pack->look = look;
	return KIST_OK;
}
