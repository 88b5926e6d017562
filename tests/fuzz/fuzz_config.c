/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Settings from hostile bytes, as the file of a project and as that of a job: what is wrong is told with its place;
 * what is not fits the row of its setting; variables are put in, and not looked at again.
 */
#include <string.h>

#include "config/file.h"
#include "fuzz/fuzz.h"

static const char *variable(const char *name)
{
	return name[0] == 'A' ? "3" : (name[0] == 'B' ? "${A}$" : NULL);
}

static void try_value(struct kist_config_file *file, const struct kist_config_key *key,
		      const struct kist_node *node)
{
	struct kist_arena arena = KIST_ARENA_INIT;
	const struct kist_config_reading reading = { .file = file, .variable = variable, .arena = &arena };
	struct kist_config_value value;
	const size_t before = file->issues.error_count;

	must(kist_config_file_read(&reading, key, node, &value, NULL) == KIST_OK);
	must(value.is_set || file->issues.error_count > before);
	must(value.list.count <= KIST_CONFIG_ITEMS_MAX);
	if (value.is_set && file->issues.error_count == before) {
		must(key->type >= KIST_CONFIG_TEXTS || value.scalar.text);
		must(key->type != KIST_CONFIG_COUNT ||
		     (value.scalar.number >= key->min && value.scalar.number <= key->max));
		for (size_t i = 0; i < value.list.count; i++)
			must(value.list.items[i].text &&
			     kist_config_is_map(key) == (value.list.items[i].key != NULL));
	}
	kist_arena_done(&arena);
}

static void try_file(enum kist_config_layer layer, const uint8_t *data, size_t size)
{
	struct kist_config_file file = { .layer = layer, .folder = "/f" };

	must(kist_config_file_parse(&file, kist_view_of(data, size), NULL) == KIST_OK);
	for (size_t i = 0; i < file.issues.count; i++)
		must(file.issues.items[i].text[0] != '\0');
	if (file.document && file.issues.error_count == 0) {
		for (const struct kist_config_key *key = kist_config_keys; key->name; key++) {
			const struct kist_node *node =
				kist_config_file_find(kist_document_root(file.document), key);

			if (node)
				try_value(&file, key, node);
		}
	}
	kist_config_file_done(&file);
}

static void try_text(const uint8_t *data, size_t size)
{
	kist_auto_buf struct kist_buf made = KIST_BUF_INIT((size_t)1 << 16);
	size_t where = 0;
	const kist_status status = kist_interpolate(kist_view_of(data, size), variable, &made, &where, NULL);

	must(status != KIST_OK || made.size <= made.size_max);
	must(status != KIST_OK || memchr(data, '$', size) || made.size == size);
	must(where <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_file(KIST_LAYER_PROJECT, data, size);
	try_file(KIST_LAYER_JOB, data, size);
	if (size > 0)
		try_text(data, size);
	return 0;
}
