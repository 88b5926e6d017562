/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_PUBLISH_H
#define KIST_STORE_PUBLISH_H

#include <pthread.h>

#include "store/state.h"
#include "store/written.h"

/*
 * The packs that a writer has under way: begun when first needed, put on the backend when they are full.  A full
 * pack is written and synced by a thread of its own while the next ones fill.
 *
 * Thread: one thread at a time.
 */

/** So many packs may be on their way to the backend at once: while one is synced, another is written. */
#define KIST_PUBLISHING_MAX 2

/** What a pack is filled to, index not counted. */
#define KIST_DATA_PACK_SIZE ((size_t)32 << 20)
/** Metadata is read more often and in small pieces; it also keeps a writer's memory in bounds. */
#define KIST_META_PACK_SIZE ((size_t)16 << 20)

/** struct kist_open_pack - A pack under way; empty and not begun when @builder.count is 0. */
struct kist_open_pack {
	struct kist_pack_builder builder;
	enum kist_pack_kind kind;
};

#define KIST_OPEN_PACK_INIT(its_kind)                                                                        \
	{                                                                                                    \
		.builder = KIST_PACK_BUILDER_INIT, .kind = (its_kind)                                        \
	}
void kist_open_pack_done(struct kist_open_pack *pack);

/** struct kist_publishing - A pack on its way to the backend. */
struct kist_publishing {
	struct kist_backend *backend;
	struct kist_pack_builder builder;
	char key[KIST_PACK_KEY_SIZE];
	pthread_t thread;
	bool running;
	kist_status status;
	struct kist_error error;
};

/** struct kist_session - Whose packs they are: a writer or a collector draws one, and numbers its packs. */
struct kist_session {
	uint8_t id[KIST_SESSION_SIZE];
	uint32_t next; /* number of the next pack */
};

/** struct kist_publisher - What publishing needs.  @store is borrowed. */
struct kist_publisher {
	struct kist_store *store;
	struct kist_written *written; /* that the packs are to be kept in, Borrowed; or NULL */
	struct kist_session session;
	json_t *packs; /* what was published, and what is on its way */
	struct kist_publishing beside[KIST_PUBLISHING_MAX];
	size_t oldest; /* of these, which is used next */
};

#define KIST_PUBLISHER_INIT                                                                                  \
	{                                                                                                    \
		.beside = { { .builder = KIST_PACK_BUILDER_INIT }, { .builder = KIST_PACK_BUILDER_INIT } }   \
	}

/** kist_publisher_start() - Draws a session.  Errors: KIST_NO_MEMORY, KIST_IO. */
KIST_CHECKED kist_status kist_publisher_start(struct kist_publisher *publisher, struct kist_store *store,
					      struct kist_error *err);

/** kist_publisher_release() - Waits for what is on its way, and gives back the memory that it took. */
void kist_publisher_release(struct kist_publisher *publisher);

/** kist_publisher_done() - Waits for what is on its way, and forgets what became of it. */
void kist_publisher_done(struct kist_publisher *publisher);

/**
 * kist_publisher_drop() - Removes what was published, as far as it can; what cannot be removed is garbage.
 *
 * Only while no commit can have named the packs: nobody else leans on a pack that no commit names.
 */
void kist_publisher_drop(struct kist_publisher *publisher);

/** kist_open_pack_fits() - Whether a record of @len bytes may still be added. */
bool kist_open_pack_fits(const struct kist_open_pack *pack, size_t len);

/** kist_open_pack_add() - Makes room for the record; begins the pack when it is empty.  As kist_pack_add().
 */
KIST_CHECKED kist_status kist_open_pack_add(struct kist_open_pack *pack, struct kist_publisher *publisher,
					    const struct kist_record *record, size_t *ret_offset,
					    struct kist_error *err);

/**
 * kist_publish() - Seals @pack and puts it on the backend.
 *
 * Nothing is done when it is empty; it is empty afterwards.
 *
 * @beside: It may still be on its way on return; when there are KIST_PUBLISHING_MAX, the oldest of them is waited
 * for first.
 *
 * Errors: KIST_NO_MEMORY, KIST_IO; those of what was on its way come with the next call.
 */
KIST_CHECKED kist_status kist_publish(struct kist_publisher *publisher, struct kist_open_pack *pack,
				      bool beside, struct kist_error *err);

/** kist_publish_wait() - Waits for all that is on its way, and says what became of it. */
KIST_CHECKED kist_status kist_publish_wait(struct kist_publisher *publisher, struct kist_error *err);

#endif
