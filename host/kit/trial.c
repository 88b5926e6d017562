/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/trial.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "kit/findings.h"
#include "kit/notebook.h"

/* Of what a check or a plugin writes. */
#define OUTPUT_MAX ((size_t)16 << 10)
#define RESULT_MAX ((size_t)1 << 20)

void kist_trial_done(struct kist_trial *trial)
{
	json_decref(trial->results);
	*trial = (struct kist_trial)KIST_TRIAL_INIT;
}

/* One run of all. */
struct session {
	const struct kist_kit_subject *subject;
	const struct kist_trial_options *options;
	struct kist_trial *trial;
	int notebook_fd;
	struct kist_notebook *notebook;
	bool broken[KIST_KIT_GOLD + 1]; /* a check of this badge failed */
};

static const char *target_name(const struct session *session, const struct kist_kit_check *check,
			       size_t index)
{
	const struct kist_manifest *manifest = session->subject->manifest;

	if (check->scope == KIST_KIT_OF_PLUGIN)
		return manifest->id;
	return check->scope == KIST_KIT_OF_TYPE ? manifest->types[index].type : manifest->tasks[index].name;
}

static void make_name(char ret[static 64], const struct kist_kit_check *check, struct kist_view bytes)
{
	const struct kist_digest digest = kist_digest_of(bytes);
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&digest, hex);
	snprintf(ret, 64, "%.24s-%.12s", check->id, hex);
}

/* The input that it died of, so that the next run begins with it. */
static void keep_input(const struct session *session, const struct kist_kit_check *check, size_t index,
		       char ret_path[static PATH_MAX])
{
	const struct kist_view bytes = kist_view_of(session->notebook->input, session->notebook->size);
	const char *slash = strrchr(session->subject->path, '/');
	const struct kist_manifest *manifest = session->subject->manifest;
	const char *extension = "bin";
	char name[64];

	ret_path[0] = '\0';
	if (!session->options->keeps_corpus || bytes.size == 0 || check->scope != KIST_KIT_OF_TYPE)
		return;
	if (manifest->types[index].extension_count > 0)
		extension = manifest->types[index].extensions[0];
	make_name(name, check, bytes);
	snprintf(ret_path, PATH_MAX, "%.*s/corpus", (int)(slash - session->subject->path),
		 session->subject->path);
	if (kist_mkdirs_at(AT_FDCWD, ret_path, 0777, NULL) == KIST_OK) {
		const size_t len = strlen(ret_path);

		snprintf(ret_path + len, PATH_MAX - len, "/%s.%s", name, extension);
		if (kist_replace_file_at(AT_FDCWD, ret_path, bytes, 0666, false, NULL) == KIST_OK)
			return;
	}
	ret_path[0] = '\0';
}

/* A process that did not come to its end, told as a finding. */
static void tell_end(const struct session *session, const struct kist_kit_check *check, size_t index,
		     const struct kist_trial_end *end, struct kist_kit_findings *findings)
{
	const char *doing = session->notebook->doing;
	char path[PATH_MAX];
	char how[96];

	if (end->is_late)
		snprintf(how, sizeof(how), "took longer than %llu ms and was ended",
			 (unsigned long long)session->options->check_ms_max);
	else if (end->is_signal)
		snprintf(how, sizeof(how), "crashed: signal %d (SIG%s)", end->status,
			 sigabbrev_np(end->status) ? sigabbrev_np(end->status) : "?");
	else
		snprintf(how, sizeof(how),
			 "ended the process with exit status %d: return a status and never call exit",
			 end->status);
	keep_input(session, check, index, path);
	kist_kit_find(findings, KIST_KIT_ERROR, check->id, "%.240s: it %s%s%s",
		      doing[0] ? doing : "before the first call", how,
		      path[0] ? "; the input is kept as " : "", path);
}

/* Runs it once; what it found goes to @findings. */
static kist_status run_once(struct session *session, const struct kist_kit_check *check, size_t index,
			    struct kist_trial_end *end, json_t **ret_said, struct kist_kit_findings *findings,
			    struct kist_error *err)
{
	char number[24];
	char seed[24];
	const char *const arguments[] = { "kist-kit", check->id, session->subject->path, number, seed, NULL };
	const json_t *row;
	size_t i;

	snprintf(number, sizeof(number), "%zu", index);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)session->options->seed);
	memset(session->notebook->doing, 0, sizeof(session->notebook->doing));
	session->notebook->size = 0;
	*end = (struct kist_trial_end){ .result = KIST_BUF_INIT(RESULT_MAX),
					.output = KIST_BUF_INIT(OUTPUT_MAX) };
	KIST_TRY(kist_trial_process(session->options, arguments, session->notebook_fd, end, err));
	session->notebook->doing[sizeof(session->notebook->doing) - 1] = '\0';
	if (session->notebook->size > KIST_NOTEBOOK_INPUT_MAX)
		session->notebook->size = 0;
	if (end->is_late || end->is_signal || end->status != 0 ||
	    kist_json_parse(kist_buf_view(&end->result), ret_said, NULL) != KIST_OK) {
		tell_end(session, check, index, end, findings);
		return KIST_OK;
	}
	json_array_foreach(json_object_get(*ret_said, "findings"), i, row)
		kist_kit_find(findings, KIST_KIT_ERROR, check->id, "%s", kist_json_get_text(row, "text"));
	return KIST_OK;
}

/* What only two processes together, or a real worker, tell. */
static kist_status run_more(struct session *session, const struct kist_kit_check *check, size_t index,
			    const json_t *said, struct kist_kit_findings *findings, struct kist_error *err)
{
	const char *digest = said ? kist_json_get_text(said, "digest") : NULL;
	kist_auto_json json_t *again = NULL;
	struct kist_trial_end end;
	char why[512];

	if (!digest || !digest[0])
		return KIST_OK;
	if (check->is_twice) {
		KIST_TRY(run_once(session, check, index, &end, &again, findings, err));
		kist_buf_done(&end.result);
		kist_buf_done(&end.output);
		if (again && strcmp(kist_json_get_text(again, "digest"), digest) != 0)
			kist_kit_find(findings, KIST_KIT_ERROR, check->id,
				      "the same objects give other bytes in another process, whose memory "
				      "lies elsewhere: an "
				      "address is written, or the time, or a random number");
	} else if (strcmp(check->id, "worker") == 0) {
		kist_trial_in_worker(session->subject, session->options->worker, index,
				     kist_view_of(session->notebook->input, session->notebook->size), digest,
				     why);
		if (why[0])
			kist_kit_find(findings, KIST_KIT_ERROR, check->id, "%s: %s", session->notebook->doing,
				      why);
	}
	return KIST_OK;
}

static kist_status add_result(struct session *session, const struct kist_kit_check *check, size_t index,
			      const struct kist_trial_end *end, const char *skipped,
			      struct kist_kit_findings *findings, struct kist_error *err)
{
	struct kist_trial *trial = session->trial;
	const bool failed = findings->counts[KIST_KIT_ERROR] > 0;
	json_t *result = json_pack(
		"{s:s,s:s,s:s,s:s,s:f,s:s,s:o,s:o,s:s}", "check", check->id, "title", check->title, "of",
		target_name(session, check, index), "status",
		failed ? "failed" : (skipped[0] ? "skipped" : "passed"), "seconds", end->seconds, "badge",
		kist_kit_badge_name(check->badge), "findings",
		findings->list ? json_incref(findings->list) : json_array(), "output",
		kist_json_text(failed ? (const char *)end->output.data : "", failed ? end->output.size : 0),
		"skipped", failed ? "" : skipped);

	if (!result)
		return kist_fail_memory(err, sizeof(json_t));
	trial->failed += failed;
	trial->skipped += !failed && skipped[0];
	trial->passed += !failed && !skipped[0];
	session->broken[check->badge] |= failed;
	if (session->options->each)
		session->options->each(session->options->ctx, result);
	return json_array_append_new(trial->results, result) == 0 ? KIST_OK
								  : kist_fail_memory(err, sizeof(json_t));
}

static kist_status run_check(struct session *session, const struct kist_kit_check *check, size_t index,
			     struct kist_error *err)
{
	kist_auto_findings struct kist_kit_findings findings = KIST_KIT_FINDINGS_INIT;
	kist_auto_json json_t *said = NULL;
	struct kist_trial_end end = { .seconds = 0 };
	const char *skipped;
	kist_status status;

	/* A library of the system has no file of its own that a check could map. */
	if (session->subject->manifest->is_ordinary)
		return add_result(session, check, index, &end,
				  "an ordinary library knows nothing of this contract", &findings, err);
	if (strcmp(check->id, "worker") == 0 && session->options->runtime)
		return add_result(session, check, index, &end,
				  "no worker takes what was built with a sanitizer", &findings, err);
	status = run_once(session, check, index, &end, &said, &findings, err);

	if (status == KIST_OK)
		status = run_more(session, check, index, said, &findings, err);
	skipped = said ? kist_json_get_text(said, "skipped") : NULL;
	if (status == KIST_OK)
		status = add_result(session, check, index, &end, skipped ? skipped : "", &findings, err);
	kist_buf_done(&end.result);
	kist_buf_done(&end.output);
	return status;
}

static kist_status run_all(struct session *session, struct kist_error *err)
{
	const struct kist_manifest *manifest = session->subject->manifest;
	bool found = false;

	for (size_t i = 0; kist_kit_check_at(i); i++) {
		const struct kist_kit_check *check = kist_kit_check_at(i);
		const size_t count = check->scope == KIST_KIT_OF_PLUGIN ? 1
				     : check->scope == KIST_KIT_OF_TYPE ? manifest->type_count
									: manifest->task_count;

		if (session->options->only && strcmp(session->options->only, check->id) != 0)
			continue;
		found = true;
		for (size_t k = 0; k < count; k++)
			KIST_TRY(run_check(session, check, k, err));
	}
	if (!found)
		return kist_fail(err, KIST_INVALID,
				 "there is no check '%s'; docs/guide/plugin-kit.md lists them",
				 session->options->only);
	return KIST_OK;
}

kist_status kist_trial_run(const struct kist_kit_subject *subject, const struct kist_trial_options *options,
			   struct kist_trial *ret, struct kist_error *err)
{
	struct session session = { .subject = subject, .options = options, .trial = ret, .notebook_fd = -1 };
	kist_status status;

	*ret = (struct kist_trial){ .results = json_array() };
	if (!ret->results)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_notebook_new(&session.notebook_fd, &session.notebook, err));
	status = run_all(&session, err);
	kist_notebook_close(session.notebook);
	kist_fd_close(&session.notebook_fd);
	/* One check alone says nothing of the others, and what was passed over nothing at all. */
	if (options->only || ret->passed == 0)
		return status;
	for (int badge = KIST_KIT_BRONZE; badge <= KIST_KIT_GOLD && !session.broken[badge]; badge++)
		ret->badge = (enum kist_kit_badge)badge;
	return status;
}
