/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "flow/content_read.h"
#include "flow/save_seen.h"

/* The kernel's clock for files moves at least so often. */
#define TICK_NS_MAX 10000000
#define TICK_STEPS  5

/* A file that is read into chunks. */
struct file_source {
	struct kist_content_source base; /* comes first */
	const struct kist_file_origin *origin;
	struct kist_flow *flow;
	struct stat st;
	uint64_t size;
};

/* How many of @size bytes from @offset are known to be a hole. */
static size_t hole_at(const struct file_source *file, uint64_t offset, size_t size)
{
	const uint64_t file_size = (uint64_t)file->st.st_size;
	off_t data;

	/*
	 * What takes as much room as its size has none: that spares files that are not sparse the question.
	 */
	if (!S_ISREG(file->st.st_mode) || (uint64_t)file->st.st_blocks >= file_size / 512 ||
	    offset >= file_size)
		return 0;
	data = lseek(file->origin->fd, (off_t)offset, SEEK_DATA);
	if (data < 0)
		return errno == ENXIO ? (size_t)kist_min_u64(size, file_size - offset) : 0;
	return (uint64_t)data > offset ? (size_t)kist_min_u64(size, (uint64_t)data - offset) : 0;
}

/* Holes are not read: the kernel would fill its cache with zeros first. */
static kist_status read_piece(const struct kist_content_source *source, uint64_t offset, uint8_t *room,
			      size_t size, size_t *ret_got, struct kist_error *err)
{
	const struct file_source *const file = (const void *)source;

	*ret_got = hole_at(file, offset, size);
	if (*ret_got == 0)
		return kist_pread_full(file->origin->fd, room, size, offset, ret_got, err);
	memset(room, 0, *ret_got);
	return KIST_OK;
}

static void tell_progress(const struct kist_content_source *source, uint64_t done)
{
	const struct file_source *const file = (const void *)source;

	kist_flow_progress(file->flow, done, file->size);
}

/* When the file became shorter less is read; the caller sees that it changed. */
static kist_status read_content(struct kist_save *save, const struct kist_file_origin *origin,
				const struct kist_examined *examined, uint64_t size, struct kist_content *ret,
				struct kist_error *err)
{
	struct kist_content_writer *content = &save->content;
	const struct kist_content_part *parts = (const void *)examined->parts.data;
	struct file_source file = { .base = { .read = read_piece, .progress = tell_progress },
				    .origin = origin,
				    .flow = save->flow,
				    .size = size };

	if (fstat(origin->fd, &file.st) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", origin->shown);
	KIST_TRY(kist_content_start(content, save->writer, KIST_CHUNK_DATA, size, parts,
				    examined->parts.size / sizeof(*parts), err));
	content->previous = save->previous.chunks.size > 0 ? &save->previous : NULL;
	KIST_TRY(kist_content_read(content, &file.base, size, err));
	return kist_content_finish(content, ret, err);
}

/* The examination of a large object, beside the reading of its bytes. */
struct examination {
	struct kist_flow *flow;
	const struct kist_input *input;
	struct kist_examined *examined;
	kist_status status;
	struct kist_error error;
};

static void *examine_thread(void *arg)
{
	struct examination *examination = arg;

	examination->status = kist_examine_content(examination->flow, examination->input,
						   examination->examined, &examination->error);
	return NULL;
}

static kist_status examine_and_read(struct kist_save *save, const struct kist_file_origin *origin,
				    struct examination *examination, struct kist_content *ret,
				    struct kist_error *err)
{
	const uint64_t size = examination->input->size;
	kist_status status;
	pthread_t thread;

	if (size <= KIST_EXAMINE_FIRST_SIZE_MAX ||
	    pthread_create(&thread, NULL, examine_thread, examination) != 0) {
		(void)examine_thread(examination);
		return examination->status == KIST_OK
			       ? read_content(save, origin, examination->examined, size, ret, err)
			       : KIST_OK;
	}
	status = read_content(save, origin, examination->examined, size, ret, err);
	if (status != KIST_OK)
		kist_worker_cancel(save->flow->worker);
	(void)pthread_join(thread, NULL);
	return status;
}

/* Whatever a plugin says or does, bytes can be kept without it; only who asked to stop does not want that. */
static bool is_refusal(kist_status status)
{
	return status != KIST_OK && status != KIST_CANCELLED;
}

static kist_status set_reason(json_t *record, const struct kist_error *why,
			      const struct kist_route_target *target, struct kist_error *err)
{
	json_t *reason = json_object();

	KIST_TRY(kist_record_set_take(record, "reason", reason, err));
	KIST_TRY(kist_record_set_text(reason, "status", kist_status_name(why->status), err));
	KIST_TRY(kist_record_set_text(reason, "code", why->code, err));
	KIST_TRY(kist_record_set_text(reason, "text", why->text, err));
	if (why->offset != KIST_NO_OFFSET)
		KIST_TRY(kist_record_set_take(reason, "offset", json_integer((json_int_t)why->offset), err));
	return target->entry ? kist_record_set_text(reason, "plugin", target->entry->manifest->id, err)
			     : KIST_OK;
}

static kist_status set_file(json_t *record, const struct kist_file_origin *origin, const struct stat *st,
			    struct kist_error *err)
{
	json_t *file = json_object();

	KIST_TRY(kist_record_set_take(record, "file", file, err));
	KIST_TRY(kist_name_json(file, origin->base_name, strlen(origin->base_name), err));
	KIST_TRY(kist_record_set_take(file, "mode", json_integer(st->st_mode & 07777), err));
	return kist_record_set_take(file, "mtime_ns", json_integer(kist_stamp_ns(st->st_mtim)), err);
}

/* Looks at what the name meant so far, before the examination takes the worker. */
static kist_status open_previous(struct kist_save *save, const struct kist_save_options *options,
				 uint64_t size, struct kist_examined *examined, struct kist_error *err)
{
	struct kist_digest id;
	bool any = false;

	kist_previous_clear(&save->previous);
	/* Less has no chunk of its own. */
	if (size < KIST_CUT_STRETCH_MIN)
		return KIST_OK;
	KIST_TRY(kist_save_previous(save, options, &id, &any, err));
	return any ? kist_previous_open(save->flow, &id, examined, &save->previous, err) : KIST_OK;
}

/*
 * Examines and reads once.  What the plugins refuse comes back in @refusal; *ret_read says whether @ret was
 * filled in all the same, because examining and reading ran side by side.
 */
static kist_status examine_once(struct kist_save *save, const struct kist_file_origin *origin,
				const struct kist_save_options *options, const struct kist_input *input,
				struct kist_examined *examined, struct kist_error *refusal,
				struct kist_content *ret, struct kist_error *err)
{
	struct examination examination = {
		.flow = save->flow, .input = input, .examined = examined, .error = KIST_ERROR_INIT
	};
	kist_status status;

	status = kist_examine_route(save->flow, &options->examine, origin->base_name, input, examined,
				    refusal);
	if (status == KIST_OK)
		KIST_TRY(open_previous(save, options, input->size, examined, err));
	if (status == KIST_OK && examined->target.entry)
		KIST_TRY(examine_and_read(save, origin, &examination, ret, err));
	else if (status == KIST_OK)
		return read_content(save, origin, examined, input->size, ret, err);
	if (status == KIST_OK) {
		status = examination.status;
		*refusal = examination.error;
	}
	if (status == KIST_OK)
		return KIST_OK;
	if (!is_refusal(status) || !options->opaque) {
		/* Not what was asked wrongly, nor what this machine could not do: that is to be tried again. */
		if (examined->target.entry && is_refusal(status) && status != KIST_INVALID &&
		    status != KIST_NOT_FOUND && status != KIST_IO && status != KIST_NO_MEMORY)
			save->flow->was_refused = true;
		*err = *refusal;
		return status;
	}
	/* The parts of a refused object are not to be trusted: it is cut as plain bytes. */
	examined->parts.size = 0;
	save->previous.parts.size = 0;
	return read_content(save, origin, examined, input->size, ret, err);
}

static kist_status look(const struct kist_file_origin *origin, struct stat *ret, struct kist_error *err)
{
	if (fstat(origin->fd, ret) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", origin->shown);
	if (!S_ISREG(ret->st_mode))
		return kist_fail(err, KIST_INVALID, "'%s' is neither a file nor a folder", origin->shown);
	return KIST_OK;
}

/*
 * look(), once the kernel's clock has passed the file's times: a further write within the same tick would
 * leave the times as they are, and nobody would see it.  A time of tomorrow is another machine's, and not
 * waited for.
 */
static kist_status look_settled(const struct kist_file_origin *origin, struct stat *ret,
				struct kist_error *err)
{
	const struct timespec step = { .tv_nsec = TICK_NS_MAX / TICK_STEPS };

	KIST_TRY(look(origin, ret, err));
	for (int i = 0; i < TICK_STEPS + 1 && !origin->is_private; i++) {
		struct timespec now;

		if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0 || kist_stamp_is_settled(ret, now) ||
		    ret->st_ctim.tv_sec > now.tv_sec + 1)
			return KIST_OK;
		(void)nanosleep(&step, NULL);
		KIST_TRY(look(origin, ret, err));
	}
	return KIST_OK;
}

static kist_status make_record(struct kist_save *save, const struct kist_file_origin *origin,
			       const struct kist_save_options *options, const struct stat *with_file,
			       struct kist_examined *examined, const struct kist_error *refusal,
			       const struct kist_content *content, struct kist_saved *ret,
			       struct kist_error *err)
{
	kist_auto_json json_t *record = json_object();
	json_t *inlined = NULL;
	struct kist_view info;

	if (!record)
		return kist_fail_memory(err, sizeof(json_t));
	if (refusal->status != KIST_OK) {
		KIST_TRY(set_reason(record, refusal, &examined->target, err));
		examined->target.entry = NULL;
	}
	KIST_TRY(kist_record_set_content(record, content, &content->sha256, err));
	KIST_TRY(kist_save_typed(save, record, examined, &info, err));
	if (info.size > 0) {
		KIST_TRY(kist_json_parse(info, &inlined, err));
		KIST_TRY(kist_record_set_take(record, "info", inlined, err));
	}
	KIST_TRY(kist_record_set_text(record, "description", options->description, err));
	if (json_object_size(options->params) > 0)
		KIST_TRY(kist_record_set_take(record, "params", kist_json_copy(options->params), err));
	if (options->parents)
		KIST_TRY(kist_record_set_take(record, "parents", kist_json_copy(options->parents), err));
	if (with_file)
		KIST_TRY(set_file(record, origin, with_file, err));
	return kist_save_record(save, record, ret, err);
}

/* The record has the reason; of a file in a folder nobody looks at that. */
static void tell_downgrade(struct kist_save *save, const struct kist_file_origin *origin,
			   const struct kist_error *why)
{
	char text[KIST_ERROR_TEXT_SIZE];

	snprintf(text, sizeof(text), "'%.200s' is kept as bytes: %.700s", origin->shown, why->text);
	kist_flow_set_loud_note(save->flow, text);
}

/* Whether the file gives other bytes than its size says, as those of procfs and sysfs do. */
static kist_status has_other_size(const struct kist_file_origin *origin, const struct stat *st, bool *ret,
				  struct kist_error *err)
{
	struct stat after;
	uint8_t byte;
	size_t got;

	*ret = false;
	/* One that has no size is read to its end; one that has a size and no room at all is a pseudo file
	 * too. */
	KIST_TRY(kist_pread_full(origin->fd, &byte, 1, (uint64_t)st->st_size, &got, err));
	if (got == 0 && st->st_size > 0 && st->st_blocks == 0) {
		KIST_TRY(kist_pread_full(origin->fd, &byte, 1, (uint64_t)st->st_size - 1, &got, err));
		got = got == 0;
	}
	KIST_TRY(look(origin, &after, err));
	*ret = got > 0 && !kist_stamp_has_changed(st, &after);
	return KIST_OK;
}

/* Reads the file to its end, whatever its size says. */
static kist_status save_copied(struct kist_save *save, const struct kist_file_origin *origin,
			       const struct kist_save_options *options, bool with_file,
			       const struct stat *about, struct kist_saved *ret, struct kist_error *err)
{
	struct kist_file_origin copy = *origin;
	kist_auto_fd int write_fd = -1;
	kist_auto_fd int read_fd = -1;

	KIST_TRY(kist_save_spool(save, &write_fd, &read_fd, err));
	if (lseek(origin->fd, 0, SEEK_SET) != 0)
		return kist_fail_errno(err, errno, "cannot read '%s'", origin->shown);
	KIST_TRY(kist_save_copy(origin->fd, write_fd, origin->shown, err));
	copy.fd = read_fd;
	copy.is_private = true;
	copy.about = about;
	return kist_save_file(save, &copy, options, with_file, ret, err);
}

static kist_status remember(struct kist_save *save, const struct kist_file_origin *origin,
			    const struct stat *st, const struct kist_content *content,
			    const struct kist_saved *saved, struct kist_error *err)
{
	const struct kist_kept_file kept = { .sha256 = content->sha256, .artifact = saved->artifact };

	return kist_save_seen_add(save, origin->base_name, st, &kept, err);
}

kist_status kist_save_file(struct kist_save *save, const struct kist_file_origin *origin,
			   const struct kist_save_options *options, bool with_file, struct kist_saved *ret,
			   struct kist_error *err)
{
	for (int tries = 0; tries < KIST_SAVE_TRIES_MAX; tries++) {
		kist_auto_examined struct kist_examined examined = KIST_EXAMINED_INIT;
		struct kist_error refusal = KIST_ERROR_INIT;
		struct kist_error failure = KIST_ERROR_INIT;
		struct kist_input input = { .fd = origin->fd };
		struct kist_content content;
		struct stat before;
		struct stat after;
		kist_status status;
		bool copied = false;

		KIST_TRY(look_settled(origin, &before, err));
		if (!origin->is_private)
			KIST_TRY(has_other_size(origin, &before, &copied, err));
		if (copied)
			return save_copied(save, origin, options, with_file, &before, ret, err);
		input.size = (uint64_t)before.st_size;
		status = examine_once(save, origin, options, &input, &examined, &refusal, &content, &failure);
		KIST_TRY(look(origin, &after, err));
		/* What a changing file made the plugins say is not worth telling. */
		if (kist_stamp_has_changed(&before, &after) ||
		    (status == KIST_OK && content.size != input.size))
			continue;
		if (status != KIST_OK) {
			if (err)
				*err = failure;
			return err ? kist_fail_context(err, "%s", origin->shown) : status;
		}
		/* What its plugin refused is no first use. */
		if (examined.target.entry && refusal.status == KIST_OK)
			KIST_TRY(kist_flow_use_route(save->flow, examined.lock_key,
						     examined.target.entry->manifest->id, err));
		if (examined.downgrade.status != KIST_OK && refusal.status == KIST_OK) {
			refusal = examined.downgrade;
			if (!with_file && !origin->is_private)
				tell_downgrade(save, origin, &refusal);
		}
		KIST_TRY(make_record(save, origin, options,
				     !with_file	     ? NULL
				     : origin->about ? origin->about
						     : &before,
				     &examined, &refusal, &content, ret, err));
		return origin->is_private ? KIST_OK : remember(save, origin, &before, &content, ret, err);
	}
	return kist_fail(err, KIST_INVALID,
			 "'%s' kept changing while it was read: nothing of it is stored; "
			 "try again when its writer is done",
			 origin->shown);
}
