/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_TIME_H
#define CSV_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Dates and times as text, so that print(parse(text)) == text.
 *
 *     date   YYYY-MM-DD                   years 0001 to 9999, Gregorian
 *     time   HH:MM:SS[.F]                 00 to 23, 00 to 59, 00 to 59; F up to 6 digits
 *     stamp  date (" " | "T") time [zone] zone = "Z" | ("+" | "-") HH:MM
 *
 * How a text is written beyond its value is its form; a column has one form for all its cells.
 *
 * Thread: pure.
 */

/* Bytes in the longest text, with 9 digits: "0001-01-01 00:00:00.000000000+00:00". */
#define CSV_TIME_SIZE_MAX 40
/* In csv_form.digits: as many as there are, without zeros at the end. */
#define CSV_DIGITS_TRIMMED 255u

enum csv_zone { CSV_ZONE_NONE, CSV_ZONE_Z, CSV_ZONE_OFFSET };

/** struct csv_form - @digits of the second; @t instead of the blank; @offset in minutes, for CSV_ZONE_OFFSET. */
struct csv_form {
	uint8_t digits;
	bool t;
	uint8_t zone;
	int16_t offset;
};

/** csv_date_parse() - Days since 1970-01-01.  Returns false, and sets nothing, for other text. */
bool csv_date_parse(const uint8_t *text, size_t len, int32_t *ret_days);

/** csv_time_parse() - Microseconds since midnight; *@ret_form has its digits, zeros at the end too. */
bool csv_time_parse(const uint8_t *text, size_t len, int64_t *ret_us, struct csv_form *ret_form);

/** csv_stamp_parse() - Microseconds since 1970-01-01 00:00:00, UTC if there is a zone. */
bool csv_stamp_parse(const uint8_t *text, size_t len, int64_t *ret_us, struct csv_form *ret_form);

/** csv_date_print() - At most CSV_TIME_SIZE_MAX bytes, no NUL.  Returns how many; 0 for other years. */
size_t csv_date_print(char *to, int64_t days);

/**
 * csv_time_print() - As csv_date_print(); 0 if it is no time of a day.
 *
 * @value: In units of 10^-@scale seconds; @scale 0, 3, 6, 9.  More digits than @form has are printed all the
 *         same if they are not zero.
 */
size_t csv_time_print(char *to, int64_t value, unsigned int scale, const struct csv_form *form);

/** csv_stamp_print() - As csv_time_print(), for a moment. */
size_t csv_stamp_print(char *to, int64_t value, unsigned int scale, const struct csv_form *form);

/** csv_offset_parse() - "+HH:MM" in minutes. */
bool csv_offset_parse(const uint8_t *text, size_t len, int16_t *ret_minutes);

#endif
