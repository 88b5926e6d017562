/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_MAKEZIP_H
#define TESTS_SUPPORT_MAKEZIP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/*
 * A zip as it is put together in memory; what is set otherwise afterwards makes one that is not sound.
 *
 * Limits: MAKEZIP_SIZE_MAX, MAKEZIP_ENTRIES_MAX.  Thread: one.
 */

#define MAKEZIP_SIZE_MAX    ((size_t)1 << 18)
#define MAKEZIP_ENTRIES_MAX 16

/** How entries that are added from now on are told: as numpy tells sizes; as a writer that cannot seek does. */
enum { MAKEZIP_ZIP64 = 1, MAKEZIP_SIZES_LAST = 2, MAKEZIP_DEFLATED = 4 };

struct makezip {
	uint8_t bytes[MAKEZIP_SIZE_MAX];
	size_t size;
	struct {
		char name[64];
		size_t at;
		size_t data_at;
		size_t size;
		size_t stored_size;
		uint32_t crc;
		int how;
	} entries[MAKEZIP_ENTRIES_MAX];
	size_t count;
	size_t directory_at;
	int how;
};

static inline void makezip_number(struct makezip *zip, uint64_t number, size_t len)
{
	for (size_t i = 0; i < len; i++)
		zip->bytes[zip->size++] = (uint8_t)(i < 8 ? number >> 8 * i : 0);
}

static inline void makezip_bytes(struct makezip *zip, const void *data, size_t len)
{
	if (len > 0)
		memcpy(zip->bytes + zip->size, data, len);
	zip->size += len;
}

static inline void makezip_begin(struct makezip *zip, int how)
{
	memset(zip, 0, sizeof(*zip));
	zip->how = how;
}

static inline void makezip_deflate(struct makezip *zip, const void *data, size_t len)
{
	z_stream stream = { .next_in = (Bytef *)(uintptr_t)data,
			    .avail_in = (uInt)len,
			    .next_out = zip->bytes + zip->size,
			    .avail_out = (uInt)(MAKEZIP_SIZE_MAX - zip->size) };

	(void)deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	(void)deflate(&stream, Z_FINISH);
	zip->size += stream.total_out;
	(void)deflateEnd(&stream);
}

/* Sizes of 4 bytes or, of the entries told as numpy does, all ones. */
static inline void makezip_sizes(struct makezip *zip, size_t i, bool are_known)
{
	const bool is_zip64 = zip->entries[i].how & MAKEZIP_ZIP64;

	makezip_number(zip, are_known ? zip->entries[i].crc : 0, 4);
	makezip_number(zip, is_zip64 ? UINT32_MAX : are_known ? zip->entries[i].stored_size : 0, 4);
	makezip_number(zip, is_zip64 ? UINT32_MAX : are_known ? zip->entries[i].size : 0, 4);
}

static inline void makezip_extra(struct makezip *zip, size_t i, bool are_known)
{
	if (!(zip->entries[i].how & MAKEZIP_ZIP64))
		return;
	makezip_number(zip, 1, 2);
	makezip_number(zip, 16, 2);
	makezip_number(zip, are_known ? zip->entries[i].size : 0, 8);
	makezip_number(zip, are_known ? zip->entries[i].stored_size : 0, 8);
}

static inline void makezip_local(struct makezip *zip, size_t i)
{
	const bool are_known = !(zip->entries[i].how & MAKEZIP_SIZES_LAST);

	makezip_number(zip, 0x04034b50, 4);
	makezip_number(zip, 20, 2);
	makezip_number(zip, are_known ? 0 : 8, 2);
	makezip_number(zip, zip->entries[i].how & MAKEZIP_DEFLATED ? 8 : 0, 2);
	makezip_number(zip, 0, 4);
	makezip_sizes(zip, i, are_known);
	makezip_number(zip, strlen(zip->entries[i].name), 2);
	makezip_number(zip, zip->entries[i].how & MAKEZIP_ZIP64 ? 20 : 0, 2);
	makezip_bytes(zip, zip->entries[i].name, strlen(zip->entries[i].name));
	makezip_extra(zip, i, are_known);
}

static inline void makezip_add(struct makezip *zip, const char *name, const void *data, size_t len)
{
	const size_t i = zip->count++;
	size_t stored_size = len;
	const size_t at = zip->size;

	snprintf(zip->entries[i].name, sizeof(zip->entries[i].name), "%s", name);
	zip->entries[i].at = at;
	zip->entries[i].size = len;
	zip->entries[i].how = zip->how;
	zip->entries[i].crc = (uint32_t)crc32(crc32(0, NULL, 0), data, (uInt)len);
	if (zip->how & MAKEZIP_DEFLATED) {
		makezip_deflate(zip, data, len);
		stored_size = zip->size - at;
		zip->size = at;
	}
	zip->entries[i].stored_size = stored_size;
	makezip_local(zip, i);
	zip->entries[i].data_at = zip->size;
	if (zip->how & MAKEZIP_DEFLATED)
		makezip_deflate(zip, data, len);
	else
		makezip_bytes(zip, data, len);
	if (zip->how & MAKEZIP_SIZES_LAST) {
		makezip_number(zip, 0x08074b50, 4);
		makezip_number(zip, zip->entries[i].crc, 4);
		makezip_number(zip, stored_size, zip->how & MAKEZIP_ZIP64 ? 8 : 4);
		makezip_number(zip, len, zip->how & MAKEZIP_ZIP64 ? 8 : 4);
	}
}

static inline void makezip_central(struct makezip *zip, size_t i)
{
	makezip_number(zip, 0x02014b50, 4);
	makezip_number(zip, 20, 2);
	makezip_number(zip, 20, 2);
	makezip_number(zip, zip->entries[i].how & MAKEZIP_SIZES_LAST ? 8 : 0, 2);
	makezip_number(zip, zip->entries[i].how & MAKEZIP_DEFLATED ? 8 : 0, 2);
	makezip_number(zip, 0, 4);
	makezip_sizes(zip, i, true);
	makezip_number(zip, strlen(zip->entries[i].name), 2);
	makezip_number(zip, zip->entries[i].how & MAKEZIP_ZIP64 ? 20 : 0, 2);
	makezip_number(zip, 0, 10);
	makezip_number(zip, zip->entries[i].at, 4);
	makezip_bytes(zip, zip->entries[i].name, strlen(zip->entries[i].name));
	makezip_extra(zip, i, true);
}

static inline void makezip_end(struct makezip *zip)
{
	zip->directory_at = zip->size;
	for (size_t i = 0; i < zip->count; i++)
		makezip_central(zip, i);
	makezip_number(zip, 0x06054b50, 4);
	makezip_number(zip, 0, 4);
	makezip_number(zip, zip->count, 2);
	makezip_number(zip, zip->count, 2);
	makezip_number(zip, zip->size - 12 - zip->directory_at, 4);
	makezip_number(zip, zip->directory_at, 4);
	makezip_number(zip, 0, 2);
}

#endif
