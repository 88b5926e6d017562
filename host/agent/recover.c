/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/recover.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "job/owner.h"

#define ARTIFACT_PATH "artifact_path"

/* A recovery under way. */
struct recovery {
	const struct kist_recover_options *options;
	struct kist_keeping keeping;
	struct kist_job *job;
	struct kist_flow *flow; /* until the keeper has taken it */
	int64_t next_ns;	/* when the next job began in the same folder; 0: none did */
	char store[PATH_MAX];	/* that it was to be kept in */
	char folder[PATH_MAX];	/* of artifacts; or empty */
	char error[KIST_JOB_ERROR_MAX + 1];
};

/* The path @key, of whatever bytes it is: kist_json_set_bytes().  false for none. */
static bool read_path(const json_t *facts, const char *key, char ret[static PATH_MAX])
{
	const char *text = kist_json_get_text(facts, key);
	char bytes_key[KIST_JSON_BYTES_KEY_MAX + sizeof("_bytes")];
	const json_t *hex;
	size_t len;

	(void)snprintf(bytes_key, sizeof(bytes_key), "%s_bytes", key);
	hex = json_object_get(facts, bytes_key);
	len = json_string_length(hex) / 2;
	if (hex) {
		if (len >= PATH_MAX || !json_is_string(hex) ||
		    !kist_hex_read(json_string_value(hex), json_string_length(hex), (uint8_t *)ret, len))
			return false;
		ret[len] = '\0';
		return true;
	}
	return text && snprintf(ret, PATH_MAX, "%s", text) < PATH_MAX;
}

static void recovery_done(struct recovery *recovery)
{
	kist_keeping_done(&recovery->keeping);
	kist_job_free(recovery->job);
	kist_flow_close(recovery->flow);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_id(const struct dirent *entry)
{
	return kist_job_id_check(entry->d_name, strlen(entry->d_name), NULL) == KIST_OK;
}

kist_status kist_recover_each(const char *runs_dir,
			      kist_status (*each)(void *ctx, const char *id, struct kist_error *err),
			      void *ctx, struct kist_error *err)
{
	struct dirent **entries = NULL;
	const int count = scandir(runs_dir, &entries, is_id, by_name);
	kist_status status = KIST_OK;

	if (count < 0)
		return errno == ENOENT ? KIST_OK : kist_fail_errno(err, errno, "cannot list '%s'", runs_dir);
	for (int i = 0; i < count; i++) {
		if (status == KIST_OK)
			status = each(ctx, entries[i]->d_name, err);
		kist_free(entries[i]);
	}
	kist_free(entries);
	return status;
}

/* Another run: perhaps it began later where this one wrote. */
static kist_status see_other(void *ctx, const char *id, struct kist_error *err)
{
	struct recovery *recovery = ctx;
	const json_t *own = recovery->keeping.facts;
	kist_auto_run struct kist_run run = KIST_RUN_INIT;
	kist_auto_json json_t *facts = NULL;
	char folder[PATH_MAX];
	uint64_t began;
	uint64_t own_began;

	(void)err;
	if (strcmp(id, recovery->options->id) == 0 ||
	    kist_run_open(recovery->options->runs_dir, id, &run, NULL) != KIST_OK ||
	    kist_run_read(&run, &facts, NULL) != KIST_OK)
		return KIST_OK;
	if (!read_path(facts, ARTIFACT_PATH, folder) || strcmp(folder, recovery->folder) != 0 ||
	    !kist_json_get_u64(facts, "started_ns", &began) ||
	    !kist_json_get_u64(own, "started_ns", &own_began) || began <= own_began)
		return KIST_OK;
	if (recovery->next_ns == 0 || (int64_t)began < recovery->next_ns)
		recovery->next_ns = (int64_t)began;
	return KIST_OK;
}

static kist_status read_facts(struct recovery *recovery, struct kist_error *err)
{
	const char *id;

	KIST_TRY(kist_run_open_dead(recovery->options->runs_dir, recovery->options->id,
				    &recovery->keeping.run, err));
	KIST_TRY(kist_run_read(&recovery->keeping.run, &recovery->keeping.facts, err));
	id = kist_json_get_text(recovery->keeping.facts, "run_id");
	if (!id || strcmp(id, recovery->options->id) != 0 ||
	    !read_path(recovery->keeping.facts, "store", recovery->store))
		return kist_fail(err, KIST_CORRUPT, "'%s/" KIST_RUN_FILE "' does not say what ran",
				 recovery->keeping.run.path);
	if (!json_object_get(recovery->keeping.facts, ARTIFACT_PATH))
		return KIST_OK;
	if (!read_path(recovery->keeping.facts, ARTIFACT_PATH, recovery->folder))
		return kist_fail(err, KIST_CORRUPT, "'%s/" KIST_RUN_FILE "' does not say where it wrote",
				 recovery->keeping.run.path);
	return kist_recover_each(recovery->options->runs_dir, see_other, recovery, err);
}

/* What it writes from now on would be kept by nobody. */
static kist_status check_program(const struct recovery *recovery, struct kist_error *err)
{
	const json_t *program = json_object_get(recovery->keeping.facts, "program");
	struct kist_owner owner;

	if (!kist_owner_from_json(program, &owner))
		return KIST_OK;
	/* Locks are not seen by all machines that share a folder. */
	if (kist_run_lease(&recovery->keeping.run, owner.lease, NULL) != KIST_OK)
		owner.lease[0] = '\0';
	if (kist_owner_life(&owner) != KIST_OWNER_ALIVE)
		return KIST_OK;
	if (!kist_owner_is_here(&owner))
		return kist_fail(err, KIST_EXISTS,
				 "the agent of job '%s' is at work on '%s', or was a moment ago",
				 recovery->options->id, owner.host);
	return kist_fail(
		err, KIST_EXISTS,
		"the agent of job '%s' is gone, but its program, process %llu, still runs: recover it "
		"when that has ended",
		recovery->options->id, (unsigned long long)owner.pid);
}

/* The agent makes "<temporary folder>/kist-XXXXXX/job"; nothing else is removed. */
static void clear_socket(const json_t *facts)
{
	const char *socket = kist_json_get_text(facts, "socket");
	char path[PATH_MAX];
	struct stat st;

	if (!socket || socket[0] != '/' || snprintf(path, sizeof(path), "%s", socket) >= (int)sizeof(path) ||
	    lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode) || unlink(path) != 0)
		return;
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);
}

static kist_status set_given(struct kist_job *job, const json_t *facts, struct kist_error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(facts, "params"), key, value)
		KIST_TRY(kist_job_set_param(job, key, value, err));
	json_object_foreach(json_object_get(facts, "tags"), key, value) {
		if (json_is_string(value))
			KIST_TRY(kist_job_set_tag(job, key, json_string_value(value), err));
	}
	return KIST_OK;
}

/* The job that never came to the store. */
static kist_status make_job(struct recovery *recovery, struct kist_error *err)
{
	const json_t *facts = recovery->keeping.facts;
	const json_t *command = json_object_get(facts, "command");
	const size_t count = json_array_size(command);
	kist_auto_mem const char **arguments = kist_alloc(count + 1, sizeof(*arguments));
	const struct kist_job_options how = { .id = recovery->options->id,
					      .kind = "exec",
					      .project = kist_json_get_text(facts, "project"),
					      .command = arguments,
					      .command_count = count };

	if (!arguments)
		return kist_fail_memory(err, (count + 1) * sizeof(*arguments));
	for (size_t i = 0; i < count; i++) {
		arguments[i] = json_string_value(json_array_get(command, i));
		if (!arguments[i])
			return kist_fail(err, KIST_CORRUPT, "'%s/" KIST_RUN_FILE "' does not say what ran",
					 recovery->keeping.run.path);
	}
	KIST_TRY(kist_job_new(&how, &recovery->job, err));
	KIST_TRY(set_given(recovery->job, facts, err));
	return kist_job_set_state(recovery->job, KIST_JOB_STARTED, 0, err);
}

static kist_status find_job(struct recovery *recovery, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	KIST_TRY(recovery->options->open(recovery->options->ctx, recovery->store, &recovery->flow, err));
	if (kist_job_load(recovery->flow, recovery->options->id, &recovery->job, &why) == KIST_OK)
		return KIST_OK;
	return why.status == KIST_NOT_FOUND ? make_job(recovery, err) : kist_fail_as(err, why.status, &why);
}

static kist_status give_flow(void *ctx, struct kist_flow **ret, struct kist_error *err)
{
	struct recovery *recovery = ctx;

	if (recovery->flow) {
		*ret = kist_steal(recovery->flow);
		return KIST_OK;
	}
	return recovery->options->open(recovery->options->ctx, recovery->store, ret, err);
}

/* What the agent still saw of the end; else the job is lost. */
static struct kist_keeper_end end_of(const json_t *facts)
{
	struct kist_keeper_end end = { .state = KIST_JOB_LOST,
				       .error = "its agent was gone before it ended" };
	const char *state = kist_json_get_text(facts, "state");
	enum kist_job_state ended;

	if (!state || !kist_job_state_parse(state, &ended) || !kist_job_state_is_end(ended))
		return end;
	end.state = ended;
	end.has_exit = json_is_true(json_object_get(facts, "has_exit"));
	end.status = (int)json_integer_value(json_object_get(facts, "exit_status"));
	end.signal = (int)json_integer_value(json_object_get(facts, "signal"));
	end.error = kist_json_get_text(facts, "error");
	if (end.error && !end.error[0])
		end.error = NULL;
	return end;
}

/* The agent was killed when its last commit was made, and before the run folder said so: the store knows better. */
static void take_stored_end(struct recovery *recovery, struct kist_keeper_end *end)
{
	const char *error = kist_json_get_text(recovery->job->root, "error");

	if (end->state != KIST_JOB_LOST || !kist_job_state_is_end(kist_job_state(recovery->job)))
		return;
	end->state = kist_job_state(recovery->job);
	(void)snprintf(recovery->error, sizeof(recovery->error), "%s", error ? error : "");
	end->error = error ? recovery->error : NULL;
}

static kist_status recover(struct recovery *recovery, struct kist_recovered *ret, struct kist_error *err)
{
	const struct kist_keeping_options how = {
		.open = give_flow,
		.open_ctx = recovery,
		.warn = recovery->options->warn,
		.ctx = recovery->options->ctx,
		.job = recovery->job,
		.folder = recovery->folder[0] ? recovery->folder : NULL,
		.changed_before_ns = recovery->next_ns,
		.runs_dir = recovery->options->runs_dir,
	};
	struct kist_keeper_end end = end_of(recovery->keeping.facts);

	take_stored_end(recovery, &end);
	ret->state = end.state;
	KIST_TRY(kist_keeping_start(&recovery->keeping, &how, err));
	kist_keeping_finish(&recovery->keeping, &end, &ret->kept);
	return KIST_OK;
}

kist_status kist_recover(const struct kist_recover_options *options, struct kist_recovered *ret,
			 struct kist_error *err)
{
	__attribute__((cleanup(recovery_done))) struct recovery recovery = { .options = options,
									     .keeping = KIST_KEEPING_INIT };
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	*ret = (struct kist_recovered){ .nothing = false };
	status = read_facts(&recovery, &why);
	if (status != KIST_OK && strcmp(why.code, KIST_RUN_CODE_EMPTY) == 0) {
		ret->nothing = true;
		return KIST_OK;
	}
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	KIST_TRY(check_program(&recovery, err));
	clear_socket(recovery.keeping.facts);
	if (json_is_true(json_object_get(recovery.keeping.facts, "recorded")) &&
	    json_integer_value(json_object_get(recovery.keeping.facts, "failed")) == 0) {
		ret->nothing = true;
		return KIST_OK;
	}
	KIST_TRY(find_job(&recovery, err));
	return recover(&recovery, ret, err);
}
