/* SPDX-License-Identifier: Apache-2.0 */
#include "job/merge.h"

#include <string.h>

#include "base/mem.h"
#include "flow/record.h"
#include "job/record.h"

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

/* Whether @list begins with all of @front, which may be NULL for an empty one. */
static bool begins_with(const json_t *list, const json_t *front)
{
	if (!json_is_array(list) || json_array_size(list) < json_array_size(front))
		return false;
	for (size_t i = 0; i < json_array_size(front); i++) {
		if (!json_equal(json_array_get(list, i), json_array_get(front, i)))
			return false;
	}
	return true;
}

/* Their list, and what ours has behind the base. */
static json_t *merge_lists(const json_t *base, const json_t *ours, const json_t *theirs)
{
	json_t *merged = json_array();
	int failed = !merged || json_array_extend(merged, (json_t *)(uintptr_t)theirs) != 0;

	for (size_t i = json_array_size(base); !failed && i < json_array_size(ours); i++)
		failed = json_array_append(merged, json_array_get(ours, i)) != 0;
	if (!failed)
		return merged;
	json_decref(merged);
	return NULL;
}

static kist_status merge_objects(const json_t *base, const json_t *ours, const json_t *theirs, json_t **ret,
				 struct kist_error *err);

/* *@ret: NULL when nothing is left of it.  Depth is that of the values, which are records' parts. */
static kist_status merge_value(const json_t *base, const json_t *ours, const json_t *theirs, json_t **ret,
			       struct kist_error *err)
{
	const json_t *chosen = same(ours, base) ? theirs : ours;
	const bool both = !same(ours, base) && !same(theirs, base) && ours && theirs;

	if (both && json_is_object(ours) && json_is_object(theirs))
		return merge_objects(base, ours, theirs, ret, err);
	if (both && begins_with(ours, base) && begins_with(theirs, base)) {
		*ret = merge_lists(base, ours, theirs);
		return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
	}
	*ret = json_incref((json_t *)(uintptr_t)chosen);
	return KIST_OK;
}

static kist_status merge_member(const json_t *base, const json_t *ours, const json_t *theirs, const char *key,
				json_t *merged, struct kist_error *err)
{
	kist_auto_json json_t *value = NULL;

	KIST_TRY(merge_value(json_object_get(base, key), json_object_get(ours, key),
			     json_object_get(theirs, key), &value, err));
	return value ? kist_record_set_take(merged, key, kist_steal(value), err) : KIST_OK;
}

static kist_status merge_objects(const json_t *base, const json_t *ours, const json_t *theirs, json_t **ret,
				 struct kist_error *err)
{
	kist_auto_json json_t *merged = json_object();
	const char *key;
	json_t *value;

	if (!merged)
		return kist_fail_memory(err, sizeof(json_t));
	json_object_foreach((json_t *)(uintptr_t)theirs, key, value)
		KIST_TRY(merge_member(base, ours, theirs, key, merged, err));
	json_object_foreach((json_t *)(uintptr_t)ours, key, value) {
		if (!json_object_get(theirs, key))
			KIST_TRY(merge_member(base, ours, theirs, key, merged, err));
	}
	*ret = kist_steal(merged);
	return KIST_OK;
}

/* What theirs has become, ours must be able to follow. */
static kist_status check_states(const json_t *base, const json_t *ours, const json_t *theirs,
				struct kist_error *err)
{
	enum kist_job_state from = KIST_JOB_QUEUED;
	enum kist_job_state to = KIST_JOB_QUEUED;

	if (same(json_object_get(ours, "state"), json_object_get(base, "state")) ||
	    same(json_object_get(theirs, "state"), json_object_get(base, "state")))
		return KIST_OK;
	(void)kist_job_state_parse(kist_json_get_text(theirs, "state"), &from);
	(void)kist_job_state_parse(kist_json_get_text(ours, "state"), &to);
	return kist_job_state_check("the job", from, to, err);
}

static bool has_state(const json_t *root, enum kist_job_state state)
{
	const char *text = kist_json_get_text(root, "state");

	return text && strcmp(text, kist_job_state_name(state)) == 0;
}

/* Others called the job lost, and its owner is there after all: why it was lost, when, and what that made partial is void. */
static bool is_overruled(const json_t *base, const json_t *ours, const json_t *theirs)
{
	return has_state(theirs, KIST_JOB_LOST) && !has_state(base, KIST_JOB_LOST) &&
	       !same(json_object_get(ours, "state"), json_object_get(base, "state"));
}

/* *@ret: theirs without that.  New reference. */
static kist_status overrule(const json_t *base, const json_t *theirs, json_t **ret, struct kist_error *err)
{
	static const char *const keys[] = { "error", "ended" };
	json_t *voided = kist_json_copy(theirs);
	json_t *artifact;
	size_t at;

	if (!voided)
		return kist_fail_memory(err, sizeof(json_t));
	*ret = voided;
	json_array_foreach(json_object_get(voided, "artifacts"), at, artifact)
		(void)json_object_del(artifact, "partial");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *before = json_object_get(base, keys[i]);

		if (!before)
			(void)json_object_del(voided, keys[i]);
		else if (json_object_set(voided, keys[i], before) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

kist_status kist_job_merge(const json_t *base, const json_t *ours, const json_t *theirs, json_t **ret,
			   struct kist_error *err)
{
	kist_auto_json json_t *voided = NULL;
	kist_auto_json json_t *shared = NULL;
	kist_auto_json json_t *merged = NULL;
	uint64_t revision = 0;

	KIST_TRY(check_states(base, ours, theirs, err));
	if (is_overruled(base, ours, theirs)) {
		KIST_TRY(overrule(base, theirs, &voided, err));
		theirs = voided;
	}
	KIST_TRY(merge_objects(base, ours, theirs, &shared, err));
	(void)kist_json_get_u64(theirs, "revision", &revision);
	/* Nothing of it is shared with the three, which go on to change. */
	merged = kist_json_copy(shared);
	if (!merged)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_record_set_take(merged, "revision", json_integer((json_int_t)revision + 1), err));
	*ret = kist_steal(merged);
	return KIST_OK;
}
