/* SPDX-License-Identifier: Apache-2.0 */
#include "document/document.h"

#include <string.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "document/scalar.h"

struct kist_document {
	struct kist_arena arena;
	const struct kist_node *root;
	size_t node_count;
};

/* A list or mapping that has begun and not ended. */
struct level {
	struct kist_node *node;
	const struct kist_node **tail;
	bool has_key;	 /* the next node of this mapping is a value */
	const char *key; /* its key; NULL: it goes nowhere */
	struct kist_place key_place;
};

struct reading {
	struct kist_document *document;
	struct kist_issues *issues;
	struct kist_error *err;
	struct kist_view text;
	struct level levels[KIST_DOCUMENT_DEPTH_MAX];
	size_t depth;
	unsigned documents;
	bool ended;  /* there is no more, or no more can be read */
	bool broken; /* the latter: what there is of a tree means nothing */
};

void kist_document_free(struct kist_document *document)
{
	if (!document)
		return;
	kist_arena_done(&document->arena);
	kist_free(document);
}

const struct kist_node *kist_document_root(const struct kist_document *document)
{
	return document->root;
}

const struct kist_node *kist_node_get(const struct kist_node *map, const char *key)
{
	for (const struct kist_node *node = map->kind == KIST_NODE_MAP ? map->first : NULL; node;
	     node = node->next) {
		if (strcmp(node->key, key) == 0)
			return node;
	}
	return NULL;
}

const char *kist_node_kind_name(enum kist_node_kind kind)
{
	static const char *const names[] = { "null",   "a boolean", "an integer", "a number",
					     "a text", "a list",    "a mapping" };

	return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

static struct kist_place place_of(yaml_mark_t mark)
{
	return (struct kist_place){ (uint32_t)mark.line + 1, (uint32_t)mark.column + 1 };
}

/* The place of a byte: libyaml has none for what its reader refuses. */
static struct kist_place place_of_byte(struct kist_view text, size_t offset)
{
	struct kist_place place = { 1, 1 };

	for (size_t i = 0; i < offset && i < text.size; i++) {
		if (text.data[i] == '\n') {
			place = (struct kist_place){ place.line + 1, 1 };
		} else if ((text.data[i] & 0xc0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

/* Nothing behind it is read. */
static void stop(struct reading *reading, struct kist_place place, const char *code, const char *text)
{
	kist_issue_add(reading->issues, place, code, "%s", text);
	reading->ended = true;
	reading->broken = true;
}

/* YAML 1.1 ends lines at these too, editors do not: places would be wrong. */
static bool is_foreign_break(const uint8_t *at, size_t len)
{
	return (len == 2 && memcmp(at, "\xc2\x85", 2) == 0) ||
	       (len == 3 && (memcmp(at, "\xe2\x80\xa8", 3) == 0 || memcmp(at, "\xe2\x80\xa9", 3) == 0));
}

static void check_text(struct reading *reading)
{
	const struct kist_view text = reading->text;

	if (text.size > KIST_DOCUMENT_SIZE_MAX) {
		kist_issue_add(reading->issues, (struct kist_place){ 0, 0 }, "E_YAML_LIMIT",
			       "%zu bytes: at most %zu are read", text.size, KIST_DOCUMENT_SIZE_MAX);
		reading->ended = true;
		reading->broken = true;
		return;
	}
	for (size_t i = 0; i < text.size && !reading->ended;) {
		const size_t step = kist_utf8_step((const char *)text.data + i, text.size - i);

		if (step == 0)
			stop(reading, place_of_byte(text, i), "E_YAML_UTF8", "this is not UTF-8");
		else if (is_foreign_break(text.data + i, step))
			stop(reading, place_of_byte(text, i), "E_YAML",
			     "a character that ends a line for some readers only: write it as \\u2028");
		i += step;
	}
}

static struct level *top(struct reading *reading)
{
	return reading->depth > 0 ? &reading->levels[reading->depth - 1] : NULL;
}

/* The mapping whose next key is to come, or NULL. */
static struct level *wants_key(struct reading *reading)
{
	struct level *level = top(reading);

	return level && level->node->kind == KIST_NODE_MAP && !level->has_key ? level : NULL;
}

/* Hangs @node where the reading is; a value whose key was refused hangs nowhere. */
static void hang(struct reading *reading, struct kist_node *node)
{
	struct level *level = top(reading);

	if (!level) {
		reading->document->root = node;
		return;
	}
	if (level->node->kind == KIST_NODE_MAP) {
		node->key = level->key;
		node->key_place = level->key_place;
		level->has_key = false;
		if (!node->key)
			return;
	}
	*level->tail = node;
	level->tail = &node->next;
	level->node->count++;
}

static kist_status new_node(struct reading *reading, enum kist_node_kind kind, struct kist_place place,
			    struct kist_node **ret)
{
	struct kist_node *node;

	if (reading->document->node_count == KIST_DOCUMENT_NODES_MAX) {
		kist_issue_add(reading->issues, place, "E_YAML_LIMIT", "more than %zu values",
			       KIST_DOCUMENT_NODES_MAX);
		reading->ended = true;
		reading->broken = true;
	}
	node = kist_arena_take(&reading->document->arena, sizeof(*node), reading->err);
	if (!node)
		return KIST_NO_MEMORY;
	reading->document->node_count++;
	*node = (struct kist_node){ .kind = kind, .place = place, .text = "" };
	*ret = node;
	return KIST_OK;
}

/* The next value of the mapping is for this key; a key that is refused is told, and its value goes nowhere. */
static void set_key(struct level *level, const char *key, struct kist_place place)
{
	level->has_key = true;
	level->key = key;
	level->key_place = place;
}

static kist_status read_key(struct reading *reading, struct level *level, const char *text, size_t len,
			    struct kist_place place)
{
	const struct kist_node *map = level->node;
	const struct kist_node *first;
	const char *key;

	set_key(level, NULL, place);
	if (len > KIST_DOCUMENT_KEY_MAX || strlen(text) != len) {
		kist_issue_add(reading->issues, place, "E_YAML_KEY",
			       "a key of %zu bytes: at most %zu are allowed, and no NUL", len,
			       KIST_DOCUMENT_KEY_MAX);
		return KIST_OK;
	}
	first = kist_node_get(map, text);
	if (first) {
		kist_issue_add(reading->issues, place, "E_YAML_DUPLICATE",
			       "the key '%s' stands in this mapping already, at line %u", text,
			       first->key_place.line);
		return KIST_OK;
	}
	if (map->count == KIST_DOCUMENT_MEMBERS_MAX) {
		kist_issue_add(reading->issues, place, "E_YAML_LIMIT", "a mapping of more than %zu keys",
			       KIST_DOCUMENT_MEMBERS_MAX);
		reading->ended = true;
		reading->broken = true;
		return KIST_OK;
	}
	key = kist_arena_text(&reading->document->arena, text, len, reading->err);
	if (!key)
		return KIST_NO_MEMORY;
	set_key(level, key, place);
	return KIST_OK;
}

static bool is_text_tag(const char *tag)
{
	return strcmp(tag, "!") == 0 || strcmp(tag, YAML_STR_TAG) == 0;
}

/* Anchors and tags: the first would make YAML grow without bound, the second have it make any object. */
static void check_marks(struct reading *reading, struct kist_place place, const yaml_char_t *anchor,
			const yaml_char_t *tag, bool is_scalar)
{
	if (anchor) {
		kist_issue_add(reading->issues, place, "E_YAML_ALIAS", "the anchor '&%s' is not read",
			       (const char *)anchor);
		kist_issue_hint(reading->issues,
				"write the value out where it is needed, or make it a parameter");
	}
	if (tag && !(is_scalar && is_text_tag((const char *)tag))) {
		kist_issue_add(reading->issues, place, "E_YAML_TAG", "the tag '%s' is not read",
			       (const char *)tag);
		kist_issue_hint(reading->issues, "leave it out: values have the types of the core schema");
	}
}

static kist_status read_scalar(struct reading *reading, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	const size_t len = event->data.scalar.length;
	const struct kist_place place = place_of(event->start_mark);
	const bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag;
	const char *why = NULL;
	struct level *level = wants_key(reading);
	struct kist_node *node;

	check_marks(reading, place, event->data.scalar.anchor, event->data.scalar.tag, true);
	if (level)
		return read_key(reading, level, text, len, place);
	KIST_TRY(new_node(reading, KIST_NODE_TEXT, place, &node));
	hang(reading, node);
	if (len > KIST_DOCUMENT_SCALAR_MAX || strlen(text) != len) {
		kist_issue_add(reading->issues, place, "E_YAML_LIMIT",
			       "a text of %zu bytes: at most %zu are allowed, and no NUL", len,
			       KIST_DOCUMENT_SCALAR_MAX);
		return KIST_OK;
	}
	node->text = kist_arena_text(&reading->document->arena, text, len, reading->err);
	node->len = len;
	node->is_plain = plain;
	if (!node->text)
		return KIST_NO_MEMORY;
	if (plain)
		why = kist_scalar_resolve(node);
	if (why) {
		kist_issue_add(reading->issues, place, "E_YAML_NUMBER", "'%s' %s", node->text, why);
		kist_issue_hint(reading->issues, "write it in quotes if it is meant as text");
	}
	return KIST_OK;
}

static kist_status begin(struct reading *reading, enum kist_node_kind kind, struct kist_place place)
{
	struct level *level = wants_key(reading);
	struct kist_node *node;

	if (reading->depth == KIST_DOCUMENT_DEPTH_MAX) {
		kist_issue_add(reading->issues, place, "E_YAML_LIMIT",
			       "more than %u values within each other", KIST_DOCUMENT_DEPTH_MAX);
		reading->ended = true;
		reading->broken = true;
		return KIST_OK;
	}
	KIST_TRY(new_node(reading, kind, place, &node));
	if (level) {
		kist_issue_add(reading->issues, place, "E_YAML_KEY", "a key must be a text, not %s",
			       kist_node_kind_name(kind));
		set_key(level, NULL, place);
	} else {
		hang(reading, node);
	}
	reading->levels[reading->depth++] = (struct level){ .node = node, .tail = &node->first };
	return KIST_OK;
}

/* What it stands for is not known: null in its place. */
static kist_status read_alias(struct reading *reading, const yaml_event_t *event)
{
	const struct kist_place place = place_of(event->start_mark);
	struct level *level = wants_key(reading);
	struct kist_node *node;

	kist_issue_add(reading->issues, place, "E_YAML_ALIAS", "the alias '*%s' is not read",
		       (const char *)event->data.alias.anchor);
	kist_issue_hint(reading->issues, "write the value out where it is needed, or make it a parameter");
	if (level) {
		set_key(level, NULL, place);
		return KIST_OK;
	}
	KIST_TRY(new_node(reading, KIST_NODE_NULL, place, &node));
	hang(reading, node);
	return KIST_OK;
}

static kist_status read_event(struct reading *reading, const yaml_event_t *event)
{
	const struct kist_place place = place_of(event->start_mark);

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++reading->documents > 1)
			stop(reading, place, "E_YAML_DOCUMENTS",
			     "a second document begins here: one is read");
		return KIST_OK;
	case YAML_ALIAS_EVENT:
		return read_alias(reading, event);
	case YAML_SCALAR_EVENT:
		return read_scalar(reading, event);
	case YAML_SEQUENCE_START_EVENT:
		check_marks(reading, place, event->data.sequence_start.anchor, event->data.sequence_start.tag,
			    false);
		return begin(reading, KIST_NODE_LIST, place);
	case YAML_MAPPING_START_EVENT:
		check_marks(reading, place, event->data.mapping_start.anchor, event->data.mapping_start.tag,
			    false);
		return begin(reading, KIST_NODE_MAP, place);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		reading->depth--;
		return KIST_OK;
	case YAML_STREAM_END_EVENT:
		reading->ended = true;
		return KIST_OK;
	default:
		return KIST_OK;
	}
}

static bool is_tab(struct kist_view text, size_t line, size_t column)
{
	size_t at = 0;

	for (; line > 0 && at < text.size; at++)
		line -= text.data[at] == '\n';
	for (; column > 0 && at < text.size; at++)
		column -= (text.data[at] & 0xc0) != 0x80;
	return at < text.size && text.data[at] == '\t';
}

static kist_status fail_syntax(struct reading *reading, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "this is no YAML";
	struct kist_place place = place_of(parser->problem_mark);

	if (parser->error == YAML_MEMORY_ERROR)
		return kist_fail_memory(reading->err, reading->text.size);
	if (parser->error == YAML_READER_ERROR)
		place = place_of_byte(reading->text, parser->problem_offset);
	stop(reading, place, "E_YAML", problem);
	if (is_tab(reading->text, parser->problem_mark.line, parser->problem_mark.column))
		kist_issue_hint(reading->issues, "indent by blanks: YAML takes no tabs there");
	else if (parser->context)
		kist_issue_hint(reading->issues, "%s that begins at line %zu", parser->context,
				parser->context_mark.line + 1);
	return KIST_OK;
}

static kist_status read_events(struct reading *reading)
{
	yaml_parser_t parser __attribute__((cleanup(yaml_parser_delete)));

	if (!yaml_parser_initialize(&parser))
		return kist_fail_memory(reading->err, sizeof(parser));
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, reading->text.data, reading->text.size);
	while (!reading->ended) {
		yaml_event_t event;
		kist_status status;

		if (!yaml_parser_parse(&parser, &event))
			return fail_syntax(reading, &parser);
		status = read_event(reading, &event);
		yaml_event_delete(&event);
		KIST_TRY(status);
	}
	return KIST_OK;
}

kist_status kist_document_parse(struct kist_view text, struct kist_issues *issues, struct kist_document **ret,
				struct kist_error *err)
{
	kist_auto_document struct kist_document *document = kist_alloc(1, sizeof(*document));
	struct reading reading = { .document = document, .issues = issues, .err = err, .text = text };

	if (!document)
		return kist_fail_memory(err, sizeof(*document));
	check_text(&reading);
	if (!reading.ended)
		KIST_TRY(read_events(&reading));
	if (!document->root && issues->error_count == 0)
		kist_issue_add(issues, (struct kist_place){ 1, 1 }, "E_YAML_EMPTY", "there is nothing in it");
	*ret = document->root && !reading.broken ? kist_steal(document) : NULL;
	return KIST_OK;
}

/* What a tree becomes, and how its texts do. */
struct jsoning {
	kist_node_text_json each_text;
	void *ctx;
	struct kist_error *err;
};

static json_t *scalar_json(const struct jsoning *how, const struct kist_node *node)
{
	switch (node->kind) {
	case KIST_NODE_BOOLEAN:
		return json_boolean(node->integer);
	case KIST_NODE_INTEGER:
		return json_integer(node->integer);
	case KIST_NODE_NUMBER:
		return json_real(node->number);
	case KIST_NODE_TEXT:
		return how->each_text ? how->each_text(how->ctx, node, how->err)
				      : json_stringn(node->text, node->len);
	default:
		return json_null();
	}
}

static json_t *node_json(const struct jsoning *how, const struct kist_node *node)
{
	kist_auto_json json_t *made = NULL;

	if (node->kind < KIST_NODE_LIST)
		return scalar_json(how, node);
	made = node->kind == KIST_NODE_LIST ? json_array() : json_object();
	for (const struct kist_node *child = node->first; child; child = child->next) {
		json_t *value = node_json(how, child);
		const int failed = node->kind == KIST_NODE_LIST
					   ? json_array_append_new(made, value)
					   : json_object_set_new(made, child->key, value);

		if (failed)
			return NULL;
	}
	return kist_steal(made);
}

kist_status kist_node_json(const struct kist_node *node, kist_node_text_json each_text, void *ctx,
			   json_t **ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const struct jsoning how = { .each_text = each_text, .ctx = ctx, .err = &why };
	json_t *made = node_json(&how, node);

	if (!made && why.status != KIST_OK)
		return kist_fail_as(err, why.status, &why);
	if (!made)
		return kist_fail_memory(err, sizeof(*made));
	*ret = made;
	return KIST_OK;
}
