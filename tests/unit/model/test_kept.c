/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modeltest.h"
#include "support/makezip.h"
#include "support/suite.h"

static struct makezip zip;

/* What the methods say of the bytes: the code of an error or of a warning, and the description. */
static struct {
	char error[KIST_CODE_SIZE];
	char text[1 << 16];
	unsigned long warnings;
	size_t parts;
} said;

static void look(const char *name, const void *bytes, size_t size)
{
	const ArtifactTaskInterface *const type = plugtest_type(name)->interface;
	struct plugtest_report report;
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_sink sink;
	struct plugtest_call call;
	kist_status status;
	void *format;

	plugtest_call_init(&call);
	plugtest_report_init(&report);
	plugtest_source_init(&source, bytes, size);
	plugtest_sink_init(&sink);
	plugtest_layout_init(&layout, size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->validate(format, &call.call, &source.source, NULL, &report.report), KIST_OK);
	snprintf(said.error, sizeof(said.error), "%s", report.errors > 0 ? report.code : "");
	said.warnings = report.warnings;
	status = type->describe(format, &call.call, &source.source, NULL, &sink.sink);
	/* Check sums are looked at by validate alone. */
	if (strcmp(said.error, "E_CRC") != 0)
		ck_assert_int_eq(status == KIST_OK, report.errors == 0);
	snprintf(said.text, sizeof(said.text), "%.*s", (int)sink.size, (const char *)sink.data);
	if (type->layout && report.errors == 0)
		ck_assert_int_eq(type->layout(format, &call.call, &source.source, NULL, &layout.layout),
				 KIST_OK);
	said.parts = layout.part_count;
	plugtest_layout_done(&layout);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}

static void look_at_zip(const char *type)
{
	look(type, zip.bytes, zip.size);
}

/* Of an empty file of 179 bytes, as the library writes it. */
static const uint8_t superblock3[48] = { 0x89, 'H',  'D',  'F',	 '\r', '\n', 0x1a, '\n', 3,    8,
					 8,    0,    0,	   0,	 0,    0,    0,	   0,	 0,    0,
					 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xb3, 0,
					 0,    0,    0,	   0,	 0,    0,    0x30, 0,	 0,    0,
					 0,    0,    0,	   0,	 0x95, 0x55, 0x56, 0x8b };

static void make_old(uint8_t *file, size_t at, uint8_t version)
{
	memset(file, 0, 4096);
	memcpy(file + at, superblock3, 8);
	file[at + 8] = version;
	file[at + 13] = 8;
	file[at + 14] = 8;
	file[at + (version ? 28u : 24u)] = (uint8_t)at;
	file[at + (version ? 29u : 25u)] = (uint8_t)(at >> 8);
	file[at + (version ? 45u : 41u)] = 4096 >> 8;
}

START_TEST(an_hdf5_file_is_told_by_its_superblock)
{
	static uint8_t file[4096];

	for (uint8_t version = 0; version < 2; version++) {
		for (size_t at = 0; at <= 2048; at = at == 0 ? 512 : at * 2) {
			char wanted[256];

			make_old(file, at, version);
			look("kist.hdf5", file, sizeof(file));
			ck_assert_str_eq(said.error, "");
			snprintf(wanted, sizeof(wanted),
				 "{\"kind\":\"bytes\",\"format\":\"hdf5\",\"superblock\":{\"version\":%d,"
				 "\"user_block\":%zu,\"offset_size\":8,\"length_size\":8,\"flags\":0,"
				 "\"end\":4096,\"bytes_behind\":0}}",
				 version, at);
			ck_assert_str_eq(said.text, wanted);
		}
	}
	/* Not at a place where it may lie. */
	make_old(file, 256, 0);
	look("kist.hdf5", file, sizeof(file));
	ck_assert_str_eq(said.error, "E_MAGIC");
	make_old(file, 0, 4);
	look("kist.hdf5", file, sizeof(file));
	ck_assert_str_eq(said.error, "E_VERSION");
	make_old(file, 0, 0);
	file[13] = 9;
	look("kist.hdf5", file, sizeof(file));
	ck_assert_str_eq(said.error, "E_HEADER_SYNTAX");
	make_old(file, 512, 0);
	file[512 + 25] = 0;
	look("kist.hdf5", file, sizeof(file));
	ck_assert_str_eq(said.error, "E_OFFSET");
	make_old(file, 0, 0);
	for (size_t cut = 0; cut < sizeof(file); cut += 7) {
		look("kist.hdf5", file, cut);
		ck_assert_str_eq(said.error, cut < 9 ? "E_MAGIC" : "E_TRUNCATED");
	}
}
END_TEST

START_TEST(a_newer_superblock_is_proven_by_its_sum)
{
	uint8_t file[180] = { 0 };

	memcpy(file, superblock3, sizeof(superblock3));
	look("kist.hdf5", file, sizeof(file));
	ck_assert_str_eq(said.error, "");
	ck_assert_ptr_nonnull(strstr(said.text, "\"version\":3,"));
	ck_assert_ptr_nonnull(strstr(said.text, "\"end\":179,\"bytes_behind\":1}"));
	look("kist.hdf5", file, 178);
	ck_assert_str_eq(said.error, "E_TRUNCATED");
	for (size_t i = 12; i < 48; i++) {
		file[i] ^= 4;
		look("kist.hdf5", file, sizeof(file));
		ck_assert_str_eq(said.error, "E_CRC");
		file[i] ^= 4;
	}
}
END_TEST

#define NODE(loader, module, name)                                                                           \
	"{\"__class__\":\"" name "\",\"__module__\":\"" module "\",\"__loader__\":\"" loader "\""

static void make_skops(const char *schema)
{
	static const char array[] = "\x93NUMPY\x01\x00\x36\x00{'descr': '|u1', 'fortran_order': False, "
				    "'shape': (4,)}";

	makezip_begin(&zip, 0);
	makezip_add(&zip, "140655481337968.npy", array, sizeof(array) - 1);
	makezip_add(&zip, "schema.json", schema, strlen(schema));
	makezip_end(&zip);
}

START_TEST(the_types_that_a_skops_file_would_make_are_told)
{
	static const struct {
		const char *schema;
		bool is_clean;
	} cases[] = {
		{ NODE("ObjectNode", "sklearn.pipeline", "Pipeline") "}", true },
		{ NODE("ObjectNode", "sklearn.pipeline",
		       "Pipeline") ",\"content\":[1,2.5e3,true,null,{},[],\"\"]}",
		  true },
		{ NODE("JsonNode", "builtins", "str") ",\"content\":\"\\\"x\\\"\"}", true },
		{ NODE("FunctionNode", "numpy", "log1p") "}", true },
		{ NODE("CachedNode", "anything", "Else") "}", true },
		{ NODE("FunctionNode", "os", "system") "}", false },
		{ NODE("FunctionNode", "builtins", "eval") "}", false },
		/* A harmless loader that names something else, and the other way round. */
		{ NODE("JsonNode", "os", "system") "}", false },
		{ NODE("DictNode", "builtins", "eval") "}", false },
		{ NODE("ObjectNode", "sklearnx", "Pipeline") "}", false },
		{ NODE("ObjectNode", "sklearn.utils", "Bunch") "}", false },
		{ NODE("ObjectNode", "sklearn", "os") "}", false },
		{ NODE("ObjectNode", "sklearn.pipeline", "Pipeline.__init__") "}", false },
		{ NODE("OperatorFuncNode", "operator", "methodcaller") "}", false },
		{ NODE("MethodNode", "builtins", "method") "}", false },
		{ NODE("TypeNode", "subprocess", "Popen") "}", false },
		/* Names that are written otherwise, and mean the same. */
		{ "{\"\\u005f_class__\":\"system\",\"__module__\":\"os\",\"__loader__\":\"FunctionNode\"}",
		  false },
		{ "{\"__class__\":\"s\\u0079stem\",\"__module__\":\"os\",\"__loader__\":\"FunctionNode\"}",
		  false },
		{ "[[[{\"a\":{\"__class__\":\"system\",\"__module__\":\"os\",\"__loader__\":\"FunctionNode\"}"
		  "}]]]",
		  false },
		{ "{\"__class__\":\"Pipeline\",\"__loader__\":\"ObjectNode\"}", false },
		{ "{\"__class__\":[\"Pipeline\"],\"__module__\":\"sklearn\",\"__loader__\":\"ObjectNode\"}",
		  false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_skops(cases[i].schema);
		look_at_zip("kist.skops");
		ck_assert_str_eq(said.error, "");
		ck_assert_msg((strstr(said.text, "\"verdict\":\"clean_allowlist\"") != NULL) ==
				      cases[i].is_clean,
			      "%s: %s", cases[i].schema, said.text);
		ck_assert_uint_eq(said.warnings, !cases[i].is_clean);
	}
	ck_assert_ptr_nonnull(strstr(said.text, "\"unknown_types\":[\"?\"]"));
}
END_TEST

START_TEST(a_schema_that_two_readers_could_read_otherwise_is_refused)
{
	static const struct {
		const char *schema;
		const char *code;
	} cases[] = {
		{ "{\"__class__\":\"a\",\"__class__\":\"b\"}", "E_DUPLICATE" },
		{ "{\"__class__\":\"a\",\"__cl\\u0061ss__\":\"b\"}", "E_DUPLICATE" },
		{ "{\"a\":1}{}", "E_HEADER_SYNTAX" },
		{ "{\"a\" 1}", "E_HEADER_SYNTAX" },
		{ "{\"a\":1 \"b\":2}", "E_HEADER_SYNTAX" },
		{ "{\"a\":}", "E_HEADER_SYNTAX" },
		{ "{\"a\":\"\n\"}", "E_HEADER_SYNTAX" },
		{ "{\"a\":\"\\x\"}", "E_HEADER_SYNTAX" },
		{ "{\"a\":\"\\u12g4\"}", "E_HEADER_SYNTAX" },
		{ "{a:1}", "E_HEADER_SYNTAX" },
		{ "[1,2", "E_HEADER_SYNTAX" },
		{ "[1,2}", "E_HEADER_SYNTAX" },
		{ "\xef\xbb\xbf{}", "E_HEADER_SYNTAX" },
		{ "", "E_HEADER_SYNTAX" },
	};
	char deep[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_skops(cases[i].schema);
		look_at_zip("kist.skops");
		ck_assert_str_eq(said.error, cases[i].code);
	}
	for (size_t depth = 199; depth <= 201; depth++) {
		memset(deep, '[', depth);
		memset(deep + depth, ']', depth);
		deep[2 * depth] = '\0';
		make_skops(deep);
		look_at_zip("kist.skops");
		ck_assert_str_eq(said.error, depth <= 200 ? "" : "E_DEPTH");
	}
	makezip_begin(&zip, 0);
	makezip_add(&zip, "a.npy", "", 0);
	makezip_end(&zip);
	look_at_zip("kist.skops");
	ck_assert_str_eq(said.error, "E_MAGIC");
	make_skops("{}");
	zip.bytes[zip.entries[1].data_at] ^= 1;
	look_at_zip("kist.skops");
	ck_assert_str_ne(said.error, "");
}
END_TEST

START_TEST(arrays_of_a_skops_file_are_typed_parts)
{
	static const char text[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}";
	char array[256] = "\x93NUMPY\x01\x00";

	array[8] = (char)strlen(text);
	memcpy(array + 10, text, strlen(text));
	makezip_begin(&zip, 0);
	makezip_add(&zip, "1.npy", array, 10 + strlen(text) + 8);
	makezip_add(&zip, "2.npy", "none", 4);
	makezip_add(&zip, "schema.json", "{}", 2);
	makezip_end(&zip);
	look_at_zip("kist.skops");
	ck_assert_str_eq(said.error, "");
	ck_assert_uint_eq(said.parts, 1);
}
END_TEST

static void make_keras(const char *config)
{
	static uint8_t weights[4096];

	make_old(weights, 0, 0);
	makezip_begin(&zip, MAKEZIP_DEFLATED);
	makezip_add(&zip, "metadata.json", "{\"keras_version\":\"3.9.0\"}", 25);
	makezip_add(&zip, "config.json", config, strlen(config));
	makezip_add(&zip, "model.weights.h5", weights, sizeof(weights));
	makezip_end(&zip);
}

#define LAYER(module, name, registered)                                                                      \
	"{\"module\":\"" module "\",\"class_name\":\"" name                                                  \
	"\",\"config\":{\"units\":3},\"registered_name\":" registered "}"

START_TEST(the_classes_that_a_keras_file_would_make_are_told)
{
	static const struct {
		const char *config;
		bool is_clean;
	} cases[] = {
		{ LAYER("keras", "Sequential", "null"), true },
		{ LAYER("keras.layers", "Dense", "null"), true },
		{ LAYER("keras.src.models.functional", "Functional", "\"Functional\""), true },
		{ "{\"class_name\":\"__keras_tensor__\",\"config\":{}}", true },
		{ LAYER("keras.layers", "Lambda", "null"), false },
		{ LAYER("keras.layers", "TorchModuleWrapper", "null"), false },
		{ LAYER("keras.layers", "TFSMLayer", "null"), false },
		{ "{\"class_name\":\"__lambda__\",\"config\":{}}", false },
		{ LAYER("builtins", "function", "\"function\""), false },
		{ LAYER("os", "system", "null"), false },
		{ LAYER("keras.utils", "get_file", "null"), false },
		{ LAYER("keras.layers", "get_file", "null"), false },
		{ LAYER("keras.layers.os", "Popen", "null"), false },
		{ LAYER("keras.layers", "Dense", "\"mine>Dense\""), false },
		{ LAYER("mine", "Dense", "null"), false },
		{ "{\"module\":\"os\"}", false },
		{ "{\"class_name\":\"Dense\",\"module\":null}", false },
		{ "{\"vocabulary\":[\"a\",\"b\"]}", true },
		{ "{\"vocabulary\":null}", true },
		{ "{\"vocabulary\":\"/etc/passwd\"}", false },
		{ "{\"layers\":[{\"c\":[" LAYER("os", "Dense", "null") "]}]}", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_keras(cases[i].config);
		look_at_zip("kist.keras");
		ck_assert_str_eq(said.error, "");
		ck_assert_msg((strstr(said.text, "\"verdict\":\"clean_allowlist\"") != NULL) ==
				      cases[i].is_clean,
			      "%s: %s", cases[i].config, said.text);
		ck_assert_uint_eq(said.warnings, !cases[i].is_clean);
	}
	make_keras(LAYER("keras", "Sequential", "null"));
	look_at_zip("kist.keras");
	ck_assert_str_eq(
		said.text,
		"{\"kind\":\"bytes\",\"format\":\"keras\",\"keras_version\":\"3.9.0\",\"model\":"
		"\"Sequential\",\"layers\":0,\"verdict\":\"clean_allowlist\",\"unknown_types\":[],"
		"\"known_types\":{\"keras.Sequential\":1},\"superblock\":{\"version\":0,\"user_block\":0,"
		"\"offset_size\":8,\"length_size\":8,\"flags\":0,\"end\":4096,\"bytes_behind\":0}}");
}
END_TEST

START_TEST(a_keras_file_is_a_sound_zip_with_a_config)
{
	make_keras("{}");
	zip.bytes[zip.size++] = 0;
	look_at_zip("kist.keras");
	ck_assert_str_eq(said.error, "E_ZIP");
	makezip_begin(&zip, 0);
	makezip_add(&zip, "config.json", "{}", 2);
	makezip_add(&zip, "../../assets/x", "", 0);
	makezip_end(&zip);
	look_at_zip("kist.keras");
	ck_assert_str_eq(said.error, "E_PATH");
	makezip_begin(&zip, 0);
	makezip_add(&zip, "metadata.json", "{}", 2);
	makezip_end(&zip);
	look_at_zip("kist.keras");
	ck_assert_str_eq(said.error, "E_MAGIC");
	makezip_begin(&zip, 0);
	makezip_add(&zip, "config.json", "{}", 2);
	makezip_add(&zip, "model.weights.h5", "weights", 7);
	makezip_end(&zip);
	look_at_zip("kist.keras");
	ck_assert_str_eq(said.error, "E_MAGIC");
}
END_TEST

START_TEST(each_is_probed_by_what_it_begins_with)
{
	static const char *const types[] = { "kist.keras", "kist.skops", "kist.torch" };
	int32_t scores[3];
	uint8_t file[4096];

	for (int kind = 0; kind < 3; kind++) {
		if (kind == 0) {
			make_keras("{}");
		} else if (kind == 1) {
			make_skops("{}");
		} else {
			makezip_begin(&zip, 0);
			makezip_add(&zip, "x/data.pkl", "", 0);
			makezip_end(&zip);
		}
		for (int i = 0; i < 3; i++) {
			ck_assert_int_eq(plugtest_type(types[i])->interface->probe(zip.bytes, zip.size,
										   zip.size, &scores[i]),
					 KIST_OK);
			ck_assert_int_eq(scores[i] > 0, i == kind);
		}
	}
	make_old(file, 512, 0);
	ck_assert_int_eq(plugtest_type("kist.hdf5")->interface->probe(file, 4096, 4096, &scores[0]), KIST_OK);
	ck_assert_int_gt(scores[0], 0);
	ck_assert_int_eq(plugtest_type("kist.hdf5")->interface->probe(file, 100, 4096, &scores[0]), KIST_OK);
	ck_assert_int_eq(scores[0], 0);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("kept");

	tcase_add_test(tcase, an_hdf5_file_is_told_by_its_superblock);
	tcase_add_test(tcase, a_newer_superblock_is_proven_by_its_sum);
	tcase_add_test(tcase, the_types_that_a_skops_file_would_make_are_told);
	tcase_add_test(tcase, a_schema_that_two_readers_could_read_otherwise_is_refused);
	tcase_add_test(tcase, arrays_of_a_skops_file_are_typed_parts);
	tcase_add_test(tcase, the_classes_that_a_keras_file_would_make_are_told);
	tcase_add_test(tcase, a_keras_file_is_a_sound_zip_with_a_config);
	tcase_add_test(tcase, each_is_probed_by_what_it_begins_with);
	return suite_run(tcase, "model/kept");
}
