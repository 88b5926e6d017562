/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_PUBLISH_H
#define KIST_STORE_PUBLISH_H

#include <pthread.h>

#include "store/state.h"
#include "store/written.h"

/*
 * The packs that a writer has under way: begun when first needed, whole on the backend when they are full.
 *
 * A thread writes a pack piece by piece while it fills, where the backend can do that, and syncs it while the next one
 * fills.  So there is never a whole pack in memory, and little is left to write when the last one is full.
 *
 * After a failure nothing more is taken: what was given before may be lost.
 *
 * Memory: two pieces that fill, four that wait, and one for each pack on its way: at most 62 MiB, as a rule half of it.
 * Where packs are put at once, four of them.
 * Thread: one thread at a time.
 * Source: docs/adr/0057-packs-are-written-while-they-fill.md.
 */

/** Packs on their way at once: both kinds may fill while so many others are synced. */
#define KIST_PUBLISHING_MAX   4
#define KIST_PUBLISHING_ENDED 2
/** Pieces that wait to be written, at most. */
#define KIST_PIECES_MAX 4
/** Pieces whose memory is kept for others. */
#define KIST_PIECES_SPARE_MAX 4
/** What a piece has at least; a record more may lie in it. */
#define KIST_PIECE_SIZE ((size_t)2 << 20)

/** What a pack is filled to, index not counted. */
#define KIST_DATA_PACK_SIZE ((size_t)32 << 20)
/** Metadata is read more often and in small pieces; it also keeps a writer's memory in bounds. */
#define KIST_META_PACK_SIZE ((size_t)16 << 20)

/**
 * struct kist_open_pack - A pack under way; empty and not begun when @builder.count is 0.
 *
 * @put: Who writes its pieces; NULL while all of it is in @builder.
 */
struct kist_open_pack {
	struct kist_pack_builder builder;
	enum kist_pack_kind kind;
	struct kist_publishing *put;
};

#define KIST_OPEN_PACK_INIT(its_kind)                                                                        \
	{                                                                                                    \
		.builder = KIST_PACK_BUILDER_INIT, .kind = (its_kind)                                        \
	}
void kist_open_pack_done(struct kist_open_pack *pack);

/** struct kist_publishing - A pack on its way to the backend.  What its thread sees is guarded by the publisher's lock. */
struct kist_publishing {
	struct kist_publisher *publisher;
	struct kist_growing *growing; /* NULL: its one piece is the pack */
	struct kist_buf pieces[KIST_PIECES_MAX];
	size_t first; /* of @count that wait, around the end */
	size_t count;
	bool ended; /* the last of them is the pack's last, and @key is known */
	bool dropped;
	char key[KIST_PACK_KEY_SIZE];
	kist_status status;
	struct kist_error error;
	/* Of the publisher's thread alone. */
	pthread_t thread;
	bool running;
	uint64_t begun; /* as the how manieth */
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
	uint64_t begun;
	bool is_whole; /* packs cannot be written piece by piece */
	bool failed;
	pthread_mutex_t lock;	/* of all below, and of what threads see of their packs */
	pthread_cond_t changed; /* a piece is there, or written, or a pack has ended */
	size_t waiting;		/* pieces */
	struct kist_buf spare[KIST_PIECES_SPARE_MAX];
	size_t spare_count;
};

#define KIST_PUBLISHER_INIT                                                                                  \
	{                                                                                                    \
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                       \
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

/**
 * kist_open_pack_add() - Adds a record of @bytes, head and body; begins the pack when it is empty.
 *
 * @ret_offset: Of the record in the pack.
 *
 * Errors: those of kist_pack_add(); KIST_IO, also of what was added before.
 */
KIST_CHECKED kist_status kist_open_pack_add(struct kist_open_pack *pack, struct kist_publisher *publisher,
					    const struct kist_record *record, struct kist_view bytes,
					    size_t *ret_offset, struct kist_error *err);

/**
 * kist_publish() - Seals @pack and puts it on the backend.
 *
 * Nothing is done when it is empty; it is empty afterwards.
 *
 * @beside: It may still be on its way on return.
 *
 * Errors: KIST_NO_MEMORY, KIST_IO; those of what was on its way come with the next piece, or with
 * kist_publish_wait().
 */
KIST_CHECKED kist_status kist_publish(struct kist_publisher *publisher, struct kist_open_pack *pack,
				      bool beside, struct kist_error *err);

/** kist_publish_wait() - Waits for all that is on its way, and says what became of it. */
KIST_CHECKED kist_status kist_publish_wait(struct kist_publisher *publisher, struct kist_error *err);

#endif
