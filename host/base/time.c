/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include <time.h>

#define NS_PER_S 1000000000

uint64_t kist_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int64_t kist_wall_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void kist_time_text(int64_t wall_ns, char ret_text[static KIST_TIME_TEXT_SIZE])
{
	const time_t seconds = (time_t)(wall_ns / NS_PER_S - (wall_ns % NS_PER_S < 0));
	struct tm parts;

	if (!gmtime_r(&seconds, &parts) ||
	    strftime(ret_text, KIST_TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		ret_text[0] = '\0';
}
