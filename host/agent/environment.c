/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/environment.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "flow/record.h"

/* Of /proc and /etc: what is asked for stands in their first lines. */
#define TEXT_SIZE ((size_t)8192)
#define NAME_MAX_ 255
/* Of who has no PATH: exec(3). */
#define DEFAULT_PATH "/bin:/usr/bin"
/* Interpreters of one virtual environment. */
#define LIBRARIES_MAX 8

/* Variables that change what programs compute, or which programs are found. */
static const char *const known[] = {
	"PATH",
	"LD_LIBRARY_PATH",
	"LD_PRELOAD",
	"LANG",
	"LANGUAGE",
	"LC_*",
	"TZ",
	"PYTHON*",
	"VIRTUAL_ENV",
	"CONDA_PREFIX",
	"CONDA_DEFAULT_ENV",
	"OMP_*",
	"GOMP_*",
	"KMP_*",
	"MKL_*",
	"OPENBLAS_*",
	"BLIS_*",
	"NUMEXPR_*",
	"CUDA_*",
	"NCCL_*",
	"NVIDIA_*",
	"ROCR_*",
	"HIP_*",
	"TF_*",
	"XLA_*",
	"JAX_*",
	"TORCH_*",
	"PYTORCH_*",
	"MALLOC_*",
	"R_HOME",
	"R_LIBS*",
	"JULIA_*",
	"JAVA_HOME",
	"GOMAXPROCS",
	"RAYON_NUM_THREADS",
};

/* What names of secrets have in them. */
static const char *const secret[] = { "TOKEN", "KEY",  "PASSW", "PASSPHRASE", "SECRET",	 "CREDENTIAL",
				      "CRED",  "AUTH", "PWD",	"COOKIE",     "PRIVATE", "SIGNATURE" };

static bool has_part(const char *name, const char *part)
{
	return strcasestr(name, part) != NULL;
}

bool kist_environment_is_kept(const char *name, const char *const *keep, size_t keep_count)
{
	bool is_asked = false;

	for (size_t i = 0; i < keep_count; i++) {
		/* Who writes out a name means it. */
		if (strcmp(keep[i], name) == 0)
			return true;
		is_asked = is_asked || fnmatch(keep[i], name, 0) == 0;
	}
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
		if (has_part(name, secret[i]))
			return false;
	}
	for (size_t i = 0; !is_asked && i < sizeof(known) / sizeof(known[0]); i++)
		is_asked = fnmatch(known[i], name, 0) == 0;
	return is_asked;
}

const char *kist_environment_get(char *const *variables, const char *name)
{
	const size_t len = strlen(name);

	for (; *variables; variables++) {
		if (strncmp(*variables, name, len) == 0 && (*variables)[len] == '=')
			return *variables + len + 1;
	}
	return NULL;
}

/* 0, or why the file cannot be executed. */
static int try_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return ENOENT;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : EACCES;
}

int kist_environment_find_program(char *const *variables, const char *name, char ret[static PATH_MAX])
{
	const char *path = kist_environment_get(variables, "PATH");
	int failed = ENOENT;

	if (!name[0])
		return ENOENT;
	if (strchr(name, '/'))
		return snprintf(ret, PATH_MAX, "%s", name) < PATH_MAX ? 0 : ENAMETOOLONG;
	for (const char *at = path ? path : DEFAULT_PATH;; at++) {
		const size_t len = strcspn(at, ":");

		/* An empty part is this folder. */
		if (snprintf(ret, PATH_MAX, "%.*s%s%s", (int)len, at, len ? "/" : "", name) < PATH_MAX) {
			const int why = try_program(ret);

			if (why == 0)
				return 0;
			failed = why == EACCES ? why : failed;
		}
		at += len;
		if (!*at)
			return failed;
	}
}

static kist_status set_text(json_t *to, const char *key, const char *text, struct kist_error *err)
{
	return text[0] ? kist_json_set_bytes(to, key, text, strlen(text), err) : KIST_OK;
}

/* The beginning of a file of text; "" for none. */
static void read_text(const char *path, char ret[static TEXT_SIZE])
{
	kist_auto_fd int fd = -1;
	size_t size = 0;

	ret[0] = '\0';
	if (kist_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, &fd, NULL) == KIST_OK &&
	    kist_pread_full(fd, ret, TEXT_SIZE - 1, 0, &size, NULL) == KIST_OK)
		ret[size] = '\0';
}

/* What stands behind @key in a line that begins with it, without blanks and quotes around it; cuts @text. */
static const char *find_line(char *text, const char *key)
{
	for (char *line = text; line;) {
		char *const end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (strncmp(line, key, strlen(key)) == 0) {
			char *value = line + strlen(key);

			value += strspn(value, " \t:=\"");
			value[strcspn(value, "\"")] = '\0';
			return value;
		}
		line = end ? end + 1 : NULL;
	}
	return "";
}

static kist_status set_machine(json_t *to, struct kist_error *err)
{
	char text[TEXT_SIZE];
	struct utsname name;
	cpu_set_t cpus;

	read_text("/etc/os-release", text);
	KIST_TRY(set_text(to, "system", find_line(text, "PRETTY_NAME="), err));
	if (uname(&name) == 0) {
		(void)snprintf(text, sizeof(text), "%s %s", name.sysname, name.release);
		KIST_TRY(set_text(to, "kernel", text, err));
		KIST_TRY(set_text(to, "machine", name.machine, err));
	}
	read_text("/proc/cpuinfo", text);
	KIST_TRY(set_text(to, "cpu", find_line(text, "model name"), err));
	KIST_TRY(kist_record_set_take(to, "cpus", json_integer((json_int_t)sysconf(_SC_NPROCESSORS_ONLN)),
				      err));
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		KIST_TRY(kist_record_set_take(to, "cpus_allowed", json_integer(CPU_COUNT(&cpus)), err));
	return kist_record_set_take(
		to, "memory_bytes",
		json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) * (json_int_t)sysconf(_SC_PAGESIZE)), err);
}

/* Soft limits; null: there is none. */
static kist_status set_limits(json_t *to, struct kist_error *err)
{
	static const struct {
		const char *name;
		__rlimit_resource_t which;
	} limits[] = { { "as", RLIMIT_AS },	    { "core", RLIMIT_CORE },   { "cpu", RLIMIT_CPU },
		       { "data", RLIMIT_DATA },	    { "fsize", RLIMIT_FSIZE }, { "memlock", RLIMIT_MEMLOCK },
		       { "nofile", RLIMIT_NOFILE }, { "nproc", RLIMIT_NPROC }, { "stack", RLIMIT_STACK } };
	kist_auto_json json_t *object = json_object();

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit limit;

		if (getrlimit(limits[i].which, &limit) == 0)
			KIST_TRY(kist_record_set_take(object, limits[i].name,
						      limit.rlim_cur == RLIM_INFINITY
							      ? json_null()
							      : json_integer((json_int_t)limit.rlim_cur),
						      err));
	}
	return kist_record_set_take(to, "limits", kist_steal(object), err);
}

/* The least of the limits from the process's group up to the top counts; they are few, and those near it matter. */
static kist_status set_cgroup(json_t *to, struct kist_error *err)
{
	static const char *const files[] = { "memory.max", "memory.swap.max", "cpu.max", "pids.max" };
	kist_auto_json json_t *object = json_object();
	char text[TEXT_SIZE];
	char path[PATH_MAX];
	char group[PATH_MAX];

	read_text("/proc/self/cgroup", text);
	(void)snprintf(group, sizeof(group), "%.2048s", find_line(text, "0::"));
	for (size_t i = 0; group[0] && i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%.2048s/%s", group, files[i]);
		read_text(path, text);
		text[strcspn(text, "\n")] = '\0';
		if (object)
			KIST_TRY(set_text(object, files[i], text, err));
	}
	return json_object_size(object) > 0 ? kist_record_set_take(to, "cgroup", kist_steal(object), err)
					    : KIST_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Packages as their folders and files are called: "numpy-1.26.4". */
struct packages {
	size_t count;
	char *names[KIST_ENVIRONMENT_PACKAGES_MAX];
};

static void packages_free(struct packages **slot)
{
	for (size_t i = 0; *slot && i < (*slot)->count; i++)
		kist_free((*slot)->names[i]);
	kist_free(*slot);
}

/* Takes each entry of folder @path that ends in @suffix. */
static void list_packages(const char *path, const char *suffix, struct packages *to)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && to->count < KIST_ENVIRONMENT_PACKAGES_MAX && (entry = readdir(dir))) {
		const size_t len = strlen(entry->d_name);
		const size_t suffix_len = strlen(suffix);

		if (len <= suffix_len || strcmp(entry->d_name + len - suffix_len, suffix) != 0)
			continue;
		to->names[to->count] = kist_strndup(entry->d_name, len - suffix_len);
		to->count += to->names[to->count] != NULL;
	}
	if (dir)
		(void)closedir(dir);
}

/* Those of each "lib/python3.11/site-packages" below @prefix. */
static void list_site_packages(const char *prefix, struct packages *to)
{
	char path[PATH_MAX];
	char folders[LIBRARIES_MAX][NAME_MAX_ + 1];
	size_t count = 0;
	const struct dirent *entry;
	DIR *dir;

	if (snprintf(path, sizeof(path), "%s/lib", prefix) >= (int)sizeof(path))
		return;
	dir = opendir(path);
	while (dir && count < LIBRARIES_MAX && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "python", 6) == 0)
			(void)snprintf(folders[count++], sizeof(folders[0]), "%s", entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
	for (size_t i = 0; i < count; i++) {
		if (snprintf(path, sizeof(path), "%s/lib/%s/site-packages", prefix, folders[i]) <
		    (int)sizeof(path))
			list_packages(path, ".dist-info", to);
	}
}

static kist_status set_packages(json_t *to, const char *conda, const char *venv, struct kist_error *err)
{
	__attribute__((cleanup(packages_free))) struct packages *all = kist_alloc(1, sizeof(*all));
	kist_auto_json json_t *list = json_array();
	char path[PATH_MAX];

	if (!all || !list)
		return kist_fail_memory(err, sizeof(*all));
	if (conda && snprintf(path, sizeof(path), "%s/conda-meta", conda) < (int)sizeof(path)) {
		list_packages(path, ".json", all);
		list_site_packages(conda, all);
	}
	if (venv)
		list_site_packages(venv, all);
	qsort(all->names, all->count, sizeof(all->names[0]), by_text);
	for (size_t i = 0; i < all->count; i++) {
		if (json_array_append_new(list, kist_json_text(all->names[i], strlen(all->names[i]))) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return all->count > 0 ? kist_record_set_take(to, "packages", kist_steal(list), err) : KIST_OK;
}

static kist_status set_variables(json_t *to, const struct kist_environment_options *options,
				 struct kist_error *err)
{
	kist_auto_json json_t *object = json_object();

	for (char *const *variable = options->variables; object && *variable; variable++) {
		const size_t len = strcspn(*variable, "=");
		char name[NAME_MAX_ + 1];

		if (len > NAME_MAX_ || (*variable)[len] != '=' ||
		    strlen(*variable + len + 1) > KIST_ENVIRONMENT_VALUE_MAX)
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, *variable);
		/* A name that is no text is no variable that is known. */
		if (kist_environment_is_kept(name, options->keep, options->keep_count) &&
		    !json_object_get(object, name))
			(void)json_object_set_new(
				object, name,
				kist_json_text(*variable + len + 1, strlen(*variable + len + 1)));
	}
	return kist_record_set_take(to, "variables", kist_steal(object), err);
}

kist_status kist_environment_describe(const struct kist_environment_options *options, json_t **ret,
				      struct kist_error *err)
{
	char *const *variables = options->variables;
	kist_auto_json json_t *root = json_object();
	char found[PATH_MAX];
	char path[PATH_MAX];

	if (!root)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_record_set_take(root, "schema_version", json_integer(KIST_ENVIRONMENT_SCHEMA_VERSION),
				      err));
	KIST_TRY(set_machine(root, err));
	KIST_TRY(set_limits(root, err));
	KIST_TRY(set_cgroup(root, err));
	if (getcwd(path, sizeof(path)))
		KIST_TRY(set_text(root, "folder", path, err));
	if (options->program && kist_environment_find_program(variables, options->program, found) == 0 &&
	    realpath(found, path))
		KIST_TRY(set_text(root, "program", path, err));
	KIST_TRY(set_packages(root, kist_environment_get(variables, "CONDA_PREFIX"),
			      kist_environment_get(variables, "VIRTUAL_ENV"), err));
	KIST_TRY(set_variables(root, options, err));
	*ret = kist_steal(root);
	return KIST_OK;
}
