/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CONFIG_MERGE_H
#define KIST_CONFIG_MERGE_H

#include "config/config.h"

/*
 * The layers of a config, read for each setting and put together.
 *
 * Thread: one config, one thread at a time.
 */

/**
 * kist_config_merge() - Fills values, merged and settings, of files that are sound.
 *
 * @overlay: The mapping that was chosen, or NULL.
 *
 * Errors: KIST_NO_MEMORY.  What is wrong with a value goes to its file's issues, or to config->fault.
 */
KIST_CHECKED kist_status kist_config_merge(struct kist_config *config,
					   const struct kist_config_options *options,
					   const struct kist_node *overlay, struct kist_error *err);

#endif
