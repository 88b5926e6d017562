/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_PICKLE_H
#define MODEL_PICKLE_H

#include "model_index.h"
#include "model_reader.h"

/*
 * What a pickle would do, without doing it: its opcodes run on a machine whose values are only shapes of values.
 * Nothing is imported, called or made.
 *
 * What it names is held against a list of what is known to be harmless.  A name that is not told by the opcodes
 * themselves (as an operand, or as text on the stack) counts as one that is not on the list.
 *
 * Limits: PICKLE_NODES_MAX, PICKLE_GLOBALS_MAX.
 * Thread: a struct is used by one thread at a time.
 * Source: CPython, Lib/pickletools.py; PyTorch, torch/_weights_only_unpickler.py; joblib, numpy_pickle.py.
 */

#define PICKLE_NODES_MAX    ((size_t)1 << 22)
#define PICKLE_GLOBALS_MAX  ((size_t)1024)
#define PICKLE_PROTOCOL_MAX 5

enum pickle_kind {
	PICKLE_ANY, /* of which nothing is known */
	PICKLE_NONE,
	PICKLE_BOOL,
	PICKLE_INT,
	PICKLE_TEXT, /* text, or bytes of protocol 0 to 2 */
	PICKLE_BYTES,
	PICKLE_TUPLE,
	PICKLE_LIST,
	PICKLE_DICT,
	PICKLE_SET,
	PICKLE_GLOBAL,
	PICKLE_CALL,	   /* of @first with the arguments @second */
	PICKLE_PERSISTENT, /* of @first */
	PICKLE_MARK,
};

/** No node. */
#define PICKLE_NO UINT32_MAX

/**
 * struct pickle_node - One value.
 *
 * @kind:   enum pickle_kind.
 * @number: Of an int or a bool; of text its length; of a global its place in the list of globals.
 * @at:     Of text, its place in the source.
 * @first, @second: Of a call and a persistent value, see above.
 * @items:  The first of the items, in the list of links, or PICKLE_NO; of a dict keys and values in turn.
 * @state:  What BUILD gave it, or PICKLE_NO.
 */
struct pickle_node {
	uint8_t kind;
	uint32_t first;
	uint32_t second;
	uint32_t items;
	uint32_t last;
	uint32_t count;
	uint32_t state;
	int64_t number;
	uint64_t at;
};

struct pickle_link {
	uint32_t value;
	uint32_t next;
};

struct pickle_global {
	size_t name; /* "module name" in names */
	bool is_known;
};

enum pickle_verdict { PICKLE_CLEAN, PICKLE_UNKNOWN_GLOBALS, PICKLE_MALFORMED };

/**
 * struct pickle - What was found.  Owned; begins zeroed; pickle_done() frees it.
 *
 * @root:      What the first pickle makes, or PICKLE_NO.
 * @protocol:  The highest that was seen.
 * @count:     Whole pickles, one after the other.
 * @has_raw:   Bytes of joblib's arrays were passed over.
 * @names_joblib, @names_torch: It names joblib's stand-in for an array; something of torch.
 * @malformed: Why it is, when it is.
 */
struct pickle {
	struct model_array nodes;
	struct model_array links;
	struct model_array globals;
	struct model_array names;
	uint32_t root;
	unsigned protocol;
	uint64_t count;
	bool has_unknown;
	bool has_raw;
	bool names_joblib;
	bool names_torch;
	struct model_fault malformed;
};

/**
 * pickle_scan() - Runs all pickles from @reader->at to @reader->end.
 *
 * A broken pickle is no failure: @pickle->malformed says so, and all that it named until then is there.
 *
 * Errors: KIST_NO_MEMORY, and what the source and poll give.
 */
kist_status pickle_scan(struct model_reader *reader, struct pickle *pickle);
void pickle_done(struct pickle *pickle);

/** pickle_note() - Adds a name that a file brings besides its pickle.  Errors: KIST_NO_MEMORY. */
kist_status pickle_note(struct model_reader *reader, struct pickle *pickle, const char *name);

enum pickle_verdict pickle_verdict(const struct pickle *pickle);

/** pickle_verdict_name() - "clean_allowlist", "unknown_globals" or "malformed". */
const char *pickle_verdict_name(enum pickle_verdict verdict);

/** pickle_describe() - {"verdict":...,"protocol":...,"globals":[...]} */
void pickle_describe(const struct pickle *pickle, struct model_out *out);

/** pickle_is_known() - Whether "module name" is on the list. */
bool pickle_is_known(const char *name);

const struct pickle_node *pickle_at(const struct pickle *pickle, uint32_t node);

/** pickle_is_global() - Whether @node is the global "module name". */
bool pickle_is_global(const struct pickle *pickle, uint32_t node, const char *name);

/** pickle_item() - Item @i of a node that has items, or PICKLE_NO. */
uint32_t pickle_item(const struct pickle *pickle, uint32_t node, uint32_t i);

/** pickle_read_text() - The text of @node, NUL-terminated; false when it is none, or longer than @size - 1. */
kist_status pickle_read_text(struct model_reader *reader, const struct pickle *pickle, uint32_t node,
			     char *ret, size_t size, bool *ret_is);

#endif
