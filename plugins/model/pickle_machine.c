/* SPDX-License-Identifier: Apache-2.0 */

/* The stack, the memo and the nodes. */
#include <stdlib.h>

#include "pickle_machine.h"

kist_status machine_broken(struct pickle_machine *machine, const char *format, ...)
{
	struct model_fault *const fault = &machine->pickle->malformed;
	char text[sizeof(fault->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return model_fault_set(fault, KIST_CORRUPT, "E_PICKLE", machine->reader->at, "%s", text);
}

void machine_done(struct pickle_machine *machine)
{
	free(machine->stack.items);
	free(machine->memo.items);
}

static struct pickle_node *node_at(struct pickle_machine *machine, uint32_t node)
{
	return (struct pickle_node *)machine->pickle->nodes.items + node;
}

kist_status machine_push(struct pickle_machine *machine, uint32_t node)
{
	uint32_t *slot;

	MODEL_TRY(model_array_add(machine->reader->call, &machine->stack, sizeof(*slot), 1, &slot));
	*slot = node;
	return KIST_OK;
}

kist_status machine_top(struct pickle_machine *machine, uint32_t *ret)
{
	if (machine->stack.count == 0)
		return machine_broken(machine, "it takes from an empty stack");
	*ret = ((uint32_t *)machine->stack.items)[machine->stack.count - 1];
	return KIST_OK;
}

kist_status machine_pop(struct pickle_machine *machine, uint32_t *ret)
{
	MODEL_TRY(machine_top(machine, ret));
	if (node_at(machine, *ret)->kind == PICKLE_MARK)
		return machine_broken(machine, "it takes a mark for a value");
	machine->stack.count--;
	return KIST_OK;
}

kist_status machine_make(struct pickle_machine *machine, enum pickle_kind kind, struct pickle_node **ret)
{
	struct pickle_node *node;

	if (machine->pickle->nodes.count == PICKLE_NODES_MAX)
		return machine_broken(machine, "it makes more than %zu values", PICKLE_NODES_MAX);
	MODEL_TRY(model_array_add(machine->reader->call, &machine->pickle->nodes, sizeof(*node), 1, &node));
	*node = (struct pickle_node){ .kind = (uint8_t)kind,
				      .first = PICKLE_NO,
				      .second = PICKLE_NO,
				      .items = PICKLE_NO,
				      .last = PICKLE_NO,
				      .state = PICKLE_NO };
	if (ret)
		*ret = node;
	return machine_push(machine, (uint32_t)(machine->pickle->nodes.count - 1));
}

kist_status machine_add_item(struct pickle_machine *machine, uint32_t to, uint32_t value)
{
	struct pickle_node *const node = node_at(machine, to);
	struct model_array *const links = &machine->pickle->links;
	struct pickle_link *link;

	/* The same list may be added to again and again by what was remembered. */
	if (links->count == 2 * PICKLE_NODES_MAX)
		return machine_broken(machine, "it holds more than %zu items", 2 * PICKLE_NODES_MAX);
	MODEL_TRY(model_array_add(machine->reader->call, links, sizeof(*link), 1, &link));
	*link = (struct pickle_link){ .value = value, .next = PICKLE_NO };
	if (node->last == PICKLE_NO)
		node->items = (uint32_t)(links->count - 1);
	else
		((struct pickle_link *)links->items)[node->last].next = (uint32_t)(links->count - 1);
	node->last = (uint32_t)(links->count - 1);
	node->count++;
	return KIST_OK;
}

/* The place of the topmost mark on the stack. */
static kist_status find_mark(struct pickle_machine *machine, size_t *ret)
{
	const uint32_t *const stack = machine->stack.items;

	for (size_t i = machine->stack.count; i > 0; i--) {
		if (node_at(machine, stack[i - 1])->kind == PICKLE_MARK) {
			*ret = i - 1;
			return KIST_OK;
		}
	}
	return machine_broken(machine, "it looks for a mark, and there is none");
}

static kist_status add_above(struct pickle_machine *machine, size_t mark, uint32_t node)
{
	const size_t count = machine->stack.count;

	for (size_t i = mark + 1; i < count; i++)
		MODEL_TRY(machine_add_item(machine, node, ((uint32_t *)machine->stack.items)[i]));
	machine->stack.count = mark;
	return KIST_OK;
}

kist_status machine_collect(struct pickle_machine *machine, enum pickle_kind kind)
{
	uint32_t node = PICKLE_NO;
	size_t mark = 0;

	MODEL_TRY(find_mark(machine, &mark));
	MODEL_TRY(machine_make(machine, kind, NULL));
	node = ((uint32_t *)machine->stack.items)[--machine->stack.count];
	MODEL_TRY(add_above(machine, mark, node));
	return machine_push(machine, node);
}

kist_status machine_add_marked(struct pickle_machine *machine)
{
	size_t mark = 0;

	MODEL_TRY(find_mark(machine, &mark));
	if (mark == 0)
		return machine_broken(machine, "it adds items to nothing");
	return add_above(machine, mark, ((uint32_t *)machine->stack.items)[mark - 1]);
}

kist_status machine_drop_marked(struct pickle_machine *machine)
{
	size_t mark = 0;

	MODEL_TRY(find_mark(machine, &mark));
	machine->stack.count = mark;
	return KIST_OK;
}

kist_status machine_remember(struct pickle_machine *machine, uint64_t index)
{
	struct model_array *const memo = &machine->memo;
	uint32_t *slots;
	uint32_t node = PICKLE_NO;

	MODEL_TRY(machine_top(machine, &node));
	/* Each is made by an opcode of its own, so there are not more than bytes. */
	if (index > machine->reader->source->size || index > PICKLE_NODES_MAX)
		return machine_broken(machine, "it remembers something as number %llu",
				      (unsigned long long)index);
	if (index >= memo->count) {
		const size_t first = memo->count;

		MODEL_TRY(model_array_add(machine->reader->call, memo, sizeof(*slots),
					  (size_t)index + 1 - memo->count, &slots));
		memset(slots, 0xFF, (memo->count - first) * sizeof(*slots));
	}
	machine->remembered += ((uint32_t *)memo->items)[index] == PICKLE_NO;
	((uint32_t *)memo->items)[index] = node;
	return KIST_OK;
}

kist_status machine_memoize(struct pickle_machine *machine)
{
	return machine_remember(machine, machine->remembered);
}

kist_status machine_recall(struct pickle_machine *machine, uint64_t index)
{
	const uint32_t *const memo = machine->memo.items;

	if (index >= machine->memo.count || memo[index] == PICKLE_NO)
		return machine_broken(machine, "it recalls number %llu, which it has not remembered",
				      (unsigned long long)index);
	return machine_push(machine, memo[index]);
}

kist_status machine_call(struct pickle_machine *machine, uint32_t first, uint32_t second)
{
	struct pickle_node *node;

	MODEL_TRY(machine_make(machine, PICKLE_CALL, &node));
	node->first = first;
	node->second = second;
	return KIST_OK;
}

/*
 * What torch calls with arguments may give joblib's stand-in, and behind that stand no opcodes: where a file names
 * both, nothing tells what is which.
 */
static bool is_harmless(struct pickle *pickle, const char *name)
{
	pickle->names_joblib = pickle->names_joblib || strncmp(name, "joblib.", 7) == 0;
	pickle->names_torch = pickle->names_torch || strncmp(name, "torch", 5) == 0;
	return pickle_is_known(name) && !(pickle->names_joblib && pickle->names_torch);
}

/* It is added when it is new and there is room. */
kist_status machine_note(struct pickle_machine *machine, const char *name, int64_t *ret)
{
	struct pickle *const pickle = machine->pickle;
	const struct pickle_global *const globals = pickle->globals.items;
	struct pickle_global *added;
	char *text;

	for (size_t i = 0; i < pickle->globals.count; i++) {
		if (strcmp((const char *)pickle->names.items + globals[i].name, name) == 0) {
			*ret = (int64_t)i;
			return KIST_OK;
		}
	}
	if (pickle->globals.count == PICKLE_GLOBALS_MAX)
		return machine_broken(machine, "it names more than %zu things", PICKLE_GLOBALS_MAX);
	MODEL_TRY(model_array_add(machine->reader->call, &pickle->names, 1, strlen(name) + 1, &text));
	memcpy(text, name, strlen(name) + 1);
	MODEL_TRY(model_array_add(machine->reader->call, &pickle->globals, sizeof(*added), 1, &added));
	*added = (struct pickle_global){ .name = pickle->names.count - strlen(name) - 1,
					 .is_known = is_harmless(pickle, name) };
	if (!added->is_known)
		pickle->has_unknown = true;
	*ret = (int64_t)pickle->globals.count - 1;
	return KIST_OK;
}

kist_status machine_global(struct pickle_machine *machine, const char *name)
{
	struct pickle_node *node;
	int64_t number = 0;

	MODEL_TRY(machine_note(machine, name, &number));
	MODEL_TRY(machine_make(machine, PICKLE_GLOBAL, &node));
	node->number = number;
	return KIST_OK;
}
