/* SPDX-License-Identifier: Apache-2.0 */

/* An entry of a zip as a source of its own. */
#include "zip_member.h"

#include <stdlib.h>

/* Where memory for inflated bytes begins, so that numbers lie on their boundaries. */
#define INFLATED_ALIGNMENT 64
#define SKIP_SIZE	   ((size_t)64 << 10)

static kist_status stored_read_at(struct kist_source *source, uint64_t offset, void *buf, size_t len,
				  size_t *ret_len)
{
	const struct zip_member *const member = source->ctx;
	const uint64_t left = offset < source->size ? source->size - offset : 0;

	if (left == 0) {
		*ret_len = 0;
		return KIST_OK;
	}
	return member->outer->read_at(member->outer, member->entry->data_at + offset, buf,
				      left < len ? (size_t)left : len, ret_len);
}

static kist_status stored_map(struct kist_source *source, uint64_t offset, uint64_t len,
			      struct kist_region *ret_region)
{
	const struct zip_member *const member = source->ctx;

	if (offset > source->size || len > source->size - offset)
		return KIST_INVALID;
	return member->outer->map(member->outer, member->entry->data_at + offset, len, ret_region);
}

/* Puts the stream to @offset, which is not behind the end. */
static kist_status seek(struct zip_member *member, uint64_t offset)
{
	uint8_t *skipped;
	kist_status status = KIST_OK;

	if (!member->stream || offset < member->at) {
		zip_member_close(member);
		member->at = 0;
		MODEL_TRY(zip_stream_open(member->call, member->outer, member->entry, member->fault,
					  &member->stream));
	}
	if (offset == member->at)
		return KIST_OK;
	skipped = malloc(SKIP_SIZE);
	if (!skipped)
		return model_no_memory(member->call);
	while (status == KIST_OK && member->at < offset) {
		const uint64_t left = offset - member->at;
		const size_t step = left < SKIP_SIZE ? (size_t)left : SKIP_SIZE;

		status = zip_stream_read(member->stream, skipped, step);
		member->at += step;
	}
	free(skipped);
	return status;
}

static kist_status deflated_read_at(struct kist_source *source, uint64_t offset, void *buf, size_t len,
				    size_t *ret_len)
{
	struct zip_member *const member = source->ctx;
	const uint64_t left = offset < source->size ? source->size - offset : 0;
	const size_t size = left < len ? (size_t)left : len;

	*ret_len = 0;
	if (size == 0)
		return KIST_OK;
	MODEL_TRY(seek(member, offset));
	MODEL_TRY(zip_stream_read(member->stream, buf, size));
	member->at += size;
	*ret_len = size;
	return KIST_OK;
}

static void release_inflated(struct kist_region *region)
{
	free(region->priv);
	region->priv = NULL;
	region->release = NULL;
}

/* All of the entry is inflated, so that its check sum is proven too. */
static kist_status fill(struct zip_member *member, uint64_t offset, uint64_t len, uint8_t *to)
{
	zip_member_close(member);
	MODEL_TRY(seek(member, offset));
	MODEL_TRY(zip_stream_read(member->stream, to, (size_t)len));
	member->at += len;
	MODEL_TRY(seek(member, member->entry->size));
	return zip_stream_end(member->stream);
}

static kist_status deflated_map(struct kist_source *source, uint64_t offset, uint64_t len,
				struct kist_region *ret_region)
{
	struct zip_member *const member = source->ctx;
	void *bytes = NULL;
	kist_status status;

	if (offset > source->size || len > source->size - offset)
		return KIST_INVALID;
	if (posix_memalign(&bytes, INFLATED_ALIGNMENT, (size_t)len + 1) != 0)
		return model_no_memory(member->call);
	status = fill(member, offset, len, bytes);
	if (status != KIST_OK) {
		free(bytes);
		return status;
	}
	ret_region->base = bytes;
	ret_region->len = len;
	ret_region->priv = bytes;
	ret_region->release = release_inflated;
	return KIST_OK;
}

void zip_member_open(struct zip_member *member, struct kist_call *call, struct kist_source *outer,
		     const struct zip_entry *entry, struct model_fault *fault)
{
	const bool is_stored = entry->method == ZIP_STORED;

	*member = (struct zip_member){
		.source = { .struct_size = sizeof(member->source),
			    .ctx = member,
			    .size = entry->size,
			    .read_at = is_stored ? stored_read_at : deflated_read_at,
			    .map = is_stored ? stored_map : deflated_map },
		.call = call,
		.outer = outer,
		.entry = entry,
		.fault = fault,
	};
}

void zip_member_close(struct zip_member *member)
{
	zip_stream_close(member->stream);
	member->stream = NULL;
}
