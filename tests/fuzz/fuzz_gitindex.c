/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An index of git's from hostile bytes: paths are texts of some length, and there are no more than the limit.
 */
#include <string.h>

#include "agent/git.h"
#include "fuzz/fuzz.h"

static kist_status see(void *ctx, const struct kist_git_file *file, struct kist_error *err)
{
	size_t *count = ctx;

	(void)err;
	must(file->path[0] && strlen(file->path) < PATH_MAX);
	must(++*count <= KIST_GIT_FILES_MAX);
	return KIST_OK;
}

static void try_index(const uint8_t *data, size_t size, size_t hash_len)
{
	struct kist_error err = KIST_ERROR_INIT;
	size_t count = 0;

	if (kist_git_index_each(kist_view_of(data, size), hash_len, see, &count, &err) != KIST_OK)
		must(err.status == KIST_CORRUPT || err.status == KIST_UNSUPPORTED ||
		     err.status == KIST_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_index(data, size, 20);
	try_index(data, size, 32);
	return 0;
}
