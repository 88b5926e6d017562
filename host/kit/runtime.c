/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/runtime.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin/elf_file.h"

#define WANTED "libasan.so"

/* Where gcc puts what a program is linked with, and where the linker looks. */
static const char *const folders[] = { "/usr/lib/x86_64-linux-gnu",
				       "/usr/lib/aarch64-linux-gnu",
				       "/usr/lib64",
				       "/usr/lib",
				       "/lib64",
				       "/usr/local/lib64",
				       "/usr/local/lib" };

/* The first library that this one needs whose name begins with @wanted; false when there is none. */
static bool find_need(const struct kist_kit_subject *subject, const char *wanted, char ret[static 64])
{
	struct kist_elf elf;

	if (kist_elf_open(kist_buf_view(&subject->library), &elf, NULL) != KIST_OK ||
	    kist_elf_find_dynamic(&elf, NULL) != KIST_OK)
		return false;
	for (uint32_t i = 0; i < elf.dynamic_count; i++) {
		const Elf64_Dyn entry = kist_elf_dynamic(&elf, i);
		const char *name;

		if (entry.d_tag == DT_NEEDED &&
		    kist_elf_string(&elf, entry.d_un.d_val, &name, NULL) == KIST_OK &&
		    strncmp(name, wanted, strlen(wanted)) == 0 && strlen(name) < 64 && !strchr(name, '/')) {
			snprintf(ret, 64, "%s", name);
			return true;
		}
	}
	return false;
}

kist_status kist_kit_runtime(const struct kist_kit_subject *subject, char ret[static PATH_MAX],
			     struct kist_error *err)
{
	char name[64];
	char cxx[64] = "";

	/* Exceptions are thrown through the runtime, which finds where they go when the program starts. */
	(void)find_need(subject, "libstdc++.so", cxx);
	if (!find_need(subject, WANTED, name))
		return kist_fail(err, KIST_UNSUPPORTED,
				 "'%s' was not built with gcc's address sanitizer: compile and link it with "
				 "-fsanitize=address and without -Wl,-z,defs, as 'make test-asan' of a new "
				 "plugin does",
				 subject->manifest->library_file);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		const int len = snprintf(ret, PATH_MAX, "%s/%s", folders[i], name);

		if (len < 0 || len >= PATH_MAX - (int)sizeof(cxx) || access(ret, R_OK) != 0)
			continue;
		if (cxx[0])
			snprintf(ret + len, PATH_MAX - (size_t)len, ":%s", cxx);
		return KIST_OK;
	}
	return kist_fail(
		err, KIST_UNSUPPORTED,
		"'%s', the address sanitizer's runtime, is not on this machine: install the package of your "
		"compiler that has it (libasan)",
		name);
}
