/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.example.wav: time series as sound files keep them (RIFF WAVE), read as arrays of frames by channels.
 *
 *     0   "RIFF", u32 size of what follows, "WAVE", then chunks: a name of four letters, u32 size, bytes, padded to even
 *     "fmt "   u16 encoding (1 integers, 3 floats, 0xfffe: it stands at 24), u16 channels, u32 rate, u32 bytes per
 *              second, u16 bytes of a frame, u16 bits of a sample
 *     "data"   the frames
 *
 * Samples of 8 bits are unsigned, of 16, 24 and 32 signed; of 24 bits they become int32.  All numbers are little-endian.
 * Every input is hostile: each number is checked before it is used.  Exceptions stay on this side: see guard.hpp.
 */
#include "guard.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <kist/helpers.h>
#include <kist/tensor.h>

KIST_NOTE("org.example.wav", 0);

namespace {

constexpr uint64_t head_size = 12;
constexpr uint64_t chunk_head = 8;
constexpr uint64_t format_min = 16;
constexpr uint64_t format_max = 40;
constexpr unsigned channels_max = 64;
/* Chunks that are looked at on the way to the data. */
constexpr unsigned chunks_max = 4096;
/* Frames between two looks at whether the call was cancelled. */
constexpr uint64_t frames_at_once = 4096;

enum encoding : unsigned { integers = 1, floats = 3, extensible = 0xfffe };

/* What a file says before its data. */
struct sound {
	unsigned kind = 0; /* integers or floats */
	unsigned channels = 0;
	unsigned bits = 0; /* of a sample */
	uint32_t rate = 0; /* frames per second */
	uint64_t start = 0; /* of the frames */
	uint64_t frames = 0;

	uint64_t frame_size() const
	{
		return uint64_t(channels) * (bits / 8);
	}

	/* Of an element as it is read. */
	DLDataType dtype() const
	{
		if (kind == floats)
			return { kDLFloat, static_cast<uint8_t>(bits), 1 };
		if (bits == 8)
			return { kDLUInt, 8, 1 };
		return { kDLInt, static_cast<uint8_t>(bits == 24 ? 32 : bits), 1 };
	}
};

/* What is wrong with a file. */
struct fault {
	const char *code;
	uint64_t offset;
	const char *what;
};

uint32_t little(const unsigned char *from, int len)
{
	uint32_t value = 0;

	while (len > 0)
		value = value << 8 | from[--len];
	return value;
}

void put_little(std::string &to, uint64_t value, int len)
{
	for (; len > 0; len--, value >>= 8)
		to.push_back(static_cast<char>(value));
}

/* The chunk "fmt ", at @at. */
std::optional<fault> read_format(kist_call *call, kist_source *source, uint64_t at, uint64_t size, sound &ret)
{
	std::array<unsigned char, format_max> bytes = {};

	if (size < format_min)
		return fault{ "E_FORMAT", at, "the chunk 'fmt ' is too short" };
	guard::need(kist_read_exact(call, source, at, bytes.data(), std::min(size, format_max)));
	ret.kind = little(bytes.data(), 2);
	if (ret.kind == extensible && size >= format_max)
		ret.kind = little(bytes.data() + 24, 2);
	ret.channels = little(bytes.data() + 2, 2);
	ret.rate = little(bytes.data() + 4, 4);
	ret.bits = little(bytes.data() + 14, 2);
	if (ret.kind != integers && ret.kind != floats)
		return fault{ "E_ENCODING", at, "only integers and floats are read, not compressed sound" };
	if (ret.channels == 0 || ret.channels > channels_max)
		return fault{ "E_CHANNELS", at + 2, "a file has 1 to 64 channels" };
	if (ret.rate == 0)
		return fault{ "E_RATE", at + 4, "there are no frames per second" };
	if (ret.kind == floats ? ret.bits != 32 && ret.bits != 64 :
				 ret.bits != 8 && ret.bits != 16 && ret.bits != 24 && ret.bits != 32)
		return fault{ "E_BITS", at + 14, "a sample has 8, 16, 24 or 32 bits, a float 32 or 64" };
	if (little(bytes.data() + 12, 2) != ret.frame_size())
		return fault{ "E_FRAME", at + 12, "the size of a frame is not that of its samples" };
	return std::nullopt;
}

std::optional<fault> read_data(uint64_t at, uint64_t size, uint64_t end, sound &ret)
{
	if (ret.channels == 0)
		return fault{ "E_FORMAT", at - chunk_head, "the data come before the chunk 'fmt '" };
	if (size > end - at)
		return fault{ "E_TRUNCATED", end, "frames are missing at the end" };
	if (size % ret.frame_size() != 0)
		return fault{ "E_FRAME", at + size, "the last frame is not whole" };
	ret.start = at;
	ret.frames = size / ret.frame_size();
	return std::nullopt;
}

/* Leaves with a status when the file cannot be read.  A file that can, and is wrong, is a fault. */
std::optional<fault> read_head(kist_call *call, kist_source *source, sound &ret)
{
	std::array<unsigned char, head_size> bytes = {};
	uint64_t at = head_size;
	uint64_t end;

	if (source->size < head_size)
		return fault{ "E_TRUNCATED", source->size, "the head is not whole" };
	guard::need(kist_read_exact(call, source, 0, bytes.data(), head_size));
	if (std::memcmp(bytes.data(), "RIFF", 4) != 0 || std::memcmp(bytes.data() + 8, "WAVE", 4) != 0)
		return fault{ "E_MAGIC", 0, "it is no RIFF WAVE" };
	end = chunk_head + little(bytes.data() + 4, 4);
	if (end < head_size)
		return fault{ "E_SIZE", 4, "the file says that it ends before its first chunk" };
	if (end > source->size)
		return fault{ "E_TRUNCATED", source->size, "the file is shorter than it says" };
	for (unsigned i = 0; i < chunks_max && end - at >= chunk_head; i++) {
		guard::need(call->poll(call));
		guard::need(kist_read_exact(call, source, at, bytes.data(), chunk_head));
		const uint64_t size = little(bytes.data() + 4, 4);

		at += chunk_head;
		if (std::memcmp(bytes.data(), "data", 4) == 0)
			return read_data(at, size, end, ret);
		if (size > end - at)
			return fault{ "E_TRUNCATED", at, "a chunk is longer than the file" };
		if (std::memcmp(bytes.data(), "fmt ", 4) == 0) {
			if (auto wrong = read_format(call, source, at, size, ret))
				return wrong;
		}
		at += std::min(size + size % 2, end - at);
	}
	return fault{ "E_DATA", at, "there is no chunk 'data'" };
}

/* For the calls that need the head: a fault is why they fail. */
sound need_head(kist_call *call, kist_source *source)
{
	sound found;

	if (const auto wrong = read_head(call, source, found))
		guard::fail(call, KIST_CORRUPT, wrong->code, wrong->offset, "%s", wrong->what);
	return found;
}

kist_status open_instance(const kist_host *, kist_call *, void **ret_instance) noexcept
{
	*ret_instance = nullptr; /* nothing is kept from one call to the next */
	return KIST_OK;
}

void close_instance(void *) noexcept
{
}

/* Calls @each with some bytes of the frames after the other: whole frames. */
template <class Each> void each_piece(kist_call *call, kist_source *source, const sound &found, Each &&each)
{
	std::vector<unsigned char> piece(frames_at_once * found.frame_size());

	for (uint64_t done = 0; done < found.frames; done += frames_at_once) {
		const uint64_t frames = std::min(found.frames - done, frames_at_once);

		guard::need(call->poll(call));
		guard::need(kist_read_exact(call, source, found.start + done * found.frame_size(), piece.data(),
					    frames * found.frame_size()));
		each(piece.data(), frames * found.channels);
	}
}

/* The sign stands in the highest of the three bytes. */
int32_t read_24(const unsigned char *from)
{
	return static_cast<int32_t>(little(from, 3) << 8) >> 8;
}

void delete_tensor(DLManagedTensorVersioned *tensor)
{
	tensor->deleter(tensor);
}

void release_object(kist_object *object) noexcept
{
	delete_tensor(static_cast<DLManagedTensorVersioned *>(object->value));
	object->release = nullptr;
}

kist_status deserialize(void *, kist_call *call, kist_source *source, const kist_params *,
			kist_object *ret_object) noexcept
{
	return guard::run(call, [&] {
		const sound found = need_head(call, source);
		const int64_t shape[] = { static_cast<int64_t>(found.frames), static_cast<int64_t>(found.channels) };
		DLManagedTensorVersioned *made = nullptr;

		guard::need(kist_tensor_new(call, found.dtype(), 2, shape, &made));
		std::unique_ptr<DLManagedTensorVersioned, void (*)(DLManagedTensorVersioned *)> tensor(made, delete_tensor);
		char *to = static_cast<char *>(kist_tensor_data(made));

		each_piece(call, source, found, [&](const unsigned char *from, uint64_t samples) {
			if (found.bits != 24) {
				std::memcpy(to, from, samples * (found.bits / 8));
				to += samples * (found.bits / 8);
				return;
			}
			for (uint64_t i = 0; i < samples; i++, from += 3, to += 4) {
				const int32_t value = read_24(from);

				std::memcpy(to, &value, 4);
			}
		});
		ret_object->kind = KIST_KIND_TENSOR;
		ret_object->type = "org.example.wav";
		ret_object->type_major = 1;
		ret_object->value = tensor.release();
		ret_object->release = release_object;
	});
}

/* How an array is written. */
sound plan_of(kist_call *call, const kist_object *object, const kist_params *params)
{
	const auto *managed = static_cast<const DLManagedTensorVersioned *>(object->value);
	const kist_param *rate = kist_param_find(params, "rate");
	sound plan;

	if (object->kind != KIST_KIND_TENSOR || object->logical)
		guard::fail(call, KIST_UNSUPPORTED, "E_KIND", KIST_NO_OFFSET, "%s", "only arrays can be written");
	const DLTensor &tensor = managed->dl_tensor;
	const DLDataType type = tensor.dtype;
	const bool is_integer = (type.code == kDLUInt && type.bits == 8) ||
				(type.code == kDLInt && (type.bits == 16 || type.bits == 32));

	if (type.lanes != 1 || (!is_integer && !(type.code == kDLFloat && (type.bits == 32 || type.bits == 64))))
		guard::fail(call, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET, "%s",
			    "samples are uint8, int16, int32, float32 or float64");
	/* Frames alone would come back as frames by one channel: another array. */
	if (tensor.ndim != 2 || tensor.shape[1] < 1 || tensor.shape[1] > channels_max)
		guard::fail(call, KIST_UNSUPPORTED, "E_SHAPE", KIST_NO_OFFSET, "%s",
			    "an array of frames by 1 to 64 channels can be written");
	plan.kind = is_integer ? integers : floats;
	plan.bits = type.bits;
	plan.channels = static_cast<unsigned>(tensor.shape[1]);
	plan.rate = rate ? static_cast<uint32_t>(rate->integer) : 48000;
	plan.frames = static_cast<uint64_t>(tensor.shape[0]);
	if (plan.frames > (UINT32_MAX - 64) / plan.frame_size())
		guard::fail(call, KIST_LIMIT, "E_SIZE", KIST_NO_OFFSET, "%s", "such a file ends at 4 GiB");
	return plan;
}

/* All that stands before the frames: the same array gives the same bytes. */
std::string head_of(const sound &plan)
{
	const uint64_t data = plan.frames * plan.frame_size();
	/* Of floats the standard wants a longer format, and the number of frames. */
	const uint64_t extra = plan.kind == floats ? 2 + 12 : 0;
	std::string head = "RIFF";

	put_little(head, 4 + chunk_head + format_min + extra + chunk_head + data + data % 2, 4);
	head += "WAVEfmt ";
	put_little(head, format_min + (extra > 0 ? 2 : 0), 4);
	put_little(head, plan.kind, 2);
	put_little(head, plan.channels, 2);
	put_little(head, plan.rate, 4);
	put_little(head, plan.rate * plan.frame_size(), 4);
	put_little(head, plan.frame_size(), 2);
	put_little(head, plan.bits, 2);
	if (extra > 0) {
		put_little(head, 0, 2);
		head += "fact";
		put_little(head, 4, 4);
		put_little(head, plan.frames, 4);
	}
	head += "data";
	put_little(head, data, 4);
	return head;
}

/* Frames in order, also of an array with gaps or turned axes. */
void write_frames(kist_call *call, kist_sink *sink, const DLTensor &tensor, const sound &plan)
{
	const auto *base = static_cast<const char *>(tensor.data) + tensor.byte_offset;
	const int64_t step = plan.bits / 8;
	const int64_t across = tensor.strides[1];
	std::vector<char> piece(frames_at_once * plan.frame_size());

	for (uint64_t done = 0; done < plan.frames; done += frames_at_once) {
		const uint64_t frames = std::min(plan.frames - done, frames_at_once);
		char *to = piece.data();

		for (uint64_t i = 0; i < frames; i++) {
			const int64_t row = static_cast<int64_t>(done + i) * tensor.strides[0];

			for (unsigned k = 0; k < plan.channels; k++, to += step)
				std::memcpy(to, base + (row + k * across) * step, static_cast<size_t>(step));
		}
		guard::need(call->poll(call));
		guard::need(sink->write(sink, piece.data(), frames * plan.frame_size()));
	}
}

kist_part part_of(const sound &found, int64_t shape[2])
{
	kist_part part = {};

	part.struct_size = KIST_SIZED(kist_part);
	part.name = "data";
	part.offset = found.start;
	part.len = found.frames * found.frame_size();
	/* Three bytes are no number that kist knows: there it is bytes. */
	part.dtype = found.bits == 24 ? DLDataType{ kDLUInt, 8, 1 } : found.dtype();
	part.ndim = 2;
	part.shape = shape;
	shape[0] = static_cast<int64_t>(found.frames);
	shape[1] = static_cast<int64_t>(found.channels) * (found.bits == 24 ? 3 : 1);
	return part;
}

kist_status serialize(void *, kist_call *call, const kist_object *object, const kist_params *params,
		      kist_sink *sink) noexcept
{
	return guard::run(call, [&] {
		const sound plan = plan_of(call, object, params);
		const std::string head = head_of(plan);
		int64_t shape[2];
		kist_part part = part_of(plan, shape);

		part.offset = 0;
		guard::need(sink->write(sink, head.data(), head.size()));
		/* A part says what the bytes are: kist cuts, compresses and finds them again by it. */
		guard::need(sink->begin(sink, &part));
		write_frames(call, sink, static_cast<const DLManagedTensorVersioned *>(object->value)->dl_tensor, plan);
		guard::need(sink->end(sink));
		if (part.len % 2 != 0)
			guard::need(sink->write(sink, "", 1));
	});
}

kist_status validate(void *, kist_call *call, kist_source *source, const kist_params *, kist_report *report) noexcept
{
	return guard::run(call, [&] {
		sound found;

		/* KIST_OK also when the file is wrong: it was checked. */
		if (const auto wrong = read_head(call, source, found))
			kist_issuef(report, KIST_ISSUE_ERROR, wrong->code, wrong->offset, "%s", wrong->what);
	});
}

kist_status layout(void *, kist_call *call, kist_source *source, const kist_params *, kist_layout *layout) noexcept
{
	return guard::run(call, [&] {
		const sound found = need_head(call, source);
		int64_t shape[2];
		const kist_part part = part_of(found, shape);

		guard::need(layout->part(layout, &part));
	});
}

/* Of full scale, from -1 to 1. */
double sample_of(const sound &found, const unsigned char *from)
{
	float narrow;
	double wide;

	switch (found.kind == floats ? found.bits + 1 : found.bits) {
	case 33:
		std::memcpy(&narrow, from, 4);
		return narrow;
	case 65:
		std::memcpy(&wide, from, 8);
		return wide;
	case 8:
		return (from[0] - 128) / 128.0;
	case 16:
		return static_cast<int16_t>(little(from, 2)) / 32768.0;
	case 24:
		return read_24(from) / 8388608.0;
	default:
		return static_cast<int32_t>(little(from, 4)) / 2147483648.0;
	}
}

std::string number(double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", value);
	return std::isfinite(value) ? text : "null";
}

/* One pass over the file, and a little memory for each channel. */
kist_status describe(void *, kist_call *call, kist_source *source, const kist_params *, kist_sink *sink) noexcept
{
	return guard::run(call, [&] {
		const sound found = need_head(call, source);
		std::vector<double> peaks(found.channels);
		std::vector<double> squares(found.channels);
		unsigned channel = 0;

		each_piece(call, source, found, [&](const unsigned char *from, uint64_t samples) {
			for (uint64_t i = 0; i < samples; i++, from += found.bits / 8) {
				const double value = sample_of(found, from);

				peaks[channel] = std::max(peaks[channel], std::fabs(value));
				squares[channel] += value * value;
				channel = channel + 1 == found.channels ? 0 : channel + 1;
			}
		});
		std::string json = "{\"rate\":" + std::to_string(found.rate) + ",\"frames\":" + std::to_string(found.frames) +
				   ",\"seconds\":" + number(static_cast<double>(found.frames) / found.rate) +
				   ",\"bits\":" + std::to_string(found.bits) + ",\"channels\":[";

		for (unsigned i = 0; i < found.channels; i++) {
			const double mean = found.frames > 0 ? squares[i] / static_cast<double>(found.frames) : 0;

			json += (i > 0 ? ",{\"peak\":" : "{\"peak\":") + number(peaks[i]) + ",\"rms\":" + number(std::sqrt(mean)) + "}";
		}
		json += "]}";
		guard::need(sink->write(sink, json.data(), json.size()));
	});
}

ArtifactTaskInterface describe_interface()
{
	ArtifactTaskInterface methods = {};

	methods.struct_size = KIST_SIZED(ArtifactTaskInterface);
	methods.caps = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT;
	methods.open = open_instance;
	methods.close = close_instance;
	methods.serialize = serialize;
	methods.deserialize = deserialize;
	methods.validate = validate;
	methods.layout = layout;
	methods.describe = describe;
	return methods;
}

kist_type_decl describe_type(const ArtifactTaskInterface *methods)
{
	kist_type_decl type = {};

	type.struct_size = KIST_SIZED(kist_type_decl);
	type.kinds = KIST_KIND_BIT(KIST_KIND_TENSOR);
	type.type = "org.example.wav";
	type.task = "WavSeriesArtifactTask";
	type.major = 1;
	type.priority = 50;
	type.interface = methods;
	return type;
}

kist_plugin describe_plugin(const kist_type_decl *const *types)
{
	kist_plugin plugin = {};

	plugin.struct_size = KIST_SIZED(kist_plugin);
	plugin.abi_minor_built = KIST_ABI_MINOR;
	plugin.id = "org.example.wav";
	plugin.version = "1.0.0";
	plugin.type_count = 1;
	plugin.types = types;
	return plugin;
}

} // namespace

kist_status kist_plugin_entry_v1(const kist_host *, kist_call *, const kist_plugin **ret_plugin)
{
	static const ArtifactTaskInterface methods = describe_interface();
	static const kist_type_decl type = describe_type(&methods);
	static const kist_type_decl *const types[] = { &type };
	static const kist_plugin plugin = describe_plugin(types);

	*ret_plugin = &plugin;
	return KIST_OK;
}
