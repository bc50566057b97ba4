/* SPDX-License-Identifier: GPL-2.0 */
/* Calls that carry a socket's addresses. */

#define SOCK_TYPE_MASK 0xf
/* Of AF_INET it stands for a socket of AF_PACKET (packet(7)). */
#define SOCK_PACKET 10

/* struct user_msghdr and, first in it, struct mmsghdr (include/linux/socket.h). */
struct msghdr_user {
	u64 name;
	u32 name_len, pad;
	u64 iov, iov_len;
	u64 control, control_len;
	u32 flags;
};

static __always_inline bool makes_socket(u32 nr)
{
	return nr == NR_SOCKET || nr == NR_ACCEPT || nr == NR_ACCEPT4;
}

/* The same of a 32-bit caller. */
struct msghdr_ia32 {
	u32 name, name_len, iov, iov_len, control, control_len, flags;
};

/* Behind the header of each message of a batch stands how much of it was moved. */
#define MMSG_STEP (sizeof(struct msghdr_user) + 8)
#define MMSG_STEP_IA32 (sizeof(struct msghdr_ia32) + 4)

static __always_inline void message_header_ia32(struct message *m, u64 pointer)
{
	struct msghdr_ia32 header = {};

	bpf_probe_read_user(&header, sizeof(header), (const void *)pointer);
	m->parts = header.iov;
	m->count = header.iov_len;
	m->control = header.control;
	m->control_len = header.control_len;
	m->addr = header.name;
	m->addr_len = header.name_len;
}

static __always_inline void message_header(struct scratch *s, struct message *m, u64 pointer)
{
	struct msghdr_user header = {};

	if (s->flags & YK_X_IA32) {
		message_header_ia32(m, pointer);
	} else {
		bpf_probe_read_user(&header, sizeof(header), (const void *)pointer);
		m->parts = header.iov;
		m->count = header.iov_len;
		m->control = header.control;
		m->control_len = header.control_len;
		m->addr = header.name;
		m->addr_len = header.name_len;
	}
	m->size = vector_len(s->slot, m->parts, m->count);
}

/* One of several messages. What was moved of it takes the place of the result, which is their number. */
static __always_inline void batch_header(struct scratch *s, struct message *m)
{
	bool narrow = s->flags & YK_X_IA32;
	u64 at = s->arg[1] + (s->batch - 1) * (narrow ? MMSG_STEP_IA32 : MMSG_STEP);
	u32 moved = 0;

	message_header(s, m, at);
	if (s->ret <= 0)
		return;
	at += narrow ? sizeof(struct msghdr_ia32) : sizeof(struct msghdr_user);
	bpf_probe_read_user(&moved, sizeof(moved), (const void *)at);
	s->ret = moved;
}

static __always_inline bool in_batches(u32 nr)
{
	return nr == NR_SENDMMSG || nr == NR_RECVMMSG;
}

/* Where the call keeps its buffer and its address. */
__noinline int message_of(u32 slot)
{
	struct scratch *s = scratch_of(slot);
	struct message *m;

	if (!s)
		return 0;
	m = &s->message;
	__builtin_memset(m, 0, sizeof(*m));
	switch (s->nr) {
	case NR_CONNECT:
	case NR_BIND:
		m->addr = s->arg[1];
		m->addr_len = s->arg[2];
		break;
	case NR_SENDTO:
		m->sends = true;
		m->data = s->arg[1];
		m->size = s->arg[2];
		m->addr = s->arg[4];
		m->addr_len = s->arg[5];
		break;
	case NR_RECVFROM:
		m->receives = true;
		m->data = s->arg[1];
		m->size = s->arg[2];
		m->addr = s->ret >= 0 ? s->arg[4] : 0;
		if (m->addr && s->arg[5])
			bpf_probe_read_user(&m->addr_len, sizeof(m->addr_len), (const void *)s->arg[5]);
		break;
	case NR_SENDMSG:
		m->sends = true;
		message_header(s, m, s->arg[1]);
		break;
	case NR_RECVMSG:
		m->receives = true;
		message_header(s, m, s->arg[1]);
		break;
	case NR_SENDMMSG:
		m->sends = true;
		batch_header(s, m);
		break;
	case NR_RECVMMSG:
		m->receives = true;
		batch_header(s, m);
		break;
	default:
		break;
	}
	return 0;
}

static __always_inline void read_address(struct scratch *s)
{
	struct message *m = &s->message;
	u32 len = m->addr_len;

	s->addr_len = 0;
	__builtin_memset(s->addr, 0, sizeof(s->addr));
	if (!m->addr || len < 2)
		return;
	if (len > sizeof(s->addr) - 1)
		len = sizeof(s->addr) - 1;
	if (!bpf_probe_read_user(s->addr, len & 127, (const void *)m->addr))
		s->addr_len = len & 127;
}

static __always_inline u16 address_family(struct scratch *s)
{
	return s->addr_len >= 2 ? *(u16 *)s->addr : 0;
}

/* The caller's address as the peer, where the kernel keeps none. */
__noinline int peer_from_address(u32 slot)
{
	struct scratch *s = scratch_of(slot);
	struct yk_socket *k;
	u16 family;

	if (!s)
		return 0;
	k = &s->socket;
	family = address_family(s);
	if (family == AF_INET && s->addr_len >= 8) {
		if (k->family == AF_INET6)
			return 0;
		__builtin_memset(k->raddr, 0, sizeof(k->raddr));
		*(u32 *)k->raddr = *(u32 *)&s->addr[4];
	} else if (family == AF_INET6 && s->addr_len >= 24) {
		__builtin_memcpy(k->raddr, &s->addr[8], 16);
	} else {
		return 0;
	}
	k->rport = __builtin_bswap16(*(u16 *)&s->addr[2]);
	k->flags |= YK_S_REMOTE_KNOWN;
	return 0;
}

static __always_inline bool same_peer(const struct socket_memory *m, const struct yk_socket *k)
{
	const u64 *a = (const u64 *)m->raddr;
	u64 b[2];

	__builtin_memcpy(b, k->raddr, sizeof(b));
	return m->rport == k->rport && a[0] == b[0] && a[1] == b[1];
}

/* Role and last peer, per socket inode: what fields look back for. */
__noinline int remember(u32 slot, bool ok)
{
	struct scratch *s = scratch_of(slot);
	struct socket_memory last;
	struct yk_socket *k;
	struct message *m;
	bool known;

	if (!s)
		return 0;
	k = &s->socket;
	m = &s->message;
	if (k->family != AF_INET && k->family != AF_INET6)
		return 0;
	known = live.socket_history && socket_recall(k->ino, &last);
	if (s->nr == NR_CONNECT && ok)
		k->role = YK_ROLE_CLIENT;
	else if (s->nr == NR_ACCEPT || s->nr == NR_ACCEPT4)
		k->role = YK_ROLE_SERVER;
	else if (!k->role && m->sends)
		k->role = YK_ROLE_CLIENT;
	else if (!k->role && m->receives)
		k->role = YK_ROLE_SERVER;
	if (k->flags & YK_S_REMOTE_KNOWN && (!known || !same_peer(&last, k)))
		k->flags |= YK_S_NAME_CHANGED;
	if (live.socket_history && ok && k->role)
		socket_remember(k->ino, k->role, k->rport, k->raddr);
	return 0;
}

__noinline int put_sockaddr(u32 slot)
{
	struct scratch *s = scratch_of(slot);
	u16 family;
	char *to;

	if (!s)
		return 0;
	to = out_at(s);
	family = address_family(s);
	if (!family) {
		put_none(s);
		return 0;
	}
	to[0] = family;
	if (family == AF_INET) {
		*(u32 *)(to + 1) = *(u32 *)&s->addr[4];
		*(u16 *)(to + 5) = __builtin_bswap16(*(u16 *)&s->addr[2]);
		param_done(s, 7);
	} else if (family == AF_INET6) {
		__builtin_memcpy(to + 1, &s->addr[8], 16);
		*(u16 *)(to + 17) = __builtin_bswap16(*(u16 *)&s->addr[2]);
		param_done(s, 19);
	} else if (family == AF_UNIX) {
		u32 len = (s->addr_len - 2) & 127;

		bpf_probe_read_kernel(to + 1, len, &s->addr[2]);
		to[1 + len] = 0;
		param_done(s, len + 2);
	} else {
		param_done(s, 1);
	}
	return 0;
}

static __always_inline void put_inet_tuple(struct scratch *s, const struct yk_socket *k)
{
	bool from_peer = k->role == YK_ROLE_SERVER;
	const u8 *src = from_peer ? k->raddr : k->laddr, *dst = from_peer ? k->laddr : k->raddr;
	u16 sport = from_peer ? k->rport : k->lport, dport = from_peer ? k->lport : k->rport;
	char *to = out_at(s);

	to[0] = k->family;
	if (k->family == AF_INET) {
		bpf_probe_read_kernel(to + 1, 4, src);
		*(u16 *)(to + 5) = sport;
		bpf_probe_read_kernel(to + 7, 4, dst);
		*(u16 *)(to + 11) = dport;
		param_done(s, 13);
	} else {
		bpf_probe_read_kernel(to + 1, 16, src);
		*(u16 *)(to + 17) = sport;
		bpf_probe_read_kernel(to + 19, 16, dst);
		*(u16 *)(to + 35) = dport;
		param_done(s, 37);
	}
}

__noinline int put_tuple(u32 slot)
{
	struct scratch *s = scratch_of(slot);
	bool have_socket;
	struct yk_socket *k;

	if (!s)
		return 0;
	have_socket = s->view.known;
	k = &s->socket;
	if (have_socket && (k->family == AF_INET || k->family == AF_INET6) && k->flags & YK_S_REMOTE_KNOWN) {
		put_inet_tuple(s, k);
	} else if (have_socket && k->family == AF_UNIX) {
		char *to = out_at(s);

		to[0] = AF_UNIX;
		*(u64 *)(to + 1) = k->source;
		*(u64 *)(to + 9) = k->peer;
		to[17] = 0;
		param_done(s, 18);
	} else {
		put_none(s);
	}
	return 0;
}

/* What was moved; of a failed send what should have been. */
__noinline int put_data(u32 slot)
{
	struct scratch *s = scratch_of(slot);
	const struct message *m;
	u64 len;

	if (!s)
		return 0;
	m = &s->message;
	len = s->ret > 0 ? s->ret : m->sends ? m->size : 0;
	if (m->parts)
		put_vector(s->slot, m->parts, m->count, len);
	else
		put_user_bytes(s, m->data, len, settings.snaplen);
	return 0;
}

/* What came beside the data: descriptors, credentials. */
static __always_inline void put_control(struct scratch *s)
{
	const struct message *m = &s->message;

	put_user_bytes(s, m->control, s->ret >= 0 ? m->control_len : 0, settings.snaplen);
}

static __always_inline void put_queue(struct scratch *s, struct file *file)
{
	struct sock *sk = file ? sock_of(file) : NULL;
	u32 len = sk ? FIELD(sock, sk, sk_ack_backlog) : 0, max = sk ? FIELD(sock, sk, sk_max_ack_backlog) : 0;

	put_u8(s, max ? (u8)((u64)len * 100 / max) : 0);
	put_u32(s, len);
	put_u32(s, max);
}

static __always_inline void socket_params(struct scratch *s, struct file *argument)
{
	const struct message *m = &s->message;
	s64 fd = (s32)s->arg[0];

	put_result(s);
	switch (s->nr) {
	case NR_SOCKET:
		put_u32(s, s->arg[0]);
		put_u32(s, s->arg[1] & SOCK_TYPE_MASK);
		put_u32(s, s->arg[2]);
		put_u32(s, s->arg[1] & ~SOCK_TYPE_MASK);
		break;
	case NR_BIND:
		put_sockaddr(s->slot);
		put_u64(s, fd);
		break;
	case NR_CONNECT:
		put_tuple(s->slot);
		put_u64(s, fd);
		put_sockaddr(s->slot);
		break;
	case NR_LISTEN:
		put_u64(s, fd);
		put_u32(s, s->arg[1]);
		break;
	case NR_ACCEPT:
	case NR_ACCEPT4:
		put_tuple(s->slot);
		put_queue(s, argument);
		if (s->nr == NR_ACCEPT4)
			put_u32(s, s->arg[3]);
		break;
	case NR_RECVFROM:
		put_data(s->slot);
		put_tuple(s->slot);
		put_u64(s, fd);
		put_u32(s, m->size);
		break;
	case NR_RECVMSG:
		put_u32(s, m->size);
		put_data(s->slot);
		put_tuple(s->slot);
		put_control(s);
		put_u64(s, fd);
		break;
	case NR_SENDMMSG:
	case NR_RECVMMSG:
		put_u64(s, fd);
		put_u32(s, m->size);
		put_data(s->slot);
		put_tuple(s->slot);
		if (s->nr == NR_RECVMMSG)
			put_control(s);
		break;
	default: /* sendto, sendmsg */
		put_data(s->slot);
		put_u64(s, fd);
		put_u32(s, m->size);
		put_tuple(s->slot);
	}
}

/* The address that the call was given, once. */
__noinline int need_address(u32 slot)
{
	struct scratch *s = scratch_of(slot);

	if (!s)
		return 0;
	if (!s->addr_read)
		read_address(s);
	s->addr_read = 1;
	return 0;
}

/* Takes the facts of the socket behind `file`; false where no rule can match. The caller's memory is read only where the
 * kernel's own word does not decide. */
static __always_inline bool socket_possible(struct scratch *s, struct file *file, s64 fd)
{
	bool ok = s->ret >= 0 || s->ret == -EINPROGRESS;
	const struct message *m = &s->message;
	struct socket_view *v = &s->view;

	v->source = v->peer = 0;
	v->known = file && socket_facts(s, file, fd);
	/* Without a socket (a bad descriptor, a failed accept) nothing is known of it. */
	if (!v->known)
		return true;
	v->source = s->socket.source;
	v->peer = s->socket.peer;
	if (s->nr != NR_BIND && (m->sends || m->receives || s->nr == NR_CONNECT))
		if (!ok || !(s->socket.flags & YK_S_REMOTE_KNOWN) || m->sends || m->receives) {
			need_address(s->slot);
			peer_from_address(s->slot);
		}
	/* Whatever its peer has done since. */
	if ((s->nr == NR_CONNECT || s->nr == NR_ACCEPT || s->nr == NR_ACCEPT4) && ok)
		s->socket.flags |= YK_S_CONNECTED;
	remember(s->slot, ok);
	unmap_v4(s->slot);
	return filter_socket() || !call_filtered(s);
}

/* Writes the record of a call by `task`; `argument` is the file that it was given. */
static __always_inline void socket_record(struct scratch *s, struct task_struct *task, struct file *argument)
{
	socket_params(s, argument);
	task_facts(s, task);
	if (!s->view.known)
		return;
	item_socket(s);
	if (s->socket.family != AF_UNIX)
		return;
	if (s->nr == NR_CONNECT && s->addr_len > 2)
		item_bytes(s, YK_I_UNIX, &s->addr[2], (s->addr_len - 2) & 127);
	else
		item_unix_name(s, s->view.source, s->view.peer);
}

/* A new socket of a family that no rule is about, by the arguments alone. */
static __always_inline bool born_unasked(struct scratch *s)
{
	const struct yk_filter *f = filter_of(s->generation);

	if (!f || s->nr != NR_SOCKET || s->ret < 0 || (s->arg[1] & SOCK_TYPE_MASK) == SOCK_PACKET)
		return false;
	return !filter_family(f, &s->bits, s->arg[0]) && call_filtered(s);
}

/* Whether there is another message in the batch. */
static __always_inline bool socket_event(void *ctx, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	struct scratch *s = call_enter(regs, ret);
	struct file *file, *argument;
	bool more_to_come;
	s64 fd;

	if (!s || born_unasked(s))
		return false;
	more_to_come = in_batches(s->nr) && ++s->batch < ret;
	fd = makes_socket(s->nr) ? ret : (s64)(s32)s->arg[0];
	message_of(s->slot);
	s->addr_read = 0;
	file = file_of(task, fd);
	argument = makes_socket(s->nr) ? file_of(task, (s32)s->arg[0]) : file;
	if (!socket_possible(s, file, fd))
		return more_to_come;
	if (!filter_task() && call_filtered(s))
		return more_to_come;
	need_address(s->slot);
	if (call_record(s)) {
		socket_record(s, task, argument);
		s->more_to_come = more_to_come;
		finish(ctx, s, &finishing);
	}
	return more_to_come;
}

/* The messages of a batch that no program is left for. */
static __always_inline void lose_rest(struct scratch *s, long ret)
{
	const struct yk_call *call = call_of(s->nr);

	if (call && ret > s->batch)
		lose_several(call->event, ret - s->batch);
}

/* A tail call for each further message: the kernel allows 33 in a row. */
static __always_inline void next_message(void *ctx, struct scratch *s, long ret)
{
	s->next_message = 1;
	CONTINUE_WITH(ctx, &more, 0);
	s->next_message = 0;
	lose_rest(s, ret);
}

SEC("tp_btf/sys_exit")
int PROGRAM(socket, struct pt_regs *regs, long ret)
{
	MEASURED(socket);
	bool kept = scratch_kept();
	struct scratch *s = scratch_here();

	if (!s)
		return 0;
	/* Where it was not kept the batch is told from the start again. */
	if (!kept || !s->next_message)
		s->batch = 0;
	s->next_message = 0;
	if (socket_event(ctx, regs, ret))
		next_message(ctx, s, ret);
	return 0;
}
