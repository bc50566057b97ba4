#define _GNU_SOURCE
#include "actor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int closed(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

static int do_read(char **a) { return closed(open(a[0], O_RDONLY)); }
static int do_legacy_read(char **a) { return closed((int)syscall(SYS_open, a[0], O_RDONLY, 0)); }
static int do_write(char **a) { return closed(open(a[0], O_WRONLY | O_CREAT, 0600)); }
static int do_open_for_writing(char **a) { return closed(open(a[0], O_WRONLY)); }
static int do_append(char **a) { return closed(open(a[0], O_WRONLY | O_CREAT | O_APPEND, 0600)); }
static int do_truncate(char **a) { return closed(open(a[0], O_WRONLY | O_CREAT | O_TRUNC, 0600)); }
static int do_creat(char **a) { return closed((int)syscall(SYS_creat, a[0], 0600)); }
static int do_mkdir(char **a) { return mkdir(a[0], 0755); }
static int do_unlink(char **a) { return unlink(a[0]); }
static int do_rename(char **a) { return rename(a[0], a[1]); }
static int do_symlink(char **a) { return symlink(a[0], a[1]); }
static int do_link(char **a) { return link(a[0], a[1]); }
static int do_chdir(char **a) { return chdir(a[0]); }
static int do_chroot(char **a) { return chroot(a[0]); }
static int do_chmod(char **a) { return chmod(a[1], (mode_t)strtoul(a[0], NULL, 8)); }

/* Writes a file without a name in folder args[0], then gives it the name args[1]. */
static int do_write_unnamed(char **a)
{
	int file = open(a[0], O_TMPFILE | O_WRONLY, 0600);
	if (file < 0)
		return -1;
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	int result = linkat(AT_FDCWD, path, AT_FDCWD, a[1], AT_SYMLINK_FOLLOW);
	close(file);
	return result;
}

static int do_read_at(char **a)
{
	int directory = open(a[0], O_PATH | O_DIRECTORY);
	if (directory < 0)
		return -1;
	int result = closed(openat(directory, a[1], O_RDONLY));
	close(directory);
	return result;
}

/* Opens and closes args[0] as fast as it can until it is killed. */
static int do_flood(char **a)
{
	for (;;)
		if (closed(open(a[0], O_RDONLY)) < 0)
			return -1;
}

const struct command file_commands[] = {
	{"flood", 1, do_flood},
	{"read", 1, do_read},
	{"legacy-read", 1, do_legacy_read},
	{"read-at", 2, do_read_at},
	{"write", 1, do_write},
	{"write-unnamed", 2, do_write_unnamed},
	{"open-for-writing", 1, do_open_for_writing},
	{"append", 1, do_append},
	{"truncate", 1, do_truncate},
	{"creat", 1, do_creat},
	{"mkdir", 1, do_mkdir},
	{"unlink", 1, do_unlink},
	{"rename", 2, do_rename},
	{"symlink", 2, do_symlink},
	{"link", 2, do_link},
	{"chdir", 1, do_chdir},
	{"chroot", 1, do_chroot},
	{"chmod", 2, do_chmod},
	{NULL, 0, NULL},
};
