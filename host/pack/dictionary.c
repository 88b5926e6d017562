/* SPDX-License-Identifier: Apache-2.0 */
#define ZSTD_STATIC_LINKING_ONLY
#include "pack/dictionary.h"

#include <stdbool.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"

/* Level 1, but at every second place only, in a small table: as good as all of them for 2 % more bytes, in two thirds of
 * the time. */
#define LEVEL	    1
#define STEP	    2
#define HASH_LOG    12
#define TABLES_SIZE 124
#define TEXT_SIZE   3786

/* It has no NUL at its end, which newer compilers wonder about. */
#if defined(__has_attribute)
#if __has_attribute(nonstring)
#define NO_STRING __attribute__((nonstring))
#endif
#endif
#ifndef NO_STRING
#define NO_STRING
#endif

/* As in docs/format/store.md: tables of zstd, made of samples by tests/support/make_dictionary.c, and a text. */
static const struct {
	uint8_t tables[TABLES_SIZE];
	char text[TEXT_SIZE] NO_STRING;
} bytes = {
	/* clang-format off */
	.tables = {
		0x37, 0xa4, 0x30, 0xec, 0x01, 0x00, 0x00, 0x00, 0x19, 0x10, 0xe8, 0x2a,
		0xc3, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x52, 0x4a, 0x39, 0xb0, 0x62,
		0x4a, 0x29, 0xa5, 0x94, 0x52, 0x7a, 0xdb, 0xb1, 0xb4, 0x16, 0xb3, 0x00,
		0x28, 0x1c, 0x0c, 0x07, 0x03, 0x63, 0x22, 0x24, 0xc4, 0x07, 0x00, 0x04,
		0x80, 0xc0, 0x92, 0x0b, 0x99, 0x19, 0x97, 0x1b, 0x09, 0x86, 0x80, 0x30,
		0x1c, 0x0c, 0x93, 0xc1, 0x20, 0x41, 0x10, 0xc4, 0x22, 0x00, 0x0a, 0x30,
		0x00, 0x88, 0x60, 0x30, 0xc9, 0x78, 0x28, 0xc0, 0x00, 0x12, 0x00, 0x00,
		0x00, 0x34, 0x8b, 0x25, 0x43, 0xe4, 0xc5, 0x71, 0x38, 0x14, 0x0e, 0x05,
		0xc3, 0xa0, 0x20, 0x20, 0x58, 0x22, 0xc9, 0x40, 0x14, 0x07, 0x63, 0xa4,
		0x0e, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
		0x08, 0x00, 0x00, 0x00,
	},
	.text =
		"{\"chunk\":\"\",\"encoding\":\"kist.environment@1.0\",\"inline\":\"\",\"kind\":\"value\",\"record\":1,\"sha256\":\"\""
		",\"summary\":\"environment\"}\"encoding\":\"kist.source@1.0\",\"encoding\":\"kist.job@1.0\",\"kind\":\"value\""
		",\"record\":1,\"recipe\":\"\",\"summary\":\"finished job, 0 artifacts, 0 points of metrics\"}"
		"{\"encoding\":\"kist.tree@1.0\",\"entries\":,\"file\":{\"mode\":493,\"mtime_ns\":17},\"kind\":\"tree\",\"record\":1"
		",\"sha256\":\"\",\"size\":,\"summary\":\" entries\",\"tree_bytes\":}"
		"{\"encoding\":\"kist.csv@1.0\",\"file\":{\"mode\":420,\"mtime_ns\":179532,\"name\":\".csv\"},\"info\":{\"columns\":["
		"{\"max_len\":,\"min_len\":,\"name\":\"\",\"nulls\":0,\"type\":\"text\"},{\"max\":\"2026-12-31\",\"min\":\"2026-01-01\""
		",\"name\":\"date\",\"nulls\":0,\"type\":\"date\"},{\"histogram\":{\"counts\":[1,2,],\"of\":},\"max\":,\"mean\":"
		",\"median\":,\"min\":,\"name\":\"\",\"nulls\":0,\"q25\":,\"q75\":,\"scale\":2,\"std\":,\"type\":\"decimal\"},{\"histogram\":"
		"{\"counts\":[20,19,0,0],\"of\":},\"max\":,\"mean\":0,\"median\":0,\"min\":0,\"name\":\"id\",\"nulls\":0,\"q25\":,\"q75\":"
		",\"std\":0,\"type\":\"int64\"},\"type\":\"float64\"}],\"columns_total\":,\"csvw\":"
		"{\"@context\":\"http://www.w3.org/ns/csvw\",\"dialect\":{\"commentPrefix\":\"\",\"delimiter\":\",\""
		",\"doubleQuote\":true,\"encoding\":\"UTF-8\",\"header\":true,\"quoteChar\":\"\\\"\"},\"tableSchema\":{\"columns\":["
		"{\"datatype\":\"integer\",\"titles\":\"id\"},{\"datatype\":\"string\",\"titles\":\"\"},{\"datatype\":{\"base\":\"decimal\""
		",\"format\":\"0.00\"},\"titles\":\"\"},{\"datatype\":\"date\",\"titles\":\"\"},{\"datatype\":\"double\",\"titles\":\"\"}]}}"
		",\"dialect\":{\"bom\":false,\"delimiter\":\",\",\"header\":true,\"newline\":\"LF\",\"quote\":\"\\\"\"},\"format\":\"csv\""
		",\"kind\":\"table\",\"rows\":},\"kind\":\"table\",\"plugin\":{\"id\":\"kist.csv\",\"sha256\":\"\",\"version\":\"0.1.0\"}"
		",\"record\":1,\"sha256\":\"\",\"size\":,\"summary\":\" rows,  columns\"}"
		"{\"encoding\":\"kist.torch@1.0\",\"file\":{\"mode\":420,\"mtime_ns\":179532,\"name\":\".pt\"},\"info\":{\"bytes\":"
		",\"dtypes\":{\"float32\":},\"format\":\"pytorch\",\"kind\":\"model\",\"left_out\":0,\"metadata\":{\"pickle\":"
		"{\"known_globals\":[\"torch._utils _rebuild_tensor_v2\",\"torch FloatStorage\",\"collections OrderedDict\"]"
		",\"pickles\":1,\"protocol\":2,\"unknown_globals\":[],\"verdict\":\"clean_allowlist\"}},"
		"{\"encoding\":\"kist.npz@1.0\",\"info\":{\"bytes\":,\"format\":\"npz\",\"kind\":\"model\",\"left_out\":0,\"list\":["
		"{\"bytes\":,\"descr\":\"<f4\",\"dtype\":\"float32\",\"histogram\":{\"counts\":[0,0,0,1,1,1],\"of\":},"
		"{\"encoding\":\"kist.safetensors@1.0\",\"file\":{\"mode\":420,\"mtime_ns\":179532,\"name\":\".safetensors\"}"
		",\"info\":{\"bytes\":,\"dtypes\":{\"float16\":,\"bfloat16\":},\"format\":\"safetensors\",\"kind\":\"model\""
		",\"left_out\":0,\"list\":[{\"bytes\":,\"dtype\":\"bfloat16\",\"histogram\":{\"counts\":[1,0,1],\"of\":},\"inf\":0"
		",\"max\":,\"mean\":-0.00,\"min\":-,\"name\":\"model.layers.0.weight\",\"nan\":0,\"neg_inf\":0,\"negative\":"
		",\"offset\":,\"shape\":[],\"std\":0.,\"stored_as\":\"BF16\",\"zero\":0},{\"bytes\":,\"name\":\".bias\",\"shape\":[1]"
		",\"std\":0,\"stored_as\":\"F32\",\"zero\":0}],\"metadata\":{\"format\":\"pt\"},\"parameters\":,\"tensors\":}"
		",\"kind\":\"model\",\"plugin\":{\"id\":\"kist.model\",\"sha256\":\"\",\"version\":\"0.1.0\"},\"record\":1,\"sha256\":\"\""
		",\"size\":,\"summary\":\" tensors,  parameters\"}"
		"{\"encoding\":\"kist.bytes@1.0\",\"file\":{\"mode\":420,\"mtime_ns\":179532,\"name\":\".txt\"},\"kind\":\"bytes\""
		",\"record\":1,\"sha256\":\"\",\"size\":}"
		"{\"encoding\":\"kist.npy@1.0\",\"file\":{\"mode\":420,\"mtime_ns\":179532,\"name\":\".npy\"},\"info\":"
		"{\"byte_order\":\"little\",\"bytes\":,\"descr\":\"<f8\",\"dtype\":\"float64\",\"descr\":\"<i8\",\"dtype\":\"int64\""
		",\"descr\":\"<i4\",\"dtype\":\"int32\",\"descr\":\"|u1\",\"dtype\":\"uint8\",\"byte_order\":\"none\",\"heat\":{\"cells\":\"\""
		",\"columns\":,\"from\":,\"rows\":,\"to\":},\"info\":{\"byte_order\":\"little\",\"bytes\":,\"curve\":{\"from\":-0."
		",\"max\":\"\",\"mean\":\"\",\"min\":\"\",\"to\":},\"descr\":\"<f4\",\"dtype\":\"float32\",\"elements\":,\"first\":[0.,-0.]"
		",\"format\":\"npy 1.0\",\"histogram\":{\"counts\":[0,0,1,1,2,3],\"of\":},\"inf\":0,\"kind\":\"tensor\""
		",\"last\":[0.,-0.],\"max\":,\"mean\":0.0,\"min\":-,\"nan\":0,\"neg_inf\":0,\"negative\":,\"offset\":128,\"order\":\"C\""
		",\"shape\":[],\"std\":,\"zero\":0},\"kind\":\"tensor\",\"plugin\":{\"id\":\"kist.numpy\",\"sha256\":\"\""
		",\"version\":\"0.1.0\"},\"record\":1,\"sha256\":\"\",\"size\":,\"summary\":\"float32 []\"}",
	/* clang-format on */
};

_Static_assert(sizeof(bytes) == TABLES_SIZE + TEXT_SIZE, "nothing lies between them");

struct kist_view kist_dictionary_bytes(void)
{
	return kist_view_of(&bytes, sizeof(bytes));
}

void kist_dictionary_done(struct kist_dictionary *dictionary)
{
	ZSTD_freeCCtx(dictionary->compressor);
	kist_free(dictionary->coding_room);
	ZSTD_freeDDict(dictionary->decoding);
	*dictionary = (struct kist_dictionary){ .compressor = NULL };
}

/* In memory of our own: ZSTD_createCDict_advanced() of 1.5.4 crashes when there is none. */
static const ZSTD_CDict *make_coding(struct kist_dictionary *dictionary)
{
	ZSTD_compressionParameters how = ZSTD_getCParams(LEVEL, KIST_DICTIONARY_RAW_MAX, sizeof(bytes));
	size_t size;

	how.strategy = ZSTD_fast;
	how.targetLength = STEP;
	how.hashLog = HASH_LOG;
	size = ZSTD_estimateCDictSize_advanced(sizeof(bytes), how, ZSTD_dlm_byRef);
	if (!dictionary->coding_room)
		dictionary->coding_room = kist_alloc(1, size);
	if (!dictionary->coding_room)
		return NULL;
	return ZSTD_initStaticCDict(dictionary->coding_room, size, &bytes, sizeof(bytes), ZSTD_dlm_byRef,
				    ZSTD_dct_fullDict, how);
}

static bool set(ZSTD_CCtx *compressor, ZSTD_cParameter parameter, int value)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(compressor, parameter, value));
}

/* The frame need not say which dictionary it was made with: the record does. */
static ZSTD_CCtx *make_compressor(const ZSTD_CDict *coding)
{
	ZSTD_CCtx *const made = ZSTD_createCCtx();

	if (!made ||
	    (set(made, ZSTD_c_dictIDFlag, 0) && set(made, ZSTD_c_literalCompressionMode, ZSTD_ps_enable) &&
	     !ZSTD_isError(ZSTD_CCtx_refCDict(made, coding))))
		return made;
	ZSTD_freeCCtx(made);
	return NULL;
}

static bool start_compressor(struct kist_dictionary *dictionary)
{
	if (!dictionary->coding)
		dictionary->coding = make_coding(dictionary);
	if (dictionary->coding && !dictionary->compressor)
		dictionary->compressor = make_compressor(dictionary->coding);
	return dictionary->compressor != NULL;
}

kist_status kist_dictionary_encode(struct kist_dictionary *dictionary, struct kist_view raw, uint8_t *ret,
				   size_t room, size_t *ret_size, struct kist_error *err)
{
	size_t size;

	if (!start_compressor(dictionary))
		return kist_fail(err, KIST_NO_MEMORY, "out of memory: zstd cannot start");
	size = ZSTD_compress2(dictionary->compressor, ret, room, raw.data, raw.size);
	*ret_size = ZSTD_isError(size) ? 0 : size;
	if (!ZSTD_isError(size) || ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall)
		return KIST_OK;
	return kist_fail(
		err, ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation ? KIST_NO_MEMORY : KIST_INTERNAL,
		"zstd cannot compress: %s", ZSTD_getErrorName(size));
}

kist_status kist_dictionary_decoding(struct kist_dictionary *dictionary, const void **ret,
				     struct kist_error *err)
{
	if (!dictionary->decoding)
		dictionary->decoding = ZSTD_createDDict_byReference(&bytes, sizeof(bytes));
	*ret = dictionary->decoding;
	return *ret ? KIST_OK : kist_fail(err, KIST_NO_MEMORY, "out of memory: zstd cannot start");
}
