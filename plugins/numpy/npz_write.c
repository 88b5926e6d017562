/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Archives of arrays, written: stored, by name, each array where it can be mapped as it lies.
 *
 * Every array is asked for twice, since its check sum stands before it.
 */
#include <stdlib.h>
#include <zlib.h>

#include "npz.h"

#define LOCAL_MAGIC    0x04034b50u
#define CENTRAL_MAGIC  0x02014b50u
#define END_MAGIC      0x06054b50u
#define END64_MAGIC    0x06064b50u
#define LOCATOR_MAGIC  0x07064b50u
#define LOCAL_SIZE     30
#define END64_REST     44 /* of the ZIP64 end, behind its own size */
#define EXTRA_ZIP64    1
#define EXTRA_PADDING  0xD935 /* as Android's zipalign has it: the alignment, then zeros */
#define PADDING_HEAD   6
#define ZIP64_SIZES    20 /* a ZIP64 field of both sizes */
#define DATA_ALIGNMENT 64
#define VERSION_PLAIN  20
#define VERSION_ZIP64  45
#define FLAG_UTF8      0x800
#define DOS_DATE       0x21 /* 1 January 1980, the first there is */
#define SMALL_MAX      0xFFFFFFFEu
#define COUNT_MAX      0xFFFEu
#define NAME_SIZE_MAX  ((size_t)65535 - NPZ_SUFFIX_SIZE)
#define FIELDS_MAX     256

/* An array that is written. */
struct planned {
	uint64_t header_at;
	uint64_t size;
	uint32_t crc;
};

struct archive {
	struct kist_call *call;
	struct kist_tensor_map *map;
	const struct kist_params *params;
	struct kist_sink *sink;
	struct planned *planned; /* by place in the map */
	uint32_t *order;	 /* places in the map, by name */
	uint64_t at;
};

/* A sink for one array: counts and sums what it takes, and passes it on when there is somewhere. */
struct summing {
	struct kist_sink sink;
	struct kist_sink *to;
	const char *name;
	uint64_t size;
	uLong crc;
};

static kist_status summing_begin(struct kist_sink *sink, const struct kist_part *part)
{
	const struct summing *const summing = sink->ctx;
	struct kist_part named = *part;

	named.name = summing->name;
	return summing->to ? summing->to->begin(summing->to, &named) : KIST_OK;
}

static kist_status summing_write(struct kist_sink *sink, const void *data, size_t len)
{
	struct summing *const summing = sink->ctx;

	summing->crc = crc32_z(summing->crc, data, len);
	summing->size += len;
	return summing->to ? summing->to->write(summing->to, data, len) : KIST_OK;
}

static kist_status summing_end(struct kist_sink *sink)
{
	const struct summing *const summing = sink->ctx;

	return summing->to ? summing->to->end(summing->to) : KIST_OK;
}

/* Bytes of a header as they are put together; none has more than FIELDS_MAX. */
struct fields {
	uint8_t bytes[FIELDS_MAX];
	size_t size;
};

static void put(struct fields *fields, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fields->bytes[fields->size++] = (uint8_t)(number >> 8 * i);
}

static uint32_t small(uint64_t number)
{
	return number > SMALL_MAX ? UINT32_MAX : (uint32_t)number;
}

static kist_status give(struct archive *archive, const void *bytes, size_t size)
{
	archive->at += size;
	return size > 0 ? archive->sink->write(archive->sink, bytes, size) : KIST_OK;
}

static const char *name_of(const struct archive *archive, uint64_t i)
{
	const char *name = "";

	(void)archive->map->get_name(archive->map, i, &name);
	return name;
}

static uint16_t flags_of(const char *name)
{
	for (; *name; name++) {
		if ((uint8_t)*name >= 0x80)
			return FLAG_UTF8;
	}
	return 0;
}

static kist_status check_name(const struct archive *archive, uint64_t i)
{
	struct kist_call *const call = archive->call;
	const char *name = NULL;
	size_t len;

	if (archive->map->get_name(archive->map, i, &name) != KIST_OK || !name || name[0] == '\0')
		return kist_failf(call, KIST_INVALID, "E_NAME", KIST_NO_OFFSET, "tensor %llu has no name",
				  (unsigned long long)i);
	len = strlen(name);
	if (len > NAME_SIZE_MAX)
		return kist_failf(call, KIST_LIMIT, "E_NAME", KIST_NO_OFFSET,
				  "a name of %zu bytes: a zip has room for %zu", len, NAME_SIZE_MAX);
	if (!zip_is_sound_name(name, len))
		return kist_failf(call, KIST_INVALID, "E_NAME", KIST_NO_OFFSET,
				  "tensor '%.100s': an entry of a zip cannot be called so", name);
	return KIST_OK;
}

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
	return strcmp(name_of(context, a), name_of(context, b));
}

static kist_status sort_names(struct archive *archive)
{
	NPY_TRY(model_order(archive->call, (size_t)archive->map->count, compare_names, archive,
			    &archive->order));
	for (uint64_t i = 1; i < archive->map->count; i++) {
		if (compare_names(archive, archive->order[i - 1], archive->order[i]) == 0)
			return kist_failf(archive->call, KIST_INVALID, "E_DUPLICATE", KIST_NO_OFFSET,
					  "two tensors have the name '%.100s'",
					  name_of(archive, archive->order[i]));
	}
	return KIST_OK;
}

/* One array through the writer of .npy. */
static kist_status write_array(struct archive *archive, uint64_t i, struct kist_sink *to,
			       struct planned *ret_planned)
{
	struct summing summing = { .to = to, .name = name_of(archive, i), .crc = crc32(0, NULL, 0) };
	struct kist_object object = { .struct_size = sizeof(object), .kind = KIST_KIND_TENSOR };
	DLManagedTensorVersioned *tensor = NULL;
	kist_status status;

	summing.sink = (struct kist_sink){ .struct_size = sizeof(summing.sink),
					   .ctx = &summing,
					   .begin = summing_begin,
					   .write = summing_write,
					   .end = summing_end };
	NPY_TRY(archive->map->get(archive->map, archive->call, i, &tensor));
	object.value = tensor;
	status = npy_serialize(NULL, archive->call, &object, archive->params, &summing.sink);
	if (tensor->deleter)
		tensor->deleter(tensor);
	ret_planned->size = summing.size;
	ret_planned->crc = (uint32_t)summing.crc;
	return status;
}

static kist_status plan(struct archive *archive)
{
	for (uint64_t i = 0; i < archive->map->count; i++)
		NPY_TRY(check_name(archive, i));
	NPY_TRY(sort_names(archive));
	for (uint64_t i = 0; i < archive->map->count; i++)
		NPY_TRY(write_array(archive, i, NULL, &archive->planned[i]));
	return KIST_OK;
}

/* What both headers of an entry begin with, from the version that is needed to the length of the name. */
static void put_common(struct fields *fields, const struct planned *planned, const char *name, bool is_large)
{
	put(fields, is_large ? VERSION_ZIP64 : VERSION_PLAIN, 2);
	put(fields, flags_of(name), 2);
	put(fields, ZIP_STORED, 2);
	put(fields, 0, 2);
	put(fields, DOS_DATE, 2);
	put(fields, planned->crc, 4);
	put(fields, small(planned->size), 4);
	put(fields, small(planned->size), 4);
	put(fields, strlen(name) + NPZ_SUFFIX_SIZE, 2);
}

static kist_status give_name(struct archive *archive, const char *name)
{
	NPY_TRY(give(archive, name, strlen(name)));
	return give(archive, NPZ_SUFFIX, NPZ_SUFFIX_SIZE);
}

/* The array begins at a multiple of 64, and so do its elements, since its own header ends at one. */
static kist_status write_local(struct archive *archive, struct planned *planned, const char *name)
{
	const bool is_large = planned->size > SMALL_MAX;
	const size_t zip64 = is_large ? ZIP64_SIZES : 0;
	struct fields head = { .size = 0 };
	struct fields extra = { .size = 0 };
	uint64_t end;
	size_t padding;

	planned->header_at = archive->at;
	end = archive->at + LOCAL_SIZE + strlen(name) + NPZ_SUFFIX_SIZE + zip64 + PADDING_HEAD;
	padding = (size_t)(-end % DATA_ALIGNMENT);
	put(&head, LOCAL_MAGIC, 4);
	put_common(&head, planned, name, is_large);
	put(&head, zip64 + PADDING_HEAD + padding, 2);
	if (is_large) {
		put(&extra, EXTRA_ZIP64, 2);
		put(&extra, 16, 2);
		put(&extra, planned->size, 8);
		put(&extra, planned->size, 8);
	}
	put(&extra, EXTRA_PADDING, 2);
	put(&extra, padding + 2, 2);
	put(&extra, DATA_ALIGNMENT, 2);
	for (size_t i = 0; i < padding; i++)
		put(&extra, 0, 1);
	NPY_TRY(give(archive, head.bytes, head.size));
	NPY_TRY(give_name(archive, name));
	return give(archive, extra.bytes, extra.size);
}

static kist_status write_entry(struct archive *archive, uint64_t i)
{
	struct planned *const planned = &archive->planned[i];
	struct planned written = { .size = 0 };

	NPY_TRY(write_local(archive, planned, name_of(archive, i)));
	NPY_TRY(write_array(archive, i, archive->sink, &written));
	if (written.size != planned->size || written.crc != planned->crc)
		return kist_failf(archive->call, KIST_INVALID, "E_DATA", KIST_NO_OFFSET,
				  "tensor '%.100s' changed while it was written", name_of(archive, i));
	archive->at += written.size;
	return KIST_OK;
}

static kist_status write_central(struct archive *archive, uint64_t i)
{
	const struct planned *const planned = &archive->planned[i];
	const bool is_large = planned->size > SMALL_MAX;
	const bool is_far = planned->header_at > SMALL_MAX;
	const char *const name = name_of(archive, i);
	const size_t extra_size = (is_large ? 16u : 0) + (is_far ? 8u : 0);
	struct fields head = { .size = 0 };
	struct fields extra = { .size = 0 };

	put(&head, CENTRAL_MAGIC, 4);
	put(&head, is_large || is_far ? VERSION_ZIP64 : VERSION_PLAIN, 2);
	put_common(&head, planned, name, is_large || is_far);
	put(&head, extra_size > 0 ? extra_size + 4 : 0, 2);
	put(&head, 0, 2 + 2 + 2);
	put(&head, 0, 4);
	put(&head, small(planned->header_at), 4);
	if (extra_size > 0) {
		put(&extra, EXTRA_ZIP64, 2);
		put(&extra, extra_size, 2);
	}
	if (is_large) {
		put(&extra, planned->size, 8);
		put(&extra, planned->size, 8);
	}
	if (is_far)
		put(&extra, planned->header_at, 8);
	NPY_TRY(give(archive, head.bytes, head.size));
	NPY_TRY(give_name(archive, name));
	return give(archive, extra.bytes, extra.size);
}

static void put_end64(struct fields *fields, uint64_t count, uint64_t directory_at, uint64_t end_at)
{
	put(fields, END64_MAGIC, 4);
	put(fields, END64_REST, 8);
	put(fields, VERSION_ZIP64, 2);
	put(fields, VERSION_ZIP64, 2);
	put(fields, 0, 4);
	put(fields, 0, 4);
	put(fields, count, 8);
	put(fields, count, 8);
	put(fields, end_at - directory_at, 8);
	put(fields, directory_at, 8);
	put(fields, LOCATOR_MAGIC, 4);
	put(fields, 0, 4);
	put(fields, end_at, 8);
	put(fields, 1, 4);
}

static kist_status write_end(struct archive *archive, uint64_t directory_at)
{
	const uint64_t count = archive->map->count;
	const uint64_t size = archive->at - directory_at;
	struct fields end = { .size = 0 };

	if (count > COUNT_MAX || size > SMALL_MAX || directory_at > SMALL_MAX)
		put_end64(&end, count, directory_at, archive->at);
	put(&end, END_MAGIC, 4);
	put(&end, 0, 2);
	put(&end, 0, 2);
	put(&end, count > COUNT_MAX ? UINT16_MAX : count, 2);
	put(&end, count > COUNT_MAX ? UINT16_MAX : count, 2);
	put(&end, small(size), 4);
	put(&end, small(directory_at), 4);
	put(&end, 0, 2);
	return give(archive, end.bytes, end.size);
}

static kist_status write_all(struct archive *archive)
{
	const uint64_t count = archive->map->count;
	uint64_t directory_at;

	NPY_TRY(plan(archive));
	for (uint64_t i = 0; i < count; i++)
		NPY_TRY(write_entry(archive, archive->order[i]));
	directory_at = archive->at;
	for (uint64_t i = 0; i < count; i++)
		NPY_TRY(write_central(archive, archive->order[i]));
	return write_end(archive, directory_at);
}

kist_status npz_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
			  const struct kist_params *params, struct kist_sink *sink)
{
	struct archive archive = { .call = call, .params = params, .sink = sink };
	kist_status status;

	(void)instance;
	if (object->kind != KIST_KIND_MODEL)
		return kist_failf(call, KIST_UNSUPPORTED, "E_KIND", KIST_NO_OFFSET,
				  "npz holds a map of tensors and nothing else");
	if (!object->value)
		return kist_failf(call, KIST_INVALID, "E_DATA", KIST_NO_OFFSET, "the object has no tensors");
	archive.map = object->value;
	if (archive.map->count > ZIP_ENTRIES_MAX)
		return kist_failf(call, KIST_LIMIT, "E_LIMIT", KIST_NO_OFFSET, "more than %llu tensors",
				  (unsigned long long)ZIP_ENTRIES_MAX);
	archive.planned = calloc((size_t)archive.map->count + 1, sizeof(*archive.planned));
	status = archive.planned ? write_all(&archive) : model_no_memory(call);
	free(archive.planned);
	free(archive.order);
	return status;
}
