/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/loader.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* What every build of a struct must have. */
#define PLUGIN_SIZE_MIN KIST_SIZE_TO(struct kist_plugin, tasks)
#define TYPE_SIZE_MIN	KIST_SIZE_TO(struct kist_type_decl, interface)
#define TASK_SIZE_MIN	KIST_SIZE_TO(struct kist_task_decl, function)

/* A library is kept under its descriptor's number for life: another one under that number would be taken for
 * it. */
static kist_status map_library(int fd, void **ret, struct kist_error *err)
{
	char path[64];
	void *library;
	const char *why;

	/* By its number and not "self": a debugger that wants its symbols is another process. */
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!library) {
		why = dlerror();
		return kist_fail(err, KIST_UNSUPPORTED, "cannot be mapped: %s",
				 why ? why : "the linker does not say why");
	}
	*ret = library;
	return KIST_OK;
}

static kist_status find_symbol(void *library, const char *name, void (**ret)(void), struct kist_error *err)
{
	void *const symbol = dlsym(library, name);

	if (!symbol)
		return kist_fail(err, KIST_UNSUPPORTED, "does not export %s", name);
	memcpy(ret, &symbol, sizeof(symbol));
	return KIST_OK;
}

static kist_status call_entry(kist_plugin_entry_v1_fn entry, const struct kist_host *host,
			      struct kist_call *call, const struct kist_plugin **ret, struct kist_error *err)
{
	const struct kist_plugin *plugin = NULL;
	const kist_status status = entry(host, call, &plugin);

	/* @err may be where call->fail() writes: then it holds the plugin's own words already. */
	if (status > 0 || status < KIST_STATUS_MIN)
		return kist_fail(err, KIST_INTERNAL,
				 "broke the contract: its entry returned %d, which is no status", status);
	if (status != KIST_OK)
		return kist_fail(err, status, "its entry failed (%s) and did not say why",
				 kist_status_name(status));
	if (err && err->status != KIST_OK) {
		kist_fail_context(err,
				  "broke the contract: its entry reported a failure and returned KIST_OK");
		return err->status;
	}
	*ret = plugin;
	return KIST_OK;
}

static kist_status check_size(const char *what, uint32_t size, size_t size_min, struct kist_error *err)
{
	if (size >= size_min)
		return KIST_OK;
	return kist_fail(err, KIST_INCOMPATIBLE,
			 "%s has a struct_size of %u, at least %zu is needed: build it with the SDK", what,
			 size, size_min);
}

static kist_status differs(struct kist_error *err, const char *what, const char *manifest,
			   const char *library)
{
	return kist_fail(err, KIST_INVALID, "%s: the manifest says '%s', the library '%s'", what, manifest,
			 library ? library : "nothing");
}

static kist_status compare_text(struct kist_error *err, const char *what, const char *manifest,
				const char *library)
{
	return library && strcmp(manifest, library) == 0 ? KIST_OK : differs(err, what, manifest, library);
}

static kist_status compare_number(struct kist_error *err, const char *what, uint64_t manifest,
				  uint64_t library)
{
	if (manifest == library)
		return KIST_OK;
	return kist_fail(err, KIST_INVALID, "%s: the manifest says %llu, the library %llu", what,
			 (unsigned long long)manifest, (unsigned long long)library);
}

static kist_status check_plugin(const struct kist_plugin *plugin, const struct kist_manifest *manifest,
				struct kist_error *err)
{
	if (!plugin)
		return kist_fail(err, KIST_INTERNAL,
				 "broke the contract: its entry succeeded and gave no plugin");
	KIST_TRY(check_size("its struct kist_plugin", plugin->struct_size, PLUGIN_SIZE_MIN, err));
	if (plugin->abi_minor_required > KIST_ABI_MINOR)
		return kist_fail(err, KIST_INCOMPATIBLE,
				 "needs plugin ABI %u.%u, this build has %u.%u: install a newer kist",
				 KIST_ABI_MAJOR, plugin->abi_minor_required, KIST_ABI_MAJOR, KIST_ABI_MINOR);
	KIST_TRY(compare_text(err, "id", manifest->id, plugin->id));
	KIST_TRY(compare_text(err, "version", manifest->version, plugin->version));
	KIST_TRY(compare_number(err, "abi.minor_required", manifest->abi_minor_required,
				plugin->abi_minor_required));
	KIST_TRY(compare_number(err, "number of types", manifest->type_count, plugin->type_count));
	KIST_TRY(compare_number(err, "number of tasks", manifest->task_count, plugin->task_count));
	if ((plugin->type_count && !plugin->types) || (plugin->task_count && !plugin->tasks))
		return kist_fail(err, KIST_INVALID, "counts types or tasks and gives no list of them");
	return KIST_OK;
}

static kist_status check_interface(const ArtifactTaskInterface *interface, const char *what,
				   struct kist_error *err)
{
	char name[192];

	snprintf(name, sizeof(name), "%s.interface", what);
	KIST_TRY(check_size(name, interface->struct_size, KIST_INTERFACE_SIZE_MIN, err));
	if (!interface->open || !interface->close || !interface->serialize || !interface->deserialize ||
	    !interface->validate)
		return kist_fail(err, KIST_INVALID,
				 "%s lacks one of open, close, serialize, deserialize, validate", name);
	return KIST_OK;
}

/* Copies what the plugin's build has; the members it does not know stay NULL. */
static void shadow(const ArtifactTaskInterface *interface, ArtifactTaskInterface *ret)
{
	const size_t size = interface->struct_size < sizeof(*ret) ? interface->struct_size : sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	memcpy(ret, interface, size);
	/* A size that ends within a member does not give that member. */
	if (!KIST_HAS(interface, probe))
		ret->probe = NULL;
	if (!KIST_HAS(interface, layout))
		ret->layout = NULL;
	if (!KIST_HAS(interface, describe))
		ret->describe = NULL;
	ret->struct_size = sizeof(*ret);
}

static const struct kist_type_decl *find_type(const struct kist_plugin *plugin,
					      const struct kist_manifest_type *type)
{
	for (uint64_t i = 0; i < plugin->type_count; i++) {
		const struct kist_type_decl *decl = plugin->types[i];

		if (decl->major == type->major && strcmp(decl->type, type->type) == 0)
			return decl;
	}
	return NULL;
}

/* Every declaration can be read before any is searched. */
static kist_status check_declarations(const struct kist_plugin *plugin, struct kist_error *err)
{
	char what[64];

	for (uint64_t i = 0; i < plugin->type_count; i++) {
		const struct kist_type_decl *decl = plugin->types[i];

		snprintf(what, sizeof(what), "its type %llu", (unsigned long long)i);
		if (!decl)
			return kist_fail(err, KIST_INVALID, "%s is NULL", what);
		KIST_TRY(check_size(what, decl->struct_size, TYPE_SIZE_MIN, err));
		if (!decl->type || !decl->task || !decl->interface)
			return kist_fail(err, KIST_INVALID, "%s has no name, no task or no interface", what);
	}
	for (uint64_t i = 0; i < plugin->task_count; i++) {
		const struct kist_task_decl *decl = plugin->tasks[i];

		snprintf(what, sizeof(what), "its task %llu", (unsigned long long)i);
		if (!decl)
			return kist_fail(err, KIST_INVALID, "%s is NULL", what);
		KIST_TRY(check_size(what, decl->struct_size, TASK_SIZE_MIN, err));
		if (!decl->name || !decl->signature || !decl->function)
			return kist_fail(err, KIST_INVALID, "%s has no name, no signature or no function",
					 what);
	}
	return KIST_OK;
}

/* Counts are equal and the manifest names each once, so finding all of them compares both ways. */
static kist_status load_type(const struct kist_plugin *plugin, const struct kist_manifest_type *type,
			     bool needs_threads, struct kist_loaded_type *ret, struct kist_error *err)
{
	const struct kist_type_decl *decl = find_type(plugin, type);
	char what[128];
	char member[192];

	snprintf(what, sizeof(what), "%s@%u", type->type, type->major);
	if (!decl)
		return kist_fail(err, KIST_INVALID, "the manifest offers '%s', the library does not", what);
	snprintf(member, sizeof(member), "task of '%s'", what);
	KIST_TRY(compare_text(err, member, type->task, decl->task));
	snprintf(member, sizeof(member), "minor version of '%s'", what);
	KIST_TRY(compare_number(err, member, type->minor, decl->minor));
	snprintf(member, sizeof(member), "kinds of '%s' (as bits)", what);
	KIST_TRY(compare_number(err, member, type->kinds, decl->kinds));
	snprintf(member, sizeof(member), "priority of '%s'", what);
	KIST_TRY(compare_number(err, member, type->priority, decl->priority));
	KIST_TRY(check_interface(decl->interface, what, err));
	if ((decl->interface->caps & KIST_CAP_NEEDS_THREADS) && !needs_threads)
		return kist_fail(err, KIST_INVALID,
				 "'%s' starts threads: the manifest's \"needs\" lacks \"threads\"", what);
	ret->decl = decl;
	shadow(decl->interface, &ret->interface);
	return KIST_OK;
}

static kist_status load_task(const struct kist_plugin *plugin, const struct kist_manifest_task *task,
			     void (**ret)(void), struct kist_error *err)
{
	char member[192];

	for (uint64_t i = 0; i < plugin->task_count; i++) {
		const struct kist_task_decl *decl = plugin->tasks[i];

		if (strcmp(decl->name, task->name) != 0)
			continue;
		snprintf(member, sizeof(member), "signature of task '%s'", task->name);
		KIST_TRY(compare_text(err, member, task->signature, decl->signature));
		*ret = decl->function;
		return KIST_OK;
	}
	return kist_fail(err, KIST_INVALID, "the manifest offers the task '%s', the library does not",
			 task->name);
}

static kist_status register_all(const struct kist_manifest *manifest, struct kist_loaded *loaded,
				struct kist_error *err)
{
	KIST_TRY(check_plugin(loaded->plugin, manifest, err));
	KIST_TRY(check_declarations(loaded->plugin, err));
	loaded->types = kist_alloc(manifest->type_count, sizeof(*loaded->types));
	loaded->tasks = kist_alloc(manifest->task_count, sizeof(*loaded->tasks));
	if (!loaded->types || !loaded->tasks)
		return kist_fail_memory(err, manifest->type_count * sizeof(*loaded->types));
	for (size_t i = 0; i < manifest->type_count; i++)
		KIST_TRY(load_type(loaded->plugin, &manifest->types[i], manifest->needs_threads,
				   &loaded->types[i], err));
	for (size_t i = 0; i < manifest->task_count; i++)
		KIST_TRY(load_task(loaded->plugin, &manifest->tasks[i], &loaded->tasks[i], err));
	loaded->type_count = manifest->type_count;
	loaded->task_count = manifest->task_count;
	return KIST_OK;
}

/* Nobody vouches for the signatures but the manifest. */
static kist_status register_symbols(void *library, const struct kist_manifest *manifest,
				    struct kist_loaded *loaded, struct kist_error *err)
{
	loaded->tasks = kist_alloc(manifest->task_count, sizeof(*loaded->tasks));
	if (!loaded->tasks)
		return kist_fail_memory(err, manifest->task_count * sizeof(*loaded->tasks));
	for (size_t i = 0; i < manifest->task_count; i++)
		KIST_TRY(find_symbol(library, manifest->tasks[i].symbol, &loaded->tasks[i], err));
	loaded->task_count = manifest->task_count;
	return KIST_OK;
}

static kist_status load_plugin(void *library, const struct kist_manifest *manifest,
			       const struct kist_host *host, struct kist_call *call,
			       struct kist_loaded *loaded, struct kist_error *err)
{
	void (*function)(void) = NULL;

	KIST_TRY(find_symbol(library, "kist_plugin_entry_v1", &function, err));
	KIST_TRY(call_entry((kist_plugin_entry_v1_fn)function, host, call, &loaded->plugin, err));
	return register_all(manifest, loaded, err);
}

kist_status kist_load(int fd, const struct kist_manifest *manifest, const struct kist_host *host,
		      struct kist_call *call, struct kist_loaded *ret, struct kist_error *err)
{
	__attribute__((cleanup(kist_loaded_done))) struct kist_loaded loaded = { .plugin = NULL };
	void *library = NULL;

	KIST_TRY(map_library(fd, &library, err));
	if (manifest->is_ordinary)
		KIST_TRY(register_symbols(library, manifest, &loaded, err));
	else
		KIST_TRY(load_plugin(library, manifest, host, call, &loaded, err));
	*ret = loaded;
	loaded = (struct kist_loaded){ .plugin = NULL };
	return KIST_OK;
}

void kist_loaded_done(struct kist_loaded *loaded)
{
	kist_free(loaded->types);
	kist_free(loaded->tasks);
	*loaded = (struct kist_loaded){ .plugin = NULL };
}
