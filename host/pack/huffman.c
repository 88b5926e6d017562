/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/huffman.h"

#include <assert.h>
#include <string.h>

#include "base/le.h"

/* Space of all codes, in units of the longest. */
#define SPACE ((uint32_t)1 << KIST_HUFFMAN_BITS_MAX)
/* Counts are sorted by so many bits at a time, twice: the largest has 18. */
#define DIGIT_BITS 9
#define DIGITS	   (1u << DIGIT_BITS)
/* Of what is sorted: the byte itself. */
#define SYMBOL_BITS 8
/* Bytes that are worth a second table to count them in. */
#define LONG ((size_t)16 << 10)

size_t kist_huffman_quarter(size_t len, size_t stream)
{
	const size_t quarter = (len + KIST_HUFFMAN_STREAMS - 1) / KIST_HUFFMAN_STREAMS;

	return stream + 1 < KIST_HUFFMAN_STREAMS ? quarter : len - quarter * (KIST_HUFFMAN_STREAMS - 1);
}

/* One byte of each quarter: what one count waits for, the others have. */
static inline __attribute__((always_inline)) void
count_one(const uint64_t words[static KIST_HUFFMAN_STREAMS], unsigned no,
	  uint32_t to[static KIST_HUFFMAN_STREAMS][KIST_HUFFMAN_SYMBOLS])
{
	to[0][(uint8_t)(words[0] >> 8 * no)]++;
	to[1][(uint8_t)(words[1] >> 8 * no)]++;
	to[2][(uint8_t)(words[2] >> 8 * no)]++;
	to[3][(uint8_t)(words[3] >> 8 * no)]++;
}

/* Into two tables in turn, so that equal neighbours do not wait for each other either. */
static inline __attribute__((always_inline)) void
count_words(const uint64_t words[static KIST_HUFFMAN_STREAMS],
	    uint32_t even[static KIST_HUFFMAN_STREAMS][KIST_HUFFMAN_SYMBOLS],
	    uint32_t odd[static KIST_HUFFMAN_STREAMS][KIST_HUFFMAN_SYMBOLS])
{
	count_one(words, 0, even);
	count_one(words, 1, odd);
	count_one(words, 2, even);
	count_one(words, 3, odd);
	count_one(words, 4, even);
	count_one(words, 5, odd);
	count_one(words, 6, even);
	count_one(words, 7, odd);
}

/* Without the bytes behind the whole words. */
static size_t count_whole(const uint8_t *bytes, size_t quarter, size_t shortest,
			  uint32_t even[static KIST_HUFFMAN_STREAMS][KIST_HUFFMAN_SYMBOLS],
			  uint32_t odd[static KIST_HUFFMAN_STREAMS][KIST_HUFFMAN_SYMBOLS])
{
	size_t at = 0;

	for (; shortest - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		const uint8_t *const from = bytes + at;
		const uint64_t words[KIST_HUFFMAN_STREAMS] = { kist_le_read64(from),
							       kist_le_read64(from + quarter),
							       kist_le_read64(from + 2 * quarter),
							       kist_le_read64(from + 3 * quarter) };

		count_words(words, even, odd);
	}
	return at;
}

/* A second table costs more to add up than it gains where there is little to count. */
static size_t count_long(const uint8_t *bytes, size_t quarter, size_t shortest,
			 uint32_t to[static KIST_HUFFMAN_STREAMS][KIST_HUFFMAN_SYMBOLS])
{
	uint32_t odd[KIST_HUFFMAN_STREAMS][KIST_HUFFMAN_SYMBOLS] = { { 0 } };
	const size_t at = count_whole(bytes, quarter, shortest, to, odd);

	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
		for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++)
			to[q][i] += odd[q][i];
	}
	return at;
}

void kist_huffman_count(const uint8_t *bytes, size_t len, struct kist_huffman_counts *ret)
{
	const size_t quarter = kist_huffman_quarter(len, 0);
	const size_t shortest = kist_huffman_quarter(len, KIST_HUFFMAN_STREAMS - 1);
	size_t at;

	assert(len >= KIST_HUFFMAN_LEN_MIN && len <= KIST_HUFFMAN_LEN_MAX);
	memset(ret, 0, sizeof(*ret));
	at = len >= LONG ? count_long(bytes, quarter, shortest, ret->of)
			 : count_whole(bytes, quarter, shortest, ret->of, ret->of);
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
		for (size_t i = at; i < kist_huffman_quarter(len, q); i++)
			ret->of[q][bytes[q * quarter + i]]++;
	}
}

/* The bytes that occur, the rarest first: how often above, the byte in the lowest SYMBOL_BITS. */
struct ranks {
	size_t count;
	uint32_t most; /* how often the most frequent one occurs */
	uint32_t keys[KIST_HUFFMAN_SYMBOLS];
};

/* By one digit of how often; what is equal in it stays in its order. */
static void sort_by(const struct ranks *from, unsigned shift, struct ranks *to)
{
	const uint32_t digits = from->most >> shift < DIGITS ? (from->most >> shift) + 1 : DIGITS;
	uint16_t begin[DIGITS + 1];

	memset(begin, 0, (digits + 1) * sizeof(begin[0]));
	for (size_t i = 0; i < from->count; i++)
		begin[(from->keys[i] >> (SYMBOL_BITS + shift)) % DIGITS + 1]++;
	for (size_t i = 0; i < digits; i++)
		begin[i + 1] = (uint16_t)(begin[i + 1] + begin[i]);
	for (size_t i = 0; i < from->count; i++)
		to->keys[begin[(from->keys[i] >> (SYMBOL_BITS + shift)) % DIGITS]++] = from->keys[i];
	to->count = from->count;
	to->most = from->most;
}

static void rank(const struct kist_huffman_counts *counts, struct ranks *ret)
{
	uint32_t often[KIST_HUFFMAN_SYMBOLS];
	struct ranks other = { .count = 0 };

	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++)
		often[i] = counts->of[0][i] + counts->of[1][i] + counts->of[2][i] + counts->of[3][i];
	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++) {
		other.keys[other.count] = often[i] << SYMBOL_BITS | (uint32_t)i;
		other.count += often[i] > 0;
		other.most = often[i] > other.most ? often[i] : other.most;
	}
	sort_by(&other, 0, ret);
	if (other.most < DIGITS)
		return;
	other = *ret;
	sort_by(&other, DIGIT_BITS, ret);
}

/*
 * Where each inner node of the tree hangs: the two rarest of leaves and nodes that are left, again and again.  The
 * last node is the root.
 */
static void join(const struct ranks *ranks, uint16_t parents[static KIST_HUFFMAN_SYMBOLS])
{
	uint32_t leaves[KIST_HUFFMAN_SYMBOLS + 1];
	uint32_t nodes[KIST_HUFFMAN_SYMBOLS + 1];
	size_t leaf = 0;
	size_t node = 0;

	for (size_t i = 0; i < ranks->count; i++)
		leaves[i] = ranks->keys[i] >> SYMBOL_BITS;
	leaves[ranks->count] = UINT32_MAX;
	nodes[0] = UINT32_MAX;
	for (size_t next = 0; next + 1 < ranks->count; next++) {
		uint32_t sum = 0;

		/* Without a branch, which nobody could foresee: who is not taken is told of its parent again. */
		for (int i = 0; i < 2; i++) {
			const bool is_node = nodes[node] < leaves[leaf];

			sum += is_node ? nodes[node] : leaves[leaf];
			parents[node] = (uint16_t)next;
			node += is_node;
			leaf += !is_node;
		}
		nodes[next] = sum;
		nodes[next + 1] = UINT32_MAX;
	}
}

/* How many codes there are of each length, that of the longest being that of all that are longer. */
static void count_lengths(const struct ranks *ranks, uint32_t ret[static KIST_HUFFMAN_BITS_MAX + 1])
{
	uint16_t depths[KIST_HUFFMAN_SYMBOLS];
	uint16_t nodes[KIST_HUFFMAN_SYMBOLS] = { 0 };
	const size_t root = ranks->count - 2;
	uint16_t parents[KIST_HUFFMAN_SYMBOLS];
	uint32_t left = (uint32_t)ranks->count;

	join(ranks, parents);
	depths[root] = 0;
	nodes[0] = 1;
	for (size_t i = root; i-- > 0;) {
		depths[i] = (uint16_t)(depths[parents[i]] + 1);
		nodes[depths[i]]++;
	}
	/* Below the nodes of one depth hang nodes and leaves. */
	for (unsigned len = 1; len < KIST_HUFFMAN_BITS_MAX; len++) {
		ret[len] = 2u * nodes[len - 1] - nodes[len];
		left -= ret[len];
	}
	ret[KIST_HUFFMAN_BITS_MAX] = left;
}

/* Makes codes longer until there is space for all, then gives away what is left. */
static void fit(uint32_t of_length[static KIST_HUFFMAN_BITS_MAX + 1])
{
	uint32_t taken = 0;

	for (unsigned len = 1; len <= KIST_HUFFMAN_BITS_MAX; len++)
		taken += of_length[len] * (SPACE >> len);
	/* The rarest that can be longer lose least. */
	for (unsigned len = KIST_HUFFMAN_BITS_MAX - 1; taken > SPACE; len--) {
		for (; of_length[len] > 0 && taken > SPACE;) {
			unsigned to = len;

			for (; to < KIST_HUFFMAN_BITS_MAX && taken > SPACE; to++)
				taken -= SPACE >> (to + 1);
			of_length[len]--;
			of_length[to]++;
		}
	}
	/* What is left is a multiple of the longest code's space, so that there is always one that takes it. */
	while (taken < SPACE) {
		for (unsigned len = 2; len <= KIST_HUFFMAN_BITS_MAX; len++) {
			const uint32_t room = (SPACE - taken) / (SPACE >> len);
			const uint32_t shorter = of_length[len] < room ? of_length[len] : room;

			of_length[len] -= shorter;
			of_length[len - 1] += shorter;
			taken += shorter * (SPACE >> len);
		}
	}
}

/* Codes of one length are given in order; the longest begin with 0. */
static void number(struct kist_huffman_code *code)
{
	uint32_t next[KIST_HUFFMAN_BITS_MAX + 1] = { 0 };
	uint32_t first = 0;

	for (unsigned len = KIST_HUFFMAN_BITS_MAX; len > 0; len--) {
		next[len] = first;
		first = (first + code->of_length[len]) >> 1;
	}
	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++) {
		const unsigned len = code->lengths[i];

		code->entries[i] = len > 0 ? (uint64_t)next[len]++ << (64 - len) | len : 0;
	}
}

bool kist_huffman_make(const struct kist_huffman_counts *counts, struct kist_huffman_code *ret)
{
	struct ranks ranks;
	size_t at = 0;

	rank(counts, &ranks);
	if (ranks.count < 2)
		return false;
	count_lengths(&ranks, ret->of_length);
	fit(ret->of_length);
	memset(ret->lengths, 0, sizeof(ret->lengths));
	ret->longest = 0;
	ret->last = 0;
	for (unsigned len = KIST_HUFFMAN_BITS_MAX; len > 0; len--) {
		if (ret->of_length[len] == 0)
			continue;
		ret->longest = ret->longest > 0 ? ret->longest : len;
		ret->shortest = len;
		for (const size_t end = at + ret->of_length[len]; at < end; at++) {
			const uint8_t symbol = (uint8_t)ranks.keys[at];

			ret->lengths[symbol] = (uint8_t)len;
			ret->last = symbol > ret->last ? symbol : ret->last;
		}
	}
	number(ret);
	return true;
}

void kist_huffman_sizes(const struct kist_huffman_counts *counts, const struct kist_huffman_code *code,
			size_t ret[static KIST_HUFFMAN_STREAMS])
{
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
		uint32_t bits = 0;

		for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++)
			bits += counts->of[q][i] * code->lengths[i];
		/* And the bit that ends it. */
		ret[q] = bits / 8 + 1;
	}
}
