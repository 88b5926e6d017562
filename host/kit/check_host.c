/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/run.h"

/*
 * Hosts of other ages, and ids that nobody knows.
 */

void check_extension(struct kist_bench *bench)
{
	static const char *const ids[] = { "org.nobody.nothing/1",
					   "",
					   "/",
					   "kist.parallel/1 ",
					   "kist.parallel/",
					   "kist.parallel/18446744073709551616",
					   "\xff\xfe" };
	const struct kist_plugin *plugin = bench->loaded.plugin;

	if (!plugin || !KIST_HAS(plugin, extension)) {
		bench->skipped = "it has no extensions";
		return;
	}
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		kist_notebook_doing(bench->notebook, "asking for the extension '%s'", ids[i]);
		if (plugin->extension(ids[i]))
			kist_bench_fail(bench,
					"extension(\"%s\") gives something: compare whole ids, and give NULL "
					"for all that "
					"are not yours",
					ids[i]);
	}
}

struct aged {
	enum kist_stage_age age;
};

static void same_as_today(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	const struct aged *aged = ctx;
	struct kist_bench_run today = KIST_BENCH_RUN_INIT;
	struct kist_bench_run other = KIST_BENCH_RUN_INIT;
	struct kist_digest a = { { 0 } };
	struct kist_digest b = { { 0 } };

	kist_notebook_doing(bench->notebook, "reading what was written for %s, with a host of another age",
			    name);
	kist_notebook_input(bench->notebook, bytes);
	if (kist_bench_start(&today, KIST_STAGE_TODAY) != KIST_OK ||
	    kist_bench_start(&other, aged->age) != KIST_OK)
		return;
	(void)kist_bench_read(bench, &today, bytes, &a, NULL, NULL);
	(void)kist_bench_read(bench, &other, bytes, &b, NULL, NULL);
	if (today.status != other.status || !kist_digest_equal(&a, &b))
		kist_bench_fail(bench,
				"%s is read otherwise by a host of another age (%s, and today %s): use only "
				"members that "
				"struct_size gives, with KIST_HAS",
				name, kist_status_name(other.status), kist_status_name(today.status));
	kist_bench_end(bench, &today);
	kist_bench_end(bench, &other);
	if (kist_bench_start(&other, aged->age) == KIST_OK)
		(void)kist_bench_validate(bench, &other, bytes);
	kist_bench_end(bench, &other);
	if (kist_bench_start(&other, aged->age) == KIST_OK)
		(void)kist_bench_layout(bench, &other, bytes);
	kist_bench_end(bench, &other);
	if (kist_bench_start(&other, aged->age) == KIST_OK)
		(void)kist_bench_describe(bench, &other, bytes, NULL);
	kist_bench_end(bench, &other);
}

/* Writing, too. */
static void write_aged(struct kist_bench *bench, enum kist_stage_age age)
{
	for (uint32_t kind = KIST_KIND_BYTES; kind < KIST_KIND_COUNT; kind++) {
		kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
		struct kist_bench_run run = KIST_BENCH_RUN_INIT;
		char name[KIST_KIT_OBJECT_NAME_SIZE];

		if (!(bench->declared->kinds & KIST_KIND_BIT(kind)) ||
		    kist_kit_object(kind, 0, name, &object, NULL) != KIST_OK)
			continue;
		kist_notebook_doing(bench->notebook, "in serialize of %s, with a host of another age", name);
		if (kist_bench_start(&run, age) == KIST_OK)
			(void)kist_bench_write(bench, &run, &object, NULL);
		kist_bench_end(bench, &run);
	}
}

void check_older(struct kist_bench *bench)
{
	struct aged aged = { KIST_STAGE_OLDEST };

	write_aged(bench, aged.age);
	kist_bench_needs_objects(bench, kist_bench_each(bench, same_as_today, &aged));
}

void check_newer(struct kist_bench *bench)
{
	struct aged aged = { KIST_STAGE_NEWER };

	write_aged(bench, aged.age);
	kist_bench_needs_objects(bench, kist_bench_each(bench, same_as_today, &aged));
}
