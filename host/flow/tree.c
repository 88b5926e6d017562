/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/le.h"

#define HEAD_SIZE   ((size_t)16)
#define FIXED_SIZE  ((size_t)88) /* of an entry, before its path */
#define MODE_MAX    07777u
#define AT_MTIME    ((size_t)16)
#define AT_SHA256   ((size_t)24)
#define AT_ARTIFACT ((size_t)56)

static const char magic[8] = { 'K', 'T', 'R', 'E', 1, 0, 0, 0 };

void kist_tree_done(struct kist_tree *tree)
{
	kist_buf_done(&tree->listing);
	kist_buf_done(&tree->last_path);
}

kist_status kist_tree_start(struct kist_tree *tree, struct kist_error *err)
{
	uint8_t *head;

	kist_hasher_start(&tree->identity);
	KIST_TRY(kist_buf_extend(&tree->listing, HEAD_SIZE, &head, err));
	memcpy(head, magic, sizeof(magic));
	kist_hasher_add(&tree->identity, kist_view_of(magic, sizeof(magic)));
	return KIST_OK;
}

/* What counts for the digest: all of an entry but its time and its artifact. */
static void hash_identity(struct kist_hasher *hasher, const uint8_t *entry, struct kist_view path,
			  struct kist_view target)
{
	kist_hasher_add(hasher, kist_view_of(entry, AT_MTIME));
	kist_hasher_add(hasher, kist_view_of(entry + AT_SHA256, KIST_DIGEST_SIZE));
	kist_hasher_add(hasher, path);
	kist_hasher_add(hasher, target);
}

static int compare_views(struct kist_view a, struct kist_view b)
{
	const int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

static kist_status check_entry(const struct kist_tree_entry *entry, struct kist_error *err)
{
	const char *path = (const char *)entry->path.data;

	KIST_TRY(kist_tree_path_check(path, entry->path.size, err));
	if (entry->kind == KIST_TREE_LINK)
		return kist_tree_link_check(path, entry->path.size, (const char *)entry->target.data,
					    entry->target.size, err);
	return KIST_OK;
}

kist_status kist_tree_add(struct kist_tree *tree, const struct kist_tree_entry *entry, struct kist_error *err)
{
	const struct kist_view target = entry->kind == KIST_TREE_LINK ? entry->target : kist_view_of(NULL, 0);
	uint8_t *bytes;

	KIST_TRY(check_entry(entry, err));
	if (tree->count > 0 && compare_views(kist_buf_view(&tree->last_path), entry->path) >= 0)
		return kist_fail(err, KIST_INTERNAL, "the entries of a tree are not in order");
	tree->last_path.size = 0;
	KIST_TRY(kist_buf_append(&tree->last_path, entry->path.data, entry->path.size, err));
	KIST_TRY(kist_buf_extend(&tree->listing, FIXED_SIZE + entry->path.size + target.size, &bytes, err));
	bytes[0] = (uint8_t)entry->kind;
	kist_le_write16(bytes + 2, (uint16_t)entry->path.size);
	kist_le_write32(bytes + 4, entry->mode & MODE_MAX);
	kist_le_write64(bytes + 8, entry->kind == KIST_TREE_LINK ? target.size : entry->size);
	kist_le_write64(bytes + AT_MTIME, (uint64_t)entry->mtime_ns);
	memcpy(bytes + AT_SHA256, entry->sha256.bytes, KIST_DIGEST_SIZE);
	memcpy(bytes + AT_ARTIFACT, entry->artifact.bytes, KIST_DIGEST_SIZE);
	memcpy(bytes + FIXED_SIZE, entry->path.data, entry->path.size);
	if (target.size > 0)
		memcpy(bytes + FIXED_SIZE + entry->path.size, target.data, target.size);
	hash_identity(&tree->identity, bytes, entry->path, target);
	tree->count++;
	tree->links += entry->kind == KIST_TREE_LINK;
	if (entry->kind == KIST_TREE_FILE)
		tree->file_bytes += entry->size;
	return KIST_OK;
}

struct kist_digest kist_tree_finish(struct kist_tree *tree)
{
	kist_le_write64(tree->listing.data + sizeof(magic), tree->count);
	return kist_hasher_finish(&tree->identity);
}

static kist_status bad(struct kist_error *err, size_t offset, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_TREE", offset, "a tree's listing is damaged: %s", what);
}

/* Reads the entry at *@at and moves *@at behind it. */
static kist_status read_entry(struct kist_view listing, size_t *at, struct kist_tree_entry *ret,
			      struct kist_error *err)
{
	const uint8_t *bytes = listing.data + *at;
	const size_t left = listing.size - *at;
	size_t path_size;

	if (left < FIXED_SIZE)
		return bad(err, *at, "it ends in an entry");
	path_size = kist_le_read16(bytes + 2);
	*ret = (struct kist_tree_entry){ .kind = bytes[0],
					 .mode = kist_le_read32(bytes + 4),
					 .size = kist_le_read64(bytes + 8),
					 .mtime_ns = (int64_t)kist_le_read64(bytes + AT_MTIME) };
	if ((ret->kind != KIST_TREE_FILE && ret->kind != KIST_TREE_FOLDER && ret->kind != KIST_TREE_LINK) ||
	    bytes[1] != 0 || ret->mode > MODE_MAX || (ret->kind == KIST_TREE_FOLDER && ret->size != 0))
		return bad(err, *at, "an entry's head");
	memcpy(ret->sha256.bytes, bytes + AT_SHA256, KIST_DIGEST_SIZE);
	memcpy(ret->artifact.bytes, bytes + AT_ARTIFACT, KIST_DIGEST_SIZE);
	if (path_size > left - FIXED_SIZE)
		return bad(err, *at, "it ends in a path");
	ret->path = kist_view_of(bytes + FIXED_SIZE, path_size);
	*at += FIXED_SIZE + path_size;
	if (ret->kind == KIST_TREE_LINK) {
		if (ret->size > listing.size - *at)
			return bad(err, *at, "it ends in a link");
		ret->target = kist_view_of(listing.data + *at, (size_t)ret->size);
		*at += (size_t)ret->size;
	}
	return KIST_OK;
}

/* Nothing may lie under a file or a link: @leaf is the last one seen, and paths rise. */
static bool lies_under(struct kist_view path, struct kist_view leaf)
{
	return leaf.size > 0 && path.size > leaf.size && path.data[leaf.size] == '/' &&
	       memcmp(path.data, leaf.data, leaf.size) == 0;
}

/* Remembers the leaves that could still have something under them: "a" stays of interest past "a-b". */
struct leaves {
	struct kist_view stack[KIST_TREE_PATH_SIZE_MAX]; /* each the beginning of the next */
	size_t depth;
};

static bool under_a_leaf(struct leaves *leaves, const struct kist_tree_entry *entry)
{
	while (leaves->depth > 0) {
		const struct kist_view leaf = leaves->stack[leaves->depth - 1];

		if (lies_under(entry->path, leaf))
			return true;
		if (entry->path.size >= leaf.size && memcmp(entry->path.data, leaf.data, leaf.size) == 0)
			break;
		leaves->depth--;
	}
	if (entry->kind != KIST_TREE_FOLDER)
		leaves->stack[leaves->depth++] = entry->path;
	return false;
}

static kist_status walk(struct kist_view listing,
			kist_status (*each)(void *ctx, const struct kist_tree_entry *entry,
					    struct kist_error *err),
			void *ctx, struct kist_hasher *identity, struct kist_error *err)
{
	const uint64_t count = kist_le_read64(listing.data + sizeof(magic));
	struct kist_view last = kist_view_of(NULL, 0);
	struct leaves leaves = { .depth = 0 };
	size_t at = HEAD_SIZE;

	for (uint64_t i = 0; i < count; i++) {
		const size_t start = at;
		struct kist_tree_entry entry;

		KIST_TRY(read_entry(listing, &at, &entry, err));
		if (check_entry(&entry, NULL) != KIST_OK)
			return bad(err, start, "a path or link leaves the tree");
		if (i > 0 && compare_views(last, entry.path) >= 0)
			return bad(err, start, "its paths are not in order");
		if (under_a_leaf(&leaves, &entry))
			return bad(err, start, "a path lies under a file or a link");
		last = entry.path;
		if (identity)
			hash_identity(identity, listing.data + start, entry.path, entry.target);
		if (each)
			KIST_TRY(each(ctx, &entry, err));
	}
	return at == listing.size ? KIST_OK : bad(err, at, "bytes follow its last entry");
}

struct link {
	struct kist_view path;
	struct kist_view target;
};

static kist_status add_link(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	const struct link link = { .path = entry->path, .target = entry->target };

	return entry->kind == KIST_TREE_LINK ? kist_buf_append(ctx, &link, sizeof(link), err) : KIST_OK;
}

static int compare_path(const void *path, const void *link)
{
	return compare_views(*(const struct kist_view *)path, ((const struct link *)link)->path);
}

static size_t parent_of(const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);

	return slash ? (size_t)(slash - path) : 0;
}

/* @links: All links of the tree, in order.  That the text stays in the tree is known. */
static bool goes_up_behind_a_link(const struct kist_buf *links, const struct link *link)
{
	const char *text = (const char *)link->target.data;
	char at[2 * KIST_TREE_PATH_SIZE_MAX + 2];
	size_t len = parent_of((const char *)link->path.data, link->path.size);
	bool behind = false;

	memcpy(at, link->path.data, len);
	for (size_t i = 0, size; i < link->target.size; i += size + 1) {
		const char *slash = memchr(text + i, '/', link->target.size - i);
		struct kist_view path;

		size = slash ? (size_t)(slash - text) - i : link->target.size - i;
		if (size == 0 || (size == 1 && text[i] == '.'))
			continue;
		if (size == 2 && text[i] == '.' && text[i + 1] == '.') {
			if (behind)
				return true;
			len = parent_of(at, len);
			continue;
		}
		if (len > 0)
			at[len++] = '/';
		memcpy(at + len, text + i, size);
		len += size;
		path = kist_view_of(at, len);
		behind = behind || bsearch(&path, links->data, links->size / sizeof(*link), sizeof(*link),
					   compare_path);
	}
	return false;
}

kist_status kist_tree_check_links(struct kist_view listing, struct kist_error *err)
{
	kist_auto_buf struct kist_buf links = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	const struct link *list;

	KIST_TRY(walk(listing, add_link, &links, NULL, err));
	list = (const void *)links.data;
	for (size_t i = 0; i < links.size / sizeof(*list); i++) {
		if (goes_up_behind_a_link(&links, &list[i]))
			return kist_fail_at(err, KIST_INVALID, "E_PATH", KIST_NO_OFFSET,
					    "a link goes up behind another link, which may leave the tree: "
					    "'%.*s'",
					    (int)(list[i].path.size > 200 ? 200 : list[i].path.size),
					    (const char *)list[i].path.data);
	}
	return KIST_OK;
}

kist_status kist_tree_read(struct kist_view listing,
			   kist_status (*each)(void *ctx, const struct kist_tree_entry *entry,
					       struct kist_error *err),
			   void *ctx, struct kist_digest *ret_digest, struct kist_error *err)
{
	struct kist_hasher identity;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status links;

	if (listing.size < HEAD_SIZE || memcmp(listing.data, magic, sizeof(magic)) != 0)
		return bad(err, 0, "its head");
	kist_hasher_start(&identity);
	kist_hasher_add(&identity, kist_view_of(magic, sizeof(magic)));
	KIST_TRY(walk(listing, NULL, NULL, &identity, err));
	links = kist_tree_check_links(listing, &why);
	/* Memory that ran out is no damage. */
	if (links == KIST_NO_MEMORY)
		return kist_fail_as(err, links, &why);
	if (links != KIST_OK)
		return bad(err, HEAD_SIZE, "a link leaves the tree through another");
	if (ret_digest)
		*ret_digest = kist_hasher_finish(&identity);
	return each ? walk(listing, each, ctx, NULL, err) : KIST_OK;
}
