/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_RUNTIME_H
#define KIST_KIT_RUNTIME_H

#include <limits.h>

#include "kit/subject.h"

/*
 * The runtime of a sanitizer, which must be in a process before a library that was built with it.
 *
 * Thread: pure but for the file system.
 */

/**
 * kist_kit_runtime() - The path of the address sanitizer's runtime that @subject's library needs, and behind a colon what
 * that itself needs to be there: for LD_PRELOAD.
 *
 * Errors: KIST_UNSUPPORTED: the library was not built with it, or the runtime is not on this machine; the text says
 * what to do.
 */
KIST_CHECKED kist_status kist_kit_runtime(const struct kist_kit_subject *subject, char ret[static PATH_MAX],
					  struct kist_error *err);

#endif
