/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "workflow/run_private.h"

extern char **environ;

/* How often is looked whether somebody asks to stop. */
#define LOOK_MS 50
/* Environment variables. */
#define ENVIRONMENT_MAX ((size_t)65536)
#define JOB_VARIABLE	"KIST_JOB_ID="

/* A command before it is started. */
struct command {
	char **words; /* ended by NULL; all ours */
	size_t word_count;
	char **environment; /* ended by NULL; the last one before that is ours */
	char *job;
};

static void command_done(struct command *command)
{
	for (size_t i = 0; i < command->word_count; i++)
		kist_free(command->words[i]);
	kist_free(command->words);
	kist_free(command->environment);
	kist_free(command->job);
}

/* A word of text; one that is the path of a file beside the entrypoint becomes absolute. */
static kist_status literal_word(const struct kist_running *running, const struct kist_node *node, char **ret,
				struct kist_error *err)
{
	const char *text = kist_node_literal(node);
	char path[PATH_MAX];

	*ret = kist_run_path_beside(running->options->folder, text, path) ? kist_strndup(path, strlen(path))
									  : kist_strndup(text, strlen(text));
	return *ret ? KIST_OK : kist_fail_memory(err, strlen(text));
}

/* A list or mapping goes into a file, a value is its text. */
static kist_status json_word(struct kist_running *running, json_t *json, char **ret, struct kist_error *err)
{
	const struct kist_value value = { .json = json, .fd = -1 };
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)1 << 17);

	if (json_is_array(json) || json_is_object(json))
		return kist_running_write(running, &value, ret, err);
	if (json_is_string(json))
		KIST_TRY(kist_buf_append(&text, json_string_value(json), json_string_length(json), err));
	else
		KIST_TRY(kist_json_canonical(json, &text, err));
	*ret = kist_strndup((const char *)text.data, text.size);
	return *ret ? KIST_OK : kist_fail_memory(err, text.size);
}

static kist_status make_word(struct kist_running *running, const struct kist_node *node, char **ret,
			     struct kist_error *err)
{
	const struct kist_value *value = kist_running_find(running, node);
	kist_auto_json json_t *json = NULL;

	if (kist_entrypoint_resolve(running->entrypoint, node).kind == KIST_REFERENCE_NONE)
		return literal_word(running, node, ret, err);
	if (value && value->file) {
		*ret = kist_strndup(value->file, strlen(value->file));
		return *ret ? KIST_OK : kist_fail_memory(err, strlen(value->file));
	}
	if (value && value->object && value->kind != KIST_KIND_VALUE)
		return kist_running_write(running, value, ret, err);
	KIST_TRY(kist_running_json(running, node, &json, err));
	return json_word(running, json, ret, err);
}

static kist_status make_words(struct kist_running *running, const struct kist_step *step,
			      struct command *command, struct kist_error *err)
{
	command->words = kist_alloc(step->exec->count + 1, sizeof(*command->words));
	if (!command->words)
		return kist_fail_memory(err, step->exec->count * sizeof(*command->words));
	for (const struct kist_node *node = step->exec->first; node; node = node->next) {
		KIST_TRY(make_word(running, node, &command->words[command->word_count], err));
		command->word_count++;
	}
	return KIST_OK;
}

static kist_status make_environment(const struct kist_running *running, struct command *command,
				    struct kist_error *err)
{
	const char *id = running->job ? kist_job_id(running->job) : "";
	const size_t size = sizeof(JOB_VARIABLE) + strlen(id);
	size_t count = 0;
	size_t taken = 0;

	while (environ[count] && count < ENVIRONMENT_MAX)
		count++;
	command->environment = kist_alloc(count + 2, sizeof(*command->environment));
	command->job = kist_alloc(size, 1);
	if (!command->environment || !command->job)
		return kist_fail_memory(err, count * sizeof(*command->environment));
	/* A job within another: of two variables of one name some programs take the first. */
	for (size_t i = 0; i < count; i++) {
		if (strncmp(environ[i], JOB_VARIABLE, strlen(JOB_VARIABLE)) != 0)
			command->environment[taken++] = environ[i];
	}
	snprintf(command->job, size, JOB_VARIABLE "%s", id);
	command->environment[taken] = command->job;
	return KIST_OK;
}

/* Signals as a program finds them when a shell starts it. */
static void reset_signals(void)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < 32; number++) {
		if (number != SIGKILL && number != SIGSTOP)
			(void)sigaction(number, &usual, NULL);
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * The command, before it is one.  It was forked from a process with threads: system calls only.  The guard knows of it
 * before it can do anything: the first thing that some do is to end who has started them.
 */
static _Noreturn void become(const struct kist_guard *guard, const struct command *command,
			     const char *folder, int out_fd, int failed_fd)
{
	int null_fd;
	int failed;

	(void)setpgid(0, 0);
	kist_guard_add(guard, getpid());
	null_fd = open("/dev/null", O_RDONLY);
	if (null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 && dup2(out_fd, STDOUT_FILENO) >= 0 &&
	    chdir(folder) == 0) {
		if (null_fd > STDERR_FILENO)
			(void)close(null_fd);
		reset_signals();
		(void)execvpe(command->words[0], command->words, command->environment);
	}
	failed = errno;
	(void)!write(failed_fd, &failed, sizeof(failed));
	_exit(127);
}

static kist_status spawn(const struct kist_guard *guard, const struct command *command, const char *folder,
			 int out_fd, pid_t *ret_pid, struct kist_error *err)
{
	sigset_t all;
	sigset_t before;
	int ends[2];
	int failed = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return kist_fail_errno(err, errno, "cannot start '%s'", command->words[0]);
	/* No handler of ours may run in it. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(guard, command, folder, out_fd, ends[1]);
	failed = pid < 0 ? errno : 0;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	kist_fd_close(&ends[1]);
	/* It ends without a word when the program runs. */
	while (pid > 0 && read(ends[0], &failed, sizeof(failed)) < 0 && errno == EINTR)
		;
	kist_fd_close(&ends[0]);
	if (!failed) {
		*ret_pid = pid;
		return KIST_OK;
	}
	if (pid > 0) {
		kist_guard_drop(guard, pid);
		(void)waitpid(pid, NULL, 0);
	}
	/* Not "not found": that is left for what the person who runs it names. */
	return kist_fail(err, KIST_UNSUPPORTED, "cannot start '%s': %s", command->words[0], strerror(failed));
}

/* "<folder>/<n>" to work in, and "<folder>/<n>.out" for what it prints; folders for the files that it leaves. */
static kist_status make_place(struct kist_running *running, const struct kist_step *step,
			      char folder[static PATH_MAX], int *ret_out, struct kist_error *err)
{
	const bool has_stdout = step->output_count == 1 && !step->outputs[0].file;
	char path[PATH_MAX];

	KIST_TRY(kist_running_new_path(running, "", folder, err));
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, folder, 0700, err));
	for (size_t i = 0; i < step->output_count; i++) {
		const char *file = step->outputs[i].file;
		const char *slash = file ? strrchr(file, '/') : NULL;

		if (!slash)
			continue;
		if (snprintf(path, sizeof(path), "%s/%.*s", folder, (int)(slash - file), file) >=
		    (int)sizeof(path))
			return kist_fail(err, KIST_LIMIT, "a path is too long");
		KIST_TRY(kist_mkdirs_at(AT_FDCWD, path, 0700, err));
	}
	if (has_stdout) {
		KIST_TRY(kist_running_new_path(running, "out", path, err));
		return kist_open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL, 0600, ret_out, err);
	}
	/* What is no result goes where messages go. */
	*ret_out = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return *ret_out >= 0 ? KIST_OK : kist_fail_errno(err, errno, "cannot use standard error");
}

kist_status kist_running_start(struct kist_running *running, size_t step, struct kist_error *err)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	__attribute__((cleanup(command_done))) struct command command = { .words = NULL };
	struct kist_run_step *run = &running->steps[step];
	char folder[PATH_MAX];

	KIST_TRY(make_words(running, made_of, &command, err));
	KIST_TRY(make_environment(running, &command, err));
	KIST_TRY(make_place(running, made_of, folder, &run->out_fd, err));
	run->folder = kist_strndup(folder, strlen(folder));
	if (!run->folder)
		return kist_fail_memory(err, strlen(folder));
	KIST_TRY(kist_guard_start(&running->guard, err));
	KIST_TRY(spawn(&running->guard, &command, folder, run->out_fd, &run->pid, err));
	run->pid_fd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	run->deadline_ns = made_of->timeout_s > 0 ? kist_now_ns() + (uint64_t)(made_of->timeout_s * 1e9) : 0;
	running->active++;
	return KIST_OK;
}

/* Asks a step whose time is over, or all when somebody asks to stop, to end; later on does not ask. */
static void end_overdue(struct kist_running *running, struct kist_run_step *run)
{
	const uint64_t now_ns = kist_now_ns();
	const uint64_t grace_ns = (uint64_t)KIST_RUN_GRACE_S * 1000000000;
	const bool is_stopped = kist_flow_check_stop(running->flow, NULL) != KIST_OK;

	/* The worker sees to the time of those in lanes. */
	if (run->lane != KIST_RUN_NO_LANE) {
		if (is_stopped)
			kist_worker_cancel_task(running->flow->worker, run->lane);
		return;
	}
	if (run->asked_ns != 0) {
		if (now_ns - run->asked_ns > grace_ns)
			(void)kill(-run->pid, SIGKILL);
		return;
	}
	run->by_time = run->deadline_ns != 0 && now_ns >= run->deadline_ns;
	if (!run->by_time && !is_stopped)
		return;
	run->asked_ns = now_ns;
	(void)kill(-run->pid, SIGTERM);
}

static bool has_ended(const struct kist_running *running, const struct kist_run_step *run)
{
	siginfo_t info = { .si_pid = 0 };

	if (run->lane != KIST_RUN_NO_LANE)
		return kist_worker_task_ended(running->flow->worker, run->lane);
	return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* Sleeps until a step ends, or a while. */
static void sleep_until_end(const struct kist_running *running)
{
	struct pollfd fds[KIST_RUN_JOBS_MAX];
	nfds_t count = 0;

	for (size_t i = 0; i < running->plan.count && count < KIST_RUN_JOBS_MAX; i++) {
		const struct kist_run_step *run = &running->steps[i];

		if (run->lane != KIST_RUN_NO_LANE)
			fds[count++] = (struct pollfd){ .fd = kist_worker_socket(running->flow->worker),
							.events = POLLIN };
		else if (run->pid != 0 && run->pid_fd >= 0)
			fds[count++] = (struct pollfd){ .fd = run->pid_fd, .events = POLLIN };
	}
	(void)poll(fds, count, LOOK_MS);
}

void kist_running_wait(struct kist_running *running, bool wait, size_t *ret_step)
{
	*ret_step = SIZE_MAX;
	while (running->active > 0) {
		for (size_t i = 0; i < running->plan.count; i++) {
			if (running->steps[i].pid == 0 && running->steps[i].lane == KIST_RUN_NO_LANE)
				continue;
			if (has_ended(running, &running->steps[i])) {
				*ret_step = i;
				return;
			}
			end_overdue(running, &running->steps[i]);
		}
		if (!wait)
			return;
		sleep_until_end(running);
	}
}

static kist_status check_end(const struct kist_run_step *run, const struct kist_step *step, int status,
			     struct kist_error *err)
{
	if (run->by_time)
		return kist_fail(err, KIST_DEADLINE, "the command took longer than its %g seconds",
				 step->timeout_s);
	if (run->asked_ns != 0)
		return kist_fail(err, KIST_CANCELLED, "stopped");
	if (WIFSIGNALED(status))
		return kist_fail(err, KIST_CRASHED, "the command was ended by signal %d (%s)",
				 WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return kist_fail(err, KIST_INTERNAL, "the command ended with exit status %d",
				 WEXITSTATUS(status));
	return KIST_OK;
}

/* What it printed; a string. */
static kist_status read_stdout(const struct kist_run_step *run, struct kist_value *ret,
			       struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)1 << 20);

	if (lseek(run->out_fd, 0, SEEK_SET) < 0)
		return kist_fail_errno(err, errno, "cannot read what the command printed");
	KIST_TRY(kist_read_all(run->out_fd, &text, err));
	ret->json = json_stringn(text.data ? (const char *)text.data : "", text.size);
	return ret->json ? KIST_OK
			 : kist_fail(err, KIST_INVALID,
				     "what the command printed is no UTF-8: have it write a file, and "
				     "declare that "
				     "as an output");
}

static kist_status read_outputs(struct kist_running *running, const struct kist_step *step,
				const struct kist_run_step *run, struct kist_value *values,
				struct kist_error *err)
{
	for (size_t i = 0; i < step->output_count; i++) {
		const char *file = step->outputs[i].file;
		char path[PATH_MAX];

		if (!file) {
			KIST_TRY(read_stdout(run, &values[i], err));
			continue;
		}
		if (snprintf(path, sizeof(path), "%s/%s", run->folder, file) >= (int)sizeof(path))
			return kist_fail(err, KIST_LIMIT, "a path is too long");
		if (access(path, F_OK) < 0)
			return kist_fail(err, KIST_INVALID,
					 "the command left no file '%s' for its output '%s'", file,
					 step->outputs[i].name);
		if (kist_running_read(running, path, step->outputs[i].type, &values[i], err) != KIST_OK)
			return kist_fail_context(err, "output '%s', file '%s'", step->outputs[i].name, file);
	}
	return KIST_OK;
}

kist_status kist_running_reap(struct kist_running *running, size_t step, struct kist_error *err)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	struct kist_run_step *run = &running->steps[step];
	struct kist_value *values;
	kist_status ended;
	int status = 0;

	/*
	 * What it left behind ends with it: nothing of a run goes on once it has ended.  The number is its own until it
	 * is waited for; after that it may be that of somebody else's group.
	 */
	(void)kill(-run->pid, SIGKILL);
	kist_guard_drop(&running->guard, run->pid);
	(void)waitpid(run->pid, &status, 0);
	run->pid = 0;
	kist_fd_close(&run->pid_fd);
	running->active--;
	KIST_TRY(check_end(run, made_of, status, err));
	values = kist_alloc(made_of->output_count, sizeof(*values));
	if (!values)
		return kist_fail_memory(err, made_of->output_count * sizeof(*values));
	for (size_t i = 0; i < made_of->output_count; i++)
		values[i] = (struct kist_value)KIST_VALUE_INIT;
	ended = read_outputs(running, made_of, run, values, err);
	if (ended == KIST_OK) {
		run->values = values;
		return KIST_OK;
	}
	for (size_t i = 0; i < made_of->output_count; i++)
		kist_value_done(&values[i]);
	kist_free(values);
	return ended;
}
