/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "kit/run.h"

/*
 * What it claims, what it takes, and how soon it ends.
 */

/* Bytes that may be read or written after a call was cancelled. */
#define MOVED_MAX ((uint64_t)1 << 20)

/* A large object, written. */
static kist_status write_large(struct kist_bench *bench, struct kist_bench_run *run, uint32_t kind,
			       struct kist_buf *ret)
{
	kist_auto_object struct kist_object object = KIST_OBJECT_INIT;

	KIST_TRY(kist_kit_object_large(kind, &object, NULL));
	return kist_bench_write(bench, run, &object, ret);
}

static uint32_t first_large_kind(const struct kist_bench *bench)
{
	static const uint32_t kinds[] = { KIST_KIND_TENSOR, KIST_KIND_TABLE, KIST_KIND_MODEL,
					  KIST_KIND_BYTES };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (bench->declared->kinds & KIST_KIND_BIT(kinds[i]))
			return kinds[i];
	}
	return KIST_KIND_COUNT;
}

static void judge_cancel(struct kist_bench *bench, struct kist_bench_run *run, const char *method)
{
	if (run->status == KIST_OK)
		kist_bench_fail(bench,
				"%s of 8 MiB went on to its end although it was cancelled: ask call->poll "
				"every 1 MiB or "
				"10 ms, and return what it says",
				method);
	else if (run->stage.moved > MOVED_MAX)
		kist_bench_fail(bench, "%s moved %llu bytes more after poll said that the run is cancelled",
				method, (unsigned long long)run->stage.moved);
}

void check_cancel(struct kist_bench *bench)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	const uint32_t kind = first_large_kind(bench);
	kist_status status;

	kist_notebook_doing(bench->notebook, "in serialize of 8 MiB");
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	status = write_large(bench, &run, kind, &bytes);
	kist_bench_end(bench, &run);
	if (status != KIST_OK) {
		bench->skipped = "it writes none of the kit's large objects";
		return;
	}
	if (kist_bench_start(&run, KIST_STAGE_TODAY) == KIST_OK) {
		run.stage.is_cancelled = true;
		(void)write_large(bench, &run, kind, NULL);
		judge_cancel(bench, &run, "serialize");
	}
	kist_bench_end(bench, &run);
	kist_notebook_doing(bench->notebook, "in validate of 8 MiB, cancelled");
	if (kist_bench_start(&run, KIST_STAGE_TODAY) == KIST_OK) {
		run.stage.is_cancelled = true;
		/* Who reads but the head is done before anybody asks. */
		if (kist_bench_validate(bench, &run, kist_buf_view(&bytes)) != KIST_OK ||
		    run.stage.moved > MOVED_MAX)
			judge_cancel(bench, &run, "validate");
	}
	kist_bench_end(bench, &run);
}

/* Memory at each write, against that before the call. */
struct growth {
	uint64_t before;
	uint64_t most;
};

/* Memory when the object is there, and nobody has asked for a part of it. */
static void note_held(void *ctx, struct kist_object *object, struct kist_call *call)
{
	struct growth *growth = ctx;
	const uint64_t now = kist_bench_in_use();

	(void)object;
	(void)call;
	growth->most = now > growth->before ? now - growth->before : 0;
}

static void reads_lazily(struct kist_bench *bench, const struct kist_buf *bytes)
{
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	struct growth growth = { .before = kist_bench_in_use() };

	if (!(bench->type->interface.caps & KIST_CAP_STREAM_READ) ||
	    kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	kist_notebook_doing(bench->notebook, "in deserialize of 8 MiB");
	if (kist_bench_read(bench, &run, kist_buf_view(bytes), NULL, note_held, &growth) == KIST_OK &&
	    growth.most > bytes->size / 2)
		kist_bench_fail(bench,
				"it claims KIST_CAP_STREAM_READ, and deserialize took %llu bytes of memory "
				"for %zu before "
				"anybody asked for a part: make the object lazy, or drop the claim",
				(unsigned long long)growth.most, bytes->size);
	kist_bench_end(bench, &run);
}

/* All at once is all in one write, or nothing before the end. */
static void note_growth(void *ctx)
{
	struct growth *growth = ctx;
	const uint64_t now = kist_bench_in_use();

	if (now > growth->before && now - growth->before > growth->most)
		growth->most = now - growth->before;
}

static void writes_in_pieces(struct kist_bench *bench, uint32_t kind, size_t size)
{
	kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	struct growth growth = { .most = 0 };
	struct kist_stage_sink sink;
	void *instance = NULL;

	if (!(bench->type->interface.caps & KIST_CAP_STREAM_WRITE) ||
	    kist_kit_object_large(kind, &object, NULL) != KIST_OK ||
	    kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	kist_notebook_doing(bench->notebook, "in serialize of 8 MiB");
	if (kist_stage_sink(&run.stage, KIST_BENCH_SIZE_MAX, &sink, NULL) == KIST_OK &&
	    bench->type->interface.open(run.stage.host, run.stage.call, &instance) == KIST_OK) {
		/* The sink's own memory is there before. */
		(void)(kist_buf_reserve(&sink.bytes, 4 * size, NULL) == KIST_OK);
		growth.before = kist_bench_in_use();
		sink.each = note_growth;
		sink.ctx = &growth;
		(void)bench->type->interface.serialize(instance, run.stage.call, &object,
						       &bench->writing.params, sink.base);
		bench->type->interface.close(instance);
		if (growth.most > size / 2)
			kist_bench_fail(bench,
					"it claims KIST_CAP_STREAM_WRITE, and holds %llu bytes while it "
					"writes %zu: write "
					"piece by piece, or drop the claim",
					(unsigned long long)growth.most, size);
		kist_stage_sink_done(&sink);
	}
	kist_stage_close(&run.stage);
}

void check_caps(struct kist_bench *bench)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	const uint32_t kind = first_large_kind(bench);
	const uint64_t known = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT | KIST_CAP_STREAM_WRITE |
			       KIST_CAP_STREAM_READ | KIST_CAP_LOSSY | KIST_CAP_NEEDS_THREADS;
	kist_status status;

	if (bench->type->interface.caps & ~known)
		kist_bench_fail(
			bench,
			"its caps have the bits 0x%llx, which kist/plugin.h does not know: leave them out",
			(unsigned long long)(bench->type->interface.caps & ~known));
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	status = write_large(bench, &run, kind, &bytes);
	kist_bench_end(bench, &run);
	if (status == KIST_OK) {
		reads_lazily(bench, &bytes);
		writes_in_pieces(bench, kind, bytes.size);
	}
}

/* Arguments. */

/* The texts of a string argument: none, the longest, what is not ASCII, what a parser may trip over. */
static json_t *edge_value(const json_t *argument, size_t i)
{
	static const char *const texts[] = { "", "\303\244", "'", "\\", "%s%n", "../..", "\t", "nan" };
	const char *type = kist_json_get_text(argument, "type");
	const json_t *choices = json_object_get(argument, "enum");
	const json_t *bounds[] = { json_object_get(argument, "minimum"),
				   json_object_get(argument, "maximum") };

	if (choices)
		return i < json_array_size(choices) ? json_incref(json_array_get(choices, i)) : NULL;
	if (strcmp(type, "boolean") == 0)
		return i < 2 ? json_boolean(i) : NULL;
	if (i < 2 && strcmp(type, "string") != 0 && bounds[i])
		return json_incref((json_t *)(uintptr_t)bounds[i]);
	if (strcmp(type, "integer") == 0)
		return i < 5 ? json_integer((const json_int_t[]){ 0, 1, -1, INT64_MAX, INT64_MIN }[i]) : NULL;
	if (strcmp(type, "number") == 0)
		return i < 5 ? json_real((const double[]){ 0, 1.5, -1, 1e300, 1e-300 }[i]) : NULL;
	if (i < sizeof(texts) / sizeof(texts[0]))
		return json_string(texts[i]);
	if (i == sizeof(texts) / sizeof(texts[0])) {
		char text[1025];
		const json_t *max = json_object_get(argument, "maxLength");
		const json_int_t len = max ? json_integer_value(max) : 1024;

		memset(text, 'x', sizeof(text));
		return json_stringn(text, len < 1024 ? (size_t)len : 1024);
	}
	return NULL;
}

struct with {
	const struct kist_params *params;
	const char *what;
};

static void read_with(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	const struct with *with = ctx;
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;

	kist_notebook_input(bench->notebook, bytes);
	for (int i = 0; i < 4; i++) {
		kist_notebook_doing(bench->notebook, "reading %s with %s", name, with->what);
		if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
			return;
		run.params = with->params;
		if (i == 0)
			(void)kist_bench_read(bench, &run, bytes, NULL, NULL, NULL);
		else if (i == 1)
			(void)kist_bench_validate(bench, &run, bytes);
		else if (i == 2)
			(void)kist_bench_layout(bench, &run, bytes);
		else
			(void)kist_bench_describe(bench, &run, bytes, NULL);
		kist_bench_end(bench, &run);
	}
}

static void write_with(struct kist_bench *bench, const struct with *with)
{
	for (uint32_t kind = KIST_KIND_BYTES; kind < KIST_KIND_COUNT; kind++) {
		kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
		struct kist_bench_run run = KIST_BENCH_RUN_INIT;
		char name[KIST_KIT_OBJECT_NAME_SIZE];

		if (!(bench->declared->kinds & KIST_KIND_BIT(kind)) ||
		    kist_kit_object(kind, 0, name, &object, NULL) != KIST_OK)
			continue;
		kist_notebook_doing(bench->notebook, "in serialize of %s with %s", name, with->what);
		if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
			return;
		run.params = with->params;
		(void)kist_bench_write(bench, &run, &object, NULL);
		if (run.status == KIST_CORRUPT || run.status == KIST_INTERNAL)
			kist_bench_fail(bench,
					"serialize with %s fails with '%s': an argument that the schema "
					"takes and the plugin "
					"does not is KIST_INVALID; or narrow the schema",
					with->what, kist_status_name(run.status));
		kist_bench_end(bench, &run);
	}
}

/* One argument at one edge; what the schema itself refuses never comes to a plugin. */
static void try_value(struct kist_bench *bench, const struct kist_schema *schema, const char *name,
		      json_t *value, bool is_writing)
{
	kist_auto_json json_t *given = json_pack("{s:O}", name, value);
	kist_auto_mem struct kist_bench_params *params = kist_alloc(1, sizeof(*params));
	kist_auto_buf struct kist_buf shown = KIST_BUF_INIT(KIST_MANIFEST_SIZE_MAX);
	char what[160];
	struct with with = { .what = what };

	if (kist_json_canonical(value, &shown, NULL) != KIST_OK)
		return;
	snprintf(what, sizeof(what), "%s = %.*s", name, shown.size < 60 ? (int)shown.size : 60,
		 (const char *)shown.data);
	if (params && kist_bench_params(schema, given, params, NULL) == KIST_OK) {
		with.params = &params->params;
		if (is_writing)
			write_with(bench, &with);
		else
			(void)kist_bench_each(bench, read_with, &with);
	}
	if (params)
		kist_bench_params_done(params);
}

static void try_schema(struct kist_bench *bench, const struct kist_schema *schema, bool is_writing)
{
	kist_auto_json json_t *all = kist_schema_json(schema);
	const char *name;
	json_t *argument;

	json_object_foreach(all, name, argument) {
		for (size_t i = 0; i < 40 && !kist_bench_failed(bench); i++) {
			kist_auto_json json_t *value = edge_value(argument, i);

			if (!value)
				break;
			try_value(bench, schema, name, value, is_writing);
		}
	}
}

void check_params(struct kist_bench *bench)
{
	try_schema(bench, bench->declared->serialize, true);
	try_schema(bench, bench->declared->deserialize, false);
}

/*
 * The bytes that the real worker is to be given, by who started this process, trial.c, and what is written here of what
 * is read of them: not the same bytes, when something is lost, or a sample was made elsewhere.
 */
static void keep_first(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	kist_auto_buf struct kist_buf again = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
	bool *is_kept = ctx;
	struct kist_digest digest;
	kist_status written;

	if (*is_kept || bytes.size == 0 || bytes.size > KIST_NOTEBOOK_INPUT_MAX)
		return;
	*is_kept = true;
	kist_notebook_input(bench->notebook, bytes);
	/* What cannot be done here is not compared there. */
	(void)!kist_bench_again(bench, bytes, &again, &written);
	digest = kist_digest_of(kist_buf_view(&again));
	kist_digest_hex(&digest, bench->digest);
	kist_notebook_doing(bench->notebook, "%s", name);
}

void check_worker(struct kist_bench *bench)
{
	bool is_kept = false;

	for (uint32_t kind = KIST_KIND_BYTES; kind < KIST_KIND_COUNT && !is_kept; kind++) {
		for (size_t i = 0; i < 100 && !is_kept && (bench->declared->kinds & KIST_KIND_BIT(kind));
		     i++) {
			kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
			kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
			struct kist_bench_run run = KIST_BENCH_RUN_INIT;
			char name[KIST_KIT_OBJECT_NAME_SIZE];

			if (kist_kit_object(kind, i, name, &object, NULL) != KIST_OK)
				break;
			if (kist_bench_start(&run, KIST_STAGE_TODAY) == KIST_OK &&
			    kist_bench_write(bench, &run, &object, &bytes) == KIST_OK)
				keep_first(bench, name, kist_buf_view(&bytes), &is_kept);
			kist_bench_end(bench, &run);
		}
	}
	if (!is_kept)
		(void)kist_bench_each_file(bench, "samples", keep_first, &is_kept);
	kist_bench_needs_objects(bench, is_kept);
}
