/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/file_write.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

/* Places in memory and in the file, and lengths, are multiples of it: enough for every disk that we know of.
 */
#define DIRECT_UNIT ((size_t)4096)
/* What is shorter may well be read again soon, and costs little. */
#define DIRECT_SIZE_MIN ((size_t)1 << 20)

/* Writes the front of @left in whole units; less, or nothing, where the file system does not want it so. */
static kist_status write_units(int fd, struct kist_view *left, struct kist_error *err)
{
	while (left->size >= DIRECT_UNIT) {
		const ssize_t n = write(fd, left->data, left->size - left->size % DIRECT_UNIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EINVAL)
			return KIST_OK;
		if (n < 0)
			return kist_fail_errno(err, errno, "cannot write %zu bytes", left->size);
		*left = kist_view_of(left->data + n, left->size - (size_t)n);
		if ((size_t)n % DIRECT_UNIT != 0)
			return KIST_OK;
	}
	return KIST_OK;
}

static kist_status write_direct(int fd, struct kist_view *left, struct kist_error *err)
{
	const int flags = fcntl(fd, F_GETFL);
	kist_status status;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_DIRECT) != 0)
		return KIST_OK;
	status = write_units(fd, left, err);
	if (fcntl(fd, F_SETFL, flags) != 0 && status == KIST_OK)
		return kist_fail_errno(err, errno, "cannot go on to write");
	return status;
}

kist_status kist_file_append(int fd, size_t written, struct kist_view bytes, struct kist_error *err)
{
	if (bytes.size >= DIRECT_SIZE_MIN && written % DIRECT_UNIT == 0 &&
	    (uintptr_t)bytes.data % DIRECT_UNIT == 0)
		KIST_TRY(write_direct(fd, &bytes, err));
	return kist_write_all(fd, bytes, err);
}

kist_status kist_file_write_synced(int fd, const struct kist_view *parts, size_t count,
				   struct kist_error *err)
{
	size_t written = 0;

	for (size_t i = 0; i < count; i++) {
		KIST_TRY(kist_file_append(fd, written, parts[i], err));
		written += parts[i].size;
	}
	return kist_sync_fd(fd, err);
}
