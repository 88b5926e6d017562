/* SPDX-License-Identifier: Apache-2.0 */

/*
 * tiny.c with one fault, chosen when it is compiled:
 *
 *     -DIN=describe -DDO=crash              does that on entering the call; IN is constructor, entry, release or a call
 *     -DONLY=9                              in layout, validate and describe: for files of so many bytes only
 *     -DDESCRIBE=describe_nan               another function in place of tiny's own
 *     -DCHANGE='bad_plugin.struct_size=0'   changes what the entry gives
 *     -DNOTE='KIST_NOTE("other", 0);'       another note, or none
 *     -DENTRY=entry, -DMAJOR=2              another name of the entry, another ABI
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kist/helpers.h>

#ifdef MAJOR
#undef KIST_ABI_MAJOR
#define KIST_ABI_MAJOR MAJOR
#endif
#ifdef NOTE
NOTE
#undef KIST_NOTE
#define KIST_NOTE(id, minor) struct no_note
#endif

/* The healthy plugin, under another name. */
#define kist_plugin_entry_v1 tiny_entry
kist_status tiny_entry(const struct kist_host *host, struct kist_call *call, const struct kist_plugin **ret_plugin);
#include "tiny.c"
#undef kist_plugin_entry_v1

/* What a fault does, wherever it is put. */

static void nothing(void)
{
}

static void crash(void)
{
	*(volatile int *)NULL = 1;
}

static void divide(void)
{
	raise(SIGFPE);
}

static void spin(void)
{
	for (volatile int i = 0;; i++)
		;
}

static void rest(void)
{
	for (;;)
		pause();
}

static void leave(void)
{
	exit(3);
}

static int overflow_(volatile char *above)
{
	volatile char here[4096];

	here[0] = above[0];
	return overflow_(here) + here[0];
}

static void overflow(void)
{
	char here = 1;

	(void)overflow_(&here);
}

/* 1 GiB is more than the test lets the process have. */
static void bomb(void)
{
	for (int i = 0; i < 1024; i++)
		memset(malloc(1 << 20), 1, 1 << 20);
}

static void close_all(void)
{
	for (int fd = 0; fd < 64; fd++)
		close(fd);
}

static void cut_off(void)
{
	close(3);
	spin();
}

static void garbage(void)
{
	(void)!write(3, "garbage", 7);
}

static void chatter(void)
{
	for (;;)
		(void)!write(2, "and another thing, ", 19);
}

static void interrupt_all(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	spin();
}

/* What the sandbox denies: the last words say how that went. */

static void tell(const char *what, long result)
{
	fprintf(stderr, "%s: %s\n", what, result < 0 ? strerror(errno) : "it worked");
	abort();
}

static void read_file(void)
{
	tell("reading a file", open("/etc/passwd", O_RDONLY));
}

static void make_file(void)
{
	tell("making a file", open("/tmp/kist-zoo-file", O_WRONLY | O_CREAT, 0600));
}

static void read_memory(void)
{
	tell("opening its own memory", open("/proc/self/mem", O_RDWR));
}

static void make_socket(void)
{
	tell("making a socket", socket(AF_INET, SOCK_STREAM, 0));
}

static void make_process(void)
{
	tell("making a process", fork());
}

static void run_program(void)
{
	tell("running a program", execl("/bin/true", "true", (char *)NULL));
}

static void signal_host(void)
{
	tell("signalling the host", kill(getppid(), SIGKILL));
}

static void make_code(void)
{
	tell("making code", (long)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void load_code(void)
{
	tell("loading code", dlopen("libresolv.so.2", RTLD_NOW) ? 0 : -1);
}

static void *run(void *arg)
{
	return arg;
}

static void make_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, run, NULL);
	tell("making a thread", errno ? -1 : 0);
}

#ifndef IN
#define IN nowhere
#define DO nothing
#endif
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

static void enter(const char *where)
{
	if (strcmp(where, TEXT(IN)) == 0)
		DO();
}

__attribute__((constructor)) static void constructor(void)
{
	enter("constructor");
}

/* Faults of one function each. */

#define CALL void *instance, struct kist_call *call
#define USED (void)instance, (void)call, (void)params

static kist_status fail_silently(CALL, struct kist_source *source, const struct kist_params *params, void *ret)
{
	USED, (void)source, (void)ret;
	return KIST_CORRUPT;
}

static kist_status fail_positively(CALL, struct kist_source *source, const struct kist_params *params, void *ret)
{
	USED, (void)source, (void)ret;
	return 7;
}

static kist_status fail_cancelled(CALL, struct kist_source *source, const struct kist_params *params, void *ret)
{
	USED, (void)source, (void)ret;
	return KIST_CANCELLED;
}

static kist_status fail_io(CALL, struct kist_source *source, const struct kist_params *params, void *ret)
{
	USED, (void)source, (void)ret;
	return kist_failf(call, KIST_IO, NULL, KIST_NO_OFFSET, "the disk is on fire");
}

static kist_status fail_memory(CALL, struct kist_source *source, const struct kist_params *params, void *ret)
{
	USED, (void)source, (void)ret;
	return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "it wants more");
}

/* Escape sequences, a line end, bytes that are no UTF-8, and no end. */
static kist_status fail_rudely(CALL, struct kist_source *source, const struct kist_params *params, void *ret)
{
	static char text[1 << 16] = "\033[2Jred\nline \xff\xfe.";

	USED, (void)source, (void)ret;
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text));
	return call->fail(call, KIST_CORRUPT, "E_\033[31m", 3, text, sizeof(text));
}

static kist_status write_lent(CALL, struct kist_source *source, const struct kist_params *params, void *ret)
{
	struct kist_region region = { 0 };

	USED, (void)ret;
	if (source->map(source, 0, source->size, &region) == KIST_OK)
		*(volatile char *)(uintptr_t)region.base = 'X';
	return KIST_OK;
}

static kist_status say_larger(CALL, struct kist_source *source, const struct kist_params *params, void *ret)
{
	struct kist_region region = { 0 };

	(void)ret;
	USED;
	source->size = (uint64_t)1 << 40;
	if (source->map(source, 1 << 20, 4096, &region) != KIST_OK)
		return kist_failf(call, KIST_CORRUPT, "E_SHORT", KIST_NO_OFFSET, "there is nothing behind the end");
	return *(const volatile char *)region.base == 0 ? KIST_OK : KIST_CORRUPT;
}

static kist_status validate_severity(CALL, struct kist_source *source, const struct kist_params *params,
				     struct kist_report *report)
{
	USED, (void)source;
	kist_issuef(report, 9, NULL, 0, "very bad");
	return KIST_OK;
}

static kist_status validate_endless(CALL, struct kist_source *source, const struct kist_params *params,
				    struct kist_report *report)
{
	USED, (void)source;
	for (;;)
		kist_issuef(report, KIST_ISSUE_WARNING, NULL, 0, "again");
}

static kist_status log_endless(CALL, struct kist_source *source, const struct kist_params *params,
			       struct kist_report *report)
{
	USED, (void)source, (void)report;
	for (;;)
		call->host->log(call->host, KIST_LOG_INFO, "again", 5);
}

static kist_status probe_1000(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	(void)head, (void)len, (void)total_size;
	*ret_score = 1000;
	return KIST_OK;
}

/* Layouts of "TINYhello", 9 bytes. */

static kist_status lay(struct kist_layout *layout, uint64_t offset, uint64_t len, int32_t ndim, uint8_t bits)
{
	static int64_t shape[KIST_RANK_MAX + 1] = { 3, 3 };
	const struct kist_part part = { KIST_SIZED(struct kist_part), 0, "data", offset, len, { kDLUInt, bits, bits != 0 }, ndim, shape };

	return layout->part(layout, &part);
}

#define LAYOUT_FAULT(name, ...)                                                                                  \
	static kist_status layout_##name(CALL, struct kist_source *source, const struct kist_params *params,     \
					 struct kist_layout *layout)                                             \
	{                                                                                                        \
		USED, (void)source;                                                                              \
		__VA_ARGS__;                                                                                     \
		return KIST_OK;                                                                                  \
	}
LAYOUT_FAULT(overlap, lay(layout, 0, 5, 0, 0); lay(layout, 4, 2, 0, 0))
LAYOUT_FAULT(unsorted, lay(layout, 6, 2, 0, 0); lay(layout, 0, 2, 0, 0))
LAYOUT_FAULT(outside, lay(layout, 4, 6, 0, 0))
LAYOUT_FAULT(far_outside, lay(layout, UINT64_MAX - 1, 4, 0, 0))
LAYOUT_FAULT(rank, lay(layout, 0, 1, KIST_RANK_MAX + 1, 8))
LAYOUT_FAULT(size, lay(layout, 0, 8, 2, 8))
LAYOUT_FAULT(endless, while (lay(layout, 9, 0, 0, 0) == KIST_OK))

/* Descriptions. */

static kist_status write_text(struct kist_sink *sink, const char *text)
{
	return sink->write(sink, text, strlen(text));
}

#define DESCRIBE_FAULT(name, ...)                                                                                \
	static kist_status describe_##name(CALL, struct kist_source *source, const struct kist_params *params,   \
					   struct kist_sink *sink)                                               \
	{                                                                                                        \
		USED, (void)source;                                                                              \
		__VA_ARGS__;                                                                                     \
		return KIST_OK;                                                                                  \
	}
DESCRIBE_FAULT(words, write_text(sink, "two words"))
DESCRIBE_FAULT(list, write_text(sink, "[1]"))
DESCRIBE_FAULT(nothing, )
DESCRIBE_FAULT(nan, write_text(sink, "{\"x\":NaN}"))
DESCRIBE_FAULT(huge, write_text(sink, "{\"x\":1e999}"))
DESCRIBE_FAULT(twice, write_text(sink, "{\"x\":1,\"x\":2}"))
DESCRIBE_FAULT(bytes, write_text(sink, "{\"x\":\"\xff\"}"))
DESCRIBE_FAULT(deep, write_text(sink, "{\"x\":"); for (int i = 0; i < 100000; i++) write_text(sink, "["))
DESCRIBE_FAULT(endless, for (;;) write_text(sink, "{\"and so on\":"))

/* Serialized bytes. */

#define SERIALIZE_FAULT(name, ...)                                                                                   \
	static kist_status serialize_##name(CALL, const struct kist_object *object, const struct kist_params *params, \
					    struct kist_sink *sink)                                                  \
	{                                                                                                            \
		struct kist_part part = { KIST_SIZED(struct kist_part), 0, "data", 0, 3, { 0, 0, 0 }, 0, NULL };      \
                                                                                                                     \
		USED, (void)object, (void)part;                                                                      \
		__VA_ARGS__;                                                                                         \
		return KIST_OK;                                                                                      \
	}
SERIALIZE_FAULT(unreadable, write_text(sink, "TOTAL nonsense"))
SERIALIZE_FAULT(endless, for (;;) write_text(sink, "TINYTINYTINYTINY"))
SERIALIZE_FAULT(part_in_part, sink->begin(sink, &part); sink->begin(sink, &part))
SERIALIZE_FAULT(part_open, sink->begin(sink, &part); write_text(sink, "TIN"))
SERIALIZE_FAULT(part_short, sink->begin(sink, &part); write_text(sink, "TI"); sink->end(sink))
SERIALIZE_FAULT(part_long, sink->begin(sink, &part); write_text(sink, "TINY"); sink->end(sink))
SERIALIZE_FAULT(end, sink->end(sink))

/* Objects. */

static void release_nothing(struct kist_object *object)
{
	object->release = NULL;
}

static void delete_nothing(DLManagedTensorVersioned *tensor)
{
	(void)tensor;
}

static float numbers[6];
static int64_t shape[2] = { 2, 3 };
static int64_t strides[2] = { 3, 1 };
static DLManagedTensorVersioned tensor = {
	.version = { DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION },
	.deleter = delete_nothing,
	.dl_tensor = { numbers, { kDLCPU, 0 }, 2, { kDLFloat, 32, 1 }, shape, strides, 0 },
};
static struct kist_region bytes = { KIST_SIZED(struct kist_region), 0, "hello", 5, NULL, NULL };

#define OBJECT_FAULT(name, kind_, value_, ...)                                                                       \
	static kist_status deserialize_##name(CALL, struct kist_source *source, const struct kist_params *params,    \
					      struct kist_object *ret)                                               \
	{                                                                                                            \
		USED, (void)source;                                                                                  \
		ret->kind = kind_;                                                                                   \
		ret->type = "org.example.tiny";                                                                      \
		ret->type_major = 1;                                                                                 \
		ret->value = value_;                                                                                 \
		ret->release = release_nothing;                                                                      \
		__VA_ARGS__;                                                                                         \
		return KIST_OK;                                                                                      \
	}
OBJECT_FAULT(null, KIST_KIND_VALUE, NULL, )
OBJECT_FAULT(empty, KIST_KIND_VALUE, &bytes, ret->release = NULL)
OBJECT_FAULT(kind, 77, &bytes, )
OBJECT_FAULT(half, KIST_KIND_VALUE, &bytes, return KIST_CORRUPT)
OBJECT_FAULT(region, KIST_KIND_VALUE, &bytes, bytes.struct_size = 0)
OBJECT_FAULT(no_bytes, KIST_KIND_VALUE, &bytes, bytes.base = NULL)
OBJECT_FAULT(lie, KIST_KIND_VALUE, &bytes, bytes.len = 99; bytes.base = (const void *)16)
OBJECT_FAULT(strides, KIST_KIND_TENSOR, &tensor, strides[0] = INT64_MAX)
OBJECT_FAULT(shape, KIST_KIND_TENSOR, &tensor, shape[0] = -2)
OBJECT_FAULT(rank, KIST_KIND_TENSOR, &tensor, tensor.dl_tensor.ndim = 65)
OBJECT_FAULT(device, KIST_KIND_TENSOR, &tensor, tensor.dl_tensor.device.device_type = kDLCUDA)
OBJECT_FAULT(dlpack, KIST_KIND_TENSOR, &tensor, tensor.version.major = 2)

/* tiny's own functions, each after its enter(). */

#ifndef DESERIALIZE
#define DESERIALIZE deserialize
#endif
#ifndef SERIALIZE
#define SERIALIZE serialize
#endif
#ifndef VALIDATE
#define VALIDATE validate
#endif
#ifndef LAYOUT
#define LAYOUT layout_tiny
#endif
#ifndef DESCRIBE
#define DESCRIBE describe
#endif
#ifndef PROBE
#define PROBE probe_tiny
#endif

LAYOUT_FAULT(tiny, )

#ifndef ONLY
#define ONLY source->size
#endif

static kist_status probe_tiny(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	(void)head, (void)len, (void)total_size;
	*ret_score = 10;
	return KIST_OK;
}

static kist_status bad_open(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	enter("open");
	return open_tiny(host, call, ret_instance);
}

static void bad_close(void *instance)
{
	enter("close");
	close_tiny(instance);
}

static kist_status bad_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	enter("probe");
	return PROBE(head, len, total_size, ret_score);
}

static kist_status bad_serialize(CALL, const struct kist_object *object, const struct kist_params *params,
				 struct kist_sink *sink)
{
	enter("serialize");
	return SERIALIZE(instance, call, object, params, sink);
}

static kist_status bad_validate(CALL, struct kist_source *source, const struct kist_params *params,
				struct kist_report *report)
{
	if (source->size != ONLY)
		return validate(instance, call, source, params, report);
	enter("validate");
	return VALIDATE(instance, call, source, params, report);
}

static kist_status bad_layout(CALL, struct kist_source *source, const struct kist_params *params,
			      struct kist_layout *layout)
{
	if (source->size != ONLY)
		return layout_tiny(instance, call, source, params, layout);
	enter("layout");
	return LAYOUT(instance, call, source, params, layout);
}

static kist_status bad_describe(CALL, struct kist_source *source, const struct kist_params *params,
				struct kist_sink *sink)
{
	if (source->size != ONLY)
		return describe(instance, call, source, params, sink);
	enter("describe");
	return DESCRIBE(instance, call, source, params, sink);
}

static void bad_release(struct kist_object *object)
{
	enter("release");
	release_object(object);
}

static kist_status bad_deserialize(CALL, struct kist_source *source, const struct kist_params *params,
				   struct kist_object *ret_object)
{
	kist_status status;

	enter("deserialize");
	status = DESERIALIZE(instance, call, source, params, ret_object);
	if (ret_object->release == release_object)
		ret_object->release = bad_release;
	return status;
}

static void add_one(void)
{
}

/* What the entry gives: as tiny's, and changed. */

#ifndef ENTRY
#define ENTRY kist_plugin_entry_v1
#endif
#ifndef CHANGE
#define CHANGE
#endif

kist_status ENTRY(const struct kist_host *host, struct kist_call *call, const struct kist_plugin **ret_plugin)
{
	static ArtifactTaskInterface bad_interface;
	static struct kist_type_decl bad_type;
	static const struct kist_type_decl *bad_types[2] = { &bad_type };
	static struct kist_task_decl bad_task = { KIST_SIZED(struct kist_task_decl), 0, "add_one", "i64->i64", add_one };
	static const struct kist_task_decl *bad_tasks[1] = { &bad_task };
	static struct kist_plugin bad_plugin;

	enter("entry");
	bad_interface = interface;
	bad_interface.open = bad_open;
	bad_interface.close = bad_close;
	bad_interface.probe = bad_probe;
	bad_interface.serialize = bad_serialize;
	bad_interface.deserialize = bad_deserialize;
	bad_interface.validate = bad_validate;
	bad_interface.layout = bad_layout;
	bad_interface.describe = bad_describe;
	bad_type = type;
	bad_type.interface = &bad_interface;
	bad_plugin = plugin;
	bad_plugin.types = bad_types;
	*ret_plugin = &bad_plugin;
	(void)host, (void)call, (void)bad_tasks;
	CHANGE;
	return KIST_OK;
}
