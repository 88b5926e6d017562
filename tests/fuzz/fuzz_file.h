/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_FILE_H
#define TESTS_FUZZ_FUZZ_FILE_H

#include "base/buf.h"

/*
 * A folder of its own for a target whose parser reads a file; it is removed at the end.
 *
 * Thread: one.
 */

/** fuzz_folder() - The folder, made at the first call.  Static. */
const char *fuzz_folder(void);

/** fuzz_write() - Makes the file @name in it what @bytes say.  One name in a process. */
void fuzz_write(const char *name, struct kist_view bytes);

#endif
