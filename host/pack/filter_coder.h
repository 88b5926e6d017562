/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_CODER_H
#define KIST_PACK_FILTER_CODER_H

#include <stdbool.h>

#include "base/buf.h"
#include "pack/chunk.h"

/*
 * Streams of a filtered chunk to zstd frames, one frame for each.
 *
 * A frame is made in one of these ways; every zstd decoder reads them all:
 *
 *     constant   RLE blocks: 4 bytes for each 128 KiB
 *     stored     raw blocks
 *     literals   blocks without matches, so that there is only the Huffman code (pack/literals.h): four times as
 *                fast as level 1, and smaller, where the bytes do not depend on those before them
 *     zstd       level 1; for KIST_FILTER_ARCHIVE also 9 and 19
 *
 * Thread: one struct kist_filter_coder, one thread at a time.
 * Source: RFC 8878; docs/format/store.md, section 3.
 */

/** How much time compression may take. */
enum kist_filter_level {
	KIST_FILTER_FAST = 0,	 /* what the sample says */
	KIST_FILTER_DEFAULT = 1, /* and a trial of a part, where frequent bytes leave it open */
	KIST_FILTER_ARCHIVE = 2, /* all there is, the smallest is kept */
};

/** enum kist_filter_matches - Which matches plain zstd looks for. */
enum kist_filter_matches {
	KIST_MATCHES_ANY = 0,  /* nothing is known: of long bytes a part is tried */
	KIST_MATCHES_ALL = 1,  /* as level 1 does */
	KIST_MATCHES_NEAR = 2, /* near and long ones: lines with digits have few others that gain */
	KIST_MATCHES_NONE = 3, /* none: digits and the like */
};

/** struct kist_filter_stats - What the bytes of a stream are like, from a sample of it. */
struct kist_filter_stats {
	double entropy;	 /* bits for each byte, of order 0 */
	double top;	 /* part of the bytes that have the most frequent value */
	double repeated; /* part of the bytes that are equal to the one before */
	double expected; /* the same, if bytes did not depend on those before */
};

/** kist_filter_stats_of() - Of up to 16 KiB in pieces of @bytes, 1 byte or more. */
struct kist_filter_stats kist_filter_stats_of(struct kist_view bytes);

/** kist_filter_stats_size() - Bytes that @len bytes like these probably take. */
double kist_filter_stats_size(const struct kist_filter_stats *stats, size_t len);

#define KIST_FILTER_CONTEXTS 5

/** struct kist_filter_coder - Contexts of zstd, made when first needed. */
struct kist_filter_coder {
	void *contexts[KIST_FILTER_CONTEXTS];
	void *decompressor;
};

void kist_filter_coder_done(struct kist_filter_coder *coder);

/** struct kist_filter_task - How a stream is to be coded. */
struct kist_filter_task {
	enum kist_filter_level level;
	enum kist_filter_matches plain; /* for kist_filter_plain() */
	bool matches;	/* the chunk holds repeats: zstd is tried too, even where literals look better */
	uint8_t *spare; /* room for kist_filter_spare_size() bytes of the longest stream */
};

/** kist_filter_spare_size() - Bytes of room that coding a stream of @len bytes needs beside the result. */
size_t kist_filter_spare_size(size_t len);

/**
 * kist_filter_frame() - Writes one frame.
 *
 * @stream:   1..KIST_CHUNK_SIZE_MAX bytes (or a little more: kist_filter_size_max()).
 * @room:     Bytes at @ret.
 * @ret_size: Bytes written; 0 when the frame does not fit into @room.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_filter_frame(struct kist_filter_coder *coder,
					   const struct kist_filter_task *task, struct kist_view stream,
					   uint8_t *ret, size_t room, size_t *ret_size,
					   struct kist_error *err);

/**
 * kist_filter_plain() - Writes one frame with the matches of @task->plain, and for KIST_FILTER_ARCHIVE the best.  As
 * kist_filter_frame().
 *
 * Where @task->plain is KIST_MATCHES_ANY: of long bytes without @task->matches only near matches are looked for, where a
 * part of them becomes smaller by that.
 */
KIST_CHECKED kist_status kist_filter_plain(struct kist_filter_coder *coder,
					   const struct kist_filter_task *task, struct kist_view bytes,
					   uint8_t *ret, size_t room, size_t *ret_size,
					   struct kist_error *err);

/**
 * kist_filter_packed() - Writes one frame of packed numbers (pack/filter_plane_kernel.h).  As kist_filter_frame().
 *
 * A sample tells whether they come again or some are much more frequent; they are hardly ever worth a second look.
 */
KIST_CHECKED kist_status kist_filter_packed(struct kist_filter_coder *coder,
					    const struct kist_filter_task *task, struct kist_view stream,
					    uint8_t *ret, size_t room, size_t *ret_size,
					    struct kist_error *err);

/**
 * kist_filter_frames_decode() - Decodes a body of one or more frames, each with its content size.
 *
 * @ret: Room for @len bytes; undefined after a failure.
 *
 * Errors: KIST_CORRUPT (not frames that give exactly @len bytes), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_filter_frames_decode(struct kist_filter_coder *coder, struct kist_view body,
						   uint8_t *ret, size_t len, struct kist_error *err);

/**
 * kist_filter_frame_decode() - Decodes one frame by zstd; all of it is taken as hostile.
 *
 * @dictionary: As kist_dictionary_decoding() gives it; NULL for none.
 * @ret:        Room for @len bytes; undefined after a failure.
 *
 * Errors: KIST_CORRUPT (not a frame that gives exactly @len bytes), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_filter_frame_decode(struct kist_filter_coder *coder, const void *dictionary,
						  struct kist_view frame, uint8_t *ret, size_t len,
						  struct kist_error *err);

/** kist_filter_frames_check() - Whether @body is frames that state @len bytes together; nothing is decoded.
 */
bool kist_filter_frames_check(struct kist_view body, size_t len);

/** kist_filter_frame_alone() - Whether @body is one frame and nothing else; nothing is decoded. */
bool kist_filter_frame_alone(struct kist_view body);

#endif
