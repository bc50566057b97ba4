/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel types, cut down to the members that the sensor reads; CO-RE finds their offsets at load. */
#ifndef YARAK_KERNEL_H
#define YARAK_KERNEL_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0 };
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_RB_NO_WAKEUP = 1 };
enum { BPF_RB_AVAIL_DATA = 0, BPF_RB_RING_SIZE = 1 };

enum cgroup_subsys_id { cpu_cgrp_id, devices_cgrp_id, freezer_cgrp_id, pids_cgrp_id };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	u32 val;
} kuid_t;
typedef struct {
	u32 val;
} kgid_t;
typedef struct {
	int counter;
} atomic_t;

struct timespec64 {
	s64 tv_sec;
};
struct qstr {
	union {
		struct {
			u32 len;
		};
		u64 hash_len;
	};
	const unsigned char *name;
};
struct super_block;
struct inode;
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};
struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
};
struct inode {
	u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	void *i_private;
	u32 i_nlink;
	s64 i_ctime_sec;
	u32 i_ctime_nsec;
	s64 i_mtime_sec;
	u32 i_mtime_nsec;
};
struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	u32 f_mode;
	struct path f_path;
	struct inode *f_inode;
	u32 f_flags;
	void *private_data;
};
struct fdtable {
	u32 max_fds;
	struct file **fd;
	unsigned long *open_fds;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	struct path root;
	struct path pwd;
};

struct pid_namespace;
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	u32 level;
	struct upid numbers[1];
};
struct task_struct;
struct pid_namespace {
	u32 level;
	struct task_struct *child_reaper;
};
struct tty_driver {
	int major;
	int minor_start;
};
struct tty_struct {
	int index;
	struct tty_driver *driver;
};
struct rlimit {
	u64 rlim_cur;
	u64 rlim_max;
};
struct signal_struct {
	atomic_t live;
	int group_exit_code;
	u32 is_child_subreaper : 1;
	struct pid *pids[4];
	struct tty_struct *tty;
	struct rlimit rlim[16];
};
typedef struct {
	u64 val;
} kernel_cap_t;
struct cred {
	kuid_t uid, suid, euid, fsuid;
	kgid_t gid, sgid, egid, fsgid;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
};
struct percpu_counter {
	s64 count;
};
struct mm_struct {
	unsigned long arg_start, arg_end, env_start, env_end;
	unsigned long total_vm;
	struct percpu_counter rss_stat[4];
	struct file *exe_file;
};
struct kernfs_node {
	struct kernfs_node *parent;
	const char *name;
	u64 id;
};
struct cgroup {
	struct kernfs_node *kn;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
};
struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};
struct nsproxy {
	struct pid_namespace *pid_ns_for_children;
};
struct thread_info {
	unsigned long flags;
	u32 status;
};
struct task_struct {
	struct thread_info thread_info;
	void *stack;
	u32 flags;
	struct mm_struct *mm;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	u64 start_boottime;
	const struct cred *cred;
	unsigned long min_flt, maj_flt;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kuid_t loginuid;
	u64 self_exec_id;
	struct css_set *cgroups;
};

struct kernel_siginfo {
	int si_signo, si_errno, si_code;
	union {
		struct {
			int _pid;
		} _kill;
	} _sifields;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
};

struct in6_addr {
	u8 bytes[16];
};
struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	u8 skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};
struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	u32 sk_ack_backlog;
	u32 sk_max_ack_backlog;
};
struct socket {
	short type;
	struct file *file;
	struct sock *sk;
};
struct sockaddr_un_kernel {
	u16 sun_family;
	char sun_path[108];
};
struct unix_address {
	int len;
	struct sockaddr_un_kernel name[1];
};
struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct filename {
	const char *name;
};
struct delayed_filename {
	struct filename *__incomplete_filename;
};
struct open_how {
	u64 flags, mode, resolve;
};
struct msghdr {
	void *msg_name;
	int msg_namelen;
};
struct io_uring_task {
	struct task_struct *task;
};
struct io_cqe {
	u64 user_data;
	s32 res;
	int fd; /* until there is a result */
};
struct io_uring_cqe {
	u64 user_data;
	s32 res;
};
struct io_rsrc_node {
	unsigned long file_ptr;
};
struct io_rsrc_data {
	u32 nr;
	struct io_rsrc_node **nodes;
};
struct io_file_table {
	struct io_rsrc_data data;
};
struct io_ring_ctx {
	struct io_file_table file_table;
};
struct io_kiocb {
	struct file *file;
	u8 opcode;
	u32 flags;
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
	struct io_uring_task *tctx;
	void *async_data;
};
/* The prepared commands: each lies over the beginning of its io_kiocb. */
struct io_open {
	int dfd;
	u32 file_slot;
	struct delayed_filename filename;
	struct open_how how;
};
struct io_close {
	int fd;
	u32 file_slot;
};
struct io_unlink {
	int dfd, flags;
	struct delayed_filename filename;
};
struct io_mkdir {
	int dfd;
	u16 mode;
	struct delayed_filename filename;
};
struct io_rename {
	int old_dfd, new_dfd, flags;
	struct delayed_filename oldpath, newpath;
};
struct io_link {
	int old_dfd, new_dfd, flags;
	struct delayed_filename oldpath, newpath;
};
struct io_connect {
	void *addr;
	int addr_len;
};
struct io_accept {
	int flags;
	u32 file_slot;
};
struct io_socket {
	int domain, type, protocol;
	u32 file_slot;
};
struct io_bind {
	int addr_len;
};
struct io_listen {
	int backlog;
};
struct io_shutdown {
	int how;
};
struct io_ftrunc {
	s64 len;
};
struct io_sr_msg {
	void *buf;
	int len;
	u32 msg_flags;
};
struct io_async_msghdr {
	struct msghdr msg;
	struct { char bytes[128]; } addr;
};

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};
struct bpf_prog_aux {
	u32 id;
};
struct bpf_prog {
	void *active;
	struct bpf_prog_aux *aux;
};
struct bpf_iter__bpf_prog {
	struct bpf_iter_meta *meta;
	struct bpf_prog *prog;
};

#pragma clang attribute pop

struct bpf_raw_tracepoint_args {
	u64 args[0];
};

#endif
