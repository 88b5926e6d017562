/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_H
#define KIST_OBJECT_H

#include "kist/arrow.h"
#include "kist/dlpack.h"
#include "kist/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Typed objects: what passes between tasks and serializers.
 *
 * One owner each.  Whoever made an object (or a region) releases it, through its own release member;
 * release == NULL means empty.  To move one, copy the struct and set the source's release to NULL.
 * A release may be called from any thread, also after the plugin's instance was closed; it sets itself
 * to NULL, does not block and does not call the host.
 *
 * Since: 1.0
 */

struct kist_call;

enum {
	KIST_REGION_READ_ONLY = 1, /* The bytes must not be written. */
	KIST_REGION_STABLE = 2	   /* The bytes cannot change or shrink under the reader. */
};

/**
 * struct kist_region - Bytes with one owner.
 *
 * @flags:   KIST_REGION_*.
 * @base:    At any address, without alignment; may be NULL when @len is 0.
 * @release: [any-thread] Frees the bytes and sets itself to NULL; NULL when there is nothing to free.
 * @priv:    The producer's own.
 */
struct kist_region {
	uint32_t struct_size;
	uint32_t flags;
	const void *base;
	uint64_t len;
	void (*release)(struct kist_region *region);
	void *priv;
};

/** What the value of an object is. */
enum {
	KIST_KIND_NULL = 0,   /* value is NULL */
	KIST_KIND_BYTES = 1,  /* struct kist_region * */
	KIST_KIND_VALUE = 2,  /* struct kist_region *: UTF-8 JSON text */
	KIST_KIND_TENSOR = 3, /* DLManagedTensorVersioned * */
	KIST_KIND_MODEL = 4,  /* struct kist_tensor_map * */
	KIST_KIND_TABLE = 5,  /* struct ArrowArrayStream * */
	KIST_KIND_OPAQUE = 6, /* a pointer that only its own plugin reads */
	KIST_KIND_COUNT = 7
};

/** A set of kinds, as bits. */
#define KIST_KIND_BIT(kind) (1u << (kind))

/**
 * struct kist_object - One typed object.
 *
 * The caller allocates the struct (zeroed, with @struct_size set); the producer fills it.  On failure the
 * producer leaves it empty.
 *
 * @kind:       KIST_KIND_*; decides what @value points to.
 * @type:       Name of the type, "kist.npy".  Valid as long as the object.
 * @type_major: Another major version is another type.
 * @type_minor: A reader of x.n reads every x.m with m <= n.
 * @flags:      0.
 * @value:      Owned by the object.  A tensor whose deleter is NULL belongs to somebody unknown: it is good
 *              until the call ends, and is not kept.
 * @release:    [any-thread] Frees @value and everything under it, calls the deleter of a tensor and the
 *              release of a stream that was not moved out, and sets itself to NULL; NULL when empty.
 * @priv:       The producer's own.
 * @logical:    For a tensor whose element type does not say what the elements are (text, records, dates, raw
 *              bytes): the name of what they are, "<U3", at most 255 bytes of UTF-8; else NULL.  The host
 *              makes no object of another kind from such a tensor.  Valid as long as the object.
 */
struct kist_object {
	uint32_t struct_size;
	uint32_t kind;
	uint64_t flags;
	const char *type;
	uint32_t type_major;
	uint32_t type_minor;
	void *value;
	void (*release)(struct kist_object *object);
	void *priv;
	const char *logical;
};

/**
 * struct kist_tensor_map - A model: tensors in order under unique UTF-8 names, each made when asked for.
 *
 * @count:    Number of tensors, at most 1 048 576, under names of at most 65 536 bytes.
 * @ctx:      The producer's own.
 * @meta:     Metadata of the whole as a JSON object (UTF-8, @meta_len bytes), or NULL.
 * @get_name: [any-thread] Gives the name of tensor @i; valid as long as the map.
 *            Errors: KIST_INVALID when @i is not below @count.
 * @get:      [instance-serial] Gives tensor @i.  The caller owns it and calls its deleter, before or after
 *            the map is released.  Errors: KIST_INVALID, KIST_NO_MEMORY, and what reading the source gives.
 */
struct kist_tensor_map {
	uint32_t struct_size;
	uint32_t flags;
	void *ctx;
	uint64_t count;
	const char *meta;
	uint64_t meta_len;
	kist_status (*get_name)(struct kist_tensor_map *map, uint64_t i, const char **ret_name);
	kist_status (*get)(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			   DLManagedTensorVersioned **ret_tensor);
};

#ifdef __cplusplus
}
#endif

#endif
