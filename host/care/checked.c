/* SPDX-License-Identifier: Apache-2.0 */
#include "care/checked.h"

#include <string.h>

#include "base/file.h"
#include "base/le.h"
#include "base/mem.h"
#include "pack/crc32c.h"

#define MAGIC	     "kist-checked 1\n"
#define MAGIC_SIZE   (sizeof(MAGIC) - 1)
#define HEAD_SIZE    (MAGIC_SIZE + 4)
#define ENTRY_SIZE   ((size_t)32)
#define CAPACITY_MIN ((size_t)256)

void kist_checked_done(struct kist_checked *checked)
{
	kist_free(checked->entries);
	*checked = (struct kist_checked)KIST_CHECKED_INIT;
}

static bool is_none(const uint8_t *id)
{
	static const uint8_t none[sizeof(((struct kist_checked_entry *)NULL)->id)];

	return memcmp(id, none, sizeof(none)) == 0;
}

static bool is_empty(const struct kist_checked_entry *entry)
{
	return is_none(entry->id);
}

/* The entry of @id, or the empty one where it belongs.  A digest is its own hash. */
static struct kist_checked_entry *entry_of(const struct kist_checked *checked, const uint8_t *id)
{
	size_t at = (size_t)kist_le_read64(id) & (checked->capacity - 1);

	while (!is_empty(&checked->entries[at]) &&
	       memcmp(checked->entries[at].id, id, sizeof(checked->entries[at].id)) != 0)
		at = (at + 1) & (checked->capacity - 1);
	return &checked->entries[at];
}

uint32_t kist_checked_time(const struct kist_checked *checked, const struct kist_digest *id, unsigned depth)
{
	uint32_t latest = 0;

	if (checked->count == 0)
		return 0;
	for (unsigned i = depth; i < KIST_CHECKED_DEPTHS; i++) {
		const uint32_t time = entry_of(checked, id->bytes)->times[i];

		latest = time > latest ? time : latest;
	}
	return latest;
}

static kist_status grow(struct kist_checked *checked, struct kist_error *err)
{
	struct kist_checked larger = { .capacity = checked->capacity ? checked->capacity * 2 : CAPACITY_MIN,
				       .count = checked->count };

	if (checked->count >= KIST_CHECKED_ENTRIES_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %zu things that were checked",
				 KIST_CHECKED_ENTRIES_MAX);
	larger.entries = kist_alloc(larger.capacity, sizeof(*larger.entries));
	if (!larger.entries)
		return kist_fail_memory(err, larger.capacity * sizeof(*larger.entries));
	for (size_t i = 0; i < checked->capacity; i++) {
		if (!is_empty(&checked->entries[i]))
			*entry_of(&larger, checked->entries[i].id) = checked->entries[i];
	}
	kist_free(checked->entries);
	*checked = larger;
	return KIST_OK;
}

static kist_status find_or_add(struct kist_checked *checked, const uint8_t *id,
			       struct kist_checked_entry **ret, struct kist_error *err)
{
	struct kist_checked_entry *entry;

	/* Never more than three quarters full, so that a look-up is short and always ends. */
	if (checked->count >= checked->capacity - checked->capacity / 4)
		KIST_TRY(grow(checked, err));
	entry = entry_of(checked, id);
	if (is_empty(entry)) {
		memcpy(entry->id, id, sizeof(entry->id));
		checked->count++;
	}
	*ret = entry;
	return KIST_OK;
}

kist_status kist_checked_set(struct kist_checked *checked, const struct kist_digest *id, unsigned depth,
			     uint32_t time, struct kist_error *err)
{
	struct kist_checked_entry *entry;

	KIST_TRY(find_or_add(checked, id->bytes, &entry, err));
	entry->times[depth] = time > entry->times[depth] ? time : entry->times[depth];
	return KIST_OK;
}

static kist_status file_path(const char *folder, struct kist_buf *ret, struct kist_error *err)
{
	KIST_TRY(kist_buf_appendf(ret, err, "%s/checked", folder));
	return kist_buf_text(ret) ? KIST_OK : kist_fail_memory(err, ret->size + 1);
}

/* What is no such file says nothing. */
static bool is_whole(struct kist_view file, size_t *ret_count)
{
	if (file.size < HEAD_SIZE + 4 || memcmp(file.data, MAGIC, MAGIC_SIZE) != 0)
		return false;
	*ret_count = kist_le_read32(file.data + MAGIC_SIZE);
	return *ret_count <= KIST_CHECKED_ENTRIES_MAX &&
	       file.size == HEAD_SIZE + *ret_count * ENTRY_SIZE + 4 &&
	       kist_le_read32(file.data + file.size - 4) ==
		       kist_crc32c(0, kist_view_of(file.data, file.size - 4));
}

kist_status kist_checked_load(struct kist_checked *checked, const char *folder, struct kist_error *err)
{
	kist_auto_buf struct kist_buf file =
		KIST_BUF_INIT(HEAD_SIZE + KIST_CHECKED_ENTRIES_MAX * ENTRY_SIZE + 4);
	kist_auto_buf struct kist_buf path = KIST_BUF_INIT(SIZE_MAX / 2);
	kist_status status;
	size_t count;

	KIST_TRY(file_path(folder, &path, err));
	status = kist_read_file_at(AT_FDCWD, (const char *)path.data, &file, NULL);
	if (status == KIST_NO_MEMORY)
		return kist_fail(err, status, "out of memory while reading what was checked when");
	if (status != KIST_OK || !is_whole(kist_buf_view(&file), &count))
		return KIST_OK;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *from = file.data + HEAD_SIZE + i * ENTRY_SIZE;
		struct kist_checked_entry *entry;

		/* It would be counted, and found nowhere. */
		if (is_none(from))
			continue;
		KIST_TRY(find_or_add(checked, from, &entry, err));
		for (unsigned depth = 0; depth < KIST_CHECKED_DEPTHS; depth++) {
			const uint32_t time = kist_le_read32(from + 16 + (size_t)depth * 4);

			entry->times[depth] = time > entry->times[depth] ? time : entry->times[depth];
		}
	}
	return KIST_OK;
}

static kist_status write_entries(const struct kist_checked *checked, struct kist_buf *ret,
				 struct kist_error *err)
{
	for (size_t i = 0; i < checked->capacity; i++) {
		const struct kist_checked_entry *entry = &checked->entries[i];
		uint8_t *at;

		if (is_empty(entry))
			continue;
		KIST_TRY(kist_buf_extend(ret, ENTRY_SIZE, &at, err));
		memcpy(at, entry->id, sizeof(entry->id));
		for (unsigned depth = 0; depth < KIST_CHECKED_DEPTHS; depth++)
			kist_le_write32(at + 16 + (size_t)depth * 4, entry->times[depth]);
	}
	return KIST_OK;
}

kist_status kist_checked_save(const struct kist_checked *checked, const char *folder, struct kist_error *err)
{
	const size_t size = HEAD_SIZE + checked->count * ENTRY_SIZE + 4;
	kist_auto_buf struct kist_buf file = KIST_BUF_INIT(size);
	kist_auto_buf struct kist_buf path = KIST_BUF_INIT(SIZE_MAX / 2);
	uint8_t number[4];

	KIST_TRY(file_path(folder, &path, err));
	KIST_TRY(kist_buf_reserve(&file, size, err));
	KIST_TRY(kist_buf_append(&file, MAGIC, MAGIC_SIZE, err));
	kist_le_write32(number, (uint32_t)checked->count);
	KIST_TRY(kist_buf_append(&file, number, sizeof(number), err));
	KIST_TRY(write_entries(checked, &file, err));
	kist_le_write32(number, kist_crc32c(0, kist_buf_view(&file)));
	KIST_TRY(kist_buf_append(&file, number, sizeof(number), err));
	return kist_replace_file_at(AT_FDCWD, (const char *)path.data, kist_buf_view(&file), 0600, false,
				    err);
}
