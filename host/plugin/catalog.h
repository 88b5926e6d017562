/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_CATALOG_H
#define KIST_PLUGIN_CATALOG_H

#include "plugin/manifest.h"

/*
 * The catalog: every manifest found in the plugin folders, usable or with the reason why not.
 *
 * Folders, in order: given (--plugin-dir), KIST_PLUGIN_PATH, user ($XDG_DATA_HOME/kist/plugins), site
 * (/usr/local/lib/kist/plugins), system (beside this installation).  In a setuid, setgid or file-capability
 * process given-by-environment and user folders are ignored, and the catalog says so.  Each folder's own
 * *.plugin.json and those one level below it are read, in byte order; nothing else is opened.
 *
 * A library is never opened by making a catalog; see kist_catalog_open_library().
 *
 * Thread: a catalog is constant once opened.
 * Source: docs/guide/trust.md.
 */

/** Where a plugin was found; a smaller number is trusted more. */
enum kist_tier {
	KIST_TIER_SYSTEM = 0,
	KIST_TIER_SITE = 1,
	KIST_TIER_USER = 2,
	KIST_TIER_ENV = 3,
	KIST_TIER_GIVEN = 4
};
const char *kist_tier_name(enum kist_tier tier);

#define KIST_CATALOG_DIRS_MAX	 64
#define KIST_CATALOG_ENTRIES_MAX 4096

/**
 * What is trusted, besides this build's own: what was pinned; what was pinned, or signed by a key that is known; or
 * anything.  @CONFIGURED: what trusted.json says, and @PINNED when it says nothing.  What the site says is never
 * widened.
 */
enum kist_policy {
	KIST_POLICY_CONFIGURED = 0,
	KIST_POLICY_PINNED = 1,
	KIST_POLICY_SIGNED = 2,
	KIST_POLICY_ANY = 3
};

/** struct kist_catalog_dir - One plugin folder. */
struct kist_catalog_dir {
	const char *path;
	enum kist_tier tier;
	bool used;
	bool refused;	  /* it is there, but its owner or mode, or that of one above it, is not right */
	const char *note; /* why not, or "" */
};

/** struct kist_catalog_entry - One manifest. */
struct kist_catalog_entry {
	const struct kist_manifest *manifest; /* NULL when it cannot be read */
	const char *path;		      /* of the manifest */
	enum kist_tier tier;
	struct kist_digest digest; /* of the manifest */
	bool first_party;	   /* pinned by this build */
	bool pinned;		   /* by the user or the site */
	uint64_t signer;	   /* the key whose signature lets it run, or 0 */
	const char *see_in; /* where its version is noted once it is loaded, or NULL; lives as the catalog */
	struct kist_error refusal; /* status KIST_OK: usable */
};

struct kist_catalog {
	size_t dir_count;
	const struct kist_catalog_dir *dirs;
	size_t entry_count;
	const struct kist_catalog_entry *entries;
	enum kist_policy policy; /* in force: not KIST_POLICY_CONFIGURED */
	bool elevated;		 /* the environment was ignored */
	void *priv;
};

/** struct kist_catalog_options - All members may be NULL or 0. */
struct kist_catalog_options {
	const char *const *given; /* folders named on the command line */
	size_t given_count;
	const char *system_dir; /* of this installation; see kist_install_dir() in cli */
	const char *cache_dir;	/* of plugin/cache.h; opening a catalog does not use it */
	const char *config_dir; /* $XDG_CONFIG_HOME/kist: holds trusted.json, the pins, and keys */
	enum kist_policy policy;
};

/**
 * kist_catalog_open() - Reads all plugin folders.
 *
 * A folder or manifest that is broken, untrusted or shadowed becomes an entry with its reason, never a
 * failure.  Of a folder that is refused for its owner or mode, each manifest becomes an entry that is refused
 * for the folder's reason; none of them in a process with more rights than its user.
 *
 * @ret: kist_catalog_close() it.
 *
 * Errors: KIST_NO_MEMORY, KIST_LIMIT (too many folders).
 */
KIST_CHECKED kist_status kist_catalog_open(const struct kist_catalog_options *options,
					   struct kist_catalog **ret, struct kist_error *err);
void kist_catalog_close(struct kist_catalog *catalog);

static inline void kist_catalog_close_(struct kist_catalog **slot)
{
	kist_catalog_close(*slot);
}
#define kist_auto_catalog __attribute__((cleanup(kist_catalog_close_)))

/** kist_catalog_find() - The usable entry with this plugin id, or NULL. */
const struct kist_catalog_entry *kist_catalog_find(const struct kist_catalog *catalog, const char *id);

/**
 * kist_catalog_open_library() - The library of a usable entry, checked: exactly what was hashed.
 *
 * The file is copied into a sealed memory file, whose SHA-256 and size must be the manifest's, and which must
 * pass the ELF gate (plugin/elf.h).
 *
 * @ret_fd: The sealed memory file.  Owned by the caller; the worker keeps it open for life.
 *
 * Errors: the entry's refusal; KIST_DENIED (digest, owner, mode, symlink); KIST_INCOMPATIBLE and
 * KIST_UNSUPPORTED (ELF gate); KIST_CORRUPT; KIST_IO.
 */
KIST_CHECKED kist_status kist_catalog_open_library(const struct kist_catalog_entry *entry, int *ret_fd,
						   struct kist_error *err);

/**
 * kist_catalog_measure() - Fills in the size and digest of a library of the system, as it is now, where the
 * manifest leaves them out.  Does nothing for other manifests.
 *
 * Errors: KIST_NOT_FOUND (no such library), KIST_DENIED (others than root may write it), KIST_LIMIT, KIST_IO.
 */
KIST_CHECKED kist_status kist_catalog_measure(struct kist_manifest *manifest, struct kist_error *err);

#endif
