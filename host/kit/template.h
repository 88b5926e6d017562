/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_TEMPLATE_H
#define KIST_KIT_TEMPLATE_H

#include "base/err.h"
#include "kist/plugin.h"

/*
 * A new plugin's folder, written from templates: source, manifest, Makefile, CMakeLists.txt, README.
 *
 *     "@NAME@"  mask            "@ID@"     org.example.mask     "@CAMEL@"  Mask
 *     "@IDENT@" mask            "@SOURCE@" mask.c               "@MAGIC@"  eight bytes, as C writes them
 *
 * Other words between two '@' stay: the build fills them in.
 *
 * Thread: pure but for the folder.
 */

/** Bytes of a plugin's short name, the last part of its id, NUL included. */
#define KIST_KIT_NAME_SIZE ((size_t)33)

enum kist_kit_language { KIST_KIT_C, KIST_KIT_CXX };
enum kist_kit_subject { KIST_KIT_SERIALIZER, KIST_KIT_TASK };

/** struct kist_kit_order - What is to be written. */
struct kist_kit_order {
	const char *name; /* "mask", for org.example.mask, or an id */
	enum kist_kit_language language;
	enum kist_kit_subject subject;
};

/** struct kist_kit_names - What a plugin is called, derived from order.name. */
struct kist_kit_names {
	char id[KIST_ID_SIZE];		/* "org.example.my-mask" */
	char name[KIST_KIT_NAME_SIZE];	/* "my-mask": the folder, the library, the extension of its files */
	char ident[KIST_KIT_NAME_SIZE]; /* "my_mask" */
	char upper[KIST_KIT_NAME_SIZE]; /* "MY_MASK" */
	char camel[KIST_KIT_NAME_SIZE]; /* "MyMask" */
};

/**
 * kist_kit_name() - Checks a name and derives the others from it.
 *
 * Errors: KIST_INVALID: no id, a short name that is no lower-case word, an id that is kist's.
 */
KIST_CHECKED kist_status kist_kit_name(const char *name, struct kist_kit_names *ret, struct kist_error *err);

/**
 * kist_kit_write() - Writes the folder names.name below the current one.
 *
 * @templates: Folder of the templates.
 * @ret:       What it is called.
 *
 * Errors: as kist_kit_name(); KIST_EXISTS (there is one already: nothing is touched); KIST_NOT_FOUND (templates
 * that are not installed); KIST_IO.  What was written is removed again.
 */
KIST_CHECKED kist_status kist_kit_write(const char *templates, const struct kist_kit_order *order,
					struct kist_kit_names *ret, struct kist_error *err);

#endif
