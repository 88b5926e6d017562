/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/environment.h"
#include "agent/run.h"
#include "agent/source.h"
#include "base/file.h"

static kist_status write_source(int dir_fd, const struct kist_snapshot_options *options,
				struct kist_error *err)
{
	kist_auto_json json_t *source = NULL;
	char folder[PATH_MAX];

	if (!getcwd(folder, sizeof(folder)))
		return kist_fail_errno(err, errno, "cannot find this folder");
	KIST_TRY(kist_source_describe(folder, options->command, &source, err));
	return kist_run_write_file(dir_fd, KIST_SNAPSHOT_SOURCE, source, err);
}

kist_status kist_snapshot_lock(const json_t *manifest, char ret[static KIST_DIGEST_HEX_SIZE],
			       struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_RUN_FILE_MAX);
	struct kist_digest digest;

	KIST_TRY(kist_json_canonical(manifest, &text, err));
	KIST_TRY(kist_buf_append(&text, "\n", 1, err));
	digest = kist_digest_of(kist_buf_view(&text));
	kist_digest_hex(&digest, ret);
	return KIST_OK;
}

static kist_status write_manifest(int dir_fd, const json_t *manifest, struct kist_error *err)
{
	char digest[KIST_DIGEST_HEX_SIZE];
	char line[KIST_DIGEST_HEX_SIZE + 64];

	KIST_TRY(kist_snapshot_lock(manifest, digest, err));
	(void)snprintf(line, sizeof(line), "%s  " KIST_RUN_MANIFEST "\n", digest);
	KIST_TRY(kist_replace_file_at(dir_fd, KIST_RUN_MANIFEST_LOCK, kist_view_of(line, strlen(line)), 0600,
				      false, err));
	return kist_run_write_file(dir_fd, KIST_RUN_MANIFEST, manifest, err);
}

kist_status kist_snapshot_write(int dir_fd, const struct kist_snapshot_options *options,
				struct kist_error *err)
{
	const struct kist_environment_options how = { .variables = options->variables,
						      .keep_count = options->keep_count,
						      .keep = options->keep,
						      .program = options->command[0] };
	kist_auto_json json_t *environment = NULL;

	/* The source first: the program, or who waits for it, may change it. */
	if (!options->no_source)
		KIST_TRY(write_source(dir_fd, options, err));
	if (options->manifest)
		KIST_TRY(write_manifest(dir_fd, options->manifest, err));
	KIST_TRY(kist_environment_describe(&how, &environment, err));
	return kist_run_write_file(dir_fd, KIST_SNAPSHOT_ENVIRONMENT, environment, err);
}

static kist_status set_environment(int dir_fd, struct kist_job *job, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_RUN_FILE_MAX);
	struct kist_digest digest;

	KIST_TRY(kist_read_file_at(dir_fd, KIST_SNAPSHOT_ENVIRONMENT, &text, err));
	digest = kist_digest_of(kist_buf_view(&text));
	return kist_job_set_environment(job, &digest, err);
}

kist_status kist_snapshot_find(int dir_fd, const char *folder, struct kist_job *job,
			       struct kist_snapshot *ret, struct kist_error *err)
{
	static const struct {
		const char *what;
		const char *name;
		const char *encoding;
	} files[KIST_SNAPSHOT_PARTS] = { { KIST_SNAPSHOT_PART_ENVIRONMENT, KIST_SNAPSHOT_ENVIRONMENT,
					   KIST_SNAPSHOT_ENCODING_ENVIRONMENT },
					 { KIST_SNAPSHOT_PART_SOURCE, KIST_SNAPSHOT_SOURCE,
					   KIST_SNAPSHOT_ENCODING_SOURCE } };

	*ret = (struct kist_snapshot){ .parts = { .parts = ret->list } };
	for (size_t i = 0; i < KIST_SNAPSHOT_PARTS; i++) {
		if (faccessat(dir_fd, files[i].name, F_OK, 0) != 0)
			continue;
		(void)snprintf(ret->paths[ret->parts.count], sizeof(ret->paths[0]), "%s/%s", folder,
			       files[i].name);
		ret->list[ret->parts.count] =
			(struct kist_keeper_part){ .what = files[i].what,
						   .path = ret->paths[ret->parts.count],
						   .encoding = files[i].encoding,
						   .is_source = strcmp(files[i].what,
								       KIST_SNAPSHOT_PART_SOURCE) == 0 };
		ret->parts.count++;
	}
	return faccessat(dir_fd, KIST_SNAPSHOT_ENVIRONMENT, F_OK, 0) == 0 ? set_environment(dir_fd, job, err)
									  : KIST_OK;
}
