/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_ZIP_MEMBER_H
#define MODEL_ZIP_MEMBER_H

#include "zip.h"

/*
 * An entry of a zip as a source, for readers of what is in it.
 *
 * Thread: a struct is used by one thread at a time.
 */

/**
 * struct zip_member - Begins zeroed.
 *
 * What is deflated is inflated as it is read, from the beginning when a reader goes back.
 */
struct zip_member {
	struct kist_source source;
	struct kist_call *call;
	struct kist_source *outer;
	const struct zip_entry *entry;
	struct model_fault *fault;
	struct zip_stream *stream;
	uint64_t at; /* what the stream gives next */
};

/** zip_member_open() - @member is closed by zip_member_close(); all others are borrowed until then. */
void zip_member_open(struct zip_member *member, struct kist_call *call, struct kist_source *outer,
		     const struct zip_entry *entry, struct model_fault *fault);
void zip_member_close(struct zip_member *member);

#define zip_auto_member __attribute__((cleanup(zip_member_close)))

#endif
