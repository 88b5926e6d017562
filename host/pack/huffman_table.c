/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/huffman.h"

#include <string.h>

#include "base/le.h"

/*
 * The description of a code: a weight for each byte but the last one, which follows from the others.  Weights are
 * coded by FSE with two states in turn, or written as 4 bits each where that is shorter.
 */

/* Weights: 0 for bytes that do not occur, 1 for those with the longest code... */
#define WEIGHTS	   (KIST_HUFFMAN_BITS_MAX + 1)
#define TABLE_LOG  6u
#define TABLE_SIZE (1u << TABLE_LOG)
/* The least that a decoder takes, which the header counts from. */
#define TABLE_LOG_MIN 5u
/* A header below this is the bytes of FSE; else this and the number of weights, less 1. */
#define DIRECT 128
/* A value of 16 bits that stands for 24 weights that do not occur, and one of 2 bits for 3. */
#define MANY_ZEROS 24
#define SOME_ZEROS 3

/* Bits from the lowest on: whole bytes before @to, and up to 7 bits more.  Words are written at @to. */
struct bits {
	uint8_t *to;
	uint64_t word;
	unsigned count;
};

/* Room for what shares and weights take at most, and for the last word. */
#define BITS_SIZE_MAX ((size_t)KIST_HUFFMAN_SYMBOLS + sizeof(uint64_t))

static inline void put(struct bits *bits, uint32_t value, unsigned count)
{
	bits->word |= (uint64_t)value << bits->count;
	bits->count += count;
	kist_le_write64(bits->to, bits->word);
	bits->to += bits->count / 8;
	bits->word >>= bits->count / 8 * 8;
	bits->count %= 8;
}

static void put_end(struct bits *bits)
{
	if (bits->count > 0)
		put(bits, 0, 8 - bits->count);
}

static uint8_t weight_of(const struct kist_huffman_code *code, unsigned length)
{
	return (uint8_t)(length > 0 ? code->longest + 1 - length : 0);
}

/* How many of the table's places each weight has: 1 at least, if it occurs. */
static void share(const struct kist_huffman_code *code, size_t count, uint16_t ret[static WEIGHTS])
{
	uint32_t often[WEIGHTS] = { 0 };
	uint32_t taken = 0;

	often[0] = (uint32_t)count + 1;
	for (unsigned len = code->shortest; len <= code->longest; len++) {
		often[weight_of(code, len)] = code->of_length[len];
		often[0] -= code->of_length[len];
	}
	/* The last one has none. */
	often[weight_of(code, code->lengths[count])]--;
	for (size_t i = 0; i < WEIGHTS; i++) {
		ret[i] = (uint16_t)((often[i] * TABLE_SIZE + count / 2) / count);
		ret[i] = ret[i] == 0 && often[i] > 0 ? 1 : ret[i];
		taken += ret[i];
	}
	while (taken != TABLE_SIZE) {
		size_t most = 0;

		for (size_t i = 1; i < WEIGHTS; i++)
			most = ret[i] > ret[most] ? i : most;
		ret[most] = (uint16_t)(taken > TABLE_SIZE ? ret[most] - 1 : ret[most] + 1);
		taken += taken > TABLE_SIZE ? UINT32_MAX : 1;
	}
}

/* How many weights from @at on do not occur, behind one that does not. */
static size_t put_zeros(struct bits *bits, const uint16_t shares[static WEIGHTS], size_t at)
{
	size_t end = at;

	while (end < WEIGHTS && shares[end] == 0)
		end++;
	_Static_assert(WEIGHTS < MANY_ZEROS, "no run is so long that it needs the longer value");
	for (; end - at >= SOME_ZEROS; at += SOME_ZEROS)
		put(bits, SOME_ZEROS, 2);
	put(bits, (uint32_t)(end - at), 2);
	return end;
}

/* A share takes as many bits as what is left of the table makes possible, or one less where it is small. */
static void put_shares(struct bits *bits, const uint16_t shares[static WEIGHTS])
{
	unsigned left = TABLE_SIZE + 1;
	unsigned threshold = TABLE_SIZE;
	unsigned len = TABLE_LOG + 1;

	put(bits, TABLE_LOG - TABLE_LOG_MIN, 4);
	for (size_t i = 0; i < WEIGHTS && left > 1;) {
		const unsigned spare = 2 * threshold - 1 - left;
		const unsigned share = shares[i++];
		unsigned value = share + 1;

		left -= share;
		if (value >= threshold)
			value += spare;
		put(bits, value, value < spare ? len - 1 : len);
		if (share == 0)
			i = put_zeros(bits, shares, i);
		for (; left < threshold; threshold >>= 1)
			len--;
	}
	put_end(bits);
}

/* The coder of FSE: for each weight, how many bits it takes from a state, and where the next ones stand. */
struct fse {
	uint16_t states[TABLE_SIZE];
	struct fse_weight {
		uint32_t bits; /* how many, times 2^16, less the least state that gives one more */
		int32_t next;
	} weights[WEIGHTS];
};

static void spread(const uint16_t shares[static WEIGHTS], uint8_t ret[static TABLE_SIZE])
{
	const size_t step = TABLE_SIZE / 2 + TABLE_SIZE / 8 + 3;
	size_t at = 0;

	for (size_t i = 0; i < WEIGHTS; i++) {
		for (unsigned n = 0; n < shares[i]; n++) {
			ret[at] = (uint8_t)i;
			at = (at + step) % TABLE_SIZE;
		}
	}
}

static void make(const uint16_t shares[static WEIGHTS], struct fse *ret)
{
	uint8_t places[TABLE_SIZE];
	size_t begin[WEIGHTS];
	size_t total = 0;

	for (size_t i = 0; i < WEIGHTS; i++) {
		const unsigned share = shares[i];
		/* States from share << most on take one bit more. */
		const unsigned most =
			share > 1 ? TABLE_LOG - (31 - (unsigned)__builtin_clz(share - 1)) : TABLE_LOG;

		begin[i] = total;
		ret->weights[i].bits = (most << 16) - (share << most);
		ret->weights[i].next = (int32_t)total - (int32_t)share;
		total += share;
	}
	spread(shares, places);
	for (unsigned i = 0; i < TABLE_SIZE; i++)
		ret->states[begin[places[i]]++] = (uint16_t)(TABLE_SIZE + i);
}

/* The first weight of a state, which takes no bits. */
static uint32_t begin_state(const struct fse *fse, uint8_t weight)
{
	const struct fse_weight *const of = &fse->weights[weight];
	const uint32_t bits = (of->bits + (1u << 15)) >> 16;
	const uint32_t value = (bits << 16) - of->bits;

	return fse->states[(int32_t)(value >> bits) + of->next];
}

static inline uint32_t put_weight(struct bits *bits, const struct fse *fse, uint32_t state, uint8_t weight)
{
	const struct fse_weight *const of = &fse->weights[weight];
	const uint32_t count = (state + of->bits) >> 16;

	put(bits, state & ((1u << count) - 1), count);
	return fse->states[(int32_t)(state >> count) + of->next];
}

/* From the last weight to the first: those with an even number belong to one state, the others to the other. */
static void put_weights(struct bits *bits, const struct fse *fse, const uint8_t *weights, size_t count)
{
	struct bits at = *bits;
	size_t i = count - 2;
	uint32_t own = begin_state(fse, weights[count - 2]);
	uint32_t other = begin_state(fse, weights[count - 1]);

	for (; i >= 2; i -= 2) {
		other = put_weight(&at, fse, other, weights[i - 1]);
		own = put_weight(&at, fse, own, weights[i - 2]);
	}
	if (i == 1)
		other = put_weight(&at, fse, other, weights[0]);
	/* The state of the even ones comes last. */
	put(&at, (i == 0 ? other : own) % TABLE_SIZE, TABLE_LOG);
	put(&at, (i == 0 ? own : other) % TABLE_SIZE, TABLE_LOG);
	put(&at, 1, 1);
	put_end(&at);
	*bits = at;
}

static size_t describe_directly(const uint8_t *weights, size_t count, uint8_t *ret)
{
	ret[0] = (uint8_t)(DIRECT - 1 + count);
	for (size_t i = 0; i < count; i += 2)
		ret[1 + i / 2] = (uint8_t)(weights[i] << 4 | (i + 1 < count ? weights[i + 1] : 0));
	return 1 + (count + 1) / 2;
}

/* Whether all are the same: for these FSE has no code. */
static bool alike(const uint8_t *weights, size_t count)
{
	return memcmp(weights, weights + 1, count - 1) == 0;
}

size_t kist_huffman_describe(const struct kist_huffman_code *code, uint8_t ret[static KIST_HUFFMAN_TABLE_MAX])
{
	uint8_t bytes[BITS_SIZE_MAX];
	struct bits bits = { .to = bytes };
	uint8_t weights[KIST_HUFFMAN_SYMBOLS];
	const size_t count = code->last;
	uint16_t shares[WEIGHTS];
	struct fse fse;
	size_t size;

	for (size_t i = 0; i < count; i++)
		weights[i] = weight_of(code, code->lengths[i]);
	if (count > 2 && !alike(weights, count)) {
		share(code, count, shares);
		put_shares(&bits, shares);
		make(shares, &fse);
		put_weights(&bits, &fse, weights, count);
	}
	size = (size_t)(bits.to - bytes);
	if (size > 0 && size < DIRECT && (count > DIRECT || size < (count + 1) / 2)) {
		ret[0] = (uint8_t)size;
		memcpy(ret + 1, bytes, size);
		return 1 + size;
	}
	return count <= DIRECT ? describe_directly(weights, count, ret) : 0;
}
