/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_RETAIN_H
#define KIST_CARE_RETAIN_H

#include "flow/flow.h"

/*
 * Retention: of a series of names, such as runs/1, runs/2, ..., the old ones are dropped.
 *
 * A series is what a pattern of the shell matches.  The newest names of it stay, by the order of the log, and
 * so does what was set by "tag".  Dropping a name is all that is done: what has another name stays, and a
 * collector frees the rest.
 *
 * Thread: one flow, one thread at a time.
 * Source: docs/adr/0015-retention-drops-names.md.
 */

/** Names that one commit drops: with the longest names, 14 MB of JSON. */
#define KIST_RETAIN_COMMIT_MAX ((size_t)8192)
#define KIST_RETAIN_DAYS_MAX   UINT64_C(36500)

/** struct kist_retain_rule - Which names go. */
struct kist_retain_rule {
	const char *pattern; /* as of fnmatch(3): '*' and '?' do not match '/' */
	uint64_t keep_last;  /* names that stay, however old; at least 1 */
	/* Only what was set before this time goes: RFC 3339 in UTC, with seconds.  "": whatever its time. */
	char before[32];
};

/** struct kist_retain_name - A name that goes: as it was when that was found. */
struct kist_retain_name {
	size_t at; /* in kist_retained.texts */
	size_t len;
	uint64_t commit; /* that set it */
};

/** struct kist_retained - What a rule says of the names that there are.  kist_retained_done() it. */
struct kist_retained {
	struct kist_buf texts;	 /* NUL-terminated names */
	struct kist_buf dropped; /* of struct kist_retain_name, the newest first */
	uint64_t kept;
	uint64_t tagged; /* among them: those that were set by "tag", which do not count for keep_last */
};

#define KIST_RETAINED_INIT                                                                                   \
	{                                                                                                    \
		.texts = KIST_BUF_INIT((size_t)1 << 30), .dropped = KIST_BUF_INIT((size_t)1 << 30)           \
	}
void kist_retained_done(struct kist_retained *retained);
#define kist_auto_retained __attribute__((cleanup(kist_retained_done)))

/** kist_retain_plan() - Finds what @rule drops; nothing is changed.  @ret: a KIST_RETAINED_INIT. */
KIST_CHECKED kist_status kist_retain_plan(struct kist_flow *flow, const struct kist_retain_rule *rule,
					  struct kist_retained *ret, struct kist_error *err);

/**
 * kist_retain_drop() - Drops the names of a plan, in commits of KIST_RETAIN_COMMIT_MAX.
 *
 * A name that was set again since stays as it is.
 *
 * @ret_dropped: How many are gone; what stayed is left out of @plan.
 *
 * Errors: those of a commit; what was committed until then is dropped.
 */
KIST_CHECKED kist_status kist_retain_drop(struct kist_flow *flow, struct kist_retained *plan,
					  uint64_t *ret_dropped, struct kist_error *err);

#endif
