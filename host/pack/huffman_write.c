/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/huffman.h"

#include <assert.h>

#include "base/le.h"
#include "pack/huffman_fours_kernel.h"

/* Codes that are put together before bytes are written: 7 bits that are left, and 4 times 11, are less than 56. */
#define STEP 4
/* The bytes of so many bits are written one by one: whatever is written before them in words stays within their
 * stream. */
#define TAIL_BITS ((size_t)64)

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

/* How many bytes of each of two streams may be written in words. */
static inline __attribute__((always_inline)) size_t
left_for_words(const struct stream *one, const struct stream *other, const struct kist_huffman_code *code)
{
	const size_t tail = TAIL_BITS / code->shortest + 1;
	const size_t least = one->left < other->left ? one->left : other->left;

	return least > tail ? least - tail : 0;
}

/* Two streams at a time: what one waits for, the other has. */
static inline __attribute__((always_inline)) void write_two(struct stream *one, struct stream *other,
							    const struct kist_huffman_code *code)
{
	const uint64_t *const entries = code->entries;
	const size_t steps = left_for_words(one, other, code) / STEP;
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

static void write_plain(struct stream *one, struct stream *other, const struct kist_huffman_code *code)
{
	write_two(one, other, code);
}

#if defined(__x86_64__)

__attribute__((target("bmi2"))) static void write_bmi2(struct stream *one, struct stream *other,
						       const struct kist_huffman_code *code)
{
	write_two(one, other, code);
}

/* Joined at once, of each of two streams; they stay in the nearest cache. */
#define VECTORS ((size_t)8)
/* Of fewer the tables take longer than they gain. */
#define VECTORS_MIN ((size_t)32)

/* A stream under way whose newest bits lie above those before, up to bit @bits, and zeros above them. */
struct rising {
	uint64_t word;
	uint64_t bits;
	uint8_t *to;
};

static inline __attribute__((always_inline)) void put_four(struct rising *stream, uint64_t code,
							   uint64_t bits)
{
	const uint64_t word = stream->word | code << stream->bits;
	const uint64_t all = stream->bits + bits;

	kist_le_write64(stream->to, word);
	stream->to += all / 8;
	stream->word = word >> (all & 56);
	stream->bits = all % 8;
}

static void set_stream(struct stream *stream, const struct rising *risen, size_t taken)
{
	stream->from -= taken;
	stream->left -= taken;
	stream->word = risen->word << 1 << (63 - risen->bits);
	stream->bits = risen->bits;
	stream->to = risen->to;
}

static void make_lookup(const struct kist_huffman_code *code, struct kist_huffman_lookup *ret)
{
	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++) {
		const unsigned bits = code->lengths[i];

		ret->bits[i] = (uint8_t)bits;
		ret->codes[i] = (uint8_t)(bits > 0 ? code->entries[i] >> (64 - bits) : 0);
	}
}

static inline __attribute__((always_inline)) void write_fours(struct stream *one, struct stream *other,
							      const struct kist_huffman_lookup *lookup,
							      size_t vectors)
{
	struct kist_huffman_fours fours[2][VECTORS];
	struct rising a = { .to = one->to };
	struct rising b = { .to = other->to };

	for (size_t at = 0; at < vectors; at += VECTORS) {
		const size_t count = vectors - at < VECTORS ? vectors - at : VECTORS;

		kist_huffman_join(lookup, one->from - at * KIST_HUFFMAN_FOURS_BYTES, count, fours[0]);
		kist_huffman_join(lookup, other->from - at * KIST_HUFFMAN_FOURS_BYTES, count, fours[1]);
		for (size_t i = 0; i < count; i++) {
			for (size_t k = 0; k < KIST_HUFFMAN_FOURS; k++) {
				put_four(&a, fours[0][i].codes[k], fours[0][i].bits[k]);
				put_four(&b, fours[1][i].codes[k], fours[1][i].bits[k]);
			}
		}
	}
	set_stream(one, &a, vectors * KIST_HUFFMAN_FOURS_BYTES);
	set_stream(other, &b, vectors * KIST_HUFFMAN_FOURS_BYTES);
}

__attribute__((target("bmi2"))) static void write_wide(struct stream *one, struct stream *other,
						       const struct kist_huffman_code *code)
{
	const size_t vectors = left_for_words(one, other, code) / KIST_HUFFMAN_FOURS_BYTES;
	struct kist_huffman_lookup lookup;

	if (vectors >= VECTORS_MIN) {
		make_lookup(code, &lookup);
		write_fours(one, other, &lookup, vectors);
	}
	write_two(one, other, code);
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
			const size_t sizes[static KIST_HUFFMAN_STREAMS], uint8_t *ret,
			enum kist_huffman_with with)
{
	void (*write)(struct stream *, struct stream *, const struct kist_huffman_code *) = write_plain;
	struct stream streams[KIST_HUFFMAN_STREAMS];

#if defined(__x86_64__)
	if (with >= KIST_HUFFMAN_BMI2 && __builtin_cpu_supports("bmi2"))
		write = with >= KIST_HUFFMAN_VBMI && kist_huffman_has_fours() ? write_wide : write_bmi2;
#endif
	(void)with;
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
		const size_t quarter = kist_huffman_quarter(len, q);

		bytes += quarter;
		streams[q] = (struct stream){ .from = bytes, .left = quarter, .to = ret };
		ret += sizes[q];
	}
	write(&streams[0], &streams[1], code);
	write(&streams[2], &streams[3], code);
	/* Once all words are written: the last ones of a stream stay within it. */
	for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++)
		write_tail(&streams[q], code->entries);
	assert(streams[KIST_HUFFMAN_STREAMS - 1].to == ret);
}
