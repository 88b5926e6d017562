/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_OBJECT_TABLES_H
#define TESTS_UNIT_OBJECT_TABLES_H

#include <check.h>

#include "object/check.h"
#include "unit/object/produce.h"

/*
 * Tables that several tests of conversions begin with.
 *
 * Thread: one test, one thread.
 */

#define TENSOR KIST_KIND_BIT(KIST_KIND_TENSOR)
#define TABLE  KIST_KIND_BIT(KIST_KIND_TABLE)
#define MODEL  KIST_KIND_BIT(KIST_KIND_MODEL)
#define INT64  ((DLDataType){ kDLInt, 64, 1 })

static inline const DLTensor *tensor_of(const struct kist_object *object)
{
	ck_assert_uint_eq(object->kind, KIST_KIND_TENSOR);
	ck_assert_int_eq(kist_object_check(object, NULL), KIST_OK);
	return &((const DLManagedTensorVersioned *)object->value)->dl_tensor;
}

/* A table of int64 "a" and float32 "b" in two batches; the second has an offset and a null in b. */
static const int64_t a_values[] = { 1, 2, 3, -4, 5 };
static const float b_values[] = { 0.5f, 1.5f, 2.5f, 3.5f, 4.5f };
static const uint8_t b_bitmap[] = { 0x17 }; /* the fourth is null */

static inline struct ArrowSchema *two_columns(const char *first, const char *second)
{
	return produce_schema("+s", "", produce_schema(first, "a", NULL), produce_schema(second, "b", NULL), NULL);
}

static inline void two_batches(struct producer *producer, struct kist_object *ret)
{
	struct ArrowArray *const whole = produce_batch(2, produce_column(2, a_values), produce_column(2, b_values), NULL);
	struct ArrowArray *const slice = produce_batch(1, produce_column(5, a_values), produce_column(4, b_values), NULL);

	/* The slice begins at 2 in the batch; b begins one later still. */
	slice->offset = 2;
	slice->children[1]->offset = 1;
	slice->children[1]->length = 3;
	slice->children[1]->null_count = -1;
	slice->children[1]->buffers[0] = b_bitmap;
	*producer = (struct producer){ .schema = two_columns("l", "f"),
				       .batches = { whole, slice },
				       .batch_count = 2,
				       .fail_at = -1 };
	produce_table(producer, ret);
}

/* A table of one column with one batch. */
static inline void one_column(struct producer *producer, const char *format, int64_t length, const void *values,
		       struct kist_object *ret)
{
	*producer = (struct producer){ .schema = produce_schema("+s", "", produce_schema(format, "a", NULL), NULL),
				       .batches = { produce_batch(length, produce_column(length, values), NULL) },
				       .batch_count = 1,
				       .fail_at = -1 };
	produce_table(producer, ret);
}

#endif
