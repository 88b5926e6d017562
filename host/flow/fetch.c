/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/fetch.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/mem.h"
#include "flow/stamp.h"

struct window {
	size_t count;
	size_t used; /* of @bytes */
	uint8_t *bytes;
	struct kist_fetched entries[KIST_FETCH_ENTRIES_MAX];
};

/* Before the window that is being filled come the one that the caller has, and the two that it had before. */
#define WINDOWS 4

struct kist_fetch {
	struct kist_fetch_options options;
	size_t next; /* of the walk, to be looked at */
	struct window windows[WINDOWS];
	unsigned given; /* the window that the caller has; the one behind it is being filled */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* one of these, or both */
	bool filling;
	bool ending;
	bool has_thread;
	pthread_t thread;
};

static bool open_file(const struct kist_fetch *fetch, const struct kist_fetched *entry, int *ret_fd)
{
	return kist_open_beneath(fetch->options.dir_fd, entry->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
				 false, ret_fd, NULL) == KIST_OK;
}

/* Looks at the @i-th path.  A file that is read whatever is seen of it is open then: its path is looked up once. */
static void look(const struct kist_fetch *fetch, size_t i, struct kist_fetched *entry, int *ret_fd)
{
	const struct kist_fetch_options *const options = &fetch->options;

	if (!options->find_known && kist_walk_was_file(options->walk, i) && open_file(fetch, entry, ret_fd))
		entry->looked = fstat(*ret_fd, &entry->st) == 0;
	else
		entry->looked = fstatat(options->dir_fd, entry->path, &entry->st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Reads the file of @entry, if that gives all that it held at one moment. */
static void read_whole(const struct kist_fetch *fetch, struct window *window, struct kist_fetched *entry,
		       int *fd)
{
	uint8_t *const room = window->bytes + window->used;
	const size_t size = (size_t)entry->st.st_size;
	struct stat after;

	if (*fd < 0 && !open_file(fetch, entry, fd))
		return;
	/* One byte more is asked for, so that a file which gives more than its size says is seen. */
	if (pread(*fd, room, size + 1, 0) != (ssize_t)size || fstat(*fd, &after) != 0)
		return;
	if (!kist_stamp_is_same_file(&entry->st, &after) || kist_stamp_has_changed(&entry->st, &after))
		return;
	entry->bytes = kist_view_of(room, size);
	entry->whole = true;
	window->used += size;
}

/* Whether the file of @entry is to be read ahead, as of @now; *@ret_full when it is, in the next window. */
static bool is_wanted(const struct window *window, const struct kist_fetched *entry, struct timespec now,
		      bool *ret_full)
{
	const uint64_t size = (uint64_t)entry->st.st_size;

	*ret_full = false;
	if (!S_ISREG(entry->st.st_mode) || entry->st.st_size < 0 || size > KIST_FETCH_FILE_SIZE_MAX ||
	    entry->known || !kist_stamp_is_settled(&entry->st, now))
		return false;
	*ret_full = size >= KIST_FETCH_BYTES_MAX - window->used;
	return true;
}

static void fill(struct kist_fetch *fetch)
{
	struct window *window = &fetch->windows[(fetch->given + 1) % WINDOWS];
	const size_t count = kist_walk_count(fetch->options.walk);
	struct timespec now;
	bool full = false;

	window->count = 0;
	window->used = 0;
	/* Before anything is looked at: too early a time makes a file look unsettled, never settled. */
	if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0)
		now = (struct timespec){ .tv_sec = 0 };
	while (window->count < KIST_FETCH_ENTRIES_MAX && fetch->next < count) {
		struct kist_fetched *entry = &window->entries[window->count];
		kist_auto_fd int fd = -1;

		*entry = (struct kist_fetched){ .path = kist_walk_path(fetch->options.walk, fetch->next) };
		look(fetch, fetch->next, entry, &fd);
		if (entry->looked && S_ISREG(entry->st.st_mode) && fetch->options.find_known)
			entry->known = fetch->options.find_known(fetch->options.ctx, entry->path, &entry->st);
		if (entry->looked && is_wanted(window, entry, now, &full)) {
			if (full)
				break;
			read_whole(fetch, window, entry, &fd);
		}
		window->count++;
		fetch->next++;
	}
}

static void *thread_main(void *arg)
{
	struct kist_fetch *fetch = arg;

	(void)pthread_mutex_lock(&fetch->lock);
	while (!fetch->ending) {
		if (!fetch->filling) {
			(void)pthread_cond_wait(&fetch->changed, &fetch->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&fetch->lock);
		fill(fetch);
		(void)pthread_mutex_lock(&fetch->lock);
		fetch->filling = false;
		(void)pthread_cond_signal(&fetch->changed);
	}
	(void)pthread_mutex_unlock(&fetch->lock);
	return NULL;
}

/* Begins to fill the window behind the one that the caller has. */
static void start(struct kist_fetch *fetch)
{
	if (!fetch->has_thread) {
		fill(fetch);
		return;
	}
	(void)pthread_mutex_lock(&fetch->lock);
	fetch->filling = true;
	(void)pthread_cond_signal(&fetch->changed);
	(void)pthread_mutex_unlock(&fetch->lock);
}

static void finish(struct kist_fetch *fetch)
{
	(void)pthread_mutex_lock(&fetch->lock);
	while (fetch->filling)
		(void)pthread_cond_wait(&fetch->changed, &fetch->lock);
	(void)pthread_mutex_unlock(&fetch->lock);
}

void kist_fetch_end(struct kist_fetch *fetch)
{
	if (!fetch->has_thread)
		return;
	(void)pthread_mutex_lock(&fetch->lock);
	fetch->ending = true;
	(void)pthread_cond_signal(&fetch->changed);
	(void)pthread_mutex_unlock(&fetch->lock);
	(void)pthread_join(fetch->thread, NULL);
	fetch->has_thread = false;
}

kist_status kist_fetch_open(const struct kist_fetch_options *options, struct kist_fetch **ret,
			    struct kist_error *err)
{
	kist_auto_fetch struct kist_fetch *fetch = kist_alloc(1, sizeof(*fetch));

	if (!fetch)
		return kist_fail_memory(err, sizeof(*fetch));
	fetch->options = *options;
	(void)pthread_mutex_init(&fetch->lock, NULL);
	(void)pthread_cond_init(&fetch->changed, NULL);
	for (int i = 0; i < WINDOWS; i++) {
		fetch->windows[i].bytes = kist_alloc(KIST_FETCH_BYTES_MAX, 1);
		if (!fetch->windows[i].bytes)
			return kist_fail_memory(err, KIST_FETCH_BYTES_MAX);
	}
	fetch->has_thread = pthread_create(&fetch->thread, NULL, thread_main, fetch) == 0;
	start(fetch);
	*ret = kist_steal(fetch);
	return KIST_OK;
}

void kist_fetch_close(struct kist_fetch *fetch)
{
	if (!fetch)
		return;
	kist_fetch_end(fetch);
	for (int i = 0; i < WINDOWS; i++)
		kist_free(fetch->windows[i].bytes);
	(void)pthread_cond_destroy(&fetch->changed);
	(void)pthread_mutex_destroy(&fetch->lock);
	kist_free(fetch);
}

size_t kist_fetch_next(struct kist_fetch *fetch, const struct kist_fetched **ret_entries)
{
	finish(fetch);
	fetch->given = (fetch->given + 1) % WINDOWS;
	start(fetch);
	*ret_entries = fetch->windows[fetch->given].entries;
	return fetch->windows[fetch->given].count;
}
