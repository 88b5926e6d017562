/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/paths.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/key.h"

#ifndef KIST_LIBEXECDIR
#error "the build says where the worker and the plugins are installed"
#endif

#define TEMPLATES "templates"

/* Puts @base and @rest together, with a slash between them when there is a @rest. */
static kist_status set(char *ret, const char *base, const char *rest, struct kist_error *err)
{
	const int len = snprintf(ret, PATH_MAX, "%s%s%s", base, rest[0] ? "/" : "", rest);

	if (len < 0 || len >= PATH_MAX)
		return kist_fail(err, KIST_INVALID, "a path is longer than %d bytes", PATH_MAX - 1);
	return KIST_OK;
}

static kist_status home_dir(char ret[static PATH_MAX], struct kist_error *err)
{
	const char *home = secure_getenv("HOME");
	const struct passwd *user = home && home[0] == '/' ? NULL : getpwuid(geteuid());

	if (!(home && home[0] == '/'))
		home = user ? user->pw_dir : NULL;
	if (!home)
		return kist_fail(err, KIST_INVALID,
				 "there is no home folder: set HOME, or name a store with --store");
	return set(ret, home, "", err);
}

/* $<variable>/kist when it is an absolute path, else ~/<fallback>/kist. */
static kist_status user_dir(const char *variable, const char *home, const char *fallback, char *ret,
			    struct kist_error *err)
{
	const char *base = secure_getenv(variable);
	char own[PATH_MAX];

	if (base && base[0] == '/')
		return set(ret, base, "kist", err);
	KIST_TRY(set(own, home, fallback, err));
	return set(ret, own, "kist", err);
}

/* Without ".." and links, for people, when it is there. */
static void resolve(char path[static PATH_MAX])
{
	char resolved[PATH_MAX];

	if (realpath(path, resolved))
		memcpy(path, resolved, strlen(resolved) + 1);
}

/* The installation that this program is part of: beside its own file, else where it was configured to be. */
static kist_status installation(struct kist_paths *ret, struct kist_error *err)
{
	char exe[PATH_MAX];
	char prefix[PATH_MAX];
	const ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	KIST_TRY(set(ret->worker, KIST_LIBEXECDIR, "kist-worker", err));
	KIST_TRY(set(ret->kit, KIST_LIBEXECDIR, "kist-kit", err));
	KIST_TRY(set(ret->plugin_dir, KIST_PLUGINDIR, "", err));
	KIST_TRY(set(ret->template_dir, KIST_PKGDATADIR, TEMPLATES, err));
	if (len <= 0)
		return KIST_OK;
	exe[len] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return KIST_OK;
	*slash = '\0';
	/* An installed tree that was moved as a whole, DESTDIR among others. */
	KIST_TRY(set(prefix, exe, KIST_BIN_TO_LIBEXEC "/kist-worker", err));
	if (access(prefix, X_OK) == 0) {
		KIST_TRY(set(ret->worker, prefix, "", err));
		KIST_TRY(set(ret->plugin_dir, exe, KIST_BIN_TO_PLUGINS, err));
		KIST_TRY(set(ret->template_dir, exe, KIST_BIN_TO_SHARE "/" TEMPLATES, err));
		KIST_TRY(set(ret->kit, exe, KIST_BIN_TO_LIBEXEC "/kist-kit", err));
		resolve(ret->worker);
		resolve(ret->kit);
		resolve(ret->plugin_dir);
		resolve(ret->template_dir);
	}
	return KIST_OK;
}

void kist_paths_pass_over(struct kist_paths *paths, const char *path)
{
	const size_t used = strlen(paths->notes);

	snprintf(paths->notes + used, sizeof(paths->notes) - used,
		 "%spassed over '%.300s': it belongs to another user", used ? "; " : "", path);
}

/* A folder that somebody else put above us must not choose where our data goes. */
static bool is_ours(const char *path, struct kist_paths *paths)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	if (st.st_uid == geteuid() || st.st_uid == 0)
		return true;
	kist_paths_pass_over(paths, path);
	return false;
}

static bool find_project(struct kist_paths *ret)
{
	char here[PATH_MAX];

	if (!getcwd(here, sizeof(here) - sizeof("/.kist")))
		return false;
	for (;;) {
		const size_t len = strlen(here);

		memcpy(here + len, "/.kist", sizeof("/.kist"));
		if (is_ours(here, ret)) {
			snprintf(ret->store, sizeof(ret->store), "%s", here);
			here[len] = '\0';
			snprintf(ret->store_why, sizeof(ret->store_why), "found in '%.100s'",
				 len ? here : "/");
			return true;
		}
		here[len] = '\0';
		if (len == 0)
			return false;
		*strrchr(here, '/') = '\0';
	}
}

static kist_status take_store(const struct kist_paths_wanted *wanted, struct kist_paths *ret,
			      struct kist_error *err)
{
	ret->store_is_named = wanted->is_named;
	ret->store_is_set = !wanted->is_users;
	ret->store_is_users = wanted->is_users;
	snprintf(ret->store_why, sizeof(ret->store_why), "%s", wanted->store_why);
	return set(ret->store, wanted->store, "", err);
}

static kist_status choose_store(const struct kist_paths_wanted *wanted, struct kist_paths *ret,
				struct kist_error *err)
{
	if (wanted->store && !wanted->is_users)
		return take_store(wanted, ret, err);
	if (find_project(ret))
		return KIST_OK;
	if (wanted->store)
		return take_store(wanted, ret, err);
	snprintf(ret->store_why, sizeof(ret->store_why), "your own: no .kist folder here or above");
	ret->store_is_own = true;
	return set(ret->store, ret->data_dir, "store", err);
}

/* @path from wherever we go; nothing when there is none. */
static kist_status set_whole(char ret[static PATH_MAX], const char *path, struct kist_error *err)
{
	char here[PATH_MAX];

	if (!path)
		return KIST_OK;
	if (path[0] == '/')
		return set(ret, path, "", err);
	if (!getcwd(here, sizeof(here)))
		return kist_fail_errno(err, errno, "cannot find this folder");
	return set(ret, here, path, err);
}

kist_status kist_paths_choose(const struct kist_paths_wanted *wanted, struct kist_paths *ret,
			      struct kist_error *err)
{
	KIST_TRY(set_whole(ret->cache_dir, wanted->cache_dir, err));
	KIST_TRY(set_whole(ret->runs_dir, wanted->runs_dir, err));
	return choose_store(wanted, ret, err);
}

/* Adds @name to the note when it is set and is not asked. */
static size_t note_one(struct kist_paths *ret, const char *name, size_t count)
{
	const size_t used = strlen(ret->notes);

	if (!getenv(name) || secure_getenv(name))
		return count;
	snprintf(ret->notes + used, sizeof(ret->notes) - used, "%s%s", count > 0 ? ", " : "ignored: ", name);
	return count + 1;
}

/* Whoever set these and has more rights than he came with is told that they chose nothing. */
static void note_ignored(struct kist_paths *ret)
{
	static const char *const names[] = {
		"KIST_PLUGIN_PATH", "KIST_CONFIG",    "KIST_OVERLAY",  "HOME",
		"XDG_CONFIG_HOME",  "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR",
	};
	size_t count = 0;
	size_t used;

	for (const struct kist_config_key *key = kist_config_keys; key->name; key++)
		count = key->variable ? note_one(ret, key->variable, count) : count;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		count = note_one(ret, names[i], count);
	used = strlen(ret->notes);
	if (count > 0)
		snprintf(ret->notes + used, sizeof(ret->notes) - used,
			 ": this process has more rights than who started it");
}

kist_status kist_paths_find(struct kist_paths *ret, struct kist_error *err)
{
	const char *temporary = secure_getenv("TMPDIR");
	char home[PATH_MAX];

	*ret = (struct kist_paths){ .store_is_own = false };
	KIST_TRY(home_dir(home, err));
	KIST_TRY(user_dir("XDG_CONFIG_HOME", home, ".config", ret->config_dir, err));
	KIST_TRY(user_dir("XDG_CACHE_HOME", home, ".cache", ret->cache_dir, err));
	KIST_TRY(user_dir("XDG_DATA_HOME", home, ".local/share", ret->data_dir, err));
	KIST_TRY(set(ret->runs_dir, ret->data_dir, "runs", err));
	KIST_TRY(set(ret->temp_dir, temporary && temporary[0] == '/' ? temporary : "/tmp", "", err));
	KIST_TRY(installation(ret, err));
	note_ignored(ret);
	return KIST_OK;
}
