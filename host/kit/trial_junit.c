/* SPDX-License-Identifier: Apache-2.0 */
#include "base/xml.h"
#include "kit/trial.h"

static kist_status put_text(struct kist_buf *ret, const char *text, struct kist_error *err)
{
	return text ? kist_xml_append(ret, text, err) : KIST_OK;
}

static kist_status put_case(const json_t *result, struct kist_buf *ret, struct kist_error *err)
{
	const json_t *row;
	size_t i;

	KIST_TRY(kist_buf_appendf(ret, err, "  <testcase classname=\""));
	KIST_TRY(put_text(ret, kist_json_get_text(result, "of"), err));
	KIST_TRY(kist_buf_appendf(ret, err, "\" name=\"%s\" time=\"%.3f\">\n",
				  kist_json_get_text(result, "check"),
				  json_real_value(json_object_get(result, "seconds"))));
	json_array_foreach(json_object_get(result, "findings"), i, row) {
		KIST_TRY(kist_buf_appendf(ret, err, "    <failure message=\""));
		KIST_TRY(put_text(ret, kist_json_get_text(row, "text"), err));
		KIST_TRY(kist_buf_appendf(ret, err, "\"/>\n"));
	}
	if (kist_json_get_text(result, "skipped")[0]) {
		KIST_TRY(kist_buf_appendf(ret, err, "    <skipped message=\""));
		KIST_TRY(put_text(ret, kist_json_get_text(result, "skipped"), err));
		KIST_TRY(kist_buf_appendf(ret, err, "\"/>\n"));
	}
	if (kist_json_get_text(result, "output")[0]) {
		KIST_TRY(kist_buf_appendf(ret, err, "    <system-out>"));
		KIST_TRY(put_text(ret, kist_json_get_text(result, "output"), err));
		KIST_TRY(kist_buf_appendf(ret, err, "</system-out>\n"));
	}
	return kist_buf_appendf(ret, err, "  </testcase>\n");
}

kist_status kist_trial_junit(const struct kist_kit_subject *subject, const struct kist_trial *trial,
			     struct kist_buf *ret, struct kist_error *err)
{
	const json_t *result;
	size_t i;

	KIST_TRY(kist_buf_appendf(
		ret, err,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"%s %s\" tests=\"%zu\" "
		"failures=\"%zu\" skipped=\"%zu\">\n",
		subject->manifest->id, subject->manifest->version, json_array_size(trial->results),
		trial->failed, trial->skipped));
	json_array_foreach(trial->results, i, result)
		KIST_TRY(put_case(result, ret, err));
	return kist_buf_appendf(ret, err, "</testsuite>\n");
}
