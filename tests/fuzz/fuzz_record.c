/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Records of artifacts from hostile bytes: what is read of one is written to another and reads the same, and its
 * summary is one line.
 */
#include <string.h>

#include "flow/record.h"
#include "fuzz/fuzz.h"

#define INFO_SIZE_MAX ((size_t)64 << 20)

static void try_content(const json_t *record)
{
	kist_auto_json json_t *again = json_object();
	struct kist_content second = { .size = 0 };
	struct kist_content first = { .size = 0 };
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_record_get_content(record, &first, &err) != KIST_OK) {
		must(err.status == KIST_CORRUPT || err.status == KIST_INCOMPATIBLE);
		return;
	}
	must(again && kist_record_set_content(again, &first, &first.sha256, NULL) == KIST_OK);
	must(kist_record_get_content(again, &second, NULL) == KIST_OK);
	must(first.form == second.form && first.size == second.size);
	must(kist_digest_equal(&first.sha256, &second.sha256) &&
	     kist_digest_equal(&first.chunk, &second.chunk));
	must(memcmp(first.bytes, second.bytes, sizeof(first.bytes)) == 0);
}

static void try_summary(const json_t *record, size_t size)
{
	kist_auto_buf struct kist_buf info = KIST_BUF_INIT(INFO_SIZE_MAX);
	char summary[256];

	memset(summary, 'x', sizeof(summary));
	if (json_object_get(record, "info"))
		must(kist_json_canonical(json_object_get(record, "info"), &info, NULL) == KIST_OK);
	kist_record_summary(kist_buf_view(&info), summary, size);
	must(strnlen(summary, size) < size);
	for (const char *at = summary; *at; at++)
		must((unsigned char)*at >= ' ' && *at != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_json json_t *record = NULL;

	if (kist_json_parse(kist_view_of(data, size), &record, NULL) != KIST_OK)
		return 0;
	try_content(record);
	try_summary(record, 256);
	try_summary(record, 9);
	return 0;
}
