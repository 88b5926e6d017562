/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_KEPT_TABLE_H
#define KIST_OBJECT_KEPT_TABLE_H

#include "base/err.h"
#include "kist/host.h"
#include "kist/object.h"

/*
 * A table that can be read more than once: its batches are read to their end and held in memory, and lent to
 * any number of readers.
 *
 * A stream is read once, by whoever comes first; steps of a workflow may all want the same table.
 *
 * Thread: making one, one thread; readers and what they give may be released on any thread.
 */

struct kist_kept_table;

/**
 * kist_kept_table_new() - Reads a table to its end.
 *
 * @object: Of kind table, checked; taken on success (it is released with the table), and released on failure:
 *          its rows are gone then.
 * @call:   Polled between batches.  May be NULL.
 * @ret:    kist_kept_table_unref() it.
 *
 * Errors: as kist_stream_schema() and kist_stream_next(), KIST_NO_MEMORY, what the poll gives.
 */
KIST_CHECKED kist_status kist_kept_table_new(struct kist_object *object, struct kist_call *call,
					     struct kist_kept_table **ret, struct kist_error *err);

/** kist_kept_table_unref() - Accepts NULL.  The batches live as long as somebody holds one. */
void kist_kept_table_unref(struct kist_kept_table *table);

/**
 * kist_kept_table_read() - An object of the same type that begins with the first row.
 *
 * @ret: Empty before; kist_object_release() it.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_kept_table_read(struct kist_kept_table *table, struct kist_object *ret,
					      struct kist_error *err);

#endif
