/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "flow/save_private.h"

kist_status kist_save_bytes(struct kist_save *save, const struct kist_save_made *made,
			    const struct kist_save_options *options, struct kist_saved *ret,
			    struct kist_error *err)
{
	kist_auto_json json_t *record = json_object();
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	struct kist_content content;

	if (!record)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_save_check_name(options, err));
	KIST_TRY(kist_content_start(&save->content, save->writer, KIST_CHUNK_INFO, made->bytes.size, NULL, 0,
				    err));
	KIST_TRY(kist_content_write(&save->content, made->bytes, err));
	KIST_TRY(kist_content_finish(&save->content, &content, err));
	KIST_TRY(kist_record_set_content(record, &content, &content.sha256, err));
	KIST_TRY(kist_record_set_text(record, "kind", made->kind, err));
	KIST_TRY(kist_record_set_text(record, "encoding", made->encoding, err));
	KIST_TRY(kist_record_set_text(record, "summary", made->summary, err));
	KIST_TRY(kist_record_set_text(record, "description", options->description, err));
	if (options->parents)
		KIST_TRY(kist_record_set_take(record, "parents", kist_json_copy(options->parents), err));
	KIST_TRY(kist_save_record(save, record, &saved, err));
	KIST_TRY(kist_save_own_ref(save, options->name, options->name_len, &saved.artifact, "put", err));
	kist_saved_move(ret, &saved);
	return KIST_OK;
}
