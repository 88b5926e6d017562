/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/write_behind.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "registry/checked_file.h"

#define PAGE_SIZE ((size_t)KIST_CHECKED_PAGE_SIZE)
#define DATA_SIZE (PAGE_SIZE - KIST_CHECKED_RESERVE)

/* Pages lie in a ring: number n in place n % KIST_BEHIND_PAGES. */
struct kist_write_behind {
	sqlite3_file *file;
	void (*seal)(uint8_t *page, sqlite3_int64 offset);
	pthread_t thread;
	/* One call to the file at a time; it comes after no other lock. */
	pthread_mutex_t io;
	/* Of all below. */
	pthread_mutex_t lock;
	pthread_cond_t more; /* pages for the thread, or the end */
	pthread_cond_t room;
	uint64_t added;
	uint64_t written; /* or left out, after a failure */
	bool ending;
	bool is_idle; /* the thread waits for @more */
	bool is_full; /* the owner waits for @room */
	int code;     /* what went wrong first */
	sqlite3_int64 offsets[KIST_BEHIND_PAGES];
	uint8_t *pages; /* a page is the thread's own from added on, but that its data may be read */
};

static uint8_t *page_at(const struct kist_write_behind *behind, uint64_t number)
{
	return behind->pages + number % KIST_BEHIND_PAGES * PAGE_SIZE;
}

static sqlite3_int64 offset_at(const struct kist_write_behind *behind, uint64_t number)
{
	return behind->offsets[number % KIST_BEHIND_PAGES];
}

/* How many of those that are next lie behind each other, in the ring and in the file. */
static size_t run_length(const struct kist_write_behind *behind)
{
	const uint64_t first = behind->written;
	size_t count = 1;

	while (count < KIST_BEHIND_RUN && first + count < behind->added &&
	       (first + count) % KIST_BEHIND_PAGES != 0 &&
	       offset_at(behind, first + count) ==
		       offset_at(behind, first) + (sqlite3_int64)(count * PAGE_SIZE))
		count++;
	return count;
}

static int write_run(struct kist_write_behind *behind, uint64_t first, size_t count)
{
	uint8_t *const pages = page_at(behind, first);
	const sqlite3_int64 offset = offset_at(behind, first);
	int code;

	for (size_t i = 0; i < count; i++)
		behind->seal(pages + i * PAGE_SIZE, offset + (sqlite3_int64)(i * PAGE_SIZE));
	(void)pthread_mutex_lock(&behind->io);
	code = behind->file->pMethods->xWrite(behind->file, pages, (int)(count * PAGE_SIZE), offset);
	(void)pthread_mutex_unlock(&behind->io);
	return code;
}

/* Waits until a run is worth a call, or nothing more comes.  Called with the lock held. */
static void wait_for_more(struct kist_write_behind *behind)
{
	behind->is_idle = true;
	while (behind->added - behind->written < KIST_BEHIND_RUN && !behind->ending)
		(void)pthread_cond_wait(&behind->more, &behind->lock);
	behind->is_idle = false;
}

static void *write_all(void *arg)
{
	struct kist_write_behind *const behind = arg;

	(void)pthread_mutex_lock(&behind->lock);
	for (;;) {
		uint64_t first;
		size_t count;
		int code;

		wait_for_more(behind);
		if (behind->written == behind->added)
			break;
		first = behind->written;
		count = run_length(behind);
		code = behind->code;
		(void)pthread_mutex_unlock(&behind->lock);
		if (code == SQLITE_OK)
			code = write_run(behind, first, count);
		(void)pthread_mutex_lock(&behind->lock);
		behind->code = code;
		behind->written += count;
		if (behind->is_full)
			(void)pthread_cond_signal(&behind->room);
	}
	(void)pthread_mutex_unlock(&behind->lock);
	return NULL;
}

static void behind_free(struct kist_write_behind *behind)
{
	(void)pthread_cond_destroy(&behind->more);
	(void)pthread_cond_destroy(&behind->room);
	(void)pthread_mutex_destroy(&behind->lock);
	(void)pthread_mutex_destroy(&behind->io);
	kist_free(behind->pages);
	kist_free(behind);
}

struct kist_write_behind *kist_write_behind_new(sqlite3_file *file,
						void (*seal)(uint8_t *page, sqlite3_int64 offset))
{
	struct kist_write_behind *const behind = kist_alloc(1, sizeof(*behind));

	if (!behind)
		return NULL;
	behind->file = file;
	behind->seal = seal;
	behind->code = SQLITE_OK;
	(void)pthread_mutex_init(&behind->io, NULL);
	(void)pthread_mutex_init(&behind->lock, NULL);
	(void)pthread_cond_init(&behind->more, NULL);
	(void)pthread_cond_init(&behind->room, NULL);
	behind->pages = kist_alloc_pages(KIST_BEHIND_PAGES * PAGE_SIZE);
	if (behind->pages && pthread_create(&behind->thread, NULL, write_all, behind) == 0)
		return behind;
	behind_free(behind);
	return NULL;
}

int kist_write_behind_end(struct kist_write_behind *behind)
{
	int code;

	(void)pthread_mutex_lock(&behind->lock);
	behind->ending = true;
	(void)pthread_cond_signal(&behind->more);
	(void)pthread_mutex_unlock(&behind->lock);
	/* Of what nobody saw the end of, nobody knows whether it is written. */
	code = pthread_join(behind->thread, NULL) == 0 ? behind->code : SQLITE_IOERR_WRITE;
	behind_free(behind);
	return code;
}

/* The place of the next page; NULL after a failure. */
static uint8_t *wait_for_room(struct kist_write_behind *behind)
{
	while (behind->added - behind->written == KIST_BEHIND_PAGES) {
		behind->is_full = true;
		(void)pthread_cond_wait(&behind->room, &behind->lock);
	}
	behind->is_full = false;
	return behind->code == SQLITE_OK ? page_at(behind, behind->added) : NULL;
}

int kist_write_behind_add(struct kist_write_behind *behind, const void *page, sqlite3_int64 offset)
{
	uint8_t *place;
	int code;

	(void)pthread_mutex_lock(&behind->lock);
	place = wait_for_room(behind);
	code = behind->code;
	if (place) {
		memcpy(place, page, DATA_SIZE);
		behind->offsets[behind->added % KIST_BEHIND_PAGES] = offset;
		behind->added++;
		if (behind->is_idle && behind->added - behind->written >= KIST_BEHIND_RUN)
			(void)pthread_cond_signal(&behind->more);
	}
	(void)pthread_mutex_unlock(&behind->lock);
	return code;
}

/* Copies the newest page for @offset that is on its way, if there is one. */
static bool copy_added(struct kist_write_behind *behind, void *ret, sqlite3_int64 offset, int *ret_code)
{
	bool found = false;

	(void)pthread_mutex_lock(&behind->lock);
	*ret_code = behind->code;
	for (uint64_t number = behind->added; !found && number > behind->written; number--) {
		found = offset_at(behind, number - 1) == offset;
		if (found)
			memcpy(ret, page_at(behind, number - 1), DATA_SIZE);
	}
	(void)pthread_mutex_unlock(&behind->lock);
	return found;
}

int kist_write_behind_read(struct kist_write_behind *behind, void *ret, sqlite3_int64 offset,
			   bool *ret_sealed)
{
	int code;

	*ret_sealed = !copy_added(behind, ret, offset, &code);
	if (code != SQLITE_OK || !*ret_sealed)
		return code;
	(void)pthread_mutex_lock(&behind->io);
	code = behind->file->pMethods->xRead(behind->file, ret, (int)PAGE_SIZE, offset);
	(void)pthread_mutex_unlock(&behind->io);
	return code;
}
