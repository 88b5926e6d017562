/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_nearest.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128;

#define MANTISSA_BITS 53u
/* How near to a bound is too near.  Numbers here are up to 12, of which a double knows 2^-49. */
#define DOUBT 0x1p-32

/*
 * 2^@shift / 5^n, of 128 bits, cut off.
 *
 * Source: made from whole numbers, floor(2^(127 + b) / 5^n), where 5^n has b bits.
 */
static const struct inverse {
	uint64_t high;
	uint64_t low;
	uint32_t shift;
} inverses[CSV_NEAREST_SCALE_MAX] = {
	{ 0xccccccccccccccccu, 0xccccccccccccccccu, 130 }, { 0xa3d70a3d70a3d70au, 0x3d70a3d70a3d70a3u, 132 },
	{ 0x83126e978d4fdf3bu, 0x645a1cac083126e9u, 134 }, { 0xd1b71758e219652bu, 0xd3c36113404ea4a8u, 137 },
	{ 0xa7c5ac471b478423u, 0x0fcf80dc33721d53u, 139 }, { 0x8637bd05af6c69b5u, 0xa63f9a49c2c1b10fu, 141 },
	{ 0xd6bf94d5e57a42bcu, 0x3d32907604691b4cu, 144 }, { 0xabcc77118461cefcu, 0xfdc20d2b36ba7c3du, 146 },
	{ 0x89705f4136b4a597u, 0x31680a88f8953030u, 148 }, { 0xdbe6fecebdedd5beu, 0xb573440e5a884d1bu, 151 },
	{ 0xafebff0bcb24aafeu, 0xf78f69a51539d748u, 153 }, { 0x8cbccc096f5088cbu, 0xf93f87b7442e45d3u, 155 },
	{ 0xe12e13424bb40e13u, 0x2865a5f206b06fb9u, 158 }, { 0xb424dc35095cd80fu, 0x538484c19ef38c94u, 160 },
	{ 0x901d7cf73ab0acd9u, 0x0f9d37014bf60a10u, 162 }, { 0xe69594bec44de15bu, 0x4c2ebe687989a9b3u, 165 },
	{ 0xb877aa3236a4b449u, 0x09befeb9fad487c2u, 167 }, { 0x9392ee8e921d5d07u, 0x3aff322e62439fcfu, 169 },
	{ 0xec1e4a7db69561a5u, 0x2b31e9e3d06c32e5u, 172 }, { 0xbce5086492111aeau, 0x88f4bb1ca6bcf584u, 174 },
	{ 0x971da05074da7beeu, 0xd3f6fc16ebca5e03u, 176 },
};

static const double tens[CSV_NEAREST_SCALE_MAX] = { 1e1,  1e2,	1e3,  1e4,  1e5,  1e6,	1e7,
						    1e8,  1e9,	1e10, 1e11, 1e12, 1e13, 1e14,
						    1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21 };

/* 2^@exponent, which is no less than 2^-1022. */
static double power_of_two(int exponent)
{
	const uint64_t bits = (uint64_t)(1023 + exponent) << 52;
	double power;

	memcpy(&power, &bits, sizeof(power));
	return power;
}

/*
 * Whether @digits are the shortest text of the double that lies @over before them, where doubles are @step apart.
 * Both in units of the last digit.  The double's own are the digits that are less than half a unit from it; and no
 * shorter ones are as long as neither multiple of ten beside them lies within half a step of the double.
 */
static enum csv_nearest judge(uint64_t digits, double over, double step)
{
	const double last = (double)(digits % 10);
	const double far = __builtin_fabs(over);
	const double below = last - over - step / 2;
	const double above = 10 - last + over - step / 2;

	if (far < 0.5 - DOUBT && below > DOUBT && above > DOUBT)
		return CSV_NEAREST_IS;
	if (far > 0.5 + DOUBT || below < -DOUBT || above < -DOUBT)
		return CSV_NEAREST_IS_NOT;
	return CSV_NEAREST_UNSURE;
}

enum csv_nearest csv_nearest_read(uint64_t digits, uint32_t scale, double *ret_value)
{
	const struct inverse *const inverse = &inverses[scale - 1];
	const uint32_t zeros = (uint32_t)__builtin_clzll(digits);
	const uint64_t factor = digits << zeros;
	/* The upper 128 of 192 bits; too small by less than two of its lowest. */
	const uint128 product =
		(uint128)factor * inverse->high + (uint64_t)(((uint128)factor * inverse->low) >> 64);
	const uint32_t tall = (uint32_t)(product >> 127);
	const uint32_t drop = 128 - MANTISSA_BITS - 1 + tall;
	const uint64_t mantissa = (uint64_t)(product >> drop);
	/* What lies behind the mantissa, in 2^-64 of its last bit: as a signed number, how far the nearest is. */
	const uint64_t rest = (uint64_t)(product >> (drop - 64));
	const uint64_t nearest = mantissa + (rest >> 63);
	const int exponent = (int)drop + 64 - (int)(inverse->shift + zeros + scale);
	const double unit = power_of_two(exponent);
	const double step = unit * tens[scale - 1];
	/* In the middle between two doubles; or at a power of two, below which they are nearer. */
	const bool is_tie = rest + 16 - (UINT64_C(1) << 63) < 32;
	const bool is_even = (nearest & (nearest - 1)) == 0;

	if (is_tie || is_even)
		return CSV_NEAREST_UNSURE;
	*ret_value = (double)(int64_t)nearest * unit;
	return judge(digits, (double)(int64_t)rest * 0x1p-64 * step, step);
}
