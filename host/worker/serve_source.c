/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/num.h"
#include "worker/serve.h"

/*
 * What a plugin reads: a file that the worker was given, bytes that the host reads, or bytes that came with the
 * call.
 */

/* Above this a mapped input is mapped from its file, page by page; below it is read into memory of its own.
 */
#define MAP_COPY_MAX ((uint64_t)64 << 20)
/* What the host reads ahead for a plugin that reads in order, and else. */
#define AHEAD_MIN     ((size_t)64 << 10)
#define READ_SIZE_MAX ((size_t)1 << 30)

static kist_status read_file(const struct served_source *source, uint64_t offset, uint8_t *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		const ssize_t got = pread(source->fd, buf + done, len - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		/* It was longer when the call began: somebody cut the file. */
		if (got <= 0)
			return KIST_IO;
		done += (size_t)got;
	}
	return KIST_OK;
}

/* The plugin can write to what it was given of the source, also to its size. */
static kist_status read_bytes(struct kist_view bytes, uint64_t offset, uint8_t *buf, size_t len)
{
	if (offset > bytes.size || len > bytes.size - offset)
		return KIST_IO;
	memcpy(buf, bytes.data + offset, len);
	return KIST_OK;
}

/* Has the host fill the window with bytes from @offset on. */
static kist_status fetch(struct served_source *source, uint64_t offset, size_t len)
{
	struct server *server = source->server;
	struct kist_message reply;
	const bool in_order = server->ahead_valid && server->ahead_source == source->id &&
			      server->ahead_offset + server->ahead_len == offset;
	size_t want = in_order ? KIST_WINDOW_SIZE : AHEAD_MIN;

	want = want > len ? want : len;
	want = want < KIST_WINDOW_SIZE ? want : KIST_WINDOW_SIZE;
	want = (size_t)kist_min_u64(want, source->base.size - offset);
	server->ahead_valid = false;
	serve_send(server,
		   (struct kist_header){ .op = KIST_OP_READ, .a = offset, .b = want, .c = source->id },
		   kist_view_of(NULL, 0));
	serve_await(server, KIST_OP_DATA, &reply);
	if (reply.header.b != 0)
		return (kist_status)(int32_t)(uint32_t)reply.header.b;
	if (reply.header.a != want)
		return KIST_IO;
	server->ahead_valid = true;
	server->ahead_source = source->id;
	server->ahead_offset = offset;
	server->ahead_len = want;
	return KIST_OK;
}

static kist_status read_host(struct served_source *source, uint64_t offset, uint8_t *buf, size_t len)
{
	const struct server *server = source->server;

	while (len > 0) {
		size_t skip;
		size_t n;

		if (!server->ahead_valid || server->ahead_source != source->id ||
		    offset < server->ahead_offset || offset - server->ahead_offset >= server->ahead_len)
			KIST_TRY(fetch(source, offset, len));
		skip = (size_t)(offset - server->ahead_offset);
		n = server->ahead_len - skip < len ? server->ahead_len - skip : len;
		memcpy(buf, server->in.data + skip, n);
		buf += n;
		offset += n;
		len -= n;
	}
	return KIST_OK;
}

static kist_status read_source(struct served_source *source, uint64_t offset, void *buf, size_t len)
{
	KIST_TRY(serve_flag(source->server, 0));
	if (source->bytes.data)
		return read_bytes(source->bytes, offset, buf, len);
	return source->fd >= 0 ? read_file(source, offset, buf, len) : read_host(source, offset, buf, len);
}

static kist_status source_read_at(struct kist_source *base, uint64_t offset, void *buf, size_t len,
				  size_t *ret_len)
{
	struct served_source *source = base->ctx;
	const uint64_t rest = offset < base->size ? base->size - offset : 0;
	const size_t n = (size_t)kist_min_u64(kist_min_u64(rest, len), READ_SIZE_MAX);

	if (n > 0)
		KIST_TRY(read_source(source, offset, buf, n));
	*ret_len = n;
	return KIST_OK;
}

static void region_release(struct kist_region *region)
{
	(void)munmap(region->priv,
		     (size_t)region->len + (size_t)((const char *)region->base - (char *)region->priv));
	region->release = NULL;
}

/* The struct is the plugin's, of its build's size: nothing but the members of version 1.0 is written. */
static void fill_region(struct kist_region *region, uint32_t flags, const void *base, uint64_t len,
			void *mapping)
{
	region->struct_size = KIST_SIZE_TO(struct kist_region, priv);
	region->flags = flags;
	region->base = base;
	region->len = len;
	region->release = mapping ? region_release : NULL;
	region->priv = mapping;
}

static kist_status map_file(const struct served_source *source, uint64_t offset, uint64_t len,
			    struct kist_region *ret)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const size_t skip = (size_t)(offset % page);
	char *mem =
		mmap(NULL, (size_t)len + skip, PROT_READ, MAP_PRIVATE, source->fd, (off_t)(offset - skip));

	if (mem == MAP_FAILED)
		return KIST_NO_MEMORY;
	(void)madvise(mem, (size_t)len + skip, MADV_WILLNEED);
	fill_region(ret, KIST_REGION_READ_ONLY, mem + skip, len, mem);
	return KIST_OK;
}

static kist_status source_map(struct kist_source *base, uint64_t offset, uint64_t len,
			      struct kist_region *ret)
{
	struct served_source *source = base->ctx;
	kist_status status;
	void *mem;

	if (offset > base->size || len > base->size - offset)
		return KIST_INVALID;
	fill_region(ret, 0, NULL, 0, NULL);
	if (len == 0)
		return KIST_OK;
	if (source->fd >= 0 && len > MAP_COPY_MAX)
		return map_file(source, offset, len, ret);
	mem = mmap(NULL, (size_t)len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return KIST_NO_MEMORY;
	status = read_source(source, offset, mem, (size_t)len);
	if (status == KIST_OK && mprotect(mem, (size_t)len, PROT_READ) < 0)
		status = KIST_NO_MEMORY;
	if (status != KIST_OK) {
		(void)munmap(mem, (size_t)len);
		return status;
	}
	fill_region(ret, KIST_REGION_READ_ONLY | KIST_REGION_STABLE, mem, len, mem);
	return KIST_OK;
}

void served_source_init(struct served_source *source, struct server *server, int fd, uint32_t id,
			uint64_t size)
{
	*source = (struct served_source){
		.base = { .struct_size = sizeof(source->base),
			  .ctx = source,
			  .size = size,
			  .read_at = source_read_at,
			  .map = source_map },
		.server = server,
		.fd = fd,
		.id = id,
	};
}

void served_source_init_bytes(struct served_source *source, struct server *server, struct kist_view bytes)
{
	served_source_init(source, server, -1, KIST_SOURCE_OF_CALL, bytes.size);
	source->bytes = bytes;
}
