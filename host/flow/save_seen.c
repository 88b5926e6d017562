/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/save_seen.h"

#include <string.h>
#include <sys/vfs.h>
#include <time.h>

#include "base/le.h"
#include "base/mem.h"
#include "flow/mark.h"
#include "registry/collect.h"
#include "store/packs.h"

struct kist_save_seen {
	struct kist_seen cache;
	struct kist_buf
		pending; /* of struct kist_seen_entry; context: of the options alone; since 0: this commit */
	const char *folder;    /* of the file; NULL: nothing is remembered */
	bool usable;	       /* what was loaded may be leaned on */
	struct timespec limit; /* what was written to since is not remembered */
	uint64_t collected;    /* the newest commit that took anything away */
	/* Of the path at hand. */
	bool here; /* the file system keeps the times of a file as they must be kept */
	uint64_t device;
	uint64_t options;
	uint64_t context;
	/* Of the commit. */
	bool committed;
	const char *index_folder; /* as of then */
	uint64_t head;
	struct kist_digest digest;
	uint64_t base;
};

void kist_save_seen_free(struct kist_save_seen *seen)
{
	if (!seen)
		return;
	kist_seen_done(&seen->cache);
	kist_buf_done(&seen->pending);
	kist_free(seen);
}

/*
 * Those that give an inode a new change time with whatever is done to it, at once and for all who look.  A
 * network file system may show times of a minute ago, and others make them up.
 */
static bool keeps_times(int fd)
{
	static const uint32_t kinds[] = { 0xef53 /* ext */,	  0x58465342 /* XFS */,
					  0x9123683e /* btrfs */, 0x01021994 /* tmpfs */,
					  0xf2f52010 /* F2FS */,  0x794c7630 /* overlay */,
					  0x2fc12fc1 /* ZFS */,	  0xca451a4e /* bcachefs */ };
	struct statfs about;

	if (fstatfs(fd, &about) != 0)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((uint32_t)about.f_type == kinds[i])
			return true;
	}
	return false;
}

static void set_limit(struct kist_save_seen *seen)
{
	struct timespec now;

	/* Without a clock nothing is old enough. */
	if (clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0)
		seen->limit = (struct timespec){ .tv_sec = now.tv_sec - KIST_SEEN_MARGIN_S,
						 .tv_nsec = now.tv_nsec };
}

/* Whether the log still holds the commit that was the newest when the file was written. */
static kist_status is_same_log(const struct kist_save *save, uint64_t head,
			       const struct kist_digest *expected, bool *ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest digest;
	const kist_status status =
		head > 0 ? kist_log_digest(save->flow->store, head, &digest, &why) : KIST_NOT_FOUND;

	*ret = status == KIST_OK && kist_digest_equal(&digest, expected);
	return status == KIST_NO_MEMORY ? kist_fail_as(err, status, &why) : KIST_OK;
}

/* The store as it is may be less than what the index says: a pack is gone, or cut short. */
static kist_status check_pack(void *ctx, const struct kist_digest *id, uint64_t size, struct kist_error *err)
{
	const struct kist_save *save = ctx;
	uint64_t actual;

	KIST_TRY(kist_packs_size(save->flow->store, id, &actual, err));
	return actual == size ? KIST_OK : kist_fail(err, KIST_CORRUPT, "a pack is gone, or cut short");
}

/* Whether writers may lean on whatever is kept, as they look at each pack that they lean on. */
static kist_status is_store_sound(struct kist_save *save, bool *ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status = kist_registry_is_sound(save->flow->registry, ret, &why);

	if (status == KIST_OK && *ret)
		status = kist_registry_each_pack(save->flow->registry, check_pack, save, &why);
	*ret = *ret && status == KIST_OK;
	return status == KIST_NO_MEMORY ? kist_fail_as(err, status, &why) : KIST_OK;
}

static kist_status load(struct kist_save *save, struct kist_save_seen *seen, struct kist_error *err)
{
	struct kist_digest digest;
	uint64_t head;

	KIST_TRY(kist_registry_last_collected(save->flow->registry, &seen->collected, err));
	KIST_TRY(kist_seen_load(&seen->cache, seen->folder, &head, &digest, err));
	KIST_TRY(is_same_log(save, head, &digest, &seen->usable, err));
	if (!seen->usable)
		kist_seen_done(&seen->cache); /* What it says of commits is of others. */
	if (seen->usable)
		KIST_TRY(is_store_sound(save, &seen->usable, err));
	return KIST_OK;
}

static kist_status open_seen(struct kist_save *save, struct kist_error *err)
{
	struct kist_save_seen *seen = kist_alloc(1, sizeof(*seen));

	if (!seen)
		return kist_fail_memory(err, sizeof(*seen));
	seen->cache = (struct kist_seen)KIST_SEEN_INIT;
	seen->pending =
		(struct kist_buf)KIST_BUF_INIT(KIST_SEEN_ENTRIES_MAX * sizeof(struct kist_seen_entry));
	seen->folder = kist_registry_folder(save->flow->registry);
	set_limit(seen);
	save->seen = seen;
	return seen->folder ? load(save, seen, err) : KIST_OK;
}

static kist_status hash_json(json_t *value, uint64_t *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(SIZE_MAX / 2);
	struct kist_digest digest;

	if (!value)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_json_canonical(value, &text, err));
	digest = kist_digest_of(kist_buf_view(&text));
	*ret = kist_le_read64(digest.bytes);
	return KIST_OK;
}

static kist_status add_plugins(const struct kist_catalog *catalog, json_t *ret, struct kist_error *err)
{
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];
		char hex[KIST_DIGEST_HEX_SIZE];

		/* The manifest's digest covers the library's. */
		kist_digest_hex(&entry->digest, hex);
		if (json_array_append_new(ret, json_pack("[s, i, i]", hex, (int)entry->tier,
							 (int)entry->refusal.status)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

/* What every decision of this run depends on, and of the next one when all that is under way is recorded. */
static kist_status hash_base(struct kist_flow *flow, uint64_t *ret, struct kist_error *err)
{
	kist_auto_json json_t *base = json_object();
	kist_auto_json json_t *plugins = json_array();
	kist_auto_json json_t *used = json_object();
	const struct kist_catalog *catalog;
	const struct kist_routes *routes;

	KIST_TRY(kist_record_set_text(base, "kist", PACKAGE_VERSION, err));
	KIST_TRY(kist_record_set_take(base, "plugins", json_incref(plugins), err));
	KIST_TRY(kist_record_set_take(base, "used", json_incref(used), err));
	KIST_TRY(kist_flow_catalog(flow, &catalog, err));
	KIST_TRY(kist_flow_routes(flow, &routes, err));
	KIST_TRY(add_plugins(catalog, plugins, err));
	if (routes->pinned)
		KIST_TRY(kist_record_set_take(base, "pinned", json_deep_copy(routes->pinned), err));
	if ((routes->used && json_object_update(used, routes->used) != 0) ||
	    (flow->routes_new && json_object_update(used, flow->routes_new) != 0))
		return kist_fail_memory(err, sizeof(json_t));
	return hash_json(base, ret, err);
}

static kist_status hash_options(const struct kist_save_options *options, bool with_file, uint64_t *ret,
				struct kist_error *err)
{
	kist_auto_json json_t *all = json_pack("{s:b, s:b}", "file", with_file, "opaque", options->opaque);

	if (!all)
		return kist_fail_memory(err, sizeof(json_t));
	if (with_file) {
		KIST_TRY(kist_record_set_text(all, "task", options->examine.task, err));
		KIST_TRY(kist_record_set_text(all, "type", options->examine.type, err));
		KIST_TRY(kist_record_set_text(all, "media", options->examine.media_type, err));
		KIST_TRY(kist_record_set_text(all, "description", options->description, err));
		if (options->examine.params)
			KIST_TRY(kist_record_set_take(all, "asked", json_deep_copy(options->examine.params),
						      err));
		if (options->params)
			KIST_TRY(kist_record_set_take(all, "params", json_deep_copy(options->params), err));
		if (options->parents)
			KIST_TRY(kist_record_set_take(all, "parents", json_deep_copy(options->parents), err));
	}
	return hash_json(all, ret, err);
}

static uint64_t mix(uint64_t base, uint64_t options)
{
	uint8_t bytes[16];
	struct kist_digest digest;

	kist_le_write64(bytes, base);
	kist_le_write64(bytes + 8, options);
	digest = kist_digest_of(kist_view_of(bytes, sizeof(bytes)));
	return kist_le_read64(digest.bytes);
}

kist_status kist_save_seen_start(struct kist_save *save, int fd, const struct kist_save_options *options,
				 bool with_file, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_save_seen *seen;
	kist_status status;
	struct stat st;
	uint64_t base;

	if (!save->seen)
		KIST_TRY(open_seen(save, err));
	seen = save->seen;
	seen->here = seen->folder && fstat(fd, &st) == 0 && keeps_times(fd);
	if (!seen->here)
		return KIST_OK;
	seen->device = st.st_dev;
	KIST_TRY(hash_options(options, with_file, &seen->options, err));
	status = hash_base(save->flow, &base, &why);
	/* Whoever reads the file is told the same again. */
	seen->here = status == KIST_OK;
	if (status == KIST_OK)
		seen->context = mix(base, seen->options);
	return status == KIST_NO_MEMORY ? kist_fail_as(err, status, &why) : KIST_OK;
}

static struct kist_seen_key key_of(const char *path, const struct stat *st)
{
	const char *slash = strrchr(path, '/');

	return (struct kist_seen_key){ .device = st->st_dev,
				       .inode = st->st_ino,
				       .name = kist_seen_name(slash ? slash + 1 : path),
				       .size = (uint64_t)st->st_size,
				       .mtime_ns = kist_stamp_ns(st->st_mtim),
				       .ctime_ns = kist_stamp_ns(st->st_ctim) };
}

/* Both when it is remembered and when it is found: the clock may have been set back in between. */
static bool is_old_enough(const struct kist_save_seen *seen, const struct stat *st)
{
	return seen && seen->here && st->st_dev == seen->device && kist_stamp_is_settled(st, seen->limit);
}

bool kist_save_seen_any(const struct kist_save *save)
{
	const struct kist_save_seen *seen = save->seen;

	return !save->reread && seen && seen->here && seen->usable && seen->cache.entries.size > 0;
}

const void *kist_save_seen_find(const void *ctx, const char *path, const struct stat *st)
{
	const struct kist_save *save = ctx;
	const struct kist_save_seen *seen = save->seen;
	const struct kist_seen_entry *entry;
	struct kist_seen_key key;

	if (save->reread || !is_old_enough(seen, st) || !seen->usable)
		return NULL;
	key = key_of(path, st);
	entry = kist_seen_find(&seen->cache, &key);
	return entry && entry->context == seen->context ? entry : NULL;
}

/* Remembers @entry until the commit; the context that it is found by is not known before. */
static kist_status remember(struct kist_save_seen *seen, struct kist_seen_entry entry, struct kist_error *err)
{
	entry.context = seen->options;
	if (seen->pending.size == seen->pending.size_max)
		return KIST_OK;
	return kist_buf_append(&seen->pending, &entry, sizeof(entry), err);
}

kist_status kist_save_seen_use(struct kist_save *save, const void *known, struct kist_kept_file *ret,
			       struct kist_error *err)
{
	struct kist_save_seen *seen = save->seen;
	struct kist_seen_entry entry = *(const struct kist_seen_entry *)known;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;
	uint64_t head;

	ret->done = false;
	if (entry.since < seen->collected) {
		struct kist_digest digest;

		status = kist_mark_check(save->flow, &entry.artifact, &why);
		if (status == KIST_NOT_FOUND || status == KIST_CORRUPT)
			return KIST_OK;
		if (status != KIST_OK)
			return kist_fail_as(err, status, &why);
		kist_registry_head(save->flow->registry, &head, &digest);
		entry.since = head;
	}
	KIST_TRY(kist_save_lean_on_own(save, &entry.artifact, entry.since, err));
	KIST_TRY(remember(seen, entry, err));
	save->unread++;
	*ret = (struct kist_kept_file){ .done = true, .sha256 = entry.sha256, .artifact = entry.artifact };
	return KIST_OK;
}

kist_status kist_save_seen_add(struct kist_save *save, const char *path, const struct stat *st,
			       const struct kist_kept_file *kept, struct kist_error *err)
{
	const struct kist_seen_entry entry = { .key = key_of(path, st),
					       .artifact = kept->artifact,
					       .sha256 = kept->sha256 };

	return is_old_enough(save->seen, st) ? remember(save->seen, entry, err) : KIST_OK;
}

void kist_save_seen_committed(struct kist_save *save, uint64_t number, const struct kist_digest *digest)
{
	struct kist_save_seen *seen = save->seen;

	if (!seen || seen->pending.size == 0)
		return;
	seen->index_folder = kist_registry_folder(save->flow->registry);
	seen->head = number;
	seen->digest = *digest;
	seen->committed = seen->index_folder && hash_base(save->flow, &seen->base, NULL) == KIST_OK;
}

static kist_status write_all(struct kist_save_seen *seen, struct kist_error *err)
{
	const struct kist_seen_entry *pending = (const void *)seen->pending.data;
	uint64_t options = 0;
	uint64_t context = 0;

	for (size_t i = 0; i < seen->pending.size / sizeof(*pending); i++) {
		struct kist_seen_entry entry = pending[i];

		if (i == 0 || entry.context != options) {
			options = entry.context;
			context = mix(seen->base, options);
		}
		entry.context = context;
		entry.since = entry.since > 0 ? entry.since : seen->head;
		KIST_TRY(kist_seen_add(&seen->cache, &entry, err));
	}
	return kist_seen_save(&seen->cache, seen->index_folder, seen->head, &seen->digest, err);
}

void kist_save_seen_write(struct kist_save *save)
{
	kist_status written = KIST_OK;

	if (save->seen && save->seen->committed)
		written = write_all(save->seen, NULL);
	(void)written;
}
