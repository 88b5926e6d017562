/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/le.h"
#include "base/mem.h"
#include "base/num.h"

#define MAGIC	      "KISTPACK"
#define MAGIC_SIZE    ((size_t)8)
#define AT_VERSION    8
#define AT_ZERO	      12
#define AT_MANIFEST   16
#define AT_COUNT      24
#define AT_SIZE	      32
#define AT_DIGEST     40
#define ENTRY_AT_LEN  32
#define ENTRY_AT_KIND 36

void kist_bundle_done(struct kist_bundle *bundle)
{
	kist_buf_done(&bundle->manifest);
	kist_free(bundle->chunks);
	kist_free(bundle->offsets);
	kist_free(bundle->by_id);
	bundle->chunks = NULL;
	bundle->offsets = NULL;
	bundle->by_id = NULL;
	bundle->count = 0;
}

static kist_status bad(struct kist_error *err, uint64_t offset, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_BUNDLE", offset, "this is no sound bundle: %s", what);
}

static kist_status read_exactly(int fd, void *to, size_t size, uint64_t offset, struct kist_error *err)
{
	size_t got = 0;

	KIST_TRY(kist_pread_full(fd, to, size, offset, &got, err));
	return got == size ? KIST_OK : bad(err, offset + got, "it is cut off");
}

bool kist_bundle_is(int fd)
{
	uint8_t magic[MAGIC_SIZE];

	return read_exactly(fd, magic, sizeof(magic), 0, NULL) == KIST_OK &&
	       memcmp(magic, MAGIC, MAGIC_SIZE) == 0;
}

/* What the head says of lengths must be those of the file. */
static kist_status check_head(const uint8_t *head, uint64_t file_size, uint64_t *ret_manifest,
			      uint64_t *ret_count, struct kist_error *err)
{
	if (memcmp(head, MAGIC, MAGIC_SIZE) != 0)
		return bad(err, 0, "it does not begin as one");
	if (kist_le_read32(head + AT_VERSION) > KIST_BUNDLE_VERSION)
		return kist_fail_at(err, KIST_INCOMPATIBLE, "E_BUNDLE", AT_VERSION,
				    "the bundle is of format %" PRIu32
				    ", and this kist reads format %d: it needs a newer kist",
				    kist_le_read32(head + AT_VERSION), KIST_BUNDLE_VERSION);
	if (kist_le_read32(head + AT_VERSION) != KIST_BUNDLE_VERSION)
		return bad(err, AT_VERSION, "there is no such format");
	if (kist_le_read32(head + AT_ZERO) != 0)
		return bad(err, AT_ZERO, "what must be zero is not");
	*ret_manifest = kist_le_read64(head + AT_MANIFEST);
	*ret_count = kist_le_read64(head + AT_COUNT);
	if (*ret_manifest == 0 || *ret_manifest > KIST_BUNDLE_MANIFEST_SIZE_MAX)
		return bad(err, AT_MANIFEST, "no manifest has that length");
	if (*ret_count > KIST_BUNDLE_CHUNKS_MAX)
		return bad(err, AT_COUNT, "no bundle has so many chunks");
	if (kist_le_read64(head + AT_SIZE) != file_size)
		return bad(err, AT_SIZE, "the file is shorter or longer than it says");
	if (file_size < KIST_BUNDLE_HEAD_SIZE + *ret_manifest + *ret_count * KIST_BUNDLE_ENTRY_SIZE)
		return bad(err, AT_SIZE, "it ends before its table");
	return KIST_OK;
}

static int compare_ids(const void *a, const void *b, void *chunks)
{
	const struct kist_bundle_chunk *all = chunks;
	const size_t *left = a;
	const size_t *right = b;

	return memcmp(all[*left].id.bytes, all[*right].id.bytes, KIST_DIGEST_SIZE);
}

static kist_status sort_ids(struct kist_bundle *bundle, struct kist_error *err)
{
	for (size_t i = 0; i < bundle->count; i++)
		bundle->by_id[i] = i;
	qsort_r(bundle->by_id, bundle->count, sizeof(*bundle->by_id), compare_ids, bundle->chunks);
	for (size_t i = 1; i < bundle->count; i++) {
		if (compare_ids(&bundle->by_id[i - 1], &bundle->by_id[i], bundle->chunks) == 0)
			return bad(err, bundle->offsets[bundle->by_id[i]], "a chunk stands in it twice");
	}
	return KIST_OK;
}

static kist_status read_entry(const uint8_t *entry, uint64_t at, struct kist_bundle_chunk *ret,
			      struct kist_error *err)
{
	memcpy(ret->id.bytes, entry, KIST_DIGEST_SIZE);
	ret->len = kist_le_read32(entry + ENTRY_AT_LEN);
	ret->kind = (enum kist_chunk_kind)entry[ENTRY_AT_KIND];
	if (ret->len == 0 || ret->len > KIST_CHUNK_SIZE_MAX)
		return bad(err, at, "no chunk has that length");
	if (entry[ENTRY_AT_KIND] >= KIST_CHUNK_KIND_COUNT || entry[ENTRY_AT_KIND + 1] != 0 ||
	    entry[ENTRY_AT_KIND + 2] != 0 || entry[ENTRY_AT_KIND + 3] != 0)
		return bad(err, at, "there is no such kind of chunk");
	return KIST_OK;
}

/* The table, whose end the chunks follow: they must fill the rest of the file. */
static kist_status read_table(struct kist_bundle *bundle, struct kist_view table, uint64_t table_at,
			      struct kist_error *err)
{
	uint64_t offset = table_at + table.size;

	bundle->count = table.size / KIST_BUNDLE_ENTRY_SIZE;
	bundle->chunks = kist_alloc(bundle->count, sizeof(*bundle->chunks));
	bundle->offsets = kist_alloc(bundle->count, sizeof(*bundle->offsets));
	bundle->by_id = kist_alloc(bundle->count, sizeof(*bundle->by_id));
	if (!bundle->chunks || !bundle->offsets || !bundle->by_id)
		return kist_fail_memory(err, bundle->count * sizeof(*bundle->chunks));
	for (size_t i = 0; i < bundle->count; i++) {
		const size_t at = i * KIST_BUNDLE_ENTRY_SIZE;

		KIST_TRY(read_entry(table.data + at, table_at + at, &bundle->chunks[i], err));
		bundle->offsets[i] = offset;
		offset += bundle->chunks[i].len;
	}
	if (offset != bundle->size)
		return bad(err, table_at, "the lengths of its chunks are not that of the file");
	return sort_ids(bundle, err);
}

static kist_status read_all(struct kist_bundle *bundle, struct kist_error *err)
{
	kist_auto_buf struct kist_buf table =
		KIST_BUF_INIT((size_t)KIST_BUNDLE_CHUNKS_MAX * KIST_BUNDLE_ENTRY_SIZE);
	uint8_t head[KIST_BUNDLE_HEAD_SIZE];
	struct kist_hasher hasher;
	uint64_t manifest_size = 0;
	uint64_t count = 0;
	uint8_t *to;

	KIST_TRY(read_exactly(bundle->fd, head, sizeof(head), 0, err));
	KIST_TRY(check_head(head, bundle->size, &manifest_size, &count, err));
	KIST_TRY(kist_buf_extend(&bundle->manifest, (size_t)manifest_size, &to, err));
	KIST_TRY(read_exactly(bundle->fd, to, bundle->manifest.size, sizeof(head), err));
	KIST_TRY(kist_buf_extend(&table, (size_t)count * KIST_BUNDLE_ENTRY_SIZE, &to, err));
	KIST_TRY(read_exactly(bundle->fd, to, table.size, sizeof(head) + manifest_size, err));
	kist_hasher_start(&hasher);
	kist_hasher_add(&hasher, kist_view_of(head, AT_DIGEST));
	kist_hasher_add(&hasher, kist_buf_view(&bundle->manifest));
	kist_hasher_add(&hasher, kist_view_of(table.size > 0 ? table.data : head, table.size));
	bundle->digest = kist_hasher_finish(&hasher);
	if (memcmp(bundle->digest.bytes, head + AT_DIGEST, KIST_DIGEST_SIZE) != 0)
		return bad(err, AT_DIGEST, "its manifest or table is not what its digest says");
	return read_table(bundle, kist_buf_view(&table), sizeof(head) + manifest_size, err);
}

kist_status kist_bundle_open(int fd, struct kist_bundle *ret, struct kist_error *err)
{
	struct kist_bundle bundle = KIST_BUNDLE_INIT;
	struct stat status;
	kist_status result;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return kist_fail(err, KIST_INVALID, "a bundle is a regular file, and this is none");
	bundle.fd = fd;
	bundle.size = (uint64_t)status.st_size;
	result = read_all(&bundle, err);
	if (result != KIST_OK) {
		kist_bundle_done(&bundle);
		return result;
	}
	*ret = bundle;
	return KIST_OK;
}

static const struct kist_bundle_chunk *find(const struct kist_bundle *bundle, const struct kist_digest *id,
					    uint64_t *ret_offset)
{
	size_t from = 0;
	size_t to = bundle->count;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		const size_t at = bundle->by_id[middle];
		const int order = memcmp(id->bytes, bundle->chunks[at].id.bytes, KIST_DIGEST_SIZE);

		if (order == 0) {
			*ret_offset = bundle->offsets[at];
			return &bundle->chunks[at];
		}
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

kist_status kist_bundle_get(const struct kist_bundle *bundle, const struct kist_digest *id,
			    struct kist_buf *ret, struct kist_error *err)
{
	uint64_t offset = 0;
	const struct kist_bundle_chunk *chunk = find(bundle, id, &offset);
	char hex[KIST_DIGEST_HEX_SIZE];
	struct kist_digest actual;
	uint8_t *to;

	kist_digest_hex(id, hex);
	if (!chunk)
		return kist_fail_at(err, KIST_CORRUPT, "E_BUNDLE", KIST_NO_OFFSET,
				    "this is no sound bundle: it lacks the chunk %s", hex);
	ret->size = 0;
	KIST_TRY(kist_buf_extend(ret, chunk->len, &to, err));
	KIST_TRY(read_exactly(bundle->fd, to, chunk->len, offset, err));
	actual = kist_digest_of(kist_buf_view(ret));
	if (kist_digest_equal(&actual, id))
		return KIST_OK;
	return kist_fail_at(err, KIST_CORRUPT, "E_BUNDLE", offset,
			    "this is no sound bundle: the chunk %s has other bytes", hex);
}

kist_status kist_bundle_head(struct kist_view manifest, const struct kist_bundle_chunk *chunks, size_t count,
			     struct kist_buf *ret, struct kist_digest *ret_digest, struct kist_error *err)
{
	uint64_t size = KIST_BUNDLE_HEAD_SIZE + manifest.size + count * KIST_BUNDLE_ENTRY_SIZE;
	struct kist_hasher hasher;
	uint8_t *head;

	if (manifest.size > KIST_BUNDLE_MANIFEST_SIZE_MAX || count > KIST_BUNDLE_CHUNKS_MAX)
		return kist_fail(err, KIST_LIMIT,
				 "this is too much for one bundle: put less into each of several");
	KIST_TRY(kist_buf_extend(ret, (size_t)size, &head, err));
	memcpy(head + KIST_BUNDLE_HEAD_SIZE, manifest.data, manifest.size);
	for (size_t i = 0; i < count; i++) {
		uint8_t *entry = head + KIST_BUNDLE_HEAD_SIZE + manifest.size + i * KIST_BUNDLE_ENTRY_SIZE;

		memcpy(entry, chunks[i].id.bytes, KIST_DIGEST_SIZE);
		kist_le_write32(entry + ENTRY_AT_LEN, chunks[i].len);
		entry[ENTRY_AT_KIND] = (uint8_t)chunks[i].kind;
		size += chunks[i].len;
	}
	memcpy(head, MAGIC, MAGIC_SIZE);
	kist_le_write32(head + AT_VERSION, KIST_BUNDLE_VERSION);
	kist_le_write64(head + AT_MANIFEST, manifest.size);
	kist_le_write64(head + AT_COUNT, count);
	kist_le_write64(head + AT_SIZE, size);
	kist_hasher_start(&hasher);
	kist_hasher_add(&hasher, kist_view_of(head, AT_DIGEST));
	kist_hasher_add(&hasher, kist_view_of(head + KIST_BUNDLE_HEAD_SIZE,
					      manifest.size + count * KIST_BUNDLE_ENTRY_SIZE));
	*ret_digest = kist_hasher_finish(&hasher);
	memcpy(head + AT_DIGEST, ret_digest->bytes, KIST_DIGEST_SIZE);
	return KIST_OK;
}
