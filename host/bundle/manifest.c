/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/manifest.h"

#include <string.h>

#include "base/mem.h"
#include "flow/path.h"
#include "flow/record.h"
#include "job/commit.h"
#include "document/document.h"
#include "workflow/run.h"

/* The parameter that is a seed. */
#define SEED_PARAMETER "seed"

/* A manifest that is being made. */
struct making {
	struct kist_bundle_walk *walk;
	const struct kist_bundle_names *names;
	json_t *rows;
	json_t *jobs;
	json_t *plugins; /* {"<id> <version> <sha256>": {...}} */
};

static kist_status add_plugin(struct making *making, const json_t *plugin, struct kist_error *err)
{
	const char *id = kist_json_get_text(plugin, "id");
	const char *version = kist_json_get_text(plugin, "version");
	const char *sha256 = kist_json_get_text(plugin, "sha256");
	kist_auto_buf struct kist_buf key = KIST_BUF_INIT((size_t)16 << 10);
	json_t *row;

	if (!id || !version || !sha256)
		return KIST_OK;
	KIST_TRY(kist_buf_appendf(&key, err, "%s %s %s", id, version, sha256));
	if (!kist_buf_text(&key))
		return kist_fail_memory(err, key.size);
	row = json_pack("{ss,ss,ss}", "id", id, "version", version, "sha256", sha256);
	return kist_record_set_take(making->plugins, kist_buf_text(&key), row, err);
}

/* Members @keys of @from that are there. */
static kist_status copy(json_t *to, const json_t *from, const char *const *keys, struct kist_error *err)
{
	for (; *keys; keys++) {
		json_t *value = json_object_get(from, *keys);

		if (value)
			KIST_TRY(kist_record_set_take(to, *keys, json_incref(value), err));
	}
	return KIST_OK;
}

/* List @from_key of @root as @key, each element with these members alone; of no list an empty one. */
static kist_status copy_list(json_t *to, const char *key, const json_t *root, const char *from_key,
			     const char *const *keys, struct kist_error *err)
{
	const json_t *from = json_object_get(root, from_key);
	json_t *list = json_array();

	KIST_TRY(kist_record_set_take(to, key, list, err));
	for (size_t i = 0; i < json_array_size(from); i++) {
		json_t *row = json_object();

		if (!row || json_array_append_new(list, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(copy(row, json_array_get(from, i), keys, err));
	}
	return KIST_OK;
}

/* The text of the entrypoint, when it is in the bundle. */
static kist_status set_entrypoint(struct making *making, json_t *row, const struct kist_job *job,
				  struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX);
	kist_auto_json json_t *record = NULL;
	char name[KIST_JOB_NAME_SIZE];
	struct kist_digest source;

	if (!kist_record_get_digest(job->root, "source", &source) ||
	    !kist_bundle_names_has(making->names, name,
				   kist_job_part_name(kist_job_id(job), KIST_RUN_SOURCE_PART, name)))
		return KIST_OK;
	KIST_TRY(kist_bundle_walk_artifact(making->walk, &source, &record, err));
	KIST_TRY(kist_bundle_bytes(making->walk->source, record, &text, err));
	return kist_record_set_take(row, "entrypoint", kist_json_text((const char *)text.data, text.size),
				    err);
}

static kist_status set_seeds(json_t *row, const json_t *root, struct kist_error *err)
{
	json_t *seed = json_object_get(json_object_get(root, "params"), SEED_PARAMETER);
	json_t *seeds = json_object();

	KIST_TRY(kist_record_set_take(row, "seeds", seeds, err));
	return seed ? kist_record_set_take(seeds, SEED_PARAMETER, json_incref(seed), err) : KIST_OK;
}

/* Files beside an entrypoint are written into a folder when it is run again. */
static kist_status check_files(const struct kist_job *job, struct kist_error *err)
{
	const json_t *files = json_object_get(job->root, "files");

	for (size_t i = 0; i < json_array_size(files); i++) {
		const char *path = kist_json_get_text(json_array_get(files, i), "name");

		KIST_TRY(kist_tree_path_check(path, strlen(path), err));
	}
	return KIST_OK;
}

static kist_status describe_job(struct making *making, const struct kist_job *job, json_t *row,
				struct kist_error *err)
{
	static const char *const head[] = { "id", "kind", "state", NULL };
	static const char *const use[] = { "name", "artifact", NULL };
	static const char *const step[] = { "name", "task", "plugin", "key", "state", NULL };
	static const char *const result[] = { "name", "name_bytes", "artifact", "step", NULL };
	static const char *const exported[] = { "name", "file", "size", "sha256", NULL };
	const json_t *steps = json_object_get(job->root, "steps");

	KIST_TRY(check_files(job, err));
	KIST_TRY(copy(row, job->root, head, err));
	KIST_TRY(kist_record_set_take(row, "parameters", json_incref(json_object_get(job->root, "params")),
				      err));
	KIST_TRY(set_seeds(row, job->root, err));
	KIST_TRY(copy_list(row, "inputs", job->root, "inputs", use, err));
	KIST_TRY(copy_list(row, "files", job->root, "files", use, err));
	KIST_TRY(copy_list(row, "steps", job->root, "steps", step, err));
	KIST_TRY(copy_list(row, "results", job->root, "artifacts", result, err));
	KIST_TRY(copy_list(row, "exports", job->root, "exports", exported, err));
	for (size_t i = 0; i < json_array_size(steps); i++)
		KIST_TRY(add_plugin(making, json_object_get(json_array_get(steps, i), "plugin"), err));
	return set_entrypoint(making, row, job, err);
}

/* The record under a job's name: of that job, which has ended. */
static kist_status read_job(struct making *making, const char *id, const json_t *record,
			    struct kist_job **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_JOB_SIZE_MAX);
	kist_auto_job struct kist_job *job = NULL;

	if (strcmp(kist_json_get_text(record, "encoding"), KIST_JOB_ENCODING) != 0)
		return kist_fail_at(err, KIST_CORRUPT, "E_JOB", KIST_NO_OFFSET,
				    "what has the name of job '%s' is no record of one", id);
	KIST_TRY(kist_bundle_bytes(making->walk->source, record, &text, err));
	KIST_TRY(kist_job_parse(kist_buf_view(&text), &job, err));
	if (strcmp(kist_job_id(job), id) != 0)
		return kist_fail_at(err, KIST_CORRUPT, "E_JOB", KIST_NO_OFFSET,
				    "what has the name of job '%s' is the record of another", id);
	if (!kist_job_state_is_end(kist_job_state(job)))
		return kist_fail_at(err, KIST_INVALID, "E_STATE", KIST_NO_OFFSET,
				    "job '%s' has not ended: it is %s", id,
				    kist_job_state_name(kist_job_state(job)));
	*ret = kist_steal(job);
	return KIST_OK;
}

static kist_status add_job(struct making *making, const struct kist_bundle_name *name, const json_t *record,
			   struct kist_error *err)
{
	const char *id = name->name + strlen(KIST_JOB_PREFIX);
	kist_auto_job struct kist_job *job = NULL;
	json_t *row = json_object();

	if (!row || json_array_append_new(making->jobs, row) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(read_job(making, id, record, &job, err));
	KIST_TRY(kist_record_set_digest(row, "record", &name->artifact, err));
	return describe_job(making, job, row, err);
}

static kist_status add_name(struct making *making, const struct kist_bundle_name *name,
			    struct kist_error *err)
{
	static const char *const keys[] = { "kind", "encoding", "sha256", "size", NULL };
	kist_auto_json json_t *record = NULL;
	json_t *row = json_object();

	if (!row || json_array_append_new(making->rows, row) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_bundle_walk_artifact(making->walk, &name->artifact, &record, err));
	KIST_TRY(kist_name_json(row, name->name, name->len, err));
	KIST_TRY(kist_record_set_digest(row, "artifact", &name->artifact, err));
	KIST_TRY(copy(row, record, keys, err));
	KIST_TRY(add_plugin(making, json_object_get(record, "plugin"), err));
	if (strncmp(name->name, KIST_JOB_PREFIX, strlen(KIST_JOB_PREFIX)) == 0)
		return add_job(making, name, record, err);
	return KIST_OK;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their keys. */
static kist_status list_plugins(const struct making *making, json_t **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf keys = KIST_BUF_INIT(SIZE_MAX / 2);
	kist_auto_json json_t *list = json_array();
	const char *key;
	json_t *plugin;

	json_object_foreach(making->plugins, key, plugin)
		KIST_TRY(kist_buf_append(&keys, &key, sizeof(key), err));
	if (keys.size > 0)
		qsort(keys.data, keys.size / sizeof(key), sizeof(key), compare_keys);
	for (size_t i = 0; i < keys.size / sizeof(key); i++) {
		memcpy(&key, keys.data + i * sizeof(key), sizeof(key));
		if (json_array_append(list, json_object_get(making->plugins, key)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	*ret = kist_steal(list);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

static kist_status describe(struct making *making, json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *plugins = NULL;

	for (size_t i = 0; i < kist_bundle_names_count(making->names); i++) {
		const struct kist_bundle_name *name = kist_bundle_names_at(making->names, i);

		if (add_name(making, name, err) != KIST_OK)
			return kist_fail_context(err, "'%.200s'", name->name);
	}
	KIST_TRY(list_plugins(making, &plugins, err));
	*ret = json_pack("{si,sO,sO,sO}", "kistpack", KIST_BUNDLE_MANIFEST_VERSION, "names", making->rows,
			 "jobs", making->jobs, "plugins", plugins);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

kist_status kist_bundle_describe(struct kist_bundle_walk *walk, const struct kist_bundle_names *names,
				 json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *rows = json_array();
	kist_auto_json json_t *jobs = json_array();
	kist_auto_json json_t *plugins = json_object();
	struct making making = {
		.walk = walk, .names = names, .rows = rows, .jobs = jobs, .plugins = plugins
	};

	if (!rows || !jobs || !plugins)
		return kist_fail_memory(err, sizeof(json_t));
	return describe(&making, ret, err);
}
