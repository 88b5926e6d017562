/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/partial_rows.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "flow/convert.h"

/* So much is read once and kept, since the plugin reads it twice: for the types, and for the rows. */
#define KEPT_SIZE_MAX ((size_t)8 << 20)

static uint64_t item(const json_t *list, size_t i)
{
	const json_t *value = json_array_get(list, i);

	return json_is_integer(value) && json_integer_value(value) >= 0 ? (uint64_t)json_integer_value(value)
									: UINT64_MAX;
}

/* Both rise, and no mark is behind the end. */
static bool are_sound(const json_t *rows, const json_t *offsets, uint64_t size)
{
	const size_t count = json_array_size(rows);

	if (count == 0 || json_array_size(offsets) != count || item(offsets, count - 1) > size ||
	    item(rows, count - 1) == UINT64_MAX)
		return false;
	for (size_t i = 1; i < count; i++) {
		if (item(rows, i) <= item(rows, i - 1) || item(offsets, i) <= item(offsets, i - 1))
			return false;
	}
	return true;
}

struct kist_stretch kist_stretch_find(const json_t *marks, uint64_t size, uint64_t start, uint64_t count)
{
	const json_t *rows = json_object_get(marks, "rows");
	const json_t *offsets = json_object_get(marks, "offsets");
	const size_t mark_count = json_array_size(rows);
	struct kist_stretch stretch = { .to = size, .skip = start };
	size_t first = 0;
	size_t last;

	if (!are_sound(rows, offsets, size) || !json_is_object(json_object_get(marks, "params")))
		return stretch;
	while (first + 1 < mark_count && item(rows, first + 1) <= start)
		first++;
	for (last = first + 1; last < mark_count && item(rows, last) - start < count;)
		last++;
	stretch.is_marked = true;
	stretch.head = item(offsets, 0);
	stretch.from = item(offsets, first);
	stretch.to = last < mark_count ? item(offsets, last) : size;
	/* Behind the rows of the head come those from the mark on. */
	stretch.skip = start - (item(rows, first) - item(rows, 0));
	return stretch;
}

/* The head and the stretch as one input. */
struct spliced {
	struct kist_object_reader reader;
	struct kist_stretch stretch;
	struct kist_buf kept; /* all of it, or nothing */
};

static void spliced_done(struct spliced *spliced)
{
	kist_object_reader_done(&spliced->reader);
	kist_buf_done(&spliced->kept);
}

static uint64_t spliced_size(const struct kist_stretch *stretch)
{
	return stretch->head + (stretch->to - stretch->from);
}

static kist_status read_spliced(void *ctx, uint64_t offset, void *buf, size_t len, size_t *ret_len,
				struct kist_error *err)
{
	struct spliced *const spliced = ctx;
	const struct kist_stretch *const stretch = &spliced->stretch;
	const uint64_t behind = stretch->to - stretch->from;
	size_t done = 0;

	if (offset < stretch->head) {
		const size_t own = (size_t)kist_min_u64(len, stretch->head - offset);

		KIST_TRY(kist_object_reader_read(&spliced->reader, offset, buf, own, &done, err));
		offset += done;
	}
	if (done < len && offset >= stretch->head && offset - stretch->head < behind) {
		const uint64_t at = offset - stretch->head;
		const size_t own = (size_t)kist_min_u64(len - done, behind - at);
		size_t more = 0;

		KIST_TRY(kist_object_reader_read(&spliced->reader, stretch->from + at, (uint8_t *)buf + done,
						 own, &more, err));
		done += more;
	}
	*ret_len = done;
	return KIST_OK;
}

static kist_status read_kept(void *ctx, uint64_t offset, void *buf, size_t len, size_t *ret_len,
			     struct kist_error *err)
{
	const struct kist_buf *const kept = &((const struct spliced *)ctx)->kept;

	(void)err;
	*ret_len = offset < kept->size ? (size_t)kist_min_u64(len, kept->size - offset) : 0;
	if (*ret_len > 0)
		memcpy(buf, kept->data + offset, *ret_len);
	return KIST_OK;
}

static kist_status open_spliced(struct spliced *spliced, struct kist_input *ret, struct kist_error *err)
{
	const uint64_t size = spliced_size(&spliced->stretch);
	uint8_t *to;
	size_t len;

	*ret = (struct kist_input){ .fd = -1, .size = size, .read = read_spliced, .ctx = spliced };
	if (size == 0 || size > KEPT_SIZE_MAX)
		return KIST_OK;
	KIST_TRY(kist_buf_extend(&spliced->kept, (size_t)size, &to, err));
	ret->read = read_kept;
	return read_spliced(spliced, 0, to, (size_t)size, &len, err);
}

/* How the whole was read, and how the stretch has to be. */
static kist_status read_params(const json_t *record, const json_t *info, const struct kist_stretch *stretch,
			       json_t **ret, struct kist_error *err)
{
	const json_t *asked = kist_record_read_params(record);
	kist_auto_json json_t *params = asked ? json_deep_copy(asked) : json_object();
	json_t *own = json_object_get(json_object_get(info, "marks"), "params");

	if (!params || (stretch->is_marked && json_object_update(params, own) != 0))
		return kist_fail_memory(err, sizeof(json_t));
	*ret = kist_steal(params);
	return KIST_OK;
}

/* What is written looks as what was read, as far as the writer can say it: the delimiter, the header. */
static kist_status write_params(const json_t *info, const struct kist_route_target *target, json_t **ret,
				struct kist_error *err)
{
	const struct kist_manifest_type *type = &target->entry->manifest->types[target->type_index];
	kist_auto_json json_t *known = kist_schema_json(type->serialize);
	kist_auto_json json_t *params = json_object();
	const char *key;
	json_t *value;

	if (!known || !params)
		return kist_fail_memory(err, sizeof(json_t));
	json_object_foreach(json_object_get(info, "dialect"), key, value) {
		if (json_object_get(known, key) && json_object_set(params, key, value) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	*ret = kist_steal(params);
	return KIST_OK;
}

static kist_status take_bytes(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	return kist_write_all(*(const int *)ctx, bytes, err);
}

static kist_status write_object(struct kist_flow *flow, const json_t *info,
				const struct kist_route_target *target, uint64_t object, int fd,
				struct kist_error *err)
{
	const struct kist_output output = { .write = take_bytes, .ctx = &fd };
	kist_auto_json json_t *asked = NULL;
	kist_auto_json json_t *params = NULL;
	struct kist_serializer_ref serializer;

	KIST_TRY(write_params(info, target, &asked, err));
	KIST_TRY(kist_flow_serializer(flow, target, true, asked, &serializer, &params, err));
	return kist_worker_serialize(flow->worker, &serializer, object, &output, err);
}

/* Which rows are meant. */
static kist_status resolve(const json_t *info, const struct kist_slice *slice, struct kist_axis *ret,
			   struct kist_error *err)
{
	static const struct kist_slice all;
	uint64_t rows = 0;
	int64_t size;

	if (!kist_json_get_u64(info, "rows", &rows))
		return kist_fail(err, KIST_UNSUPPORTED, "its description does not say how many rows it has");
	size = (int64_t)rows;
	KIST_TRY(kist_slice_resolve(slice ? slice : &all, 1, &size, ret, err));
	if (ret->step != 1)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "rows of a table are taken one after the other: without a step");
	return KIST_OK;
}

kist_status kist_partial_rows(struct kist_flow *flow, const json_t *record, const json_t *info,
			      const struct kist_partial *partial, int fd, struct kist_partial_read *ret_read,
			      struct kist_error *err)
{
	__attribute__((cleanup(spliced_done))) struct spliced spliced = {
		.reader = KIST_OBJECT_READER_INIT, .kept = KIST_BUF_INIT(KEPT_SIZE_MAX)
	};
	kist_auto_json json_t *asked = NULL;
	kist_auto_json json_t *params = NULL;
	struct kist_serializer_ref serializer;
	struct kist_route_target target;
	struct kist_input input;
	struct kist_axis axis;
	uint64_t object;
	uint32_t kind;

	if (partial->has_format)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "a part of a table is written as the table is: without --format");
	KIST_TRY(resolve(info, partial->slice, &axis, err));
	KIST_TRY(kist_object_reader_open(flow, record, &spliced.reader, err));
	spliced.stretch = kist_stretch_find(json_object_get(info, "marks"), spliced.reader.content.size,
					    (uint64_t)axis.start, (uint64_t)axis.count);
	KIST_TRY(kist_stored_target(flow, record, &target, err));
	KIST_TRY(open_spliced(&spliced, &input, err));
	KIST_TRY(read_params(record, info, &spliced.stretch, &asked, err));
	KIST_TRY(kist_flow_serializer(flow, &target, false, asked, &serializer, &params, err));
	KIST_TRY(kist_worker_deserialize(flow->worker, &serializer, &input, &object, &kind, err));
	KIST_TRY(kist_worker_rows(flow->worker, object, partial->columns ? partial->columns : "",
				  spliced.stretch.skip, (uint64_t)axis.count, &object, err));
	KIST_TRY(write_object(flow, info, &target, object, fd, err));
	if (ret_read)
		kist_partial_tell(&spliced.reader, ret_read);
	return kist_worker_drop(flow->worker, object, err);
}
