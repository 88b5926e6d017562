/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STREAM_H
#define KIST_STREAM_H

#include "kist/object.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How a serializer's bytes travel: a sink takes them, a source gives them.
 *
 * Both belong to the host and live as long as the call they were given to.  Any of their functions can
 * return KIST_CANCELLED, KIST_DEADLINE or KIST_IO; a plugin returns such a status unchanged.
 *
 * Thread: only from the thread on which the host called the plugin.
 * Since: 1.0
 */

/** Largest rank of a part or a tensor. */
#define KIST_RANK_MAX 64

enum {
	KIST_PART_FORTRAN = 1,	  /* Column-major; else row-major. */
	KIST_PART_BIG_ENDIAN = 2, /* Elements of more than one byte are big-endian. */
	KIST_PART_STORAGE = 4	  /* @shape is not the tensor's: its elements lie in an order of their own. */
};

/**
 * struct kist_part - One typed stretch of serialized bytes: a tensor's data, a header, a column.
 *
 * Parts are what kist cuts, compresses by type and deduplicates.
 *
 * @name:   UTF-8, "data" or a tensor's name; need not be unique.  What is beyond 4095 bytes is cut off.
 *          Borrowed.
 * @offset: First byte, counted from the start of the serialized bytes.
 * @len:    Bytes.
 * @dtype:  Element type; bits == 0 says "no element type" (text, a header).
 * @ndim:   Rank, 0..KIST_RANK_MAX.
 * @shape:  @ndim sizes in elements, in index order.  Borrowed; NULL when @ndim is 0.
 */
struct kist_part {
	uint32_t struct_size;
	uint32_t flags;
	const char *name;
	uint64_t offset;
	uint64_t len;
	DLDataType dtype;
	int32_t ndim;
	const int64_t *shape;
};

/**
 * struct kist_sink - Takes serialized bytes, all or an error, in order.
 *
 * @begin: Opens a part.  @part->offset is ignored (the host counts); @part->len may be 0 for "not known
 *         yet".  Bytes written outside any part have no type.  Errors: KIST_INVALID (a part is open).
 * @write: Appends @len bytes.  Borrowed for the call.
 * @end:   Closes the open part.  Errors: KIST_INVALID (none is open, or fewer or more bytes than
 *         announced were written).
 */
struct kist_sink {
	uint32_t struct_size;
	uint32_t flags;
	void *ctx;
	kist_status (*begin)(struct kist_sink *sink, const struct kist_part *part);
	kist_status (*write)(struct kist_sink *sink, const void *data, size_t len);
	kist_status (*end)(struct kist_sink *sink);
};

/**
 * struct kist_source - Gives serialized bytes, at any offset.
 *
 * @size:    All bytes there are.
 * @read_at: Reads up to @len bytes at @offset into @buf; fewer than @len only at the end.  May be called
 *           for any offset; past the end *@ret_len is 0.
 * @map:     Gives the bytes [@offset, @offset + @len) as a region that the plugin owns and may keep in an
 *           object it returns.  May be a copy.  Errors: KIST_INVALID (out of range), KIST_NO_MEMORY, and
 *           as @read_at.
 */
struct kist_source {
	uint32_t struct_size;
	uint32_t flags;
	void *ctx;
	uint64_t size;
	kist_status (*read_at)(struct kist_source *source, uint64_t offset, void *buf, size_t len,
			       size_t *ret_len);
	kist_status (*map)(struct kist_source *source, uint64_t offset, uint64_t len,
			   struct kist_region *ret_region);
};

/**
 * struct kist_layout - Takes the typed parts of bytes that are already serialized.
 *
 * @part: Adds one part.  Parts come in rising order of offset and do not overlap; bytes between them
 *        have no type.  Errors: KIST_INVALID (order, overlap, past the end), KIST_LIMIT (too many).
 */
struct kist_layout {
	uint32_t struct_size;
	uint32_t flags;
	void *ctx;
	kist_status (*part)(struct kist_layout *layout, const struct kist_part *part);
};

#ifdef __cplusplus
}
#endif

#endif
