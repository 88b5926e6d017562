/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATS_TEXT_H
#define STATS_TEXT_H

#include "stats_kernel.h"

/*
 * Statistics as JSON, in the one form that all plugins use (docs/guide/objects.md).
 *
 * Thread: pure.
 */

/** Bytes that one number takes at most, NUL included. */
#define STATS_NUMBER_SIZE 40
/** Bytes that stats_text() takes at most, NUL included. */
#define STATS_TEXT_SIZE 320

/**
 * stats_number_text() - The shortest of 6 to 17 digits that reads back the same, whatever the locale; "null"
 * when not finite.
 *
 * @is_single: Reads back the same as a float.
 */
void stats_number_text(double number, bool is_single, char ret[static STATS_NUMBER_SIZE]);

/** Digits of the largest number of 64 bits. */
#define STATS_DIGITS_MAX ((size_t)20)

/** stats_digits() - The digits of @number, without a NUL: printf takes ten times as long.  Returns how many. */
size_t stats_digits(char ret[static STATS_DIGITS_MAX], uint64_t number);

/** stats_item_text() - The number of @type at @at, exact; integers beyond 63 bits are strings of digits. */
void stats_item_text(enum stats_type type, const void *at, char ret[static STATS_NUMBER_SIZE]);

/**
 * stats_text() - "min":...,"max":...,"mean":...,"std":...,"zero":... of finished statistics, without braces.
 *
 * Returns the length.
 */
size_t stats_text(const struct stats *stats, char ret[static STATS_TEXT_SIZE]);

#endif
