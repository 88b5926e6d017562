/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_ARGUMENT_H
#define KIST_PLUGIN_ARGUMENT_H

#include <regex.h>

#include "plugin/field.h"

/*
 * One argument of a schema: its declaration, and whether a value fits it.
 *
 * A pattern comes from a file nobody has vouched for yet, so what makes POSIX regular expressions costly is
 * refused: back-references, and repeat counts past KIST_PATTERN_REPEAT_MAX or more than one of them.
 *
 * Thread: an argument is constant once read.
 */

#define KIST_ARGUMENT_ENUM_MAX	 32
#define KIST_ARGUMENT_NAME_MAX	 ((size_t)63)
#define KIST_ARGUMENT_STRING_MAX ((size_t)4096) /* bytes of a string's value */
#define KIST_PATTERN_LEN_MAX	 ((size_t)256)
#define KIST_PATTERN_REPEAT_MAX	 255

/** struct kist_argument - Borrowed from the schema's JSON, but for @regex. */
struct kist_argument {
	const char *name;
	uint32_t kind; /* KIST_PARAM_* */
	bool required;
	const json_t *preset;	    /* "default", or NULL */
	const json_t *by_extension; /* {"tsv": value}: instead of @preset for names that end so; or NULL */
	const json_t *choices;	    /* "enum", or NULL */
	const json_t *minimum;	    /* or NULL */
	const json_t *maximum;	    /* or NULL */
	size_t length_max;	    /* in characters; SIZE_MAX: none */
	const char *pattern;	    /* or NULL; then @regex is not there */
	regex_t regex;
};

/** kist_argument_init() - Reads the declaration @field.  kist_argument_done() it on success. */
KIST_CHECKED kist_status kist_argument_init(struct kist_argument *argument, const char *name,
					    const struct kist_field *field, struct kist_error *err);
void kist_argument_done(struct kist_argument *argument);

/**
 * kist_argument_check() - Checks @value, read as text when it is a string and @from_text.
 *
 * @ret: New reference: the value in the argument's own type.
 *
 * Errors: KIST_INVALID E_PARAM, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_argument_check(const struct kist_argument *argument, const json_t *value,
					     bool from_text, json_t **ret, struct kist_error *err);

#endif
