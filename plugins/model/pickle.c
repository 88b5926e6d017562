/* SPDX-License-Identifier: Apache-2.0 */

/* The opcodes of pickles, run without doing what they say. */
#include <stdlib.h>

#include "pickle_machine.h"

#define POLL_OPCODES 65536

void pickle_done(struct pickle *pickle)
{
	free(pickle->nodes.items);
	free(pickle->links.items);
	free(pickle->globals.items);
	free(pickle->names.items);
	*pickle = (struct pickle){ .root = PICKLE_NO };
}

static kist_status push_tuple(struct pickle_machine *machine, size_t count)
{
	uint32_t items[3] = { PICKLE_NO };
	uint32_t node = PICKLE_NO;

	for (size_t i = count; i > 0; i--)
		MODEL_TRY(machine_pop(machine, &items[i - 1]));
	MODEL_TRY(machine_make(machine, PICKLE_TUPLE, NULL));
	MODEL_TRY(machine_top(machine, &node));
	for (size_t i = 0; i < count; i++)
		MODEL_TRY(machine_add_item(machine, node, items[i]));
	return KIST_OK;
}

static kist_status named_by_lines(struct pickle_machine *machine)
{
	char name[2048];
	size_t len;

	MODEL_TRY(machine_take_line(machine, name, sizeof(name) / 2));
	len = strlen(name);
	name[len++] = ' ';
	MODEL_TRY(machine_take_line(machine, name + len, sizeof(name) / 2));
	return machine_global(machine, name);
}

/* Whether it is made by a call, and no array of joblib. */
static bool is_made(const struct pickle *pickle, uint32_t node)
{
	const struct pickle_node *const made = pickle_at(pickle, node);

	return made->kind == PICKLE_CALL && !pickle_is_global(pickle, made->first, JOBLIB_WRAPPER);
}

/* Module and name are text on the stack; anything else is a name that nobody can know. */
static kist_status named_by_stack(struct pickle_machine *machine)
{
	struct model_reader *const reader = machine->reader;
	const uint64_t at = reader->at;
	const struct pickle *const pickle = machine->pickle;
	char name[2048];
	uint32_t module = PICKLE_NO;
	uint32_t of = PICKLE_NO;
	bool is_text;
	bool is_module;
	size_t len;

	MODEL_TRY(machine_pop(machine, &of));
	MODEL_TRY(machine_pop(machine, &module));
	MODEL_TRY(pickle_read_text(reader, machine->pickle, module, name, sizeof(name) / 2, &is_module));
	len = is_module ? strlen(name) : 0;
	name[len++] = ' ';
	MODEL_TRY(pickle_read_text(reader, machine->pickle, of, name + len, sizeof(name) / 2, &is_text));
	reader->at = at;
	if (is_module && is_text)
		return machine_global(machine, name);
	/* Among opcodes that are perhaps none, only what is made by a call can be a name. */
	if (machine->is_plain && !is_made(pickle, module) && !is_made(pickle, of))
		return machine_broken(machine, "a name is no text");
	return machine_global(machine, "? ?");
}

static kist_status call(struct pickle_machine *machine)
{
	uint32_t arguments = PICKLE_NO;
	uint32_t what = PICKLE_NO;

	MODEL_TRY(machine_pop(machine, &arguments));
	MODEL_TRY(machine_pop(machine, &what));
	return machine_call(machine, what, arguments);
}

static kist_status call_with_names(struct pickle_machine *machine)
{
	uint32_t names = PICKLE_NO;

	MODEL_TRY(machine_pop(machine, &names));
	return call(machine);
}

/* INST and OBJ: what is called, and its arguments above a mark. */
static kist_status call_marked(struct pickle_machine *machine, bool by_lines)
{
	uint32_t arguments = PICKLE_NO;
	uint32_t what = PICKLE_NO;

	MODEL_TRY(machine_collect(machine, PICKLE_TUPLE));
	MODEL_TRY(machine_pop(machine, &arguments));
	if (by_lines) {
		MODEL_TRY(named_by_lines(machine));
		MODEL_TRY(machine_pop(machine, &what));
	} else {
		what = pickle_item(machine->pickle, arguments, 0);
		if (what == PICKLE_NO)
			return machine_broken(machine, "it calls nothing");
	}
	return machine_call(machine, what, arguments);
}

/* A class that is given a state is not what its name says any more. */
static kist_status note_state_of(struct pickle_machine *machine, uint32_t node)
{
	const struct pickle *const pickle = machine->pickle;
	const struct pickle_global *const globals = pickle->globals.items;
	char name[2100];
	int64_t number;

	snprintf(name, sizeof(name), "%s (given a state)",
		 (const char *)pickle->names.items + globals[pickle_at(pickle, node)->number].name);
	return machine_note(machine, name, &number);
}

static kist_status build(struct pickle_machine *machine)
{
	uint32_t state = PICKLE_NO;
	uint32_t node = PICKLE_NO;

	MODEL_TRY(machine_pop(machine, &state));
	MODEL_TRY(machine_top(machine, &node));
	((struct pickle_node *)machine->pickle->nodes.items)[node].state = state;
	if (pickle_at(machine->pickle, node)->kind == PICKLE_GLOBAL)
		return note_state_of(machine, node);
	return machine->is_plain ? KIST_OK : joblib_skip(machine, node);
}

static kist_status add(struct pickle_machine *machine, size_t count)
{
	uint32_t items[2] = { PICKLE_NO };
	uint32_t node = PICKLE_NO;

	for (size_t i = count; i > 0; i--)
		MODEL_TRY(machine_pop(machine, &items[i - 1]));
	MODEL_TRY(machine_top(machine, &node));
	for (size_t i = 0; i < count; i++)
		MODEL_TRY(machine_add_item(machine, node, items[i]));
	return KIST_OK;
}

static kist_status persistent(struct pickle_machine *machine)
{
	struct pickle_node *node;
	uint32_t of = PICKLE_NO;

	MODEL_TRY(machine_pop(machine, &of));
	MODEL_TRY(machine_make(machine, PICKLE_PERSISTENT, &node));
	node->first = of;
	return KIST_OK;
}

static kist_status start_frame(struct pickle_machine *machine)
{
	uint64_t len = 0;

	MODEL_TRY(machine_take(machine, 8, &len));
	if (machine->frame_end > 0 && machine->reader->at != machine->frame_end)
		return machine_broken(machine, "a frame begins in a frame");
	if (len > model_reader_left(machine->reader))
		return machine_broken(machine, "a frame is longer than what is left");
	machine->frame_end = machine->reader->at + len;
	return KIST_OK;
}

static kist_status set_protocol(struct pickle_machine *machine)
{
	uint64_t protocol = 0;

	MODEL_TRY(machine_take(machine, 1, &protocol));
	if (protocol > PICKLE_PROTOCOL_MAX)
		return machine_broken(machine, "protocol %u is not known", (unsigned)protocol);
	if (protocol > machine->pickle->protocol)
		machine->pickle->protocol = (unsigned)protocol;
	return KIST_OK;
}

/* Extensions stand for names in a table that only whoever loads the pickle has. */
static kist_status named_by_number(struct pickle_machine *machine, size_t size)
{
	uint64_t number = 0;
	char name[48];

	MODEL_TRY(machine_take(machine, size, &number));
	/* One in a hundred bytes of an array is such an opcode, and hardly a program has the table. */
	if (machine->is_plain)
		return machine_broken(machine, "an extension");
	snprintf(name, sizeof(name), "extension %llu", (unsigned long long)number);
	return machine_global(machine, name);
}

static kist_status memo_by_line(struct pickle_machine *machine, bool put)
{
	char line[32];
	char *end;
	unsigned long long index;

	MODEL_TRY(machine_take_line(machine, line, sizeof(line)));
	index = strtoull(line, &end, 10);
	if (end == line || *end != '\0' || line[0] == '-')
		return machine_broken(machine, "'%.20s' is no place to remember", line);
	return put ? machine_remember(machine, index) : machine_recall(machine, index);
}

static kist_status memo(struct pickle_machine *machine, size_t size, bool put)
{
	uint64_t index = 0;

	MODEL_TRY(machine_take(machine, size, &index));
	return put ? machine_remember(machine, index) : machine_recall(machine, index);
}

static kist_status push_again(struct pickle_machine *machine)
{
	uint32_t node = PICKLE_NO;

	MODEL_TRY(machine_top(machine, &node));
	return machine_push(machine, node);
}

static kist_status stop(struct pickle_machine *machine)
{
	uint32_t root = PICKLE_NO;

	MODEL_TRY(machine_pop(machine, &root));
	if (machine->stack.count > 0)
		return machine_broken(machine, "it stops with more than one value");
	if (machine->pickle->count++ == 0)
		machine->pickle->root = root;
	machine->done = true;
	return KIST_OK;
}

static kist_status run_values(struct pickle_machine *machine, int opcode)
{
	switch (opcode) {
	case OP_INT:
	case OP_LONG:
	case OP_FLOAT:
	case OP_STRING:
	case OP_UNICODE:
		return machine_push_line(machine, opcode);
	case OP_BININT:
		return machine_push_signed(machine, 4);
	case OP_BININT1:
		return machine_push_signed(machine, 1);
	case OP_BININT2:
		return machine_push_signed(machine, 2);
	case OP_LONG1:
		return machine_push_long(machine, 1);
	case OP_LONG4:
		return machine_push_long(machine, 4);
	case OP_NONE:
		return machine_make(machine, PICKLE_NONE, NULL);
	case OP_NEWTRUE:
		return machine_push_int(machine, PICKLE_BOOL, 1);
	case OP_NEWFALSE:
		return machine_push_int(machine, PICKLE_BOOL, 0);
	case OP_BINFLOAT:
		return machine_push_float(machine);
	case OP_SHORT_BINSTRING:
		return machine_push_text(machine, PICKLE_TEXT, 1);
	case OP_BINSTRING:
		return machine_push_text(machine, PICKLE_TEXT, 4);
	case OP_SHORT_BINUNICODE:
		return machine_push_text(machine, PICKLE_TEXT, 1);
	case OP_BINUNICODE:
		return machine_push_text(machine, PICKLE_TEXT, 4);
	case OP_BINUNICODE8:
		return machine_push_text(machine, PICKLE_TEXT, 8);
	case OP_SHORT_BINBYTES:
		return machine_push_text(machine, PICKLE_BYTES, 1);
	case OP_BINBYTES:
		return machine_push_text(machine, PICKLE_BYTES, 4);
	case OP_BINBYTES8:
	case OP_BYTEARRAY8:
		return machine_push_text(machine, PICKLE_BYTES, 8);
	case OP_NEXT_BUFFER:
		return machine_make(machine, PICKLE_ANY, NULL);
	case OP_EMPTY_TUPLE:
		return machine_make(machine, PICKLE_TUPLE, NULL);
	case OP_EMPTY_LIST:
		return machine_make(machine, PICKLE_LIST, NULL);
	case OP_EMPTY_DICT:
		return machine_make(machine, PICKLE_DICT, NULL);
	case OP_EMPTY_SET:
		return machine_make(machine, PICKLE_SET, NULL);
	case OP_TUPLE:
		return machine_collect(machine, PICKLE_TUPLE);
	case OP_TUPLE1:
		return push_tuple(machine, 1);
	case OP_TUPLE2:
		return push_tuple(machine, 2);
	case OP_TUPLE3:
		return push_tuple(machine, 3);
	case OP_LIST:
		return machine_collect(machine, PICKLE_LIST);
	case OP_DICT:
		return machine_collect(machine, PICKLE_DICT);
	case OP_FROZENSET:
		return machine_collect(machine, PICKLE_SET);
	default:
		return machine_broken(machine, "no opcode 0x%02x", (unsigned)opcode);
	}
}

static kist_status run_memo(struct pickle_machine *machine, int opcode)
{
	switch (opcode) {
	case OP_GET:
		return memo_by_line(machine, false);
	case OP_BINGET:
		return memo(machine, 1, false);
	case OP_LONG_BINGET:
		return memo(machine, 4, false);
	case OP_PUT:
		return memo_by_line(machine, true);
	case OP_BINPUT:
		return memo(machine, 1, true);
	case OP_LONG_BINPUT:
		return memo(machine, 4, true);
	case OP_MEMOIZE:
		return machine_memoize(machine);
	default:
		return run_values(machine, opcode);
	}
}

static kist_status run_opcode(struct pickle_machine *machine, int opcode)
{
	uint32_t node = PICKLE_NO;

	switch (opcode) {
	case OP_MARK:
		return machine_make(machine, PICKLE_MARK, NULL);
	case OP_STOP:
		return stop(machine);
	case OP_POP:
		/* It also takes a mark off. */
		MODEL_TRY(machine_top(machine, &node));
		machine->stack.count--;
		return KIST_OK;
	case OP_POP_MARK:
		return machine_drop_marked(machine);
	case OP_DUP:
		return push_again(machine);
	case OP_REDUCE:
	case OP_NEWOBJ:
		return call(machine);
	case OP_NEWOBJ_EX:
		return call_with_names(machine);
	case OP_INST:
		return call_marked(machine, true);
	case OP_OBJ:
		return call_marked(machine, false);
	case OP_BUILD:
		return build(machine);
	case OP_GLOBAL:
		return named_by_lines(machine);
	case OP_STACK_GLOBAL:
		return named_by_stack(machine);
	case OP_EXT1:
		return named_by_number(machine, 1);
	case OP_EXT2:
		return named_by_number(machine, 2);
	case OP_EXT4:
		return named_by_number(machine, 4);
	case OP_PERSID:
		return machine_push_line(machine, opcode);
	case OP_BINPERSID:
		return persistent(machine);
	case OP_APPEND:
		return add(machine, 1);
	case OP_SETITEM:
		return add(machine, 2);
	case OP_APPENDS:
	case OP_SETITEMS:
	case OP_ADDITEMS:
		return machine_add_marked(machine);
	case OP_PROTO:
		return set_protocol(machine);
	case OP_FRAME:
		return start_frame(machine);
	case OP_READONLY_BUFFER:
		return machine_top(machine, &node);
	default:
		return run_memo(machine, opcode);
	}
}

/* No opcode reaches over the end of its frame: readers differ in what they make of that. */
static kist_status check_frame(struct pickle_machine *machine)
{
	if (machine->frame_end == 0 || machine->reader->at < machine->frame_end)
		return KIST_OK;
	if (machine->reader->at > machine->frame_end)
		return machine_broken(machine, "an opcode reaches over the end of its frame");
	machine->frame_end = 0;
	return KIST_OK;
}

static kist_status run_one(struct pickle_machine *machine)
{
	uint64_t opcode = 0;

	for (uint64_t i = 1; !machine->done; i++) {
		if (i % POLL_OPCODES == 0)
			MODEL_TRY(machine->reader->call->poll(machine->reader->call));
		MODEL_TRY(machine_take(machine, 1, &opcode));
		MODEL_TRY(run_opcode(machine, (int)opcode));
		MODEL_TRY(check_frame(machine));
	}
	return machine->frame_end == 0 ? KIST_OK : machine_broken(machine, "it stops in a frame");
}

static kist_status run_all(struct model_reader *reader, struct pickle *pickle, bool is_plain)
{
	kist_status status = KIST_OK;

	*pickle = (struct pickle){ .root = PICKLE_NO };
	do {
		struct pickle_machine machine = { .reader = reader, .pickle = pickle, .is_plain = is_plain };

		status = run_one(&machine);
		machine_done(&machine);
	} while (status == KIST_OK && model_reader_left(reader) > 0);
	return pickle->malformed.code ? KIST_OK : status;
}

kist_status pickle_note(struct model_reader *reader, struct pickle *pickle, const char *name)
{
	struct pickle_machine machine = { .reader = reader, .pickle = pickle };
	int64_t number;
	const kist_status status = machine_note(&machine, name, &number);

	return pickle->malformed.code ? KIST_OK : status;
}

/* As names of modules are, so that bytes of an array are hardly ever taken for one. */
static bool is_like_a_name(const char *name)
{
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_. ?()") ==
	       strlen(name);
}

/*
 * Who knows nothing of joblib runs its arrays as opcodes.  What they would name then is told as well; that they end
 * somewhere as no opcodes do is what is to be expected.
 */
static kist_status scan_plain(struct model_reader *reader, struct pickle *pickle)
{
	struct pickle plain;
	kist_status status = run_all(reader, &plain, true);
	const struct pickle_global *const globals = plain.globals.items;

	for (size_t i = 0; i < plain.globals.count && status == KIST_OK; i++) {
		const char *const name = (const char *)plain.names.items + globals[i].name;

		if (!globals[i].is_known && is_like_a_name(name))
			status = pickle_note(reader, pickle, name);
	}
	pickle_done(&plain);
	return status;
}

kist_status pickle_scan(struct model_reader *reader, struct pickle *pickle)
{
	const uint64_t begin = reader->at;

	MODEL_TRY(run_all(reader, pickle, false));
	if (!pickle->has_raw)
		return KIST_OK;
	reader->at = begin;
	return scan_plain(reader, pickle);
}
