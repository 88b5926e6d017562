/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/facts.h"

#include <string.h>

#include "base/mem.h"
#include "cli/output.h"
#include "flow/record.h"

uint64_t kist_facts_size(const json_t *record)
{
	uint64_t size = 0;

	if (!kist_json_get_u64(record, "tree_bytes", &size) && !kist_json_get_u64(record, "size", &size))
		return 0;
	return size;
}

kist_status kist_facts_artifact(const char *name, size_t name_len, const json_t *record,
				const struct kist_digest *id, json_t **ret, struct kist_error *err)
{
	static const char *const copied[] = { "kind",	 "encoding",	"sha256", "summary",
					      "entries", "description", "reason" };
	kist_auto_json json_t *facts = json_object();

	if (!facts)
		return kist_fail_memory(err, sizeof(json_t));
	if (name)
		KIST_TRY(kist_name_json(facts, name, name_len, err));
	KIST_TRY(kist_record_set_digest(facts, "artifact", id, err));
	if (!record) {
		KIST_TRY(kist_record_set_take(facts, "lost", json_true(), err));
		*ret = kist_steal(facts);
		return KIST_OK;
	}
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		json_t *value = json_object_get(record, copied[i]);

		if (value)
			KIST_TRY(kist_record_set_take(facts, copied[i], json_incref(value), err));
	}
	KIST_TRY(kist_record_set_take(facts, "size", json_integer((json_int_t)kist_facts_size(record)), err));
	*ret = kist_steal(facts);
	return KIST_OK;
}

kist_status kist_facts_print_names(const struct kist_cli *cli, const char *key, size_t first,
				   const struct kist_digest *id, struct kist_error *err)
{
	kist_auto_json json_t *facts = json_object();
	json_t *list = json_array();

	KIST_TRY(kist_record_set_take(facts, key, list, err));
	for (size_t i = first; i < cli->argument_count; i++) {
		if (json_array_append_new(list,
					  kist_json_text(cli->arguments[i], strlen(cli->arguments[i]))) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	if (id)
		KIST_TRY(kist_record_set_digest(facts, "artifact", id, err));
	return kist_print_json_take(json_incref(facts), err);
}

const char *kist_facts_default_name(const char *path, size_t *ret_len)
{
	size_t len = strlen(path);
	const char *slash;

	while (len > 1 && path[len - 1] == '/')
		len--;
	slash = memrchr(path, '/', len);
	if (slash && slash + 1 < path + len) {
		len -= (size_t)(slash + 1 - path);
		path = slash + 1;
	}
	*ret_len = len;
	return path;
}
