/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	const size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Of inserted, left out, changed and swapped letters; the last three rows of the table are kept. */
static size_t distance_of(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][KIST_NEAREST_LEN_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *const row = rows[i % 3];
		const size_t *const above = rows[(i - 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			const bool differ = fold(a[i - 1]) != fold(b[j - 1]);

			row[j] = min3(above[j - 1] + differ, above[j] + 1, row[j - 1] + 1);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = min3(row[j], rows[(i - 2) % 3][j - 2] + 1, row[j]);
		}
	}
	return rows[a_len % 3][b_len];
}

void kist_nearest_offer(struct kist_nearest *nearest, const char *name)
{
	const size_t wanted_len = strnlen(nearest->wanted, KIST_NEAREST_LEN_MAX + 1);
	const size_t name_len = strnlen(name, KIST_NEAREST_LEN_MAX + 1);
	const size_t longer = wanted_len > name_len ? wanted_len : name_len;
	size_t distance;

	if (longer > KIST_NEAREST_LEN_MAX)
		return;
	distance = distance_of(nearest->wanted, wanted_len, name, name_len);
	if (3 * distance > longer)
		return;
	if (!nearest->name || distance < nearest->distance ||
	    (distance == nearest->distance && strcmp(name, nearest->name) < 0)) {
		nearest->name = name;
		nearest->distance = distance;
	}
}
