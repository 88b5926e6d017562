/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_cells.h"

#include <string.h>

#include "pack/codec.h"
#include "pack/filter_room.h"

/* What is looked at, from the middle; its lines, of which so many of so many must be alike. */
#define PART_SIZE ((size_t)8 << 10)
#define LINES_MIN ((size_t)8)
#define LINES_MAX ((size_t)256)
#define ALIKE	  3
#define ALIKE_OF  4
/* What is shorter is not worth a frame that is compressed. */
#define SHORT ((size_t)512)

static const char delimiters[] = "\t;|, ";

/* How often @delimiter stands in each line of @part, which begins with one; how many these are. */
static size_t count_in_lines(struct kist_view part, char delimiter, uint16_t counts[static LINES_MAX])
{
	size_t lines = 0;
	uint16_t count = 0;

	for (size_t i = 0; i < part.size && lines < LINES_MAX; i++) {
		count = (uint16_t)(count + (part.data[i] == (uint8_t)delimiter));
		if (part.data[i] != '\n')
			continue;
		counts[lines++] = count;
		count = 0;
	}
	return lines;
}

/* The count that most lines have; 0 for none. */
static uint16_t usual_count(const uint16_t *counts, size_t lines)
{
	uint16_t usual = 0;
	size_t lead = 0;
	size_t alike = 0;

	/* What more than half of them have is what is left when two that differ go. */
	for (size_t i = 0; i < lines; i++) {
		if (lead == 0)
			usual = counts[i];
		lead = counts[i] == usual ? lead + 1 : lead - 1;
	}
	for (size_t i = 0; i < lines; i++)
		alike += counts[i] == usual;
	return lines >= LINES_MIN && alike * ALIKE_OF >= lines * ALIKE ? usual : 0;
}

bool kist_filter_cells_find(struct kist_view raw, struct kist_filter_cells *ret)
{
	const size_t size = raw.size < PART_SIZE ? raw.size : PART_SIZE;
	struct kist_view part = kist_view_of(raw.data + (raw.size - size) / 2, size);
	const uint8_t *const newline = memchr(part.data, '\n', part.size);
	uint16_t counts[LINES_MAX];

	if (!newline)
		return false;
	part.size -= (size_t)(newline + 1 - part.data);
	part.data = newline + 1;
	for (const char *delimiter = delimiters; *delimiter; delimiter++) {
		const size_t lines = count_in_lines(part, *delimiter, counts);
		const uint16_t usual = usual_count(counts, lines);

		if (usual == 0 || usual >= KIST_FILTER_CELLS_COLUMNS_MAX)
			continue;
		*ret = (struct kist_filter_cells){ .delimiter = (uint8_t)*delimiter,
						   .columns = (uint8_t)(usual + 1) };
		return true;
	}
	return false;
}

/* One frame; *@ret_size is 0 when it does not fit into @room. */
static kist_status encode_stream(struct kist_filter_coder *coder, const struct kist_filter_task *task,
				 struct kist_view stream, bool is_text, uint8_t *ret, size_t room,
				 size_t *ret_size, struct kist_error *err)
{
	const size_t stored = kist_codec_stored_size(stream.size);
	size_t size = 0;

	if (!is_text)
		return kist_filter_packed(coder, task, stream, ret, room, ret_size, err);
	if (stream.size >= SHORT)
		KIST_TRY(kist_filter_plain(coder, task, stream, ret, room < stored ? room : stored, &size,
					   err));
	if (size == 0 && stored <= room) {
		kist_codec_store(stream, ret);
		size = stored;
	}
	*ret_size = size;
	return KIST_OK;
}

kist_status kist_filter_cells_encode(struct kist_filter *filter, const struct kist_filter_task *task,
				     struct kist_view raw, struct kist_filter_cells *cells, size_t limit,
				     uint8_t *ret, size_t *ret_size, struct kist_error *err)
{
	uint8_t *const filtered = filter->room[KIST_ROOM_FILTERED];
	struct kist_filter_cells_walk walk = { .at = 0 };
	const uint8_t *stream = filtered;
	size_t body = 0;
	size_t len;
	bool is_text;

	*ret_size = 0;
	if (!kist_filter_cells_forward(filter->ops, cells, raw.data, raw.size, filter->room[KIST_ROOM_SPARE],
				       kist_filter_size_max(raw.size), filtered))
		return KIST_OK;
	while ((len = kist_filter_cells_next(cells, filtered, &walk, &is_text)) > 0) {
		size_t size;

		KIST_TRY(encode_stream(&filter->coder, task, kist_view_of(stream, len), is_text, ret + body,
				       limit - 1 - body, &size, err));
		if (size == 0)
			return KIST_OK;
		body += size;
		stream += len;
	}
	*ret_size = body;
	return KIST_OK;
}
