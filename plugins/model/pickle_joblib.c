/* SPDX-License-Identifier: Apache-2.0 */

/*
 * joblib puts the raw bytes of an array into the pickle, right behind the stand-in that says what they are:
 *
 *     BUILD of a NumpyArrayWrapper | u8 n | n bytes 0xFF | the elements
 *
 * Whoever goes on with opcodes there reads numbers as opcodes.
 *
 * Source: joblib, numpy_pickle.py, NumpyArrayWrapper.
 */
#include <stdlib.h>

#include "pickle_machine.h"

/* The value of key @name in a dict of texts, or PICKLE_NO. */
static kist_status find_key(struct pickle_machine *machine, uint32_t dict, const char *name, uint32_t *ret)
{
	const struct pickle *const pickle = machine->pickle;
	const struct pickle_link *const links = pickle->links.items;

	*ret = PICKLE_NO;
	if (dict == PICKLE_NO || pickle_at(pickle, dict)->kind != PICKLE_DICT)
		return KIST_OK;
	for (uint32_t link = pickle_at(pickle, dict)->items;
	     link != PICKLE_NO && links[link].next != PICKLE_NO; link = links[links[link].next].next) {
		char key[64];
		bool is_text;

		MODEL_TRY(pickle_read_text(machine->reader, pickle, links[link].value, key, sizeof(key),
					   &is_text));
		if (is_text && strcmp(key, name) == 0) {
			*ret = links[links[link].next].value;
			return KIST_OK;
		}
	}
	return KIST_OK;
}

/* Bytes of an element: numpy.dtype('f8', ...); 0 when that cannot be told, as of Python objects. */
static kist_status item_size(struct pickle_machine *machine, uint32_t dtype, uint64_t *ret)
{
	const struct pickle *const pickle = machine->pickle;
	const struct pickle_node *const node = dtype == PICKLE_NO ? NULL : pickle_at(pickle, dtype);
	const char *digits;
	char text[32];
	bool is_text = false;
	char *end;

	*ret = 0;
	if (!node || node->kind != PICKLE_CALL || !pickle_is_global(pickle, node->first, "numpy dtype"))
		return KIST_OK;
	MODEL_TRY(pickle_read_text(machine->reader, pickle, pickle_item(pickle, node->second, 0), text,
				   sizeof(text), &is_text));
	if (!is_text)
		return KIST_OK;
	digits = text + strspn(text, "<>=|");
	if (!*digits || !strchr("biufcSVmM", *digits))
		return KIST_OK;
	*ret = strtoull(digits + 1, &end, 10);
	if (*end != '\0' || *ret > UINT32_MAX)
		*ret = 0;
	return KIST_OK;
}

static kist_status skip_padding(struct pickle_machine *machine)
{
	struct model_reader *const reader = machine->reader;
	uint8_t len;
	uint8_t padding[255];

	MODEL_TRY(model_reader_u8(reader, &len));
	if (len > model_reader_left(reader))
		return machine_broken(machine, "it ends before an array of joblib");
	MODEL_TRY(model_reader_bytes(reader, padding, len));
	for (size_t i = 0; i < len; i++) {
		if (padding[i] != 0xFF)
			return machine_broken(machine, "other bytes than padding stand before an array");
	}
	return KIST_OK;
}

static kist_status array_size(struct pickle_machine *machine, uint32_t state, uint64_t *ret)
{
	const struct pickle *const pickle = machine->pickle;
	uint32_t shape = PICKLE_NO;
	uint32_t dtype = PICKLE_NO;
	uint64_t size = 0;

	MODEL_TRY(find_key(machine, state, "shape", &shape));
	MODEL_TRY(find_key(machine, state, "dtype", &dtype));
	MODEL_TRY(item_size(machine, dtype, &size));
	if (size == 0 || shape == PICKLE_NO || pickle_at(pickle, shape)->kind != PICKLE_TUPLE)
		return machine_broken(machine, "how long the array of joblib is cannot be told");
	for (uint32_t i = 0; i < pickle_at(pickle, shape)->count; i++) {
		const struct pickle_node *const dim = pickle_at(pickle, pickle_item(pickle, shape, i));

		if (i >= KIST_RANK_MAX || dim->kind != PICKLE_INT || dim->number < 0 ||
		    __builtin_mul_overflow(size, (uint64_t)dim->number, &size))
			return machine_broken(machine, "the array of joblib has no sound shape");
	}
	*ret = size;
	return KIST_OK;
}

kist_status joblib_skip(struct pickle_machine *machine, uint32_t node)
{
	const struct pickle *const pickle = machine->pickle;
	const struct pickle_node *const what = pickle_at(pickle, node);
	struct model_reader *const reader = machine->reader;
	uint32_t alignment = PICKLE_NO;
	uint64_t size = 0;

	if (what->kind != PICKLE_CALL ||
	    !pickle_is_global(pickle, what->first, "joblib.numpy_pickle NumpyArrayWrapper"))
		return KIST_OK;
	/* Raw bytes stand in no frame. */
	if (machine->frame_end > 0 && machine->frame_end != reader->at)
		return machine_broken(machine, "the array of joblib stands in a frame");
	machine->frame_end = 0;
	MODEL_TRY(array_size(machine, what->state, &size));
	MODEL_TRY(find_key(machine, what->state, "numpy_array_alignment_bytes", &alignment));
	if (model_reader_left(reader) <= size)
		return machine_broken(machine, "the array of joblib is longer than what is left");
	if (alignment != PICKLE_NO && pickle_at(pickle, alignment)->kind == PICKLE_INT)
		MODEL_TRY(skip_padding(machine));
	if (model_reader_left(reader) < size)
		return machine_broken(machine, "the array of joblib is longer than what is left");
	return model_reader_bytes(reader, NULL, size);
}
