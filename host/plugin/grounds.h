/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_GROUNDS_H
#define KIST_PLUGIN_GROUNDS_H

#include "plugin/folders.h"
#include "plugin/keys.h"
#include "plugin/trust.h"

/*
 * The grounds on which it is decided what runs: what the user and the site pinned and revoked, and whose signatures count.
 *
 * Thread: constant once loaded.
 * Source: docs/guide/trust.md.
 */

/** struct kist_grounds - What decides: pins and revocations of the user and of the site, and the keys of both. */
struct kist_grounds {
	struct kist_trust user;
	struct kist_trust site;
	struct kist_keys keys;
};

#define KIST_GROUNDS_INIT                                                                                    \
	{                                                                                                    \
		.user = KIST_TRUST_INIT, .site = KIST_TRUST_INIT, .keys = KIST_KEYS_INIT                     \
	}
void kist_grounds_done(struct kist_grounds *grounds);
#define kist_auto_grounds __attribute__((cleanup(kist_grounds_done)))

/**
 * kist_grounds_load() - Reads those of the user, and of the site in @site_config, which may be NULL.
 *
 * @ret_note: What was passed over of the keys and why, or "".
 *
 * Errors: as kist_trust_load().
 */
KIST_CHECKED kist_status kist_grounds_load(const char *config_dir, const char *site_config,
					   struct kist_grounds *ret, char *ret_note, size_t note_size,
					   struct kist_error *err);

/** kist_grounds_has() - Whether the user or the site pinned @manifest. */
bool kist_grounds_has(const struct kist_grounds *grounds, const struct kist_digest *manifest);

/** kist_grounds_is_revoked_key() - Whether the user or the site revoked @key. */
bool kist_grounds_is_revoked_key(const struct kist_grounds *grounds, uint64_t key);

/** kist_grounds_check_revoked() - KIST_DENIED when the manifest (its digest), its library or @signer is revoked. */
KIST_CHECKED kist_status kist_grounds_check_revoked(const struct kist_grounds *grounds,
						    const struct kist_digest *digest,
						    const struct kist_manifest *manifest, uint64_t signer,
						    struct kist_error *err);

/** kist_grounds_check_rollback() - KIST_DENIED when a newer version than the manifest's was seen. */
KIST_CHECKED kist_status kist_grounds_check_rollback(const struct kist_grounds *grounds,
						     const struct kist_manifest *manifest,
						     struct kist_error *err);

/**
 * kist_grounds_open() - kist_grounds_load() for a catalog: what cannot be read is a line of @folders with its reason.
 *
 * In a process with more rights than its user only those of the site are read.
 *
 * @ret:        Also filled in part on failure: kist_grounds_done() it.
 * @ret_policy: In force: @options->policy, or what is configured, and no more than the site's; KIST_POLICY_PINNED when
 *              something could not be read, because what it revokes is not known then.
 *
 * Errors: KIST_NO_MEMORY, KIST_LIMIT (too many folders).
 */
KIST_CHECKED kist_status kist_grounds_open(const struct kist_catalog_options *options,
					   const struct kist_surroundings *surroundings,
					   struct kist_folders *folders, struct kist_grounds *ret,
					   enum kist_policy *ret_policy, struct kist_error *err);

#endif
