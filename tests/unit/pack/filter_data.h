/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PACK_FILTER_DATA_H
#define TESTS_UNIT_PACK_FILTER_DATA_H

#include <math.h>
#include <string.h>

#include "pack/filter.h"

/*
 * Data like those that are stored, the same on every run and every machine: only + - * / and sqrt are used.
 */

static uint64_t filter_random_state;

static inline uint64_t filter_random(void)
{
	uint64_t z = (filter_random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* In [0, 1). */
static inline double filter_uniform(void)
{
	return (double)(filter_random() >> 11) * 0x1p-53;
}

/* Nearly normal, mean 0 and sigma 1: twelve uniform ones. */
static inline double filter_normal(void)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += filter_uniform();
	return sum;
}

static inline uint16_t filter_bf16(double value)
{
	const float single = (float)value;
	uint32_t bits;

	memcpy(&bits, &single, sizeof(bits));
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

enum filter_data_kind {
	DATA_BF16,
	DATA_F16,
	DATA_F32,
	DATA_F32_OF_BF16,
	DATA_F64,
	DATA_SENSOR,
	DATA_SMOOTH,
	DATA_TIMES,
	DATA_IDS,
	DATA_WALK,
	DATA_DECIMALS,
	DATA_BF16_NEAR,
	DATA_BF16_FAR,
	DATA_F32_NEAR,
	DATA_I16,
	DATA_U8_RGB,
	DATA_BOOL,
	DATA_I32_SMALL,
	DATA_TABLE,
	DATA_RECORDS,
	DATA_REPEATS,
	DATA_NOISE,
	DATA_TEXT,
};

struct filter_data {
	const char *name;
	enum filter_data_kind kind;
	bool has_base;
	struct kist_filter_hint hint;
};

#define REAL(bytes)                                                                                          \
	{                                                                                                    \
		.kind = KIST_FILTER_REAL, .width = (bytes)                                                   \
	}
#define INT(bytes)                                                                                           \
	{                                                                                                    \
		.kind = KIST_FILTER_INT, .width = (bytes)                                                    \
	}

static const struct filter_data filter_data[] = {
	{ "bf16 weights", DATA_BF16, false, REAL(2) },
	{ "f16 weights", DATA_F16, false, REAL(2) },
	{ "f32 weights", DATA_F32, false, REAL(4) },
	{ "f32 holding bf16", DATA_F32_OF_BF16, false, REAL(4) },
	{ "f64 normal", DATA_F64, false, REAL(8) },
	{ "f32 sensor", DATA_SENSOR, false, REAL(4) },
	{ "f32 smooth", DATA_SMOOTH, false, REAL(4) },
	{ "i64 times", DATA_TIMES, false, INT(8) },
	{ "i64 ids", DATA_IDS, false, INT(8) },
	{ "f64 walk, 2 decimals", DATA_WALK, false, REAL(8) },
	{ "f64 iid, 2 decimals", DATA_DECIMALS, false, REAL(8) },
	{ "bf16 near its base", DATA_BF16_NEAR, true, REAL(2) },
	{ "bf16 far from its base", DATA_BF16_FAR, true, REAL(2) },
	{ "f32 near its base", DATA_F32_NEAR, true, REAL(4) },
	{ "i16 sound", DATA_I16, false, INT(2) },
	{ "u8 image, rgb", DATA_U8_RGB, false, { .kind = KIST_FILTER_INT, .width = 1, .row = 3 } },
	{ "bool, 1 in 16", DATA_BOOL, false, INT(1) },
	{ "i32 below 1000", DATA_I32_SMALL, false, INT(4) },
	{ "f32 table, 8 columns", DATA_TABLE, false, { .kind = KIST_FILTER_REAL, .width = 4, .row = 8 } },
	{ "records, fields known",
	  DATA_RECORDS,
	  false,
	  { .kind = KIST_FILTER_STRUCT,
	    .record_size = 24,
	    .column_count = 4,
	    .columns = { { 8, KIST_FILTER_PLANES },
			 { 8, KIST_FILTER_FLOAT },
			 { 4, KIST_FILTER_PLANES },
			 { 4, KIST_FILTER_NONE } } } },
	{ "records, as u8", DATA_RECORDS, false, { .kind = KIST_FILTER_INT, .width = 1, .row = 24 } },
	{ "f32 with repeats", DATA_REPEATS, false, REAL(4) },
	{ "noise", DATA_NOISE, false, INT(4) },
	{ "text called f32", DATA_TEXT, false, REAL(4) },
};
#define FILTER_DATA_COUNT (sizeof(filter_data) / sizeof(filter_data[0]))

#define PUT(type, value)                                                                                     \
	do {                                                                                                 \
		const type put_ = (type)(value);                                                             \
		memcpy(data + i * sizeof(put_), &put_, sizeof(put_));                                        \
	} while (0)
#define EACH(type) for (size_t i = 0; i < size / sizeof(type); i++)

static inline void filter_data_near(uint8_t *data, uint8_t *base, size_t size, double step, bool wide)
{
	for (size_t i = 0; i < size / (wide ? 4 : 2); i++) {
		const double old = 0.02 * filter_normal();
		const double new = old + 0.02 * step *filter_normal();
		const float olds = (float)old;
		const float news = (float)new;
		const uint16_t halves[2] = { filter_bf16(old), filter_bf16(new) };

		memcpy(base + i * (wide ? 4 : 2), wide ? (const void *)&olds : &halves[0], wide ? 4 : 2);
		memcpy(data + i * (wide ? 4 : 2), wide ? (const void *)&news : &halves[1], wide ? 4 : 2);
	}
}

static inline void filter_data_record(uint8_t *to, size_t i)
{
	const uint64_t time = UINT64_C(1700000000000) + 20 * i + filter_random() % 3;
	const double value = 20 + filter_normal();
	const uint32_t channel = (uint32_t)(i % 16);

	memcpy(to, &time, 8);
	memcpy(to + 8, &value, 8);
	memcpy(to + 16, &channel, 4);
	memcpy(to + 20, filter_random() % 8 ? "good" : "poor", 4);
}

static inline void filter_data_walk(enum filter_data_kind kind, uint8_t *data, size_t size)
{
	double walk = 100;
	double slope = 0;
	int64_t number = 1700000000000;

	switch (kind) {
	case DATA_SENSOR:
		EACH(float)
		{
			walk += 0.01 * filter_normal();
			PUT(float, walk);
		}
		break;
	case DATA_SMOOTH:
		EACH(float)
		{
			slope = 0.99 * slope + 1e-4 * filter_normal();
			walk += slope;
			PUT(float, walk);
		}
		break;
	case DATA_TIMES:
		EACH(int64_t)
		{
			number += 1000 + (int64_t)(filter_random() % 8);
			PUT(int64_t, number);
		}
		break;
	case DATA_IDS:
		number = 0;
		EACH(int64_t)
		{
			number += 1 + (int64_t)(filter_random() % 16);
			PUT(int64_t, number);
		}
		break;
	case DATA_WALK:
		number = 10000;
		EACH(double)
		{
			number += (int64_t)(filter_random() % 21) - 10;
			PUT(double, (double)number / 100);
		}
		break;
	case DATA_I16:
		walk = 0;
		EACH(int16_t)
		{
			slope = 0.9 * slope + 40 * filter_normal();
			walk = 0.98 * walk + slope;
			PUT(int16_t, walk);
		}
		break;
	case DATA_TABLE:
		EACH(float)
		PUT(float, (double)(1 << 2 * (i % 8)) * (1000 + (double)(i / 8) * 0.25 + filter_uniform()));
		break;
	default:
		break;
	}
}

static inline void filter_data_fill(const struct filter_data *kind, uint8_t *data, uint8_t *base, size_t size)
{
	filter_random_state = 1 + (uint64_t)kind->kind;
	switch (kind->kind) {
	case DATA_BF16:
		EACH(uint16_t) PUT(uint16_t, filter_bf16(0.02 * filter_normal()));
		break;
	case DATA_F16:
		/* The bits of a half, by way of a float with its exponent moved. */
		EACH(uint16_t)
		{
			const float single = (float)(0.02 * filter_normal() * 0x1p-112);
			uint32_t bits;

			memcpy(&bits, &single, sizeof(bits));
			PUT(uint16_t, (bits >> 16 & 0x8000) | (bits & 0x7fffffff) >> 13);
		}
		break;
	case DATA_F32:
		EACH(float) PUT(float, 0.02 * filter_normal());
		break;
	case DATA_F32_OF_BF16:
		EACH(uint32_t) PUT(uint32_t, (uint32_t)filter_bf16(0.02 * filter_normal()) << 16);
		break;
	case DATA_F64:
		EACH(double) PUT(double, filter_normal());
		break;
	case DATA_DECIMALS:
		EACH(double) PUT(double, (double)(filter_random() % 10000) / 100);
		break;
	case DATA_BF16_NEAR:
		filter_data_near(data, base, size, 1e-3, false);
		break;
	case DATA_BF16_FAR:
		filter_data_near(data, base, size, 0.5, false);
		break;
	case DATA_F32_NEAR:
		filter_data_near(data, base, size, 1e-3, true);
		break;
	case DATA_U8_RGB:
		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)((i < 3 ? 128 : data[i - 3]) + filter_random() % 5 - 2);
		break;
	case DATA_BOOL:
		for (size_t i = 0; i < size; i++)
			data[i] = filter_random() % 16 == 0;
		break;
	case DATA_I32_SMALL:
		EACH(int32_t) PUT(int32_t, filter_random() % 1000);
		break;
	case DATA_RECORDS:
		memset(data, 0, size);
		for (size_t i = 0; (i + 1) * 24 <= size; i++)
			filter_data_record(data + 24 * i, i);
		break;
	case DATA_REPEATS:
		EACH(float) PUT(float, 0.02 * filter_normal());
		for (size_t at = (size_t)200 << 10; at + ((size_t)150 << 10) <= size; at += (size_t)200 << 10)
			memcpy(data + at, data, (size_t)150 << 10);
		break;
	case DATA_NOISE:
		EACH(uint64_t) PUT(uint64_t, filter_random());
		break;
	case DATA_TEXT:
		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t) "the quick brown fox, 0123 jumps"[(i * i + filter_random() % 3 +
									       i / 7) %
									      31];
		break;
	default:
		filter_data_walk(kind->kind, data, size);
	}
}

#endif
