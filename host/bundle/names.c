/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bundle/manifest.h"
#include "flow/record.h"
#include "job/commit.h"

void kist_bundle_names_done(struct kist_bundle_names *names)
{
	struct kist_bundle_name *all = (struct kist_bundle_name *)(void *)names->list.data;

	for (size_t i = 0; i < kist_bundle_names_count(names); i++)
		kist_free(all[i].name);
	kist_buf_done(&names->list);
}

kist_status kist_bundle_names_add(struct kist_bundle_names *names, const char *name, size_t len,
				  const struct kist_digest *artifact, struct kist_error *err)
{
	struct kist_bundle_name added = { .len = len, .artifact = *artifact };
	kist_status status;

	KIST_TRY(kist_name_check(name, len, err));
	added.name = kist_strndup(name, len);
	if (!added.name)
		return kist_fail_memory(err, len);
	status = kist_buf_append(&names->list, &added, sizeof(added), err);
	if (status != KIST_OK)
		kist_free(added.name);
	return status;
}

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare(const void *a, const void *b)
{
	const struct kist_bundle_name *left = a;
	const struct kist_bundle_name *right = b;

	return compare_text(left->name, left->len, right->name, right->len);
}

kist_status kist_bundle_names_sort(struct kist_bundle_names *names, struct kist_error *err)
{
	struct kist_bundle_name *all = (struct kist_bundle_name *)(void *)names->list.data;
	const size_t count = kist_bundle_names_count(names);
	size_t kept = 0;

	if (count == 0)
		return KIST_OK;
	qsort(all, count, sizeof(*all), compare);
	for (size_t i = 1; i < count; i++) {
		if (compare(&all[kept], &all[i]) != 0) {
			const struct kist_bundle_name next = all[i];

			all[i] = all[++kept];
			all[kept] = next;
			continue;
		}
		if (!kist_digest_equal(&all[kept].artifact, &all[i].artifact))
			return kist_fail(err, KIST_INVALID, "'%.200s' would mean two things in the bundle",
					 all[i].name);
	}
	for (size_t i = kept + 1; i < count; i++)
		kist_free(all[i].name);
	names->list.size = (kept + 1) * sizeof(*all);
	return KIST_OK;
}

bool kist_bundle_names_has(const struct kist_bundle_names *names, const char *name, size_t len)
{
	const struct kist_bundle_name wanted = { .name = (char *)(uintptr_t)name, .len = len };

	return kist_bundle_names_count(names) > 0 &&
	       bsearch(&wanted, names->list.data, kist_bundle_names_count(names), sizeof(wanted), compare);
}

static kist_status bad(struct kist_error *err, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_BUNDLE", KIST_NO_OFFSET, "this is no sound bundle: %s",
			    what);
}

/* Those of kist's own: records of jobs, and parts of jobs that are there. */
static kist_status check_own(const struct kist_bundle_names *names, const struct kist_bundle_name *name,
			     struct kist_error *err)
{
	const size_t job_len = strlen(KIST_JOB_PREFIX);
	const size_t part_len = strlen(KIST_JOB_PART_PREFIX);
	char job[KIST_JOB_NAME_SIZE];
	char id[KIST_JOB_ID_MAX + 1];
	const char *end;

	if (!kist_name_is_own(name->name, name->len))
		return KIST_OK;
	if (strncmp(name->name, KIST_JOB_PREFIX, job_len) == 0)
		return kist_job_id_check(name->name + job_len, name->len - job_len, NULL) == KIST_OK
			       ? KIST_OK
			       : bad(err, "a job in it has no job's name");
	if (strncmp(name->name, KIST_JOB_PART_PREFIX, part_len) != 0)
		return bad(err, "it has a name of kist's own that is no job's");
	end = strchr(name->name + part_len, '/');
	if (!end || (size_t)(end - name->name) - part_len > KIST_JOB_ID_MAX)
		return bad(err, "a part of a job in it has no part's name");
	memcpy(id, name->name + part_len, (size_t)(end - name->name) - part_len);
	id[(size_t)(end - name->name) - part_len] = '\0';
	return kist_bundle_names_has(names, job, kist_job_name(id, job))
		       ? KIST_OK
		       : bad(err, "a part in it is of a job that is not in it");
}

static kist_status read_one(const json_t *row, struct kist_bundle_names *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf name = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
	const size_t count = kist_bundle_names_count(ret);
	struct kist_digest artifact;

	if (!json_is_object(row) || !kist_record_get_digest(row, "artifact", &artifact))
		return bad(err, "a name in its manifest is none");
	if (kist_name_from_json(row, &name, err) != KIST_OK)
		return kist_fail_context(err, "a name in the manifest of the bundle");
	KIST_TRY(kist_bundle_names_add(ret, (const char *)name.data, name.size, &artifact, err));
	if (count > 0 && compare(kist_bundle_names_at(ret, count - 1), kist_bundle_names_at(ret, count)) >= 0)
		return bad(err, "its names do not stand in order, or one stands there twice");
	return KIST_OK;
}

kist_status kist_bundle_names_read(const json_t *manifest, struct kist_bundle_names *ret,
				   struct kist_error *err)
{
	const json_t *rows = json_object_get(manifest, "names");

	if (!json_is_array(rows))
		return bad(err, "its manifest lists no names");
	for (size_t i = 0; i < json_array_size(rows); i++) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = read_one(json_array_get(rows, i), ret, &why);

		if (status != KIST_OK)
			return kist_fail_as(err, status == KIST_INVALID ? KIST_CORRUPT : status, &why);
	}
	for (size_t i = 0; i < kist_bundle_names_count(ret); i++)
		KIST_TRY(check_own(ret, kist_bundle_names_at(ret, i), err));
	return KIST_OK;
}
