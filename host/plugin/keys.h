/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_KEYS_H
#define KIST_PLUGIN_KEYS_H

#include "kist/plugin.h"
#include "plugin/minisign.h"

/*
 * The keys of publishers: whose signatures count, and of which plugins.
 *
 *     <folder>/<KEY ID>.json
 *         {"expires":"2027-01-31","key":"RWQf6LRCGA9i...","note":"Example","scope":"org.example","version":1}
 *
 * The folders: "keys" in the user's configuration, and in the site's, /etc/kist.  Folder and files belong to root
 * or to this user, and nobody else may write them (plugin/search.h).  No variable names a key.
 *
 * A scope is an id, or what stands before a dot in it: "org.example" is that of org.example and org.example.mask, and
 * not of org.examples.  What expired counts no more from the beginning of its day, UTC.
 *
 * Limits: KIST_KEYS_MAX keys in all, KIST_KEY_FILE_SIZE_MAX bytes a file.
 * Thread: a list is constant once loaded; changes may be made at once by many processes.
 * Source: docs/guide/trust.md.
 */

#define KIST_KEYS_FOLDER       "keys"
#define KIST_KEYS_MAX	       ((size_t)256)
#define KIST_KEY_FILE_SIZE_MAX ((size_t)4096)
#define KIST_KEY_NOTE_SIZE     ((size_t)128)

/** struct kist_key - One publisher's key. */
struct kist_key {
	struct kist_public_key public;
	char scope[KIST_ID_SIZE];
	char expires[16]; /* "2027-01-31", or "" for never */
	char note[KIST_KEY_NOTE_SIZE];
	bool of_site;
};

struct kist_keys {
	size_t count;
	struct kist_key *list;
};

#define KIST_KEYS_INIT                                                                                       \
	{                                                                                                    \
		.count = 0, .list = NULL                                                                     \
	}
void kist_keys_done(struct kist_keys *keys);

/** kist_key_check() - Whether scope, date and note are sound.  Errors: KIST_INVALID. */
KIST_CHECKED kist_status kist_key_check(const struct kist_key *key, struct kist_error *err);

/** kist_key_in_scope() - Whether @key may speak for plugin @id. */
bool kist_key_in_scope(const struct kist_key *key, const char *id);

/** kist_key_is_expired() - Whether it is @wall_ns or later on the day it expires. */
bool kist_key_is_expired(const struct kist_key *key, int64_t wall_ns);

/** kist_key_parse() - Reads one file.  Errors: KIST_CORRUPT E_KEY or E_JSON, KIST_LIMIT, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_key_parse(struct kist_view text, struct kist_key *ret, struct kist_error *err);

/**
 * kist_keys_load() - Adds the keys of <config_dir>/keys to @keys; no folder, no keys.
 *
 * @ret_note: What was passed over and why, or "".
 *
 * Errors: KIST_NO_MEMORY.  Any other fault costs the key that has it, and is a note.
 */
KIST_CHECKED kist_status kist_keys_load(const char *config_dir, bool of_site, struct kist_keys *keys,
					char *ret_note, size_t note_size, struct kist_error *err);

/** kist_keys_find() - The first key with this id, or NULL. */
const struct kist_key *kist_keys_find(const struct kist_keys *keys, uint64_t id);

/** kist_keys_add() - Writes the key's file, durably; one that is there is replaced.  Errors: as kist_key_check(). */
KIST_CHECKED kist_status kist_keys_add(const char *config_dir, const struct kist_key *key,
				       struct kist_error *err);

/** kist_keys_remove() - Removes the key's file, durably.  Errors: KIST_NOT_FOUND. */
KIST_CHECKED kist_status kist_keys_remove(const char *config_dir, uint64_t id, struct kist_error *err);

#endif
