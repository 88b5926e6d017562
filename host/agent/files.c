/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/files.h"

#include <string.h>

#include "base/mem.h"

#define ROOM_FIRST ((size_t)256)

void kist_files_done(struct kist_files *files)
{
	for (size_t i = 0; i < files->room; i++) {
		if (files->slots[i])
			kist_free(files->slots[i]->path);
		kist_free(files->slots[i]);
	}
	kist_free(files->slots);
	*files = (struct kist_files)KIST_FILES_INIT;
}

/* FNV-1a.  A program that makes names of one hash on purpose slows down its own agent alone. */
static uint64_t hash_of(const char *path)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *path; path++)
		hash = (hash ^ (uint8_t)*path) * 0x100000001b3u;
	return hash;
}

/* The slot of @path, or the empty one where it belongs. */
static struct kist_file **slot_of(const struct kist_files *files, const char *path, uint64_t hash)
{
	size_t at = (size_t)hash & (files->room - 1);

	while (files->slots[at] &&
	       (files->slots[at]->hash != hash || strcmp(files->slots[at]->path, path) != 0))
		at = (at + 1) & (files->room - 1);
	return &files->slots[at];
}

static kist_status grow(struct kist_files *files, struct kist_error *err)
{
	struct kist_files larger = { .count = files->count,
				     .room = files->room > 0 ? files->room * 2 : ROOM_FIRST };

	if (files->count >= KIST_FILES_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %zu files", KIST_FILES_MAX);
	larger.slots = kist_alloc(larger.room, sizeof(struct kist_file *));
	if (!larger.slots)
		return kist_fail_memory(err, larger.room * sizeof(struct kist_file *));
	for (size_t i = 0; i < files->room; i++) {
		struct kist_file *file = files->slots[i];

		if (file)
			*slot_of(&larger, file->path, file->hash) = file;
	}
	kist_free(files->slots);
	*files = larger;
	return KIST_OK;
}

kist_status kist_files_get(struct kist_files *files, const char *path, struct kist_file **ret,
			   struct kist_error *err)
{
	const uint64_t hash = hash_of(path);
	struct kist_file *file;
	struct kist_file **slot;

	if (files->count * 4 >= files->room * 3)
		KIST_TRY(grow(files, err));
	slot = slot_of(files, path, hash);
	if (!*slot) {
		file = kist_alloc(1, sizeof(*file));
		if (file)
			file->path = kist_strndup(path, strlen(path));
		if (!file || !file->path) {
			kist_free(file);
			return kist_fail_memory(err, sizeof(*file));
		}
		file->hash = hash;
		*slot = file;
		files->count++;
	}
	*ret = *slot;
	return KIST_OK;
}
