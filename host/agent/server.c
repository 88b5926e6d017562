/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/request.h"
#include "base/file.h"
#include "base/mem.h"

#define READ_SIZE ((size_t)16 << 10)
/* Files that come with one message; more than one are no request of ours. */
#define FDS_MAX 4
/* How long nobody is let in when there is no descriptor for them. */
#define SHORT_REST_MS 100

/* A client; free when @fd is -1. */
struct client {
	int fd;
	int file;   /* that came with the lines that are read last, or the one under way; -1: none */
	size_t got; /* bytes, so far */
	struct kist_buf line;
};

struct kist_server {
	pthread_t thread;
	struct kist_keeper *keeper;
	int listen_fd;
	int stop;      /* eventfd */
	bool is_short; /* of descriptors or memory: who waits cannot be let in yet */
	char folder[PATH_MAX];
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct client clients[KIST_SERVER_CLIENTS_MAX];
};

const char *kist_server_path(const struct kist_server *server)
{
	return server->path;
}

static void client_close(struct client *client)
{
	kist_fd_close(&client->fd);
	kist_fd_close(&client->file);
	kist_buf_done(&client->line);
}

/* false: the client does not read what it is told. */
static bool answer(const struct client *client, const struct kist_error *why)
{
	kist_auto_json json_t *facts = why->status == KIST_OK
					       ? json_pack("{s:b}", "ok", 1)
					       : json_pack("{s:b,s:s,s:s}", "ok", 0, "status",
							   kist_status_name(why->status), "error", why->text);
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_SERVER_LINE_MAX);

	return facts && kist_json_canonical(facts, &text, NULL) == KIST_OK &&
	       kist_buf_append(&text, "\n", 1, NULL) == KIST_OK &&
	       send(client->fd, text.data, text.size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)text.size;
}

/* Serves the lines that are complete. */
static bool serve_lines(struct kist_server *server, struct client *client)
{
	for (;;) {
		const uint8_t *const newline =
			client->line.size > 0 ? memchr(client->line.data, '\n', client->line.size) : NULL;
		struct kist_error why = KIST_ERROR_INIT;
		size_t used;

		if (!newline)
			return true;
		used = (size_t)(newline - client->line.data) + 1;
		(void)!kist_request_serve(kist_view_of(client->line.data, used - 1), &client->file,
					  server->keeper, &why);
		memmove(client->line.data, newline + 1, client->line.size - used);
		client->line.size -= used;
		if (!answer(client, &why))
			return false;
	}
}

/* Takes the first file that came along, and closes what else came. */
static void take_files(struct client *client, struct msghdr *message)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
			if (client->file < 0)
				client->file = kist_fd_move(&fd);
			kist_fd_close(&fd);
		}
	}
}

/* false: the client is gone, or is to be. */
static bool read_client(struct kist_server *server, struct client *client)
{
	uint8_t bytes[READ_SIZE];
	char control[CMSG_SPACE(FDS_MAX * sizeof(int))] __attribute__((aligned(8)));
	struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	const ssize_t size = recvmsg(client->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct kist_error why = KIST_ERROR_INIT;

	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	take_files(client, &message);
	if (size == 0)
		return false;
	client->got += (size_t)size;
	if (kist_buf_append(&client->line, bytes, (size_t)size, &why) != KIST_OK) {
		(void)answer(client, &why);
		return false;
	}
	if (!serve_lines(server, client))
		return false;
	/*
	 * The kernel may give lines that were sent before a file together with it.  It is the first of them that
	 * can use one which gets it; when none could, nobody will.
	 */
	if (client->line.size == 0)
		kist_fd_close(&client->file);
	return true;
}

static bool is_own_user(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* false: nobody waits, or whoever does cannot be let in now. */
static bool accept_client(struct kist_server *server)
{
	kist_auto_fd int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	const bool is_there = fd >= 0;

	server->is_short = fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
	for (size_t i = 0; fd >= 0 && is_own_user(fd) && i < KIST_SERVER_CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];

		if (client->fd >= 0)
			continue;
		client->line = (struct kist_buf)KIST_BUF_INIT(KIST_SERVER_LINE_MAX + READ_SIZE);
		client->got = 0;
		client->fd = kist_fd_move(&fd);
	}
	return is_there;
}

/* Serves what has come from one client by now, and no more: whoever goes on for ever is not waited for. */
static void serve_last(struct kist_server *server, struct client *client)
{
	const size_t before = client->got;
	int waiting = 0;

	if (client->fd < 0 || ioctl(client->fd, FIONREAD, &waiting) != 0)
		waiting = 0;
	while (waiting > 0 && client->got - before < (size_t)waiting && read_client(server, client))
		continue;
	client_close(client);
}

static void serve_all(struct kist_server *server)
{
	for (size_t i = 0; i < KIST_SERVER_CLIENTS_MAX; i++)
		serve_last(server, &server->clients[i]);
}

/* What has come by the end is served: the program that sent it may have ended. */
static void serve_rest(struct kist_server *server)
{
	serve_all(server);
	for (size_t i = 0; i < KIST_SERVER_CLIENTS_MAX && accept_client(server); i++)
		continue;
	serve_all(server);
}

static void *run(void *ctx)
{
	struct kist_server *server = ctx;
	struct pollfd waits[KIST_SERVER_CLIENTS_MAX + 2];

	for (;;) {
		const bool rests = server->is_short;
		size_t free_count = 0;

		server->is_short = false;
		for (size_t i = 0; i < KIST_SERVER_CLIENTS_MAX; i++) {
			waits[i] = (struct pollfd){ .fd = server->clients[i].fd, .events = POLLIN };
			free_count += server->clients[i].fd < 0;
		}
		/* Who comes when all places are taken waits; so does everybody for a moment when nobody can be let in. */
		waits[KIST_SERVER_CLIENTS_MAX] =
			(struct pollfd){ .fd = free_count > 0 && !rests ? server->listen_fd : -1,
					 .events = POLLIN };
		waits[KIST_SERVER_CLIENTS_MAX + 1] = (struct pollfd){ .fd = server->stop, .events = POLLIN };
		if (poll(waits, KIST_SERVER_CLIENTS_MAX + 2, rests ? SHORT_REST_MS : -1) < 0)
			continue;
		for (size_t i = 0; i < KIST_SERVER_CLIENTS_MAX; i++) {
			if (waits[i].revents && !read_client(server, &server->clients[i]))
				client_close(&server->clients[i]);
		}
		if (waits[KIST_SERVER_CLIENTS_MAX].revents)
			(void)accept_client(server);
		if (waits[KIST_SERVER_CLIENTS_MAX + 1].revents)
			break;
	}
	serve_rest(server);
	return NULL;
}

static void server_free(struct kist_server *server)
{
	kist_fd_close(&server->listen_fd);
	kist_fd_close(&server->stop);
	if (server->path[0])
		(void)unlink(server->path);
	if (server->folder[0])
		(void)rmdir(server->folder);
	kist_free(server);
}

static void server_free_(struct kist_server **slot)
{
	if (*slot)
		server_free(*slot);
}

static kist_status make_socket(const char *temp_dir, struct kist_server *server, struct kist_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[PATH_MAX];

	if (snprintf(folder, sizeof(folder), "%s/kist-XXXXXX", temp_dir) >= (int)sizeof(folder) ||
	    strlen(folder) + sizeof("/job") > sizeof(address.sun_path))
		return kist_fail(err, KIST_LIMIT, "the path of a socket in '%s' would be too long", temp_dir);
	if (!mkdtemp(folder))
		return kist_fail_errno(err, errno, "cannot make a folder in '%s'", temp_dir);
	memcpy(server->folder, folder, sizeof(folder));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.*s/job",
		       (int)sizeof(address.sun_path) - 5, folder);
	server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listen_fd < 0 ||
	    bind(server->listen_fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(server->listen_fd, KIST_SERVER_CLIENTS_MAX) != 0)
		return kist_fail_errno(err, errno, "cannot open a socket in '%s'", folder);
	memcpy(server->path, address.sun_path, sizeof(server->path));
	return KIST_OK;
}

kist_status kist_server_start(const char *temp_dir, struct kist_keeper *keeper, struct kist_server **ret,
			      struct kist_error *err)
{
	__attribute__((cleanup(server_free_))) struct kist_server *server = kist_alloc(1, sizeof(*server));
	int failed;

	if (!server)
		return kist_fail_memory(err, sizeof(*server));
	server->listen_fd = -1;
	server->keeper = keeper;
	for (size_t i = 0; i < KIST_SERVER_CLIENTS_MAX; i++)
		server->clients[i] = (struct client){ .fd = -1, .file = -1 };
	server->stop = eventfd(0, EFD_CLOEXEC);
	if (server->stop < 0)
		return kist_fail_errno(err, errno, "cannot make an eventfd");
	KIST_TRY(make_socket(temp_dir, server, err));
	failed = pthread_create(&server->thread, NULL, run, server);
	if (failed != 0)
		return kist_fail_errno(err, failed, "cannot start a thread");
	*ret = kist_steal(server);
	return KIST_OK;
}

void kist_server_end(struct kist_server *server)
{
	const uint64_t one = 1;

	if (!server)
		return;
	(void)!write(server->stop, &one, sizeof(one));
	(void)pthread_join(server->thread, NULL);
	server_free(server);
}
