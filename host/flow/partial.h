/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_PARTIAL_H
#define KIST_FLOW_PARTIAL_H

#include "flow/load.h"
#include "object/slice.h"

/*
 * Parts of an object: a tensor of a model, a slice of an array, rows and columns of a table.  Only the chunks that hold
 * it are read, and each of them is proved; the digest of the whole is not looked at.
 *
 * Thread: one flow, one thread at a time.
 * Source: docs/adr/0032-parts-are-read-by-the-host.md.
 */

/** enum kist_partial_format - How an array is written. */
enum kist_partial_format {
	KIST_PARTIAL_NPY,
	KIST_PARTIAL_SAFETENSORS,
	KIST_PARTIAL_RAW, /* elements alone */
};

/** struct kist_partial - What is wanted. */
struct kist_partial {
	const char *tensor;		/* NULL: the array itself, or the only tensor */
	const struct kist_slice *slice; /* NULL: all of it */
	bool is_rows;			/* @slice is of the first dimension, or of the rows of a table */
	const char *columns;		/* NULL: all of them; else names "a,b" */
	bool has_format;		/* @format was asked for; else it is .npy */
	enum kist_partial_format format;
};

/** struct kist_partial_read - What was read of the object. */
struct kist_partial_read {
	uint64_t chunks;
	uint64_t chunks_total;
	uint64_t bytes; /* of those chunks */
	uint64_t bytes_total;
};

/**
 * kist_partial_write() - Writes a part of @record's object to @fd, as a file of its own.
 *
 * Elements of an array stand in row-major order, but where the object's are column-major and more than one dimension is
 * left: then in column-major order, which .npy can say.  Rows of a table are written by the plugin of its type.
 *
 * @ret_read: May be NULL.
 *
 * Errors: those of kist_array_locate() and kist_slice_resolve(); KIST_UNSUPPORTED (the format has no such elements or
 * order: says which has; the plugin of a table is not here); KIST_NOT_FOUND (columns); what a plugin says; those of
 * kist_object_reader_read(); KIST_IO.
 */
KIST_CHECKED kist_status kist_partial_write(struct kist_flow *flow, const json_t *record,
					    const struct kist_partial *partial, int fd,
					    struct kist_partial_read *ret_read, struct kist_error *err);

/** kist_partial_tell() - What was read through @reader. */
void kist_partial_tell(const struct kist_object_reader *reader, struct kist_partial_read *ret);

#endif
