/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "workflow/run_private.h"

#define TEXT_SIZE_MAX ((size_t)1 << 20)

kist_status kist_running_new_path(struct kist_running *running, const char *extension,
				  char ret[static PATH_MAX], struct kist_error *err)
{
	return kist_run_folder_path(&running->folder, running->flow->temp_dir, extension, ret, err);
}

static kist_status take_bytes(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	const int *fd = ctx;

	return kist_write_all(*fd, bytes, err);
}

/* The artifact task that writes objects of this kind, when none is named. */
static kist_status target_for(struct kist_running *running, uint32_t kind, struct kist_route_target *ret,
			      struct kist_error *err)
{
	const struct kist_route_query query = { .kind = kind };
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	const struct kist_catalog *catalog;

	KIST_TRY(kist_flow_catalog(running->flow, &catalog, err));
	KIST_TRY(kist_route_object(catalog, &query, &route, err));
	*ret = route.target;
	return KIST_OK;
}

static kist_status write_object(struct kist_running *running, const struct kist_value *value,
				const struct kist_route_target *target, const json_t *params, int fd,
				struct kist_error *err)
{
	const struct kist_output output = { .write = take_bytes, .ctx = &fd };
	struct kist_route_target found = { .entry = NULL };
	kist_auto_json json_t *checked = NULL;
	struct kist_serializer_ref serializer;
	bool is_new = false;
	uint64_t object;
	uint32_t kind;
	kist_status status;

	KIST_TRY(kist_running_object(running, value, &object, &kind, &is_new, err));
	status = target ? KIST_OK : target_for(running, kind, &found, err);
	if (status == KIST_OK)
		status = kist_flow_serializer(running->flow, target ? target : &found, true, params,
					      &serializer, &checked, err);
	if (status == KIST_OK)
		status = kist_worker_serialize(running->flow->worker, &serializer, object, &output, err);
	if (is_new)
		(void)!kist_worker_drop(running->flow->worker, object, NULL);
	return status;
}

static kist_status copy_file(const char *path, int fd, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(TEXT_SIZE_MAX);
	kist_auto_fd int from = -1;
	uint64_t offset = 0;
	size_t got = 1;

	KIST_TRY(kist_open_at(AT_FDCWD, path, O_RDONLY, 0, &from, err));
	KIST_TRY(kist_buf_reserve(&bytes, TEXT_SIZE_MAX, err));
	while (got > 0) {
		KIST_TRY(kist_pread_full(from, bytes.data, TEXT_SIZE_MAX, offset, &got, err));
		KIST_TRY(kist_write_all(fd, kist_view_of(bytes.data, got), err));
		offset += got;
	}
	return KIST_OK;
}

/* Text as it is, other values as JSON and a newline. */
static kist_status write_json(const json_t *json, int fd, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_WORKER_VALUE_SIZE_MAX);

	if (json_is_string(json))
		return kist_write_all(fd, kist_view_of(json_string_value(json), json_string_length(json)),
				      err);
	KIST_TRY(kist_json_canonical(json, &text, err));
	KIST_TRY(kist_buf_append(&text, "\n", 1, err));
	return kist_write_all(fd, kist_buf_view(&text), err);
}

static kist_status write_bytes(struct kist_running *running, const struct kist_value *value, int fd,
			       struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_WORKER_VALUE_SIZE_MAX);

	KIST_TRY(kist_worker_read(running->flow->worker, value->object, &bytes, err));
	return kist_write_all(fd, kist_buf_view(&bytes), err);
}

kist_status kist_running_write_to(struct kist_running *running, const struct kist_value *value,
				  const struct kist_route_target *target, const json_t *params, int fd,
				  struct kist_error *err)
{
	kist_auto_json json_t *json = NULL;

	if (target)
		return write_object(running, value, target, params, fd, err);
	if (value->json)
		return write_json(value->json, fd, err);
	if (value->file)
		return copy_file(value->file, fd, err);
	if (value->kind == KIST_KIND_BYTES)
		return write_bytes(running, value, fd, err);
	if (value->kind != KIST_KIND_VALUE)
		return write_object(running, value, NULL, params, fd, err);
	KIST_TRY(kist_worker_read_value(running->flow->worker, value->object, &json, err));
	return write_json(json, fd, err);
}

/* What a file with this value in it is called at its end, so that programs know it. */
static const char *extension_for(struct kist_running *running, const struct kist_value *value)
{
	struct kist_route_target target = { .entry = NULL };
	const struct kist_manifest_type *type;

	if (value->json || (value->object && value->kind == KIST_KIND_VALUE))
		return "json";
	if (!value->object || value->kind == KIST_KIND_BYTES ||
	    target_for(running, value->kind, &target, NULL) != KIST_OK || !target.entry)
		return "";
	type = &target.entry->manifest->types[target.type_index];
	return type->extension_count > 0 ? type->extensions[0] : "";
}

kist_status kist_running_write(struct kist_running *running, const struct kist_value *value, char **ret,
			       struct kist_error *err)
{
	char path[PATH_MAX];
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_running_new_path(running, extension_for(running, value), path, err));
	KIST_TRY(kist_open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, err));
	KIST_TRY(kist_running_write_to(running, value, NULL, NULL, fd, err));
	*ret = kist_strndup(path, strlen(path));
	return *ret ? KIST_OK : kist_fail_memory(err, strlen(path));
}

/* What a command left may be anything: nobody waits for who writes into a pipe. */
static kist_status open_regular(const char *path, int flags, int *ret, struct stat *ret_status,
				struct kist_error *err)
{
	KIST_TRY(kist_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags, 0, ret, err));
	if (fstat(*ret, ret_status) < 0 || !S_ISREG(ret_status->st_mode))
		return kist_fail(err, KIST_INVALID, "it is no regular file");
	return KIST_OK;
}

/* A file that a plugin understands. */
static kist_status read_object(struct kist_running *running, const char *path, struct kist_value *ret,
			       struct kist_error *err)
{
	const struct kist_examine_options options = { .task = NULL };
	kist_auto_examined struct kist_examined examined = KIST_EXAMINED_INIT;
	const char *slash = strrchr(path, '/');
	struct kist_input input = { .fd = -1 };
	struct stat status;

	KIST_TRY(open_regular(path, O_NOFOLLOW, &ret->fd, &status, err));
	input.fd = ret->fd;
	input.size = (uint64_t)status.st_size;
	KIST_TRY(kist_examine_route(running->flow, &options, slash ? slash + 1 : path, &input, &examined,
				    err));
	if (!examined.target.entry)
		return kist_fail(err, KIST_UNSUPPORTED, "no plugin reads it");
	kist_worker_keep_tables(running->flow->worker);
	return kist_worker_deserialize(running->flow->worker, &examined.serializer, &input, &ret->object,
				       &ret->kind, err);
}

static kist_status read_text(const char *path, bool is_string, json_t **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(TEXT_SIZE_MAX);
	kist_auto_fd int fd = -1;
	struct stat status;

	KIST_TRY(open_regular(path, 0, &fd, &status, err));
	KIST_TRY(kist_read_all(fd, &text, err));
	if (!is_string)
		return kist_json_parse(kist_buf_view(&text), ret, err);
	if (!kist_utf8_valid((const char *)text.data, text.size))
		return kist_fail(err, KIST_INVALID, "it is no UTF-8, and so no string: declare it as bytes");
	*ret = json_stringn(text.data ? (const char *)text.data : "", text.size);
	return *ret ? KIST_OK : kist_fail_memory(err, text.size);
}

static kist_status check_kind(const struct kist_value *value, const struct kist_type *type,
			      struct kist_error *err)
{
	static const struct kist_type *const of_kinds[] = { [KIST_KIND_TENSOR] = &kist_type_tensor,
							    [KIST_KIND_TABLE] = &kist_type_table,
							    [KIST_KIND_MODEL] = &kist_type_model };
	const bool is_known = value->kind < sizeof(of_kinds) / sizeof(of_kinds[0]) && of_kinds[value->kind];
	char text[120];

	if (is_known && kist_type_fits(of_kinds[value->kind], type))
		return KIST_OK;
	kist_type_print(type, text, sizeof(text));
	return kist_fail(err, KIST_INVALID, "it holds another kind of object than %s", text);
}

kist_status kist_running_read(struct kist_running *running, const char *path, const struct kist_type *type,
			      struct kist_value *ret, struct kist_error *err)
{
	const bool is_object = kist_type_fits(&kist_type_tensor, type) ||
			       kist_type_fits(&kist_type_table, type) ||
			       kist_type_fits(&kist_type_model, type);

	if (type == &kist_type_bytes || type == &kist_type_tree || type == &kist_type_any) {
		struct stat status;

		if (stat(path, &status) < 0)
			return kist_fail_open(err, errno, path);
		if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
			return kist_fail(err, KIST_INVALID, "it is neither a file nor a folder");
		ret->file = kist_strndup(path, strlen(path));
		return ret->file ? KIST_OK : kist_fail_memory(err, strlen(path));
	}
	if (is_object) {
		KIST_TRY(read_object(running, path, ret, err));
		return check_kind(ret, type, err);
	}
	return read_text(path, kist_type_may_hold(type, &kist_type_string), &ret->json, err);
}
