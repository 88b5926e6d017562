/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_REPEATS_H
#define KIST_PACK_FILTER_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Whether stretches of 16 bytes come more than once in a chunk.  Every chunk of numbers is looked at so, and
 * most of them have none, so what costs is to choose the few stretches that are remembered: by their content,
 * so that both of a pair are.
 *
 * Thread: pure.
 */

/** Stretches that are chosen from at once, one at each multiple of 8; their bytes. */
#define KIST_FILTER_CHOICES	  32
#define KIST_FILTER_CHOICES_BYTES ((size_t)8 * KIST_FILTER_CHOICES + 8)

/**
 * kist_filter_choices() - Which of KIST_FILTER_CHOICES stretches are chosen, one in 64: a bit for each.
 *
 * @at: KIST_FILTER_CHOICES_BYTES bytes.
 */
uint32_t kist_filter_choices(const uint8_t *at);

/** kist_filter_choices_plain() - The same without any instruction that not all processors have. */
uint32_t kist_filter_choices_plain(const uint8_t *at);

/**
 * kist_filter_has_repeats() - Whether stretches of 16 bytes come more than once in @raw, and not rarely.
 *
 * Looks at a sixty-fourth of the stretches that begin at multiples of 8, chosen by their content.
 * All-equal stretches do not count: every filter keeps them.
 */
bool kist_filter_has_repeats(struct kist_view raw);

/**
 * kist_filter_has_lines_again() - Whether a good part of a text comes again, from no farther than fast zstd looks back,
 * and wherever in a word its lines begin.
 *
 * Looks at a part of @raw from its middle.
 */
bool kist_filter_has_lines_again(struct kist_view raw);

#endif
