/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/restore_small.h"

#include <string.h>

#include "base/beneath.h"
#include "base/mem.h"
#include "flow/place.h"
#include "pack/pool.h"

struct small_file {
	struct kist_job job; /* comes first */
	struct kist_restore_small *small;
	struct kist_view path;
	uint32_t mode;
	int64_t mtime_ns;
	struct kist_content content;
	struct kist_location where; /* of its chunk */
	bool again;		    /* the chunk could not be read: its pack may have been moved */
};

struct kist_restore_small {
	struct kist_flow *flow;
	int root_fd;
	struct kist_pool *pool;
	struct kist_chunk_reader readers[KIST_POOL_WORKERS_MAX];
	uint8_t *rooms[KIST_POOL_WORKERS_MAX];
	size_t looked_up; /* since others could last change the index */
	/* A ring: @count of them from @first on are on their way. */
	size_t first;
	size_t count;
	struct small_file files[KIST_RESTORE_SMALL_COUNT];
};

static void free_slot(struct kist_restore_small **slot)
{
	kist_restore_small_free(*slot);
}

void kist_restore_small_free(struct kist_restore_small *small)
{
	if (!small)
		return;
	kist_registry_let_go(small->flow->registry);
	kist_pool_free(small->pool);
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++) {
		kist_chunk_reader_done(&small->readers[i]);
		kist_free(small->rooms[i]);
	}
	kist_free(small);
}

kist_status kist_restore_small_new(struct kist_flow *flow, int root_fd, struct kist_restore_small **ret,
				   struct kist_error *err)
{
	__attribute__((cleanup(free_slot))) struct kist_restore_small *small = kist_alloc(1, sizeof(*small));

	if (!small)
		return kist_fail_memory(err, sizeof(*small));
	small->flow = flow;
	small->root_fd = root_fd;
	KIST_TRY(kist_pool_new(&small->pool, err));
	for (unsigned i = 0; i < kist_pool_workers(small->pool); i++) {
		small->rooms[i] = kist_alloc(KIST_RESTORE_SMALL_SIZE_MAX, 1);
		if (!small->rooms[i])
			return kist_fail_memory(err, KIST_RESTORE_SMALL_SIZE_MAX);
	}
	*ret = kist_steal(small);
	return KIST_OK;
}

static void path_text(const struct small_file *file, char ret[static KIST_TREE_PATH_SIZE_MAX + 1])
{
	memcpy(ret, file->path.data, file->path.size);
	ret[file->path.size] = '\0';
}

static kist_status write_file(const struct kist_restore_small *small, const struct small_file *file,
			      struct kist_view bytes, struct kist_error *err)
{
	char path[KIST_TREE_PATH_SIZE_MAX + 1];
	kist_auto_fd int fd = -1;

	path_text(file, path);
	KIST_TRY(kist_open_beneath(small->root_fd, path, O_WRONLY | O_CREAT | O_EXCL, KIST_PLACE_FILE_MODE,
				   false, &fd, err));
	KIST_TRY(kist_write_all(fd, bytes, err));
	KIST_TRY(kist_place_set_mode(fd, file->mode, path, err));
	kist_place_set_times(fd, file->mtime_ns);
	return KIST_OK;
}

/* A chunk proves itself by its id, which is that of the whole; what stands in the record has to be hashed. */
static bool is_whole(const struct kist_content *content)
{
	struct kist_digest proof = content->chunk;

	if (content->form == KIST_CONTENT_INLINE)
		proof = kist_digest_of(kist_view_of(content->bytes, (size_t)content->size));
	return kist_digest_equal(&proof, &content->sha256);
}

static kist_status make_file(struct kist_job *job, unsigned worker, struct kist_error *err)
{
	struct small_file *file = (struct small_file *)job;
	struct kist_restore_small *small = file->small;
	struct kist_view bytes = kist_view_of(file->content.bytes, (size_t)file->content.size);

	KIST_TRY(kist_flow_check_stop(small->flow, err));
	if (file->content.form == KIST_CONTENT_CHUNK) {
		bytes.data = small->rooms[worker];
		file->again = kist_store_read_chunk_into(small->flow->store, &small->readers[worker],
							 &file->where, &file->content.chunk,
							 small->rooms[worker], NULL) != KIST_OK;
		if (file->again)
			return KIST_OK;
	}
	if (write_file(small, file, bytes, err) != KIST_OK)
		return err ? kist_fail_context(err, "%.*s", (int)file->path.size,
					       (const char *)file->path.data)
			   : KIST_IO;
	return KIST_OK;
}

/* Once more, from where the chunk lies now; if that fails it is damage, and is noted and told. */
static kist_status make_again(struct kist_restore_small *small, const struct small_file *file,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	kist_status status = kist_load_chunk(small->flow, &file->content.chunk, &bytes, err);

	if (status == KIST_OK && bytes.size != file->content.size)
		status = kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", 0, "a chunk has another length");
	if (status == KIST_OK)
		status = write_file(small, file, kist_buf_view(&bytes), err);
	if (status != KIST_OK && err)
		return kist_fail_context(err, "%.*s", (int)file->path.size, (const char *)file->path.data);
	return status;
}

/* Waits for the file that was taken first, and makes others meanwhile. */
static kist_status finish_first(struct kist_restore_small *small, struct kist_error *err)
{
	struct small_file *file = &small->files[small->first];

	small->first = (small->first + 1) % KIST_RESTORE_SMALL_COUNT;
	small->count--;
	KIST_TRY(kist_pool_wait(small->pool, &file->job, err));
	if (!file->again)
		return KIST_OK;
	kist_registry_let_go(small->flow->registry);
	return make_again(small, file, err);
}

kist_status kist_restore_small_flush(struct kist_restore_small *small, struct kist_error *err)
{
	kist_registry_let_go(small->flow->registry);
	while (small->count > 0)
		KIST_TRY(finish_first(small, err));
	return KIST_OK;
}

kist_status kist_restore_small_make_room(struct kist_restore_small *small, struct kist_error *err)
{
	if (small->looked_up == KIST_RESTORE_SMALL_COUNT) {
		kist_registry_let_go(small->flow->registry);
		small->looked_up = 0;
	}
	return small->count == KIST_RESTORE_SMALL_COUNT ? finish_first(small, err) : KIST_OK;
}

kist_status kist_restore_small_add(struct kist_restore_small *small, const struct kist_tree_entry *entry,
				   const struct kist_content *content, bool *ret, struct kist_error *err)
{
	struct small_file *file = &small->files[(small->first + small->count) % KIST_RESTORE_SMALL_COUNT];

	*ret = false;
	if (entry->size > KIST_RESTORE_SMALL_SIZE_MAX)
		return KIST_OK;
	if (content->form == KIST_CONTENT_RECIPE || !is_whole(content))
		return KIST_OK;
	*file = (struct small_file){ .job.run = make_file,
				     .small = small,
				     .path = entry->path,
				     .mode = entry->mode,
				     .mtime_ns = entry->mtime_ns,
				     .content = *content };
	small->looked_up++;
	if (file->content.form == KIST_CONTENT_CHUNK) {
		KIST_TRY(kist_load_find(small->flow, &file->content.chunk, &file->where, err));
		/* As what is damaged: whoever restores files one by one says so. */
		if (file->where.raw_len != file->content.size)
			return KIST_OK;
	}
	small->count++;
	kist_pool_add(small->pool, &file->job);
	*ret = true;
	return KIST_OK;
}
