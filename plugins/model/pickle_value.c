/* SPDX-License-Identifier: Apache-2.0 */

/* What a scan has found, looked at. */
#include "pickle.h"

enum pickle_verdict pickle_verdict(const struct pickle *pickle)
{
	if (pickle->malformed.code)
		return PICKLE_MALFORMED;
	return pickle->has_unknown ? PICKLE_UNKNOWN_GLOBALS : PICKLE_CLEAN;
}

const char *pickle_verdict_name(enum pickle_verdict verdict)
{
	static const char *const names[] = { "clean_allowlist", "unknown_globals", "malformed" };

	return names[verdict];
}

const struct pickle_node *pickle_at(const struct pickle *pickle, uint32_t node)
{
	return (const struct pickle_node *)pickle->nodes.items + node;
}

static const char *global_name(const struct pickle *pickle, size_t i)
{
	return (const char *)pickle->names.items +
	       ((const struct pickle_global *)pickle->globals.items)[i].name;
}

bool pickle_is_global(const struct pickle *pickle, uint32_t node, const char *name)
{
	const struct pickle_node *const at = node == PICKLE_NO ? NULL : pickle_at(pickle, node);

	return at && at->kind == PICKLE_GLOBAL && strcmp(global_name(pickle, (size_t)at->number), name) == 0;
}

uint32_t pickle_item(const struct pickle *pickle, uint32_t node, uint32_t i)
{
	const struct pickle_link *const links = pickle->links.items;
	uint32_t link = node == PICKLE_NO ? PICKLE_NO : pickle_at(pickle, node)->items;

	while (link != PICKLE_NO && i-- > 0)
		link = links[link].next;
	return link == PICKLE_NO ? PICKLE_NO : links[link].value;
}

kist_status pickle_read_text(struct model_reader *reader, const struct pickle *pickle, uint32_t node,
			     char *ret, size_t size, bool *ret_is)
{
	const struct pickle_node *const text = node == PICKLE_NO ? NULL : pickle_at(pickle, node);
	const uint64_t at = reader->at;

	*ret_is = false;
	if (!text || text->kind != PICKLE_TEXT || text->number < 0 || (uint64_t)text->number >= size)
		return KIST_OK;
	reader->at = text->at;
	MODEL_TRY(model_reader_bytes(reader, ret, (uint64_t)text->number));
	reader->at = at;
	ret[text->number] = '\0';
	*ret_is = strlen(ret) == (size_t)text->number && model_is_utf8(ret, (size_t)text->number);
	return KIST_OK;
}

void pickle_describe(const struct pickle *pickle, struct model_out *out)
{
	const struct pickle_global *const globals = pickle->globals.items;
	bool first = true;

	model_out_text(out, "{\"verdict\":\"");
	model_out_text(out, pickle_verdict_name(pickle_verdict(pickle)));
	model_out_text(out, "\",\"protocol\":");
	model_out_number(out, pickle->protocol);
	model_out_text(out, ",\"pickles\":");
	model_out_number(out, pickle->count);
	if (pickle->malformed.code) {
		model_out_text(out, ",\"why\":");
		model_out_string(out, pickle->malformed.text, strlen(pickle->malformed.text));
	}
	for (int is_known = 0; is_known < 2; is_known++) {
		model_out_text(out, is_known ? ",\"known_globals\":[" : ",\"unknown_globals\":[");
		first = true;
		for (size_t i = 0; i < pickle->globals.count; i++) {
			const char *const name = global_name(pickle, i);

			if (globals[i].is_known != (is_known == 1))
				continue;
			model_out_text(out, first ? "" : ",");
			/* A name may be any bytes. */
			if (model_is_utf8(name, strlen(name)))
				model_out_string(out, name, strlen(name));
			else
				model_out_text(out, "\"? ?\"");
			first = false;
		}
		model_out_text(out, "]");
	}
	model_out_text(out, "}");
}
