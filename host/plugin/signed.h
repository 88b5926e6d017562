/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_SIGNED_H
#define KIST_PLUGIN_SIGNED_H

#include "plugin/keys.h"
#include "plugin/trust.h"

/*
 * Whether a manifest is signed by a key that may speak for it.
 *
 * Thread: pure.
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
 * kist_signed_check() - Whether @signature is one of the manifest @text, by a key that may speak for it.
 *
 * It is when the key is known, the signature and that of its comment are the key's, the comment names the manifest's
 * id and version, the id is in the key's scope, and the key is neither expired at @wall_ns nor revoked.
 *
 * @manifest: @text, read.
 * @ret_key:  Lives as long as @grounds.
 *
 * Errors: KIST_DENIED with what is wrong; KIST_CORRUPT E_SIGNATURE; KIST_UNSUPPORTED; KIST_LIMIT; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_signed_check(const struct kist_grounds *grounds, struct kist_view text,
					   const struct kist_manifest *manifest, struct kist_view signature,
					   int64_t wall_ns, const struct kist_key **ret_key,
					   struct kist_error *err);

/**
 * kist_signed_check_at() - The same with the signature "<name>.minisig" that lies in @dir_fd, as of now.
 *
 * @name: Of the manifest.
 *
 * Errors: KIST_NOT_FOUND (no signature), KIST_DENIED also for its owner or mode, and as above.
 */
KIST_CHECKED kist_status kist_signed_check_at(const struct kist_grounds *grounds, int dir_fd,
					      const char *name, struct kist_view text,
					      const struct kist_manifest *manifest,
					      const struct kist_key **ret_key, struct kist_error *err);

#endif
