/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_INSTALL_H
#define KIST_PLUGIN_INSTALL_H

#include <limits.h>

#include "kist/plugin.h"
#include "plugin/signed.h"

/*
 * Installing plugins into the user's plugin folder, and removing them.
 *
 *     <plugins_dir>/<id>/<id>.plugin.json, its .minisig when there is one, and the library
 *
 * An installation is made in a hidden folder beside, checked there, synced, pinned, and put in place by one rename,
 * which exchanges it with what was there.  So whoever looks finds the old one or the new one, and after a crash one
 * of both.  Who changes the folder holds a lock on it; hidden folders that a crash left are removed then.
 *
 * Thread: all functions may run at once, in many processes.
 * Source: docs/guide/trust.md.
 */

/** struct kist_install_options - @by_hand: the user vouches for a plugin that nobody signed whom he knows. */
struct kist_install_options {
	const char *plugins_dir;
	const char *config_dir;
	const char *site_config; /* may be NULL */
	bool by_hand;
	bool allow_downgrade;
};

/** struct kist_installed - What was installed. */
struct kist_installed {
	char id[KIST_ID_SIZE];
	char version[64];
	char path[PATH_MAX]; /* of the manifest */
	struct kist_digest digest;
	uint64_t signer; /* or 0: by hand */
	bool replaced;	 /* another was there before */
};

/**
 * kist_install() - Installs the plugin of @source and pins it.
 *
 * Of the source the manifest, its signature and the library are read, and nothing else.  No link is followed there.
 * All of them are checked as when the plugin is loaded: the rules of the manifest, digest and size of the library, the
 * ELF gate.
 *
 * @source: A manifest, or a folder with one manifest.
 *
 * Errors: KIST_DENIED (neither a signature that counts nor @by_hand; revoked; older than what was seen); what is
 * wrong with the plugin, as kist_manifest_parse() and kist_catalog_open_library(); KIST_INVALID (no manifest, or more
 * than one; not called after its id); KIST_NOT_FOUND; KIST_IO.
 */
KIST_CHECKED kist_status kist_install(const char *source, const struct kist_install_options *options,
				      struct kist_installed *ret, struct kist_error *err);

/**
 * kist_uninstall() - Removes <plugins_dir>/<id> by one rename, and the pins of the id.  What was seen stays seen.
 *
 * Errors: KIST_NOT_FOUND (nothing is installed under this id); KIST_IO.
 */
KIST_CHECKED kist_status kist_uninstall(const char *plugins_dir, const char *config_dir, const char *id,
					struct kist_error *err);

#endif
