/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "plugin/loader.h"
#include "support/suite.h"

#define PAGE ((size_t)65536)

/* What the plugin's entry gives. */
static const struct kist_plugin *given;
static kist_status given_status;

static const void *extension(const struct kist_host *host, const char *id)
{
	(void)host;
	if (strcmp(id, "test.plugin/1") == 0)
		return given;
	return strcmp(id, "test.status/1") == 0 ? &given_status : NULL;
}

static const struct kist_host host = { .struct_size = sizeof(host), .name = "test", .extension = extension };

static kist_status method_open(const struct kist_host *h, struct kist_call *call, void **ret)
{
	(void)h;
	(void)call;
	*ret = NULL;
	return KIST_OK;
}

static void method_close(void *instance)
{
	(void)instance;
}

static kist_status method_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
				    const struct kist_params *params, struct kist_sink *sink)
{
	(void)instance, (void)call, (void)object, (void)params, (void)sink;
	return KIST_OK;
}

static kist_status method_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
				      const struct kist_params *params, struct kist_object *ret)
{
	(void)instance, (void)call, (void)source, (void)params, (void)ret;
	return KIST_OK;
}

static kist_status method_validate(void *instance, struct kist_call *call, struct kist_source *source,
				   const struct kist_params *params, struct kist_report *report)
{
	(void)instance, (void)call, (void)source, (void)params, (void)report;
	return KIST_OK;
}

static kist_status method_probe(const void *head, size_t len, uint64_t total, int32_t *ret)
{
	(void)head, (void)len, (void)total;
	*ret = 0;
	return KIST_OK;
}

static kist_status method_layout(void *instance, struct kist_call *call, struct kist_source *source,
				 const struct kist_params *params, struct kist_layout *layout)
{
	(void)instance, (void)call, (void)source, (void)params, (void)layout;
	return KIST_OK;
}

static kist_status method_describe(void *instance, struct kist_call *call, struct kist_source *source,
				   const struct kist_params *params, struct kist_sink *sink)
{
	(void)instance, (void)call, (void)source, (void)params, (void)sink;
	return KIST_OK;
}

static const ArtifactTaskInterface whole_interface = {
	.struct_size = sizeof(whole_interface),
	.caps = KIST_CAP_DETERMINISTIC,
	.open = method_open,
	.close = method_close,
	.serialize = method_serialize,
	.deserialize = method_deserialize,
	.validate = method_validate,
	.probe = method_probe,
	.layout = method_layout,
	.describe = method_describe,
};

static void function(void)
{
}

static const struct kist_type_decl whole_type = { .struct_size = sizeof(whole_type),
						  .kinds = KIST_KIND_BIT(KIST_KIND_VALUE),
						  .type = "test.type",
						  .task = "TestArtifactTask",
						  .major = 1,
						  .minor = 2,
						  .priority = 50,
						  .interface = &whole_interface };
static const struct kist_task_decl whole_task = {
	.struct_size = sizeof(whole_task), .name = "add", .signature = "i64->i64", .function = function
};
static const struct kist_plugin whole_plugin = {
	.struct_size = sizeof(whole_plugin), .id = "test.echo", .version = "1.0.0", .type_count = 1, .task_count = 1
};
static const struct kist_manifest_type manifest_type = { .type = "test.type",
							 .task = "TestArtifactTask",
							 .major = 1,
							 .minor = 2,
							 .minor_max = 2,
							 .kinds = KIST_KIND_BIT(KIST_KIND_VALUE),
							 .priority = 50 };
static const struct kist_manifest_task manifest_task = { .name = "add", .signature = "i64->i64" };
static const struct kist_manifest manifest = { .id = "test.echo",
					       .version = "1.0.0",
					       .abi_major = 1,
					       .type_count = 1,
					       .types = &manifest_type,
					       .task_count = 1,
					       .tasks = &manifest_task };

/* One plugin, each struct of which can be changed before it is loaded. */
struct fixture {
	ArtifactTaskInterface interface;
	struct kist_type_decl type;
	struct kist_task_decl task;
	struct kist_plugin plugin;
	const struct kist_type_decl *types[1];
	const struct kist_task_decl *tasks[1];
};

static void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){ .interface = whole_interface,
				     .type = whole_type,
				     .task = whole_task,
				     .plugin = whole_plugin };
	fixture->types[0] = &fixture->type;
	fixture->tasks[0] = &fixture->task;
	fixture->type.interface = &fixture->interface;
	fixture->plugin.types = fixture->types;
	fixture->plugin.tasks = fixture->tasks;
	given = &fixture->plugin;
	given_status = KIST_OK;
}

static int open_library(const char *name)
{
	const char *top = getenv("top_builddir");
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/tests/unit/plugin/%s", top ? top : ".", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static kist_status load(struct kist_loaded *ret, struct kist_error *err)
{
	struct kist_call call = { .struct_size = sizeof(call), .host = &host };

	return kist_load(open_library("echo.so"), &manifest, &host, &call, ret, err);
}

static void assert_loads(void)
{
	struct kist_loaded loaded = { .plugin = NULL };
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(load(&loaded, &err) == KIST_OK, "%s", err.text);
	kist_loaded_done(&loaded);
}

static void assert_refused(kist_status status, const char *text)
{
	struct kist_loaded loaded = { .plugin = NULL };
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(load(&loaded, &err), status);
	ck_assert_msg(strstr(err.text, text), "%s", err.text);
	/* Registration is all or nothing. */
	ck_assert_ptr_null(loaded.plugin);
	ck_assert_ptr_null(loaded.types);
	ck_assert_ptr_null(loaded.tasks);
}

START_TEST(a_plugin_that_equals_its_manifest_is_loaded)
{
	struct kist_loaded loaded = { .plugin = NULL };
	struct fixture fixture;

	fixture_init(&fixture);
	ck_assert_int_eq(load(&loaded, NULL), KIST_OK);
	ck_assert_ptr_eq(loaded.plugin, &fixture.plugin);
	ck_assert_uint_eq(loaded.type_count, 1);
	ck_assert_uint_eq(loaded.task_count, 1);
	ck_assert_ptr_eq(loaded.types[0].decl, &fixture.type);
	ck_assert(loaded.tasks[0] == function);
	ck_assert(loaded.types[0].interface.describe == method_describe);
	/* A copy: what the plugin changes later has no effect. */
	fixture.interface.open = NULL;
	ck_assert(loaded.types[0].interface.open == method_open);
	kist_loaded_done(&loaded);
}
END_TEST

/* @size bytes of @whole (beyond it 0xff) that end where memory ends: whoever reads further crashes. */
static void *at_the_edge(const void *whole, size_t whole_size, size_t size)
{
	uint8_t *room = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const size_t aligned = (size + 7) / 8 * 8;
	uint8_t *at = room + PAGE - aligned;
	uint32_t said = (uint32_t)size;

	ck_assert(room != MAP_FAILED);
	ck_assert_int_eq(mprotect(room + PAGE, PAGE, PROT_NONE), 0);
	memset(at, 0xff, aligned);
	memcpy(at, whole, size < whole_size ? size : whole_size);
	/* struct_size is the first member of each; a struct of no bytes still has it. */
	memcpy(at - (aligned < 4 ? 8 : 0), &said, sizeof(said));
	return at - (aligned < 4 ? 8 : 0);
}

#define MEMBER_END(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))

enum which { PLUGIN, TYPE, TASK, INTERFACE };

/* For each struct: sizes that an older, a newer and a broken build say. */
static const struct {
	enum which which;
	size_t size;
	kist_status status;
	bool probe;
	bool layout;
	bool describe;
} sizes[] = {
	{ PLUGIN, 0, KIST_INCOMPATIBLE, 0, 0, 0 },
	{ PLUGIN, MEMBER_END(struct kist_plugin, tasks) - 1, KIST_INCOMPATIBLE, 0, 0, 0 },
	{ PLUGIN, MEMBER_END(struct kist_plugin, tasks), KIST_OK, 1, 1, 1 },
	{ PLUGIN, sizeof(struct kist_plugin), KIST_OK, 1, 1, 1 },
	{ PLUGIN, sizeof(struct kist_plugin) + 256, KIST_OK, 1, 1, 1 },
	{ TYPE, 0, KIST_INCOMPATIBLE, 0, 0, 0 },
	{ TYPE, MEMBER_END(struct kist_type_decl, interface) - 1, KIST_INCOMPATIBLE, 0, 0, 0 },
	{ TYPE, MEMBER_END(struct kist_type_decl, interface), KIST_OK, 1, 1, 1 },
	{ TYPE, sizeof(struct kist_type_decl) + 256, KIST_OK, 1, 1, 1 },
	{ TASK, 0, KIST_INCOMPATIBLE, 0, 0, 0 },
	{ TASK, MEMBER_END(struct kist_task_decl, function) - 1, KIST_INCOMPATIBLE, 0, 0, 0 },
	{ TASK, MEMBER_END(struct kist_task_decl, function), KIST_OK, 1, 1, 1 },
	{ TASK, sizeof(struct kist_task_decl) + 256, KIST_OK, 1, 1, 1 },
	{ INTERFACE, 0, KIST_INCOMPATIBLE, 0, 0, 0 },
	{ INTERFACE, KIST_INTERFACE_SIZE_MIN - 1, KIST_INCOMPATIBLE, 0, 0, 0 },
	{ INTERFACE, KIST_INTERFACE_SIZE_MIN, KIST_OK, 0, 0, 0 },
	{ INTERFACE, KIST_INTERFACE_SIZE_MIN + 1, KIST_OK, 0, 0, 0 },
	{ INTERFACE, MEMBER_END(ArtifactTaskInterface, probe) - 1, KIST_OK, 0, 0, 0 },
	{ INTERFACE, MEMBER_END(ArtifactTaskInterface, probe), KIST_OK, 1, 0, 0 },
	{ INTERFACE, MEMBER_END(ArtifactTaskInterface, layout), KIST_OK, 1, 1, 0 },
	{ INTERFACE, MEMBER_END(ArtifactTaskInterface, describe) - 4, KIST_OK, 1, 1, 0 },
	{ INTERFACE, sizeof(ArtifactTaskInterface), KIST_OK, 1, 1, 1 },
	{ INTERFACE, sizeof(ArtifactTaskInterface) + 256, KIST_OK, 1, 1, 1 },
};

static void cut(struct fixture *fixture, enum which which, size_t size)
{
	switch (which) {
	case PLUGIN:
		given = at_the_edge(&fixture->plugin, sizeof(fixture->plugin), size);
		break;
	case TYPE:
		fixture->types[0] = at_the_edge(&fixture->type, sizeof(fixture->type), size);
		break;
	case TASK:
		fixture->tasks[0] = at_the_edge(&fixture->task, sizeof(fixture->task), size);
		break;
	default:
		fixture->type.interface = at_the_edge(&fixture->interface, sizeof(fixture->interface), size);
	}
}

START_TEST(older_and_newer_structs_are_taken_as_far_as_they_go)
{
	struct kist_loaded loaded = { .plugin = NULL };
	struct fixture fixture;

	fixture_init(&fixture);
	cut(&fixture, sizes[_i].which, sizes[_i].size);
	if (sizes[_i].status != KIST_OK) {
		assert_refused(sizes[_i].status, "struct_size");
		return;
	}
	ck_assert_int_eq(load(&loaded, NULL), KIST_OK);
	ck_assert_uint_eq(loaded.types[0].interface.struct_size, sizeof(ArtifactTaskInterface));
	ck_assert(loaded.types[0].interface.validate == method_validate);
	ck_assert((loaded.types[0].interface.probe == method_probe) == sizes[_i].probe);
	ck_assert((loaded.types[0].interface.probe == NULL) == !sizes[_i].probe);
	ck_assert((loaded.types[0].interface.layout == method_layout) == sizes[_i].layout);
	ck_assert((loaded.types[0].interface.layout == NULL) == !sizes[_i].layout);
	ck_assert((loaded.types[0].interface.describe == method_describe) == sizes[_i].describe);
	ck_assert((loaded.types[0].interface.describe == NULL) == !sizes[_i].describe);
	kist_loaded_done(&loaded);
}
END_TEST

START_TEST(what_every_build_must_have_may_not_be_missing)
{
	struct fixture fixture;

#define WITHOUT(member, text)                                  \
	do {                                                   \
		fixture_init(&fixture);                        \
		memset(&fixture.member, 0, sizeof(fixture.member)); \
		assert_refused(KIST_INVALID, text);            \
	} while (0)

	WITHOUT(interface.open, "lacks one of open");
	WITHOUT(interface.close, "lacks one of open");
	WITHOUT(interface.serialize, "lacks one of open");
	WITHOUT(interface.deserialize, "lacks one of open");
	WITHOUT(interface.validate, "lacks one of open");
	WITHOUT(type.type, "no name");
	WITHOUT(type.task, "no name");
	WITHOUT(type.interface, "no name");
	WITHOUT(task.name, "no name");
	WITHOUT(task.signature, "no name");
	WITHOUT(task.function, "no name");
	WITHOUT(types[0], "is NULL");
	WITHOUT(tasks[0], "is NULL");
	WITHOUT(plugin.types, "no list");
	WITHOUT(plugin.tasks, "no list");
	WITHOUT(plugin.id, "id:");
	WITHOUT(plugin.version, "version:");
	fixture_init(&fixture);
	given = NULL;
	assert_refused(KIST_INTERNAL, "gave no plugin");
}
END_TEST

START_TEST(a_plugin_that_differs_from_its_manifest_is_refused)
{
	struct fixture fixture;

#define WITH(member, value, text)                   \
	do {                                        \
		fixture_init(&fixture);             \
		fixture.member = (value);           \
		assert_refused(KIST_INVALID, text); \
	} while (0)

	WITH(plugin.id, "test.other", "id: the manifest says 'test.echo', the library 'test.other'");
	WITH(plugin.version, "1.0.1", "version:");
	WITH(plugin.type_count, 2, "number of types");
	WITH(plugin.type_count, 0, "number of types");
	WITH(plugin.task_count, 0, "number of tasks");
	WITH(type.type, "test.other", "test.type@1");
	WITH(type.major, 2, "test.type@1");
	WITH(type.minor, 1, "minor");
	WITH(type.task, "OtherArtifactTask", "task");
	WITH(type.kinds, 2, "kinds");
	WITH(type.priority, 51, "priority");
	WITH(task.name, "sub", "'add'");
	WITH(task.signature, "i64,i64->i64", "signature");
	WITH(interface.caps, KIST_CAP_NEEDS_THREADS, "lacks \"threads\"");
	/* Built by a newer SDK is fine, needing a newer host is not. */
	fixture_init(&fixture);
	fixture.plugin.abi_minor_built = KIST_ABI_MINOR + 7;
	assert_loads();
	fixture.plugin.abi_minor_required = KIST_ABI_MINOR + 1;
	assert_refused(KIST_INCOMPATIBLE, "install a newer kist");
}
END_TEST

START_TEST(an_entry_that_fails_is_told)
{
	struct fixture fixture;

	fixture_init(&fixture);
	given_status = KIST_NO_MEMORY;
	assert_refused(KIST_NO_MEMORY, "did not say why");
	given_status = 3;
	assert_refused(KIST_INTERNAL, "no status");
	given_status = KIST_STATUS_MIN - 1;
	assert_refused(KIST_INTERNAL, "no status");
	given_status = KIST_OK;
	assert_loads();
}
END_TEST

START_TEST(every_failed_allocation_leaves_nothing)
{
	struct fixture fixture;
	kist_status status = KIST_NO_MEMORY;

	fixture_init(&fixture);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_loaded loaded = { .plugin = NULL };

		kist_mem_fail_at(k);
		status = load(&loaded, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert((status == KIST_OK) == (loaded.plugin != NULL));
		kist_loaded_done(&loaded);
	}
}
END_TEST

START_TEST(a_library_is_local_and_stays_for_life)
{
	struct kist_loaded loaded = { .plugin = NULL };
	struct fixture fixture;
	kist_plugin_entry_v1_fn entry;
	const struct kist_plugin *again = NULL;
	char path[64];
	const int fd = open_library("echo.so");
	void *library;
	void *symbol;

	fixture_init(&fixture);
	ck_assert_int_eq(kist_load(fd, &manifest, &host, NULL, &loaded, NULL), KIST_OK);
	kist_loaded_done(&loaded);
	/* Its names are nobody else's. */
	ck_assert_ptr_null(dlsym(RTLD_DEFAULT, "kist_plugin_entry_v1"));
	/* The descriptor is kept: its number must not become another library's. */
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	ck_assert_ptr_nonnull(library);
	symbol = dlsym(library, "kist_plugin_entry_v1");
	ck_assert_ptr_nonnull(symbol);
	memcpy(&entry, &symbol, sizeof(entry));
	/* One for this test's own, one for the loader's: without NODELETE it would be gone. */
	ck_assert_int_eq(dlclose(library), 0);
	ck_assert_int_eq(dlclose(library), 0);
	ck_assert_int_eq(entry(&host, NULL, &again), KIST_OK);
	ck_assert_ptr_eq(again, &fixture.plugin);
}
END_TEST

START_TEST(a_symbol_that_is_nowhere_is_found_out_at_once)
{
	static const struct kist_manifest_task task = { .name = "t", .signature = "->void" };
	const struct kist_manifest lazy = {
		.id = "test.lazy", .version = "1.0.0", .abi_major = 1, .task_count = 1, .tasks = &task
	};
	struct kist_loaded loaded = { .plugin = NULL };
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_load(open_library("lazy.so"), &lazy, &host, NULL, &loaded, &err), KIST_UNSUPPORTED);
	ck_assert_msg(strstr(err.text, "function_that_is_nowhere"), "%s", err.text);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("loader");

	tcase_add_test(tcase, a_plugin_that_equals_its_manifest_is_loaded);
	tcase_add_loop_test(tcase, older_and_newer_structs_are_taken_as_far_as_they_go, 0,
			    (int)(sizeof(sizes) / sizeof(sizes[0])));
	tcase_add_test(tcase, what_every_build_must_have_may_not_be_missing);
	tcase_add_test(tcase, a_plugin_that_differs_from_its_manifest_is_refused);
	tcase_add_test(tcase, an_entry_that_fails_is_told);
	tcase_add_test(tcase, every_failed_allocation_leaves_nothing);
	tcase_add_test(tcase, a_library_is_local_and_stays_for_life);
	tcase_add_test(tcase, a_symbol_that_is_nowhere_is_found_out_at_once);
	return suite_run(tcase, "loader");
}
