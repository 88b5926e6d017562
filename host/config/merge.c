/* SPDX-License-Identifier: Apache-2.0 */
#include "config/merge.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* Of a variable that is a list: between its elements, as in PATH. */
#define LIST_SEPARATOR ':'

struct merging {
	struct kist_config *config;
	const struct kist_config_options *options;
	const struct kist_node *roots[KIST_CONFIG_LAYERS]; /* of files; NULL: none */
};

/* Only the first is told: options and variables are few. */
static void tell(struct kist_config *config, const char *sign, const char *name, const struct kist_error *why)
{
	if (!config->fault[0])
		snprintf(config->fault, sizeof(config->fault), "%s%s %s", sign, name, why->text);
}

static kist_status after(struct merging *merging, kist_status status, const char *sign, const char *name,
			 const struct kist_error *why, struct kist_error *err)
{
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, why);
	if (status != KIST_OK)
		tell(merging->config, sign, name, why);
	return KIST_OK;
}

static kist_status set_scalar(struct merging *merging, size_t k, unsigned layer, const char *text,
			      struct kist_error *err)
{
	static const char *const signs[] = { "--", "" };
	const struct kist_config_key *key = &kist_config_keys[k];
	struct kist_config_value *value = &merging->config->values[k][layer];
	const bool is_outside = layer <= KIST_LAYER_VARIABLE;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	value->is_set = true;
	status = kist_config_convert(key, text, NULL, &merging->config->arena, &value->scalar, &why);
	return after(merging, status, is_outside ? signs[layer] : "",
		     layer == KIST_LAYER_OPTION	    ? key->option
		     : layer == KIST_LAYER_VARIABLE ? key->variable
						    : key->name,
		     &why, err);
}

static kist_status set_item(struct merging *merging, size_t k, unsigned layer, const char *text,
			    struct kist_config_item *item, struct kist_error *err)
{
	const struct kist_config_key *key = &kist_config_keys[k];
	struct kist_error why = KIST_ERROR_INIT;

	*item = (struct kist_config_item){ .text = text, .kind = KIST_NODE_TEXT, .layer = layer };
	return after(merging, kist_config_convert_item(key, NULL, &merging->config->arena, item, &why),
		     layer == KIST_LAYER_OPTION ? "--" : "",
		     layer == KIST_LAYER_OPTION ? key->option : key->variable, &why, err);
}

static kist_status read_options(struct merging *merging, size_t k, struct kist_error *err)
{
	const struct kist_config_options *options = merging->options;
	const struct kist_config_key *key = &kist_config_keys[k];
	struct kist_config_value *value = &merging->config->values[k][KIST_LAYER_OPTION];
	struct kist_config_item *items = NULL;
	size_t count = 0;

	for (size_t i = 0; key->option && i < options->given_count; i++) {
		const struct kist_config_given *given = &options->given[i];

		if (strcmp(given->option, key->option) != 0)
			continue;
		if (!kist_config_is_list(key)) {
			KIST_TRY(set_scalar(merging, k, KIST_LAYER_OPTION,
					    key->option_text ? key->option_text : given->text, err));
			continue;
		}
		if (!items)
			items = kist_arena_take(&merging->config->arena,
						options->given_count * sizeof(*items), err);
		if (!items)
			return KIST_NO_MEMORY;
		KIST_TRY(set_item(merging, k, KIST_LAYER_OPTION, given->text, &items[count++], err));
	}
	value->is_set = value->is_set || count > 0;
	value->list = (struct kist_config_list){ .count = count, .items = items };
	return KIST_OK;
}

/* "a:b" as a list; an empty variable is an empty list. */
static kist_status split(struct merging *merging, size_t k, const char *text, struct kist_error *err)
{
	struct kist_config_value *value = &merging->config->values[k][KIST_LAYER_VARIABLE];
	struct kist_config_item *items;
	size_t count = text[0] ? 1 : 0;
	size_t done = 0;

	for (const char *at = text; *at; at++)
		count += *at == LIST_SEPARATOR;
	if (count > KIST_CONFIG_ITEMS_MAX) {
		snprintf(merging->config->fault, sizeof(merging->config->fault), "%s has more than %zu parts",
			 kist_config_keys[k].variable, KIST_CONFIG_ITEMS_MAX);
		return KIST_OK;
	}
	items = kist_arena_take(&merging->config->arena, count * sizeof(*items), err);
	if (!items)
		return KIST_NO_MEMORY;
	for (const char *at = text; done < count; done++) {
		const size_t len = strcspn(at, ":");
		const char *part = kist_arena_text(&merging->config->arena, at, len, err);

		if (!part)
			return KIST_NO_MEMORY;
		KIST_TRY(set_item(merging, k, KIST_LAYER_VARIABLE, part, &items[done], err));
		at += len + (at[len] != '\0');
	}
	value->is_set = true;
	value->list = (struct kist_config_list){ .count = count, .items = items };
	return KIST_OK;
}

/* An empty variable counts as none, but for lists. */
static kist_status read_variable(struct merging *merging, size_t k, struct kist_error *err)
{
	const struct kist_config_key *key = &kist_config_keys[k];
	const char *text = key->variable ? merging->options->variable(key->variable) : NULL;

	if (!text)
		return KIST_OK;
	if (kist_config_is_list(key))
		return split(merging, k, text, err);
	return text[0] ? set_scalar(merging, k, KIST_LAYER_VARIABLE, text, err) : KIST_OK;
}

/* Whether the value of a weaker layer is needed by nobody. */
static bool is_covered(const struct merging *merging, size_t k, unsigned layer)
{
	const struct kist_config_key *key = &kist_config_keys[k];
	const unsigned first = (key->flags & KIST_CONFIG_ADDS) ? KIST_LAYER_VARIABLE : KIST_LAYER_OPTION;

	if (!kist_config_key_counts(key, merging->options->command))
		return true;
	return !kist_config_is_map(key) && kist_config_layer_of(merging->config, k, first) < layer;
}

static kist_status read_layer(struct merging *merging, size_t k, unsigned layer, struct kist_error *err)
{
	const struct kist_config_key *key = &kist_config_keys[k];
	const struct kist_node *root = merging->roots[layer];
	const struct kist_node *node = root ? kist_config_file_find(root, key) : NULL;
	struct kist_config_value *value = &merging->config->values[k][layer];
	struct kist_config_file *file =
		(struct kist_config_file *)(uintptr_t)kist_config_file_of(merging->config, layer);
	const struct kist_config_reading reading = { .file = file,
						     .layer = layer,
						     .variable = merging->options->variable,
						     .arena = &merging->config->arena,
						     .is_lenient = !merging->options->command ||
								   is_covered(merging, k, layer) };

	return node ? kist_config_file_read(&reading, key, node, value, err) : KIST_OK;
}

static kist_status read_key(struct merging *merging, size_t k, struct kist_error *err)
{
	const struct kist_config_key *key = &kist_config_keys[k];

	if (kist_config_key_counts(key, merging->options->command)) {
		KIST_TRY(read_options(merging, k, err));
		KIST_TRY(read_variable(merging, k, err));
	}
	for (unsigned layer = KIST_LAYER_JOB; layer <= KIST_LAYER_USER; layer++)
		KIST_TRY(read_layer(merging, k, layer, err));
	return key->built_in ? set_scalar(merging, k, KIST_LAYER_BUILT_IN, key->built_in, err) : KIST_OK;
}

static bool has_member(const struct kist_config_item *items, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(items[i].key, name) == 0)
			return true;
	}
	return false;
}

/* What of a layer's values goes into the whole: of mappings the members that no stronger layer has. */
static void add_items(const struct kist_config_key *key, const struct kist_config_list *list,
		      struct kist_config_item *items, size_t *count)
{
	const size_t before = *count;

	for (size_t i = 0; i < list->count; i++) {
		if (!kist_config_is_map(key) || !has_member(items, before, list->items[i].key))
			items[(*count)++] = list->items[i];
	}
}

static kist_status merge_items(struct merging *merging, size_t k, struct kist_error *err)
{
	const struct kist_config_key *key = &kist_config_keys[k];
	struct kist_config *config = merging->config;
	struct kist_config_item *items;
	size_t room = 0;
	size_t count = 0;

	for (unsigned i = 0; i < KIST_CONFIG_LAYERS; i++)
		room += config->values[k][i].list.count;
	items = kist_arena_take(&config->arena, room * sizeof(*items), err);
	if (!items)
		return KIST_NO_MEMORY;
	for (unsigned layer = 0; layer < KIST_CONFIG_LAYERS; layer++) {
		if (!config->values[k][layer].is_set)
			continue;
		add_items(key, &config->values[k][layer].list, items, &count);
		if (!kist_config_is_map(key) &&
		    !(layer == KIST_LAYER_OPTION && (key->flags & KIST_CONFIG_ADDS)))
			break;
	}
	config->merged[k] = (struct kist_config_list){ .count = count, .items = items };
	return KIST_OK;
}

static void put_setting(struct kist_config *config, size_t k)
{
	const struct kist_config_key *key = &kist_config_keys[k];
	const unsigned layer = kist_config_layer_of(config, k, KIST_LAYER_OPTION);
	void *at = (char *)&config->settings + key->offset;

	if (key->type >= KIST_CONFIG_TEXTS) {
		memcpy(at, &config->merged[k], sizeof(config->merged[k]));
	} else if (layer < KIST_CONFIG_LAYERS) {
		const struct kist_config_scalar *scalar = &config->values[k][layer].scalar;
		const bool is_true = scalar->number != 0;

		if (key->type == KIST_CONFIG_BOOLEAN)
			memcpy(at, &is_true, sizeof(is_true));
		else if (key->type > KIST_CONFIG_TEXT && key->type < KIST_CONFIG_PATH)
			memcpy(at, &scalar->number, sizeof(scalar->number));
		else
			memcpy(at, &scalar->text, sizeof(scalar->text));
	}
}

kist_status kist_config_merge(struct kist_config *config, const struct kist_config_options *options,
			      const struct kist_node *overlay, struct kist_error *err)
{
	struct merging merging = { .config = config, .options = options };

	for (size_t i = 0; i < config->file_count; i++) {
		if (config->files[i].document)
			merging.roots[config->files[i].layer] = kist_document_root(config->files[i].document);
	}
	merging.roots[KIST_LAYER_OVERLAY] = overlay;
	for (size_t k = 0; k < KIST_CONFIG_KEYS; k++) {
		KIST_TRY(read_key(&merging, k, err));
		if (kist_config_keys[k].type >= KIST_CONFIG_TEXTS)
			KIST_TRY(merge_items(&merging, k, err));
		put_setting(config, k);
	}
	return KIST_OK;
}
