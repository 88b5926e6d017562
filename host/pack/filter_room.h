/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_ROOM_H
#define KIST_PACK_FILTER_ROOM_H

#include "pack/filter.h"

/*
 * The rooms of a struct kist_filter, between encoding and decoding.
 *
 * Thread: as for struct kist_filter.
 */

enum kist_filter_room {
	KIST_ROOM_FILTERED = 0,
	KIST_ROOM_SPARE = 1, /* of the coder */
	KIST_ROOM_OTHER = 2, /* a second body */
	KIST_ROOM_SAMPLE = 3,
};

/**
 * kist_filter_reserve() - Room for a chunk of @len bytes; the sample's comes with it.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_filter_reserve(struct kist_filter *filter, size_t len, struct kist_error *err);

#endif
