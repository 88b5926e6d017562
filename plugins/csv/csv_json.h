/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_JSON_H
#define CSV_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A reader of JSON, one value after the other: what is not asked for is passed over.
 *
 *     if (csv_json_begin(j, '{'))
 *             while (csv_json_key(j, &key))
 *                     ... one value, or csv_json_skip(j);
 *
 * Once something is wrong, @bad stays set and everything ends.  Values may be nested CSV_JSON_DEPTH_MAX deep.
 *
 * Thread: one at a time.
 */

#define CSV_JSON_DEPTH_MAX 32u

/** struct csv_json_text - A string without its escapes.  Not NUL-terminated. */
struct csv_json_text {
	const char *data;
	size_t len;
};

/**
 * struct csv_json - @at, @end: what is left of the text.  Borrowed.
 *
 * @room: Where strings go; as many bytes as the text has.  Borrowed.
 */
struct csv_json {
	const char *at;
	const char *end;
	char *room;
	unsigned int depth;
	bool first; /* nothing was read of the array or object that was begun last */
	bool bad;
};

/** csv_json_begin() - Whether an object (@open '{') or an array ('[') begins here; another value is passed over. */
bool csv_json_begin(struct csv_json *json, char open);

/** csv_json_key() - The next key of the object, or false at its end. */
bool csv_json_key(struct csv_json *json, struct csv_json_text *ret);

/** csv_json_item() - Whether the array has another item, which is read next; false at its end. */
bool csv_json_item(struct csv_json *json);

/** csv_json_string() - A string; false for another value, which is passed over. */
bool csv_json_string(struct csv_json *json, struct csv_json_text *ret);

/** csv_json_true() - Whether the value is true; any other is passed over. */
bool csv_json_true(struct csv_json *json);

/** csv_json_skip() - Passes over a value. */
void csv_json_skip(struct csv_json *json);

/** csv_json_ended() - Whether nothing was wrong and nothing but blanks is left. */
bool csv_json_ended(struct csv_json *json);

/** csv_json_is() - Whether a text is @word. */
bool csv_json_is(const struct csv_json_text *text, const char *word);

#endif
