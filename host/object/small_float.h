/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_SMALL_FLOAT_H
#define KIST_OBJECT_SMALL_FLOAT_H

#include <stdbool.h>
#include <stdint.h>

#include "kist/dlpack.h"

/*
 * Floating numbers of 8 and 16 bits as float32, which holds each of their values exactly.
 *
 * Source: IEEE 754-2019, 3.4 (float16); the OCP 8-bit floating point specification, 1.0 (e4m3fn, e5m2) and
 * microscaling formats, 1.0 (e8m0fnu); the names are DLPack's, and say what the bits are: e<exponent bits>,
 * m<mantissa bits>, b<bias>, fn (no infinities), uz (no negative zero: its bits are the one NaN).
 * Thread: pure.
 */

/** kist_small_float_known() - True for float16, bfloat16 and each 8-bit floating type, one lane. */
bool kist_small_float_known(DLDataType dtype);

/**
 * kist_small_float() - The value of one element.
 *
 * @dtype: kist_small_float_known().
 * @from:  Its bytes, little-endian, at any address.
 */
float kist_small_float(DLDataType dtype, const uint8_t *from);

#endif
