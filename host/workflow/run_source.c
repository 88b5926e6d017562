/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/utf8.h"
#include "flow/path.h"
#include "job/commit.h"
#include "workflow/run_private.h"

/*
 * What ran, kept with the job: the entrypoint's text, and the files beside it that commands name.  So it can be run
 * again when they have changed, or elsewhere.
 */

/* One part of the job. */
struct part {
	const char *what;
	struct kist_view bytes;
	const char *kind;
	const char *encoding;
	const char *summary;
};

static kist_status save_part(struct kist_running *running, struct kist_save *save, const struct part *part,
			     struct kist_digest *ret, struct kist_error *err)
{
	const struct kist_save_made made = { .bytes = part->bytes.data ? part->bytes : kist_view_of("", 0),
					     .kind = part->kind,
					     .encoding = part->encoding,
					     .summary = part->summary };
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	char name[KIST_JOB_NAME_SIZE];
	const struct kist_save_options how = { .name = name,
					       .name_len = kist_job_part_name(kist_job_id(running->job),
									      part->what, name),
					       .own_name = true };

	KIST_TRY(kist_save_bytes(save, &made, &how, &saved, err));
	*ret = saved.artifact;
	return KIST_OK;
}

bool kist_run_path_beside(const char *folder, const char *word, char ret[static PATH_MAX])
{
	struct stat status;

	return word[0] != '\0' && word[0] != '/' &&
	       snprintf(ret, PATH_MAX, "%s/%s", folder, word) < PATH_MAX && stat(ret, &status) == 0 &&
	       S_ISREG(status.st_mode);
}

/* What is too large, or lies elsewhere, is not kept: whoever runs it again is told. */
static kist_status keep_file(struct kist_running *running, struct kist_save *save, const char *word,
			     size_t number, bool *ret_kept, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_RUN_FILE_SIZE_MAX);
	struct part part = { .kind = "bytes", .encoding = KIST_BYTES_ENCODING, .summary = "a file beside" };
	struct kist_digest artifact;
	char path[PATH_MAX];
	char what[32];

	*ret_kept = false;
	if (!kist_run_path_beside(running->options->folder, word, path) || strlen(word) > KIST_JOB_TEXT_MAX ||
	    !kist_utf8_valid(word, strlen(word)) ||
	    kist_tree_path_check(word, strlen(word), NULL) != KIST_OK ||
	    kist_read_file_at(AT_FDCWD, path, &bytes, NULL) != KIST_OK)
		return KIST_OK;
	snprintf(what, sizeof(what), KIST_RUN_FILE_PART "%zu", number);
	part.what = what;
	part.bytes = kist_buf_view(&bytes);
	KIST_TRY(save_part(running, save, &part, &artifact, err));
	*ret_kept = true;
	return kist_job_add_file(running->job, word, &artifact, err);
}

static kist_status keep_files(struct kist_running *running, struct kist_save *save, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	size_t count = 0;

	for (size_t i = 0; i < entrypoint->step_count; i++) {
		const struct kist_node *exec = entrypoint->steps[i].exec;

		for (const struct kist_node *word = exec ? exec->first : NULL; word; word = word->next) {
			bool is_kept = false;

			if (kist_entrypoint_resolve(entrypoint, word).kind != KIST_REFERENCE_NONE)
				continue;
			KIST_TRY(keep_file(running, save, kist_node_literal(word), count, &is_kept, err));
			count += is_kept;
		}
	}
	return KIST_OK;
}

kist_status kist_running_keep_source(struct kist_running *running, struct kist_save *save,
				     struct kist_error *err)
{
	const struct part part = { .what = KIST_RUN_SOURCE_PART,
				   .bytes = running->options->text,
				   .kind = "value",
				   .encoding = KIST_RUN_SOURCE_ENCODING,
				   .summary = "an entrypoint" };
	struct kist_digest artifact;

	if (running->options->text.size == 0)
		return KIST_OK;
	KIST_TRY(save_part(running, save, &part, &artifact, err));
	KIST_TRY(kist_job_set_source(running->job, &artifact, err));
	return keep_files(running, save, err);
}
