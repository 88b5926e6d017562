/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/compare.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "flow/ahead.h"
#include "object/small_float.h"

/* Bytes that are compared at once. */
#define STEP ((size_t)1 << 18)

struct versions {
	struct kist_object_reader now;
	struct kist_object_reader old;
	struct kist_buf now_bytes;
	struct kist_buf old_bytes;
};

static void versions_done(struct versions *versions)
{
	kist_object_reader_done(&versions->now);
	kist_object_reader_done(&versions->old);
	kist_buf_done(&versions->now_bytes);
	kist_buf_done(&versions->old_bytes);
}

struct part {
	uint64_t offset;
	uint64_t len;
};

static bool part_of(const json_t *row, struct part *ret)
{
	return kist_json_get_u64(row, "offset", &ret->offset) && kist_json_get_u64(row, "bytes", &ret->len);
}

/* The chunk that begins at @offset, or @count. */
static size_t chunk_at(const struct kist_object_chunk *chunks, size_t count, uint64_t offset)
{
	size_t first = 0;
	size_t end = count;

	while (first < end) {
		const size_t middle = first + (end - first) / 2;

		if (chunks[middle].offset < offset)
			first = middle + 1;
		else
			end = middle;
	}
	return first < count && chunks[first].offset == offset ? first : count;
}

/* Whether chunks say that the parts, of one length, are the same; what they do not say has to be read. */
static bool chunks_agree(const struct versions *versions, const struct part *now, const struct part *old)
{
	const struct kist_object_chunk *const a = (const void *)versions->now.entries.data;
	const struct kist_object_chunk *const b = (const void *)versions->old.entries.data;
	const size_t a_count = versions->now.entries.size / sizeof(*a);
	const size_t b_count = versions->old.entries.size / sizeof(*b);
	size_t i = chunk_at(a, a_count, now->offset);
	size_t j = chunk_at(b, b_count, old->offset);
	uint64_t left = now->len;

	while (left > 0) {
		if (i >= a_count || j >= b_count || a[i].len > left || !kist_digest_equal(&a[i].id, &b[j].id))
			return false;
		left -= a[i].len;
		i++;
		j++;
	}
	return true;
}

static kist_status read_some(struct kist_object_reader *reader, uint64_t offset, struct kist_buf *to,
			     size_t len, struct kist_error *err)
{
	size_t got = 0;

	KIST_TRY(kist_object_reader_read(reader, offset, to->data, len, &got, err));
	if (got < len)
		return kist_fail(err, KIST_CORRUPT, "a part ends behind its object");
	return KIST_OK;
}

/* struct difference - Of two parts: elements, or bytes of what is no floating number, that are equal; and of floating
 * numbers how far they are from each other. */
struct difference {
	uint64_t equal;
	uint64_t count;
	double squares;
	double most;
};

static const struct {
	const char *name;
	DLDataType type;
} floats[] = { { "float16", { kDLFloat, 16, 1 } },
	       { "bfloat16", { kDLBfloat, 16, 1 } },
	       { "float32", { kDLFloat, 32, 1 } },
	       { "float64", { kDLFloat, 64, 1 } } };

/* The type of a part of floating numbers, as this machine has them; of anything else one of no bits. */
static DLDataType float_type(const json_t *row)
{
	const char *order = kist_json_get_text(row, "byte_order");
	const char *name = kist_json_get_text(row, "dtype");
	const bool is_turned = order && strcmp(order, "big") == 0;

	for (size_t i = 0; name && !is_turned && i < sizeof(floats) / sizeof(floats[0]); i++) {
		if (strcmp(floats[i].name, name) == 0)
			return floats[i].type;
	}
	return (DLDataType){ .bits = 0 };
}

static double number_at(DLDataType type, const uint8_t *at)
{
	double wide;
	float narrow;

	if (type.bits == 16)
		return (double)kist_small_float(type, at);
	memcpy(&wide, at, type.bits == 64 ? sizeof(wide) : 0);
	memcpy(&narrow, at, sizeof(narrow));
	return type.bits == 64 ? wide : (double)narrow;
}

static void add_step(struct difference *difference, DLDataType type, const uint8_t *a, const uint8_t *b,
		     size_t len)
{
	const size_t size = type.bits > 0 ? type.bits / 8 : 1;

	for (size_t i = 0; i + size <= len; i += size) {
		double distance;

		difference->count++;
		if (memcmp(a + i, b + i, size) == 0) {
			difference->equal++;
			continue;
		}
		distance = type.bits > 0 ? fabs(number_at(type, a + i) - number_at(type, b + i)) : 0;
		difference->squares += distance * distance;
		difference->most = distance > difference->most ? distance : difference->most;
	}
}

static kist_status measure(struct versions *versions, DLDataType type, const struct part *now,
			   const struct part *old, struct difference *ret, struct kist_error *err)
{
	*ret = (struct difference){ 0 };
	for (uint64_t at = 0; at < now->len;) {
		const size_t step = (size_t)kist_min_u64(STEP, now->len - at);

		KIST_TRY(read_some(&versions->now, now->offset + at, &versions->now_bytes, step, err));
		KIST_TRY(read_some(&versions->old, old->offset + at, &versions->old_bytes, step, err));
		add_step(ret, type, versions->now_bytes.data, versions->old_bytes.data, step);
		at += step;
	}
	return KIST_OK;
}

static bool equal_members(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "dtype", "shape", "bytes", "order", "byte_order", "strides" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const json_t *left = json_object_get(a, keys[i]);
		const json_t *right = json_object_get(b, keys[i]);

		if ((left || right) && !json_equal(left, right))
			return false;
	}
	return true;
}

static kist_status set_status(json_t *row, const char *status, struct kist_error *err)
{
	return json_object_set_new(row, "status", json_string(status)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

static kist_status set_real(json_t *row, const char *key, double value, struct kist_error *err)
{
	/* JSON has no word for what is not finite: a distance to NaN, or one beyond a double. */
	return json_object_set_new(row, key, isfinite(value) ? json_real(value) : json_null()) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

static kist_status set_changed(json_t *row, DLDataType type, const struct difference *difference,
			       struct kist_error *err)
{
	KIST_TRY(set_status(row, "changed", err));
	KIST_TRY(set_real(row, "equal", (double)difference->equal / (double)difference->count, err));
	if (type.bits == 0)
		return KIST_OK;
	KIST_TRY(set_real(row, "l2", sqrt(difference->squares), err));
	return set_real(row, "max_abs", isfinite(difference->squares) ? difference->most : NAN, err);
}

static kist_status compare_part(struct versions *versions, json_t *row, const json_t *old_row,
				struct kist_error *err)
{
	const DLDataType type = float_type(row);
	struct difference difference;
	struct part now;
	struct part old;

	if (!old_row)
		return set_status(row, "new", err);
	if (!part_of(row, &now) || !part_of(old_row, &old))
		return KIST_OK;
	if (!equal_members(row, old_row))
		return set_status(row, "changed", err);
	if (chunks_agree(versions, &now, &old))
		return set_status(row, "same", err);
	KIST_TRY(measure(versions, type, &now, &old, &difference, err));
	if (difference.equal == difference.count)
		return set_status(row, "same", err);
	return set_changed(row, type, &difference, err);
}

/* By name, so that looking one up takes no walk. */
static kist_status index_by_name(const json_t *list, json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *index = json_object();

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *row = json_array_get(list, i);
		const char *name = kist_json_get_text(row, "name");

		if (name && json_object_set(index, name, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	if (!index)
		return kist_fail_memory(err, sizeof(json_t));
	*ret = kist_steal(index);
	return KIST_OK;
}

static kist_status add_gone(json_t *list, const json_t *old_list, const json_t *index, struct kist_error *err)
{
	for (size_t i = 0; i < json_array_size(old_list); i++) {
		const json_t *row = json_array_get(old_list, i);
		const char *name = kist_json_get_text(row, "name");
		json_t *copy;

		if (!name || json_object_get(index, name))
			continue;
		copy = json_copy((json_t *)(uintptr_t)row);
		if (json_array_append_new(list, copy) != 0)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(set_status(copy, "gone", err));
	}
	return KIST_OK;
}

kist_status kist_compare_parts(struct kist_flow *flow, const json_t *record, json_t *list,
			       const json_t *old_record, const json_t *old_list, struct kist_error *err)
{
	__attribute__((cleanup(versions_done))) struct versions versions = {
		.now = KIST_OBJECT_READER_INIT,
		.old = KIST_OBJECT_READER_INIT,
		.now_bytes = KIST_BUF_INIT(STEP),
		.old_bytes = KIST_BUF_INIT(STEP),
	};
	kist_auto_json json_t *now_index = NULL;
	kist_auto_json json_t *old_index = NULL;

	KIST_TRY(kist_object_reader_open(flow, record, &versions.now, err));
	KIST_TRY(kist_object_reader_open(flow, old_record, &versions.old, err));
	KIST_TRY(kist_buf_reserve(&versions.now_bytes, STEP, err));
	KIST_TRY(kist_buf_reserve(&versions.old_bytes, STEP, err));
	KIST_TRY(index_by_name(list, &now_index, err));
	KIST_TRY(index_by_name(old_list, &old_index, err));
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *row = json_array_get(list, i);
		const char *name = kist_json_get_text(row, "name");

		if (name)
			KIST_TRY(compare_part(&versions, row, json_object_get(old_index, name), err));
	}
	return add_gone(list, old_list, now_index, err);
}

/* An array as a list of one part, which is what is said of it. */
static kist_status list_array(const json_t *info, json_t **ret, struct kist_error *err)
{
	*ret = json_pack("[o]", json_copy((json_t *)(uintptr_t)info));
	if (!*ret || json_object_set_new(json_array_get(*ret, 0), "name", json_string("data")) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

static bool is_array(const json_t *info)
{
	const char *kind = kist_json_get_text(info, "kind");
	uint64_t offset;

	return kind && strcmp(kind, "tensor") == 0 && kist_json_get_u64(info, "offset", &offset);
}

static kist_status compare_arrays(struct kist_flow *flow, const json_t *record, json_t *info,
				  const json_t *old_record, const json_t *old_info, struct kist_error *err)
{
	static const char *const keys[] = { "status", "equal", "l2", "max_abs" };
	kist_auto_json json_t *list = NULL;
	kist_auto_json json_t *old_list = NULL;

	KIST_TRY(list_array(info, &list, err));
	KIST_TRY(list_array(old_info, &old_list, err));
	KIST_TRY(kist_compare_parts(flow, record, list, old_record, old_list, err));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(json_array_get(list, 0), keys[i]);

		if (value && json_object_set(info, keys[i], value) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

kist_status kist_compare_infos(struct kist_flow *flow, const json_t *record, json_t *info,
			       const json_t *old_record, const json_t *old_info, struct kist_error *err)
{
	json_t *list = json_object_get(info, "list");
	const json_t *old_list = json_object_get(old_info, "list");

	if (json_is_array(list) && json_is_array(old_list))
		return kist_compare_parts(flow, record, list, old_record, old_list, err);
	if (is_array(info) && is_array(old_info))
		return compare_arrays(flow, record, info, old_record, old_info, err);
	return kist_fail(err, KIST_UNSUPPORTED, "only two models, or two arrays, can be compared");
}
