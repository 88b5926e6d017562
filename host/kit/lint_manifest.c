/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/nearest.h"
#include "kist/plugin.h"
#include "kit/lint.h"
#include "plugin/trust.h"

/* Priorities above this are for plugins that are sure to be the best for everybody. */
#define PRIORITY_MODEST 60

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Keys that nothing reads: misspelt, or of another version. */
static void check_keys(const json_t *object, const char *where, const char *const *known,
		       struct kist_kit_findings *findings)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		struct kist_nearest nearest = KIST_NEAREST_INIT(key);
		bool found = false;

		for (size_t i = 0; known[i]; i++) {
			found = found || strcmp(known[i], key) == 0;
			kist_nearest_offer(&nearest, known[i]);
		}
		if (found)
			continue;
		kist_kit_find(
			findings, KIST_KIT_WARNING, "key-unknown",
			"%s\"%s\" is no key that kist knows, and is passed over%s%s%s: mend or remove it",
			where, key, nearest.name ? "; did you mean \"" : "", nearest.name ? nearest.name : "",
			nearest.name ? "\"" : "");
	}
}

static void check_all_keys(const json_t *json, struct kist_kit_findings *findings)
{
	static const char *const of_type[] = { "type",	 "task",     "major",	    "reads",
					       "writes", "kinds",    "media_types", "extensions",
					       "magic",	 "priority", "params",	    NULL };
	static const char *const of_task[] = { "name",	 "signature", "description", "caps",
					       "inputs", "outputs",   "symbol",	     NULL };
	const json_t *item;
	size_t i;

	check_keys(json, "", kist_manifest_keys, findings);
	json_array_foreach(json_object_get(json, "types"), i, item)
		check_keys(item, "in \"types\": ", of_type, findings);
	json_array_foreach(json_object_get(json, "tasks"), i, item)
		check_keys(item, "in \"tasks\": ", of_task, findings);
}

/* Said of its own, since it is what an author most often tries, and all files of a machine pay for it. */
static void check_magic_length(const json_t *json, struct kist_kit_findings *findings)
{
	const json_t *type;
	const json_t *magic;
	size_t i;
	size_t k;

	json_array_foreach(json_object_get(json, "types"), i, type) {
		json_array_foreach(json_object_get(type, "magic"), k, magic) {
			const char *hex = kist_json_get_text(magic, "hex");

			if (hex && strlen(hex) / 2 < KIST_MAGIC_SIZE_MIN)
				kist_kit_find(findings, KIST_KIT_ERROR, "magic-short",
					      "types[%zu].magic[%zu]: %zu bytes are too few to tell your "
					      "files from "
					      "all others: give at least %d, or none and an extension",
					      i, k, strlen(hex) / 2, KIST_MAGIC_SIZE_MIN);
		}
	}
}

static void check_names(const struct kist_kit_subject *subject, struct kist_kit_findings *findings)
{
	const struct kist_manifest *manifest = subject->manifest;
	const char *name = strrchr(subject->path, '/') + 1;

	if (!kist_manifest_is_name_of(name, manifest->id))
		kist_kit_find(findings, KIST_KIT_ERROR, "manifest-name",
			      "the manifest of '%s' is called '%s': rename it to '%s" KIST_MANIFEST_SUFFIX
			      "'",
			      manifest->id, name, manifest->id);
	if (kist_id_is_own(manifest->id) && !kist_trust_is_built_in(&subject->entry.digest))
		kist_kit_find(
			findings, KIST_KIT_ERROR, "id-reserved",
			"id '%s': ids under 'kist.' are those of kist's own plugins: take a domain of yours",
			manifest->id);
	if (begins(manifest->id, "org.example.") || begins(manifest->id, "com.example."))
		kist_kit_find(findings, KIST_KIT_NOTE, "id-example",
			      "id '%s' is an example's: before you give the plugin away, take a domain that "
			      "is yours",
			      manifest->id);
}

/* An SPDX expression: words of letters, digits, '.', '-', '+', with blanks and parentheses between. */
static bool license_valid(const char *text)
{
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-+() ") ==
	       strlen(text);
}

static void check_about(const struct kist_manifest *manifest, struct kist_kit_findings *findings)
{
	if (!manifest->license[0])
		kist_kit_find(
			findings, KIST_KIT_WARNING, "license",
			"it has no \"license\": say as an SPDX expression who may do what with it, \"MIT\"");
	else if (!license_valid(manifest->license))
		kist_kit_find(
			findings, KIST_KIT_WARNING, "license",
			"\"license\" is '%s', which is no SPDX expression such as \"MIT OR Apache-2.0\"",
			manifest->license);
	if (!manifest->publisher[0])
		kist_kit_find(findings, KIST_KIT_WARNING, "publisher",
			      "it has no \"publisher\": say who people turn to");
	else if (strcmp(manifest->publisher, "Example") == 0)
		kist_kit_find(findings, KIST_KIT_NOTE, "publisher",
			      "\"publisher\" is still the template's: put your name there");
	if (!manifest->url[0])
		kist_kit_find(
			findings, KIST_KIT_NOTE, "url",
			"it has no \"url\": with one, who meets a file of yours without the plugin finds it");
}

static void check_magics(const struct kist_manifest_type *type, struct kist_kit_findings *findings)
{
	for (size_t i = 0; i < type->magic_count; i++) {
		const struct kist_magic *magic = &type->magics[i];
		bool plain = true;

		for (uint32_t k = 0; k < magic->len; k++)
			plain = plain && magic->bytes[k] >= 0x20 && magic->bytes[k] < 0x7f;
		if (plain && magic->offset == 0)
			kist_kit_find(findings, KIST_KIT_NOTE, "magic-text",
				      "type '%s': the magic '%.*s' is plain text, which a text file may "
				      "begin with: "
				      "where the format is yours, take one with a byte that no text has",
				      type->type, (int)magic->len, (const char *)magic->bytes);
	}
}

static void check_ways(const struct kist_manifest_type *type, struct kist_kit_findings *findings)
{
	static const char *const common[] = { "bin", "dat", "data", "gz", "json", "txt", "xml", "zip" };

	if (type->magic_count + type->extension_count + type->media_type_count == 0)
		kist_kit_find(findings, KIST_KIT_WARNING, "type-unreachable",
			      "type '%s' has no \"magic\", no \"extensions\" and no \"media_types\": no file "
			      "comes to "
			      "it unless it is named; give at least one",
			      type->type);
	for (size_t i = 0; i < type->extension_count; i++) {
		for (size_t k = 0; k < sizeof(common) / sizeof(common[0]); k++) {
			if (strcmp(type->extensions[i], common[k]) == 0 && type->magic_count == 0)
				kist_kit_find(
					findings, KIST_KIT_WARNING, "extension-common",
					"type '%s' takes all files '.%s', which are of many kinds: give a "
					"\"magic\", or an extension of its own",
					type->type, common[k]);
		}
	}
}

static void check_arguments(const struct kist_manifest_type *type, const struct kist_schema *schema,
			    const char *what, struct kist_kit_findings *findings)
{
	kist_auto_json json_t *all = kist_schema_json(schema);
	const char *name;
	json_t *argument;

	json_object_foreach(all, name, argument) {
		if (!kist_json_get_text(argument, "description"))
			kist_kit_find(
				findings, KIST_KIT_NOTE, "argument-description",
				"type '%s': the argument '%s' of %s has no \"description\", which is what a "
				"user sees of it",
				type->type, name, what);
		if (json_is_true(json_object_get(argument, "required")))
			kist_kit_find(
				findings, KIST_KIT_WARNING, "argument-required",
				"type '%s': the argument '%s' of %s is required, so nothing works without "
				"--param: give a \"default\" if there is one",
				type->type, name, what);
	}
}

static void check_type(const struct kist_kit_subject *subject, const struct kist_manifest_type *type,
		       struct kist_kit_findings *findings)
{
	if (kist_id_is_own(type->type) && !kist_trust_is_built_in(&subject->entry.digest))
		kist_kit_find(
			findings, KIST_KIT_ERROR, "type-reserved",
			"type '%s': types under 'kist.' are kist's own: take one under your id, '%s.%s'",
			type->type, subject->manifest->id, strrchr(type->type, '.') + 1);
	if (type->priority > PRIORITY_MODEST && type->priority <= 79)
		kist_kit_find(findings, KIST_KIT_NOTE, "priority-high",
			      "type '%s' has the priority %u: with more than %d it goes before most others; "
			      "50 is usual",
			      type->type, type->priority, PRIORITY_MODEST);
	check_magics(type, findings);
	check_ways(type, findings);
	check_arguments(type, type->serialize, "writing", findings);
	check_arguments(type, type->deserialize, "reading", findings);
}

static void check_task(const struct kist_manifest_task *task, struct kist_kit_findings *findings)
{
	if (!task->description[0])
		kist_kit_find(findings, KIST_KIT_NOTE, "task-description",
			      "task '%s' has no \"description\", which is what a user sees of it",
			      task->name);
	if (!(task->caps & KIST_CAP_DETERMINISTIC))
		kist_kit_find(
			findings, KIST_KIT_NOTE, "task-deterministic",
			"task '%s' does not claim \"deterministic\": if the same inputs always give the same "
			"outputs, say so, and a step that was run before is taken from there",
			task->name);
}

void kist_lint_manifest(const struct kist_kit_subject *subject, struct kist_kit_findings *findings)
{
	const struct kist_manifest *manifest = subject->manifest;

	if (subject->json) {
		check_magic_length(subject->json, findings);
		check_all_keys(subject->json, findings);
	}
	if (!manifest) {
		if (!kist_kit_has(findings, "magic-short"))
			kist_kit_find(findings, KIST_KIT_ERROR, "manifest", "%s",
				      subject->manifest_error.text);
		return;
	}
	check_names(subject, findings);
	check_about(manifest, findings);
	for (size_t i = 0; i < manifest->type_count; i++)
		check_type(subject, &manifest->types[i], findings);
	for (size_t i = 0; i < manifest->task_count; i++)
		check_task(&manifest->tasks[i], findings);
}
