/* SPDX-License-Identifier: Apache-2.0 */

/*
 * YAML from hostile bytes: what is read keeps the limits, has its place in the text and becomes JSON; what is not
 * read is told.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "document/document.h"

static size_t try_node(const struct kist_node *node, unsigned depth)
{
	size_t nodes = 1;
	size_t count = 0;

	must(depth <= KIST_DOCUMENT_DEPTH_MAX);
	must(node->place.line > 0 && node->place.column > 0);
	must(strlen(node->text) == node->len && node->len <= KIST_DOCUMENT_SCALAR_MAX);
	for (const struct kist_node *child = node->first; child; child = child->next) {
		must((child->key != NULL) == (node->kind == KIST_NODE_MAP));
		must(node->kind != KIST_NODE_MAP || kist_node_get(node, child->key) == child);
		nodes += try_node(child, depth + 1);
		count++;
	}
	must(count == node->count && (node->kind >= KIST_NODE_LIST || count == 0));
	return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_document struct kist_document *document = NULL;
	kist_auto_json json_t *value = NULL;

	must(kist_document_parse(kist_view_of(data, size), &issues, &document, NULL) == KIST_OK);
	must(kist_issues_finish(&issues, NULL) == KIST_OK);
	must(document || issues.error_count > 0);
	for (size_t i = 0; i < issues.count; i++)
		must(issues.items[i].text[0] != '\0');
	if (!document)
		return 0;
	must(try_node(kist_document_root(document), 0) <= KIST_DOCUMENT_NODES_MAX + 1);
	must(kist_node_json(kist_document_root(document), NULL, NULL, &value, NULL) == KIST_OK);
	return 0;
}
