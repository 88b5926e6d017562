/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_STOP_H
#define KIST_CLI_STOP_H

#include <stdatomic.h>
#include <stdbool.h>

/*
 * A command that has something to take away before it ends by a signal.
 *
 * Most have not: what they began has no name yet, and the signal ends them at once.
 */

/**
 * kist_stop_catch() - From now on SIGINT, SIGTERM and SIGHUP set the flag that this returns, unless they are
 * ignored.  The same signal again ends the process at once.
 */
const atomic_bool *kist_stop_catch(void);

/** kist_stop_pass_on() - Ends the process by the signal that came; returns when none did. */
void kist_stop_pass_on(void);

#endif
