/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/journal.h"

#include "base/file.h"
#include "base/le.h"
#include "base/time.h"

#define FILE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_APPEND)

kist_status kist_journal_open(struct kist_journal *journal, int dir_fd, struct kist_error *err)
{
	KIST_TRY(kist_open_at(dir_fd, KIST_JOURNAL_TEXT_NAME, FILE_FLAGS, 0600, &journal->text_fd, err));
	return kist_open_at(dir_fd, KIST_JOURNAL_TIMES_NAME, FILE_FLAGS, 0600, &journal->times_fd, err);
}

static void add(struct kist_journal *journal, enum kist_stream stream, struct kist_view bytes)
{
	uint8_t entry[KIST_JOURNAL_ENTRY_SIZE];

	kist_le_write64(entry, (uint64_t)kist_wall_ns());
	kist_le_write32(entry + 8, (uint32_t)bytes.size);
	kist_le_write32(entry + 12, (uint32_t)stream);
	if (kist_write_all(journal->text_fd, bytes, &journal->failed) != KIST_OK)
		return;
	journal->size += bytes.size;
	(void)!kist_write_all(journal->times_fd, kist_view_of(entry, sizeof(entry)), &journal->failed);
}

void kist_journal_add(struct kist_journal *journal, enum kist_stream stream, struct kist_view bytes)
{
	(void)pthread_mutex_lock(&journal->mutex);
	if (journal->text_fd >= 0 && journal->times_fd >= 0 && journal->failed.status == KIST_OK)
		add(journal, stream, bytes);
	(void)pthread_mutex_unlock(&journal->mutex);
}

void kist_journal_done(struct kist_journal *journal)
{
	kist_fd_close(&journal->text_fd);
	kist_fd_close(&journal->times_fd);
}

bool kist_journal_entry_read(const uint8_t *bytes, struct kist_journal_entry *ret)
{
	const uint32_t stream = kist_le_read32(bytes + 12);

	if (stream != KIST_STREAM_OUT && stream != KIST_STREAM_ERR)
		return false;
	ret->time_ns = (int64_t)kist_le_read64(bytes);
	ret->size = kist_le_read32(bytes + 8);
	ret->stream = (enum kist_stream)stream;
	return true;
}
