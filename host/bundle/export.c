/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/export.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#include "flow/load.h"
#include "flow/place.h"
#include "job/commit.h"
#include "registry/collect.h"

static kist_status get_chunk(void *ctx, const struct kist_digest *id, struct kist_buf *ret,
			     struct kist_error *err)
{
	ret->size = 0;
	return kist_load_chunk(ctx, id, ret, err);
}

struct kist_bundle_source kist_bundle_flow_source(struct kist_flow *flow)
{
	return (struct kist_bundle_source){ .get = get_chunk, .ctx = flow };
}

/* What has a name is kept, or lost. */
static kist_status fail_gone(struct kist_flow *flow, const char *name, size_t len,
			     const struct kist_digest *artifact, struct kist_error *err)
{
	const int shown = (int)(len < 200 ? len : 200);
	bool is_named = false;

	KIST_TRY(kist_registry_is_named(flow->registry, artifact, &is_named, err));
	if (is_named)
		return kist_fail(err, KIST_CORRUPT, "'%.*s' is lost: 'kist verify' says more", shown, name);
	return kist_fail(err, KIST_NOT_FOUND,
			 "'%.*s' is not kept any more: without it this cannot be exported", shown, name);
}

/* Adds a name, after a look whether what it means is kept. */
static kist_status add(struct kist_flow *flow, const char *name, size_t len,
		       const struct kist_digest *artifact, struct kist_bundle_names *names,
		       struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact found = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_registry_get_artifact(flow->registry, artifact, &found, &why);

	if (status == KIST_NOT_FOUND)
		return fail_gone(flow, name, len, artifact, err);
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	return kist_bundle_names_add(names, name, len, artifact, err);
}

/* What a walk over names gathers. */
struct parts {
	struct kist_bundle_names *names;
	struct kist_flow *flow;
};

static kist_status add_part(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			    struct kist_error *err)
{
	const struct parts *parts = ctx;

	(void)artifact;
	return add(parts->flow, ref->name, ref->name_len, &ref->artifact, parts->names, err);
}

static kist_status add_results(struct kist_flow *flow, const struct kist_job *job,
			       struct kist_bundle_names *names, struct kist_error *err)
{
	const json_t *artifacts = json_object_get(job->root, "artifacts");

	for (size_t i = 0; i < json_array_size(artifacts); i++) {
		const json_t *row = json_array_get(artifacts, i);
		kist_auto_buf struct kist_buf name = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
		struct kist_digest artifact;

		KIST_TRY(kist_name_from_json(row, &name, err));
		if (!kist_record_get_digest(row, "artifact", &artifact))
			return kist_fail(err, KIST_CORRUPT, "an artifact without a digest");
		KIST_TRY(add(flow, (const char *)name.data, name.size, &artifact, names, err));
	}
	return KIST_OK;
}

/* What the job took has no names of its own there: elsewhere it has some that go with the job. */
static kist_status add_inputs(struct kist_flow *flow, const struct kist_job *job,
			      struct kist_bundle_names *names, struct kist_error *err)
{
	const json_t *inputs = json_object_get(job->root, "inputs");

	for (size_t i = 0; i < json_array_size(inputs); i++) {
		struct kist_digest artifact;
		char name[KIST_JOB_NAME_SIZE];
		char what[32];
		size_t len;

		snprintf(what, sizeof(what), KIST_BUNDLE_INPUT_PART "%zu", i);
		len = kist_job_part_name(kist_job_id(job), what, name);
		if (!kist_record_get_digest(json_array_get(inputs, i), "artifact", &artifact))
			return kist_fail(err, KIST_CORRUPT, "an input without a digest");
		KIST_TRY(add(flow, name, len, &artifact, names, err));
	}
	return KIST_OK;
}

static kist_status gather_job(struct kist_flow *flow, const char *id, struct kist_bundle_names *names,
			      struct kist_error *err)
{
	struct parts parts = { .names = names, .flow = flow };
	kist_auto_job struct kist_job *job = NULL;
	char name[KIST_JOB_NAME_SIZE];
	size_t len;

	KIST_TRY(kist_job_load(flow, id, &job, err));
	if (!kist_job_state_is_end(kist_job_state(job)))
		return kist_fail_at(err, KIST_INVALID, "E_STATE", KIST_NO_OFFSET,
				    "job '%s' has not ended: it is %s", id,
				    kist_job_state_name(kist_job_state(job)));
	KIST_TRY(kist_bundle_names_add(names, name, kist_job_name(id, name), &job->committed, err));
	len = kist_job_part_name(id, "", name);
	KIST_TRY(kist_registry_each_name(flow->registry, name, len, add_part, &parts, err));
	KIST_TRY(add_results(flow, job, names, err));
	return add_inputs(flow, job, names, err);
}

kist_status kist_bundle_gather(struct kist_flow *flow, const char *text, struct kist_bundle_names *names,
			       struct kist_error *err)
{
	const size_t len = strlen(text);
	struct kist_error why = KIST_ERROR_INIT;
	char id[KIST_JOB_ID_MAX + 1];
	struct kist_digest artifact;
	kist_status status = kist_registry_find_ref(flow->registry, text, len, &artifact, &why);

	if (status == KIST_OK) {
		KIST_TRY(kist_name_check_given(text, len, err));
		return add(flow, text, len, &artifact, names, err);
	}
	if (status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	kist_error_clear(&why);
	status = kist_job_find(flow, text, id, &why);
	if (status == KIST_NOT_FOUND)
		return kist_fail(err, status, "there is no job and no name '%.200s'", text);
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	return gather_job(flow, id, names, err);
}

/* A bundle that is being written. */
struct writing {
	struct kist_flow *flow;
	const struct kist_bundle_walk *walk;
	struct kist_view head;
	const char *path;
	bool force;
};

static kist_status write_chunks(const struct writing *writing, int fd, struct kist_error *err)
{
	const struct kist_bundle_chunk *chunks = (const void *)writing->walk->table.data;
	const size_t count = writing->walk->table.size / sizeof(*chunks);
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	uint64_t done = 0;

	KIST_TRY(kist_write_all(fd, writing->head, err));
	for (size_t i = 0; i < count; i++) {
		KIST_TRY(kist_flow_check_stop(writing->flow, err));
		KIST_TRY(get_chunk(writing->flow, &chunks[i].id, &bytes, err));
		if (bytes.size != chunks[i].len)
			return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", KIST_NO_OFFSET,
					    "a chunk has another length than its recipe says");
		KIST_TRY(kist_write_all(fd, kist_buf_view(&bytes), err));
		done += bytes.size;
		kist_flow_progress(writing->flow, done, writing->walk->chunk_bytes);
	}
	return kist_sync_fd(fd, err);
}

static kist_status write_file(const struct writing *writing, struct kist_place *place, struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_place_file(place, 0666, &fd, err));
	KIST_TRY(write_chunks(writing, fd, err));
	return kist_place_finish(place, fd, writing->path, writing->force, err);
}

static kist_status write_bundle(const struct writing *writing, struct kist_error *err)
{
	kist_auto_place struct kist_place place = KIST_PLACE_INIT;
	kist_status status;

	KIST_TRY(kist_place_open(writing->path, false, writing->force, &place, err));
	status = write_file(writing, &place, err);
	if (status == KIST_UNSUPPORTED && place.needs_name)
		status = write_file(writing, &place, err);
	return status;
}

static kist_status describe(struct kist_bundle_walk *walk, const struct kist_bundle_names *names,
			    struct kist_buf *manifest, struct kist_bundle_sum *sum, struct kist_error *err)
{
	kist_auto_json json_t *described = NULL;

	KIST_TRY(kist_bundle_describe(walk, names, &described, err));
	KIST_TRY(kist_bundle_walk_check_growth(walk, err));
	sum->jobs = json_array_size(json_object_get(described, "jobs"));
	return kist_json_canonical(described, manifest, err);
}

kist_status kist_bundle_export(struct kist_flow *flow, const struct kist_bundle_names *names,
			       const char *path, bool force, struct kist_bundle_sum *ret,
			       struct kist_error *err)
{
	const struct kist_bundle_source source = kist_bundle_flow_source(flow);
	kist_auto_bundle_walk struct kist_bundle_walk walk = KIST_BUNDLE_WALK_INIT(&source);
	kist_auto_buf struct kist_buf manifest = KIST_BUF_INIT(KIST_BUNDLE_MANIFEST_SIZE_MAX);
	kist_auto_buf struct kist_buf head = KIST_BUF_INIT(SIZE_MAX / 2);
	struct kist_bundle_sum sum = { .names = kist_bundle_names_count(names) };
	struct writing writing = { .flow = flow, .walk = &walk, .path = path, .force = force };

	KIST_TRY(describe(&walk, names, &manifest, &sum, err));
	sum.chunks = walk.table.size / sizeof(struct kist_bundle_chunk);
	sum.object_bytes = walk.size;
	KIST_TRY(kist_bundle_head(kist_buf_view(&manifest), (const void *)walk.table.data, sum.chunks, &head,
				  &sum.digest, err));
	writing.head = kist_buf_view(&head);
	sum.size = head.size + walk.chunk_bytes;
	KIST_TRY(write_bundle(&writing, err));
	*ret = sum;
	return KIST_OK;
}
