/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_H
#define KIST_PLUGIN_H

#include "kist/host.h"
#include "kist/object.h"
#include "kist/status.h"
#include "kist/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The plugin ABI, major version 1.
 *
 * A plugin is a shared library beside a manifest, <id>.plugin.json.  It exports one symbol,
 * kist_plugin_entry_v1, and carries an ELF note (KIST_NOTE) that the host reads before any of its code
 * runs.
 *
 * Growth.  Every struct begins with struct_size.  Who allocates a struct sets it to its own sizeof; who reads
 * takes the members that lie within it and treats the rest as NULL; who fills in another's struct writes no
 * further.  A struct that lacks a member of version 1.0 is refused.  Members are only ever appended.  Members called
 * flags or reserved of which nothing is said are written as 0, and bits that a reader does not know are ignored.
 * What is promised: docs/guide/abi-policy.md.
 *
 * Lifecycle.  entry is called once in a process.  Then, for each type, any number of instances: open, the
 * methods in any order, close.  A library is never unloaded.
 *
 * Thread tags.  [any-thread]: may run on any thread, at the same time as anything else.
 * [instance-serial]: never twice at once on one instance.
 *
 * A plugin does not call setlocale, chdir, umask, sigaction, exit, abort, fork or setenv, starts no thread
 * unless its manifest needs "threads", and keeps the floating-point mode.
 *
 * Since: 1.0
 */

#define KIST_ABI_MAJOR 1u
#define KIST_ABI_MINOR 0u

#define KIST_EXPORT __attribute__((visibility("default")))

/** The size of a struct, for its struct_size member. */
#define KIST_SIZED(T) ((uint32_t)sizeof(T))

/** True when the other side's build has member @m of *@p and it is set. */
#define KIST_HAS(p, m) ((p)->struct_size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m) && (p)->m != 0)

/** What a serializer can do.  A need (_NEEDS_) is a permission: without it, it is denied. */
enum {
	KIST_CAP_DETERMINISTIC = 1,   /* The same object gives the same bytes, always. */
	KIST_CAP_REENTRANT = 2,	      /* Instances may run at the same time. */
	KIST_CAP_STREAM_WRITE = 4,    /* serialize holds a bounded part of the object at a time. */
	KIST_CAP_STREAM_READ = 8,     /* deserialize gives a lazy object. */
	KIST_CAP_LOSSY = 128,	      /* serialize may lose information; the user must ask for it. */
	KIST_CAP_NEEDS_THREADS = 1024 /* It starts threads: the manifest's "needs" has "threads". */
};

/**
 * struct ArtifactTaskInterface - A serializer.
 *
 * The instance made by @open is passed to every method but @probe.  Calls of @layout, @validate and @describe on
 * one instance are about the same bytes with the same parameters, so that what one of them found may be kept for
 * the next.  Inputs are borrowed until the method
 * returns and must not be changed.  A method that fails says why with call->fail.
 *
 * @caps:  KIST_CAP_*.
 * @open:  [any-thread] Makes an instance; *@ret_instance may be NULL.  Errors: any.
 * @close: [any-thread] Ends an instance.  Accepts NULL.  Objects it made stay valid.
 *
 * @serialize: [instance-serial] Writes @object to @sink.
 *   Errors: KIST_UNSUPPORTED (this object cannot be written), KIST_INVALID (parameters), and the sink's.
 *
 * @deserialize: [instance-serial] Makes an object of the bytes of @source.  A lazy object may go on
 *   reading @source: it stays valid until the object is released.
 *   Errors: KIST_CORRUPT, KIST_UNSUPPORTED, KIST_LIMIT, KIST_NO_MEMORY, and the source's.
 *
 * @validate: [instance-serial] Checks all of the bytes and reports what is wrong with them.
 *   Returns KIST_OK also when it reported errors; another status says that it could not check.
 *
 * The rest is optional, NULL when a plugin has none:
 *
 * @probe: [any-thread] Says how sure it is that bytes beginning with the @len bytes at @head (at most
 *   64 KiB, of @total_size in all) are its own: *@ret_score is 0 (no) to 100 (certain).
 *
 * @layout: [instance-serial] Says where the typed parts of the bytes lie.  Reads headers only.
 *   Errors: as @deserialize.
 *
 * @describe: [instance-serial] Writes one JSON object to @sink, at most 256 KiB, that says what the
 *   bytes hold: schema and statistics, in one pass.  Errors: as @deserialize.
 */
typedef struct ArtifactTaskInterface {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t caps;
	kist_status (*open)(const struct kist_host *host, struct kist_call *call, void **ret_instance);
	void (*close)(void *instance);
	kist_status (*serialize)(void *instance, struct kist_call *call, const struct kist_object *object,
				 const struct kist_params *params, struct kist_sink *sink);
	kist_status (*deserialize)(void *instance, struct kist_call *call, struct kist_source *source,
				   const struct kist_params *params, struct kist_object *ret_object);
	kist_status (*validate)(void *instance, struct kist_call *call, struct kist_source *source,
				const struct kist_params *params, struct kist_report *report);
	kist_status (*probe)(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);
	kist_status (*layout)(void *instance, struct kist_call *call, struct kist_source *source,
			      const struct kist_params *params, struct kist_layout *layout);
	kist_status (*describe)(void *instance, struct kist_call *call, struct kist_source *source,
				const struct kist_params *params, struct kist_sink *sink);
} ArtifactTaskInterface;

/** Bytes of ArtifactTaskInterface that every build must have: up to and with @validate. */
#define KIST_INTERFACE_SIZE_MIN KIST_SIZE_TO(ArtifactTaskInterface, validate)

/**
 * struct kist_type_decl - One serialized type and its serializer.  Must equal the manifest's entry.
 *
 * @kinds:    KIST_KIND_BIT of each kind that @interface serializes.
 * @type:     Name of the type, reverse-DNS: "org.example.mask".
 * @task:     Name of the artifact task, "NumpyArrayArtifactTask".
 * @major:    Another major is another type.
 * @minor:    The minor version that serialize writes.
 * @priority: 0..79 for third parties; the larger is preferred.
 */
struct kist_type_decl {
	uint32_t struct_size;
	uint32_t kinds;
	const char *type;
	const char *task;
	uint32_t major;
	uint32_t minor;
	uint32_t priority;
	uint32_t reserved;
	const ArtifactTaskInterface *interface;
};

/**
 * struct kist_task_decl - One function task.
 *
 * @name:      Name of the task.
 * @signature: "i64,f64->i64", as in the manifest.
 * @function:  The function, cast; the host calls it by @signature.
 */
struct kist_task_decl {
	uint32_t struct_size;
	uint32_t reserved;
	const char *name;
	const char *signature;
	void (*function)(void);
};

/**
 * struct kist_plugin - What a plugin offers.  Constant, valid until the process exits.
 *
 * @abi_minor_built:    KIST_ABI_MINOR of the headers it was built with.
 * @abi_minor_required: The oldest host minor that it runs on.
 * @types, @tasks:      Arrays of pointers, so that the declarations may grow.
 * @extension:          [any-thread] Gives the plugin's interface with this id, or NULL; may be NULL.
 */
struct kist_plugin {
	uint32_t struct_size;
	uint32_t abi_minor_built;
	uint32_t abi_minor_required;
	uint32_t reserved;
	const char *id;
	const char *version;
	uint64_t type_count;
	const struct kist_type_decl *const *types;
	uint64_t task_count;
	const struct kist_task_decl *const *tasks;
	const void *(*extension)(const char *id_slash_rev);
};

typedef kist_status (*kist_plugin_entry_v1_fn)(const struct kist_host *host, struct kist_call *call,
					       const struct kist_plugin **ret_plugin);

/**
 * kist_plugin_entry_v1() - The one symbol a plugin exports.
 *
 * Called once in a process, before anything else.  Only host->log and call->fail may be used in it.
 *
 * @ret_plugin: The plugin's constant description.
 *
 * Errors: any; the plugin is then refused with the text given to call->fail.
 * Thread: [main]
 */
KIST_EXPORT kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
					     const struct kist_plugin **ret_plugin);

/** Bytes of a plugin id, NUL included. */
#define KIST_ID_SIZE 96

/**
 * struct kist_note - The ELF note .note.kist, read from the file before any code of the plugin runs.
 *
 *     namesz = 5 | descsz = 112 | type = 1 | "KIST\0\0\0\0"
 *     major | minor built | minor required | flags | id
 */
struct kist_note {
	uint32_t namesz;
	uint32_t descsz;
	uint32_t type;
	char name[8];
	uint32_t major;
	uint32_t minor_built;
	uint32_t minor_required;
	uint32_t flags;
	char id[KIST_ID_SIZE];
};

/** Puts the note in the library: KIST_NOTE("org.example.mask", 0); once, at file scope. */
#define KIST_NOTE(id_, minor_required_)                                                                      \
	__attribute__((used, section(".note.kist"),                                                          \
		       aligned(4))) static const struct kist_note kist_note_ = {                             \
		5,                                                                                           \
		(uint32_t)(sizeof(struct kist_note) - offsetof(struct kist_note, major)),                    \
		1,                                                                                           \
		"KIST",                                                                                      \
		KIST_ABI_MAJOR,                                                                              \
		KIST_ABI_MINOR,                                                                              \
		(minor_required_),                                                                           \
		0,                                                                                           \
		id_                                                                                          \
	}

#ifdef __cplusplus
}
#endif

#endif
