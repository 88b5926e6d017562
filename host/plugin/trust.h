/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_TRUST_H
#define KIST_PLUGIN_TRUST_H

#include "base/digest.h"
#include "base/json.h"
#include "plugin/catalog.h"

/*
 * What the user, the site and this build trust: pins of manifests, by the SHA-256 of their text, which holds that of
 * the library; what was revoked; and the newest version of each plugin that was seen.
 *
 * Three lists: the pins of this build (host/plugin/pins.h, made from the first-party manifests), the site's
 * (/etc/kist/trusted.json) and the user's:
 *
 *     <config_dir>/trusted.json
 *         {"pins":[{"manifest":"<SHA-256>","id":"...","version":"...","key":"<KEY ID>"}],
 *          "policy":"signed",
 *          "revoked":[{"sha256":"..."},{"key":"<KEY ID>"}],
 *          "seen":{"org.example.mask":"1.4.2"},
 *          "version":1}
 *
 * "key" of a pin is whose signature it stands for: when that key is revoked, the pin counts no more.  A pin of a
 * manifest that names a library of the system has its "library":"<SHA-256>" and "size" too, when the manifest itself
 * does not say them.  What is revoked is a manifest, a library or a key, and goes before everything else.
 *
 * Limits: KIST_TRUST_PINS_MAX pins, as many revocations, as many ids seen; 1 MiB.
 * Thread: a list is constant once loaded; changes may be made at once by many processes.
 * Source: docs/guide/trust.md, docs/adr/0048-signatures-of-manifests.md.
 */

#define KIST_TRUST_FILE	    "trusted.json"
#define KIST_TRUST_PINS_MAX 4096
#define KIST_TRUST_SIZE_MAX ((size_t)1 << 20)

/** struct kist_trust_library - What was noted of a library of the system; size 0: nothing. */
struct kist_trust_library {
	struct kist_digest digest;
	uint64_t size;
};

/** struct kist_trust - One trusted.json. */
struct kist_trust {
	size_t count;
	struct kist_digest *pins;
	struct kist_trust_library *libraries; /* of each pin */
	uint64_t *signers;		      /* of each pin: the key's id, or 0 */
	size_t revoked_count;
	struct kist_digest *revoked;
	size_t revoked_key_count;
	uint64_t *revoked_keys;
	json_t *seen;		 /* {"<id>": "<version>"}, or NULL */
	enum kist_policy policy; /* KIST_POLICY_CONFIGURED: it says none */
};

#define KIST_TRUST_INIT                                                                                      \
	{                                                                                                    \
		.count = 0, .pins = NULL                                                                     \
	}

/**
 * kist_trust_load() - Reads trusted.json; a file that is not there is an empty list.
 *
 * Errors: KIST_DENIED (owner, mode), KIST_CORRUPT E_TRUST or E_JSON, KIST_LIMIT, KIST_IO, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_trust_load(const char *config_dir, struct kist_trust *ret,
					 struct kist_error *err);
void kist_trust_done(struct kist_trust *trust);
#define kist_auto_trust __attribute__((cleanup(kist_trust_done)))

/** kist_trust_read() - The whole file in @dir_fd, checked; an empty list when there is none.  New reference. */
KIST_CHECKED kist_status kist_trust_read(int dir_fd, json_t **ret, struct kist_error *err);

/** kist_trust_has() - Whether @manifest is pinned, and not for a key that is revoked. */
bool kist_trust_has(const struct kist_trust *trust, const struct kist_digest *manifest);

/** kist_trust_signer() - The id of the key that the pin of @manifest stands for, or 0. */
uint64_t kist_trust_signer(const struct kist_trust *trust, const struct kist_digest *manifest);

/** kist_trust_library() - What the pin of @manifest says of its library, or NULL. */
const struct kist_trust_library *kist_trust_library(const struct kist_trust *trust,
						    const struct kist_digest *manifest);

/** kist_trust_is_revoked(), kist_trust_is_revoked_key() - Whether this manifest or library, or key, is revoked. */
bool kist_trust_is_revoked(const struct kist_trust *trust, const struct kist_digest *digest);
bool kist_trust_is_revoked_key(const struct kist_trust *trust, uint64_t key);

/** kist_trust_seen() - The newest version of plugin @id that was trusted here, or NULL. */
const char *kist_trust_seen(const struct kist_trust *trust, const char *id);

/** kist_trust_is_built_in() - Whether this build pins @manifest: a first-party plugin. */
bool kist_trust_is_built_in(const struct kist_digest *manifest);

/** kist_policy_name() - "pinned".  kist_policy_read() - false: @text is no policy. */
const char *kist_policy_name(enum kist_policy policy);
bool kist_policy_read(const char *text, enum kist_policy *ret);

/*
 * Changes of <config_dir>/trusted.json: durable, one at a time.
 *
 * Errors of all of them: KIST_DEADLINE (somebody holds the folder for a minute), and as kist_trust_load().
 */

/**
 * kist_trust_add() - Pins @manifest by hand, and its library too when that is one of the system.
 *
 * @digest:   Of its text.
 * @manifest: Measured (kist_catalog_measure()).
 *
 * Errors: KIST_DENIED (it is revoked), KIST_LIMIT.
 */
KIST_CHECKED kist_status kist_trust_add(const char *config_dir, const struct kist_digest *digest,
					const struct kist_manifest *manifest, struct kist_error *err);

/** kist_trust_drop() - Drops all of the user's pins of plugin @id.  Errors: KIST_NOT_FOUND (none). */
KIST_CHECKED kist_status kist_trust_drop(const char *config_dir, const char *id, struct kist_error *err);

/** struct kist_trust_pin - A pin to be made. */
struct kist_trust_pin {
	struct kist_digest digest;
	const struct kist_manifest *manifest;
	uint64_t signer; /* the id of the key whose signature was checked, or 0 */
	bool allow_downgrade;
};

/**
 * kist_trust_admit() - Pins a manifest that is being installed, and notes its version as seen.
 *
 * Errors: KIST_DENIED (a newer version was seen, and @pin->allow_downgrade is false; or it is revoked); KIST_LIMIT.
 */
KIST_CHECKED kist_status kist_trust_admit(const char *config_dir, const struct kist_trust_pin *pin,
					  struct kist_error *err);

/** kist_trust_keep_only() - Drops all pins of plugin @id but that of @manifest; NULL: drops them all. */
KIST_CHECKED kist_status kist_trust_keep_only(const char *config_dir, const char *id,
					      const struct kist_digest *manifest, struct kist_error *err);

/** kist_trust_see() - Notes that @version of plugin @id was seen, when none newer was. */
KIST_CHECKED kist_status kist_trust_see(const char *config_dir, const char *id, const char *version,
					struct kist_error *err);

/** struct kist_revocation - Of a digest, or, when @key is not 0, of a key. */
struct kist_revocation {
	struct kist_digest digest;
	uint64_t key;
};

/**
 * kist_trust_revoke() - Revokes, or with @undo takes that back.
 *
 * Errors: KIST_NOT_FOUND (@undo of what is not revoked here); KIST_LIMIT.
 */
KIST_CHECKED kist_status kist_trust_revoke(const char *config_dir, const struct kist_revocation *what,
					   bool undo, struct kist_error *err);

/** kist_trust_set_policy() - Sets the policy that KIST_POLICY_CONFIGURED means. */
KIST_CHECKED kist_status kist_trust_set_policy(const char *config_dir, enum kist_policy policy,
					       struct kist_error *err);

#endif
