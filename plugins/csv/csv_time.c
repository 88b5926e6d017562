/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_time.h"

#include <string.h>

#include "csv_digits.h"

#define DATE_LEN 10u
#define TIME_LEN 8u
#define ZONE_LEN 6u
#define DAY_S	 86400
/* Days from 0000-03-01 to 1970-01-01. */
#define EPOCH_DAYS 719468

/* @n digits as a number, or -1. */
static int32_t digits_at(const uint8_t *text, unsigned int n)
{
	int32_t value = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

static bool is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t month_days(int32_t year, int32_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Years begin in March here, so that the leap day is the last one. */
static int32_t days_of(int32_t year, int32_t month, int32_t day)
{
	const int32_t y = year - (month <= 2);
	const int32_t era = y / 400;
	const int32_t in_era = y % 400;
	const int32_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - EPOCH_DAYS;
}

bool csv_date_parse(const uint8_t *text, size_t len, int32_t *ret_days)
{
	uint64_t digits;
	int32_t year;
	int32_t month;
	int32_t day;

	if (len != DATE_LEN || text[4] != '-' || text[7] != '-')
		return false;
	if (!csv_digits_8(csv_digits_load(text, 4) | csv_digits_load(text + 5, 2) << 32 |
				  csv_digits_load(text + 8, 2) << 48,
			  &digits))
		return false;
	year = (int32_t)(digits / 10000);
	month = (int32_t)(digits / 100 % 100);
	day = (int32_t)(digits % 100);
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	*ret_days = days_of(year, month, day);
	return true;
}

bool csv_time_parse(const uint8_t *text, size_t len, int64_t *ret_us, struct csv_form *ret_form)
{
	int32_t hour;
	int32_t minute;
	int32_t second;
	int32_t fraction = 0;
	size_t digits = 0;

	if (len < TIME_LEN || text[2] != ':' || text[5] != ':')
		return false;
	hour = digits_at(text, 2);
	minute = digits_at(text + 3, 2);
	second = digits_at(text + 6, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	if (len > TIME_LEN) {
		digits = len - TIME_LEN - 1;
		if (text[TIME_LEN] != '.' || digits < 1 || digits > 6)
			return false;
		fraction = digits_at(text + TIME_LEN + 1, (unsigned int)digits);
		if (fraction < 0)
			return false;
		for (size_t i = digits; i < 6; i++)
			fraction *= 10;
	}
	*ret_form = (struct csv_form){ .digits = (uint8_t)digits };
	*ret_us = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000 + fraction;
	return true;
}

bool csv_offset_parse(const uint8_t *text, size_t len, int16_t *ret_minutes)
{
	int32_t hours;
	int32_t minutes;

	if (len != ZONE_LEN || (text[0] != '+' && text[0] != '-') || text[3] != ':')
		return false;
	hours = digits_at(text + 1, 2);
	minutes = digits_at(text + 4, 2);
	/* "-00:00" says that nobody knows; printing would give "+00:00". */
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 ||
	    (text[0] == '-' && hours + minutes == 0))
		return false;
	*ret_minutes = (int16_t)((text[0] == '-' ? -1 : 1) * (hours * 60 + minutes));
	return true;
}

bool csv_stamp_parse(const uint8_t *text, size_t len, int64_t *ret_us, struct csv_form *ret_form)
{
	enum csv_zone zone = CSV_ZONE_NONE;
	int16_t offset = 0;
	int32_t days;
	int64_t us;

	if (len < DATE_LEN + 1 + TIME_LEN || (text[DATE_LEN] != ' ' && text[DATE_LEN] != 'T'))
		return false;
	if (text[len - 1] == 'Z') {
		zone = CSV_ZONE_Z;
		len--;
	} else if (csv_offset_parse(text + len - ZONE_LEN, ZONE_LEN, &offset)) {
		zone = CSV_ZONE_OFFSET;
		len -= ZONE_LEN;
	}
	if (len < DATE_LEN + 1 + TIME_LEN || !csv_date_parse(text, DATE_LEN, &days) ||
	    !csv_time_parse(text + DATE_LEN + 1, len - DATE_LEN - 1, &us, ret_form))
		return false;
	ret_form->t = text[DATE_LEN] == 'T';
	ret_form->zone = (uint8_t)zone;
	ret_form->offset = offset;
	*ret_us = ((int64_t)days * DAY_S - offset * 60) * 1000000 + us;
	return true;
}

static void put_digits(char *to, int64_t value, unsigned int n)
{
	for (unsigned int i = n; i > 0; i--, value /= 10)
		to[i - 1] = (char)('0' + value % 10);
}

size_t csv_date_print(char *to, int64_t days)
{
	int64_t left;
	int64_t era;
	int64_t in_year;
	int64_t year;
	int64_t month;

	if (days < -EPOCH_DAYS + 306 || days > 2932896)
		return 0;
	left = days + EPOCH_DAYS;
	era = left / 146097;
	left %= 146097;
	year = (left - left / 1460 + left / 36524 - left / 146096) / 365;
	in_year = left - (365 * year + year / 4 - year / 100);
	month = (5 * in_year + 2) / 153;
	put_digits(to + 8, in_year - (153 * month + 2) / 5 + 1, 2);
	month += month < 10 ? 3 : -9;
	put_digits(to, year + era * 400 + (month <= 2), 4);
	put_digits(to + 5, month, 2);
	to[4] = to[7] = '-';
	return DATE_LEN;
}

static int64_t power_of_ten(unsigned int n)
{
	int64_t power = 1;

	while (n-- > 0)
		power *= 10;
	return power;
}

size_t csv_time_print(char *to, int64_t value, unsigned int scale, const struct csv_form *form)
{
	const int64_t unit = power_of_ten(scale);
	const int64_t seconds = value / unit;
	const int64_t fraction = value % unit;
	unsigned int digits = scale;

	if (value < 0 || seconds >= DAY_S)
		return 0;
	put_digits(to, seconds / 3600, 2);
	put_digits(to + 3, seconds / 60 % 60, 2);
	put_digits(to + 6, seconds % 60, 2);
	to[2] = to[5] = ':';
	to[TIME_LEN] = '.';
	put_digits(to + TIME_LEN + 1, fraction, scale);
	while (digits > 0 && to[TIME_LEN + digits] == '0')
		digits--;
	while (form->digits != CSV_DIGITS_TRIMMED && digits < form->digits)
		to[TIME_LEN + ++digits] = '0';
	return digits > 0 ? TIME_LEN + 1 + digits : TIME_LEN;
}

size_t csv_stamp_print(char *to, int64_t value, unsigned int scale, const struct csv_form *form)
{
	const int64_t unit = power_of_ten(scale);
	const int64_t minutes = form->offset < 0 ? -form->offset : form->offset;
	int64_t seconds = value / unit - (value % unit < 0);
	const int64_t fraction = value % unit + (value % unit < 0 ? unit : 0);
	int64_t days;
	size_t n;

	if (__builtin_add_overflow(seconds, (int64_t)form->offset * 60, &seconds))
		return 0;
	days = seconds / DAY_S - (seconds % DAY_S < 0);
	if (csv_date_print(to, days) == 0)
		return 0;
	to[DATE_LEN] = form->t ? 'T' : ' ';
	n = DATE_LEN + 1 +
	    csv_time_print(to + DATE_LEN + 1, (seconds - days * DAY_S) * unit + fraction, scale, form);
	if (form->zone == CSV_ZONE_Z)
		to[n++] = 'Z';
	if (form->zone != CSV_ZONE_OFFSET)
		return n;
	to[n] = form->offset < 0 ? '-' : '+';
	put_digits(to + n + 1, minutes / 60, 2);
	to[n + 3] = ':';
	put_digits(to + n + 4, minutes % 60, 2);
	return n + ZONE_LEN;
}
