/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "kit/checks.h"
#include "kit/run.h"
#include "kit/subject.h"
#include "kit/trial.h"

/*
 * kist-kit: runs one check on one type or task of a plugin, and says what it found as JSON on descriptor KIST_TRIAL_RESULT.
 *
 *     kist-kit CHECK MANIFEST INDEX SEED
 *
 * Started by hand, under a debugger or valgrind, it says what it found in words, and has no limits.
 *
 * It maps the plugin into itself, without the sandbox, which would hide what the checks look for: so it does to an
 * author's own build what his own tests do.
 */

static void (*const functions[])(struct kist_bench *) = {
#define CHECK(id, function, scope, badge, is_twice, title) function,
#include "kit/checks.def"
#undef CHECK
};

/* A check that runs away ends here, and leaves no core behind. */
static void set_limits(void)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit file = { (rlim_t)1 << 30, (rlim_t)1 << 30 };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_FSIZE, &file);
#ifndef KIST_SANITIZED
	/* A sanitizer keeps its books in terabytes that it never touches. */
	if (!getenv(KIST_TRIAL_ASAN)) {
		const struct rlimit space = { (rlim_t)8 << 30, (rlim_t)8 << 30 };

		(void)setrlimit(RLIMIT_AS, &space);
	}
#endif
}

static kist_status find_target(struct kist_bench *bench, const struct kist_kit_check *check,
			       struct kist_error *err)
{
	const struct kist_manifest *manifest = bench->manifest;

	if (check->scope == KIST_KIT_OF_TYPE && bench->index < bench->loaded.type_count) {
		bench->declared = &manifest->types[bench->index];
		bench->type = &bench->loaded.types[bench->index];
		KIST_TRY(kist_bench_params(bench->declared->serialize, NULL, &bench->writing, err));
		return kist_bench_params(bench->declared->deserialize, NULL, &bench->reading, err);
	}
	if (check->scope == KIST_KIT_OF_TASK && bench->index < bench->loaded.task_count) {
		bench->task = &manifest->tasks[bench->index];
		return KIST_OK;
	}
	if (check->scope == KIST_KIT_OF_PLUGIN)
		return KIST_OK;
	return kist_fail(err, KIST_INVALID, "the plugin has no type or task %zu", bench->index);
}

/* The plugin's host lives as long as the process, as the contract says. */
static kist_status load(struct kist_bench *bench, const struct kist_kit_subject *subject,
			struct kist_error *err)
{
	static struct kist_stage stage;
	kist_auto_fd int fd = -1;

	if (!subject->manifest)
		return kist_fail_as(err, subject->manifest_error.status, &subject->manifest_error);
	bench->manifest = subject->manifest;
	KIST_TRY(kist_open_at(AT_FDCWD, subject->library_path, O_RDONLY, 0, &fd, err));
	KIST_TRY(kist_stage_open(&stage, KIST_STAGE_TODAY, err));
	kist_notebook_doing(bench->notebook, "in its entry");
	return kist_load(kist_fd_move(&fd), subject->manifest, stage.host, stage.call, &bench->loaded, err);
}

static kist_status run(struct kist_bench *bench, const struct kist_kit_subject *subject,
		       struct kist_error *err)
{
	for (size_t i = 0; kist_kit_check_at(i); i++) {
		const struct kist_kit_check *check = kist_kit_check_at(i);

		if (strcmp(check->id, bench->check) != 0)
			continue;
		KIST_TRY(load(bench, subject, err));
		KIST_TRY(find_target(bench, check, err));
		functions[i](bench);
		return KIST_OK;
	}
	return kist_fail(err, KIST_INVALID, "there is no check '%s'", bench->check);
}

static bool send_result(const struct kist_bench *bench)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)1 << 20);
	kist_auto_json json_t *result =
		json_pack("{s:s,s:s,s:O?}", "skipped", bench->skipped ? bench->skipped : "", "digest",
			  bench->digest, "findings", bench->findings->list);

	return result && kist_json_canonical(result, &text, NULL) == KIST_OK &&
	       kist_write_all(KIST_TRIAL_RESULT, kist_buf_view(&text), NULL) == KIST_OK;
}

/* The same for whoever has started it. */
static bool print_result(const struct kist_bench *bench)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(bench->findings->list, i, finding)
		printf("%s: %s\n", kist_json_get_text(finding, "level"), kist_json_get_text(finding, "text"));
	if (bench->skipped)
		printf("skipped: %s\n", bench->skipped);
	printf("%s: %zu findings\n", bench->check, json_array_size(bench->findings->list));
	return json_array_size(bench->findings->list) == 0;
}

int main(int argc, char **argv)
{
	kist_auto_subject struct kist_kit_subject subject = KIST_KIT_SUBJECT_INIT;
	kist_auto_findings struct kist_kit_findings findings = KIST_KIT_FINDINGS_INIT;
	static struct kist_bench bench;
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_fd int notebook = -1;
	bool is_child;

	if (argc != 5) {
		fprintf(stderr, "usage: kist-kit CHECK MANIFEST INDEX SEED\n"
				"a part of 'kist plugin test', which starts it; by hand, for a debugger\n");
		return EXIT_FAILURE;
	}
	is_child = kist_notebook_open(KIST_TRIAL_NOTEBOOK, &bench.notebook, NULL) == KIST_OK;
	if (is_child)
		set_limits();
	else if (kist_notebook_new(&notebook, &bench.notebook, &err) != KIST_OK) {
		fprintf(stderr, "kist-kit: %s\n", err.text);
		return EXIT_FAILURE;
	}
	bench.check = argv[1];
	bench.index = strtoul(argv[3], NULL, 10);
	bench.seed = strtoull(argv[4], NULL, 10);
	bench.findings = &findings;
	if (kist_kit_subject_open(argv[2], &subject, &err) == KIST_OK) {
		/* The subject's path is whole. */
		char *slash = strrchr(subject.path, '/');

		*slash = '\0';
		bench.folder = subject.path;
		(void)(run(&bench, &subject, &err) == KIST_OK);
		*slash = '/';
	}
	if (err.status != KIST_OK)
		kist_bench_fail(&bench, "it could not be tried: %s", err.text);
	/* What plugins registered to be done at the end is theirs, and tells nothing of the check. */
	return (is_child ? send_result(&bench) : print_result(&bench)) ? EXIT_SUCCESS : EXIT_FAILURE;
}
