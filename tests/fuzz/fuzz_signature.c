/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "task/signature.h"

/* There is one spelling for each signature: what was read is written again, and must be the same. */
static void check_round_trip(const char *text, const struct kist_signature *signature)
{
	char again[KIST_SIGNATURE_SIZE_MAX + 1] = "";
	size_t used = 0;

	for (unsigned i = 0; i < signature->arg_count; i++)
		used += (size_t)snprintf(again + used, sizeof(again) - used, "%s%s", i ? "," : "",
					 kist_task_type_name(signature->args[i]));
	snprintf(again + used, sizeof(again) - used, "->%s", kist_task_type_name(signature->ret));
	must(strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_signature signature;
	char *const text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (kist_signature_parse(text, &signature, &err) == KIST_OK)
		check_round_trip(text, &signature);
	else if (err.text[0] == '\0' || strcmp(err.code, "E_SIGNATURE") != 0)
		abort();
	free(text);
	return 0;
}
