/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

bool kist_reader_is_gone(void)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLERR);
}

static bool json_is_printed;

bool kist_json_is_printed(void)
{
	return json_is_printed;
}

void kist_json_set_printed(void)
{
	json_is_printed = true;
}

bool kist_output_is_whole(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

kist_status kist_print_json_take(json_t *value, struct kist_error *err)
{
	kist_auto_json json_t *owned = value;

	if (!owned)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	json_is_printed = true;
	if (json_dumpf(owned, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY) != 0 ||
	    putchar('\n') == EOF)
		return kist_fail(err, KIST_IO, "cannot write to the standard output");
	return KIST_OK;
}

json_t *kist_json_with_path(json_t *object, const char *key, const char *path)
{
	kist_auto_json json_t *owned = object;

	if (!owned || kist_json_set_bytes(owned, key, path, strlen(path), NULL) != KIST_OK)
		return NULL;
	return kist_steal(owned);
}

kist_status kist_output_file(const char *path, struct kist_view bytes, mode_t mode, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	char whole[PATH_MAX];
	struct stat info;

	/* Renaming over /dev/full or a pipe would take it away from everybody else. */
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
		KIST_TRY(kist_open_at(AT_FDCWD, path, O_WRONLY | O_NOCTTY, 0, &fd, err));
		return kist_write_all(fd, bytes, err);
	}
	return kist_replace_file_at(AT_FDCWD, realpath(path, whole) ? whole : path, bytes, mode, false, err);
}
