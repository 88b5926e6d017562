/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/save.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "flow/save_seen.h"
#include "object/check.h"
#include "registry/collect.h"

#define COPY_SIZE ((size_t)256 << 10)

void kist_saved_done(struct kist_saved *saved)
{
	json_decref(saved->record);
	saved->record = NULL;
}

void kist_saved_move(struct kist_saved *to, struct kist_saved *from)
{
	kist_saved_done(to);
	*to = *from;
	from->record = NULL;
}

kist_status kist_save_open(struct kist_flow *flow, struct kist_save **ret, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = kist_alloc(1, sizeof(*save));

	if (!save)
		return kist_fail_memory(err, sizeof(*save));
	save->flow = flow;
	save->content = (struct kist_content_writer)KIST_CONTENT_WRITER_INIT;
	save->previous = (struct kist_previous)KIST_PREVIOUS_INIT;
	save->level = KIST_FILTER_DEFAULT;
	save->content.sizes = kist_store_cut_sizes(flow->store);
	save->leans = (struct kist_buf)KIST_BUF_INIT(SIZE_MAX / 2);
	save->refs = json_array();
	if (!save->refs)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_writer_open(flow->store, kist_registry_index(flow->registry), &save->writer, err));
	*ret = kist_steal(save);
	return KIST_OK;
}

struct kist_flow *kist_save_flow(const struct kist_save *save)
{
	return save->flow;
}

void kist_save_set_level(struct kist_save *save, enum kist_filter_level level)
{
	save->level = level;
	kist_writer_set_level(save->writer, level);
}

void kist_save_set_reread(struct kist_save *save, bool reread)
{
	save->reread = reread;
}

void kist_save_set_last(struct kist_save *save, kist_save_last_make *make,
			kist_save_last_is_current *is_current, void *ctx)
{
	save->make_last = make;
	save->last_is_current = is_current;
	save->last_ctx = ctx;
}

void kist_save_drop_last(struct kist_save *save)
{
	if (save->last && !save->last_is_committed)
		kist_writer_abandon(save->last->writer);
	kist_save_close(save->last);
	save->last = NULL;
	json_decref(save->last_packs);
	save->last_packs = NULL;
}

void kist_save_close(struct kist_save *save)
{
	if (!save)
		return;
	kist_save_drop_last(save);
	kist_content_writer_done(&save->content);
	kist_previous_done(&save->previous);
	kist_writer_close(save->writer);
	json_decref(save->refs);
	kist_buf_done(&save->leans);
	kist_save_seen_free(save->seen);
	kist_fetch_close(save->spent);
	kist_free(save);
}

kist_status kist_save_previous(struct kist_save *save, const struct kist_save_options *options,
			       struct kist_digest *ret, bool *ret_any, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	*ret_any = false;
	if (save->level == KIST_FILTER_FAST || (!options->previous && !options->name))
		return KIST_OK;
	if (options->previous) {
		*ret = *options->previous;
		*ret_any = true;
		return KIST_OK;
	}
	status = kist_registry_find_ref(save->flow->registry, options->name, options->name_len, ret, &why);
	*ret_any = status == KIST_OK;
	return status == KIST_OK || status == KIST_NOT_FOUND ? KIST_OK : kist_fail_as(err, status, &why);
}

kist_status kist_save_record(struct kist_save *save, json_t *record, struct kist_saved *ret,
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_piece piece = { .hint = { .kind = KIST_FILTER_BYTES } };
	struct kist_digest id;

	KIST_TRY(kist_json_canonical(record, &text, err));
	piece.bytes = kist_buf_view(&text);
	KIST_TRY(kist_writer_put(save->writer, KIST_CHUNK_RECORD, &piece, 1, &id, NULL, err));
	json_decref(ret->record);
	ret->record = json_incref(record);
	ret->artifact = id;
	return KIST_OK;
}

kist_status kist_save_said(struct kist_save *save, struct kist_view info, struct kist_said *ret,
			   struct kist_error *err)
{
	const struct kist_piece piece = { .bytes = info, .hint = { .kind = KIST_FILTER_BYTES } };

	ret->has_chunk = info.size > KIST_INFO_INLINE_SIZE_MAX;
	ret->info = ret->has_chunk ? kist_view_of(NULL, 0) : info;
	if (info.size > 0)
		kist_record_summary(info, ret->summary, sizeof(ret->summary));
	return ret->has_chunk
		       ? kist_writer_put(save->writer, KIST_CHUNK_INFO, &piece, 1, &ret->chunk, NULL, err)
		       : KIST_OK;
}

static kist_status set_plugin(json_t *record, const struct kist_catalog_entry *entry, struct kist_error *err)
{
	json_t *plugin = json_object();

	KIST_TRY(kist_record_set_take(record, "plugin", plugin, err));
	KIST_TRY(kist_record_set_text(plugin, "id", entry->manifest->id, err));
	KIST_TRY(kist_record_set_text(plugin, "version", entry->manifest->version, err));
	KIST_TRY(kist_record_set_text(plugin, "url", entry->manifest->url[0] ? entry->manifest->url : NULL,
				      err));
	return kist_record_set_digest(plugin, "sha256", &entry->manifest->library_sha256, err);
}

/* The kind that the type's objects have: the first that its serializer takes. */
static const char *kind_of(const struct kist_manifest_type *type)
{
	for (uint32_t kind = KIST_KIND_BYTES; kind < KIST_KIND_COUNT; kind++) {
		if (type->kinds & KIST_KIND_BIT(kind))
			return kist_kind_name(kind);
	}
	return kist_kind_name(KIST_KIND_BYTES);
}

static kist_status set_type(json_t *record, const struct kist_route_target *target, struct kist_error *err)
{
	const struct kist_manifest_type *type = &target->entry->manifest->types[target->type_index];
	char encoding[256];

	snprintf(encoding, sizeof(encoding), "%s@%" PRIu32 ".%" PRIu32, type->type, type->major, type->minor);
	KIST_TRY(kist_record_set_text(record, "kind", kind_of(type), err));
	KIST_TRY(kist_record_set_text(record, "encoding", encoding, err));
	return set_plugin(record, target->entry, err);
}

kist_status kist_save_type_text(const struct kist_route_target *target, struct kist_buf *ret,
				struct kist_error *err)
{
	kist_auto_json json_t *record = json_object();

	KIST_TRY(set_type(record, target, err));
	return kist_json_canonical(record, ret, err);
}

kist_status kist_save_typed(struct kist_save *save, json_t *record, const struct kist_examined *examined,
			    struct kist_view *ret_info, struct kist_error *err)
{
	struct kist_said said;

	*ret_info = kist_view_of(NULL, 0);
	if (!examined->target.entry) {
		KIST_TRY(kist_record_set_text(record, "kind", kist_kind_name(KIST_KIND_BYTES), err));
		return kist_record_set_text(record, "encoding", KIST_BYTES_ENCODING, err);
	}
	KIST_TRY(set_type(record, &examined->target, err));
	if (examined->asked)
		KIST_TRY(kist_record_set_take(record, "read_params", json_incref(examined->asked), err));
	if (examined->info.size == 0)
		return KIST_OK;
	KIST_TRY(kist_save_said(save, kist_buf_view(&examined->info), &said, err));
	*ret_info = said.info;
	KIST_TRY(kist_record_set_take(record, "summary", json_string(said.summary), err));
	return said.has_chunk ? kist_record_set_digest(record, "info_chunk", &said.chunk, err) : KIST_OK;
}

kist_status kist_save_ref(struct kist_save *save, const char *name, size_t name_len,
			  const struct kist_digest *artifact, const char *event, struct kist_error *err)
{
	KIST_TRY(kist_name_check_given(name, name_len, err));
	return kist_save_own_ref(save, name, name_len, artifact, event, err);
}

kist_status kist_save_check_name(const struct kist_save_options *options, struct kist_error *err)
{
	return options->own_name ? kist_name_check(options->name, options->name_len, err)
				 : kist_name_check_given(options->name, options->name_len, err);
}

kist_status kist_save_own_ref(struct kist_save *save, const char *name, size_t name_len,
			      const struct kist_digest *artifact, const char *event, struct kist_error *err)
{
	kist_auto_json json_t *ref = json_object();

	KIST_TRY(kist_name_check(name, name_len, err));
	if (!ref)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_name_json(ref, name, name_len, err));
	KIST_TRY(kist_record_set_text(ref, "event", event, err));
	if (artifact)
		KIST_TRY(kist_record_set_digest(ref, "artifact", artifact, err));
	else
		KIST_TRY(kist_record_set_take(ref, "artifact", json_null(), err));
	if (json_array_append(save->refs, ref) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	/* Others have put it: it may lose its last name, and be collected, before this is committed. */
	return artifact && strcmp(event, "tag") == 0 ? kist_save_lean(save, artifact, 0, err) : KIST_OK;
}

kist_status kist_save_lean(struct kist_save *save, const struct kist_digest *artifact, uint64_t since,
			   struct kist_error *err)
{
	const struct kist_lean lean = { .artifact = *artifact, .since = since };

	return kist_buf_append(&save->leans, &lean, sizeof(lean), err);
}

kist_status kist_save_lean_on_own(struct kist_save *save, const struct kist_digest *artifact, uint64_t since,
				  struct kist_error *err)
{
	const struct kist_lean lean = { .artifact = *artifact, .since = since, .own = true };

	return kist_buf_append(&save->leans, &lean, sizeof(lean), err);
}

/* What is known of the file need not be read, but for its record. */
static kist_status save_known(struct kist_save *save, const void *known, struct kist_saved *ret,
			      struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_kept_file kept;
	kist_status status;

	KIST_TRY(kist_save_seen_use(save, known, &kept, err));
	if (!kept.done)
		return KIST_OK;
	status = kist_registry_get_artifact(save->flow->registry, &kept.artifact, &artifact, &why);
	if (status == KIST_NOT_FOUND)
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	ret->artifact = kept.artifact;
	ret->record = json_incref(artifact.record);
	return KIST_OK;
}

static kist_status save_one(struct kist_save *save, int fd, const char *path, const struct stat *st,
			    const struct kist_save_options *options, struct kist_saved *ret,
			    struct kist_error *err)
{
	const char *slash = strrchr(path, '/');
	const struct kist_file_origin origin = { .fd = fd,
						 .shown = path,
						 .base_name = slash && slash[1] ? slash + 1 : path };
	const void *known;

	KIST_TRY(kist_save_seen_start(save, fd, options, true, err));
	known = S_ISREG(st->st_mode) ? kist_save_seen_find(save, origin.base_name, st) : NULL;
	if (known)
		KIST_TRY(save_known(save, known, ret, err));
	return ret->record ? KIST_OK : kist_save_file(save, &origin, options, true, ret, err);
}

kist_status kist_save_path(struct kist_save *save, const char *path, const struct kist_save_options *options,
			   struct kist_saved *ret, struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_fd int fd = -1;
	struct stat st;

	KIST_TRY(kist_save_check_name(options, err));
	/*
	 * A fifo would block for ever on open; nothing that is not a file or a folder is opened for reading.
	 */
	KIST_TRY(kist_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, err));
	if (fstat(fd, &st) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", path);
	if (S_ISDIR(st.st_mode))
		KIST_TRY(kist_save_folder(save, fd, path, options, &saved, err));
	else
		KIST_TRY(save_one(save, fd, path, &st, options, &saved, err));
	KIST_TRY(kist_save_own_ref(save, options->name, options->name_len, &saved.artifact, "put", err));
	kist_saved_move(ret, &saved);
	return KIST_OK;
}

kist_status kist_save_spool(struct kist_save *save, int *ret_write_fd, int *ret_read_fd,
			    struct kist_error *err)
{
	char path[64];
	kist_auto_fd int fd = -1;

	struct kist_error why = KIST_ERROR_INIT;

	if (kist_open_at(AT_FDCWD, save->flow->temp_dir, O_TMPFILE | O_RDWR, 0600, &fd, &why) != KIST_OK)
		return kist_fail(err, KIST_IO, "no temporary file can be made (TMPDIR says where): %s",
				 why.text);
	/* The worker is given a descriptor that can only be read. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	KIST_TRY(kist_open_at(AT_FDCWD, path, O_RDONLY, 0, ret_read_fd, err));
	*ret_write_fd = kist_fd_move(&fd);
	return KIST_OK;
}

kist_status kist_save_copy(int from, int to, const char *shown, struct kist_error *err)
{
	kist_auto_mem uint8_t *buf = kist_alloc(COPY_SIZE, 1);

	if (!buf)
		return kist_fail_memory(err, COPY_SIZE);
	for (;;) {
		const ssize_t n = read(from, buf, COPY_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kist_fail_errno(err, errno, "cannot read %s", shown);
		if (n == 0)
			return KIST_OK;
		KIST_TRY(kist_write_all(to, kist_view_of(buf, (size_t)n), err));
	}
}

kist_status kist_save_stream(struct kist_save *save, int fd, const struct kist_save_options *options,
			     struct kist_saved *ret, struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_fd int write_fd = -1;
	kist_auto_fd int read_fd = -1;
	const char *slash;
	struct kist_file_origin origin = { .shown = "standard input" };

	KIST_TRY(kist_save_check_name(options, err));
	KIST_TRY(kist_save_spool(save, &write_fd, &read_fd, err));
	KIST_TRY(kist_save_copy(fd, write_fd, "the standard input", err));
	slash = strrchr(options->name, '/');
	origin.fd = read_fd;
	origin.is_private = true;
	origin.base_name = slash ? slash + 1 : options->name;
	KIST_TRY(kist_save_file(save, &origin, options, false, &saved, err));
	KIST_TRY(kist_save_own_ref(save, options->name, options->name_len, &saved.artifact, "put", err));
	kist_saved_move(ret, &saved);
	return KIST_OK;
}

uint64_t kist_save_unread(const struct kist_save *save)
{
	return save->unread;
}

struct kist_write_stats kist_save_stats(const struct kist_save *save)
{
	return kist_writer_stats(save->writer);
}
