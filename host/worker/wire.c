/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/wire.h"

#include "base/le.h"
#include "base/mem.h"

void kist_header_write(const struct kist_header *header, uint8_t ret[static KIST_MESSAGE_HEADER_SIZE])
{
	kist_le_write32(ret, header->op);
	kist_le_write32(ret + 4, header->id);
	kist_le_write64(ret + 8, header->a);
	kist_le_write64(ret + 16, header->b);
	kist_le_write32(ret + 24, header->c);
	kist_le_write32(ret + 28, header->len);
}

bool kist_header_read(const uint8_t *data, size_t size, struct kist_header *ret)
{
	if (size < KIST_MESSAGE_HEADER_SIZE || size > KIST_MESSAGE_SIZE_MAX)
		return false;
	*ret = (struct kist_header){ .op = kist_le_read32(data),
				     .id = kist_le_read32(data + 4),
				     .a = kist_le_read64(data + 8),
				     .b = kist_le_read64(data + 16),
				     .c = kist_le_read32(data + 24),
				     .len = kist_le_read32(data + 28) };
	if ((ret->op & KIST_OP_IN_WINDOW) != 0)
		return size == KIST_MESSAGE_HEADER_SIZE && ret->len <= KIST_WINDOW_SIZE;
	return ret->len == size - KIST_MESSAGE_HEADER_SIZE;
}

static void put(struct kist_writer *writer, const void *data, size_t size)
{
	if (writer->status == KIST_OK)
		writer->status = kist_buf_append(&writer->buf, data, size, NULL);
}

void kist_writer_done(struct kist_writer *writer)
{
	kist_buf_done(&writer->buf);
}

void kist_put_u32(struct kist_writer *writer, uint32_t value)
{
	uint8_t bytes[4];

	kist_le_write32(bytes, value);
	put(writer, bytes, sizeof(bytes));
}

void kist_put_u64(struct kist_writer *writer, uint64_t value)
{
	uint8_t bytes[8];

	kist_le_write64(bytes, value);
	put(writer, bytes, sizeof(bytes));
}

void kist_put_text(struct kist_writer *writer, const char *text, size_t len)
{
	if (len >= KIST_WINDOW_SIZE) {
		writer->status = KIST_LIMIT;
		return;
	}
	kist_put_u32(writer, (uint32_t)len);
	put(writer, text, len);
	put(writer, "", 1);
}

void kist_put_raw(struct kist_writer *writer, struct kist_view bytes)
{
	put(writer, bytes.data, bytes.size);
}

void kist_put_bytes(struct kist_writer *writer, struct kist_view bytes)
{
	if (bytes.size > KIST_WINDOW_SIZE) {
		writer->status = KIST_LIMIT;
		return;
	}
	kist_put_u32(writer, (uint32_t)bytes.size);
	put(writer, bytes.data, bytes.size);
}

/* Bytes of a part's name that are sent: a longer one is cut before the character that does not fit. */
static size_t name_sent(const char *name)
{
	size_t len = strnlen(name, KIST_PART_NAME_SIZE);

	if (len < KIST_PART_NAME_SIZE)
		return len;
	len--;
	while (len > 0 && ((uint8_t)name[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void kist_put_part(struct kist_writer *writer, const struct kist_part *part)
{
	const char *name = part->name ? part->name : "";
	const uint8_t dtype[4] = { part->dtype.code, part->dtype.bits, (uint8_t)part->dtype.lanes,
				   (uint8_t)(part->dtype.lanes >> 8) };

	kist_put_u32(writer, part->flags);
	kist_put_u64(writer, part->offset);
	kist_put_u64(writer, part->len);
	put(writer, dtype, sizeof(dtype));
	kist_put_u32(writer, (uint32_t)part->ndim);
	for (int32_t i = 0; i < part->ndim; i++)
		kist_put_u64(writer, (uint64_t)part->shape[i]);
	kist_put_text(writer, name, name_sent(name));
}

static const uint8_t *take(struct kist_reader *reader, size_t size)
{
	const uint8_t *data = reader->rest.data;

	if (reader->bad || size > reader->rest.size) {
		reader->bad = true;
		return NULL;
	}
	reader->rest = kist_view_of(data + size, reader->rest.size - size);
	return data;
}

uint32_t kist_get_u32(struct kist_reader *reader)
{
	const uint8_t *data = take(reader, 4);

	return data ? kist_le_read32(data) : 0;
}

uint64_t kist_get_u64(struct kist_reader *reader)
{
	const uint8_t *data = take(reader, 8);

	return data ? kist_le_read64(data) : 0;
}

const char *kist_get_text(struct kist_reader *reader, size_t *ret_len)
{
	const size_t len = kist_get_u32(reader);
	const uint8_t *data = take(reader, len + 1);

	*ret_len = 0;
	if (!data)
		return "";
	if (data[len] != '\0' || memchr(data, '\0', len)) {
		reader->bad = true;
		return "";
	}
	*ret_len = len;
	return (const char *)data;
}

struct kist_view kist_get_bytes(struct kist_reader *reader)
{
	const size_t len = kist_get_u32(reader);
	const uint8_t *data = take(reader, len);

	return kist_view_of(data, data ? len : 0);
}

bool kist_reader_end(const struct kist_reader *reader)
{
	return !reader->bad && reader->rest.size == 0;
}

void kist_get_part(struct kist_reader *reader, struct kist_part *ret, struct kist_part_room *room)
{
	const uint8_t *dtype;
	uint32_t ndim;
	size_t len;

	*ret = (struct kist_part){ .struct_size = sizeof(*ret), .flags = kist_get_u32(reader) };
	ret->offset = kist_get_u64(reader);
	ret->len = kist_get_u64(reader);
	dtype = take(reader, 4);
	if (dtype)
		ret->dtype = (DLDataType){ dtype[0], dtype[1], (uint16_t)(dtype[2] | dtype[3] << 8) };
	ndim = kist_get_u32(reader);
	if (ndim > KIST_RANK_MAX) {
		reader->bad = true;
		ndim = 0;
	}
	for (uint32_t i = 0; i < ndim; i++)
		room->shape[i] = (int64_t)kist_get_u64(reader);
	ret->ndim = (int32_t)ndim;
	ret->shape = ndim > 0 ? room->shape : NULL;
	ret->name = kist_get_text(reader, &len);
	if (len >= KIST_PART_NAME_SIZE)
		reader->bad = true;
}

void kist_put_error(struct kist_writer *writer, const struct kist_error *error)
{
	kist_put_text(writer, error->code, strnlen(error->code, sizeof(error->code) - 1));
	kist_put_u64(writer, error->offset);
	kist_put_text(writer, error->text, strnlen(error->text, sizeof(error->text) - 1));
}

void kist_get_error(struct kist_reader *reader, kist_status status, struct kist_error *ret)
{
	size_t len;
	const char *code = kist_get_text(reader, &len);
	const uint64_t offset = kist_get_u64(reader);
	const char *text = kist_get_text(reader, &len);

	(void)kist_fail_text(ret, status, code, offset, text, len);
}

static void get_argument(struct kist_reader *reader, struct kist_param *ret)
{
	size_t len;

	*ret = (struct kist_param){ .struct_size = sizeof(*ret), .kind = kist_get_u32(reader) };
	ret->name = kist_get_text(reader, &len);
	if (ret->kind == KIST_PARAM_STRING) {
		ret->string = kist_get_text(reader, &ret->string_len);
	} else if (ret->kind == KIST_PARAM_NUMBER) {
		const uint64_t bits = kist_get_u64(reader);

		memcpy(&ret->number, &bits, sizeof(bits));
	} else {
		ret->integer = (int64_t)kist_get_u64(reader);
		reader->bad |= ret->kind != KIST_PARAM_BOOL && ret->kind != KIST_PARAM_INTEGER;
	}
}

kist_status kist_get_arguments(struct kist_reader *reader, struct kist_arguments *ret, struct kist_error *err)
{
	const uint32_t count = kist_get_u32(reader);

	if (count > KIST_ARGUMENTS_MAX)
		return kist_fail(err, KIST_LIMIT, "%u arguments: at most %u are allowed", count,
				 KIST_ARGUMENTS_MAX);
	ret->list = kist_alloc(count + 1, sizeof(*ret->list));
	ret->pointers = kist_alloc(count + 1, sizeof(*ret->pointers));
	if (!ret->list || !ret->pointers)
		return kist_fail_memory(err, count * sizeof(*ret->list));
	for (uint32_t i = 0; i < count; i++) {
		get_argument(reader, &ret->list[i]);
		ret->pointers[i] = &ret->list[i];
	}
	ret->params.count = count;
	ret->params.list = ret->pointers;
	ret->params.json = kist_get_text(reader, &ret->params.json_len);
	return KIST_OK;
}

void kist_arguments_done(struct kist_arguments *arguments)
{
	kist_free(kist_steal(arguments->list));
	kist_free(kist_steal(arguments->pointers));
	arguments->params = (struct kist_params){ .struct_size = sizeof(arguments->params) };
}
