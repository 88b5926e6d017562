/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kist/helpers.h"

/*
 * A plugin that breaks every rule on demand: the first byte of its input says how.  It has the type
 * "test.fault"; with the byte 'n' (nice) and the rest it behaves.
 */

KIST_NOTE("test.fault", 0);

static const struct kist_host *saved_host;
static unsigned int opened;
static unsigned int closed;

/* An instance: how many times it validated. */
struct counter {
	unsigned int validated;
};

static kist_status fault_open(const struct kist_host *host, struct kist_call *call, void **ret)
{
	saved_host = host;
	*ret = calloc(1, sizeof(struct counter));
	opened++;
	return *ret ? KIST_OK : kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory");
}

static void fault_close(void *instance)
{
	closed++;
	free(instance);
}

static void overflow_stack(const volatile char *before, unsigned long depth)
{
	volatile char room[4096];

	room[0] = before ? before[0] : 1;
	if (depth > 0)
		overflow_stack(room, depth - 1);
	room[1] = room[0];
}

/* Ways to end, or not to. */
static kist_status end_badly(struct kist_call *call, char how)
{
	static volatile unsigned sink;

	switch (how) {
	case 's':
		raise(SIGSEGV);
		break;
	case 'a':
		abort();
	case 'f':
		raise(SIGFPE);
		break;
	case 'o':
		overflow_stack(NULL, 1000000000);
		break;
	case 'x':
		exit(3);
	case 'X':
		_exit(0);
	case 'h': /* hangs and never looks up */
		for (;;)
			sink++;
	case 'p': /* hangs, but polls */
		for (;;) {
			const kist_status status = call->poll(call);

			if (status != KIST_OK)
				return status;
		}
	case 'c': /* closes what it finds, goes on */
		for (int fd = 0; fd < 64; fd++)
			(void)close(fd);
		break;
	case 'C': /* closes what it finds, hangs */
		for (int fd = 0; fd < 64; fd++)
			(void)close(fd);
		for (;;)
			sink++;
	case 'w': /* last words */
		(void)!write(2, "the sky is falling\n", 19);
		abort();
	case 'm': /* fails without a message */
		return KIST_CORRUPT;
	case '+': /* a positive status */
		return 7;
	case '-': /* a status that is none */
		return -1000;
	case 'e': /* fails as it should */
		return kist_failf(call, KIST_CORRUPT, "E_TEST", 5, "the byte \x01 is wrong\nhere");
	case 'F': /* floods the socket with what is no message */
		(void)!write(3, "garbage", 7);
		break;
	default:
		break;
	}
	return KIST_OK;
}

static kist_status first_byte(struct kist_call *call, struct kist_source *source, char *ret)
{
	return kist_read_exact(call, source, 0, ret, 1);
}

struct fault_value {
	struct kist_region region;
	char how;
};

static void object_release(struct kist_object *object)
{
	struct fault_value *value = object->priv;
	const char how = value->how;

	if (value->region.release)
		value->region.release(&value->region);
	free(value);
	object->release = NULL;
	if (how == 'R')
		abort();
}

static kist_status fault_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
				     const struct kist_params *params, struct kist_object *ret)
{
	struct fault_value *value;
	kist_status status;
	char how;

	(void)instance;
	(void)params;
	status = first_byte(call, source, &how);
	if (status == KIST_OK)
		status = end_badly(call, how);
	if (status != KIST_OK)
		return status;
	if (how == 'N') /* success, and nothing made */
		return KIST_OK;
	value = calloc(1, sizeof(*value));
	if (!value)
		return KIST_NO_MEMORY;
	value->how = how;
	status = source->map(source, 0, source->size, &value->region);
	if (status != KIST_OK) {
		free(value);
		return status;
	}
	ret->kind = how == 'K' ? 99 : KIST_KIND_BYTES;
	ret->type = "test.fault";
	ret->type_major = 1;
	ret->value = &value->region;
	ret->release = object_release;
	ret->priv = value;
	return how == 'L' ? kist_failf(call, KIST_INVALID, NULL, KIST_NO_OFFSET, "fails and leaves an object")
			  : KIST_OK;
}

static const int64_t data_shape[] = { 4 };

static kist_status write_part(struct kist_sink *sink, uint64_t announced, const void *data, size_t len)
{
	const struct kist_part part = { .struct_size = sizeof(part),
					.name = "data",
					.len = announced,
					.dtype = { kDLUInt, 8, 1 },
					.ndim = 1,
					.shape = data_shape };
	kist_status status = sink->begin(sink, &part);

	if (status == KIST_OK)
		status = sink->write(sink, data, len);
	return status == KIST_OK ? sink->end(sink) : status;
}

static kist_status fault_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
				   const struct kist_params *params, struct kist_sink *sink)
{
	const struct kist_region *region = object->value;
	const struct kist_param *how = kist_param_find(params, "how");
	static char block[1 << 20];

	(void)instance;
	if (how && how->string[0] == 'W') { /* writes forever and does not listen */
		for (;;)
			(void)sink->write(sink, block, sizeof(block));
	}
	if (how && how->string[0] == 'V') { /* writes forever and listens */
		kist_status status = KIST_OK;

		while (status == KIST_OK)
			status = sink->write(sink, block, sizeof(block));
		return status;
	}
	if (how && how->string[0] == 'l') /* announces another length than it writes */
		return write_part(sink, 4, "abc", 3) == KIST_OK ? KIST_OK : KIST_OK;
	if (how && how->string[0] == 'b') /* leaves a part open */
		return sink->begin(sink, &(struct kist_part){ .struct_size = sizeof(struct kist_part) });
	if (how && how->string[0] == 'q') { /* small parts */
		for (int i = 0; i < 100; i++) {
			const kist_status status = write_part(sink, 4, "abcd", 4);

			if (status != KIST_OK)
				return status;
		}
		return KIST_OK;
	}
	if (how && end_badly(call, how->string[0]) != KIST_OK)
		return KIST_INVALID;
	return sink->write(sink, region->base, (size_t)region->len);
}

static kist_status fault_validate(void *instance, struct kist_call *call, struct kist_source *source,
				  const struct kist_params *params, struct kist_report *report)
{
	struct counter *const counter = instance;
	kist_status status;
	char how;

	(void)params;
	counter->validated++;
	status = first_byte(call, source, &how);
	if (status != KIST_OK)
		return status;
	if (how == 'i') {
		kist_issuef(report, KIST_ISSUE_WARNING, "W_TEST", 1, "odd");
		kist_issuef(report, KIST_ISSUE_ERROR, "E_FIRST", 2, "wrong");
		kist_issuef(report, KIST_ISSUE_ERROR, "E_SECOND", 3, "wrong again");
	}
	for (int i = 0; how == 'I' && i < 5000; i++)
		kist_issuef(report, KIST_ISSUE_WARNING, "W_MANY", (uint64_t)i, "one of many");
	if (how == 'I')
		kist_issuef(report, KIST_ISSUE_ERROR, "E_LAST", 4, "after many");
	if (how == 'v')
		kist_issuef(report, 17, "E_SEVERITY", 0, "no such severity");
	return end_badly(call, how);
}

static kist_status fault_probe(const void *head, size_t len, uint64_t total, int32_t *ret)
{
	(void)total;
	*ret = len > 0 && *(const char *)head == 'n' ? 42 : len > 0 && *(const char *)head == 'B' ? 101 : 0;
	if (len > 0 && *(const char *)head == 'a')
		abort();
	return KIST_OK;
}

static kist_status lay(struct kist_layout *layout, uint64_t offset, uint64_t len)
{
	return layout->part(layout, &(struct kist_part){ .struct_size = sizeof(struct kist_part),
							 .name = "data",
							 .offset = offset,
							 .len = len,
							 .dtype = { kDLUInt, 8, 1 },
							 .ndim = 1,
							 .shape = (const int64_t[]){ (int64_t)len } });
}

static kist_status fault_layout(void *instance, struct kist_call *call, struct kist_source *source,
				const struct kist_params *params, struct kist_layout *layout)
{
	kist_status status;
	char how;

	(void)instance;
	(void)params;
	status = first_byte(call, source, &how);
	if (status != KIST_OK)
		return status;
	if (how == 'O') /* over each other */
		(void)(lay(layout, 0, 4) + lay(layout, 2, 4));
	else if (how == 'P') /* past the end */
		(void)lay(layout, 2, UINT64_MAX - 1);
	else if (how == 'r') /* an impossible rank */
		(void)layout->part(
			layout, &(struct kist_part){ .struct_size = sizeof(struct kist_part), .ndim = 65 });
	else if (how == 'n')
		return lay(layout, 0, 4) == KIST_OK ? lay(layout, 4, 2) : KIST_INVALID;
	return end_badly(call, how);
}

static int try_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static int try_fork(void)
{
	const pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0;
}

static int try_exec_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int try_file(const char *path)
{
	return open(path, O_RDONLY) < 0;
}

/* Says what is denied to it: one flag each. */
static kist_status describe_sandbox(struct kist_sink *sink)
{
	char text[512];
	const int len = snprintf(text, sizeof(text),
				 "{\"passwd\":%d,\"library\":%d,\"write\":%d,\"socket\":%d,\"fork\":%d,"
				 "\"exec_memory\":%d,\"kill\":%d,\"env\":%d,\"fds\":%d}",
				 try_file("/etc/passwd"), try_file("/usr/lib/os-release"),
				 open("/tmp/kist-fault", O_WRONLY | O_CREAT, 0600) < 0, try_socket(),
				 try_fork(), try_exec_memory(), kill(getppid(), 0) < 0,
				 getenv("HOME") == NULL, fcntl(63, F_GETFD) < 0);

	return sink->write(sink, text, (size_t)len);
}

/* "name=kind:value " for each argument. */
static void list_arguments(const struct kist_params *params, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (uint32_t i = 0; i < params->count && used < size; i++) {
		const struct kist_param *param = params->list[i];
		int len;

		if (param->kind == KIST_PARAM_STRING)
			len = snprintf(ret + used, size - used, "%s=%u:%.*s ", param->name, param->kind,
				       (int)param->string_len, param->string);
		else if (param->kind == KIST_PARAM_NUMBER)
			len = snprintf(ret + used, size - used, "%s=%u:%g ", param->name, param->kind,
				       param->number);
		else
			len = snprintf(ret + used, size - used, "%s=%u:%lld ", param->name, param->kind,
				       (long long)param->integer);
		used += (size_t)len;
	}
}

static kist_status describe_nicely(struct kist_call *call, struct kist_source *source,
				   const struct kist_params *params, struct kist_sink *sink)
{
	char text[2048];
	char list[512];
	unsigned long sum = 0;
	char block[1000];
	size_t got = 1;
	int len;

	for (uint64_t at = 0; got > 0; at += got) {
		const kist_status status = source->read_at(source, at, block, sizeof(block), &got);

		if (status != KIST_OK)
			return status;
		for (size_t i = 0; i < got; i++)
			sum = sum * 31 + (unsigned char)block[i];
	}
	call->progress(call, 1, 2);
	saved_host->log(saved_host, KIST_LOG_WARNING, "a\nlog", 5);
	list_arguments(params, list, sizeof(list));
	len = snprintf(text, sizeof(text), "{\"size\":%llu,\"sum\":%lu,\"params\":%.*s,\"list\":\"%s\"}",
		       (unsigned long long)source->size, sum, (int)params->json_len, params->json, list);
	return sink->write(sink, text, (size_t)len);
}

static kist_status describe_counter(const struct counter *counter, struct kist_sink *sink)
{
	char text[128];
	const int len = snprintf(text, sizeof(text), "{\"validated\":%u,\"opened\":%u,\"closed\":%u}",
				 counter->validated, opened, closed);

	return sink->write(sink, text, (size_t)len);
}

static kist_status fault_describe(void *instance, struct kist_call *call, struct kist_source *source,
				  const struct kist_params *params, struct kist_sink *sink)
{
	kist_status status;
	char how;

	status = first_byte(call, source, &how);
	if (status != KIST_OK)
		return status;
	if (how == 'k')
		return describe_counter(instance, sink);
	if (how == 'j') /* no JSON */
		return sink->write(sink, "{oops", 5);
	if (how == 'J') /* JSON, but no object */
		return sink->write(sink, "[]", 2);
	if (how == 'z')
		return describe_sandbox(sink);
	while (how == 'W') { /* endless */
		status = sink->write(sink, "          ", 10);
		if (status != KIST_OK)
			return status;
	}
	if (how == 'n')
		return describe_nicely(call, source, params, sink);
	status = end_badly(call, how);
	return status == KIST_OK ? sink->write(sink, "{}", 2) : status;
}

static const ArtifactTaskInterface fault_interface = {
	.struct_size = sizeof(ArtifactTaskInterface),
	.caps = KIST_CAP_DETERMINISTIC,
	.open = fault_open,
	.close = fault_close,
	.serialize = fault_serialize,
	.deserialize = fault_deserialize,
	.validate = fault_validate,
	.probe = fault_probe,
	.layout = fault_layout,
	.describe = fault_describe,
};

/* The same without what is optional. */
static const ArtifactTaskInterface plain_interface = {
	.struct_size = sizeof(ArtifactTaskInterface),
	.open = fault_open,
	.close = fault_close,
	.serialize = fault_serialize,
	.deserialize = fault_deserialize,
	.validate = fault_validate,
};

static const struct kist_type_decl fault_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_BYTES),
	.type = "test.fault",
	.task = "FaultArtifactTask",
	.major = 1,
	.minor = 0,
	.priority = 10,
	.interface = &fault_interface,
};

static const struct kist_type_decl plain_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_BYTES),
	.type = "test.plain",
	.task = "PlainArtifactTask",
	.major = 1,
	.minor = 0,
	.priority = 10,
	.interface = &plain_interface,
};

static const struct kist_type_decl *const fault_types[] = { &fault_type, &plain_type };

static const struct kist_plugin fault_plugin = {
	.struct_size = sizeof(struct kist_plugin),
	.abi_minor_built = KIST_ABI_MINOR,
	.abi_minor_required = 0,
	.id = "test.fault",
	.version = "1.0.0",
	.type_count = 2,
	.types = fault_types,
};

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	(void)host;
	(void)call;
	*ret_plugin = &fault_plugin;
	return KIST_OK;
}
