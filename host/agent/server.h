/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_SERVER_H
#define KIST_AGENT_SERVER_H

#include <limits.h>
#include <pthread.h>

#include "agent/keeper.h"

/*
 * The agent's socket: what a program tells of itself while it runs.
 *
 * A stream socket of this machine, in a folder that only its user may enter; lines of JSON, one request each,
 * and one line of JSON as the answer to each, {"ok":true} or {"ok":false,"error":"..."}:
 *
 *     {"op":"metric", "name":"loss", "value":0.25, "step":3}     value: a number, "NaN", "Infinity", "-Infinity"
 *     {"op":"param",  "name":"lr",   "value":0.1}                any JSON value
 *     {"op":"tag",    "name":"team", "text":"a"}
 *     {"op":"save",   "name":"sub/x.npy"}                        the bytes: a file that comes with the line
 *     {"op":"save",   "name":"sub/x.npy", "path":"/tmp/x.npy"}   or that this names
 *     {"op":"table",  "name":"t.csv", "columns":["a"], "rows":[[1]]}      agent/request_table.h
 *     {"op":"artifact", "name":"x", "location":"s3://b/x"}       one that lies elsewhere, and is told of alone
 *     {"op":"flush"}                                             keep what is in the artifact folder now
 *
 * A file that comes along (SCM_RIGHTS) may be one in memory (memfd_create(2)), so that an array goes to the
 * store without a copy through the socket.  It is typed by its name and its content, as "kist put" does.
 *
 * Nonsense is answered and harms nobody; a client that sends a line without end, or reads no answers, is closed.
 *
 * Limits: KIST_SERVER_CLIENTS_MAX at once, KIST_SERVER_LINE_MAX.
 * Thread: one of its own; the functions by one thread.
 * Source: docs/guide/jobs.md; unix(7).
 */

#define KIST_SERVER_CLIENTS_MAX 64
#define KIST_SERVER_LINE_MAX	((size_t)64 << 10)

struct kist_server;

/**
 * kist_server_start() - Opens the socket and serves it.
 *
 * @temp_dir: A folder for it is made in there.
 * @keeper:   Borrowed until kist_server_end().
 *
 * Errors: KIST_DENIED, KIST_LIMIT (the path is too long for a socket), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_server_start(const char *temp_dir, struct kist_keeper *keeper,
					   struct kist_server **ret, struct kist_error *err);

/** kist_server_path() - Of the socket.  Borrowed. */
const char *kist_server_path(const struct kist_server *server);

/** kist_server_end() - Takes what has come by now, and removes the socket.  Accepts NULL. */
void kist_server_end(struct kist_server *server);

#endif
