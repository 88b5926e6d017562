/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modeltest.h"
#include "support/suite.h"

/* What is said of @size bytes; the text of the description. */
struct said {
	unsigned long errors;
	unsigned long warnings;
	uint64_t offset;
	char text[8192];
};

static struct said scan(const void *bytes, size_t size)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.pickle")->interface;
	struct plugtest_report report;
	struct plugtest_source source;
	struct plugtest_sink sink;
	struct plugtest_call call;
	void *format;
	struct said said;

	plugtest_call_init(&call);
	plugtest_report_init(&report);
	plugtest_sink_init(&sink);
	plugtest_source_init(&source, bytes, size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->validate(format, &call.call, &source.source, NULL, &report.report), KIST_OK);
	ck_assert_int_eq(type->describe(format, &call.call, &source.source, NULL, &sink.sink), KIST_OK);
	said = (struct said){ .errors = report.errors, .warnings = report.warnings, .offset = report.offset };
	ck_assert_uint_lt(sink.size, sizeof(said.text));
	memcpy(said.text, sink.data, sink.size);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	return said;
}

#define SCAN(literal) scan(literal, sizeof(literal) - 1)

static bool says(const struct said *said, const char *words)
{
	return strstr(said->text, words) != NULL;
}

#define CLEAN	  "\"verdict\":\"clean_allowlist\""
#define UNKNOWN	  "\"verdict\":\"unknown_globals\""
#define MALFORMED "\"verdict\":\"malformed\""

START_TEST(plain_values_of_every_protocol_are_clean)
{
	static const char zero[] = "(lp0\nI1\naL2L\naF1.5\naS'a'\np1\naVb\naI01\na(dp2\nS'k'\nNsa.";
	static const char two[] =
		"\x80\x02]q\x00(K\x01J\xff\xff\xff\xffM\x01\x02\x88\x89NG?\xf8\0\0\0\0\0\0U\x01"
		"aX\x01\0\0\0b\x8a\x02\x01\x02}q\x01h\x01X\x01\0\0\0k\x85\x86K\x01K\x02K\x03\x87)e.";
	static const char four[] = "\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8f\x94(\x8c\x01"
				   "a\x94\x90\x94)0.";
	struct said said;

	said = scan(zero, sizeof(zero) - 1);
	ck_assert_msg(says(&said, CLEAN), "%s", said.text);
	said = scan(two, sizeof(two) - 1);
	ck_assert_msg(says(&said, CLEAN), "%s", said.text);
	said = scan(four, sizeof(four) - 1);
	ck_assert_msg(says(&said, CLEAN), "%s", said.text);
}
END_TEST

START_TEST(what_is_named_is_told_however_it_is_named)
{
	/* GLOBAL, STACK_GLOBAL, STACK_GLOBAL of what was remembered, INST, OBJ, an extension. */
	static const struct {
		const char *bytes;
		size_t size;
		const char *name;
	} cases[] = {
#define CASE(literal, name) { literal, sizeof(literal) - 1, "\"unknown_globals\":[\"" name "\"]" }
		CASE("cos\nsystem\n(S'id'\ntR.", "os system"),
		CASE("\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.", "posix system"),
		CASE("\x80\x04\x8c\x02nt\x94\x8c\x06system\x94\x30\x30h\x00h\x01\x93.", "nt system"),
		CASE("(S'id'\nios\nsystem\n.", "os system"),
		CASE("(cos\nsystem\nS'id'\no.", "os system"),
		CASE("\x80\x02\x82\x07.", "extension 7"),
		CASE("\x80\x02\x84\x01\x02\x00\x00.", "extension 513"),
		/* A name that is made as it runs is no name that is known. */
		CASE("\x80\x04K\x01\x8c\x06system\x93.", "? ?"),
		CASE("\x80\x04\x8c\x05torch\x8c\x02os\x85\x8c\x01x\x93\x30.", "? ?"),
		/* An import is an import though nothing is called. */
		CASE("cbuiltins\neval\n.", "builtins eval"),
		CASE("\x80\x04\x8c\x07pkgutil\x8c\x0cresolve_name\x93.", "pkgutil resolve_name"),
#undef CASE
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct said said = scan(cases[i].bytes, cases[i].size);

		/* The one before the last leaves a value too many: what it named is told all the same. */
		ck_assert_msg(says(&said, cases[i].name), "%zu: %s", i, said.text);
		ck_assert_uint_eq(said.errors + said.warnings, 1);
	}
}
END_TEST

START_TEST(what_others_found_a_way_round_their_lists_with_is_not_known)
{
	static const char *const names[] = {
		"__builtin__ apply",
		"__builtin__ eval",
		"_osx_support _read_output",
		"_pickle loads",
		"aiohttp.client ClientSession",
		"asyncio.unix_events _UnixSubprocessTransport._start",
		"bdb Bdb",
		"builtins __import__",
		"builtins compile",
		"builtins exec",
		"builtins getattr",
		"cProfile run",
		"cloudpickle loads",
		"code InteractiveInterpreter.runcode",
		"collections OrderedDict.__init__",
		"collections OrderedDict.__class__",
		"ctypes CDLL",
		"dill loads",
		"doctest debug_script",
		"ensurepip _run_pip",
		"functools partial",
		"functools reduce",
		"idlelib.run Executive.runcode",
		"importlib import_module",
		"joblib.numpy_pickle load",
		"lib2to3.pgen2.pgen ParserGenerator.make_label",
		"logging.config listen",
		"numpy load",
		"numpy core.multiarray._reconstruct",
		"numpy.f2py.crackfortran getlincoef",
		"numpy.testing._private.utils runstring",
		"operator attrgetter",
		"operator methodcaller",
		"pdb run",
		"pickle loads",
		"pip main",
		"pkgutil resolve_name",
		"profile run",
		"pydoc pipepager",
		"runpy _run_code",
		"shutil rmtree",
		"socket socket",
		"subprocess Popen",
		"sys modules",
		"tempfile NamedTemporaryFile",
		"timeit timeit",
		"torch Size.__new__",
		"torch _utils._rebuild_tensor_v2",
		"torch load",
		"torch._dynamo.guards GuardBuilder.get",
		"torch._inductor.codecache compile_file",
		"torch.hub load",
		"torch.jit.unsupported_tensor_ops execWrapper",
		"torch.serialization load",
		"torch.utils._config_module load_config",
		"torch.utils.collect_env run",
		"trace Trace.run",
		"types CodeType",
		"uuid _get_command_stdout",
		"venv create",
		"webbrowser open",
		"numpy  ndarray",
		"numpy ndarray ",
		"Numpy ndarray",
		"collections ",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const size_t module_len = strcspn(names[i], " ");
		const char *const name = names[i] + module_len + 1;
		char bytes[256];
		int size = snprintf(bytes, sizeof(bytes), "c%.*s\n%s\n.", (int)module_len, names[i], name);
		struct said said = scan(bytes, (size_t)size);

		ck_assert_msg(says(&said, UNKNOWN), "%s: %s", names[i], said.text);
		size = snprintf(bytes, sizeof(bytes), "\x80\x04\x8c%c%.*s\x8c%c%s\x93.", (int)module_len,
				(int)module_len, names[i], (int)strlen(name), name);
		said = scan(bytes, (size_t)size);
		ck_assert_msg(says(&said, UNKNOWN), "%s: %s", names[i], said.text);
	}
}
END_TEST

START_TEST(what_torch_and_numpy_name_is_known)
{
	struct said said = SCAN("\x80\x02"
				"ccollections\nOrderedDict\n)R.");

	ck_assert(says(&said, CLEAN));
	said = SCAN("\x80\x02"
		    "ctorch._utils\n_rebuild_tensor_v2\nctorch\nFloatStorage\nctorch\nbfloat16\n\x87.");
	ck_assert(says(&said, CLEAN));
	said = SCAN("ctorch\nhub\n.");
	ck_assert(says(&said, UNKNOWN));
	said = SCAN("ctorch\nFloat\n.");
	ck_assert(says(&said, UNKNOWN));
	said = SCAN("ctorch.storage\n_load_from_bytes\n.");
	ck_assert(says(&said, UNKNOWN));
}
END_TEST

START_TEST(a_broken_pickle_is_malformed_and_what_it_named_is_told)
{
	struct said said = SCAN("cos\nsystem\n(S'id'\ntR");

	ck_assert(says(&said, MALFORMED) && says(&said, "os system"));
	ck_assert_uint_eq(said.errors, 1);
	ck_assert_uint_eq(said.warnings, 1);
	said = SCAN("");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("\x80\x06N.");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("\xff.");
	ck_assert(says(&said, MALFORMED) && said.offset == 1);
	said = SCAN("e.");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("(e.");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("NN.");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("(.");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("h\x00.");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("Nr\xff\xff\xff\xff.");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("X\xff\xff\xff\x7f"
		    "a.");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("\x8b\xff\xff\xff\xff.");
	ck_assert(says(&said, MALFORMED));
}
END_TEST

START_TEST(opcodes_stay_in_their_frame)
{
	struct said said = SCAN("\x80\x04\x95\x02\0\0\0\0\0\0\0N.");

	ck_assert(says(&said, CLEAN));
	/* Ends in an opcode, in the pickle, in another frame; is longer than the file. */
	said = SCAN("\x80\x04\x95\x01\0\0\0\0\0\0\0K\x01.");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("\x80\x04\x95\x03\0\0\0\0\0\0\0N.N");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("\x80\x04\x95\x0b\0\0\0\0\0\0\0N\x95\x02\0\0\0\0\0\0\0.N");
	ck_assert(says(&said, MALFORMED));
	said = SCAN("\x80\x04\x95\xff\0\0\0\0\0\0\0N.");
	ck_assert(says(&said, MALFORMED));
}
END_TEST

START_TEST(every_pickle_of_a_file_is_looked_at)
{
	struct said said = SCAN("N.N.cos\nsystem\n.");

	ck_assert(says(&said, UNKNOWN) && says(&said, "\"pickles\":3"));
	said = SCAN("N.N.N");
	ck_assert(says(&said, MALFORMED));
}
END_TEST

/* A stand-in of joblib for an array of 2 x 3 of @dtype, and @count bytes behind it, @raw again and again. */
static struct said scan_joblib(const char *dtype, size_t count, bool padded, const char *raw)
{
	char bytes[2048];
	size_t size;
	int len;

	len = snprintf(
		bytes, sizeof(bytes),
		"(dS'a'\ncjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81(dS'shape'\n(I2\nI3\ntsS'dtype'\n"
		"cnumpy\ndtype\n(S'%s'\nI0\nI1\ntRs%sb",
		dtype, padded ? "S'numpy_array_alignment_bytes'\nI16\ns" : "");
	ck_assert_int_gt(len, 0);
	size = (size_t)len;
	if (padded) {
		bytes[size++] = 3;
		memset(bytes + size, 0xFF, 3);
		size += 3;
	}
	for (size_t i = 0; i < count; i++)
		bytes[size++] = raw[i % strlen(raw)];
	memcpy(bytes + size, "s.", 2);
	return scan(bytes, size + 2);
}

START_TEST(the_bytes_of_an_array_in_a_file_of_joblib_are_no_opcodes)
{
	for (int padded = 0; padded < 2; padded++) {
		struct said said = scan_joblib("f8", 48, padded != 0, "\x9a\x99\xb9?");

		ck_assert_msg(says(&said, CLEAN), "%s", said.text);
		said = scan_joblib("<i4", 24, padded != 0, "\1");
		ck_assert(says(&said, CLEAN));
		said = scan_joblib("<U2", 48, padded != 0, "a\1\2");
		ck_assert_msg(says(&said, CLEAN), "%s", said.text);
		said = scan_joblib("f8", 60, padded != 0, "\xff");
		ck_assert(!says(&said, CLEAN));
		said = scan_joblib("f8", 20, padded != 0, "\xff");
		ck_assert(says(&said, MALFORMED));
	}
	/* Python objects follow as a pickle of unknown length. */
	ck_assert(strstr(scan_joblib("O", 48, false, "N.").text, MALFORMED));
}
END_TEST

START_TEST(what_they_would_name_to_who_takes_them_for_opcodes_is_told)
{
	struct said said = scan_joblib("f8", 48, false, "cos\nsystem\n.");

	ck_assert(says(&said, UNKNOWN) && says(&said, "os system"));
	/* Names by text on the stack, and one that is made. */
	said = scan_joblib("f8", 48, false, "S'os'\nS'system'\n\x93");
	ck_assert(says(&said, UNKNOWN) && says(&said, "os system"));
	said = scan_joblib("f8", 48, false, "c_codecs\nencode\n(S'bf'\ntRS'x'\n\x93N");
	ck_assert_msg(says(&said, UNKNOWN) && says(&said, "? ?"), "%s", said.text);
	/* What is no name of anything. */
	said = scan_joblib("f8", 48, false, "c\x01\x02\n\x03\n.");
	ck_assert(says(&said, CLEAN));
}
END_TEST

/* joblib's stand-in for one byte, after which @more is done; @state stands in its dict besides shape and dtype. */
static struct said scan_state(const char *state, const char *dtype_state, const char *more)
{
	char bytes[2048];
	const int len =
		snprintf(bytes, sizeof(bytes),
			 "cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81p0\n(dp1\nS'shape'\n(I1\ntsS'dtype'\n"
			 "cnumpy\ndtype\n(S'V1'\ntR%ss%sb\x01%s.",
			 dtype_state, state, more);

	return scan(bytes, (size_t)len);
}

START_TEST(an_array_of_joblib_is_told_in_one_way_only)
{
	struct said said = scan_state("", "", "");

	ck_assert_msg(says(&said, CLEAN), "%s", said.text);
	said = scan_state("", "(I3\nS'|'\nNNNI1\nI1\nI0\ntb", "");
	ck_assert_msg(says(&said, CLEAN), "%s", said.text);
	/* Python takes the last shape; the size that the state of a dtype says; a state joined to the one before. */
	ck_assert(strstr(scan_state("S'shape'\n(I9\nts", "", "").text, MALFORMED));
	ck_assert(strstr(scan_state("S'sh\\x61pe'\n(I9\nts", "", "").text, MALFORMED));
	ck_assert(strstr(scan_state("", "(I3\nS'|'\nNNNI9\nI1\nI0\ntb", "").text, MALFORMED));
	ck_assert(strstr(scan_state("", "(I3\ntb", "").text, MALFORMED));
	ck_assert(strstr(scan_state("", "", "g0\ng1\nb\x01").text, MALFORMED));
	/* An array has a state of its own, which no bytes follow. */
	said = scan_state("", "", "g1\nb");
	ck_assert_msg(says(&said, CLEAN), "%s", said.text);
	/* What torch calls may make one, too. */
	said = scan_state("", "", "0ctorch._tensor\n_rebuild_from_type_v2\n");
	ck_assert(says(&said, UNKNOWN));
}
END_TEST

START_TEST(what_is_remembered_next_is_numbered_as_python_does)
{
	/* Two places are filled, 1 and 2; the next is the second, and the third is the third. */
	struct said said = SCAN("\x80\x04\x8c\x0b"
				"collectionsq\1"
				"0\x8c\2os\x94"
				"0\x8c\x0bOrderedDictq\2"
				"0\x8c\6system\x94"
				"0h\1h\2\x93.");

	ck_assert_msg(says(&said, UNKNOWN) && says(&said, "os system"), "%s", said.text);
	said = SCAN("\x80\x04N\x94N\x94"
		    "00\x8c\2os\x94"
		    "0\x8c\6systemq\1"
		    "0h\2h\1\x93.");
	ck_assert_msg(says(&said, UNKNOWN) && says(&said, "os system"), "%s", said.text);
}
END_TEST

START_TEST(a_class_that_is_given_a_state_is_not_known)
{
	struct said said =
		SCAN("cjoblib.numpy_pickle\nNumpyArrayWrapper\n(N(dS'read'\nc_codecs\nencode\nstb.");

	ck_assert_msg(says(&said, UNKNOWN) && says(&said, "NumpyArrayWrapper (given a state)"), "%s",
		      said.text);
	said = SCAN("ccollections\nOrderedDict\n)R(dS'a'\nI1\nsb.");
	ck_assert(says(&said, CLEAN));
}
END_TEST

START_TEST(a_compressed_file_is_kept_and_not_looked_into)
{
	static const char *const heads[] = { "\x78\x9c....",
					     "\x1f\x8b....",
					     "BZh9..",
					     ("\xfd"
					      "7zXZ\0"),
					     "\x5d\0\0\x80..",
					     "\x04\x22\x4d\x18.." };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const struct said said = scan(heads[i], 6);

		ck_assert_uint_eq(said.errors, 0);
		ck_assert_uint_eq(said.warnings, 1);
		ck_assert(says(&said, "\"compression\":"));
	}
}
END_TEST

START_TEST(a_pickle_comes_back_as_bytes_and_is_not_written)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.pickle")->interface;
	struct kist_object object = { .struct_size = sizeof(object) };
	const struct kist_region *region;
	struct plugtest_source source;
	struct plugtest_sink sink;
	struct plugtest_call call;
	void *format;

	plugtest_call_init(&call);
	plugtest_sink_init(&sink);
	plugtest_source_init(&source, "N.", 2);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->deserialize(format, &call.call, &source.source, NULL, &object), KIST_OK);
	ck_assert_uint_eq(object.kind, KIST_KIND_BYTES);
	region = object.value;
	ck_assert_int_eq(memcmp(region->base, "N.", 2), 0);
	ck_assert_int_eq(type->serialize(format, &call.call, &object, NULL, &sink.sink), KIST_UNSUPPORTED);
	object.release(&object);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("pickle");

	tcase_add_test(tcase, plain_values_of_every_protocol_are_clean);
	tcase_add_test(tcase, what_is_named_is_told_however_it_is_named);
	tcase_add_test(tcase, what_others_found_a_way_round_their_lists_with_is_not_known);
	tcase_add_test(tcase, what_torch_and_numpy_name_is_known);
	tcase_add_test(tcase, a_broken_pickle_is_malformed_and_what_it_named_is_told);
	tcase_add_test(tcase, opcodes_stay_in_their_frame);
	tcase_add_test(tcase, every_pickle_of_a_file_is_looked_at);
	tcase_add_test(tcase, the_bytes_of_an_array_in_a_file_of_joblib_are_no_opcodes);
	tcase_add_test(tcase, what_they_would_name_to_who_takes_them_for_opcodes_is_told);
	tcase_add_test(tcase, an_array_of_joblib_is_told_in_one_way_only);
	tcase_add_test(tcase, what_is_remembered_next_is_numbered_as_python_does);
	tcase_add_test(tcase, a_class_that_is_given_a_state_is_not_known);
	tcase_add_test(tcase, a_compressed_file_is_kept_and_not_looked_into);
	tcase_add_test(tcase, a_pickle_comes_back_as_bytes_and_is_not_written);
	return suite_run(tcase, "model/pickle");
}
