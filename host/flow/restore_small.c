/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/restore_small.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "base/mem.h"
#include "flow/place.h"
#include "pack/pool.h"

/* Records with no more than so many bytes between them are read at once, up to so many. */
#define GAP_MAX	  ((uint64_t)4 << 10)
#define AHEAD_MAX ((uint64_t)256 << 10)

struct small_file {
	struct kist_view path;
	uint32_t mode;
	int64_t mtime_ns;
	struct kist_content content;
	struct kist_location where; /* of its chunk */
	bool again;		    /* the chunk could not be read: its pack may have been moved */
};

/* Files of one folder, which one core makes: so that two are seldom at work in the same. */
struct batch {
	struct kist_pool_job job; /* comes first */
	struct kist_restore_small *small;
	struct kist_view folder; /* "" for the root */
	size_t count;
	uint64_t bytes;
	struct small_file files[KIST_RESTORE_SMALL_BATCH];
};

struct kist_restore_small {
	struct kist_flow *flow;
	int root_fd;
	struct kist_pool *pool;
	struct kist_chunk_reader readers[KIST_POOL_WORKERS_MAX];
	uint8_t *rooms[KIST_POOL_WORKERS_MAX];
	size_t looked_up; /* since others could last change the index */
	/* A ring: @count of them from @first on are on their way; the one behind these is being filled. */
	size_t first;
	size_t count;
	struct batch batches[KIST_RESTORE_SMALL_BATCHES];
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

static struct batch *batch_at(struct kist_restore_small *small, size_t index)
{
	return &small->batches[(small->first + index) % KIST_RESTORE_SMALL_BATCHES];
}

/* The folder of @path; "" for the root. */
static struct kist_view folder_of(struct kist_view path)
{
	const uint8_t *const slash = memrchr(path.data, '/', path.size);

	return kist_view_of(path.data, slash ? (size_t)(slash - path.data) : 0);
}

static void path_text(struct kist_view path, char ret[static KIST_TREE_PATH_SIZE_MAX + 1])
{
	memcpy(ret, path.data, path.size);
	ret[path.size] = '\0';
}

/*
 * The mode is there from the beginning: who may not go into the folder that all of the tree is made in does not see
 * it grow.  Where it is not, as with a umask, it is set.
 */
static kist_status write_file(int dir_fd, const struct small_file *file, struct kist_view bytes,
			      struct kist_error *err)
{
	char path[KIST_TREE_PATH_SIZE_MAX + 1];
	kist_auto_fd int fd = -1;
	const size_t folder = folder_of(file->path).size;
	const size_t start = folder > 0 ? folder + 1 : 0;
	struct stat st;

	path_text(kist_view_of(file->path.data + start, file->path.size - start), path);
	KIST_TRY(kist_open_at(dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, file->mode & 0777, &fd,
			      err));
	KIST_TRY(kist_write_all(fd, bytes, err));
	if (fstat(fd, &st) != 0 || (st.st_mode & 07777) != (file->mode & 0777))
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

/* Files without a chunk come first. */
static int compare_places(const void *left, const void *right)
{
	const struct small_file *const a = left;
	const struct small_file *const b = right;
	const int order = memcmp(&a->where.pack, &b->where.pack, sizeof(a->where.pack));

	return order != 0 ? order : (a->where.offset > b->where.offset) - (a->where.offset < b->where.offset);
}

static bool has_chunk(const struct small_file *file)
{
	return file->content.form == KIST_CONTENT_CHUNK;
}

/* Reads the records of files from @first on as far as they lie close together; gives where the next begin. */
static size_t read_ahead(struct batch *batch, size_t first, unsigned worker)
{
	const struct kist_location *const start = &batch->files[first].where;
	uint64_t end = start->offset + start->stored_len;
	size_t next = first + 1;

	if (!has_chunk(&batch->files[first]))
		return next;
	for (; next < batch->count; next++) {
		const struct kist_location *const where = &batch->files[next].where;
		const uint64_t reach = where->offset + where->stored_len;

		if (!kist_digest_equal(&where->pack, &start->pack) || where->offset > end + GAP_MAX ||
		    reach - start->offset > AHEAD_MAX)
			break;
		end = reach > end ? reach : end;
	}
	if (next > first + 1)
		kist_store_read_ahead(batch->small->flow->store, &batch->small->readers[worker], &start->pack,
				      start->offset, (size_t)(end - start->offset));
	return next;
}

static kist_status make_file(struct batch *batch, struct small_file *file, int dir_fd, unsigned worker,
			     struct kist_error *err)
{
	struct kist_restore_small *const small = batch->small;
	struct kist_view bytes = kist_view_of(file->content.bytes, (size_t)file->content.size);

	KIST_TRY(kist_flow_check_stop(small->flow, err));
	if (has_chunk(file)) {
		bytes.data = small->rooms[worker];
		file->again = kist_store_read_chunk_into(small->flow->store, &small->readers[worker],
							 &file->where, &file->content.chunk,
							 small->rooms[worker], NULL) != KIST_OK;
		if (file->again)
			return KIST_OK;
	}
	if (write_file(dir_fd, file, bytes, err) != KIST_OK)
		return err ? kist_fail_context(err, "%.*s", (int)file->path.size,
					       (const char *)file->path.data)
			   : KIST_IO;
	return KIST_OK;
}

static kist_status open_folder(const struct batch *batch, int *ret_fd, struct kist_error *err)
{
	char path[KIST_TREE_PATH_SIZE_MAX + 1];

	path_text(batch->folder, path);
	return kist_open_beneath(batch->small->root_fd, path, O_RDONLY | O_DIRECTORY, 0, false, ret_fd, err);
}

static kist_status make_batch(struct kist_pool_job *job, unsigned worker, struct kist_error *err)
{
	struct batch *const batch = (struct batch *)job;
	kist_auto_fd int dir_fd = -1;
	size_t ahead = 0;

	KIST_TRY(open_folder(batch, &dir_fd, err));
	qsort(batch->files, batch->count, sizeof(batch->files[0]), compare_places);
	for (size_t i = 0; i < batch->count; i++) {
		if (i == ahead)
			ahead = read_ahead(batch, i, worker);
		KIST_TRY(make_file(batch, &batch->files[i], dir_fd, worker, err));
	}
	return KIST_OK;
}

/* Once more, from where the chunk lies now; if that fails it is damage, and is noted and told. */
static kist_status make_again(const struct batch *batch, const struct small_file *file,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	kist_auto_fd int dir_fd = -1;
	kist_status status = kist_load_chunk(batch->small->flow, &file->content.chunk, &bytes, err);

	if (status == KIST_OK && bytes.size != file->content.size)
		status = kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", 0, "a chunk has another length");
	if (status == KIST_OK)
		status = open_folder(batch, &dir_fd, err);
	if (status == KIST_OK)
		status = write_file(dir_fd, file, kist_buf_view(&bytes), err);
	if (status != KIST_OK && err)
		return kist_fail_context(err, "%.*s", (int)file->path.size, (const char *)file->path.data);
	return status;
}

/* Waits for the files that were taken first, and makes others meanwhile. */
static kist_status finish_first(struct kist_restore_small *small, struct kist_error *err)
{
	struct batch *const batch = batch_at(small, 0);

	small->first = (small->first + 1) % KIST_RESTORE_SMALL_BATCHES;
	small->count--;
	KIST_TRY(kist_pool_wait(small->pool, &batch->job, err));
	for (size_t i = 0; i < batch->count; i++) {
		if (!batch->files[i].again)
			continue;
		kist_registry_let_go(small->flow->registry);
		KIST_TRY(make_again(batch, &batch->files[i], err));
	}
	batch->count = 0;
	return KIST_OK;
}

/* Sends the files that were gathered on their way.  There is always one batch that is not. */
static kist_status send(struct kist_restore_small *small, struct kist_error *err)
{
	struct batch *const batch = batch_at(small, small->count);

	if (batch->count == 0)
		return KIST_OK;
	small->count++;
	kist_pool_add(small->pool, &batch->job);
	return small->count == KIST_RESTORE_SMALL_BATCHES ? finish_first(small, err) : KIST_OK;
}

kist_status kist_restore_small_flush(struct kist_restore_small *small, struct kist_error *err)
{
	kist_registry_let_go(small->flow->registry);
	KIST_TRY(send(small, err));
	while (small->count > 0)
		KIST_TRY(finish_first(small, err));
	return KIST_OK;
}

/* Whether the file of @entry goes with the others of @batch. */
static bool belongs(const struct batch *batch, const struct kist_tree_entry *entry)
{
	const struct kist_view folder = folder_of(entry->path);

	if (batch->count == 0)
		return true;
	return batch->count < KIST_RESTORE_SMALL_BATCH && batch->bytes < KIST_RESTORE_SMALL_BYTES &&
	       folder.size == batch->folder.size && memcmp(folder.data, batch->folder.data, folder.size) == 0;
}

kist_status kist_restore_small_make_room(struct kist_restore_small *small,
					 const struct kist_tree_entry *entry, struct kist_error *err)
{
	if (small->looked_up >= KIST_RESTORE_SMALL_BATCH) {
		kist_registry_let_go(small->flow->registry);
		small->looked_up = 0;
	}
	return belongs(batch_at(small, small->count), entry) ? KIST_OK : send(small, err);
}

kist_status kist_restore_small_add(struct kist_restore_small *small, const struct kist_tree_entry *entry,
				   const struct kist_content *content, bool *ret, struct kist_error *err)
{
	struct batch *const batch = batch_at(small, small->count);
	struct small_file *const file = &batch->files[batch->count];

	*ret = false;
	if (entry->size > KIST_RESTORE_SMALL_SIZE_MAX)
		return KIST_OK;
	if (content->form == KIST_CONTENT_RECIPE || !is_whole(content))
		return KIST_OK;
	*file = (struct small_file){
		.path = entry->path, .mode = entry->mode, .mtime_ns = entry->mtime_ns, .content = *content
	};
	small->looked_up++;
	if (has_chunk(file)) {
		KIST_TRY(kist_load_find(small->flow, &file->content.chunk, &file->where, err));
		/* As what is damaged: whoever restores files one by one says so. */
		if (file->where.raw_len != file->content.size)
			return KIST_OK;
	}
	if (batch->count++ == 0) {
		batch->job.run = make_batch;
		batch->small = small;
		batch->folder = folder_of(entry->path);
		batch->bytes = 0;
	}
	batch->bytes += entry->size;
	*ret = true;
	return KIST_OK;
}
