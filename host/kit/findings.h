/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_FINDINGS_H
#define KIST_KIT_FINDINGS_H

#include "base/json.h"

/*
 * What a check has to say of a plugin: a list of findings, each under the stable id of its check.
 *
 *     {"check": "magic-text", "level": "warning", "text": "types[0].magic[0]: ..."}
 *
 * A text says what is wrong where, and what to change.
 *
 * Limits: KIST_KIT_FINDINGS_MAX; more are counted and not kept.
 * Thread: one list, one thread.
 */

#define KIST_KIT_FINDINGS_MAX 256

enum kist_kit_level { KIST_KIT_NOTE, KIST_KIT_WARNING, KIST_KIT_ERROR, KIST_KIT_LEVELS };

/** struct kist_kit_findings - The list, and how many of each level. */
struct kist_kit_findings {
	json_t *list;
	size_t counts[KIST_KIT_LEVELS];
};

#define KIST_KIT_FINDINGS_INIT                                                                               \
	{                                                                                                    \
		.list = NULL                                                                                 \
	}
#define kist_auto_findings __attribute__((cleanup(kist_kit_findings_done)))

/** kist_kit_findings_done() - Empties the list. */
void kist_kit_findings_done(struct kist_kit_findings *findings);

/** kist_kit_level_name() - "note", "warning" or "error".  Static. */
const char *kist_kit_level_name(enum kist_kit_level level);

/** kist_kit_find() - Adds one.  Without memory it is counted and not kept. */
void kist_kit_find(struct kist_kit_findings *findings, enum kist_kit_level level, const char *check,
		   const char *format, ...) KIST_PRINTF(4, 5);

/** kist_kit_has() - Whether there is one of this check. */
bool kist_kit_has(const struct kist_kit_findings *findings, const char *check);

#endif
