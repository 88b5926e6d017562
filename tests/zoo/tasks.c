/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Function tasks: one for each type of the grammar, and those that crash, hang, lie, leak and take what is not
 * theirs.
 */
#include <kist/task.h>
#include <kist/tensor.h>
#include <signal.h>

KIST_NOTE("test.tasks", 0);

static const DLDataType f64 = { kDLFloat, 64, 1 };

/* Numbers: one task for each, that gives back what it got. */

#define SAME(name_, type_, tag_)                                                                             \
	static type_ same_##name_(type_ value)                                                               \
	{                                                                                                    \
		return value;                                                                                \
	}                                                                                                    \
	KIST_TASK("same_" #name_, same_##name_, (tag_), tag_)

SAME(i8, int8_t, I8);
SAME(i16, int16_t, I16);
SAME(i32, int32_t, I32);
SAME(i64, int64_t, I64);
SAME(u8, uint8_t, U8);
SAME(u16, uint16_t, U16);
SAME(u32, uint32_t, U32);
SAME(u64, uint64_t, U64);
SAME(f32, float, F32);
SAME(f64, double, F64);
SAME(b8, uint8_t, B8);

static void nothing(void)
{
}
KIST_TASK("nothing", nothing, (NONE), VOID);

static int64_t sub(int64_t a, int64_t b)
{
	return a - b;
}
KIST_TASK("sub", sub, (I64, I64), I64);

/* Texts and bytes. */

static uint64_t text_len(const char *text)
{
	return strlen(text);
}
KIST_TASK("text_len", text_len, (CSTR), U64);

static uint64_t byte_sum(const void *data, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)data;
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += bytes[i];
	return sum;
}
KIST_TASK("byte_sum", byte_sum, (BYTES), U64);

static void free_region(struct kist_region *region)
{
	free(region->priv);
	region->release = NULL;
}

/* A copy with an owner. */
static kist_status give_copy(struct kist_call *call, const void *data, size_t len, struct kist_region *ret)
{
	char *copy = (char *)malloc(len + 1);

	if (!copy)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for %zu bytes", len);
	memcpy(copy, data, len);
	ret->base = ret->priv = copy;
	ret->len = len;
	ret->release = free_region;
	return KIST_OK;
}

static kist_status echo_json(struct kist_call *call, const char *json, size_t len, struct kist_region *ret)
{
	return give_copy(call, json, len, ret);
}
KIST_TASK("echo_json", echo_json, (CALL, JSON, REGION_OUT), STATUS);

static kist_status bad_json(struct kist_call *call, struct kist_region *ret)
{
	return give_copy(call, "{", 1, ret);
}
KIST_TASK("bad_json", bad_json, (CALL, REGION_OUT), STATUS);

static kist_status bad_text(struct kist_call *call, struct kist_region *ret)
{
	return give_copy(call, "\xff\xfe", 2, ret);
}
KIST_TASK("bad_text", bad_text, (CALL, REGION_OUT), STATUS);

/* Without a release: of the call's own memory. */
static kist_status echo_text(struct kist_call *call, const char *text, struct kist_region *ret)
{
	char *copy = (char *)call->alloc(call, strlen(text) + 1, 1);

	strcpy(copy, text);
	ret->base = copy;
	ret->len = strlen(copy);
	return KIST_OK;
}
KIST_TASK("echo_text", echo_text, (CALL, CSTR, REGION_OUT), STATUS);

static kist_status echo_bytes(struct kist_call *call, const void *data, size_t len, struct kist_region *ret)
{
	return give_copy(call, data, len, ret);
}
KIST_TASK("echo_bytes", echo_bytes, (CALL, BYTES, REGION_OUT), STATUS);

/* Tensors. */

static kist_status ramp(struct kist_call *call, int64_t rows, int64_t columns, DLManagedTensorVersioned **ret)
{
	const int64_t shape[2] = { rows, columns };
	const kist_status status = kist_tensor_new(call, f64, 2, shape, ret);

	for (int64_t i = 0; status == KIST_OK && i < rows * columns; i++)
		((double *)kist_tensor_data(*ret))[i] = (double)i;
	return status;
}
KIST_TASK("ramp", ramp, (CALL, I64, I64, TENSOR_OUT), STATUS);

static const struct {
	const char *name;
	DLDataType dtype;
} dtypes[] = { { "f64", { kDLFloat, 64, 1 } }, { "f32", { kDLFloat, 32, 1 } }, { "i16", { kDLInt, 16, 1 } } };

/* 0, 1, 2 and so on; every second element of a longer array when @gap. */
static kist_status count_up(struct kist_call *call, const char *dtype, int64_t n, uint8_t gap,
			    DLManagedTensorVersioned **ret)
{
	const int64_t shape[1] = { gap ? 2 * n : n };
	kist_status status;
	size_t k = 0;

	while (k < 2 && strcmp(dtypes[k].name, dtype) != 0)
		k++;
	status = kist_tensor_new(call, dtypes[k].dtype, 1, shape, ret);
	for (int64_t i = 0; status == KIST_OK && i < shape[0]; i++) {
		const double value = gap ? (i % 2 ? -1000.0 : (double)(i / 2)) : (double)i;

		if (k == 0)
			((double *)kist_tensor_data(*ret))[i] = value;
		else if (k == 1)
			((float *)kist_tensor_data(*ret))[i] = (float)value;
		else
			((int16_t *)kist_tensor_data(*ret))[i] = (int16_t)value;
	}
	if (status == KIST_OK && gap) {
		(*ret)->dl_tensor.shape[0] = n;
		(*ret)->dl_tensor.strides[0] = 2;
	}
	return status;
}
KIST_TASK("count_up", count_up, (CALL, CSTR, I64, B8, TENSOR_OUT), STATUS);

static kist_status scale(struct kist_call *call, const DLManagedTensorVersioned *array, double factor,
			 DLManagedTensorVersioned **ret)
{
	const double *from = (const double *)kist_tensor_data(array);
	kist_status status;

	if (memcmp(&array->dl_tensor.dtype, &f64, sizeof(f64)) != 0 || !kist_tensor_is_packed(array))
		return kist_failf(call, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET, "a packed array of f64 is needed");
	status = kist_tensor_new(call, f64, array->dl_tensor.ndim, array->dl_tensor.shape, ret);
	for (int64_t i = 0; status == KIST_OK && i < kist_tensor_count(array); i++)
		((double *)kist_tensor_data(*ret))[i] = factor * from[i];
	return status;
}
KIST_TASK("scale", scale, (CALL, TENSOR, F64, TENSOR_OUT), STATUS);

static double sum(const DLManagedTensorVersioned *array)
{
	double all = 0;

	for (int64_t i = 0; i < kist_tensor_count(array); i++)
		all += ((const double *)kist_tensor_data(array))[i];
	return all;
}
KIST_TASK("sum", sum, (TENSOR), F64);

/* Two outputs and a number. */
static int64_t halves(struct kist_call *call, const DLManagedTensorVersioned *array,
		      DLManagedTensorVersioned **ret_low, DLManagedTensorVersioned **ret_high)
{
	if (scale(call, array, 0.5, ret_low) != KIST_OK || scale(call, array, 0.5, ret_high) != KIST_OK)
		return -1;
	return kist_tensor_count(array);
}
KIST_TASK("halves", halves, (CALL, TENSOR, TENSOR_OUT, TENSOR_OUT), I64);

/* Objects and tables. */

static int64_t kind_of(const struct kist_object *object)
{
	return object->kind;
}
KIST_TASK("kind_of", kind_of, (OBJECT), I64);

static void release_tensor(struct kist_object *object)
{
	DLManagedTensorVersioned *tensor = (DLManagedTensorVersioned *)object->value;

	tensor->deleter(tensor);
	object->release = NULL;
}

static kist_status wrap(struct kist_call *call, int64_t n, struct kist_object *ret)
{
	DLManagedTensorVersioned *tensor = NULL;
	const kist_status status = ramp(call, n, 1, &tensor);

	if (status != KIST_OK)
		return status;
	ret->kind = KIST_KIND_TENSOR;
	ret->type = "test.wrapped";
	ret->value = tensor;
	ret->release = release_tensor;
	return KIST_OK;
}
KIST_TASK("wrap", wrap, (CALL, I64, OBJECT_OUT), STATUS);

/* Its manifest promises a table. */
static kist_status wrap_wrong(struct kist_call *call, int64_t n, struct kist_object *ret)
{
	return wrap(call, n, ret);
}
KIST_TASK("wrap_wrong", wrap_wrong, (CALL, I64, OBJECT_OUT), STATUS);

static int64_t row_count(struct kist_call *call, struct ArrowArrayStream *stream)
{
	int64_t rows = 0;

	for (;;) {
		struct ArrowArray batch = { 0 };

		if (stream->get_next(stream, &batch) != 0) {
			(void)kist_failf(call, KIST_CORRUPT, "E_TABLE", KIST_NO_OFFSET, "the table cannot be read");
			return -1;
		}
		if (!batch.release)
			return rows;
		rows += batch.length;
		batch.release(&batch);
	}
}
KIST_TASK("row_count", row_count, (CALL, TABLE), I64);

/* Failures. */

static kist_status fail(struct kist_call *call, int32_t status)
{
	return kist_failf(call, status, "E_TEST", 7, "it was told to fail");
}
KIST_TASK("fail", fail, (CALL, I32), STATUS);

static kist_status fail_silently(int32_t status)
{
	return status;
}
KIST_TASK("fail_silently", fail_silently, (I32), STATUS);

static double fail_and_return(struct kist_call *call)
{
	(void)fail(call, KIST_INVALID);
	return 1;
}
KIST_TASK("fail_and_return", fail_and_return, (CALL), F64);

static kist_status fail_in_vain(struct kist_call *call)
{
	(void)fail(call, KIST_INVALID);
	return KIST_OK;
}
KIST_TASK("fail_in_vain", fail_in_vain, (CALL), STATUS);

static void crash(void)
{
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}
KIST_TASK("crash", crash, (NONE), VOID);

static void leave(int32_t status)
{
	exit(status);
}
KIST_TASK("leave", leave, (I32), VOID);

static void spin(void)
{
	static volatile int i;

	for (;;)
		i++;
}
KIST_TASK("spin", spin, (NONE), VOID);

static kist_status wait_politely(struct kist_call *call)
{
	kist_status status;

	do
		status = call->poll(call);
	while (status == KIST_OK);
	return status;
}
KIST_TASK("wait", wait_politely, (CALL), STATUS);

/* Stops when it is told to, and gives what it has. */
static kist_status late(struct kist_call *call, DLManagedTensorVersioned **ret)
{
	(void)wait_politely(call);
	return ramp(call, 1, 1, ret);
}
KIST_TASK("late", late, (CALL, TENSOR_OUT), STATUS);

/* Ends when so many are in it at the same time. */
static int64_t meet(struct kist_call *call, int64_t count)
{
	static int64_t there;

	(void)__atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&there, __ATOMIC_SEQ_CST) < count) {
		if (call->poll(call) != KIST_OK)
			return call->fail(call, KIST_CANCELLED, NULL, KIST_NO_OFFSET, "nobody came", 11);
	}
	return count;
}
KIST_TASK("meet", meet, (CALL, I64), I64);

/* Fails when it is called while it runs, which it says nowhere that it may be. */
static int64_t alone(struct kist_call *call, int64_t value)
{
	static int64_t inside;
	const int is_alone = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) == 1;

	for (int i = 0; i < 200000; i++)
		(void)call->poll(call);
	(void)__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
	if (!is_alone)
		(void)call->fail(call, KIST_INVALID, NULL, KIST_NO_OFFSET, "somebody is in it", 17);
	return value;
}
KIST_TASK("alone", alone, (CALL, I64), I64);

/* Lies. */

static kist_status no_tensor(DLManagedTensorVersioned **ret)
{
	(void)ret;
	return KIST_OK;
}
KIST_TASK("no_tensor", no_tensor, (TENSOR_OUT), STATUS);

static kist_status same_tensor(const DLManagedTensorVersioned *array, DLManagedTensorVersioned **ret)
{
	memcpy(ret, &array, sizeof(array));
	return KIST_OK;
}
KIST_TASK("same_tensor", same_tensor, (TENSOR, TENSOR_OUT), STATUS);

static kist_status twice(struct kist_call *call, DLManagedTensorVersioned **ret_a, DLManagedTensorVersioned **ret_b)
{
	const kist_status status = ramp(call, 2, 2, ret_a);

	*ret_b = *ret_a;
	return status;
}
KIST_TASK("twice", twice, (CALL, TENSOR_OUT, TENSOR_OUT), STATUS);

static kist_status bad_tensor(struct kist_call *call, const char *how, DLManagedTensorVersioned **ret)
{
	const kist_status status = ramp(call, 2, 2, ret);

	if (status != KIST_OK)
		return status;
	if (strcmp(how, "shape") == 0)
		(*ret)->dl_tensor.shape[0] = -1;
	else if (strcmp(how, "rank") == 0)
		(*ret)->dl_tensor.ndim = 4096;
	else if (strcmp(how, "overflow") == 0)
		(*ret)->dl_tensor.shape[0] = (*ret)->dl_tensor.shape[1] = INT64_MAX;
	else if (strcmp(how, "device") == 0)
		(*ret)->dl_tensor.device.device_type = kDLCUDA;
	else if (strcmp(how, "version") == 0)
		(*ret)->version.major = 2;
	else if (strcmp(how, "deleter") == 0)
		(*ret)->deleter = NULL;
	else if (strcmp(how, "data") == 0)
		(*ret)->dl_tensor.data = NULL;
	return KIST_OK;
}
KIST_TASK("bad_tensor", bad_tensor, (CALL, CSTR, TENSOR_OUT), STATUS);

static kist_status no_object(struct kist_object *ret)
{
	(void)ret;
	return KIST_OK;
}
KIST_TASK("no_object", no_object, (OBJECT_OUT), STATUS);

static kist_status fail_with_object(struct kist_call *call, DLManagedTensorVersioned **ret)
{
	(void)ramp(call, 1, 1, ret);
	return kist_failf(call, KIST_INVALID, NULL, KIST_NO_OFFSET, "a failure that leaves something");
}
KIST_TASK("fail_with_object", fail_with_object, (CALL, TENSOR_OUT), STATUS);

static kist_status nowhere(struct kist_region *ret)
{
	ret->len = 5;
	return KIST_OK;
}
KIST_TASK("nowhere", nowhere, (REGION_OUT), STATUS);

static void crash_in_release(struct kist_region *region)
{
	(void)region;
	crash();
}

static kist_status trap(struct kist_region *ret)
{
	ret->base = "trap";
	ret->len = 4;
	ret->release = crash_in_release;
	return KIST_OK;
}
KIST_TASK("trap", trap, (REGION_OUT), STATUS);

static kist_status leak(struct kist_call *call, int64_t size)
{
	volatile char *lost = (volatile char *)malloc((size_t)size);

	if (!lost)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for %lld bytes", (long long)size);
	for (int64_t i = 0; i < size; i += 4096)
		lost[i] = 1;
	return KIST_OK;
}
KIST_TASK("leak", leak, (CALL, I64), STATUS);

static void talk(struct kist_call *call, const char *text)
{
	call->host->log(call->host, KIST_LOG_INFO, text, strlen(text));
	call->progress(call, 1, 2);
}
KIST_TASK("talk", talk, (CALL, CSTR), VOID);

static void chatter(struct kist_call *call, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		call->host->log(call->host, KIST_LOG_INFO, "again", 5);
}
KIST_TASK("chatter", chatter, (CALL, I64), VOID);

static const struct kist_task_decl *const tasks[] = {
	KIST_TASK_DECL(same_i8),
	KIST_TASK_DECL(same_i16),
	KIST_TASK_DECL(same_i32),
	KIST_TASK_DECL(same_i64),
	KIST_TASK_DECL(same_u8),
	KIST_TASK_DECL(same_u16),
	KIST_TASK_DECL(same_u32),
	KIST_TASK_DECL(same_u64),
	KIST_TASK_DECL(same_f32),
	KIST_TASK_DECL(same_f64),
	KIST_TASK_DECL(same_b8),
	KIST_TASK_DECL(nothing),
	KIST_TASK_DECL(sub),
	KIST_TASK_DECL(text_len),
	KIST_TASK_DECL(byte_sum),
	KIST_TASK_DECL(echo_json),
	KIST_TASK_DECL(bad_json),
	KIST_TASK_DECL(bad_text),
	KIST_TASK_DECL(echo_text),
	KIST_TASK_DECL(echo_bytes),
	KIST_TASK_DECL(ramp),
	KIST_TASK_DECL(count_up),
	KIST_TASK_DECL(scale),
	KIST_TASK_DECL(sum),
	KIST_TASK_DECL(halves),
	KIST_TASK_DECL(kind_of),
	KIST_TASK_DECL(wrap),
	KIST_TASK_DECL(wrap_wrong),
	KIST_TASK_DECL(row_count),
	KIST_TASK_DECL(fail),
	KIST_TASK_DECL(fail_silently),
	KIST_TASK_DECL(fail_and_return),
	KIST_TASK_DECL(fail_in_vain),
	KIST_TASK_DECL(crash),
	KIST_TASK_DECL(leave),
	KIST_TASK_DECL(spin),
	KIST_TASK_DECL(wait_politely),
	KIST_TASK_DECL(late),
	KIST_TASK_DECL(meet),
	KIST_TASK_DECL(alone),
	KIST_TASK_DECL(no_tensor),
	KIST_TASK_DECL(same_tensor),
	KIST_TASK_DECL(twice),
	KIST_TASK_DECL(bad_tensor),
	KIST_TASK_DECL(no_object),
	KIST_TASK_DECL(fail_with_object),
	KIST_TASK_DECL(nowhere),
	KIST_TASK_DECL(trap),
	KIST_TASK_DECL(leak),
	KIST_TASK_DECL(talk),
	KIST_TASK_DECL(chatter),
};

static const struct kist_plugin plugin = {
	.struct_size = KIST_SIZED(struct kist_plugin),
	.abi_minor_built = KIST_ABI_MINOR,
	.id = "test.tasks",
	.version = "1.0.0",
	.task_count = sizeof(tasks) / sizeof(tasks[0]),
	.tasks = tasks,
};

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	(void)host;
	(void)call;
	*ret_plugin = &plugin;
	return KIST_OK;
}
