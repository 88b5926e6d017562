/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kit/run.h"

/*
 * There and back: what is written is sound, and is read as what it was.
 */

#define DESCRIPTION_MAX ((size_t)256 << 10)

void kist_bench_needs_objects(struct kist_bench *bench, size_t count)
{
	if (count == 0)
		bench->skipped =
			"it writes none of the kit's objects, and samples/ has no files: put some there";
}

/* Sound, as the host asks before it keeps a file. */
static bool is_sound(struct kist_bench *bench, const char *name, struct kist_view bytes)
{
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	bool sound;

	kist_notebook_doing(bench->notebook, "in validate of %s", name);
	kist_notebook_input(bench->notebook, bytes);
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return false;
	sound = kist_bench_validate(bench, &run, bytes) == KIST_OK && run.errors == 0;
	if (!sound)
		kist_bench_fail(bench, "validate refuses %s (%s): %s", name, kist_status_name(run.status),
				run.why);
	kist_bench_end(bench, &run);
	return sound;
}

static void read_back(struct kist_bench *bench, const char *name, struct kist_view bytes,
		      struct kist_digest *ret)
{
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;

	kist_notebook_doing(bench->notebook, "in deserialize of %s", name);
	kist_notebook_input(bench->notebook, bytes);
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	if (kist_bench_read(bench, &run, bytes, ret, NULL, NULL) != KIST_OK && run.status != KIST_UNSUPPORTED)
		kist_bench_fail(bench, "deserialize fails on %s, which validate takes (%s): %s", name,
				kist_status_name(run.status), run.why);
	kist_bench_end(bench, &run);
}

struct again {
	struct kist_bench *bench;
	struct kist_buf *bytes;
	kist_status status;
};

static void write_again(void *ctx, struct kist_object *object, struct kist_call *call)
{
	struct again *again = ctx;
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;

	(void)call;
	kist_notebook_doing(again->bench->notebook, "in serialize of what deserialize gave");
	if (kist_bench_start(&run, KIST_STAGE_TODAY) == KIST_OK)
		again->status = kist_bench_write(again->bench, &run, object, again->bytes);
	kist_bench_end(again->bench, &run);
}

kist_status kist_bench_again(struct kist_bench *bench, struct kist_view bytes, struct kist_buf *ret,
			     kist_status *ret_written)
{
	struct again again = { .bench = bench, .bytes = ret, .status = KIST_OK };
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;

	KIST_TRY(kist_bench_start(&run, KIST_STAGE_TODAY));
	(void)kist_bench_read(bench, &run, bytes, NULL, write_again, &again);
	kist_bench_end(bench, &run);
	*ret_written = again.status;
	return run.status;
}

/* What was read is written again: the same bytes. */
static void write_twice(struct kist_bench *bench, const char *name, struct kist_view bytes)
{
	kist_auto_buf struct kist_buf again = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
	kist_status written;

	if (kist_bench_again(bench, bytes, &again, &written) != KIST_OK)
		return;
	if (written != KIST_OK)
		kist_bench_fail(bench, "serialize refuses what deserialize made of %s (%s)", name,
				kist_status_name(written));
	else if (again.size != bytes.size ||
		 (bytes.size > 0 && memcmp(again.data, bytes.data, bytes.size) != 0))
		kist_bench_fail(
			bench,
			"%s, written, read and written again gives other bytes (%zu, and %zu before): either "
			"reading or writing loses something; claim KIST_CAP_LOSSY if that is meant",
			name, again.size, bytes.size);
}

/* Of a table only what is written again is compared: a text need not keep the types of columns.  Nor need a format have
 * a name for each element type: then it keeps the bytes. */
static bool is_compared(const struct kist_object *object)
{
	const DLManagedTensorVersioned *tensor = object->value;

	return object->kind != KIST_KIND_TABLE &&
	       (object->kind != KIST_KIND_TENSOR || tensor->dl_tensor.dtype.code != kDLBfloat);
}

/* The object as it was made, against the one that was read. */
static void compare_object(struct kist_bench *bench, const char *name, size_t i, uint32_t kind,
			   const struct kist_digest *read)
{
	static const struct kist_digest none;
	kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
	struct kist_digest made;
	char title[KIST_KIT_OBJECT_NAME_SIZE];

	if (kist_digest_equal(read, &none) || kist_kit_object(kind, i, title, &object, NULL) != KIST_OK ||
	    !is_compared(&object) || kist_kit_object_digest(&object, NULL, &made, NULL) != KIST_OK)
		return;
	if (!kist_digest_equal(&made, read))
		kist_bench_fail(bench,
				"%s is read back as another object: element type, shape, names or elements "
				"differ; claim "
				"KIST_CAP_LOSSY if that is meant",
				name);
}

static kist_status trip(struct kist_bench *bench, uint32_t kind, size_t i,
			char name[static KIST_KIT_OBJECT_NAME_SIZE], size_t *ret_count, char why[static 256])
{
	kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	struct kist_digest read = { { 0 } };

	KIST_TRY(kist_kit_object(kind, i, name, &object, NULL));
	kist_notebook_doing(bench->notebook, "in serialize of %s", name);
	KIST_TRY(kist_bench_start(&run, KIST_STAGE_TODAY));
	(void)kist_bench_write(bench, &run, &object, &bytes);
	memcpy(why, run.why, 256);
	kist_bench_end(bench, &run);
	if (run.status != KIST_OK)
		return KIST_OK;
	(*ret_count)++;
	if (!is_sound(bench, name, kist_buf_view(&bytes)))
		return KIST_OK;
	read_back(bench, name, kist_buf_view(&bytes), &read);
	if (bench->type->interface.caps & KIST_CAP_LOSSY)
		return KIST_OK;
	compare_object(bench, name, i, kind, &read);
	write_twice(bench, name, kist_buf_view(&bytes));
	return KIST_OK;
}

void check_round_trip(struct kist_bench *bench)
{
	size_t all = 0;

	for (uint32_t kind = KIST_KIND_BYTES; kind < KIST_KIND_COUNT; kind++) {
		char name[KIST_KIT_OBJECT_NAME_SIZE];
		char why[256] = "";
		kist_status status = KIST_OK;
		size_t count = 0;

		if (!(bench->declared->kinds & KIST_KIND_BIT(kind)) || kind == KIST_KIND_OPAQUE)
			continue;
		for (size_t i = 0; status == KIST_OK && !kist_bench_failed(bench); i++)
			status = trip(bench, kind, i, name, &count, why);
		all += count;
	}
	kist_bench_needs_objects(bench, all);
}

static void take_file(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	struct kist_digest digest;

	(void)ctx;
	if (is_sound(bench, name, bytes))
		read_back(bench, name, bytes, &digest);
}

void check_samples(struct kist_bench *bench)
{
	if (kist_bench_each_file(bench, "samples", take_file, NULL) == 0)
		bench->skipped = "samples/ has no files: put sound ones there, and all checks take them";
}

void check_golden(struct kist_bench *bench)
{
	if (kist_bench_each_file(bench, "golden", take_file, NULL) == 0)
		bench->skipped = "golden/ has no files: put one there that each released version has written";
}

static void has_magic(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	const struct kist_manifest_type *declared = bench->declared;
	bool found = false;

	(void)ctx;
	for (size_t i = 0; i < declared->magic_count; i++) {
		const struct kist_magic *magic = &declared->magics[i];

		found = found || (bytes.size >= (size_t)magic->offset + magic->len &&
				  memcmp(bytes.data + magic->offset, magic->bytes, magic->len) == 0);
	}
	if (!found)
		kist_bench_fail(bench,
				"what is written for %s has none of the magics that the manifest names: a "
				"file of yours "
				"would not be known as one",
				name);
}

void check_magic(struct kist_bench *bench)
{
	if (bench->declared->magic_count == 0)
		bench->skipped = "the manifest names no magic";
	else
		kist_bench_needs_objects(bench, kist_bench_each(bench, has_magic, NULL));
}

static void lies_well(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;

	(void)ctx;
	kist_notebook_doing(bench->notebook, "in layout of %s", name);
	kist_notebook_input(bench->notebook, bytes);
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	if (kist_bench_layout(bench, &run, bytes) != KIST_OK)
		kist_bench_fail(bench, "layout fails on %s, which is sound (%s): %s", name,
				kist_status_name(run.status), run.why);
	kist_bench_end(bench, &run);
}

void check_layout(struct kist_bench *bench)
{
	if (!bench->type->interface.layout)
		bench->skipped = "it has no layout: with one, kist compresses by element type";
	else
		kist_bench_needs_objects(bench, kist_bench_each(bench, lies_well, NULL));
}

static void describes(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	kist_auto_buf struct kist_buf first = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
	kist_auto_buf struct kist_buf second = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
	kist_auto_json json_t *json = NULL;
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	struct kist_error why = KIST_ERROR_INIT;

	(void)ctx;
	kist_notebook_doing(bench->notebook, "in describe of %s", name);
	kist_notebook_input(bench->notebook, bytes);
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	if (kist_bench_describe(bench, &run, bytes, &first) != KIST_OK)
		kist_bench_fail(bench, "describe fails on %s, which is sound (%s): %s", name,
				kist_status_name(run.status), run.why);
	kist_bench_end(bench, &run);
	if (run.status != KIST_OK || kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	(void)kist_bench_describe(bench, &run, bytes, &second);
	kist_bench_end(bench, &run);
	if (first.size > DESCRIPTION_MAX)
		kist_bench_fail(bench, "describe writes %zu bytes for %s; at most %zu are taken", first.size,
				name, DESCRIPTION_MAX);
	else if (kist_json_parse(kist_buf_view(&first), &json, &why) != KIST_OK || !json_is_object(json))
		kist_bench_fail(bench, "describe writes no JSON object for %s: %s", name, why.text);
	else if (first.size != second.size || memcmp(first.data, second.data, first.size) != 0)
		kist_bench_fail(bench, "describe says something else of %s the second time", name);
}

void check_describe(struct kist_bench *bench)
{
	if (!bench->type->interface.describe)
		bench->skipped = "it has no describe: with one, kist show says what a file holds";
	else
		kist_bench_needs_objects(bench, kist_bench_each(bench, describes, NULL));
}

static void probes(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	int32_t score = 0;
	kist_status status;

	(void)ctx;
	kist_notebook_doing(bench->notebook, "in probe of %s", name);
	kist_notebook_input(bench->notebook, bytes);
	status = kist_bench_probe(bench, bytes, &score);
	if (status != KIST_OK)
		kist_bench_fail(bench, "probe fails on %s (%d)", name, status);
	else if (score < 1 || score > 100)
		kist_bench_fail(bench, "probe gives %d for %s, which is its own: 1 to 100 is expected", score,
				name);
	for (size_t size = 0; size < 32 && size < bytes.size; size++) {
		status = kist_bench_probe(bench, kist_view_of(bytes.data, size), &score);
		if (status == KIST_OK && (score < 0 || score > 100))
			kist_bench_fail(bench,
					"probe gives %d for the first %zu bytes of %s: 0 to 100 is expected",
					score, size, name);
	}
}

void check_probe(struct kist_bench *bench)
{
	if (!bench->type->interface.probe)
		bench->skipped = "it has no probe";
	else
		kist_bench_needs_objects(bench, kist_bench_each(bench, probes, NULL));
}
