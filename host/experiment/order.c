/* SPDX-License-Identifier: Apache-2.0 */
#include "experiment/order.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* How much of a circle is told. */
#define CIRCLE_SIZE 512

bool kist_experiment_takes_from(const struct kist_experiment *experiment, const char *name)
{
	for (size_t i = 0; i < experiment->input_count; i++) {
		if (experiment->inputs[i].artifact && strcmp(experiment->inputs[i].experiment, name) == 0)
			return true;
	}
	return false;
}

static kist_status check_names(const struct kist_experiment *const *experiments, size_t count,
			       struct kist_error *err)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(experiments[i]->name, experiments[k]->name) == 0)
				return kist_fail_at(err, KIST_INVALID, "E_NAME_TAKEN", KIST_NO_OFFSET,
						    "two of the experiments have the name '%s'",
						    experiments[i]->name);
		}
	}
	return KIST_OK;
}

/* The first one that is not placed, and takes from none that is not; @count: there is none. */
static size_t find_ready(const struct kist_experiment *const *experiments, size_t count, const bool *placed)
{
	for (size_t i = 0; i < count; i++) {
		bool waits = placed[i];

		for (size_t k = 0; k < count && !waits; k++)
			waits = !placed[k] &&
				kist_experiment_takes_from(experiments[i], experiments[k]->name);
		if (!waits)
			return i;
	}
	return count;
}

/* Whoever is not placed takes from another that is not: the first of those that @at takes from. */
static size_t next_of(const struct kist_experiment *const *experiments, const bool *placed, size_t at)
{
	size_t next = 0;

	while (placed[next] || !kist_experiment_takes_from(experiments[at], experiments[next]->name))
		next++;
	return next;
}

/* Going on and on like this ends in a circle. */
static kist_status fail_circle(const struct kist_experiment *const *experiments, size_t count,
			       const bool *placed, struct kist_error *err)
{
	char text[CIRCLE_SIZE];
	size_t at = 0;
	size_t first;
	size_t len;

	while (placed[at])
		at++;
	for (size_t steps = 0; steps <= count; steps++)
		at = next_of(experiments, placed, at);
	first = at;
	len = (size_t)snprintf(text, sizeof(text), "'%s'", experiments[first]->name);
	do {
		at = next_of(experiments, placed, at);
		if (len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, " takes from '%s'%s",
						experiments[at]->name, at == first ? "" : ", which");
	} while (at != first && len < sizeof(text));
	return kist_fail_at(err, KIST_INVALID, "E_CYCLE", KIST_NO_OFFSET, "%s", text);
}

kist_status kist_experiments_order(const struct kist_experiment *const *experiments, size_t count,
				   size_t *ret_order, struct kist_error *err)
{
	kist_auto_mem bool *placed = kist_alloc(count, sizeof(*placed));

	if (!placed)
		return kist_fail_memory(err, count * sizeof(*placed));
	KIST_TRY(check_names(experiments, count, err));
	for (size_t done = 0; done < count; done++) {
		const size_t next = find_ready(experiments, count, placed);

		if (next == count)
			return fail_circle(experiments, count, placed, err);
		placed[next] = true;
		ret_order[done] = next;
	}
	return KIST_OK;
}
