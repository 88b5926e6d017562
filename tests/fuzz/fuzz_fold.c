/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Hostile commits and records, folded.  A line that is an object with "packs" or "refs" is a commit; any other line
 * is a record, alone in the pack "pack <n>", n from 0.  An index that is folded a commit at a time says the same as
 * one that is folded at once.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "unit/registry/fake.h"

#define LINES_MAX 64

/* Whether the line is a commit; then *@ret is its JSON. */
static bool read_commit(struct kist_view line, json_t **ret)
{
	json_t *json = NULL;

	if (kist_json_parse(line, &json, NULL) != KIST_OK)
		return false;
	if (json_is_object(json) && (json_object_get(json, "packs") || json_object_get(json, "refs"))) {
		*ret = json;
		return true;
	}
	json_decref(json);
	return false;
}

static void add_record(struct kist_store *store, struct kist_view line)
{
	const uint32_t kind = KIST_CHUNK_RECORD;
	char *text = strndup((const char *)line.data, line.size);
	const char *const texts[] = { text };

	must(text != NULL);
	(void)fake_pack(store, true, texts, &kind, 1);
	free(text);
}

static bool is_judged(kist_status status)
{
	return status == KIST_OK || status == KIST_CORRUPT;
}

/* The records, or else the commits, of all lines; after each commit folds @registry, which may be NULL. */
static void add_lines(struct kist_store *store, const uint8_t *data, size_t size, bool commits,
		      struct kist_registry *registry)
{
	for (size_t lines = 0; size > 0 && lines < LINES_MAX; lines++) {
		const uint8_t *end = memchr(data, '\n', size);
		const size_t len = end ? (size_t)(end - data) : size;
		kist_auto_json json_t *commit = NULL;
		const bool is_commit = read_commit(kist_view_of(data, len), &commit);

		if (is_commit && commits) {
			fake_append(store, json_incref(commit));
			if (registry)
				must(is_judged(kist_registry_fold(registry, NULL)));
		} else if (!is_commit && !commits) {
			add_record(store, kist_view_of(data, len));
		}
		data += len + (end ? 1 : 0);
		size -= len + (end ? 1 : 0);
	}
}

/* What the index says of all lines, or NULL when there is a bad commit. */
static char *fold(const uint8_t *data, size_t size, bool by_one, kist_status *ret_status)
{
	struct kist_registry *registry = NULL;
	struct kist_store *store = fake_new();
	char *told = NULL;

	add_lines(store, data, size, false, NULL);
	if (by_one)
		must(kist_registry_open(store, NULL, &registry, NULL) == KIST_OK);
	add_lines(store, data, size, true, registry);
	if (by_one)
		*ret_status = kist_registry_fold(registry, NULL);
	else
		*ret_status = kist_registry_open(store, NULL, &registry, NULL);
	if (*ret_status == KIST_OK)
		told = tell_all(registry);
	kist_registry_close(registry);
	fake_free(store);
	return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_status status_by_one;
	kist_status status;
	char *by_one = fold(data, size, true, &status_by_one);
	char *at_once = fold(data, size, false, &status);

	must(is_judged(status) && status == status_by_one);
	must(status != KIST_OK || strcmp(by_one, at_once) == 0);
	free(by_one);
	free(at_once);
	return 0;
}
