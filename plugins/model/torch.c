/* SPDX-License-Identifier: Apache-2.0 */

/* Files of PyTorch, taken apart: which tensors there are, and where their bytes lie. */
#include "torch.h"

#include <stdlib.h>
#include <strings.h>

#include "pickle.h"
#include "zip.h"

#define PICKLE_NAME "data.pkl"
/* What makes torch.load() run it as a program. */
#define SCRIPT_NAME "constants.pkl"
#define SCORE_SURE  95

/* A file on its way.  @root: what all names begin with, "archive/". */
struct torch {
	struct model_reader reader;
	struct zip zip;
	struct pickle pickle;
	struct model_index *index;
	const struct zip_entry *data_pickle;
	uint64_t visits;
	bool has_script;
	char root[256];
	char name[TORCH_NAME_SIZE_MAX + 1]; /* of what is looked at */
};

static const struct {
	const char *name; /* behind "torch ": of a storage without "Storage" */
	const char *dtype_name;
	const char *alias;
	DLDataType dtype;
} elements[] = {
	{ "Double", "float64", "double", { kDLFloat, 64, 1 } },
	{ "Float", "float32", "float", { kDLFloat, 32, 1 } },
	{ "Half", "float16", "half", { kDLFloat, 16, 1 } },
	{ "BFloat16", "bfloat16", "bfloat16", { kDLBfloat, 16, 1 } },
	{ "Long", "int64", "long", { kDLInt, 64, 1 } },
	{ "Int", "int32", "int", { kDLInt, 32, 1 } },
	{ "Short", "int16", "short", { kDLInt, 16, 1 } },
	{ "Char", "int8", "int8", { kDLInt, 8, 1 } },
	{ "Byte", "uint8", "uint8", { kDLUInt, 8, 1 } },
	{ "Bool", "bool", "bool", { kDLBool, 8, 1 } },
	{ "ComplexFloat", "complex64", "cfloat", { kDLComplex, 64, 1 } },
	{ "ComplexDouble", "complex128", "cdouble", { kDLComplex, 128, 1 } },
	{ "QInt8", "qint8", "qint8", { kDLInt, 8, 1 } },
	{ "QUInt8", "quint8", "quint8", { kDLUInt, 8, 1 } },
	{ "QInt32", "qint32", "qint32", { kDLInt, 32, 1 } },
	{ "", "uint16", "uint16", { kDLUInt, 16, 1 } },
	{ "", "uint32", "uint32", { kDLUInt, 32, 1 } },
	{ "", "uint64", "uint64", { kDLUInt, 64, 1 } },
	{ "", "float8_e4m3fn", "float8_e4m3fn", { kDLFloat8_e4m3fn, 8, 1 } },
	{ "", "float8_e4m3fnuz", "float8_e4m3fnuz", { kDLFloat8_e4m3fnuz, 8, 1 } },
	{ "", "float8_e5m2", "float8_e5m2", { kDLFloat8_e5m2, 8, 1 } },
	{ "", "float8_e5m2fnuz", "float8_e5m2fnuz", { kDLFloat8_e5m2fnuz, 8, 1 } },
	{ "", "float8_e8m0fnu", "float8_e8m0fnu", { kDLFloat8_e8m0fnu, 8, 1 } },
};
#define ELEMENT_COUNT ((int)(sizeof(elements) / sizeof(elements[0])))

static kist_status not_torch(struct torch *torch, const char *what)
{
	return model_reader_fault(&torch->reader, "E_MAGIC", 0, "%s", what);
}

/* PyTorch finds entries without regard to case, and others do not. */
static kist_status check_entry(struct torch *torch, size_t i)
{
	static const char *const special[] = { PICKLE_NAME, SCRIPT_NAME, "byteorder" };
	const char *const name = zip_name(&torch->zip, i) + strlen(torch->root);
	const uint64_t at = zip_at(&torch->zip, i)->header_at;

	for (size_t k = 0; k < sizeof(special) / sizeof(special[0]); k++) {
		if (strcasecmp(name, special[k]) == 0 && strcmp(name, special[k]) != 0)
			return model_reader_fault(&torch->reader, "E_DUPLICATE", at,
						  "entry '%.100s' is '%s' to who does not tell case", name,
						  special[k]);
	}
	if (zip_at(&torch->zip, i)->method != ZIP_STORED)
		return model_reader_fault(&torch->reader, "E_ZIP", at,
					  "entry '%.100s' is compressed: torch.save compresses none", name);
	torch->has_script =
		torch->has_script || strcmp(name, SCRIPT_NAME) == 0 || strncmp(name, "code/", 5) == 0;
	return KIST_OK;
}

/* All entries stand in one folder; none is compressed. */
static kist_status check_entries(struct torch *torch)
{
	const struct zip *const zip = &torch->zip;
	const char *const first = zip->entries.count > 0 ? zip_name(zip, 0) : "";
	const char *const slash = strchr(first, '/');
	char name[sizeof(torch->root) + sizeof(PICKLE_NAME)];

	if (!slash || (size_t)(slash - first) >= sizeof(torch->root) - 1)
		return not_torch(torch, "a zip, but none of torch.save: its entries stand in no folder");
	memcpy(torch->root, first, (size_t)(slash - first) + 1);
	torch->root[slash - first + 1] = '\0';
	for (size_t i = 0; i < zip->entries.count; i++) {
		if (strncmp(zip_name(zip, i), torch->root, strlen(torch->root)) != 0)
			return not_torch(
				torch, "a zip, but none of torch.save: its entries stand in several folders");
		MODEL_TRY(check_entry(torch, i));
	}
	snprintf(name, sizeof(name), "%s" PICKLE_NAME, torch->root);
	torch->data_pickle = zip_find(zip, name);
	if (!torch->data_pickle)
		return not_torch(torch, "a zip, but none of torch.save: it has no data.pkl");
	return KIST_OK;
}

static kist_status check_byte_order(struct torch *torch)
{
	char name[sizeof(torch->root) + 16];
	const struct zip_entry *entry;
	char order[6] = "";

	snprintf(name, sizeof(name), "%sbyteorder", torch->root);
	entry = zip_find(&torch->zip, name);
	if (!entry || entry->size != 3)
		return KIST_OK;
	torch->reader.at = entry->data_at;
	MODEL_TRY(model_reader_bytes(&torch->reader, order, 3));
	if (strcmp(order, "big") == 0)
		return model_fault_set(torch->reader.fault, KIST_UNSUPPORTED, "E_VERSION", entry->data_at,
				       "its numbers are big-endian: only little-endian ones are read");
	return KIST_OK;
}

static kist_status scan(struct torch *torch)
{
	struct model_reader *const reader = &torch->reader;
	const struct model_fault *const malformed = &torch->pickle.malformed;

	reader->at = torch->data_pickle->data_at;
	reader->end = reader->at + torch->data_pickle->size;
	MODEL_TRY(pickle_scan(reader, &torch->pickle));
	if (torch->has_script)
		MODEL_TRY(pickle_note(reader, &torch->pickle, "a program of TorchScript"));
	reader->end = reader->source->size;
	/* What it names until it breaks runs all the same. */
	if (malformed->code)
		return model_reader_fault(
			reader, malformed->code, malformed->offset, "data.pkl: %.200s%s", malformed->text,
			torch->pickle.has_unknown ? "; before that it names what is not known to be harmless"
						  : "");
	if (torch->pickle.count != 1)
		return model_reader_fault(reader, "E_PICKLE", torch->data_pickle->data_at,
					  "data.pkl holds more than one pickle");
	return KIST_OK;
}

/* The element type of a storage class or a dtype, or -1. */
static int find_element(const struct torch *torch, uint32_t node, bool is_dtype)
{
	char name[48];

	for (int i = 0; i < ELEMENT_COUNT; i++) {
		if (!is_dtype) {
			snprintf(name, sizeof(name), "torch %sStorage", elements[i].name);
			if (elements[i].name[0] != '\0' && pickle_is_global(&torch->pickle, node, name))
				return i;
			continue;
		}
		snprintf(name, sizeof(name), "torch %s", elements[i].dtype_name);
		if (pickle_is_global(&torch->pickle, node, name))
			return i;
		snprintf(name, sizeof(name), "torch %s", elements[i].alias);
		if (pickle_is_global(&torch->pickle, node, name))
			return i;
	}
	return -1;
}

/* Numbers of a tuple; false when it is none of up to KIST_RANK_MAX numbers that are not negative. */
static bool take_numbers(const struct pickle *pickle, uint32_t node, int64_t ret[static KIST_RANK_MAX],
			 uint32_t *ret_count)
{
	const struct pickle_node *tuple = node == PICKLE_NO ? NULL : pickle_at(pickle, node);

	/* torch.Size((2, 3)) */
	if (tuple && tuple->kind == PICKLE_CALL && pickle_is_global(pickle, tuple->first, "torch Size")) {
		node = pickle_item(pickle, tuple->second, 0);
		tuple = node == PICKLE_NO ? NULL : pickle_at(pickle, node);
	}
	if (!tuple || (tuple->kind != PICKLE_TUPLE && tuple->kind != PICKLE_LIST) ||
	    tuple->count > KIST_RANK_MAX)
		return false;
	for (uint32_t i = 0; i < tuple->count; i++) {
		const struct pickle_node *const number = pickle_at(pickle, pickle_item(pickle, node, i));

		if (number->kind != PICKLE_INT || number->number < 0)
			return false;
		ret[i] = number->number;
	}
	*ret_count = tuple->count;
	return true;
}

/* A storage: ('storage', <class>, '<key>', '<device>', <elements>).  *@ret is NULL when it is none. */
static kist_status find_storage(struct torch *torch, uint32_t node, const struct zip_entry **ret,
				int *ret_element)
{
	const struct pickle *const pickle = &torch->pickle;
	const struct pickle_node *const id = node == PICKLE_NO ? NULL : pickle_at(pickle, node);
	char name[sizeof(torch->root) + 64];
	char key[48];
	bool is_text;

	*ret = NULL;
	if (!id || id->kind != PICKLE_PERSISTENT || pickle_at(pickle, id->first)->kind != PICKLE_TUPLE)
		return KIST_OK;
	*ret_element = find_element(torch, pickle_item(pickle, id->first, 1), false);
	MODEL_TRY(pickle_read_text(&torch->reader, pickle, pickle_item(pickle, id->first, 2), key,
				   sizeof(key), &is_text));
	if (!is_text)
		return KIST_OK;
	snprintf(name, sizeof(name), "%sdata/%s", torch->root, key);
	*ret = zip_find(&torch->zip, name);
	if (!*ret)
		return model_reader_fault(&torch->reader, "E_OFFSET", torch->data_pickle->data_at,
					  "tensor '%.100s' lies in '%.200s', which is not there", torch->name,
					  name);
	return KIST_OK;
}

static bool is_row_major(const struct model_entry *entry)
{
	int64_t stride = 1;

	for (int32_t i = entry->ndim - 1; i >= 0; i--) {
		if (entry->shape[i] != 1 && entry->strides[i] != stride)
			return false;
		stride *= entry->shape[i];
	}
	return true;
}

/* How many elements lie between the first and the last, both counted; false when it is 2^63 or more. */
static bool reach(const struct model_entry *entry, int64_t *ret)
{
	int64_t step;

	*ret = 1;
	for (int32_t i = 0; i < entry->ndim; i++) {
		if (entry->shape[i] == 0) {
			*ret = 0;
			return true;
		}
		if (__builtin_mul_overflow(entry->shape[i] - 1, entry->strides[i], &step) ||
		    __builtin_add_overflow(*ret, step, ret))
			return false;
	}
	return true;
}

/* _rebuild_tensor_v2(storage, offset, size, stride, ...); of v3 the seventh argument is the dtype. */
static kist_status take_tensor(struct torch *torch, uint32_t arguments, bool has_dtype)
{
	const struct pickle *const pickle = &torch->pickle;
	const uint32_t first = pickle_item(pickle, arguments, 1);
	const struct zip_entry *storage = NULL;
	int64_t shape[KIST_RANK_MAX];
	int64_t strides[KIST_RANK_MAX];
	const char *const name = torch->name[0] != '\0' ? torch->name : "data";
	struct model_entry entry = { .name = name, .name_len = strlen(name), .shape = shape };
	uint32_t shape_count;
	uint32_t stride_count;
	uint64_t size;
	uint64_t at;
	int64_t count;
	int element = -1;

	MODEL_TRY(find_storage(torch, pickle_item(pickle, arguments, 0), &storage, &element));
	if (has_dtype)
		element = find_element(torch, pickle_item(pickle, arguments, 6), true);
	if (!storage || element < 0 || first == PICKLE_NO || pickle_at(pickle, first)->kind != PICKLE_INT ||
	    !take_numbers(pickle, pickle_item(pickle, arguments, 2), shape, &shape_count) ||
	    !take_numbers(pickle, pickle_item(pickle, arguments, 3), strides, &stride_count) ||
	    shape_count != stride_count)
		return KIST_OK;
	entry.stored_as = elements[element].dtype_name;
	entry.dtype = elements[element].dtype;
	entry.ndim = (int32_t)shape_count;
	entry.strides = strides;
	size = entry.dtype.bits / 8;
	if (!reach(&entry, &count) || model_element_count(shape, entry.ndim) == UINT64_MAX ||
	    __builtin_mul_overflow((uint64_t)pickle_at(pickle, first)->number, size, &at) ||
	    __builtin_mul_overflow((uint64_t)count, size, &entry.len) ||
	    pickle_at(pickle, first)->number < 0 || at > storage->size || entry.len > storage->size - at)
		return model_reader_fault(&torch->reader, "E_OFFSET", storage->header_at,
					  "tensor '%.100s' reaches past the end of its storage", torch->name);
	entry.offset = storage->data_at + at;
	if (is_row_major(&entry))
		entry.strides = NULL;
	return model_index_add(torch->reader.call, torch->index, &entry);
}

static kist_status walk(struct torch *torch, uint32_t node, unsigned depth);

/* Adds ".key" to the name, looks at the value, and takes it off again. */
static kist_status walk_named(struct torch *torch, const char *key, uint32_t value, unsigned depth)
{
	const size_t len = strlen(torch->name);
	const size_t added = strlen(key) + (len > 0);
	kist_status status;

	if (added > TORCH_NAME_SIZE_MAX - len)
		return KIST_OK;
	snprintf(torch->name + len, sizeof(torch->name) - len, "%s%s", len > 0 ? "." : "", key);
	status = walk(torch, value, depth + 1);
	torch->name[len] = '\0';
	return status;
}

static kist_status walk_items(struct torch *torch, const struct pickle_node *node, bool are_pairs,
			      unsigned depth)
{
	const struct pickle_link *const links = torch->pickle.links.items;
	unsigned long number = 0;
	char key[1024];

	for (uint32_t link = node->items; link != PICKLE_NO; link = links[link].next, number++) {
		const uint32_t named = links[link].value;
		bool is_text = false;

		snprintf(key, sizeof(key), "%lu", number);
		if (are_pairs) {
			link = links[link].next;
			if (link == PICKLE_NO)
				return KIST_OK;
			MODEL_TRY(pickle_read_text(&torch->reader, &torch->pickle, named, key, sizeof(key),
						   &is_text));
			if (!is_text && pickle_at(&torch->pickle, named)->kind == PICKLE_INT)
				snprintf(key, sizeof(key), "%lld",
					 (long long)pickle_at(&torch->pickle, named)->number);
			else if (!is_text)
				continue;
		}
		MODEL_TRY(walk_named(torch, key, links[link].value, depth));
	}
	return KIST_OK;
}

static kist_status walk_call(struct torch *torch, const struct pickle_node *node, unsigned depth)
{
	const struct pickle *const pickle = &torch->pickle;

	if (pickle_is_global(pickle, node->first, "torch._utils _rebuild_tensor_v2") ||
	    pickle_is_global(pickle, node->first, "torch._utils _rebuild_tensor"))
		return take_tensor(torch, node->second, false);
	if (pickle_is_global(pickle, node->first, "torch._utils _rebuild_tensor_v3"))
		return take_tensor(torch, node->second, true);
	if (pickle_is_global(pickle, node->first, "torch._utils _rebuild_parameter") ||
	    pickle_is_global(pickle, node->first, "torch._utils _rebuild_parameter_with_state"))
		return walk(torch, pickle_item(pickle, node->second, 0), depth + 1);
	/* OrderedDict() with its items, or a module with its state. */
	MODEL_TRY(walk_items(torch, node, true, depth));
	return pickle_is_global(pickle, node->first, "collections OrderedDict")
		       ? KIST_OK
		       : walk(torch, node->state, depth + 1);
}

/* Looks for tensors in what the pickle makes.  What is shared is met once for each name it has. */
static kist_status walk(struct torch *torch, uint32_t node, unsigned depth)
{
	const struct pickle_node *at;

	if (node == PICKLE_NO || depth > TORCH_DEPTH_MAX)
		return KIST_OK;
	/* Lists of the same list of the same list: a few bytes, and no end. */
	if (++torch->visits > TORCH_VISITS_MAX)
		return model_reader_fault(&torch->reader, "E_DEPTH", torch->data_pickle->data_at,
					  "data.pkl makes more than %llu values",
					  (unsigned long long)TORCH_VISITS_MAX);
	if (torch->visits % 65536 == 0)
		MODEL_TRY(torch->reader.call->poll(torch->reader.call));
	at = pickle_at(&torch->pickle, node);
	switch (at->kind) {
	case PICKLE_DICT:
		return walk_items(torch, at, true, depth);
	case PICKLE_LIST:
	case PICKLE_TUPLE:
		return walk_items(torch, at, false, depth);
	case PICKLE_CALL:
		return walk_call(torch, at, depth);
	default:
		return KIST_OK;
	}
}

static kist_status put_meta(struct torch *torch)
{
	struct model_out *const out = &torch->index->meta;

	out->limit = SIZE_MAX / 2;
	model_out_text(out, "{\"pickle\":");
	pickle_describe(&torch->pickle, out);
	model_out_text(out, "}");
	return out->failed ? model_no_memory(torch->reader.call) : KIST_OK;
}

static kist_status check_names(struct torch *torch)
{
	size_t twin = 0;
	bool any;

	MODEL_TRY(model_index_twin(torch->reader.call, torch->index, &any, &twin));
	if (any)
		return model_reader_fault(&torch->reader, "E_DUPLICATE", torch->data_pickle->data_at,
					  "two tensors have the name '%.100s'",
					  model_index_name(torch->index, twin));
	return KIST_OK;
}

/* What torch.save wrote before PyTorch 1.6 is a row of pickles. */
static kist_status read_entries(struct torch *torch)
{
	struct model_reader *const reader = &torch->reader;
	char magic[4] = "";

	if (reader->source->size >= sizeof(magic))
		MODEL_TRY(model_reader_bytes(reader, magic, sizeof(magic)));
	if (memcmp(magic, "PK\3\4", sizeof(magic)) != 0)
		return not_torch(torch, "it is no zip; what torch.save wrote before PyTorch 1.6 is not read");
	MODEL_TRY(zip_read(reader->call, reader->source, &torch->zip, reader->fault));
	return check_entries(torch);
}

static kist_status read_all(struct torch *torch)
{
	MODEL_TRY(read_entries(torch));
	MODEL_TRY(check_byte_order(torch));
	MODEL_TRY(scan(torch));
	MODEL_TRY(walk(torch, torch->pickle.root, 0));
	MODEL_TRY(check_names(torch));
	return put_meta(torch);
}

static void torch_free(struct torch *torch)
{
	zip_done(&torch->zip);
	pickle_done(&torch->pickle);
	free(torch);
}

static struct torch *torch_new(struct kist_call *call, struct kist_source *source, struct model_index *index,
			       struct model_fault *fault)
{
	struct torch *const torch = calloc(1, sizeof(*torch));

	if (!torch)
		return NULL;
	model_reader_init(&torch->reader, call, source, fault);
	torch->pickle.root = PICKLE_NO;
	torch->index = index;
	return torch;
}

static kist_status torch_read(struct kist_call *call, struct kist_source *source, struct model_index *index,
			      struct model_fault *fault)
{
	struct torch *const torch = torch_new(call, source, index, fault);
	kist_status status;

	if (!torch)
		return model_no_memory(call);
	status = read_all(torch);
	torch_free(torch);
	return status;
}

/* Check sums of all entries, and a warning of what the pickle names. */
static kist_status check_all(struct torch *torch, struct kist_report *report)
{
	MODEL_TRY(read_entries(torch));
	MODEL_TRY(zip_check_all(torch->reader.call, torch->reader.source, &torch->zip, torch->reader.fault));
	MODEL_TRY(scan(torch));
	if (pickle_verdict(&torch->pickle) == PICKLE_UNKNOWN_GLOBALS)
		kist_issuef(report, KIST_ISSUE_WARNING, "E_GLOBALS", torch->data_pickle->data_at,
			    "data.pkl names what is not known to be harmless: whoever loads it with "
			    "weights_only=False runs it");
	return KIST_OK;
}

static kist_status torch_check(struct kist_call *call, struct kist_source *source, struct kist_report *report,
			       struct model_fault *fault)
{
	struct torch *const torch = torch_new(call, source, NULL, fault);
	kist_status status;

	if (!torch)
		return model_no_memory(call);
	status = check_all(torch, report);
	torch_free(torch);
	return status;
}

static const struct model_format format = { .type = "kist.torch",
					    .name = "pytorch",
					    .major = 1,
					    .minor = 0,
					    .read = torch_read,
					    .check = torch_check };

kist_status torch_open(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = (void *)(uintptr_t)&format;
	return KIST_OK;
}

/* The first entry of a zip is <root>/data.pkl. */
kist_status torch_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	const size_t suffix = strlen("/" PICKLE_NAME);
	const char *name;
	const size_t name_len = zip_first_name(head, len, &name);

	(void)total_size;
	*ret_score = 0;
	if (name_len > suffix && memcmp(name + name_len - suffix, "/" PICKLE_NAME, suffix) == 0)
		*ret_score = SCORE_SURE;
	return KIST_OK;
}
