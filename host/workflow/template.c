/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "flow/load.h"
#include "job/record.h"

#define NAME_SIZE (sizeof(KIST_TEMPLATE_PREFIX) + KIST_TEMPLATE_TEXT_MAX + 32)
#define TEXT_SIZE ((size_t)8 << 20)

/* A version of a template, as a name says it. */
struct version {
	char name[KIST_TEMPLATE_TEXT_MAX + 1];
	uint64_t number; /* 0: the newest, or all */
};

static kist_status check_name(const char *name, size_t len, struct kist_error *err)
{
	if (len <= KIST_TEMPLATE_TEXT_MAX && kist_job_id_check(name, len, NULL) == KIST_OK)
		return KIST_OK;
	return kist_fail(err, KIST_INVALID,
			 "a template's name has 1 to %zu letters, digits, '-', '_' and '.', not '%.*s'",
			 KIST_TEMPLATE_TEXT_MAX, (int)(len < 200 ? len : 200), name);
}

/* "NAME" or "NAME@VERSION". */
static kist_status read_version(const char *text, struct version *ret, struct kist_error *err)
{
	const char *at = strchr(text, '@');
	const size_t len = at ? (size_t)(at - text) : strlen(text);

	KIST_TRY(check_name(text, len, err));
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)len, text);
	ret->number = 0;
	if (at && (!kist_u64_parse(at + 1, strlen(at + 1), &ret->number) || ret->number == 0 ||
		   ret->number > KIST_TEMPLATE_VERSIONS_MAX))
		return kist_fail(err, KIST_INVALID, "'%.200s' is no version of a template: '%s@1' is one",
				 text, ret->name);
	return KIST_OK;
}

static size_t make_ref(const struct version *version, char ret[static NAME_SIZE])
{
	return (size_t)snprintf(ret, NAME_SIZE, KIST_TEMPLATE_PREFIX "%s/%" PRIu64, version->name,
				version->number);
}

static kist_status see_name(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			    struct kist_error *err)
{
	const char *name = ref->name + strlen(KIST_TEMPLATE_PREFIX);
	const char *slash = strchr(name, '/');
	struct version version = { .number = 0 };
	char own[NAME_SIZE];

	(void)artifact;
	/* What another kist may have put there is none of ours. */
	if (!slash || check_name(name, (size_t)(slash - name), NULL) != KIST_OK ||
	    !kist_u64_parse(slash + 1, strlen(slash + 1), &version.number) || version.number == 0 ||
	    version.number > KIST_TEMPLATE_VERSIONS_MAX)
		return KIST_OK;
	snprintf(version.name, sizeof(version.name), "%.*s", (int)(slash - name), name);
	/* Nor a number that is written in another way. */
	if (make_ref(&version, own) != ref->name_len || memcmp(own, ref->name, ref->name_len) != 0)
		return KIST_OK;
	return kist_buf_append(ctx, &version, sizeof(version), err);
}

static int compare(const void *a, const void *b)
{
	const struct version *left = a;
	const struct version *right = b;
	const int order = strcmp(left->name, right->name);

	return order != 0 ? order : (left->number > right->number) - (left->number < right->number);
}

/* All versions of @name, or of all templates when it is NULL, in order: struct version one after the other. */
static kist_status find_versions(struct kist_flow *flow, const char *name, struct kist_buf *ret,
				 struct kist_error *err)
{
	char prefix[NAME_SIZE];
	const int len = snprintf(prefix, sizeof(prefix), KIST_TEMPLATE_PREFIX "%s%s", name ? name : "",
				 name ? "/" : "");

	KIST_TRY(kist_registry_each_name(flow->registry, prefix, (size_t)len, see_name, ret, err));
	if (ret->size > 0)
		qsort(ret->data, ret->size / sizeof(struct version), sizeof(struct version), compare);
	return KIST_OK;
}

static const struct version *version_at(const struct kist_buf *found, size_t i)
{
	return (const struct version *)(const void *)found->data + i;
}

static size_t count_of(const struct kist_buf *found)
{
	return found->size / sizeof(struct version);
}

/* Whether @root is a template, of that name and version. */
static kist_status check(const json_t *root, const struct version *version, struct kist_error *err)
{
	static const char *const texts[] = { "name", "category", "description", "entrypoint" };
	const json_t *tags = json_object_get(root, "tags");
	uint64_t number = 0;

	if (json_integer_value(json_object_get(root, "kist_template")) > KIST_TEMPLATE_VERSION)
		return kist_fail(err, KIST_INCOMPATIBLE, "template '%s' is of a newer kist", version->name);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!kist_json_get_text(root, texts[i]))
			return kist_fail(err, KIST_CORRUPT, "template '%s' is none: it has no %s",
					 version->name, texts[i]);
	}
	for (size_t i = 0; i < json_array_size(tags); i++) {
		if (!json_is_string(json_array_get(tags, i)))
			return kist_fail(err, KIST_CORRUPT, "template '%s' is none: a tag is no text",
					 version->name);
	}
	if (json_is_array(tags) && strcmp(kist_json_get_text(root, "name"), version->name) == 0 &&
	    kist_json_get_u64(root, "version", &number) && number == version->number)
		return KIST_OK;
	return kist_fail(err, KIST_CORRUPT, "what has the name of template '%s' is another", version->name);
}

static kist_status load(struct kist_flow *flow, const struct version *version, json_t **ret,
			struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(TEXT_SIZE);
	kist_auto_json json_t *root = NULL;
	struct kist_digest id;
	char name[NAME_SIZE];
	const char *encoding;

	KIST_TRY(kist_registry_find_ref(flow->registry, name, make_ref(version, name), &id, err));
	KIST_TRY(kist_lost_is_damage(kist_registry_get_artifact(flow->registry, &id, &artifact, err), err));
	encoding = kist_json_get_text(artifact.record, "encoding");
	if (!encoding || strcmp(encoding, KIST_TEMPLATE_ENCODING) != 0)
		return kist_fail(err, KIST_CORRUPT, "what has the name of template '%s' is none",
				 version->name);
	KIST_TRY(kist_load_bytes(flow, artifact.record, &text, err));
	KIST_TRY(kist_json_parse(kist_buf_view(&text), &root, err));
	KIST_TRY(check(root, version, err));
	*ret = kist_steal(root);
	return KIST_OK;
}

kist_status kist_template_load(struct kist_flow *flow, const char *text, json_t **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf found = KIST_BUF_INIT(SIZE_MAX / 2);
	struct version version;

	KIST_TRY(read_version(text, &version, err));
	KIST_TRY(find_versions(flow, version.name, &found, err));
	for (size_t i = count_of(&found); i-- > 0;) {
		if (version.number == 0 || version_at(&found, i)->number == version.number)
			return load(flow, version_at(&found, i), ret, err);
	}
	return kist_fail(err, KIST_NOT_FOUND, "there is no template '%.200s': 'kist template ls' lists them",
			 text);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static kist_status check_text(const char *what, const char *text, size_t max, struct kist_error *err)
{
	const size_t len = strlen(text);

	if (len <= max && kist_utf8_valid(text, len))
		return KIST_OK;
	return kist_fail(err, KIST_INVALID, "%s has at most %zu bytes of UTF-8", what, max);
}

/* In order, each once. */
static kist_status sort_tags(const json_t *tags, json_t **ret, struct kist_error *err)
{
	const char *texts[KIST_TEMPLATE_TAGS_MAX];
	const size_t count = json_array_size(tags);
	kist_auto_json json_t *list = json_array();

	if (count > KIST_TEMPLATE_TAGS_MAX)
		return kist_fail(err, KIST_LIMIT, "a template has at most %zu tags", KIST_TEMPLATE_TAGS_MAX);
	for (size_t i = 0; i < count; i++) {
		texts[i] = json_string_value(json_array_get(tags, i));
		if (!texts[i] || !*texts[i])
			return kist_fail(err, KIST_INVALID, "a tag is a text");
		KIST_TRY(check_text("a tag", texts[i], KIST_TEMPLATE_TEXT_MAX, err));
	}
	qsort(texts, count, sizeof(texts[0]), compare_texts);
	for (size_t i = 0; i < count; i++) {
		if ((i == 0 || strcmp(texts[i - 1], texts[i]) != 0) &&
		    json_array_append_new(list, json_string(texts[i])) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	*ret = kist_steal(list);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

/* What is to be kept, without its version. */
static kist_status describe(const struct kist_template *made, json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *tags = NULL;

	KIST_TRY(check_name(made->name, strlen(made->name), err));
	KIST_TRY(check_text("a category", made->category, KIST_TEMPLATE_TEXT_MAX, err));
	KIST_TRY(check_text("a description", made->description, KIST_TEMPLATE_DESCRIPTION_MAX, err));
	KIST_TRY(sort_tags(made->tags, &tags, err));
	*ret = json_pack("{si,ss,ss,ss,sO,so}", "kist_template", KIST_TEMPLATE_VERSION, "name", made->name,
			 "category", made->category, "description", made->description, "tags", tags,
			 "entrypoint", json_stringn((const char *)made->text.data, made->text.size));
	return *ret ? KIST_OK : kist_fail(err, KIST_INVALID, "an entrypoint is UTF-8");
}

/* What is saved hangs on the versions that there are when it is committed. */
struct saving {
	json_t *root;
	const char *name;
	uint64_t version;
	bool is_new;
};

static kist_status put(struct saving *saving, struct kist_save *save, const struct version *version,
		       struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(TEXT_SIZE);
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	struct kist_save_made made = { .kind = "value",
				       .encoding = KIST_TEMPLATE_ENCODING,
				       .summary = "a template" };
	char name[NAME_SIZE];
	const struct kist_save_options how = { .name = name,
					       .name_len = make_ref(version, name),
					       .own_name = true };

	KIST_TRY(kist_json_canonical(saving->root, &text, err));
	made.bytes = kist_buf_view(&text);
	return kist_save_bytes(save, &made, &how, &saved, err);
}

static kist_status make_last(void *ctx, struct kist_save *last, struct kist_error *err)
{
	kist_auto_buf struct kist_buf found = KIST_BUF_INIT(SIZE_MAX / 2);
	struct kist_flow *flow = kist_save_flow(last);
	struct saving *saving = ctx;
	struct version version = { .number = 1 };

	snprintf(version.name, sizeof(version.name), "%s", saving->name);
	KIST_TRY(find_versions(flow, saving->name, &found, err));
	if (count_of(&found) > 0) {
		const struct version *newest = version_at(&found, count_of(&found) - 1);
		kist_auto_json json_t *before = NULL;

		KIST_TRY(kist_record_set_take(saving->root, "version",
					      json_integer((json_int_t)newest->number), err));
		/* One that cannot be read is no reason not to save another. */
		saving->version = newest->number;
		saving->is_new =
			load(flow, newest, &before, NULL) != KIST_OK || !json_equal(before, saving->root);
		version.number = newest->number + 1;
	}
	if (!saving->is_new)
		return KIST_OK;
	if (version.number > KIST_TEMPLATE_VERSIONS_MAX)
		return kist_fail(err, KIST_LIMIT, "template '%s' has too many versions", saving->name);
	KIST_TRY(
		kist_record_set_take(saving->root, "version", json_integer((json_int_t)version.number), err));
	saving->version = version.number;
	return put(saving, last, &version, err);
}

kist_status kist_template_save(struct kist_flow *flow, const struct kist_template *made,
			       uint64_t *ret_version, bool *ret_new, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;
	kist_auto_json json_t *root = NULL;
	struct saving saving = { .name = made->name, .is_new = true };

	KIST_TRY(describe(made, &root, err));
	saving.root = root;
	KIST_TRY(kist_save_open(flow, &save, err));
	kist_save_set_last(save, make_last, NULL, &saving);
	KIST_TRY(kist_save_commit(save, err));
	*ret_version = saving.version;
	*ret_new = saving.is_new;
	return KIST_OK;
}

static bool has_tag(const json_t *root, const char *tag)
{
	const json_t *tags = json_object_get(root, "tags");

	for (size_t i = 0; i < json_array_size(tags); i++) {
		if (strcmp(json_string_value(json_array_get(tags, i)), tag) == 0)
			return true;
	}
	return false;
}

static bool is_wanted(const json_t *root, const struct kist_template_filter *filter)
{
	if (filter->category && strcmp(kist_json_get_text(root, "category"), filter->category) != 0)
		return false;
	for (size_t i = 0; i < json_array_size(filter->tags); i++) {
		if (!has_tag(root, json_string_value(json_array_get(filter->tags, i))))
			return false;
	}
	return true;
}

kist_status kist_template_list(struct kist_flow *flow, const struct kist_template_filter *filter,
			       json_t **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf found = KIST_BUF_INIT(SIZE_MAX / 2);
	kist_auto_json json_t *list = json_array();

	KIST_TRY(find_versions(flow, NULL, &found, err));
	for (size_t i = 0; i < count_of(&found); i++) {
		const bool is_newest =
			i + 1 == count_of(&found) ||
			strcmp(version_at(&found, i)->name, version_at(&found, i + 1)->name) != 0;
		kist_auto_json json_t *root = NULL;

		if (!is_newest && !filter->all_versions)
			continue;
		KIST_TRY(load(flow, version_at(&found, i), &root, err));
		if (!is_wanted(root, filter))
			continue;
		(void)json_object_del(root, "entrypoint");
		if (json_array_append(list, root) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	*ret = kist_steal(list);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

kist_status kist_template_remove(struct kist_flow *flow, const char *text, size_t *ret_count,
				 struct kist_error *err)
{
	kist_auto_buf struct kist_buf found = KIST_BUF_INIT(SIZE_MAX / 2);
	kist_auto_save struct kist_save *save = NULL;
	struct version version;
	size_t count = 0;

	KIST_TRY(read_version(text, &version, err));
	KIST_TRY(find_versions(flow, version.name, &found, err));
	KIST_TRY(kist_save_open(flow, &save, err));
	for (size_t i = 0; i < count_of(&found); i++) {
		char name[NAME_SIZE];

		if (version.number != 0 && version_at(&found, i)->number != version.number)
			continue;
		KIST_TRY(kist_save_own_ref(save, name, make_ref(version_at(&found, i), name), NULL, "rm",
					   err));
		count++;
	}
	if (count == 0)
		return kist_fail(err, KIST_NOT_FOUND, "there is no template '%.200s'", text);
	KIST_TRY(kist_save_commit(save, err));
	*ret_count = count;
	return KIST_OK;
}

kist_status kist_template_parameters(const struct kist_entrypoint *entrypoint, json_t **ret,
				     struct kist_error *err)
{
	kist_auto_json json_t *list = json_array();

	if (!list)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < entrypoint->parameter_count; i++) {
		const struct kist_parameter *parameter = &entrypoint->parameters[i];
		char type[256] = "any";
		json_t *row;

		if (parameter->type)
			kist_type_print(parameter->type, type, sizeof(type));
		row = json_pack("{ss,ss,sO*}", "name", parameter->name, "type", type, "default",
				parameter->value);
		if (!row || json_array_append_new(list, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	*ret = kist_steal(list);
	return KIST_OK;
}
