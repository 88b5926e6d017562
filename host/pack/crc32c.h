/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_CRC32C_H
#define KIST_PACK_CRC32C_H

#include "base/buf.h"

/*
 * CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, start and final xor 0xFFFFFFFF.
 *
 * It finds damage fast; it proves nothing about identity, which is SHA-256's part.
 *
 * Thread: pure.
 * Source: RFC 3720, appendix B.4.
 */

/**
 * kist_crc32c() - The CRC of what @crc stands for, followed by @bytes.
 *
 * @crc: 0, or what an earlier call gave.
 *
 * Uses the SSE4.2 instruction where the processor has it.
 */
uint32_t kist_crc32c(uint32_t crc, struct kist_view bytes);

/** kist_crc32c_table() - The same number without the instruction; for tests and other processors. */
uint32_t kist_crc32c_table(uint32_t crc, struct kist_view bytes);

#endif
