/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stop.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static atomic_bool stopped;
static atomic_int which;
static _Atomic(const char *) last_words;

static void on_signal(int number)
{
	atomic_store(&which, number);
	atomic_store(&stopped, true);
}

/* The signal is its own again by now, and comes when this returns. */
static void say(int number)
{
	const char *line = atomic_load(&last_words);

	/* On a terminal a progress bar and "^C" may stand before it. */
	if (isatty(STDERR_FILENO))
		(void)!write(STDERR_FILENO, "\n", 1);
	(void)!write(STDERR_FILENO, line, strlen(line));
	(void)raise(number);
}

static void handle_signals(void (*handler)(int))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction caught = { .sa_handler = handler, .sa_flags = SA_RESTART | (int)SA_RESETHAND };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction before;

		/* nohup, and a shell's job in the background, mean it. */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &caught, NULL);
	}
}

void kist_stop_say(const char *line)
{
	atomic_store(&last_words, line);
	handle_signals(say);
}

const atomic_bool *kist_stop_catch(void)
{
	handle_signals(on_signal);
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
