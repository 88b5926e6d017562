/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kit/run.h"
#include "object/made.h"
#include "object/stream.h"
#include "task/call.h"

/*
 * Function tasks: called with arguments of all sizes, through libffi as the host does it.
 */

#define VARIANTS   40
#define FAULTS_MAX 40

/* One call: its arguments, what they stand on, and its outputs. */
struct attempt {
	struct kist_stage stage;
	size_t count;
	struct kist_task_value args[KIST_SIGNATURE_ARGS_MAX];
	struct kist_object inputs[KIST_SIGNATURE_ARGS_MAX];
	struct kist_guard sealed[KIST_SIGNATURE_ARGS_MAX];
	void *data[KIST_SIGNATURE_ARGS_MAX]; /* of an input before it was sealed */
	DLManagedTensorVersioned *tensors[KIST_SIGNATURE_ARGS_MAX];
	struct kist_object objects[KIST_SIGNATURE_ARGS_MAX];
	struct kist_region regions[KIST_SIGNATURE_ARGS_MAX];
	struct kist_task_value ret;
	kist_status status;
	struct kist_digest digest; /* of all outputs */
};

static int64_t edge_integer(uint8_t type, uint64_t pick)
{
	static const int64_t limits[] = { INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX };
	static const int64_t small[] = { 1, 0, 2, -1, 100 };

	if (pick % 7 < 5)
		return small[pick % 7];
	return pick % 7 == 5 ? limits[type - KIST_TASK_I8] : -limits[type - KIST_TASK_I8] - 1;
}

static uint64_t edge_natural(uint8_t type, uint64_t pick)
{
	static const uint64_t limits[] = { UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX };

	return pick % 4 == 3 ? limits[type - KIST_TASK_U8] : pick % 4;
}

static double edge_real(uint64_t pick)
{
	static const double reals[] = { 1, 0, 0.5, -1, 1e300, 1e-300 };

	return pick % 8 < 6 ? reals[pick % 8] : (pick % 8 == 6 ? NAN : INFINITY);
}

static void put_text(struct kist_task_value *value, uint64_t pick)
{
	static const char *const texts[] = { "text", "", "gr\303\266\303\237e",
					     "a much longer text, with %s and '" };
	static const char *const jsons[] = { "{}", "[1,2]", "null", "\"x\"" };
	const char *text = value->type == KIST_TASK_JSON ? jsons[pick % 4] : texts[pick % 4];

	value->bytes.data = text;
	value->bytes.size = strlen(text);
}

/* A tensor whose elements cannot be written, when @is_sealed. */
static kist_status seal_tensor(struct attempt *attempt, size_t i, DLManagedTensorVersioned *tensor,
			       bool is_sealed)
{
	if (!is_sealed)
		return KIST_OK;
	KIST_TRY(kist_guard_tensor(&tensor->dl_tensor, &attempt->sealed[i], NULL));
	tensor->dl_tensor.data = attempt->sealed[i].data;
	tensor->dl_tensor.byte_offset = 0;
	for (int32_t k = tensor->dl_tensor.ndim - 1, step = 1; k >= 0; k--) {
		tensor->dl_tensor.strides[k] = step;
		step *= (int32_t)tensor->dl_tensor.shape[k];
	}
	return KIST_OK;
}

static kist_status put_object(struct attempt *attempt, size_t i, uint8_t type, uint64_t pick, bool is_sealed)
{
	/* float64 of rank 1, 2 and 0, then of all types, and the odd ones. */
	static const size_t tensors[] = { 0, 15, 30, 45, 1, 7, 90, 91, 92, 93, 94, 60 };
	char name[KIST_KIT_OBJECT_NAME_SIZE];
	struct kist_object *input = &attempt->inputs[i];

	*input = (struct kist_object)KIST_OBJECT_INIT;
	if (type == KIST_TASK_TABLE) {
		KIST_TRY(kist_kit_object(KIST_KIND_TABLE, pick % 4, name, input, NULL));
		attempt->args[i].pointer = input->value;
		return KIST_OK;
	}
	KIST_TRY(kist_kit_object(KIST_KIND_TENSOR, tensors[pick % (sizeof(tensors) / sizeof(tensors[0]))],
				 name, input, NULL));
	KIST_TRY(seal_tensor(attempt, i, input->value, is_sealed));
	attempt->args[i].pointer = type == KIST_TASK_OBJECT ? (void *)input : input->value;
	return KIST_OK;
}

static kist_status put_arg(struct attempt *attempt, size_t i, uint8_t type, uint64_t pick, bool is_sealed)
{
	struct kist_task_value *value = &attempt->args[i];

	value->type = type;
	if (type >= KIST_TASK_I8 && type <= KIST_TASK_I64)
		value->integer = edge_integer(type, pick);
	else if (type >= KIST_TASK_U8 && type <= KIST_TASK_U64)
		value->natural = edge_natural(type, pick);
	else if (type == KIST_TASK_F32 || type == KIST_TASK_F64)
		value->real = type == KIST_TASK_F32 && fabs(edge_real(pick)) == 1e300 ? 1 : edge_real(pick);
	else if (type == KIST_TASK_B8)
		value->integer = (int64_t)(pick % 2);
	else if (type == KIST_TASK_CSTR || type == KIST_TASK_BYTES || type == KIST_TASK_JSON)
		put_text(value, pick);
	else if (type == KIST_TASK_TENSOR || type == KIST_TASK_TABLE || type == KIST_TASK_OBJECT)
		return put_object(attempt, i, type, pick, is_sealed);
	else if (type == KIST_TASK_CALL)
		value->pointer = attempt->stage.call;
	else if (type == KIST_TASK_TENSOR_OUT)
		value->pointer = &attempt->tensors[i];
	else if (type == KIST_TASK_OBJECT_OUT)
		value->pointer = &attempt->objects[i];
	else if (type == KIST_TASK_REGION_OUT)
		value->pointer = &attempt->regions[i];
	else
		return KIST_UNSUPPORTED;
	return KIST_OK;
}

/* Variant 0 is the defaults, as far as there are any; the others are picked at random, the same each time. */
static kist_status prepare(struct kist_bench *bench, struct attempt *attempt, int variant, bool is_sealed)
{
	const struct kist_signature *call = &bench->task->call;
	uint64_t state = (uint64_t)variant;

	memset(attempt, 0, sizeof(*attempt));
	KIST_TRY(kist_stage_open(&attempt->stage, KIST_STAGE_TODAY, NULL));
	attempt->count = call->arg_count;
	for (size_t i = 0; i < attempt->count; i++) {
		attempt->objects[i].struct_size = sizeof(attempt->objects[i]);
		attempt->regions[i].struct_size = sizeof(attempt->regions[i]);
		KIST_TRY(put_arg(attempt, i, call->args[i], variant == 0 ? 0 : kist_bench_next(&state),
				 is_sealed));
	}
	for (size_t i = 0; variant == 0 && i < bench->task->input_count; i++) {
		const struct kist_manifest_input *input = &bench->task->inputs[i];
		struct kist_task_value *value = &attempt->args[input->position];

		if (input->preset && value->type >= KIST_TASK_I8 && value->type <= KIST_TASK_I64)
			value->integer = json_integer_value(input->preset);
		else if (input->preset && (value->type == KIST_TASK_F64 || value->type == KIST_TASK_F32))
			value->real = json_number_value(input->preset);
	}
	return KIST_OK;
}

static void add_output(struct kist_bench *bench, struct attempt *attempt, size_t i,
		       struct kist_hasher *hasher)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
	struct kist_digest digest;

	if (attempt->args[i].type == KIST_TASK_REGION_OUT) {
		kist_hasher_add(hasher, kist_view_of(attempt->regions[i].base, attempt->regions[i].len));
		return;
	}
	if (attempt->args[i].type == KIST_TASK_TENSOR_OUT && attempt->tensors[i]) {
		kist_object_of_tensor(attempt->tensors[i], &object);
		attempt->tensors[i] = NULL;
	} else if (attempt->args[i].type == KIST_TASK_OBJECT_OUT && attempt->objects[i].release) {
		kist_object_move(&object, &attempt->objects[i]);
	} else {
		(void)kist_stage_breach(&attempt->stage,
					"it succeeded and wrote nothing to output %zu of its signature", i);
		return;
	}
	if (kist_kit_object_digest(&object, attempt->stage.call, &digest, &why) != KIST_OK)
		(void)kist_stage_breach(&attempt->stage, "its output %zu cannot be used: %s", i, why.text);
	else
		kist_hasher_add(hasher, kist_view_of(digest.bytes, sizeof(digest.bytes)));
	(void)bench;
}

static bool is_output(uint8_t type)
{
	return type == KIST_TASK_TENSOR_OUT || type == KIST_TASK_OBJECT_OUT || type == KIST_TASK_REGION_OUT;
}

/* What the contract says of the outputs. */
static void judge(struct kist_bench *bench, struct attempt *attempt)
{
	struct kist_stage *stage = &attempt->stage;
	struct kist_hasher hasher;

	kist_hasher_start(&hasher);
	for (size_t i = 0; i < attempt->count; i++) {
		if (!is_output(attempt->args[i].type))
			continue;
		if (attempt->status == KIST_OK)
			add_output(bench, attempt, i, &hasher);
		else if (attempt->tensors[i] || attempt->objects[i].release || attempt->regions[i].release ||
			 attempt->regions[i].base)
			(void)kist_stage_breach(stage,
						"it failed and wrote to output %zu of its signature: leave "
						"outputs alone then",
						i);
	}
	if (attempt->status == KIST_OK)
		kist_hasher_add(&hasher, kist_view_of(&attempt->ret.natural, sizeof(attempt->ret.natural)));
	attempt->digest = kist_hasher_finish(&hasher);
	if (attempt->status != KIST_OK && stage->error.status == KIST_OK && !stage->struck &&
	    bench->task->call.ret == KIST_TASK_STATUS)
		(void)kist_stage_breach(
			stage, "it failed (%s) and did not say why: call kist_failf() before it returns",
			kist_status_name(attempt->status));
}

static void finish(struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->count; i++) {
		kist_object_release(&attempt->inputs[i]);
		kist_guard_done(&attempt->sealed[i]);
		kist_tensor_delete(attempt->tensors[i]);
		kist_object_release(&attempt->objects[i]);
		kist_region_release(&attempt->regions[i]);
	}
	kist_stage_close(&attempt->stage);
}

struct how {
	bool is_sealed;
	kist_status fail_with;
	unsigned long fail_at;
};

/* One call of a variant, with all around it; *@ret_struck: whether the failure came to pass. */
static kist_status attempt_once(struct kist_bench *bench, int variant, const struct how *how,
				struct kist_digest *ret_digest, const char **ret_struck)
{
	kist_auto_task struct kist_task *task = NULL;
	struct attempt attempt;
	kist_status status;

	*ret_struck = NULL;
	KIST_TRY(kist_task_prepare(&bench->task->call, bench->loaded.tasks[bench->index], &task, NULL));
	status = prepare(bench, &attempt, variant, how->is_sealed);
	attempt.stage.fail_with = how->fail_with;
	attempt.stage.fail_at = how->fail_at;
	if (status == KIST_OK) {
		attempt.status = kist_task_call(task, attempt.args, attempt.count, &attempt.ret, NULL);
		judge(bench, &attempt);
		status = attempt.status;
		kist_stage_check(&attempt.stage);
		if (attempt.stage.breach[0])
			kist_bench_fail(bench, "%s: %s", bench->notebook->doing, attempt.stage.breach);
		*ret_digest = attempt.digest;
		*ret_struck = attempt.stage.struck;
	}
	finish(&attempt);
	return status;
}

static void each_variant(struct kist_bench *bench, const struct how *how,
			 void (*each)(struct kist_bench *bench, int variant, const struct how *how))
{
	if (bench->manifest->is_ordinary) {
		bench->skipped = "an ordinary library knows nothing of this contract";
		return;
	}
	for (int variant = 0; variant < VARIANTS && !kist_bench_failed(bench); variant++) {
		kist_notebook_doing(bench->notebook, "in task '%s', arguments of choice %d",
				    bench->task->name, variant);
		each(bench, variant, how);
	}
}

static void call_once(struct kist_bench *bench, int variant, const struct how *how)
{
	struct kist_digest digest;
	const char *struck;

	(void)attempt_once(bench, variant, how, &digest, &struck);
}

void check_task_calls(struct kist_bench *bench)
{
	const struct how how = { .is_sealed = false };

	each_variant(bench, &how, call_once);
}

/* Who writes to an input dies: that is the check. */
void check_task_inputs(struct kist_bench *bench)
{
	const struct how how = { .is_sealed = true };

	each_variant(bench, &how, call_once);
}

static void call_twice(struct kist_bench *bench, int variant, const struct how *how)
{
	struct kist_digest first = { { 0 } };
	struct kist_digest second = { { 0 } };
	const char *struck;
	const kist_status a = attempt_once(bench, variant, how, &first, &struck);
	const kist_status b = attempt_once(bench, variant, how, &second, &struck);

	if (a != b || !kist_digest_equal(&first, &second))
		kist_bench_fail(bench,
				"task '%s' claims \"deterministic\" and gives other outputs for the same "
				"inputs: drop the "
				"claim, or take a seed as an argument",
				bench->task->name);
}

void check_task_repeat(struct kist_bench *bench)
{
	const struct how how = { .is_sealed = false };

	if (bench->task->caps & KIST_CAP_DETERMINISTIC)
		each_variant(bench, &how, call_twice);
	else
		bench->skipped = "it does not claim \"deterministic\"";
}

/* The same call once more. */
struct repeat {
	struct kist_bench *bench;
	int variant;
	const struct how *how;
};

static void repeat_once(void *ctx)
{
	const struct repeat *repeat = ctx;

	call_once(repeat->bench, repeat->variant, repeat->how);
}

static void fail_each(struct kist_bench *bench, int variant, const struct how *how)
{
	struct how now = *how;

	for (now.fail_at = 0; now.fail_at < FAULTS_MAX; now.fail_at++) {
		struct kist_digest digest;
		const char *struck = NULL;
		const kist_status status = attempt_once(bench, variant, &now, &digest, &struck);

		if (now.fail_at > 0 && !struck)
			return;
		/* One that returns a number has no status to pass on. */
		if (struck && status == KIST_OK && now.fail_with == KIST_CANCELLED &&
		    bench->task->call.ret == KIST_TASK_STATUS)
			kist_bench_fail(bench, "task '%s' went on although %s said that the run is cancelled",
					bench->task->name, struck);
		if (kist_bench_lost(repeat_once, &(struct repeat){ bench, variant, &now }) > 0)
			kist_bench_fail(bench, "task '%s' loses memory%s (arguments of choice %d)",
					bench->task->name,
					now.fail_at > 0 ? " when a call of the host fails"
							: " each time it is called",
					variant);
	}
}

void check_task_faults(struct kist_bench *bench)
{
	struct how how = { .fail_with = KIST_CANCELLED };

	each_variant(bench, &how, fail_each);
	how.fail_with = KIST_NO_MEMORY;
	each_variant(bench, &how, fail_each);
}

void check_task_process(struct kist_bench *bench)
{
	struct kist_bench_state *before = kist_bench_state_new();
	const struct how how = { .is_sealed = false };

	if (!before)
		return;
	each_variant(bench, &how, call_once);
	kist_bench_state_compare(bench, before, false);
	kist_bench_state_free(before);
}
