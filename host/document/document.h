/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_DOCUMENT_DOCUMENT_H
#define KIST_DOCUMENT_DOCUMENT_H

#include "document/issue.h"

/*
 * YAML that people write, as a tree in which each value knows its line and column.
 *
 * One document of UTF-8; plain scalars mean what the core schema of YAML 1.2 says: "no" and "on" are text.  What
 * makes YAML dangerous or surprising is refused: anchors and aliases, tags of types other than text, a key that
 * stands twice or is no scalar, more than one document.  Every such fault is told; after one of syntax nothing
 * more can be read.
 *
 * Limits: KIST_DOCUMENT_*_MAX.
 * Thread: a document is constant once it is read.
 * Source: YAML 1.2.2, section 10.3.
 */

#define KIST_DOCUMENT_SIZE_MAX	  ((size_t)1 << 20)
#define KIST_DOCUMENT_NODES_MAX	  ((size_t)65536)
#define KIST_DOCUMENT_DEPTH_MAX	  32U
#define KIST_DOCUMENT_SCALAR_MAX  ((size_t)65536) /* bytes of one */
#define KIST_DOCUMENT_KEY_MAX	  ((size_t)255)	  /* bytes of one */
#define KIST_DOCUMENT_MEMBERS_MAX ((size_t)2048)  /* of one mapping */

enum kist_node_kind {
	KIST_NODE_NULL = 0,
	KIST_NODE_BOOLEAN,
	KIST_NODE_INTEGER,
	KIST_NODE_NUMBER,
	KIST_NODE_TEXT,
	KIST_NODE_LIST,
	KIST_NODE_MAP
};

/** struct kist_node - A value, and where it stands. */
struct kist_node {
	enum kist_node_kind kind;
	struct kist_place place;
	const struct kist_node *first; /* of a list's elements or a mapping's members */
	const struct kist_node *next;  /* behind this one in its list or mapping */
	size_t count;		       /* of those within */
	const char *key;	       /* in a mapping: under which it stands; else NULL */
	struct kist_place key_place;
	const char *text; /* of a scalar: as it is written, without quotes; else "" */
	size_t len;
	bool is_plain;	 /* a scalar that stands without quotes and tag */
	int64_t integer; /* BOOLEAN: 0 or 1 */
	double number;
};

struct kist_document;

/**
 * kist_document_parse() - Reads one document.
 *
 * @issues: Every fault is added here.
 * @ret:    kist_document_free() it.  NULL when the text could not be read to its end; with faults of other
 *          sorts the tree lacks what they are about.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_document_parse(struct kist_view text, struct kist_issues *issues,
					     struct kist_document **ret, struct kist_error *err);
/** kist_document_free() - Accepts NULL. */
void kist_document_free(struct kist_document *document);

static inline void kist_document_free_(struct kist_document **slot)
{
	kist_document_free(*slot);
}
#define kist_auto_document __attribute__((cleanup(kist_document_free_)))

/** kist_document_root() - The whole; lives as long as the document. */
const struct kist_node *kist_document_root(const struct kist_document *document);

/** kist_node_of_text() - A JSON string as a node that stands nowhere.  Borrows the text. */
static inline struct kist_node kist_node_of_text(const json_t *string)
{
	return (struct kist_node){ .kind = KIST_NODE_TEXT,
				   .text = json_string_value(string),
				   .len = json_string_length(string) };
}

/** kist_node_get() - Member @key of a mapping, or NULL. */
const struct kist_node *kist_node_get(const struct kist_node *map, const char *key);

/** kist_node_kind_name() - "a list", for messages.  Static. */
const char *kist_node_kind_name(enum kist_node_kind kind);

/** What a text becomes: a new reference; or NULL, with the reason in @err. */
typedef json_t *(*kist_node_text_json)(void *ctx, const struct kist_node *text, struct kist_error *err);

/**
 * kist_node_json() - The value as JSON.  New reference.
 *
 * @each_text: Of each text in it; NULL: texts stay as they are.
 *
 * Errors: KIST_NO_MEMORY; those of @each_text.
 */
KIST_CHECKED kist_status kist_node_json(const struct kist_node *node, kist_node_text_json each_text,
					void *ctx, json_t **ret, struct kist_error *err);

#endif
