/* SPDX-License-Identifier: Apache-2.0 */
#define ZSTD_STATIC_LINKING_ONLY
#include "pack/filter_coder.h"

#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/le.h"
#include "base/num.h"
#include "pack/codec.h"
#include "pack/filter_repeats.h"
#include "pack/literals.h"

/* The sample of a stream. */
#define PIECES	   4
#define PIECE_SIZE ((size_t)4096)

/* Above so many bits for a byte there is nothing to gain; bytes of which two are the same in fewer than 2^-7.9 of all cases
 * have as many. */
#define ENTROPY_STORED 7.9
#define EXPECTED_NOISE 0.004186
/* Where one value is so frequent, or follows itself so often, matches are better than literals. */
#define TOP_MATCHES	 0.6
#define REPEATED_MATCHES 0.1
/* Below it a literal, which takes a bit at least, costs too much. */
#define ENTROPY_SPARSE 0.7
#define TRIAL_SIZE     ((size_t)32 << 10)
/* Plain bytes: so many of so many tell whether near matches alone are better, which they are where they gain so much:
 * in more bytes, others are found that are far away. */
#define NEAR_TRIAL_SIZE ((size_t)16 << 10)
#define NEAR_SIZE_MIN	((size_t)128 << 10)
#define NEAR_GAIN	0.98
/* What near matches are: of 7 bytes or more, at every third place, among 2^11 that were seen. */
#define NEAR_HASH_LOG  11
#define NEAR_MIN_MATCH 7
#define NEAR_STEP      2
/* Packed numbers: a sample, of which so many bytes may come again; and above so many bits they stay as they are, since
 * two digits in a byte have 6.6. */
#define PACKED_SAMPLE_SIZE ((size_t)2048)
#define AGAIN_SIZE	   ((size_t)16)
#define ENTROPY_PACKED	   6.5
/* Of a double. */
#define MANTISSA_BITS 52
#define EXPONENT_OF_1 1023
/* Of shorter frames the tables of our own reader take longer than it gains over zstd's. */
#define LITERALS_SIZE_MIN ((size_t)32 << 10)
/* Shorter streams are not worth a look. */
#define SHORT ((size_t)256)

enum context {
	LITERALS = 0, /* has none: pack/literals.h */
	ZSTD_1 = 1,
	ZSTD_9 = 2,
	ZSTD_19 = 3,
	NEAR = 4,
};
static const int levels[KIST_FILTER_CONTEXTS] = { 0, 1, 9, 19, 1 };

void kist_filter_coder_done(struct kist_filter_coder *coder)
{
	for (size_t i = 0; i < KIST_FILTER_CONTEXTS; i++)
		ZSTD_freeCCtx(coder->contexts[i]);
	ZSTD_freeDCtx(coder->decompressor);
	*coder = (struct kist_filter_coder){ .decompressor = NULL };
}

/* log2 of a whole number, good to 0.001: the exponent, and a curve through the rest. */
static double log2_of(uint32_t number)
{
	const double value = number;
	uint64_t bits;
	double x;
	int whole;

	memcpy(&bits, &value, sizeof(bits));
	whole = (int)(bits >> MANTISSA_BITS) - EXPONENT_OF_1;
	bits = (bits & (((uint64_t)1 << MANTISSA_BITS) - 1)) | (uint64_t)EXPONENT_OF_1 << MANTISSA_BITS;
	memcpy(&x, &bits, sizeof(x));
	return whole +
	       ((((-0.08029721 * x + 0.63814392) * x - 2.10736328) * x + 4.05953691) * x - 2.51001822);
}

/* In how many bytes two words are the same. */
static size_t equal_bytes(uint64_t a, uint64_t b)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
	const uint64_t differing = a ^ b;
	/* The highest bit of each byte that is 0, and no other bit. */
	const uint64_t same = ~(((differing & low) + low) | differing | low);

	return (size_t)((same >> 7) * UINT64_C(0x0101010101010101) >> 56);
}

/* How often each byte occurs, and follows itself, in a sample. */
struct counted {
	uint32_t of[256];
	size_t total;
	size_t repeated;
};

static void count_bytes(const uint8_t *data, size_t size, uint32_t counts[static 4][256], size_t *repeated)
{
	size_t i = 0;
	size_t same = 0;

	/* Four tables, so that a count need not wait for the one before it. */
	for (; i + 8 < size; i += 8) {
		const uint64_t word = kist_le_read64(data + i);

		same += equal_bytes(word, kist_le_read64(data + i + 1));
		counts[0][(uint8_t)word]++;
		counts[1][(uint8_t)(word >> 8)]++;
		counts[2][(uint8_t)(word >> 16)]++;
		counts[3][(uint8_t)(word >> 24)]++;
		counts[0][(uint8_t)(word >> 32)]++;
		counts[1][(uint8_t)(word >> 40)]++;
		counts[2][(uint8_t)(word >> 48)]++;
		counts[3][(uint8_t)(word >> 56)]++;
	}
	for (; i + 1 < size; i++) {
		same += data[i] == data[i + 1];
		counts[0][data[i]]++;
	}
	for (; i < size; i++)
		counts[0][data[i]]++;
	*repeated += same;
}

static void count_sample(struct kist_view bytes, struct counted *ret)
{
	const size_t pieces = bytes.size <= PIECES * PIECE_SIZE ? 1 : PIECES;
	const size_t piece = pieces == 1 ? bytes.size : PIECE_SIZE;
	uint32_t counts[4][256] = { { 0 } };

	ret->total = pieces * piece;
	ret->repeated = 0;
	for (size_t i = 0; i < pieces; i++) {
		const size_t at = pieces == 1 ? 0 : (bytes.size - piece) / (pieces - 1) * i;

		count_bytes(bytes.data + at, piece, counts, &ret->repeated);
	}
	for (size_t i = 0; i < 256; i++)
		ret->of[i] = counts[0][i] + counts[1][i] + counts[2][i] + counts[3][i];
}

/* All but the entropy, which takes longer than the rest. */
static struct kist_filter_stats stats_but_entropy(const struct counted *counted)
{
	const double total = (double)counted->total;
	uint64_t squares = 0;
	uint32_t top = 0;

	for (size_t i = 0; i < 256; i++) {
		squares += (uint64_t)counted->of[i] * counted->of[i];
		top = counted->of[i] > top ? counted->of[i] : top;
	}
	return (struct kist_filter_stats){ .expected = (double)squares / (total * total),
					   .top = top / total,
					   .repeated = (double)counted->repeated / total };
}

static double entropy_of(const struct counted *counted)
{
	double logs = 0;

	for (size_t i = 0; i < 256; i++) {
		if (counted->of[i] > 0)
			logs += counted->of[i] * log2_of(counted->of[i]);
	}
	return log2_of((uint32_t)counted->total) - logs / (double)counted->total;
}

struct kist_filter_stats kist_filter_stats_of(struct kist_view bytes)
{
	struct kist_filter_stats stats;
	struct counted counted;

	count_sample(bytes, &counted);
	stats = stats_but_entropy(&counted);
	stats.entropy = entropy_of(&counted);
	return stats;
}

/*
 * Whether two bytes of the sample are the same hardly more often than if all 256 were as frequent: their entropy is not
 * less than what follows from that (Rényi's of order 2).
 */
static bool is_noise(const struct kist_filter_stats *stats, const struct counted *counted)
{
	const double total = (double)counted->total;

	return (stats->expected * total - 1) / (total - 1) < EXPECTED_NOISE;
}

static bool matches_help(const struct kist_filter_stats *stats)
{
	return stats->top > TOP_MATCHES || stats->repeated > stats->expected + REPEATED_MATCHES;
}

double kist_filter_stats_size(const struct kist_filter_stats *stats, size_t len)
{
	double bits = stats->entropy;

	if (stats->top >= 1)
		return 0;
	/* Runs: bytes that follow themselves cost next to nothing. */
	if (matches_help(stats))
		bits *= 1 - (stats->repeated - stats->expected) / 2;
	else if (bits < 1)
		bits = 1;
	return bits > ENTROPY_STORED ? (double)len : (double)len * bits / 8;
}

size_t kist_filter_spare_size(size_t len)
{
	return ZSTD_compressBound(len);
}

static size_t stored_frame(struct kist_view stream, uint8_t *ret, size_t room)
{
	if (kist_codec_stored_size(stream.size) > room)
		return 0;
	kist_codec_store(stream, ret);
	return kist_codec_stored_size(stream.size);
}

static bool set(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value));
}

static bool set_up(ZSTD_CCtx *context, enum context which)
{
	if (!set(context, ZSTD_c_compressionLevel, levels[which]))
		return false;
	return which != NEAR ||
	       (set(context, ZSTD_c_strategy, ZSTD_fast) && set(context, ZSTD_c_hashLog, NEAR_HASH_LOG) &&
		set(context, ZSTD_c_minMatch, NEAR_MIN_MATCH) &&
		set(context, ZSTD_c_targetLength, NEAR_STEP) &&
		set(context, ZSTD_c_literalCompressionMode, ZSTD_ps_enable));
}

static ZSTD_CCtx *context_of(struct kist_filter_coder *coder, enum context which)
{
	ZSTD_CCtx *const made = coder->contexts[which] ? NULL : ZSTD_createCCtx();

	if (!made)
		return coder->contexts[which];
	coder->contexts[which] = made;
	if (!set_up(made, which)) {
		ZSTD_freeCCtx(made);
		coder->contexts[which] = NULL;
	}
	return coder->contexts[which];
}

/* *@ret_size is 0 when it does not fit. */
static kist_status zstd_frame(struct kist_filter_coder *coder, enum context which, struct kist_view stream,
			      uint8_t *ret, size_t room, size_t *ret_size, struct kist_error *err)
{
	ZSTD_CCtx *context;
	size_t size;

	if (which == LITERALS) {
		*ret_size = kist_literals_frame(stream, ret, room, KIST_HUFFMAN_ANY);
		return KIST_OK;
	}
	context = context_of(coder, which);
	if (!context)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory: zstd cannot start");
	size = ZSTD_compress2(context, ret, room, stream.data, stream.size);
	if (!ZSTD_isError(size))
		*ret_size = size;
	else if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
		return kist_fail(err, KIST_NO_MEMORY, "zstd cannot compress: %s", ZSTD_getErrorName(size));
	else
		*ret_size = 0;
	return KIST_OK;
}

/* The smallest of those that @tried names, bit by bit, when it is smaller than @limit; else *@ret_size is 0. */
static kist_status smallest(struct kist_filter_coder *coder, unsigned tried,
			    const struct kist_filter_task *task, struct kist_view stream, uint8_t *ret,
			    size_t limit, size_t *ret_size, struct kist_error *err)
{
	size_t best = 0;

	for (int which = 0; which < KIST_FILTER_CONTEXTS; which++) {
		uint8_t *const to = best > 0 ? task->spare : ret;
		const size_t room = best > 0 ? best - 1 : limit - 1;
		size_t size = 0;

		if (!(tried >> which & 1))
			continue;
		KIST_TRY(zstd_frame(coder, (enum context)which, stream, to, room, &size, err));
		if (size > 0 && best > 0)
			memcpy(ret, task->spare, size);
		best = size > 0 ? size : best;
	}
	*ret_size = best;
	return KIST_OK;
}

/*
 * Where one value is frequent but others are too, neither is always better: both are tried on a part.
 * *@ret is the better one's bit.
 */
static kist_status try_part(struct kist_filter_coder *coder, const struct kist_filter_task *task,
			    struct kist_view stream, unsigned *ret, struct kist_error *err)
{
	const size_t len = (size_t)kist_min_u64(stream.size, TRIAL_SIZE);
	const struct kist_view part = kist_view_of(stream.data + (stream.size - len) / 2, len);
	const size_t room = kist_codec_stored_size(len);
	size_t literals;
	size_t matches;

	KIST_TRY(zstd_frame(coder, LITERALS, part, task->spare, room, &literals, err));
	KIST_TRY(zstd_frame(coder, ZSTD_1, part, task->spare, room, &matches, err));
	*ret = literals > 0 && literals < matches ? 1u << LITERALS : 1u << ZSTD_1;
	return KIST_OK;
}

/*
 * Digits and the like match what they are not alike: fewer matches make them smaller, and are found faster.
 * *@ret is the better one's bit, on a part from the middle.
 */
static kist_status try_near(struct kist_filter_coder *coder, const struct kist_filter_task *task,
			    struct kist_view bytes, unsigned *ret, struct kist_error *err)
{
	const struct kist_view part =
		kist_view_of(bytes.data + (bytes.size - NEAR_TRIAL_SIZE) / 2, NEAR_TRIAL_SIZE);
	const size_t room = kist_codec_stored_size(NEAR_TRIAL_SIZE);
	size_t all;
	size_t near;

	KIST_TRY(zstd_frame(coder, ZSTD_1, part, task->spare, room, &all, err));
	KIST_TRY(zstd_frame(coder, NEAR, part, task->spare, room, &near, err));
	*ret = near > 0 && (double)near < NEAR_GAIN * (double)all ? 1u << NEAR : 1u << ZSTD_1;
	return KIST_OK;
}

#define ALL (1u << LITERALS | 1u << ZSTD_1 | 1u << ZSTD_9 | 1u << ZSTD_19)

static kist_status tries_of(struct kist_filter_coder *coder, const struct kist_filter_task *task,
			    struct kist_view stream, unsigned *ret, struct kist_error *err)
{
	struct kist_filter_stats stats;
	struct counted counted;

	*ret = task->level == KIST_FILTER_ARCHIVE ? ALL : 1u << ZSTD_1;
	if (stream.size < SHORT)
		return KIST_OK;
	count_sample(stream, &counted);
	stats = stats_but_entropy(&counted);
	if (task->level == KIST_FILTER_ARCHIVE) {
		if (!task->matches && !matches_help(&stats) && is_noise(&stats, &counted))
			*ret = 0;
		return KIST_OK;
	}
	if (task->matches)
		*ret = 1u << LITERALS | 1u << ZSTD_1;
	else if (!matches_help(&stats))
		*ret = is_noise(&stats, &counted) ? 0 : 1u << LITERALS;
	else if (task->level > KIST_FILTER_FAST && entropy_of(&counted) > ENTROPY_SPARSE)
		return try_part(coder, task, stream, ret, err);
	return KIST_OK;
}

kist_status kist_filter_frame(struct kist_filter_coder *coder, const struct kist_filter_task *task,
			      struct kist_view stream, uint8_t *ret, size_t room, size_t *ret_size,
			      struct kist_error *err)
{
	const size_t limit = (size_t)kist_min_u64(room + 1, kist_codec_stored_size(stream.size));
	size_t size = 0;
	unsigned tried;

	if (stream.size >= 4 && kist_literals_are_same(stream)) {
		*ret_size = kist_literals_frame(stream, ret, room, KIST_HUFFMAN_ANY);
		return KIST_OK;
	}
	KIST_TRY(tries_of(coder, task, stream, &tried, err));
	if (tried != 0)
		KIST_TRY(smallest(coder, tried, task, stream, ret, limit, &size, err));
	*ret_size = size > 0 ? size : stored_frame(stream, ret, room);
	return KIST_OK;
}

/* Whether the first bytes of @sample come again in it, as those of numbers that count do. */
static bool comes_again(struct kist_view sample)
{
	return sample.size >= SHORT &&
	       memmem(sample.data + AGAIN_SIZE, sample.size - AGAIN_SIZE, sample.data, AGAIN_SIZE) != NULL;
}

kist_status kist_filter_packed(struct kist_filter_coder *coder, const struct kist_filter_task *task,
			       struct kist_view stream, uint8_t *ret, size_t room, size_t *ret_size,
			       struct kist_error *err)
{
	const size_t limit = (size_t)kist_min_u64(room + 1, kist_codec_stored_size(stream.size));
	const size_t len = (size_t)kist_min_u64(stream.size, PACKED_SAMPLE_SIZE);
	const struct kist_view sample = kist_view_of(stream.data + (stream.size - len) / 2, len);
	const struct kist_filter_stats stats = kist_filter_stats_of(sample);
	unsigned tried = 0;
	size_t size = 0;

	if (task->level == KIST_FILTER_ARCHIVE)
		tried = ALL;
	else if (matches_help(&stats) || comes_again(sample))
		tried = 1u << ZSTD_1;
	else if (stats.entropy < ENTROPY_PACKED)
		tried = 1u << LITERALS;
	if (tried != 0)
		KIST_TRY(smallest(coder, tried, task, stream, ret, limit, &size, err));
	*ret_size = size > 0 ? size : stored_frame(stream, ret, room);
	return KIST_OK;
}

kist_status kist_filter_plain(struct kist_filter_coder *coder, const struct kist_filter_task *task,
			      struct kist_view bytes, uint8_t *ret, size_t room, size_t *ret_size,
			      struct kist_error *err)
{
	static const unsigned ways[] = { [KIST_MATCHES_ANY] = 1u << ZSTD_1,
					 [KIST_MATCHES_ALL] = 1u << ZSTD_1,
					 [KIST_MATCHES_NEAR] = 1u << NEAR,
					 [KIST_MATCHES_NONE] = 1u << LITERALS };
	unsigned tried = task->level == KIST_FILTER_ARCHIVE ? ALL : ways[task->plain];

	if (task->level != KIST_FILTER_ARCHIVE && task->plain == KIST_MATCHES_ANY && !task->matches &&
	    bytes.size >= NEAR_SIZE_MIN && !kist_filter_has_repeats(bytes))
		KIST_TRY(try_near(coder, task, bytes, &tried, err));
	return smallest(coder, tried, task, bytes, ret, room + 1, ret_size, err);
}

bool kist_filter_frames_check(struct kist_view body, size_t len)
{
	while (body.size > 0) {
		unsigned long long content;
		size_t size;

		if (body.size < 4 || kist_le_read32(body.data) != ZSTD_MAGICNUMBER)
			return false;
		size = ZSTD_findFrameCompressedSize(body.data, body.size);
		content = ZSTD_getFrameContentSize(body.data, body.size);
		if (ZSTD_isError(size) || size > body.size || content == 0 || content > len ||
		    ZSTD_getDictID_fromFrame(body.data, body.size) != 0)
			return false;
		len -= (size_t)content;
		body = kist_view_of(body.data + size, body.size - size);
	}
	return len == 0;
}

bool kist_filter_frame_alone(struct kist_view body)
{
	return ZSTD_findFrameCompressedSize(body.data, body.size) == body.size;
}

kist_status kist_filter_frame_decode(struct kist_filter_coder *coder, const void *dictionary,
				     struct kist_view frame, uint8_t *ret, size_t len, struct kist_error *err)
{
	size_t size;

	if (!coder->decompressor)
		coder->decompressor = ZSTD_createDCtx();
	if (!coder->decompressor)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory: zstd cannot start");
	size = ZSTD_decompress_usingDDict(coder->decompressor, ret, len, frame.data, frame.size, dictionary);
	if (ZSTD_isError(size) && ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory: zstd cannot decode");
	if (size != len)
		return kist_fail(err, KIST_CORRUPT, "zstd frames cannot be decoded: %s",
				 ZSTD_isError(size) ? ZSTD_getErrorName(size) : "too short");
	return KIST_OK;
}

/* Whether the first block, as a rule the only one, is as it is: no tables are needed for that. */
static bool begins_stored(struct kist_view frame)
{
	return frame.size > KIST_LITERALS_HEAD_SIZE && (frame.data[KIST_LITERALS_HEAD_SIZE] >> 1 & 3) == 0;
}

kist_status kist_filter_frames_decode(struct kist_filter_coder *coder, struct kist_view body, uint8_t *ret,
				      size_t len, struct kist_error *err)
{
	/* The decoder would take skippable frames, and frames that do not say what they hold. */
	if (!kist_filter_frames_check(body, len))
		return kist_fail(err, KIST_CORRUPT, "not zstd frames of %zu bytes", len);
	while (body.size > 0) {
		const struct kist_view frame =
			kist_view_of(body.data, ZSTD_findFrameCompressedSize(body.data, body.size));
		const size_t content = (size_t)ZSTD_getFrameContentSize(body.data, body.size);

		/* What it refuses is zstd's to judge. */
		if ((content < LITERALS_SIZE_MIN && !begins_stored(frame)) ||
		    !kist_literals_read(frame, ret, content))
			KIST_TRY(kist_filter_frame_decode(coder, NULL, frame, ret, content, err));
		ret += content;
		body = kist_view_of(body.data + frame.size, body.size - frame.size);
	}
	return KIST_OK;
}
