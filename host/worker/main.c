/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "worker/serve.h"

/*
 * kist-worker: the process that plugins run in.  Started by kist, with its socket at descriptor 3.
 */

/* When memory is short, the kernel shall take this process and not its host. */
static void die_first(void)
{
	kist_auto_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "500", 3) < 0)
		return;
}

int main(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(KIST_WORKER_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_SEQPACKET) {
		(void)fprintf(stderr, "kist-worker is started by kist, not by hand\n");
		return 2;
	}
	if (chdir("/") < 0)
		return KIST_WORKER_EXIT_LOST;
	die_first();
	/* Without the exit handlers of plugins. */
	_exit(kist_serve(KIST_WORKER_SOCKET));
}
