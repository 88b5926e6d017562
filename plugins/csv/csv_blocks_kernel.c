/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_blocks_kernel.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define BLOCK_SIZE 64u

#define INLINE static inline __attribute__((always_inline))

/* Bit i: byte i is the delimiter, a quote, CR or LF.  @high: some byte is above 0x7f. */
struct masks {
	uint64_t delimiters;
	uint64_t quotes;
	uint64_t newlines;
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
		m.newlines |= (uint64_t)(c == '\r' || c == '\n') << i;
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
		m.newlines |= bits_of(_mm_or_si128(_mm_cmpeq_epi8(v, cr), _mm_cmpeq_epi8(v, lf)), i);
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
	const __m256i low_n = _mm256_or_si256(_mm256_cmpeq_epi8(low, cr), _mm256_cmpeq_epi8(low, lf));
	const __m256i top_n = _mm256_or_si256(_mm256_cmpeq_epi8(top, cr), _mm256_cmpeq_epi8(top, lf));

#define BOTH(a, b) ((uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32)
	return (struct masks){
		.delimiters = BOTH(_mm256_cmpeq_epi8(low, d), _mm256_cmpeq_epi8(top, d)),
		.quotes = BOTH(_mm256_cmpeq_epi8(low, q), _mm256_cmpeq_epi8(top, q)),
		.newlines = BOTH(low_n, top_n),
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

void csv_window_begin(struct csv_window *w)
{
	*w = (struct csv_window){ .may_open = true };
}

void csv_window_next(struct csv_window *w, uint32_t next)
{
	const uint32_t gone = next - w->begin;

	if (next >= w->end) {
		csv_window_begin(w);
		return;
	}
	w->ends >>= gone;
	w->stops >>= gone;
	w->newlines >>= gone;
	w->quotes >>= gone;
	w->pairs >>= gone;
	w->quoted = w->quotes != 0;
	w->doubled = w->pairs != 0;
	w->begin = 0;
	w->end -= next;
	w->bad -= next;
}

/* Bits below bit @n, which may be 64. */
INLINE uint64_t below(uint32_t n)
{
	return n < 64 ? ((uint64_t)1 << n) - 1 : ~(uint64_t)0;
}

/* Bit i of the result: whether the number of bits up to and with bit i is odd. */
INLINE uint64_t parity(uint64_t bits)
{
	for (unsigned int i = 1; i < 64; i <<= 1)
		bits ^= bits << i;
	return bits;
}

/* Of newlines inside quotes, CR LF counts once. */
static uint64_t without_lf_of_crlf(uint64_t newlines, const uint8_t *data, uint32_t begin)
{
	uint64_t kept = newlines;

	for (uint64_t left = newlines; left != 0; left &= left - 1) {
		const uint32_t p = begin + (uint32_t)__builtin_ctzll(left);

		if (data[p] == '\n' && data[p - 1] == '\r')
			kept &= ~(left & -left);
	}
	return kept;
}

INLINE void load(struct csv_scanner *s, const uint8_t *data, uint32_t size, classify_fn *classify)
{
	struct csv_window *w = &s->window;
	const uint32_t n = size - w->end < BLOCK_SIZE ? size - w->end : BLOCK_SIZE;
	uint8_t copy[BLOCK_SIZE] = { 0 };
	const uint8_t *from = data + w->end;
	struct masks m;
	uint64_t inside;
	uint64_t closes;
	uint64_t breaks;
	uint64_t right;
	uint64_t bad;

	/* The last block may be short: nothing past the caller's bytes is read. */
	if (n < BLOCK_SIZE)
		from = memcpy(copy, from, n);
	m = classify(from, s->delimiter, s->quote);
	if (s->quote == CSV_QUOTE_NONE)
		m.quotes = 0;
	inside = (m.quotes ? parity(m.quotes) : 0) ^ (w->inside ? ~(uint64_t)0 : 0);
	closes = m.quotes & ~inside;
	breaks = (m.delimiters | m.newlines) & ~inside;
	w->pairs = m.quotes & inside & (closes << 1 | w->closed);
	bad = m.quotes & inside & ~((breaks | closes) << 1 | w->may_open | w->closed);
	bad |= (closes << 1 | w->closed) & ~(m.delimiters | m.newlines | m.quotes);
	bad &= below(n);
	w->newlines = m.newlines & inside;
	if (w->newlines != 0)
		w->newlines = without_lf_of_crlf(w->newlines & below(n), data, w->end);
	w->begin = w->end;
	w->end += n;
	w->bad = bad ? w->begin + (uint32_t)__builtin_ctzll(bad) : w->end;
	right = below(w->bad - w->begin);
	w->ends = m.delimiters & breaks & right;
	w->stops = m.newlines & breaks & right;
	w->quotes = m.quotes;
	w->inside = inside >> (n - 1) & 1;
	w->may_open = breaks >> (n - 1) & 1;
	w->closed = closes >> (n - 1) & 1;
	w->high = m.high;
	w->quoted |= m.quotes != 0;
	w->doubled |= w->pairs != 0;
}

/* The cell from @begin to @p. */
INLINE struct csv_cell cell_of(struct csv_scanner *s, const uint8_t *data, uint32_t begin, uint32_t p)
{
	struct csv_cell cell = { begin + 1, p - begin - 2, CSV_CELL_QUOTED };

	/* A newline begins no cell: without quotes this is always true. */
	if (p == begin || data[begin] != s->quote)
		return (struct csv_cell){ begin, p - begin, 0 };
	if (s->window.doubled && memchr(data + begin + 1, s->quote, p - begin - 2)) {
		cell.flags |= CSV_CELL_ESCAPED;
		s->escaped = true;
	}
	return cell;
}

INLINE uint32_t room_of(const struct csv_scanner *s)
{
	return (s->capacity < CSV_COLUMNS_MAX ? s->capacity : CSV_COLUMNS_MAX) - s->count;
}

/* Ends a cell at each of @ends, as far as there is room.  Returns those that found none. */
INLINE uint64_t push(struct csv_scanner *s, const uint8_t *data, uint64_t ends)
{
	struct csv_cell *cell = s->cells + s->count;
	const struct csv_cell *const last = cell + room_of(s);
	const uint32_t base = s->window.begin;
	uint32_t begin = s->cell_begin;

	if (!s->window.quoted) {
		for (; ends != 0 && cell != last; ends &= ends - 1) {
			const uint32_t p = base + (uint32_t)__builtin_ctzll(ends);

			*cell++ = (struct csv_cell){ begin, p - begin, 0 };
			begin = p + 1;
		}
	} else {
		for (; ends != 0 && cell != last; ends &= ends - 1) {
			const uint32_t p = base + (uint32_t)__builtin_ctzll(ends);

			*cell++ = cell_of(s, data, begin, p);
			begin = p + 1;
		}
	}
	s->count = (uint32_t)(cell - s->cells);
	s->cell_begin = begin;
	return ends;
}

static enum csv_scan no_room(struct csv_scanner *s, uint32_t p)
{
	s->at = p;
	if (s->count < CSV_COLUMNS_MAX)
		return CSV_SCAN_CELLS;
	return p > CSV_LINE_SIZE_MAX ? CSV_SCAN_LONG : CSV_SCAN_WIDE;
}

INLINE enum csv_scan end_record(struct csv_scanner *s, const uint8_t *data, uint32_t p, uint32_t next)
{
	if (p > CSV_LINE_SIZE_MAX)
		return CSV_SCAN_LONG;
	if (room_of(s) == 0)
		return no_room(s, p);
	s->cells[s->count++] = cell_of(s, data, s->cell_begin, p);
	s->size = p;
	s->next = next;
	return CSV_SCAN_RECORD;
}

/* A newline at @p ends the record. */
INLINE enum csv_scan newline(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final,
			     uint32_t p)
{
	struct csv_window *w = &s->window;
	uint32_t next = p + 1;

	s->at = p;
	if (data[p] == '\r') {
		if (next == size && !final)
			return p > CSV_LINE_SIZE_MAX ? CSV_SCAN_LONG : CSV_SCAN_MORE;
		next += next < size && data[next] == '\n';
	}
	if (w->newlines != 0) {
		const uint64_t passed = w->newlines & below(p - w->begin);

		s->newlines += (uint32_t)__builtin_popcountll(passed);
		w->newlines ^= passed;
	}
	return end_record(s, data, p, next);
}

INLINE enum csv_scan scan(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final,
			  classify_fn *classify)
{
	struct csv_window *w = &s->window;

	for (;;) {
		const uint64_t stops = w->stops;
		const uint64_t before_stop = (stops & -stops) - 1;
		const uint64_t ends = w->ends & before_stop;

		s->non_ascii |= w->high;
		if (ends != 0) {
			const uint64_t left = push(s, data, ends);

			w->ends ^= ends ^ left;
			if (left != 0)
				return no_room(s, w->begin + (uint32_t)__builtin_ctzll(left));
		}
		if (stops != 0)
			return newline(s, data, size, final, w->begin + (uint32_t)__builtin_ctzll(stops));
		if (w->bad < w->end)
			return CSV_SCAN_CAREFUL;
		if (w->newlines != 0)
			s->newlines += (uint32_t)__builtin_popcountll(w->newlines);
		w->newlines = 0;
		s->at = w->end;
		if (w->end >= size)
			break;
		load(s, data, size, classify);
	}
	if (!final)
		return s->at > CSV_LINE_SIZE_MAX ? CSV_SCAN_LONG : CSV_SCAN_MORE;
	return w->inside ? CSV_SCAN_OPEN_QUOTE : end_record(s, data, size, size);
}

#ifdef __x86_64__

AVX2 static enum csv_scan scan_avx2(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final)
{
	return scan(s, data, size, final, classify_avx2);
}

static enum csv_scan scan_sse2(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final)
{
	return scan(s, data, size, final, classify_sse2);
}

#endif

enum csv_scan csv_scan_blocks(struct csv_scanner *s, const uint8_t *data, uint32_t size, bool final,
			      enum csv_blocks kind)
{
#ifdef __x86_64__
	if (kind == CSV_BLOCKS_AVX2)
		return scan_avx2(s, data, size, final);
	if (kind == CSV_BLOCKS_SSE2)
		return scan_sse2(s, data, size, final);
#endif
	(void)kind;
	return scan(s, data, size, final, classify_c);
}
