/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/file.h"
#include "document/scalar.h"

/* One text of a value on its way: which, and what came of it. */
struct texting {
	const struct kist_config_reading *reading;
	const struct kist_config_key *key;
	const struct kist_node *node;
	const char *text; /* with variables put in */
	bool has_variables;
	bool is_raw;
};

/* What is wrong with a value; a member of a mapping has its name said. */
static void tell(const struct texting *texting, const char *code, const char *between,
		 const struct kist_error *why)
{
	const struct kist_node *node = texting->node;
	const bool is_member = kist_config_is_map(texting->key) && node->key;

	kist_issue_add(&texting->reading->file->issues, node->place, code, "'%s%s%s'%s%s", texting->key->name,
		       is_member ? "." : "", is_member ? node->key : "", between, why->text);
}

static void tell_kind(const struct kist_config_reading *reading, const struct kist_config_key *key,
		      const struct kist_node *node)
{
	char takes[160];

	kist_config_takes(key, takes);
	kist_issue_add(&reading->file->issues, node->place, "E_SCHEMA", "'%s' takes %s, not %s", key->name,
		       takes, kist_node_kind_name(node->kind));
}

/* *@ret: whether there is a text to go on with. */
static kist_status put_variables(struct texting *texting, bool *ret, struct kist_error *err)
{
	const struct kist_config_reading *reading = texting->reading;
	const struct kist_node *node = texting->node;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_DOCUMENT_SCALAR_MAX);
	struct kist_error why = KIST_ERROR_INIT;
	size_t where = 0;
	kist_status status;

	*ret = true;
	texting->text = node->text;
	texting->has_variables = memchr(node->text, '$', node->len) != NULL;
	if (!texting->has_variables)
		return KIST_OK;
	status =
		kist_interpolate(kist_view_of(node->text, node->len), reading->variable, &text, &where, &why);
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	if (status == KIST_NOT_FOUND && reading->is_lenient) {
		texting->is_raw = true;
	} else if (status != KIST_OK) {
		*ret = false;
		tell(texting, "E_CONFIG_VARIABLE", ": ", &why);
	} else {
		texting->text = kist_arena_text(reading->arena, text.data ? text.data : (const void *)"",
						text.size, err);
	}
	return texting->text ? KIST_OK : KIST_NO_MEMORY;
}

/* Whether there is anything to convert: nothing is known yet of a text that holds variables, when it is checked. */
static bool is_known(const struct texting *texting)
{
	return !texting->is_raw && (texting->reading->variable || !texting->has_variables);
}

static kist_status after(const struct texting *texting, kist_status status, const struct kist_error *why,
			 struct kist_error *err)
{
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, why);
	if (status != KIST_OK)
		tell(texting, "E_CONFIG_VALUE", " ", why);
	return KIST_OK;
}

static kist_status read_scalar(const struct kist_config_reading *reading, const struct kist_config_key *key,
			       const struct kist_node *node, struct kist_config_value *ret,
			       struct kist_error *err)
{
	struct texting texting = { .reading = reading, .key = key, .node = node };
	struct kist_error why = KIST_ERROR_INIT;
	bool go_on;

	if (node->kind == KIST_NODE_NULL || node->kind >= KIST_NODE_LIST) {
		tell_kind(reading, key, node);
		return KIST_OK;
	}
	KIST_TRY(put_variables(&texting, &go_on, err));
	ret->scalar.text = texting.text;
	ret->is_raw = texting.is_raw;
	ret->is_set = go_on;
	if (!go_on || !is_known(&texting))
		return KIST_OK;
	return after(&texting,
		     kist_config_convert(key, texting.text, reading->file->folder, reading->arena,
					 &ret->scalar, &why),
		     &why, err);
}

/* What the text means in YAML; a plain one that had variables may be a number by now. */
static void set_item(const struct texting *texting, struct kist_config_item *ret)
{
	struct kist_node meant = *texting->node;

	meant.text = texting->text;
	meant.len = strlen(texting->text);
	if (texting->has_variables && meant.is_plain)
		(void)kist_scalar_resolve(&meant);
	*ret = (struct kist_config_item){ .key = meant.key,
					  .text = meant.text,
					  .kind = meant.kind,
					  .integer = meant.integer,
					  .number = meant.number,
					  .place = meant.place,
					  .layer = texting->reading->layer };
}

static kist_status read_item(const struct kist_config_reading *reading, const struct kist_config_key *key,
			     const struct kist_node *node, struct kist_config_value *value,
			     struct kist_config_item *ret, struct kist_error *err)
{
	struct texting texting = { .reading = reading, .key = key, .node = node };
	struct kist_error why = KIST_ERROR_INIT;
	bool go_on;

	/* One that is wrong has its place among the others until all is told. */
	*ret = (struct kist_config_item){ .key = node->key, .text = node->text, .place = node->place };
	if (node->kind >= KIST_NODE_LIST) {
		(void)kist_fail(&why, KIST_INVALID, "takes a scalar for each, not %s",
				kist_node_kind_name(node->kind));
		tell(&texting, "E_SCHEMA", " ", &why);
		return KIST_OK;
	}
	KIST_TRY(put_variables(&texting, &go_on, err));
	if (!go_on)
		return KIST_OK;
	value->is_raw = value->is_raw || texting.is_raw;
	set_item(&texting, ret);
	if (!is_known(&texting))
		return KIST_OK;
	return after(&texting,
		     kist_config_convert_item(key, reading->file->folder, reading->arena, ret, &why), &why,
		     err);
}

static kist_status read_items(const struct kist_config_reading *reading, const struct kist_config_key *key,
			      const struct kist_node *node, struct kist_config_value *ret,
			      struct kist_error *err)
{
	struct kist_config_item *items;
	size_t count = 0;

	if (node->kind != (kist_config_is_map(key) ? KIST_NODE_MAP : KIST_NODE_LIST)) {
		tell_kind(reading, key, node);
		return KIST_OK;
	}
	if (node->count > KIST_CONFIG_ITEMS_MAX) {
		kist_issue_add(&reading->file->issues, node->place, "E_LIMIT",
			       "'%s' has %zu values: at most %zu are read", key->name, node->count,
			       KIST_CONFIG_ITEMS_MAX);
		return KIST_OK;
	}
	items = kist_arena_take(reading->arena, node->count * sizeof(*items), err);
	if (!items)
		return KIST_NO_MEMORY;
	for (const struct kist_node *child = node->first; child; child = child->next)
		KIST_TRY(read_item(reading, key, child, ret, &items[count++], err));
	ret->list = (struct kist_config_list){ .count = count, .items = items };
	ret->is_set = true;
	return KIST_OK;
}

kist_status kist_config_file_read(const struct kist_config_reading *reading,
				  const struct kist_config_key *key, const struct kist_node *node,
				  struct kist_config_value *ret, struct kist_error *err)
{
	*ret = (struct kist_config_value){ .place = node->place };
	return key->type >= KIST_CONFIG_TEXTS ? read_items(reading, key, node, ret, err)
					      : read_scalar(reading, key, node, ret, err);
}
