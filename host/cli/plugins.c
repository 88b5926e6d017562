/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plugins.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "flow/record.h"
#include "kist/plugin.h"
#include "object/check.h"
#include "plugin/cache.h"
#include "plugin/minisign.h"

/* A folder that was asked for and is not used is not passed over in silence. */
static void note_folders(const struct kist_cli *cli, const struct kist_catalog *catalog)
{
	for (size_t i = 0; catalog && i < catalog->dir_count && !cli->quiet; i++) {
		const struct kist_catalog_dir *dir = &catalog->dirs[i];
		const bool again = strncmp(dir->note, "named again", 11) == 0;

		if (dir->tier == KIST_TIER_GIVEN && !dir->used && !again)
			fprintf(stderr, "kist: %s: note: --plugin-dir '%s' is not used: %s\n",
				cli->command->name, dir->path, dir->note);
	}
	if (catalog && catalog->policy == KIST_POLICY_ANY && !cli->quiet)
		fprintf(stderr,
			"kist: %s: note: the policy is 'any': every plugin runs, whoever made it; 'kist "
			"plugin policy "
			"pinned' ends that\n",
			cli->command->name);
}

kist_status kist_plugins_open(struct kist_cli *cli, struct kist_catalog **ret, struct kist_error *err)
{
	const struct kist_catalog_options options = kist_cli_catalog_options(cli);

	KIST_TRY(kist_catalog_open(&options, ret, err));
	note_folders(cli, *ret);
	return KIST_OK;
}

/* Whether the file is "<id>.plugin.json": all that is known of a manifest that cannot be read. */
static bool is_called(const char *path, const char *id)
{
	const char *slash = strrchr(path, '/');

	return kist_manifest_is_name_of(slash ? slash + 1 : path, id);
}

const struct kist_catalog_entry *kist_plugins_find(const struct kist_catalog *catalog, const char *text)
{
	const struct kist_catalog_entry *entry = kist_catalog_find(catalog, text);

	for (size_t i = 0; i < catalog->entry_count && !entry; i++) {
		const struct kist_manifest *manifest = catalog->entries[i].manifest;

		if (strcmp(catalog->entries[i].path, text) == 0 ||
		    (manifest ? strcmp(manifest->id, text) == 0 : is_called(catalog->entries[i].path, text)))
			entry = &catalog->entries[i];
	}
	return entry;
}

kist_status kist_plugins_missing(const struct kist_catalog *catalog, const char *id, struct kist_error *err)
{
	struct kist_nearest nearest = KIST_NEAREST_INIT(id);

	for (size_t i = 0; i < catalog->entry_count; i++) {
		if (catalog->entries[i].manifest)
			kist_nearest_offer(&nearest, catalog->entries[i].manifest->id);
	}
	if (nearest.name)
		return kist_fail(err, KIST_NOT_FOUND, "there is no plugin '%s': did you mean '%s'?", id,
				 nearest.name);
	return kist_fail(err, KIST_NOT_FOUND, "there is no plugin '%s'; 'kist plugin list' shows all", id);
}

void kist_plugins_note(const struct kist_cli *cli, const struct kist_flow *flow)
{
	if (!flow)
		return;
	note_folders(cli, flow->catalog);
	if (flow->note.status != KIST_OK && (!cli->quiet || flow->note_is_loud))
		fprintf(stderr, "kist: %s: note: %s\n", cli->command->name, flow->note.text);
}

void kist_plugins_check(const struct kist_cli *cli, const struct kist_catalog *catalog,
			const struct kist_catalog_entry *entry, struct kist_error *ret_why)
{
	*ret_why = entry->refusal;
	if (ret_why->status == KIST_OK)
		(void)!kist_catalog_check_library(entry, catalog->elevated ? NULL : cli->paths.cache_dir,
						  ret_why);
}

const char *kist_plugins_state(const struct kist_error *why)
{
	return why->status == KIST_OK ? "ready" : kist_status_name(why->status);
}

kist_status kist_plugins_sandbox(struct kist_cli *cli, json_t **ret, struct kist_error *err)
{
	const struct kist_worker_options options = kist_cli_worker_options(cli);
	kist_auto_worker struct kist_worker *worker = NULL;

	KIST_TRY(kist_worker_start(&options, &worker, err));
	return kist_worker_sandbox(worker, ret, err);
}

const char *kist_plugins_remedy(const struct kist_error *why)
{
	static const struct {
		kist_status status;
		const char *remedy;
	} remedies[] = {
		{ KIST_OK, "" },
		{ KIST_DENIED,
		  "do what the reason says if you know where the plugin comes from; else remove it" },
		{ KIST_EXISTS,
		  "none is needed: the one that is named is used; remove the one you do not want" },
		{ KIST_CORRUPT, "install the plugin again: its files are damaged or were written wrongly" },
		{ KIST_NOT_FOUND, "install the plugin again: a file of it is missing" },
		{ KIST_INVALID, "tell its publisher: it breaks a rule of docs/format/manifest.md" },
		{ KIST_INCOMPATIBLE, "install a version that was built for this kist ('kist --version')" },
		{ KIST_UNSUPPORTED, "install a build for this machine" },
		{ KIST_LIMIT, "tell its publisher: it is larger than is allowed" },
		{ KIST_CRASHED, "tell its publisher: it died while it was loaded" },
		{ KIST_DEADLINE, "tell its publisher: it did not answer in time" },
		{ KIST_INTERNAL, "tell its publisher: it breaks the plugin ABI" },
	};

	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
		if (remedies[i].status == why->status)
			return remedies[i].remedy;
	}
	return "look at the reason and try again";
}

static kist_status add_texts(json_t *object, const char *key, const char *const *texts, size_t count,
			     struct kist_error *err)
{
	json_t *list = json_array();

	KIST_TRY(kist_record_set_take(object, key, list, err));
	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(list, json_string(texts[i])) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

static kist_status add_type(json_t *list, const struct kist_manifest_type *type, struct kist_error *err)
{
	json_t *object = json_object();
	const char *kinds[KIST_KIND_COUNT];
	size_t kind_count = 0;
	char version[32];

	if (json_array_append_new(list, object) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	for (uint32_t kind = 0; kind < KIST_KIND_COUNT; kind++) {
		if (type->kinds & KIST_KIND_BIT(kind))
			kinds[kind_count++] = kist_kind_name(kind);
	}
	snprintf(version, sizeof(version), "%" PRIu32 ".%" PRIu32, type->major, type->minor);
	KIST_TRY(kist_record_set_text(object, "type", type->type, err));
	KIST_TRY(kist_record_set_text(object, "version", version, err));
	KIST_TRY(kist_record_set_text(object, "task", type->task, err));
	KIST_TRY(add_texts(object, "kinds", kinds, kind_count, err));
	KIST_TRY(add_texts(object, "extensions", type->extensions, type->extension_count, err));
	KIST_TRY(add_texts(object, "media_types", type->media_types, type->media_type_count, err));
	KIST_TRY(kist_record_set_take(object, "priority", json_integer(type->priority), err));
	KIST_TRY(kist_record_set_take(object, "serialize", kist_schema_json(type->serialize), err));
	return kist_record_set_take(object, "deserialize", kist_schema_json(type->deserialize), err);
}

/* {"name": ..., "type": ..., and, of an input, "required": true or "default": ...} */
static kist_status add_place(json_t *list, const char *name, const json_t *type, const char *description,
			     const struct kist_manifest_input *input, struct kist_error *err)
{
	json_t *place = json_object();

	if (json_array_append_new(list, place) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_record_set_text(place, "name", name, err));
	KIST_TRY(kist_record_set_take(place, "type", kist_json_copy(type), err));
	if (input && input->preset)
		KIST_TRY(kist_record_set_take(place, "default", kist_json_copy(input->preset), err));
	else if (input)
		KIST_TRY(kist_record_set_take(place, "required", json_true(), err));
	if (description[0] != '\0')
		KIST_TRY(kist_record_set_text(place, "description", description, err));
	return KIST_OK;
}

static kist_status add_task(json_t *list, const struct kist_manifest_task *task, struct kist_error *err)
{
	json_t *object = json_object();
	json_t *inputs = json_array();
	json_t *outputs = json_array();
	const char *caps[2];
	size_t cap_count = 0;

	if (json_array_append_new(list, object) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_record_set_take(object, "inputs", inputs, err));
	KIST_TRY(kist_record_set_take(object, "outputs", outputs, err));
	KIST_TRY(kist_record_set_text(object, "name", task->name, err));
	KIST_TRY(kist_record_set_text(object, "signature", task->signature, err));
	if (task->description[0] != '\0')
		KIST_TRY(kist_record_set_text(object, "description", task->description, err));
	if (task->symbol)
		KIST_TRY(kist_record_set_text(object, "symbol", task->symbol, err));
	if (task->caps & KIST_CAP_DETERMINISTIC)
		caps[cap_count++] = "deterministic";
	if (task->caps & KIST_CAP_REENTRANT)
		caps[cap_count++] = "reentrant";
	KIST_TRY(add_texts(object, "caps", caps, cap_count, err));
	for (size_t i = 0; i < task->input_count; i++)
		KIST_TRY(add_place(inputs, task->inputs[i].name, task->inputs[i].type,
				   task->inputs[i].description, &task->inputs[i], err));
	for (size_t i = 0; i < task->output_count; i++)
		KIST_TRY(add_place(outputs, task->outputs[i].name, task->outputs[i].type,
				   task->outputs[i].description, NULL, err));
	return KIST_OK;
}

static kist_status add_manifest(json_t *facts, const struct kist_manifest *manifest, struct kist_error *err)
{
	json_t *types = json_array();
	json_t *tasks = json_array();

	KIST_TRY(kist_record_set_take(facts, "types", types, err));
	KIST_TRY(kist_record_set_take(facts, "tasks", tasks, err));
	KIST_TRY(kist_record_set_text(facts, "publisher", manifest->publisher, err));
	KIST_TRY(kist_record_set_text(facts, "license", manifest->license, err));
	KIST_TRY(kist_record_set_text(facts, "library", manifest->library_file, err));
	KIST_TRY(kist_record_set_digest(facts, "library_sha256", &manifest->library_sha256, err));
	for (size_t i = 0; i < manifest->type_count; i++)
		KIST_TRY(add_type(types, &manifest->types[i], err));
	if (manifest->is_ordinary)
		KIST_TRY(kist_record_set_take(facts, "ordinary_library", json_true(), err));
	for (size_t i = 0; i < manifest->task_count; i++)
		KIST_TRY(add_task(tasks, &manifest->tasks[i], err));
	return KIST_OK;
}

static kist_status add_summary(json_t *facts, const struct kist_manifest *manifest, struct kist_error *err)
{
	json_t *artifact_tasks = json_array();
	json_t *tasks = json_array();

	KIST_TRY(kist_record_set_take(facts, "artifact_tasks", artifact_tasks, err));
	KIST_TRY(kist_record_set_take(facts, "function_tasks", tasks, err));
	for (size_t i = 0; i < manifest->type_count; i++) {
		if (json_array_append_new(artifact_tasks, json_string(manifest->types[i].task)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	for (size_t i = 0; i < manifest->task_count; i++) {
		if (json_array_append_new(tasks, json_string(manifest->tasks[i].name)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

static kist_status add_signer(json_t *facts, const struct kist_catalog_entry *entry, struct kist_error *err)
{
	char key[KIST_KEY_ID_SIZE];

	if (!entry->signer)
		return KIST_OK;
	kist_key_id_text(entry->signer, key);
	return kist_record_set_text(facts, "signed_by", key, err);
}

kist_status kist_plugins_facts(const struct kist_catalog_entry *entry, const struct kist_error *why,
			       bool whole, json_t **ret, struct kist_error *err)
{
	const struct kist_manifest *manifest = entry->manifest;
	kist_auto_json json_t *facts = json_object();

	if (!facts)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_record_set_text(facts, "id", manifest ? manifest->id : "", err));
	KIST_TRY(kist_record_set_text(facts, "version", manifest ? manifest->version : "", err));
	KIST_TRY(kist_record_set_text(facts, "state", kist_plugins_state(why), err));
	KIST_TRY(kist_record_set_text(facts, "from", kist_tier_name(entry->tier), err));
	KIST_TRY(kist_json_set_bytes(facts, "manifest", entry->path, strlen(entry->path), err));
	if (why->status != KIST_OK) {
		KIST_TRY(kist_record_set_text(facts, "reason", why->text, err));
		KIST_TRY(kist_record_set_text(facts, "remedy", kist_plugins_remedy(why), err));
	}
	if (manifest) {
		KIST_TRY(kist_record_set_take(facts, "first_party", json_boolean(entry->first_party), err));
		KIST_TRY(add_signer(facts, entry, err));
		KIST_TRY(kist_record_set_digest(facts, "manifest_sha256", &entry->digest, err));
		KIST_TRY(whole ? add_manifest(facts, manifest, err) : add_summary(facts, manifest, err));
	}
	*ret = kist_steal(facts);
	return KIST_OK;
}

kist_status kist_plugins_file(const char *path, struct kist_input *ret, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	struct stat st;

	KIST_TRY(kist_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, err));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return kist_fail(err, KIST_INVALID, "'%s' is not a file", path);
	*ret = (struct kist_input){ .fd = kist_fd_move(&fd), .size = (uint64_t)st.st_size };
	return KIST_OK;
}
