/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_SOURCE_H
#define KIST_AGENT_SOURCE_H

#include "base/json.h"

/*
 * What a program was made of: the commit that its folder is checked out at, and what differs from that.
 *
 *     {"schema_version":1, "folder":"/home/ada/churn", "vcs":"git", "top":"/home/ada/churn", "commit":"<hex>",
 *      "branch":"main", "changed":true|false|null,
 *      "files":[{"path":"train.py", "why":"changed"|"command", "mode":"100644", "size":n, "sha256":"<hex>",
 *                "text":"..."}, {"path":"old.py", "why":"changed", "gone":true}]}
 *
 * "files" are those that git has and that were written to since git looked at them last, below "top", and the
 * scripts that the command names, below "folder"; without git, these alone.  "changed" is null where it could not be
 * told, with "note" why.  A file that is too large, or no UTF-8, is told by its digest alone, or without one past
 * KIST_SOURCE_READ_MAX.  What git does not know (new files that were never added) is no part of it, but for scripts.
 *
 * Of files whose names are those of keys (.env, *.pem, ...) no text is kept.
 *
 * Nothing is run for it: agent/git.h.
 *
 * Limits: KIST_SOURCE_..._MAX.
 * Thread: pure, but for the files.
 */

#define KIST_SOURCE_SCHEMA_VERSION 1
#define KIST_SOURCE_FILE_MAX	   ((size_t)1 << 20)  /* bytes of a text that is kept */
#define KIST_SOURCE_TEXT_MAX	   ((size_t)4 << 20)  /* of all of them */
#define KIST_SOURCE_READ_MAX	   ((size_t)64 << 20) /* bytes of all files that are read for their digests */
#define KIST_SOURCE_FILES_MAX	   ((size_t)1000)

/**
 * kist_source_describe() - What is to be told of folder @folder and command @command.  New reference.
 *
 * @folder:  Absolute.
 * @command: Ended by NULL.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_source_describe(const char *folder, char *const *command, json_t **ret,
					      struct kist_error *err);

#endif
