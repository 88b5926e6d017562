/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "backend/kinds.h"
#include "base/mem.h"
#include "base/num.h"

#define NAME_SIZE_MAX ((size_t)64)

struct item {
	char *key;
	struct kist_buf bytes;
};

/* What has one name: items sorted by key. */
struct place {
	struct place *next;
	struct item *items;
	size_t count;
	size_t capacity;
	char name[NAME_SIZE_MAX + 1];
};

struct memory_backend {
	struct kist_backend base;
	struct place *place;
};

static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;
static struct place *places;

static void unlock(pthread_mutex_t **lock)
{
	(void)pthread_mutex_unlock(*lock);
}

/* Holds the lock of all places to the end of the scope. */
#define LOCKED()                                                                                             \
	__attribute__((cleanup(unlock), unused)) pthread_mutex_t *locked = &places_lock;                     \
	(void)pthread_mutex_lock(locked)

static struct place *place_of(struct kist_backend *backend)
{
	return ((struct memory_backend *)backend)->place;
}

/* The first item whose key is not below @key. */
static size_t lower_bound(const struct place *place, const char *key)
{
	size_t low = 0;
	size_t high = place->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (strcmp(place->items[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct item *find(const struct place *place, const char *key)
{
	const size_t at = lower_bound(place, key);

	return at < place->count && strcmp(place->items[at].key, key) == 0 ? &place->items[at] : NULL;
}

static kist_status fail_missing(const char *key, struct kist_error *err)
{
	return kist_fail(err, KIST_NOT_FOUND, "'%s' is not there", key);
}

static kist_status grow_items(struct place *place, struct kist_error *err)
{
	const size_t capacity = place->capacity ? place->capacity * 2 : 16;
	struct item *items = kist_realloc(place->items, capacity, sizeof(*items));

	if (!items)
		return kist_fail_memory(err, capacity * sizeof(*items));
	place->items = items;
	place->capacity = capacity;
	return KIST_OK;
}

static kist_status memory_put_new(struct kist_backend *backend, const char *key,
				  const struct kist_view *parts, size_t count, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
	kist_auto_mem char *copy = kist_strndup(key, strlen(key));
	struct place *place = place_of(backend);
	size_t at;
	LOCKED();

	if (!copy)
		return kist_fail_memory(err, strlen(key) + 1);
	if (find(place, key))
		return kist_fail(err, KIST_EXISTS, "'%s' is there already", key);
	for (size_t i = 0; i < count; i++)
		KIST_TRY(kist_buf_append(&bytes, parts[i].data, parts[i].size, err));
	if (place->count == place->capacity)
		KIST_TRY(grow_items(place, err));
	at = lower_bound(place, key);
	memmove(&place->items[at + 1], &place->items[at], (place->count - at) * sizeof(*place->items));
	place->items[at] =
		(struct item){ .key = kist_steal(copy), .bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX) };
	kist_buf_move(&place->items[at].bytes, &bytes);
	place->count++;
	return KIST_OK;
}

static kist_status memory_get(struct kist_backend *backend, const char *key, uint64_t offset, size_t size,
			      struct kist_buf *ret, struct kist_error *err)
{
	const struct item *item;
	LOCKED();

	item = find(place_of(backend), key);
	if (!item)
		return fail_missing(key, err);
	if (offset >= item->bytes.size)
		return KIST_OK;
	return kist_buf_append(ret, item->bytes.data + offset,
			       (size_t)kist_min_u64(size, item->bytes.size - offset), err);
}

static kist_status memory_head(struct kist_backend *backend, const char *key, uint64_t *ret_size,
			       struct kist_error *err)
{
	const struct item *item;
	LOCKED();

	item = find(place_of(backend), key);
	if (!item)
		return fail_missing(key, err);
	*ret_size = item->bytes.size;
	return KIST_OK;
}

/* The least key that begins with @prefix and is not below @from. */
static bool next_key(const struct place *place, const char *prefix, const char *from, char *ret_key,
		     uint64_t *ret_size)
{
	size_t at;
	LOCKED();

	at = lower_bound(place, from);
	if (at == place->count || strncmp(place->items[at].key, prefix, strlen(prefix)) != 0)
		return false;
	memcpy(ret_key, place->items[at].key, strlen(place->items[at].key) + 1);
	*ret_size = place->items[at].bytes.size;
	return true;
}

static kist_status memory_list(struct kist_backend *backend, const char *prefix,
			       kist_status (*each)(void *ctx, const char *key, uint64_t size,
						   struct kist_error *err),
			       void *ctx, struct kist_error *err)
{
	char from[KIST_KEY_SIZE_MAX + 2];
	char key[KIST_KEY_SIZE_MAX + 2];
	uint64_t size;

	memcpy(from, prefix, strlen(prefix) + 1);
	/* The lock is not held during @each, which may use the backend. */
	while (next_key(place_of(backend), prefix, from, key, &size)) {
		const size_t len = strlen(key);

		KIST_TRY(each(ctx, key, size, err));
		/* The least text above the key. */
		memcpy(from, key, len);
		from[len] = '\1';
		from[len + 1] = '\0';
	}
	return KIST_OK;
}

static kist_status memory_delete(struct kist_backend *backend, const char *key, struct kist_error *err)
{
	struct place *place = place_of(backend);
	struct item *item;
	LOCKED();

	(void)err;
	item = find(place, key);
	if (!item)
		return KIST_OK;
	kist_buf_done(&item->bytes);
	kist_free(item->key);
	place->count--;
	memmove(item, item + 1, (size_t)(&place->items[place->count] - item) * sizeof(*item));
	return KIST_OK;
}

static kist_status memory_replace(struct kist_backend *backend, const char *key, struct kist_view bytes,
				  struct kist_error *err)
{
	struct kist_buf copy = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
	struct place *place = place_of(backend);
	struct item *item;
	LOCKED();

	item = find(place, key);
	if (!item)
		return fail_missing(key, err);
	KIST_TRY(kist_buf_append(&copy, bytes.data, bytes.size, err));
	kist_buf_done(&item->bytes);
	item->bytes = copy;
	return KIST_OK;
}

static void memory_close(struct kist_backend *backend)
{
	kist_free(backend);
}

static const struct kist_backend_ops memory_ops = {
	.scheme = "memory",
	.put_new = memory_put_new,
	.get = memory_get,
	.head = memory_head,
	.list = memory_list,
	.delete = memory_delete,
	.replace = memory_replace,
	.close = memory_close,
};

static kist_status find_place(const char *name, bool create, struct place **ret, struct kist_error *err)
{
	struct place *place;
	LOCKED();

	for (place = places; place && strcmp(place->name, name) != 0;)
		place = place->next;
	if (!place && !create)
		return kist_fail(err, KIST_NOT_FOUND, "nothing is called 'memory:%s' in this process", name);
	if (place && create && place->count > 0)
		return kist_fail(err, KIST_EXISTS, "'memory:%s' is not empty", name);
	if (!place) {
		place = kist_alloc(1, sizeof(*place));
		if (!place)
			return kist_fail_memory(err, sizeof(*place));
		memcpy(place->name, name, strlen(name) + 1);
		place->next = places;
		places = place;
	}
	*ret = place;
	return KIST_OK;
}

kist_status kist_memory_backend_open(const char *name, bool create, struct kist_backend **ret,
				     struct kist_error *err)
{
	kist_auto_mem struct memory_backend *backend = kist_alloc(1, sizeof(*backend));
	const size_t len = strnlen(name, NAME_SIZE_MAX + 1);

	if (!backend)
		return kist_fail_memory(err, sizeof(*backend));
	if (len > NAME_SIZE_MAX || !kist_key_segment(name, len))
		return kist_fail(err, KIST_INVALID, "memory:NAME needs 1 to %zu of a-z 0-9 . _ -",
				 NAME_SIZE_MAX);
	KIST_TRY(find_place(name, create, &backend->place, err));
	backend->base.ops = &memory_ops;
	*ret = &kist_steal(backend)->base;
	return KIST_OK;
}
