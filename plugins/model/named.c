/* SPDX-License-Identifier: Apache-2.0 */
#include "named.h"

#include <ctype.h>

#include "pickle.h"

void named_done(struct named *named)
{
	model_set_done(&named->known);
	model_set_done(&named->unknown);
}

kist_status named_add(struct kist_call *call, struct named *named, const char *name, bool is_known)
{
	uint64_t count;

	MODEL_TRY(model_set_add(call, is_known ? &named->known : &named->unknown, NAMED_MAX, name, &count));
	named->has_more = named->has_more || count == 0;
	return KIST_OK;
}

void named_tell(const struct named *named, const struct kept *kept)
{
	const bool any = named->unknown.counts.count > 0;

	model_out_text(kept->out, ",\"verdict\":\"");
	model_out_text(kept->out, pickle_verdict_name(any ? PICKLE_UNKNOWN_GLOBALS : PICKLE_CLEAN));
	model_out_text(kept->out, "\",\"unknown_types\":");
	model_set_put(&named->unknown, false, kept->out);
	model_out_text(kept->out, ",\"known_types\":");
	model_set_put(&named->known, true, kept->out);
	if (named->has_more)
		model_out_text(kept->out, ",\"more_types\":true");
	if (any && kept->report)
		kist_issuef(kept->report, KIST_ISSUE_WARNING, "E_GLOBALS", 0,
			    "it names what is not known to be harmless, as '%.100s': whoever loads it may "
			    "run it",
			    model_set_text(&named->unknown, 0));
}

bool named_is_among(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

bool named_is_class(const char *name)
{
	if (!isupper((unsigned char)name[0]))
		return false;
	while (isalnum((unsigned char)*name))
		name++;
	return *name == '\0';
}
