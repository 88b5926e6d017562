/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_STUDY_H
#define KIST_CLI_STUDY_H

#include "cli/experiment.h"

/*
 * One experiment, from its file to what came of it: checked, and its cells run.
 *
 * Thread: [main]
 */

/* Options that these commands share. */
#define KIST_STUDY_DRY_RUN_OPTION                                                                            \
	{                                                                                                    \
		.name = "dry-run", .help = "say which cells would be run, and why, and run nothing"          \
	}

#define KIST_STUDY_OPTIONS                                                                                   \
	{ .name = "jobs",                                                                                    \
	  .letter = 'j',                                                                                     \
	  .argument = "COUNT",                                                                               \
	  .help = "how many cells may run at once; else 1" },                                                \
		{ .name = "map",                                                                             \
		  .argument = "modulo",                                                                      \
		  .help = "take an input's replicates again from the first on, if it has others" },          \
		{ .name = "exports",                                                                         \
		  .argument = "FOLDER",                                                                      \
		  .help = "where outputs for people go; else exports" },                                     \
	{                                                                                                    \
		.name = "no-outputs", .help = "write no outputs for people"                                  \
	}

enum kist_study_mode {
	KIST_STUDY_NEW,	   /* all cells, as a new version */
	KIST_STUDY_RESUME, /* of a version that there is: what is missing, has failed, or is out of date */
	KIST_STUDY_UPDATE  /* the same of the newest version, or a new one when there is none */
};

/** struct kist_study_options - All Borrowed for the call. */
struct kist_study_options {
	const char *file;
	enum kist_study_mode mode;
	uint64_t version; /* with RESUME: this one; 0: the newest */
	uint64_t jobs;	  /* cells that run at once */
	bool is_check;	  /* says what is wrong, and runs nothing */
	bool is_dry_run;  /* says what would be run, and runs nothing */
	bool is_quiet;	  /* says nothing of single cells */
};

/**
 * struct kist_study_result - What came of it.
 *
 * @has_errors: Something is wrong in the files, which has been said; nothing was run.
 * @plan: Of a dry run: {"experiment", "version", "cells": [{"replicate", "condition", "why"}]}; "version" is null when
 *        it would be a new one; @why is "missing", "changed", or the state of its last job.
 * @ran: Cells that were run.
 */
struct kist_study_result {
	bool has_errors;
	char name[KIST_EXPERIMENT_NAME_LEN_MAX + 1];
	uint64_t version;
	uint64_t ran;
	json_t *plan;
};

#define KIST_STUDY_RESULT_INIT                                                                               \
	{                                                                                                    \
		.plan = NULL                                                                                 \
	}

/** kist_study_result_done() - May run twice. */
void kist_study_result_done(struct kist_study_result *result);
#define kist_auto_study_result __attribute__((cleanup(kist_study_result_done)))

/** kist_study_options_read() - --jobs, --map, --dry-run, --quiet, --json.  false: @ret is how the command ends. */
bool kist_study_options_read(struct kist_cli *cli, struct kist_study_options *options, enum kist_exit *ret);

/** kist_study_plan_print() - Prints the plan of a dry run. */
void kist_study_plan_print(const json_t *plan);

/**
 * kist_study_run() - Opens the store into cli->flow, checks the experiment and runs it.
 *
 * Options of the command that it reads itself: --map, --exports, --no-outputs.
 *
 * Errors: KIST_NOT_FOUND, KIST_IO (its file); KIST_INVALID E_STATE (somebody runs it); KIST_CANCELLED; those of the store.
 */
KIST_CHECKED kist_status kist_study_run(struct kist_cli *cli, const struct kist_study_options *options,
					struct kist_study_result *ret, struct kist_error *err);

#endif
