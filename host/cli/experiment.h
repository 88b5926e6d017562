/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_EXPERIMENT_H
#define KIST_CLI_EXPERIMENT_H

#include "cli/cli.h"
#include "experiment/version.h"

/*
 * What the commands of experiments share: how a version is summed up and shown.
 *
 * Thread: [main]
 */

enum kist_experiment_format {
	KIST_EXPERIMENT_TABLE,
	KIST_EXPERIMENT_JSON,
	KIST_EXPERIMENT_CSV,
	KIST_EXPERIMENT_SVG,
	KIST_EXPERIMENT_PLOT
};

/** The formats, for messages. */
#define KIST_EXPERIMENT_FORMATS "table|plot|json|csv|svg"

/** kist_experiment_format_read() - What --format and --json ask for; false: nothing that there is. */
bool kist_experiment_format_read(const struct kist_cli *cli, enum kist_experiment_format *ret);

/**
 * kist_experiment_sum() - Sums up version @version (0: the newest) of @name: kist_summary_make().
 *
 * @ret_whole: Whether all of its cells are complete.
 *
 * Errors: KIST_NOT_FOUND (there is no such version); as the index.
 */
KIST_CHECKED kist_status kist_experiment_sum(struct kist_cli *cli, const char *name, uint64_t version,
					     json_t **ret, bool *ret_whole, struct kist_error *err);

/**
 * kist_experiment_print() - Sums it up and prints it.
 *
 * Errors: as kist_experiment_sum().
 */
KIST_CHECKED kist_status kist_experiment_print(struct kist_cli *cli, const char *name, uint64_t version,
					       enum kist_experiment_format format, bool *ret_whole,
					       struct kist_error *err);

/** kist_experiment_version_option() - Reads --version; false: it is no number. */
bool kist_experiment_version_option(const struct kist_cli *cli, uint64_t *ret);

#endif
