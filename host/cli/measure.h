/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_MEASURE_H
#define KIST_CLI_MEASURE_H

#include <stdint.h>

/*
 * What is measured, as people read it: sizes and modes.
 *
 * Thread: pure
 */

/** kist_size_text() - "1.2 MiB" into @ret. */
void kist_size_text(uint64_t bytes, char ret[static 32]);

/** kist_size_exact() - "1.2 MiB (1234567 bytes)", or "152 bytes", into @ret. */
void kist_size_exact(uint64_t bytes, char ret[static 64]);

/** kist_mode_text() - "0640 rw-r-----" into @ret. */
void kist_mode_text(uint32_t mode, char ret[static 32]);

#endif
