/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/utf8.h"
#include "object/arrow_format.h"
#include "object/check.h"

/* Pairs of keys and values, and bytes of each, in a schema's metadata. */
#define METADATA_PAIRS_MAX 65536
#define METADATA_SIZE_MAX  (1 << 24)
/* Schemas in the whole tree: children of children multiply. */
#define NODES_MAX ((int64_t)1 << 20)

static kist_status bad(struct kist_error *err, const struct ArrowSchema *schema, const char *text)
{
	const char *const name = schema->name ? schema->name : "";

	return kist_fail_at(err, KIST_INVALID, "E_SCHEMA", KIST_NO_OFFSET, "column '%.64s': %s", name, text);
}

static kist_status check_text(const struct ArrowSchema *schema, struct kist_error *err)
{
	if (schema->name &&
	    (strnlen(schema->name, KIST_OBJECT_NAME_SIZE_MAX + 1) > KIST_OBJECT_NAME_SIZE_MAX ||
	     !kist_utf8_valid(schema->name, strlen(schema->name))))
		return kist_fail_at(err, KIST_INVALID, "E_SCHEMA", KIST_NO_OFFSET,
				    "the name of a column is too long or not UTF-8");
	if (!schema->format)
		return bad(err, schema, "the schema has no format");
	if (strnlen(schema->format, KIST_ARROW_FORMAT_SIZE_MAX + 1) > KIST_ARROW_FORMAT_SIZE_MAX ||
	    !kist_utf8_valid(schema->format, strlen(schema->format)))
		return bad(err, schema, "the format is too long or not UTF-8");
	return KIST_OK;
}

/* Reads a length in the machine's byte order and moves on; false when it is negative or too large. */
static bool take_length(const char **at, int32_t max, int32_t *ret)
{
	memcpy(ret, *at, sizeof(*ret));
	*at += sizeof(*ret);
	return *ret >= 0 && *ret <= max;
}

static kist_status check_metadata(const struct ArrowSchema *schema, struct kist_error *err)
{
	const char *at = schema->metadata;
	int32_t pairs;

	if (!at)
		return KIST_OK;
	if (!take_length(&at, METADATA_PAIRS_MAX, &pairs))
		return bad(err, schema, "the number of metadata pairs is out of range");
	for (int64_t i = 0; i < 2 * (int64_t)pairs; i++) {
		int32_t len;

		if (!take_length(&at, METADATA_SIZE_MAX, &len) ||
		    at + len - schema->metadata > METADATA_SIZE_MAX)
			return bad(err, schema, "the metadata are too long");
		at += len;
	}
	return KIST_OK;
}

/* Number of children that the format asks for; -1 for any. */
static int64_t children_of(const struct kist_arrow_format *format)
{
	switch (format->layout) {
	case KIST_ARROW_LIST:
	case KIST_ARROW_LISTVIEW:
	case KIST_ARROW_FIXED_LIST:
	case KIST_ARROW_MAP:
		return 1;
	case KIST_ARROW_RUN_END:
		return 2;
	case KIST_ARROW_SPARSE_UNION:
	case KIST_ARROW_DENSE_UNION:
		return format->member_count;
	case KIST_ARROW_STRUCT:
		return -1;
	default:
		return 0;
	}
}

static bool is_format(const struct ArrowSchema *schema, const char *set)
{
	return schema->format[0] != '\0' && schema->format[1] == '\0' && strchr(set, schema->format[0]);
}

static kist_status check_special(const struct ArrowSchema *schema, const struct kist_arrow_format *format,
				 struct kist_error *err)
{
	if (schema->dictionary && (format->layout != KIST_ARROW_FIXED || !is_format(schema, "cCsSiIlL")))
		return bad(err, schema, "a dictionary's indices must be integers");
	if (format->layout == KIST_ARROW_RUN_END && !is_format(schema->children[0], "sil"))
		return bad(err, schema, "run ends must be int16, int32 or int64");
	if (format->layout == KIST_ARROW_MAP &&
	    (strcmp(schema->children[0]->format, "+s") != 0 || schema->children[0]->n_children != 2))
		return bad(err, schema, "the entries of a map must be a struct of key and value");
	return KIST_OK;
}

static kist_status check_children_count(const struct ArrowSchema *schema,
					const struct kist_arrow_format *format, struct kist_error *err)
{
	const int64_t want = children_of(format);

	if (schema->n_children < 0 || (want >= 0 && schema->n_children != want))
		return kist_fail_at(err, KIST_INVALID, "E_SCHEMA", KIST_NO_OFFSET,
				    "column '%.64s': the format '%.64s' has %lld children",
				    schema->name ? schema->name : "", schema->format,
				    (long long)schema->n_children);
	if (schema->n_children > KIST_ARROW_CHILDREN_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_SCHEMA", KIST_NO_OFFSET,
				    "%lld columns: at most %lld are allowed", (long long)schema->n_children,
				    (long long)KIST_ARROW_CHILDREN_MAX);
	if (schema->n_children > 0 && !schema->children)
		return bad(err, schema, "children at no address");
	return KIST_OK;
}

static kist_status check_node(const struct ArrowSchema *schema, int depth, int64_t *nodes,
			      struct kist_error *err)
{
	struct kist_arrow_format format;

	if (!schema)
		return kist_fail_at(err, KIST_INVALID, "E_SCHEMA", KIST_NO_OFFSET, "a schema at no address");
	if (!schema->release)
		return kist_fail_at(err, KIST_INVALID, "E_SCHEMA", KIST_NO_OFFSET, "the schema is released");
	if (depth > KIST_ARROW_DEPTH_MAX || ++*nodes > NODES_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_SCHEMA", KIST_NO_OFFSET,
				    "the schema is nested deeper than %d, or has more than %lld parts",
				    KIST_ARROW_DEPTH_MAX, (long long)NODES_MAX);
	KIST_TRY(check_text(schema, err));
	if (!kist_arrow_format_parse(schema->format, &format))
		return kist_fail_at(err, KIST_UNSUPPORTED, "E_SCHEMA", KIST_NO_OFFSET,
				    "column '%.64s': no such format: '%.64s'",
				    schema->name ? schema->name : "", schema->format);
	KIST_TRY(check_metadata(schema, err));
	KIST_TRY(check_children_count(schema, &format, err));
	for (int64_t i = 0; i < schema->n_children; i++)
		KIST_TRY(check_node(schema->children[i], depth + 1, nodes, err));
	if (schema->dictionary)
		KIST_TRY(check_node(schema->dictionary, depth + 1, nodes, err));
	return check_special(schema, &format, err);
}

kist_status kist_schema_tree_check(const struct ArrowSchema *schema, struct kist_error *err)
{
	int64_t nodes = 0;

	return check_node(schema, 1, &nodes, err);
}
