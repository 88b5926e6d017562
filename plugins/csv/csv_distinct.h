/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_DISTINCT_H
#define CSV_DISTINCT_H

#include <stdint.h>

/*
 * About how many different texts there are, from a hash of each, in CSV_DISTINCT_REGISTERS bytes.
 *
 * Neither how often a hash comes nor in which order they come is of account, so two sketches are one when the larger
 * register of each pair is kept.  The count is made of sums that are exact, so that it is the same on every machine.
 *
 * Thread: one at a time.
 * Source: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog"; Ertl, "New cardinality estimation algorithms for HyperLogLog
 * sketches", algorithm 6.
 */

#define CSV_DISTINCT_BITS      12
#define CSV_DISTINCT_REGISTERS (1u << CSV_DISTINCT_BITS)
/* The relative standard error of a count: 1.04 / sqrt(CSV_DISTINCT_REGISTERS). */
#define CSV_DISTINCT_ERROR 0.01625

/* Every bit of the result depends on every bit of @hash, and no two hashes have the same one. */
static inline uint64_t csv_distinct_scatter(uint64_t hash)
{
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
	return hash ^ hash >> 33;
}

/** csv_distinct_add() - One more text, by its @hash.  @registers: zero before the first one. */
static inline void csv_distinct_add(uint8_t registers[static CSV_DISTINCT_REGISTERS], uint64_t hash)
{
	const uint64_t bits = csv_distinct_scatter(hash);
	const uint64_t rest = bits << CSV_DISTINCT_BITS | 1u << (CSV_DISTINCT_BITS - 1);
	const uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
	uint8_t *const at = &registers[bits >> (64 - CSV_DISTINCT_BITS)];

	if (rank > *at)
		*at = rank;
}

/** csv_distinct_count() - The nearest whole number to what the registers say. */
uint64_t csv_distinct_count(const uint8_t registers[static CSV_DISTINCT_REGISTERS]);

#endif
