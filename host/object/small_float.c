/* SPDX-License-Identifier: Apache-2.0 */
#include "object/small_float.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "base/le.h"

/* What the largest exponent, or the bits of the negative zero, stand for. */
enum special {
	IEEE,	       /* infinity, and NaN with a mantissa */
	FINITE,	       /* NaN when all bits below the sign are 1, else a number */
	UNSIGNED_ZERO, /* numbers; the negative zero's bits are NaN */
};

struct layout {
	uint8_t code;
	uint8_t bits;
	uint8_t mantissa;
	uint8_t special;
	int bias;
};

static const struct layout layouts[] = {
	{ kDLFloat, 16, 10, IEEE, 15 },
	{ kDLBfloat, 16, 7, IEEE, 127 },
	{ kDLFloat8_e3m4, 8, 4, IEEE, 3 },
	{ kDLFloat8_e4m3, 8, 3, IEEE, 7 },
	{ kDLFloat8_e4m3b11fnuz, 8, 3, UNSIGNED_ZERO, 11 },
	{ kDLFloat8_e4m3fn, 8, 3, FINITE, 7 },
	{ kDLFloat8_e4m3fnuz, 8, 3, UNSIGNED_ZERO, 8 },
	{ kDLFloat8_e5m2, 8, 2, IEEE, 15 },
	{ kDLFloat8_e5m2fnuz, 8, 2, UNSIGNED_ZERO, 16 },
};
#define LAYOUT_COUNT (sizeof(layouts) / sizeof(layouts[0]))

static const struct layout *find(DLDataType dtype)
{
	for (size_t i = 0; dtype.lanes == 1 && i < LAYOUT_COUNT; i++) {
		if (layouts[i].code == dtype.code && layouts[i].bits == dtype.bits)
			return &layouts[i];
	}
	return NULL;
}

/* A power of two from 2^-127: no sign, no zero, no mantissa. */
static bool is_scale(DLDataType dtype)
{
	return dtype.code == kDLFloat8_e8m0fnu && dtype.bits == 8 && dtype.lanes == 1;
}

bool kist_small_float_known(DLDataType dtype)
{
	return find(dtype) || is_scale(dtype);
}

static float magnitude(const struct layout *layout, uint32_t bits)
{
	const int exponent = (int)(bits >> layout->mantissa);
	const uint32_t implied = 1u << layout->mantissa;
	const uint32_t mantissa = bits & (implied - 1);
	const uint32_t all = (1u << (layout->bits - 1)) - 1;

	if (layout->special == IEEE && exponent == (int)(all >> layout->mantissa))
		return mantissa ? NAN : INFINITY;
	if (layout->special == FINITE && bits == all)
		return NAN;
	if (exponent == 0)
		return ldexpf((float)mantissa, 1 - layout->bias - layout->mantissa);
	return ldexpf((float)(implied | mantissa), exponent - layout->bias - layout->mantissa);
}

float kist_small_float(DLDataType dtype, const uint8_t *from)
{
	const struct layout *const layout = find(dtype);
	const uint32_t bits = dtype.bits == 16 ? kist_le_read16(from) : from[0];
	const uint32_t sign = 1u << (dtype.bits - 1);

	assert(kist_small_float_known(dtype));
	if (!layout)
		return bits == 0xff ? NAN : ldexpf(1, (int)bits - 127);
	if (layout->special == UNSIGNED_ZERO && bits == sign)
		return NAN;
	return copysignf(magnitude(layout, bits & (sign - 1)), bits & sign ? -1 : 1);
}
