/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "preview/picture.h"
#include "preview/preview.h"

/* A field, in quotes where it needs them. */
static kist_status put_field(struct kist_buf *ret, const char *text, size_t len, struct kist_error *err)
{
	const struct kist_view all = kist_view_of(text, len);
	bool is_plain = len > 0;

	for (size_t i = 0; i < len; i++)
		is_plain = is_plain && !strchr("\",\r\n", text[i] ? text[i] : '"');
	if (is_plain)
		return kist_buf_append(ret, all.data, all.size, err);
	KIST_TRY(kist_draw_words(ret, "\"", err));
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			KIST_TRY(kist_draw_words(ret, "\"", err));
		KIST_TRY(kist_buf_append(ret, text + i, 1, err));
	}
	return kist_draw_words(ret, "\"", err);
}

static kist_status put_value(struct kist_buf *ret, const json_t *value, struct kist_error *err)
{
	char text[KIST_SCALAR_SIZE];

	if (!value || json_is_null(value) || json_is_object(value))
		return KIST_OK;
	if (json_is_string(value))
		return put_field(ret, json_string_value(value), json_string_length(value), err);
	if (json_is_real(value))
		return kist_json_canonical_any(value, ret, err);
	kist_scalar_text(value, text);
	return put_field(ret, text, strlen(text), err);
}

static kist_status put_list(struct kist_buf *ret, const json_t *list, const char *const *keys,
			    struct kist_error *err)
{
	for (size_t k = 0; keys[k]; k++)
		KIST_TRY(kist_buf_appendf(ret, err, "%s%s", k ? "," : "", keys[k]));
	KIST_TRY(kist_draw_words(ret, "\r\n", err));
	for (size_t i = 0; i < json_array_size(list); i++) {
		for (size_t k = 0; keys[k]; k++) {
			if (k > 0)
				KIST_TRY(kist_draw_words(ret, ",", err));
			KIST_TRY(put_value(ret, json_object_get(json_array_get(list, i), keys[k]), err));
		}
		KIST_TRY(kist_draw_words(ret, "\r\n", err));
	}
	return KIST_OK;
}

static double number_of(const json_t *value)
{
	if (json_is_string(value)) {
		double number = 0;

		return sscanf(json_string_value(value), "%lf", &number) == 1 ? number : NAN;
	}
	return json_is_number(value) ? json_number_value(value) : NAN;
}

static kist_status put_bins(struct kist_buf *ret, const json_t *info, struct kist_error *err)
{
	const double min = number_of(json_object_get(info, "min"));
	const double max = number_of(json_object_get(info, "max"));
	struct kist_histogram histogram;

	KIST_TRY(kist_draw_words(ret, "from,to,count\r\n", err));
	if (!kist_histogram_of(info, &histogram) || !isfinite(min) || !isfinite(max))
		return KIST_OK;
	for (size_t i = 0; i < histogram.count; i++) {
		const double left = (double)i / (double)histogram.count;
		const double right = (double)(i + 1) / (double)histogram.count;

		KIST_TRY(kist_buf_appendf(ret, err, "%.17g,%.17g,%llu\r\n", min * (1 - left) + max * left,
					  min * (1 - right) + max * right,
					  (unsigned long long)histogram.bins[i]));
	}
	return KIST_OK;
}

kist_status kist_preview_csv(const json_t *info, struct kist_buf *ret, struct kist_error *err)
{
	static const char *const keys[] = { "name",
					    "type",
					    "dtype",
					    "shape",
					    "bytes",
					    "status",
					    "equal",
					    "l2",
					    "max_abs",
					    "nulls",
					    "distinct",
					    "distinct_of",
					    "distinct_error",
					    "min",
					    "max",
					    "mean",
					    "std",
					    "q05",
					    "q25",
					    "median",
					    "q75",
					    "q95",
					    "quantiles_error",
					    "nan",
					    "inf",
					    "neg_inf",
					    "zero",
					    "true",
					    "negative",
					    "min_len",
					    "max_len",
					    "mean_len",
					    "ratio",
					    NULL };
	const json_t *list = kist_preview_list(info);

	return list ? put_list(ret, list, keys, err) : put_bins(ret, info, err);
}
