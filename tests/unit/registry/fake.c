/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/registry/fake.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/must.h"

struct kist_digest fake_digest(const char *text)
{
	return kist_digest_of(kist_view_of(text, strlen(text)));
}

struct kist_store *fake_new(void)
{
	struct kist_store *store = calloc(1, sizeof(*store));

	must(store);
	for (size_t i = 0; i < FAKE_CHECKPOINTS_MAX; i++)
		store->checkpoints[i].bytes.size_max = KIST_CHECKPOINT_SIZE_MAX + 1;
	strcpy(store->id, "0123456789abcdef0123456789abcdef");
	store->uri = FAKE_URI;
	return store;
}

void fake_free(struct kist_store *store)
{
	for (uint64_t i = 1; i <= store->head; i++)
		json_decref(store->commits[i]);
	for (size_t i = 0; i < FAKE_CHECKPOINTS_MAX; i++)
		kist_buf_done(&store->checkpoints[i].bytes);
	for (size_t i = 0; i < store->pack_count; i++) {
		for (size_t k = 0; k < store->packs[i].count; k++)
			free(store->packs[i].chunks[k].bytes);
		free(store->packs[i].chunks);
	}
	free(store);
}

char *fake_record(const char *content, const char *note, uint64_t size)
{
	const struct kist_digest sha256 = fake_digest(content);
	char hex[KIST_DIGEST_HEX_SIZE];
	char *text = NULL;

	kist_digest_hex(&sha256, hex);
	must(asprintf(&text,
		      "{\"encoding\":\"kist.npy@1\",\"kind\":\"tensor\",\"note\":\"%s\","
		      "\"sha256\":\"%s\",\"size\":%llu}",
		      note, hex, (unsigned long long)size) > 0);
	return text;
}

size_t fake_pack(struct kist_store *store, bool is_meta, const char *const *texts, const uint32_t *kinds,
		 size_t count)
{
	struct fake_pack *pack = &store->packs[store->pack_count];
	char name[64];

	must(store->pack_count < FAKE_PACKS_MAX);
	snprintf(name, sizeof(name), "pack %zu", store->pack_count);
	pack->id = fake_digest(name);
	pack->is_meta = is_meta;
	pack->count = count;
	pack->chunks = calloc(count, sizeof(*pack->chunks));
	for (size_t i = 0; i < count; i++) {
		pack->chunks[i].id = fake_digest(texts[i]);
		pack->chunks[i].kind = kinds[i];
		pack->chunks[i].offset = 64 + 1000 * i;
		pack->chunks[i].bytes = strdup(texts[i]);
	}
	return store->pack_count++;
}

json_t *fake_commit(void)
{
	return json_pack("{s:[],s:[],s:s}", "packs", "refs", "time", FAKE_TIME);
}

void fake_add_pack(json_t *commit, const struct kist_store *store, size_t pack)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&store->packs[pack].id, hex);
	json_array_append_new(json_object_get(commit, "packs"),
			      json_pack("{s:s,s:s,s:i}", "id", hex, "kind",
					store->packs[pack].is_meta ? "meta" : "data", "size",
					(json_int_t)(store->pack_size ? store->pack_size : 1000)));
}

void fake_add_ref(json_t *commit, const char *name, size_t len, const struct kist_digest *artifact,
		  const char *event)
{
	char hex[KIST_DIGEST_HEX_SIZE];
	json_t *ref = json_pack("{s:s}", "event", event);

	must(kist_name_json(ref, name, len, NULL) == KIST_OK);
	if (artifact)
		kist_digest_hex(artifact, hex);
	json_object_set_new(ref, "artifact", artifact ? json_string(hex) : json_null());
	json_array_append_new(json_object_get(commit, "refs"), ref);
}

static struct kist_digest commit_digest(const json_t *commit)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_COMMIT_SIZE_MAX);

	must(kist_json_canonical_any(commit, &text, NULL) == KIST_OK);
	return kist_digest_of(kist_buf_view(&text));
}

void fake_append(struct kist_store *store, json_t *commit)
{
	struct kist_digest previous = { { 0 } };
	char hex[KIST_DIGEST_HEX_SIZE];

	must(store->head < FAKE_COMMITS_MAX);
	if (store->head > 0)
		previous = store->digests[store->head];
	kist_digest_hex(&previous, hex);
	store->head++;
	json_object_set_new(commit, "number", json_integer((json_int_t)store->head));
	json_object_set_new(commit, "previous", json_string(hex));
	if (!json_object_get(commit, "write_id"))
		json_object_set_new(commit, "write_id", json_string("00112233445566778899aabbccddeeff"));
	store->commits[store->head] = commit;
	store->digests[store->head] = commit_digest(commit);
}

struct kist_digest fake_put_bytes(struct kist_store *store, const char *name, size_t len, const char *content,
				  const char *note)
{
	const uint32_t kinds[] = { KIST_CHUNK_RECORD, KIST_CHUNK_RECIPE };
	char *record = fake_record(content, note, strlen(content));
	const char *const texts[] = { record, content };
	const struct kist_digest id = fake_digest(record);
	json_t *commit = fake_commit();

	fake_add_pack(commit, store, fake_pack(store, true, texts, kinds, 2));
	if (name)
		fake_add_ref(commit, name, len, &id, "put");
	fake_append(store, commit);
	free(record);
	return id;
}

struct kist_digest fake_put(struct kist_store *store, const char *name, const char *content, const char *note)
{
	return fake_put_bytes(store, name, name ? strlen(name) : 0, content, note);
}

void fake_event(struct kist_store *store, const char *name, const struct kist_digest *artifact,
		const char *event)
{
	json_t *commit = fake_commit();

	fake_add_ref(commit, name, strlen(name), artifact, event);
	fake_append(store, commit);
}

/* What the registry calls. */

const char *kist_store_id(const struct kist_store *store)
{
	return store->id;
}

static uint64_t head_of(const struct kist_store *store)
{
	return store->shared_head ? __atomic_load_n(store->shared_head, __ATOMIC_SEQ_CST) : store->head;
}

const char *kist_store_uri(const struct kist_store *store)
{
	return store->uri;
}

static kist_status find_commit(const struct kist_store *store, uint64_t number, struct kist_error *err)
{
	if (number == 0 || number > head_of(store))
		return kist_fail(err, KIST_NOT_FOUND, "no such commit");
	if (store->commit_status[number] != KIST_OK)
		return kist_fail(err, store->commit_status[number], "the commit is bad");
	return KIST_OK;
}

kist_status kist_log_read(struct kist_store *store, uint64_t number, struct kist_commit *ret,
			  struct kist_error *err)
{
	kist_auto_buf struct kist_buf body = KIST_BUF_INIT(KIST_COMMIT_SIZE_MAX);
	char line[KIST_COMMIT_LINE_SIZE_MAX];
	struct kist_digest digest;

	KIST_TRY(find_commit(store, number, err));
	store->commit_reads++;
	KIST_TRY(kist_json_canonical_any(store->commits[number], &body, err));
	digest = kist_digest_of(kist_buf_view(&body));
	ret->entry.size = 0;
	KIST_TRY(kist_buf_append(&ret->entry, line, kist_commit_line(kist_buf_view(&body), &digest, line),
				 err));
	KIST_TRY(kist_buf_append(&ret->entry, body.data, body.size, err));
	KIST_TRY(kist_commit_parse(ret, number, err));
	/* A test may say that a commit is another. */
	ret->digest = store->digests[number];
	return KIST_OK;
}

kist_status kist_log_digest(struct kist_store *store, uint64_t number, struct kist_digest *ret,
			    struct kist_error *err)
{
	KIST_TRY(find_commit(store, number, err));
	*ret = store->digests[number];
	return KIST_OK;
}

/* Never told without reading: that is what can fail. */
bool kist_log_is(struct kist_store *store, uint64_t number, const struct kist_digest *digest)
{
	(void)store;
	(void)number;
	(void)digest;
	return false;
}

kist_status kist_log_exists(struct kist_store *store, uint64_t number, bool *ret, struct kist_error *err)
{
	const kist_status status = find_commit(store, number, NULL);

	if (status == KIST_IO || status == KIST_NO_MEMORY)
		return find_commit(store, number, err);
	*ret = status != KIST_NOT_FOUND;
	return KIST_OK;
}

kist_status kist_log_names(struct kist_store *store, struct kist_log_names *ret, struct kist_error *err)
{
	(void)err;
	ret->last = head_of(store);
	for (ret->missing = 1; ret->missing <= ret->last; ret->missing++) {
		if (store->commit_status[ret->missing] == KIST_NOT_FOUND)
			break;
	}
	return KIST_OK;
}

kist_status kist_log_check_end(struct kist_store *store, uint64_t number, bool all, struct kist_error *err)
{
	struct kist_log_names names;

	KIST_TRY(kist_log_names(store, &names, err));
	store->lists += all;
	if (all ? names.missing <= names.last || names.missing <= number
		: names.missing == number + 1 && names.last > names.missing)
		return kist_fail(err, KIST_CORRUPT, "a commit is missing");
	return KIST_OK;
}

static struct fake_checkpoint *find_checkpoint(struct kist_store *store, uint64_t number)
{
	for (size_t i = 0; i < FAKE_CHECKPOINTS_MAX; i++) {
		if (store->checkpoints[i].number == number)
			return &store->checkpoints[i];
	}
	return NULL;
}

kist_status kist_checkpoints_list(struct kist_store *store, struct kist_buf *ret, struct kist_error *err)
{
	if (store->checkpoint_status != KIST_OK)
		return kist_fail(err, store->checkpoint_status, "checkpoints cannot be listed");
	/* Tests put few, and in order. */
	for (size_t i = 0; i < FAKE_CHECKPOINTS_MAX; i++) {
		const uint64_t number = store->checkpoints[i].number;

		if (number > 0)
			KIST_TRY(kist_buf_append(ret, &number, sizeof(number), err));
	}
	return KIST_OK;
}

kist_status kist_checkpoints_get(struct kist_store *store, uint64_t number, struct kist_buf *ret,
				 struct kist_error *err)
{
	const struct fake_checkpoint *found = find_checkpoint(store, number);

	if (!found || found->status != KIST_OK)
		return kist_fail(err, found ? found->status : KIST_NOT_FOUND, "the checkpoint is bad");
	ret->size = 0;
	return kist_buf_append(ret, found->bytes.data, found->bytes.size, err);
}

kist_status kist_checkpoints_put(struct kist_store *store, uint64_t number, struct kist_view bytes,
				 struct kist_error *err)
{
	struct fake_checkpoint *place = find_checkpoint(store, number);

	if (store->checkpoint_status != KIST_OK)
		return kist_fail(err, store->checkpoint_status, "checkpoints cannot be written");
	if (place)
		return KIST_OK;
	/* Behind all others, so that they stay in order. */
	place = &store->checkpoints[FAKE_CHECKPOINTS_MAX];
	while (place > store->checkpoints && place[-1].number == 0)
		place--;
	must(place < &store->checkpoints[FAKE_CHECKPOINTS_MAX]);
	KIST_TRY(kist_buf_append(&place->bytes, bytes.data, bytes.size, err));
	place->number = number;
	return KIST_OK;
}

kist_status kist_checkpoints_delete(struct kist_store *store, uint64_t number, struct kist_error *err)
{
	struct fake_checkpoint *place = find_checkpoint(store, number);

	(void)err;
	if (place) {
		kist_buf_done(&place->bytes);
		place->number = 0;
	}
	return KIST_OK;
}

static struct fake_pack *find_pack(struct kist_store *store, const struct kist_digest *id)
{
	for (size_t i = 0; i < store->pack_count; i++) {
		if (kist_digest_equal(&store->packs[i].id, id))
			return &store->packs[i];
	}
	return NULL;
}

static kist_status give_chunk(const struct fake_pack *pack, const struct fake_chunk *chunk,
			      const struct kist_scan *scan, struct kist_error *err)
{
	const size_t len = strlen(chunk->bytes);
	const struct kist_location where = { .pack = pack->id,
					     .offset = chunk->offset,
					     .stored_len = (uint32_t)len + 64,
					     .raw_len = (uint32_t)len,
					     .kind = chunk->kind,
					     .has_base = chunk->has_base,
					     .base = { .id = chunk->base } };
	uint64_t looked[KIST_LOOKED_MAX / sizeof(uint64_t)] = { 0 };
	struct kist_scanned scanned = { .id = &chunk->id, .where = &where };

	if (scan->with_records && chunk->kind == KIST_CHUNK_RECORD) {
		scanned.status = chunk->status;
		if (chunk->status != KIST_OK && chunk->status != KIST_CORRUPT &&
		    chunk->status != KIST_NOT_FOUND)
			return kist_fail(err, chunk->status, "the chunk is bad");
	}
	if (scan->with_records && chunk->kind == KIST_CHUNK_RECORD && chunk->status == KIST_OK) {
		scanned.record = kist_view_of(chunk->bytes, len);
		scan->look(scanned.record, looked);
		scanned.looked = looked;
	}
	return scan->each(scan->ctx, &scanned, err);
}

kist_status kist_store_scan_pack(struct kist_store *store, const struct kist_digest *id,
				 const struct kist_scan *scan, struct kist_error *err)
{
	const struct fake_pack *pack = find_pack(store, id);

	store->index_reads++;
	if (!pack)
		return kist_fail(err, KIST_NOT_FOUND, "no such pack");
	if (pack->status != KIST_OK) {
		(void)kist_fail(err, pack->status, "the pack is bad");
		if (err)
			err->sys_errno = pack->sys_errno;
		return pack->status;
	}
	for (size_t i = 0; i < pack->count; i++)
		KIST_TRY(give_chunk(pack, &pack->chunks[i], scan, err));
	return KIST_OK;
}

struct kist_scan_ahead {
	struct kist_store *store;
	struct kist_digest id;
	struct kist_scan scan;
};

struct kist_scan_ahead *kist_scan_ahead_new(struct kist_store *store, const struct kist_digest *id,
					    const struct kist_scan *scan, struct kist_scan_ahead *spare)
{
	struct kist_scan_ahead *ahead = calloc(1, sizeof(*ahead));

	kist_scan_ahead_free(spare);
	if (ahead)
		*ahead = (struct kist_scan_ahead){ .store = store, .id = *id, .scan = *scan };
	return ahead;
}

bool kist_scan_ahead_is_of(const struct kist_scan_ahead *ahead, const struct kist_digest *id)
{
	return ahead && kist_digest_equal(&ahead->id, id);
}

kist_status kist_scan_ahead_give(struct kist_scan_ahead *ahead, struct kist_error *err)
{
	ahead->store->given_ahead++;
	return kist_store_scan_pack(ahead->store, &ahead->id, &ahead->scan, err);
}

void kist_scan_ahead_free(struct kist_scan_ahead *ahead)
{
	free(ahead);
}

/* Helpers of tests. */

struct kist_registry *must_open(struct kist_store *store, const char *cache_dir)
{
	struct kist_registry *registry = NULL;

	must(kist_registry_open(store, cache_dir, &registry, NULL) == KIST_OK);
	return registry;
}

void must_fold(struct kist_registry *registry)
{
	must(kist_registry_fold(registry, NULL) == KIST_OK);
}

static kist_status tell_ref(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			    struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&ref->artifact, hex);
	return kist_buf_appendf(ctx, err, "ref %.*s %s %llu %s %s\n", (int)ref->name_len, ref->name, hex,
				(unsigned long long)ref->commit, ref->time,
				artifact->record ? "known" : "unknown");
}

static kist_status tell_artifact(void *ctx, const struct kist_artifact *artifact, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&artifact->id, hex);
	KIST_TRY(kist_buf_appendf(ctx, err, "artifact %s ", hex));
	kist_digest_hex(&artifact->sha256, hex);
	KIST_TRY(kist_buf_appendf(ctx, err, "%s %llu ", hex, (unsigned long long)artifact->size));
	KIST_TRY(kist_json_canonical(artifact->record, ctx, err));
	return kist_buf_append(ctx, "\n", 1, err);
}

static kist_status tell_pack(void *ctx, const struct kist_digest *id, uint64_t size, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(id, hex);
	return kist_buf_appendf(ctx, err, "pack %s %llu\n", hex, (unsigned long long)size);
}

char *tell_all(struct kist_registry *registry)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)64 << 20);
	struct kist_registry_stats stats;
	struct kist_digest digest;
	uint64_t head;

	kist_registry_head(registry, &head, &digest);
	must(kist_registry_each_ref(registry, "", 0, tell_ref, &text, NULL) == KIST_OK);
	must(kist_registry_each_artifact(registry, tell_artifact, &text, NULL) == KIST_OK);
	must(kist_registry_each_pack(registry, tell_pack, &text, NULL) == KIST_OK);
	must(kist_registry_get_stats(registry, &stats, NULL) == KIST_OK);
	must(kist_buf_appendf(&text, NULL, "head %llu refs %llu artifacts %llu chunks %llu packs %llu\n",
			      (unsigned long long)head, (unsigned long long)stats.refs,
			      (unsigned long long)stats.artifacts, (unsigned long long)stats.chunks,
			      (unsigned long long)stats.packs) == KIST_OK);
	return strndup((const char *)text.data, text.size);
}

char test_dir[64];

void make_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(test_dir, sizeof(test_dir), "%s/kist-registry-XXXXXX",
		 tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	must(mkdtemp(test_dir));
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about;
	(void)type;
	(void)walk;
	return remove(path);
}

void remove_dir(void)
{
	(void)nftw(test_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
