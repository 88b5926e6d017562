/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/grounds.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

void kist_grounds_done(struct kist_grounds *grounds)
{
	kist_trust_done(&grounds->user);
	kist_trust_done(&grounds->site);
	kist_keys_done(&grounds->keys);
}

static kist_status load_from(const char *config_dir, bool of_site, struct kist_grounds *grounds,
			     char *ret_note, size_t note_size, struct kist_error *err)
{
	KIST_TRY(kist_trust_load(config_dir, of_site ? &grounds->site : &grounds->user, err));
	return kist_keys_load(config_dir, of_site, &grounds->keys, ret_note, note_size, err);
}

kist_status kist_grounds_load(const char *config_dir, const char *site_config, struct kist_grounds *ret,
			      char *ret_note, size_t note_size, struct kist_error *err)
{
	kist_auto_grounds struct kist_grounds grounds = KIST_GROUNDS_INIT;
	char site_note[256] = "";
	size_t used;

	/* The site's keys come first: a user's key of the same id does not take their place. */
	if (site_config)
		KIST_TRY(load_from(site_config, true, &grounds, site_note, sizeof(site_note), err));
	KIST_TRY(load_from(config_dir, false, &grounds, ret_note, note_size, err));
	used = strlen(ret_note);
	if (site_note[0])
		snprintf(ret_note + used, note_size - used, "%s%s: %s", used ? "; " : "", site_config,
			 site_note);
	*ret = grounds;
	grounds = (struct kist_grounds)KIST_GROUNDS_INIT;
	return KIST_OK;
}

bool kist_grounds_has(const struct kist_grounds *grounds, const struct kist_digest *manifest)
{
	return kist_trust_has(&grounds->user, manifest) || kist_trust_has(&grounds->site, manifest);
}

static bool is_revoked(const struct kist_grounds *grounds, const struct kist_digest *digest)
{
	return kist_trust_is_revoked(&grounds->user, digest) || kist_trust_is_revoked(&grounds->site, digest);
}

bool kist_grounds_is_revoked_key(const struct kist_grounds *grounds, uint64_t key)
{
	return kist_trust_is_revoked_key(&grounds->user, key) ||
	       kist_trust_is_revoked_key(&grounds->site, key);
}

kist_status kist_grounds_check_revoked(const struct kist_grounds *grounds, const struct kist_digest *digest,
				       const struct kist_manifest *manifest, uint64_t signer,
				       struct kist_error *err)
{
	const char *what = NULL;

	if (is_revoked(grounds, digest))
		what = "this manifest";
	else if (is_revoked(grounds, &manifest->library_sha256))
		what = "its library";
	else if (signer && kist_grounds_is_revoked_key(grounds, signer))
		what = "the key that signed it";
	if (!what)
		return KIST_OK;
	return kist_fail(
		err, KIST_DENIED,
		"%s was revoked: remove the plugin; 'kist plugin revoke --undo' takes it back, if you know "
		"why",
		what);
}

kist_status kist_grounds_check_rollback(const struct kist_grounds *grounds,
					const struct kist_manifest *manifest, struct kist_error *err)
{
	const char *seen = kist_trust_seen(&grounds->user, manifest->id);

	if (!seen || kist_version_compare(manifest->version, seen) >= 0)
		return KIST_OK;
	return kist_fail(
		err, KIST_DENIED,
		"version %s is older than %s, which was here before: an old version may have faults that "
		"are mended since",
		manifest->version, seen);
}

/* For a catalog ------------------------------------------------------------------------------------- */

struct loading {
	struct kist_folders *folders;
	struct kist_grounds *grounds;
	bool is_unsure; /* a trusted.json that is there could not be read */
};

static kist_status note_file(struct loading *loading, const char *config_dir, const char *name, bool of_site,
			     const char *note, struct kist_error *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", config_dir, name);
	return kist_folders_add(loading->folders, path, strlen(path),
				of_site ? KIST_TIER_SITE : KIST_TIER_USER, note, err);
}

static kist_status open_from(struct loading *loading, const char *config_dir, bool of_site,
			     struct kist_error *err)
{
	struct kist_grounds *grounds = loading->grounds;
	struct kist_error why = KIST_ERROR_INIT;
	char note[1024];
	const kist_status status =
		kist_trust_load(config_dir, of_site ? &grounds->site : &grounds->user, &why);

	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	if (status != KIST_OK) {
		loading->is_unsure = true;
		KIST_TRY(note_file(loading, config_dir, KIST_TRUST_FILE, of_site, why.text, err));
	}
	KIST_TRY(kist_keys_load(config_dir, of_site, &grounds->keys, note, sizeof(note), err));
	return note[0] ? note_file(loading, config_dir, KIST_KEYS_FOLDER, of_site, note, err) : KIST_OK;
}

static enum kist_policy decide_policy(const struct kist_grounds *grounds, enum kist_policy asked)
{
	const enum kist_policy site = grounds->site.policy;
	enum kist_policy policy = asked;

	if (policy == KIST_POLICY_CONFIGURED)
		policy = grounds->user.policy ? grounds->user.policy : site;
	if (policy == KIST_POLICY_CONFIGURED)
		policy = KIST_POLICY_PINNED;
	return site && site < policy ? site : policy;
}

kist_status kist_grounds_open(const struct kist_catalog_options *options,
			      const struct kist_surroundings *surroundings, struct kist_folders *folders,
			      struct kist_grounds *ret, enum kist_policy *ret_policy, struct kist_error *err)
{
	struct loading loading = { .folders = folders, .grounds = ret };

	/* The site's keys come first: a user's key of the same id does not take their place. */
	if (surroundings->site_config)
		KIST_TRY(open_from(&loading, surroundings->site_config, true, err));
	if (options->config_dir && surroundings->elevated)
		KIST_TRY(note_file(&loading, options->config_dir, KIST_TRUST_FILE, false,
				   "ignored: this process has more rights than who started it", err));
	else if (options->config_dir)
		KIST_TRY(open_from(&loading, options->config_dir, false, err));
	*ret_policy = surroundings->elevated || loading.is_unsure ? KIST_POLICY_PINNED
								  : decide_policy(ret, options->policy);
	return KIST_OK;
}
