/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/backend.h"

#include <string.h>

#include "backend/kinds.h"
#include "base/utf8.h"

#define SHOWN_SIZE ((size_t)256)

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* "s3://..." and the like: letters, then "://".  So that a mistyped URI does not become a folder. */
static bool has_scheme(const char *uri)
{
	const char *colon = strstr(uri, "://");

	for (const char *c = uri; colon && c < colon; c++) {
		if (!kist_key_char((char)(*c | 0x20)) && *c != '+')
			return false;
	}
	return colon && colon > uri;
}

const char *kist_backend_folder(const char *uri)
{
	if (starts_with(uri, "file:///"))
		return uri + strlen("file://");
	if (uri[0] == '\0' || has_scheme(uri) || starts_with(uri, "file:") || starts_with(uri, "memory:"))
		return NULL;
	return uri;
}

kist_status kist_backend_check(const char *uri, struct kist_error *err)
{
	char shown[SHOWN_SIZE];

	if (starts_with(uri, "memory:") || kist_backend_folder(uri))
		return KIST_OK;
	kist_text_escape(uri, strlen(uri), shown, sizeof(shown));
	return kist_fail(err, KIST_INVALID, "not the place of a store: '%s'; give a folder or file:///folder",
			 shown);
}

kist_status kist_backend_open(const char *uri, bool create, struct kist_backend **ret, struct kist_error *err)
{
	KIST_TRY(kist_backend_check(uri, err));
	if (starts_with(uri, "memory:"))
		return kist_memory_backend_open(uri + strlen("memory:"), create, ret, err);
	return kist_file_backend_open(kist_backend_folder(uri), create, ret, err);
}

void kist_backend_close(struct kist_backend *backend)
{
	if (backend)
		backend->ops->close(backend);
}

static kist_status fail_key(const char *key, struct kist_error *err)
{
	char shown[SHOWN_SIZE];

	kist_text_escape(key, strnlen(key, KIST_KEY_SIZE_MAX + 1), shown, sizeof(shown));
	return kist_fail(err, KIST_INVALID, "not a key: '%s'", shown);
}

static kist_status check_key(const char *key, struct kist_error *err)
{
	const size_t len = strnlen(key, KIST_KEY_SIZE_MAX + 1);
	size_t start = 0;

	if (len > KIST_KEY_SIZE_MAX)
		return fail_key(key, err);
	for (size_t i = 0; i <= len; i++) {
		if (i < len && key[i] != '/')
			continue;
		if (!kist_key_segment(key + start, i - start))
			return fail_key(key, err);
		start = i + 1;
	}
	return KIST_OK;
}

/* A prefix is empty, or whole segments that end in '/', or such with the beginning of one more. */
static kist_status check_prefix(const char *prefix, struct kist_error *err)
{
	const char *slash = strrchr(prefix, '/');
	const char *last = slash ? slash + 1 : prefix;
	char folder[KIST_KEY_SIZE_MAX + 1];

	if (strnlen(prefix, KIST_KEY_SIZE_MAX + 1) > KIST_KEY_SIZE_MAX)
		return fail_key(prefix, err);
	for (const char *c = last; *c != '\0'; c++) {
		if (!kist_key_char(*c))
			return fail_key(prefix, err);
	}
	if (!slash)
		return KIST_OK;
	memcpy(folder, prefix, (size_t)(slash - prefix));
	folder[slash - prefix] = '\0';
	return check_key(folder, err);
}

kist_status kist_backend_put_new(struct kist_backend *backend, const char *key, const struct kist_view *parts,
				 size_t count, struct kist_error *err)
{
	size_t left = KIST_OBJECT_SIZE_MAX;

	KIST_TRY(check_key(key, err));
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > left)
			return kist_fail(err, KIST_LIMIT, "'%s' is larger than %zu bytes", key,
					 KIST_OBJECT_SIZE_MAX);
		left -= parts[i].size;
	}
	return backend->ops->put_new(backend, key, parts, count, err);
}

kist_status kist_backend_begin(struct kist_backend *backend, const char *folder, struct kist_growing **ret,
			       struct kist_error *err)
{
	*ret = NULL;
	KIST_TRY(check_key(folder, err));
	return backend->ops->begin ? backend->ops->begin(backend, folder, ret, err) : KIST_OK;
}

static kist_status check_growing(const struct kist_growing *growing, struct kist_error *err)
{
	return growing->failed ? kist_fail(err, KIST_INVALID, "not all of the object could be written")
			       : KIST_OK;
}

kist_status kist_growing_add(struct kist_growing *growing, struct kist_view bytes, struct kist_error *err)
{
	kist_status status;

	KIST_TRY(check_growing(growing, err));
	if (bytes.size > KIST_OBJECT_SIZE_MAX - growing->size)
		return kist_fail(err, KIST_LIMIT, "an object is larger than %zu bytes", KIST_OBJECT_SIZE_MAX);
	status = growing->backend->ops->grow(growing, bytes, err);
	growing->failed = status != KIST_OK;
	growing->size += bytes.size;
	return status;
}

kist_status kist_growing_put(struct kist_growing *growing, const char *key, struct kist_error *err)
{
	KIST_TRY(check_growing(growing, err));
	KIST_TRY(check_key(key, err));
	return growing->backend->ops->put_grown(growing, key, err);
}

void kist_growing_drop(struct kist_growing *growing)
{
	if (growing)
		growing->backend->ops->drop(growing);
}

kist_status kist_backend_get(struct kist_backend *backend, const char *key, uint64_t offset, size_t size,
			     struct kist_buf *ret, struct kist_error *err)
{
	KIST_TRY(check_key(key, err));
	return backend->ops->get(backend, key, offset, size, ret, err);
}

kist_status kist_backend_head(struct kist_backend *backend, const char *key, uint64_t *ret_size,
			      struct kist_error *err)
{
	KIST_TRY(check_key(key, err));
	return backend->ops->head(backend, key, ret_size, err);
}

kist_status kist_backend_list(struct kist_backend *backend, const char *prefix,
			      kist_status (*each)(void *ctx, const char *key, uint64_t size,
						  struct kist_error *err),
			      void *ctx, struct kist_error *err)
{
	KIST_TRY(check_prefix(prefix, err));
	return backend->ops->list(backend, prefix, each, ctx, err);
}

struct naming {
	size_t folder_len;
	kist_status (*each)(void *ctx, const char *name, struct kist_error *err);
	void *ctx;
};

static kist_status name_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	const struct naming *naming = ctx;

	(void)size;
	return strchr(key + naming->folder_len, '/')
		       ? KIST_OK
		       : naming->each(naming->ctx, key + naming->folder_len, err);
}

kist_status kist_backend_names(struct kist_backend *backend, const char *folder,
			       kist_status (*each)(void *ctx, const char *name, struct kist_error *err),
			       void *ctx, struct kist_error *err)
{
	struct naming naming = { .each = each, .ctx = ctx };

	KIST_TRY(check_prefix(folder, err));
	naming.folder_len = strlen(folder);
	if (naming.folder_len == 0 || folder[naming.folder_len - 1] != '/')
		return fail_key(folder, err);
	if (backend->ops->names)
		return backend->ops->names(backend, folder, each, ctx, err);
	return backend->ops->list(backend, folder, name_key, &naming, err);
}

kist_status kist_backend_delete(struct kist_backend *backend, const char *key, struct kist_error *err)
{
	KIST_TRY(check_key(key, err));
	return backend->ops->delete (backend, key, err);
}

kist_status kist_backend_replace(struct kist_backend *backend, const char *key, struct kist_view bytes,
				 struct kist_error *err)
{
	KIST_TRY(check_key(key, err));
	if (!backend->ops->replace)
		return kist_fail(err, KIST_UNSUPPORTED, "nothing can be mended in its place here: '%s'", key);
	if (bytes.size > KIST_OBJECT_SIZE_MAX)
		return kist_fail(err, KIST_LIMIT, "'%s' is larger than %zu bytes", key, KIST_OBJECT_SIZE_MAX);
	return backend->ops->replace(backend, key, bytes, err);
}
