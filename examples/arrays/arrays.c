/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Arrays made, transformed and summed up: the function tasks of the tutorial.
 */
#include <kist/task.h>
#include <kist/tensor.h>

KIST_NOTE("org.example.arrays", 0);

static const DLDataType float64 = { kDLFloat, 64, 1 };

/* Elements between two looks at whether the call was cancelled. */
#define STRIDE ((int64_t)65536)

static kist_status keep_going(struct kist_call *call, int64_t i, int64_t count)
{
	if (i % STRIDE != 0)
		return KIST_OK;
	call->progress(call, (uint64_t)i, (uint64_t)count);
	return call->poll(call);
}

/* Whatever was made is given up, and why it ended is passed on. */
static kist_status give_up(kist_status status, DLManagedTensorVersioned *made)
{
	made->deleter(made);
	return status;
}

static kist_status need_floats(struct kist_call *call, const DLManagedTensorVersioned *array)
{
	const DLDataType dtype = array->dl_tensor.dtype;

	if (dtype.code == kDLFloat && dtype.bits == 64 && dtype.lanes == 1 && kist_tensor_is_packed(array))
		return KIST_OK;
	return kist_failf(call, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
			  "an array of float64 without gaps is needed");
}

/* A number in [0, 1) and the next state.  Source: SplitMix64, by Sebastiano Vigna, in the public domain. */
static double next_uniform(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* The sum of twelve is nearly normal, and the same on every machine: there is nothing to round differently. */
static double next_normal(uint64_t *state)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += next_uniform(state);
	return sum;
}

static kist_status sample_normal(struct kist_call *call, int64_t rows, int64_t seed, double mean,
				 double deviation, DLManagedTensorVersioned **ret_array)
{
	DLManagedTensorVersioned *array = NULL;
	uint64_t state = (uint64_t)seed;
	kist_status status = kist_tensor_new(call, float64, 1, &rows, &array);
	double *to;

	if (status != KIST_OK)
		return status;
	to = (double *)kist_tensor_data(array);
	for (int64_t i = 0; i < rows; i++) {
		status = keep_going(call, i, rows);
		if (status != KIST_OK)
			return give_up(status, array);
		to[i] = mean + deviation * next_normal(&state);
	}
	*ret_array = array;
	return KIST_OK;
}
KIST_TASK("sample_normal", sample_normal, (CALL, I64, I64, F64, F64, TENSOR_OUT), STATUS);

static kist_status scale(struct kist_call *call, const DLManagedTensorVersioned *array, double factor,
			 DLManagedTensorVersioned **ret_scaled)
{
	const int64_t count = kist_tensor_count(array);
	DLManagedTensorVersioned *scaled = NULL;
	const double *from;
	double *to;
	kist_status status = need_floats(call, array);

	if (status == KIST_OK)
		status = kist_tensor_new(call, float64, array->dl_tensor.ndim, array->dl_tensor.shape, &scaled);
	if (status != KIST_OK)
		return status;
	from = (const double *)kist_tensor_data(array);
	to = (double *)kist_tensor_data(scaled);
	for (int64_t i = 0; i < count; i++) {
		status = keep_going(call, i, count);
		if (status != KIST_OK)
			return give_up(status, scaled);
		to[i] = factor * from[i];
	}
	*ret_scaled = scaled;
	return KIST_OK;
}
KIST_TASK("scale", scale, (CALL, TENSOR, F64, TENSOR_OUT), STATUS);

struct summary {
	double min;
	double max;
	double mean;
	double variance;
};

static kist_status sum_up(struct kist_call *call, const DLManagedTensorVersioned *array, struct summary *ret)
{
	const int64_t count = kist_tensor_count(array);
	const double *from;
	kist_status status = need_floats(call, array);

	memset(ret, 0, sizeof(*ret));
	if (status != KIST_OK)
		return status;
	if (count == 0)
		return kist_failf(call, KIST_INVALID, "E_EMPTY", KIST_NO_OFFSET, "an empty array has no mean");
	from = (const double *)kist_tensor_data(array);
	ret->min = ret->max = from[0];
	for (int64_t i = 0; i < count; i++) {
		const double step = from[i] - ret->mean;

		status = keep_going(call, i, count);
		if (status != KIST_OK)
			return status;
		ret->min = from[i] < ret->min ? from[i] : ret->min;
		ret->max = from[i] > ret->max ? from[i] : ret->max;
		ret->mean += step / (double)(i + 1);
		ret->variance += step * (from[i] - ret->mean);
	}
	ret->variance /= (double)count;
	return KIST_OK;
}

/* What fails says so by call->fail; what is returned is not looked at then. */
static double mean(struct kist_call *call, const DLManagedTensorVersioned *array)
{
	struct summary summary;

	(void)sum_up(call, array, &summary);
	return summary.mean;
}
KIST_TASK("mean", mean, (CALL, TENSOR), F64);

/* A table of one row, as text. */
static kist_status summarize(struct kist_call *call, const DLManagedTensorVersioned *array,
			     struct kist_region *ret_text)
{
	const size_t size = 256;
	struct summary summary;
	const kist_status status = sum_up(call, array, &summary);
	char *text;

	if (status != KIST_OK)
		return status;
	/* Memory of the call: the host copies what has no release member. */
	text = (char *)call->alloc(call, size, 1);
	if (!text)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for %zu bytes", size);
	snprintf(text, size, "count,mean,variance,min,max\n%lld,%.17g,%.17g,%.17g,%.17g\n",
		 (long long)kist_tensor_count(array), summary.mean, summary.variance, summary.min, summary.max);
	ret_text->base = text;
	ret_text->len = strlen(text);
	return KIST_OK;
}
KIST_TASK("summarize", summarize, (CALL, TENSOR, REGION_OUT), STATUS);

static const struct kist_task_decl *const tasks[] = {
	KIST_TASK_DECL(sample_normal),
	KIST_TASK_DECL(scale),
	KIST_TASK_DECL(mean),
	KIST_TASK_DECL(summarize),
};

static const struct kist_plugin plugin = {
	.struct_size = KIST_SIZED(struct kist_plugin),
	.abi_minor_built = KIST_ABI_MINOR,
	.id = "org.example.arrays",
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
