/* SPDX-License-Identifier: Apache-2.0 */

/* Files of skops: which types they would make, and arrays that are typed parts. */
#include <ctype.h>
#include <stdlib.h>

#include "json.h"
#include "named.h"
#include "numpy/numpy_plugin.h"
#include "zip_member.h"

#define SCHEMA	   "schema.json"
#define SCORE_SURE 92
/* Digits in the name of an array, which is the address where it was. */
#define ID_DIGITS_MIN ((size_t)10)

enum { CLASS, MODULE, LOADER };

struct looking {
	const struct kept *kept;
	struct named named;
	struct zip zip;
};

/* Loaders that make plain values, and what they make them of. */
static const struct {
	const char *loader;
	const char *module;
	const char *name; /* NULL: anything there */
} plain[] = {
	{ "BytearrayNode", "builtins", "bytearray" },
	{ "BytesNode", "builtins", "bytes" },
	{ "DTypeNode", "numpy", "dtype" },
	{ "DefaultDictNode", "collections", "defaultdict" },
	{ "DictNode", "builtins", "dict" },
	{ "DictNode", "collections", "OrderedDict" },
	{ "JsonNode", "builtins", "str" },
	{ "ListNode", "builtins", "list" },
	{ "MaskedArrayNode", "numpy.ma", "MaskedArray" },
	{ "NdArrayNode", "numpy", NULL },
	{ "RandomGeneratorNode", "numpy.random._generator", "Generator" },
	{ "RandomStateNode", "numpy.random.mtrand", "RandomState" },
	{ "SetNode", "builtins", "set" },
	{ "SliceNode", "builtins", "slice" },
	{ "SparseMatrixNode", "scipy.sparse", NULL },
	{ "TupleNode", "builtins", "tuple" },
};

/* Types that are named as such. */
static const char *const builtins[] = { "bool", "bytes", "complex", "dict",  "float", "int",
					"list", "set",	 "str",	    "slice", "tuple" };

/* Functions that count, element by element. */
static const char *const functions[] = { "abs",	  "absolute", "cos",   "cosh",	 "exp",	 "exp2",
					 "expm1", "log",      "log10", "log1p",	 "log2", "sign",
					 "sin",	  "sinh",     "sqrt",  "square", "tan",	 "tanh" };

static bool is_below(const char *module, const char *top)
{
	const size_t len = strlen(top);

	return strncmp(module, top, len) == 0 && (module[len] == '.' || module[len] == '\0');
}

/* The name of a class, not of a function or module. */
static bool is_known(const struct json_object *object)
{
	const char *const name = object->text[CLASS];
	const char *const module = object->text[MODULE];
	const char *const loader = object->text[LOADER];

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(plain[i].loader, loader) == 0 && is_below(module, plain[i].module) &&
		    (!plain[i].name || strcmp(plain[i].name, name) == 0))
			return true;
	}
	if (strcmp(loader, "TypeNode") == 0 && strcmp(module, "builtins") == 0)
		return named_is_among(builtins, sizeof(builtins) / sizeof(builtins[0]), name);
	if (strcmp(loader, "FunctionNode") == 0)
		return strcmp(module, "numpy") == 0 &&
		       named_is_among(functions, sizeof(functions) / sizeof(functions[0]), name);
	/* An estimator is made without being called, and gets its members. */
	return (strcmp(loader, "ObjectNode") == 0 || strcmp(loader, "TreeNode") == 0) &&
	       is_below(module, "sklearn") && !is_below(module, "sklearn.utils") && named_is_class(name);
}

static kist_status take_node(void *context, const struct json_object *object)
{
	struct looking *const looking = context;
	char name[2 * JSON_TEXT_MAX];
	bool is_whole = true;

	if (object->found[LOADER] == JSON_ABSENT && object->found[CLASS] == JSON_ABSENT)
		return KIST_OK;
	/* What another node already made is only named again. */
	if (object->found[LOADER] == JSON_TEXT && strcmp(object->text[LOADER], "CachedNode") == 0)
		return KIST_OK;
	for (int i = CLASS; i <= LOADER; i++)
		is_whole = is_whole && object->found[i] == JSON_TEXT;
	snprintf(name, sizeof(name), "%s.%s", object->text[MODULE], object->text[CLASS]);
	return named_add(looking->kept->call, &looking->named, is_whole ? name : "?",
			 is_whole && is_known(object));
}

static kist_status not_skops(const struct kept *kept)
{
	return model_fault_set(kept->fault, KIST_CORRUPT, "E_MAGIC", 0,
			       "a zip, but none of skops: it has no " SCHEMA);
}

static kist_status look_into(struct looking *looking)
{
	const struct kept *const kept = looking->kept;
	const struct json_look look = { .names = { "__class__", "__module__", "__loader__" },
					.take = take_node,
					.context = looking };
	const struct zip_entry *schema;

	MODEL_TRY(zip_read(kept->call, kept->source, &looking->zip, kept->fault));
	schema = zip_find(&looking->zip, SCHEMA);
	if (!schema)
		return not_skops(kept);
	MODEL_TRY(json_look(kept->call, kept->source, schema, &look, kept->fault));
	if (kept->report)
		MODEL_TRY(zip_check_all(kept->call, kept->source, &looking->zip, kept->fault));
	model_out_text(kept->out, ",\"entries\":");
	model_out_number(kept->out, looking->zip.entries.count);
	named_tell(&looking->named, kept);
	return KIST_OK;
}

static kist_status look(const struct kept *kept)
{
	struct looking looking = { .kept = kept };
	const kist_status status = look_into(&looking);

	named_done(&looking.named);
	zip_done(&looking.zip);
	return status;
}

static int compare_places(const void *context, uint32_t a, uint32_t b)
{
	const uint64_t left = zip_at(context, a)->header_at;
	const uint64_t right = zip_at(context, b)->header_at;

	return (left > right) - (left < right);
}

/* An array that is stored; what is none, or is broken, has no type. */
static kist_status give_part(struct kist_call *call, struct kist_source *source, const struct zip *zip,
			     size_t i, struct kist_layout *layout, struct model_fault *fault)
{
	const struct zip_entry *const entry = zip_at(zip, i);
	const char *const name = zip_name(zip, i);
	const size_t len = strlen(name);
	npy_auto_file struct npy_file file = { .major = 0 };
	zip_auto_member struct zip_member member = { .stream = NULL };
	int64_t shape[KIST_RANK_MAX];
	struct kist_part part;
	struct npy_fault inner;
	kist_status status;

	if (entry->method != ZIP_STORED || len < 4 || strcmp(name + len - 4, ".npy") != 0)
		return KIST_OK;
	zip_member_open(&member, call, source, entry, fault);
	status = npy_file_read(call, &member.source, NULL, &file, &inner);
	if (status != KIST_OK)
		return inner.kind != NPY_FAULT_NONE ? KIST_OK : status;
	npy_part_of(&file.header, entry->data_at + file.data_at, shape, &part);
	part.name = name;
	return layout->part(layout, &part);
}

static kist_status give_parts(struct kist_call *call, struct kist_source *source, struct kist_layout *layout,
			      struct model_fault *fault)
{
	uint32_t *order = NULL;
	struct zip zip = { .directory_at = 0 };
	kist_status status = zip_read(call, source, &zip, fault);

	if (status == KIST_OK)
		status = model_order(call, zip.entries.count, compare_places, &zip, &order);
	for (size_t i = 0; status == KIST_OK && i < zip.entries.count; i++)
		status = give_part(call, source, &zip, order[i], layout, fault);
	free(order);
	zip_done(&zip);
	return status;
}

static const struct kept_format format = {
	.type = "kist.skops", .name = "skops", .look = look, .parts = give_parts
};

kist_status skops_open(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = (void *)(uintptr_t)&format;
	return KIST_OK;
}

/* The first entry is the schema, or an array whose name is an address. */
kist_status skops_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	const char *name;
	const size_t name_len = zip_first_name(head, len, &name);
	size_t digits = 0;

	(void)total_size;
	*ret_score = 0;
	while (digits < name_len && isdigit((unsigned char)name[digits]))
		digits++;
	if ((name_len == strlen(SCHEMA) && memcmp(name, SCHEMA, name_len) == 0) ||
	    (digits >= ID_DIGITS_MIN && name_len == digits + 4 && memcmp(name + digits, ".npy", 4) == 0))
		*ret_score = SCORE_SURE;
	return KIST_OK;
}
