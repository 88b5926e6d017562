/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Commits from hostile bytes.  What begins with '{' or '[' is a body, and gets the first line that fits it;
 * anything else is the whole entry.
 */
#include <stdio.h>
#include <string.h>

#include "backend/backend.h"
#include "fuzz/fuzz.h"
#include "store/log.h"

#define KEY "log/00000000000000000001"

static struct kist_store *the_store(void)
{
	static struct kist_store *store;

	if (!store)
		must(kist_store_create("memory:fuzz-log", NULL) == KIST_OK &&
		     kist_store_open("memory:fuzz-log", &store, NULL) == KIST_OK);
	return store;
}

/* What was checked can be walked, and is JSON to others, too. */
static void walk(struct kist_view list)
{
	struct kist_json_walk walk = kist_json_walk(list);
	struct kist_json_item item;

	while (kist_json_next(&walk, &item)) {
		json_t *value = NULL;

		must(item.value.size > 0);
		must(kist_json_parse(item.value, &value, NULL) == KIST_OK);
		json_decref(value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kist_store *store = the_store();
	struct kist_backend *backend = kist_store_backend(store);
	struct kist_view parts[2] = { { .size = 0 }, kist_view_of(data, size) };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_digest digest;
	char hex[KIST_DIGEST_HEX_SIZE];
	char line[128];
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;

	if (size > 0 && (data[0] == '{' || data[0] == '[')) {
		digest = kist_digest_of(parts[1]);
		kist_digest_hex(&digest, hex);
		parts[0] = kist_view_of(
			line, (size_t)snprintf(line, sizeof(line), "kist-log 1 %s %zu\n", hex, size));
	}
	must(kist_backend_delete(backend, KEY, NULL) == KIST_OK);
	must(kist_backend_put_new(backend, KEY, parts, 2, NULL) == KIST_OK);
	if (kist_log_read(store, 1, &commit, &err) == KIST_OK) {
		must(commit.number == 1 && commit.time[0]);
		for (size_t i = 0; i < KIST_COMMIT_LIST_COUNT; i++)
			walk(commit.lists[i]);
	} else {
		must(err.status == KIST_CORRUPT || err.status == KIST_INCOMPATIBLE);
	}
	return 0;
}
