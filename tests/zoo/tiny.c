/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The smallest whole plugin: "TINY" and up to 100 bytes of text, as a value.  Others in this folder are this one with
 * one fault each.
 */
#include <kist/helpers.h>
#include <stdlib.h>

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

/* The text of a file: any bytes, also NUL. */
struct text {
	size_t len;
	char bytes[TEXT_MAX];
};

/* What is wrong with a file; code is NULL when nothing is. */
struct fault {
	kist_status status;
	const char *code;
	uint64_t offset;
	const char *what;
};

/* Fails when the file cannot be read.  A file that can, and is no TINY, is a fault. */
static kist_status read_text(struct kist_call *call, struct kist_source *source, struct text *text, struct fault *fault)
{
	const struct fault no_magic = { KIST_CORRUPT, "E_MAGIC", 0, "it does not begin with TINY" };
	const struct fault too_long = { KIST_LIMIT, "E_LONG", 4 + TEXT_MAX, "there are more than 100 bytes of text" };
	char magic[4] = { 0 };
	const kist_status status = kist_read_exact(call, source, 0, magic, source->size < 4 ? (size_t)source->size : 4);

	memset(fault, 0, sizeof(*fault));
	if (status != KIST_OK)
		return status;
	if (memcmp(magic, "TINY", 4) != 0) {
		*fault = no_magic;
		return KIST_OK;
	}
	if (source->size > 4 + TEXT_MAX) {
		*fault = too_long;
		return KIST_OK;
	}
	text->len = (size_t)(source->size - 4);
	return kist_read_exact(call, source, 4, text->bytes, text->len);
}

/* For the calls that need the text: a fault is why they fail. */
static kist_status need_text(struct kist_call *call, struct kist_source *source, struct text *text)
{
	struct fault fault;
	const kist_status status = read_text(call, source, text, &fault);

	if (status != KIST_OK || !fault.code)
		return status;
	return kist_failf(call, fault.status, fault.code, fault.offset, "%s", fault.what);
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

/* All that an object stands on, in one piece. */
struct tiny {
	struct kist_region region;
	struct text text;
};

static void release_object(struct kist_object *object)
{
	free(object->priv);
	object->release = NULL;
}

static kist_status deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			       const struct kist_params *params, struct kist_object *ret_object)
{
	struct tiny *tiny = (struct tiny *)calloc(1, sizeof(*tiny));
	kist_status status;

	(void)instance;
	(void)params;
	if (!tiny)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for %zu bytes", sizeof(*tiny));
	status = need_text(call, source, &tiny->text);
	if (status != KIST_OK) {
		free(tiny);
		return status;
	}
	tiny->region.struct_size = KIST_SIZED(struct kist_region);
	tiny->region.base = tiny->text.bytes;
	tiny->region.len = tiny->text.len;
	ret_object->kind = KIST_KIND_VALUE;
	ret_object->type = TINY_ID;
	ret_object->type_major = 1;
	ret_object->value = &tiny->region;
	ret_object->priv = tiny;
	ret_object->release = release_object;
	return KIST_OK;
}

static kist_status validate(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_report *report)
{
	struct text text;
	struct fault fault;
	const kist_status status = read_text(call, source, &text, &fault);

	(void)instance;
	(void)params;
	if (status == KIST_OK && fault.code)
		kist_issuef(report, KIST_ISSUE_ERROR, fault.code, fault.offset, "%s", fault.what);
	return status;
}

/* A byte as it stands in a string of JSON; kist takes none with a NUL, so that is shown as a mark. */
static size_t escape(char c, char *to)
{
	if (c != '"' && c != '\\' && (unsigned char)c >= 0x20) {
		*to = c;
		return 1;
	}
	return (size_t)snprintf(to, 7, "\\u%04x", c ? (unsigned char)c : 0xfffdu);
}

static kist_status describe(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_sink *sink)
{
	struct text text;
	char json[6 * TEXT_MAX + 32] = "{\"text\":\"";
	size_t len = strlen(json);
	const kist_status status = need_text(call, source, &text);

	(void)instance;
	(void)params;
	if (status != KIST_OK)
		return status;
	for (size_t i = 0; i < text.len; i++)
		len += escape(text.bytes[i], json + len);
	memcpy(json + len, "\"}", 2);
	return sink->write(sink, json, len + 2);
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
