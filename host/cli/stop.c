/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stop.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static atomic_bool stopped;
static atomic_int which;

static void on_signal(int number)
{
	atomic_store(&which, number);
	atomic_store(&stopped, true);
}

const atomic_bool *kist_stop_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction caught = { .sa_handler = on_signal,
					  .sa_flags = SA_RESTART | (int)SA_RESETHAND };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction before;

		/* nohup, and a shell's job in the background, mean it. */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &caught, NULL);
	}
	return &stopped;
}

void kist_stop_pass_on(void)
{
	const int number = atomic_load(&which);

	if (number == 0)
		return;
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}
