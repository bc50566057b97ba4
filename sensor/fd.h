/* SPDX-License-Identifier: GPL-2.0 */
/* What a descriptor is, from the kernel object behind it at this moment. */
#ifndef YARAK_FD_H
#define YARAK_FD_H

#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFDIR 0040000
#define S_IFREG 0100000
#define S_IFIFO 0010000
#define FMODE_CREATED 0x100000
#define OVERLAYFS_MAGIC 0x794c7630
#define ANON_INODE_MAGIC 0x09041934
#define PID_FS_MAGIC 0x50494446
#define TMPFS_MAGIC 0x01021994
#define HUGETLBFS_MAGIC 0x958458f6
#define IPPROTO_TCP 6
#define SOCK_STREAM 1
#define TCP_LISTEN 10
/* States of a connection that was made and is not taken down at both ends: established, FIN_WAIT1 and 2, CLOSE_WAIT,
 * LAST_ACK, CLOSING (include/net/tcp_states.h). Unix sockets use the first. */
#define CONNECTED_STATES (1 << 1 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11)
#define AT_FDCWD -100

static __always_inline struct file *file_of(struct task_struct *task, s64 fd)
{
	struct files_struct *files = FIELD(task_struct, task, files);
	struct fdtable *table;

	if (!files || fd < 0)
		return NULL;
	table = FIELD(files_struct, files, fdt);
	if (fd >= FIELD(fdtable, table, max_fds))
		return NULL;
	return (struct file *)word_at(NUMBER(fdtable, table, fd) + fd * sizeof(struct file *));
}

/* Kernel's internal device number to what stat(2) shows. */
static __always_inline u32 dev_encode(u32 dev)
{
	u32 major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
}

/* Overlayfs keeps the upper dentry right behind the VFS inode that it embeds (fs/overlayfs/ovl_entry.h). */
static __always_inline u8 overlay_layer(struct inode *inode)
{
	struct super_block *sb = FIELD(inode, inode, i_sb);
	void *upper = NULL;

	if (FIELD(super_block, sb, s_magic) != OVERLAYFS_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	return upper ? 1 : 2;
}

/* Files that were never in a directory. */
static __always_inline bool in_memory(struct super_block *sb)
{
	unsigned long magic = FIELD(super_block, sb, s_magic);

	return magic == TMPFS_MAGIC || magic == HUGETLBFS_MAGIC;
}

/* What a file is that is no socket. */
static __always_inline u8 kind_of_file(struct file *file)
{
	struct inode *inode = FIELD(file, file, f_inode);
	struct super_block *sb = FIELD(inode, inode, i_sb);

	switch (FIELD(inode, inode, i_mode) & S_IFMT) {
	case S_IFDIR:
		return YK_FD_DIRECTORY;
	case S_IFIFO:
		return YK_FD_FIFO;
	default:
		break;
	}
	switch (FIELD(super_block, sb, s_magic)) {
	case ANON_INODE_MAGIC:
		return YK_FD_UNSUPPORTED;
	case PID_FS_MAGIC: /* since 6.9; before that an anonymous inode like the others */
		return YK_FD_PIDFD;
	default:
		return nameless_root(FIELD(file, file, f_path.dentry)) && in_memory(sb) ? YK_FD_MEMFD : YK_FD_FILE;
	}
}

static __always_inline void file_facts(struct yk_file *f, struct file *file, s64 fd)
{
	struct inode *inode = FIELD(file, file, f_inode);
	struct super_block *sb = FIELD(inode, inode, i_sb);
	u16 mode = FIELD(inode, inode, i_mode);

	f->fd = fd;
	f->dev = dev_encode(FIELD(super_block, sb, s_dev));
	f->mode = mode;
	f->layer = overlay_layer(inode);
	f->ino = FIELD(inode, inode, i_ino);
	f->ctime = inode_ctime(inode);
	f->open_flags = FIELD(file, file, f_flags);
	if (FIELD(file, file, f_mode) & FMODE_CREATED)
		f->open_flags |= YK_OPEN_CREATED;
	f->kind = kind_of_file(file);
	f->pid = f->kind == YK_FD_PIDFD ? pid_number(FIELD(inode, inode, i_private)) : 0;
}

static __always_inline struct sock *sock_of(struct file *file)
{
	struct inode *inode = FIELD(file, file, f_inode);
	struct socket *socket;

	if ((FIELD(inode, inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = FIELD(file, file, private_data);
	return socket ? FIELD(socket, socket, sk) : NULL;
}

static __always_inline bool v4_mapped(const u8 *a)
{
	const u32 *w = (const u32 *)a;

	return !w[0] && !w[1] && w[2] == 0xffff0000;
}

static __always_inline bool all_zero(const u8 *a, u32 words)
{
	const u32 *w = (const u32 *)a;
	u32 any = w[0];

	if (words == 4)
		any |= w[1] | w[2] | w[3];
	return !any;
}

static __always_inline void to_v4(u8 *a)
{
	((u32 *)a)[0] = ((u32 *)a)[3];
	((u32 *)a)[1] = 0;
	((u32 *)a)[2] = 0;
	((u32 *)a)[3] = 0;
}

static __always_inline void inet_facts(struct yk_socket *k, struct sock *sk)
{
	struct sock_common *common = MEMBER(sock, sk, __sk_common);
	u32 words = k->family == AF_INET ? 1 : 4;

	if (k->family == AF_INET) {
		*(u32 *)k->laddr = FIELD(sock_common, common, skc_rcv_saddr);
		*(u32 *)k->raddr = FIELD(sock_common, common, skc_daddr);
	} else {
		bpf_probe_read_kernel(k->laddr, 16, MEMBER(sock_common, common, skc_v6_rcv_saddr));
		bpf_probe_read_kernel(k->raddr, 16, MEMBER(sock_common, common, skc_v6_daddr));
	}
	k->lport = FIELD(sock_common, common, skc_num);
	k->rport = __builtin_bswap16(FIELD(sock_common, common, skc_dport));
	/* An unset address is unknown, never 0.0.0.0; a bound listener's wildcard is the address it listens on. */
	if (k->flags & YK_S_LISTENING || !all_zero(k->laddr, words))
		k->flags |= YK_S_LOCAL_KNOWN;
	if (k->rport || !all_zero(k->raddr, words))
		k->flags |= YK_S_REMOTE_KNOWN;
}

/* Makes an IPv4 address in IPv6's clothes what it is, in s->socket. */
__noinline int unmap_v4(u32 slot)
{
	struct scratch *s = scratch_of(slot);
	struct yk_socket *k;
	bool mapped;

	if (!s)
		return 0;
	k = &s->socket;
	if (k->family != AF_INET6)
		return 0;
	if (k->flags & YK_S_REMOTE_KNOWN)
		mapped = v4_mapped(k->raddr);
	else
		mapped = k->flags & YK_S_LOCAL_KNOWN && v4_mapped(k->laddr);
	if (!mapped)
		return 0;
	k->family = AF_INET;
	to_v4(k->laddr);
	to_v4(k->raddr);
	return 0;
}

/* Facts of the socket behind the file at s->node into s->socket; 0: it is none. Global, as is all that asks many things
 * of a socket: verified once, and not once for every way that led to it. */
__noinline int socket_facts_of(u32 slot, s64 fd)
{
	struct scratch *s = scratch_of(slot);
	struct socket_memory memory;
	struct sock_common *common;
	struct yk_socket *k;
	struct inode *inode;
	struct file *file;
	struct sock *sk;
	u64 ino;
	u8 state;

	if (!s)
		return 0;
	file = (struct file *)s->node;
	k = &s->socket;
	sk = sock_of(file);
	if (!sk)
		return 0;
	inode = FIELD(file, file, f_inode);
	common = MEMBER(sock, sk, __sk_common);
	__builtin_memset(k, 0, sizeof(*k));
	ino = FIELD(inode, inode, i_ino);
	k->fd = fd;
	k->ino = ino;
	k->family = FIELD(sock_common, common, skc_family);
	k->type = FIELD(sock, sk, sk_type);
	k->protocol = FIELD(sock, sk, sk_protocol);
	k->source = (u64)sk;
	state = FIELD(sock_common, common, skc_state);
	if (state == TCP_LISTEN) {
		k->flags |= YK_S_LISTENING;
		k->role = YK_ROLE_SERVER;
	} else if (CONNECTED_STATES >> (state & 15) & 1) {
		k->flags |= YK_S_CONNECTED;
	}
	if (k->family == AF_UNIX)
		k->peer = (u64)FIELD(unix_sock, sk, peer);
	else if (k->family == AF_INET || k->family == AF_INET6)
		inet_facts(k, sk);
	if (!k->role && live.socket_history && socket_recall(ino, &memory))
		k->role = memory.role;
	return 1;
}

static __always_inline bool socket_facts(struct scratch *s, struct file *file, s64 fd)
{
	s->node = (u64)file;
	return socket_facts_of(s->slot, fd);
}

static __always_inline void item_socket(struct scratch *s)
{
	item_bytes(s, YK_I_SOCKET, &s->socket, sizeof(s->socket));
}

/* A unix socket's name: its own, or the peer's where it has none (the connecting side). */
static __always_inline void item_unix_name(struct scratch *s, u64 socket, u64 peer)
{
	struct unix_address *address = FIELD(unix_sock, socket, addr);
	u32 len;

	if (!address && peer)
		address = FIELD(unix_sock, peer, addr);
	if (!address)
		return;
	len = (u32)FIELD(unix_address, address, len) - sizeof(u16);
	if (len > 108)
		return;
	item_bytes(s, YK_I_UNIX, MEMBER(unix_address, address, name) + sizeof(u16), len & 127);
}

/* Name of an open file into s->real; anonymous ones get the kernel's bare name. */
static __always_inline void name_of_file(struct scratch *s, struct task_struct *task, struct file *file, u8 kind)
{
	struct path path = PATH(file, file, f_path);
	struct inode *inode = FIELD(file, file, f_inode);

	if (nameless_root(path.dentry) && kind != YK_FD_DIRECTORY) {
		walk_begin(&s->real, path.dentry, NULL);
		walk_bare_name(&s->real, path.dentry);
		return;
	}
	real_name(s, task, path);
	if (FIELD(inode, inode, i_nlink) == 0)
		s->real.cut |= 2;
}

/* Appends everything known of a file that the event's task has open as `fd`. */
static __always_inline void item_of_file(struct scratch *s, struct file *file, s64 fd)
{
	struct task_struct *task = (struct task_struct *)s->task;

	if (!file)
		return;
	if (socket_facts(s, file, fd)) {
		u64 source = s->socket.source, peer = s->socket.peer;

		unmap_v4(s->slot);
		item_socket(s);
		if (s->socket.family == AF_UNIX)
			item_unix_name(s, source, peer);
		return;
	}
	file_facts(&s->file, file, fd);
	name_of_file(s, task, file, s->file.kind);
	item_bytes(s, YK_I_FILE, &s->file, sizeof(s->file));
	item_path(s, YK_I_REAL, YK_DESCRIPTOR, s->real.cut, walk_text(&s->real), walk_len(&s->real));
}

/* Appends everything known of the event's descriptor. */
__noinline int item_descriptor(u32 slot, s64 fd)
{
	struct scratch *s = scratch_of(slot);

	if (s)
		item_of_file(s, file_of((struct task_struct *)s->task, fd), fd);
	return 0;
}

#endif
