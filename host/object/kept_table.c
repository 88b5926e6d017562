/* SPDX-License-Identifier: Apache-2.0 */
#include "object/kept_table.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "object/check.h"
#include "object/made.h"
#include "object/schema_copy.h"
#include "object/stream.h"

struct kist_kept_table {
	atomic_size_t refs;
	struct kist_object object; /* whose stream is read; it holds the names */
	struct ArrowSchema schema;
	size_t count;
	size_t room;
	struct ArrowArray *batches;
};

static void free_table(struct kist_kept_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		kist_array_release(&table->batches[i]);
	kist_free(table->batches);
	kist_schema_release(&table->schema);
	kist_object_release(&table->object);
	kist_free(table);
}

void kist_kept_table_unref(struct kist_kept_table *table)
{
	if (table && atomic_fetch_sub(&table->refs, 1) == 1)
		free_table(table);
}

static void table_unref_(struct kist_kept_table **slot)
{
	kist_kept_table_unref(*slot);
}

static kist_status append(struct kist_kept_table *table, struct ArrowArray *batch, struct kist_error *err)
{
	if (table->count == table->room) {
		const size_t room = table->room * 2 + 16;
		struct ArrowArray *grown = kist_realloc(table->batches, room, sizeof(*grown));

		if (!grown)
			return kist_fail_memory(err, room * sizeof(*grown));
		table->batches = grown;
		table->room = room;
	}
	table->batches[table->count++] = *batch;
	batch->release = NULL;
	return KIST_OK;
}

static kist_status read_all(struct kist_kept_table *table, struct kist_call *call, struct kist_error *err)
{
	struct ArrowArrayStream *const stream = table->object.value;

	KIST_TRY(kist_stream_schema(stream, &table->schema, err));
	for (;;) {
		kist_auto_array struct ArrowArray batch = { .release = NULL };
		kist_status status = call ? call->poll(call) : KIST_OK;

		if (status != KIST_OK)
			return kist_fail(err, status, "reading a table was stopped: %s",
					 kist_status_name(status));
		status = kist_stream_next(stream, &table->schema, &batch, err);
		if (status != KIST_OK || !batch.release)
			return status;
		KIST_TRY(append(table, &batch, err));
	}
}

kist_status kist_kept_table_new(struct kist_object *object, struct kist_call *call,
				struct kist_kept_table **ret, struct kist_error *err)
{
	__attribute__((cleanup(table_unref_))) struct kist_kept_table *table = kist_alloc(1, sizeof(*table));

	if (!table) {
		kist_object_release(object);
		return kist_fail_memory(err, sizeof(*table));
	}
	atomic_init(&table->refs, 1);
	table->object = (struct kist_object)KIST_OBJECT_INIT;
	kist_object_move(&table->object, object);
	KIST_TRY(read_all(table, call, err));
	*ret = kist_steal(table);
	return KIST_OK;
}

/* Lending: structs of the reader's own over buffers of the table's.  Each may be moved out and released alone. */

struct lent {
	struct kist_kept_table *table;
	struct ArrowArray **children;
	struct ArrowArray *structs; /* of the children, then of the dictionary */
};

static void lent_release(struct ArrowArray *array)
{
	struct lent *const lent = array->private_data;

	for (int64_t i = 0; i < array->n_children; i++)
		kist_array_release(&lent->structs[i]);
	if (array->dictionary)
		kist_array_release(&lent->structs[array->n_children]);
	kist_kept_table_unref(lent->table);
	kist_free(lent->children);
	kist_free(lent->structs);
	kist_free(lent);
	array->release = NULL;
}

/* The nesting is that of the schema, which was checked. */
static bool lend(struct kist_kept_table *table, const struct ArrowArray *from, struct ArrowArray *to)
{
	struct lent *lent = kist_alloc(1, sizeof(*lent));
	const size_t children = (size_t)from->n_children;
	bool made;

	if (!lent)
		return false;
	lent->children = kist_alloc(children + 1, sizeof(struct ArrowArray *));
	lent->structs = kist_alloc(children + 1, sizeof(*lent->structs));
	if (!lent->children || !lent->structs) {
		kist_free(lent->children);
		kist_free(lent->structs);
		kist_free(lent);
		return false;
	}
	lent->table = table;
	atomic_fetch_add(&table->refs, 1);
	*to = *from;
	to->children = lent->children;
	to->dictionary = from->dictionary ? &lent->structs[children] : NULL;
	to->private_data = lent;
	to->release = lent_release;
	made = !from->dictionary || lend(table, from->dictionary, to->dictionary);
	for (size_t i = 0; i < children; i++) {
		lent->children[i] = &lent->structs[i];
		made = made && lend(table, from->children[i], lent->children[i]);
	}
	if (!made)
		kist_array_release(to);
	return made;
}

struct reader {
	struct kist_kept_table *table;
	size_t next;
};

static int reader_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret)
{
	const struct reader *const reader = stream->private_data;

	ret->release = NULL;
	return kist_status_errno(kist_schema_copy(&reader->table->schema, NULL, 0, ret, NULL));
}

static int reader_next(struct ArrowArrayStream *stream, struct ArrowArray *ret)
{
	struct reader *const reader = stream->private_data;

	*ret = (struct ArrowArray){ .release = NULL };
	if (reader->next == reader->table->count)
		return 0;
	if (!lend(reader->table, &reader->table->batches[reader->next], ret))
		return ENOMEM;
	reader->next++;
	return 0;
}

static const char *reader_error(struct ArrowArrayStream *stream)
{
	(void)stream;
	return "no memory to lend a batch";
}

static void reader_release(struct ArrowArrayStream *stream)
{
	struct reader *const reader = stream->private_data;

	kist_kept_table_unref(reader->table);
	kist_free(reader);
	stream->release = NULL;
}

kist_status kist_kept_table_read(struct kist_kept_table *table, struct kist_object *ret,
				 struct kist_error *err)
{
	kist_auto_mem struct reader *reader = kist_alloc(1, sizeof(*reader));
	struct ArrowArrayStream stream = { .get_schema = reader_schema,
					   .get_next = reader_next,
					   .get_last_error = reader_error,
					   .release = reader_release,
					   .private_data = reader };

	if (!reader)
		return kist_fail_memory(err, sizeof(*reader));
	KIST_TRY(kist_object_of_stream(&stream, ret, err));
	reader->table = table;
	atomic_fetch_add(&table->refs, 1);
	(void)kist_steal(reader);
	if (table->object.type) {
		ret->type = table->object.type;
		ret->type_major = table->object.type_major;
		ret->type_minor = table->object.type_minor;
	}
	return KIST_OK;
}
