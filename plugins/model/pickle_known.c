/* SPDX-License-Identifier: Apache-2.0 */

/* What a pickle may name and still be harmless: makers of tensors, arrays and plain containers. */
#include "pickle.h"

static const char *const known[] = {
	"_codecs encode",
	"builtins bytearray",
	"builtins complex",
	"builtins set",
	"__builtin__ bytearray",
	"__builtin__ complex",
	"__builtin__ set",
	"collections Counter",
	"collections OrderedDict",
	"joblib.numpy_pickle NumpyArrayWrapper",
	"numpy dtype",
	"numpy ndarray",
	"numpy._core.multiarray _reconstruct",
	"numpy._core.multiarray scalar",
	"numpy._core.numeric _frombuffer",
	"numpy.core.multiarray _reconstruct",
	"numpy.core.multiarray scalar",
	"numpy.core.numeric _frombuffer",
	"torch Size",
	"torch Tensor",
	"torch device",
	"torch.nn.parameter Parameter",
	"torch.nn.parameter UninitializedParameter",
	"torch.serialization _get_layout",
	"torch.storage TypedStorage",
	"torch.storage UntypedStorage",
	"torch._tensor _rebuild_from_type_v2",
	"torch._utils _rebuild_device_tensor_from_cpu_tensor",
	"torch._utils _rebuild_device_tensor_from_numpy",
	"torch._utils _rebuild_meta_tensor_no_storage",
	"torch._utils _rebuild_nested_tensor",
	"torch._utils _rebuild_parameter",
	"torch._utils _rebuild_parameter_with_state",
	"torch._utils _rebuild_qtensor",
	"torch._utils _rebuild_sparse_tensor",
	"torch._utils _rebuild_tensor",
	"torch._utils _rebuild_tensor_v2",
	"torch._utils _rebuild_tensor_v3",
	"torch._utils _rebuild_wrapper_subclass",
	"torch per_channel_affine",
	"torch per_channel_affine_float_qparams",
	"torch per_channel_symmetric",
	"torch per_tensor_affine",
	"torch per_tensor_symmetric",
};

/* Of the module torch: element types, and what is called after them. */
static const char *const elements[] = {
	"bfloat16",	 "bits16",	    "bits1x8",	   "bits2x4",	      "bits4x2",	"bits8",
	"bool",		 "cdouble",	    "cfloat",	   "chalf",	      "complex128",	"complex32",
	"complex64",	 "double",	    "float",	   "float16",	      "float32",	"float64",
	"float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "half",
	"int",		 "int16",	    "int32",	   "int64",	      "int8",		"long",
	"qint32",	 "qint8",	    "quint2x4",	   "quint4x2",	      "quint8",		"short",
	"uint16",	 "uint32",	    "uint64",	   "uint8",
};

static const char *const storages[] = {
	"BFloat16", "Bool", "Byte",   "Char",  "ComplexDouble", "ComplexFloat", "Double", "Float", "Half",
	"Int",	    "Long", "QInt32", "QInt8", "QUInt2x4",	"QUInt4x2",	"QUInt8", "Short",
};

static bool is_named_after(const char *name, const char *word, const char *end)
{
	const size_t len = strlen(word);

	return strncmp(name, word, len) == 0 && strcmp(name + len, end) == 0;
}

bool pickle_is_known(const char *name)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(name, known[i]) == 0)
			return true;
	}
	if (strncmp(name, "torch ", 6) != 0)
		return false;
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		if (strcmp(name + 6, elements[i]) == 0)
			return true;
	}
	for (size_t i = 0; i < sizeof(storages) / sizeof(storages[0]); i++) {
		if (is_named_after(name + 6, storages[i], "Storage") ||
		    is_named_after(name + 6, storages[i], "Tensor"))
			return true;
	}
	return false;
}
