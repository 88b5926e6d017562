/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/num.h"
#include "store/spare.h"
#include "store/state.h"

void kist_pack_key(const struct kist_digest *id, char ret_key[static KIST_PACK_KEY_SIZE])
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(id, hex);
	snprintf(ret_key, KIST_PACK_KEY_SIZE, KIST_PACKS_FOLDER "/%.2s/%s.pack", hex, hex);
}

kist_status kist_random(uint8_t *ret, size_t size, struct kist_error *err)
{
	ssize_t got;

	do {
		got = getrandom(ret, size, 0);
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)size)
		return kist_fail_errno(err, errno, "cannot get random bytes");
	return KIST_OK;
}

/* The digest of the object in canonical form without "check": so no bit of it changes unseen. */
static kist_status check_of(const json_t *object, char ret_hex[static KIST_DIGEST_HEX_SIZE],
			    struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_STORE_JSON_SIZE_MAX);
	kist_auto_json json_t *rest = kist_json_copy(object);
	struct kist_digest digest;

	if (!rest)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	(void)json_object_del(rest, "check");
	KIST_TRY(kist_json_canonical(rest, &text, err));
	digest = kist_digest_of(kist_buf_view(&text));
	kist_digest_hex(&digest, ret_hex);
	return KIST_OK;
}

static kist_status make_store_json(struct kist_buf *ret, struct kist_error *err)
{
	uint8_t id[KIST_PACK_ID_SIZE];
	char id_hex[KIST_STORE_ID_HEX_SIZE];
	char check[KIST_DIGEST_HEX_SIZE];
	kist_auto_json json_t *object = NULL;

	KIST_TRY(kist_random(id, sizeof(id), err));
	kist_hex_write(id, sizeof(id), id_hex);
	object = json_pack("{s:i, s:s, s:[], s:{s:I, s:I}}", "format", KIST_STORE_FORMAT, "id", id_hex,
			   "features", "cut", "typed", (json_int_t)KIST_CUT_SIZE_DEFAULT, "cdc",
			   (json_int_t)KIST_CDC_AVERAGE_DEFAULT);
	if (!object)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	KIST_TRY(check_of(object, check, err));
	if (json_object_set_new(object, "check", json_string(check)) != 0)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	KIST_TRY(kist_json_canonical(object, ret, err));
	return kist_buf_append(ret, "\n", 1, err);
}

/*
 * The store's own file is also the probe of what the backend promises: a second put_new of it must not
 * succeed, and must not change it.
 */
static kist_status probe(struct kist_backend *backend, struct kist_view written, struct kist_error *err)
{
	kist_auto_buf struct kist_buf read = KIST_BUF_INIT(KIST_STORE_JSON_SIZE_MAX);
	const struct kist_view other = kist_view_of("{}", 2);
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_backend_put_new(backend, KIST_STORE_KEY, &other, 1, &why);

	if (status == KIST_OK)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "no store can be kept here: a file was created twice under one name");
	if (status != KIST_EXISTS)
		return kist_fail_as(err, status, &why);
	KIST_TRY(kist_backend_get(backend, KIST_STORE_KEY, 0, KIST_STORE_JSON_SIZE_MAX, &read, err));
	if (read.size != written.size || memcmp(read.data, written.data, read.size) != 0)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "no store can be kept here: what was written is not what is read");
	return KIST_OK;
}

kist_status kist_store_check_uri(const char *uri, struct kist_error *err)
{
	return kist_backend_check(uri, err);
}

kist_status kist_store_create(const char *uri, struct kist_error *err)
{
	kist_auto_backend struct kist_backend *backend = NULL;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_STORE_JSON_SIZE_MAX);
	struct kist_view view;

	KIST_TRY(kist_backend_open(uri, true, &backend, err));
	KIST_TRY(make_store_json(&text, err));
	view = kist_buf_view(&text);
	KIST_TRY(kist_backend_put_new(backend, KIST_STORE_KEY, &view, 1, err));
	KIST_TRY(probe(backend, view, err));
	kist_spare_keep(backend, uri);
	return KIST_OK;
}

static kist_status check_features(const json_t *features, struct kist_error *err)
{
	if (!json_is_array(features))
		return kist_fail(err, KIST_CORRUPT, "\"features\" is missing");
	/* Version 1 knows none. */
	if (json_array_size(features) > 0) {
		const char *name = json_string_value(json_array_get(features, 0));

		return kist_fail(err, KIST_INCOMPATIBLE,
				 "the store uses the feature '%s', which this kist does not know",
				 name ? name : "?");
	}
	return KIST_OK;
}

static kist_status check_format(const json_t *object, struct kist_error *err)
{
	uint64_t format;

	if (!json_is_object(object) || !kist_json_get_u64(object, "format", &format) || format == 0)
		return kist_fail(err, KIST_CORRUPT, "\"format\" is missing");
	if (format > KIST_STORE_FORMAT)
		return kist_fail(err, KIST_INCOMPATIBLE,
				 "the store has format %llu; this kist reads up to %d",
				 (unsigned long long)format, KIST_STORE_FORMAT);
	return KIST_OK;
}

static bool get_cut(const json_t *cut, struct kist_cut_sizes *ret)
{
	uint64_t typed;
	uint64_t cdc;

	if (!kist_json_get_u64(cut, "typed", &typed) || !kist_json_get_u64(cut, "cdc", &cdc) ||
	    typed > UINT32_MAX || cdc > UINT32_MAX)
		return false;
	*ret = (struct kist_cut_sizes){ .typed = (uint32_t)typed, .cdc = (uint32_t)cdc };
	return kist_cut_sizes_check(ret);
}

static kist_status read_store_json(struct kist_store *store, struct kist_view text, struct kist_error *err)
{
	kist_auto_json json_t *object = NULL;
	char check[KIST_DIGEST_HEX_SIZE];
	const char *given;
	const char *id;

	KIST_TRY(kist_json_parse(text, &object, err));
	/* These two first: a newer format may write everything else in other ways. */
	KIST_TRY(check_format(object, err));
	KIST_TRY(check_features(json_object_get(object, "features"), err));
	KIST_TRY(check_of(object, check, err));
	given = kist_json_get_text(object, "check");
	if (!given || strcmp(given, check) != 0)
		return kist_fail(err, KIST_CORRUPT, "its bytes do not match its \"check\"");
	id = kist_json_get_text(object, "id");
	if (!id || !kist_hex_read(id, strlen(id), store->id, sizeof(store->id)))
		return kist_fail(err, KIST_CORRUPT, "\"id\" is not 32 hex digits");
	memcpy(store->id_hex, id, sizeof(store->id_hex));
	if (!get_cut(json_object_get(object, "cut"), &store->cut))
		return kist_fail(err, KIST_CORRUPT, "\"cut\" is missing or out of range");
	return KIST_OK;
}

static kist_status see_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)key;
	(void)size;
	*(bool *)ctx = true;
	return kist_fail(err, KIST_CANCELLED, "one is enough");
}

/* Whether commits or packs are kept here: then this is a store, whatever its own file is like. */
static bool has_contents(struct kist_backend *backend)
{
	bool found = false;

	(void)!kist_backend_list(backend, "log/", see_key, &found, NULL);
	if (!found)
		(void)!kist_backend_list(backend, "packs/", see_key, &found, NULL);
	return found;
}

kist_status kist_store_check_json(struct kist_view text, struct kist_error *err)
{
	struct kist_store store = { .backend = NULL };

	return read_store_json(&store, text, err);
}

static kist_status open_at(struct kist_store *store, const char *uri, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_STORE_JSON_SIZE_MAX + 1);
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	store->uri = kist_strndup(uri, strlen(uri));
	if (!store->uri)
		return kist_fail_memory(err, strlen(uri) + 1);
	status = kist_backend_open(uri, false, &store->backend, &why);
	if (status == KIST_OK)
		status = kist_backend_get(store->backend, KIST_STORE_KEY, 0, text.size_max, &text, &why);
	if (status == KIST_NOT_FOUND && store->backend && has_contents(store->backend))
		return kist_fail(err, KIST_CORRUPT,
				 "the store at '%s' has lost its '" KIST_STORE_KEY
				 "', without which nothing in it can be read: bring it back from a copy",
				 uri);
	if (status == KIST_NOT_FOUND)
		return kist_fail(err, KIST_NOT_FOUND, "there is no store at '%s'", uri);
	if (status == KIST_OK && text.size > KIST_STORE_JSON_SIZE_MAX)
		status = kist_fail(&why, KIST_CORRUPT, KIST_STORE_KEY ": larger than %zu bytes",
				   KIST_STORE_JSON_SIZE_MAX);
	if (status == KIST_OK) {
		status = read_store_json(store, kist_buf_view(&text), &why);
		if (status != KIST_OK)
			status = kist_fail_context(&why, KIST_STORE_KEY);
	}
	if (status != KIST_OK)
		return kist_fail(err, status, "cannot open the store at '%s': %s", uri, why.text);
	return KIST_OK;
}

kist_status kist_store_open(const char *uri, struct kist_store **ret, struct kist_error *err)
{
	kist_auto_store struct kist_store *store = kist_alloc(1, sizeof(*store));

	if (!store)
		return kist_fail_memory(err, sizeof(*store));
	KIST_TRY(open_at(store, uri, err));
	*ret = kist_steal(store);
	return KIST_OK;
}

void kist_store_close(struct kist_store *store)
{
	if (!store)
		return;
	kist_backend_close(store->backend);
	kist_free(store->uri);
	kist_free(store);
}

const char *kist_store_id(const struct kist_store *store)
{
	return store->id_hex;
}

const char *kist_store_uri(const struct kist_store *store)
{
	return store->uri;
}

struct kist_cut_sizes kist_store_cut_sizes(const struct kist_store *store)
{
	return store->cut;
}

struct kist_backend *kist_store_backend(const struct kist_store *store)
{
	return store->backend;
}
