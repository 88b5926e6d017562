/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_ROUTE_ROUTES_H
#define KIST_ROUTE_ROUTES_H

#include "route/route.h"

/*
 * The file that keeps the locks of routes (route/route.h): the user's pins, and what was chosen at first use.
 *
 *     <config_dir>/routes
 *         kist-routes 1
 *         ext:csv kist.csv used 2026-01-31T12:00:00Z
 *         magic:0:54494e59 org.example.tiny pinned 2026-01-31T12:00:00Z
 *
 * UTF-8 lines ended by a newline: key, plugin id, "used" or "pinned", time in UTC, one blank between; sorted
 * by key when written, each key once.  It is replaced as a whole, and writers take turns on the folder and
 * read it again before they write, so that none loses an entry of another.
 *
 * Limits: KIST_ROUTES_MAX lines, KIST_ROUTES_SIZE_MAX bytes, KIST_ROUTES_LINE_MAX bytes a line.
 * Thread: a list is constant once loaded; changes may be made at once by many processes.
 * Source: docs/guide/routing.md, docs/adr/0007-routes-belong-to-the-user.md.
 */

#define KIST_ROUTES_FILE     "routes"
#define KIST_ROUTES_MAX	     4096
#define KIST_ROUTES_SIZE_MAX ((size_t)1 << 20)
#define KIST_ROUTES_LINE_MAX ((size_t)320)

/** struct kist_routes - Objects {"<key>": "<text>"}; NULL before the first load. */
struct kist_routes {
	json_t *pinned; /* plugin ids */
	json_t *used;	/* plugin ids */
	json_t *times;	/* of both */
};

#define KIST_ROUTES_INIT                                                                                     \
	{                                                                                                    \
		.pinned = NULL, .used = NULL, .times = NULL                                                  \
	}
void kist_routes_done(struct kist_routes *routes);
#define kist_auto_routes __attribute__((cleanup(kist_routes_done)))

/**
 * kist_routes_load() - Reads the file; one that is not there is an empty list.
 *
 * Errors: KIST_CORRUPT E_ROUTES, KIST_INCOMPATIBLE and KIST_LIMIT (what it holds: file, line and remedy are
 * named); KIST_DENIED (not readable, not a regular file, or writable by somebody else); KIST_IO;
 * KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_routes_load(const char *config_dir, struct kist_routes *ret,
					  struct kist_error *err);

/** kist_routes_parse() - Reads the file's text; @shown is its path, for messages. */
KIST_CHECKED kist_status kist_routes_parse(struct kist_view text, const char *shown, struct kist_routes *ret,
					   struct kist_error *err);

/** What is done with one key. */
enum kist_route_change { KIST_ROUTE_USE, KIST_ROUTE_PIN, KIST_ROUTE_DROP };

/**
 * kist_routes_change() - Does one thing for each of the keys, durably; all or nothing.
 *
 * @changes: {"<key>": "<plugin id>"}; for KIST_ROUTE_DROP the ids do not count.  KIST_ROUTE_USE leaves keys
 *           that are there as they are; KIST_ROUTE_PIN replaces them.
 * @ret_count: How many entries became others; may be NULL.
 *
 * Errors: as kist_routes_load(); KIST_DEADLINE (somebody else holds the folder); KIST_IO (it cannot be
 * written).
 */
KIST_CHECKED kist_status kist_routes_change(const char *config_dir, enum kist_route_change change,
					    const json_t *changes, size_t *ret_count, struct kist_error *err);

#endif
