/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_MANIFEST_H
#define KIST_PLUGIN_MANIFEST_H

#include <stdbool.h>

#include "base/digest.h"
#include "plugin/schema.h"
#include "task/signature.h"

/*
 * A plugin's manifest, <id>.plugin.json: what it offers, read before any of its code runs.
 *
 * Limits: 256 KiB, depth 16, KIST_MANIFEST_*_MAX below.  No duplicate keys, no NaN, no comments.  Unknown
 * keys are ignored unless "must_understand" names them.
 *
 * Thread: a parsed manifest is constant and may be shared.
 * Source: docs/format/manifest.md.
 */

#define KIST_MANIFEST_SIZE_MAX	((size_t)256 << 10)
#define KIST_MANIFEST_TYPES_MAX 64
#define KIST_MANIFEST_TASKS_MAX 256
#define KIST_MANIFEST_LIST_MAX	32 /* media types, extensions, magics, reads of one type */
#define KIST_MAGIC_SIZE_MAX	32
#define KIST_MAGIC_SIZE_MIN	4
/** What the name of a manifest ends with, behind the id. */
#define KIST_MANIFEST_SUFFIX ".plugin.json"
/** What the ids and types of this build's own plugins begin with, and those of no other. */
#define KIST_OWN_PREFIX "kist."
/** The name of this platform in "libraries". */
#define KIST_PLATFORM "linux-x86_64-glibc"

/** The keys that a manifest may have, NULL at the end. */
extern const char *const kist_manifest_keys[];

/** kist_manifest_is_name() - Whether @path, or a name, is that of a manifest: "<something>.plugin.json". */
bool kist_manifest_is_name(const char *path);

/** kist_manifest_is_name_of() - Whether @name is that of the manifest of plugin @id: "<id>.plugin.json". */
bool kist_manifest_is_name_of(const char *name, const char *id);

/** kist_id_is_own() - Whether @id, or a type, is under "kist.". */
bool kist_id_is_own(const char *id);

/** struct kist_magic - Bytes that stand at a fixed offset in every file of a type. */
struct kist_magic {
	uint32_t offset;
	uint32_t len;
	uint8_t bytes[KIST_MAGIC_SIZE_MAX];
};

/** struct kist_manifest_type - One serialized type. */
struct kist_manifest_type {
	const char *type; /* "kist.npy" */
	const char *task; /* "NumpyArrayArtifactTask" */
	uint32_t major;
	uint32_t minor;	    /* that is written */
	uint32_t minor_max; /* the newest that is read */
	uint32_t kinds;	    /* KIST_KIND_BIT of each */
	uint32_t priority;
	size_t media_type_count;
	const char *const *media_types;
	size_t extension_count; /* lower case, without the dot */
	const char *const *extensions;
	size_t magic_count;
	const struct kist_magic *magics;
	const struct kist_schema *serialize;
	const struct kist_schema *deserialize;
};

/**
 * struct kist_manifest_input - One input of a function task.
 *
 * @type:     A name, "tensor", or an object that describes a type.
 * @preset:   "default", of the right type; NULL: the input is required.
 * @position: Of the signature's arguments.
 */
struct kist_manifest_input {
	const char *name;
	const json_t *type;
	const json_t *preset;
	const char *description; /* "" when not said */
	size_t position;
};

/** struct kist_manifest_count - An argument that nobody gives: the number of elements of an array. */
struct kist_manifest_count {
	size_t position;
	size_t of; /* position of the array */
};

/**
 * struct kist_manifest_output - One output of a function task.
 *
 * @position: Of the signature's arguments; KIST_SIGNATURE_ARGS_MAX: what the function returns.
 * @kinds:    KIST_KIND_BIT of each kind that an object of this type may have.
 * @is_text:  What is written to a region is the text of a string, not JSON.
 */
struct kist_manifest_output {
	const char *name;
	const json_t *type;
	const char *description;
	size_t position;
	uint32_t kinds;
	bool is_text;
};

#define KIST_MANIFEST_OUTPUTS_MAX (KIST_SIGNATURE_ARGS_MAX + 1)

/**
 * struct kist_manifest_task - One function task.
 *
 * @call:    @signature, read.
 * @caps:    KIST_CAP_DETERMINISTIC and KIST_CAP_REENTRANT.
 * @symbol:  Of an ordinary library; NULL: the library declares the task itself.
 * @inputs:  In the signature's order, without "call" and what is counted.
 * @outputs: In the signature's order: what is written, then what comes back.
 */
struct kist_manifest_task {
	const char *name;
	const char *signature;
	const char *description; /* "" when not said */
	struct kist_signature call;
	uint64_t caps;
	const char *symbol;
	size_t input_count;
	const struct kist_manifest_input *inputs;
	size_t count_count;
	const struct kist_manifest_count *counts;
	size_t output_count;
	const struct kist_manifest_output *outputs;
};

/** struct kist_manifest - Everything; all pointers live as long as it does. */
struct kist_manifest {
	const char *id;
	const char *version;   /* as written; semantic versions sort by kist_version_compare() */
	const char *publisher; /* "" when not said */
	const char *license;
	const char *url;
	uint32_t abi_major;
	uint32_t abi_minor_required;
	const char *library_file; /* a basename, for KIST_PLATFORM */
	uint64_t library_size;	  /* of a library of the system: 0 until it is pinned */
	struct kist_digest library_sha256;
	bool is_ordinary; /* a library that knows nothing of kist: its tasks are symbols */
	bool is_system;	  /* @library_file is a soname, found in the system's own folders */
	size_t library_need_count;
	const char *const *library_needs; /* sonames that an ordinary library may need */
	size_t type_count;
	const struct kist_manifest_type *types;
	size_t task_count;
	const struct kist_manifest_task *tasks;
	bool needs_threads;
	void *priv;
};

/**
 * kist_manifest_parse() - Reads a manifest, strictly.
 *
 * @ret: kist_manifest_free() it.
 *
 * Errors: KIST_CORRUPT with the code E_MANIFEST or E_JSON and what is wrong where ("types[0].magic[1].hex:
 * ..."); KIST_INCOMPATIBLE (manifest_version, ABI major, must_understand); KIST_UNSUPPORTED (no library for
 * this platform); KIST_LIMIT; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_manifest_parse(struct kist_view text, struct kist_manifest **ret,
					     struct kist_error *err);

/** kist_manifest_free() - Accepts NULL. */
void kist_manifest_free(struct kist_manifest *manifest);

/** kist_version_compare() - <0, 0, >0 by Semantic Versioning 2.0; text that is no version sorts first. */
int kist_version_compare(const char *a, const char *b);

#endif
