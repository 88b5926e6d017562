/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NUMPY_NPZ_H
#define NUMPY_NPZ_H

#include "model/zip_member.h"
#include "numpy_plugin.h"

/*
 * The serializer of kist.npz: a zip of .npy files is a map of tensors.
 *
 * What is read, written and refused stands in npz.md.
 *
 * Limits: those of zip.h and of .npy.  Thread: instances have no state, so everything here is [any-thread].
 */

#define NPZ_TYPE  "kist.npz"
#define NPZ_MAJOR 1u
#define NPZ_MINOR 0u
/** What the name of every entry ends with; the rest is the name of the array. */
#define NPZ_SUFFIX	".npy"
#define NPZ_SUFFIX_SIZE ((size_t)4)

/** struct npz - A file whose entries are all known to be arrays.  Begins zeroed; npz_done() frees it. */
struct npz {
	struct zip zip;
	const struct kist_params *params;
};

/**
 * npz_read() - Reads the directory, and the header of each array.
 *
 * @params: Borrowed as long as @npz is read: max_header and logical_dtype.
 * @fault:  Set when the file is refused.
 *
 * Errors: those of zip_read() and of npy_file_read().  What was read is done by the caller, also then.
 */
kist_status npz_read(struct kist_call *call, struct kist_source *source, const struct kist_params *params,
		     struct npz *npz, struct model_fault *fault);
void npz_done(struct npz *npz);

/** npz_name() - The name of array @i, NUL-terminated.  Borrowed. */
const char *npz_name(const struct npz *npz, size_t i);

/** npz_file_open() - Reads the header of array @i from @member, which is opened.  Errors: as npz_read(). */
kist_status npz_file_open(const struct npz *npz, size_t i, struct kist_call *call, struct kist_source *source,
			  struct zip_member *member, struct npy_file *ret_file, struct model_fault *fault);

/* The methods of ArtifactTaskInterface. */
kist_status npz_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
			  const struct kist_params *params, struct kist_sink *sink);
kist_status npz_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_object *ret_object);
kist_status npz_validate(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_report *report);
kist_status npz_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);
kist_status npz_layout(void *instance, struct kist_call *call, struct kist_source *source,
		       const struct kist_params *params, struct kist_layout *layout);
kist_status npz_describe(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_sink *sink);

#endif
