/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_STAGE_H
#define KIST_KIT_STAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "kist/plugin.h"
#include "worker/guard.h"

/*
 * The host as a plugin sees it, in a check: it counts, fails where it is told to, and lends memory behind which there is
 * nothing.
 *
 * Each struct that a plugin gets ends where a page ends that may not be touched: who reads a member that its
 * struct_size does not give dies at that instruction.  Of a newer host the structs go on, and what stands there may
 * not be changed.  Regions are copies, read-only, and end at such a page, too.
 *
 * Thread: one stage, one thread; regions are released on any.
 */

enum kist_stage_age { KIST_STAGE_TODAY, KIST_STAGE_OLDEST, KIST_STAGE_NEWER };

/** What a struct of a newer host has more. */
#define KIST_STAGE_MORE ((size_t)64)
/** Structs that one stage lends at a time. */
#define KIST_STAGE_PIECES_MAX 12

/** struct kist_stage - One call, or several in a row. */
struct kist_stage {
	enum kist_stage_age age;
	struct kist_host *host;
	struct kist_call *call;
	size_t piece_count;
	struct kist_stage_piece {
		struct kist_guard guard;
		size_t size; /* of the struct that this build has */
	} pieces[KIST_STAGE_PIECES_MAX];

	/* Failures on demand. */
	unsigned long calls; /* that can fail so, until now */
	unsigned long fail_at;
	kist_status fail_with;
	const char *struck; /* the function that has failed, or NULL */
	bool is_cancelled;  /* poll says so, always */
	uint64_t moved;	    /* bytes read and written since poll said so first */
	unsigned long polls;

	/* What the plugin did. */
	struct kist_error error; /* what it gave to fail() */
	char breach[320];	 /* how it broke the contract; the first */
	struct kist_arena arena; /* what it asked alloc for */
};

/** kist_stage_open() - A host and a call.  Errors: KIST_NO_MEMORY.  kist_stage_close() it, also on failure. */
KIST_CHECKED kist_status kist_stage_open(struct kist_stage *stage, enum kist_stage_age age,
					 struct kist_error *err);
void kist_stage_close(struct kist_stage *stage);
#define kist_auto_stage __attribute__((cleanup(kist_stage_close)))

/** kist_stage_breach() - Notes how the plugin broke the contract; KIST_INVALID. */
kist_status kist_stage_breach(struct kist_stage *stage, const char *format, ...) KIST_PRINTF(2, 3);

/**
 * kist_stage_piece() - A struct of @size bytes for the plugin, zeroed, with its struct_size set; lives as long as the
 * stage.  NULL: no memory.
 */
void *kist_stage_piece(struct kist_stage *stage, size_t size, size_t oldest);

/**
 * kist_stage_enter() - For the functions that a plugin calls: whether this call goes on.
 *
 * @name:  The function, for the message.
 * @bytes: That it moves.
 */
KIST_CHECKED kist_status kist_stage_enter(struct kist_stage *stage, const char *name, bool may_lack_memory,
					  uint64_t bytes);

/** kist_stage_check() - Whether what stands behind the structs of a newer host is as it was. */
void kist_stage_check(struct kist_stage *stage);

/** struct kist_stage_source - Bytes to be read. */
struct kist_stage_source {
	struct kist_stage *stage;
	struct kist_source *base;
	struct kist_view bytes;
	size_t step_max; /* read_at gives no more at a time; 0: all that is asked for */
};
KIST_CHECKED kist_status kist_stage_source(struct kist_stage *stage, struct kist_view bytes,
					   struct kist_stage_source *ret, struct kist_error *err);

/** kist_stage_regions() - Regions that were given by any source and not released yet. */
long kist_stage_regions(void);

/** struct kist_stage_sink - Takes bytes and parts; kist_stage_sink_done() it. */
struct kist_stage_sink {
	struct kist_stage *stage;
	struct kist_sink *base;
	struct kist_buf bytes;
	bool in_part;
	uint64_t announced;
	uint64_t begun;		 /* offset of the part */
	void (*each)(void *ctx); /* at every write; may be NULL */
	void *ctx;
};
KIST_CHECKED kist_status kist_stage_sink(struct kist_stage *stage, size_t size_max,
					 struct kist_stage_sink *ret, struct kist_error *err);
void kist_stage_sink_done(struct kist_stage_sink *sink);

/** struct kist_stage_layout - Takes parts of @size bytes. */
struct kist_stage_layout {
	struct kist_stage *stage;
	struct kist_layout *base;
	uint64_t size;
	uint64_t end;
};
KIST_CHECKED kist_status kist_stage_layout(struct kist_stage *stage, uint64_t size,
					   struct kist_stage_layout *ret, struct kist_error *err);

/** struct kist_stage_report - Counts findings, and keeps the first error. */
struct kist_stage_report {
	struct kist_stage *stage;
	struct kist_report *base;
	unsigned long errors;
	struct kist_error first;
};
KIST_CHECKED kist_status kist_stage_report(struct kist_stage *stage, struct kist_stage_report *ret,
					   struct kist_error *err);

#endif
