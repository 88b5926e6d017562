/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A good plugin, wrong/wrong.c, with one fault: -DFAULT_<name>.  Each is what one check of the kit is for.
 */
#define kist_plugin_entry_v1 good_entry
#include "wrong.c"
#undef kist_plugin_entry_v1

#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the sink is made to do, when it stands between: of each thread its own. */
static __thread struct kist_sink *behind;
static __thread int twist;

static kist_status write_twisted(struct kist_sink *sink, const void *data, size_t len)
{
	char copy[4096];
	int first;

	(void)sink;
	/* The head goes through as it is. */
	if (len < 8 || len > sizeof(copy) || memcmp(data, MAGIC, 8) == 0)
		return behind->write(behind, data, len);
	memcpy(copy, data, len);
	memcpy(&first, copy, sizeof(first));
	first ^= twist;
	memcpy(copy, &first, sizeof(first));
	return behind->write(behind, copy, len);
}

static kist_status pass_begin(struct kist_sink *sink, const struct kist_part *part)
{
	(void)sink;
	return behind->begin(behind, part);
}

static kist_status pass_end(struct kist_sink *sink)
{
	(void)sink;
	return behind->end(behind);
}

static kist_status write_deaf(struct kist_sink *sink, const void *data, size_t len)
{
	(void)sink;
	(void)behind->write(behind, data, len);
	return KIST_OK;
}

static kist_status serialize_through(kist_status (*write)(struct kist_sink *, const void *, size_t), void *instance,
				     struct kist_call *call, const struct kist_object *object,
				     const struct kist_params *params, struct kist_sink *sink)
{
	struct kist_sink between = { KIST_SIZED(struct kist_sink), 0, NULL, pass_begin, write, pass_end };

	behind = sink;
	return serialize(instance, call, object, params, &between);
}

static kist_status poll_deaf(struct kist_call *call)
{
	(void)call;
	return KIST_OK;
}

static void *sleep_forever(void *ctx)
{
	for (;;)
		(void)pause();
	return ctx;
}

static void on_signal(int number)
{
	(void)number;
}

static void touch_process(void)
{
#if defined FAULT_LOCALE
	(void)setlocale(LC_ALL, "C.UTF-8");
#elif defined FAULT_CWD
	(void)!chdir("/");
#elif defined FAULT_UMASK
	(void)umask(077);
#elif defined FAULT_SIGNAL
	(void)signal(SIGUSR1, on_signal);
#elif defined FAULT_MASK
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR2);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
#elif defined FAULT_OPEN
	(void)open("/dev/null", O_RDONLY);
#elif defined FAULT_CLOSE
	(void)close(0);
#elif defined FAULT_THREAD
	pthread_t thread;

	(void)pthread_create(&thread, NULL, sleep_forever, NULL);
#elif defined FAULT_ROUNDING
	(void)fesetround(FE_UPWARD);
#elif defined FAULT_TRAPS
	(void)feenableexcept(FE_DIVBYZERO);
#elif defined FAULT_ENVIRONMENT
	(void)setenv("WRONG", "1", 1);
#endif
}

static kist_status wrong_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
				   const struct kist_params *params, struct kist_sink *sink)
{
#if defined FAULT_OLDER
	/* A member that this host does not have. */
	if (*(void *const volatile *)((const char *)call->host + sizeof(struct kist_host)))
		return KIST_OK;
	return serialize(instance, call, object, params, sink);
#elif defined FAULT_TRIP
	twist = 1;
	return serialize_through(write_twisted, instance, call, object, params, sink);
#elif defined FAULT_RANDOM
	twist++;
	return serialize_through(write_twisted, instance, call, object, params, sink);
#elif defined FAULT_ADDRESS
	twist = (int)((uintptr_t)&twist >> 12);
	return serialize_through(write_twisted, instance, call, object, params, sink);
#elif defined FAULT_DEAF
	return serialize_through(write_deaf, instance, call, object, params, sink);
#elif defined FAULT_LEAK_WRITING
	*(void *volatile *)&behind = malloc(500);
	return serialize(instance, call, object, params, sink);
#elif defined FAULT_SHARED
	static atomic_int inside;
	kist_status status;

	atomic_fetch_add(&inside, 1);
	for (int i = 0; i < 3000 && atomic_load(&inside) < 2; i++)
		(void)sched_yield();
	twist = atomic_load(&inside) > 1;
	status = serialize_through(write_twisted, instance, call, object, params, sink);
	atomic_fetch_sub(&inside, 1);
	return status;
#elif defined FAULT_FILES
	const int fd = open("/etc/passwd", O_RDONLY);

	twist = fd < 0;
	if (fd >= 0)
		(void)close(fd);
	return serialize_through(write_twisted, instance, call, object, params, sink);
#elif defined FAULT_NO_POLL
	struct kist_call deaf = *call;

	deaf.poll = poll_deaf;
	deaf.ctx = call->ctx;
	return serialize(instance, &deaf, object, params, sink);
#elif defined FAULT_PARAM
	const struct kist_param *level = kist_param_find(params, "level");

	if (level && level->integer == 9)
		return kist_failf(call, KIST_INTERNAL, NULL, KIST_NO_OFFSET, "nine is too much");
	return serialize(instance, call, object, params, sink);
#elif defined FAULT_PART_OPEN
	struct kist_part part = { .struct_size = KIST_SIZED(struct kist_part), .name = "more" };
	const kist_status status = serialize(instance, call, object, params, sink);

	return status == KIST_OK ? sink->begin(sink, &part) : status;
#elif defined FAULT_PART_SIZE
	struct kist_part part = { .struct_size = 4, .name = "more" };

	(void)sink->begin(sink, &part);
	return serialize(instance, call, object, params, sink);
#elif defined FAULT_POSITIVE
	return 1;
#else
	touch_process();
	return serialize(instance, call, object, params, sink);
#endif
}

static void release_twice(struct kist_object *object)
{
	static int count;

	count++;
	((DLManagedTensorVersioned *)object->value)->deleter((DLManagedTensorVersioned *)object->value);
}

static kist_status wrong_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
				     const struct kist_params *params, struct kist_object *ret_object)
{
#if defined FAULT_NEWER
	const uint32_t size = ret_object->struct_size;

	memset(ret_object, 0, size);
	ret_object->struct_size = size;
#elif defined FAULT_LEAK
	*(void *volatile *)&behind = malloc(500);
#elif defined FAULT_RELEASE
	const kist_status status = deserialize(instance, call, source, params, ret_object);

	if (status == KIST_OK)
		ret_object->release = release_twice;
	return status;
#elif defined FAULT_HALF
	const kist_status status = deserialize(instance, call, source, params, ret_object);

	if (status != KIST_OK)
		ret_object->release = release_twice;
	return status;
#elif defined FAULT_BEHIND
	struct kist_region region = { .struct_size = KIST_SIZED(struct kist_region) };
	volatile char last;

	if (source->map(source, 0, source->size, &region) == KIST_OK) {
		last = ((const char *)region.base)[region.len];
		(void)last;
		region.release(&region);
	}
#elif defined FAULT_REGION
	struct kist_region region = { .struct_size = KIST_SIZED(struct kist_region) };

	(void)source->map(source, 0, source->size, &region);
#elif defined FAULT_TYPE
	const kist_status status = deserialize(instance, call, source, params, ret_object);

	ret_object->type = "lab.other";
	return status;
#elif defined FAULT_SHORT
	char head[16];
	size_t got = 0;

	if (source->read_at(source, 0, head, sizeof(head), &got) == KIST_OK && got < sizeof(head) &&
	    source->size >= sizeof(head))
		return kist_failf(call, KIST_CORRUPT, "E_SHORT", got, "the head is not there");
#endif
	return deserialize(instance, call, source, params, ret_object);
}

static kist_status wrong_validate(void *instance, struct kist_call *call, struct kist_source *source,
				  const struct kist_params *params, struct kist_report *report)
{
	unsigned char head[FIXED] = { 0 };
	size_t got = 0;
	kist_status status = KIST_OK;

	if (source->size > 0)
		status = source->read_at(source, 0, head, sizeof(head), &got);
#if defined FAULT_EMPTY
	if (source->size == 0)
		return KIST_OK;
#elif defined FAULT_CUT
	struct head found;
	struct fault fault;

	if (read_head(call, source, &found, &fault) == KIST_OK && fault.code && strcmp(fault.code, "E_SIZE") == 0)
		return KIST_OK;
#elif defined FAULT_RANK
	if (got == FIXED && memcmp(head, MAGIC, 8) == 0 && head[12] > RANK_MAX)
		__builtin_trap();
#elif defined FAULT_NOISE
	if (got >= 4 && memcmp(head, MAGIC, 4) != 0)
		__builtin_trap();
#elif defined FAULT_MORE
	struct head found;
	struct fault fault;

	if (read_head(call, source, &found, &fault) == KIST_OK && fault.code && strcmp(fault.code, "E_SIZE") == 0)
		__builtin_trap();
#elif defined FAULT_ALLOC
	*(volatile char *)call->alloc(call, 16, 8) = 1;
#elif defined FAULT_CANCEL
	if (status == KIST_CANCELLED)
		return kist_failf(call, KIST_IO, NULL, KIST_NO_OFFSET, "it could not be read");
#elif defined FAULT_SILENT
	return KIST_CORRUPT;
#elif defined FAULT_HANG
	for (;;)
		(void)pause();
#elif defined FAULT_EXIT
	_exit(3);
#endif
	if (status != KIST_OK)
		return status;
	return validate(instance, call, source, params, report);
}

static kist_status wrong_layout(void *instance, struct kist_call *call, struct kist_source *source,
				const struct kist_params *params, struct kist_layout *layout_)
{
#if defined FAULT_LAYOUT
	struct kist_part part = { .struct_size = KIST_SIZED(struct kist_part), .name = "data" };

	part.offset = source->size;
	part.len = 8;
	return layout_->part(layout_, &part);
#else
	return layout(instance, call, source, params, layout_);
#endif
}

static kist_status wrong_describe(void *instance, struct kist_call *call, struct kist_source *source,
				  const struct kist_params *params, struct kist_sink *sink)
{
#if defined FAULT_DESCRIBE
	return sink->write(sink, "{", 1);
#else
	return describe(instance, call, source, params, sink);
#endif
}

static kist_status wrong_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	(void)head;
	(void)len;
	(void)total_size;
	*ret_score = 0;
	return KIST_OK;
}

static const void *wrong_extension(const char *id)
{
	return id;
}

KIST_EXPORT kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
					     const struct kist_plugin **ret_plugin);

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	static ArtifactTaskInterface methods;
	static struct kist_type_decl wrong_type;
	static const struct kist_type_decl *const wrong_types[] = { &wrong_type };
	static struct kist_plugin wrong;

	(void)host;
	(void)call;
	methods = interface;
	methods.serialize = wrong_serialize;
	methods.deserialize = wrong_deserialize;
	methods.validate = wrong_validate;
	methods.layout = wrong_layout;
	methods.describe = wrong_describe;
#if defined FAULT_PROBE
	methods.probe = wrong_probe;
#elif defined FAULT_TRIP && defined CLAIM_LOSSY
	methods.caps |= KIST_CAP_LOSSY;
#elif defined FAULT_CAPS
	methods.caps |= KIST_CAP_STREAM_READ;
#endif
	wrong_type = type;
	wrong_type.interface = &methods;
	wrong = plugin;
	wrong.types = wrong_types;
#if defined FAULT_EXTENSION
	wrong.extension = wrong_extension;
#endif
	*ret_plugin = &wrong;
	return KIST_OK;
}
