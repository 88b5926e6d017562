/* SPDX-License-Identifier: Apache-2.0 */
#include "hdf5.h"

#include <stdlib.h>

#define VERSION_MAX	 3
#define SUPERBLOCK_FIRST ((uint64_t)512) /* where it may lie, and then at twice that, and so on */
#define HEAD_SIZE	 9
#define NEW_SIZE(width)	 (12 + 4 * (width) + 4)
#define NEW_SIZE_MAX	 48
#define SCORE_SURE	 95

const uint8_t hdf5_magic[HDF5_MAGIC_SIZE] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

/* @at: Where it lies, and so how long the user's block before it is. */
struct superblock {
	uint64_t at;
	uint8_t version;
	uint8_t offset_size;
	uint8_t length_size;
	uint64_t flags;
	uint64_t base;
	uint64_t end;
};

static kist_status fault(const struct model_reader *reader, const char *code, uint64_t at, const char *what)
{
	return model_fault_set(reader->fault, KIST_CORRUPT, code, at, "%s", what);
}

/* The first of the places where there is a signature. */
static kist_status find(struct model_reader *reader, struct superblock *block)
{
	uint8_t bytes[HDF5_MAGIC_SIZE];

	for (uint64_t at = 0; at < reader->end && reader->end - at >= HEAD_SIZE;
	     at = at == 0 ? SUPERBLOCK_FIRST : at * 2) {
		reader->at = at;
		MODEL_TRY(model_reader_bytes(reader, bytes, sizeof(bytes)));
		if (memcmp(bytes, hdf5_magic, sizeof(bytes)) == 0) {
			block->at = at;
			return KIST_OK;
		}
		if (at > UINT64_MAX / 2)
			break;
	}
	return fault(reader, "E_MAGIC", 0, "it has no signature of HDF5");
}

static kist_status take_number(struct model_reader *reader, unsigned size, uint64_t *ret)
{
	uint8_t bytes[8];

	MODEL_TRY(model_reader_bytes(reader, bytes, size));
	*ret = 0;
	for (unsigned i = size; i > 0; i--)
		*ret = *ret << 8 | bytes[i - 1];
	return KIST_OK;
}

static kist_status check_sizes(const struct model_reader *reader, const struct superblock *block)
{
	const uint8_t sizes[] = { block->offset_size, block->length_size };

	for (size_t i = 0; i < sizeof(sizes); i++) {
		if (sizes[i] != 2 && sizes[i] != 4 && sizes[i] != 8)
			return fault(reader, "E_HEADER_SYNTAX", block->at,
				     "its addresses are of 2, 4 or 8 bytes, and say that they are of others");
	}
	return KIST_OK;
}

/* version | three other versions, one of them reserved | sizes | three numbers | base, free, end, driver */
static kist_status take_old(struct model_reader *reader, struct superblock *block)
{
	uint64_t skipped;

	MODEL_TRY(model_reader_bytes(reader, NULL, 4));
	MODEL_TRY(model_reader_u8(reader, &block->offset_size));
	MODEL_TRY(model_reader_u8(reader, &block->length_size));
	MODEL_TRY(check_sizes(reader, block));
	MODEL_TRY(model_reader_bytes(reader, NULL, 5));
	MODEL_TRY(take_number(reader, 4, &block->flags));
	if (block->version == 1)
		MODEL_TRY(take_number(reader, 4, &skipped));
	MODEL_TRY(take_number(reader, block->offset_size, &block->base));
	MODEL_TRY(take_number(reader, block->offset_size, &skipped));
	return take_number(reader, block->offset_size, &block->end);
}

static uint32_t rotate(uint32_t number, unsigned by)
{
	return number << by | number >> (32 - by);
}

static uint32_t word_at(const uint8_t *bytes, size_t at, size_t size)
{
	uint32_t word = 0;

	for (size_t i = 0; i < 4 && at + i < size; i++)
		word |= (uint32_t)bytes[at + i] << 8 * i;
	return word;
}

/* Jenkins' lookup3 with the seed 0, as HDF5 sums its metadata. */
static uint32_t sum_of(const uint8_t *bytes, size_t size)
{
	uint32_t a = 0xdeadbeef + (uint32_t)size;
	uint32_t b = a;
	uint32_t c = a;
	size_t at = 0;

	for (; size - at > 12; at += 12) {
		a += word_at(bytes, at, size);
		b += word_at(bytes, at + 4, size);
		c += word_at(bytes, at + 8, size);
		a = (a - c) ^ rotate(c, 4);
		c += b;
		b = (b - a) ^ rotate(a, 6);
		a += c;
		c = (c - b) ^ rotate(b, 8);
		b += a;
		a = (a - c) ^ rotate(c, 16);
		c += b;
		b = (b - a) ^ rotate(a, 19);
		a += c;
		c = (c - b) ^ rotate(b, 4);
		b += a;
	}
	a += word_at(bytes, at, size);
	b += word_at(bytes, at + 4, size);
	c += word_at(bytes, at + 8, size);
	c = (c ^ b) - rotate(b, 14);
	a = (a ^ c) - rotate(c, 11);
	b = (b ^ a) - rotate(a, 25);
	c = (c ^ b) - rotate(b, 16);
	a = (a ^ c) - rotate(c, 4);
	b = (b ^ a) - rotate(a, 14);
	return (c ^ b) - rotate(b, 24);
}

/* version | sizes | flags | base, extension, end, root | sum of all that */
static kist_status take_new(struct model_reader *reader, struct superblock *block)
{
	uint8_t bytes[NEW_SIZE_MAX];
	uint64_t skipped;
	uint64_t sum;
	size_t size;

	MODEL_TRY(model_reader_u8(reader, &block->offset_size));
	MODEL_TRY(model_reader_u8(reader, &block->length_size));
	MODEL_TRY(check_sizes(reader, block));
	MODEL_TRY(take_number(reader, 1, &block->flags));
	MODEL_TRY(take_number(reader, block->offset_size, &block->base));
	MODEL_TRY(take_number(reader, block->offset_size, &skipped));
	MODEL_TRY(take_number(reader, block->offset_size, &block->end));
	MODEL_TRY(take_number(reader, block->offset_size, &skipped));
	MODEL_TRY(take_number(reader, 4, &sum));
	size = NEW_SIZE((size_t)block->offset_size) - 4;
	reader->at = block->at;
	MODEL_TRY(model_reader_bytes(reader, bytes, size));
	return sum == sum_of(bytes, size)
		       ? KIST_OK
		       : fault(reader, "E_CRC", block->at, "the superblock is not what its check sum says");
}

static kist_status take(struct model_reader *reader, struct superblock *block)
{
	MODEL_TRY(find(reader, block));
	MODEL_TRY(model_reader_u8(reader, &block->version));
	if (block->version > VERSION_MAX)
		return model_fault_set(reader->fault, KIST_UNSUPPORTED, "E_VERSION", block->at + 8,
				       "a superblock of version %u: 0 to %d are known", block->version,
				       VERSION_MAX);
	MODEL_TRY(block->version < 2 ? take_old(reader, block) : take_new(reader, block));
	/* Addresses count from the base, which is where the superblock lies. */
	if (block->base != block->at)
		return fault(reader, "E_OFFSET", block->at, "its base is not where it begins");
	if (block->end > reader->end)
		return fault(reader, "E_TRUNCATED", reader->end, "the file ends before its data does");
	return KIST_OK;
}

static void put_field(struct model_out *out, const char *name, uint64_t number)
{
	model_out_text(out, name);
	model_out_number(out, number);
}

kist_status hdf5_look(const struct kept *kept)
{
	struct model_reader *const reader = malloc(sizeof(*reader));
	struct superblock block = { .at = 0 };
	kist_status status;

	if (!reader)
		return model_no_memory(kept->call);
	model_reader_init(reader, kept->call, kept->source, kept->fault);
	status = take(reader, &block);
	free(reader);
	MODEL_TRY(status);
	put_field(kept->out, ",\"superblock\":{\"version\":", block.version);
	put_field(kept->out, ",\"user_block\":", block.at);
	put_field(kept->out, ",\"offset_size\":", block.offset_size);
	put_field(kept->out, ",\"length_size\":", block.length_size);
	put_field(kept->out, ",\"flags\":", block.flags);
	put_field(kept->out, ",\"end\":", block.end);
	put_field(kept->out, ",\"bytes_behind\":", kept->source->size - block.end);
	model_out_text(kept->out, "}");
	return KIST_OK;
}

static const struct kept_format format = { .type = "kist.hdf5", .name = "hdf5", .look = hdf5_look };

kist_status hdf5_open(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = (void *)(uintptr_t)&format;
	return KIST_OK;
}

kist_status hdf5_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	const uint8_t *const bytes = head;

	(void)total_size;
	*ret_score = 0;
	for (uint64_t at = 0; at < len && len - at >= HDF5_MAGIC_SIZE && *ret_score == 0;
	     at = at == 0 ? SUPERBLOCK_FIRST : at * 2) {
		if (memcmp(bytes + at, hdf5_magic, HDF5_MAGIC_SIZE) == 0)
			*ret_score = SCORE_SURE;
	}
	return KIST_OK;
}
