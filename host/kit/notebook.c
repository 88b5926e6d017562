/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/notebook.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

kist_status kist_notebook_open(int fd, struct kist_notebook **ret, struct kist_error *err)
{
	void *map = mmap(NULL, sizeof(**ret), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return kist_fail_errno(err, errno, "cannot map the notebook of a check");
	*ret = map;
	return KIST_OK;
}

kist_status kist_notebook_new(int *ret_fd, struct kist_notebook **ret, struct kist_error *err)
{
	kist_auto_fd int fd = memfd_create("kist-kit", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, sizeof(**ret)) != 0)
		return kist_fail_errno(err, errno, "cannot make the notebook of a check");
	KIST_TRY(kist_notebook_open(fd, ret, err));
	*ret_fd = kist_fd_move(&fd);
	return KIST_OK;
}

void kist_notebook_close(struct kist_notebook *notebook)
{
	if (notebook)
		(void)munmap(notebook, sizeof(*notebook));
}

void kist_notebook_doing(struct kist_notebook *notebook, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(notebook->doing, sizeof(notebook->doing), format, args);
	va_end(args);
}

void kist_notebook_input(struct kist_notebook *notebook, struct kist_view bytes)
{
	notebook->size = 0;
	if (bytes.size == 0 || bytes.size > KIST_NOTEBOOK_INPUT_MAX)
		return;
	memcpy(notebook->input, bytes.data, bytes.size);
	notebook->size = bytes.size;
}
