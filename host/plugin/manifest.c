/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "kist/plugin.h"
#include "plugin/field.h"
#include "plugin/manifest_task.h"
#include "plugin/manifest_type.h"
#include "plugin/version.h"

#define TEXT_LEN_MAX ((size_t)255)
#define FILE_LEN_MAX ((size_t)255)
#define LIST_MAX     ((size_t)64)

/* A manifest and what it owns; the first member, so that one is the other. */
struct holder {
	struct kist_manifest manifest;
	json_t *json; /* all strings live in it */
	struct kist_manifest_type *types;
	struct kist_manifest_task *tasks;
	const char **library_needs;
};

const char *const kist_manifest_keys[] = { "manifest_version", "id",	"version", "publisher",
					   "license",	       "url",	"abi",	   "must_understand",
					   "libraries",	       "types", "tasks",   "needs",
					   "isolation",	       NULL };

/* Names --------------------------------------------------------------------------------------------- */

bool kist_manifest_is_name(const char *path)
{
	const size_t len = strlen(path);
	const size_t suffix = strlen(KIST_MANIFEST_SUFFIX);

	return len > suffix && strcmp(path + len - suffix, KIST_MANIFEST_SUFFIX) == 0;
}

bool kist_manifest_is_name_of(const char *name, const char *id)
{
	const size_t len = strlen(id);

	return strncmp(name, id, len) == 0 && strcmp(name + len, KIST_MANIFEST_SUFFIX) == 0;
}

bool kist_id_is_own(const char *id)
{
	return strncmp(id, KIST_OWN_PREFIX, strlen(KIST_OWN_PREFIX)) == 0;
}

/* Reading ------------------------------------------------------------------------------------------- */

static void holder_free(struct holder **slot)
{
	kist_manifest_free(*slot ? &(*slot)->manifest : NULL);
}

static kist_status check_version(const struct kist_field *root, struct kist_error *err)
{
	uint64_t version;

	KIST_TRY(kist_field_u64(root, "manifest_version", 1, INT64_MAX, &version, err));
	if (version != 1)
		return kist_field_fail(err, KIST_INCOMPATIBLE, "manifest_version",
				       "%llu is newer than this build understands (1)",
				       (unsigned long long)version);
	return KIST_OK;
}

static kist_status check_understood(const struct kist_field *root, struct kist_error *err)
{
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(root, "must_understand", LIST_MAX, &list, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct kist_field item;
		bool found = false;

		KIST_TRY(kist_field_item(&list, i, JSON_STRING, &item, err));
		for (size_t k = 0; kist_manifest_keys[k]; k++)
			found = found || strcmp(json_string_value(item.value), kist_manifest_keys[k]) == 0;
		if (!found)
			return kist_field_fail(err, KIST_INCOMPATIBLE, item.path,
					       "this build does not understand '%s'",
					       json_string_value(item.value));
	}
	return KIST_OK;
}

static kist_status read_names(struct kist_manifest *manifest, const struct kist_field *root,
			      struct kist_error *err)
{
	KIST_TRY(kist_field_text(root, "id", KIST_ID_SIZE - 1, &manifest->id, err));
	if (!kist_name_dotted(manifest->id, KIST_ID_SIZE))
		return kist_field_fail(err, KIST_CORRUPT, "id",
				       "'%s' is no reverse-DNS name such as 'org.example.demo'",
				       manifest->id);
	KIST_TRY(kist_field_text(root, "version", 63, &manifest->version, err));
	if (!kist_version_valid(manifest->version))
		return kist_field_fail(err, KIST_CORRUPT, "version",
				       "'%s' is no semantic version such as '1.4.2'", manifest->version);
	KIST_TRY(kist_field_text_optional(root, "publisher", TEXT_LEN_MAX, &manifest->publisher, err));
	KIST_TRY(kist_field_text_optional(root, "license", TEXT_LEN_MAX, &manifest->license, err));
	return kist_field_text_optional(root, "url", TEXT_LEN_MAX, &manifest->url, err);
}

static kist_status read_abi(struct kist_manifest *manifest, const struct kist_field *root,
			    struct kist_error *err)
{
	struct kist_field abi;
	uint64_t major;
	uint64_t minor;

	KIST_TRY(kist_field_get(root, "abi", JSON_OBJECT, true, &abi, err));
	KIST_TRY(kist_field_u64(&abi, "major", 0, UINT32_MAX, &major, err));
	KIST_TRY(kist_field_u64(&abi, "minor_required", 0, UINT32_MAX, &minor, err));
	if (major != KIST_ABI_MAJOR)
		return kist_field_fail(
			err, KIST_INCOMPATIBLE, "abi.major",
			"made for plugin ABI %llu, this build has %u: install a build of the plugin for it",
			(unsigned long long)major, KIST_ABI_MAJOR);
	if (minor > KIST_ABI_MINOR)
		return kist_field_fail(err, KIST_INCOMPATIBLE, "abi.minor_required",
				       "needs plugin ABI %u.%llu, this build has %u.%u: install a newer kist",
				       KIST_ABI_MAJOR, (unsigned long long)minor, KIST_ABI_MAJOR,
				       KIST_ABI_MINOR);
	manifest->abi_major = (uint32_t)major;
	manifest->abi_minor_required = (uint32_t)minor;
	return KIST_OK;
}

static bool is_basename(const char *text)
{
	return strcmp(text, ".") != 0 && strcmp(text, "..") != 0 && strchr(text, '/') == NULL;
}

/* Size and digest; of a library of the system both may be missing, and the user's pin has them. */
static kist_status read_content(struct kist_manifest *manifest, const struct kist_field *library,
				struct kist_error *err)
{
	struct kist_field sum;

	KIST_TRY(kist_field_get(library, "sha256", JSON_STRING, !manifest->is_system, &sum, err));
	if (!sum.value && !json_object_get(library->value, "size"))
		return KIST_OK;
	KIST_TRY(kist_field_u64(library, "size", 1, INT64_MAX, &manifest->library_size, err));
	KIST_TRY(kist_field_get(library, "sha256", JSON_STRING, true, &sum, err));
	if (!kist_digest_parse(json_string_value(sum.value), json_string_length(sum.value),
			       &manifest->library_sha256))
		return kist_field_fail(err, KIST_CORRUPT, sum.path, "64 lower-case hex digits are expected");
	return KIST_OK;
}

static kist_status read_library_needs(struct holder *holder, const struct kist_field *library,
				      struct kist_error *err)
{
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(library, "needs", KIST_MANIFEST_LIST_MAX, &list, &count, err));
	holder->library_needs = kist_alloc(count, sizeof(*holder->library_needs));
	if (!holder->library_needs)
		return kist_fail_memory(err, count * sizeof(*holder->library_needs));
	for (size_t i = 0; i < count; i++) {
		struct kist_field item;

		KIST_TRY(kist_field_item(&list, i, JSON_STRING, &item, err));
		holder->library_needs[i] = json_string_value(item.value);
		if (!is_basename(holder->library_needs[i]))
			return kist_field_fail(err, KIST_CORRUPT, item.path, "'%s' is not a plain file name",
					       holder->library_needs[i]);
	}
	holder->manifest.library_needs = holder->library_needs;
	holder->manifest.library_need_count = count;
	return KIST_OK;
}

static kist_status read_library(struct holder *holder, const struct kist_field *root, struct kist_error *err)
{
	struct kist_manifest *manifest = &holder->manifest;
	struct kist_field libraries;
	struct kist_field library;

	KIST_TRY(kist_field_get(root, "libraries", JSON_OBJECT, true, &libraries, err));
	if (json_object_size(libraries.value) > LIST_MAX)
		return kist_field_fail(err, KIST_LIMIT, "libraries", "%zu items, at most %zu are allowed",
				       json_object_size(libraries.value), LIST_MAX);
	KIST_TRY(kist_field_get(&libraries, KIST_PLATFORM, JSON_OBJECT, false, &library, err));
	if (!library.value)
		return kist_field_fail(err, KIST_UNSUPPORTED, "libraries",
				       "none for this platform, '" KIST_PLATFORM "': ask %s for one",
				       manifest->publisher[0] ? manifest->publisher : "its publisher");
	manifest->is_system = json_object_get(library.value, "soname") != NULL;
	if (manifest->is_system && json_object_get(library.value, "file"))
		return kist_field_fail(err, KIST_CORRUPT, library.path,
				       "\"file\" and \"soname\" exclude each other");
	KIST_TRY(kist_field_text(&library, manifest->is_system ? "soname" : "file", FILE_LEN_MAX,
				 &manifest->library_file, err));
	if (!is_basename(manifest->library_file))
		return kist_field_fail(err, KIST_CORRUPT, library.path, "%s '%s' is not a plain file name",
				       manifest->is_system ? "soname" : "file", manifest->library_file);
	KIST_TRY(read_library_needs(holder, &library, err));
	return read_content(manifest, &library, err);
}

static kist_status read_types(struct holder *holder, const struct kist_field *root, struct kist_error *err)
{
	struct kist_manifest *manifest = &holder->manifest;
	const uint32_t priority_max =
		kist_id_is_own(manifest->id) ? KIST_PRIORITY_MAX : KIST_PRIORITY_THIRD_PARTY_MAX;
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(root, "types", KIST_MANIFEST_TYPES_MAX, &list, &count, err));
	holder->types = kist_alloc(count, sizeof(*holder->types));
	if (!holder->types)
		return kist_fail_memory(err, count * sizeof(*holder->types));
	manifest->types = holder->types;
	for (size_t i = 0; i < count; i++) {
		struct kist_manifest_type *type = &holder->types[i];
		struct kist_field item;

		KIST_TRY(kist_field_item(&list, i, JSON_OBJECT, &item, err));
		/* Counted first: what a failing one already holds is freed with the rest. */
		manifest->type_count++;
		KIST_TRY(kist_manifest_type_init(type, &item, priority_max, err));
		for (size_t k = 0; k < i; k++) {
			if (holder->types[k].major == type->major &&
			    strcmp(holder->types[k].type, type->type) == 0)
				return kist_field_fail(err, KIST_CORRUPT, item.path, "'%s@%u' stands twice",
						       type->type, type->major);
		}
	}
	return KIST_OK;
}

/* A library is a plugin as a whole or not at all. */
static kist_status check_ordinary(struct kist_manifest *manifest, const struct kist_field *list,
				  struct kist_error *err)
{
	size_t symbols = 0;

	for (size_t i = 0; i < manifest->task_count; i++)
		symbols += manifest->tasks[i].symbol != NULL;
	manifest->is_ordinary = symbols > 0;
	if (symbols > 0 && (symbols < manifest->task_count || manifest->type_count > 0))
		return kist_field_fail(err, KIST_CORRUPT, list->path,
				       "a task with a \"symbol\" is of an ordinary library: then all tasks "
				       "need one, and there are no types");
	if (!manifest->is_ordinary && (manifest->is_system || manifest->library_need_count > 0))
		return kist_field_fail(err, KIST_CORRUPT, "libraries",
				       "\"soname\" and \"needs\" are for ordinary libraries, whose tasks "
				       "have a \"symbol\"");
	return KIST_OK;
}

static kist_status read_tasks(struct holder *holder, const struct kist_field *root, struct kist_error *err)
{
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(root, "tasks", KIST_MANIFEST_TASKS_MAX, &list, &count, err));
	holder->tasks = kist_alloc(count, sizeof(*holder->tasks));
	if (!holder->tasks)
		return kist_fail_memory(err, count * sizeof(*holder->tasks));
	holder->manifest.tasks = holder->tasks;
	for (size_t i = 0; i < count; i++) {
		struct kist_field item;

		KIST_TRY(kist_field_item(&list, i, JSON_OBJECT, &item, err));
		/* Counted first: what a failing one already holds is freed with the rest. */
		holder->manifest.task_count++;
		KIST_TRY(kist_manifest_task_init(&holder->tasks[i], &item, err));
		for (size_t k = 0; k < i; k++) {
			if (strcmp(holder->tasks[k].name, holder->tasks[i].name) == 0)
				return kist_field_fail(err, KIST_CORRUPT, item.path, "'%s' stands twice",
						       holder->tasks[i].name);
		}
	}
	return check_ordinary(&holder->manifest, &list, err);
}

static kist_status read_needs(struct kist_manifest *manifest, const struct kist_field *root,
			      struct kist_error *err)
{
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(root, "needs", LIST_MAX, &list, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct kist_field item;

		KIST_TRY(kist_field_item(&list, i, JSON_STRING, &item, err));
		if (strcmp(json_string_value(item.value), "threads") != 0)
			return kist_field_fail(err, KIST_UNSUPPORTED, item.path,
					       "this build cannot grant '%s'", json_string_value(item.value));
		manifest->needs_threads = true;
	}
	return KIST_OK;
}

static kist_status check_isolation(const struct kist_field *root, struct kist_error *err)
{
	static const char *const known[] = { "", "either", "worker", "strict", "in-process" };
	const char *text;

	KIST_TRY(kist_field_text_optional(root, "isolation", 32, &text, err));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(text, known[i]) == 0)
			return KIST_OK;
	}
	return kist_field_fail(err, KIST_CORRUPT, "isolation",
			       "'%s' is none of either, worker, strict, in-process", text);
}

static kist_status read_manifest(struct holder *holder, struct kist_error *err)
{
	struct kist_manifest *manifest = &holder->manifest;
	struct kist_field root;

	KIST_TRY(kist_field_root(holder->json, &root, err));
	KIST_TRY(check_version(&root, err));
	KIST_TRY(check_understood(&root, err));
	KIST_TRY(read_names(manifest, &root, err));
	KIST_TRY(read_abi(manifest, &root, err));
	KIST_TRY(read_library(holder, &root, err));
	KIST_TRY(read_types(holder, &root, err));
	KIST_TRY(read_tasks(holder, &root, err));
	KIST_TRY(read_needs(manifest, &root, err));
	KIST_TRY(check_isolation(&root, err));
	if (manifest->type_count == 0 && manifest->task_count == 0)
		return kist_field_fail(err, KIST_CORRUPT, "", "offers neither types nor tasks");
	return KIST_OK;
}

kist_status kist_manifest_parse(struct kist_view text, struct kist_manifest **ret, struct kist_error *err)
{
	__attribute__((cleanup(holder_free))) struct holder *holder = NULL;

	if (text.size > KIST_MANIFEST_SIZE_MAX)
		return kist_field_fail(err, KIST_LIMIT, "",
				       "a manifest of %zu bytes: at most %zu are allowed", text.size,
				       KIST_MANIFEST_SIZE_MAX);
	holder = kist_alloc(1, sizeof(*holder));
	if (!holder)
		return kist_fail_memory(err, sizeof(*holder));
	holder->manifest.priv = holder;
	KIST_TRY(kist_json_parse(text, &holder->json, err));
	KIST_TRY(read_manifest(holder, err));
	*ret = &kist_steal(holder)->manifest;
	return KIST_OK;
}

void kist_manifest_free(struct kist_manifest *manifest)
{
	struct holder *holder = manifest ? manifest->priv : NULL;

	if (!holder)
		return;
	for (size_t i = 0; i < holder->manifest.type_count; i++)
		kist_manifest_type_done(&holder->types[i]);
	for (size_t i = 0; i < holder->manifest.task_count; i++)
		kist_manifest_task_done(&holder->tasks[i]);
	kist_free(holder->types);
	kist_free(holder->tasks);
	kist_free((void *)holder->library_needs);
	json_decref(holder->json);
	kist_free(holder);
}
