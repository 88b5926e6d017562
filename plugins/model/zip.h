/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_ZIP_H
#define MODEL_ZIP_H

#include "model_array.h"
#include "model_reader.h"

/*
 * The entries of a zip file, as its central directory and its local headers both tell them: where the two
 * differ, two readers would see two files, and it is refused.
 *
 * Refused: several disks, encrypted entries, methods other than stored and deflated, entries that lie over each
 * other or outside, bytes that belong to no entry (E_ZIP); names that are absolute, hold "..", a backslash or a
 * NUL (E_PATH), or come twice (E_DUPLICATE); an entry larger than its bytes can make (E_BOMB).  ZIP64 is read.
 *
 * Limits: ZIP_ENTRIES_MAX, ZIP_RATIO_MAX.
 * Thread: a struct is used by one thread at a time.
 * Source: PKWARE, APPNOTE.TXT 6.3.10.
 */

#define ZIP_ENTRIES_MAX ((uint64_t)1 << 20)
/** How many times larger than what is stored an entry may be; deflate reaches 1,032. */
#define ZIP_RATIO_MAX ((uint64_t)1100)

enum { ZIP_STORED = 0, ZIP_DEFLATED = 8 };

/**
 * struct zip_entry - @data_at: Offset of the bytes in the file, @stored_size of them, that make @size.
 */
struct zip_entry {
	uint64_t header_at;
	uint64_t data_at;
	uint64_t stored_size;
	uint64_t size;
	size_t name; /* place in names, NUL-terminated */
	uint32_t crc;
	uint16_t method;
	uint16_t flags;
};

/** struct zip - @entries, @names: in the order of the directory.  Owned; zip_done() frees them. */
struct zip {
	struct model_array entries;
	struct model_array names;
	uint32_t *by_name; /* places in entries, sorted */
	uint64_t directory_at;
};

/**
 * zip_read() - Reads and checks the directory and the local headers.  What was read is done by the caller.
 *
 * Errors: KIST_CORRUPT (E_ZIP, E_BOMB, E_TRUNCATED), KIST_LIMIT (E_LIMIT), with @fault set; KIST_NO_MEMORY, and
 * what the source and poll give.
 */
kist_status zip_read(struct kist_call *call, struct kist_source *source, struct zip *zip,
		     struct model_fault *fault);
void zip_done(struct zip *zip);

const struct zip_entry *zip_at(const struct zip *zip, size_t i);
const char *zip_name(const struct zip *zip, size_t i);

/** zip_find() - The entry of this name, or NULL. */
const struct zip_entry *zip_find(const struct zip *zip, const char *name);

/** zip_is_sound_name() - Whether an entry may have this name of @len bytes: UTF-8, relative, without "..". */
bool zip_is_sound_name(const char *name, size_t len);

/**
 * zip_first_name() - The name of the entry that the head of a file begins with.
 *
 * Returns its length, and where it is in *@ret_name; 0 when there is none in the @len bytes at @head.
 */
size_t zip_first_name(const void *head, size_t len, const char **ret_name);

/** struct zip_stream - The bytes of one entry from front to back, inflated when they are deflated. */
struct zip_stream;

/** zip_stream_open() - @entry, @source and @fault are borrowed until zip_stream_close(), which takes NULL too. */
kist_status zip_stream_open(struct kist_call *call, struct kist_source *source, const struct zip_entry *entry,
			    struct model_fault *fault, struct zip_stream **ret);
void zip_stream_close(struct zip_stream *stream);

/** zip_stream_read() - Gives the next @size bytes.  Errors: as zip_check(); E_TRUNCATED when there are fewer. */
kist_status zip_stream_read(struct zip_stream *stream, uint8_t *ret, size_t size);

/** zip_stream_end() - After all bytes were read: proves their size and CRC-32.  Errors: as zip_check(). */
kist_status zip_stream_end(struct zip_stream *stream);

/**
 * zip_check() - Reads all of an entry, inflates it when it is deflated, and compares size and CRC-32.
 *
 * @ret: NULL, or room for entry->size bytes.
 *
 * Errors: KIST_CORRUPT (E_CRC, E_BOMB, E_ZIP), with @fault set; KIST_NO_MEMORY, and what the source and poll give.
 */
kist_status zip_check(struct kist_call *call, struct kist_source *source, const struct zip_entry *entry,
		      uint8_t *ret, struct model_fault *fault);

/** zip_check_all() - The same for all entries, in their order in the directory. */
kist_status zip_check_all(struct kist_call *call, struct kist_source *source, const struct zip *zip,
			  struct model_fault *fault);

#endif
