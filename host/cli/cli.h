/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_CLI_H
#define KIST_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/paths.h"
#include "cli/progress.h"
#include "config/config.h"
#include "flow/flow.h"

/*
 * kist(1): one table of commands, one file a command.
 *
 * A command parses its own options from a table, so that help, completion and the parser cannot disagree.
 */

enum kist_exit {
	KIST_EXIT_DONE = 0,
	KIST_EXIT_FAILED = 1,
	KIST_EXIT_USAGE = 2,
	KIST_EXIT_NOT_FOUND = 3,
	KIST_EXIT_DAMAGE = 4
};

/** kist_exit_worse() - Of several ends the one that a command ends with: damage is the worst. */
static inline enum kist_exit kist_exit_worse(enum kist_exit a, enum kist_exit b)
{
	return a > b ? a : b;
}

/** struct kist_option - One option of a command: "--name ARG", or a flag when @argument is NULL. */
struct kist_option {
	const char *name;
	char letter; /* 0 for none */
	const char *argument;
	const char *help;
	bool many; /* may be given more than once */
};

struct kist_cli;

/** struct kist_command - One command. */
struct kist_command {
	const char *name;      /* "put", "plugin list" */
	const char *arguments; /* "PATH..." */
	const char *summary;
	const struct kist_option *options; /* ended by a NULL name; may be NULL */
	size_t arguments_min;
	size_t arguments_max;  /* SIZE_MAX for any number */
	bool no_json;	       /* it prints bytes or a script, not facts */
	bool no_settings;      /* it needs none, or loads them itself */
	bool finds_damage;     /* all there is: it needs no hint that another command does */
	const char *when_full; /* what to do when a disk is; NULL: what helps a store */
	enum kist_exit (*run)(struct kist_cli *cli);
};

#define KIST_OPTION_VALUES_MAX 256

/** struct kist_cli - One invocation: what was asked, and what is shared by all commands. */
struct kist_cli {
	const struct kist_command *command;
	size_t argument_count;
	char **arguments;
	size_t value_count; /* options as given */
	struct {
		const struct kist_option *option;
		const char *text; /* its argument, or "" */
	} values[KIST_OPTION_VALUES_MAX];
	bool json; /* exactly one document goes to the standard output */
	bool quiet;
	struct kist_config *config; /* NULL: none was loaded */
	struct kist_settings settings;
	struct kist_paths paths;
	struct kist_progress progress;
	struct kist_flow *flow; /* after kist_cli_open() */
};

/**
 * kist_cli_has() - Whether the flag or option was given.  kist_cli_value() - Its argument, or NULL: the last
 * one given.
 */
bool kist_cli_has(const struct kist_cli *cli, const char *name);
const char *kist_cli_value(const struct kist_cli *cli, const char *name);

/**
 * kist_cli_choose() - Which of @count @words option @name was given; *@ret is left alone when it was not given.
 *
 * false: it is none of them.
 */
bool kist_cli_choose(const struct kist_cli *cli, const char *name, const char *const *words, size_t count,
		     size_t *ret);

/** kist_cli_check_names() - Whether the arguments from @first on may be names.  Errors: KIST_INVALID. */
KIST_CHECKED kist_status kist_cli_check_names(const struct kist_cli *cli, size_t first,
					      struct kist_error *err);

/** kist_cli_drop_repeats() - Leaves of arguments from @first on that are equal the first one. */
KIST_CHECKED kist_status kist_cli_drop_repeats(struct kist_cli *cli, size_t first, struct kist_error *err);

/** kist_cli_params() - All --param KEY=VALUE as an object.  New reference.  Errors: KIST_INVALID. */
KIST_CHECKED kist_status kist_cli_params(const struct kist_cli *cli, json_t **ret, struct kist_error *err);

/** kist_cli_pairs() - All --<option> KEY=VALUE as an object.  New reference.  Errors: KIST_INVALID. */
KIST_CHECKED kist_status kist_cli_pairs(const struct kist_cli *cli, const char *option, json_t **ret,
					struct kist_error *err);

/** kist_cli_check_store() - Whether @uri is a place where a store stays.  Errors: KIST_INVALID. */
KIST_CHECKED kist_status kist_cli_check_store(const char *uri, struct kist_error *err);

/**
 * kist_cli_open() - Opens the store that is meant, into cli->flow.
 *
 * @create: The user's own store is made when it is the one that is meant and is missing.
 */
KIST_CHECKED kist_status kist_cli_open(struct kist_cli *cli, bool create, struct kist_error *err);

/** kist_cli_catalog_options(), kist_cli_worker_options() - For commands that need plugins but no store. */
struct kist_catalog_options kist_cli_catalog_options(struct kist_cli *cli);
struct kist_worker_options kist_cli_worker_options(struct kist_cli *cli);

/**
 * kist_cli_fail() - Prints "kist: <command>: <text>" to standard error and gives the exit status for it.
 *
 * @damage: A KIST_CORRUPT is damage of the store, not of what was given.
 */
enum kist_exit kist_cli_fail(const struct kist_cli *cli, const struct kist_error *err, bool damage);

/**
 * kist_cli_fail_one() - kist_cli_fail() for one of several: with --json the error goes into @list, which the
 * command prints in the end, as {"error": {..., "path": @what}}.
 */
enum kist_exit kist_cli_fail_one(const struct kist_cli *cli, const struct kist_error *err, bool damage,
				 const char *what, json_t *list);

/**
 * kist_cli_fail_lost() - For a command that did what it could: @count things that names lead to are damaged or
 * gone.  KIST_EXIT_DAMAGE, or KIST_EXIT_DONE for none.
 */
enum kist_exit kist_cli_fail_lost(const struct kist_cli *cli, uint64_t count);

/** kist_cli_usage() - The same for wrong use: prints "kist: <command>: <text>".  KIST_EXIT_USAGE. */
enum kist_exit kist_cli_usage(const struct kist_cli *cli, const char *format, ...) KIST_PRINTF(2, 3);

/** kist_cli_fail_kept() - The same for what went wrong after the commit: says that what was given is kept. */
enum kist_exit kist_cli_fail_kept(const struct kist_cli *cli, const struct kist_error *err);

/** The commands, ended by NULL. */
extern const struct kist_command *const kist_commands[];

#endif
