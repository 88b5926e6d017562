/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/catalog.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "plugin/folders.h"
#include "plugin/signed.h"

/* A catalog and what it owns. */
struct holder {
	struct kist_catalog catalog;
	struct kist_folders folders;
	struct kist_grounds grounds;
	char *config_dir;
	struct kist_catalog_entry *entries;
	size_t capacity;
};

/* The folder that is being read. */
struct scan {
	struct holder *holder;
	size_t folder;	  /* index */
	int fd;		  /* of the folder, or of the one below it */
	const char *path; /* of that */
	bool below;
	const char *refused; /* why nothing of the folder may run, or NULL */
};

const char *kist_tier_name(enum kist_tier tier)
{
	static const char *const names[] = { "system", "site", "user", "environment", "given" };

	return (unsigned)tier < sizeof(names) / sizeof(names[0]) ? names[tier] : "unknown";
}

/* Entries ------------------------------------------------------------------------------------------- */

static kist_status entry_add(struct holder *holder, const struct scan *scan, const char *name,
			     struct kist_catalog_entry **ret, struct kist_error *err)
{
	struct kist_catalog *catalog = &holder->catalog;
	const size_t path_size = strlen(scan->path) + strlen(name) + 2;
	struct kist_catalog_entry *entry;
	char *path;

	if (catalog->entry_count == holder->capacity) {
		const size_t capacity = holder->capacity ? 2 * holder->capacity : 16;
		struct kist_catalog_entry *entries =
			kist_realloc(holder->entries, capacity, sizeof(*entries));

		if (!entries)
			return kist_fail_memory(err, capacity * sizeof(*entries));
		holder->entries = entries;
		holder->capacity = capacity;
		catalog->entries = entries;
	}
	path = kist_alloc(path_size, 1);
	if (!path)
		return kist_fail_memory(err, path_size);
	snprintf(path, path_size, "%s/%s", scan->path, name);
	entry = &holder->entries[catalog->entry_count++];
	*entry = (struct kist_catalog_entry){
		.path = path,
		.tier = holder->folders.dirs[scan->folder].tier,
		.refusal = KIST_ERROR_INIT,
	};
	*ret = entry;
	return KIST_OK;
}

/* Under the policy "signed" what is not pinned needs a signature, which is of the bytes that were just read. */
static kist_status check_signature(const struct holder *holder, int dir_fd, const char *name,
				   struct kist_view text, struct kist_catalog_entry *entry,
				   struct kist_error *err)
{
	const struct kist_manifest *manifest = entry->manifest;
	const struct kist_key *key = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	const char *seen = kist_trust_seen(&holder->grounds.user, manifest->id);
	kist_status status;

	entry->first_party = kist_trust_is_built_in(&entry->digest);
	entry->pinned = kist_grounds_has(&holder->grounds, &entry->digest);
	if (entry->first_party || entry->pinned || holder->catalog.policy != KIST_POLICY_SIGNED)
		return KIST_OK;
	status = kist_signed_check_at(&holder->grounds, dir_fd, name, text, manifest, &key, &why);
	if (status == KIST_NOT_FOUND)
		return kist_fail(
			err, KIST_DENIED,
			"neither signed nor trusted: run 'kist plugin trust %s' if you know where it comes "
			"from",
			entry->path);
	if (status != KIST_OK)
		return kist_fail_as(err, status == KIST_NO_MEMORY ? status : KIST_DENIED, &why);
	KIST_TRY(kist_grounds_check_rollback(&holder->grounds, manifest, err));
	entry->signer = key->public.id;
	if (!seen || strcmp(seen, manifest->version) != 0)
		entry->see_in = holder->config_dir;
	return KIST_OK;
}

/* What is wrong with a manifest stays with its entry; only running out of memory stops the catalog. */
static kist_status read_manifest(const struct scan *scan, const char *name, struct kist_catalog_entry *entry,
				 struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_MANIFEST_SIZE_MAX);
	kist_auto_fd int fd = -1;
	struct kist_manifest *manifest;

	KIST_TRY(kist_search_open_file(scan->fd, name, &fd, err));
	KIST_TRY(kist_read_all(fd, &text, err));
	entry->digest = kist_digest_of(kist_buf_view(&text));
	KIST_TRY(kist_manifest_parse(kist_buf_view(&text), &manifest, err));
	entry->manifest = manifest;
	if (!kist_manifest_is_name_of(name, manifest->id))
		return kist_fail(err, KIST_INVALID,
				 "must be called '%s" KIST_MANIFEST_SUFFIX "', after its id", manifest->id);
	return check_signature(scan->holder, scan->fd, name, kist_buf_view(&text), entry, err);
}

/* Folders ------------------------------------------------------------------------------------------- */

static kist_status note(const struct scan *scan, const char *name, const char *text, struct kist_error *err)
{
	char line[512];

	snprintf(line, sizeof(line), "'%.128s' ignored: %.320s", name, text);
	return kist_folders_note(&scan->holder->folders, scan->folder, line, err);
}

static kist_status scan_manifest(void *ctx, const char *name, struct kist_error *err)
{
	const struct scan *scan = ctx;
	struct kist_catalog_entry *entry = NULL;
	kist_status status;

	if (!kist_manifest_is_name(name))
		return KIST_OK;
	if (scan->holder->catalog.entry_count == KIST_CATALOG_ENTRIES_MAX)
		return note(scan, name, "there are more plugins than fit in a catalog", err);
	KIST_TRY(entry_add(scan->holder, scan, name, &entry, err));
	status = read_manifest(scan, name, entry, &entry->refusal);
	/* Whatever else is wrong with it: that comes first, and what it says of itself may help people. */
	if (scan->refused && status != KIST_NO_MEMORY) {
		entry->refusal = (struct kist_error)KIST_ERROR_INIT;
		status = kist_fail(&entry->refusal, KIST_DENIED, "its folder is refused: %s", scan->refused);
	}
	return status == KIST_NO_MEMORY ? kist_fail(err, status, "%s", entry->refusal.text) : KIST_OK;
}

static kist_status scan_subdir(void *ctx, const char *name, struct kist_error *err)
{
	const struct scan *above = ctx;
	struct kist_error why = KIST_ERROR_INIT;
	kist_auto_fd int fd = -1;
	struct scan scan = *above;
	char path[PATH_MAX];
	struct stat info;
	kist_status status;

	if (kist_manifest_is_name(name) || fstatat(above->fd, name, &info, 0) != 0 || !S_ISDIR(info.st_mode))
		return KIST_OK;
	if (snprintf(path, sizeof(path), "%s/%s", above->path, name) >= (int)sizeof(path))
		return note(above, name, "the path is too long", err);
	status = above->refused ? kist_search_open_refused(above->fd, name, &fd, &why)
				: kist_search_open_subdir(above->fd, name, &fd, &why);
	if (status != KIST_OK)
		KIST_TRY(note(above, name, why.text, err));
	if (status == KIST_DENIED && !above->refused && !above->holder->catalog.elevated) {
		scan.refused = why.text;
		status = kist_search_open_refused(above->fd, name, &fd, NULL);
	}
	if (status != KIST_OK)
		return KIST_OK;
	scan.fd = fd;
	scan.path = path;
	return kist_search_names(fd, scan_manifest, &scan, err);
}

/* What is in a folder that is refused is said, so that no plugin is missing without a reason. */
static kist_status scan_refused(struct holder *holder, size_t i, struct kist_error *err)
{
	const struct kist_catalog_dir *dir = &holder->folders.dirs[i];
	char refused[512];
	struct scan scan = { .holder = holder, .folder = i, .path = dir->path, .refused = refused };
	kist_auto_fd int fd = -1;
	kist_status status;

	if (!dir->refused || holder->catalog.elevated ||
	    kist_search_open_refused(AT_FDCWD, dir->path, &fd, NULL) != KIST_OK)
		return KIST_OK;
	scan.fd = fd;
	/* The note may grow meanwhile. */
	snprintf(refused, sizeof(refused), "%s", dir->note);
	status = kist_search_names(fd, scan_manifest, &scan, NULL);
	if (status == KIST_OK)
		status = kist_search_names(fd, scan_subdir, &scan, NULL);
	return status == KIST_NO_MEMORY ? kist_fail(err, status, "out of memory while looking for plugins")
					: KIST_OK;
}

static kist_status scan_folder(struct holder *holder, size_t i, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct scan scan = {
		.holder = holder,
		.folder = i,
		.fd = holder->folders.fds[i],
		.path = holder->folders.dirs[i].path,
	};
	kist_status status = kist_search_names(scan.fd, scan_manifest, &scan, &why);

	if (status == KIST_OK)
		status = kist_search_names(scan.fd, scan_subdir, &scan, &why);
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	return status == KIST_OK ? KIST_OK : kist_folders_note(&holder->folders, i, why.text, err);
}

/* Decisions ----------------------------------------------------------------------------------------- */

/* Which version of a library of the system may run is not in the manifest, but in the pin. */
static void decide_library(const struct holder *holder, struct kist_catalog_entry *entry)
{
	struct kist_manifest *manifest = (struct kist_manifest *)(uintptr_t)entry->manifest;
	const struct kist_trust_library *library = kist_trust_library(&holder->grounds.user, &entry->digest);

	if (manifest->library_size > 0)
		return;
	if (!library)
		library = kist_trust_library(&holder->grounds.site, &entry->digest);
	if (!library) {
		(void)kist_fail(
			&entry->refusal, KIST_DENIED,
			"no version of '%s' is trusted: run 'kist plugin trust %s' if you know what it is",
			manifest->library_file, entry->path);
		return;
	}
	manifest->library_size = library->size;
	manifest->library_sha256 = library->digest;
}

static void decide_trust(const struct holder *holder, struct kist_catalog_entry *entry)
{
	const struct kist_grounds *grounds = &holder->grounds;
	struct kist_error *refusal = &entry->refusal;

	if (refusal->status != KIST_OK)
		return;
	if (!entry->signer)
		entry->signer = kist_trust_signer(&grounds->user, &entry->digest);
	if (!entry->signer)
		entry->signer = kist_trust_signer(&grounds->site, &entry->digest);
	/* What is revoked goes before whatever lets it run. */
	if (!entry->first_party && kist_id_is_own(entry->manifest->id))
		(void)kist_fail(refusal, KIST_DENIED,
				"not the '%s' that was made with this build of kist, and ids under 'kist.' "
				"are reserved",
				entry->manifest->id);
	else if (kist_grounds_check_revoked(grounds, &entry->digest, entry->manifest, entry->signer,
					    refusal) == KIST_OK &&
		 holder->catalog.policy == KIST_POLICY_PINNED && !entry->first_party && !entry->pinned)
		(void)kist_fail(refusal, KIST_DENIED,
				"not trusted: run 'kist plugin trust %s' if you know where it comes from",
				entry->path);
	if (refusal->status == KIST_OK && entry->manifest->is_system) {
		decide_library(holder, entry);
		(void)!kist_grounds_check_revoked(grounds, &entry->digest, entry->manifest, 0, refusal);
	}
}

/* Usable entries of one id together, the winner first: pinned, then tier, then version, then path. */
static int compare_entries(const void *a, const void *b)
{
	const struct kist_catalog_entry *const x = *(const struct kist_catalog_entry *const *)a;
	const struct kist_catalog_entry *const y = *(const struct kist_catalog_entry *const *)b;
	const bool x_pinned = x->first_party || x->pinned;
	const bool y_pinned = y->first_party || y->pinned;
	int order = strcmp(x->manifest->id, y->manifest->id);

	if (order != 0)
		return order;
	if (x_pinned != y_pinned)
		return x_pinned ? -1 : 1;
	if (x->tier != y->tier)
		return x->tier < y->tier ? -1 : 1;
	order = kist_version_compare(y->manifest->version, x->manifest->version);
	return order != 0 ? order : strcmp(x->path, y->path);
}

static kist_status decide_shadows(struct holder *holder, struct kist_error *err)
{
	const size_t count = holder->catalog.entry_count;
	kist_auto_mem struct kist_catalog_entry **sorted =
		kist_alloc(count, sizeof(struct kist_catalog_entry *));
	const struct kist_catalog_entry *winner = NULL;
	size_t usable = 0;

	if (!sorted)
		return kist_fail_memory(err, count * sizeof(struct kist_catalog_entry *));
	for (size_t i = 0; i < count; i++) {
		if (holder->entries[i].refusal.status == KIST_OK)
			sorted[usable++] = &holder->entries[i];
	}
	if (usable > 1)
		qsort(sorted, usable, sizeof(struct kist_catalog_entry *), compare_entries);
	for (size_t i = 0; i < usable; i++) {
		if (winner && strcmp(winner->manifest->id, sorted[i]->manifest->id) == 0)
			(void)kist_fail(&sorted[i]->refusal, KIST_EXISTS, "shadowed by version %s in %s (%s)",
					winner->manifest->version, winner->path,
					kist_tier_name(winner->tier));
		else
			winner = sorted[i];
	}
	return KIST_OK;
}

/* The whole ----------------------------------------------------------------------------------------- */

/* Where versions are noted as seen. */
static kist_status keep_config_dir(struct holder *holder, const char *config_dir, struct kist_error *err)
{
	if (!config_dir || holder->catalog.elevated)
		return KIST_OK;
	holder->config_dir = kist_strndup(config_dir, strlen(config_dir));
	return holder->config_dir ? KIST_OK : kist_fail_memory(err, strlen(config_dir));
}

/* An installation that ended between the look at the pins and that at the manifests has its pin by now. */
static kist_status look_again(struct holder *holder, const char *config_dir, struct kist_error *err)
{
	kist_auto_trust struct kist_trust now = KIST_TRUST_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	bool found = false;
	kist_status status;

	for (size_t i = 0; i < holder->catalog.entry_count && !found; i++) {
		const struct kist_catalog_entry *entry = &holder->entries[i];

		found = entry->refusal.status == KIST_OK && !entry->first_party && !entry->pinned;
	}
	if (!found || !holder->config_dir)
		return KIST_OK;
	status = kist_trust_load(config_dir, &now, &why);
	if (status != KIST_OK)
		return status == KIST_NO_MEMORY ? kist_fail_as(err, status, &why) : KIST_OK;
	found = false;
	for (size_t i = 0; i < holder->catalog.entry_count; i++) {
		struct kist_catalog_entry *entry = &holder->entries[i];

		found = found || (!entry->pinned && kist_trust_has(&now, &entry->digest));
		entry->pinned = entry->pinned || kist_trust_has(&now, &entry->digest);
	}
	if (found) {
		kist_trust_done(&holder->grounds.user);
		holder->grounds.user = now;
		now = (struct kist_trust)KIST_TRUST_INIT;
	}
	return KIST_OK;
}

static void holder_free(struct holder **slot)
{
	kist_catalog_close(*slot ? &(*slot)->catalog : NULL);
}

kist_status kist_catalog_open_in(const struct kist_catalog_options *options,
				 const struct kist_surroundings *surroundings, struct kist_catalog **ret,
				 struct kist_error *err)
{
	__attribute__((cleanup(holder_free))) struct holder *holder = kist_alloc(1, sizeof(*holder));

	if (!holder)
		return kist_fail_memory(err, sizeof(*holder));
	holder->catalog.priv = holder;
	holder->catalog.elevated = surroundings->elevated;
	KIST_TRY(kist_folders_open(options, surroundings, &holder->folders, err));
	KIST_TRY(kist_grounds_open(options, surroundings, &holder->folders, &holder->grounds,
				   &holder->catalog.policy, err));
	KIST_TRY(keep_config_dir(holder, options->config_dir, err));
	for (size_t i = 0; i < holder->folders.count; i++) {
		if (holder->folders.dirs[i].used)
			KIST_TRY(scan_folder(holder, i, err));
		else
			KIST_TRY(scan_refused(holder, i, err));
	}
	kist_folders_close(&holder->folders);
	KIST_TRY(look_again(holder, options->config_dir, err));
	for (size_t i = 0; i < holder->catalog.entry_count; i++)
		decide_trust(holder, &holder->entries[i]);
	KIST_TRY(decide_shadows(holder, err));
	holder->catalog.dir_count = holder->folders.count;
	holder->catalog.dirs = holder->folders.dirs;
	*ret = &kist_steal(holder)->catalog;
	return KIST_OK;
}

kist_status kist_catalog_open(const struct kist_catalog_options *options, struct kist_catalog **ret,
			      struct kist_error *err)
{
	struct kist_surroundings surroundings;

	kist_surroundings_get(&surroundings);
	return kist_catalog_open_in(options, &surroundings, ret, err);
}

void kist_catalog_close(struct kist_catalog *catalog)
{
	struct holder *holder = catalog ? catalog->priv : NULL;

	if (!holder)
		return;
	for (size_t i = 0; i < holder->catalog.entry_count; i++) {
		kist_manifest_free((struct kist_manifest *)(uintptr_t)holder->entries[i].manifest);
		kist_free((void *)(uintptr_t)holder->entries[i].path);
	}
	kist_free(holder->entries);
	kist_folders_done(&holder->folders);
	kist_grounds_done(&holder->grounds);
	kist_free(holder->config_dir);
	kist_free(holder);
}

const struct kist_catalog_entry *kist_catalog_find(const struct kist_catalog *catalog, const char *id)
{
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];

		if (entry->refusal.status == KIST_OK && strcmp(entry->manifest->id, id) == 0)
			return entry;
	}
	return NULL;
}
