/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_STOP_H
#define KIST_CLI_STOP_H

#include <stdatomic.h>
#include <stdbool.h>

/*
 * What a command does about SIGINT, SIGTERM and SIGHUP.  One has something to take away before it ends; others
 * have not, for what they began has no name yet: the signal ends them at once, and they say how things are.
 *
 * Thread: [main]
 */

/**
 * kist_stop_say() - From now on the signals, unless they are ignored, print @line to standard error, and end
 * the process.
 *
 * @line: Static; ended by a newline.
 */
void kist_stop_say(const char *line);

/**
 * kist_stop_catch() - From now on SIGINT, SIGTERM and SIGHUP set the flag that this returns, unless they are
 * ignored.  The same signal again ends the process at once.
 */
const atomic_bool *kist_stop_catch(void);

/** kist_stop_pass_on() - Ends the process by the signal that came; returns when none did. */
void kist_stop_pass_on(void);

#endif
