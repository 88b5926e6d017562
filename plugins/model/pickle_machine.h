/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_PICKLE_MACHINE_H
#define MODEL_PICKLE_MACHINE_H

#include "pickle.h"

/*
 * The machine of one pickle: a stack, a memo, and the nodes of struct pickle.
 *
 * Private to pickle.c, pickle_operand.c, pickle_machine.c and pickle_joblib.c.
 */

enum {
	OP_MARK = '(',
	OP_STOP = '.',
	OP_POP = '0',
	OP_POP_MARK = '1',
	OP_DUP = '2',
	OP_FLOAT = 'F',
	OP_INT = 'I',
	OP_BININT = 'J',
	OP_BININT1 = 'K',
	OP_LONG = 'L',
	OP_BININT2 = 'M',
	OP_NONE = 'N',
	OP_PERSID = 'P',
	OP_BINPERSID = 'Q',
	OP_REDUCE = 'R',
	OP_STRING = 'S',
	OP_BINSTRING = 'T',
	OP_SHORT_BINSTRING = 'U',
	OP_UNICODE = 'V',
	OP_BINUNICODE = 'X',
	OP_APPEND = 'a',
	OP_BUILD = 'b',
	OP_GLOBAL = 'c',
	OP_DICT = 'd',
	OP_APPENDS = 'e',
	OP_GET = 'g',
	OP_BINGET = 'h',
	OP_INST = 'i',
	OP_LONG_BINGET = 'j',
	OP_LIST = 'l',
	OP_OBJ = 'o',
	OP_PUT = 'p',
	OP_BINPUT = 'q',
	OP_LONG_BINPUT = 'r',
	OP_SETITEM = 's',
	OP_TUPLE = 't',
	OP_SETITEMS = 'u',
	OP_EMPTY_DICT = '}',
	OP_EMPTY_LIST = ']',
	OP_EMPTY_TUPLE = ')',
	OP_BINFLOAT = 'G',
	OP_BINBYTES = 'B',
	OP_SHORT_BINBYTES = 'C',
	OP_PROTO = 0x80,
	OP_NEWOBJ,
	OP_EXT1,
	OP_EXT2,
	OP_EXT4,
	OP_TUPLE1,
	OP_TUPLE2,
	OP_TUPLE3,
	OP_NEWTRUE,
	OP_NEWFALSE,
	OP_LONG1,
	OP_LONG4,
	OP_SHORT_BINUNICODE,
	OP_BINUNICODE8,
	OP_BINBYTES8,
	OP_EMPTY_SET,
	OP_ADDITEMS,
	OP_FROZENSET,
	OP_NEWOBJ_EX,
	OP_STACK_GLOBAL,
	OP_MEMOIZE,
	OP_FRAME,
	OP_BYTEARRAY8,
	OP_NEXT_BUFFER,
	OP_READONLY_BUFFER,
};

/**
 * struct pickle_machine - @frame_end: Where the frame ends that the opcodes are in; 0 outside any.
 *
 * @remembered: Places of the memo that are filled.
 * @is_plain:   Arrays of joblib are opcodes, as to who knows nothing of joblib.
 */
struct pickle_machine {
	struct model_reader *reader;
	struct pickle *pickle;
	struct model_array stack;
	struct model_array memo;
	uint64_t remembered;
	uint64_t frame_end;
	bool is_plain;
	bool done;
};

/** machine_broken() - Sets @pickle->malformed.  Returns KIST_CORRUPT. */
KIST_PRINTF_(2, 3)
kist_status machine_broken(struct pickle_machine *machine, const char *format, ...);

kist_status machine_push(struct pickle_machine *machine, uint32_t node);
kist_status machine_pop(struct pickle_machine *machine, uint32_t *ret);

/** machine_top() - What lies on top and is not popped. */
kist_status machine_top(struct pickle_machine *machine, uint32_t *ret);

/** machine_make() - A new node on the stack.  *@ret is good until the next is made. */
kist_status machine_make(struct pickle_machine *machine, enum pickle_kind kind, struct pickle_node **ret);

/** machine_add_item() - Adds @value to the items of @node. */
kist_status machine_add_item(struct pickle_machine *machine, uint32_t node, uint32_t value);

/** machine_collect() - Makes a node of all above the topmost mark, which goes too. */
kist_status machine_collect(struct pickle_machine *machine, enum pickle_kind kind);

/** machine_add_marked() - Adds all above the topmost mark to the node below it; the mark goes too. */
kist_status machine_add_marked(struct pickle_machine *machine);

/** machine_drop_marked() - Forgets all above the topmost mark, and the mark. */
kist_status machine_drop_marked(struct pickle_machine *machine);

kist_status machine_remember(struct pickle_machine *machine, uint64_t index);
/** machine_memoize() - Remembers at the place that is as many as there are filled: not always behind the last. */
kist_status machine_memoize(struct pickle_machine *machine);
kist_status machine_recall(struct pickle_machine *machine, uint64_t index);

/** machine_global() - Pushes the global "@name", which it notes. */
kist_status machine_global(struct pickle_machine *machine, const char *name);

/** machine_note() - Notes a name that is not on the stack.  *@ret is its place in the list of globals. */
kist_status machine_note(struct pickle_machine *machine, const char *name, int64_t *ret);

/** machine_call() - Pushes a call of @first with @second. */
kist_status machine_call(struct pickle_machine *machine, uint32_t first, uint32_t second);

/** machine_take() - Reads a number of @size bytes, little-endian. */
kist_status machine_take(struct pickle_machine *machine, size_t size, uint64_t *ret);

/** machine_take_line() - Reads up to the end of the line; @ret is NUL-terminated. */
kist_status machine_take_line(struct pickle_machine *machine, char *ret, size_t size);

kist_status machine_push_int(struct pickle_machine *machine, enum pickle_kind kind, int64_t number);
kist_status machine_push_signed(struct pickle_machine *machine, size_t size);
kist_status machine_push_float(struct pickle_machine *machine);

/** machine_push_long(), machine_push_text() - What is as long as the @length_size bytes before it say. */
kist_status machine_push_long(struct pickle_machine *machine, size_t length_size);
kist_status machine_push_text(struct pickle_machine *machine, enum pickle_kind kind, size_t length_size);

/** machine_push_line() - A number, a text or a persistent id that is written as a line. */
kist_status machine_push_line(struct pickle_machine *machine, int opcode);

void machine_done(struct pickle_machine *machine);

/** What joblib puts in the place of an array. */
#define JOBLIB_WRAPPER "joblib.numpy_pickle NumpyArrayWrapper"

/**
 * joblib_skip() - After BUILD: when @node is joblib's stand-in for an array, passes over the raw bytes that follow,
 * and puts an array in its place.
 *
 * Errors: KIST_CORRUPT (how many they are cannot be told), KIST_NO_MEMORY, and what the source and poll give.
 */
kist_status joblib_skip(struct pickle_machine *machine, uint32_t node);

#endif
