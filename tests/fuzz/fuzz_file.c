/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz/fuzz.h"

#define FOLDER_SIZE_MAX 4096
#define NAME_SIZE_MAX	64

static char folder[FOLDER_SIZE_MAX];
static char file[FOLDER_SIZE_MAX + NAME_SIZE_MAX];

static void remove_folder(void)
{
	(void)unlink(file);
	(void)rmdir(folder);
}

const char *fuzz_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	if (folder[0])
		return folder;
	must(snprintf(folder, sizeof(folder), "%s/kist-fuzz-XXXXXX", tmp ? tmp : "/tmp") <
	     (int)sizeof(folder));
	must(mkdtemp(folder) != NULL);
	(void)atexit(remove_folder);
	return folder;
}

void fuzz_write(const char *name, struct kist_view bytes)
{
	kist_auto_fd int fd = -1;

	must(snprintf(file, sizeof(file), "%s/%s", fuzz_folder(), name) < (int)sizeof(file));
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && kist_write_all(fd, bytes, NULL) == KIST_OK);
}
