/* SPDX-License-Identifier: Apache-2.0 */
#include "object/stream.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "object/check.h"

/* A release that forgets to set itself to NULL must not run a second time. */
void kist_schema_release(struct ArrowSchema *schema)
{
	if (schema->release)
		schema->release(schema);
	schema->release = NULL;
}

void kist_array_release(struct ArrowArray *array)
{
	if (array->release)
		array->release(array);
	array->release = NULL;
}

void kist_stream_release(struct ArrowArrayStream *stream)
{
	if (stream->release)
		stream->release(stream);
	stream->release = NULL;
}

static const struct {
	int error;
	kist_status status;
} pairs[] = {
	{ EINVAL, KIST_INVALID },      { ENOTSUP, KIST_UNSUPPORTED },
	{ EILSEQ, KIST_CORRUPT },      { EIO, KIST_IO },
	{ ENOMEM, KIST_NO_MEMORY },    { EOVERFLOW, KIST_LIMIT },
	{ ECANCELED, KIST_CANCELLED }, { ETIMEDOUT, KIST_DEADLINE },
	{ EACCES, KIST_DENIED },       { ENOSYS, KIST_UNSUPPORTED },
	{ EBADMSG, KIST_CORRUPT },     { E2BIG, KIST_LIMIT },
	{ EFBIG, KIST_LIMIT },	       { EPERM, KIST_DENIED },
	{ ENOENT, KIST_NOT_FOUND },    { EPROTO, KIST_INTERNAL },
};
#define PAIR_COUNT (sizeof(pairs) / sizeof(pairs[0]))

kist_status kist_errno_status(int error)
{
	if (error == 0)
		return KIST_OK;
	for (size_t i = 0; i < PAIR_COUNT; i++) {
		if (pairs[i].error == error)
			return pairs[i].status;
	}
	return KIST_IO;
}

int kist_status_errno(kist_status status)
{
	if (status == KIST_OK)
		return 0;
	for (size_t i = 0; i < PAIR_COUNT; i++) {
		if (pairs[i].status == status)
			return pairs[i].error;
	}
	return EPROTO;
}

static kist_status fail_stream(struct ArrowArrayStream *stream, int error, const char *what,
			       struct kist_error *err)
{
	const kist_status status = kist_errno_status(error);
	const char *const text = stream->get_last_error(stream);

	if (text)
		return kist_fail_at(err, status, "E_STREAM", KIST_NO_OFFSET,
				    "the table's producer %s: %.800s", what, text);
	return kist_fail_at(err, status, "E_STREAM", KIST_NO_OFFSET,
			    "the table's producer %s with error %d and without saying why", what, error);
}

kist_status kist_stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret,
			       struct kist_error *err)
{
	kist_auto_schema struct ArrowSchema schema = { .release = NULL };
	const int error = stream->get_schema(stream, &schema);

	if (error != 0) {
		/* Whatever a failed producer left there is not ours to release. */
		schema.release = NULL;
		return fail_stream(stream, error, "gives no schema", err);
	}
	KIST_TRY(kist_schema_tree_check(&schema, err));
	if (strcmp(schema.format, "+s") != 0 || schema.dictionary)
		return kist_fail_at(err, KIST_INVALID, "E_SCHEMA", KIST_NO_OFFSET,
				    "the table's schema is '%.64s', not a struct of columns", schema.format);
	*ret = schema;
	schema.release = NULL;
	return KIST_OK;
}

static bool any_null(const struct ArrowArray *array)
{
	const uint8_t *const bitmap = array->buffers[0];

	if (!bitmap || array->null_count == 0)
		return false;
	for (int64_t i = array->offset; i < array->offset + array->length; i++) {
		if (!(bitmap[i / 8] >> (i % 8) & 1))
			return true;
	}
	return false;
}

kist_status kist_stream_next(struct ArrowArrayStream *stream, const struct ArrowSchema *schema,
			     struct ArrowArray *ret, struct kist_error *err)
{
	kist_auto_array struct ArrowArray array = { .release = NULL };
	const int error = stream->get_next(stream, &array);

	if (error != 0) {
		array.release = NULL;
		return fail_stream(stream, error, "failed", err);
	}
	if (array.release) {
		KIST_TRY(kist_array_check(schema, &array, err));
		if (any_null(&array))
			return kist_fail_at(err, KIST_UNSUPPORTED, "E_ARRAY", KIST_NO_OFFSET,
					    "a batch of the table has rows that are null as a whole");
	}
	*ret = array;
	array.release = NULL;
	return KIST_OK;
}
