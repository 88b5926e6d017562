/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/git.h"

#include <string.h>

#include "unit/agent/folder.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

/* A repository as git lays it out, without git. */
static void make(const char *head)
{
	FILE *file;

	sh("mkdir -p top/.git/refs/heads top/sub/deep");
	file = fopen("top/.git/HEAD", "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(head, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static struct kist_git find(const char *path)
{
	struct kist_git git;
	char full[PATH_MAX + 64];

	snprintf(full, sizeof(full), "%s/%s", folder_path, path);
	ck_assert(kist_git_find(full, &git));
	return git;
}

START_TEST(a_branch_is_a_file_or_a_line_of_packed_ones)
{
	struct kist_git git;

	make("ref: refs/heads/a/b\n");
	sh("mkdir top/.git/refs/heads/a; echo " COMMIT " >top/.git/refs/heads/a/b");
	git = find("top/sub/deep");
	ck_assert_str_eq(git.branch, "a/b");
	ck_assert_str_eq(git.commit, COMMIT);
	ck_assert_str_eq(strrchr(git.top, '/'), "/top");
	sh("rm top/.git/refs/heads/a/b; { echo '# pack-refs with: peeled'; echo " COMMIT
	   " refs/heads/a/bc; echo '^" COMMIT
	   "'; echo fedcba9876543210fedcba9876543210fedcba98 refs/heads/a/b; } >top/.git/packed-refs");
	ck_assert_str_eq(find("top").commit, "fedcba9876543210fedcba9876543210fedcba98");
}
END_TEST

START_TEST(no_branch_no_commit_and_nonsense)
{
	make(COMMIT "\n");
	ck_assert_str_eq(find("top").commit, COMMIT);
	ck_assert_str_eq(find("top").branch, "");
	make("ref: refs/heads/unborn\n");
	ck_assert_str_eq(find("top").commit, "");
	ck_assert_str_eq(find("top").branch, "unborn");
	make("ref: refs/heads/../../../../../etc/passwd\n");
	ck_assert_str_eq(find("top").commit, "");
	make("nonsense");
	ck_assert_str_eq(find("top").commit, "");
	make("ref: refs/heads/loop\n");
	sh("echo 'ref: refs/heads/loop' >top/.git/refs/heads/loop");
	ck_assert_str_eq(find("top").commit, "");
	sh("rm top/.git/HEAD; mkfifo top/.git/HEAD");
	ck_assert_str_eq(find("top").commit, "");
}
END_TEST

START_TEST(another_working_tree_says_where_its_repository_is)
{
	struct kist_git git;

	make("ref: refs/heads/main\n");
	sh("echo " COMMIT " >top/.git/refs/heads/side; mkdir -p top/.git/worktrees/w other/sub");
	sh("echo 'ref: refs/heads/side' >top/.git/worktrees/w/HEAD; echo ../.. "
	   ">top/.git/worktrees/w/commondir");
	sh("echo gitdir: ../top/.git/worktrees/w >other/.git");
	git = find("other/sub");
	ck_assert_str_eq(git.commit, COMMIT);
	ck_assert_str_eq(git.branch, "side");
	sh("echo gitdir: nowhere >other/.git");
	ck_assert(!kist_git_find("/", &git));
}
END_TEST

/* What an index told. */
static char told[4096];

static kist_status tell(void *ctx, const struct kist_git_file *file, struct kist_error *err)
{
	const size_t used = strlen(told);

	(void)ctx;
	(void)err;
	snprintf(told + used, sizeof(told) - used, "%s:%o:%u%s%s ", file->path, (unsigned)file->mode,
		 (unsigned)file->size, file->is_known ? "" : "?", file->is_left ? "-" : "");
	return KIST_OK;
}

static kist_status read_index(const void *bytes, size_t size)
{
	told[0] = '\0';
	return kist_git_index_each(kist_view_of(bytes, size), 20, tell, NULL, NULL);
}

/* An index under way. */
static uint8_t made[4096];
static size_t made_size;

static void put(const void *bytes, size_t size)
{
	memcpy(made + made_size, bytes, size);
	made_size += size;
}

static void put32(uint32_t value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
				  (uint8_t)value };

	put(bytes, sizeof(bytes));
}

static void put_header(uint32_t version, uint32_t count)
{
	made_size = 0;
	put("DIRC", 4);
	put32(version);
	put32(count);
}

/* An entry up to its path: @flags without the length of it. */
static void put_stat(uint32_t mode, uint32_t size, uint32_t flags)
{
	static const uint8_t hash[20];

	for (int i = 0; i < 6; i++)
		put32(7);
	put32(mode);
	put32(0);
	put32(0);
	put32(size);
	put(hash, sizeof(hash));
	put((const uint8_t[]){ (uint8_t)(flags >> 8), (uint8_t)flags }, 2);
}

/* The path of an entry that began with put_stat(), filled up to 8 bytes. */
static void put_path(const char *path)
{
	static const uint8_t zeros[8];

	put(path, strlen(path));
	put(zeros, 8 - (62 + strlen(path)) % 8);
}

START_TEST(entries_of_all_versions_are_read)
{
	put_header(2, 2);
	put_stat(0100644, 5, 3);
	put_path("a/b");
	put_stat(0120000, 6, 0x9001);
	put_path("c");
	ck_assert_int_eq(read_index(made, made_size), KIST_OK);
	ck_assert_str_eq(told, "a/b:100644:5 c:120000:6?- ");
	for (size_t size = 0; size < made_size; size++)
		ck_assert_int_eq(read_index(made, size), KIST_CORRUPT);
	put_header(4, 3);
	put_stat(0100755, 1, 0);
	put("\0dir/one\0", 9);
	put_stat(0100755, 2, 0);
	put("\3two\0", 5);
	put_stat(0100755, 3, 0x4000);
	put("\x20\0", 2);
	put("\7x\0", 3);
	ck_assert_int_eq(read_index(made, made_size), KIST_OK);
	ck_assert_str_eq(told, "dir/one:100755:1 dir/two:100755:2 x:100755:3? ");
	for (size_t size = 0; size < made_size; size++)
		ck_assert_int_eq(read_index(made, size), KIST_CORRUPT);
}
END_TEST

START_TEST(what_is_not_known_is_said)
{
	put_header(5, 0);
	ck_assert_int_eq(read_index(made, made_size), KIST_UNSUPPORTED);
	put_header(2, UINT32_MAX);
	ck_assert_int_eq(read_index(made, made_size), KIST_LIMIT);
	put_header(2, 0);
	put("link\0\0\0\0", 8);
	put(made, 20);
	ck_assert_int_eq(read_index(made, made_size), KIST_UNSUPPORTED);
	put_header(2, 0);
	put("TREE\0\0\0\0", 8);
	put(made, 20);
	ck_assert_int_eq(read_index(made, made_size), KIST_OK);
	put_header(2, 0);
	put("TREE\xff\xff\xff\xff", 8);
	put(made, 20);
	ck_assert_int_eq(read_index(made, made_size), KIST_CORRUPT);
	ck_assert_int_eq(read_index("nonsense that is long", 21), KIST_CORRUPT);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("git");

	tcase_add_checked_fixture(cases, folder_setup, folder_teardown);
	tcase_add_test(cases, a_branch_is_a_file_or_a_line_of_packed_ones);
	tcase_add_test(cases, no_branch_no_commit_and_nonsense);
	tcase_add_test(cases, another_working_tree_says_where_its_repository_is);
	tcase_add_test(cases, entries_of_all_versions_are_read);
	tcase_add_test(cases, what_is_not_known_is_said);
	return suite_run(cases, "agent/git");
}
