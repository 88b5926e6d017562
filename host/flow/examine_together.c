/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "flow/examine.h"

/* The names of so many files are looked at before their bytes are. */
#define EXPECTED_MAX ((size_t)64)

/* The files of one type on their way through the worker. */
struct row {
	struct kist_together *files;
	size_t count;
	size_t *which; /* of @files */
	struct kist_sample *samples;
	size_t start; /* of the samples that are asked for */
};

static void row_done(struct row *row)
{
	for (size_t i = 0; row->samples && i < row->count; i++)
		kist_buf_done(&row->samples[i].info);
	kist_free(row->samples);
	kist_free(row->which);
}

static struct kist_examined *examined_of(const struct row *row, size_t sample)
{
	return &row->files[row->which[sample]].examined;
}

static bool same_target(const struct kist_route_target *a, const struct kist_route_target *b)
{
	return a->entry == b->entry && a->type_index == b->type_index;
}

static kist_status keep_part(void *ctx, size_t index, const struct kist_part *part, struct kist_error *err)
{
	const struct row *row = ctx;

	return kist_examine_keep_part(&examined_of(row, row->start + index)->parts, part, err);
}

/* What can be said of a failure when its files are asked for one by one, is said then. */
static kist_status ask(struct kist_flow *flow, struct row *row, struct kist_error *err)
{
	struct kist_serializer_ref serializer;
	kist_auto_json json_t *params = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	status = kist_flow_serializer(flow, &examined_of(row, 0)->target, false, NULL, &serializer, &params,
				      &why);
	while (status == KIST_OK && row->start < row->count) {
		size_t taken = 0;

		status = kist_worker_examine(flow->worker, &serializer, row->samples + row->start,
					     row->count - row->start, keep_part, row, &taken, &why);
		row->start += taken;
	}
	return status == KIST_CANCELLED ? kist_fail_as(err, status, &why) : KIST_OK;
}

static kist_status examine_row(struct kist_flow *flow, struct row *row, struct kist_error *err)
{
	KIST_TRY(ask(flow, row, err));
	for (size_t i = 0; i < row->count; i++) {
		struct kist_together *file = &row->files[row->which[i]];

		file->done = row->samples[i].is_sound;
		if (file->done)
			kist_buf_move(&file->examined.info, &row->samples[i].info);
		else
			file->examined.parts.size = 0;
	}
	return KIST_OK;
}

/* Types of different plugins. */
struct plugins {
	struct kist_route_target targets[KIST_FLOW_PLUGINS_MAX];
	size_t count;
};

static void add_plugin(struct plugins *plugins, const struct kist_route_target *target)
{
	size_t i = 0;

	while (i < plugins->count && plugins->targets[i].entry != target->entry)
		i++;
	if (i == plugins->count && i < KIST_FLOW_PLUGINS_MAX)
		plugins->targets[plugins->count++] = *target;
}

/* What is in the way is met again, and said where it matters. */
static void load(struct kist_flow *flow, const struct plugins *plugins)
{
	const kist_status loaded =
		plugins->count > 0 ? kist_flow_load(flow, plugins->targets, plugins->count, NULL) : KIST_OK;

	(void)loaded;
}

void kist_examine_prepare(struct kist_flow *flow, const struct kist_together *files, size_t count)
{
	struct plugins plugins = { .count = 0 };

	for (size_t i = 0; i < count; i++)
		add_plugin(&plugins, &files[i].examined.target);
	load(flow, &plugins);
}

void kist_examine_expect(struct kist_flow *flow, const struct kist_walk *walk)
{
	struct plugins plugins = { .count = 0 };

	for (size_t i = 0; i < kist_walk_count(walk) && i < EXPECTED_MAX; i++) {
		const char *const path = kist_walk_path(walk, i);
		const char *const slash = strrchr(path, '/');
		struct kist_route_target target;

		if (kist_walk_was_file(walk, i) &&
		    kist_examine_by_name(flow, slash ? slash + 1 : path, &target))
			add_plugin(&plugins, &target);
	}
	load(flow, &plugins);
}

kist_status kist_examine_together(struct kist_flow *flow, struct kist_together *files, size_t count,
				  struct kist_error *err)
{
	kist_auto_mem bool *taken = kist_alloc(count, sizeof(*taken));

	if (!taken)
		return kist_fail_memory(err, count);
	for (size_t first = 0; first < count; first++) {
		__attribute__((cleanup(row_done))) struct row row = { .files = files };

		if (taken[first])
			continue;
		row.which = kist_alloc(count, sizeof(*row.which));
		row.samples = kist_alloc(count, sizeof(*row.samples));
		if (!row.which || !row.samples)
			return kist_fail_memory(err, count * sizeof(*row.samples));
		for (size_t i = first; i < count; i++) {
			if (!same_target(&files[i].examined.target, &files[first].examined.target))
				continue;
			taken[i] = true;
			row.samples[row.count].bytes = files[i].bytes;
			row.which[row.count++] = i;
		}
		KIST_TRY(examine_row(flow, &row, err));
	}
	return KIST_OK;
}
