/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/request.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/request_table.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"

/* What a change of the record needs stands in the request itself. */
static kist_status add_metric(struct kist_job *job, const json_t *request, struct kist_error *err)
{
	double value = NAN;

	(void)kist_json_get_real(json_object_get(request, "value"), &value);
	return kist_job_add_metric(job, kist_json_get_text(request, "name"),
				   json_integer_value(json_object_get(request, "step")), value,
				   json_integer_value(json_object_get(request, "time")), err);
}

static kist_status set_param(struct kist_job *job, const json_t *request, struct kist_error *err)
{
	return kist_job_set_param(job, kist_json_get_text(request, "name"), json_object_get(request, "value"),
				  err);
}

static kist_status set_tag(struct kist_job *job, const json_t *request, struct kist_error *err)
{
	return kist_job_set_tag(job, kist_json_get_text(request, "name"), kist_json_get_text(request, "text"),
				err);
}

/* ------ what a request asks for ------ */

struct asking {
	json_t *request;
	int *fd;
	struct kist_keeper *keeper;
};

static void asking_done(struct asking *asking)
{
	json_decref(asking->request);
}

static kist_status change(struct asking *asking,
			  kist_status (*how)(struct kist_job *job, const json_t *request,
					     struct kist_error *err),
			  struct kist_error *err)
{
	/* Given away whole: what two threads hold would be counted by both. */
	return kist_keeper_change(asking->keeper, how, kist_steal(asking->request), err);
}

static bool is_integer_or_missing(const json_t *request, const char *key)
{
	const json_t *value = json_object_get(request, key);

	return !value || json_is_integer(value);
}

static kist_status ask_metric(struct asking *asking, struct kist_error *err)
{
	double value;
	/* When it came is when it was asked for, and not when the record is changed. */
	json_t *time = json_integer((json_int_t)kist_wall_ns());

	if (json_object_set_new(asking->request, "time", time) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (!kist_json_get_real(json_object_get(asking->request, "value"), &value))
		return kist_fail(err, KIST_INVALID,
				 "\"value\" is a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
	if (!is_integer_or_missing(asking->request, "step"))
		return kist_fail(err, KIST_INVALID, "\"step\" is a whole number");
	return change(asking, add_metric, err);
}

static kist_status ask_param(struct asking *asking, struct kist_error *err)
{
	if (!json_object_get(asking->request, "value"))
		return kist_fail(err, KIST_INVALID, "a parameter has a \"value\"");
	return change(asking, set_param, err);
}

static kist_status ask_tag(struct asking *asking, struct kist_error *err)
{
	if (!kist_json_get_text(asking->request, "text"))
		return kist_fail(err, KIST_INVALID, "a tag has a \"text\"");
	return change(asking, set_tag, err);
}

/* The program's own path, opened with what the agent may: both are one user's. */
static kist_status open_path(const char *path, int *ret, struct kist_error *err)
{
	if (path[0] != '/')
		return kist_fail(err, KIST_INVALID, "\"path\" is an absolute path, not '%s'", path);
	return kist_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, ret, err);
}

static kist_status save(struct asking *asking, struct kist_error *err)
{
	const char *name = kist_json_get_text(asking->request, "name");
	const char *path = kist_json_get_text(asking->request, "path");
	struct stat st;

	KIST_TRY(kist_name_check(name, strlen(name), err));
	if (path && *asking->fd < 0)
		KIST_TRY(open_path(path, asking->fd, err));
	if (*asking->fd < 0)
		return kist_fail(err, KIST_INVALID, "neither a file came along nor does \"path\" name one");
	if (fstat(*asking->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return kist_fail(err, KIST_INVALID, "what is to be saved is no regular file");
	return kist_keeper_save(asking->keeper, name, asking->fd, err);
}

/* The file was this request's, and is no other's. */
static kist_status ask_save(struct asking *asking, struct kist_error *err)
{
	const kist_status status = save(asking, err);

	kist_fd_close(asking->fd);
	return status;
}

/* Rows that came with the line, kept as CSV. */
static kist_status ask_table(struct asking *asking, struct kist_error *err)
{
	const char *name = kist_json_get_text(asking->request, "name");
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_name_check(name, strlen(name), err));
	KIST_TRY(kist_request_table(asking->request, &fd, err));
	return kist_keeper_save(asking->keeper, name, &fd, err);
}

/* An artifact that lies elsewhere: what is told of it goes into the run folder. */
static kist_status ask_artifact(struct asking *asking, struct kist_error *err)
{
	static const char *const texts[] = { "location", "task_name", "component", "kind", "digest" };
	kist_auto_json json_t *facts = json_object();
	const char *name = kist_json_get_text(asking->request, "name");
	json_t *size = json_object_get(asking->request, "size_bytes");

	if (!kist_json_get_text(asking->request, "location"))
		return kist_fail(err, KIST_INVALID, "an artifact has a \"location\"");
	if (size && (!json_is_integer(size) || json_integer_value(size) < 0))
		return kist_fail(err, KIST_INVALID, "\"size_bytes\" is a whole number, and not negative");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *value = json_object_get(asking->request, texts[i]);

		if (value && !json_is_string(value))
			return kist_fail(err, KIST_INVALID, "\"%s\" is a text", texts[i]);
		if (json_object_set_new(facts, texts[i],
					json_string(value ? json_string_value(value) : "")) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	if (json_object_set_new(facts, "artifact_name", json_string(name)) != 0 ||
	    json_object_set_new(facts, "size_bytes",
				size ? json_integer(json_integer_value(size)) : json_null()) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	kist_keeper_refer(asking->keeper, kist_steal(facts));
	return KIST_OK;
}

static kist_status ask_flush(struct asking *asking, struct kist_error *err)
{
	(void)err;
	kist_keeper_flush(asking->keeper);
	return KIST_OK;
}

static const struct {
	const char *op;
	bool has_name;
	kist_status (*ask)(struct asking *asking, struct kist_error *err);
} asks[] = {
	{ "metric", true, ask_metric },	    { "param", true, ask_param },  { "tag", true, ask_tag },
	{ "save", true, ask_save },	    { "flush", false, ask_flush }, { "table", true, ask_table },
	{ "artifact", true, ask_artifact },
};

kist_status kist_request_serve(struct kist_view line, int *fd, struct kist_keeper *keeper,
			       struct kist_error *err)
{
	__attribute__((cleanup(asking_done))) struct asking asking = { .fd = fd, .keeper = keeper };
	const char *op;
	const char *name;

	KIST_TRY(kist_json_parse(line, &asking.request, err));
	op = kist_json_get_text(asking.request, "op");
	name = kist_json_get_text(asking.request, "name");
	for (size_t i = 0; op && i < sizeof(asks) / sizeof(asks[0]); i++) {
		if (strcmp(op, asks[i].op) != 0)
			continue;
		if (asks[i].has_name && (!name || !name[0]))
			return kist_fail(err, KIST_INVALID, "\"%s\" needs a \"name\"", op);
		return asks[i].ask(&asking, err);
	}
	return kist_fail(err, KIST_INVALID, "\"op\" is metric, param, tag, save, table, artifact or flush");
}
