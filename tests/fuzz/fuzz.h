/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/must.h"

/*
 * What every fuzz target has: the one function that a driver calls.  What must() hold and does not is a finding.
 *
 * Thread: one.
 * Source: https://llvm.org/docs/LibFuzzer.html, "Fuzz Target".
 */

/** LLVMFuzzerTestOneInput() - Runs the parser on these bytes; always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
