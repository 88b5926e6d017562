/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/le.h"
#include "base/mem.h"

#define FILE_NAME	 "seen"
#define MAGIC		 "kist-seen 1\n"
#define MAGIC_SIZE	 (sizeof(MAGIC) - 1)
#define HEAD_SIZE	 (MAGIC_SIZE + 8 + KIST_DIGEST_SIZE + 8)
#define ENTRY_SIZE	 ((size_t)128)
#define SIZE_MAX_OF_FILE (HEAD_SIZE + KIST_SEEN_ENTRIES_MAX * ENTRY_SIZE + KIST_DIGEST_SIZE)

void kist_seen_done(struct kist_seen *seen)
{
	kist_buf_done(&seen->entries);
	kist_buf_done(&seen->fresh);
}

uint64_t kist_seen_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;

	/* FNV-1a.  Who finds two names with one hash has two links to the same bytes, and gains nothing. */
	for (size_t i = 0; name[i] != '\0'; i++)
		hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3u;
	return hash;
}

static const struct kist_seen_entry *list(const struct kist_buf *entries, size_t *ret_count)
{
	*ret_count = entries->size / sizeof(struct kist_seen_entry);
	return (const void *)entries->data;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Which file: of its name in its folder, the last. */
static int compare_files(const struct kist_seen_key *a, const struct kist_seen_key *b)
{
	const int device = compare(a->device, b->device);
	const int inode = compare(a->inode, b->inode);

	return device ? device : inode ? inode : compare(a->name, b->name);
}

static int compare_entries(const void *a, const void *b)
{
	const struct kist_seen_entry *x = a;
	const struct kist_seen_entry *y = b;

	return compare_files(&x->key, &y->key);
}

static void write_entry(const struct kist_seen_entry *entry, uint8_t *at)
{
	kist_le_write64(at, entry->key.device);
	kist_le_write64(at + 8, entry->key.inode);
	kist_le_write64(at + 16, entry->key.size);
	kist_le_write64(at + 24, (uint64_t)entry->key.mtime_ns);
	kist_le_write64(at + 32, (uint64_t)entry->key.ctime_ns);
	kist_le_write64(at + 40, entry->key.name);
	kist_le_write64(at + 48, entry->context);
	kist_le_write64(at + 56, entry->since);
	memcpy(at + 64, entry->artifact.bytes, KIST_DIGEST_SIZE);
	memcpy(at + 96, entry->sha256.bytes, KIST_DIGEST_SIZE);
}

static struct kist_seen_entry read_entry(const uint8_t *at)
{
	struct kist_seen_entry entry = { .key = { .device = kist_le_read64(at),
						  .inode = kist_le_read64(at + 8),
						  .size = kist_le_read64(at + 16),
						  .mtime_ns = (int64_t)kist_le_read64(at + 24),
						  .ctime_ns = (int64_t)kist_le_read64(at + 32),
						  .name = kist_le_read64(at + 40) },
					 .context = kist_le_read64(at + 48),
					 .since = kist_le_read64(at + 56) };

	memcpy(entry.artifact.bytes, at + 64, KIST_DIGEST_SIZE);
	memcpy(entry.sha256.bytes, at + 96, KIST_DIGEST_SIZE);
	return entry;
}

static bool is_whole(struct kist_view file, size_t *ret_count)
{
	struct kist_digest actual;
	uint64_t count;

	if (file.size < HEAD_SIZE + KIST_DIGEST_SIZE || memcmp(file.data, MAGIC, MAGIC_SIZE) != 0)
		return false;
	count = kist_le_read64(file.data + HEAD_SIZE - 8);
	if (count > KIST_SEEN_ENTRIES_MAX || file.size != HEAD_SIZE + count * ENTRY_SIZE + KIST_DIGEST_SIZE)
		return false;
	*ret_count = (size_t)count;
	actual = kist_digest_of(kist_view_of(file.data, file.size - KIST_DIGEST_SIZE));
	return memcmp(actual.bytes, file.data + file.size - KIST_DIGEST_SIZE, KIST_DIGEST_SIZE) == 0;
}

/* The file, if nobody else can have written it. */
static kist_status read_own(const char *folder, struct kist_buf *ret, struct kist_error *err)
{
	kist_auto_fd int dir_fd = -1;
	kist_auto_fd int fd = -1;
	struct stat st;

	KIST_TRY(kist_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &dir_fd, err));
	KIST_TRY(kist_open_at(dir_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd, err));
	if (fstat(fd, &st) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s/" FILE_NAME "'", folder);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return kist_fail(err, KIST_DENIED, "others can write to '%s/" FILE_NAME "'", folder);
	if (st.st_size > 0)
		KIST_TRY(kist_buf_reserve(ret, (size_t)st.st_size + 1, err));
	return kist_read_all(fd, ret, err);
}

static kist_status take_entries(struct kist_seen *seen, const uint8_t *at, size_t count,
				struct kist_error *err)
{
	struct kist_seen_entry *entries;
	uint8_t *room;

	KIST_TRY(kist_buf_extend(&seen->entries, count * sizeof(*entries), &room, err));
	entries = (struct kist_seen_entry *)(void *)room;
	for (size_t i = 0; i < count; i++) {
		entries[i] = read_entry(at + i * ENTRY_SIZE);
		/* Out of order it could not be searched. */
		if (i > 0 && compare_entries(&entries[i - 1], &entries[i]) >= 0) {
			seen->entries.size = 0;
			return KIST_OK;
		}
	}
	return KIST_OK;
}

kist_status kist_seen_load(struct kist_seen *seen, const char *folder, uint64_t *ret_head,
			   struct kist_digest *ret_digest, struct kist_error *err)
{
	kist_auto_buf struct kist_buf file = KIST_BUF_INIT(SIZE_MAX_OF_FILE + 1);
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = read_own(folder, &file, &why);
	size_t count;

	seen->entries.size = 0;
	*ret_head = 0;
	*ret_digest = (struct kist_digest){ { 0 } };
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	if (status != KIST_OK || !is_whole(kist_buf_view(&file), &count) || count == 0)
		return KIST_OK;
	*ret_head = kist_le_read64(file.data + MAGIC_SIZE);
	memcpy(ret_digest->bytes, file.data + MAGIC_SIZE + 8, KIST_DIGEST_SIZE);
	return take_entries(seen, file.data + HEAD_SIZE, count, err);
}

static const struct kist_seen_entry *find_file(const struct kist_seen *seen, const struct kist_seen_key *key)
{
	const struct kist_seen_entry wanted = { .key = *key };
	size_t count;
	const struct kist_seen_entry *entries = list(&seen->entries, &count);

	return count > 0 ? bsearch(&wanted, entries, count, sizeof(wanted), compare_entries) : NULL;
}

const struct kist_seen_entry *kist_seen_find(const struct kist_seen *seen, const struct kist_seen_key *key)
{
	const struct kist_seen_entry *entry = find_file(seen, key);

	return entry && entry->key.size == key->size && entry->key.mtime_ns == key->mtime_ns &&
			       entry->key.ctime_ns == key->ctime_ns
		       ? entry
		       : NULL;
}

kist_status kist_seen_add(struct kist_seen *seen, const struct kist_seen_entry *entry, struct kist_error *err)
{
	const struct kist_seen_entry *known = kist_seen_find(seen, &entry->key);

	if (seen->fresh.size == seen->fresh.size_max)
		return KIST_OK;
	KIST_TRY(kist_buf_append(&seen->fresh, entry, sizeof(*entry), err));
	if (!known || known->context != entry->context || known->since != entry->since ||
	    !kist_digest_equal(&known->artifact, &entry->artifact))
		seen->changed = true;
	return KIST_OK;
}

/* The newest of what was added for one file counts. */
static int compare_fresh(const void *a, const void *b)
{
	const int order = compare_entries(a, b);
	const struct kist_seen_entry *x = a;
	const struct kist_seen_entry *y = b;

	/* A file that was seen twice and changed between: that it differs next time is all that matters. */
	return order ? order : compare((uint64_t)y->key.ctime_ns, (uint64_t)x->key.ctime_ns);
}

static int compare_age(const void *a, const void *b)
{
	const struct kist_seen_entry *x = a;
	const struct kist_seen_entry *y = b;

	return compare(y->since, x->since);
}

static struct kist_seen_entry *sorted(struct kist_buf *entries, size_t *ret_count,
				      int (*order)(const void *a, const void *b))
{
	struct kist_seen_entry *all = (struct kist_seen_entry *)(void *)entries->data;

	*ret_count = entries->size / sizeof(*all);
	if (*ret_count > 0)
		qsort(all, *ret_count, sizeof(*all), order);
	return all;
}

static kist_status append_entry(struct kist_buf *ret, const struct kist_seen_entry *entry,
				struct kist_error *err)
{
	uint8_t *at;

	KIST_TRY(kist_buf_extend(ret, ENTRY_SIZE, &at, err));
	write_entry(entry, at);
	return KIST_OK;
}

/* Merges both lists, each in order; of one file, what was added counts. */
static kist_status merge(const struct kist_seen_entry *fresh, size_t fresh_count,
			 const struct kist_seen_entry *old, size_t old_count, struct kist_buf *ret,
			 struct kist_error *err)
{
	size_t k = 0;

	for (size_t i = 0; i < fresh_count; i++) {
		if (i > 0 && compare_entries(&fresh[i - 1], &fresh[i]) == 0)
			continue;
		while (k < old_count && compare_entries(&old[k], &fresh[i]) < 0)
			KIST_TRY(append_entry(ret, &old[k++], err));
		if (k < old_count && compare_entries(&old[k], &fresh[i]) == 0)
			k++;
		KIST_TRY(append_entry(ret, &fresh[i], err));
	}
	while (k < old_count)
		KIST_TRY(append_entry(ret, &old[k++], err));
	return KIST_OK;
}

static kist_status write_file(struct kist_seen *seen, uint64_t head, const struct kist_digest *digest,
			      struct kist_buf *ret, struct kist_error *err)
{
	size_t fresh_count;
	size_t old_count = seen->entries.size / sizeof(struct kist_seen_entry);
	const struct kist_seen_entry *fresh = sorted(&seen->fresh, &fresh_count, compare_fresh);
	const size_t room = KIST_SEEN_ENTRIES_MAX - fresh_count;
	struct kist_digest all;
	uint8_t *at;

	if (old_count > room) {
		(void)sorted(&seen->entries, &old_count, compare_age);
		seen->entries.size = room * sizeof(*fresh);
		(void)sorted(&seen->entries, &old_count, compare_entries);
	}
	KIST_TRY(kist_buf_reserve(ret, HEAD_SIZE + (fresh_count + old_count) * ENTRY_SIZE + KIST_DIGEST_SIZE,
				  err));
	KIST_TRY(kist_buf_extend(ret, HEAD_SIZE, &at, err));
	memcpy(at, MAGIC, MAGIC_SIZE);
	kist_le_write64(at + MAGIC_SIZE, head);
	memcpy(at + MAGIC_SIZE + 8, digest->bytes, KIST_DIGEST_SIZE);
	KIST_TRY(merge(fresh, fresh_count, list(&seen->entries, &old_count), old_count, ret, err));
	kist_le_write64(ret->data + HEAD_SIZE - 8, (ret->size - HEAD_SIZE) / ENTRY_SIZE);
	all = kist_digest_of(kist_buf_view(ret));
	return kist_buf_append(ret, all.bytes, KIST_DIGEST_SIZE, err);
}

kist_status kist_seen_save(struct kist_seen *seen, const char *folder, uint64_t head,
			   const struct kist_digest *digest, struct kist_error *err)
{
	kist_auto_buf struct kist_buf file = KIST_BUF_INIT(SIZE_MAX_OF_FILE);
	kist_auto_fd int dir_fd = -1;
	kist_status status = KIST_OK;

	if (seen->changed) {
		status = kist_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &dir_fd, err);
		if (status == KIST_OK)
			status = write_file(seen, head, digest, &file, err);
		if (status == KIST_OK)
			status = kist_replace_file_at(dir_fd, FILE_NAME, kist_buf_view(&file), 0600, false,
						      err);
	}
	kist_seen_done(seen);
	seen->changed = false;
	return status;
}
