/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "job/commit.h"
#include "plugin/manifest_type.h"
#include "store/lean.h"
#include "workflow/run_private.h"

/* What one commit keeps. */
struct keeping {
	struct kist_running *running;
	struct kist_save *save;
	const bool *due;
	struct kist_digest *ids; /* of those that are due, once they are saved */
	bool is_noted;
	json_t *rows; /* for the facts: of those that are in the commit */
};

/* An artifact output is found under two names: its own for good, and one that moves with each run. */
struct names {
	char own[KIST_NAME_SIZE_MAX + 1];
	char moving[KIST_NAME_SIZE_MAX + 1];
};

/* Whether keep @i is to be made now. */
static bool is_due(const struct kist_running *running, const struct kist_keep *keep, size_t i)
{
	if (running->kept[i] || !kist_running_is_known(running, keep->contents))
		return false;
	return !keep->args || kist_running_is_known(running, keep->args);
}

static const char *step_of(const struct kist_running *running, const struct kist_keep *keep)
{
	const struct kist_reference reference = kist_entrypoint_resolve(running->entrypoint, keep->contents);

	return reference.kind == KIST_REFERENCE_STEP ? running->entrypoint->steps[reference.index].name
						     : NULL;
}

kist_status kist_running_contents(struct kist_running *running, const struct kist_keep *keep,
				  struct kist_value *own, const struct kist_value **ret,
				  struct kist_error *err)
{
	*ret = kist_running_find(running, keep->contents);
	if (*ret)
		return KIST_OK;
	KIST_TRY(kist_running_json(running, keep->contents, &own->json, err));
	*ret = own;
	return KIST_OK;
}

static kist_status params_of(struct kist_running *running, const struct kist_keep *keep, json_t **ret,
			     struct kist_error *err)
{
	*ret = NULL;
	return keep->args ? kist_running_json(running, keep->args, ret, err) : KIST_OK;
}

/* What it was made from: the artifact inputs that it follows from. */
static kist_status parents_of(const struct kist_running *running, const struct kist_keep *keep, json_t **ret,
			      struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	kist_auto_mem bool *marks = kist_alloc(entrypoint->input_count, sizeof(*marks));
	kist_auto_json json_t *list = json_array();

	if (!marks || !list)
		return kist_fail_memory(err, sizeof(json_t));
	kist_trace_mark(&running->trace, entrypoint, keep->contents, marks);
	if (keep->args)
		kist_trace_mark(&running->trace, entrypoint, keep->args, marks);
	for (size_t i = 0; i < entrypoint->input_count; i++) {
		char hex[KIST_DIGEST_HEX_SIZE];

		kist_digest_hex(&running->inputs[i].artifact.id, hex);
		if (marks[i] && json_array_append_new(list, json_string(hex)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	*ret = kist_steal(list);
	return KIST_OK;
}

kist_status kist_running_check_kind(const struct kist_keep *keep, uint32_t kind, struct kist_error *err)
{
	const struct kist_offer_artifact *artifact = keep->artifact;
	const struct kist_manifest_type *type = &artifact->entry->manifest->types[artifact->type_index];
	char text[160];

	if (type->kinds & KIST_KIND_BIT(kind))
		return KIST_OK;
	kist_type_print(artifact->contents, text, sizeof(text));
	return kist_fail_at(err, KIST_INVALID, "E_TYPE", KIST_NO_OFFSET,
			    "artifact task '%s' writes %s, and what is given is another kind of object",
			    keep->task, text);
}

static kist_status make_names(const struct kist_running *running, const struct kist_keep *keep,
			      struct names *ret, struct kist_error *err)
{
	if (snprintf(ret->own, sizeof(ret->own), KIST_RUN_PREFIX "%s/%s", kist_job_id(running->job),
		     keep->name) >= (int)sizeof(ret->own) ||
	    snprintf(ret->moving, sizeof(ret->moving), "%s/%s", running->options->name, keep->name) >=
		    (int)sizeof(ret->moving))
		return kist_fail(err, KIST_LIMIT, "its name is too long");
	return KIST_OK;
}

/* Takes note of an artifact, in the job and in the facts. */
static kist_status note_one(struct keeping *keeping, const struct kist_keep *keep,
			    const struct kist_digest *id, struct kist_error *err)
{
	struct kist_running *running = keeping->running;
	struct kist_job_artifact artifact = { .artifact = *id, .step = step_of(running, keep) };
	char hex[KIST_DIGEST_HEX_SIZE];
	struct names names;
	json_t *row;

	KIST_TRY(make_names(running, keep, &names, err));
	artifact.name = names.own;
	artifact.name_len = strlen(names.own);
	KIST_TRY(kist_job_add_artifact(running->job, &artifact, err));
	if (artifact.step)
		KIST_TRY(kist_job_add_step_output(running->job, artifact.step, keep->name, id, err));
	kist_digest_hex(id, hex);
	row = json_pack("{ss,ss,ss,ss*}", "name", names.moving, "own_name", names.own, "artifact", hex,
			"step", artifact.step);
	if (!row || json_array_append_new(keeping->rows, row) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

/* Saves @value by the artifact task of @keep. */
static kist_status save_value(struct keeping *keeping, const struct kist_keep *keep,
			      const struct kist_value *value, const struct kist_save_options *options,
			      struct kist_saved *ret, struct kist_error *err)
{
	const struct kist_route_target target = { keep->artifact->entry, keep->artifact->type_index };
	struct kist_running *running = keeping->running;
	kist_auto_json json_t *params = NULL;
	bool is_new = false;
	uint64_t object;
	uint32_t kind;
	kist_status status;

	KIST_TRY(params_of(running, keep, &params, err));
	KIST_TRY(kist_running_object(running, value, &object, &kind, &is_new, err));
	status = kist_running_check_kind(keep, kind, err);
	if (status == KIST_OK)
		status = kist_save_object(keeping->save, object, &target, params, options, ret, err);
	if (is_new)
		(void)!kist_worker_drop(running->flow->worker, object, NULL);
	return status;
}

static kist_status save_one(struct keeping *keeping, size_t i, struct kist_error *err)
{
	const struct kist_keep *keep = &keeping->running->entrypoint->artifacts[i];
	__attribute__((cleanup(kist_value_done))) struct kist_value own = KIST_VALUE_INIT;
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_json json_t *parents = NULL;
	struct names names;
	struct kist_save_options options = { .name = names.own };
	const struct kist_value *value;

	KIST_TRY(make_names(keeping->running, keep, &names, err));
	KIST_TRY(parents_of(keeping->running, keep, &parents, err));
	options.name_len = strlen(names.own);
	options.parents = json_array_size(parents) > 0 ? parents : NULL;
	KIST_TRY(kist_running_contents(keeping->running, keep, &own, &value, err));
	KIST_TRY(save_value(keeping, keep, value, &options, &saved, err));
	keeping->ids[i] = saved.artifact;
	if (keeping->running->options->names_at_end)
		return KIST_OK;
	return kist_save_own_ref(keeping->save, names.moving, strlen(names.moving), &saved.artifact, "put",
				 err);
}

/* All artifacts that are due, in one commit with the record. */
static kist_status commit_due(struct keeping *keeping, struct kist_error *err)
{
	struct kist_running *running = keeping->running;
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	kist_auto_save struct kist_save *save = NULL;

	KIST_TRY(kist_save_open(running->flow, &save, err));
	keeping->save = save;
	for (size_t i = 0; i < entrypoint->artifact_count; i++) {
		if (keeping->due[i] && save_one(keeping, i, err) != KIST_OK)
			return kist_fail_context(err, "artifact output '%s'", entrypoint->artifacts[i].name);
	}
	/* Once, however often the commit is tried. */
	for (size_t i = 0; !keeping->is_noted && i < entrypoint->artifact_count; i++) {
		if (keeping->due[i])
			KIST_TRY(note_one(keeping, &entrypoint->artifacts[i], &keeping->ids[i], err));
	}
	keeping->is_noted = true;
	return kist_job_commit(running->job, save, err);
}

static kist_status commit_until_kept(struct keeping *keeping, struct kist_error *err)
{
	for (unsigned left = KIST_RUN_COMMIT_TRIES_MAX;; left--) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = commit_due(keeping, &why);

		if (status == KIST_OK)
			return KIST_OK;
		if (left == 1 || !kist_is_collected(&why))
			return kist_fail_as(err, status, &why);
	}
}

static kist_status keep_artifacts(struct kist_running *running, struct kist_error *err)
{
	const size_t count = running->entrypoint->artifact_count;
	kist_auto_mem bool *due = kist_alloc(count, sizeof(*due));
	kist_auto_mem struct kist_digest *ids = kist_alloc(count, sizeof(*ids));
	kist_auto_json json_t *rows = json_array();
	struct keeping keeping = { .running = running, .due = due, .ids = ids, .rows = rows };
	bool any = false;

	if (!due || !ids || !rows)
		return kist_fail_memory(err, count * sizeof(*ids));
	for (size_t i = 0; i < count; i++) {
		due[i] = is_due(running, &running->entrypoint->artifacts[i], i);
		any = any || due[i];
	}
	if (!any)
		return KIST_OK;
	KIST_TRY(commit_until_kept(&keeping, err));
	for (size_t i = 0; i < count; i++) {
		running->kept[i] = running->kept[i] || due[i];
		running->kept_ids[i] = due[i] ? ids[i] : running->kept_ids[i];
	}
	return json_array_extend(running->facts_artifacts, rows) == 0 ? KIST_OK
								      : kist_fail_memory(err, sizeof(json_t));
}

/* The artifact task that the name of the file asks for; none when no plugin knows such names. */
static kist_status target_by_name(const struct kist_running *running, const struct kist_keep *keep,
				  uint32_t kind, struct kist_route_target *ret, struct kist_error *err)
{
	const struct kist_route_query query = { .file_name = keep->file };
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	const struct kist_manifest_type *type;
	const struct kist_catalog *catalog;

	KIST_TRY(kist_flow_catalog(running->flow, &catalog, err));
	KIST_TRY(kist_route_bytes(catalog, &query, &route, err));
	if (!route.target.entry)
		return KIST_OK;
	type = &route.target.entry->manifest->types[route.target.type_index];
	if (!(type->kinds & KIST_KIND_BIT(kind)))
		return kist_fail(err, KIST_UNSUPPORTED,
				 "'%s' is a name for what '%s' writes, which is no %s: give it another name, "
				 "or a task",
				 keep->file, type->task, kist_manifest_kind_name(kind));
	*ret = route.target;
	return KIST_OK;
}

kist_status kist_running_write_contents(struct kist_running *running, const struct kist_keep *keep, int fd,
					struct kist_error *err)
{
	__attribute__((cleanup(kist_value_done))) struct kist_value own = KIST_VALUE_INIT;
	struct kist_route_target target = { .entry = NULL };
	kist_auto_json json_t *params = NULL;
	const struct kist_value *value;

	KIST_TRY(params_of(running, keep, &params, err));
	KIST_TRY(kist_running_contents(running, keep, &own, &value, err));
	if (keep->artifact)
		target = (struct kist_route_target){ keep->artifact->entry, keep->artifact->type_index };
	else if (value->object && value->kind != KIST_KIND_BYTES && value->kind != KIST_KIND_VALUE)
		KIST_TRY(target_by_name(running, keep, value->kind, &target, err));
	return kist_running_write_to(running, value, target.entry ? &target : NULL, params, fd, err);
}

/* For the record: what the file held that was written. */
static kist_status note_export(struct kist_running *running, const struct kist_keep *keep, int fd,
			       struct kist_error *err)
{
	struct kist_job_export made = { .name = keep->name, .file = keep->file };

	if (!running->job)
		return KIST_OK;
	KIST_TRY(kist_digest_file(fd, &made.size, &made.sha256, err));
	return kist_job_add_export(running->job, &made, err);
}

/* A file for people: whole or not at all, in the place of an older one. */
static kist_status write_output(struct kist_running *running, const struct kist_keep *keep,
				struct kist_error *err)
{
	const char *slash = strrchr(keep->file, '/');
	char folder[PATH_MAX];
	char path[PATH_MAX];
	char part[PATH_MAX];
	kist_auto_fd int fd = -1;
	kist_status status;
	json_t *row;

	if (snprintf(folder, sizeof(folder), "%s/%.*s", running->options->exports,
		     slash ? (int)(slash - keep->file) : 0, keep->file) >= (int)sizeof(folder) ||
	    snprintf(path, sizeof(path), "%s/%s", running->options->exports, keep->file) >=
		    (int)sizeof(path) ||
	    snprintf(part, sizeof(part), "%s.%d.part", path, (int)getpid()) >= (int)sizeof(part))
		return kist_fail(err, KIST_LIMIT, "a path is too long");
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, folder, 0777, err));
	KIST_TRY(kist_open_at(AT_FDCWD, part, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666, &fd, err));
	status = kist_running_write_contents(running, keep, fd, err);
	if (status == KIST_OK)
		status = note_export(running, keep, fd, err);
	if (status == KIST_OK && rename(part, path) < 0)
		status = kist_fail_errno(err, errno, "cannot write '%s'", path);
	if (status != KIST_OK) {
		(void)unlink(part);
		return status;
	}
	row = json_pack("{ss,so}", "name", keep->name, "path", kist_json_text(path, strlen(path)));
	if (!row || json_array_append_new(running->facts_outputs, row) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

/* Nothing is kept: what it would be is told. */
static kist_status tell_due(struct kist_running *running, const struct kist_keep *keep, size_t at,
			    struct kist_error *err)
{
	if (!is_due(running, keep, at))
		return KIST_OK;
	if (kist_running_tell_made(running, keep, err) != KIST_OK)
		return kist_fail_context(err, "%s '%s'", keep->file ? "output" : "artifact output",
					 keep->name);
	running->kept[at] = true;
	return KIST_OK;
}

static kist_status tell_all(struct kist_running *running, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;

	for (size_t i = 0; i < entrypoint->artifact_count; i++)
		KIST_TRY(tell_due(running, &entrypoint->artifacts[i], i, err));
	for (size_t i = 0; i < entrypoint->output_count; i++)
		KIST_TRY(tell_due(running, &entrypoint->outputs[i], entrypoint->artifact_count + i, err));
	return KIST_OK;
}

kist_status kist_running_keep(struct kist_running *running, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;

	if (running->options->made)
		return tell_all(running, err);
	if (!running->options->no_artifacts)
		KIST_TRY(keep_artifacts(running, err));
	for (size_t i = 0; !running->options->no_outputs && i < entrypoint->output_count; i++) {
		const size_t at = entrypoint->artifact_count + i;

		if (!is_due(running, &entrypoint->outputs[i], at))
			continue;
		if (write_output(running, &entrypoint->outputs[i], err) != KIST_OK)
			return kist_fail_context(err, "output '%s'", entrypoint->outputs[i].name);
		running->kept[at] = true;
	}
	return KIST_OK;
}
