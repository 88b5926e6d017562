/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_LE_H
#define KIST_BASE_LE_H

#include <stdint.h>
#include <string.h>

/*
 * Little-endian numbers in bytes.  Thread: pure.
 */

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "kist is written for little-endian machines"
#endif

#define KIST_LE_(bits)                                                                                       \
	static inline uint##bits##_t kist_le_read##bits(const void *from)                                    \
	{                                                                                                    \
		uint##bits##_t value;                                                                        \
		memcpy(&value, from, sizeof(value));                                                         \
		return value;                                                                                \
	}                                                                                                    \
	static inline void kist_le_write##bits(void *to, uint##bits##_t value)                               \
	{                                                                                                    \
		memcpy(to, &value, sizeof(value));                                                           \
	}

KIST_LE_(16)
KIST_LE_(32)
KIST_LE_(64)
#undef KIST_LE_

#endif
