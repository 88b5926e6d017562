/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_MODEL_H
#define TESTS_FUZZ_FUZZ_MODEL_H

#include <stddef.h>
#include <stdint.h>

/*
 * What holds of every type of models that is read only.
 *
 * Thread: one.
 */

/** fuzz_model() - Runs every method of type @name on these bytes: what validate finds sound, the others read. */
void fuzz_model(const char *name, const uint8_t *data, size_t size);

#endif
