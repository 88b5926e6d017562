/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_SAVE_H
#define KIST_FLOW_SAVE_H

#include "flow/content.h"
#include "flow/examine.h"

/*
 * Saving: from files, folders and streams to one commit.
 *
 * A save gathers any number of objects; nothing of it is visible before kist_save_commit(), and all of it is
 * durable once that returns.  An object that fails leaves the others as they are.
 *
 * Thread: one struct kist_save, one thread at a time.
 */

/** Up to this size an object is examined before its bytes are read again; larger ones meanwhile. */
#define KIST_EXAMINE_FIRST_SIZE_MAX ((uint64_t)4 << 20)
/** Of how many refused entries of a folder is told. */
#define KIST_SAVE_TOLD_MAX 20
/** How often a file that changes while it is being stored is read again. */
#define KIST_SAVE_TRIES_MAX 3

struct kist_save;

/** struct kist_save_options - How one object is to be kept. */
struct kist_save_options {
	const char *name; /* under which it is found; kist_name_check() */
	size_t name_len;
	struct kist_examine_options examine;
	bool opaque;		 /* what its plugin refuses is kept as bytes, with the reason */
	const char *description; /* may be NULL */
	const json_t *params;	 /* with which it was made, for the record; may be NULL */
	/* Of a folder: told of what is refused, but of the first, which is the error; NULL ends with that
	 * one. */
	void (*tell)(void *ctx, const struct kist_error *why);
	void *tell_ctx;
	/* What the name meant so far: its chunks may be bases of the new ones.  NULL: looked up by name. */
	const struct kist_digest *previous;
	const json_t *parents; /* ids in hex of the artifacts that it was made from; may be NULL */
	bool own_name;	       /* @name may be one of kist's own: kist_name_is_own() */
};

/** struct kist_saved - What was kept. */
struct kist_saved {
	struct kist_digest artifact;
	json_t *record;
};

#define KIST_SAVED_INIT                                                                                      \
	{                                                                                                    \
		.record = NULL                                                                               \
	}
void kist_saved_done(struct kist_saved *saved);
/** kist_saved_move() - Replaces what @to holds; @from is left empty. */
void kist_saved_move(struct kist_saved *to, struct kist_saved *from);
#define kist_auto_saved __attribute__((cleanup(kist_saved_done)))

KIST_CHECKED kist_status kist_save_open(struct kist_flow *flow, struct kist_save **ret,
					struct kist_error *err);
/** kist_save_flow() - Whose save it is.  Borrowed. */
struct kist_flow *kist_save_flow(const struct kist_save *save);
/** kist_save_set_level() - How much time compressing may take; KIST_FILTER_DEFAULT at first. */
void kist_save_set_level(struct kist_save *save, enum kist_filter_level level);
/**
 * kist_save_set_reread() - Whether files are read that look as they did when they were stored before
 * (flow/seen.h); they are not at first.
 */
void kist_save_set_reread(struct kist_save *save, bool reread);
/** kist_save_close() - Drops what was not committed.  Accepts NULL. */
void kist_save_close(struct kist_save *save);

static inline void kist_save_close_(struct kist_save **slot)
{
	kist_save_close(*slot);
}
#define kist_auto_save __attribute__((cleanup(kist_save_close_)))

/**
 * kist_save_path() - Saves the file or the folder at @path (a link is followed) under options->name.
 *
 * Errors: KIST_NOT_FOUND, KIST_DENIED, KIST_IO; KIST_INVALID (name; a device or socket; it kept changing);
 * of a file, what routing and its plugin say, with the path before it; E_PATH for a link that leaves a
 * folder.
 */
KIST_CHECKED kist_status kist_save_path(struct kist_save *save, const char *path,
					const struct kist_save_options *options, struct kist_saved *ret,
					struct kist_error *err);

/**
 * kist_save_stream() - Saves all that @fd gives until its end.
 *
 * Routing and plugins need to look twice, so the bytes pass through a nameless file in the flow's temp_dir.
 */
KIST_CHECKED kist_status kist_save_stream(struct kist_save *save, int fd,
					  const struct kist_save_options *options, struct kist_saved *ret,
					  struct kist_error *err);

/**
 * kist_save_object() - Saves what a serializer writes: object @object of the flow's worker.
 *
 * Where the bytes do not say what their elements are, the record does, as an argument of reading (flow/logical.h).
 *
 * @target: The serializer that writes it.
 * @params: Its arguments, or NULL.
 */
KIST_CHECKED kist_status kist_save_object(struct kist_save *save, uint64_t object,
					  const struct kist_route_target *target, const json_t *params,
					  const struct kist_save_options *options, struct kist_saved *ret,
					  struct kist_error *err);

/** struct kist_save_made - Bytes that kist itself makes, of a type that no plugin has. */
struct kist_save_made {
	struct kist_view bytes;
	const char *kind;     /* "value" */
	const char *encoding; /* "kist.job@1.0" */
	const char *summary;  /* one line */
};

/**
 * kist_save_bytes() - Saves @made under options->name, with its parents and its description; nothing else of
 * @options counts.
 *
 * The bytes lie among the metadata.
 */
KIST_CHECKED kist_status kist_save_bytes(struct kist_save *save, const struct kist_save_made *made,
					 const struct kist_save_options *options, struct kist_saved *ret,
					 struct kist_error *err);

/**
 * kist_save_chunks() - Puts @count chunks of one kind as they are: parts of what was kept elsewhere.
 *
 * Nothing looks at what they mean; records among them become artifacts with the commit.
 *
 * @ids: Their SHA-256s.
 *
 * Errors: KIST_CORRUPT (other bytes), KIST_LIMIT (a size), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_save_chunks(struct kist_save *save, enum kist_chunk_kind kind,
					  const struct kist_view *bytes, const struct kist_digest *ids,
					  size_t count, struct kist_error *err);

/** kist_save_last_make - Puts into @last what hangs on all that is committed before; may be called again. */
typedef kist_status kist_save_last_make(void *ctx, struct kist_save *last, struct kist_error *err);

/** kist_save_last_is_current - Whether what was made still follows from all that is committed by now. */
typedef bool kist_save_last_is_current(void *ctx);

/**
 * kist_save_set_last() - Has @make called once the log was folded, before the commit is tried: what it puts is in
 * the same commit, and no other commit stands between what it has read and what it puts.
 *
 * So a name can be given a new meaning that depends on the old one.  What @make fails with is what the commit
 * fails with.  Such a save shares its commit with no other.
 *
 * @is_current: Asked before each further try, when others were first: if it is, what was made need not be made again.
 *              NULL: it never is.
 * @ctx:        Borrowed until the commit is made, or the save closed.
 */
void kist_save_set_last(struct kist_save *save, kist_save_last_make *make,
			kist_save_last_is_current *is_current, void *ctx);

/** kist_save_own_ref() - As kist_save_ref(), for a name that may be one of kist's own. */
KIST_CHECKED kist_status kist_save_own_ref(struct kist_save *save, const char *name, size_t name_len,
					   const struct kist_digest *artifact, const char *event,
					   struct kist_error *err);

/**
 * kist_save_ref() - Adds a change of a name to the commit: @artifact NULL drops it.  @event: "tag" or "rm".
 *
 * Errors: KIST_INVALID (no name that a person can give: kist_name_check_given()); KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_save_ref(struct kist_save *save, const char *name, size_t name_len,
				       const struct kist_digest *artifact, const char *event,
				       struct kist_error *err);

/**
 * kist_save_lean() - Says that the commit needs an artifact that others have put, and that it may be gone by
 * then.
 *
 * @since: A commit at which all of it was known to be kept, as for what a name led to then; 0 when that is
 * not known.
 *
 * Errors: KIST_NO_MEMORY.  The commit fails with KIST_NOT_FOUND when a collector has removed any of it.
 */
KIST_CHECKED kist_status kist_save_lean(struct kist_save *save, const struct kist_digest *artifact,
					uint64_t since, struct kist_error *err);

/**
 * kist_save_commit() - Publishes what was gathered and creates the commit.
 *
 * On KIST_OK everything is durable and visible to all, and the routes that were used first are recorded; when
 * that fails the flow holds a note.  With nothing gathered it does nothing.
 *
 * Errors: KIST_CANCELLED with KIST_CODE_COLLECTED (store/lean.h): a collector has removed what this was going
 * to share; nothing is kept, and all of it may be saved again through a new kist_save.  KIST_NOT_FOUND (an
 * artifact that is given a name, or kist_save_lean(), is gone); KIST_LIMIT, KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_save_commit(struct kist_save *save, struct kist_error *err);

/**
 * kist_save_commit_at() - The same, as commit @number or not at all: for what hangs on all commits before it.
 *
 * Errors: KIST_EXISTS (another commit has that number); as kist_save_commit().
 */
KIST_CHECKED kist_status kist_save_commit_at(struct kist_save *save, uint64_t number, struct kist_error *err);

/** kist_save_stats() - What was put and what of it was new. */
struct kist_write_stats kist_save_stats(const struct kist_save *save);

/** kist_save_unread() - How many files were not read, because they had not changed. */
uint64_t kist_save_unread(const struct kist_save *save);

#endif
