/* SPDX-License-Identifier: Apache-2.0 */

/* A pickle as bytes: what it would do is told, and nothing else is done with it. */
#include "kept.h"

#include <stdlib.h>

#include "pickle.h"

#define SCORE_LIKELY 60

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

static kist_status scan(const struct kept *kept, struct pickle *pickle)
{
	struct model_reader *const reader = malloc(sizeof(*reader));
	kist_status status;

	if (!reader)
		return model_no_memory(kept->call);
	model_reader_init(reader, kept->call, kept->source, kept->fault);
	status = pickle_scan(reader, pickle);
	free(reader);
	return status;
}

/* A broken pickle is told of, and described as far as it goes: what it names until then runs before it breaks. */
static void report(const struct kept *kept, const struct pickle *pickle)
{
	const struct model_fault *const malformed = &pickle->malformed;

	if (malformed->code)
		kept->report->issue(kept->report, KIST_ISSUE_ERROR, malformed->code, malformed->offset,
				    malformed->text, strlen(malformed->text));
	if (pickle->has_unknown)
		kist_issuef(kept->report, KIST_ISSUE_WARNING, "E_GLOBALS", 0,
			    "it names what is not known to be harmless: whoever loads it runs it");
}

static kist_status look(const struct kept *kept)
{
	struct pickle pickle = { .root = PICKLE_NO };
	const char *compression;
	kist_status status;

	MODEL_TRY(find_compression(kept->call, kept->source, &compression));
	if (compression) {
		if (kept->report)
			kist_issuef(kept->report, KIST_ISSUE_WARNING, "E_COMPRESSED", 0,
				    "it is compressed by %s, and not looked into", compression);
		model_out_text(kept->out, ",\"compression\":\"");
		model_out_text(kept->out, compression);
		model_out_text(kept->out, "\"");
		return KIST_OK;
	}
	status = scan(kept, &pickle);
	if (status == KIST_OK && kept->report)
		report(kept, &pickle);
	model_out_text(kept->out, ",\"pickle\":");
	pickle_describe(&pickle, kept->out);
	pickle_done(&pickle);
	return status;
}

static const struct kept_format format = { .type = "kist.pickle", .name = "pickle", .look = look };

kist_status pickle_open(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = (void *)(uintptr_t)&format;
	return KIST_OK;
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
