/* SPDX-License-Identifier: Apache-2.0 */
#include "care/retain.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "flow/save.h"

/* Bytes of "2026-01-31T12:00:00Z": in this form texts are in the order of times. */
#define TIME_LEN 20
/* How often a plan is looked at again because somebody else came first. */
#define TRIES_MAX 100

void kist_retained_done(struct kist_retained *retained)
{
	kist_buf_done(&retained->texts);
	kist_buf_done(&retained->dropped);
}

struct planning {
	const struct kist_retain_rule *rule;
	struct kist_retained *retained;
	struct kist_buf names; /* of struct candidate */
};

struct candidate {
	struct kist_retain_name name;
	bool is_old;
};

static bool is_before(const char *time, const char *before)
{
	return !before[0] ||
	       (strlen(time) == TIME_LEN && time[TIME_LEN - 1] == 'Z' && strcmp(time, before) < 0);
}

static kist_status see_name(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			    struct kist_error *err)
{
	struct planning *planning = ctx;
	struct kist_retained *retained = planning->retained;
	const struct candidate candidate = {
		.name = { .at = retained->texts.size, .len = ref->name_len, .commit = ref->commit },
		.is_old = is_before(ref->time, planning->rule->before)
	};

	(void)artifact;
	/* What is kist's own, people cannot drop by its name. */
	if (fnmatch(planning->rule->pattern, ref->name, FNM_PATHNAME) != 0 ||
	    kist_name_is_own(ref->name, ref->name_len))
		return KIST_OK;
	if (ref->is_tag) {
		retained->kept++;
		retained->tagged++;
		return KIST_OK;
	}
	KIST_TRY(kist_buf_append(&retained->texts, ref->name, ref->name_len + 1, err));
	return kist_buf_append(&planning->names, &candidate, sizeof(candidate), err);
}

/* The newest first; of one commit the name that comes last, which of numbered ones is the newest. */
static int compare(const void *a, const void *b)
{
	const struct candidate *one = a;
	const struct candidate *other = b;

	if (one->name.commit != other->name.commit)
		return one->name.commit > other->name.commit ? -1 : 1;
	return one->name.at > other->name.at ? -1 : one->name.at < other->name.at;
}

static kist_status choose(struct planning *planning, struct kist_error *err)
{
	struct kist_retained *retained = planning->retained;
	struct candidate *names = (void *)planning->names.data;
	const size_t count = planning->names.size / sizeof(*names);

	if (count > 0)
		qsort(names, count, sizeof(*names), compare);
	for (size_t i = 0; i < count; i++) {
		if (i < planning->rule->keep_last || !names[i].is_old)
			retained->kept++;
		else
			KIST_TRY(kist_buf_append(&retained->dropped, &names[i].name, sizeof(names[i].name),
						 err));
	}
	return KIST_OK;
}

kist_status kist_retain_plan(struct kist_flow *flow, const struct kist_retain_rule *rule,
			     struct kist_retained *ret, struct kist_error *err)
{
	/* Names stand in byte order, so that offsets in their texts do, too. */
	const size_t prefix = strcspn(rule->pattern, "*?[\\");
	struct planning planning = { .rule = rule, .retained = ret, .names = KIST_BUF_INIT((size_t)1 << 30) };
	kist_status status;

	status = kist_registry_each_name(flow->registry, rule->pattern, prefix, see_name, &planning, err);
	if (status == KIST_OK)
		status = choose(&planning, err);
	kist_buf_done(&planning.names);
	return status;
}

/* Whether the name still means what it meant; else it is no longer what the plan has dropped. */
static kist_status still_is(struct kist_flow *flow, const struct kist_retained *plan,
			    const struct kist_retain_name *name, bool *ret, struct kist_error *err)
{
	uint64_t commit;

	KIST_TRY(kist_registry_name_commit(flow->registry, (const char *)plan->texts.data + name->at,
					   name->len, &commit, err));
	*ret = commit == name->commit;
	return KIST_OK;
}

/* Drops @count names from @first on, in one commit; those that have changed are taken out of the list. */
static kist_status drop_some(struct kist_flow *flow, struct kist_retained *plan, size_t first, size_t *count,
			     struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;
	struct kist_retain_name *names = (void *)plan->dropped.data;
	uint64_t head;
	struct kist_digest digest;
	size_t left = 0;

	KIST_TRY(kist_registry_fold(flow->registry, err));
	kist_registry_head(flow->registry, &head, &digest);
	KIST_TRY(kist_save_open(flow, &save, err));
	for (size_t i = first; i < first + *count; i++) {
		const char *text = (const char *)plan->texts.data + names[i].at;
		bool stays = false;

		KIST_TRY(still_is(flow, plan, &names[i], &stays, err));
		if (!stays)
			continue;
		names[first + left++] = names[i];
		KIST_TRY(kist_save_ref(save, text, names[i].len, NULL, "rm", err));
	}
	memmove(&names[first + left], &names[first + *count],
		plan->dropped.size - (first + *count) * sizeof(*names));
	plan->dropped.size -= (*count - left) * sizeof(*names);
	*count = left;
	return left > 0 ? kist_save_commit_at(save, head + 1, err) : KIST_OK;
}

kist_status kist_retain_drop(struct kist_flow *flow, struct kist_retained *plan, uint64_t *ret_dropped,
			     struct kist_error *err)
{
	size_t done = 0;
	int tries = 0;

	*ret_dropped = 0;
	while (done < plan->dropped.size / sizeof(struct kist_retain_name)) {
		struct kist_error why = KIST_ERROR_INIT;
		size_t count = (size_t)kist_min_u64(
			plan->dropped.size / sizeof(struct kist_retain_name) - done, KIST_RETAIN_COMMIT_MAX);
		const kist_status status = drop_some(flow, plan, done, &count, &why);

		if (status == KIST_EXISTS && ++tries < TRIES_MAX)
			continue;
		if (status != KIST_OK)
			return kist_fail_as(err, status, &why);
		tries = 0;
		done += count;
		*ret_dropped = done;
	}
	return KIST_OK;
}
