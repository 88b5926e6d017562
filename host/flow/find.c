/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/find.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "flow/load.h"
#include "flow/tree.h"

/* Of what a message shows of a path. */
#define SHOWN_SIZE_MAX 200

struct search {
	struct kist_view path;
	bool found;
	struct kist_tree_entry entry; /* what it borrows is not used */
};

static kist_status compare_entry(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	struct search *search = ctx;

	(void)err;
	if (entry->path.size == search->path.size &&
	    memcmp(entry->path.data, search->path.data, search->path.size) == 0) {
		search->found = true;
		search->entry = *entry;
	}
	return KIST_OK;
}

static int shown(struct kist_view path)
{
	return (int)kist_min_u64(path.size, SHOWN_SIZE_MAX);
}

/* The entry, which is of a file. */
static kist_status find_file(struct kist_flow *flow, const json_t *tree, struct search *search,
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	const char *path = (const char *)search->path.data;

	KIST_TRY(kist_load_listing(flow, tree, &listing, err));
	KIST_TRY(kist_tree_read(kist_buf_view(&listing), compare_entry, search, NULL, err));
	if (!search->found)
		return kist_fail(err, KIST_NOT_FOUND,
				 "this folder has no '%.*s'; 'kist show' lists what it has",
				 shown(search->path), path);
	if (search->entry.kind == KIST_TREE_FILE)
		return KIST_OK;
	return kist_fail(
		err, KIST_INVALID,
		search->entry.kind == KIST_TREE_LINK
			? "'%.*s' is a link; name the file that it leads to"
			: "'%.*s' is a folder; of a folder that is kept, files can be named, or the whole",
		shown(search->path), path);
}

/* The artifact of a tree's file; its mode and time are those that it has there. */
static kist_status get_file(struct kist_flow *flow, const struct search *search, struct kist_artifact *ret,
			    struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	json_t *file;

	KIST_TRY(kist_lost_is_damage(
		kist_registry_get_artifact(flow->registry, &search->entry.artifact, &artifact, err), err));
	file = json_pack("{s:i,s:I}", "mode", (int)search->entry.mode, "mtime_ns",
			 (json_int_t)search->entry.mtime_ns);
	KIST_TRY(kist_record_set_take(artifact.record, "file", file, err));
	kist_artifact_done(ret);
	*ret = artifact;
	artifact = (struct kist_artifact)KIST_ARTIFACT_INIT;
	return KIST_OK;
}

/* The tree with the longest name that @text begins with, and the bytes of that name; *@ret_len 0 for none. */
static kist_status find_tree(struct kist_flow *flow, const char *text, size_t len, struct kist_artifact *ret,
			     size_t *ret_len, struct kist_error *err)
{
	for (const char *end = memrchr(text, '/', len); end; end = memrchr(text, '/', (size_t)(end - text))) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status =
			kist_registry_resolve(flow->registry, text, (size_t)(end - text), ret, &why);

		if (status == KIST_NOT_FOUND || (status == KIST_OK && !kist_record_is_tree(ret->record)))
			continue;
		*ret_len = (size_t)(end - text);
		return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
	}
	*ret_len = 0;
	return KIST_OK;
}

/* Fails, too, with nothing in @err when @text begins with the name of no tree. */
static kist_status find_in_tree(struct kist_flow *flow, const char *text, size_t len,
				struct kist_artifact *ret, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact tree = KIST_ARTIFACT_INIT;
	struct search search = { .found = false };
	size_t name_len;

	KIST_TRY(find_tree(flow, text, len, &tree, &name_len, err));
	if (name_len == 0)
		return KIST_NOT_FOUND;
	search.path = kist_view_of(text + name_len + 1, len - name_len - 1);
	if (find_file(flow, tree.record, &search, err) != KIST_OK)
		return kist_fail_context(err, "%.*s", shown(kist_view_of(text, name_len)), text);
	return get_file(flow, &search, ret, err);
}

kist_status kist_find(struct kist_flow *flow, const char *text, size_t len, struct kist_artifact *ret,
		      struct kist_error *err)
{
	struct kist_error unnamed = KIST_ERROR_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status = kist_registry_resolve(flow->registry, text, len, ret, &unnamed);

	if (status == KIST_NOT_FOUND)
		status = find_in_tree(flow, text, len, ret, &why);
	return status == KIST_OK ? KIST_OK
				 : kist_fail_as(err, status, why.status == KIST_OK ? &unnamed : &why);
}
