/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/source.h"

#include <string.h>

#include "base/mem.h"
#include "unit/agent/folder.h"

static json_t *describe(char *const *command)
{
	json_t *root = NULL;

	ck_assert_int_eq(kist_source_describe(folder_path, command, &root, NULL), KIST_OK);
	return root;
}

/* File @i of what is told. */
static const json_t *file_of(const json_t *root, size_t i)
{
	return json_array_get(json_object_get(root, "files"), i);
}

START_TEST(scripts_that_a_command_names_are_kept)
{
	char sh_word[] = "sh";
	char script[] = "train.py";
	char data[] = "data.bin";
	char plain[] = "tool";
	char missing[] = "missing.py";
	char pipe_name[] = "pipe.py";
	char *const command[] = { sh_word, script, data, plain, missing, pipe_name, NULL };
	kist_auto_json json_t *root = NULL;

	sh("echo 'print(1)' >train.py; head -c 100 /dev/zero >data.bin; printf '#!/bin/sh\\n' >tool; mkfifo "
	   "pipe.py; echo x >sh");
	root = describe(command);
	ck_assert_uint_eq(json_array_size(json_object_get(root, "files")), 2);
	ck_assert_str_eq(kist_json_get_text(file_of(root, 0), "path"), "train.py");
	ck_assert_str_eq(kist_json_get_text(file_of(root, 0), "why"), "command");
	ck_assert_str_eq(kist_json_get_text(file_of(root, 0), "text"), "print(1)\n");
	ck_assert_str_eq(kist_json_get_text(file_of(root, 1), "path"), "tool");
	ck_assert_ptr_null(json_object_get(root, "vcs"));
}
END_TEST

START_TEST(what_is_no_text_is_too_large_or_a_secret_is_told_by_its_digest)
{
	char large[] = "large.py";
	char bytes[] = "bytes.py";
	char nul[] = "nul.py";
	char secret[] = "my_secrets.py";
	char empty[] = "empty.py";
	char name[] = "n\xff.py";
	char word[] = "sh";
	char *const command[] = { word, large, bytes, nul, secret, empty, name, NULL };
	kist_auto_json json_t *root = NULL;

	sh("head -c 1048577 /dev/zero | tr '\\0' x >large.py; printf '\\377' >bytes.py; printf 'a\\0b' "
	   ">nul.py");
	sh("echo password >my_secrets.py; : >empty.py; echo x >\"$(printf 'n\\377.py')\"");
	root = describe(command);
	ck_assert_uint_eq(json_array_size(json_object_get(root, "files")), 6);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(strlen(kist_json_get_text(file_of(root, i), "sha256")), 64);
		ck_assert_ptr_null(json_object_get(file_of(root, i), "text"));
	}
	ck_assert_str_eq(kist_json_get_text(file_of(root, 4), "text"), "");
	ck_assert_str_eq(kist_json_get_text(file_of(root, 5), "path_bytes"), "6eff2e7079");
}
END_TEST

START_TEST(an_index_that_cannot_be_read_is_said)
{
	char word[] = "true";
	char *const command[] = { word, NULL };
	kist_auto_json json_t *root = NULL;

	sh("mkdir .git; echo ref: refs/heads/main >.git/HEAD; echo nonsense >.git/index");
	root = describe(command);
	ck_assert_str_eq(kist_json_get_text(root, "branch"), "main");
	ck_assert_str_eq(kist_json_get_text(root, "commit"), "");
	ck_assert(json_is_null(json_object_get(root, "changed")));
	ck_assert_ptr_nonnull(kist_json_get_text(root, "note"));
}
END_TEST

START_TEST(without_memory_it_says_so)
{
	char word[] = "true";
	char script[] = "a.py";
	char *const command[] = { word, script, NULL };
	kist_status status = KIST_NO_MEMORY;

	sh("echo x >a.py");
	for (unsigned long k = 1; status != KIST_OK; k++) {
		json_t *root = NULL;

		kist_mem_fail_at(k);
		status = kist_source_describe(folder_path, command, &root, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		json_decref(root);
		ck_assert(k < 1000);
	}
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("source");

	tcase_add_checked_fixture(cases, folder_setup, folder_teardown);
	tcase_add_test(cases, scripts_that_a_command_names_are_kept);
	tcase_add_test(cases, what_is_no_text_is_too_large_or_a_secret_is_told_by_its_digest);
	tcase_add_test(cases, an_index_that_cannot_be_read_is_said);
	tcase_add_test(cases, without_memory_it_says_so);
	return suite_run(cases, "agent/source");
}
