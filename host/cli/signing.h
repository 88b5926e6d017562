/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_SIGNING_H
#define KIST_CLI_SIGNING_H

#include "cli/cli.h"
#include "plugin/minisign.h"

/*
 * What the commands share that install, sign and verify plugins.
 */

/** struct kist_signing - Where things are. */
struct kist_signing {
	char plugins_dir[PATH_MAX]; /* the user's plugin folder */
	char secret[PATH_MAX]; /* the key that 'plugin sign' takes: --key, or sign.key in the configuration */
	const char *site_config;
};

/**
 * kist_signing_find() - Works them out.
 *
 * Errors: KIST_DENIED (a process with more rights than its user changes nothing of his); KIST_INVALID (a path that
 * is too long).
 */
KIST_CHECKED kist_status kist_signing_find(struct kist_cli *cli, struct kist_signing *ret,
					   struct kist_error *err);

/** kist_signing_each() - Calls @each for each argument; goes on after errors, and prints the list with --json. */
enum kist_exit kist_signing_each(struct kist_cli *cli,
				 kist_status (*each)(struct kist_cli *cli, const char *argument, json_t *list,
						     struct kist_error *err));

/** struct kist_signing_manifest - A manifest that was named by its path. */
struct kist_signing_manifest {
	struct kist_buf text;
	struct kist_manifest *manifest;
	struct kist_digest digest;
	int dir_fd;
	const char *name; /* in it; lives as long as the path */
};
#define KIST_SIGNING_MANIFEST_INIT                                                                           \
	{                                                                                                    \
		.text = KIST_BUF_INIT(KIST_MANIFEST_SIZE_MAX), .manifest = NULL, .dir_fd = -1                \
	}
void kist_signing_manifest_done(struct kist_signing_manifest *manifest);
#define kist_auto_signing_manifest __attribute__((cleanup(kist_signing_manifest_done)))

/** kist_signing_read() - Reads it.  Errors: as kist_manifest_parse(); KIST_NOT_FOUND; KIST_IO. */
KIST_CHECKED kist_status kist_signing_read(const char *path, struct kist_signing_manifest *ret,
					   struct kist_error *err);

/** kist_signing_check_library() - The library beside it, as when it is loaded. */
KIST_CHECKED kist_status kist_signing_check_library(const char *path,
						    const struct kist_signing_manifest *manifest,
						    struct kist_error *err);

#endif
