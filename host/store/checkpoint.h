/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_CHECKPOINT_H
#define KIST_STORE_CHECKPOINT_H

#include "base/digest.h"
#include "pack/pack.h"

/*
 * A checkpoint: what the log says after commit n, so that a newcomer need not read the whole log.
 *
 *     head (96 bytes) | packs | forgotten | condemned | fences | names | SHA-256 of all before
 *
 *     head       "KCKP" | u32 version | u64 n | digest of commit n | u64 collected | five u64: entries of
 *                each list
 *     pack       id | u64 commit | u32 size | u8 kind | 3 bytes 0            in the order of the log
 *     forgotten  id | u64 commit                                             rising by id
 *     condemned  id | u64 commit                                             rising by id
 *     fence      12 bytes of the session                                     rising
 *     name       u64 commit | id of the artifact | u16 bytes of the name | u8 bytes of the time | u8 tagged |
 *                name | time                                                 rising by name
 *
 * It is a function of the log alone: whoever makes it makes the same bytes.  That is why it is not compressed.
 *
 * Thread: pure.
 * Source: docs/format/store.md, section 10.
 */

#define KIST_CHECKPOINT_VERSION 1
/** Bytes of the largest one; a state that needs more has none. */
#define KIST_CHECKPOINT_SIZE_MAX ((size_t)128 << 20)
/** Of a name and of a time in it. */
#define KIST_CHECKPOINT_NAME_SIZE_MAX ((size_t)1024)
#define KIST_CHECKPOINT_TIME_SIZE_MAX ((size_t)64)

enum kist_checkpoint_list {
	KIST_CHECKPOINT_PACKS,
	KIST_CHECKPOINT_FORGOTTEN,
	KIST_CHECKPOINT_CONDEMNED,
	KIST_CHECKPOINT_FENCES,
	KIST_CHECKPOINT_NAMES,
	KIST_CHECKPOINT_LIST_COUNT
};

/** struct kist_checkpoint_of - Of which commit it is, and the newest one up to it that took anything away. */
struct kist_checkpoint_of {
	uint64_t number;
	struct kist_digest digest;
	uint64_t collected;
};

/** struct kist_checkpoint_pack - A live pack, and the commit that added it. */
struct kist_checkpoint_pack {
	struct kist_digest id;
	uint64_t commit;
	uint32_t size;
	enum kist_pack_kind kind;
};

/** struct kist_checkpoint_id - What was forgotten or condemned, and by which commit. */
struct kist_checkpoint_id {
	struct kist_digest id;
	uint64_t commit;
};

/** struct kist_checkpoint_name - A name and what its last change says.  Views are Borrowed. */
struct kist_checkpoint_name {
	struct kist_view name;
	struct kist_digest artifact;
	uint64_t commit;
	struct kist_view time;
	bool is_tag;
};

/** struct kist_checkpoint - One that was checked.  Its lists are Borrowed from its bytes. */
struct kist_checkpoint {
	struct kist_checkpoint_of of;
	struct kist_view lists[KIST_CHECKPOINT_LIST_COUNT];
};

/**
 * kist_checkpoint_parse() - Checks the bytes of a checkpoint, and that it is of commit @number.
 *
 * What it says of the log is not proved by that.
 *
 * @bytes: Borrowed for as long as @ret is used.
 *
 * Errors: KIST_CORRUPT; KIST_INCOMPATIBLE (a newer version, undamaged).
 */
KIST_CHECKED kist_status kist_checkpoint_parse(struct kist_view bytes, uint64_t number,
					       struct kist_checkpoint *ret, struct kist_error *err);

/**
 * kist_checkpoint_next_pack(), _next_id(), _next_fence(), _next_name() - Take the first entry off a list that
 * kist_checkpoint_parse() gave.  False at its end.
 */
bool kist_checkpoint_next_pack(struct kist_view *rest, struct kist_checkpoint_pack *ret);
bool kist_checkpoint_next_id(struct kist_view *rest, struct kist_checkpoint_id *ret);
bool kist_checkpoint_next_fence(struct kist_view *rest, uint8_t ret[static KIST_SESSION_SIZE]);
bool kist_checkpoint_next_name(struct kist_view *rest, struct kist_checkpoint_name *ret);

/** struct kist_checkpoint_builder - One that is being written: lists in their order, entries in theirs. */
struct kist_checkpoint_builder {
	struct kist_buf bytes;
	uint64_t counts[KIST_CHECKPOINT_LIST_COUNT];
};

#define KIST_CHECKPOINT_BUILDER_INIT                                                                         \
	{                                                                                                    \
		.bytes = KIST_BUF_INIT(KIST_CHECKPOINT_SIZE_MAX)                                             \
	}
void kist_checkpoint_builder_done(struct kist_checkpoint_builder *builder);
#define kist_auto_checkpoint_builder __attribute__((cleanup(kist_checkpoint_builder_done)))

/** kist_checkpoint_begin() - The head; to be called once, first.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_checkpoint_begin(struct kist_checkpoint_builder *builder,
					       const struct kist_checkpoint_of *of, struct kist_error *err);

/** kist_checkpoint_add_pack(), _add_id(), _add_fence(), _add_name() - Errors: KIST_LIMIT (it gets too large),
 * KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_checkpoint_add_pack(struct kist_checkpoint_builder *builder,
						  const struct kist_checkpoint_pack *pack,
						  struct kist_error *err);
KIST_CHECKED kist_status kist_checkpoint_add_id(struct kist_checkpoint_builder *builder,
						enum kist_checkpoint_list list,
						const struct kist_checkpoint_id *id, struct kist_error *err);
KIST_CHECKED kist_status kist_checkpoint_add_fence(struct kist_checkpoint_builder *builder,
						   const uint8_t session[static KIST_SESSION_SIZE],
						   struct kist_error *err);
KIST_CHECKED kist_status kist_checkpoint_add_name(struct kist_checkpoint_builder *builder,
						  const struct kist_checkpoint_name *name,
						  struct kist_error *err);

/** kist_checkpoint_finish() - The end; then @builder->bytes are the checkpoint.  Errors: as above. */
KIST_CHECKED kist_status kist_checkpoint_finish(struct kist_checkpoint_builder *builder,
						struct kist_error *err);

#endif
