/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_BLOCKS_KERNEL_H
#define CSV_BLOCKS_KERNEL_H

#include "csv_kernel.h"

/*
 * The tokenizer for 64 bytes at once.
 *
 * Whether a byte stands inside quotes is the parity of the quotes up to it.  That holds only where each quote
 * that opens stands at the start of a cell or behind the quote that it doubles, and each that closes stands
 * before the end of a cell or before such a one.  The first byte where it does not is found with the masks;
 * the record that has it is left to csv_scan_careful().
 *
 * Thread: pure.
 */

/** CSV_SCAN_CAREFUL - As a result of csv_scan_blocks(): the record has to be read again, byte by byte. */
#define CSV_SCAN_CAREFUL ((enum csv_scan)(CSV_SCAN_WIDE + 1))

/** enum csv_blocks - Which instructions are used. */
enum csv_blocks { CSV_BLOCKS_C, CSV_BLOCKS_SSE2, CSV_BLOCKS_AVX2, CSV_BLOCKS_KINDS };

/** csv_blocks_available() - Whether this processor has them. */
bool csv_blocks_available(enum csv_blocks kind);

/** csv_blocks_best() - The best of them. */
enum csv_blocks csv_blocks_best(void);

/** csv_window_begin() - Nothing is known; the next byte is the first of a record. */
void csv_window_begin(struct csv_window *window);

/** csv_window_next() - The record ended; the next one begins at @next.  Positions count from there on. */
void csv_window_next(struct csv_window *window, uint32_t next);

/** csv_scan_blocks() - As csv_scan(), and CSV_SCAN_CAREFUL.  The escape is the quote. */
enum csv_scan csv_scan_blocks(struct csv_scanner *scanner, const uint8_t *data, uint32_t size, bool final,
			      enum csv_blocks kind);

#endif
