/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_TRUST_H
#define KIST_PLUGIN_TRUST_H

#include "base/digest.h"

/*
 * Pins: which manifests may be used, by the SHA-256 of their text, which holds that of the library.
 *
 * Two lists: the pins of this build (host/plugin/pins.h, made from the first-party manifests) and the user's:
 *
 *     <config_dir>/trusted.json   {"version":1,"pins":[{"manifest":"<SHA-256>","id":"...","version":"..."}]}
 *
 * A pin of a manifest that names a library of the system has its "library":"<SHA-256>" and "size" too, when the
 * manifest itself does not say them.
 *
 * Limits: KIST_TRUST_PINS_MAX pins, 1 MiB.
 * Thread: a list is constant once loaded.
 * Source: docs/guide/trust.md.
 */

#define KIST_TRUST_FILE	    "trusted.json"
#define KIST_TRUST_PINS_MAX 4096

/** struct kist_trust_library - What was noted of a library of the system; size 0: nothing. */
struct kist_trust_library {
	struct kist_digest digest;
	uint64_t size;
};

/** struct kist_trust - The user's pins. */
struct kist_trust {
	size_t count;
	struct kist_digest *pins;
	struct kist_trust_library *libraries; /* of each pin */
};

#define KIST_TRUST_INIT                                                                                      \
	{                                                                                                    \
		.count = 0, .pins = NULL, .libraries = NULL                                                  \
	}

/**
 * kist_trust_load() - Reads trusted.json; a file that is not there is an empty list.
 *
 * Errors: KIST_DENIED (owner, mode), KIST_CORRUPT E_TRUST or E_JSON, KIST_LIMIT, KIST_IO, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_trust_load(const char *config_dir, struct kist_trust *ret,
					 struct kist_error *err);
void kist_trust_done(struct kist_trust *trust);

/** kist_trust_has() - Whether the user pinned @manifest. */
bool kist_trust_has(const struct kist_trust *trust, const struct kist_digest *manifest);

/** kist_trust_library() - What the user's pin of @manifest says of its library, or NULL. */
const struct kist_trust_library *kist_trust_library(const struct kist_trust *trust,
						    const struct kist_digest *manifest);

/** kist_trust_is_built_in() - Whether this build pins @manifest: a first-party plugin. */
bool kist_trust_is_built_in(const struct kist_digest *manifest);

#endif
