/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_LOCATE_H
#define KIST_FLOW_LOCATE_H

#include "flow/load.h"
#include "kist/stream.h"

/*
 * Where the elements of an array lie in an object's bytes, as its description says: that of an array, or one of the
 * parts of a model.
 *
 * What a description says is checked against itself and the object's size; nothing else of it is believed.
 *
 * Thread: kist_array_ask() with one flow, one thread at a time; the others are pure.
 */

/** struct kist_array - Elements that lie in row-major or column-major order, without gaps. */
struct kist_array {
	const char *name;  /* "data", or the part's.  Borrowed, as the other texts, from the description */
	const char *dtype; /* its common name */
	const char *descr; /* numpy's type string, or NULL where none was said */
	uint64_t offset;   /* of the first element in the object */
	uint64_t len;	   /* bytes of all */
	uint64_t elements;
	uint32_t bits; /* of one; a multiple of 8 unless the type is smaller than a byte */
	bool is_fortran;
	bool is_big_endian;
	size_t rank;
	int64_t shape[KIST_RANK_MAX];
};

/**
 * kist_array_locate() - The array @part of the object that @info describes.
 *
 * @part: NULL for an array itself, or for the only part there is.
 *
 * Errors: KIST_NOT_FOUND (no such part: says which is near, or what there is), KIST_UNSUPPORTED (neither an array nor a
 * model, or its elements do not lie there one by one; says what can be done), KIST_INVALID (one of several parts has to
 * be named), KIST_CORRUPT (the description contradicts itself or the size).
 */
KIST_CHECKED kist_status kist_array_locate(const json_t *info, uint64_t object_size, const char *part,
					   struct kist_array *ret, struct kist_error *err);

/** kist_array_is_left_out() - Whether @part may be one of the parts that the description of a model had no room for. */
bool kist_array_is_left_out(const json_t *info, const char *part);

/**
 * kist_array_ask() - The array @part of @record's object as the plugin of its type lays it out: for a part that is left
 * out.
 *
 * @reader: Of the object.
 *
 * Errors: KIST_NOT_FOUND (no such part), KIST_UNSUPPORTED (the plugin is not here; the elements do not lie one behind
 * the other), those of kist_worker_layout().
 */
KIST_CHECKED kist_status kist_array_ask(struct kist_flow *flow, const json_t *record,
					struct kist_object_reader *reader, const char *part,
					struct kist_array *ret, struct kist_error *err);

#endif
