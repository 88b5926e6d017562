/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The operations of struct kist_filter_ops, written once: each filter_ops_<target>_kernel.c includes this
 * file behind its own OPS_TARGET (attribute of every function), OPS_VECTOR (bytes of a vector, or 0) and
 * OPS_TABLE (the name of the table).  Alone it is empty.
 *
 * Thread: pure.
 */
#ifdef OPS_TARGET

#include <string.h>

/* Of words, and of vectors of words: the same text for both, by the types that are handed in. */
#define ZIGZAG(U, S, bits, d) ((U)((U)((d) << 1) ^ (U)((S)(d) >> ((bits)-1))))
#define UNZIGZAG(U, z)	      ((U)((U)((z) >> 1) ^ (U)(-((z)&1))))
#define TOP(bits)	      ((uint##bits##_t)1 << ((bits)-1))
#define KEY(U, S, bits, x)    ((U)((x) ^ (U)((U)((S)(x) >> ((bits)-1)) | TOP(bits))))
#define UNKEY(U, S, bits, k)  ((U)((k) ^ (U)((U)(~(U)((S)(k) >> ((bits)-1))) | TOP(bits))))

#define ROTATE(U, S, bits, x, o)     ((U)((U)((x) << 1) | (U)((x) >> ((bits)-1))))
#define UNROTATE(U, S, bits, x, o)   ((U)((U)((x) >> 1) | (U)((x) << ((bits)-1))))
#define MINUS(U, S, bits, x, o)	     ZIGZAG(U, S, bits, (U)((x) - (o)))
#define PLUS(U, S, bits, x, o)	     ((U)(UNZIGZAG(U, x) + (o)))
#define MINUS_KEYS(U, S, bits, x, o) ZIGZAG(U, S, bits, (U)(KEY(U, S, bits, x) - KEY(U, S, bits, o)))
#define PLUS_KEYS(U, S, bits, x, o)  UNKEY(U, S, bits, (U)(UNZIGZAG(U, x) + KEY(U, S, bits, o)))

#if OPS_VECTOR > 0
#define VECTOR_TYPES(bits)                                                                                   \
	typedef uint##bits##_t vector##bits __attribute__((vector_size(OPS_VECTOR)));                        \
	typedef int##bits##_t signed_vector##bits __attribute__((vector_size(OPS_VECTOR)));
VECTOR_TYPES(8)
VECTOR_TYPES(16)
VECTOR_TYPES(32)
VECTOR_TYPES(64)

#define VECTOR_LOOP(bits, OPERATION)                                                                         \
	for (; count - i >= OPS_VECTOR / sizeof(word); i += OPS_VECTOR / sizeof(word)) {                     \
		vector##bits x;                                                                              \
		vector##bits o;                                                                              \
		memcpy(&x, from + i * sizeof(x[0]), sizeof(x));                                              \
		memcpy(&o, other + i * sizeof(x[0]), sizeof(o));                                             \
		x = OPERATION(vector##bits, signed_vector##bits, bits, x, o);                                \
		memcpy(to + i * sizeof(x[0]), &x, sizeof(x));                                                \
	}
#else
#define VECTOR_LOOP(bits, OPERATION)
#endif

/* to[i] = OPERATION(from[i], other[i]) */
#define PAIRWISE(name, bits, OPERATION)                                                                      \
	static OPS_TARGET void name##bits(const uint8_t *from, const uint8_t *other, uint8_t *to,            \
					  size_t count)                                                      \
	{                                                                                                    \
		typedef uint##bits##_t word;                                                                 \
		size_t i = 0;                                                                                \
                                                                                                             \
		VECTOR_LOOP(bits, OPERATION)                                                                 \
		for (; i < count; i++) {                                                                     \
			word x;                                                                              \
			word o;                                                                              \
                                                                                                             \
			memcpy(&x, from + i * sizeof(x), sizeof(x));                                         \
			memcpy(&o, other + i * sizeof(o), sizeof(o));                                        \
			x = OPERATION(word, int##bits##_t, bits, x, o);                                      \
			memcpy(to + i * sizeof(x), &x, sizeof(x));                                           \
		}                                                                                            \
	}

/* The same of one operand. */
#define SINGLE(name, bits, OPERATION)                                                                        \
	static OPS_TARGET void name##bits(const uint8_t *from, uint8_t *to, size_t count)                    \
	{                                                                                                    \
		typedef uint##bits##_t word;                                                                 \
		const uint8_t *const other = from;                                                           \
		size_t i = 0;                                                                                \
                                                                                                             \
		(void)other;                                                                                 \
		VECTOR_LOOP(bits, OPERATION)                                                                 \
		for (; i < count; i++) {                                                                     \
			word x;                                                                              \
                                                                                                             \
			memcpy(&x, from + i * sizeof(x), sizeof(x));                                         \
			x = OPERATION(word, int##bits##_t, bits, x, x);                                      \
			memcpy(to + i * sizeof(x), &x, sizeof(x));                                           \
		}                                                                                            \
	}

/* What is before @to at a distance, without vectors; with a distance of one the sum stays in a register. */
#define SUM(bits)                                                                                            \
	static OPS_TARGET void sum##bits(const uint8_t *from, uint8_t *to, size_t count, size_t distance)    \
	{                                                                                                    \
		typedef uint##bits##_t word;                                                                 \
		const uint8_t *const before = to - distance * sizeof(word);                                  \
		size_t i = sum_vectors##bits(from, to, count, distance);                                     \
		word x;                                                                                      \
		word sum;                                                                                    \
                                                                                                             \
		memcpy(&sum, to + i * sizeof(sum) - sizeof(sum), sizeof(sum));                               \
		for (; i < count; i++) {                                                                     \
			if (distance != 1)                                                                   \
				memcpy(&sum, before + i * sizeof(sum), sizeof(sum));                         \
			memcpy(&x, from + i * sizeof(x), sizeof(x));                                         \
			sum = (word)(sum + UNZIGZAG(word, x));                                               \
			memcpy(to + i * sizeof(sum), &sum, sizeof(sum));                                     \
		}                                                                                            \
	}

#if OPS_VECTOR > 0

/* The last word of a vector, everywhere. */
static inline __attribute__((always_inline)) OPS_TARGET __m128i last8(__m128i x)
{
	const __m128i last = _mm_srli_si128(x, 15);

	return _mm_shuffle_epi32(_mm_shufflelo_epi16(_mm_unpacklo_epi8(last, last), 0), 0);
}

static inline __attribute__((always_inline)) OPS_TARGET __m128i last16(__m128i x)
{
	return _mm_shuffle_epi32(_mm_shufflehi_epi16(x, 0xff), 0xff);
}

static inline __attribute__((always_inline)) OPS_TARGET __m128i last32(__m128i x)
{
	return _mm_shuffle_epi32(x, 0xff);
}

static inline __attribute__((always_inline)) OPS_TARGET __m128i last64(__m128i x)
{
	return _mm_shuffle_epi32(x, 0xee);
}

/*
 * Vectors of 16 bytes: sums within one by shifted additions, and the last one's last sum on top.  At a short
 * distance only the first words of a vector are right; each step writes the others anew.
 */
#define SUM_VECTORS(bits)                                                                                    \
	static OPS_TARGET size_t sum_vectors##bits(const uint8_t *from, uint8_t *to, size_t count,           \
						   size_t distance)                                          \
	{                                                                                                    \
		typedef uint##bits##_t word;                                                                 \
		typedef word vector __attribute__((vector_size(16)));                                        \
		const size_t step = 16 / sizeof(word);                                                       \
		vector carry = { 0 };                                                                        \
		size_t i = 0;                                                                                \
                                                                                                             \
		if (count < step)                                                                            \
			return 0;                                                                            \
		if (distance > 1 && distance < step) {                                                       \
			memcpy(&carry, to - distance * sizeof(word), sizeof(carry));                         \
			for (; count - i >= step; i += distance) {                                           \
				vector x;                                                                    \
                                                                                                             \
				memcpy(&x, from + i * sizeof(word), sizeof(x));                              \
				carry += UNZIGZAG(vector, x);                                                \
				memcpy(to + i * sizeof(word), &carry, sizeof(carry));                        \
			}                                                                                    \
			return i;                                                                            \
		}                                                                                            \
		if (distance == 1) {                                                                         \
			word before;                                                                         \
                                                                                                             \
			memcpy(&before, to - sizeof(before), sizeof(before));                                \
			carry += before;                                                                     \
		}                                                                                            \
		for (; count - i >= step; i += step) {                                                       \
			vector x;                                                                            \
                                                                                                             \
			memcpy(&x, from + i * sizeof(word), sizeof(x));                                      \
			x = UNZIGZAG(vector, x);                                                             \
			if (distance > 1) {                                                                  \
				memcpy(&carry, to + i * sizeof(word) - distance * sizeof(word),              \
				       sizeof(carry));                                                       \
			} else {                                                                             \
				if ((bits) <= 8)                                                             \
					x += (vector)_mm_slli_si128((__m128i)x, 1);                          \
				if ((bits) <= 16)                                                            \
					x += (vector)_mm_slli_si128((__m128i)x, 2);                          \
				if ((bits) <= 32)                                                            \
					x += (vector)_mm_slli_si128((__m128i)x, 4);                          \
				x += (vector)_mm_slli_si128((__m128i)x, 8);                                  \
			}                                                                                    \
			x += carry;                                                                          \
			memcpy(to + i * sizeof(word), &x, sizeof(x));                                        \
			carry = (vector)last##bits((__m128i)x);                                              \
		}                                                                                            \
		return i;                                                                                    \
	}
SUM_VECTORS(8)
SUM_VECTORS(16)
SUM_VECTORS(32)
SUM_VECTORS(64)

#else

#define sum_vectors8(from, to, count, distance)	 ((size_t)0)
#define sum_vectors16(from, to, count, distance) ((size_t)0)
#define sum_vectors32(from, to, count, distance) ((size_t)0)
#define sum_vectors64(from, to, count, distance) ((size_t)0)

#endif

#define ALL_WIDTHS(MAKER, name, OPERATION)                                                                   \
	MAKER(name, 8, OPERATION)                                                                            \
	MAKER(name, 16, OPERATION) MAKER(name, 32, OPERATION) MAKER(name, 64, OPERATION)

ALL_WIDTHS(SINGLE, rotate, ROTATE)
ALL_WIDTHS(SINGLE, unrotate, UNROTATE)
ALL_WIDTHS(PAIRWISE, minus, MINUS)
ALL_WIDTHS(PAIRWISE, plus, PLUS)
ALL_WIDTHS(PAIRWISE, minus_keys, MINUS_KEYS)
ALL_WIDTHS(PAIRWISE, plus_keys, PLUS_KEYS)
SUM(8)
SUM(16)
SUM(32)
SUM(64)

/* Three swaps of blocks: of 1 x 1, 2 x 2 and 4 x 4 bits. */
#define SWAP(U, x, shift, mask)                                                                              \
	((U)((x) ^ ((((x) >> (shift)) ^ (x)) & (mask)) ^ (((((x) >> (shift)) ^ (x)) & (mask)) << (shift))))
#define TRANSPOSE_1(U, x) SWAP(U, x, 7, UINT64_C(0x00aa00aa00aa00aa))
#define TRANSPOSE_2(U, x) SWAP(U, x, 14, UINT64_C(0x0000cccc0000cccc))
#define TRANSPOSE_4(U, x) SWAP(U, x, 28, UINT64_C(0x00000000f0f0f0f0))

static OPS_TARGET void transpose(const uint8_t *from, uint8_t *to, size_t count)
{
	size_t i = 0;

#if OPS_VECTOR > 0
	for (; count - i >= OPS_VECTOR / 8; i += OPS_VECTOR / 8) {
		vector64 x;

		memcpy(&x, from + 8 * i, sizeof(x));
		x = TRANSPOSE_1(vector64, x);
		x = TRANSPOSE_2(vector64, x);
		x = TRANSPOSE_4(vector64, x);
		memcpy(to + 8 * i, &x, sizeof(x));
	}
#endif
	for (; i < count; i++) {
		uint64_t x;

		memcpy(&x, from + 8 * i, sizeof(x));
		x = TRANSPOSE_1(uint64_t, x);
		x = TRANSPOSE_2(uint64_t, x);
		x = TRANSPOSE_4(uint64_t, x);
		memcpy(to + 8 * i, &x, sizeof(x));
	}
}

static OPS_TARGET void split_rest(const uint8_t *words, size_t at, size_t count, uint8_t *planes,
				  size_t stride, size_t width)
{
	for (; at < count; at++) {
		for (size_t j = 0; j < width; j++)
			planes[j * stride + at] = words[at * width + j];
	}
}

static OPS_TARGET void merge_rest(const uint8_t *planes, size_t stride, uint8_t *words, size_t at,
				  size_t count, size_t width)
{
	for (; at < count; at++) {
		for (size_t j = 0; j < width; j++)
			words[at * width + j] = planes[j * stride + at];
	}
}

#if OPS_VECTOR > 0

/* Four vectors of words of four bytes into their planes. */
static inline __attribute__((always_inline)) OPS_TARGET void unzip4(const lanes v[4], lanes ret[4])
{
	const lanes even[2] = { lanes_even(v[0], v[1]), lanes_even(v[2], v[3]) };
	const lanes odd[2] = { lanes_odd(v[0], v[1]), lanes_odd(v[2], v[3]) };

	ret[0] = lanes_even(even[0], even[1]);
	ret[1] = lanes_even(odd[0], odd[1]);
	ret[2] = lanes_odd(even[0], even[1]);
	ret[3] = lanes_odd(odd[0], odd[1]);
}

static inline __attribute__((always_inline)) OPS_TARGET void zip4(const lanes v[4], lanes ret[4])
{
	lanes even[2];
	lanes odd[2];

	lanes_zip(v[0], v[2], &even[0], &even[1]);
	lanes_zip(v[1], v[3], &odd[0], &odd[1]);
	lanes_zip(even[0], odd[0], &ret[0], &ret[1]);
	lanes_zip(even[1], odd[1], &ret[2], &ret[3]);
}

static OPS_TARGET size_t split_lanes2(const uint8_t *words, size_t count, uint8_t *planes, size_t stride)
{
	size_t at = 0;

	for (; count - at >= OPS_VECTOR; at += OPS_VECTOR) {
		const lanes a = lanes_load(words + 2 * at);
		const lanes b = lanes_load(words + 2 * at + OPS_VECTOR);

		lanes_store(planes + at, lanes_even(a, b));
		lanes_store(planes + stride + at, lanes_odd(a, b));
	}
	return at;
}

static OPS_TARGET size_t merge_lanes2(const uint8_t *planes, size_t stride, uint8_t *words, size_t count)
{
	size_t at = 0;

	for (; count - at >= OPS_VECTOR; at += OPS_VECTOR) {
		lanes low;
		lanes high;

		lanes_zip(lanes_load(planes + at), lanes_load(planes + stride + at), &low, &high);
		lanes_store(words + 2 * at, low);
		lanes_store(words + 2 * at + OPS_VECTOR, high);
	}
	return at;
}

/* Written out, not looped: an array of vectors that is indexed by a variable would live in memory. */
static OPS_TARGET size_t split_lanes4(const uint8_t *words, size_t count, uint8_t *planes, size_t stride)
{
	size_t at = 0;

	for (; count - at >= OPS_VECTOR; at += OPS_VECTOR) {
		const uint8_t *const from = words + 4 * at;
		lanes v[4] = { lanes_load(from), lanes_load(from + OPS_VECTOR),
			       lanes_load(from + 2 * OPS_VECTOR), lanes_load(from + 3 * OPS_VECTOR) };

		unzip4(v, v);
		lanes_store(planes + at, v[0]);
		lanes_store(planes + stride + at, v[1]);
		lanes_store(planes + 2 * stride + at, v[2]);
		lanes_store(planes + 3 * stride + at, v[3]);
	}
	return at;
}

static OPS_TARGET size_t merge_lanes4(const uint8_t *planes, size_t stride, uint8_t *words, size_t count)
{
	size_t at = 0;

	for (; count - at >= OPS_VECTOR; at += OPS_VECTOR) {
		uint8_t *const to = words + 4 * at;
		lanes v[4] = { lanes_load(planes + at), lanes_load(planes + stride + at),
			       lanes_load(planes + 2 * stride + at), lanes_load(planes + 3 * stride + at) };

		zip4(v, v);
		lanes_store(to, v[0]);
		lanes_store(to + OPS_VECTOR, v[1]);
		lanes_store(to + 2 * OPS_VECTOR, v[2]);
		lanes_store(to + 3 * OPS_VECTOR, v[3]);
	}
	return at;
}

/* Words of eight bytes: the even and the odd bytes of two vectors. */
static inline __attribute__((always_inline)) OPS_TARGET void unzip2(const uint8_t *from, lanes *ret_even,
								    lanes *ret_odd)
{
	const lanes a = lanes_load(from);
	const lanes b = lanes_load(from + OPS_VECTOR);

	*ret_even = lanes_even(a, b);
	*ret_odd = lanes_odd(a, b);
}

static inline __attribute__((always_inline)) OPS_TARGET void zip2(lanes even, lanes odd, uint8_t *to)
{
	lanes low;
	lanes high;

	lanes_zip(even, odd, &low, &high);
	lanes_store(to, low);
	lanes_store(to + OPS_VECTOR, high);
}

/* Even and odd bytes first; each half is then words of four bytes. */
static OPS_TARGET size_t split_lanes8(const uint8_t *words, size_t count, uint8_t *planes, size_t stride)
{
	size_t at = 0;

	for (; count - at >= OPS_VECTOR; at += OPS_VECTOR) {
		const uint8_t *const from = words + 8 * at;
		uint8_t *const to = planes + at;
		lanes even[4];
		lanes odd[4];

		unzip2(from, &even[0], &odd[0]);
		unzip2(from + 2 * OPS_VECTOR, &even[1], &odd[1]);
		unzip2(from + 4 * OPS_VECTOR, &even[2], &odd[2]);
		unzip2(from + 6 * OPS_VECTOR, &even[3], &odd[3]);
		unzip4(even, even);
		lanes_store(to, even[0]);
		lanes_store(to + 2 * stride, even[1]);
		lanes_store(to + 4 * stride, even[2]);
		lanes_store(to + 6 * stride, even[3]);
		unzip4(odd, odd);
		lanes_store(to + stride, odd[0]);
		lanes_store(to + 3 * stride, odd[1]);
		lanes_store(to + 5 * stride, odd[2]);
		lanes_store(to + 7 * stride, odd[3]);
	}
	return at;
}

static OPS_TARGET size_t merge_lanes8(const uint8_t *planes, size_t stride, uint8_t *words, size_t count)
{
	size_t at = 0;

	for (; count - at >= OPS_VECTOR; at += OPS_VECTOR) {
		const uint8_t *const from = planes + at;
		uint8_t *const to = words + 8 * at;
		lanes even[4] = { lanes_load(from), lanes_load(from + 2 * stride),
				  lanes_load(from + 4 * stride), lanes_load(from + 6 * stride) };
		lanes odd[4] = { lanes_load(from + stride), lanes_load(from + 3 * stride),
				 lanes_load(from + 5 * stride), lanes_load(from + 7 * stride) };

		zip4(even, even);
		zip4(odd, odd);
		zip2(even[0], odd[0], to);
		zip2(even[1], odd[1], to + 2 * OPS_VECTOR);
		zip2(even[2], odd[2], to + 4 * OPS_VECTOR);
		zip2(even[3], odd[3], to + 6 * OPS_VECTOR);
	}
	return at;
}

#else

#define split_lanes2(words, count, planes, stride) ((size_t)0)
#define split_lanes4(words, count, planes, stride) ((size_t)0)
#define split_lanes8(words, count, planes, stride) ((size_t)0)
#define merge_lanes2(planes, stride, words, count) ((size_t)0)
#define merge_lanes4(planes, stride, words, count) ((size_t)0)
#define merge_lanes8(planes, stride, words, count) ((size_t)0)

#endif

#define PLANES(width)                                                                                        \
	static OPS_TARGET void split##width(const uint8_t *words, size_t count, uint8_t *planes,             \
					    size_t stride)                                                   \
	{                                                                                                    \
		split_rest(words, split_lanes##width(words, count, planes, stride), count, planes, stride,   \
			   width);                                                                           \
	}                                                                                                    \
	static OPS_TARGET void merge##width(const uint8_t *planes, size_t stride, uint8_t *words,            \
					    size_t count)                                                    \
	{                                                                                                    \
		merge_rest(planes, stride, words, merge_lanes##width(planes, stride, words, count), count,   \
			   width);                                                                           \
	}
PLANES(2)
PLANES(4)
PLANES(8)

static void split1(const uint8_t *words, size_t count, uint8_t *planes, size_t stride)
{
	(void)stride;
	memcpy(planes, words, count);
}

static void merge1(const uint8_t *planes, size_t stride, uint8_t *words, size_t count)
{
	(void)stride;
	memcpy(words, planes, count);
}

const struct kist_filter_ops OPS_TABLE = {
	.split = { split1, split2, split4, split8 },
	.merge = { merge1, merge2, merge4, merge8 },
	.rotate = { rotate8, rotate16, rotate32, rotate64 },
	.unrotate = { unrotate8, unrotate16, unrotate32, unrotate64 },
	.minus = { minus8, minus16, minus32, minus64 },
	.plus = { plus8, plus16, plus32, plus64 },
	.minus_keys = { minus_keys8, minus_keys16, minus_keys32, minus_keys64 },
	.plus_keys = { plus_keys8, plus_keys16, plus_keys32, plus_keys64 },
	.sum = { sum8, sum16, sum32, sum64 },
	.transpose = transpose,
};

#endif
