/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"

/* Zeros are left out in blocks of this size: long enough to be worth a hole. */
#define HOLE_SIZE ((size_t)64 << 10)
/* Less is not worth a call of its own. */
#define RESERVE_SIZE_MIN ((size_t)1 << 20)

/* ext4 takes room block by block as a file is written, which is a third of the work; all at once costs next to
 * nothing.  Of others that is not known. */
static bool is_better_reserved(int fd)
{
	struct statfs about;

	return fstatfs(fd, &about) == 0 && about.f_type == EXT4_SUPER_MAGIC;
}

kist_status kist_new_file_open(int fd, uint64_t size, struct kist_new_file *ret, struct kist_error *err)
{
	/* First: then what is written in any order is within the file, and a hole at its end is there. */
	if (size > INT64_MAX || ftruncate(fd, (off_t)size) != 0)
		return kist_fail_errno(err, size > INT64_MAX ? EFBIG : errno,
				       "cannot set a size of %" PRIu64 " bytes", size);
	*ret = (struct kist_new_file){ .fd = fd,
				       .is_reserved = size >= RESERVE_SIZE_MIN && is_better_reserved(fd) };
	return KIST_OK;
}

static kist_status put_run(const struct kist_new_file *file, uint64_t offset, struct kist_view bytes,
			   struct kist_error *err)
{
	/* When there is no room, writing says so. */
	if (file->is_reserved && bytes.size >= RESERVE_SIZE_MIN)
		(void)!fallocate(file->fd, 0, (off_t)offset, (off_t)bytes.size);
	return kist_pwrite_all(file->fd, bytes, offset, err);
}

static bool is_zero(struct kist_view bytes)
{
	return bytes.data[0] == 0 && memcmp(bytes.data, bytes.data + 1, bytes.size - 1) == 0;
}

/* The length of the block that begins at @offset, of which @left bytes are at hand. */
static size_t block_at(uint64_t offset, size_t left)
{
	return (size_t)kist_min_u64(HOLE_SIZE - offset % HOLE_SIZE, left);
}

/* Writes blocks that are not zero, as many as possible in one go. */
kist_status kist_new_file_put(const struct kist_new_file *file, uint64_t offset, struct kist_view bytes,
			      struct kist_error *err)
{
	size_t start = 0; /* of what is to be written */
	size_t at = 0;

	while (at < bytes.size) {
		const size_t len = block_at(offset + at, bytes.size - at);

		if (len == HOLE_SIZE && is_zero(kist_view_of(bytes.data + at, len))) {
			KIST_TRY(put_run(file, offset + start, kist_view_of(bytes.data + start, at - start),
					 err));
			start = at + len;
		}
		at += len;
	}
	return put_run(file, offset + start, kist_view_of(bytes.data + start, at - start), err);
}
