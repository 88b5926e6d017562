/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/template.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "plugin/field.h"
#include "plugin/manifest.h"

#define TEMPLATE_SIZE_MAX ((size_t)64 << 10)
#define EXAMPLE_DOMAIN	  "org.example."
#define WORD_SIZE	  ((size_t)KIST_ID_SIZE)
#define PATH_SIZE	  ((size_t)KIST_ID_SIZE + 32)

/* Which orders a template is for. */
enum { FOR_C = 1, FOR_CXX = 2, FOR_SERIALIZER = 4, FOR_TASK = 8 };
#define FOR_ALL (FOR_C | FOR_CXX | FOR_SERIALIZER | FOR_TASK)

/* A template, and what is made of it. */
struct page {
	const char *from;
	const char *to; /* with words */
	unsigned what_for;
};

static const struct page pages[] = {
	{ "Makefile.in", "Makefile", FOR_ALL },
	{ "CMakeLists.txt.in", "CMakeLists.txt", FOR_ALL },
	{ "manifest.cmake.in", "manifest.cmake", FOR_ALL },
	{ "gitignore.in", ".gitignore", FOR_ALL },
	{ "guard.hpp.in", "guard.hpp", FOR_CXX | FOR_SERIALIZER | FOR_TASK },
	{ "serializer.json.in", "@ID@.plugin.json.in", FOR_C | FOR_CXX | FOR_SERIALIZER },
	{ "serializer.md.in", "README.md", FOR_C | FOR_CXX | FOR_SERIALIZER },
	{ "serializer.c.in", "@SOURCE@", FOR_C | FOR_SERIALIZER },
	{ "serializer.cpp.in", "@SOURCE@", FOR_CXX | FOR_SERIALIZER },
	{ "task.json.in", "@ID@.plugin.json.in", FOR_C | FOR_CXX | FOR_TASK },
	{ "task.md.in", "README.md", FOR_C | FOR_CXX | FOR_TASK },
	{ "task.c.in", "@SOURCE@", FOR_C | FOR_TASK },
	{ "task.cpp.in", "@SOURCE@", FOR_CXX | FOR_TASK },
};
#define PAGE_COUNT (sizeof(pages) / sizeof(pages[0]))

/* A word of a template, and what stands for it. */
struct word {
	const char *key;
	char text[WORD_SIZE];
};
#define WORDS_MAX 16

struct words {
	size_t count;
	struct word list[WORDS_MAX];
};

static bool name_valid(const char *name)
{
	const size_t len = strlen(name);

	return len > 0 && len < KIST_KIT_NAME_SIZE && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* "my-mask" as C, the preprocessor and a type's name write it. */
static void derive(const char *name, struct kist_kit_names *ret)
{
	bool begins = true;
	size_t used = 0;

	snprintf(ret->name, sizeof(ret->name), "%s", name);
	for (size_t i = 0; i <= strlen(name); i++) {
		const bool joins = name[i] == '-' || name[i] == '_';

		ret->ident[i] = name[i] == '-' ? '_' : name[i];
		ret->upper[i] = (char)toupper((unsigned char)ret->ident[i]);
		if (!joins)
			ret->camel[used++] = begins ? (char)toupper((unsigned char)name[i]) : name[i];
		begins = joins;
	}
}

kist_status kist_kit_name(const char *name, struct kist_kit_names *ret, struct kist_error *err)
{
	const char *dot = strrchr(name, '.');
	const char *last = dot ? dot + 1 : name;
	const int len = snprintf(ret->id, sizeof(ret->id), "%s%s", dot ? "" : EXAMPLE_DOMAIN, name);

	if (!name_valid(last))
		return kist_fail(
			err, KIST_INVALID,
			"'%s' is no name for a plugin: it begins with a lower-case letter, and up to %zu "
			"letters, digits, '-' and '_' follow",
			last, KIST_KIT_NAME_SIZE - 2);
	if (len >= (int)sizeof(ret->id) || !kist_name_dotted(ret->id, sizeof(ret->id)))
		return kist_fail(
			err, KIST_INVALID,
			"'%s' is no id: a domain of yours backwards, in lower case, and the name, as in "
			"'org.example.mask'; at most %d bytes",
			name, KIST_ID_SIZE - 1);
	if (kist_id_is_own(ret->id))
		return kist_fail(err, KIST_INVALID,
				 "ids that begin with '" KIST_OWN_PREFIX
				 "' are those of kist's own plugins: take a "
				 "domain of yours");
	derive(last, ret);
	return KIST_OK;
}

static void add_word(struct words *words, const char *key, const char *text)
{
	struct word *word = &words->list[words->count++];

	word->key = key;
	snprintf(word->text, sizeof(word->text), "%s", text);
}

/* Four letters for people, and what tells the files of two plugins from each other, whatever they are called. */
static void add_magic(struct words *words, const struct kist_kit_names *names)
{
	const struct kist_digest digest = kist_digest_of(kist_view_of(names->id, strlen(names->id)));
	const uint8_t *more = digest.bytes;
	char letters[] = "____";
	const size_t len = strlen(names->upper);
	char text[32];

	memcpy(letters, names->upper, len < 4 ? len : 4);
	snprintf(text, sizeof(text), "%02x%02x%02x%02x0a%02x%02x%02x", letters[0], letters[1], letters[2],
		 letters[3], more[0], more[1], more[2]);
	add_word(words, "MAGIC_HEX", text);
	snprintf(text, sizeof(text), "%s\\n\\%03o\\%03o\\%03o", letters, more[0], more[1], more[2]);
	add_word(words, "MAGIC", text);
}

static void make_words(const struct kist_kit_names *names, enum kist_kit_language language, struct words *ret)
{
	const bool is_c = language == KIST_KIT_C;
	char source[WORD_SIZE];

	ret->count = 0;
	snprintf(source, sizeof(source), "%s%s", names->name, is_c ? ".c" : ".cpp");
	add_word(ret, "NAME", names->name);
	add_word(ret, "ID", names->id);
	add_word(ret, "IDENT", names->ident);
	add_word(ret, "UPPER", names->upper);
	add_word(ret, "CAMEL", names->camel);
	add_word(ret, "SOURCE", source);
	snprintf(source, sizeof(source), "%s%s%s", names->name, is_c ? ".c" : ".cpp",
		 is_c ? "" : " guard.hpp");
	add_word(ret, "SOURCES", source);
	add_word(ret, "CC", is_c ? "CC" : "CXX");
	add_word(ret, "FLAGS", is_c ? "CFLAGS" : "CXXFLAGS");
	add_word(ret, "STD", is_c ? "c11" : "c++17");
	add_word(ret, "CMAKE_LANGUAGE", is_c ? "C" : "CXX");
	add_word(ret, "CMAKE_STD", is_c ? "11" : "17");
	add_word(ret, "GUARD_NOTE", is_c ? "" : " `guard.hpp`: no exception leaves the plugin.");
	add_magic(ret, names);
}

/* The word at @text, "@NAME@..."; NULL when none of ours stands there. */
static const struct word *word_at(const struct words *words, const char *text, size_t size)
{
	for (size_t i = 0; i < words->count; i++) {
		const size_t len = strlen(words->list[i].key);

		if (len + 2 <= size && text[len + 1] == '@' && memcmp(text + 1, words->list[i].key, len) == 0)
			return &words->list[i];
	}
	return NULL;
}

static kist_status fill_in(const struct words *words, struct kist_view from, struct kist_buf *ret,
			   struct kist_error *err)
{
	const char *text = (const char *)from.data;
	size_t at = 0;

	while (at < from.size) {
		const char *sign = memchr(text + at, '@', from.size - at);
		const size_t plain = sign ? (size_t)(sign - text) - at : from.size - at;
		const struct word *word;

		KIST_TRY(kist_buf_append(ret, text + at, plain, err));
		at += plain;
		if (!sign)
			break;
		word = word_at(words, sign, from.size - at);
		KIST_TRY(kist_buf_append(ret, word ? word->text : "@", word ? strlen(word->text) : 1, err));
		at += word ? strlen(word->key) + 2 : 1;
	}
	return KIST_OK;
}

static kist_status page_path(const struct words *words, const struct page *page, struct kist_buf *ret,
			     struct kist_error *err)
{
	KIST_TRY(fill_in(words, kist_view_of(page->to, strlen(page->to)), ret, err));
	return kist_buf_text(ret) ? KIST_OK : kist_fail_memory(err, ret->size);
}

static kist_status write_page(int templates, int folder, const struct words *words, const struct page *page,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf path = KIST_BUF_INIT(PATH_SIZE);
	kist_auto_buf struct kist_buf from = KIST_BUF_INIT(TEMPLATE_SIZE_MAX);
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(2 * TEMPLATE_SIZE_MAX);
	kist_auto_fd int fd = -1;

	KIST_TRY(page_path(words, page, &path, err));
	KIST_TRY(kist_read_file_at(templates, page->from, &from, err));
	KIST_TRY(fill_in(words, kist_buf_view(&from), &text, err));
	KIST_TRY(kist_open_at(folder, (const char *)path.data, O_WRONLY | O_CREAT | O_EXCL, 0666, &fd, err));
	return kist_write_all(fd, kist_buf_view(&text), err);
}

static kist_status write_pages(int templates, int folder, const struct words *words, unsigned what_for,
			       struct kist_error *err)
{
	for (size_t i = 0; i < PAGE_COUNT; i++) {
		if ((pages[i].what_for & what_for) == what_for)
			KIST_TRY(write_page(templates, folder, words, &pages[i], err));
	}
	return KIST_OK;
}

/* Takes back what was written: the folder was made here, and only these files are in it. */
static void remove_pages(int folder, const char *name, const struct words *words)
{
	for (size_t i = 0; i < PAGE_COUNT; i++) {
		kist_auto_buf struct kist_buf path = KIST_BUF_INIT(PATH_SIZE);

		if (page_path(words, &pages[i], &path, NULL) == KIST_OK)
			(void)unlinkat(folder, (const char *)path.data, 0);
	}
	(void)unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

kist_status kist_kit_write(const char *templates, const struct kist_kit_order *order,
			   struct kist_kit_names *ret, struct kist_error *err)
{
	const unsigned what_for = (order->language == KIST_KIT_C ? FOR_C : FOR_CXX) |
				  (order->subject == KIST_KIT_SERIALIZER ? FOR_SERIALIZER : FOR_TASK);
	kist_auto_fd int from = -1;
	kist_auto_fd int folder = -1;
	struct words words;
	kist_status status;

	KIST_TRY(kist_kit_name(order->name, ret, err));
	make_words(ret, order->language, &words);
	KIST_TRY(kist_open_at(AT_FDCWD, templates, O_RDONLY | O_DIRECTORY, 0, &from, err));
	if (mkdirat(AT_FDCWD, ret->name, 0777) < 0) {
		if (errno == EEXIST)
			return kist_fail(
				err, KIST_EXISTS,
				"there is a '%s' here already, and nothing is overwritten: take another "
				"name, or another folder",
				ret->name);
		return kist_fail_errno(err, errno, "cannot make the folder '%s'", ret->name);
	}
	status = kist_open_at(AT_FDCWD, ret->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &folder, err);
	if (status == KIST_OK)
		status = write_pages(from, folder, &words, what_for, err);
	if (status != KIST_OK)
		remove_pages(folder, ret->name, &words);
	return status;
}
