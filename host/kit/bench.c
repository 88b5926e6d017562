/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/bench.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* Findings of one check that are worth reading. */
#define FINDINGS_ENOUGH 8
/* A leak is one that comes again so often. */
#define LEAK_REPEATS 3

void kist_bench_fail(struct kist_bench *bench, const char *format, ...)
{
	char text[800];
	va_list args;

	if (kist_bench_failed(bench))
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	kist_kit_find(bench->findings, KIST_KIT_ERROR, bench->check, "%s", text);
}

bool kist_bench_failed(const struct kist_bench *bench)
{
	return bench->findings->counts[KIST_KIT_ERROR] >= FINDINGS_ENOUGH;
}

uint64_t kist_bench_in_use(void)
{
	static size_t (*of_sanitizer)(void);
	static bool is_known;
	struct mallinfo2 info;

	/* Asked once: a search that finds nothing takes memory itself. */
	if (!is_known) {
		void *const symbol = dlsym(RTLD_DEFAULT, "__sanitizer_get_current_allocated_bytes");

		memcpy(&of_sanitizer, &symbol, sizeof(symbol));
		is_known = true;
	}
	if (of_sanitizer)
		return of_sanitizer();
	info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

uint64_t kist_bench_lost(void (*again)(void *ctx), void *ctx)
{
	uint64_t lost = 0;

	for (int i = 0; i < LEAK_REPEATS; i++) {
		const uint64_t before = kist_bench_in_use();
		uint64_t after;

		again(ctx);
		after = kist_bench_in_use();
		if (after <= before)
			return 0;
		lost = after - before;
	}
	return lost;
}

/* One argument. */
static void put_param(const char *name, const json_t *value, struct kist_param *ret)
{
	*ret = (struct kist_param){ .struct_size = sizeof(*ret), .name = name };
	if (json_is_boolean(value)) {
		ret->kind = KIST_PARAM_BOOL;
		ret->integer = json_is_true(value);
	} else if (json_is_integer(value)) {
		ret->kind = KIST_PARAM_INTEGER;
		ret->integer = json_integer_value(value);
	} else if (json_is_real(value)) {
		ret->kind = KIST_PARAM_NUMBER;
		ret->number = json_real_value(value);
	} else {
		ret->kind = KIST_PARAM_STRING;
		ret->string = json_string_value(value);
		ret->string_len = json_string_length(value);
	}
}

/* Names in order, as the host gives them. */
static void sort_params(struct kist_bench_params *params, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct kist_param *one = params->pointers[i];
		size_t k = i;

		for (; k > 0 && strcmp(params->pointers[k - 1]->name, one->name) > 0; k--)
			params->pointers[k] = params->pointers[k - 1];
		params->pointers[k] = one;
	}
}

kist_status kist_bench_params(const struct kist_schema *schema, const json_t *json,
			      struct kist_bench_params *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_MANIFEST_SIZE_MAX);
	const char *name;
	json_t *value;
	size_t count = 0;

	*ret = (struct kist_bench_params){ .params = { .struct_size = sizeof(ret->params) } };
	KIST_TRY(kist_schema_apply(schema, json, false, &ret->json, err));
	KIST_TRY(kist_json_canonical(ret->json, &text, err));
	ret->text = kist_strndup((const char *)text.data, text.size);
	if (!ret->text)
		return kist_fail_memory(err, text.size);
	json_object_foreach(ret->json, name, value) {
		if (count == KIST_BENCH_PARAMS_MAX)
			break;
		put_param(name, value, &ret->list[count]);
		ret->pointers[count] = &ret->list[count];
		count++;
	}
	sort_params(ret, count);
	ret->params.count = (uint32_t)count;
	ret->params.list = ret->pointers;
	ret->params.json = ret->text;
	ret->params.json_len = text.size;
	return KIST_OK;
}

void kist_bench_params_done(struct kist_bench_params *params)
{
	json_decref(params->json);
	kist_free(params->text);
	params->json = NULL;
	params->text = NULL;
}

kist_status kist_bench_start(struct kist_bench_run *run, enum kist_stage_age age)
{
	*run = (struct kist_bench_run){ .status = KIST_OK };
	return kist_stage_open(&run->stage, age, NULL);
}

void kist_bench_end(struct kist_bench *bench, struct kist_bench_run *run)
{
	kist_stage_check(&run->stage);
	if (run->stage.breach[0])
		kist_bench_fail(bench, "%s: %s", bench->notebook->doing, run->stage.breach);
	kist_stage_close(&run->stage);
}

/* What every call of a plugin keeps to. */
static void judge(struct kist_bench_run *run, const char *method, kist_status status)
{
	struct kist_stage *stage = &run->stage;

	run->status = status;
	snprintf(run->why, sizeof(run->why), "%.200s%s%s", stage->error.text, stage->error.code[0] ? " " : "",
		 stage->error.code);
	if (status > KIST_OK || status < KIST_STATUS_MIN) {
		(void)kist_stage_breach(stage, "%s returned %d, which is no status of status.h", method,
					status);
		run->status = KIST_INTERNAL;
	} else if (status != KIST_OK && stage->error.status == KIST_OK && !stage->struck) {
		(void)kist_stage_breach(
			stage, "%s failed (%s) and did not say why: call kist_failf() before it returns",
			method, kist_status_name(status));
	} else if (status == KIST_CANCELLED && !stage->struck) {
		(void)kist_stage_breach(stage, "%s said that it was cancelled, and nobody cancelled it",
					method);
	} else if (status == KIST_OK && stage->error.status != KIST_OK) {
		(void)kist_stage_breach(
			stage,
			"%s said with fail() that '%.120s', and returned KIST_OK: return what fail() "
			"returns",
			method, stage->error.text);
	}
}

static kist_status open_instance(struct kist_bench *bench, struct kist_bench_run *run, void **ret)
{
	*ret = NULL;
	judge(run, "open", bench->type->interface.open(run->stage.host, run->stage.call, ret));
	return run->status;
}

kist_status kist_bench_write(struct kist_bench *bench, struct kist_bench_run *run,
			     const struct kist_object *object, struct kist_buf *ret)
{
	const ArtifactTaskInterface *methods = &bench->type->interface;
	const struct kist_params *params = run->params ? run->params : &bench->writing.params;
	struct kist_stage_sink sink;
	struct kist_object *lent;
	void *instance;

	KIST_TRY(open_instance(bench, run, &instance));
	if (kist_stage_sink(&run->stage, KIST_BENCH_SIZE_MAX, &sink, NULL) != KIST_OK)
		return KIST_NO_MEMORY;
	lent = kist_stage_piece(&run->stage, sizeof(*lent), KIST_SIZE_TO(struct kist_object, logical));
	if (!lent)
		return KIST_NO_MEMORY;
	memcpy((uint8_t *)lent + sizeof(lent->struct_size),
	       (const uint8_t *)object + sizeof(object->struct_size),
	       sizeof(*object) - sizeof(object->struct_size));
	judge(run, "serialize", methods->serialize(instance, run->stage.call, lent, params, sink.base));
	methods->close(instance);
	if (run->status == KIST_OK && sink.in_part)
		(void)kist_stage_breach(&run->stage,
					"serialize left a part open: call end before it returns");
	if (ret && run->status == KIST_OK &&
	    kist_buf_append(ret, sink.bytes.data, sink.bytes.size, NULL) != KIST_OK)
		run->status = KIST_NO_MEMORY;
	kist_stage_sink_done(&sink);
	return run->status;
}

/* What a read gave: whole after success, empty after failure. */
static void judge_object(struct kist_bench *bench, struct kist_bench_run *run,
			 const struct kist_object *object)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (run->status != KIST_OK) {
		if (object->release)
			(void)kist_stage_breach(
				&run->stage,
				"deserialize failed and left an object: leave it empty then, and release "
				"what was made");
		return;
	}
	if (kist_object_check(object, &why) != KIST_OK)
		(void)kist_stage_breach(&run->stage, "deserialize gave an object that cannot be used: %s",
					why.text);
	else if (!(bench->declared->kinds & KIST_KIND_BIT(object->kind)))
		(void)kist_stage_breach(&run->stage, "deserialize gave a %s, which \"kinds\" does not name",
					kist_kind_name(object->kind));
	else if (!object->type || strcmp(object->type, bench->declared->type) != 0 ||
		 object->type_major != bench->declared->major)
		(void)kist_stage_breach(&run->stage,
					"deserialize gave an object of the type '%s' %u: it is '%s' %u",
					object->type ? object->type : "", object->type_major,
					bench->declared->type, bench->declared->major);
}

kist_status kist_bench_read(struct kist_bench *bench, struct kist_bench_run *run, struct kist_view bytes,
			    struct kist_digest *ret_digest,
			    void (*each)(void *ctx, struct kist_object *object, struct kist_call *call),
			    void *ctx)
{
	const ArtifactTaskInterface *methods = &bench->type->interface;
	const struct kist_params *params = run->params ? run->params : &bench->reading.params;
	struct kist_digest digest;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_stage_source source;
	struct kist_object *object;
	void *instance;

	KIST_TRY(open_instance(bench, run, &instance));
	if (kist_stage_source(&run->stage, bytes, &source, NULL) != KIST_OK)
		return KIST_NO_MEMORY;
	source.step_max = run->step_max;
	object = kist_stage_piece(&run->stage, sizeof(*object), KIST_SIZE_TO(struct kist_object, logical));
	if (!object)
		return KIST_NO_MEMORY;
	judge(run, "deserialize",
	      methods->deserialize(instance, run->stage.call, source.base, params, object));
	methods->close(instance);
	judge_object(bench, run, object);
	if (run->status != KIST_OK || run->stage.breach[0])
		return run->status;
	if (each)
		each(ctx, object, run->stage.call);
	if (object->release && !run->stage.struck) {
		run->status = kist_kit_object_digest(object, run->stage.call, &digest, &why);
		snprintf(run->why, sizeof(run->why), "%.250s", why.text);
		if (run->status == KIST_INVALID || run->status == KIST_INTERNAL)
			(void)kist_stage_breach(&run->stage, "what deserialize gave cannot be read: %s",
						why.text);
		else if (run->status == KIST_OK && ret_digest)
			*ret_digest = digest;
	}
	if (object->release) {
		object->release(object);
		if (object->release)
			(void)kist_stage_breach(&run->stage, "release did not set the object's release to "
							     "NULL, so it may be released twice");
	}
	return run->status;
}

kist_status kist_bench_validate(struct kist_bench *bench, struct kist_bench_run *run, struct kist_view bytes)
{
	const ArtifactTaskInterface *methods = &bench->type->interface;
	const struct kist_params *params = run->params ? run->params : &bench->reading.params;
	struct kist_stage_source source;
	struct kist_stage_report report;
	void *instance;

	KIST_TRY(open_instance(bench, run, &instance));
	if (kist_stage_source(&run->stage, bytes, &source, NULL) != KIST_OK ||
	    kist_stage_report(&run->stage, &report, NULL) != KIST_OK)
		return KIST_NO_MEMORY;
	source.step_max = run->step_max;
	judge(run, "validate",
	      methods->validate(instance, run->stage.call, source.base, params, report.base));
	methods->close(instance);
	run->errors = report.errors;
	if (run->status == KIST_OK && report.errors > 0)
		snprintf(run->why, sizeof(run->why), "%.250s", report.first.text);
	return run->status;
}

kist_status kist_bench_layout(struct kist_bench *bench, struct kist_bench_run *run, struct kist_view bytes)
{
	const ArtifactTaskInterface *methods = &bench->type->interface;
	const struct kist_params *params = run->params ? run->params : &bench->reading.params;
	struct kist_stage_source source;
	struct kist_stage_layout layout;
	void *instance;

	if (!methods->layout)
		return KIST_OK;
	KIST_TRY(open_instance(bench, run, &instance));
	if (kist_stage_source(&run->stage, bytes, &source, NULL) != KIST_OK ||
	    kist_stage_layout(&run->stage, bytes.size, &layout, NULL) != KIST_OK)
		return KIST_NO_MEMORY;
	source.step_max = run->step_max;
	judge(run, "layout", methods->layout(instance, run->stage.call, source.base, params, layout.base));
	methods->close(instance);
	return run->status;
}

kist_status kist_bench_describe(struct kist_bench *bench, struct kist_bench_run *run, struct kist_view bytes,
				struct kist_buf *ret)
{
	const ArtifactTaskInterface *methods = &bench->type->interface;
	const struct kist_params *params = run->params ? run->params : &bench->reading.params;
	struct kist_stage_source source;
	struct kist_stage_sink sink;
	void *instance;

	if (!methods->describe)
		return KIST_OK;
	KIST_TRY(open_instance(bench, run, &instance));
	if (kist_stage_source(&run->stage, bytes, &source, NULL) != KIST_OK ||
	    kist_stage_sink(&run->stage, KIST_BENCH_SIZE_MAX, &sink, NULL) != KIST_OK)
		return KIST_NO_MEMORY;
	source.step_max = run->step_max;
	judge(run, "describe", methods->describe(instance, run->stage.call, source.base, params, sink.base));
	methods->close(instance);
	if (ret && run->status == KIST_OK &&
	    kist_buf_append(ret, sink.bytes.data, sink.bytes.size, NULL) != KIST_OK)
		run->status = KIST_NO_MEMORY;
	kist_stage_sink_done(&sink);
	return run->status;
}

kist_status kist_bench_probe(struct kist_bench *bench, struct kist_view bytes, int32_t *ret_score)
{
	struct kist_guard head = KIST_GUARD_INIT;
	const size_t len = bytes.size < ((size_t)64 << 10) ? bytes.size : (size_t)64 << 10;
	kist_status status;

	*ret_score = 0;
	if (!bench->type->interface.probe)
		return KIST_OK;
	KIST_TRY(kist_guard_copy(bytes.data, len, &head, NULL));
	status = bench->type->interface.probe(head.data, len, bytes.size, ret_score);
	kist_guard_done(&head);
	return status;
}
