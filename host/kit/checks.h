/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_CHECKS_H
#define KIST_KIT_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The checks of 'kist plugin test', in the order in which they run: each in a process of its own, kist-kit, for each
 * type or task of a plugin.
 *
 * A badge is the highest of the three all of whose checks, and those of the ones below it, pass:
 *
 *     bronze   it loads, and no input makes it crash, hang or lie
 *     silver   what it writes it reads, always the same; failures are passed on, nothing leaks, nothing is left changed
 *     gold     what makes it pleasant to have: short reads, prompt ends, all arguments, claims that are true
 *
 * Thread: constant.
 */

enum kist_kit_badge { KIST_KIT_NO_BADGE, KIST_KIT_BRONZE, KIST_KIT_SILVER, KIST_KIT_GOLD };
enum kist_kit_scope { KIST_KIT_OF_TYPE, KIST_KIT_OF_TASK, KIST_KIT_OF_PLUGIN };

/** struct kist_kit_check - One check. */
struct kist_kit_check {
	const char *id; /* stays */
	enum kist_kit_scope scope;
	enum kist_kit_badge badge;
	bool is_twice; /* in two processes, whose digests are compared */
	const char *title;
};

/** kist_kit_check_at() - Check @i, or NULL past their end. */
const struct kist_kit_check *kist_kit_check_at(size_t i);

/** kist_kit_badge_name() - "none", "bronze", "silver", "gold".  Static. */
const char *kist_kit_badge_name(enum kist_kit_badge badge);

#endif
