/* SPDX-License-Identifier: Apache-2.0 */

/* What stands behind an opcode: numbers, texts and lines. */
#include <stdlib.h>

#include "pickle_machine.h"

/* A number of @size bytes, little-endian. */
kist_status machine_take(struct pickle_machine *machine, size_t size, uint64_t *ret)
{
	uint8_t bytes[8];

	if (size > model_reader_left(machine->reader))
		return machine_broken(machine, "it ends in an opcode");
	MODEL_TRY(model_reader_bytes(machine->reader, bytes, size));
	*ret = 0;
	for (size_t i = size; i > 0; i--)
		*ret = *ret << 8 | bytes[i - 1];
	return KIST_OK;
}

/* An operand that ends with its line; @ret is NUL-terminated. */
kist_status machine_take_line(struct pickle_machine *machine, char *ret, size_t size)
{
	size_t len = 0;
	uint64_t byte = 0;

	for (;;) {
		MODEL_TRY(machine_take(machine, 1, &byte));
		if (byte == '\n')
			break;
		if (len == size - 1 || byte == 0)
			return machine_broken(machine, "an operand is longer than %zu bytes, or holds a NUL",
					      size - 1);
		ret[len++] = (char)byte;
	}
	ret[len] = '\0';
	return KIST_OK;
}

kist_status machine_push_int(struct pickle_machine *machine, enum pickle_kind kind, int64_t number)
{
	struct pickle_node *node;

	MODEL_TRY(machine_make(machine, kind, &node));
	node->number = number;
	return KIST_OK;
}

/* An integer of up to 8 bytes with a sign; a longer one is nothing that anybody asks for. */
kist_status machine_push_long(struct pickle_machine *machine, size_t length_size)
{
	uint64_t len = 0;
	uint64_t number = 0;

	MODEL_TRY(machine_take(machine, length_size, &len));
	if (len > model_reader_left(machine->reader))
		return machine_broken(machine, "it ends in a number");
	if (len > 8) {
		MODEL_TRY(model_reader_bytes(machine->reader, NULL, len));
		return machine_make(machine, PICKLE_ANY, NULL);
	}
	MODEL_TRY(machine_take(machine, (size_t)len, &number));
	if (len > 0 && len < 8 && (number >> (8 * len - 1)) != 0)
		number |= UINT64_MAX << 8 * len;
	return machine_push_int(machine, PICKLE_INT, (int64_t)number);
}

/* Text or bytes: where they lie is enough. */
kist_status machine_push_text(struct pickle_machine *machine, enum pickle_kind kind, size_t length_size)
{
	struct pickle_node *node;
	uint64_t at = 0;
	uint64_t len = 0;

	MODEL_TRY(machine_take(machine, length_size, &len));
	if (len > model_reader_left(machine->reader))
		return machine_broken(machine, "it ends in a text of %llu bytes", (unsigned long long)len);
	at = machine->reader->at;
	/* What is large may lie outside frames, but not across the end of one. */
	MODEL_TRY(model_reader_bytes(machine->reader, NULL, len));
	MODEL_TRY(machine_make(machine, kind, &node));
	node->at = at;
	node->number = (int64_t)len;
	return KIST_OK;
}

/* A number, a text or a persistent id that is written as a line. */
kist_status machine_push_line(struct pickle_machine *machine, int opcode)
{
	const uint64_t at = machine->reader->at;
	char line[512];
	struct pickle_node *node;
	char *end;
	long long number;

	if (opcode == OP_STRING || opcode == OP_UNICODE || opcode == OP_LONG) {
		uint64_t byte = 0;

		while (byte != '\n')
			MODEL_TRY(machine_take(machine, 1, &byte));
		/* Escapes are not undone: such a text names nothing that is known. */
		MODEL_TRY(machine_make(machine, opcode == OP_LONG ? PICKLE_ANY : PICKLE_TEXT, &node));
		node->at = at;
		node->number = (int64_t)(machine->reader->at - 1 - at);
		if (opcode == OP_STRING && node->number >= 2) {
			node->at++;
			node->number -= 2;
		}
		return KIST_OK;
	}
	MODEL_TRY(machine_take_line(machine, line, sizeof(line)));
	if (opcode != OP_INT)
		return machine_make(machine, PICKLE_ANY, NULL);
	if (strcmp(line, "00") == 0 || strcmp(line, "01") == 0)
		return machine_push_int(machine, PICKLE_BOOL, line[1] == '1');
	number = strtoll(line, &end, 10);
	if (end == line || *end != '\0')
		return machine_broken(machine, "'%.40s' is no number", line);
	return machine_push_int(machine, PICKLE_INT, number);
}

kist_status machine_push_signed(struct pickle_machine *machine, size_t size)
{
	uint64_t number = 0;

	MODEL_TRY(machine_take(machine, size, &number));
	return machine_push_int(machine, PICKLE_INT, size == 4 ? (int32_t)(uint32_t)number : (int64_t)number);
}

kist_status machine_push_float(struct pickle_machine *machine)
{
	uint64_t number = 0;

	MODEL_TRY(machine_take(machine, 8, &number));
	return machine_make(machine, PICKLE_ANY, NULL);
}
