/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/huffman_read.h"

#include <string.h>

/*
 * A code from its description: a weight for each byte but the last one, by FSE or as 4 bits each.
 */

#define WEIGHTS	      (KIST_HUFFMAN_BITS_MAX + 1)
#define TABLE_LOG_MAX 6u
#define TABLE_LOG_MIN 5u
#define TABLE_MAX     (1u << TABLE_LOG_MAX)
/* A header below this is the bytes of FSE; else this and the number of weights, less 1. */
#define DIRECT 128

/* Bits from the lowest on; behind the last there are zeros. */
struct bits {
	const uint8_t *bytes;
	size_t size;
	size_t at;
};

static uint32_t peek(const struct bits *bits, size_t at, unsigned count)
{
	uint32_t word = 0;

	for (size_t i = at / 8; i < bits->size && i < at / 8 + 4; i++)
		word |= (uint32_t)bits->bytes[i] << 8 * (i - at / 8);
	return word >> at % 8 & ((1u << count) - 1);
}

/* Weights that do not occur, behind one that does not: twos of bits, of which 3 says that more follow. */
static size_t skip_zeros(struct bits *bits, size_t at)
{
	uint32_t more = 3;

	while (more == 3 && at < WEIGHTS) {
		more = peek(bits, bits->at, 2);
		bits->at += 2;
		at += more;
	}
	return at;
}

/* How many places each weight has; what is not as this version writes it is refused. */
static bool read_shares(struct bits *bits, uint16_t shares[static WEIGHTS], unsigned *ret_log)
{
	const unsigned log = peek(bits, 0, 4) + TABLE_LOG_MIN;
	unsigned left = (1u << log) + 1;
	unsigned threshold = 1u << log;
	unsigned len = log + 1;
	size_t i = 0;

	if (log > TABLE_LOG_MAX)
		return false;
	bits->at = 4;
	while (left > 1 && i < WEIGHTS) {
		const unsigned spare = 2 * threshold - 1 - left;
		unsigned value = peek(bits, bits->at, len - 1);

		if (value < spare) {
			bits->at += len - 1;
		} else {
			value = peek(bits, bits->at, len);
			value -= value >= threshold ? spare : 0;
			bits->at += len;
		}
		/* 0 stands for a share of less than one. */
		if (value == 0 || value - 1 > left - 1)
			return false;
		shares[i++] = (uint16_t)(value - 1);
		left -= value - 1;
		if (value == 1)
			i = skip_zeros(bits, i);
		for (; left < threshold; threshold >>= 1)
			len--;
	}
	*ret_log = log;
	bits->at = (bits->at + 7) / 8 * 8;
	return left == 1 && i <= WEIGHTS && bits->at <= 8 * bits->size;
}

struct place {
	uint8_t weight;
	uint8_t bits;
	uint8_t next; /* and what the bits say */
};

static void make_places(const uint16_t shares[static WEIGHTS], unsigned log, struct place *ret)
{
	const size_t size = (size_t)1 << log;
	const size_t step = size / 2 + size / 8 + 3;
	unsigned next[WEIGHTS];
	size_t at = 0;

	for (size_t i = 0; i < WEIGHTS; i++) {
		next[i] = shares[i];
		for (unsigned n = 0; n < shares[i]; n++) {
			ret[at].weight = (uint8_t)i;
			at = (at + step) % size;
		}
	}
	for (size_t i = 0; i < size; i++) {
		const unsigned state = next[ret[i].weight]++;

		ret[i].bits = (uint8_t)(log - (31 - (unsigned)__builtin_clz(state)));
		ret[i].next = (uint8_t)((state << ret[i].bits) - size);
	}
}

/* Backwards: the @count bits below the first *@left. */
static unsigned take_back(const struct bits *bits, size_t *left, unsigned count)
{
	*left -= count;
	return peek(bits, bits->at + *left, count);
}

/* Weights from two states in turn, until one of them would need more bits than there are. */
static size_t read_weights(const struct bits *bits, const struct place *places, unsigned log,
			   uint8_t ret[static KIST_HUFFMAN_SYMBOLS])
{
	const uint8_t end = bits->size > bits->at / 8 ? bits->bytes[bits->size - 1] : 0;
	const struct place *states[2];
	size_t count = 0;
	size_t left;

	if (end == 0)
		return 0;
	left = 8 * bits->size - bits->at - 1 - ((size_t)__builtin_clz(end) - 24);
	if (left < 2 * (size_t)log)
		return 0;
	states[0] = &places[take_back(bits, &left, log)];
	states[1] = &places[take_back(bits, &left, log)];
	while (count + 1 < KIST_HUFFMAN_SYMBOLS - 1) {
		const struct place *const now = states[count % 2];

		ret[count++] = now->weight;
		if (now->bits > left) {
			ret[count] = states[count % 2]->weight;
			return left == 0 ? count + 1 : 0;
		}
		states[(count - 1) % 2] = &places[now->next + take_back(bits, &left, now->bits)];
	}
	return 0;
}

static size_t read_coded(const uint8_t *bytes, size_t size, uint8_t ret[static KIST_HUFFMAN_SYMBOLS])
{
	struct bits bits = { .bytes = bytes, .size = size };
	uint16_t shares[WEIGHTS] = { 0 };
	struct place places[TABLE_MAX];
	unsigned log;

	if (!read_shares(&bits, shares, &log))
		return 0;
	make_places(shares, log, places);
	return read_weights(&bits, places, log, ret);
}

/* The longest code; 0 when the weights are not those of a complete one.  The last weight is what is left of all. */
static unsigned complete(uint8_t weights[static KIST_HUFFMAN_SYMBOLS], size_t count)
{
	uint32_t taken = 0;
	unsigned log;
	uint32_t left;

	for (size_t i = 0; i < count; i++) {
		if (weights[i] > KIST_HUFFMAN_BITS_MAX)
			return 0;
		taken += weights[i] > 0 ? 1u << (weights[i] - 1) : 0;
	}
	if (taken == 0)
		return 0;
	log = 32 - (unsigned)__builtin_clz(taken);
	if (log > KIST_HUFFMAN_BITS_MAX)
		return 0;
	left = (1u << log) - taken;
	if ((left & (left - 1)) != 0)
		return 0;
	weights[count] = (uint8_t)(1 + __builtin_ctz(left));
	/* Some codes are the longest: else all could be shorter by a bit. */
	return memchr(weights, 1, count + 1) ? log : 0;
}

/* The bytes that have a code, in the order of their codes: the longest first. */
struct order {
	size_t count;
	uint8_t symbols[KIST_HUFFMAN_SYMBOLS];
	uint8_t lengths[KIST_HUFFMAN_SYMBOLS];
};

static void sort(const uint8_t *weights, size_t count, unsigned longest, struct order *ret)
{
	size_t begin[KIST_HUFFMAN_BITS_MAX + 2] = { 0 };

	for (size_t i = 0; i < count; i++)
		begin[weights[i] + 1u]++;
	ret->count = count - begin[1];
	begin[1] = 0;
	for (size_t weight = 1; weight <= KIST_HUFFMAN_BITS_MAX; weight++)
		begin[weight + 1] += begin[weight];
	for (size_t i = 0; i < count; i++) {
		if (weights[i] > 0) {
			ret->lengths[begin[weights[i]]] = (uint8_t)(longest + 1 - weights[i]);
			ret->symbols[begin[weights[i]]++] = (uint8_t)i;
		}
	}
}

static void fill_single(struct kist_huffman_reader *reader, const struct order *order)
{
	uint16_t *at = reader->single;

	for (size_t i = 0; i < order->count; i++) {
		const uint16_t single = (uint16_t)(order->lengths[i] << 8 | order->symbols[i]);
		const uint16_t *const end = at + ((size_t)1 << (reader->longest - order->lengths[i]));

		while (at < end)
			*at++ = single;
	}
}

/* The entries for each @window bits, from those for fewer, which hold one byte less: the first byte is put before them. */
static void fill_window(uint64_t *windows, unsigned window, const struct order *order)
{
	uint64_t *const entries = windows + ((size_t)1 << window);
	size_t at = (size_t)1 << window;

	/* From the end, where the shortest codes are; what is left begins with codes that are too long. */
	for (size_t i = order->count; i-- > 0 && order->lengths[i] <= window;) {
		const uint64_t first = (uint64_t)1 << KIST_HUFFMAN_COUNT_SHIFT |
				       (uint64_t)order->lengths[i] << KIST_HUFFMAN_BITS_SHIFT |
				       order->symbols[i];
		const size_t run = (size_t)1 << (window - order->lengths[i]);
		const uint64_t *const behind = windows + run;

		at -= run;
		for (size_t n = 0; n < run; n++)
			entries[at + n] =
				(behind[n] & 0xffffff) << 8 | ((behind[n] & ~(uint64_t)0xffffffff) + first);
	}
	memset(entries, 0, at * sizeof(*entries));
}

/* Entries of one byte for the narrowest windows that matter, then of one more for those that are wider by a bit. */
static void fill_entries(struct kist_huffman_reader *reader, const struct order *order)
{
	memset(reader->windows, 0, sizeof(reader->windows));
	for (unsigned bytes = 1; bytes <= KIST_HUFFMAN_ENTRY_BYTES; bytes++) {
		const unsigned missing = KIST_HUFFMAN_ENTRY_BYTES - bytes;
		const unsigned widest = KIST_HUFFMAN_BITS_MAX - missing;
		const unsigned least = missing == 0 ? widest : 0;

		/* Wide ones first: they are made of the narrow ones as these were. */
		for (unsigned window = widest + 1; window-- > least;)
			fill_window(reader->windows, window, order);
	}
}

size_t kist_huffman_open(struct kist_huffman_reader *reader, const uint8_t *bytes, size_t size)
{
	uint8_t weights[KIST_HUFFMAN_SYMBOLS] = { 0 };
	struct order order;
	size_t count;
	size_t len;

	if (size == 0)
		return 0;
	if (bytes[0] < DIRECT) {
		len = 1 + (size_t)bytes[0];
		count = len <= size ? read_coded(bytes + 1, len - 1, weights) : 0;
	} else {
		count = (size_t)bytes[0] - DIRECT + 1;
		len = 1 + (count + 1) / 2;
		for (size_t i = 0; i < count && len <= size; i++)
			weights[i] = i % 2 == 0 ? bytes[1 + i / 2] >> 4 : bytes[1 + i / 2] & 15;
	}
	if (count == 0 || len > size)
		return 0;
	reader->longest = complete(weights, count);
	if (reader->longest == 0)
		return 0;
	sort(weights, count + 1, reader->longest, &order);
	fill_single(reader, &order);
	fill_entries(reader, &order);
	return len;
}
