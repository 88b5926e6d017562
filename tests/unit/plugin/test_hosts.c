/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "kist/plugin.h"
#include "support/suite.h"

/*
 * A plugin that was built with the headers of version 1.0, under hosts of other versions: the oldest, whose structs end
 * where those of 1.0 do, and newer ones, with more behind them.  Every struct that the host gives ends where memory
 * ends, so that whoever reads further than it says crashes.
 */

#define PAGE	   ((size_t)65536)
#define MORE	   ((size_t)256)
#define BYTES_SIZE 64

static size_t more; /* bytes of structs behind those of 1.0 */
static const ArtifactTaskInterface *interface;

/* A copy of @whole with @more bytes of rubbish, at the end of a page; its first member says how long it is. */
static void *host_struct(const void *whole, size_t size)
{
	uint8_t *room = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *at = room + PAGE - size - more;
	const uint32_t said = (uint32_t)(size + more);

	ck_assert(room != MAP_FAILED);
	ck_assert_int_eq(mprotect(room + PAGE, PAGE, PROT_NONE), 0);
	memcpy(at, whole, size);
	memset(at + size, 0xa5, more);
	memcpy(at, &said, sizeof(said));
	return at;
}

static void log_nothing(const struct kist_host *host, int32_t level, const char *msg, size_t len)
{
	(void)host, (void)level, (void)msg, (void)len;
}

static const void *no_extension(const struct kist_host *host, const char *id)
{
	(void)host, (void)id;
	return NULL;
}

static kist_status poll_call(struct kist_call *call)
{
	(void)call;
	return KIST_OK;
}

static void progress(struct kist_call *call, uint64_t done, uint64_t total)
{
	(void)call, (void)done, (void)total;
}

static char failure[BYTES_SIZE * 8];

static kist_status say_why(struct kist_call *call, kist_status status, const char *code, uint64_t offset,
			   const char *msg, size_t len)
{
	(void)call, (void)code, (void)offset;
	snprintf(failure, sizeof(failure), "%.*s", (int)len, msg);
	return status;
}

static void *no_memory(struct kist_call *call, size_t size, size_t align)
{
	(void)call, (void)size, (void)align;
	return NULL;
}

static uint8_t bytes[BYTES_SIZE] = "TINYhello";
static size_t byte_count = 9;

static kist_status read_at(struct kist_source *source, uint64_t offset, void *buf, size_t len,
			   size_t *ret_len)
{
	(void)source;
	*ret_len = offset >= byte_count ? 0 : len < byte_count - offset ? len : byte_count - (size_t)offset;
	memcpy(buf, bytes + (offset < byte_count ? offset : byte_count), *ret_len);
	return KIST_OK;
}

static kist_status no_map(struct kist_source *source, uint64_t offset, uint64_t len, struct kist_region *ret)
{
	(void)source, (void)offset, (void)len, (void)ret;
	return KIST_UNSUPPORTED;
}

static uint8_t written[BYTES_SIZE];
static size_t written_size;

static kist_status write_sink(struct kist_sink *sink, const void *data, size_t len)
{
	(void)sink;
	ck_assert_uint_le(len, sizeof(written) - written_size);
	memcpy(written + written_size, data, len);
	written_size += len;
	return KIST_OK;
}

static kist_status begin(struct kist_sink *sink, const struct kist_part *part)
{
	(void)sink, (void)part;
	return KIST_OK;
}

static kist_status end(struct kist_sink *sink)
{
	(void)sink;
	return KIST_OK;
}

static unsigned issues;

static void issue(struct kist_report *report, int32_t severity, const char *code, uint64_t offset,
		  const char *msg, size_t len)
{
	(void)report, (void)severity, (void)code, (void)offset, (void)msg, (void)len;
	issues++;
}

static struct kist_host *host;
static struct kist_call *call;
static struct kist_source *source;
static struct kist_sink *sink;
static struct kist_params *params;

static void make_host(size_t more_of_all)
{
	more = more_of_all;
	host = host_struct(&(struct kist_host){ .abi_minor = more ? 9 : 0,
						.name = "test",
						.version = "1",
						.log = log_nothing,
						.extension = no_extension },
			   KIST_SIZE_TO(struct kist_host, extension));
	call = host_struct(&(struct kist_call){ .host = host,
						.poll = poll_call,
						.progress = progress,
						.fail = say_why,
						.alloc = no_memory },
			   KIST_SIZE_TO(struct kist_call, alloc));
	source = host_struct(&(struct kist_source){ .size = byte_count, .read_at = read_at, .map = no_map },
			     KIST_SIZE_TO(struct kist_source, map));
	sink = host_struct(&(struct kist_sink){ .begin = begin, .write = write_sink, .end = end },
			   KIST_SIZE_TO(struct kist_sink, end));
	params = host_struct(&(struct kist_params){ .json = "{}", .json_len = 2 },
			     KIST_SIZE_TO(struct kist_params, json_len));
}

static void load(void)
{
	const char *top = getenv("top_builddir");
	const struct kist_plugin *plugin = NULL;
	kist_plugin_entry_v1_fn entry;
	char path[4096];
	void *library;
	void *symbol;

	snprintf(path, sizeof(path), "%s/tests/unit/plugin/frozen.so", top ? top : ".");
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	ck_assert_msg(library != NULL, "%s", dlerror());
	symbol = dlsym(library, "kist_plugin_entry_v1");
	ck_assert_ptr_nonnull(symbol);
	memcpy(&entry, &symbol, sizeof(entry));
	ck_assert_int_eq(entry(host, call, &plugin), KIST_OK);
	ck_assert_uint_eq(plugin->abi_minor_built, 0);
	ck_assert_uint_ge(plugin->struct_size, KIST_SIZE_TO(struct kist_plugin, tasks));
	ck_assert_uint_eq(plugin->types[0]->struct_size, 48);
	interface = plugin->types[0]->interface;
	ck_assert_uint_eq(interface->struct_size, 80);
}

/* What hosts give has this much behind what 1.0 had. */
static const size_t behind[] = { 0, 8, MORE };

START_TEST(a_plugin_of_1_0_reads_and_writes_under_this_host)
{
	struct kist_object *object;
	void *instance = NULL;

	make_host(behind[_i]);
	load();
	ck_assert_int_eq(interface->open(host, call, &instance), KIST_OK);
	object = host_struct(&(struct kist_object){ .kind = 0 }, KIST_SIZE_TO(struct kist_object, logical));
	ck_assert_msg(interface->deserialize(instance, call, source, params, object) == KIST_OK, "%s",
		      failure);
	ck_assert_uint_eq(object->kind, KIST_KIND_VALUE);
	ck_assert_int_eq(interface->serialize(instance, call, object, params, sink), KIST_OK);
	ck_assert_uint_eq(written_size, byte_count);
	ck_assert_mem_eq(written, bytes, byte_count);
	object->release(object);
	ck_assert(object->release == NULL);
	interface->close(instance);
	/* What lies behind was not its to write. */
	for (size_t i = 0; i < more; i++)
		ck_assert_uint_eq(((const uint8_t *)object)[KIST_SIZE_TO(struct kist_object, logical) + i],
				  0xa5);
}
END_TEST

START_TEST(a_plugin_of_1_0_validates_and_describes_under_this_host)
{
	struct kist_report *report;

	make_host(behind[_i]);
	load();
	report =
		host_struct(&(struct kist_report){ .issue = issue }, KIST_SIZE_TO(struct kist_report, issue));
	ck_assert_int_eq(interface->validate(NULL, call, source, params, report), KIST_OK);
	ck_assert_uint_eq(issues, 0);
	ck_assert_int_eq(interface->describe(NULL, call, source, params, sink), KIST_OK);
	ck_assert(written_size > 0 && written[0] == '{');
	bytes[0] = 'X';
	ck_assert_int_eq(interface->validate(NULL, call, source, params, report), KIST_OK);
	ck_assert_uint_eq(issues, 1);
	ck_assert_int_eq(interface->describe(NULL, call, source, params, sink), KIST_CORRUPT);
	ck_assert_ptr_nonnull(strstr(failure, "TINY"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("hosts");

	tcase_add_loop_test(tcase, a_plugin_of_1_0_reads_and_writes_under_this_host, 0, 3);
	tcase_add_loop_test(tcase, a_plugin_of_1_0_validates_and_describes_under_this_host, 0, 3);
	return suite_run(tcase, "hosts");
}
