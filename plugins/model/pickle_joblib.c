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

/*
 * The value of key @name in a dict of texts, or PICKLE_NO.  Of two that are alike the last would count, and an escape
 * may hide one: neither does joblib write.
 */
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
		if (!is_text || strchr(key, '\\') || (strcmp(key, name) == 0 && *ret != PICKLE_NO))
			return machine_broken(machine, "the array of joblib is not told as joblib tells it");
		if (strcmp(key, name) == 0)
			*ret = links[links[link].next].value;
	}
	return KIST_OK;
}

/* The state of a dtype may say another size than its name: (version, order, base, names, fields, size, ...). */
static bool has_size(const struct pickle *pickle, const struct pickle_node *dtype, uint64_t size)
{
	const struct pickle_node *item;

	if (dtype->state == PICKLE_NO)
		return true;
	if (pickle_item(pickle, dtype->state, 5) == PICKLE_NO)
		return false;
	item = pickle_at(pickle, pickle_item(pickle, dtype->state, 5));
	return item->kind == PICKLE_INT && (item->number == -1 || item->number == (int64_t)size);
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
	if (!*digits || !strchr("biufcSUVmM", *digits))
		return KIST_OK;
	*ret = strtoull(digits + 1, &end, 10);
	if (*digits == 'U' && *ret <= UINT32_MAX)
		*ret *= 4;
	if (*end != '\0' || *ret > UINT32_MAX || !has_size(pickle, node, *ret))
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
	struct pickle *const pickle = machine->pickle;
	struct pickle_node *const what = (struct pickle_node *)pickle->nodes.items + node;
	struct model_reader *const reader = machine->reader;
	uint32_t alignment = PICKLE_NO;
	uint64_t size = 0;

	if (what->kind != PICKLE_CALL || !pickle_is_global(pickle, what->first, JOBLIB_WRAPPER))
		return KIST_OK;
	/* The second state would be joined to the first. */
	if (what->number != 0)
		return machine_broken(machine, "the same array of joblib stands there twice");
	what->number = 1;
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
	pickle->has_raw = true;
	MODEL_TRY(model_reader_bytes(reader, NULL, size));
	/* Whatever is done with it now is done with an array. */
	machine->stack.count--;
	return machine_make(machine, PICKLE_ANY, NULL);
}
