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
/* Codes that are put together before bytes are written: 7 bits that are left, and 4 times 11, are less than 56. */
#define STEP 4
/* So many bytes have 64 bits at least: whatever is written before them in words stays within their stream. */
#define TAIL ((size_t)64)

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

void kist_huffman_count(const uint8_t *bytes, size_t len, struct kist_huffman_counts *ret)
{
	const size_t quarter = kist_huffman_quarter(len, 0);
	const size_t shortest = kist_huffman_quarter(len, KIST_HUFFMAN_STREAMS - 1);
	uint32_t odd[KIST_HUFFMAN_STREAMS][KIST_HUFFMAN_SYMBOLS] = { { 0 } };
	size_t at = 0;

	assert(len >= KIST_HUFFMAN_LEN_MIN && len <= KIST_HUFFMAN_LEN_MAX);
	memset(ret, 0, sizeof(*ret));
	for (; shortest - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		const uint8_t *const from = bytes + at;
		const uint64_t words[KIST_HUFFMAN_STREAMS] = { kist_le_read64(from),
							       kist_le_read64(from + quarter),
							       kist_le_read64(from + 2 * quarter),
							       kist_le_read64(from + 3 * quarter) };

		count_words(words, ret->of, odd);
	}
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
		for (size_t i = at; i < kist_huffman_quarter(len, q); i++)
			ret->of[q][bytes[q * quarter + i]]++;
		for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++)
			ret->of[q][i] += odd[q][i];
	}
}

/* The bytes that occur, the rarest first. */
struct ranks {
	size_t count;
	uint32_t often[KIST_HUFFMAN_SYMBOLS];
	uint8_t symbol[KIST_HUFFMAN_SYMBOLS];
};

/* By one digit; what is equal in it stays in its order. */
static void sort_by(const struct ranks *from, unsigned shift, struct ranks *to)
{
	uint16_t begin[DIGITS + 1] = { 0 };

	for (size_t i = 0; i < from->count; i++)
		begin[(from->often[i] >> shift) % DIGITS + 1]++;
	for (size_t i = 0; i < DIGITS; i++)
		begin[i + 1] = (uint16_t)(begin[i + 1] + begin[i]);
	for (size_t i = 0; i < from->count; i++) {
		const uint16_t at = begin[(from->often[i] >> shift) % DIGITS]++;

		to->often[at] = from->often[i];
		to->symbol[at] = from->symbol[i];
	}
	to->count = from->count;
}

static void rank(const struct kist_huffman_counts *counts, struct ranks *ret)
{
	struct ranks other;

	ret->count = 0;
	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++) {
		uint32_t often = 0;

		for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++)
			often += counts->of[q][i];
		ret->often[ret->count] = often;
		ret->symbol[ret->count] = (uint8_t)i;
		ret->count += often > 0;
	}
	sort_by(ret, 0, &other);
	sort_by(&other, DIGIT_BITS, ret);
}

/* Where a node of the tree hangs: the two rarest of leaves and nodes that are left, again and again, in place. */
static void join(uint32_t *at, size_t count)
{
	size_t root = 0;
	size_t leaf = 0;

	for (size_t next = 0; next + 1 < count; next++) {
		uint32_t sum = 0;

		for (int i = 0; i < 2; i++) {
			if (leaf >= count || (root < next && at[root] < at[leaf])) {
				sum += at[root];
				at[root++] = (uint32_t)next;
			} else {
				sum += at[leaf++];
			}
		}
		at[next] = sum;
	}
}

/*
 * Depths of the leaves, the rarest first, from how often they occur.
 *
 * Source: Moffat, Katajainen: In-place calculation of minimum-redundancy codes, 1995.
 */
static void depths_of(uint32_t *at, size_t count)
{
	size_t next = count;
	size_t root = count - 1;
	size_t open = 1;
	uint32_t depth = 0;

	join(at, count);
	at[count - 2] = 0;
	for (size_t i = count - 2; i-- > 0;)
		at[i] = at[at[i]] + 1;
	for (; open > 0; depth++) {
		size_t inner = 0;

		for (; root > 0 && at[root - 1] == depth; root--)
			inner++;
		for (; open > inner; open--)
			at[--next] = depth;
		open = 2 * inner;
	}
}

/* Makes codes that are too long shorter, at the cost of those that are a little shorter; then gives away what is left. */
static void limit(uint32_t *depths, size_t count)
{
	uint32_t taken = 0;

	for (size_t i = 0; i < count; i++) {
		if (depths[i] > KIST_HUFFMAN_BITS_MAX)
			depths[i] = KIST_HUFFMAN_BITS_MAX;
		taken += SPACE >> depths[i];
	}
	/* The rarest that can be longer lose least. */
	for (size_t i = 0; taken > SPACE; i++) {
		for (; depths[i] < KIST_HUFFMAN_BITS_MAX && taken > SPACE; depths[i]++)
			taken -= SPACE >> (depths[i] + 1);
	}
	/* What is left is a multiple of the longest code's space, so that there is always one that takes it. */
	while (taken < SPACE) {
		for (size_t i = count; i-- > 0;) {
			if (depths[i] > 1 && SPACE >> depths[i] <= SPACE - taken) {
				taken += SPACE >> depths[i];
				depths[i]--;
			}
		}
	}
}

/* Codes of one length are given in order; the longest begin with 0. */
static void number(struct kist_huffman_code *code)
{
	uint32_t of_length[KIST_HUFFMAN_BITS_MAX + 1] = { 0 };
	uint32_t next[KIST_HUFFMAN_BITS_MAX + 1] = { 0 };
	uint32_t first = 0;

	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++)
		of_length[code->lengths[i]]++;
	for (unsigned len = KIST_HUFFMAN_BITS_MAX; len > 0; len--) {
		next[len] = first;
		first = (first + of_length[len]) >> 1;
	}
	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++) {
		const unsigned len = code->lengths[i];

		code->entries[i] = len > 0 ? (uint64_t)next[len]++ << (64 - len) | len : 0;
	}
}

bool kist_huffman_make(const struct kist_huffman_counts *counts, struct kist_huffman_code *ret)
{
	struct ranks ranks;

	rank(counts, &ranks);
	if (ranks.count < 2)
		return false;
	depths_of(ranks.often, ranks.count);
	limit(ranks.often, ranks.count);
	memset(ret->lengths, 0, sizeof(ret->lengths));
	ret->longest = 0;
	ret->last = 0;
	for (size_t i = 0; i < ranks.count; i++) {
		ret->lengths[ranks.symbol[i]] = (uint8_t)ranks.often[i];
		ret->longest = ranks.often[i] > ret->longest ? ranks.often[i] : ret->longest;
		ret->last = ranks.symbol[i] > ret->last ? ranks.symbol[i] : ret->last;
	}
	number(ret);
	return true;
}

void kist_huffman_sizes(const struct kist_huffman_counts *counts, const struct kist_huffman_code *code,
			size_t ret[static KIST_HUFFMAN_STREAMS])
{
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
		size_t bits = 0;

		for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++)
			bits += (size_t)counts->of[q][i] * code->lengths[i];
		/* And the bit that ends it. */
		ret[q] = bits / 8 + 1;
	}
}

/*
 * A stream under way: the newest bits lie at the top of @word, below them those before, down to bit 64 - @bits; then
 * whatever was there.  In @bits only the lowest byte counts.
 */
struct stream {
	const uint8_t *from; /* behind what is still to be written */
	size_t left;
	uint64_t word;
	uint64_t bits;
	uint8_t *to;
};

static inline __attribute__((always_inline)) void take(struct stream *stream, uint64_t entry)
{
	stream->word = stream->word >> (entry & 63) | entry;
	stream->bits += entry;
}

static inline __attribute__((always_inline)) void take_step(struct stream *stream, const uint64_t *entries)
{
	const uint8_t *const from = stream->from;

	take(stream, entries[from[-1]]);
	take(stream, entries[from[-2]]);
	take(stream, entries[from[-3]]);
	take(stream, entries[from[-4]]);
	stream->from = from - STEP;
}

/* Writes a word, of which whole bytes count. */
static inline __attribute__((always_inline)) void put_word(struct stream *stream)
{
	const uint64_t bits = (uint8_t)stream->bits;

	kist_le_write64(stream->to, stream->word >> ((64 - bits) & 63));
	stream->to += bits / 8;
	stream->bits = bits % 8;
}

/* Two streams at a time: what one waits for, the other has. */
static inline __attribute__((always_inline)) void write_two(struct stream *one, struct stream *other,
							    const uint64_t *entries)
{
	const size_t least = one->left < other->left ? one->left : other->left;
	const size_t steps = least > TAIL ? (least - TAIL) / STEP : 0;
	struct stream a = *one;
	struct stream b = *other;

	for (size_t i = 0; i < steps; i++) {
		take_step(&a, entries);
		take_step(&b, entries);
		put_word(&a);
		put_word(&b);
	}
	a.left -= steps * STEP;
	b.left -= steps * STEP;
	*one = a;
	*other = b;
}

static void write_plain(struct stream *one, struct stream *other, const uint64_t *entries)
{
	write_two(one, other, entries);
}

#if defined(__x86_64__)
__attribute__((target("bmi2"))) static void write_bmi2(struct stream *one, struct stream *other,
						       const uint64_t *entries)
{
	write_two(one, other, entries);
}
#endif

static void put_bytes(struct stream *stream)
{
	for (; stream->bits >= 8; stream->bits -= 8)
		*stream->to++ = (uint8_t)(stream->word >> (64 - stream->bits));
}

/* What is left of a stream, byte by byte, and its end. */
static void write_tail(struct stream *stream, const uint64_t *entries)
{
	for (; stream->left > 0; stream->left--) {
		take(stream, entries[*--stream->from]);
		stream->bits = (uint8_t)stream->bits;
		put_bytes(stream);
	}
	take(stream, (uint64_t)1 << 63 | 1);
	stream->bits = (uint8_t)stream->bits;
	put_bytes(stream);
	if (stream->bits > 0)
		*stream->to++ = (uint8_t)(stream->word >> (64 - stream->bits));
}

void kist_huffman_write(const uint8_t *bytes, size_t len, const struct kist_huffman_code *code,
			const size_t sizes[static KIST_HUFFMAN_STREAMS], uint8_t *ret, bool plain)
{
	void (*write)(struct stream *, struct stream *, const uint64_t *) = write_plain;
	struct stream streams[KIST_HUFFMAN_STREAMS];

#if defined(__x86_64__)
	if (!plain && __builtin_cpu_supports("bmi2"))
		write = write_bmi2;
#endif
	(void)plain;
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
		const size_t quarter = kist_huffman_quarter(len, q);

		bytes += quarter;
		streams[q] = (struct stream){ .from = bytes, .left = quarter, .to = ret };
		ret += sizes[q];
	}
	write(&streams[0], &streams[1], code->entries);
	write(&streams[2], &streams[3], code->entries);
	/* Once all words are written: the last ones of a stream stay within it. */
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++)
		write_tail(&streams[q], code->entries);
	assert(streams[KIST_HUFFMAN_STREAMS - 1].to == ret);
}
