/* A process whose memory keeps everybody waiting who wants to read it, also its arguments and environment.
 *
 * The kernel takes those from anonymous memory alone, so that no file system is asked. But one thread reads a page that
 * never comes through /proc/self/mem, and holds the lock of the whole memory meanwhile; another waits for that lock to
 * change the memory, and whoever comes after it waits behind it.
 *
 * silent_memory FILE OPENED: maps FILE, writes a line once its memory is silent, and for every line that it is sent
 * opens OPENED and writes another. Nothing here may touch a page for the first time then. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096 };

static char *mapped;
static volatile int reader, writer;

/* Until the thread has begun and waits. */
static void wait_for(volatile int *tid)
{
	char path[64], stat[64];
	int fd;

	do {
		usleep(1000);
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", *tid);
		memset(stat, 0, sizeof(stat));
		fd = open(path, O_RDONLY);
		if (fd >= 0 && read(fd, stat, sizeof(stat) - 1) < 0)
			_exit(4);
		close(fd);
	} while (!strstr(stat, ") S ") && !strstr(stat, ") D "));
}

static void *read_what_never_comes(void *memory)
{
	static char byte;

	reader = (int)syscall(SYS_gettid);
	pread(*(int *)memory, &byte, 1, (off_t)(uintptr_t)mapped);
	return NULL;
}

static void *change_memory(void *unused)
{
	wait_for(&reader);
	writer = (int)syscall(SYS_gettid);
	mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return unused;
}

int main(int argc, char **argv)
{
	char line;
	pthread_t threads[2];
	struct stat asked;
	int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1;
	int memory = open("/proc/self/mem", O_RDONLY);

	/* A file is not read beyond its size, which the kernel has to ask for. */
	if (fstat(fd, &asked) < 0 || mlockall(MCL_CURRENT) < 0)
		return 1;
	mapped = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	if (mapped == MAP_FAILED)
		return 1;
	pthread_create(&threads[1], NULL, change_memory, NULL);
	pthread_create(&threads[0], NULL, read_what_never_comes, &memory);
	wait_for(&writer);
	while (write(1, "\n", 1) == 1 && read(0, &line, 1) == 1)
		close(open(argv[2], O_RDONLY));
	return 0;
}
