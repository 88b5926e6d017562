/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_EXPERIMENT_EXPERIMENT_H
#define KIST_EXPERIMENT_EXPERIMENT_H

#include "document/document.h"

/*
 * An experiment, as it is written: one entrypoint, run under several conditions, several times each.
 *
 *     name:       noise-study
 *     entrypoint: flows/train.yaml                  beside the experiment's file
 *     replicates: 5                                 1 when it is not said
 *     seed:       0                                 what the seeds of the replicates are derived from
 *     parameters: {rows: 100}                       for all conditions
 *     conditions: {baseline: {}, loud: {scale: 4}}  parameters of each; only "baseline" when it is not said
 *     inputs:     {weights: train-base#model}       an artifact, or one of another experiment
 *     metrics:    {loss: $report.loss} | [$report.loss, ...]
 *     retention:  3                                 versions that are kept; all when it is not said
 *     retention:  {versions: 10, large: 2, large_size: 100000000}
 *                                                   and of these, the newest two alone keep what has 100 MB or more
 *
 * An input "experiment[/v<n>]#[condition/]artifact" is what the replicate of the same number has made; without a
 * condition, under the condition of the same name, or under the only one, or "baseline".
 *
 * Limits: KIST_EXPERIMENT_*_MAX, and those of document/document.h.
 * Thread: constant once it is read.
 * Source: docs/guide/experiments.md.
 */

#define KIST_EXPERIMENT_NAME_LEN_MAX   ((size_t)64)
#define KIST_EXPERIMENT_CONDITIONS_MAX ((size_t)1024)
#define KIST_EXPERIMENT_INPUTS_MAX     ((size_t)256)
#define KIST_EXPERIMENT_METRICS_MAX    ((size_t)256)
#define KIST_EXPERIMENT_REPLICATES_MAX UINT64_C(100000)
#define KIST_EXPERIMENT_CELLS_MAX      UINT64_C(100000)
/** What is large, when it is not said. */
#define KIST_EXPERIMENT_LARGE_SIZE  (UINT64_C(10) << 20)
#define KIST_EXPERIMENT_VERSION_MAX UINT64_C(1000000000)

/** struct kist_condition - One condition. */
struct kist_condition {
	const char *name;
	struct kist_place place;
	json_t *parameters; /* with those of all conditions */
};

/** struct kist_experiment_input - What an artifact input is given. */
struct kist_experiment_input {
	const char *name;
	struct kist_place place;
	const char *text;     /* as it is written */
	const char *artifact; /* behind '#' and the condition; NULL: @text names it */
	char experiment[KIST_EXPERIMENT_NAME_LEN_MAX + 1];
	uint64_t version;				  /* 0: the newest */
	char condition[KIST_EXPERIMENT_NAME_LEN_MAX + 1]; /* "": as above */
};

struct kist_experiment {
	struct kist_document *document;
	const char *name;
	const char *entrypoint; /* path, as it is written */
	struct kist_place entrypoint_place;
	uint64_t replicates;
	uint64_t seed;
	uint64_t keep_versions; /* 0: all */
	uint64_t keep_large;	/* versions that keep what is large; 0: all */
	uint64_t large_size;	/* bytes */
	size_t condition_count;
	struct kist_condition *conditions;
	size_t input_count;
	struct kist_experiment_input *inputs;
	json_t *metrics; /* {"<name>": "$step.output"} */
	struct kist_place metrics_place;
};

/**
 * kist_experiment_read() - Reads the text of an experiment.
 *
 * @issues: Every fault of it is added here: E_YAML..., E_SCHEMA, E_KEY_UNKNOWN, E_NAME, E_LIMIT, E_REFERENCE.
 * @ret:    kist_experiment_free() it.  NULL when there is nothing to look at further; else what is not wrong.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_experiment_read(struct kist_view text, struct kist_issues *issues,
					      struct kist_experiment **ret, struct kist_error *err);
/** kist_experiment_free() - Accepts NULL. */
void kist_experiment_free(struct kist_experiment *experiment);

static inline void kist_experiment_free_(struct kist_experiment **slot)
{
	kist_experiment_free(*slot);
}
#define kist_auto_experiment __attribute__((cleanup(kist_experiment_free_)))

/** kist_experiment_name_ok() - Whether @len bytes name an experiment or condition: letters, digits, '_' and '-'. */
bool kist_experiment_name_ok(const char *name, size_t len);

/** kist_experiment_seed() - The seed of replicate @replicate: 0 to 2^32 - 1, the same for all conditions. */
uint64_t kist_experiment_seed(const struct kist_experiment *experiment, uint64_t replicate);

/** kist_experiment_cells() - How many cells a version has. */
static inline uint64_t kist_experiment_cells(const struct kist_experiment *experiment)
{
	return experiment->replicates * experiment->condition_count;
}

#endif
