/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checkpoint.h"

#include <string.h>

#include "backend/backend.h"
#include "base/le.h"
#include "base/utf8.h"

#define MAGIC	     "KCKP"
#define HEAD_SIZE    ((size_t)96)
#define COUNTS_AT    ((size_t)56)
#define PACK_SIZE    ((size_t)48)
#define ID_SIZE	     ((size_t)40)
#define NAME_AT	     ((size_t)44)
#define VERSION_SIZE ((size_t)8)

/* Of the entries of each list; names differ. */
static const size_t entry_sizes[KIST_CHECKPOINT_NAMES] = {
	[KIST_CHECKPOINT_PACKS] = PACK_SIZE,
	[KIST_CHECKPOINT_FORGOTTEN] = ID_SIZE,
	[KIST_CHECKPOINT_CONDEMNED] = ID_SIZE,
	[KIST_CHECKPOINT_FENCES] = KIST_SESSION_SIZE,
};

/* The first @size bytes of @rest, which has as many. */
static const uint8_t *take(struct kist_view *rest, size_t size)
{
	const uint8_t *const first = rest->data;

	*rest = kist_view_of(first + size, rest->size - size);
	return first;
}

static void read_digest(const uint8_t *from, struct kist_digest *ret)
{
	memcpy(ret->bytes, from, KIST_DIGEST_SIZE);
}

bool kist_checkpoint_next_pack(struct kist_view *rest, struct kist_checkpoint_pack *ret)
{
	const uint8_t *entry;

	if (rest->size < PACK_SIZE)
		return false;
	entry = take(rest, PACK_SIZE);
	read_digest(entry, &ret->id);
	ret->commit = kist_le_read64(entry + 32);
	ret->size = kist_le_read32(entry + 40);
	ret->kind = entry[44] == 0 ? KIST_PACK_DATA : KIST_PACK_META;
	return true;
}

bool kist_checkpoint_next_id(struct kist_view *rest, struct kist_checkpoint_id *ret)
{
	const uint8_t *entry;

	if (rest->size < ID_SIZE)
		return false;
	entry = take(rest, ID_SIZE);
	read_digest(entry, &ret->id);
	ret->commit = kist_le_read64(entry + 32);
	return true;
}

bool kist_checkpoint_next_fence(struct kist_view *rest, uint8_t ret[static KIST_SESSION_SIZE])
{
	if (rest->size < KIST_SESSION_SIZE)
		return false;
	memcpy(ret, take(rest, KIST_SESSION_SIZE), KIST_SESSION_SIZE);
	return true;
}

bool kist_checkpoint_next_name(struct kist_view *rest, struct kist_checkpoint_name *ret)
{
	const uint8_t *const entry = rest->data;
	size_t name_len;
	size_t time_len;

	if (rest->size < NAME_AT)
		return false;
	name_len = kist_le_read16(entry + 40);
	time_len = entry[42];
	if (rest->size - NAME_AT < name_len + time_len)
		return false;
	ret->commit = kist_le_read64(entry);
	read_digest(entry + 8, &ret->artifact);
	ret->is_tag = entry[43] != 0;
	ret->name = kist_view_of(entry + NAME_AT, name_len);
	ret->time = kist_view_of(entry + NAME_AT + name_len, time_len);
	(void)take(rest, NAME_AT + name_len + time_len);
	return true;
}

static kist_status fail_list(const char *what, struct kist_error *err)
{
	return kist_fail(err, KIST_CORRUPT, "its list of %s is not as it should be", what);
}

static bool is_commit(const struct kist_checkpoint *checkpoint, uint64_t number)
{
	return number > 0 && number <= checkpoint->of.number;
}

static kist_status check_packs(const struct kist_checkpoint *checkpoint, struct kist_error *err)
{
	struct kist_view rest = checkpoint->lists[KIST_CHECKPOINT_PACKS];
	struct kist_checkpoint_pack pack;
	uint64_t before = 0;

	for (const uint8_t *entry = rest.data; kist_checkpoint_next_pack(&rest, &pack); entry = rest.data) {
		if (!is_commit(checkpoint, pack.commit) || pack.commit < before ||
		    pack.size > KIST_OBJECT_SIZE_MAX || entry[44] > 1 || memcmp(entry + 45, "\0\0\0", 3) != 0)
			return fail_list("packs", err);
		before = pack.commit;
	}
	return KIST_OK;
}

static kist_status check_ids(const struct kist_checkpoint *checkpoint, enum kist_checkpoint_list list,
			     const char *what, struct kist_error *err)
{
	struct kist_view rest = checkpoint->lists[list];
	struct kist_checkpoint_id before = { .commit = 0 };
	struct kist_checkpoint_id id;

	while (kist_checkpoint_next_id(&rest, &id)) {
		if (!is_commit(checkpoint, id.commit) ||
		    (before.commit > 0 && memcmp(&before.id, &id.id, sizeof(id.id)) >= 0))
			return fail_list(what, err);
		before = id;
	}
	return KIST_OK;
}

static kist_status check_fences(const struct kist_checkpoint *checkpoint, struct kist_error *err)
{
	const struct kist_view list = checkpoint->lists[KIST_CHECKPOINT_FENCES];

	for (size_t at = KIST_SESSION_SIZE; at < list.size; at += KIST_SESSION_SIZE) {
		if (memcmp(list.data + at - KIST_SESSION_SIZE, list.data + at, KIST_SESSION_SIZE) >= 0)
			return fail_list("fences", err);
	}
	return KIST_OK;
}

/* In byte order; what begins with the other comes after it. */
static bool is_before(struct kist_view a, struct kist_view b)
{
	const int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);

	return order < 0 || (order == 0 && a.size < b.size);
}

/* What a commit's text may be: of one line, and shown to people. */
static bool is_time(struct kist_view time)
{
	for (size_t i = 0; i < time.size; i++) {
		if (time.data[i] < ' ')
			return false;
	}
	return time.size > 0 && time.size <= KIST_CHECKPOINT_TIME_SIZE_MAX &&
	       kist_utf8_valid((const char *)time.data, time.size);
}

/* @count names, and no byte more. */
static kist_status check_names(const struct kist_checkpoint *checkpoint, uint64_t count,
			       struct kist_error *err)
{
	struct kist_view rest = checkpoint->lists[KIST_CHECKPOINT_NAMES];
	struct kist_checkpoint_name before = { .commit = 0 };
	struct kist_checkpoint_name name;

	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *const entry = rest.data;

		if (!kist_checkpoint_next_name(&rest, &name) || !is_commit(checkpoint, name.commit) ||
		    name.name.size == 0 || name.name.size > KIST_CHECKPOINT_NAME_SIZE_MAX ||
		    !is_time(name.time) || entry[43] > 1 ||
		    (before.commit > 0 && !is_before(before.name, name.name)))
			return fail_list("names", err);
		before = name;
	}
	return rest.size == 0 ? KIST_OK : fail_list("names", err);
}

static kist_status check_lists(const struct kist_checkpoint *checkpoint, uint64_t names,
			       struct kist_error *err)
{
	KIST_TRY(check_packs(checkpoint, err));
	KIST_TRY(check_ids(checkpoint, KIST_CHECKPOINT_FORGOTTEN, "forgotten records", err));
	KIST_TRY(check_ids(checkpoint, KIST_CHECKPOINT_CONDEMNED, "condemned packs", err));
	KIST_TRY(check_fences(checkpoint, err));
	return check_names(checkpoint, names, err);
}

/* What is damaged is no newer version: its digest says so before anything else is looked at. */
static kist_status check_frame(struct kist_view bytes, struct kist_error *err)
{
	struct kist_digest digest;
	uint32_t version;

	if (bytes.size < VERSION_SIZE + KIST_DIGEST_SIZE || bytes.size > KIST_CHECKPOINT_SIZE_MAX ||
	    memcmp(bytes.data, MAGIC, strlen(MAGIC)) != 0)
		return kist_fail(err, KIST_CORRUPT, "it is no checkpoint");
	digest = kist_digest_of(kist_view_of(bytes.data, bytes.size - KIST_DIGEST_SIZE));
	if (memcmp(digest.bytes, bytes.data + bytes.size - KIST_DIGEST_SIZE, KIST_DIGEST_SIZE) != 0)
		return kist_fail(err, KIST_CORRUPT, "it does not match its SHA-256");
	version = kist_le_read32(bytes.data + 4);
	if (version > KIST_CHECKPOINT_VERSION)
		return kist_fail(err, KIST_INCOMPATIBLE, "checkpoint of version %u: a newer kist made it",
				 (unsigned)version);
	if (version == 0 || bytes.size < HEAD_SIZE + KIST_DIGEST_SIZE)
		return kist_fail(err, KIST_CORRUPT, "its head is damaged");
	return KIST_OK;
}

kist_status kist_checkpoint_parse(struct kist_view bytes, uint64_t number, struct kist_checkpoint *ret,
				  struct kist_error *err)
{
	struct kist_checkpoint checkpoint = { .of = { .number = number } };
	struct kist_view rest;

	KIST_TRY(check_frame(bytes, err));
	if (kist_le_read64(bytes.data + 8) != number || number == 0)
		return kist_fail(err, KIST_CORRUPT, "it does not bear its number");
	read_digest(bytes.data + 16, &checkpoint.of.digest);
	checkpoint.of.collected = kist_le_read64(bytes.data + 48);
	if (checkpoint.of.collected > number)
		return kist_fail(err, KIST_CORRUPT, "its head is damaged");
	rest = kist_view_of(bytes.data + HEAD_SIZE, bytes.size - HEAD_SIZE - KIST_DIGEST_SIZE);
	for (size_t i = 0; i < KIST_CHECKPOINT_NAMES; i++) {
		const uint64_t count = kist_le_read64(bytes.data + COUNTS_AT + 8 * i);

		if (count > rest.size / entry_sizes[i])
			return kist_fail(err, KIST_CORRUPT, "it is too short for its lists");
		checkpoint.lists[i] = kist_view_of(rest.data, (size_t)count * entry_sizes[i]);
		(void)take(&rest, checkpoint.lists[i].size);
	}
	checkpoint.lists[KIST_CHECKPOINT_NAMES] = rest;
	KIST_TRY(check_lists(&checkpoint,
			     kist_le_read64(bytes.data + COUNTS_AT + 8 * (size_t)KIST_CHECKPOINT_NAMES),
			     err));
	*ret = checkpoint;
	return KIST_OK;
}

void kist_checkpoint_builder_done(struct kist_checkpoint_builder *builder)
{
	kist_buf_done(&builder->bytes);
	*builder = (struct kist_checkpoint_builder)KIST_CHECKPOINT_BUILDER_INIT;
}

kist_status kist_checkpoint_begin(struct kist_checkpoint_builder *builder,
				  const struct kist_checkpoint_of *of, struct kist_error *err)
{
	uint8_t *head;

	KIST_TRY(kist_buf_extend(&builder->bytes, HEAD_SIZE, &head, err));
	memcpy(head, MAGIC, strlen(MAGIC));
	kist_le_write32(head + 4, KIST_CHECKPOINT_VERSION);
	kist_le_write64(head + 8, of->number);
	memcpy(head + 16, of->digest.bytes, KIST_DIGEST_SIZE);
	kist_le_write64(head + 48, of->collected);
	return KIST_OK;
}

kist_status kist_checkpoint_add_pack(struct kist_checkpoint_builder *builder,
				     const struct kist_checkpoint_pack *pack, struct kist_error *err)
{
	uint8_t *entry;

	KIST_TRY(kist_buf_extend(&builder->bytes, PACK_SIZE, &entry, err));
	memcpy(entry, pack->id.bytes, KIST_DIGEST_SIZE);
	kist_le_write64(entry + 32, pack->commit);
	kist_le_write32(entry + 40, pack->size);
	entry[44] = pack->kind == KIST_PACK_META;
	builder->counts[KIST_CHECKPOINT_PACKS]++;
	return KIST_OK;
}

kist_status kist_checkpoint_add_id(struct kist_checkpoint_builder *builder, enum kist_checkpoint_list list,
				   const struct kist_checkpoint_id *id, struct kist_error *err)
{
	uint8_t *entry;

	KIST_TRY(kist_buf_extend(&builder->bytes, ID_SIZE, &entry, err));
	memcpy(entry, id->id.bytes, KIST_DIGEST_SIZE);
	kist_le_write64(entry + 32, id->commit);
	builder->counts[list]++;
	return KIST_OK;
}

kist_status kist_checkpoint_add_fence(struct kist_checkpoint_builder *builder,
				      const uint8_t session[static KIST_SESSION_SIZE], struct kist_error *err)
{
	KIST_TRY(kist_buf_append(&builder->bytes, session, KIST_SESSION_SIZE, err));
	builder->counts[KIST_CHECKPOINT_FENCES]++;
	return KIST_OK;
}

kist_status kist_checkpoint_add_name(struct kist_checkpoint_builder *builder,
				     const struct kist_checkpoint_name *name, struct kist_error *err)
{
	uint8_t *entry;

	if (name->name.size > KIST_CHECKPOINT_NAME_SIZE_MAX ||
	    name->time.size > KIST_CHECKPOINT_TIME_SIZE_MAX)
		return kist_fail(err, KIST_LIMIT, "a name or a time is too long for a checkpoint");
	KIST_TRY(kist_buf_extend(&builder->bytes, NAME_AT + name->name.size + name->time.size, &entry, err));
	kist_le_write64(entry, name->commit);
	memcpy(entry + 8, name->artifact.bytes, KIST_DIGEST_SIZE);
	kist_le_write16(entry + 40, (uint16_t)name->name.size);
	entry[42] = (uint8_t)name->time.size;
	entry[43] = name->is_tag;
	memcpy(entry + NAME_AT, name->name.data, name->name.size);
	memcpy(entry + NAME_AT + name->name.size, name->time.data, name->time.size);
	builder->counts[KIST_CHECKPOINT_NAMES]++;
	return KIST_OK;
}

kist_status kist_checkpoint_finish(struct kist_checkpoint_builder *builder, struct kist_error *err)
{
	struct kist_digest digest;

	for (size_t i = 0; i < KIST_CHECKPOINT_LIST_COUNT; i++)
		kist_le_write64(builder->bytes.data + COUNTS_AT + 8 * i, builder->counts[i]);
	digest = kist_digest_of(kist_buf_view(&builder->bytes));
	return kist_buf_append(&builder->bytes, digest.bytes, KIST_DIGEST_SIZE, err);
}
