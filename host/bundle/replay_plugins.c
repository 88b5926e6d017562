/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "bundle/replay_private.h"
#include "flow/record.h"
#include "plugin/catalog.h"
#include "registry/registry.h"

static kist_status make_identity(const char *version, const char *sha256, json_t **ret,
				 struct kist_error *err)
{
	*ret = json_pack("{ss,ss}", "version", version, "sha256", sha256);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

static bool is_known(const struct kist_replaying *replaying, const char *id, const char *version,
		     const char *sha256)
{
	const json_t *row;
	size_t i;

	json_array_foreach(replaying->plugins, i, row) {
		const json_t *wanted = json_object_get(row, "wanted");

		if (strcmp(kist_json_get_text(row, "id"), id) == 0 &&
		    strcmp(kist_json_get_text(wanted, "version"), version) == 0 &&
		    strcmp(kist_json_get_text(wanted, "sha256"), sha256) == 0)
			return true;
	}
	return false;
}

static kist_status set_had(struct kist_replaying *replaying, json_t *row, const char *id, const char *version,
			   const char *sha256, struct kist_error *err)
{
	const struct kist_catalog_entry *entry = kist_catalog_find(replaying->catalog, id);
	char hex[KIST_DIGEST_HEX_SIZE];
	json_t *had = NULL;
	bool is_same;

	if (!entry) {
		replaying->lacks_plugin = true;
		KIST_TRY(kist_record_set_take(row, "had", json_null(), err));
		return kist_record_set_text(row, "state", "missing", err);
	}
	kist_digest_hex(&entry->manifest->library_sha256, hex);
	is_same = strcmp(entry->manifest->version, version) == 0 && strcmp(hex, sha256) == 0;
	replaying->lacks_plugin = replaying->lacks_plugin || (!is_same && replaying->options->strict);
	KIST_TRY(make_identity(entry->manifest->version, hex, &had, err));
	KIST_TRY(kist_record_set_take(row, "had", had, err));
	return kist_record_set_text(row, "state", is_same ? "same" : "other", err);
}

static kist_status look_at(struct kist_replaying *replaying, const json_t *plugin, struct kist_error *err)
{
	const char *id = kist_json_get_text(plugin, "id");
	const char *version = kist_json_get_text(plugin, "version");
	const char *sha256 = kist_json_get_text(plugin, "sha256");
	json_t *wanted = NULL;
	json_t *row;

	if (!id || !version || !sha256 || is_known(replaying, id, version, sha256))
		return KIST_OK;
	row = json_pack("{ss}", "id", id);
	if (!row || json_array_append_new(replaying->plugins, row) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(make_identity(version, sha256, &wanted, err));
	KIST_TRY(kist_record_set_take(row, "wanted", wanted, err));
	return set_had(replaying, row, id, version, sha256, err);
}

/* Who wrote the artifacts of list @key, which the job took or made. */
static kist_status look_at_artifacts(struct kist_replaying *replaying, const char *key,
				     struct kist_error *err)
{
	const json_t *list = json_object_get(replaying->job->root, key);

	for (size_t i = 0; i < json_array_size(list); i++) {
		kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
		struct kist_error why = KIST_ERROR_INIT;
		struct kist_digest id;
		kist_status status;

		if (!kist_record_get_digest(json_array_get(list, i), "artifact", &id))
			continue;
		status = kist_registry_get_artifact(replaying->flow->registry, &id, &artifact, &why);
		if (status == KIST_NOT_FOUND)
			continue;
		if (status != KIST_OK)
			return kist_fail_as(err, status, &why);
		KIST_TRY(look_at(replaying, json_object_get(artifact.record, "plugin"), err));
	}
	return KIST_OK;
}

kist_status kist_replay_look_at_plugins(struct kist_replaying *replaying, struct kist_error *err)
{
	const json_t *steps = json_object_get(replaying->job->root, "steps");

	for (size_t i = 0; i < json_array_size(steps); i++)
		KIST_TRY(look_at(replaying, json_object_get(json_array_get(steps, i), "plugin"), err));
	KIST_TRY(look_at_artifacts(replaying, "inputs", err));
	return look_at_artifacts(replaying, "artifacts", err);
}

bool kist_replay_lacks(const struct kist_replaying *replaying, const char *id)
{
	const json_t *row;
	size_t i;

	json_array_foreach(replaying->plugins, i, row) {
		const char *state = kist_json_get_text(row, "state");

		if (strcmp(kist_json_get_text(row, "id"), id) == 0 && strcmp(state, "same") != 0 &&
		    (strcmp(state, "missing") == 0 || replaying->options->strict))
			return true;
	}
	return false;
}
