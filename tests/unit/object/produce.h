/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_OBJECT_PRODUCE_H
#define TESTS_UNIT_OBJECT_PRODUCE_H

#include <stdbool.h>

#include "kist/object.h"

/*
 * Producers of tensors, tables and models by hand, good and hostile.  What is released twice aborts; what is
 * not released shows in produce_live().
 */

/** Things that were made here and not yet released. */
int produce_live(void);

/** A schema on the heap; given to its parent or to a producer.  Children follow, ended by NULL. */
struct ArrowSchema *produce_schema(const char *format, const char *name, ...) __attribute__((sentinel));

/** An array on the heap with room for buffers and children; the memory of the buffers is borrowed. */
struct ArrowArray *produce_array(int64_t length, int64_t n_buffers, int64_t n_children);

/** A column of fixed-size values: null_count 0, no bitmap. */
struct ArrowArray *produce_column(int64_t length, const void *values);

/** A batch over columns, ended by NULL. */
struct ArrowArray *produce_batch(int64_t length, ...) __attribute__((sentinel));

/** Releases a heap array or schema, and its struct. */
void produce_free_array(struct ArrowArray *array);
void produce_free_schema(struct ArrowSchema *schema);

#define PRODUCE_BATCHES_MAX 8

/** A table.  Zero it, then fill in schema and batches (given). */
struct producer {
	struct ArrowSchema *schema;
	struct ArrowArray *batches[PRODUCE_BATCHES_MAX];
	int batch_count;
	int next;
	int schema_error; /* errno of get_schema */
	int fail_at;      /* get_next fails when so many batches were given; -1 never */
	int error;        /* with this errno */
	const char *error_text;
	bool sticky_release; /* release does not set itself to NULL */
};

/** An object over a producer; the producer's struct is the test's. */
void produce_table(struct producer *producer, struct kist_object *ret);

/** A tensor over borrowed memory; @strides may be NULL. */
void produce_tensor(void *data, DLDataType dtype, int32_t ndim, const int64_t *shape, const int64_t *strides,
		    struct kist_object *ret);

/** A model of tensors of one float64 each; names are borrowed, ended by NULL. */
void produce_model(const char *const *names, struct kist_object *ret);

#endif
