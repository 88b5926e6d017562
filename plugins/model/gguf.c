/* SPDX-License-Identifier: Apache-2.0 */

/* GGUF: the infos of its tensors, checked, as an index. */
#include <stdlib.h>

#include "gguf.h"

#define INFO_SIZE_MIN 24 /* name of no byte, rank 0, type, offset */
#define PAIR_SIZE_MIN 14 /* key of one byte, a value of one */
#define SCORE_SURE    95

/* Kinds of elements.  A @block of elements takes @size bytes; 0: there is no such kind, or not any more. */
struct kind {
	const char *name;
	uint16_t block;
	uint16_t size;
	uint8_t code; /* DLPack, of those whose block is 1 */
};

#define BLOCKS(name, block, size)                                                                            \
	{                                                                                                    \
		name, block, size, kDLUInt                                                                   \
	}

static const struct kind kinds[] = {
	[0] = { "F32", 1, 4, kDLFloat },    [1] = { "F16", 1, 2, kDLFloat },
	[2] = BLOCKS("Q4_0", 32, 18),	    [3] = BLOCKS("Q4_1", 32, 20),
	[6] = BLOCKS("Q5_0", 32, 22),	    [7] = BLOCKS("Q5_1", 32, 24),
	[8] = BLOCKS("Q8_0", 32, 34),	    [9] = BLOCKS("Q8_1", 32, 36),
	[10] = BLOCKS("Q2_K", 256, 84),	    [11] = BLOCKS("Q3_K", 256, 110),
	[12] = BLOCKS("Q4_K", 256, 144),    [13] = BLOCKS("Q5_K", 256, 176),
	[14] = BLOCKS("Q6_K", 256, 210),    [15] = BLOCKS("Q8_K", 256, 292),
	[16] = BLOCKS("IQ2_XXS", 256, 66),  [17] = BLOCKS("IQ2_XS", 256, 74),
	[18] = BLOCKS("IQ3_XXS", 256, 98),  [19] = BLOCKS("IQ1_S", 256, 50),
	[20] = BLOCKS("IQ4_NL", 32, 18),    [21] = BLOCKS("IQ3_S", 256, 110),
	[22] = BLOCKS("IQ2_S", 256, 82),    [23] = BLOCKS("IQ4_XS", 256, 136),
	[24] = { "I8", 1, 1, kDLInt },	    [25] = { "I16", 1, 2, kDLInt },
	[26] = { "I32", 1, 4, kDLInt },	    [27] = { "I64", 1, 8, kDLInt },
	[28] = { "F64", 1, 8, kDLFloat },   [29] = BLOCKS("IQ1_M", 256, 56),
	[30] = { "BF16", 1, 2, kDLBfloat }, [34] = BLOCKS("TQ1_0", 256, 54),
	[35] = BLOCKS("TQ2_0", 256, 66),    [39] = BLOCKS("MXFP4", 32, 17),
	[40] = BLOCKS("NVFP4", 64, 36),	    [41] = BLOCKS("Q1_0", 128, 18),
	[42] = BLOCKS("Q2_0", 64, 18),
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* A file on its way.  Offsets of tensors count from where the data begins, which is known in the end. */
struct gguf {
	struct model_reader reader;
	struct model_index *index;
	uint64_t tensor_count;
	uint64_t pair_count;
	uint32_t alignment;
	uint64_t data_size; /* of the tensors so far, each padded */
	uint64_t data_end;  /* the last one's own end */
};

static kist_status take_count(struct model_reader *reader, const char *what, uint64_t size_min, uint64_t *ret)
{
	MODEL_TRY(model_reader_u64(reader, ret));
	if (*ret > model_reader_left(reader) / size_min)
		return model_reader_fault(
			reader, "E_TRUNCATED", reader->at - 8, "%llu %s do not fit in a file of %llu bytes",
			(unsigned long long)*ret, what, (unsigned long long)reader->source->size);
	return KIST_OK;
}

static kist_status take_head(struct gguf *gguf)
{
	struct model_reader *const reader = &gguf->reader;
	char magic[GGUF_MAGIC_SIZE] = { 0 };
	uint32_t version;

	if (reader->source->size >= sizeof(magic))
		MODEL_TRY(model_reader_bytes(reader, magic, sizeof(magic)));
	if (memcmp(magic, "GGUF", sizeof(magic)) != 0)
		return model_reader_fault(reader, "E_MAGIC", 0, "it does not begin with GGUF");
	MODEL_TRY(model_reader_u32(reader, &version));
	if (version > 0 && (version & 0xFFFF) == 0)
		return model_reader_fault(reader, "E_VERSION", 4,
					  "the version reads 0x%08x: the file is big-endian, and only "
					  "little-endian ones are read",
					  version);
	if (version < 2 || version > 3)
		return model_reader_fault(reader, "E_VERSION", 4, "version %u: 2 and 3 are read", version);
	MODEL_TRY(take_count(reader, "tensors", INFO_SIZE_MIN, &gguf->tensor_count));
	return take_count(reader, "pairs", PAIR_SIZE_MIN, &gguf->pair_count);
}

static kist_status take_name(struct model_reader *reader, char ret_name[static GGUF_NAME_SIZE_MAX + 1],
			     uint64_t *ret_len)
{
	const uint64_t at = reader->at;

	MODEL_TRY(gguf_take_length(reader, ret_len));
	if (*ret_len > GGUF_NAME_SIZE_MAX)
		return model_reader_fault(
			reader, "E_NAME", at, "a name of %llu bytes: at most %llu it can have",
			(unsigned long long)*ret_len, (unsigned long long)GGUF_NAME_SIZE_MAX);
	MODEL_TRY(model_reader_bytes(reader, ret_name, *ret_len));
	ret_name[*ret_len] = '\0';
	if (strlen(ret_name) != *ret_len || !model_is_utf8(ret_name, (size_t)*ret_len))
		return model_reader_fault(reader, "E_NAME", at, "a name is not UTF-8, or holds a NUL");
	return KIST_OK;
}

/* The fastest size comes first in the file, and last in a shape. */
static kist_status take_shape(struct model_reader *reader, const char *name, struct model_entry *entry,
			      int64_t shape[static GGUF_RANK_MAX])
{
	uint32_t ndim;
	uint64_t size;

	MODEL_TRY(model_reader_u32(reader, &ndim));
	if (ndim > GGUF_RANK_MAX)
		return model_reader_fault(reader, "E_SHAPE", reader->at - 4,
					  "tensor '%s' has the rank %u: at most %d it can have", name, ndim,
					  GGUF_RANK_MAX);
	for (uint32_t i = 0; i < ndim; i++) {
		MODEL_TRY(model_reader_u64(reader, &size));
		if (size > INT64_MAX)
			return model_reader_fault(reader, "E_SHAPE", reader->at - 8,
						  "tensor '%s': dimension %u is negative", name, i);
		shape[ndim - 1 - i] = (int64_t)size;
	}
	entry->ndim = (int32_t)ndim;
	entry->shape = shape;
	if (model_element_count(shape, entry->ndim) == UINT64_MAX)
		return model_reader_fault(reader, "E_OVERFLOW", reader->at,
					  "tensor '%s' has 2^63 elements or more", name);
	return KIST_OK;
}

/* Fills in what the elements are and how many bytes they take; blocks become bytes. */
static kist_status take_kind(struct model_reader *reader, struct model_entry *entry,
			     int64_t shape[static GGUF_RANK_MAX])
{
	const struct kind *kind;
	int64_t *fastest = &shape[entry->ndim > 0 ? entry->ndim - 1 : 0];
	uint64_t count;
	uint32_t type;

	MODEL_TRY(model_reader_u32(reader, &type));
	kind = &kinds[type < KIND_COUNT ? type : 0];
	if (type >= KIND_COUNT || kind->size == 0)
		return model_reader_fault(reader, "E_DTYPE", reader->at - 4, "tensor '%s': no type %u",
					  entry->name, type);
	if (kind->block > 1 && (entry->ndim == 0 || *fastest % kind->block != 0))
		return model_reader_fault(reader, "E_SHAPE", reader->at - 4,
					  "tensor '%s': rows of %s are multiples of %u elements", entry->name,
					  kind->name, kind->block);
	entry->stored_as = kind->name;
	entry->dtype = (DLDataType){ .code = kind->code, .bits = (uint8_t)(kind->size * 8), .lanes = 1 };
	if (kind->block > 1) {
		entry->dtype.bits = 8;
		/* No block has more bytes than elements times two. */
		if (*fastest > INT64_MAX / kind->size)
			return model_reader_fault(reader, "E_OVERFLOW", reader->at,
						  "tensor '%s' has 2^63 bytes or more", entry->name);
		entry->elements = model_element_count(shape, entry->ndim);
		*fastest = *fastest / kind->block * kind->size;
	}
	count = model_element_count(shape, entry->ndim);
	if (count == UINT64_MAX || count > INT64_MAX / (entry->dtype.bits / 8u))
		return model_reader_fault(reader, "E_OVERFLOW", reader->at,
					  "tensor '%s' has 2^63 bytes or more", entry->name);
	entry->len = count * (entry->dtype.bits / 8u);
	return KIST_OK;
}

static kist_status take_offset(struct gguf *gguf, struct model_entry *entry)
{
	struct model_reader *const reader = &gguf->reader;
	uint64_t padded;

	MODEL_TRY(model_reader_u64(reader, &entry->offset));
	if (entry->offset != gguf->data_size)
		return model_reader_fault(
			reader, "E_OFFSET", reader->at - 8,
			"tensor '%s' lies at %llu of the data: it has to follow the one before, at %llu",
			entry->name, (unsigned long long)entry->offset, (unsigned long long)gguf->data_size);
	if (__builtin_add_overflow(entry->len, gguf->alignment - 1, &padded) ||
	    __builtin_add_overflow(gguf->data_size, padded - padded % gguf->alignment, &padded) ||
	    padded > INT64_MAX)
		return model_reader_fault(reader, "E_OVERFLOW", reader->at,
					  "all tensors have 2^63 bytes or more");
	gguf->data_end = entry->offset + entry->len;
	gguf->data_size = padded;
	return KIST_OK;
}

static kist_status take_info(struct gguf *gguf)
{
	struct model_reader *const reader = &gguf->reader;
	char name[GGUF_NAME_SIZE_MAX + 1];
	int64_t shape[GGUF_RANK_MAX] = { 0 };
	struct model_entry entry = { .name = name };
	uint64_t len;

	MODEL_TRY(take_name(reader, name, &len));
	entry.name_len = (size_t)len;
	MODEL_TRY(take_shape(reader, name, &entry, shape));
	MODEL_TRY(take_kind(reader, &entry, shape));
	MODEL_TRY(take_offset(gguf, &entry));
	return model_index_add(reader->call, gguf->index, &entry);
}

static kist_status check_names(struct gguf *gguf)
{
	size_t twin = 0;
	bool any;

	MODEL_TRY(model_index_twin(gguf->reader.call, gguf->index, &any, &twin));
	if (any)
		return model_reader_fault(&gguf->reader, "E_DUPLICATE", gguf->reader.at,
					  "tensor '%s' is there twice", model_index_name(gguf->index, twin));
	return KIST_OK;
}

/* The data begins at the next multiple of the alignment; now the tensors' places in the file are known. */
static kist_status place(struct gguf *gguf)
{
	struct model_tensor *const tensors = gguf->index->tensors.items;
	const uint64_t begin = (gguf->reader.at + gguf->alignment - 1) / gguf->alignment * gguf->alignment;
	const uint64_t size = gguf->reader.source->size;

	if (gguf->data_end > 0 && (begin > size || gguf->data_end > size - begin))
		return model_reader_fault(
			&gguf->reader, "E_TRUNCATED", size, "the tensors end at %llu, and the file at %llu",
			(unsigned long long)(begin + gguf->data_end), (unsigned long long)size);
	/* What has no bytes may lie in the padding behind the end. */
	for (size_t i = 0; i < gguf->index->tensors.count; i++) {
		tensors[i].offset += begin;
		if (tensors[i].offset > size)
			tensors[i].offset = size;
	}
	return KIST_OK;
}

static kist_status read_all(struct gguf *gguf)
{
	MODEL_TRY(take_head(gguf));
	MODEL_TRY(gguf_take_pairs(&gguf->reader, gguf->pair_count, gguf->index, &gguf->alignment));
	for (uint64_t i = 0; i < gguf->tensor_count; i++)
		MODEL_TRY(take_info(gguf));
	MODEL_TRY(check_names(gguf));
	return place(gguf);
}

static kist_status gguf_read(struct kist_call *call, struct kist_source *source, struct model_index *index,
			     struct model_fault *fault)
{
	struct gguf *const gguf = malloc(sizeof(*gguf));
	kist_status status;

	if (!gguf)
		return model_no_memory(call);
	model_reader_init(&gguf->reader, call, source, fault);
	gguf->index = index;
	gguf->data_size = 0;
	gguf->data_end = 0;
	status = read_all(gguf);
	free(gguf);
	return status;
}

const struct model_format gguf_format = {
	.type = "kist.gguf", .name = "gguf", .major = 1, .minor = 0, .read = gguf_read
};

kist_status gguf_open(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = (void *)(uintptr_t)&gguf_format;
	return KIST_OK;
}

kist_status gguf_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	(void)total_size;
	*ret_score = len >= GGUF_MAGIC_SIZE && memcmp(head, "GGUF", GGUF_MAGIC_SIZE) == 0 ? SCORE_SURE : 0;
	return KIST_OK;
}
