/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_REAL_TEXT_H
#define KIST_BASE_REAL_TEXT_H

#include <stddef.h>

/*
 * Real numbers as text, as RFC 8785 asks for: ECMAScript's Number::toString, the fewest digits that read back.
 *
 * Thread: pure, in a locale whose point is '.'.
 */

/** Bytes of the longest text of a double, with its NUL. */
#define KIST_REAL_TEXT_SIZE ((size_t)32)

/** kist_real_text() - Writes @value, which is finite, and a NUL.  Returns the bytes before the NUL. */
size_t kist_real_text(double value, char ret[static KIST_REAL_TEXT_SIZE]);

#endif
