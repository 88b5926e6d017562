/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_ROUTE_ROUTE_H
#define KIST_ROUTE_ROUTE_H

#include "plugin/catalog.h"

/*
 * Routing: which serializer fits, and why.  A pure decision over a catalog; never by load order.
 *
 * Bytes (a file that came serialized), step by step; the first step with candidates decides:
 *     1 named       --task NAME or --type TYPE: fails hard, no fallback
 *     2 lock        the route that was pinned, else the one recorded at first use
 *     3 media type  what the caller said
 *     4 magic       at least 4 fixed bytes; the longest wins
 *     5 extension   of the file's name
 *     6 none        bytes, kept as they are
 * Objects: 1 named, 2 lock, 3 exact type@major, 4 kind.
 * Within a step: trust tier, then priority (third parties at most 79), then version of one plugin id.  For
 * bytes, candidates that are still equal are asked to probe.  Two ids still equal: KIST_AMBIGUOUS.
 *
 * A lock names, for a piece of evidence, the plugin that was chosen at its first use, so that installing a
 * plugin changes no route (route/routes.h keeps it).  Its keys: "media:text/csv", "magic:0:934e554d5059",
 * "ext:csv", "type:kist.npy@1", "kind:tensor".  When the caller says a media type, only a lock on that media
 * type counts.  The first use of an extension does not speak for bytes that a plugin of this build knows by
 * their magic.  A lock whose plugin is gone is passed over, with a note; a pin whose plugin is gone fails.
 *
 * Thread: pure.
 * Source: docs/guide/routing.md.
 */

/** Bytes of a lock's key, NUL included. */
#define KIST_LOCK_KEY_SIZE ((size_t)160)

/** Bytes of a file that routing looks at. */
#define KIST_ROUTE_HEAD_SIZE ((size_t)64 << 10)

/** struct kist_route_target - A type of a plugin. */
struct kist_route_target {
	const struct kist_catalog_entry *entry;
	size_t type_index;
};

/** struct kist_route_query - What is to be routed.  Unused members NULL or 0. */
struct kist_route_query {
	const char *task; /* named task, "NumpyArrayArtifactTask" or "kist.numpy/NumpyArrayArtifactTask" */
	const char *type; /* named type, "kist.npy" or "kist.npy@1" */
	const char *media_type;
	const char *file_name; /* for its extension */
	struct kist_view head; /* the first KIST_ROUTE_HEAD_SIZE bytes */
	uint64_t total_size;
	uint32_t kind;		 /* objects: KIST_KIND_* */
	const char *object_type; /* objects: its own type, or NULL */
	uint32_t object_major;
	const json_t *pins; /* {"<lock key>": "<plugin id>"}: what the user pinned, or NULL */
	const json_t *lock; /* the same, of first uses */
	/* Asks a candidate; only for bytes whose candidates are equal.  NULL: not asked. */
	kist_status (*probe)(void *ctx, const struct kist_route_target *target, int32_t *ret_score,
			     struct kist_error *err);
	void *probe_ctx;
};

/** struct kist_route_candidate - One that was looked at; kist_route_line() explains it. */
struct kist_route_candidate {
	struct kist_route_target target;
	int step; /* 1..6, as above */
	size_t magic_len;
	int32_t score; /* -1: not probed */
	bool chosen;
};

/** struct kist_route - The decision.  @target.entry is NULL for plain bytes. */
struct kist_route {
	struct kist_route_target target;
	char decided_by[256];
	char lock_key
		[KIST_LOCK_KEY_SIZE]; /* to be recorded with the plugin's id; "" when that is not needed */
	char locked_by[KIST_LOCK_KEY_SIZE]; /* the key of the lock that decided, or "" */
	bool pinned;			    /* that lock is a pin */
	char note[720];			    /* of a lock or plugin that was passed over, or "" */
	bool is_downgrade;		    /* plain bytes because of what @note says */
	bool is_object;			    /* what was routed: the steps are those of objects */
	size_t candidate_count;
	struct kist_route_candidate *candidates;
};

#define KIST_ROUTE_INIT                                                                                      \
	{                                                                                                    \
		.candidate_count = 0, .candidates = NULL                                                     \
	}
void kist_route_done(struct kist_route *route);
#define kist_auto_route __attribute__((cleanup(kist_route_done)))

/**
 * kist_route_bytes() - The serializer for bytes.
 *
 * @ret: Filled in also on failure, so that the candidates can be shown.
 *
 * Errors: KIST_NOT_FOUND (a named task or type is not there: names the nearest, and plugins that were refused
 * with their reasons), KIST_UNSUPPORTED (a pinned plugin is not there), KIST_AMBIGUOUS (names both, how to choose and how to pin),
 * what @probe gives.
 */
KIST_CHECKED kist_status kist_route_bytes(const struct kist_catalog *catalog,
					  const struct kist_route_query *query, struct kist_route *ret,
					  struct kist_error *err);

/** kist_route_object() - The serializer for an object of a kind; errors as kist_route_bytes(), and
 * KIST_UNSUPPORTED. */
KIST_CHECKED kist_status kist_route_object(const struct kist_catalog *catalog,
					   const struct kist_route_query *query, struct kist_route *ret,
					   struct kist_error *err);

#define KIST_ROUTE_LINE_SIZE 256

/**
 * kist_route_line() - Of candidate @index: evidence, rank, and what decided for or against it; names neither plugin nor
 * type.
 */
void kist_route_line(const struct kist_route *route, size_t index, char ret[static KIST_ROUTE_LINE_SIZE]);

/**
 * kist_route_stored() - The serializer that reads what a record says: "kist.npy@1.0", made by @plugin_id
 * @version.
 *
 * The plugin that made it when it is there and reads this version, else any plugin that reads the type.
 *
 * Errors: KIST_UNSUPPORTED: names the plugin and version that are needed, and why it is not used.
 */
KIST_CHECKED kist_status kist_route_stored(const struct kist_catalog *catalog, const char *encoding,
					   const char *plugin_id, const char *version,
					   struct kist_route_target *ret, struct kist_error *err);

/** kist_encoding_parse() - Splits "kist.npy@1.0" (".0" may be missing); false for anything else. */
bool kist_encoding_parse(const char *encoding, char *ret_type, size_t type_size, uint32_t *ret_major,
			 uint32_t *ret_minor);

#endif
