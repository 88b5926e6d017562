/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The smallest whole plugin: "TINY" and up to 100 bytes of text, as a value.  Others in this folder are this one with
 * one fault each.
 */
#include <kist/helpers.h>

#define TEXT_MAX 100

/* Built again with -DTINY_ID it is another plugin for the same files. */
#ifndef TINY_ID
#define TINY_ID "org.example.tiny"
#endif

KIST_NOTE(TINY_ID, 0);

static kist_status open_tiny(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = NULL;
	return KIST_OK;
}

static void close_tiny(void *instance)
{
	(void)instance;
}

/* Reads the text, and says what is wrong when there is none. */
static kist_status read_text(struct kist_call *call, struct kist_source *source, char text[TEXT_MAX + 1])
{
	char magic[4];

	if (source->size > 4 + TEXT_MAX)
		return kist_failf(call, KIST_LIMIT, "E_LONG", 4 + TEXT_MAX, "more than %d bytes of text", TEXT_MAX);
	if (kist_read_exact(call, source, 0, magic, 4) != KIST_OK || memcmp(magic, "TINY", 4) != 0)
		return kist_failf(call, KIST_CORRUPT, "E_MAGIC", 0, "it does not begin with TINY");
	memset(text, 0, TEXT_MAX + 1);
	return kist_read_exact(call, source, 4, text, (size_t)(source->size - 4));
}

static kist_status serialize(void *instance, struct kist_call *call, const struct kist_object *object,
			     const struct kist_params *params, struct kist_sink *sink)
{
	const struct kist_region *region = (const struct kist_region *)object->value;
	kist_status status;

	(void)instance;
	(void)params;
	if (object->kind != KIST_KIND_VALUE || region->len > TEXT_MAX)
		return kist_failf(call, KIST_UNSUPPORTED, NULL, KIST_NO_OFFSET, "not a short value");
	status = sink->write(sink, "TINY", 4);
	return status == KIST_OK ? sink->write(sink, region->base, (size_t)region->len) : status;
}

static void release_region(struct kist_region *region)
{
	region->release = NULL;
}

static void release_object(struct kist_object *object)
{
	struct kist_region *region = (struct kist_region *)object->value;

	release_region(region);
	object->release = NULL;
}

static kist_status deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			       const struct kist_params *params, struct kist_object *ret_object)
{
	static char text[TEXT_MAX + 1];
	static struct kist_region region;
	const kist_status status = read_text(call, source, text);

	(void)instance;
	(void)params;
	if (status != KIST_OK)
		return status;
	region.struct_size = KIST_SIZED(struct kist_region);
	region.base = text;
	region.len = strlen(text);
	region.release = release_region;
	ret_object->kind = KIST_KIND_VALUE;
	ret_object->type = TINY_ID;
	ret_object->type_major = 1;
	ret_object->value = &region;
	ret_object->release = release_object;
	return KIST_OK;
}

static kist_status validate(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_report *report)
{
	char text[TEXT_MAX + 1];

	(void)instance;
	(void)params;
	(void)report;
	return read_text(call, source, text);
}

static kist_status describe(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_sink *sink)
{
	char text[TEXT_MAX + 1];
	char json[TEXT_MAX + 32];
	const kist_status status = read_text(call, source, text);

	(void)instance;
	(void)params;
	if (status != KIST_OK)
		return status;
	snprintf(json, sizeof(json), "{\"text\":\"%s\"}", text);
	return sink->write(sink, json, strlen(json));
}

static const ArtifactTaskInterface interface = {
	.struct_size = KIST_SIZED(ArtifactTaskInterface),
	.caps = KIST_CAP_DETERMINISTIC,
	.open = open_tiny,
	.close = close_tiny,
	.serialize = serialize,
	.deserialize = deserialize,
	.validate = validate,
	.describe = describe,
};

static const struct kist_type_decl type = {
	.struct_size = KIST_SIZED(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_VALUE),
	.type = TINY_ID,
	.task = "TinyArtifactTask",
	.major = 1,
	.priority = 50,
	.interface = &interface,
};

static const struct kist_type_decl *const types[] = { &type };

#ifndef TINY_VERSION
#define TINY_VERSION "1.0.0"
#endif

static const struct kist_plugin plugin = {
	.struct_size = KIST_SIZED(struct kist_plugin),
	.abi_minor_built = KIST_ABI_MINOR,
	.id = TINY_ID,
	.version = TINY_VERSION,
	.type_count = 1,
	.types = types,
};

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	(void)host;
	(void)call;
	*ret_plugin = &plugin;
	return KIST_OK;
}
