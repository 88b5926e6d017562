/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_TASK_TYPE_H
#define KIST_TASK_TYPE_H

#include "base/json.h"

/*
 * The types of what passes between tasks.
 *
 *     expression = name
 *                | {"list": expression}
 *                | {"tuple": [expression, ...]}
 *                | {"mapping": [key, expression]}         any number of members; key is a string or an integer
 *                | {"mapping": {"<name>": expression, ...}}   these members and no others
 *                | {"union": [expression, ...]}
 *     definition = expression that is no bare name
 *                | {"is_a": name}                         below that type, under a name of its own
 *                | null                                   below any
 *
 * Built in: any, string, number, integer (a number), boolean, null, tensor, table, model, bytes, tree.
 *
 * Limits: KIST_TYPE_*_MAX and KIST_TYPES_*_MAX.
 * Thread: a type is constant; a registry is for one thread at a time.
 * Source: docs/guide/workflows.md.
 */

/** Letters of a type's name. */
#define KIST_TYPE_NAME_LEN_MAX ((size_t)63)
/** Types within each other, through names too. */
#define KIST_TYPE_DEPTH_MAX 24U
/** Parts of one type. */
#define KIST_TYPE_PARTS_MAX ((size_t)65536)
/** Members of a union. */
#define KIST_TYPE_UNION_MAX ((size_t)64)
/** Types that one kist_type_fits() compares. */
#define KIST_TYPE_STEPS_MAX ((size_t)1 << 20)
/** Definitions in a registry, and types of all sorts. */
#define KIST_TYPES_NAMED_MAX ((size_t)512)
#define KIST_TYPES_COUNT_MAX ((size_t)1 << 18)

/** What a type is made of. */
enum kist_type_form {
	KIST_TYPE_UNKNOWN = 0, /* of what was reported as wrong already: fits all and is fitted by all */
	KIST_TYPE_SIMPLE,
	KIST_TYPE_LIST,	   /* part 0: of each element */
	KIST_TYPE_TUPLE,   /* a part for each element */
	KIST_TYPE_MAPPING, /* part 0: of the keys, part 1: of the values */
	KIST_TYPE_RECORD,  /* a mapping whose members are told one by one: a key and a part for each */
	KIST_TYPE_UNION	   /* a part for each member; none of them is a union */
};

/** struct kist_type - A type; lives as long as its registry.  Those that are built in live forever. */
struct kist_type {
	enum kist_type_form form;
	unsigned depth;
	const char *name;	      /* or NULL */
	const struct kist_type *base; /* of a simple one: what it is a kind of; NULL of any */
	size_t part_count;
	const struct kist_type *const *parts;
	const char *const *keys;
};

/** The types that are built in. */
extern const struct kist_type kist_type_unknown;
extern const struct kist_type kist_type_any;
extern const struct kist_type kist_type_string;
extern const struct kist_type kist_type_number;
extern const struct kist_type kist_type_integer;
extern const struct kist_type kist_type_boolean;
extern const struct kist_type kist_type_null;
extern const struct kist_type kist_type_tensor;
extern const struct kist_type kist_type_table;
extern const struct kist_type kist_type_model;
extern const struct kist_type kist_type_bytes;
extern const struct kist_type kist_type_tree;

/** kist_type_builtin() - The i-th of those with a name, or NULL past their end. */
const struct kist_type *kist_type_builtin(size_t i);

/** struct kist_types - A registry: definitions by name, and all types that were made with it. */
struct kist_types;

/** kist_types_new() - An empty registry.  kist_types_free() it.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_types_new(struct kist_types **ret, struct kist_error *err);
/** kist_types_free() - Accepts NULL. */
void kist_types_free(struct kist_types *types);

static inline void kist_types_free_(struct kist_types **slot)
{
	kist_types_free(*slot);
}
#define kist_auto_types __attribute__((cleanup(kist_types_free_)))

/**
 * kist_types_declare() - Says that @name is defined by @definition, which is read when the name is first used.
 *
 * So definitions may use each other in any order.
 *
 * @definition: Shared: a reference is taken.
 *
 * Errors: KIST_INVALID with the code E_TYPE_NAME (no name, built in, defined twice), KIST_LIMIT,
 * KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_types_declare(struct kist_types *types, const char *name,
					    const json_t *definition, struct kist_error *err);

/**
 * kist_types_find() - The type with this name, built in or declared.
 *
 * A definition that is wrong is told once: after that its name is kist_type_unknown.
 *
 * @ret_where: The part of a definition that is wrong; on failure only.  NULL allowed.
 *
 * Errors: KIST_INVALID with the code E_TYPE_UNKNOWN (no such type: the text has the nearest), E_TYPE_CYCLE
 * (with the way round) or E_TYPE; KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_types_find(struct kist_types *types, const char *name,
					 const struct kist_type **ret, const json_t **ret_where,
					 struct kist_error *err);

/** kist_types_parse() - Reads an expression.  Errors: as kist_types_find(). */
KIST_CHECKED kist_status kist_types_parse(struct kist_types *types, const json_t *expression,
					  const struct kist_type **ret, const json_t **ret_where,
					  struct kist_error *err);

/** struct kist_type_parts - What a structured type is made of; all borrowed. */
struct kist_type_parts {
	enum kist_type_form form;
	const char *name; /* or NULL */
	size_t count;
	const struct kist_type *const *parts;
	const char *const *keys; /* of a record; else NULL */
};

/**
 * kist_types_make() - A type of these parts.  A union's members that are unions are replaced by theirs, and
 * what stands twice in it counts once.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_types_make(struct kist_types *types, const struct kist_type_parts *parts,
					 const struct kist_type **ret, struct kist_error *err);

/** kist_types_simple() - A simple type below @base, named @name.  Errors: as kist_types_make(). */
KIST_CHECKED kist_status kist_types_simple(struct kist_types *types, const char *name,
					   const struct kist_type *base, const struct kist_type **ret,
					   struct kist_error *err);

/**
 * kist_types_infer() - The type of a literal: a list is a tuple, an object is a record.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_types_infer(struct kist_types *types, const json_t *value,
					  const struct kist_type **ret, struct kist_error *err);

/**
 * kist_type_fits() - Whether a value of type @given may be passed where @wanted is expected.
 *
 * All fits any; what is any fits nothing else.  A simple type fits what it is a kind of.  A union fits when each
 * of its members does, and is fitted by what fits one of them.  Two structured types with names fit when the
 * names are the same, whatever they are made of.  Otherwise part by part: a tuple fits a list when each element
 * does; a record fits a mapping from strings when each value does, and a record that has the same keys.
 * What cannot be told in KIST_TYPE_STEPS_MAX comparisons does not fit.
 *
 * Thread: pure.
 */
bool kist_type_fits(const struct kist_type *given, const struct kist_type *wanted);

/**
 * kist_type_may_hold() - Whether something that is declared to be of type @wanted may be a value whose inferred
 * type is @literal: as kist_type_fits(), but a text may be what is a kind of string.
 *
 * Thread: pure.
 */
bool kist_type_may_hold(const struct kist_type *wanted, const struct kist_type *literal);

/**
 * kist_type_print() - @type as one would write it in YAML: "{list: number}"; a type with a name is its name.
 *
 * @ret: NUL-terminated; what does not fit in @size bytes is cut and ended by "...".  @size is at least 4.
 */
void kist_type_print(const struct kist_type *type, char *ret, size_t size);

#endif
