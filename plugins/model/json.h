/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_JSON_H
#define MODEL_JSON_H

#include "zip.h"

/*
 * JSON in an entry of a zip, looked through from front to back: of every object a few members are told, when they
 * are strings.  Nothing else is kept, so that the size of the text does not matter.
 *
 * Limits: JSON_DEPTH_MAX, JSON_TEXT_MAX.
 * Thread: a struct is used by one thread at a time.
 * Source: RFC 8259.
 */

#define JSON_DEPTH_MAX 200
/** Bytes of a string that is told, NUL included; a longer one is told as empty and JSON_LONG. */
#define JSON_TEXT_MAX  256
#define JSON_NAMES_MAX 4

enum json_found { JSON_ABSENT, JSON_TEXT, JSON_NULL, JSON_LONG, JSON_ELSE };

/** struct json_object - @found, @text: Of each name that was asked for.  @depth: 1 for the outermost. */
struct json_object {
	unsigned depth;
	enum json_found found[JSON_NAMES_MAX];
	char text[JSON_NAMES_MAX][JSON_TEXT_MAX];
};

/** struct json_look - @names: Up to JSON_NAMES_MAX, NULL for none.  @take: Called as each object ends. */
struct json_look {
	const char *names[JSON_NAMES_MAX];
	kist_status (*take)(void *context, const struct json_object *object);
	void *context;
};

/**
 * json_look() - Looks through all of @entry, and proves its CRC-32.
 *
 * Errors: KIST_CORRUPT (E_HEADER_SYNTAX, E_DEPTH; E_DUPLICATE: a member that is told is there twice) and as
 * zip_check(), with @fault set; KIST_NO_MEMORY; what @take, the source and poll give.
 */
kist_status json_look(struct kist_call *call, struct kist_source *source, const struct zip_entry *entry,
		      const struct json_look *look, struct model_fault *fault);

#endif
