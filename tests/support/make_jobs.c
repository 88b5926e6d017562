/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes jobs in a store, as what runs them would.
 *
 *     make_jobs STORE < LINES    one commit a line: {"id":"a", "record":{...}, "made":{"NAME":"TEXT", ...}}
 *     make_jobs STORE COUNT      so many finished ones in a few commits, each unlike the others
 *
 * "record" holds members that are set in the record as they are.  In them a text "@NAME" means the id of what has
 * that name, once "made" was put, and "owner":"me" the process's parent, "owner":"gone" one that has ended.  An
 * id that is there already is changed, as by another process.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "job/commit.h"
#include "support/must.h"

#define JOBS_A_COMMIT 2500
#define LINE_SIZE     ((size_t)1 << 16)

static struct kist_flow *flow;

static void ok(kist_status status, const struct kist_error *err)
{
	if (status == KIST_OK)
		return;
	fprintf(stderr, "make_jobs: %s\n", err->text);
	exit(EXIT_FAILURE);
}

static struct kist_digest put(struct kist_save *save, const char *name, const char *text)
{
	const struct kist_save_made made = { .bytes = kist_view_of(text, strlen(text)),
					     .kind = "bytes",
					     .encoding = KIST_BYTES_ENCODING };
	const struct kist_save_options how = { .name = name, .name_len = strlen(name), .own_name = true };
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	ok(kist_save_bytes(save, &made, &how, &saved, &err), &err);
	return saved.artifact;
}

/* What "@NAME" stands for: what was put just now, or what has the name. */
static json_t *id_of(const json_t *ids, const char *name)
{
	struct kist_error err = KIST_ERROR_INIT;
	char hex[KIST_DIGEST_HEX_SIZE];
	struct kist_digest id;

	if (json_object_get(ids, name))
		return json_incref(json_object_get(ids, name));
	ok(kist_registry_find_ref(flow->registry, name, strlen(name), &id, &err), &err);
	kist_digest_hex(&id, hex);
	return json_string(hex);
}

static json_t *owner_of(const char *which)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_owner owner;
	json_t *object = NULL;

	ok(kist_owner_of(getppid(), &owner, &err), &err);
	if (strcmp(which, "gone") == 0)
		owner.start = 1;
	ok(kist_owner_json(&owner, &object, &err), &err);
	return object;
}

/* A copy of @value with all that stands for something in its place. */
static json_t *resolve(const json_t *value, const json_t *ids)
{
	const char *text = json_string_value(value);
	json_t *made;
	const char *key;
	json_t *member;

	if (text && text[0] == '@')
		return id_of(ids, text + 1);
	if (json_is_array(value)) {
		made = json_array();
		for (size_t i = 0; i < json_array_size(value); i++)
			must(json_array_append_new(made, resolve(json_array_get(value, i), ids)) == 0);
		return made;
	}
	if (!json_is_object(value))
		return kist_json_copy(value);
	made = json_object();
	json_object_foreach((json_t *)(uintptr_t)value, key, member) {
		const bool is_owner = strcmp(key, "owner") == 0 && json_is_string(member);

		must(json_object_set_new(made, key,
					 is_owner ? owner_of(json_string_value(member))
						  : resolve(member, ids)) == 0);
	}
	return made;
}

/* The state of a job that is there follows from the one it is in. */
static void set_members(struct kist_job *job, json_t *record)
{
	const char *name = job->base ? kist_json_get_text(record, "state") : NULL;
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_job_state state;

	if (name) {
		must(kist_job_state_parse(name, &state));
		ok(kist_job_set_state(job, state, 0, &err), &err);
		must(json_object_del(record, "state") == 0);
	}
	must(json_object_update(job->root, record) == 0);
}

static void make_one(const json_t *line)
{
	const struct kist_job_options options = { .id = kist_json_get_text(line, "id"), .kind = "test" };
	kist_auto_job struct kist_job *job = NULL;
	kist_auto_save struct kist_save *save = NULL;
	kist_auto_json json_t *ids = json_object();
	kist_auto_json json_t *record = NULL;
	struct kist_error err = KIST_ERROR_INIT;
	const char *key;
	json_t *text;

	if (kist_job_load(flow, options.id, &job, NULL) != KIST_OK)
		ok(kist_job_new(&options, &job, &err), &err);
	ok(kist_save_open(flow, &save, &err), &err);
	json_object_foreach(json_object_get(line, "made"), key, text) {
		struct kist_job_artifact artifact = { .name = key, .name_len = strlen(key) };
		char hex[KIST_DIGEST_HEX_SIZE];

		artifact.artifact = put(save, key, json_string_value(text));
		kist_digest_hex(&artifact.artifact, hex);
		must(json_object_set_new(ids, key, json_string(hex)) == 0);
		ok(kist_job_add_artifact(job, &artifact, &err), &err);
	}
	record = resolve(json_object_get(line, "record"), ids);
	if (record)
		set_members(job, record);
	ok(kist_job_commit(job, save, &err), &err);
}

static void make_lines(void)
{
	static char line[LINE_SIZE];

	while (fgets(line, sizeof(line), stdin)) {
		kist_auto_json json_t *object = NULL;
		struct kist_error err = KIST_ERROR_INIT;

		ok(kist_json_parse(kist_view_of(line, strcspn(line, "\n")), &object, &err), &err);
		make_one(object);
	}
}

/* One of many, straight into the save: a commit for each would take long. */
static void put_numbered(struct kist_save *save, uint64_t no)
{
	static const char *const states[] = { "finished", "finished", "failed", "stopped" };
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_JOB_SIZE_MAX);
	kist_auto_job struct kist_job *job = NULL;
	kist_auto_json json_t *number = json_integer((json_int_t)no);
	kist_auto_json json_t *rate = json_real(0.001 * (double)(1 + no % 17));
	struct kist_error err = KIST_ERROR_INIT;
	char name[KIST_JOB_NAME_SIZE];
	char id[KIST_JOB_ID_MAX + 1];
	struct kist_job_options options = { .id = id, .kind = "test" };
	char project[32];

	snprintf(id, sizeof(id), "job-%08" PRIu64, no);
	snprintf(project, sizeof(project), "project-%" PRIu64, no % 10);
	options.project = project;
	ok(kist_job_new(&options, &job, &err), &err);
	ok(kist_job_set_param(job, "number", number, &err), &err);
	ok(kist_job_set_param(job, "rate", rate, &err), &err);
	ok(kist_job_set_tag(job, "team", no % 2 ? "blue" : "red", &err), &err);
	for (int64_t step = 0; step < 10; step++)
		ok(kist_job_add_metric(job, "loss", step,
				       1.0 / (double)(1 + (no * 7919 + (uint64_t)step) % 1000), 1, &err),
		   &err);
	must(json_object_set_new(job->root, "state", json_string(states[no % 4])) == 0);
	ok(kist_job_print(job, &text, &err), &err);
	(void)kist_job_name(id, name);
	{
		const struct kist_save_made made = { .bytes = kist_buf_view(&text),
						     .kind = "value",
						     .encoding = KIST_JOB_ENCODING };
		const struct kist_save_options how = { .name = name,
						       .name_len = strlen(name),
						       .own_name = true };
		kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;

		ok(kist_save_bytes(save, &made, &how, &saved, &err), &err);
	}
}

static void make_many(uint64_t count)
{
	for (uint64_t no = 0; no < count;) {
		kist_auto_save struct kist_save *save = NULL;
		struct kist_error err = KIST_ERROR_INIT;

		ok(kist_save_open(flow, &save, &err), &err);
		for (unsigned i = 0; i < JOBS_A_COMMIT && no < count; i++)
			put_numbered(save, no++);
		ok(kist_save_commit(save, &err), &err);
	}
}

int main(int argc, char **argv)
{
	const struct kist_flow_options options = { .store_uri = argc > 1 ? argv[1] : "" };
	struct kist_error err = KIST_ERROR_INIT;
	uint64_t count = 0;

	if (argc < 2 || argc > 3 || (argc == 3 && !kist_u64_parse(argv[2], strlen(argv[2]), &count))) {
		fprintf(stderr, "usage: make_jobs STORE [COUNT]\n");
		return EXIT_FAILURE;
	}
	ok(kist_flow_open(&options, &flow, &err), &err);
	if (argc == 3)
		make_many(count);
	else
		make_lines();
	kist_flow_close(flow);
	return EXIT_SUCCESS;
}
