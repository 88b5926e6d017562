/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/huffman_fours_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vbmi")))

bool kist_huffman_has_fours(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vbmi");
}

/* A table of 256 bytes. */
struct table {
	__m512i quarters[4];
};

INLINE struct table load_table(const uint8_t *from)
{
	return (struct table){ { _mm512_loadu_si512(from), _mm512_loadu_si512(from + 64),
				 _mm512_loadu_si512(from + 128), _mm512_loadu_si512(from + 192) } };
}

INLINE __m512i look_up(const struct table *table, __m512i bytes)
{
	const __m512i *const quarters = table->quarters;

	return _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes),
				      _mm512_permutex2var_epi8(quarters[0], bytes, quarters[1]),
				      _mm512_permutex2var_epi8(quarters[2], bytes, quarters[3]));
}

/* From twos of 32 bits to fours of 64: what is in the upper half comes first. */
INLINE __m512i join_twos(__m512i twos, __m512i upper_bits)
{
	const __m512i lower = _mm512_and_si512(twos, _mm512_set1_epi64(UINT32_MAX));

	return _mm512_or_si512(_mm512_srli_epi64(twos, 32), _mm512_sllv_epi64(lower, upper_bits));
}

/*
 * Bytes lie in pairs, of which the upper one comes first: the lower one's code is multiplied by the space that the
 * upper one takes, and added to it.  Unpacking takes the lower and the upper half of each 16 bytes: @even are the
 * fours 0, 1, 4, 5, 8, 9, 12 and 13.
 */
INLINE void join_vector(const struct table *codes_of, const struct table *bits_of, __m512i bytes,
			struct kist_huffman_fours *ret)
{
	const __m512i first_fours = _mm512_set_epi64(4, 5, 12, 13, 6, 7, 14, 15);
	const __m512i other_fours = _mm512_set_epi64(0, 1, 8, 9, 2, 3, 10, 11);
	const __m512i backwards = _mm512_set_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	const __m512i one = _mm512_set1_epi16(1);
	const __m512i codes = look_up(codes_of, bytes);
	const __m512i bits = look_up(bits_of, bytes);
	const __m512i upper = _mm512_srli_epi16(codes, 8);
	const __m512i lower = _mm512_and_si512(codes, _mm512_set1_epi16(0x00ff));
	const __m512i space = _mm512_sllv_epi16(one, _mm512_srli_epi16(bits, 8));
	const __m512i bits_of_two = _mm512_maddubs_epi16(bits, _mm512_set1_epi8(1));
	const __m512i bits_of_upper = _mm512_srli_epi32(bits_of_two, 16);
	const __m512i zero = _mm512_setzero_si512();
	const __m512i even = join_twos(
		_mm512_madd_epi16(_mm512_unpacklo_epi16(upper, lower), _mm512_unpacklo_epi16(one, space)),
		_mm512_unpacklo_epi32(bits_of_upper, zero));
	const __m512i odd = join_twos(
		_mm512_madd_epi16(_mm512_unpackhi_epi16(upper, lower), _mm512_unpackhi_epi16(one, space)),
		_mm512_unpackhi_epi32(bits_of_upper, zero));

	_mm512_storeu_si512(ret->codes, _mm512_permutex2var_epi64(even, first_fours, odd));
	_mm512_storeu_si512(ret->codes + 8, _mm512_permutex2var_epi64(even, other_fours, odd));
	_mm512_storeu_si512(ret->bits,
			    _mm512_permutexvar_epi32(backwards, _mm512_madd_epi16(bits_of_two, one)));
}

__attribute__((target("avx512f,avx512bw,avx512vbmi"))) void
kist_huffman_join(const struct kist_huffman_lookup *lookup, const uint8_t *end, size_t count,
		  struct kist_huffman_fours *ret)
{
	const struct table codes = load_table(lookup->codes);
	const struct table bits = load_table(lookup->bits);

	for (size_t i = 0; i < count; i++) {
		end -= KIST_HUFFMAN_FOURS_BYTES;
		join_vector(&codes, &bits, _mm512_loadu_si512(end), &ret[i]);
	}
}

#else

bool kist_huffman_has_fours(void)
{
	return false;
}

void kist_huffman_join(const struct kist_huffman_lookup *lookup, const uint8_t *end, size_t count,
		       struct kist_huffman_fours *ret)
{
	(void)lookup;
	(void)end;
	(void)count;
	(void)ret;
}

#endif
