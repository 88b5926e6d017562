/* SPDX-License-Identifier: Apache-2.0 */

/* Zip files: what lies where, told twice and compared. */
#include <stdlib.h>

#include "zip.h"

#define END_SIZE	22
#define END64_SIZE	56
#define LOCATOR_SIZE	20
#define CENTRAL_SIZE	46
#define LOCAL_SIZE	30
#define COMMENT_MAX	65535
#define END_MAGIC	0x06054b50u
#define END64_MAGIC	0x06064b50u
#define LOCATOR_MAGIC	0x07064b50u
#define CENTRAL_MAGIC	0x02014b50u
#define LOCAL_MAGIC	0x04034b50u
#define EXTRA_ZIP64	1
#define FLAG_ENCRYPTED	0x2041 /* also strong encryption, and a masked directory */
#define FLAG_SIZES_LAST 0x8    /* the local header does not know the sizes yet */
/* What then tells them behind the bytes: perhaps a magic, the CRC-32, two sizes of 4 or 8 bytes. */
#define DESCRIPTOR_SIZE_MAX 24

struct zip_reading {
	struct model_reader reader;
	struct zip *zip;
	uint64_t count;
	uint64_t directory_size;
	uint64_t end_at; /* of the directory's end records */
};

/* The fields of a header that both places tell. */
struct header {
	uint16_t flags;
	uint16_t method;
	uint32_t crc;
	uint64_t stored_size;
	uint64_t size;
	uint64_t local_at;
	uint16_t name_len;
	uint16_t extra_len;
	uint16_t comment_len;
	uint16_t disk;
};

static uint32_t le16(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t le32(const uint8_t *at)
{
	return le16(at) | le16(at + 2) << 16;
}

static uint64_t le64(const uint8_t *at)
{
	return le32(at) | (uint64_t)le32(at + 4) << 32;
}

void zip_done(struct zip *zip)
{
	free(zip->entries.items);
	free(zip->names.items);
	free(zip->by_name);
	*zip = (struct zip){ .directory_at = 0 };
}

const struct zip_entry *zip_at(const struct zip *zip, size_t i)
{
	return (const struct zip_entry *)zip->entries.items + i;
}

const char *zip_name(const struct zip *zip, size_t i)
{
	return (const char *)zip->names.items + zip_at(zip, i)->name;
}

const struct zip_entry *zip_find(const struct zip *zip, const char *name)
{
	size_t low = 0;
	size_t high = zip->entries.count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int side = strcmp(zip_name(zip, zip->by_name[middle]), name);

		if (side == 0)
			return zip_at(zip, zip->by_name[middle]);
		if (side < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

size_t zip_first_name(const void *head, size_t len, const char **ret_name)
{
	const uint8_t *const bytes = head;
	size_t name_len;

	*ret_name = "";
	if (len < LOCAL_SIZE || le32(bytes) != LOCAL_MAGIC)
		return 0;
	name_len = le16(bytes + 26);
	if (name_len > len - LOCAL_SIZE)
		return 0;
	*ret_name = (const char *)bytes + LOCAL_SIZE;
	return name_len;
}

/* The end record is the last thing in the file, with a comment of just the length that it tells. */
static kist_status find_end(struct zip_reading *reading, uint8_t ret[static END_SIZE])
{
	struct model_reader *const reader = &reading->reader;
	const uint64_t size = reader->source->size;
	const size_t len = size < END_SIZE + COMMENT_MAX ? (size_t)size : END_SIZE + COMMENT_MAX;
	uint8_t *const tail = malloc(len + 1);
	kist_status status;
	size_t at = len;

	if (!tail)
		return model_no_memory(reader->call);
	status = kist_read_exact(reader->call, reader->source, size - len, tail, len);
	for (at = len >= END_SIZE ? len - END_SIZE + 1 : 0; status == KIST_OK && at > 0; at--) {
		if (le32(tail + at - 1) == END_MAGIC && le16(tail + at - 1 + 20) == len - (at - 1) - END_SIZE)
			break;
	}
	if (status == KIST_OK && at > 0) {
		memcpy(ret, tail + at - 1, END_SIZE);
		reading->end_at = size - len + at - 1;
	}
	free(tail);
	if (status == KIST_OK && at == 0)
		return model_reader_fault(reader, "E_ZIP", size, "no end of a zip's directory");
	return status;
}

static kist_status several_disks(struct zip_reading *reading)
{
	return model_reader_fault(&reading->reader, "E_ZIP", reading->end_at, "it is one of several disks");
}

/* What does not fit the end record stands in one of 64 bits before it, which a locator before it finds. */
static kist_status take_end64(struct zip_reading *reading, bool *ret_any)
{
	struct model_reader *const reader = &reading->reader;
	uint8_t locator[LOCATOR_SIZE];
	uint8_t end[END64_SIZE];
	uint64_t at;

	*ret_any = false;
	if (reading->end_at < LOCATOR_SIZE)
		return KIST_OK;
	MODEL_TRY(kist_read_exact(reader->call, reader->source, reading->end_at - LOCATOR_SIZE, locator,
				  sizeof(locator)));
	if (le32(locator) != LOCATOR_MAGIC)
		return KIST_OK;
	at = le64(locator + 8);
	if (le32(locator + 4) != 0 || le32(locator + 16) > 1)
		return several_disks(reading);
	if (reading->end_at - LOCATOR_SIZE < END64_SIZE || at > reading->end_at - LOCATOR_SIZE - END64_SIZE)
		return model_reader_fault(reader, "E_ZIP", reading->end_at, "its ZIP64 end lies outside");
	MODEL_TRY(kist_read_exact(reader->call, reader->source, at, end, sizeof(end)));
	if (le32(end) != END64_MAGIC || le64(end + 4) != reading->end_at - LOCATOR_SIZE - at - 12)
		return model_reader_fault(reader, "E_ZIP", at, "no ZIP64 end where it should be");
	if (le32(end + 16) != 0 || le32(end + 20) != 0 || le64(end + 24) != le64(end + 32))
		return several_disks(reading);
	reading->count = le64(end + 32);
	reading->directory_size = le64(end + 40);
	reading->zip->directory_at = le64(end + 48);
	reading->end_at = at;
	*ret_any = true;
	return KIST_OK;
}

static kist_status take_end(struct zip_reading *reading)
{
	struct model_reader *const reader = &reading->reader;
	struct zip *const zip = reading->zip;
	uint8_t end[END_SIZE] = { 0 };
	bool any;

	MODEL_TRY(find_end(reading, end));
	MODEL_TRY(take_end64(reading, &any));
	if (le16(end + 4) != 0 || le16(end + 6) != 0 || le16(end + 8) != le16(end + 10))
		return several_disks(reading);
	if (!any) {
		reading->count = le16(end + 10);
		reading->directory_size = le32(end + 12);
		zip->directory_at = le32(end + 16);
	} else if ((le16(end + 10) != 0xFFFF && le16(end + 10) != reading->count) ||
		   (le32(end + 12) != 0xFFFFFFFF && le32(end + 12) != reading->directory_size) ||
		   (le32(end + 16) != 0xFFFFFFFF && le32(end + 16) != zip->directory_at)) {
		return model_reader_fault(reader, "E_ZIP", reading->end_at, "its two ends do not agree");
	}
	if (zip->directory_at > reading->end_at ||
	    reading->directory_size != reading->end_at - zip->directory_at)
		return model_reader_fault(reader, "E_ZIP", reading->end_at,
					  "the directory does not end where its end begins");
	if (reading->count > reading->directory_size / CENTRAL_SIZE)
		return model_reader_fault(reader, "E_ZIP", reading->end_at,
					  "%llu entries do not fit in the directory",
					  (unsigned long long)reading->count);
	if (reading->count > ZIP_ENTRIES_MAX)
		return model_fault_set(reader->fault, KIST_LIMIT, "E_LIMIT", reading->end_at,
				       "more than %llu entries", (unsigned long long)ZIP_ENTRIES_MAX);
	return KIST_OK;
}

/* Replaces by those of 64 bits the numbers that are all ones, in the order in which they are told. */
static kist_status take_extra(struct zip_reading *reading, uint16_t len, uint64_t *const *numbers,
			      size_t count)
{
	struct model_reader *const reader = &reading->reader;
	const uint64_t begin = reader->at;
	size_t next = 0;

	if (len > model_reader_left(reader))
		return model_reader_fault(reader, "E_ZIP", begin, "an extra field is cut off");
	while (reader->at - begin + 4 <= len) {
		uint16_t id;
		uint16_t size;
		uint64_t end;

		MODEL_TRY(model_reader_u16(reader, &id));
		MODEL_TRY(model_reader_u16(reader, &size));
		end = reader->at + size;
		if (end - begin > len)
			return model_reader_fault(reader, "E_ZIP", reader->at, "an extra field is cut off");
		while (id == EXTRA_ZIP64 && next < count && end - reader->at >= 8)
			MODEL_TRY(model_reader_u64(reader, numbers[next++]));
		if (id == EXTRA_ZIP64 && next < count)
			return model_reader_fault(reader, "E_ZIP", reader->at, "a ZIP64 field is too short");
		reader->at = end;
	}
	reader->at = begin + len;
	if (next < count)
		return model_reader_fault(reader, "E_ZIP", begin, "a ZIP64 field is missing");
	return KIST_OK;
}

static kist_status take_central(struct zip_reading *reading, struct header *header)
{
	struct model_reader *const reader = &reading->reader;
	uint8_t bytes[CENTRAL_SIZE];

	MODEL_TRY(model_reader_bytes(reader, bytes, sizeof(bytes)));
	if (le32(bytes) != CENTRAL_MAGIC)
		return model_reader_fault(reader, "E_ZIP", reader->at - CENTRAL_SIZE,
					  "no entry where the directory should have one");
	*header = (struct header){ .flags = (uint16_t)le16(bytes + 8),
				   .method = (uint16_t)le16(bytes + 10),
				   .crc = le32(bytes + 16),
				   .stored_size = le32(bytes + 20),
				   .size = le32(bytes + 24),
				   .name_len = (uint16_t)le16(bytes + 28),
				   .extra_len = (uint16_t)le16(bytes + 30),
				   .comment_len = (uint16_t)le16(bytes + 32),
				   .disk = (uint16_t)le16(bytes + 34),
				   .local_at = le32(bytes + 42) };
	return KIST_OK;
}

bool zip_is_sound_name(const char *name, size_t len)
{
	const char *part = name;

	if (len == 0 || memchr(name, '\0', len) || memchr(name, '\\', len) || name[0] == '/' ||
	    (len > 1 && name[1] == ':') || !model_is_utf8(name, len))
		return false;
	while (part) {
		const char *const slash = strchr(part, '/');
		const size_t part_len = slash ? (size_t)(slash - part) : strlen(part);

		if ((part_len == 2 && memcmp(part, "..", 2) == 0) || (part_len == 1 && part[0] == '.') ||
		    (part_len == 0 && slash))
			return false;
		part = slash ? slash + 1 : NULL;
	}
	return true;
}

static kist_status take_name(struct zip_reading *reading, const struct header *header, size_t *ret)
{
	struct model_reader *const reader = &reading->reader;
	const uint64_t at = reader->at;
	char *name;

	*ret = reading->zip->names.count;
	MODEL_TRY(
		model_array_add(reader->call, &reading->zip->names, 1, (size_t)header->name_len + 1, &name));
	MODEL_TRY(model_reader_bytes(reader, name, header->name_len));
	name[header->name_len] = '\0';
	if (!zip_is_sound_name(name, header->name_len))
		return model_reader_fault(
			reader, "E_PATH", at,
			"the name of an entry is absolute, leaves its folder, or is no text");
	return KIST_OK;
}

static kist_status check_central(struct zip_reading *reading, const struct header *header, uint64_t at)
{
	struct model_reader *const reader = &reading->reader;

	if (header->disk != 0)
		return several_disks(reading);
	if ((header->flags & FLAG_ENCRYPTED) != 0)
		return model_reader_fault(reader, "E_ZIP", at, "an entry is encrypted");
	if (header->method != ZIP_STORED && header->method != ZIP_DEFLATED)
		return model_reader_fault(reader, "E_ZIP", at,
					  "an entry is compressed by method %u: 0 and 8 are read",
					  header->method);
	if (header->local_at >= reading->zip->directory_at)
		return model_reader_fault(reader, "E_ZIP", at, "an entry lies behind the directory");
	if (header->method == ZIP_STORED && header->size != header->stored_size)
		return model_reader_fault(reader, "E_ZIP", at, "a stored entry has two sizes");
	if (header->size / ZIP_RATIO_MAX > header->stored_size)
		return model_reader_fault(reader, "E_BOMB", at,
					  "an entry of %llu bytes would be %llu: nothing deflates so well",
					  (unsigned long long)header->stored_size,
					  (unsigned long long)header->size);
	return KIST_OK;
}

static kist_status take_entry(struct zip_reading *reading)
{
	struct model_reader *const reader = &reading->reader;
	const uint64_t at = reader->at;
	struct zip_entry *entry;
	struct header header;
	uint64_t *numbers[3];
	size_t count = 0;
	size_t name;

	MODEL_TRY(take_central(reading, &header));
	MODEL_TRY(take_name(reading, &header, &name));
	if (header.size == 0xFFFFFFFF)
		numbers[count++] = &header.size;
	if (header.stored_size == 0xFFFFFFFF)
		numbers[count++] = &header.stored_size;
	if (header.local_at == 0xFFFFFFFF)
		numbers[count++] = &header.local_at;
	MODEL_TRY(take_extra(reading, header.extra_len, numbers, count));
	MODEL_TRY(model_reader_bytes(reader, NULL, header.comment_len));
	MODEL_TRY(check_central(reading, &header, at));
	MODEL_TRY(model_array_add(reader->call, &reading->zip->entries, sizeof(*entry), 1, &entry));
	*entry = (struct zip_entry){ .header_at = header.local_at,
				     .stored_size = header.stored_size,
				     .size = header.size,
				     .name = name,
				     .crc = header.crc,
				     .method = header.method,
				     .flags = header.flags };
	return KIST_OK;
}

static kist_status take_local(struct zip_reading *reading, struct header *header)
{
	struct model_reader *const reader = &reading->reader;
	uint8_t bytes[LOCAL_SIZE];

	MODEL_TRY(model_reader_bytes(reader, bytes, sizeof(bytes)));
	if (le32(bytes) != LOCAL_MAGIC)
		return model_reader_fault(reader, "E_ZIP", reader->at - LOCAL_SIZE,
					  "no entry where the directory says one");
	*header = (struct header){ .flags = (uint16_t)le16(bytes + 6),
				   .method = (uint16_t)le16(bytes + 8),
				   .crc = le32(bytes + 14),
				   .stored_size = le32(bytes + 18),
				   .size = le32(bytes + 22),
				   .name_len = (uint16_t)le16(bytes + 26),
				   .extra_len = (uint16_t)le16(bytes + 28) };
	return KIST_OK;
}

static bool is_told_alike(const struct header *local, const struct zip_entry *entry)
{
	if (local->method != entry->method ||
	    ((local->flags ^ entry->flags) & (FLAG_ENCRYPTED | FLAG_SIZES_LAST)))
		return false;
	/* Sizes that come last may be left out here, or be told here too. */
	if ((local->flags & FLAG_SIZES_LAST) && local->crc == 0)
		return true;
	return local->crc == entry->crc && local->size == entry->size &&
	       local->stored_size == entry->stored_size;
}

static kist_status check_local(struct zip_reading *reading, size_t i)
{
	struct model_reader *const reader = &reading->reader;
	struct zip_entry *const entry = (struct zip_entry *)reading->zip->entries.items + i;
	const char *const name = zip_name(reading->zip, i);
	struct header header;
	uint64_t *numbers[2];
	char local_name[65536];
	size_t count = 0;

	reader->at = entry->header_at;
	MODEL_TRY(take_local(reading, &header));
	MODEL_TRY(model_reader_bytes(reader, local_name, header.name_len));
	if (strlen(name) != header.name_len || memcmp(name, local_name, header.name_len) != 0)
		return model_reader_fault(reader, "E_ZIP", entry->header_at,
					  "entry '%.100s' has another name where it lies", name);
	if (header.size == 0xFFFFFFFF)
		numbers[count++] = &header.size;
	if (header.stored_size == 0xFFFFFFFF)
		numbers[count++] = &header.stored_size;
	MODEL_TRY(take_extra(reading, header.extra_len, numbers, count));
	if (!is_told_alike(&header, entry))
		return model_reader_fault(
			reader, "E_ZIP", entry->header_at,
			"entry '%.100s' is told otherwise by the directory and where it lies", name);
	entry->data_at = reader->at;
	if (entry->stored_size > reading->zip->directory_at - entry->data_at)
		return model_reader_fault(reader, "E_ZIP", entry->header_at,
					  "entry '%.100s' reaches into the directory", name);
	return KIST_OK;
}

static int compare_places(const void *context, uint32_t a, uint32_t b)
{
	const uint64_t left = zip_at(context, a)->header_at;
	const uint64_t right = zip_at(context, b)->header_at;

	return (left > right) - (left < right);
}

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
	return strcmp(zip_name(context, a), zip_name(context, b));
}

static uint64_t end_of(const struct zip_entry *entry)
{
	return entry->data_at + entry->stored_size;
}

/* @order: by place; left by name. */
static kist_status check_order(struct zip_reading *reading, uint32_t *order)
{
	const struct zip *const zip = reading->zip;
	const size_t count = zip->entries.count;

	for (size_t i = 1; i < count; i++) {
		if (zip_at(zip, order[i])->header_at < end_of(zip_at(zip, order[i - 1])))
			return model_reader_fault(&reading->reader, "E_ZIP", zip_at(zip, order[i])->header_at,
						  "entry '%.100s' lies over the one before it",
						  zip_name(zip, order[i]));
	}
	for (size_t i = 0; i < count; i++) {
		const struct zip_entry *const entry = zip_at(zip, order[i]);
		const uint64_t next =
			i + 1 < count ? zip_at(zip, order[i + 1])->header_at : zip->directory_at;

		if (next - end_of(entry) > (entry->flags & FLAG_SIZES_LAST ? DESCRIPTOR_SIZE_MAX : 0))
			return model_reader_fault(&reading->reader, "E_ZIP", end_of(entry),
						  "behind entry '%.100s' are bytes that belong to none",
						  zip_name(zip, order[i]));
	}
	if ((count > 0 ? zip_at(zip, order[0])->header_at : zip->directory_at) != 0)
		return model_reader_fault(&reading->reader, "E_ZIP", 0,
					  "something else stands before the first entry");
	MODEL_TRY(model_sort(reading->reader.call, order, count, compare_names, zip));
	for (size_t i = 1; i < count; i++) {
		if (compare_names(zip, order[i - 1], order[i]) == 0)
			return model_reader_fault(&reading->reader, "E_DUPLICATE",
						  zip_at(zip, order[i])->header_at,
						  "entry '%.100s' is there twice", zip_name(zip, order[i]));
	}
	return KIST_OK;
}

static kist_status check_places(struct zip_reading *reading)
{
	struct zip *const zip = reading->zip;

	MODEL_TRY(model_order(reading->reader.call, zip->entries.count, compare_places, zip, &zip->by_name));
	return check_order(reading, zip->by_name);
}

static kist_status read_all(struct zip_reading *reading)
{
	struct model_reader *const reader = &reading->reader;
	struct zip *const zip = reading->zip;

	MODEL_TRY(take_end(reading));
	reader->at = zip->directory_at;
	reader->end = reading->end_at;
	for (uint64_t i = 0; i < reading->count; i++)
		MODEL_TRY(take_entry(reading));
	if (reader->at != reader->end)
		return model_reader_fault(reader, "E_ZIP", reader->at,
					  "the directory goes on behind its entries");
	reader->end = zip->directory_at;
	for (size_t i = 0; i < zip->entries.count; i++)
		MODEL_TRY(check_local(reading, i));
	return check_places(reading);
}

kist_status zip_read(struct kist_call *call, struct kist_source *source, struct zip *zip,
		     struct model_fault *fault)
{
	struct zip_reading *const reading = malloc(sizeof(*reading));
	kist_status status;

	if (!reading)
		return model_no_memory(call);
	model_reader_init(&reading->reader, call, source, fault);
	reading->zip = zip;
	status = read_all(reading);
	free(reading);
	return status;
}
