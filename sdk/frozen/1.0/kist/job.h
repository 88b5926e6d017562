/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_H
#define KIST_JOB_H

/*
 * For programs that "kist exec" runs: what a program tells its agent of itself.  Plain C functions over a socket
 * and lines of JSON (docs/guide/jobs.md); nothing to link, and none of a plugin's ABI.
 *
 *     struct kist_job_client job = KIST_JOB_CLIENT_INIT;
 *
 *     kist_job_connect(&job);                          not in a job: every call below does nothing, and gives 0
 *     kist_job_metric(&job, "loss", epoch, loss);
 *     kist_job_save_array(&job, "weights.npy", "<f4", shape, 2, weights);
 *     kist_job_close(&job);
 *
 * Each function gives 0, or a negative errno: -EPROTO when the agent refuses, and says why in job.error.  A
 * program may well go on after any of them.
 *
 * Needs Linux.  In strict ISO C it is to be included first, or _DEFAULT_SOURCE to be defined.
 * Thread: one client, one thread at a time.
 * Since: 1.0
 */

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of one request, and of its answer. */
#define KIST_JOB_LINE_SIZE 4096
/** Dimensions of an array. */
#define KIST_JOB_NDIM_MAX 16

/** struct kist_job_client - A connection; @fd is -1 when there is none. */
struct kist_job_client {
	int fd;
	char error[256]; /* what the agent said last that was not "ok" */
};

#define KIST_JOB_CLIENT_INIT                                                                                 \
	{                                                                                                    \
		-1, ""                                                                                       \
	}

/** kist_job_connect() - Connects to the agent that KIST_SOCKET names.  Gives 0, too, when there is none. */
static inline int kist_job_connect(struct kist_job_client *job)
{
	struct sockaddr_un address;
	const char *path = getenv("KIST_SOCKET");

	job->fd = -1;
	job->error[0] = '\0';
	if (!path || !path[0])
		return 0;
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	job->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (job->fd >= 0 && connect(job->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	if (job->fd >= 0)
		(void)close(job->fd);
	job->fd = -1;
	return -errno;
}

/** kist_job_close() - May run twice. */
static inline void kist_job_close(struct kist_job_client *job)
{
	if (job->fd >= 0)
		(void)close(job->fd);
	job->fd = -1;
}

/* Appends @text as a JSON string; -1: no room. */
static inline int kist_job_quote_(char *line, size_t *used, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = *used;

	if (at + 1 >= KIST_JOB_LINE_SIZE)
		return -1;
	line[at++] = '"';
	for (; *text; text++) {
		const unsigned char byte = (unsigned char)*text;

		if (at + 8 >= KIST_JOB_LINE_SIZE)
			return -1;
		if (byte < 0x20) {
			memcpy(line + at, "\\u00", 4);
			line[at + 4] = digits[byte >> 4];
			line[at + 5] = digits[byte & 15];
			at += 6;
			continue;
		}
		if (byte == '"' || byte == '\\')
			line[at++] = '\\';
		line[at++] = (char)byte;
	}
	line[at++] = '"';
	line[at] = '\0';
	*used = at;
	return 0;
}

/* Sends @size bytes of @line, with @file unless that is -1, and reads the answer. */
static inline int kist_job_ask_(struct kist_job_client *job, const char *line, size_t size, int file)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part;
	struct msghdr message;
	char reply[KIST_JOB_LINE_SIZE];
	size_t got = 0;
	ssize_t count;

	memset(&message, 0, sizeof(message));
	memset(&control, 0, sizeof(control));
	message.msg_iov = &part;
	message.msg_iovlen = 1;
	if (file >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &file, sizeof(int));
	}
	while (size > 0) {
		part.iov_base = (void *)(uintptr_t)line;
		part.iov_len = size;
		count = sendmsg(job->fd, &message, MSG_NOSIGNAL);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		line += count;
		size -= (size_t)count;
		message.msg_control = NULL;
		message.msg_controllen = 0;
	}
	while (got == 0 || reply[got - 1] != '\n') {
		count = got < sizeof(reply) - 1 ? read(job->fd, reply + got, sizeof(reply) - 1 - got) : 0;
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -errno : -ECONNRESET;
		got += (size_t)count;
	}
	reply[got] = '\0';
	if (strstr(reply, "\"ok\":true"))
		return 0;
	(void)snprintf(job->error, sizeof(job->error), "%.*s", (int)sizeof(job->error) - 1, reply);
	return -EPROTO;
}

/* {"op":<op>,"name":<name>,<rest>}, @key_text being a further string unless it is NULL. */
static inline int kist_job_request_(struct kist_job_client *job, const char *op, const char *name,
				    const char *rest, const char *text, int file)
{
	char line[KIST_JOB_LINE_SIZE];
	size_t used;

	if (job->fd < 0)
		return 0;
	used = (size_t)snprintf(line, sizeof(line), "{\"op\":\"%s\",\"name\":", op);
	if (kist_job_quote_(line, &used, name) != 0)
		return -EMSGSIZE;
	if (used + strlen(rest) + 4 >= sizeof(line))
		return -EMSGSIZE;
	memcpy(line + used, rest, strlen(rest));
	used += strlen(rest);
	if (text && kist_job_quote_(line, &used, text) != 0)
		return -EMSGSIZE;
	if (used + 3 >= sizeof(line))
		return -EMSGSIZE;
	memcpy(line + used, "}\n", 2);
	return kist_job_ask_(job, line, used + 2, file);
}

/* @value, which is finite, with a point whatever stands for it in the program's language. */
static inline void kist_job_number_(double value, char *ret, size_t size)
{
	char text[64];
	size_t used = 0;
	int in_point = 0;

	(void)snprintf(text, sizeof(text), "%.17g", value);
	for (const char *at = text; *at && used + 1 < size; at++) {
		if (strchr("0123456789+-e", *at))
			ret[used++] = *at;
		else if (!in_point)
			ret[used++] = '.';
		in_point = !strchr("0123456789+-e", *at);
	}
	ret[used] = '\0';
}

/** kist_job_metric() - One more point of series @name; @value may be no number, or infinite. */
static inline int kist_job_metric(struct kist_job_client *job, const char *name, int64_t step, double value)
{
	char rest[128];
	char number[64];

	if (isnan(value))
		(void)snprintf(rest, sizeof(rest), ",\"step\":%lld,\"value\":\"NaN\"", (long long)step);
	else if (isinf(value))
		(void)snprintf(rest, sizeof(rest), ",\"step\":%lld,\"value\":\"%sInfinity\"", (long long)step,
			       value < 0 ? "-" : "");
	else {
		kist_job_number_(value, number, sizeof(number));
		(void)snprintf(rest, sizeof(rest), ",\"step\":%lld,\"value\":%s", (long long)step, number);
	}
	return kist_job_request_(job, "metric", name, rest, NULL, -1);
}

/** kist_job_param() - A parameter that is a number.  kist_job_param_text() - One that is a text. */
static inline int kist_job_param(struct kist_job_client *job, const char *name, double value)
{
	char rest[96];
	char number[64];

	if (!isfinite(value))
		return -EDOM;
	kist_job_number_(value, number, sizeof(number));
	(void)snprintf(rest, sizeof(rest), ",\"value\":%s", number);
	return kist_job_request_(job, "param", name, rest, NULL, -1);
}
static inline int kist_job_param_text(struct kist_job_client *job, const char *name, const char *text)
{
	return kist_job_request_(job, "param", name, ",\"value\":", text, -1);
}

/** kist_job_tag() - A tag of the job. */
static inline int kist_job_tag(struct kist_job_client *job, const char *name, const char *text)
{
	return kist_job_request_(job, "tag", name, ",\"text\":", text, -1);
}

/** kist_job_save_file() - Keeps what the regular file @fd holds as @name: "models/net.pt".  @fd: borrowed. */
static inline int kist_job_save_file(struct kist_job_client *job, const char *name, int fd)
{
	return kist_job_request_(job, "save", name, "", NULL, fd);
}

/* A file in memory that no program which is executed inherits. */
static inline int kist_job_memory_(void)
{
	return (int)syscall(SYS_memfd_create, "kist", 1u);
}

/* Writes all of it to the file in memory. */
static inline int kist_job_write_(int fd, const void *data, size_t size)
{
	const char *at = (const char *)data;

	while (size > 0) {
		const ssize_t count = write(fd, at, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		at += count;
		size -= (size_t)count;
	}
	return 0;
}

/** kist_job_save_bytes() - Keeps @size bytes as @name, which says what they are: "people.csv". */
static inline int kist_job_save_bytes(struct kist_job_client *job, const char *name, const void *data,
				      size_t size)
{
	int status;
	int fd;

	if (job->fd < 0)
		return 0;
	fd = kist_job_memory_();
	if (fd < 0)
		return -errno;
	status = kist_job_write_(fd, data, size);
	if (status == 0)
		status = kist_job_save_file(job, name, fd);
	(void)close(fd);
	return status;
}

/**
 * kist_job_save_array() - Keeps an array as @name, which ends in ".npy".
 *
 * @dtype: As numpy writes it: "<f4", "<f8", "<i8", "|u1".
 * @shape: Of @ndim items, at most KIST_JOB_NDIM_MAX.
 * @data:  All items, the last index running fastest.
 */
static inline int kist_job_save_array(struct kist_job_client *job, const char *name, const char *dtype,
				      const int64_t *shape, int ndim, const void *data)
{
	char head[1024] = "\x93NUMPY\x01";
	size_t used = 10;
	size_t bytes = (size_t)strtoul(dtype[0] ? dtype + 2 : "", NULL, 10);
	size_t padded;
	int status;
	int fd;

	if (job->fd < 0)
		return 0;
	if (strlen(dtype) > 16 || strlen(dtype) < 3 || bytes == 0 || ndim < 0 || ndim > KIST_JOB_NDIM_MAX)
		return -EINVAL;
	used += (size_t)snprintf(head + used, sizeof(head) - used,
				 "{'descr': '%s', 'fortran_order': False, 'shape': (", dtype);
	for (int i = 0; i < ndim; i++) {
		if (shape[i] < 0 || (shape[i] > 0 && bytes > (size_t)PTRDIFF_MAX / (size_t)shape[i]))
			return -EINVAL;
		bytes *= (size_t)shape[i];
		used += (size_t)snprintf(head + used, sizeof(head) - used, "%lld,%s", (long long)shape[i],
					 i + 1 < ndim ? " " : "");
	}
	if (ndim > 1)
		used--;
	used += (size_t)snprintf(head + used, sizeof(head) - used, "), }");
	padded = (used + 1 + 63) / 64 * 64;
	memset(head + used, ' ', padded - used);
	head[padded - 1] = '\n';
	head[7] = 0;
	head[8] = (char)((padded - 10) & 0xff);
	head[9] = (char)((padded - 10) >> 8);
	fd = kist_job_memory_();
	if (fd < 0)
		return -errno;
	status = kist_job_write_(fd, head, padded);
	if (status == 0)
		status = kist_job_write_(fd, data, bytes);
	if (status == 0)
		status = kist_job_save_file(job, name, fd);
	(void)close(fd);
	return status;
}

/** What the values of a column are. */
enum kist_job_type {
	KIST_JOB_INT64,	 /* const int64_t * */
	KIST_JOB_DOUBLE, /* const double *; NaN and infinities are kept as nan, inf and -inf */
	KIST_JOB_TEXT	 /* const char *const *, UTF-8; NULL is no value */
};

/** struct kist_job_column - A column of a table: @values are as many as the table has rows. */
struct kist_job_column {
	const char *name;
	enum kist_job_type type;
	const void *values;
	const unsigned char *valid; /* 0 where there is no value; NULL: there are all */
};

/* In quotes, with those that stand in it doubled. */
static inline void kist_job_put_text_(FILE *file, const char *text)
{
	(void)fputc('"', file);
	for (; *text; text++) {
		if (*text == '"')
			(void)fputc('"', file);
		(void)fputc(*text, file);
	}
	(void)fputc('"', file);
}

static inline void kist_job_put_cell_(FILE *file, const struct kist_job_column *column, size_t row)
{
	char number[64];

	if (column->valid && !column->valid[row])
		return;
	if (column->type == KIST_JOB_TEXT) {
		const char *text = ((const char *const *)column->values)[row];

		if (text)
			kist_job_put_text_(file, text);
	} else if (column->type == KIST_JOB_INT64) {
		(void)fprintf(file, "%lld", (long long)((const int64_t *)column->values)[row]);
	} else {
		const double value = ((const double *)column->values)[row];

		if (isfinite(value))
			kist_job_number_(value, number, sizeof(number));
		else
			(void)snprintf(number, sizeof(number), "%s",
				       isnan(value) ? "nan" : (value < 0 ? "-inf" : "inf"));
		(void)fputs(number, file);
	}
}

/**
 * kist_job_save_table() - Keeps a table as @name, which ends in ".csv".
 *
 * It goes through memory that is shared with the agent; its size is bounded by that alone.
 */
static inline int kist_job_save_table(struct kist_job_client *job, const char *name,
				      const struct kist_job_column *columns, size_t column_count,
				      size_t row_count)
{
	FILE *file;
	int status;
	int fd;

	if (job->fd < 0)
		return 0;
	if (column_count == 0)
		return -EINVAL;
	fd = kist_job_memory_();
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		status = -errno;
		(void)close(fd);
		return status;
	}
	for (size_t i = 0; i < column_count; i++) {
		kist_job_put_text_(file, columns[i].name);
		(void)fputc(i + 1 < column_count ? ',' : '\n', file);
	}
	for (size_t row = 0; row < row_count; row++) {
		for (size_t i = 0; i < column_count; i++) {
			kist_job_put_cell_(file, &columns[i], row);
			(void)fputc(i + 1 < column_count ? ',' : '\n', file);
		}
	}
	status = fflush(file) == 0 && !ferror(file) ? kist_job_save_file(job, name, fd) : -EIO;
	(void)fclose(file);
	return status;
}

/**
 * kist_job_record_artifact() - The job has made an artifact that lies elsewhere, at @location: it is told of in the
 * run folder and with the job, and is not kept.
 *
 * @location: "s3://bucket/x", or whatever leads there.
 */
static inline int kist_job_record_artifact(struct kist_job_client *job, const char *name,
					   const char *location)
{
	return kist_job_request_(job, "artifact", name, ",\"location\":", location, -1);
}

#ifdef __cplusplus
}
#endif

#endif
