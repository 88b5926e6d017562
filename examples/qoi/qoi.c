/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.example.qoi: images of the "Quite OK Image Format", version 1.0 (qoiformat.org), as arrays of uint8: height by
 * width by 3 (RGB) or 4 (RGBA) channels.
 *
 *     0    4   "qoif"
 *     4    4   width, big-endian
 *     8    4   height, big-endian
 *     12   1   channels: 3 or 4
 *     13   1   colour space: 0 sRGB with linear alpha, 1 all linear
 *     14       chunks, each of one or more pixels; then seven zeros and a one
 *
 *     0xfe r g b           a pixel           0xff r g b a       a pixel with its alpha
 *     00iiiiii             one of the 64 that were seen last, at its place
 *     01rrggbb             the pixel before, each channel -2 to 1 more
 *     10gggggg rrrrbbbb    green -32 to 31 more, red and blue -8 to 7 more than green is
 *     11nnnnnn             the pixel before, n + 1 times (to 62)
 *
 * Every input is hostile: each number is checked before it is used, and no byte is read or written without room for it.
 */
#include <kist/helpers.h>
#include <kist/tensor.h>

KIST_NOTE("org.example.qoi", 0);

#define MAGIC	    "qoif"
#define HEAD_SIZE   14
#define END_SIZE    8
#define PIXELS_MAX  ((uint64_t)400000000) /* as the format advises */
#define SEEN_COUNT  64
#define RUN_MAX	    62
/* Pixels between two looks at whether the call was cancelled. */
#define POLL_PIXELS ((uint64_t)65536)
#define PIECE	    ((size_t)1 << 16)

static const unsigned char end_mark[END_SIZE] = { 0, 0, 0, 0, 0, 0, 0, 1 };

struct image {
	uint32_t width;
	uint32_t height;
	int channels;
	int space;
};

struct pixel {
	unsigned char c[4]; /* r, g, b, a */
};

/* What the coder remembers; the same on both sides. */
struct memory {
	struct pixel seen[SEEN_COUNT];
	struct pixel before;
};

static void memory_init(struct memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	memory->before.c[3] = 255;
}

static unsigned place_of(const struct pixel *pixel)
{
	return (pixel->c[0] * 3u + pixel->c[1] * 5u + pixel->c[2] * 7u + pixel->c[3] * 11u) % SEEN_COUNT;
}

static int is_same(const struct pixel *a, const struct pixel *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* What is wrong with a file; code is NULL when nothing is. */
struct fault {
	const char *code;
	uint64_t offset;
	const char *what;
};

static struct fault wrong(const char *code, uint64_t offset, const char *what)
{
	const struct fault fault = { code, offset, what };

	return fault;
}

static const struct fault right = { NULL, 0, NULL };

/* Reading: the bytes come a piece at a time. */

struct reader {
	struct kist_call *call;
	struct kist_source *source;
	uint64_t offset; /* of the piece */
	size_t at;
	size_t len;
	kist_status status; /* of the source */
	unsigned char piece[PIECE];
};

/* The next byte, or -1 at the end, or when the source failed. */
static int next_byte(struct reader *reader)
{
	uint64_t left;

	if (reader->at < reader->len)
		return reader->piece[reader->at++];
	reader->offset += reader->len;
	left = reader->source->size - reader->offset;
	reader->at = 0;
	reader->len = left < PIECE ? (size_t)left : PIECE;
	if (reader->status != KIST_OK || reader->len == 0)
		return -1;
	reader->status = kist_read_exact(reader->call, reader->source, reader->offset, reader->piece, reader->len);
	if (reader->status != KIST_OK)
		reader->len = 0;
	return reader->len > 0 ? reader->piece[reader->at++] : -1;
}

static uint64_t offset_of(const struct reader *reader)
{
	return reader->offset + reader->at;
}

static uint32_t big_endian(const unsigned char *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static struct fault check_head(const unsigned char *bytes, uint64_t size, struct image *image)
{
	if (memcmp(bytes, MAGIC, 4) != 0)
		return wrong("E_MAGIC", 0, "it does not begin with qoif");
	image->width = big_endian(bytes + 4);
	image->height = big_endian(bytes + 8);
	image->channels = bytes[12];
	image->space = bytes[13];
	if (image->width == 0 || image->height == 0)
		return wrong("E_SHAPE", 4, "an image has at least one pixel");
	if (image->height > PIXELS_MAX / image->width)
		return wrong("E_LIMIT", 4, "an image has at most 400 million pixels");
	if (image->channels != 3 && image->channels != 4)
		return wrong("E_CHANNELS", 12, "an image has 3 or 4 channels");
	if (image->space > 1)
		return wrong("E_SPACE", 13, "the colour space is 0 or 1");
	/* The longest run is one byte: what says that it has more is a bomb, before anything is allocated. */
	if ((size - HEAD_SIZE - END_SIZE) < ((uint64_t)image->width * image->height + RUN_MAX - 1) / RUN_MAX)
		return wrong("E_TRUNCATED", size, "there are more pixels than its bytes can hold");
	return right;
}

static kist_status read_head(struct kist_call *call, struct kist_source *source, struct image *image,
			     struct fault *fault)
{
	unsigned char bytes[HEAD_SIZE];
	kist_status status;

	*fault = wrong("E_TRUNCATED", source->size, "the head and the end are not whole");
	if (source->size < HEAD_SIZE + END_SIZE)
		return KIST_OK;
	status = kist_read_exact(call, source, 0, bytes, HEAD_SIZE);
	if (status == KIST_OK)
		*fault = check_head(bytes, source->size, image);
	return status;
}

/* So many bytes of a chunk; 0: they are not there. */
static int take(struct reader *reader, unsigned char *to, int count)
{
	for (int i = 0; i < count; i++) {
		const int byte = next_byte(reader);

		if (byte < 0)
			return 0;
		to[i] = (unsigned char)byte;
	}
	return 1;
}

/* Reads one chunk.  Gives how many times its pixel, now memory->before, follows; 0: it is cut off. */
static unsigned read_chunk(struct reader *reader, struct memory *memory)
{
	struct pixel pixel = memory->before;
	const int tag = next_byte(reader);
	unsigned run = 1;

	if (tag < 0)
		return 0;
	if (tag == 0xfe || tag == 0xff) {
		if (!take(reader, pixel.c, tag == 0xfe ? 3 : 4))
			return 0;
	} else if (tag >> 6 == 0) {
		pixel = memory->seen[tag];
	} else if (tag >> 6 == 1) {
		for (int i = 0; i < 3; i++)
			pixel.c[i] = (unsigned char)(pixel.c[i] + ((tag >> (4 - 2 * i)) & 3) - 2);
	} else if (tag >> 6 == 2) {
		const int green = (tag & 63) - 32;
		const int other = next_byte(reader);

		if (other < 0)
			return 0;
		pixel.c[0] = (unsigned char)(pixel.c[0] + green - 8 + (other >> 4));
		pixel.c[1] = (unsigned char)(pixel.c[1] + green);
		pixel.c[2] = (unsigned char)(pixel.c[2] + green - 8 + (other & 15));
	} else {
		run = (unsigned)(tag & 63) + 1;
	}
	memory->seen[place_of(&pixel)] = pixel;
	memory->before = pixel;
	return run;
}

static struct fault check_end(struct reader *reader)
{
	unsigned char bytes[END_SIZE];
	const uint64_t offset = offset_of(reader);

	if (!take(reader, bytes, END_SIZE) || memcmp(bytes, end_mark, END_SIZE) != 0)
		return wrong("E_END", offset, "behind the last pixel there are no seven zeros and a one");
	if (next_byte(reader) >= 0)
		return wrong("E_TRAILING", offset + END_SIZE, "bytes are left at the end");
	return right;
}

/* Reads all pixels, to @to when it is not NULL; what is wrong with them is a fault. */
static kist_status read_pixels(struct reader *reader, const struct image *image, unsigned char *to,
			       struct fault *fault)
{
	const uint64_t count = (uint64_t)image->width * image->height;
	struct memory memory;
	uint64_t looked = 0;
	uint64_t done = 0;

	memory_init(&memory);
	while (done < count) {
		const uint64_t offset = offset_of(reader);
		const unsigned run = read_chunk(reader, &memory);

		if (done >= looked && reader->status == KIST_OK) {
			reader->status = reader->call->poll(reader->call);
			looked = done + POLL_PIXELS;
		}
		if (reader->status != KIST_OK)
			return reader->status;
		*fault = wrong("E_TRUNCATED", reader->source->size, "pixels are missing at the end");
		if (run == 0)
			return KIST_OK;
		*fault = wrong("E_RUN", offset, "a run goes on behind the last pixel");
		if (run > count - done)
			return KIST_OK;
		done += run;
		for (unsigned i = 0; to && i < run; i++, to += image->channels)
			memcpy(to, memory.before.c, (size_t)image->channels);
	}
	*fault = check_end(reader);
	return reader->status;
}

static void reader_init(struct reader *reader, struct kist_call *call, struct kist_source *source)
{
	reader->call = call;
	reader->source = source;
	reader->offset = HEAD_SIZE;
	reader->at = 0;
	reader->len = 0;
	reader->status = KIST_OK;
}

/* Reads the whole image; *ret_tensor is not wanted when it is NULL. */
static kist_status read_image(struct kist_call *call, struct kist_source *source, struct image *image,
			      DLManagedTensorVersioned **ret_tensor, struct fault *fault)
{
	const DLDataType u8 = { kDLUInt, 8, 1 };
	struct reader *reader = (struct reader *)call->alloc(call, sizeof(*reader), 16);
	unsigned char *to = NULL;
	kist_status status = read_head(call, source, image, fault);

	if (!reader)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory");
	if (status != KIST_OK || fault->code)
		return status;
	if (ret_tensor) {
		const int64_t shape[] = { image->height, image->width, image->channels };

		status = kist_tensor_new(call, u8, 3, shape, ret_tensor);
		if (status != KIST_OK)
			return status;
		to = (unsigned char *)kist_tensor_data(*ret_tensor);
	}
	reader_init(reader, call, source);
	status = read_pixels(reader, image, to, fault);
	if (ret_tensor && (status != KIST_OK || fault->code)) {
		(*ret_tensor)->deleter(*ret_tensor);
		*ret_tensor = NULL;
	}
	return status;
}

/* Writing: chunks are gathered to pieces. */

struct writer {
	struct kist_call *call;
	struct kist_sink *sink;
	size_t used;
	unsigned char piece[PIECE];
};

static kist_status flush(struct writer *writer)
{
	const size_t used = writer->used;
	kist_status status = writer->call->poll(writer->call);

	writer->used = 0;
	return status == KIST_OK ? writer->sink->write(writer->sink, writer->piece, used) : status;
}

/* The last change of green, and those of the others beside it, as the chunk wants them; 0: they do not fit. */
static int write_difference(struct writer *writer, const struct pixel *pixel, const struct pixel *before)
{
	const signed char r = (signed char)(pixel->c[0] - before->c[0]);
	const signed char g = (signed char)(pixel->c[1] - before->c[1]);
	const signed char b = (signed char)(pixel->c[2] - before->c[2]);
	const signed char r_g = (signed char)(r - g);
	const signed char b_g = (signed char)(b - g);
	unsigned char *to = writer->piece + writer->used;

	if (r >= -2 && r <= 1 && g >= -2 && g <= 1 && b >= -2 && b <= 1) {
		to[0] = (unsigned char)(0x40 | (r + 2) << 4 | (g + 2) << 2 | (b + 2));
		return 1;
	}
	if (g < -32 || g > 31 || r_g < -8 || r_g > 7 || b_g < -8 || b_g > 7)
		return 0;
	to[0] = (unsigned char)(0x80 | (g + 32));
	to[1] = (unsigned char)((r_g + 8) << 4 | (b_g + 8));
	return 2;
}

static void write_run(struct writer *writer, unsigned *run)
{
	if (*run > 0)
		writer->piece[writer->used++] = (unsigned char)(0xc0 | (*run - 1));
	*run = 0;
}

/* One pixel that is not that before it, in the fewest bytes. */
static void write_pixel(struct writer *writer, struct memory *memory, const struct pixel *pixel)
{
	struct pixel *seen = &memory->seen[place_of(pixel)];
	const int has_alpha = pixel->c[3] != memory->before.c[3];
	size_t used;

	if (is_same(seen, pixel)) {
		writer->piece[writer->used++] = (unsigned char)place_of(pixel);
		return;
	}
	*seen = *pixel;
	used = has_alpha ? 0 : (size_t)write_difference(writer, pixel, &memory->before);
	if (used == 0) {
		writer->piece[writer->used] = has_alpha ? 0xff : 0xfe;
		memcpy(writer->piece + writer->used + 1, pixel->c, has_alpha ? 4 : 3);
		used = has_alpha ? 5 : 4;
	}
	writer->used += used;
}

static kist_status write_pixels(struct writer *writer, const DLTensor *tensor)
{
	const unsigned char *base = (const unsigned char *)tensor->data + tensor->byte_offset;
	const int channels = (int)tensor->shape[2];
	struct memory memory;
	unsigned run = 0;

	memory_init(&memory);
	for (int64_t y = 0; y < tensor->shape[0]; y++) {
		for (int64_t x = 0; x < tensor->shape[1]; x++) {
			const unsigned char *from = base + y * tensor->strides[0] + x * tensor->strides[1];
			struct pixel pixel = { { 0, 0, 0, 255 } };

			/* A run, a pixel and the end fit. */
			if (writer->used + 16 > PIECE) {
				const kist_status status = flush(writer);

				if (status != KIST_OK)
					return status;
			}
			for (int i = 0; i < channels; i++)
				pixel.c[i] = from[i * tensor->strides[2]];
			if (is_same(&pixel, &memory.before)) {
				if (++run == RUN_MAX)
					write_run(writer, &run);
				continue;
			}
			write_run(writer, &run);
			write_pixel(writer, &memory, &pixel);
			memory.before = pixel;
		}
	}
	write_run(writer, &run);
	memcpy(writer->piece + writer->used, end_mark, END_SIZE);
	writer->used += END_SIZE;
	return flush(writer);
}

static int can_be_written(const struct kist_object *object)
{
	const DLTensor *tensor;

	if (object->kind != KIST_KIND_TENSOR || object->logical)
		return 0;
	tensor = &((const DLManagedTensorVersioned *)object->value)->dl_tensor;
	return tensor->dtype.code == kDLUInt && tensor->dtype.bits == 8 && tensor->dtype.lanes == 1 &&
	       tensor->ndim == 3 && tensor->shape[0] > 0 && tensor->shape[1] > 0 &&
	       (tensor->shape[2] == 3 || tensor->shape[2] == 4) &&
	       (uint64_t)tensor->shape[1] <= PIXELS_MAX &&
	       (uint64_t)tensor->shape[0] <= PIXELS_MAX / (uint64_t)tensor->shape[1];
}

static void put_big_endian(unsigned char *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(value >> (24 - 8 * i));
}

static kist_status serialize(void *instance, struct kist_call *call, const struct kist_object *object,
			     const struct kist_params *params, struct kist_sink *sink)
{
	struct writer *writer = (struct writer *)call->alloc(call, sizeof(*writer), 16);
	const struct kist_param *linear = kist_param_find(params, "linear");
	const DLTensor *tensor;

	(void)instance;
	if (!writer)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory");
	if (!can_be_written(object))
		return kist_failf(call, KIST_UNSUPPORTED, "E_SHAPE", KIST_NO_OFFSET,
				  "an image is an array of uint8, height by width by 3 or 4, of at most 400 million pixels");
	tensor = &((const DLManagedTensorVersioned *)object->value)->dl_tensor;
	writer->call = call;
	writer->sink = sink;
	writer->used = HEAD_SIZE;
	memcpy(writer->piece, MAGIC, 4);
	put_big_endian(writer->piece + 4, (uint32_t)tensor->shape[1]);
	put_big_endian(writer->piece + 8, (uint32_t)tensor->shape[0]);
	writer->piece[12] = (unsigned char)tensor->shape[2];
	writer->piece[13] = linear && linear->integer;
	return write_pixels(writer, tensor);
}

static void release_object(struct kist_object *object)
{
	DLManagedTensorVersioned *tensor = (DLManagedTensorVersioned *)object->value;

	tensor->deleter(tensor);
	object->release = NULL;
}

static kist_status deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			       const struct kist_params *params, struct kist_object *ret_object)
{
	DLManagedTensorVersioned *tensor = NULL;
	struct image image;
	struct fault fault;
	const kist_status status = read_image(call, source, &image, &tensor, &fault);

	(void)instance;
	(void)params;
	if (status != KIST_OK)
		return status;
	if (fault.code)
		return kist_failf(call, KIST_CORRUPT, fault.code, fault.offset, "%s", fault.what);
	ret_object->kind = KIST_KIND_TENSOR;
	ret_object->type = "org.example.qoi";
	ret_object->type_major = 1;
	ret_object->value = tensor;
	ret_object->release = release_object;
	return KIST_OK;
}

static kist_status validate(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_report *report)
{
	struct image image;
	struct fault fault;
	const kist_status status = read_image(call, source, &image, NULL, &fault);

	(void)instance;
	(void)params;
	if (status == KIST_OK && fault.code)
		kist_issuef(report, KIST_ISSUE_ERROR, fault.code, fault.offset, "%s", fault.what);
	return status; /* KIST_OK also when the file is wrong: it was checked */
}

static kist_status describe(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_sink *sink)
{
	struct image image;
	struct fault fault;
	char json[256];
	int len;
	const kist_status status = read_head(call, source, &image, &fault);

	(void)instance;
	(void)params;
	if (status != KIST_OK)
		return status;
	if (fault.code)
		return kist_failf(call, KIST_CORRUPT, fault.code, fault.offset, "%s", fault.what);
	len = snprintf(json, sizeof(json),
		       "{\"width\":%lu,\"height\":%lu,\"channels\":%d,\"colour_space\":\"%s\",\"bytes_per_pixel\":%.3f}",
		       (unsigned long)image.width, (unsigned long)image.height, image.channels,
		       image.space ? "linear" : "sRGB",
		       (double)source->size / ((double)image.width * (double)image.height));
	return sink->write(sink, json, (size_t)len);
}

static kist_status open_instance(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = NULL; /* nothing is kept from one call to the next */
	return KIST_OK;
}

static void close_instance(void *instance)
{
	(void)instance;
}

static const ArtifactTaskInterface interface = {
	.struct_size = KIST_SIZED(ArtifactTaskInterface),
	.caps = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT,
	.open = open_instance,
	.close = close_instance,
	.serialize = serialize,
	.deserialize = deserialize,
	.validate = validate,
	.describe = describe,
};

static const struct kist_type_decl type = {
	.struct_size = KIST_SIZED(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_TENSOR),
	.type = "org.example.qoi",
	.task = "QoiImageArtifactTask",
	.major = 1,
	.priority = 50,
	.interface = &interface,
};

static const struct kist_type_decl *const types[] = { &type };

static const struct kist_plugin plugin = {
	.struct_size = KIST_SIZED(struct kist_plugin),
	.abi_minor_built = KIST_ABI_MINOR,
	.id = "org.example.qoi",
	.version = "1.0.0",
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
