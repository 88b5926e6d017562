/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

/* Not Check's own: the bench uses this file too. */
__attribute__((noreturn)) static void stop(const char *why)
{
	(void)fprintf(stderr, "%s\n", why);
	exit(1);
}

static const char *built(const char *name, char *ret, size_t size)
{
	const char *top = getenv("top_builddir");

	(void)snprintf(ret, size, "%s/%s", top ? top : ".", name);
	return ret;
}

static void take_log(void *ctx, const char *id, int32_t level, const char *text)
{
	struct faulty *faulty = ctx;

	faulty->logs++;
	(void)snprintf(faulty->log_text, sizeof(faulty->log_text), "%s %d %s", id, level, text);
}

static void take_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct faulty *faulty = ctx;

	faulty->progress++;
	(void)done;
	(void)total;
}

struct kist_worker_options faulty_options(struct faulty *faulty)
{
	static char program[4096];

	return (struct kist_worker_options){ .program = built("host/worker/kist-worker", program,
							      sizeof(program)),
					     .call_ms_max = 60000,
					     .grace_ms = 100,
					     .log = take_log,
					     .progress = take_progress,
					     .ctx = faulty };
}

const struct kist_catalog_entry *faulty_entry(void)
{
	static const struct kist_manifest_type types[2] = {
		{ .type = "test.fault",
		  .task = "FaultArtifactTask",
		  .major = 1,
		  .kinds = KIST_KIND_BIT(KIST_KIND_BYTES),
		  .priority = 10 },
		{ .type = "test.plain",
		  .task = "PlainArtifactTask",
		  .major = 1,
		  .kinds = KIST_KIND_BIT(KIST_KIND_BYTES),
		  .priority = 10 },
	};
	static struct kist_manifest manifest = { .id = "test.fault",
						 .version = "1.0.0",
						 .publisher = "",
						 .license = "",
						 .url = "",
						 .abi_major = 1,
						 .library_file = "fault.so",
						 .type_count = 2,
						 .types = types };
	static struct kist_catalog_entry entry;
	static char path[4096];
	char library[4096];
	kist_auto_buf struct kist_buf code = KIST_BUF_INIT((size_t)64 << 20);

	if (kist_read_file_at(AT_FDCWD, built("tests/unit/worker/fault.so", library, sizeof(library)), &code,
			      NULL) != KIST_OK)
		stop("the fault plugin is not built");
	manifest.library_size = code.size;
	manifest.library_sha256 = kist_digest_of(kist_buf_view(&code));
	entry = (struct kist_catalog_entry){
		.manifest = &manifest,
		.path = built("tests/unit/worker/test.fault.plugin.json", path, sizeof(path)),
		.tier = KIST_TIER_GIVEN,
		.refusal = KIST_ERROR_INIT,
	};
	return &entry;
}

void faulty_start(struct faulty *faulty, const struct kist_worker_options *options)
{
	struct kist_error error = KIST_ERROR_INIT;
	const struct kist_worker_options usual = faulty_options(faulty);

	*faulty = (struct faulty){ .worker = NULL };
	if (kist_worker_start(options ? options : &usual, &faulty->worker, &error) != KIST_OK)
		stop(error.text);
}

void faulty_load(struct faulty *faulty, const struct kist_worker_options *options)
{
	struct kist_error error = KIST_ERROR_INIT;

	faulty_start(faulty, options);
	if (kist_worker_load(faulty->worker, faulty_entry(), &faulty->plugin, &error) != KIST_OK)
		stop(error.text);
}

struct kist_serializer_ref faulty_ref(const struct faulty *faulty, size_t type_index)
{
	return (struct kist_serializer_ref){ .plugin = faulty->plugin, .type_index = type_index };
}

static kist_status read_bytes(void *ctx, uint64_t offset, void *buf, size_t len, size_t *ret_len,
			      struct kist_error *err)
{
	struct bytes_input *bytes = ctx;
	const size_t rest = offset < bytes->size ? bytes->size - (size_t)offset : 0;

	bytes->reads++;
	if (bytes->fail_at > 0 && bytes->reads == bytes->fail_at)
		return kist_fail(err, KIST_DENIED, "the test says no");
	*ret_len = rest < len ? rest : len;
	memcpy(buf, bytes->data + offset, *ret_len);
	return KIST_OK;
}

void bytes_input_host(struct bytes_input *bytes, const void *data, size_t size)
{
	*bytes = (struct bytes_input){ .input = { .fd = -1, .size = size, .read = read_bytes, .ctx = bytes },
				       .data = data,
				       .size = size,
				       .fd = -1 };
}

void bytes_input_file(struct bytes_input *bytes, const void *data, size_t size)
{
	char path[64];
	int fd = memfd_create("input", MFD_CLOEXEC);

	bytes_input_host(bytes, data, size);
	if (fd < 0 || kist_write_all(fd, kist_view_of(data, size), NULL) != KIST_OK)
		stop("no memory file");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	bytes->fd = open(path, O_RDONLY | O_CLOEXEC);
	bytes->input.fd = bytes->fd;
	kist_fd_close(&fd);
}

void bytes_input_done(struct bytes_input *bytes)
{
	kist_fd_close(&bytes->fd);
}

int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}
