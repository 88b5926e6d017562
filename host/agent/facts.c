/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/run.h"
#include "agent/snapshot.h"
#include "base/mem.h"
#include "base/time.h"

/* The folder as others find it, from wherever they are; it need not be there yet. */
static bool find_folder(const char *path, char ret[static PATH_MAX])
{
	char here[PATH_MAX];

	if (path[0] == '/')
		return snprintf(ret, PATH_MAX, "%s", path) < PATH_MAX;
	return getcwd(here, sizeof(here)) && snprintf(ret, PATH_MAX, "%s/%s", here, path) < PATH_MAX;
}

static json_t *texts_of(const char *const *texts, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, kist_json_text(texts[i], strlen(texts[i])));
	return list;
}

/* What was asked for, and nothing that is another's each time. */
static kist_status make_manifest(const struct kist_agent_options *options, const json_t *facts, json_t **ret,
				 struct kist_error *err)
{
	static const char *const keys[] = { "project",	     "command",
					    "params",	     "tags",
					    "store",	     "store_bytes",
					    "artifact_path", "artifact_path_bytes",
					    "time_limit_s" };
	kist_auto_json json_t *manifest = json_pack(
		"{s:i,s:b,s:b,s:o,s:o}", "schema_version", KIST_RUN_SCHEMA_VERSION, "follow", options->follow,
		"source", !options->no_source, "ignore", texts_of(options->ignore, options->ignore_count),
		"env", texts_of(options->env, options->env_count));

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(facts, keys[i]);

		if (value && json_object_set(manifest, keys[i], value) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	if (!manifest)
		return kist_fail_memory(err, sizeof(json_t));
	/* What two threads hold would be counted by both. */
	*ret = kist_json_copy(manifest);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

kist_status kist_agent_make_facts(const struct kist_agent_options *options, const char *id,
				  struct kist_agent_facts *ret, struct kist_error *err)
{
	kist_auto_json json_t *manifest = NULL;
	kist_auto_json json_t *command = json_array();
	kist_auto_json json_t *facts = NULL;
	const char *project = options->project ? options->project : "";
	char folder[PATH_MAX];
	char lock[KIST_DIGEST_HEX_SIZE];

	for (size_t i = 0; options->command[i]; i++)
		(void)json_array_append_new(command,
					    kist_json_text(options->command[i], strlen(options->command[i])));
	facts = json_pack("{s:i,s:s,s:o,s:s,s:O,s:I,s:I}", "schema_version", KIST_RUN_SCHEMA_VERSION,
			  "run_id", id, "project", kist_json_text(project, strlen(project)), "state",
			  kist_job_state_name(KIST_JOB_STARTED), "command", command, "time_limit_s",
			  (json_int_t)options->time_limit_s, "started_ns", (json_int_t)kist_wall_ns());
	if (!facts)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_json_set_bytes(facts, "store", options->store, strlen(options->store), err));
	if ((options->params && json_object_set(facts, "params", options->params) != 0) ||
	    (options->tags && json_object_set(facts, "tags", options->tags) != 0))
		return kist_fail_memory(err, sizeof(json_t));
	if (options->folder && !find_folder(options->folder, folder))
		return kist_fail_errno(err, errno, "cannot find this folder");
	if (options->folder)
		KIST_TRY(kist_json_set_bytes(facts, "artifact_path", folder, strlen(folder), err));
	KIST_TRY(make_manifest(options, facts, &manifest, err));
	KIST_TRY(kist_snapshot_lock(manifest, lock, err));
	if (json_object_set_new(facts, "manifest_lock", json_string(lock)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	ret->facts = kist_steal(facts);
	ret->manifest = kist_steal(manifest);
	return KIST_OK;
}
