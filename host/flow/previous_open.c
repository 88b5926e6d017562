/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/previous.h"

#include <stdlib.h>
#include <string.h>

#include "flow/tree.h"

/* What goes wrong with the old version says nothing about the new one; only what would go wrong again counts. */
static bool is_worth_telling(kist_status status)
{
	return status == KIST_NO_MEMORY || status == KIST_CANCELLED;
}

static bool is_of_type(const json_t *record, const struct kist_examined *examined)
{
	const char *type = examined->target.entry->manifest->types[examined->target.type_index].type;
	const char *encoding = kist_json_get_text(record, "encoding");
	const size_t len = strlen(type);

	return encoding && strncmp(encoding, type, len) == 0 && encoding[len] == '@';
}

static kist_status keep_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	return kist_examine_keep_part(ctx, part, err);
}

static int compare_parts(const void *a, const void *b)
{
	const struct kist_content_part *left = a;
	const struct kist_content_part *right = b;

	if (left->name != right->name)
		return left->name < right->name ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

static kist_status look_for_parts(struct kist_flow *flow, struct kist_object_reader *reader,
				  const struct kist_examined *examined, struct kist_previous *previous,
				  struct kist_error *err)
{
	const struct kist_input input = kist_object_reader_input(reader);

	KIST_TRY(kist_worker_layout(flow->worker, &examined->serializer, &input, keep_part, &previous->parts,
				    err));
	if (previous->parts.size > 0)
		qsort(previous->parts.data, previous->parts.size / sizeof(struct kist_content_part),
		      sizeof(struct kist_content_part), compare_parts);
	return KIST_OK;
}

/* A worker that did not survive the old bytes is not to fail the new ones. */
static kist_status renew_worker(struct kist_flow *flow, struct kist_examined *examined,
				struct kist_error *err)
{
	kist_auto_json json_t *params = examined->params;

	examined->params = NULL;
	return kist_flow_serializer(flow, &examined->target, false, params, &examined->serializer,
				    &examined->params, err);
}

kist_status kist_previous_open(struct kist_flow *flow, const struct kist_digest *id,
			       struct kist_examined *examined, struct kist_previous *previous,
			       struct kist_error *err)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	kist_previous_clear(previous);
	status = kist_registry_get_artifact(flow->registry, id, &artifact, &why);
	if (status == KIST_OK)
		status = kist_object_reader_open(flow, artifact.record, &reader, &why);
	if (status != KIST_OK)
		return is_worth_telling(status) ? kist_fail_as(err, status, &why) : KIST_OK;
	if (examined->target.entry && examined->parts.size > 0 && is_of_type(artifact.record, examined))
		status = look_for_parts(flow, &reader, examined, previous, &why);
	kist_buf_move(&previous->chunks, &reader.entries);
	if (status == KIST_OK)
		return KIST_OK;
	previous->parts.size = 0;
	return is_worth_telling(status) ? kist_fail_as(err, status, &why) : renew_worker(flow, examined, err);
}

void kist_previous_tree_done(struct kist_previous_tree *tree)
{
	kist_buf_done(&tree->listing);
	kist_buf_done(&tree->files);
}

static kist_status add_file(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	const struct kist_previous_file file = { .path = entry->path, .artifact = entry->artifact };

	return entry->kind == KIST_TREE_FILE ? kist_buf_append(ctx, &file, sizeof(file), err) : KIST_OK;
}

static kist_status read_tree(struct kist_flow *flow, const struct kist_digest *id,
			     struct kist_previous_tree *tree, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	const char *kind;

	KIST_TRY(kist_registry_get_artifact(flow->registry, id, &artifact, err));
	kind = kist_json_get_text(artifact.record, "kind");
	if (!kind || strcmp(kind, "tree") != 0)
		return KIST_OK;
	KIST_TRY(kist_load_listing(flow, artifact.record, &tree->listing, err));
	return kist_tree_read(kist_buf_view(&tree->listing), add_file, &tree->files, NULL, err);
}

kist_status kist_previous_tree_open(struct kist_flow *flow, const struct kist_digest *id,
				    struct kist_previous_tree *tree, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = read_tree(flow, id, tree, &why);

	if (status == KIST_OK)
		return KIST_OK;
	tree->files.size = 0;
	return is_worth_telling(status) ? kist_fail_as(err, status, &why) : KIST_OK;
}

static int compare_paths(const void *key, const void *item)
{
	const struct kist_view *path = key;
	const struct kist_previous_file *file = item;
	const size_t len = path->size < file->path.size ? path->size : file->path.size;
	const int order = memcmp(path->data, file->path.data, len);

	return order != 0 ? order : (path->size > file->path.size) - (path->size < file->path.size);
}

const struct kist_digest *kist_previous_tree_find(const struct kist_previous_tree *tree,
						  struct kist_view path)
{
	const struct kist_previous_file *file;

	if (tree->files.size == 0)
		return NULL;
	file = bsearch(&path, tree->files.data, tree->files.size / sizeof(*file), sizeof(*file),
		       compare_paths);
	return file ? &file->artifact : NULL;
}
