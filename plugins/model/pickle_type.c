/* SPDX-License-Identifier: Apache-2.0 */

/* A pickle as bytes: what it would do is told, and nothing else is done with it. */
#include "pickle_type.h"

#include <stdlib.h>

#include "pickle.h"

#define DESCRIPTION_SIZE_MAX ((size_t)256 << 10)
#define SCORE_LIKELY	     60

kist_status pickle_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
			     const struct kist_params *params, struct kist_sink *sink)
{
	(void)instance;
	(void)object;
	(void)params;
	(void)sink;
	return kist_failf(call, KIST_UNSUPPORTED, "E_KIND", KIST_NO_OFFSET,
			  "pickles are kept, not written: to load one is to run it");
}

static void release_bytes(struct kist_object *object)
{
	struct kist_region *const region = object->value;

	if (region->release)
		region->release(region);
	free(region);
	object->value = NULL;
	object->release = NULL;
}

kist_status pickle_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			       const struct kist_params *params, struct kist_object *ret_object)
{
	struct kist_region *const region = calloc(1, sizeof(*region));
	kist_status status;

	(void)instance;
	(void)params;
	if (!region)
		return model_no_memory(call);
	region->struct_size = sizeof(*region);
	status = source->size > 0 ? source->map(source, 0, source->size, region) : KIST_OK;
	if (status != KIST_OK) {
		free(region);
		return status;
	}
	ret_object->kind = KIST_KIND_BYTES;
	ret_object->flags = 0;
	ret_object->type = PICKLE_TYPE;
	ret_object->type_major = 1;
	ret_object->type_minor = 0;
	ret_object->value = region;
	ret_object->release = release_bytes;
	ret_object->priv = NULL;
	return KIST_OK;
}

/* joblib compresses all of a pickle: how it begins then, or NULL. */
static kist_status find_compression(struct kist_call *call, struct kist_source *source, const char **ret)
{
	static const struct {
		const char *name;
		size_t len;
		const char *magic;
	} known[] = { { "gzip", 2, "\x1f\x8b" },
		      { "bzip2", 3, "BZh" },
		      { "xz", 6,
			"\xfd"
			"7zXZ\0" },
		      { "lzma", 3, "\x5d\0\0" },
		      { "lz4", 4, "\x04\x22\x4d\x18" } };
	uint8_t head[6] = { 0 };

	*ret = NULL;
	MODEL_TRY(kist_read_exact(call, source, 0, head,
				  source->size < sizeof(head) ? (size_t)source->size : sizeof(head)));
	if (head[0] == 0x78 && (head[0] << 8 | head[1]) % 31 == 0)
		*ret = "zlib";
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (memcmp(head, known[i].magic, known[i].len) == 0)
			*ret = known[i].name;
	}
	return KIST_OK;
}

static kist_status scan(struct kist_call *call, struct kist_source *source, struct pickle *pickle)
{
	struct model_reader *const reader = malloc(sizeof(*reader));
	struct model_fault fault = { 0 };
	kist_status status;

	*pickle = (struct pickle){ .root = PICKLE_NO };
	if (!reader)
		return model_no_memory(call);
	model_reader_init(reader, call, source, &fault);
	status = pickle_scan(reader, pickle);
	free(reader);
	return model_fault_fail(&fault, call, status);
}

kist_status pickle_validate(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_report *report)
{
	struct pickle pickle;
	const char *compression;
	kist_status status;

	(void)instance;
	(void)params;
	MODEL_TRY(find_compression(call, source, &compression));
	if (compression) {
		kist_issuef(report, KIST_ISSUE_WARNING, "E_COMPRESSED", 0,
			    "it is compressed by %s, and not looked into", compression);
		return KIST_OK;
	}
	status = scan(call, source, &pickle);
	if (pickle.malformed.code)
		report->issue(report, KIST_ISSUE_ERROR, pickle.malformed.code, pickle.malformed.offset,
			      pickle.malformed.text, strlen(pickle.malformed.text));
	else if (status == KIST_OK && pickle_verdict(&pickle) == PICKLE_UNKNOWN_GLOBALS)
		kist_issuef(report, KIST_ISSUE_WARNING, "E_GLOBALS", 0,
			    "it names what is not known to be harmless: whoever loads it runs it");
	pickle_done(&pickle);
	return status;
}

kist_status pickle_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	const uint8_t *const bytes = head;

	/* PROTO 2 to 5, and then a frame, a mark, or a maker of something. */
	(void)total_size;
	*ret_score = len >= 3 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= PICKLE_PROTOCOL_MAX &&
				     memchr("\x95\x8c\x8a}](cCXKMJNGT)", bytes[2], 16)
			     ? SCORE_LIKELY
			     : 0;
	return KIST_OK;
}

kist_status pickle_describe_file(void *instance, struct kist_call *call, struct kist_source *source,
				 const struct kist_params *params, struct kist_sink *sink)
{
	struct model_out out = { .limit = DESCRIPTION_SIZE_MAX };
	struct pickle pickle = { .root = PICKLE_NO };
	const char *compression;
	kist_status status;

	(void)instance;
	(void)params;
	MODEL_TRY(find_compression(call, source, &compression));
	status = compression ? KIST_OK : scan(call, source, &pickle);
	if (status == KIST_OK) {
		model_out_text(&out, "{\"kind\":\"bytes\",\"format\":\"pickle\",");
		if (compression) {
			model_out_text(&out, "\"compression\":\"");
			model_out_text(&out, compression);
			model_out_text(&out, "\"");
		} else {
			model_out_text(&out, "\"pickle\":");
			pickle_describe(&pickle, &out);
		}
		model_out_text(&out, "}");
		status = out.failed ? model_no_memory(call) : sink->write(sink, out.data, out.size);
	}
	model_out_done(&out);
	pickle_done(&pickle);
	return status;
}
