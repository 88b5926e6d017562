/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CONFIG_KEY_H
#define KIST_CONFIG_KEY_H

#include <stdbool.h>

#include "base/arena.h"
#include "document/document.h"

/*
 * The settings there are: one table, from which files, variables and options are read, and the commands, the
 * explanation and the manual have what they say.
 *
 * A setting takes effect in the commands that its row names, and there is none that takes effect nowhere.
 *
 * Limits: KIST_CONFIG_ITEMS_MAX.
 * Thread: the table is constant; kist_config_convert() may run at once in different arenas.
 * Source: docs/guide/configuration.md.
 */

/** Elements of one list, or members of one mapping. */
#define KIST_CONFIG_ITEMS_MAX ((size_t)256)

enum kist_config_type {
	KIST_CONFIG_TEXT = 0,
	KIST_CONFIG_WORD,     /* one of some */
	KIST_CONFIG_BOOLEAN,  /* true or false */
	KIST_CONFIG_COUNT,    /* whole number */
	KIST_CONFIG_DURATION, /* 90s, 15m, 12h, 7d; counted in seconds */
	KIST_CONFIG_SECONDS,  /* 0.5; counted in milliseconds */
	KIST_CONFIG_PATH,     /* from the folder of the file that names it */
	KIST_CONFIG_STORE,    /* the same, or a URI */
	/* Of several values: */
	KIST_CONFIG_TEXTS,
	KIST_CONFIG_PATHS,
	KIST_CONFIG_TEXT_MAP,
	KIST_CONFIG_SCALAR_MAP, /* texts, numbers, true and false */
	KIST_CONFIG_VARIABLES	/* of the environment: texts */
};

/** struct kist_config_item - An element of a list, or a member of a mapping. */
struct kist_config_item {
	const char *key;  /* or NULL */
	const char *text; /* UTF-8 where it is a file's */
	enum kist_node_kind kind;
	int64_t integer;
	double number;
	struct kist_place place; /* in the file; or 0 */
	unsigned layer;		 /* enum kist_config_layer, after the layers are put together */
};

/** struct kist_config_list - Borrowed from the arena that it was made in. */
struct kist_config_list {
	size_t count;
	const struct kist_config_item *items;
};

/** struct kist_settings - What holds, for one run of a command. */
struct kist_settings {
	const char *project; /* NULL: none */
	const char *store;   /* NULL: where there is one */
	const char *cache_dir;
	const char *runs_dir;
	struct kist_config_list plugin_dirs;
	uint64_t log_level;  /* enum kist_say_level */
	uint64_t deployment; /* 0: local */
	const char *artifact_path;
	const char *outputs_path;
	bool follow;
	struct kist_config_list ignore;
	struct kist_config_list env; /* patterns of variables that the job's record keeps */
	bool source;
	uint64_t time_limit_s; /* 0: none */
	uint64_t grace_s;
	uint64_t stop_signal; /* kist_config_signals[] has the signal's number */
	uint64_t deadline_ms; /* 0: the worker's own */
	uint64_t jobs;
	bool step_cache;
	uint64_t keep_versions; /* 0: all */
	uint64_t keep_runs;
	uint64_t level; /* enum kist_filter_level */
	uint64_t gc_grace_s;
	struct kist_config_list params;
	struct kist_config_list tags;
	struct kist_config_list environment;
	const char *id; /* of the job; NULL: a new one */
	struct kist_config_list command;
	const char *working_dir; /* NULL: where we are */
};

/** What is said: errors; warnings too; what was done, too. */
enum kist_say_level { KIST_SAY_ERRORS = 0, KIST_SAY_WARNINGS, KIST_SAY_ALL };

/** Of each word of stop_signal. */
extern const int kist_config_signals[];

enum kist_config_flags {
	/* It says where data go or which code runs: not taken from a file that somebody else may write. */
	KIST_CONFIG_TRUSTED = 1U << 0,
	/* Of one job: only in its file. */
	KIST_CONFIG_JOB = 1U << 1,
	/* What the command line says is added to what a file says, and does not replace it. */
	KIST_CONFIG_ADDS = 1U << 2,
	/* A duration that may be a plain number of seconds. */
	KIST_CONFIG_PLAIN_SECONDS = 1U << 3,
	/* Empty is no value. */
	KIST_CONFIG_NOT_EMPTY = 1U << 4
};

/** struct kist_config_key - One row. */
struct kist_config_key {
	const char *name; /* "capture.ignore" */
	enum kist_config_type type;
	unsigned flags;		 /* enum kist_config_flags */
	uint64_t min, max;	 /* of numbers; durations in seconds */
	const char *words;	 /* "a|b", of KIST_CONFIG_WORD */
	const char *built_in;	 /* as it would be written; NULL: none */
	const char *variable;	 /* or NULL */
	const char *option;	 /* its long name without "--"; or NULL */
	const char *option_text; /* what an option without argument stands for; or NULL */
	const char *commands;	 /* "run, experiment"; NULL: all */
	const char *help;
	size_t offset; /* in struct kist_settings */
};

/** The table, ended by a NULL name. */
extern const struct kist_config_key kist_config_keys[];

/** Rows of it, without the end. */
#define KIST_CONFIG_KEYS 29

/** kist_config_key_find() - The row of this name, or NULL. */
const struct kist_config_key *kist_config_key_find(const char *name);

/** kist_config_key_counts() - Whether the setting takes effect in @command ("job stop"); NULL: in any. */
bool kist_config_key_counts(const struct kist_config_key *key, const char *command);

/** kist_config_takes() - "a number from 1 to 256", into @ret. */
void kist_config_takes(const struct kist_config_key *key, char ret[static 160]);

/** struct kist_config_scalar - One value, converted. */
struct kist_config_scalar {
	const char *text;
	uint64_t number; /* of words: which; of durations: seconds; of KIST_CONFIG_SECONDS: milliseconds */
};

/**
 * kist_config_convert() - What the text means for a setting that has one value.
 *
 * @folder: Relative paths are from here; NULL: they stay as they are.
 * @ret:    @text, or a path in the arena.
 *
 * Errors: KIST_INVALID: "takes ..., not '...'", to stand behind the setting's name; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_config_convert(const struct kist_config_key *key, const char *text,
					     const char *folder, struct kist_arena *arena,
					     struct kist_config_scalar *ret, struct kist_error *err);

/**
 * kist_config_convert_item() - The same for one element of a list or one member of a mapping.
 *
 * Changes item->text where it is a path.
 */
KIST_CHECKED kist_status kist_config_convert_item(const struct kist_config_key *key, const char *folder,
						  struct kist_arena *arena, struct kist_config_item *item,
						  struct kist_error *err);

/** kist_config_is_list(), kist_config_is_map() - Whether a setting has several values, and names for them. */
bool kist_config_is_list(const struct kist_config_key *key);
bool kist_config_is_map(const struct kist_config_key *key);

#endif
