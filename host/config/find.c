/* SPDX-License-Identifier: Apache-2.0 */
#include "config/find.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours(const struct stat *info)
{
	return info->st_uid == geteuid() || info->st_uid == 0;
}

/* A link counts as what it leads to, and as what it is: who made it chose the file. */
static bool may_be_used(const char *path)
{
	struct stat link;
	struct stat file;

	return lstat(path, &link) == 0 && is_ours(&link) && stat(path, &file) == 0 && is_ours(&file);
}

bool kist_config_find_project(char ret[static PATH_MAX], char ret_other[static PATH_MAX])
{
	static const char name[] = "/" KIST_CONFIG_PROJECT_FILE;
	char here[PATH_MAX];
	struct stat info;
	bool is_first = true;

	ret_other[0] = '\0';
	if (!getcwd(here, sizeof(here) - sizeof(name)))
		return false;
	for (;; is_first = false) {
		const size_t len = strcmp(here, "/") == 0 ? 0 : strlen(here);

		memcpy(here + len, name, sizeof(name));
		if (lstat(here, &info) == 0) {
			if (may_be_used(here)) {
				snprintf(ret, PATH_MAX, "%s", is_first ? name + 1 : here);
				return true;
			}
			if (!ret_other[0])
				snprintf(ret_other, PATH_MAX, "%s", here);
		}
		here[len] = '\0';
		if (len == 0)
			return false;
		*strrchr(here, '/') = '\0';
	}
}
