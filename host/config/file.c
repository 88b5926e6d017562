/* SPDX-License-Identifier: Apache-2.0 */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/nearest.h"

/* Longer than any key of the table. */
#define NAME_SIZE (2 * KIST_DOCUMENT_KEY_MAX + 2)

const char *kist_config_layer_name(enum kist_config_layer layer)
{
	static const char *const names[] = { "option",	"variable", "job",     "overlay",
					     "project", "user",	    "built-in" };

	return (unsigned)layer < sizeof(names) / sizeof(names[0]) ? names[layer] : "unknown";
}

void kist_config_file_done(struct kist_config_file *file)
{
	kist_document_free(kist_steal(file->document));
	kist_issues_done(&file->issues);
}

/* "limits" of "limits.time". */
static bool is_group(const char *name)
{
	const size_t len = strlen(name);

	for (const struct kist_config_key *key = kist_config_keys; key->name; key++) {
		if (strncmp(key->name, name, len) == 0 && key->name[len] == '.')
			return true;
	}
	return false;
}

/* Whether @name is @option as one would write it in a file: "time_limit". */
static bool is_option(const char *option, const char *name)
{
	for (; option && *option && *name; option++, name++) {
		if (*option != *name && !(*option == '-' && *name == '_'))
			return false;
	}
	return option && !*option && !*name;
}

/* The setting that is meant by a name that stands in the wrong group, or in none, or is an option's; or NULL. */
static const char *elsewhere(const char *last)
{
	for (const struct kist_config_key *key = kist_config_keys; key->name; key++) {
		const char *dot = strrchr(key->name, '.');

		if (strcmp(dot ? dot + 1 : key->name, last) == 0 || is_option(key->option, last))
			return key->name;
	}
	return NULL;
}

static void tell_unknown(struct kist_config_file *file, const struct kist_node *node, const char *name)
{
	struct kist_nearest nearest = KIST_NEAREST_INIT(name);
	const char *meant = elsewhere(node->key);
	char group[64];

	for (const struct kist_config_key *key = kist_config_keys; key->name; key++) {
		const char *dot = strchr(key->name, '.');

		kist_nearest_offer(&nearest, key->name);
		if (dot && !strchr(name, '.') && !nearest.name) {
			struct kist_nearest near_group = KIST_NEAREST_INIT(name);

			snprintf(group, sizeof(group), "%.*s", (int)(dot - key->name), key->name);
			kist_nearest_offer(&near_group, group);
			meant = near_group.name && !meant ? key->name : meant;
		}
	}
	kist_issue_add(&file->issues, node->key_place, "E_KEY_UNKNOWN", "there is no setting '%s'", name);
	if (nearest.name || meant)
		kist_issue_hint(&file->issues, "did you mean '%s'?", nearest.name ? nearest.name : meant);
	else
		kist_issue_hint(&file->issues, "'kist config explain' lists them");
}

/* Whether a setting may stand in this file. */
static void check_place(struct kist_config_file *file, const struct kist_config_key *key,
			const struct kist_node *node)
{
	if ((key->flags & KIST_CONFIG_JOB) && file->layer != KIST_LAYER_JOB) {
		kist_issue_add(&file->issues, node->key_place, "E_CONFIG_PLACE", "'%s' is of one job alone",
			       key->name);
		kist_issue_hint(&file->issues, "write it into the file that 'kist exec --config' names");
	}
	if ((key->flags & KIST_CONFIG_TRUSTED) && file->is_shared) {
		kist_issue_add(&file->issues, node->key_place, "E_CONFIG_TRUST",
			       "'%s' is not taken from a file that others may write", key->name);
		kist_issue_hint(&file->issues,
				"it must be yours or root's, and nobody else's to write: 'chmod go-w'");
	}
}

static kist_status check_map(struct kist_config_file *file, const struct kist_node *map, const char *group,
			     struct kist_arena *arena, struct kist_error *err)
{
	const struct kist_config_reading reading = { .file = file, .arena = arena };
	struct kist_config_value value;
	char name[NAME_SIZE];

	for (const struct kist_node *node = map->first; node; node = node->next) {
		const struct kist_config_key *key;

		snprintf(name, sizeof(name), "%s%s%s", group ? group : "", group ? "." : "", node->key);
		key = kist_config_key_find(name);
		if (key && (group || !strchr(node->key, '.'))) {
			check_place(file, key, node);
			KIST_TRY(kist_config_file_read(&reading, key, node, &value, err));
		} else if (!group && is_group(name) && node->kind == KIST_NODE_MAP) {
			KIST_TRY(check_map(file, node, name, arena, err));
		} else if (!group && is_group(name)) {
			kist_issue_add(&file->issues, node->place, "E_SCHEMA",
				       "'%s' takes a mapping of settings, not %s", name,
				       kist_node_kind_name(node->kind));
		} else if (strcmp(name, "overlays") != 0 || map != kist_document_root(file->document) ||
			   file->layer != KIST_LAYER_PROJECT) {
			tell_unknown(file, node, name);
		}
	}
	return KIST_OK;
}

static kist_status check_overlays(struct kist_config_file *file, const struct kist_node *overlays,
				  struct kist_arena *arena, struct kist_error *err)
{
	if (overlays->kind != KIST_NODE_MAP) {
		kist_issue_add(&file->issues, overlays->place, "E_SCHEMA",
			       "'overlays' takes a mapping of names, not %s",
			       kist_node_kind_name(overlays->kind));
		return KIST_OK;
	}
	for (const struct kist_node *node = overlays->first; node; node = node->next) {
		if (node->kind == KIST_NODE_MAP)
			KIST_TRY(check_map(file, node, NULL, arena, err));
		else
			kist_issue_add(&file->issues, node->place, "E_SCHEMA",
				       "an overlay is a mapping of settings, not %s",
				       kist_node_kind_name(node->kind));
	}
	return KIST_OK;
}

static kist_status check(struct kist_config_file *file, struct kist_arena *arena, struct kist_error *err)
{
	const struct kist_node *root = kist_document_root(file->document);
	const struct kist_node *overlays;

	if (root->kind != KIST_NODE_MAP) {
		kist_issue_add(&file->issues, root->place, "E_SCHEMA", "it is a mapping of settings, not %s",
			       kist_node_kind_name(root->kind));
		return KIST_OK;
	}
	KIST_TRY(check_map(file, root, NULL, arena, err));
	overlays = file->layer == KIST_LAYER_PROJECT ? kist_node_get(root, "overlays") : NULL;
	return overlays ? check_overlays(file, overlays, arena, err) : KIST_OK;
}

kist_status kist_config_file_parse(struct kist_config_file *file, struct kist_view text,
				   struct kist_error *err)
{
	struct kist_arena arena = KIST_ARENA_INIT;
	kist_status status = kist_document_parse(text, &file->issues, &file->document, err);

	/* A file of nothing but comments says nothing, and is no fault. */
	if (file->issues.count == 1 && strcmp(file->issues.items[0].code, "E_YAML_EMPTY") == 0)
		kist_issues_done(&file->issues);
	if (status == KIST_OK && file->document)
		status = check(file, &arena, err);
	kist_arena_done(&arena);
	return status == KIST_OK ? kist_issues_finish(&file->issues, err) : status;
}

/* Where the file lies: what stands in it is found from there, also from elsewhere. */
static kist_status find_folder(struct kist_config_file *file, struct kist_error *err)
{
	const char *slash = strrchr(file->shown, '/');
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - file->shown) + 1 : 1,
		 slash ? file->shown : ".");
	if (!realpath(folder, file->folder))
		return kist_fail_errno(err, errno, "cannot find the folder of '%s'", file->shown);
	return KIST_OK;
}

kist_status kist_config_file_open(struct kist_config_file *file, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX + 1);
	kist_auto_fd int fd = -1;
	struct stat info;

	/* Without waiting for the writer of a FIFO. */
	KIST_TRY(kist_open_at(AT_FDCWD, file->shown, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, err));
	if (fstat(fd, &info) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", file->shown);
	if (!S_ISREG(info.st_mode))
		return kist_fail(err, KIST_INVALID, "'%s' is no regular file", file->shown);
	/* Who names a job's file means it, as he would a script. */
	file->is_shared = file->layer != KIST_LAYER_JOB && ((info.st_uid != 0 && info.st_uid != geteuid()) ||
							    (info.st_mode & (S_IWGRP | S_IWOTH)) != 0);
	KIST_TRY(kist_read_all(fd, &text, err));
	KIST_TRY(find_folder(file, err));
	return kist_config_file_parse(file, kist_buf_view(&text), err);
}

const struct kist_node *kist_config_file_overlay(struct kist_config_file *file, const char *name)
{
	const struct kist_node *root = kist_document_root(file->document);
	const struct kist_node *overlays = kist_node_get(root, "overlays");
	const struct kist_node *found = overlays ? kist_node_get(overlays, name) : NULL;
	struct kist_nearest nearest = KIST_NEAREST_INIT(name);

	if (found)
		return found;
	for (const struct kist_node *node = overlays ? overlays->first : NULL; node; node = node->next)
		kist_nearest_offer(&nearest, node->key);
	kist_issue_add(&file->issues, overlays ? overlays->key_place : root->place, "E_CONFIG_OVERLAY",
		       "there is no overlay '%s'%s", name, overlays ? "" : ", and no other");
	if (nearest.name)
		kist_issue_hint(&file->issues, "did you mean '%s'?", nearest.name);
	return NULL;
}

const struct kist_node *kist_config_file_find(const struct kist_node *root, const struct kist_config_key *key)
{
	const char *dot = strchr(key->name, '.');
	const struct kist_node *group;
	char name[64];

	if (!dot)
		return kist_node_get(root, key->name);
	snprintf(name, sizeof(name), "%.*s", (int)(dot - key->name), key->name);
	group = kist_node_get(root, name);
	return group ? kist_node_get(group, dot + 1) : NULL;
}
