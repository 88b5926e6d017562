/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An ordinary library: it knows nothing of kist.  Some of its functions do what a wrong signature, or a wrong
 * length, makes of a right one.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

double dot(int32_t n, const double *x, int32_t x_step, const double *y, int32_t y_step)
{
	double sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += x[i * x_step] * y[i * y_step];
	return sum;
}

float mean(uint8_t n, const float *x)
{
	float sum = 0;

	for (uint8_t i = 0; i < n; i++)
		sum += x[i];
	return sum / (float)n;
}

int64_t total(int64_t n, const int16_t *x)
{
	int64_t sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

uint64_t length(const char *text)
{
	return strlen(text);
}

uint32_t checksum(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint32_t sum = 1;

	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

/* The element before the first, the one behind the last, and one that is written. */
double peek(const double *x, int64_t at)
{
	return x[at];
}

void poke(double *x, int64_t at)
{
	x[at] = 1;
}

uint8_t byte_at(const unsigned char *data, size_t len, int64_t at)
{
	(void)len;
	return data[at];
}

void fill(char *text)
{
	memset(text, 'x', strlen(text));
}
