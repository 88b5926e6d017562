/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_blocks_kernel.h"

#include <assert.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define BLOCK_SIZE 64u

#define INLINE static inline __attribute__((always_inline))

/* Bit i: byte i is the delimiter, a quote, CR, LF.  @high: some byte is above 0x7f. */
struct masks {
	uint64_t delimiters;
	uint64_t quotes;
	uint64_t crs;
	uint64_t lfs;
	bool high;
};

typedef struct masks classify_fn(const uint8_t *data, uint8_t delimiter, uint8_t quote);

static struct masks classify_c(const uint8_t *data, uint8_t delimiter, uint8_t quote)
{
	struct masks m = { 0 };

	for (unsigned int i = 0; i < BLOCK_SIZE; i++) {
		const uint8_t c = data[i];

		m.delimiters |= (uint64_t)(c == delimiter) << i;
		m.quotes |= (uint64_t)(c == quote) << i;
		m.crs |= (uint64_t)(c == '\r') << i;
		m.lfs |= (uint64_t)(c == '\n') << i;
		m.high |= c > 0x7f;
	}
	return m;
}

#ifdef __x86_64__

INLINE uint64_t bits_of(__m128i hit, unsigned int i)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (i * 16);
}

static inline struct masks classify_sse2(const uint8_t *data, uint8_t delimiter, uint8_t quote)
{
	const __m128i d = _mm_set1_epi8((char)delimiter);
	const __m128i q = _mm_set1_epi8((char)quote);
	const __m128i cr = _mm_set1_epi8('\r');
	const __m128i lf = _mm_set1_epi8('\n');
	__m128i all = _mm_setzero_si128();
	struct masks m = { 0 };

	for (unsigned int i = 0; i < BLOCK_SIZE / 16; i++) {
		const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(data + i * 16));

		m.delimiters |= bits_of(_mm_cmpeq_epi8(v, d), i);
		m.quotes |= bits_of(_mm_cmpeq_epi8(v, q), i);
		m.crs |= bits_of(_mm_cmpeq_epi8(v, cr), i);
		m.lfs |= bits_of(_mm_cmpeq_epi8(v, lf), i);
		all = _mm_or_si128(all, v);
	}
	m.high = _mm_movemask_epi8(all) != 0;
	return m;
}

#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))

AVX2 static inline struct masks classify_avx2(const uint8_t *data, uint8_t delimiter, uint8_t quote)
{
	const __m256i d = _mm256_set1_epi8((char)delimiter);
	const __m256i q = _mm256_set1_epi8((char)quote);
	const __m256i cr = _mm256_set1_epi8('\r');
	const __m256i lf = _mm256_set1_epi8('\n');
	const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)data);
	const __m256i top = _mm256_loadu_si256((const __m256i *)(const void *)(data + 32));

#define BOTH(a, b) ((uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32)
	return (struct masks){
		.delimiters = BOTH(_mm256_cmpeq_epi8(low, d), _mm256_cmpeq_epi8(top, d)),
		.quotes = BOTH(_mm256_cmpeq_epi8(low, q), _mm256_cmpeq_epi8(top, q)),
		.crs = BOTH(_mm256_cmpeq_epi8(low, cr), _mm256_cmpeq_epi8(top, cr)),
		.lfs = BOTH(_mm256_cmpeq_epi8(low, lf), _mm256_cmpeq_epi8(top, lf)),
		.high = _mm256_movemask_epi8(_mm256_or_si256(low, top)) != 0,
	};
#undef BOTH
}

#endif

bool csv_blocks_available(enum csv_blocks kind)
{
	switch (kind) {
	case CSV_BLOCKS_C:
		return true;
#ifdef __x86_64__
	case CSV_BLOCKS_SSE2:
		return true;
	case CSV_BLOCKS_AVX2:
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#endif
	default:
		return false;
	}
}

enum csv_blocks csv_blocks_best(void)
{
	if (csv_blocks_available(CSV_BLOCKS_AVX2))
		return CSV_BLOCKS_AVX2;
	return csv_blocks_available(CSV_BLOCKS_SSE2) ? CSV_BLOCKS_SSE2 : CSV_BLOCKS_C;
}

/*
 * What is known behind the blocks read so far.
 *
 * @inside, @may_open, @closed: The last byte stands inside quotes; a quote behind it would open a cell; it is a
 * quote that closed.
 * @bad: A quote is not where it should be: what was taken ends before it.
 * @newlines, @crlf, @pairs: There were newlines in quotes, CR LF, doubled quotes.
 */
struct state {
	uint32_t ends;
	uint32_t stops;
	bool inside;
	bool may_open;
	bool closed;
	bool bad;
	bool newlines;
	bool crlf;
	bool pairs;
};

/* Bit i of the result: whether the number of bits up to and with bit i is odd. */
INLINE uint64_t parity(uint64_t bits)
{
	for (unsigned int i = 1; i < 64; i <<= 1)
		bits ^= bits << i;
	return bits;
}

/*
 * In a block with quotes, or in the middle of some: leaves of @ends and @stops what is outside of quotes, and before
 * the first quote that is not where it should be.
 */
INLINE void judge_quotes(struct state *st, const struct masks *m, uint64_t *ends, uint64_t *stops)
{
	const uint64_t inside = parity(m->quotes) ^ (st->inside ? ~(uint64_t)0 : 0);
	const uint64_t newlines = m->crs | m->lfs;
	const uint64_t closes = m->quotes & ~inside;
	const uint64_t breaks = (m->delimiters | newlines) & ~inside;
	const uint64_t pairs = m->quotes & inside & (closes << 1 | st->closed);
	const uint64_t opens_wrong =
		m->quotes & inside & ~((breaks | closes) << 1 | st->may_open | st->closed);
	const uint64_t closes_wrong = (closes << 1 | st->closed) & ~(m->delimiters | newlines | m->quotes);
	const uint64_t bad = opens_wrong | closes_wrong;
	uint64_t good = ~inside;

	if (bad != 0)
		good &= (bad & -bad) - 1;
	*ends &= good;
	*stops &= good;
	st->bad = bad != 0;
	st->newlines |= (newlines & inside) != 0;
	st->pairs |= pairs != 0;
	st->inside = inside >> 63;
	st->may_open = breaks >> 63;
	st->closed = closes >> 63;
}

/* Where the bits are, counted from @base.  Writes up to 7 numbers more.  Returns how many. */
INLINE uint32_t flatten(uint32_t *to, uint64_t bits, uint32_t base)
{
	const uint32_t count = (uint32_t)__builtin_popcountll(bits);

	for (uint32_t i = 0; i < count; i += 8) {
#pragma GCC unroll 8
		for (uint32_t j = 0; j < 8; j++) {
			to[i + j] = base + (bits ? (uint32_t)__builtin_ctzll(bits) : 64u);
			bits &= bits - 1;
		}
	}
	return count;
}

/* Finds what ends cells and what ends records, block by block. */
INLINE void find(struct csv_group *g, struct state *st, const uint8_t *data, uint32_t size,
		 classify_fn *classify)
{
	for (uint32_t at = 0; at + BLOCK_SIZE < size && st->ends < g->capacity && !st->bad;
	     at += BLOCK_SIZE) {
		struct masks m = classify(data + at, g->delimiter, g->quote);
		uint64_t stops = m.lfs;
		uint64_t ends;

		if (g->quote == CSV_QUOTE_NONE)
			m.quotes = 0;
		/* Of CR LF, the LF ends the record; what is left over of the CR is taken off its last cell. */
		if (m.crs != 0) {
			const uint64_t next = data[at + BLOCK_SIZE] == '\n';
			const uint64_t crlf = m.crs & (m.lfs >> 1 | next << 63);

			st->crlf |= crlf != 0;
			stops |= m.crs & ~crlf;
		}
		ends = m.delimiters | stops;
		if ((m.quotes | st->inside | st->closed) != 0) {
			g->quoted = true;
			judge_quotes(st, &m, &ends, &stops);
		} else {
			st->may_open = (ends | m.crs) >> 63;
		}
		g->non_ascii |= m.high;
		st->ends += flatten(g->ends + st->ends, ends, at);
		for (; stops != 0; stops &= stops - 1)
			g->stops[st->stops++] = at + (uint32_t)__builtin_ctzll(stops);
	}
}

/* The cell from @begin to @p, where there may be quotes. */
INLINE struct csv_cell cell_of(struct csv_group *g, const uint8_t *data, uint32_t begin, uint32_t p,
			       bool pairs)
{
	struct csv_cell cell = { begin + 1, p - begin - 2, CSV_CELL_QUOTED };

	/* Without quotes no byte is one: a newline begins no cell. */
	if (p == begin || data[begin] != g->quote)
		return (struct csv_cell){ begin, p - begin, 0 };
	if (pairs && memchr(data + begin + 1, g->quote, p - begin - 2)) {
		cell.flags |= CSV_CELL_ESCAPED;
		g->escaped = true;
	}
	return cell;
}

/* The cells of the record from @begin to @stop. */
INLINE void cut_record(struct csv_group *g, const struct state *st, const uint8_t *data, const uint32_t *ends,
		       struct csv_cell *cells, uint32_t begin, uint32_t stop)
{
	const uint32_t last = g->width - 1;

	if (!g->quoted) {
		for (uint32_t i = 0; i < last; i++) {
			cells[i] = (struct csv_cell){ begin, ends[i] - begin, 0 };
			begin = ends[i] + 1;
		}
	} else {
		for (uint32_t i = 0; i < last; i++) {
			cells[i] = cell_of(g, data, begin, ends[i], st->pairs);
			begin = ends[i] + 1;
		}
	}
	if (st->crlf && stop > begin && data[stop] == '\n' && data[stop - 1] == '\r')
		stop--;
	cells[last] = g->quoted ? cell_of(g, data, begin, stop, st->pairs)
				: (struct csv_cell){ begin, stop - begin, 0 };
}

/* Cuts records until one is not as usual. */
INLINE void cut(struct csv_group *g, const struct state *st, const uint8_t *data)
{
	const uint32_t width = g->width;
	uint32_t begin = 0;
	uint32_t used = 0;

	for (; g->count < st->stops; g->count++) {
		const uint32_t stop = g->stops[g->count];
		struct csv_cell *const cells = g->cells + used;

		if (used + width > st->ends || used + width > g->capacity ||
		    g->ends[used + width - 1] != stop)
			break;
		if (g->comment != 0 && data[begin] == g->comment)
			break;
		cut_record(g, st, data, g->ends + used, cells, begin, stop);
		/* A blank line. */
		if (width == 1 && cells->len == 0 && cells->flags == 0)
			break;
		used += width;
		begin = stop + 1;
	}
	g->size = begin;
}

/* Newlines in all that was taken, less those that end records. */
static uint32_t count_newlines(const struct csv_group *g, const uint8_t *data)
{
	uint32_t newlines = 0;

	for (uint32_t i = 0; i < g->size; i++)
		newlines += data[i] == '\r' || (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'));
	return newlines - g->count;
}

INLINE void scan(struct csv_group *g, const uint8_t *data, uint32_t size, classify_fn *classify)
{
	struct state st = { .may_open = true };

	assert(g->width > 0 && g->width <= g->capacity);
	g->count = g->size = g->newlines = 0;
	g->non_ascii = g->quoted = g->escaped = false;
	find(g, &st, data, size, classify);
	cut(g, &st, data);
	if (st.newlines)
		g->newlines = count_newlines(g, data);
}

#ifdef __x86_64__

AVX2 static void scan_avx2(struct csv_group *g, const uint8_t *data, uint32_t size)
{
	scan(g, data, size, classify_avx2);
}

static void scan_sse2(struct csv_group *g, const uint8_t *data, uint32_t size)
{
	scan(g, data, size, classify_sse2);
}

#endif

void csv_group_scan(struct csv_group *g, const uint8_t *data, uint32_t size, enum csv_blocks kind)
{
#ifdef __x86_64__
	if (kind == CSV_BLOCKS_AVX2) {
		scan_avx2(g, data, size);
		return;
	}
	if (kind == CSV_BLOCKS_SSE2) {
		scan_sse2(g, data, size);
		return;
	}
#endif
	(void)kind;
	scan(g, data, size, classify_c);
}
