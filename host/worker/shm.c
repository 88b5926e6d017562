/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/shm.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/file.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Data is never executed; kernels before 6.3 do not know how to say so. */
static int make_memory_file(const char *name)
{
	const int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}

static kist_status map(int fd, size_t size, struct kist_shm *ret, struct kist_error *err)
{
	void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (data == MAP_FAILED)
		return kist_fail_errno(err, errno, "cannot map %zu bytes of shared memory", size);
	*ret = (struct kist_shm){ .data = data, .size = size, .fd = -1 };
	return KIST_OK;
}

kist_status kist_shm_create(const char *name, size_t size, struct kist_shm *ret, struct kist_error *err)
{
	kist_auto_fd int fd = make_memory_file(name);
	int error;

	if (fd < 0)
		return kist_fail_errno(err, errno, "cannot make shared memory");
	do
		error = posix_fallocate(fd, 0, (off_t)size);
	while (error == EINTR);
	if (error != 0)
		return kist_fail_errno(err, error, "cannot have %zu bytes of shared memory", size);
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return kist_fail_errno(err, errno, "cannot seal shared memory");
	KIST_TRY(map(fd, size, ret, err));
	ret->fd = kist_fd_move(&fd);
	return KIST_OK;
}

kist_status kist_shm_open_take(int fd, size_t size, struct kist_shm *ret, struct kist_error *err)
{
	kist_auto_fd int owned = fd;
	struct stat facts;
	const int seals = fcntl(owned, F_GET_SEALS);

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(owned, &facts) < 0 ||
	    (size_t)facts.st_size != size)
		return kist_fail(err, KIST_INVALID, "shared memory of another size, or not sealed");
	return map(owned, size, ret, err);
}

void kist_shm_done(struct kist_shm *shm)
{
	if (shm->data)
		(void)munmap(shm->data, shm->size);
	kist_fd_close(&shm->fd);
	*shm = (struct kist_shm)KIST_SHM_INIT;
}
