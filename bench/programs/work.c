/* Workloads: one process in a loop. Usage: work NAME SECONDS. The time is cut into slices; prints "turns seconds best" of
 * the loop alone: best is the shortest time that a turn took in any slice, seconds. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int fds[2];
static struct sockaddr_in address = { .sin_family = AF_INET };

static void check(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void read_and_close(int fd)
{
	char byte;

	check(fd >= 0, "open");
	check(read(fd, &byte, 1) >= 0, "read");
	close(fd);
}

static void getppid_turn(void)
{
	syscall(SYS_getppid);
}

static void make_files(void)
{
	char path[128] = "deep";

	check(!mkdir("deep", 0700) || errno == EEXIST, "mkdir");
	for (int level = 1; level < 12; level++) {
		strcat(path, "/d");
		check(!mkdir(path, 0700) || errno == EEXIST, "mkdir");
	}
	close(open("deep/d/d/d/d/d/d/d/d/d/d/d/file", O_CREAT | O_WRONLY, 0600));
	close(open("file", O_CREAT | O_WRONLY, 0600));
}

static void open_turn(void)
{
	read_and_close(open("/usr/bin/true", O_RDONLY));
}

static void relative_turn(void)
{
	read_and_close(open("file", O_RDONLY));
}

static void deep_turn(void)
{
	read_and_close(open("deep/d/d/d/d/d/d/d/d/d/d/d/file", O_RDONLY));
}

/* A rule is about this path, and excuses a program of this name: its events reach userspace and match nothing. */
static void cron_first(void)
{
	prctl(PR_SET_NAME, "cron");
}

static void shadow_turn(void)
{
	read_and_close(open("/etc/shadow", O_RDONLY));
}

static void failing_turn(void)
{
	check(open("/usr/lib/x86_64-linux-gnu/glibc-hwcaps/libabsent.so.6", O_RDONLY | O_CLOEXEC) < 0, "absent file");
}

static void exec_turn(void)
{
	pid_t child = fork();

	if (!child) {
		execl("/bin/true", "true", (char *)0);
		_exit(127);
	}
	check(child > 0 && waitpid(child, 0, 0) == child, "fork");
}

static void listen_first(void)
{
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	check(!bind(fds[0], (void *)&address, sizeof(address)) && !listen(fds[0], 16), "listen");
	check(!getsockname(fds[0], (void *)&address, &size), "getsockname");
}

static void tcp_turn(void)
{
	/* A reset on close leaves no TIME_WAIT behind, so that ports do not run out. */
	struct linger reset = { 1, 0 };
	int client = socket(AF_INET, SOCK_STREAM, 0), server;

	check(!connect(client, (void *)&address, sizeof(address)), "connect");
	server = accept(fds[0], 0, 0);
	check(server >= 0, "accept");
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(client);
	close(server);
}

static void pair_first(void)
{
	int pair[2];

	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	if (!fork()) {
		char byte;

		close(pair[0]);
		while (read(pair[1], &byte, 1) == 1 && write(pair[1], &byte, 1) == 1)
			;
		_exit(0);
	}
	close(pair[1]);
	fds[0] = pair[0];
}

static void unix_turn(void)
{
	char byte = 0;

	check(write(fds[0], &byte, 1) == 1 && read(fds[0], &byte, 1) == 1, "ping");
}

static void nothing(void)
{
}

static const struct {
	const char *name;
	void (*first)(void);
	void (*turn)(void);
	int batch;
} workloads[] = {
	{ "getppid", nothing, getppid_turn, 1024 },  { "open", nothing, open_turn, 64 },
	{ "open-relative", make_files, relative_turn, 64 }, { "open-deep", make_files, deep_turn, 64 },
	{ "open-failing", nothing, failing_turn, 64 }, { "open-shadow", cron_first, shadow_turn, 64 },
	{ "fork-exec", nothing, exec_turn, 1 },      { "tcp", listen_first, tcp_turn, 8 },
	{ "unix", pair_first, unix_turn, 16 },
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

#define SLICES 25

/* Turns for at least `seconds`; gives the time of one. */
static double slice(unsigned which, double seconds, long *all)
{
	double start = now(), end;
	long turns = 0;

	do {
		for (int turn = 0; turn < workloads[which].batch; turn++)
			workloads[which].turn();
		turns += workloads[which].batch;
		end = now();
	} while (end < start + seconds);
	*all += turns;
	return (end - start) / turns;
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc == 3 && i < sizeof(workloads) / sizeof(*workloads); i++) {
		double start, best = 0;
		long turns = 0;

		if (strcmp(argv[1], workloads[i].name))
			continue;
		workloads[i].first();
		for (int warm = 0; warm < workloads[i].batch; warm++)
			workloads[i].turn();
		start = now();
		for (int n = 0; n < SLICES; n++) {
			double took = slice(i, atof(argv[2]) / SLICES, &turns);

			if (!n || took < best)
				best = took;
		}
		printf("%ld %.9f %.12f\n", turns, now() - start, best);
		return 0;
	}
	fprintf(stderr, "usage: work NAME SECONDS\n");
	return 2;
}
