/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/checked_file.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/le.h"
#include "pack/crc32c.h"
#include "registry/write_behind.h"

#define VFS_NAME  "kist-checked"
#define DATA_SIZE (KIST_CHECKED_PAGE_SIZE - KIST_CHECKED_RESERVE)
/* Of SQLite's file format: the byte that says how many bytes of each page are left alone. */
#define RESERVE_AT 20
/* No page is smaller; what is read in smaller pieces is the file's header, which is read again as a page. */
#define PAGE_SIZE_MIN 512

/* Pages after which a burst of them is written behind: a transaction of few is sooner written than a thread begun. */
#define BURST_MIN 256

/* The file below lies right behind. */
struct checked_file {
	sqlite3_file base;
	unsigned burst; /* pages written since the file was last settled */
	struct kist_write_behind *behind;
};

static sqlite3_vfs *below;
static sqlite3_vfs checked_vfs;
static bool registered;

static sqlite3_file *real(sqlite3_file *file)
{
	return (sqlite3_file *)((struct checked_file *)file + 1);
}

static uint32_t page_crc(const uint8_t *page, sqlite3_int64 offset)
{
	uint8_t place[8];

	kist_le_write64(place, (uint64_t)offset);
	return kist_crc32c(kist_crc32c(0, kist_view_of(place, sizeof(place))), kist_view_of(page, DATA_SIZE));
}

static bool is_sound(const uint8_t *page, sqlite3_int64 offset)
{
	return kist_le_read32(page + DATA_SIZE) == page_crc(page, offset) &&
	       kist_le_read32(page + DATA_SIZE + 4) == 0;
}

static void seal(uint8_t *page, sqlite3_int64 offset)
{
	kist_le_write32(page + DATA_SIZE, page_crc(page, offset));
	kist_le_write32(page + DATA_SIZE + 4, 0);
}

/* Until all that was written is in the file. */
static int settle(sqlite3_file *base)
{
	struct checked_file *const file = (struct checked_file *)base;
	struct kist_write_behind *const behind = file->behind;

	file->burst = 0;
	file->behind = NULL;
	return behind ? kist_write_behind_end(behind) : SQLITE_OK;
}

static int checked_close(sqlite3_file *file)
{
	const int settled = settle(file);
	const int code = real(file)->pMethods->xClose(real(file));

	return settled != SQLITE_OK ? settled : code;
}

static int read_bytes(struct checked_file *file, void *to, int size, sqlite3_int64 offset, bool *ret_sealed)
{
	int code = SQLITE_OK;

	*ret_sealed = true;
	if (file->behind && size == KIST_CHECKED_PAGE_SIZE)
		return kist_write_behind_read(file->behind, to, offset, ret_sealed);
	if (file->behind)
		code = settle(&file->base);
	return code == SQLITE_OK ? real(&file->base)->pMethods->xRead(real(&file->base), to, size, offset)
				 : code;
}

static int checked_read(sqlite3_file *file, void *to, int size, sqlite3_int64 offset)
{
	bool sealed;
	const int code = read_bytes((struct checked_file *)file, to, size, offset, &sealed);

	if (code != SQLITE_OK || size < PAGE_SIZE_MIN || !sealed)
		return code;
	return size == KIST_CHECKED_PAGE_SIZE && is_sound(to, offset) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

static int write_page(sqlite3_file *file, const void *from, sqlite3_int64 offset)
{
	uint8_t page[KIST_CHECKED_PAGE_SIZE];

	memcpy(page, from, DATA_SIZE);
	seal(page, offset);
	return real(file)->pMethods->xWrite(real(file), page, KIST_CHECKED_PAGE_SIZE, offset);
}

static int checked_write(sqlite3_file *base, const void *from, int size, sqlite3_int64 offset)
{
	struct checked_file *const file = (struct checked_file *)base;

	if (size != KIST_CHECKED_PAGE_SIZE ||
	    (offset == 0 && ((const uint8_t *)from)[RESERVE_AT] != KIST_CHECKED_RESERVE))
		return SQLITE_IOERR_WRITE;
	if (file->burst < BURST_MIN && ++file->burst == BURST_MIN)
		file->behind = kist_write_behind_new(real(base), seal);
	return file->behind ? kist_write_behind_add(file->behind, from, offset)
			    : write_page(base, from, offset);
}

static int checked_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	const int settled = settle(file);

	return settled == SQLITE_OK ? real(file)->pMethods->xTruncate(real(file), size) : settled;
}

static int checked_sync(sqlite3_file *file, int flags)
{
	const int settled = settle(file);

	return settled == SQLITE_OK ? real(file)->pMethods->xSync(real(file), flags) : settled;
}

static int checked_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	const int settled = settle(file);

	return settled == SQLITE_OK ? real(file)->pMethods->xFileSize(real(file), ret_size) : settled;
}

static int checked_lock(sqlite3_file *file, int lock)
{
	return real(file)->pMethods->xLock(real(file), lock);
}

static int checked_unlock(sqlite3_file *file, int lock)
{
	const int settled = settle(file);
	const int code = real(file)->pMethods->xUnlock(real(file), lock);

	return settled != SQLITE_OK ? settled : code;
}

static int checked_is_reserved(sqlite3_file *file, int *ret)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), ret);
}

static int checked_control(sqlite3_file *file, int what, void *arg)
{
	/* SQLite's word that what was written has to last, before it deletes the journal; also where it syncs nothing. */
	const int settled = what == SQLITE_FCNTL_SYNC ? settle(file) : SQLITE_OK;

	return settled == SQLITE_OK ? real(file)->pMethods->xFileControl(real(file), what, arg) : settled;
}

static int checked_sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int checked_traits(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

/* Version 1: no shared memory, so no WAL, and no mapping, so every page comes through checked_read(). */
static const sqlite3_io_methods checked_methods = {
	.iVersion = 1,
	.xClose = checked_close,
	.xRead = checked_read,
	.xWrite = checked_write,
	.xTruncate = checked_truncate,
	.xSync = checked_sync,
	.xFileSize = checked_size,
	.xLock = checked_lock,
	.xUnlock = checked_unlock,
	.xCheckReservedLock = checked_is_reserved,
	.xFileControl = checked_control,
	.xSectorSize = checked_sector_size,
	.xDeviceCharacteristics = checked_traits,
};

static int checked_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	int code;

	(void)vfs;
	/* Journals and the like are the file below itself. */
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return below->xOpen(below, name, file, flags, ret_flags);
	*(struct checked_file *)file = (struct checked_file){ .burst = 0 };
	code = below->xOpen(below, name, real(file), flags, ret_flags);
	if (real(file)->pMethods)
		file->pMethods = &checked_methods;
	return code;
}

static void register_once(void)
{
	/* Nobody asks how much memory SQLite takes, and counting costs a lock for each piece. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	below = sqlite3_vfs_find(NULL);
	if (!below)
		return;
	/* Its other functions take any VFS that has its data. */
	checked_vfs = *below;
	checked_vfs.pNext = NULL;
	checked_vfs.zName = VFS_NAME;
	checked_vfs.szOsFile = (int)sizeof(struct checked_file) + below->szOsFile;
	checked_vfs.xOpen = checked_open;
	registered = sqlite3_vfs_register(&checked_vfs, 0) == SQLITE_OK;
}

const char *kist_checked_vfs(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, register_once);
	return registered ? VFS_NAME : NULL;
}
