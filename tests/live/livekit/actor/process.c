#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static pid_t fork_or_die(void)
{
	pid_t child = fork();
	if (child < 0)
		exit(1);
	return child;
}

int spawn_and_wait(char **args)
{
	pid_t child = fork_or_die();
	if (child == 0) {
		execv(args[0], args);
		_exit(127);
	}
	int status = 0;
	if (waitpid(child, &status, 0) != child)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		errno = ENOEXEC;
		return -1;
	}
	return 0;
}

static int do_exec(char **a)
{
	execv(a[0], a);
	return -1;
}

/* Copies args[0] into a memory file and runs it from there. */
static int do_exec_from_memory(char **a)
{
	int source = open(a[0], O_RDONLY);
	int memory = memfd_create("stand-in", MFD_CLOEXEC);
	struct stat info;
	if (source < 0 || memory < 0 || fstat(source, &info) < 0)
		return -1;
	if (sendfile(memory, source, NULL, (size_t)info.st_size) != info.st_size)
		return -1;
	pid_t child = fork_or_die();
	if (child == 0) {
		fexecve(memory, a, environ);
		_exit(127);
	}
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

/* Waits until this process is args[0] milliseconds old, counted from now: some rules look at a program's age. */
static int do_grow_old(char **a)
{
	long total = strtol(a[0], NULL, 10);
	struct timespec left = {total / 1000, (total % 1000) * 1000000};
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
	return 0;
}

static int do_hold(char **a)
{
	(void)a;
	char byte;
	return read(STDIN_FILENO, &byte, 1) < 0 ? -1 : 0;
}

static int do_become(char **a)
{
	unsigned id = (unsigned)strtoul(a[0], NULL, 10);
	return setgid(id) < 0 || setuid(id) < 0 ? -1 : 0;
}

static int do_traceme(char **a)
{
	(void)a;
	pid_t child = fork_or_die();
	if (child == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0);
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

/* Attaches to a child of its own, as a debugger would, and lets it go. */
static int do_attach(char **a)
{
	(void)a;
	pid_t child = fork_or_die();
	if (child == 0)
		for (;;)
			pause();
	int failed = ptrace(PTRACE_ATTACH, child, NULL, NULL) < 0;
	int cause = errno;
	if (!failed) {
		waitpid(child, NULL, 0);
		ptrace(PTRACE_DETACH, child, NULL, NULL);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	errno = cause;
	return failed ? -1 : 0;
}

/* Leaves only two descriptors open: args[0] for reading as standard input, args[1] for writing as standard output. */
static int do_only(char **a)
{
	if (syscall(SYS_close_range, 0, ~0U, 0) < 0)
		return -1;
	return open(a[0], O_RDONLY) == 0 && open(a[1], O_WRONLY | O_CREAT, 0600) == 1 ? 0 : -1;
}

/* Makes a child by the system call args[0], which ends at once. */
static int do_bear(char **a)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD};
	pid_t child = -1;

	if (!strcmp(a[0], "fork"))
		child = (pid_t)syscall(SYS_fork);
	else if (!strcmp(a[0], "vfork"))
		child = vfork();
	else if (!strcmp(a[0], "clone"))
		child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
	else if (!strcmp(a[0], "clone3"))
		child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0)
		_exit(0);
	return child > 0 && waitpid(child, NULL, 0) == child ? 0 : -1;
}

static void taken(int number)
{
	(void)number;
}

static int do_signal_self(char **a)
{
	int number = (int)strtol(a[0], NULL, 10);

	return signal(number, taken) == SIG_ERR ? -1 : kill(getpid(), number);
}

const struct command process_commands[] = {
	{"only", 2, do_only},
	{"bear", 1, do_bear},
	{"signal-self", 1, do_signal_self},
	{"spawn", REST, spawn_and_wait},
	{"exec", REST, do_exec},
	{"exec-from-memory", REST, do_exec_from_memory},
	{"grow-old", 1, do_grow_old},
	{"hold", 0, do_hold},
	{"become", 1, do_become},
	{"traceme", 0, do_traceme},
	{"attach", 0, do_attach},
	{NULL, 0, NULL},
};
