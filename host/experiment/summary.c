/* SPDX-License-Identifier: Apache-2.0 */
#include "experiment/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "experiment/version.h"

/* One metric under one condition.  By Welford: the spread of values that differ little from a large mean is right. */
struct sum {
	uint64_t n;
	double mean;
	double squares;
	double min;
	double max;
};

static void add_value(struct sum *sum, double value)
{
	const double off = value - sum->mean;

	sum->n++;
	sum->mean += off / (double)sum->n;
	sum->squares += off * (value - sum->mean);
	sum->min = sum->n == 1 || value < sum->min ? value : sum->min;
	sum->max = sum->n == 1 || value > sum->max ? value : sum->max;
}

static kist_status add_cell(json_t *list, const json_t *cell, uint64_t replicate, const char *condition,
			    uint64_t counts[static 3], struct kist_error *err)
{
	const char *state = cell ? kist_json_get_text(cell, "state") : NULL;
	const bool is_complete = cell && strcmp(state, "finished") == 0;
	json_t *row = json_pack(
		"{sI,ss,ss,sI}", "replicate", (json_int_t)replicate, "condition", condition, "state",
		is_complete ? "complete"
		: cell	    ? state
			    : "missing",
		"attempts", cell ? json_integer_value(json_object_get(cell, "attempts")) : (json_int_t)0);
	static const char *const same[] = { "job", "error", "metrics", "params" };

	counts[is_complete ? 0 : cell ? 1 : 2]++;
	if (!row || json_array_append_new(list, row) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; cell && i < sizeof(same) / sizeof(same[0]); i++) {
		json_t *value = json_object_get(cell, same[i]);

		if (value && (is_complete || i < 2) && json_object_set(row, same[i], value) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

/* Of the condition at @at: cells stand replicate by replicate, @conditions of each. */
static kist_status add_metric(json_t *list, const json_t *cells, const char *metric, size_t at,
			      size_t conditions, struct kist_error *err)
{
	struct sum sum = { .n = 0, .min = NAN, .max = NAN };
	const char *condition = kist_json_get_text(json_array_get(cells, at), "condition");
	double value;
	json_t *row;

	for (size_t i = at; i < json_array_size(cells); i += conditions) {
		const json_t *measured = json_object_get(json_array_get(cells, i), "metrics");

		if (kist_json_get_real(json_object_get(measured, metric), &value))
			add_value(&sum, value);
	}
	row = json_pack("{ss,ss,sI,so,so,so,so}", "metric", metric, "condition", condition, "n",
			(json_int_t)sum.n, "mean", sum.n > 0 ? kist_json_real(sum.mean) : json_null(),
			"spread",
			sum.n > 1 ? kist_json_real(sqrt(sum.squares / (double)(sum.n - 1))) : json_null(),
			"min", sum.n > 0 ? kist_json_real(sum.min) : json_null(), "max",
			sum.n > 0 ? kist_json_real(sum.max) : json_null());
	if (!row || json_array_append_new(list, row) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

static bool are_texts(const json_t *list, size_t max)
{
	const json_t *text;
	size_t i;

	json_array_foreach(list, i, text) {
		if (!json_is_string(text))
			return false;
	}
	return json_array_size(list) <= max;
}

/* Anybody may have written the record; how much is made of it is what it says. */
static kist_status check(const json_t *version, const json_t *params, uint64_t replicates,
			 struct kist_error *err)
{
	const json_t *conditions = json_object_get(params, "conditions");

	if (are_texts(conditions, KIST_EXPERIMENT_CONDITIONS_MAX) && json_array_size(conditions) > 0 &&
	    are_texts(json_object_get(params, "metrics"), KIST_EXPERIMENT_METRICS_MAX) && replicates > 0 &&
	    replicates <= KIST_EXPERIMENT_CELLS_MAX / json_array_size(conditions))
		return KIST_OK;
	return kist_fail(err, KIST_CORRUPT, "the record of '%s' says what no version of an experiment has",
			 kist_json_get_text(version, "job"));
}

kist_status kist_summary_make(const json_t *version, const json_t *cells, json_t **ret,
			      struct kist_error *err)
{
	const json_t *params = json_object_get(version, "params");
	const uint64_t replicates = (uint64_t)json_integer_value(json_object_get(params, "replicates"));
	json_t *conditions = json_object_get(params, "conditions");
	kist_auto_json json_t *rows = json_array();
	kist_auto_json json_t *metrics = json_array();
	uint64_t counts[3] = { 0 };
	const json_t *name;
	size_t i;

	if (!rows || !metrics)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(check(version, params, replicates, err));
	for (uint64_t r = 0; r < replicates; r++) {
		json_array_foreach(conditions, i, name)
			KIST_TRY(add_cell(rows, kist_version_cell(cells, r, json_string_value(name)), r,
					  json_string_value(name), counts, err));
	}
	json_array_foreach(json_object_get(params, "metrics"), i, name) {
		for (size_t k = 0; k < json_array_size(conditions); k++)
			KIST_TRY(add_metric(metrics, rows, json_string_value(name), k,
					    json_array_size(conditions), err));
	}
	*ret = json_pack("{sO,sO,sO,sO,sI,sI,sI,sI,sI,sO,sO,sO}", "experiment",
			 json_object_get(version, "experiment"), "version",
			 json_object_get(version, "version"), "state", json_object_get(version, "state"),
			 "job", json_object_get(version, "job"), "replicates", (json_int_t)replicates,
			 "complete", (json_int_t)counts[0], "failed", (json_int_t)counts[1], "missing",
			 (json_int_t)counts[2], "total", (json_int_t)json_array_size(rows), "conditions",
			 conditions, "cells", rows, "metrics", metrics);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

/* A text as a field: in quotes when it must be. */
static kist_status add_field(struct kist_buf *ret, const char *text, struct kist_error *err)
{
	if (!strpbrk(text, ",\"\r\n"))
		return kist_buf_append(ret, text, strlen(text), err);
	KIST_TRY(kist_buf_append(ret, "\"", 1, err));
	for (; *text; text++)
		KIST_TRY(kist_buf_append(ret, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1, err));
	return kist_buf_append(ret, "\"", 1, err);
}

static kist_status add_csv_value(struct kist_buf *ret, const json_t *value, struct kist_error *err)
{
	if (json_is_string(value))
		return add_field(ret, json_string_value(value), err);
	return json_is_number(value) ? kist_json_canonical(value, ret, err) : KIST_OK;
}

kist_status kist_summary_csv(const json_t *summary, struct kist_buf *ret, struct kist_error *err)
{
	static const char *const columns[] = { "metric", "condition", "n", "mean", "spread", "min", "max" };
	static const char titles[] = "metric,condition,n,mean,spread,min,max\n";
	const json_t *row;
	size_t i;

	KIST_TRY(kist_buf_append(ret, titles, strlen(titles), err));
	json_array_foreach(json_object_get(summary, "metrics"), i, row) {
		for (size_t k = 0; k < sizeof(columns) / sizeof(columns[0]); k++) {
			if (k > 0)
				KIST_TRY(kist_buf_append(ret, ",", 1, err));
			KIST_TRY(add_csv_value(ret, json_object_get(row, columns[k]), err));
		}
		KIST_TRY(kist_buf_append(ret, "\n", 1, err));
	}
	return KIST_OK;
}
