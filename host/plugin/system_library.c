/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "plugin/cache.h"

/*
 * Libraries of the system, by their sonames.  They belong to root and are found where the dynamic linker finds
 * them; what may run is decided by the digest that the user pinned, not by the name.
 */

#if defined(__x86_64__)
#define TRIPLET "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define TRIPLET "aarch64-linux-gnu"
#else
#error "name this machine"
#endif

static const char *const folders[] = { "/lib/" TRIPLET, "/usr/lib/" TRIPLET, "/lib64", "/usr/lib64",
				       "/lib",		"/usr/lib" };

/* The file behind a name may be anywhere, by links that root made: of it, owner and mode are asked. */
static kist_status check_file(int fd, const char *path, struct kist_error *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", path);
	if (!S_ISREG(info.st_mode))
		return kist_fail(err, KIST_DENIED, "'%s' is not a regular file", path);
	if (info.st_uid != 0 || (info.st_mode & (S_IWGRP | S_IWOTH)))
		return kist_fail(err, KIST_DENIED,
				 "'%s' is no library of the system: others than root may write it", path);
	return KIST_OK;
}

kist_status kist_search_open_system(const char *soname, int *ret_fd, struct kist_error *err)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		kist_auto_fd int fd = -1;
		char path[512];

		if (snprintf(path, sizeof(path), "%s/%s", folders[i], soname) >= (int)sizeof(path))
			continue;
		if (kist_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, NULL) != KIST_OK)
			continue;
		KIST_TRY(check_file(fd, path, err));
		*ret_fd = kist_fd_move(&fd);
		return KIST_OK;
	}
	return kist_fail(err, KIST_NOT_FOUND, "the system has no library '%s': install the package it is in",
			 soname);
}
