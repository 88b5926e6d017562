/* SPDX-License-Identifier: Apache-2.0 */
#include "npytest.h"
#include "support/makezip.h"
#include "support/plugalloc.h"

static struct makezip zip;
static uint8_t array[256];
static uint8_t long_array[128 + 20000];

/* Two floats, the higher byte first, so that they are copied; strided so that they are gathered. */
static void make_array(void)
{
	static const char text[] = "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }";

	memset(array, ' ', 128);
	memcpy(array, "\x93NUMPY\x01\x00\x76\x00", 10);
	memcpy(array + 10, text, strlen(text));
	array[127] = '\n';
	memcpy(array + 128, "\x3f\x80\0\0\x40\0\0\0", 8);
}

/* More bytes than a description has room for of its own. */
static void make_long_array(void)
{
	static const char text[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (20000,), }";

	memset(long_array, ' ', sizeof(long_array));
	memcpy(long_array, "\x93NUMPY\x01\x00\x76\x00", 10);
	memcpy(long_array + 10, text, strlen(text));
	long_array[127] = '\n';
}

static void make_zip(int how)
{
	makezip_begin(&zip, how);
	makezip_add(&zip, "a.npy", array, 136);
	makezip_add(&zip, "b.npy", array, 136);
	makezip_end(&zip);
}

enum method { VALIDATE, LAYOUT, DESCRIBE, WRITE, METHODS };

static kist_status read_and_write(const ArtifactTaskInterface *type, struct plugtest_call *call,
				  struct kist_source *source, struct kist_sink *sink)
{
	struct kist_object object = { .struct_size = sizeof(object) };
	kist_status status = type->deserialize(NULL, &call->call, source, NULL, &object);

	if (status != KIST_OK) {
		ck_assert_ptr_null(object.release);
		return status;
	}
	status = type->serialize(NULL, &call->call, &object, NULL, sink);
	object.release(&object);
	return status;
}

static kist_status run(const char *name, enum method method, const void *bytes, size_t size)
{
	const ArtifactTaskInterface *const type = plugtest_type(name)->interface;
	struct plugtest_source source;
	struct plugtest_report report;
	struct plugtest_layout layout;
	struct plugtest_sink sink;
	struct plugtest_call call;
	kist_status status;

	plugtest_call_init(&call);
	plugtest_source_init(&source, bytes, size);
	plugtest_report_init(&report);
	plugtest_layout_init(&layout, size);
	plugtest_sink_init(&sink);
	if (method == VALIDATE)
		status = type->validate(NULL, &call.call, &source.source, NULL, &report.report);
	else if (method == LAYOUT)
		status = type->layout(NULL, &call.call, &source.source, NULL, &layout.layout);
	else if (method == DESCRIBE)
		status = type->describe(NULL, &call.call, &source.source, NULL, &sink.sink);
	else
		status = read_and_write(type, &call, &source.source, &sink.sink);
	ck_assert_uint_eq(report.errors, 0);
	plugtest_layout_done(&layout);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	return status;
}

static void sweep(const char *name, const void *bytes, size_t size)
{
	for (int method = 0; method < METHODS; method++) {
		unsigned long failures = 0;
		kist_status status;

		do {
			plugalloc_fail_at(++failures);
			status = run(name, (enum method)method, bytes, size);
			ck_assert_msg(status == KIST_OK || status == KIST_NO_MEMORY, "%s, method %d: %d",
				      name, method, status);
		} while (status != KIST_OK);
		plugalloc_fail_at(0);
		ck_assert_int_eq(run(name, (enum method)method, bytes, size), KIST_OK);
		ck_assert_uint_le(plugalloc_largest(), size + ((size_t)1 << 20));
	}
}

START_TEST(without_memory_every_method_says_so_and_leaves_nothing)
{
	make_array();
	sweep("kist.npy", array, 136);
	make_long_array();
	sweep("kist.npy", long_array, sizeof(long_array));
	make_zip(0);
	sweep("kist.npz", zip.bytes, zip.size);
	make_zip(MAKEZIP_DEFLATED);
	sweep("kist.npz", zip.bytes, zip.size);
}
END_TEST

static unsigned given;
static void *(*give)(struct kist_call *call, size_t size, size_t align);

/* As often as @given says. */
static void *give_some(struct kist_call *call, size_t size, size_t align)
{
	return given > 0 && given-- > 0 ? give(call, size, align) : NULL;
}

static kist_status describe(const void *bytes, size_t size, unsigned times)
{
	struct plugtest_source source;
	struct plugtest_sink sink;
	struct plugtest_call call;
	kist_status status;

	plugtest_call_init(&call);
	plugtest_source_init(&source, bytes, size);
	plugtest_sink_init(&sink);
	give = call.call.alloc;
	given = times;
	call.call.alloc = give_some;
	status = plugtest_type("kist.npy")
			 ->interface->describe(NULL, &call.call, &source.source, NULL, &sink.sink);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	return status;
}

START_TEST(a_long_array_needs_memory_of_the_host_to_be_described)
{
	make_array();
	make_long_array();
	ck_assert_int_eq(describe(array, 136, 0), KIST_OK);
	ck_assert_int_eq(describe(long_array, sizeof(long_array), 0), KIST_NO_MEMORY);
	ck_assert_int_eq(describe(long_array, sizeof(long_array), 1), KIST_NO_MEMORY);
	ck_assert_int_eq(describe(long_array, sizeof(long_array), 2), KIST_OK);
}
END_TEST

NPYTEST_MAIN("numpy_memory", without_memory_every_method_says_so_and_leaves_nothing,
	     a_long_array_needs_memory_of_the_host_to_be_described)
