/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/facts.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
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
	kist_auto_json json_t *bytes = json_array();
	json_t *list = json_array();
	bool any_bytes = false;
	char bytes_key[32];

	KIST_TRY(kist_record_set_take(facts, key, list, err));
	for (size_t i = first; i < cli->argument_count; i++) {
		kist_auto_json json_t *one = json_object();
		json_t *hex;

		KIST_TRY(kist_json_set_bytes(one, "name", cli->arguments[i], strlen(cli->arguments[i]), err));
		hex = json_object_get(one, "name_bytes");
		any_bytes = any_bytes || hex;
		if (json_array_append(list, json_object_get(one, "name")) != 0 ||
		    json_array_append_new(bytes, hex ? json_incref(hex) : json_null()) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	snprintf(bytes_key, sizeof(bytes_key), "%s_bytes", key);
	if (any_bytes)
		KIST_TRY(kist_record_set_take(facts, bytes_key, kist_steal(bytes), err));
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

kist_status kist_facts_escape_name(json_t *object, struct kist_error *err)
{
	kist_auto_buf struct kist_buf name = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
	char shown[4 * KIST_NAME_SIZE_MAX + 1];

	if (!json_object_get(object, "name"))
		return KIST_OK;
	KIST_TRY(kist_name_from_json(object, &name, err));
	kist_name_escape((const char *)name.data, name.size, shown, sizeof(shown));
	(void)json_object_del(object, "name_bytes");
	return kist_record_set_text(object, "name", shown, err);
}
