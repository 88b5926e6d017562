/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_number.h"

#include <math.h>
#include <string.h>

#include "csv_decimal.h"
#include "csv_digits.h"
#include "csv_nearest.h"

/* Plain notation for 10^-4 <= x < 10^16: the position of the point, counted from the first digit. */
#define POINT_MIN (-3)
#define POINT_MAX 16

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool csv_uint_parse(const uint8_t *text, size_t len, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (len == 0 || len > 20 || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]) || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	}
	*ret_value = value;
	return true;
}

size_t csv_uint_print(char *to, uint64_t value)
{
	char reversed[20];
	size_t n = 0;

	do {
		reversed[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	for (size_t i = 0; i < n; i++)
		to[i] = reversed[n - 1 - i];
	return n;
}

size_t csv_int_print(char *to, int64_t value)
{
	if (value >= 0)
		return csv_uint_print(to, (uint64_t)value);
	to[0] = '-';
	return 1 + csv_uint_print(to + 1, 0 - (uint64_t)value);
}

static size_t print_plain(char *to, const char *digits, int count, int point)
{
	size_t n = 0;

	if (point <= 0) {
		to[n++] = '0';
		to[n++] = '.';
		for (int i = point; i < 0; i++)
			to[n++] = '0';
		memcpy(to + n, digits, (size_t)count);
		return n + (size_t)count;
	}
	for (int i = 0; i < point; i++)
		to[n++] = i < count ? digits[i] : '0';
	to[n++] = '.';
	if (count <= point)
		to[n++] = '0';
	for (int i = point; i < count; i++)
		to[n++] = digits[i];
	return n;
}

static size_t print_exponent(char *to, const char *digits, int count, int point)
{
	const int exponent = point - 1;
	const uint64_t magnitude = (uint64_t)(exponent < 0 ? -exponent : exponent);
	size_t n = 0;

	to[n++] = digits[0];
	if (count > 1) {
		to[n++] = '.';
		memcpy(to + n, digits + 1, (size_t)count - 1);
		n += (size_t)count - 1;
	}
	to[n++] = 'e';
	to[n++] = exponent < 0 ? '-' : '+';
	if (magnitude < 10)
		to[n++] = '0';
	return n + csv_uint_print(to + n, magnitude);
}

static size_t print_decimal(char *to, const struct csv_decimal *d)
{
	char digits[20];

	(void)csv_uint_print(digits, d->digits);
	if (d->point < POINT_MIN || d->point > POINT_MAX)
		return print_exponent(to, digits, d->count, d->point);
	return print_plain(to, digits, d->count, d->point);
}

static size_t print_special(char *to, double value)
{
	const char *text = isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
	const size_t n = strlen(text);

	memcpy(to, text, n);
	return n;
}

static size_t print_real(char *to, double value, bool is_float32)
{
	struct csv_decimal d;
	size_t n = 0;

	if (!isfinite(value))
		return print_special(to, value);
	if (signbit(value)) {
		to[n++] = '-';
		value = -value;
	}
	if (value < 1e15 && value == (double)(uint64_t)value) {
		n += csv_uint_print(to + n, (uint64_t)value);
		memcpy(to + n, ".0", 2);
		return n + 2;
	}
	d = is_float32 ? csv_decimal_shortest32((float)value) : csv_decimal_shortest(value);
	return n + print_decimal(to + n, &d);
}

size_t csv_float_print(char *to, double value)
{
	return print_real(to, value, false);
}

size_t csv_float32_print(char *to, float value)
{
	return print_real(to, (double)value, true);
}

/* What a text looks like: up to CSV_DIGITS_MAX digits that count, and where the point and the exponent are.
 */
struct shape {
	uint64_t digits;
	int count;
	int after_point;
	int exponent;
	size_t mantissa_len;
	bool has_exponent;
};

static bool read_exponent(const uint8_t *text, size_t len, int *ret)
{
	int value = 0;

	if (len < 3 || len > 4 || (text[0] != '+' && text[0] != '-'))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*ret = text[0] == '-' ? -value : value;
	/* Two digits, or three if two are too few. */
	return len == 3 || value >= 100;
}

/* Reads digits on from @i.  Returns the position behind them. */
static inline size_t read_digits(const uint8_t *text, size_t len, size_t i, uint64_t *digits)
{
	uint64_t value = *digits;

	for (; i < len && is_digit(text[i]); i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	*digits = value;
	return i;
}

/* Zeros before the first digit that counts. */
static int leading_zeros(const uint8_t *text, size_t len)
{
	size_t i = 2;

	if (text[0] != '0')
		return 0;
	while (i < len && text[i] == '0')
		i++;
	return (int)i - 1;
}

/* @text begins with a digit. */
static bool read_shape(const uint8_t *text, size_t len, struct shape *s)
{
	const size_t whole_len = read_digits(text, len, 0, &s->digits);
	size_t i = whole_len;

	if (i < len && text[i] == '.')
		i = read_digits(text, len, i + 1, &s->digits);
	s->after_point = i > whole_len ? (int)(i - whole_len) - 1 : 0;
	s->count = (int)whole_len + s->after_point - leading_zeros(text, i);
	s->mantissa_len = i;
	/* More digits overflow, too, but are refused unread. */
	if (s->count > CSV_DIGITS_MAX || text[i - 1] == '.')
		return false;
	if (i == len)
		return i > whole_len;
	s->has_exponent = true;
	return text[i] == 'e' && read_exponent(text + i + 1, len - i - 1, &s->exponent);
}

/* Whether a text of these digits has the one form that they may have. */
static bool has_form(const struct shape *s, const struct csv_decimal *d, const uint8_t *text)
{
	const size_t mantissa_len = s->mantissa_len;
	const bool plain = s->digits == 0 || (d->point >= POINT_MIN && d->point <= POINT_MAX);

	if (plain == s->has_exponent)
		return false;
	if (text[0] == '0' && (s->has_exponent || text[1] != '.'))
		return false;
	if (s->has_exponent)
		return mantissa_len == 1 || (text[1] == '.' && text[mantissa_len - 1] != '0');
	return s->after_point == 1 || text[mantissa_len - 1] != '0';
}

static bool parse_positive(const uint8_t *text, size_t len, double *ret_value)
{
	struct shape s = { 0 };
	struct csv_decimal d;
	struct csv_decimal best;
	double value;

	if (!read_shape(text, len, &s))
		return false;
	d = (struct csv_decimal){ s.digits, s.count, s.count - s.after_point + s.exponent };
	csv_decimal_strip(&d);
	if (!has_form(&s, &d, text))
		return false;
	value = csv_decimal_to_double(s.digits, s.exponent - s.after_point);
	*ret_value = value;
	if (s.digits == 0)
		return s.after_point == 1;
	if (!isfinite(value))
		return false;
	if (d.count <= CSV_DIGITS_SAFE && value >= 0x1p-1022)
		return true;
	best = csv_decimal_shortest(value);
	return best.digits == d.digits && best.point == d.point;
}

static bool parse_special(const uint8_t *text, size_t len, double *ret_value)
{
	static const char *const words[] = { "nan", "inf", "-inf" };
	static const double values[] = { NAN, INFINITY, -INFINITY };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (len == strlen(words[i]) && memcmp(text, words[i], len) == 0) {
			*ret_value = values[i];
			return true;
		}
	}
	return false;
}

/* Bytes of "0.000" and CSV_DIGITS_MAX digits. */
#define PLAIN_SIZE_MAX 22u

/* Takes the next @count digits, 1 to 8, which end before @end.  No more than CSV_DIGITS_MAX count. */
static inline bool read_next(const uint8_t *end, size_t count, uint64_t *digits)
{
	uint64_t next;

	if (*digits >= csv_digits_tens(CSV_DIGITS_MAX - count) ||
	    !csv_digits_up_to_8(csv_digits_last(end, count), count, &next))
		return false;
	*digits = *digits * csv_digits_tens(count) + next;
	return true;
}

/* The digits around the point, which is byte @whole of @word, the first bytes of @text. */
static inline bool read_around(const uint8_t *text, size_t len, uint64_t word, size_t whole, uint64_t *ret)
{
	const uint64_t before = word & (((uint64_t)1 << 8 * whole) - 1);
	const uint64_t behind = whole < 7 ? word >> 8 * (whole + 1) << 8 * whole : 0;
	uint64_t digits = before | behind;

	if (len <= 8)
		return csv_digits_up_to_8(digits, len - 1, ret);
	if (!csv_digits_8(digits | (uint64_t)text[8] << 56, &digits))
		return false;
	*ret = digits;
	if (len <= 9)
		return true;
	if (len <= 17)
		return read_next(text + len, len - 9, ret);
	return read_next(text + 17, 8, ret) && read_next(text + len, len - 17, ret);
}

/* Of 16 or 17 digits: the number, if they are its shortest text. */
static bool read_exact(uint64_t digits, size_t scale, double *ret_value)
{
	const int count = digits >= csv_digits_tens(CSV_DIGITS_MAX - 1) ? CSV_DIGITS_MAX : CSV_DIGITS_MAX - 1;
	const enum csv_nearest nearest = scale <= CSV_NEAREST_SCALE_MAX
						 ? csv_nearest_read(digits, (uint32_t)scale, ret_value)
						 : CSV_NEAREST_UNSURE;
	struct csv_decimal best;

	if (nearest != CSV_NEAREST_UNSURE)
		return nearest == CSV_NEAREST_IS;
	*ret_value = csv_decimal_to_double(digits, -(int)scale);
	best = csv_decimal_shortest(*ret_value);
	return best.digits == digits && best.point == count - (int)scale;
}

/*
 * "D.D".  Digits that a double holds exactly are divided by a power of ten that one does: the quotient is the
 * nearest double.  False says nothing: the text may be a number all the same.
 */
static bool parse_plain(const uint8_t *text, size_t len, double *ret_value, struct csv_places *ret_places)
{
	const size_t head = len < 8 ? len : 8;
	const uint64_t word = csv_digits_load(text, head);
	/* A zero byte where the point is; the lowest one is marked rightly. */
	const uint64_t points = word ^ 0x2e2e2e2e2e2e2e2eu;
	const uint64_t marks = (points - 0x0101010101010101u) & ~points & 0x8080808080808080u;
	const size_t whole = marks ? (size_t)__builtin_ctzll(marks) / 8 : 8;
	const size_t scale = len - whole - 1;
	uint64_t digits;

	if (whole == 0 || whole >= head || scale == 0 || len > PLAIN_SIZE_MAX)
		return false;
	if ((text[0] == '0' && whole > 1) || (text[len - 1] == '0' && scale > 1))
		return false;
	if (!read_around(text, len, word, whole, &digits))
		return false;
	/* Below 0.0001 there has to be an exponent. */
	if (scale > 4 && digits < csv_digits_tens(scale - 4))
		return false;
	*ret_places = (struct csv_places){ (uint8_t)whole, (uint8_t)scale };
	if (digits >= csv_digits_tens(CSV_DIGITS_SAFE))
		return text[len - 1] != '0' && read_exact(digits, scale, ret_value);
	/* As signed numbers, which a processor turns into doubles more readily. */
	*ret_value = (double)(int64_t)digits / (double)(int64_t)csv_digits_tens(scale);
	return true;
}

bool csv_float_parse(const uint8_t *text, size_t len, double *ret_value, struct csv_places *ret_places)
{
	const size_t first = len > 0 && text[0] == '-';
	const uint8_t *point;
	double value = 0;

	if (len < first + 3 || len > CSV_NUMBER_SIZE_MAX)
		return false;
	if (parse_plain(text + first, len - first, &value, ret_places)) {
		*ret_value = first ? -value : value;
		return true;
	}
	*ret_places = (struct csv_places){ 0, 0 };
	if (!is_digit(text[first]))
		return parse_special(text, len, ret_value);
	if (!parse_positive(text + first, len - first, &value))
		return false;
	*ret_value = first ? -value : value;
	point = memchr(text, '.', len);
	if (point && !memchr(text, 'e', len))
		*ret_places = (struct csv_places){ (uint8_t)(point - text) - (uint8_t)first,
						   (uint8_t)(text + len - point - 1) };
	return true;
}
