/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CARE_HURT_H
#define TESTS_UNIT_CARE_HURT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "store/store.h"

/*
 * A small store of every form of content in memory, to be hurt: whoever opens it anew gets right bytes or an
 * error, and verify finds the damage.
 */

#define HURT_URI	"memory:damage"
#define HURT_KEYS_MAX	160
#define HURT_OBJECT_MAX ((size_t)300000)
#define HURT_MORE_MAX	64

/*
 * What a key is of.  An object leans on the commits, on one pack of data and on one of metadata: so packs of one
 * kind do not hide each other's damage, and may be hurt all at once.
 */
enum hurt_kind { HURT_COMMITS, HURT_DATA, HURT_META };

extern char hurt_keys[HURT_KEYS_MAX][KIST_KEY_SIZE_MAX + 1];
extern enum hurt_kind hurt_kinds[HURT_KEYS_MAX];
extern size_t hurt_key_count;

/** struct hurt_more - @count further objects of @size bytes each, of @bytes one after another. */
struct hurt_more {
	const uint8_t *bytes;
	size_t size;
	size_t count;
};

/**
 * hurt_open() - A new store whose largest object is @size of @bytes; the others are parts of it.
 *
 * @more: May be NULL.
 */
void hurt_open(const uint8_t *bytes, size_t size, const struct hurt_more *more);
/** hurt_close() - Forgets it. */
void hurt_close(void);

/** hurt_get() - What lies under @key. */
void hurt_get(const char *key, struct kist_buf *ret);
/** hurt_overwrite() - Puts other bytes under @key. */
void hurt_overwrite(const char *key, struct kist_view bytes);
/** hurt_delete() - As if it had never been there. */
void hurt_delete(const char *key);
/**
 * hurt_is_seen() - What somebody finds who comes with no index: whether anything is wrong.
 *
 * What can be read must be right, and what is wrong must name @key.
 */
bool hurt_is_seen(const char *key);
/**
 * hurt_see() - The same when several files are hurt.
 *
 * @ret_named: Which of them are named by what is wrong.
 */
bool hurt_see(const char *const *keys, size_t count, bool *ret_named);
/** hurt_is_loss() - Whether a file of which the first @kept of @size bytes are left has lost anything. */
bool hurt_is_loss(const char *key, size_t kept, size_t size);

#endif
