/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CONFIG_FIND_H
#define KIST_CONFIG_FIND_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * The project's file: the nearest kist.yaml, from the current folder upwards.
 *
 * One that is neither this user's nor root's is passed over: whoever may write a folder above, as in /tmp, would
 * choose otherwise what our commands do.
 *
 * Thread: all functions may run at once, while nobody changes the current folder.
 */

#define KIST_CONFIG_PROJECT_FILE "kist.yaml"
#define KIST_CONFIG_USER_FILE	 "config.yaml"

/**
 * kist_config_find_project() - The path of the nearest one that may be used.  false: there is none.
 *
 * @ret:       Without a folder when it lies in the current one.
 * @ret_other: A nearer one that belongs to somebody else, or "".
 */
bool kist_config_find_project(char ret[static PATH_MAX], char ret_other[static PATH_MAX]);

#endif
