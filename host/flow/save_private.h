/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_SAVE_PRIVATE_H
#define KIST_FLOW_SAVE_PRIVATE_H

#include <sys/stat.h>

#include "flow/fetch.h"
#include "flow/previous.h"
#include "flow/save.h"
#include "flow/seen.h"
#include "flow/stamp.h"

/*
 * What the files of a save share: save.c (session, commit), save_file.c, save_folder.c, save_object.c.
 */

struct kist_save {
	struct kist_flow *flow;
	struct kist_writer *writer;
	struct kist_content_writer content;
	struct kist_previous previous; /* of the file that is being saved */
	enum kist_filter_level level;
	json_t *refs;
	struct kist_buf leans;		/* of struct kist_lean */
	struct kist_save_seen *seen;	/* NULL before it is needed */
	struct kist_fetch *spent;	/* of the folder that was saved last, to be closed; or NULL */
	bool reread;			/* what was seen before is read all the same */
	uint64_t unread;		/* files that were not */
	uint64_t only_at;		/* the one number that its commit may have; 0: any */
	kist_save_last_make *make_last; /* NULL: nothing hangs on what was committed before */
	kist_save_last_is_current *last_is_current;
	void *last_ctx;
	struct kist_save *last; /* what it has put for the commit that is tried; or NULL */
	json_t *last_packs;
	bool last_is_committed;
};

/** struct kist_lean - An artifact that was kept before, and that this save needs. */
struct kist_lean {
	struct kist_digest artifact;
	uint64_t since; /* the newest commit at which all of it was known to be kept; 0: not known */
	bool own;	/* it can be put once more */
};

/** struct kist_file_origin - Where a file's bytes come from. */
struct kist_file_origin {
	int fd;
	const char *shown;     /* its path, for messages */
	const char *base_name; /* for routing by extension and for the record; NULL for a stream */
	bool is_private;       /* nobody else can write to it */
	/* For the record: the file that the bytes were copied from; NULL when @fd is that file. */
	const struct stat *about;
};

/**
 * kist_save_file() - Puts the bytes of an open regular file and its record; no name is set.
 *
 * @with_file: The record keeps name, mode and time; false inside a tree, which keeps them itself.
 */
KIST_CHECKED kist_status kist_save_file(struct kist_save *save, const struct kist_file_origin *origin,
					const struct kist_save_options *options, bool with_file,
					struct kist_saved *ret, struct kist_error *err);

/** struct kist_kept_file - A file of a folder that is kept. */
struct kist_kept_file {
	bool done;
	struct kist_digest sha256;
	struct kist_digest artifact;
};

/**
 * struct kist_small - Small files of a folder on their way, window by window.
 *
 * While plugins look at the files of one window, on a thread, those of the window before it are put.
 */
struct kist_small;

/** kist_small_open() - @save is borrowed.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_small_open(struct kist_save *save, struct kist_small **ret,
					 struct kist_error *err);
/** kist_small_close() - Waits until nothing is borrowed any more, whatever becomes of it.  Accepts NULL. */
void kist_small_close(struct kist_small *small);

static inline void kist_small_close_(struct kist_small **slot)
{
	kist_small_close(*slot);
}
#define kist_auto_small __attribute__((cleanup(kist_small_close_)))

/**
 * kist_small_begin() - Decides what is to become of each of the entries, and has plugins look at what is theirs.
 *
 * @entries: A window that was read ahead; borrowed until the one behind it has been put, or kist_small_settle().
 * @count:   At most KIST_FETCH_ENTRIES_MAX.
 *
 * At most one window may be begun and not yet put.  Errors: KIST_NO_MEMORY; those of the index.
 */
KIST_CHECKED kist_status kist_small_begin(struct kist_small *small, const struct kist_fetched *entries,
					  size_t count, struct kist_error *err);

/**
 * kist_small_put() - Puts the files of the oldest window that was begun, and their records, all at once: plain ones,
 * and those of less than KIST_CUT_STRETCH_MIN bytes that their plugin finds sound.
 *
 * What it puts is what kist_save_file() would.
 *
 * @ret_entries: As they were given.
 * @ret_kept:    For each entry; one that is not done is for kist_save_file().  Borrowed until the next begin.
 * @ret_count:   0 when no window was begun.
 */
KIST_CHECKED kist_status kist_small_put(struct kist_small *small, const struct kist_fetched **ret_entries,
					const struct kist_kept_file **ret_kept, size_t *ret_count,
					struct kist_error *err);

/** kist_small_settle() - Waits until nothing of what was put is borrowed any more.  Errors: for all of it. */
KIST_CHECKED kist_status kist_small_settle(struct kist_small *small, struct kist_error *err);

/** kist_small_wait() - Until no plugin looks at anything: before the flow's worker is used otherwise. */
void kist_small_wait(struct kist_small *small);

/**
 * kist_save_previous() - The artifact that, as @options says or else the registry, the name meant so far.
 *
 * @ret_any: False when there is none; and at the level KIST_FILTER_FAST, which has no time for differences.
 */
KIST_CHECKED kist_status kist_save_previous(struct kist_save *save, const struct kist_save_options *options,
					    struct kist_digest *ret, bool *ret_any, struct kist_error *err);

/** kist_save_folder() - Puts all below the open folder @dir_fd and the tree's record; no name is set. */
KIST_CHECKED kist_status kist_save_folder(struct kist_save *save, int dir_fd, const char *shown,
					  const struct kist_save_options *options, struct kist_saved *ret,
					  struct kist_error *err);

/** kist_save_check_name() - Whether options->name may be one.  Errors: KIST_INVALID. */
KIST_CHECKED kist_status kist_save_check_name(const struct kist_save_options *options,
					      struct kist_error *err);

/** kist_save_drop_last() - Closes save->last; unless it is committed, its packs are removed. */
void kist_save_drop_last(struct kist_save *save);

/**
 * kist_save_spool() - A nameless temporary file, once for writing and once for reading.  Owned by the caller.
 */
KIST_CHECKED kist_status kist_save_spool(struct kist_save *save, int *ret_write_fd, int *ret_read_fd,
					 struct kist_error *err);

/** kist_save_copy() - Copies all that @from still gives to @to.  @shown: @from, for messages. */
KIST_CHECKED kist_status kist_save_copy(int from, int to, const char *shown, struct kist_error *err);

/** kist_save_lean_on_own() - kist_save_lean() on what can be put again: the commit fails with E_COLLECTED. */
KIST_CHECKED kist_status kist_save_lean_on_own(struct kist_save *save, const struct kist_digest *artifact,
					       uint64_t since, struct kist_error *err);

/** kist_save_record() - Puts a finished record. */
KIST_CHECKED kist_status kist_save_record(struct kist_save *save, json_t *record, struct kist_saved *ret,
					  struct kist_error *err);

/**
 * kist_save_typed() - Sets in a record what the plugins said of the bytes: "kind", "encoding", "plugin", "summary",
 * "info_chunk"; KIST_KIND_BYTES when @examined has no target.
 *
 * @ret_info: What belongs into the record as "info"; or empty.  Borrowed from @examined.
 */
KIST_CHECKED kist_status kist_save_typed(struct kist_save *save, json_t *record,
					 const struct kist_examined *examined, struct kist_view *ret_info,
					 struct kist_error *err);

/** kist_save_type_text() - What the records of a type have in common, as struct kist_said wants it; appended. */
KIST_CHECKED kist_status kist_save_type_text(const struct kist_route_target *target, struct kist_buf *ret,
					     struct kist_error *err);

/** kist_save_said() - Fills in all of @ret but the type; puts what is too long for a record.  @info: Borrowed; may be
 * empty. */
KIST_CHECKED kist_status kist_save_said(struct kist_save *save, struct kist_view info, struct kist_said *ret,
					struct kist_error *err);

#endif
