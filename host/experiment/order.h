/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_EXPERIMENT_ORDER_H
#define KIST_EXPERIMENT_ORDER_H

#include "experiment/experiment.h"

/*
 * Experiments that take from each other form a graph.
 *
 * Thread: pure.
 */

/** Experiments in one graph. */
#define KIST_EXPERIMENTS_MAX ((size_t)1024)

/** kist_experiment_takes_from() - Whether an input of @experiment is of the one called @name, in any version. */
bool kist_experiment_takes_from(const struct kist_experiment *experiment, const char *name);

/**
 * kist_experiments_order() - An order in which each stands behind all that it takes from; else that of the array.
 *
 * @count: At most KIST_EXPERIMENTS_MAX.
 * @ret_order: @count indices into @experiments.
 *
 * Errors: KIST_INVALID E_NAME_TAKEN (two have one name), E_CYCLE (some take from each other in a circle, with their names);
 * KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_experiments_order(const struct kist_experiment *const *experiments,
						size_t count, size_t *ret_order, struct kist_error *err);

#endif
