/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_plugin.h"

#include <stdlib.h>

static const struct {
	kist_status status;
	const char *code;
} faults[NPY_FAULT_COUNT] = {
	[NPY_FAULT_NONE] = { KIST_OK, NULL },
	[NPY_FAULT_MAGIC] = { KIST_CORRUPT, "E_MAGIC" },
	[NPY_FAULT_VERSION] = { KIST_UNSUPPORTED, "E_VERSION" },
	[NPY_FAULT_TRUNCATED] = { KIST_CORRUPT, "E_TRUNCATED" },
	[NPY_FAULT_HEADER_SIZE] = { KIST_LIMIT, "E_HEADER_TOO_LARGE" },
	[NPY_FAULT_SYNTAX] = { KIST_CORRUPT, "E_HEADER_SYNTAX" },
	[NPY_FAULT_FIELDS] = { KIST_LIMIT, "E_HEADER_SYNTAX" },
	[NPY_FAULT_DEPTH] = { KIST_LIMIT, "E_DEPTH" },
	[NPY_FAULT_SHAPE] = { KIST_CORRUPT, "E_SHAPE" },
	[NPY_FAULT_OVERFLOW] = { KIST_LIMIT, "E_OVERFLOW" },
	[NPY_FAULT_OBJECT] = { KIST_UNSUPPORTED, "E_OBJECT" },
	[NPY_FAULT_DTYPE] = { KIST_UNSUPPORTED, "E_DTYPE" },
	[NPY_FAULT_DUPLICATE] = { KIST_CORRUPT, "E_DUPLICATE" },
	[NPY_FAULT_TRAILING] = { KIST_CORRUPT, "E_TRAILING" },
	[NPY_FAULT_RANK] = { KIST_UNSUPPORTED, "E_SHAPE" },
};

const char *npy_fault_code(enum npy_fault_kind kind)
{
	return faults[kind].code;
}

void npy_fault_text(const struct npy_fault *fault, char *to, size_t size)
{
	if (fault->dimension >= 0)
		snprintf(to, size, "dimension %d %s (%lld)", fault->dimension, fault->what,
			 (long long)fault->value);
	else
		snprintf(to, size, "%s", fault->what);
}

bool npy_flag(const struct kist_params *params, const char *name)
{
	const struct kist_param *param = kist_param_find(params, name);

	return param && param->integer != 0;
}

/* Numbers that numpy itself has no type for: it writes them as raw bytes of their size. */
static const struct {
	const char *name;
	uint8_t code;
	uint8_t size;
} logical_types[] = {
	{ "bfloat16", kDLBfloat, 2 },
	{ "float8_e3m4", kDLFloat8_e3m4, 1 },
	{ "float8_e4m3", kDLFloat8_e4m3, 1 },
	{ "float8_e4m3b11fnuz", kDLFloat8_e4m3b11fnuz, 1 },
	{ "float8_e4m3fn", kDLFloat8_e4m3fn, 1 },
	{ "float8_e4m3fnuz", kDLFloat8_e4m3fnuz, 1 },
	{ "float8_e5m2", kDLFloat8_e5m2, 1 },
	{ "float8_e5m2fnuz", kDLFloat8_e5m2fnuz, 1 },
	{ "float8_e8m0fnu", kDLFloat8_e8m0fnu, 1 },
};
#define LOGICAL_COUNT (sizeof(logical_types) / sizeof(logical_types[0]))

const char *npy_logical_name(uint8_t code)
{
	for (size_t i = 0; i < LOGICAL_COUNT; i++) {
		if (logical_types[i].code == code)
			return logical_types[i].name;
	}
	return NULL;
}

kist_status npy_set_logical(struct kist_call *call, const struct kist_params *params, bool must_fit,
			    struct npy_dtype *dtype)
{
	const struct kist_param *param = kist_param_find(params, "logical_dtype");

	if (!param || !param->string || param->string[0] == '\0')
		return KIST_OK;
	for (size_t i = 0; i < LOGICAL_COUNT; i++) {
		if (strcmp(logical_types[i].name, param->string) != 0)
			continue;
		if (dtype->kind != 'V' || dtype->item_size != logical_types[i].size) {
			if (!must_fit)
				return KIST_OK;
			return kist_failf(call, KIST_INVALID, "E_DTYPE", KIST_NO_OFFSET,
					  "logical_dtype is %s: elements of '%s' cannot be that",
					  param->string, dtype->kind == 'R' ? "a record" : dtype->descr);
		}
		dtype->logical = logical_types[i].code;
		return KIST_OK;
	}
	return kist_failf(call, KIST_INVALID, "E_PARAM", KIST_NO_OFFSET,
			  "logical_dtype is no type that is known");
}

/* Refuses, at @at in the file. */
static kist_status refuse(struct npy_fault *fault, enum npy_fault_kind kind, uint64_t at, const char *what)
{
	*fault = (struct npy_fault){ .kind = kind, .at = at, .what = what, .dimension = -1 };
	return faults[kind].status;
}

static kist_status header_limit(struct kist_call *call, const struct kist_params *params, uint64_t *ret_limit)
{
	const struct kist_param *param = kist_param_find(params, "max_header");
	const int64_t limit = param ? param->integer : NPY_HEADER_DEFAULT;

	if (limit < 1 || (uint64_t)limit > NPY_HEADER_MAX)
		return kist_failf(call, KIST_INVALID, "E_PARAM", KIST_NO_OFFSET,
				  "max_header is %lld: 1 to %llu bytes are allowed", (long long)limit,
				  (unsigned long long)NPY_HEADER_MAX);
	*ret_limit = (uint64_t)limit;
	return KIST_OK;
}

/* Magic to the length of the text; *@ret_size and *@ret_len are where the text stands. */
static kist_status read_prefix(struct kist_call *call, struct kist_source *source, uint64_t limit,
			       struct npy_file *file, size_t *ret_len, struct npy_fault *fault)
{
	uint8_t head[NPY_PREFIX_2];
	const size_t head_len = source->size < sizeof(head) ? (size_t)source->size : sizeof(head);
	uint64_t text_len;
	size_t size;

	NPY_TRY(kist_read_exact(call, source, 0, head, head_len));
	if (!npy_prefix_read(head, head_len, &size, &text_len, fault))
		return faults[fault->kind].status;
	if (text_len > source->size - size)
		return refuse(fault, NPY_FAULT_TRUNCATED, source->size, "the file ends inside its header");
	if (text_len > limit)
		return refuse(fault, NPY_FAULT_HEADER_SIZE, NPY_MAGIC_SIZE + 2,
			      "the header is longer than max_header allows");
	file->major = head[NPY_MAGIC_SIZE];
	file->text_at = size;
	*ret_len = (size_t)text_len;
	return KIST_OK;
}

void npy_file_done(struct npy_file *file)
{
	free(file->text);
	file->text = NULL;
}

/* @names: a table of its own for the names of this header. */
static kist_status parse_text(struct kist_call *call, struct kist_source *source, struct npy_file *file,
			      size_t len, struct npy_name *names, struct npy_fault *fault)
{
	if (!names || !file->text)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET,
				  "no memory for a header of %zu bytes", len);
	NPY_TRY(kist_read_exact(call, source, file->text_at, file->text, len));
	if (!npy_header_read((const uint8_t *)file->text, len, file->major == 3, names, &file->header,
			     fault)) {
		fault->at += file->text_at;
		return faults[fault->kind].status;
	}
	file->data_at = file->text_at + len;
	return KIST_OK;
}

static kist_status read_text(struct kist_call *call, struct kist_source *source, struct npy_file *file,
			     size_t len, struct npy_fault *fault)
{
	struct npy_name *const names = malloc(npy_names_count(len) * sizeof(*names));
	kist_status status;

	file->text = malloc(len + 1);
	status = parse_text(call, source, file, len, names, fault);
	free(names);
	return status;
}

kist_status npy_header_take(struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct npy_file *ret_file,
			    struct npy_fault *ret_fault)
{
	npy_auto_file struct npy_file file = { .major = 0 };
	uint64_t limit = 0;
	uint64_t rest;
	size_t len = 0;

	*ret_fault = (struct npy_fault){ .kind = NPY_FAULT_NONE };
	NPY_TRY(header_limit(call, params, &limit));
	NPY_TRY(read_prefix(call, source, limit, &file, &len, ret_fault));
	NPY_TRY(read_text(call, source, &file, len, ret_fault));

	rest = source->size - file.data_at;
	if (file.header.data_len > rest)
		return refuse(ret_fault, NPY_FAULT_TRUNCATED, source->size, "the file ends inside its data");
	if (file.header.data_len < rest && !npy_flag(params, "allow_trailing"))
		return refuse(ret_fault, NPY_FAULT_TRAILING, file.data_at + file.header.data_len,
			      "bytes follow the array");
	*ret_file = file;
	file.text = NULL;
	return KIST_OK;
}

kist_status npy_file_read(struct kist_call *call, struct kist_source *source,
			  const struct kist_params *params, struct npy_file *ret_file,
			  struct npy_fault *ret_fault)
{
	npy_auto_file struct npy_file file = { .major = 0 };

	NPY_TRY(npy_header_take(call, source, params, &file, ret_fault));
	NPY_TRY(npy_set_logical(call, params, true, &file.header.dtype));
	*ret_file = file;
	file.text = NULL;
	return KIST_OK;
}

kist_status npy_fault_fail(const struct npy_fault *fault, struct kist_call *call, kist_status status)
{
	char text[128];

	if (fault->kind == NPY_FAULT_NONE)
		return status;
	npy_fault_text(fault, text, sizeof(text));
	return kist_failf(call, status, npy_fault_code(fault->kind), fault->at, "%s", text);
}

kist_status npy_file_open(struct kist_call *call, struct kist_source *source,
			  const struct kist_params *params, struct npy_file *ret_file)
{
	struct npy_fault fault;
	const kist_status status = npy_file_read(call, source, params, ret_file, &fault);

	return npy_fault_fail(&fault, call, status);
}

struct npy_element npy_element_of(const struct npy_dtype *dtype)
{
	static const struct {
		char kind;
		uint8_t code;
	} codes[] = { { 'b', kDLBool }, { 'i', kDLInt },     { 'u', kDLUInt }, { 'f', kDLFloat },
		      { 'M', kDLInt },	{ 'c', kDLComplex }, { 'm', kDLInt } };
	struct npy_element element = { .type = { .code = kDLUInt, .bits = 8, .lanes = 1 } };

	if (npy_dtype_is_opaque(dtype)) {
		element.has_last = true;
		element.last = (int64_t)dtype->item_size;
		return element;
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].kind == dtype->kind)
			element.type.code = codes[i].code;
	}
	if (dtype->logical != 0)
		element.type.code = dtype->logical;
	element.type.bits = (uint8_t)(dtype->item_size * 8);
	return element;
}

/* Text is a row of 32-bit code points. */
static struct npy_element part_element(const struct npy_dtype *dtype)
{
	struct npy_element element = npy_element_of(dtype);

	if (dtype->kind == 'U') {
		element.type.bits = 32;
		element.last /= 4;
	}
	return element;
}

void npy_part_of(const struct npy_header *header, uint64_t data_at, int64_t *shape,
		 struct kist_part *ret_part)
{
	const struct npy_element element = part_element(&header->dtype);
	int rank = 0;

	*ret_part = (struct kist_part){ .struct_size = sizeof(*ret_part),
					.name = "data",
					.offset = data_at,
					.len = header->data_len,
					.dtype = element.type };
	if (header->dtype.order == '>' && npy_dtype_width(&header->dtype) > 1)
		ret_part->flags |= KIST_PART_BIG_ENDIAN;
	/* An opaque element is in row-major order inside, so a column-major array of them is a list. */
	if (element.has_last && (header->fortran || header->rank == KIST_RANK_MAX)) {
		shape[rank++] = (int64_t)header->count;
	} else {
		for (; rank < header->rank; rank++)
			shape[rank] = header->shape[rank];
		if (header->fortran)
			ret_part->flags |= KIST_PART_FORTRAN;
	}
	if (element.has_last)
		shape[rank++] = element.last;
	ret_part->ndim = rank;
	ret_part->shape = rank > 0 ? shape : NULL;
}

kist_status npy_validate(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_report *report)
{
	npy_auto_file struct npy_file file = { .major = 0 };
	struct npy_fault fault;
	const kist_status status = npy_file_read(call, source, params, &file, &fault);
	char text[128];

	(void)instance;
	if (fault.kind == NPY_FAULT_NONE)
		return status;
	npy_fault_text(&fault, text, sizeof(text));
	kist_issuef(report, KIST_ISSUE_ERROR, npy_fault_code(fault.kind), fault.at, "%s", text);
	return KIST_OK;
}

kist_status npy_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	struct npy_fault fault;
	uint64_t text_len;
	size_t size;

	if (!npy_prefix_read(head, len, &size, &text_len, &fault)) {
		/* A later version, or a file cut short, is still nobody else's. */
		*ret_score = fault.kind == NPY_FAULT_VERSION	 ? 20
			     : fault.kind == NPY_FAULT_TRUNCATED ? 10
								 : 0;
		return KIST_OK;
	}
	*ret_score = text_len <= total_size - size ? 100 : 50;
	return KIST_OK;
}

kist_status npy_layout(void *instance, struct kist_call *call, struct kist_source *source,
		       const struct kist_params *params, struct kist_layout *layout)
{
	int64_t shape[KIST_RANK_MAX];
	struct kist_part part;
	npy_auto_file struct npy_file file = { .major = 0 };

	(void)instance;
	NPY_TRY(npy_file_open(call, source, params, &file));
	npy_part_of(&file.header, file.data_at, shape, &part);
	return layout->part(layout, &part);
}
