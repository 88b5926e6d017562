/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CSV_CSVTEST_H
#define TESTS_UNIT_CSV_CSVTEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/plugtest.h"
#include "support/suite.h"

/*
 * What the tests of the plugin share.  Thread: one at a time.
 */

/** A table read from borrowed bytes. */
struct csvtest_table {
	struct plugtest_call call;
	struct plugtest_source source;
	struct kist_object object;
	kist_status status;
};

static inline const ArtifactTaskInterface *csvtest_interface(void)
{
	return plugtest_type("kist.csv")->interface;
}

static inline void csvtest_open(struct csvtest_table *t, const void *data, size_t size,
				const struct kist_params *params)
{
	*t = (struct csvtest_table){ .object = { .struct_size = sizeof(struct kist_object) } };
	plugtest_call_init(&t->call);
	plugtest_source_init(&t->source, data, size);
	t->status =
		csvtest_interface()->deserialize(NULL, &t->call.call, &t->source.source, params, &t->object);
}

static inline void csvtest_close(struct csvtest_table *t)
{
	if (t->object.release)
		t->object.release(&t->object);
	plugtest_call_done(&t->call);
}

/** The Arrow formats and the names of the columns, "l:a g:b". */
static inline const char *csvtest_schema(struct csvtest_table *t)
{
	static char text[4096];
	struct ArrowArrayStream *stream = t->object.value;
	struct ArrowSchema schema;
	size_t n = 0;

	text[0] = '\0';
	ck_assert_int_eq(stream->get_schema(stream, &schema), 0);
	ck_assert_str_eq(schema.format, "+s");
	for (int64_t i = 0; i < schema.n_children; i++) {
		const struct ArrowSchema *field = schema.children[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s:%s", i ? " " : "", field->format,
				      field->name);
	}
	schema.release(&schema);
	return text;
}

/** Reads bytes and writes them canonically.  The sink is done by the caller. */
static inline kist_status csvtest_rewrite(const void *data, size_t size, const struct kist_params *params,
					  struct plugtest_sink *sink)
{
	struct csvtest_table t;
	kist_status status;

	plugtest_sink_init(sink);
	csvtest_open(&t, data, size, params);
	status = t.status;
	if (status == KIST_OK)
		status = csvtest_interface()->serialize(NULL, &t.call.call, &t.object, NULL, &sink->sink);
	csvtest_close(&t);
	return status;
}

static inline void csvtest_expect(const struct plugtest_sink *sink, const void *data, size_t size)
{
	ck_assert_uint_eq(sink->size, size);
	if (size > 0)
		ck_assert_mem_eq(sink->data, data, size);
}

#endif
