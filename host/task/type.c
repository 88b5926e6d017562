/* SPDX-License-Identifier: Apache-2.0 */
#include "task/type.h"

#include <string.h>

#include "base/utf8.h"

#define SIMPLE(text, below)                                                                                  \
	{                                                                                                    \
		.form = KIST_TYPE_SIMPLE, .depth = 1, .name = (text), .base = (below)                        \
	}

const struct kist_type kist_type_unknown = { .form = KIST_TYPE_UNKNOWN, .depth = 1, .name = "unknown" };
const struct kist_type kist_type_any = SIMPLE("any", NULL);
const struct kist_type kist_type_string = SIMPLE("string", &kist_type_any);
const struct kist_type kist_type_number = SIMPLE("number", &kist_type_any);
const struct kist_type kist_type_integer = SIMPLE("integer", &kist_type_number);
const struct kist_type kist_type_boolean = SIMPLE("boolean", &kist_type_any);
const struct kist_type kist_type_null = SIMPLE("null", &kist_type_any);
const struct kist_type kist_type_tensor = SIMPLE("tensor", &kist_type_any);
const struct kist_type kist_type_table = SIMPLE("table", &kist_type_any);
const struct kist_type kist_type_model = SIMPLE("model", &kist_type_any);
const struct kist_type kist_type_bytes = SIMPLE("bytes", &kist_type_any);
const struct kist_type kist_type_tree = SIMPLE("tree", &kist_type_any);

const struct kist_type *kist_type_builtin(size_t i)
{
	static const struct kist_type *const all[] = {
		&kist_type_any,	    &kist_type_string, &kist_type_number, &kist_type_integer,
		&kist_type_boolean, &kist_type_null,   &kist_type_tensor, &kist_type_table,
		&kist_type_model,   &kist_type_bytes,  &kist_type_tree
	};

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

/* How much more may be compared, and whether what is given is a literal. */
struct comparing {
	size_t steps;
	bool is_literal;
};

static bool type_fits(const struct kist_type *given, const struct kist_type *wanted, struct comparing *how);

static bool is_below(const struct kist_type *given, const struct kist_type *wanted)
{
	for (; given; given = given->base) {
		if (strcmp(given->name, wanted->name) == 0)
			return true;
	}
	return false;
}

static const struct kist_type *builtin_above(const struct kist_type *type)
{
	for (size_t i = 0; kist_type_builtin(i); i++) {
		if (type == kist_type_builtin(i))
			return type;
	}
	return type->base ? builtin_above(type->base) : type;
}

static bool each_fits(const struct kist_type *given, const struct kist_type *wanted, struct comparing *how)
{
	for (size_t i = 0; i < given->part_count; i++) {
		if (!type_fits(given->parts[i], wanted, how))
			return false;
	}
	return true;
}

static bool fits_one_of(const struct kist_type *given, const struct kist_type *wanted, struct comparing *how)
{
	for (size_t i = 0; i < wanted->part_count; i++) {
		if (type_fits(given, wanted->parts[i], how))
			return true;
	}
	return false;
}

static bool pairs_fit(const struct kist_type *given, const struct kist_type *wanted, struct comparing *how)
{
	if (given->part_count != wanted->part_count)
		return false;
	for (size_t i = 0; i < given->part_count; i++) {
		if (!type_fits(given->parts[i], wanted->parts[i], how))
			return false;
	}
	return true;
}

/* Where @key stands in a record whose keys are likely to come in the same order as those of another. */
static size_t find_key(const struct kist_type *record, const char *key, size_t guess, struct comparing *how)
{
	if (strcmp(record->keys[guess], key) == 0)
		return guess;
	for (size_t i = 0; i < record->part_count && how->steps > 0; i++) {
		how->steps--;
		if (strcmp(record->keys[i], key) == 0)
			return i;
	}
	return record->part_count;
}

static bool records_fit(const struct kist_type *given, const struct kist_type *wanted, struct comparing *how)
{
	/* No key stands twice: as many, and each of them found, is the same keys. */
	if (given->part_count != wanted->part_count)
		return false;
	for (size_t i = 0; i < given->part_count; i++) {
		const size_t at = find_key(wanted, given->keys[i], i, how);

		if (at == wanted->part_count || !type_fits(given->parts[i], wanted->parts[at], how))
			return false;
	}
	return true;
}

static bool structures_fit(const struct kist_type *given, const struct kist_type *wanted,
			   struct comparing *how)
{
	if (given->form == KIST_TYPE_TUPLE && wanted->form == KIST_TYPE_LIST)
		return each_fits(given, wanted->parts[0], how);
	if (given->form == KIST_TYPE_RECORD && wanted->form == KIST_TYPE_MAPPING)
		return type_fits(&kist_type_string, wanted->parts[0], how) &&
		       each_fits(given, wanted->parts[1], how);
	if (given->form != wanted->form)
		return false;
	return given->form == KIST_TYPE_RECORD ? records_fit(given, wanted, how)
					       : pairs_fit(given, wanted, how);
}

static bool type_fits(const struct kist_type *given, const struct kist_type *wanted, struct comparing *how)
{
	if (how->steps == 0)
		return false;
	how->steps--;
	if (given == wanted || wanted == &kist_type_any || given->form == KIST_TYPE_UNKNOWN ||
	    wanted->form == KIST_TYPE_UNKNOWN)
		return true;
	if (given->form == KIST_TYPE_UNION)
		return each_fits(given, wanted, how);
	if (wanted->form == KIST_TYPE_UNION)
		return fits_one_of(given, wanted, how);
	if (given->form == KIST_TYPE_SIMPLE && wanted->form == KIST_TYPE_SIMPLE)
		return is_below(given, how->is_literal ? builtin_above(wanted) : wanted);
	if (given->form == KIST_TYPE_SIMPLE || wanted->form == KIST_TYPE_SIMPLE)
		return false;
	if (given->name && wanted->name)
		return strcmp(given->name, wanted->name) == 0;
	return structures_fit(given, wanted, how);
}

bool kist_type_fits(const struct kist_type *given, const struct kist_type *wanted)
{
	struct comparing how = { .steps = KIST_TYPE_STEPS_MAX };

	return type_fits(given, wanted, &how);
}

bool kist_type_may_hold(const struct kist_type *wanted, const struct kist_type *literal)
{
	struct comparing how = { .steps = KIST_TYPE_STEPS_MAX, .is_literal = true };

	return type_fits(literal, wanted, &how);
}

/* Text that is cut where the room ends. */
struct out {
	char *text;
	size_t used;
	size_t size;
	bool cut;
};

static void put(struct out *out, const char *text)
{
	size_t len = strlen(text);

	if (len >= out->size - out->used) {
		len = out->size - out->used - 1;
		out->cut = true;
	}
	memcpy(out->text + out->used, text, len);
	out->used += len;
}

static void put_type(struct out *out, const struct kist_type *type);

static void put_parts(struct out *out, const struct kist_type *type)
{
	for (size_t i = 0; i < type->part_count && !out->cut; i++) {
		put(out, i ? ", " : "");
		if (type->form == KIST_TYPE_RECORD) {
			put(out, type->keys[i]);
			put(out, ": ");
		}
		put_type(out, type->parts[i]);
	}
}

/* What stands before and behind the parts, by form. */
static const struct {
	const char *before;
	const char *behind;
} brackets[] = { [KIST_TYPE_UNKNOWN] = { "", "" },
		 [KIST_TYPE_SIMPLE] = { "", "" },
		 [KIST_TYPE_LIST] = { "{list: ", "}" },
		 [KIST_TYPE_TUPLE] = { "{tuple: [", "]}" },
		 [KIST_TYPE_MAPPING] = { "{mapping: [", "]}" },
		 [KIST_TYPE_RECORD] = { "{mapping: {", "}}" },
		 [KIST_TYPE_UNION] = { "{union: [", "]}" } };

static void put_type(struct out *out, const struct kist_type *type)
{
	if (type->name) {
		put(out, type->name);
		return;
	}
	put(out, brackets[type->form].before);
	put_parts(out, type);
	put(out, brackets[type->form].behind);
}

void kist_type_print(const struct kist_type *type, char *ret, size_t size)
{
	struct out out = { .text = ret, .size = size };
	size_t end;

	put_type(&out, type);
	if (!out.cut) {
		ret[out.used] = '\0';
		return;
	}
	/* Cut at a character: a key may be of any letters. */
	for (end = 0; end + 4 <= size;) {
		const size_t step = kist_utf8_step(ret + end, out.used - end);

		if (step == 0 || end + step + 4 > size)
			break;
		end += step;
	}
	memcpy(ret + end, "...", 4);
}
