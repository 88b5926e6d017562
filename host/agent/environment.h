/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_ENVIRONMENT_H
#define KIST_AGENT_ENVIRONMENT_H

#include <limits.h>

#include "base/json.h"

/*
 * What a program runs in: its machine, its limits, and the variables that change what programs compute.
 *
 *     {"schema_version":1, "system":"Debian GNU/Linux 12", "kernel":"Linux 6.1.0", "machine":"x86_64",
 *      "cpu":"...", "cpus":8, "cpus_allowed":4, "memory_bytes":n, "limits":{"as":n|null, ...},
 *      "cgroup":{"memory.max":"...", "cpu.max":"..."}, "folder":"/home/ada/churn", "program":"/usr/bin/python3.11",
 *      "packages":["numpy-1.26.4", ...]?, "variables":{"OMP_NUM_THREADS":"4", ...}}
 *
 * Nothing in it changes from run to run in one place, so that two jobs with the same digest of it ran alike.  What
 * could not be learned is left out.
 *
 * Variables are kept by their names: those that are known to matter (kist_environment_is_kept()), and which are
 * asked for.  All others are not so much as counted; secrets stand in many of them.
 *
 * Limits: KIST_ENVIRONMENT_..._MAX.
 * Thread: any, while nobody changes the environment.
 * Source: environ(7), cgroups(7), PEP 405 (pyvenv.cfg), PEP 627 (dist-info).
 */

#define KIST_ENVIRONMENT_SCHEMA_VERSION 1
#define KIST_ENVIRONMENT_VALUE_MAX                                                                           \
	((size_t)32 << 10) /* bytes of a variable's value; a longer one is left out */
#define KIST_ENVIRONMENT_PACKAGES_MAX ((size_t)4096)

/** struct kist_environment_options - All Borrowed for the call. */
struct kist_environment_options {
	char *const *variables; /* "NAME=value", ended by NULL */
	size_t keep_count;	/* patterns of fnmatch(3) for names of variables that are kept, too */
	const char *const *keep;
	const char *program; /* the command's first word; or NULL */
};

/**
 * kist_environment_is_kept() - Whether the value of variable @name is kept.
 *
 * A name that looks like that of a secret (TOKEN, KEY, PASSWORD, ...) is not, unless @keep has it as it is, without
 * a wildcard.
 */
bool kist_environment_is_kept(const char *name, const char *const *keep, size_t keep_count);

/** kist_environment_get() - The value of variable @name, or NULL.  @variables: As of struct kist_environment_options. */
const char *kist_environment_get(char *const *variables, const char *name);

/**
 * kist_environment_find_program() - The file that is executed when a process with these variables starts @name.
 *
 * @ret: @name as it is when it has a slash, whatever is there.
 *
 * Returns 0, or as errno: ENOENT; EACCES (what is called so may not be executed); ENAMETOOLONG.
 */
int kist_environment_find_program(char *const *variables, const char *name, char ret[static PATH_MAX]);

/** kist_environment_describe() - New reference.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_environment_describe(const struct kist_environment_options *options,
						   json_t **ret, struct kist_error *err);

#endif
