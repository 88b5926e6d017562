/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_EXAMINE_H
#define KIST_FLOW_EXAMINE_H

#include "flow/content.h"
#include "flow/flow.h"
#include "flow/walk.h"

/*
 * What the plugins make of bytes that came serialized: which type, where its parts are, whether it is sound,
 * what it holds.
 *
 * Thread: kist_examine_content() may run on a thread of its own while the flow's own thread leaves the worker
 * alone.
 */

/** Typed parts of one object that are kept apart; what lies past them counts as one more part. */
#define KIST_EXAMINED_PARTS_MAX ((size_t)1 << 20)

/** struct kist_examine_options - What the caller says of the bytes; members may be NULL. */
struct kist_examine_options {
	const char *task;
	const char *type;
	const char *media_type;
	const json_t *params;
};

/** struct kist_examined - The answer so far. */
struct kist_examined {
	struct kist_route_target target; /* entry is NULL for plain bytes */
	struct kist_serializer_ref serializer;
	json_t *params;			   /* all that count, defaults too */
	json_t *asked;			   /* those that were given, as they were understood; NULL for none */
	struct kist_buf parts;		   /* of struct kist_content_part, rising, without overlap */
	struct kist_buf info;		   /* what describe said, in canonical form; or empty */
	char lock_key[KIST_LOCK_KEY_SIZE]; /* of the route, to be recorded; or "" */
	struct kist_error downgrade; /* why these are plain bytes though a plugin reads them; or KIST_OK */
};

#define KIST_EXAMINED_INIT                                                                                   \
	{                                                                                                    \
		.parts = KIST_BUF_INIT(KIST_EXAMINED_PARTS_MAX * sizeof(struct kist_content_part)),          \
		.info = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX), .downgrade = KIST_ERROR_INIT                     \
	}
void kist_examined_done(struct kist_examined *examined);
#define kist_auto_examined __attribute__((cleanup(kist_examined_done)))

/**
 * kist_examine_route() - Decides the type of the bytes and finds their parts.
 *
 * @file_name: For its extension; may be NULL.
 *
 * Errors: KIST_INVALID E_PARAM (arguments, and no plugin to take them); as kist_route_bytes(),
 * kist_flow_serializer(), kist_worker_layout().
 */
KIST_CHECKED kist_status kist_examine_route(struct kist_flow *flow,
					    const struct kist_examine_options *options, const char *file_name,
					    const struct kist_input *input, struct kist_examined *examined,
					    struct kist_error *err);

/**
 * kist_examine_explain() - The routing decision alone, with every candidate, for "plugin why".
 *
 * @ret: kist_route_done() it; filled in also on failure.
 */
KIST_CHECKED kist_status kist_examine_explain(struct kist_flow *flow,
					      const struct kist_examine_options *options,
					      const char *file_name, const struct kist_input *input,
					      struct kist_route *ret, struct kist_error *err);

/** enum kist_small_road - How small bytes in a folder, of which nobody says anything, are kept. */
enum kist_small_road {
	KIST_SMALL_ALONE, /* kist_examine_route(): there is something to tell */
	KIST_SMALL_PLAIN, /* no plugin would read them: nothing else has to be asked */
	KIST_SMALL_TYPED, /* as the target says, if kist_examine_together() finds nothing wrong */
};

/**
 * kist_examine_small() - Decides the type of such bytes: "target" and "lock_key" of @examined.
 *
 * @head: The first KIST_ROUTE_HEAD_SIZE bytes of @total_size.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_examine_small(struct kist_flow *flow, const char *file_name,
					    struct kist_view head, uint64_t total_size,
					    struct kist_examined *examined, enum kist_small_road *ret,
					    struct kist_error *err);

/** kist_examine_by_name() - Whether a plugin would read a file of this name, as far as the name tells: of which type. */
bool kist_examine_by_name(struct kist_flow *flow, const char *file_name, struct kist_route_target *ret);

/** struct kist_together - Small bytes that are examined with others, and what came of it. */
struct kist_together {
	struct kist_view bytes;	       /* all of them.  Borrowed */
	struct kist_examined examined; /* its target is set */
	bool done; /* @examined is what the calls one by one would give, and all is sound */
};

/**
 * kist_examine_prepare() - Sees that one living worker has the plugins of all @files, as far as that can be had.
 *
 * On the flow's own thread, before kist_examine_together() runs on another one: a worker ends with the thread that
 * started it.
 */
void kist_examine_prepare(struct kist_flow *flow, const struct kist_together *files, size_t count);

/** kist_examine_expect() - The same for the first files of @walk, by their names, while nobody has read them yet. */
void kist_examine_expect(struct kist_flow *flow, const struct kist_walk *walk);

/**
 * kist_examine_together() - Lays out, validates and describes many small inputs, those of a type in few calls.
 *
 * Whatever goes wrong with one, it is not done, and maybe others of its type neither: they are for
 * kist_examine_route() and kist_examine_content(), which say what it is.
 *
 * Errors: KIST_CANCELLED, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_examine_together(struct kist_flow *flow, struct kist_together *files,
					       size_t count, struct kist_error *err);

/** kist_examine_keep_part() - Appends a struct kist_content_part to @ret, unless @part has no element type,
 * or there is no room. */
KIST_CHECKED kist_status kist_examine_keep_part(struct kist_buf *ret, const struct kist_part *part,
						struct kist_error *err);

/** kist_examine_content() - Validates all of the bytes, then describes them. */
KIST_CHECKED kist_status kist_examine_content(struct kist_flow *flow, const struct kist_input *input,
					      struct kist_examined *examined, struct kist_error *err);

#endif
