/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/huffman_read.h"

#include <string.h>

#include "base/le.h"

/* Entries between two refills: 5 times 11 bits are what a word has at least. */
#define STEP 5
/* What they read and write at most, and may touch behind that. */
#define STEP_READ  ((size_t)7)
#define STEP_WRITE ((size_t)((STEP + 1) * KIST_HUFFMAN_ENTRY_BYTES))

/*
 * A stream under way.  The next bits lie at the top of @word, behind them a bit 1, then zeros: the number of zeros is
 * that of the bits that were taken since @from was the place of the word.
 */
struct stream {
	uint64_t word;
	const uint8_t *from;
	uint8_t *to;
	const uint8_t *begin;
	uint8_t *to_end;
};

static inline __attribute__((always_inline)) void take(struct stream *stream, const uint64_t *entries)
{
	const uint64_t entry = entries[stream->word >> (64 - KIST_HUFFMAN_BITS_MAX)];

	kist_le_write32(stream->to, (uint32_t)entry);
	stream->word <<= entry >> KIST_HUFFMAN_BITS_SHIFT & 63;
	stream->to += entry >> KIST_HUFFMAN_COUNT_SHIFT;
}

static inline __attribute__((always_inline)) void refill(struct stream *stream)
{
	const unsigned taken = (unsigned)__builtin_ctzll(stream->word);

	stream->from -= taken / 8;
	stream->word = (kist_le_read64(stream->from) | 1) << taken % 8;
}

/* How often five entries can be taken, whatever they are. */
static size_t steps_of(const struct stream *stream)
{
	const size_t read = (size_t)(stream->from - stream->begin) / STEP_READ;
	const size_t write = (size_t)(stream->to_end - stream->to) / STEP_WRITE;

	return read < write ? read : write;
}

static inline __attribute__((always_inline)) void read_four(struct stream *streams, const uint64_t *entries,
							    size_t steps)
{
	struct stream a = streams[0];
	struct stream b = streams[1];
	struct stream c = streams[2];
	struct stream d = streams[3];

	while (steps-- > 0) {
		for (int i = 0; i < STEP; i++) {
			take(&a, entries);
			take(&b, entries);
			take(&c, entries);
			take(&d, entries);
		}
		refill(&a);
		refill(&b);
		refill(&c);
		refill(&d);
	}
	streams[0] = a;
	streams[1] = b;
	streams[2] = c;
	streams[3] = d;
}

static inline __attribute__((always_inline)) void read_one(struct stream *stream, const uint64_t *entries,
							   size_t steps)
{
	struct stream a = *stream;

	while (steps-- > 0) {
		for (int i = 0; i < STEP; i++)
			take(&a, entries);
		refill(&a);
	}
	*stream = a;
}

/* Together as long as all have enough, then each by itself. */
static inline __attribute__((always_inline)) void read_words(struct stream *streams, const uint64_t *entries)
{
	for (;;) {
		size_t steps = steps_of(&streams[0]);

		for (size_t i = 1; i < KIST_HUFFMAN_STREAMS; i++)
			steps = steps_of(&streams[i]) < steps ? steps_of(&streams[i]) : steps;
		if (steps == 0)
			break;
		read_four(streams, entries, steps);
	}
	for (size_t i = 0; i < KIST_HUFFMAN_STREAMS; i++) {
		size_t steps;

		while ((steps = steps_of(&streams[i])) > 0)
			read_one(&streams[i], entries, steps);
	}
}

static void read_plain(struct stream *streams, const uint64_t *entries)
{
	read_words(streams, entries);
}

#if defined(__x86_64__)
__attribute__((target("bmi,bmi2"))) static void read_bmi2(struct stream *streams, const uint64_t *entries)
{
	read_words(streams, entries);
}
#endif

/* The @count bits below the first @left of a stream; behind its begin there are zeros. */
static uint32_t bits_at(const uint8_t *begin, size_t left, unsigned count)
{
	const size_t first = left > 24 ? (left - 24) / 8 : 0;
	const size_t last = (left + 7) / 8;
	uint64_t word = 0;

	for (size_t i = last; i-- > first;)
		word = word << 8 | begin[i];
	/* Now bit @left - 1 is bit left - 1 - 8 first. */
	word &= ((uint64_t)1 << (left - 8 * first)) - 1;
	return (uint32_t)(left >= count ? word >> (left - 8 * first - count) : word << (count - left));
}

/* What is left of a stream, byte by byte; all of it must be used. */
static bool read_tail(struct stream *stream, size_t left, const struct kist_huffman_reader *reader)
{
	for (; stream->to < stream->to_end; stream->to++) {
		const uint16_t single = reader->single[bits_at(stream->begin, left, reader->longest)];

		if (single >> 8 > left)
			return false;
		left -= single >> 8;
		*stream->to = (uint8_t)single;
	}
	return left == 0;
}

/* Bits of a stream before the 1 that ends it; SIZE_MAX when there is none. */
static size_t bits_of(const uint8_t *bytes, size_t size)
{
	if (size == 0 || bytes[size - 1] == 0)
		return SIZE_MAX;
	return 8 * size - 1 - ((size_t)__builtin_clz(bytes[size - 1]) - 24);
}

bool kist_huffman_read(const struct kist_huffman_reader *reader, const uint8_t *bytes,
		       const size_t sizes[static KIST_HUFFMAN_STREAMS], uint8_t *ret, size_t len)
{
	void (*read)(struct stream *, const uint64_t *) = read_plain;
	struct stream streams[KIST_HUFFMAN_STREAMS];

#if defined(__x86_64__)
	if (__builtin_cpu_supports("bmi2"))
		read = read_bmi2;
#endif
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
		const size_t quarter = kist_huffman_quarter(len, q);
		const size_t bits = bits_of(bytes, sizes[q]);

		/* So short a stream is nobody's who has many. */
		if (bits == SIZE_MAX || sizes[q] < sizeof(uint64_t))
			return false;
		streams[q] = (struct stream){ .from = bytes + sizes[q] - sizeof(uint64_t),
					      .begin = bytes,
					      .to = ret,
					      .to_end = ret + quarter };
		streams[q].word = (kist_le_read64(streams[q].from) | 1) << (8 * sizes[q] - bits);
		bytes += sizes[q];
		ret += quarter;
	}
	read(streams, reader->windows + KIST_HUFFMAN_ENTRIES);
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
		const size_t taken = (size_t)__builtin_ctzll(streams[q].word);

		if (!read_tail(&streams[q], 8 * (size_t)(streams[q].from - streams[q].begin) + 64 - taken,
			       reader))
			return false;
	}
	return true;
}
