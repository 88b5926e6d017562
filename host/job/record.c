/* SPDX-License-Identifier: Apache-2.0 */
#include "job/record.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

#define RANDOM_SIZE  ((size_t)4)
#define PASSWD_SIZE  ((size_t)16384)
#define TIME_ID_SIZE ((size_t)16) /* "20260131T120000Z" */

static bool is_id_letter(char c, bool first)
{
	const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

	return plain || (!first && (c == '-' || c == '_' || c == '.'));
}

kist_status kist_job_id_check(const char *id, size_t len, struct kist_error *err)
{
	bool fine = len > 0 && len <= KIST_JOB_ID_MAX;

	for (size_t i = 0; fine && i < len; i++)
		fine = is_id_letter(id[i], i == 0);
	if (fine)
		return KIST_OK;
	return kist_fail(
		err, KIST_INVALID,
		"'%.*s' cannot be the id of a job: it is 1 to %zu letters, digits, '-', '_' and '.', and "
		"begins with a letter or a digit",
		(int)(len < 200 ? len : 200), len ? id : "", KIST_JOB_ID_MAX);
}

/* "20260131T120000Z-1a2b3c4d": in order of time, and no two alike. */
static kist_status make_id(char ret[static KIST_JOB_ID_MAX + 1], struct kist_error *err)
{
	uint8_t random[RANDOM_SIZE];
	char hex[2 * RANDOM_SIZE + 1];
	char time[KIST_TIME_TEXT_SIZE];
	size_t used = 0;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return kist_fail(err, KIST_IO, "the system gives no random bytes for the id of a job");
	kist_hex_write(random, sizeof(random), hex);
	kist_time_text(kist_wall_ns(), time);
	for (const char *at = time; *at && used < TIME_ID_SIZE; at++) {
		if (*at != '-' && *at != ':')
			ret[used++] = *at;
	}
	snprintf(ret + used, KIST_JOB_ID_MAX + 1 - used, "-%s", hex);
	return KIST_OK;
}

static void find_user(char *ret, size_t size)
{
	char room[PASSWD_SIZE];
	struct passwd entry;
	struct passwd *found = NULL;

	if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) == 0 && found)
		snprintf(ret, size, "%s", found->pw_name);
	else
		snprintf(ret, size, "%u", (unsigned)geteuid());
}

/* NULL leaves the member out. */
static kist_status set_text(json_t *object, const char *key, const char *text, struct kist_error *err)
{
	if (text && strlen(text) > KIST_JOB_TEXT_MAX)
		return kist_fail(err, KIST_INVALID, "the %s of a job has more than %zu bytes", key,
				 KIST_JOB_TEXT_MAX);
	if (text && json_object_set_new(object, key, kist_json_text(text, strlen(text))) != 0)
		return kist_fail_memory(err, strlen(text));
	return KIST_OK;
}

static kist_status set_command(json_t *root, const struct kist_job_options *options, struct kist_error *err)
{
	json_t *command = json_array();

	if (!command || json_object_set_new(root, "command", command) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < options->command_count; i++) {
		json_t *argument = kist_json_text(options->command[i], strlen(options->command[i]));

		if (json_array_append_new(command, argument) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

static kist_status fill(json_t *root, const struct kist_job_options *options, struct kist_error *err)
{
	char user[KIST_JOB_TEXT_MAX];

	find_user(user, sizeof(user));
	KIST_TRY(set_text(root, "kind", options->kind, err));
	KIST_TRY(set_text(root, "project", options->project ? options->project : "", err));
	KIST_TRY(set_text(root, "user", user, err));
	KIST_TRY(set_text(root, "entrypoint", options->entrypoint, err));
	KIST_TRY(set_text(root, "parent", options->parent, err));
	return options->command_count > 0 ? set_command(root, options, err) : KIST_OK;
}

/* Takes @root. */
static kist_status wrap(json_t *root, size_t points, struct kist_job **ret, struct kist_error *err)
{
	struct kist_job *job = kist_alloc(1, sizeof(*job));

	if (!job) {
		json_decref(root);
		return kist_fail_memory(err, sizeof(*job));
	}
	job->root = root;
	job->points = points;
	*ret = job;
	return KIST_OK;
}

/* What is wrong with what a caller gives is no damage. */
static kist_status check_given(const json_t *root, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	size_t points;
	const kist_status status = kist_job_check(root, &points, &why);

	return status == KIST_OK ? KIST_OK
				 : kist_fail_as(err, status == KIST_CORRUPT ? KIST_INVALID : status, &why);
}

kist_status kist_job_new(const struct kist_job_options *options, struct kist_job **ret,
			 struct kist_error *err)
{
	kist_auto_json json_t *root = NULL;
	char made[KIST_JOB_ID_MAX + 1];
	const char *id = options->id;

	if (!id) {
		KIST_TRY(make_id(made, err));
		id = made;
	}
	KIST_TRY(kist_job_id_check(id, strlen(id), err));
	if (options->parent)
		KIST_TRY(kist_job_id_check(options->parent, strlen(options->parent), err));
	root = json_pack("{s:i,s:s,s:s,s:i,s:I,s:{},s:{},s:{},s:[],s:[],s:[]}", "kist_job", KIST_JOB_VERSION,
			 "id", id, "state", kist_job_state_name(KIST_JOB_QUEUED), "revision", 0, "created",
			 (json_int_t)kist_wall_ns(), "params", "tags", "metrics", "inputs", "steps",
			 "artifacts");
	if (!root)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(fill(root, options, err));
	KIST_TRY(check_given(root, err));
	return wrap(kist_steal(root), 0, ret, err);
}

void kist_job_free(struct kist_job *job)
{
	if (!job)
		return;
	json_decref(job->root);
	json_decref(job->base);
	json_decref(job->artifact_places);
	kist_free(job);
}

kist_status kist_job_parse(struct kist_view text, struct kist_job **ret, struct kist_error *err)
{
	kist_auto_json json_t *root = NULL;
	size_t points;

	if (text.size > KIST_JOB_SIZE_MAX)
		return kist_fail(err, KIST_LIMIT, "the record of a job has %zu bytes, more than %zu",
				 text.size, KIST_JOB_SIZE_MAX);
	KIST_TRY(kist_json_parse(text, &root, err));
	KIST_TRY(kist_job_check(root, &points, err));
	return wrap(kist_steal(root), points, ret, err);
}

kist_status kist_job_print(const struct kist_job *job, struct kist_buf *ret, struct kist_error *err)
{
	const size_t begin = ret->size;

	KIST_TRY(kist_json_canonical(job->root, ret, err));
	if (ret->size - begin <= KIST_JOB_SIZE_MAX)
		return KIST_OK;
	return kist_fail(err, KIST_LIMIT, "the record of job '%s' has %zu bytes, more than %zu",
			 kist_job_id(job), ret->size - begin, KIST_JOB_SIZE_MAX);
}

const char *kist_job_id(const struct kist_job *job)
{
	return kist_json_get_text(job->root, "id");
}

enum kist_job_state kist_job_state(const struct kist_job *job)
{
	enum kist_job_state state = KIST_JOB_QUEUED;

	/* It was checked. */
	(void)kist_job_state_parse(kist_json_get_text(job->root, "state"), &state);
	return state;
}

enum kist_owner_life kist_job_life(const struct kist_job *job)
{
	struct kist_owner owner;

	return kist_owner_from_json(json_object_get(job->root, "owner"), &owner) ? kist_owner_life(&owner)
										 : KIST_OWNER_UNKNOWN;
}
