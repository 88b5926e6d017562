/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_VERSION_H
#define KIST_PLUGIN_VERSION_H

#include <stdbool.h>

/*
 * Versions of plugins.  kist_version_compare() stands in plugin/manifest.h.
 *
 * Thread: pure.
 * Source: Semantic Versioning 2.0.0.
 */

/** kist_version_valid() - Whether @text is a semantic version, "1.4.2-rc.1+build.5". */
bool kist_version_valid(const char *text);

#endif
