#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	int flag;
} namespaces[] = {
	{"mount", CLONE_NEWNS}, {"user", CLONE_NEWUSER}, {"net", CLONE_NEWNET}, {"uts", CLONE_NEWUTS}, {"ipc", CLONE_NEWIPC},
};

/* From here on mounts are seen by this process and its children only, and end with them. */
static int do_private_mounts(char **a)
{
	(void)a;
	return unshare(CLONE_NEWNS) < 0 ? -1 : mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int do_tmpfs(char **a) { return mount("tmpfs", a[0], "tmpfs", 0, NULL); }
static int do_bind(char **a) { return mount(a[0], a[1], NULL, MS_BIND, NULL); }
static int do_mount(char **a) { return mount(a[0], a[1], a[2], MS_RDONLY, NULL); }

static int do_unshare(char **a)
{
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (!strcmp(namespaces[i].name, a[0]))
			return unshare(namespaces[i].flag);
	errno = EINVAL;
	return -1;
}

static int do_setns(char **a)
{
	int fd = open(a[0], O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : setns(fd, 0);
}

/* Not a module: the kernel looks at its first bytes and refuses with ENOEXEC. */
static int do_init_module(char **a)
{
	(void)a;
	char image[128] = "no module";
	return (int)syscall(SYS_init_module, image, sizeof(image), "");
}

static int do_finit_module(char **a)
{
	int fd = open(a[0], O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : (int)syscall(SYS_finit_module, fd, "", 0);
}

static int do_delete_module(char **a) { return (int)syscall(SYS_delete_module, a[0], O_NONBLOCK); }

/* bpf(2). Until Linux 5.11 what it makes counted as locked memory of the user, whose sensor may hold more than allowed. */
static int bpf(int command, union bpf_attr *attr)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	return syscall(SYS_bpf, command, attr, sizeof(*attr)) < 0 ? -1 : 0;
}

/* The smallest program the verifier takes (return 0); attached to nothing, gone with this process. */
static int do_bpf_load(char **a)
{
	(void)a;
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uint64_t)(uintptr_t)code;
	attr.insn_cnt = sizeof(code) / sizeof(code[0]);
	attr.license = (uint64_t)(uintptr_t)"GPL";
	return bpf(BPF_PROG_LOAD, &attr);
}

/* An array map: bpf(2) without a program. */
static int do_bpf_map(char **a)
{
	(void)a;
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 8;
	attr.max_entries = 1;
	return bpf(BPF_MAP_CREATE, &attr);
}

const struct command kernel_commands[] = {
	{"private-mounts", 0, do_private_mounts},
	{"tmpfs", 1, do_tmpfs},
	{"bind", 2, do_bind},
	{"mount", 3, do_mount},
	{"unshare", 1, do_unshare},
	{"setns", 1, do_setns},
	{"init-module", 0, do_init_module},
	{"finit-module", 1, do_finit_module},
	{"delete-module", 1, do_delete_module},
	{"bpf-load", 0, do_bpf_load},
	{"bpf-map", 0, do_bpf_map},
	{NULL, 0, NULL},
};
