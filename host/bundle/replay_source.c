/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "bundle/replay_private.h"
#include "flow/load.h"
#include "flow/path.h"
#include "registry/registry.h"

/* Whoever runs a file that was kept has made it: for him alone. */
#define FILE_MODE   0700
#define FOLDER_MODE 0700

/* The record of an artifact that the job names. */
static kist_status get_artifact(const struct kist_replaying *replaying, const struct kist_digest *id,
				const char *what, struct kist_artifact *ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_registry_get_artifact(replaying->flow->registry, id, ret, &why);

	if (status == KIST_NOT_FOUND)
		return kist_fail(err, status, "%s of job '%s' is not kept any more", what,
				 kist_job_id(replaying->job));
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

static kist_status read_text(struct kist_replaying *replaying, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	const char *encoding = NULL;
	struct kist_digest source;

	if (kist_record_get_digest(replaying->job->root, "source", &source)) {
		KIST_TRY(get_artifact(replaying, &source, "the entrypoint", &artifact, err));
		encoding = kist_json_get_text(artifact.record, "encoding");
	}
	if (!encoding || strcmp(encoding, KIST_RUN_SOURCE_ENCODING) != 0)
		return kist_fail_at(err, KIST_UNSUPPORTED, "E_SOURCE", KIST_NO_OFFSET,
				    "no entrypoint is kept with job '%s': only what 'kist run' or 'kist "
				    "experiment' ran can be run again",
				    kist_job_id(replaying->job));
	return kist_load_bytes(replaying->flow, artifact.record, &replaying->text, err);
}

/* "<files>/<path>", with the folders above it, all below a folder that nobody else can write to. */
static kist_status write_file(struct kist_replaying *replaying, const char *path, const json_t *record,
			      struct kist_error *err)
{
	const char *slash = strrchr(path, '/');
	kist_auto_fd int folder_fd = -1;
	kist_auto_fd int fd = -1;
	char above[PATH_MAX];

	KIST_TRY(kist_tree_path_check(path, strlen(path), err));
	KIST_TRY(kist_open_at(AT_FDCWD, replaying->files, O_RDONLY | O_DIRECTORY, 0, &folder_fd, err));
	if (slash) {
		snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
		KIST_TRY(kist_mkdirs_at(folder_fd, above, FOLDER_MODE, err));
	}
	KIST_TRY(
		kist_open_at(folder_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE, &fd, err));
	return kist_load_file(replaying->flow, record, fd, err);
}

static kist_status write_files(struct kist_replaying *replaying, struct kist_error *err)
{
	const json_t *files = json_object_get(replaying->job->root, "files");

	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *row = json_array_get(files, i);
		const char *path = kist_json_get_text(row, "name");
		kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
		struct kist_digest id;

		if (!path || !kist_record_get_digest(row, "artifact", &id))
			return kist_fail(err, KIST_CORRUPT, "a file without a name");
		KIST_TRY(get_artifact(replaying, &id, "a file", &artifact, err));
		if (write_file(replaying, path, artifact.record, err) != KIST_OK)
			return kist_fail_context(err, "the file '%.200s' beside the entrypoint", path);
	}
	return KIST_OK;
}

kist_status kist_replay_read_source(struct kist_replaying *replaying, struct kist_error *err)
{
	KIST_TRY(read_text(replaying, err));
	KIST_TRY(kist_run_folder_path(&replaying->folder, replaying->flow->temp_dir, "", replaying->files,
				      err));
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, replaying->files, FOLDER_MODE, err));
	return write_files(replaying, err);
}
