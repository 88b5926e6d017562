/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_WIRE_H
#define KIST_WORKER_WIRE_H

#include <stdbool.h>

#include "base/buf.h"
#include "kist/host.h"
#include "kist/stream.h"
#include "worker/protocol.h"

/*
 * Messages as bytes: headers, numbers, texts, parts and errors (protocol.h draws them).
 *
 *     text   length u32, bytes, NUL          part   flags u32, offset u64, len u64, code u8, bits u8,
 *     error  code text, offset u64, text            lanes u16, ndim u32, shape ndim * i64, name text
 *     bytes  length u32, bytes
 *
 * The reader never looks past its view; after the first value that is not there it gives zeros and empty
 * texts, and kist_reader_end() is false.  So a message is read to its end and checked once.
 *
 * Thread: one reader or writer, one thread.
 */

/** struct kist_header - The first 32 bytes of a message. */
struct kist_header {
	uint32_t op;
	uint32_t id;
	uint64_t a;
	uint64_t b;
	uint32_t c;
	uint32_t len;
};

void kist_header_write(const struct kist_header *header, uint8_t ret[static KIST_MESSAGE_HEADER_SIZE]);

/** kist_header_read() - false when @size bytes are no message: short, or another length than it says. */
bool kist_header_read(const uint8_t *data, size_t size, struct kist_header *ret);

/** struct kist_writer - Grows a payload; the first failure stays in @status. */
struct kist_writer {
	struct kist_buf buf;
	kist_status status;
};

#define KIST_WRITER_INIT                                                                                     \
	{                                                                                                    \
		.buf = KIST_BUF_INIT(KIST_WINDOW_SIZE), .status = KIST_OK                                    \
	}
#define kist_auto_writer __attribute__((cleanup(kist_writer_done)))

void kist_writer_done(struct kist_writer *writer);
void kist_put_u32(struct kist_writer *writer, uint32_t value);
void kist_put_u64(struct kist_writer *writer, uint64_t value);
void kist_put_text(struct kist_writer *writer, const char *text, size_t len);
/** kist_put_raw() - The bytes alone: what another writer wrote. */
void kist_put_raw(struct kist_writer *writer, struct kist_view bytes);
void kist_put_bytes(struct kist_writer *writer, struct kist_view bytes);
void kist_put_part(struct kist_writer *writer, const struct kist_part *part);

/** struct kist_reader - Takes a payload apart. */
struct kist_reader {
	struct kist_view rest;
	bool bad;
};

uint32_t kist_get_u32(struct kist_reader *reader);
uint64_t kist_get_u64(struct kist_reader *reader);

/** kist_get_text() - NUL-terminated, without another NUL inside; borrowed from the view.  "" when it is bad.
 */
const char *kist_get_text(struct kist_reader *reader, size_t *ret_len);

/** kist_get_bytes() - Borrowed from the view; empty when it is bad. */
struct kist_view kist_get_bytes(struct kist_reader *reader);

/** kist_reader_end() - Whether all was there and nothing is left. */
bool kist_reader_end(const struct kist_reader *reader);

/** struct kist_part_room - Where a part that was read keeps its shape. */
struct kist_part_room {
	int64_t shape[KIST_RANK_MAX];
};

/** kist_get_part() - Reads a part; its name is borrowed from the view, its shape from @room. */
void kist_get_part(struct kist_reader *reader, struct kist_part *ret, struct kist_part_room *room);

/** kist_put_error() - Code, offset and text of @error; kist_get_error() records them in @ret, escaped. */
void kist_put_error(struct kist_writer *writer, const struct kist_error *error);
void kist_get_error(struct kist_reader *reader, kist_status status, struct kist_error *ret);

/** struct kist_arguments - The arguments of a call as the worker rebuilt them. */
struct kist_arguments {
	struct kist_params params;
	struct kist_param *list;
	const struct kist_param **pointers;
};

#define KIST_ARGUMENTS_MAX 64u
#define KIST_ARGUMENTS_INIT                                                                                  \
	{                                                                                                    \
		.params = {.struct_size = sizeof(struct kist_params) }                                       \
	}
#define kist_auto_arguments __attribute__((cleanup(kist_arguments_done)))

/** kist_get_arguments() - Reads what kist_put_arguments() wrote (client.c).  Texts are borrowed from the
 * view. */
KIST_CHECKED kist_status kist_get_arguments(struct kist_reader *reader, struct kist_arguments *ret,
					    struct kist_error *err);
void kist_arguments_done(struct kist_arguments *arguments);

#endif
