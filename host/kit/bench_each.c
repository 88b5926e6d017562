/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "kit/bench.h"

/* Files of a folder that are looked at. */
#define FILES_MAX 256

/* One object: written, and handed on. */
static kist_status one_object(struct kist_bench *bench, uint32_t kind, size_t i, bool *ret_written,
			      void (*each)(struct kist_bench *bench, const char *name, struct kist_view bytes,
					   void *ctx),
			      void *ctx)
{
	kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	char name[KIST_KIT_OBJECT_NAME_SIZE];

	KIST_TRY(kist_kit_object(kind, i, name, &object, NULL));
	kist_notebook_doing(bench->notebook, "in serialize of %s", name);
	kist_notebook_input(bench->notebook, kist_view_of(NULL, 0));
	KIST_TRY(kist_bench_start(&run, KIST_STAGE_TODAY));
	*ret_written = kist_bench_write(bench, &run, &object, &bytes) == KIST_OK;
	/* Only what nobody could write may be refused. */
	if (run.status != KIST_OK && run.status != KIST_UNSUPPORTED && run.status != KIST_INVALID &&
	    run.status != KIST_LIMIT)
		kist_bench_fail(bench, "serialize of %s failed (%s): %s", name, kist_status_name(run.status),
				run.why);
	kist_bench_end(bench, &run);
	if (*ret_written)
		each(bench, name, kist_buf_view(&bytes), ctx);
	return KIST_OK;
}

size_t kist_bench_each_object(struct kist_bench *bench,
			      void (*each)(struct kist_bench *bench, const char *name, struct kist_view bytes,
					   void *ctx),
			      void *ctx)
{
	size_t count = 0;

	for (uint32_t kind = KIST_KIND_BYTES; kind < KIST_KIND_COUNT; kind++) {
		kist_status status = KIST_OK;

		if (!(bench->declared->kinds & KIST_KIND_BIT(kind)))
			continue;
		for (size_t i = 0; status == KIST_OK && !kist_bench_failed(bench); i++) {
			bool is_written = false;

			status = one_object(bench, kind, i, &is_written, each, ctx);
			count += is_written;
		}
	}
	return count;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of a plugin with several types are told apart by what they end with. */
static bool is_of_type(const struct kist_bench *bench, const char *name)
{
	const char *dot = strrchr(name, '.');

	if (bench->manifest->type_count == 1)
		return true;
	for (size_t i = 0; dot && i < bench->declared->extension_count; i++) {
		if (strcmp(dot + 1, bench->declared->extensions[i]) == 0)
			return true;
	}
	return false;
}

size_t kist_bench_each_file(struct kist_bench *bench, const char *name,
			    void (*each)(struct kist_bench *bench, const char *name, struct kist_view bytes,
					 void *ctx),
			    void *ctx)
{
	char path[PATH_MAX];
	char *names[FILES_MAX];
	const struct dirent *entry;
	size_t count = 0;
	size_t used = 0;

	snprintf(path, sizeof(path), "%s/%s", bench->folder, name);
	kist_auto_dir DIR *folder = opendir(path);

	if (!folder)
		return 0;
	while (count < FILES_MAX && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || !is_of_type(bench, entry->d_name))
			continue;
		names[count] = kist_strndup(entry->d_name, strlen(entry->d_name));
		count += names[count] != NULL;
	}
	qsort(names, count, sizeof(names[0]), compare_names);
	for (size_t i = 0; i < count; i++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_BENCH_SIZE_MAX);
		char title[NAME_MAX + 32];

		snprintf(title, sizeof(title), "%s/%s", name, names[i]);
		if (kist_read_file_at(dirfd(folder), names[i], &bytes, NULL) == KIST_OK) {
			each(bench, title, kist_buf_view(&bytes), ctx);
			used++;
		}
		kist_free(names[i]);
	}
	return used;
}

size_t kist_bench_each(struct kist_bench *bench,
		       void (*each)(struct kist_bench *bench, const char *name, struct kist_view bytes,
				    void *ctx),
		       void *ctx)
{
	return kist_bench_each_object(bench, each, ctx) + kist_bench_each_file(bench, "samples", each, ctx);
}
