/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/keeper_private.h"

#include "base/file.h"
#include "base/mem.h"

/* Of a file that kist makes. */
#define MADE_SIZE_MAX ((size_t)64 << 20)

static kist_status save_made(struct kist_save *save, const struct kist_keeper_part *part,
			     const struct kist_save_options *how, struct kist_saved *ret,
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(MADE_SIZE_MAX);
	struct kist_save_made made = { .kind = "value", .encoding = part->encoding, .summary = part->what };

	KIST_TRY(kist_read_file_at(AT_FDCWD, part->path, &text, err));
	made.bytes = kist_buf_view(&text);
	return kist_save_bytes(save, &made, how, ret, err);
}

static kist_status keep_part(struct kist_keeper *keeper, struct kist_save *save,
			     const struct kist_keeper_part *part, struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	char name[KIST_JOB_NAME_SIZE];
	const size_t len = kist_job_part_name(kist_job_id(keeper->options.job), part->what, name);
	const struct kist_save_options how = {
		.name = name, .name_len = len, .own_name = true, .opaque = true
	};

	KIST_TRY(part->encoding ? save_made(save, part, &how, &saved, err)
				: kist_save_path(save, part->path, &how, &saved, err));
	return part->is_source ? kist_job_set_source(keeper->options.job, &saved.artifact, err) : KIST_OK;
}

static kist_status keep_parts(struct kist_keeper *keeper, struct kist_save *save,
			      const struct kist_keeper_parts *parts, struct kist_error *err)
{
	for (size_t i = 0; parts && i < parts->count; i++)
		KIST_TRY(keep_part(keeper, save, &parts->parts[i], err));
	return KIST_OK;
}

kist_status keeper_record_with_parts(struct kist_keeper *keeper, const struct kist_keeper_parts *parts,
				     struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;

	KIST_TRY(keeper_open(keeper, true, err));
	KIST_TRY(kist_save_open(keeper->flow, &save, err));
	if (!keeper->has_first_parts)
		KIST_TRY(keep_parts(keeper, save, keeper->options.parts, err));
	KIST_TRY(keep_parts(keeper, save, parts, err));
	KIST_TRY(kist_job_commit(keeper->options.job, save, err));
	keeper->has_first_parts = true;
	return KIST_OK;
}
