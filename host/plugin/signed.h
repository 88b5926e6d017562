/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_SIGNED_H
#define KIST_PLUGIN_SIGNED_H

#include "plugin/grounds.h"

/*
 * Whether a manifest is signed by a key that may speak for it.
 *
 * Thread: pure.
 * Source: docs/guide/trust.md.
 */

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
