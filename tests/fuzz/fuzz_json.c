/* SPDX-License-Identifier: Apache-2.0 */

/*
 * JSON from hostile bytes.  What is read, is written in canonical form, which reads back and is written again
 * byte for byte.  What is checked as canonical is JSON, and what is written is canonical.  The way from text to text gives the same.
 */
#include <string.h>

#include "base/json.h"
#include "base/json_normal.h"
#include "base/json_text.h"
#include "fuzz/fuzz.h"

#define TEXT_SIZE_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_buf struct kist_buf once = KIST_BUF_INIT(TEXT_SIZE_MAX);
	kist_auto_buf struct kist_buf twice = KIST_BUF_INIT(TEXT_SIZE_MAX);
	kist_auto_buf struct kist_buf normal = KIST_BUF_INIT(TEXT_SIZE_MAX);
	kist_auto_json json_t *first = NULL;
	kist_auto_json json_t *second = NULL;
	struct kist_error err = KIST_ERROR_INIT;
	const kist_status straight = kist_json_normal(kist_view_of(data, size), &normal, NULL);
	const bool canonical =
		kist_json_check(kist_view_of(data, size), KIST_JSON_VALUES_MAX, NULL) == KIST_OK;

	if (kist_json_parse(kist_view_of(data, size), &first, &err) != KIST_OK) {
		must(err.status == KIST_CORRUPT && strcmp(err.code, "E_JSON") == 0 && !first && !canonical);
		must(straight == KIST_CORRUPT && normal.size == 0);
		return 0;
	}
	must(kist_json_canonical(first, &once, NULL) == KIST_OK);
	must(straight == KIST_OK && normal.size == once.size &&
	     memcmp(normal.data, once.data, once.size) == 0);
	must(kist_json_check(kist_buf_view(&once), KIST_JSON_VALUES_MAX, NULL) == KIST_OK);
	must(kist_json_parse(kist_buf_view(&once), &second, NULL) == KIST_OK);
	must(kist_json_canonical(second, &twice, NULL) == KIST_OK);
	must(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
	return 0;
}
