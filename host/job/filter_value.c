/* SPDX-License-Identifier: Apache-2.0 */
#include "job/filter_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NUMBER_MAX 64 /* characters of a number or a time */

bool kist_job_value_number(const char *text, size_t len, double *ret)
{
	char copy[NUMBER_MAX];
	char *end;

	if (len == 0 || len >= sizeof(copy) || !strchr("+-.0123456789iInN", text[0]))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*ret = strtod(copy, &end);
	return *end == '\0' && !isnan(*ret);
}

bool kist_job_value_age(const char *text, size_t len, double *ret)
{
	static const char units[] = "smhdw";
	static const double seconds[] = { 1, 60, 3600, 86400, 604800 };
	const char *unit = len > 1 ? memchr(units, text[len - 1], sizeof(units) - 1) : NULL;
	double count;

	if (!unit || text[0] < '0' || text[0] > '9' || !kist_job_value_number(text, len - 1, &count))
		return false;
	*ret = count * seconds[unit - units];
	return true;
}

bool kist_job_value_time(const char *text, size_t len, int64_t *ret)
{
	static const char pattern[] = "dddd-dd-ddTdd:dd:ddZ";
	char copy[NUMBER_MAX] = "";
	struct tm parts = { .tm_mday = 1 };
	time_t seconds;

	if (len != strlen("2026-01-31") && len != strlen(pattern))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (pattern[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i])
			return false;
	}
	memcpy(copy, text, len);
	if (!strptime(copy, len == strlen(pattern) ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d", &parts))
		return false;
	seconds = timegm(&parts);
	return seconds >= 0 && !__builtin_mul_overflow((int64_t)seconds, (int64_t)1000000000, ret);
}
