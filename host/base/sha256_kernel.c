/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET	   __attribute__((target("sha,avx")))
#define INLINE	   static inline __attribute__((always_inline)) TARGET
#define BLOCK_SIZE KIST_SHA256_BLOCK_SIZE
/* Of 16 steps of four rounds, those behind which further words are wanted. */
#define MORE_STEPS 12

static const uint32_t constants[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* A string under way: the state in the order that the instructions want, and sixteen words of its schedule.
 */
struct lane {
	__m128i abef;
	__m128i cdgh;
	__m128i words[4];
};

INLINE __m128i load_words(const uint8_t *from)
{
	const __m128i swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);

	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)from), swap);
}

INLINE const __m128i *constants_of(int step)
{
	return (const __m128i *)(const void *)(constants + (size_t)(4 * step));
}

/* Four rounds: their words are then replaced by those of sixteen rounds later, if there are any. */
INLINE void rounds(struct lane *lane, int step)
{
	const int at = step & 3;
	const __m128i sum = _mm_add_epi32(lane->words[at], _mm_load_si128(constants_of(step)));

	lane->cdgh = _mm_sha256rnds2_epu32(lane->cdgh, lane->abef, sum);
	lane->abef = _mm_sha256rnds2_epu32(lane->abef, lane->cdgh, _mm_shuffle_epi32(sum, 0x0e));
	if (step < MORE_STEPS) {
		const __m128i *const words = lane->words;
		const __m128i last = words[(at + 3) & 3];
		const __m128i seventh = _mm_alignr_epi8(last, words[(at + 2) & 3], 4);
		const __m128i half = _mm_sha256msg1_epu32(words[at], words[(at + 1) & 3]);

		lane->words[at] = _mm_sha256msg2_epu32(_mm_add_epi32(half, seventh), last);
	}
}

INLINE void load_block(struct lane *lane, const uint8_t *from)
{
	lane->words[0] = load_words(from);
	lane->words[1] = load_words(from + 16);
	lane->words[2] = load_words(from + 32);
	lane->words[3] = load_words(from + 48);
}

INLINE void add_state(struct lane *lane, __m128i abef, __m128i cdgh)
{
	lane->abef = _mm_add_epi32(lane->abef, abef);
	lane->cdgh = _mm_add_epi32(lane->cdgh, cdgh);
}

/* Written out, so that the words stay in registers. */
#define FOUR(STEP, from) STEP(from) STEP((from) + 1) STEP((from) + 2) STEP((from) + 3)
#define ALL_STEPS(STEP)	 FOUR(STEP, 0) FOUR(STEP, 4) FOUR(STEP, 8) FOUR(STEP, 12)

static TARGET void blocks_of_one(struct lane *of, const uint8_t *data, size_t count)
{
	struct lane a = *of;

	for (; count > 0; count--, data += BLOCK_SIZE) {
		const __m128i abef = a.abef;
		const __m128i cdgh = a.cdgh;

		load_block(&a, data);
#define STEP(step) rounds(&a, step);
		ALL_STEPS(STEP)
#undef STEP
		add_state(&a, abef, cdgh);
	}
	*of = a;
}

/*
 * Two at once, in an order that compilers do not find: two rounds take the processor four cycles, but those of the
 * other string may begin after two, if nothing else is before them.
 *
 * @a0 are the words of these rounds, @a1 to @a3 the twelve behind them.  The last ones of them, @a3, were begun with
 * the rounds before, and are finished here; then what will stand in place of @a0 is begun.
 */
#define ROUNDS(l)                                                                                            \
	"vpaddd %[k], %[" #l "0], %%xmm0\n\t"                                                                \
	"sha256rnds2 %%xmm0, %[" #l "_abef], %[" #l "_cdgh]\n\t"                                             \
	"vpshufd $0x0e, %%xmm0, %%xmm0\n\t"                                                                  \
	"sha256rnds2 %%xmm0, %[" #l "_cdgh], %[" #l "_abef]\n\t"
#define BEGIN_WORDS(l)                                                                                       \
	"vpalignr $4, %[" #l "2], %[" #l "3], %[sum]\n\t"                                                    \
	"sha256msg1 %[" #l "1], %[" #l "0]\n\t"                                                              \
	"vpaddd %[sum], %[" #l "0], %[" #l "0]\n\t"
#define FINISH_WORDS(l) "sha256msg2 %[" #l "2], %[" #l "3]\n\t"
#define WORDS_OF(l)                                                                                          \
	[l##_abef] "+&x"(l->abef), [l##_cdgh] "+&x"(l->cdgh), [l##0] "+&x"(l->words[at]),                    \
		[l##3] "+&x"(l->words[(at + 3) & 3])
#define WORDS_BETWEEN(l) [l##1] "x"(l->words[(at + 1) & 3]), [l##2] "x"(l->words[(at + 2) & 3])
#define ROUNDS_OF_TWO(finish, begin_a, begin_b)                                                              \
	__asm__(ROUNDS(a) finish begin_a ROUNDS(b) begin_b                                                   \
		: WORDS_OF(a), WORDS_OF(b), [sum] "=&x"(sum)                                                 \
		: WORDS_BETWEEN(a), WORDS_BETWEEN(b), [k] "m"(*constants_of(step))                           \
		: "xmm0")

INLINE void rounds_of_two(struct lane *a, struct lane *b, int step)
{
	const int at = step & 3;
	__m128i sum;

	if (step == 0)
		ROUNDS_OF_TWO("", BEGIN_WORDS(a), BEGIN_WORDS(b));
	else if (step < MORE_STEPS)
		ROUNDS_OF_TWO(FINISH_WORDS(a) FINISH_WORDS(b), BEGIN_WORDS(a), BEGIN_WORDS(b));
	else if (step == MORE_STEPS)
		ROUNDS_OF_TWO(FINISH_WORDS(a) FINISH_WORDS(b), "", "");
	else
		ROUNDS_OF_TWO("", "", "");
}

static TARGET void blocks_of_two(struct lane lanes[2], const uint8_t *first, const uint8_t *second,
				 size_t count)
{
	struct lane a = lanes[0];
	struct lane b = lanes[1];

	for (; count > 0; count--, first += BLOCK_SIZE, second += BLOCK_SIZE) {
		const __m128i abef_a = a.abef;
		const __m128i cdgh_a = a.cdgh;
		const __m128i abef_b = b.abef;
		const __m128i cdgh_b = b.cdgh;

		load_block(&a, first);
		load_block(&b, second);
#define STEP(step) rounds_of_two(&a, &b, step);
		ALL_STEPS(STEP)
#undef STEP
		add_state(&a, abef_a, cdgh_a);
		add_state(&b, abef_b, cdgh_b);
	}
	lanes[0] = a;
	lanes[1] = b;
}

/* The words, and the order in which the instructions want them: f e b a, then h g d c. */
static TARGET void lane_load(struct lane *lane, const uint32_t h[KIST_SHA256_WORDS])
{
	lane->abef = _mm_set_epi32((int)h[0], (int)h[1], (int)h[4], (int)h[5]);
	lane->cdgh = _mm_set_epi32((int)h[2], (int)h[3], (int)h[6], (int)h[7]);
}

static TARGET void lane_save(const struct lane *lane, uint32_t ret[KIST_SHA256_WORDS])
{
	static const uint8_t places[KIST_SHA256_WORDS] = { 3, 2, 7, 6, 1, 0, 5, 4 };
	uint32_t words[KIST_SHA256_WORDS];

	_mm_storeu_si128((__m128i *)(void *)words, lane->abef);
	_mm_storeu_si128((__m128i *)(void *)(words + 4), lane->cdgh);
	for (size_t i = 0; i < KIST_SHA256_WORDS; i++)
		ret[i] = words[places[i]];
}

bool kist_sha256_supported(void)
{
	unsigned a = 0;
	unsigned b = 0;
	unsigned c = 0;
	unsigned d = 0;

	/* CPUID leaf 7, EBX bit 29; __builtin_cpu_supports() of some compilers does not know the name. */
	__asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "0"(0), "2"(0));
	if (a < 7 || !__builtin_cpu_supports("avx"))
		return false;
	__asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "0"(7), "2"(0));
	return b >> 29 & 1;
}

TARGET void kist_sha256_add_blocks(struct kist_sha256_blocks both[static 2])
{
	const size_t shared = both[0].count < both[1].count ? both[0].count : both[1].count;
	struct lane lanes[2];

	lane_load(&lanes[0], both[0].words);
	lane_load(&lanes[1], both[1].words);
	if (shared > 0)
		blocks_of_two(lanes, both[0].data, both[1].data, shared);
	for (size_t i = 0; i < 2; i++) {
		if (both[i].count > shared)
			blocks_of_one(&lanes[i], both[i].data + shared * BLOCK_SIZE, both[i].count - shared);
		lane_save(&lanes[i], both[i].words);
	}
}

#else

bool kist_sha256_supported(void)
{
	return false;
}

void kist_sha256_add_blocks(struct kist_sha256_blocks both[static 2])
{
	(void)both;
}

#endif
