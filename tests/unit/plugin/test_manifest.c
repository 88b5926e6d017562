/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kist/plugin.h"
#include "plugin/manifest.h"
#include "support/suite.h"
#include "unit/plugin/quoted.h"

#define SUM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TYPE                                                                                                 \
	"{'type':'org.example.mask','task':'MaskArtifactTask','major':2,'reads':['2.0','2.1'],'writes':'2."  \
	"1',"                                                                                                \
	"'kinds':['tensor','model'],'media_types':['application/x-mask'],'extensions':['msk','tar.msk'],"    \
	"'magic':[{'offset':4,'hex':'4d534b32'}],'priority':50,"                                             \
	"'params':{'serialize':{'level':{'type':'integer','default':3}}}}"
#define ADDMUL                                                                                               \
	"{'name':'addmul','signature':'i64,f64->i64','caps':['deterministic'],"                              \
	"'inputs':[{'name':'a','type':'integer'},{'name':'b','type':'number','default':1.5}],"               \
	"'outputs':[{'name':'result','type':'integer'}]}"
#define MANIFEST                                                                                             \
	"{'manifest_version':1,'id':'org.example.demo','version':'1.4.2','publisher':'Example','license':'"  \
	"MIT',"                                                                                              \
	"'url':'https://example.org','abi':{'major':1,'minor_required':0},'must_understand':[],"             \
	"'libraries':{'linux-x86_64-glibc':{'file':'demo.so','size':81240,'sha256':'" SUM "'}},"             \
	"'types':[" TYPE "],"                                                                                \
	"'tasks':[" ADDMUL "],"                                                                              \
	"'needs':['threads'],'isolation':'either'}"

static char text[KIST_MANIFEST_SIZE_MAX + 64];

static kist_status parse(const char *from, const char *to, struct kist_manifest **ret, struct kist_error *err)
{
	return kist_manifest_parse(quoted_replace(MANIFEST, from, to, text, sizeof(text)), ret, err);
}

START_TEST(a_manifest_gives_all_that_it_says)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest;
	const struct kist_manifest_type *type;
	json_t *applied;

	ck_assert_int_eq(parse(NULL, NULL, &manifest, &err), KIST_OK);
	ck_assert_str_eq(manifest->id, "org.example.demo");
	ck_assert_str_eq(manifest->version, "1.4.2");
	ck_assert_str_eq(manifest->publisher, "Example");
	ck_assert_str_eq(manifest->url, "https://example.org");
	ck_assert_str_eq(manifest->library_file, "demo.so");
	ck_assert_uint_eq(manifest->library_size, 81240);
	ck_assert_uint_eq(manifest->library_sha256.bytes[1], 0x11);
	ck_assert_uint_eq(manifest->abi_major, 1);
	ck_assert(manifest->needs_threads);
	ck_assert_uint_eq(manifest->task_count, 1);
	ck_assert_str_eq(manifest->tasks[0].signature, "i64,f64->i64");
	ck_assert_uint_eq(manifest->type_count, 1);
	type = &manifest->types[0];
	ck_assert_str_eq(type->type, "org.example.mask");
	ck_assert_str_eq(type->task, "MaskArtifactTask");
	ck_assert_uint_eq(type->major, 2);
	ck_assert_uint_eq(type->minor, 1);
	ck_assert_uint_eq(type->minor_max, 1);
	ck_assert_uint_eq(type->kinds, KIST_KIND_BIT(KIST_KIND_TENSOR) | KIST_KIND_BIT(KIST_KIND_MODEL));
	ck_assert_uint_eq(type->extension_count, 2);
	ck_assert_str_eq(type->extensions[1], "tar.msk");
	ck_assert_uint_eq(type->magics[0].offset, 4);
	ck_assert_uint_eq(type->magics[0].len, 4);
	ck_assert_mem_eq(type->magics[0].bytes, "MSK2", 4);
	ck_assert_int_eq(kist_schema_apply(type->serialize, NULL, false, &applied, &err), KIST_OK);
	ck_assert_int_eq(json_integer_value(json_object_get(applied, "level")), 3);
	json_decref(applied);
	ck_assert_int_eq(kist_schema_apply(type->deserialize, NULL, false, &applied, &err), KIST_OK);
	ck_assert_uint_eq(json_object_size(applied), 0);
	json_decref(applied);
	kist_manifest_free(manifest);
}
END_TEST

/* One fault a row. */
static const struct {
	const char *from;
	const char *to;
	kist_status status;
	const char *code;
	const char *text;
} faults[] = {
	{ "'manifest_version':1", "'manifest_version':2", KIST_INCOMPATIBLE, "E_MANIFEST",
	  "manifest_version: 2 is newer than this build understands (1)" },
	{ "'manifest_version':1,", "", KIST_CORRUPT, "E_MANIFEST", "manifest_version: missing" },
	{ "'manifest_version':1", "'manifest_version':0", KIST_CORRUPT, "E_MANIFEST",
	  "manifest_version: 0 is not from 1 to 9223372036854775807" },
	{ "'manifest_version':1", "'manifest_version':'1'", KIST_CORRUPT, "E_MANIFEST",
	  "manifest_version: an integer is expected, not a string" },
	{ "'must_understand':[]", "'must_understand':['id','color']", KIST_INCOMPATIBLE, "E_MANIFEST",
	  "must_understand[1]: this build does not understand 'color'" },
	{ "'id':'org.example.demo'", "'id':'Demo'", KIST_CORRUPT, "E_MANIFEST",
	  "id: 'Demo' is no reverse-DNS name such as 'org.example.demo'" },
	{ "'id':'org.example.demo'", "'id':'org..demo'", KIST_CORRUPT, "E_MANIFEST",
	  "id: 'org..demo' is no reverse-DNS name such as 'org.example.demo'" },
	{ "'id':'org.example.demo'", "'id':'demo'", KIST_CORRUPT, "E_MANIFEST",
	  "id: 'demo' is no reverse-DNS name such as 'org.example.demo'" },
	{ "'id':'org.example.demo',", "", KIST_CORRUPT, "E_MANIFEST", "id: missing" },
	{ "'id':'org.example.demo'", "'id':'org.example.demo','id':'org.b'", KIST_CORRUPT, "E_JSON", NULL },
	{ "'1.4.2'", "'1.4'", KIST_CORRUPT, "E_MANIFEST",
	  "version: '1.4' is no semantic version such as '1.4.2'" },
	{ "'publisher':'Example'", "'publisher':'a\\u0007b'", KIST_CORRUPT, "E_MANIFEST",
	  "publisher: holds a control character" },
	{ "'publisher':'Example'", "'publisher':''", KIST_CORRUPT, "E_MANIFEST", "publisher: empty" },
	{ "'major':1", "'major':2", KIST_INCOMPATIBLE, "E_MANIFEST",
	  "abi.major: made for plugin ABI 2, this build has 1: install a build of the plugin for it" },
	{ "'minor_required':0", "'minor_required':7", KIST_INCOMPATIBLE, "E_MANIFEST",
	  "abi.minor_required: needs plugin ABI 1.7, this build has 1.0: install a newer kist" },
	{ "linux-x86_64-glibc", "linux-riscv64-musl", KIST_UNSUPPORTED, "E_MANIFEST",
	  "libraries: none for this platform, 'linux-x86_64-glibc': ask Example for one" },
	{ "'demo.so'", "'../demo.so'", KIST_CORRUPT, "E_MANIFEST",
	  "libraries.linux-x86_64-glibc: file '../demo.so' is not a plain file name" },
	{ "'demo.so'", "'..'", KIST_CORRUPT, "E_MANIFEST",
	  "libraries.linux-x86_64-glibc: file '..' is not a plain file name" },
	{ "'size':81240", "'size':0", KIST_CORRUPT, "E_MANIFEST",
	  "libraries.linux-x86_64-glibc.size: 0 is not from 1 to 9223372036854775807" },
	{ "'size':81240", "'size':NaN", KIST_CORRUPT, "E_JSON", NULL },
	{ "'size':81240", "'size':81240/* bytes */", KIST_CORRUPT, "E_JSON", NULL },
	{ "0011", "001G", KIST_CORRUPT, "E_MANIFEST",
	  "libraries.linux-x86_64-glibc.sha256: 64 lower-case hex digits are expected" },
	{ "'org.example.mask'", "'mask'", KIST_CORRUPT, "E_MANIFEST",
	  "types[0]: type 'mask' is no reverse-DNS name such as 'org.example.mask'" },
	{ "'MaskArtifactTask'", "'Mask Task'", KIST_CORRUPT, "E_MANIFEST",
	  "types[0]: task 'Mask Task' is no name of letters, digits and '_.-'" },
	{ "'writes':'2.1'", "'writes':'2.2'", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].reads: does not hold 2.2, which it writes" },
	{ "'writes':'2.1'", "'writes':'3.0'", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].writes: '3.0' is not of major version 2" },
	{ "'2.0'", "'2'", KIST_CORRUPT, "E_MANIFEST", "types[0].reads[0]: '2' is no version MAJOR.MINOR" },
	{ "'tensor'", "'tree'", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].kinds[0]: 'tree' is none of bytes, value, tensor, model, table, opaque" },
	{ "'tensor','model'", "'model','model'", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].kinds[1]: 'model' stands twice" },
	{ "'tensor','model'", "", KIST_CORRUPT, "E_MANIFEST", "types[0].kinds: at least one is needed" },
	{ "application/x-mask", "Application", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].media_types[0]: 'Application' is not a lower-case media type such as 'text/csv'" },
	{ "'tar.msk'", "'.msk'", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].extensions[1]: '.msk' is not a lower-case extension without its dot" },
	{ "4d534b32", "4d534b", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].magic[0].hex: 3 bytes: 4 to 32 are allowed" },
	{ "4d534b32", "4D534B32", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].magic[0].hex: '4D534B32' is not lower-case hex" },
	{ "4d534b32", "4d534b321", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].magic[0].hex: '4d534b321' is not lower-case hex" },
	{ "'offset':4", "'offset':65533", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].magic[0].offset: 65533 is not from 0 to 65532" },
	{ "'priority':50", "'priority':80", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].priority: 80 is not from 0 to 79" },
	{ "'default':3", "'default':'x'", KIST_CORRUPT, "E_MANIFEST",
	  "types[0].params.serialize.level: the default does not fit the rest" },
	{ "'addmul'", "'add mul'", KIST_CORRUPT, "E_MANIFEST",
	  "tasks[0]: name 'add mul' is no name of letters, digits and '_.-'" },
	{ "i64,f64->i64", "long->int", KIST_CORRUPT, "E_MANIFEST", NULL },
	{ "'threads'", "'net'", KIST_UNSUPPORTED, "E_MANIFEST", "needs[0]: this build cannot grant 'net'" },
	{ "'either'", "'none'", KIST_CORRUPT, "E_MANIFEST",
	  "isolation: 'none' is none of either, worker, strict, in-process" },
	{ "'types':[" TYPE "]", "'types':[" TYPE "," TYPE "]", KIST_CORRUPT, "E_MANIFEST",
	  "types[1]: 'org.example.mask@2' stands twice" },
	{ "'types':[" TYPE "]", "'types':{}", KIST_CORRUPT, "E_MANIFEST",
	  "types: a list is expected, not an object" },
	{ "'either'}", "'either'", KIST_CORRUPT, "E_JSON", NULL },
	{ "'either'}", "'either'} x", KIST_CORRUPT, "E_JSON", NULL },
	{ "'either'", "'either','x':[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", KIST_CORRUPT, "E_JSON",
	  "nested deeper than 16" },
};

START_TEST(a_manifest_with_a_fault_is_refused_in_words)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest = NULL;

	ck_assert_msg(strstr(MANIFEST, faults[_i].from) != NULL, "row %d changes nothing", _i);
	ck_assert_int_eq(parse(faults[_i].from, faults[_i].to, &manifest, &err), faults[_i].status);
	ck_assert_ptr_null(manifest);
	ck_assert_str_eq(err.code, faults[_i].code);
	if (faults[_i].text)
		ck_assert_str_eq(err.text, faults[_i].text);
}
END_TEST

/* docs/format/manifest.md, whole. */
static const char *page(void)
{
	static char whole[64 << 10];
	const char *source = getenv("top_srcdir");
	char path[512];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/docs/format/manifest.md", source ? source : ".");
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	size = fread(whole, 1, sizeof(whole) - 1, file);
	ck_assert_uint_lt(size, sizeof(whole) - 1);
	whole[size] = '\0';
	ck_assert_int_eq(fclose(file), 0);
	return whole;
}

/* What is wrong with a task, in place of a sound one. */
static const struct {
	const char *task;
	const char *text;
} task_faults[] = {
	{ "{'name':'t','signature':'i64->i64','outputs':[{'name':'r','type':'integer'}]}",
	  "tasks[0].inputs: 0 inputs, the signature 'i64->i64' has 1" },
	{ "{'name':'t','signature':'i64->i64','inputs':[{'name':'a','type':'integer'}]}",
	  "tasks[0].outputs: 0 outputs, the signature 'i64->i64' has 1" },
	{ "{'name':'t','signature':'call,i64->void','inputs':[{'name':'c','type':'any'},{'name':'a','type':'integer'}]}",
	  "tasks[0].inputs: 2 inputs, the signature 'call,i64->void' has 1" },
	{ "{'name':'t','signature':'i64->status','inputs':[{'name':'a','type':'integer'}],'outputs':[{'name':'r','type':"
	  "'integer'}]}",
	  "tasks[0].outputs: 1 outputs, the signature 'i64->status' has 0" },
	{ "{'name':'t','signature':'i64,i64->void','inputs':[{'name':'a','type':'integer'},{'name':'a','type':"
	  "'integer'}]}",
	  "tasks[0].inputs[1]: 'a' stands twice" },
	{ "{'name':'t','signature':'i64->void','inputs':[{'name':'a.b','type':'integer'}]}",
	  "tasks[0].inputs[0]: name 'a.b' is no name of letters, digits and '_'" },
	{ "{'name':'t','signature':'i64->void','inputs':[{'name':'a','type':'number'}]}",
	  "tasks[0].inputs[0]: 'a' is i64 in the signature, which is not what its type says" },
	{ "{'name':'t','signature':'f64->f64','inputs':[{'name':'a','type':'integer'}],'outputs':[{'name':'r','type':"
	  "'integer'}]}",
	  "tasks[0].outputs[0]: 'r' is f64 in the signature, which is not what its type says" },
	{ "{'name':'t','signature':'tensor->void','inputs':[{'name':'a','type':{'union':['tensor','table']}}]}",
	  "tasks[0].inputs[0]: 'a' is tensor in the signature, which is not what its type says" },
	{ "{'name':'t','signature':'json->void','inputs':[{'name':'a','type':{'list':'tensor'}}]}",
	  "tasks[0].inputs[0]: 'a' is json in the signature, which is not what its type says" },
	{ "{'name':'t','signature':'i64->void','inputs':[{'name':'a','type':'intger'}]}",
	  "tasks[0].inputs[0]: type: there is no type 'intger': did you mean 'integer'?" },
	{ "{'name':'t','signature':'u8->void','inputs':[{'name':'a','type':'integer','default':256}]}",
	  "tasks[0].inputs[0]: the default of 'a': 256 does not fit u8: 0 to 255 are allowed" },
	{ "{'name':'t','signature':'i64->void','inputs':[{'name':'a','type':'integer','required':false}]}",
	  "tasks[0].inputs[0]: 'a' needs a \"default\", or to be \"required\"" },
	{ "{'name':'t','signature':'i64->void','inputs':[{'name':'a','type':'integer','required':true,'default':1}]}",
	  "tasks[0].inputs[0]: 'a' needs a \"default\", or to be \"required\"" },
	{ "{'name':'t','signature':'->void','caps':['fast']}",
	  "tasks[0].caps[0]: 'fast' is none of deterministic, reentrant" },
	{ "{'name':'t','signature':'f64[]->void','inputs':[{'name':'a','type':'tensor'}]}",
	  "tasks[0]: signature 'f64[]->void': f64[] is for ordinary libraries, whose tasks have a \"symbol\"; write "
	  "tensor" },
	{ "{'name':'t','signature':'->void','symbol':'t'}",
	  "tasks: a task with a \"symbol\" is of an ordinary library: then all tasks need one, and there are no types" },
	{ "{'name':'t','signature':'object->void','symbol':'t','inputs':[{'name':'a','type':'any'}]}",
	  "tasks[0]: signature 'object->void': an ordinary library cannot take object" },
	{ "{'name':'t','signature':'->status','symbol':'t'}",
	  "tasks[0]: signature '->status': an ordinary library has no status; write i32" },
	{ "{'name':'t','signature':'i32,f64[]->void','symbol':'t','inputs':[{'name':'n','type':'integer','count_of':'b'},"
	  "{'name':'a','type':'tensor'}]}",
	  "tasks[0].inputs[0]: \"count_of\" names 'b', which is no array here" },
	{ "{'name':'t','signature':'f64,f64[]->void','symbol':'t','inputs':[{'name':'n','type':'number','count_of':'a'},"
	  "{'name':'a','type':'tensor'}]}",
	  "tasks[0].inputs[0]: only an integer without a default is a \"count_of\"" },
};

START_TEST(a_task_that_does_not_agree_with_its_signature_is_refused_in_words)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest;

	ck_assert_int_eq(parse(ADDMUL, task_faults[_i].task, &manifest, &err), KIST_CORRUPT);
	ck_assert_str_eq(err.text, task_faults[_i].text);
	ck_assert_str_eq(err.code, "E_MANIFEST");
}
END_TEST

START_TEST(a_task_gives_all_that_it_says)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest;
	const struct kist_manifest_task *task;

	ck_assert_msg(parse(ADDMUL,
			    "{'name':'t','signature':'call,tensor,json,region*,object*->i32','caps':['reentrant'],"
			    "'inputs':[{'name':'a','type':'tensor'},{'name':'b','type':{'list':'number'},'default':[1]}],"
			    "'outputs':[{'name':'text','type':'string'},{'name':'object','type':{'union':['tensor',"
			    "'table']}},{'name':'code','type':'integer'}]}",
			    &manifest, &err) == KIST_OK,
		      "%s", err.text);
	task = &manifest->tasks[0];
	ck_assert_uint_eq(task->caps, KIST_CAP_REENTRANT);
	ck_assert_uint_eq(task->input_count, 2);
	ck_assert_uint_eq(task->inputs[0].position, 1);
	ck_assert_ptr_null(task->inputs[0].preset);
	ck_assert_uint_eq(json_array_size(task->inputs[1].preset), 1);
	ck_assert_uint_eq(task->output_count, 3);
	ck_assert(task->outputs[0].is_text);
	ck_assert_uint_eq(task->outputs[0].kinds, KIST_KIND_BIT(KIST_KIND_VALUE));
	ck_assert_uint_eq(task->outputs[1].position, 4);
	ck_assert_uint_eq(task->outputs[1].kinds, KIST_KIND_BIT(KIST_KIND_TENSOR) | KIST_KIND_BIT(KIST_KIND_TABLE));
	ck_assert_uint_eq(task->outputs[2].position, KIST_SIGNATURE_ARGS_MAX);
	ck_assert(!manifest->is_ordinary && !manifest->is_system);
	kist_manifest_free(manifest);
}
END_TEST

START_TEST(the_example_in_the_documentation_is_a_manifest)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest = NULL;
	const char *start = strstr(page(), "```json\n");
	const char *end = start ? strstr(start, "\n```") : NULL;

	ck_assert_ptr_nonnull(end);
	start += strlen("```json\n");
	ck_assert_msg(kist_manifest_parse(kist_view_of(start, (size_t)(end - start)), &manifest, &err) == KIST_OK, "%s",
		      err.text);
	ck_assert_str_eq(manifest->id, "org.example.mask");
	ck_assert_str_eq(manifest->version, "1.4.2");
	ck_assert_str_eq(manifest->library_file, "mask.so");
	ck_assert_uint_eq(manifest->type_count, 1);
	ck_assert_uint_eq(manifest->types[0].minor, 1);
	ck_assert_uint_eq(manifest->types[0].magic_count, 1);
	ck_assert_uint_eq(manifest->types[0].extension_count, 2);
	ck_assert_uint_eq(manifest->task_count, 2);
	ck_assert(manifest->needs_threads);
	kist_manifest_free(manifest);
}
END_TEST

START_TEST(the_documentation_names_every_member_and_limit)
{
	static const char *const words[] = {
		"`manifest_version`", "`id`",	   "`version`",	   "`publisher`",   "`license`",     "`url`",
		"`abi`",	      "`major`",   "`minor_required`", "`must_understand`", "`libraries`", "`types`",
		"`tasks`",	      "`needs`",   "`isolation`",  "`file`",	    "`size`",	     "`sha256`",
		"`type`",	      "`task`",	   "`reads`",	   "`writes`",	    "`kinds`",	     "`media_types`",
		"`extensions`",	      "`magic`",   "`offset`",	   "`hex`",	    "`priority`",    "`params`",
		"`serialize`",	      "`deserialize`", "`default`", "`enum`",	    "`minimum`",     "`maximum`",
		"`maxLength`",	      "`pattern`", "`required`",   "`description`", "`name`",	     "`signature`",
		"256 KiB",	      "`E_JSON`",  "`E_MANIFEST`", "`E_PARAM`",	    KIST_PLATFORM,   "0 to 79",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ck_assert_msg(strstr(page(), words[i]) != NULL, "%s", words[i]);
}
END_TEST

START_TEST(unknown_keys_are_ignored)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest;

	ck_assert_int_eq(parse("'either'", "'either','later':{'a':[1,2]}", &manifest, &err), KIST_OK);
	kist_manifest_free(manifest);
}
END_TEST

START_TEST(first_party_ids_may_have_a_higher_priority)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest;

	char other[4096];

	snprintf(other, sizeof(other), "%s", MANIFEST);
	memcpy(strstr(other, "org.example.demo"), "kist.example.dem", 16);
	memcpy(strstr(other, "'priority':50"), "'priority':99", 13);
	ck_assert_int_eq(
		kist_manifest_parse(quoted_replace(other, NULL, NULL, text, sizeof(text)), &manifest, &err),
		KIST_OK);
	ck_assert_uint_eq(manifest->types[0].priority, 99);
	kist_manifest_free(manifest);
}
END_TEST

START_TEST(the_size_limit_is_exact)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_view view = quoted_replace(MANIFEST, NULL, NULL, text, sizeof(text));
	struct kist_manifest *manifest;

	memset(text + view.size, ' ', sizeof(text) - view.size);
	view.size = KIST_MANIFEST_SIZE_MAX;
	ck_assert_int_eq(kist_manifest_parse(view, &manifest, &err), KIST_OK);
	kist_manifest_free(manifest);
	view.size = KIST_MANIFEST_SIZE_MAX + 1;
	ck_assert_int_eq(kist_manifest_parse(view, &manifest, &err), KIST_LIMIT);
	ck_assert_str_eq(err.text, "a manifest of 262145 bytes: at most 262144 are allowed");
}
END_TEST

/* A list of @count items "<before>N<after>" in place of the empty one. */
static kist_status parse_many(const char *from, const char *before, const char *after, size_t count,
			      struct kist_manifest **ret, struct kist_error *err)
{
	static char list[KIST_MANIFEST_SIZE_MAX];
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s%zu%s", i ? "," : "", before,
					 i, after);
	return parse(from, list, ret, err);
}

START_TEST(the_limits_of_lists_are_exact)
{
	static const struct {
		const char *from, *before, *after;
		size_t max;
		const char *text;
	} lists[] = {
		{ ADDMUL, "{'name':'t",
		  "','signature':'->void'}", KIST_MANIFEST_TASKS_MAX,
		  "tasks: 257 items, at most 256 are allowed" },
		{ "'msk','tar.msk'", "'e", "'", KIST_MANIFEST_LIST_MAX,
		  "types[0].extensions: 33 items, at most 32 are allowed" },
		{ "'application/x-mask'", "'a/", "'", KIST_MANIFEST_LIST_MAX,
		  "types[0].media_types: 33 items, at most 32 are allowed" },
		{ "{'offset':4,'hex':'4d534b32'}", "{'hex':'00000000','offset':", "}", KIST_MANIFEST_LIST_MAX,
		  "types[0].magic: 33 items, at most 32 are allowed" },
	};
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest;

	ck_assert_int_eq(
		parse_many(lists[_i].from, lists[_i].before, lists[_i].after, lists[_i].max, &manifest, &err),
		KIST_OK);
	kist_manifest_free(manifest);
	ck_assert_int_eq(parse_many(lists[_i].from, lists[_i].before, lists[_i].after, lists[_i].max + 1,
				    &manifest, &err),
			 KIST_LIMIT);
	ck_assert_str_eq(err.text, lists[_i].text);
}
END_TEST

START_TEST(magics_may_have_4_to_32_bytes)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_manifest *manifest;

	ck_assert_int_eq(parse("4d534b32", SUM, &manifest, &err), KIST_OK);
	ck_assert_uint_eq(manifest->types[0].magics[0].len, KIST_MAGIC_SIZE_MAX);
	kist_manifest_free(manifest);
	ck_assert_int_eq(parse("4d534b32", SUM "00", &manifest, &err), KIST_CORRUPT);
	ck_assert_str_eq(err.text, "types[0].magic[0].hex: 33 bytes: 4 to 32 are allowed");
}
END_TEST

START_TEST(every_prefix_of_a_manifest_is_refused)
{
	const struct kist_view view = quoted_replace(MANIFEST, NULL, NULL, text, sizeof(text));

	for (size_t size = 0; size < view.size; size++) {
		struct kist_manifest *manifest;

		ck_assert_int_eq(kist_manifest_parse(kist_view_of(view.data, size), &manifest, NULL),
				 KIST_CORRUPT);
	}
}
END_TEST

START_TEST(running_out_of_memory_leaks_nothing)
{
	struct kist_manifest *manifest;
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_error err = KIST_ERROR_INIT;

		kist_mem_fail_at(k);
		status = parse(NULL, NULL, &manifest, &err);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 100);
	}
	kist_mem_fail_at(0);
	kist_manifest_free(manifest);
}
END_TEST

START_TEST(a_manifest_is_called_after_its_id)
{
	ck_assert(kist_manifest_is_name("a.b.plugin.json"));
	ck_assert(kist_manifest_is_name("/x/a.b.plugin.json"));
	ck_assert(!kist_manifest_is_name(".plugin.json"));
	ck_assert(!kist_manifest_is_name("a.b.plugin.json.minisig"));
	ck_assert(!kist_manifest_is_name(""));
	ck_assert(kist_manifest_is_name_of("a.b.plugin.json", "a.b"));
	ck_assert(!kist_manifest_is_name_of("a.b.c.plugin.json", "a.b"));
	ck_assert(!kist_manifest_is_name_of("a.b", "a.b"));
	ck_assert(!kist_manifest_is_name_of("a", "a.b"));
	ck_assert(kist_id_is_own("kist.numpy"));
	ck_assert(!kist_id_is_own("kistx.numpy"));
	ck_assert(!kist_id_is_own("org.kist.numpy"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_test(tests, a_manifest_gives_all_that_it_says);
	tcase_add_loop_test(tests, a_task_that_does_not_agree_with_its_signature_is_refused_in_words, 0,
			    (int)(sizeof(task_faults) / sizeof(task_faults[0])));
	tcase_add_test(tests, a_task_gives_all_that_it_says);
	tcase_add_loop_test(tests, a_manifest_with_a_fault_is_refused_in_words, 0,
			    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(tests, the_example_in_the_documentation_is_a_manifest);
	tcase_add_test(tests, the_documentation_names_every_member_and_limit);
	tcase_add_test(tests, unknown_keys_are_ignored);
	tcase_add_test(tests, first_party_ids_may_have_a_higher_priority);
	tcase_add_test(tests, the_size_limit_is_exact);
	tcase_add_loop_test(tests, the_limits_of_lists_are_exact, 0, 4);
	tcase_add_test(tests, magics_may_have_4_to_32_bytes);
	tcase_add_test(tests, every_prefix_of_a_manifest_is_refused);
	tcase_add_test(tests, a_manifest_is_called_after_its_id);
	tcase_add_test(tests, running_out_of_memory_leaks_nothing);
	return suite_run(tests, "manifest");
}
