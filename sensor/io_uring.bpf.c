/* SPDX-License-Identifier: GPL-2.0 */
/* io_uring: operations that the kernel carries out from a queue in shared memory, told as the system calls that mean
 * the same. The prepared command is read at submission, where the kernel has its own copy of every name and address;
 * the event goes out at completion, with the result. Where success completes silently it goes out at submission.
 *
 * Whoever runs the operation (a worker, the ring's polling thread), it belongs to the process that submitted it. */

#define REQ_FIXED_FILE (1 << 0) /* IOSQE_FIXED_FILE */
#define REQ_CQE_SKIP (1 << 6)   /* IOSQE_CQE_SKIP_SUCCESS */
#define RING_SLOT_ANY 0xffffffff /* IORING_FILE_INDEX_ALLOC */
#define PF_IO_WORKER 0x10
#define KEPT_BASE 2 /* index of the first name's directory */

/* The submitter. A polling thread is one of its process's threads. */
static __always_inline struct task_struct *submitter_of(struct task_struct *task)
{
	return FIELD(task_struct, task, flags) & PF_IO_WORKER ? FIELD(task_struct, task, group_leader) : task;
}

static __always_inline struct kept_name *kept(struct scratch *s, u32 which)
{
	return &s->kept[which & (KEPT_NAMES - 1)];
}

/* Takes the kernel's copy of a name (at s->node), and the directory that it starts from where it is relative. */
__noinline int keep_name(u32 which, s32 dirfd, bool based)
{
	struct scratch *s = scratch_here();
	struct kept_name *name;
	struct filename *filename;
	long len;

	if (!s)
		return 0;
	filename = (struct filename *)s->node;
	if (!filename)
		return 0;
	name = kept(s, which);
	len = bpf_probe_read_kernel_str(name->text, PATH_SIZE, FIELD(filename, filename, name));
	name->len = len > 0 ? (len - 1) & PATH_MASK : 0;
	name->cut = 0;
	s->ring.names |= 1 << (which & 1);
	if (!based || (name->len && name->text[0] == '/'))
		return 0;
	if (!directory_name(s, dirfd))
		return 0;
	name = kept(s, KEPT_BASE + which);
	name->len = walk_len(&s->base);
	name->cut = s->base.cut;
	bpf_probe_read_kernel(name->text, masked(name->len, PATH_MASK), walk_text(&s->base));
	s->ring.names |= 1 << (KEPT_BASE + (which & 1));
	return 0;
}

#define KEEP_NAME(which, type, member, dirfd)             \
	({                                                \
		s->node = REQUEST_NAME(type, req, member); \
		keep_name(which, dirfd, true);            \
	})

static __always_inline void keep_address(struct ring_request *r, const void *from, bool user, u32 len)
{
	long failed;

	if (len > sizeof(r->addr) - 1)
		len = sizeof(r->addr) - 1;
	failed = user ? bpf_probe_read_user(r->addr, len & 127, from) : bpf_probe_read_kernel(r->addr, len & 127, from);
	r->addr_len = failed ? 0 : len;
}

/* Address of a connect or bind: the kernel's copy, before 6.10 the caller's. */
static __always_inline void keep_endpoint(struct ring_request *r, struct io_kiocb *req, u64 user, u32 len)
{
	void *async = FIELD(io_kiocb, req, async_data);

	if (!ADDRESSES_COPIED_AT_SUBMISSION)
		keep_address(r, (const void *)user, true, len);
	else if (async)
		keep_address(r, prepared_address(async), false, len);
}

/* Address of a send: the prepared message's. */
static __always_inline void keep_destination(struct ring_request *r, struct io_kiocb *req)
{
	void *async = FIELD(io_kiocb, req, async_data);
	u64 at;
	u32 len = 0;

	if (ADDRESSES_COPIED_AT_SUBMISSION) {
		if (async && FIELD(io_async_msghdr, async, msg.msg_name))
			keep_address(r, MEMBER(io_async_msghdr, async, addr), false,
				     FIELD(io_async_msghdr, async, msg.msg_namelen));
	} else if (r->nr == NR_SENDTO) {
		at = unprepared_destination(req, &len);
		if (at)
			keep_address(r, (const void *)at, true, len);
	} else if (r->nr == NR_SENDMSG) {
		struct msghdr_user header = {};

		bpf_probe_read_user(&header, sizeof(header), (const void *)r->arg[1]);
		keep_address(r, (const void *)header.name, true, header.name_len);
	}
}

/* Calls that make, take or name files. */
__noinline int ring_file_command(void)
{
	struct scratch *s = scratch_here();
	struct ring_request *r;
	struct io_kiocb *req;

	if (!s)
		return 0;
	req = (struct io_kiocb *)s->request;
	r = &s->ring;
	switch (r->nr) {
	case NR_OPENAT2:
	case NR_OPENAT:
		r->arg[0] = (s64)FIELD(io_open, req, dfd);
		/* The kernel adds this one by itself. */
		r->arg[2] = FIELD(io_open, req, how.flags) & ~O_LARGEFILE;
		r->arg[3] = FIELD(io_open, req, how.mode);
		r->arg[4] = FIELD(io_open, req, how.resolve);
		r->slot = FIELD(io_open, req, file_slot);
		KEEP_NAME(0, io_open, filename, r->arg[0]);
		break;
	case NR_CLOSE:
		r->arg[0] = (s64)FIELD(io_close, req, fd);
		r->slot = FIELD(io_close, req, file_slot);
		break;
	case NR_UNLINKAT:
		r->arg[0] = (s64)FIELD(io_unlink, req, dfd);
		r->arg[2] = FIELD(io_unlink, req, flags);
		KEEP_NAME(0, io_unlink, filename, r->arg[0]);
		break;
	case NR_MKDIRAT:
		r->arg[0] = (s64)FIELD(io_mkdir, req, dfd);
		r->arg[2] = FIELD(io_mkdir, req, mode);
		KEEP_NAME(0, io_mkdir, filename, r->arg[0]);
		break;
	case NR_RENAMEAT2:
		r->arg[0] = (s64)FIELD(io_rename, req, old_dfd);
		r->arg[2] = (s64)FIELD(io_rename, req, new_dfd);
		r->arg[4] = FIELD(io_rename, req, flags);
		KEEP_NAME(0, io_rename, oldpath, r->arg[0]);
		KEEP_NAME(1, io_rename, newpath, r->arg[2]);
		break;
	case NR_LINKAT:
		r->arg[0] = (s64)FIELD(io_link, req, old_dfd);
		r->arg[2] = (s64)FIELD(io_link, req, new_dfd);
		r->arg[4] = FIELD(io_link, req, flags);
		KEEP_NAME(0, io_link, oldpath, r->arg[0]);
		KEEP_NAME(1, io_link, newpath, r->arg[2]);
		break;
	case NR_SYMLINKAT:
		r->arg[1] = (s64)FIELD(io_link, req, new_dfd);
		/* What a link holds is text. */
		s->node = REQUEST_NAME(io_link, req, oldpath);
		keep_name(0, 0, false);
		KEEP_NAME(1, io_link, newpath, r->arg[1]);
		break;
	case NR_FTRUNCATE:
		r->arg[1] = FIELD_IF_ANY(io_ftrunc, req, len);
		break;
	}
	return 0;
}

/* Calls on sockets. */
__noinline int ring_socket_command(void)
{
	struct scratch *s = scratch_here();
	struct ring_request *r;
	struct io_kiocb *req;

	if (!s)
		return 0;
	req = (struct io_kiocb *)s->request;
	r = &s->ring;
	switch (r->nr) {
	case NR_SOCKET:
		r->arg[0] = FIELD(io_socket, req, domain);
		r->arg[1] = FIELD(io_socket, req, type);
		r->arg[2] = FIELD(io_socket, req, protocol);
		r->slot = FIELD(io_socket, req, file_slot);
		break;
	case NR_CONNECT:
		keep_endpoint(r, req, (u64)FIELD(io_connect, req, addr), FIELD(io_connect, req, addr_len));
		break;
	case NR_BIND:
		keep_endpoint(r, req, 0, FIELD_IF_ANY(io_bind, req, addr_len));
		break;
	case NR_LISTEN:
		r->arg[1] = FIELD_IF_ANY(io_listen, req, backlog);
		break;
	case NR_ACCEPT4:
		r->arg[3] = FIELD(io_accept, req, flags);
		r->slot = FIELD(io_accept, req, file_slot);
		break;
	case NR_SHUTDOWN:
		r->arg[1] = FIELD(io_shutdown, req, how);
		break;
	case NR_SENDTO:
	case NR_SENDMSG:
	case NR_RECVFROM:
	case NR_RECVMSG:
		r->arg[1] = (u64)FIELD(io_sr_msg, req, buf);
		r->arg[2] = FIELD(io_sr_msg, req, len);
		if (r->nr == NR_SENDTO || r->nr == NR_SENDMSG)
			keep_destination(r, req);
		break;
	}
	return 0;
}

/* The file that the command was given, by number while the kernel has not looked it up; into s->node, because a global
 * function returns no kernel pointer. */
__noinline int find_argument(void)
{
	struct scratch *s = scratch_here();
	struct io_kiocb *req;
	struct file *file;

	if (!s)
		return 0;
	req = (struct io_kiocb *)s->request;
	file = FIELD(io_kiocb, req, file);
	if (!file && FIELD(io_kiocb, req, flags) & REQ_FIXED_FILE)
		file = registered_file(FIELD(io_kiocb, req, ctx), s->ring.arg[0]);
	else if (!file)
		file = file_of((struct task_struct *)s->task, (s32)s->ring.arg[0]);
	s->node = (u64)file;
	return 0;
}

/* Number of the descriptor that the command made: the ring's own where it is a direct one. */
static __always_inline s64 made_number(struct scratch *s)
{
	if (!s->ring.slot || s->ring.slot == RING_SLOT_ANY || s->ret < 0)
		return s->ret;
	return s->ring.slot - 1;
}

__noinline int find_made(void)
{
	struct scratch *s = scratch_here();
	struct io_kiocb *req;

	if (!s)
		return 0;
	s->node = 0;
	if (s->unfinished || s->ret < 0)
		return 0;
	req = (struct io_kiocb *)s->request;
	if (s->ring.slot)
		s->node = (u64)registered_file(FIELD(io_kiocb, req, ctx), made_number(s));
	else
		s->node = (u64)file_of((struct task_struct *)s->task, s->ret);
	return 0;
}

/* Opens the record of the request at hand, with the result in s->ret. 0: no rule can match. */
__noinline int ring_opens_record(void)
{
	struct scratch *s = scratch_here();
	struct task_struct *task, *submitter;
	const struct yk_filter *filter;
	const struct yk_call *call;
	bool possible, unknown;
	u32 nr;

	if (!s)
		return 0;
	unknown = s->unfinished;
	nr = s->ring.nr & (YK_CALLS - 1);
	call = call_of(nr);
	s->generation = live.generation;
	filter = filter_of(s->generation);
	if (!call || !filter)
		return 0;
	task = request_task((struct io_kiocb *)s->request);
	submitter = submitter_of(task);
	s->subject = (u64)submitter;
	s->must_send = !live.filter_on || call->flags & YK_C_STATE;
	if (unknown) {
		s->bits = filter->calls[nr];
		possible = true;
	} else {
		possible = filter_call(filter, &s->bits, nr, s->ret);
	}
	if (!(possible && filter_task()) && call_filtered(s))
		return 0;
	s->nr = nr;
	s->task = (u64)task;
	record(s, call->event, call->nparams);
	s->tid = FIELD(task_struct, submitter, pid);
	s->flags = YK_X_IO_URING | (unknown ? YK_X_RESULT_UNKNOWN : 0);
	if (unknown)
		s->ret = 0;
	__builtin_memcpy(s->arg, s->ring.arg, sizeof(s->arg));
	s->share = call->share;
	return 1;
}

static __always_inline struct scratch *ring_begin(void)
{
	return ring_opens_record() ? scratch_here() : NULL;
}

/* Puts the first kept name where the open's comparison looks for the given one; true where it is relative and joined
 * to its directory. */
__noinline int given_from_kept(void)
{
	struct scratch *s = scratch_here();
	struct kept_name *name, *base;
	u32 len, base_len, at;

	if (!s)
		return 0;
	name = kept(s, 0);
	base = kept(s, KEPT_BASE);
	len = masked(name->len, PATH_MASK);
	base_len = masked(base->len, PATH_MASK);
	s->given_len = 0;
	if (!(s->ring.names & 1))
		return 0;
	s->given_len = len;
	bpf_probe_read_kernel(s->given, len, name->text);
	*(u64 *)&s->given[len] = 0;
	if (!(s->ring.names & 1 << KEPT_BASE))
		return 0;
	/* The directory, a slash, the name; the root brings its own slash. */
	if (base_len == 1)
		base_len = 0;
	if (base_len + 1 + len >= PATH_SIZE)
		return 0;
	at = PATH_SIZE - len;
	bpf_probe_read_kernel(&s->base.buf[masked(at, PATH_MASK)], len, s->given);
	s->base.buf[masked(at - 1, PATH_MASK)] = '/';
	s->base.off = masked(at - 1 - base_len, PATH_MASK);
	bpf_probe_read_kernel(&s->base.buf[s->base.off], base_len, base->text);
	s->base.cut = base->cut;
	return 1;
}

static __always_inline void ring_open_event(void *ctx)
{
	struct scratch *s = ring_begin();
	const struct yk_filter *filter = s ? filter_of(s->generation) : NULL;
	struct open_args args = { .name_param = 2 };
	struct task_struct *holder;

	if (!filter)
		return;
	holder = (struct task_struct *)s->task;
	args.dirfd = (s32)s->arg[0];
	args.flags = s->arg[2];
	args.mode = s->arg[3];
	args.resolve = s->arg[4];
	if (!filter_access(filter, &s->bits, args.flags) && call_filtered(s))
		return;
	s->joined = given_from_kept();
	s->scan = scan_given();
	if (!bits_and(filter, &s->bits, &filter->climbing[s->scan & GIVEN_CLIMBS ? YK_CLIMBS : YK_STAYS]) && call_filtered(s))
		return;
	find_made();
	s->file_at = s->node;
	s->real_chain = s->base_chain = 0;
	open_names(args.dirfd);
	s->file.fd = made_number(s);
	/* Without the file its real name may be anything. */
	if (!s->unfinished && !filter_names(args.dirfd) && call_filtered(s))
		return;
	open_record(s, submitter_of(holder), &args);
	finish(ctx, s, &finishing_ring);
}

static __always_inline void ring_socket_event(void *ctx)
{
	struct scratch *s = ring_begin();
	struct file *file, *argument = NULL;
	struct task_struct *holder;
	s64 fd;

	if (!s)
		return;
	holder = (struct task_struct *)s->task;
	message_of(s->slot);
	s->addr_len = s->ring.addr_len & 127;
	__builtin_memcpy(s->addr, s->ring.addr, sizeof(s->addr));
	s->addr_read = s->addr_len != 0;
	need_address(s->slot);
	if (s->nr != NR_SOCKET) {
		find_argument();
		argument = (struct file *)s->node;
	}
	fd = (s32)s->arg[0];
	file = argument;
	/* An accept whose socket is not known yet is told of by the one that listens. */
	if (s->nr == NR_SOCKET || (s->nr == NR_ACCEPT4 && !s->unfinished)) {
		find_made();
		file = (struct file *)s->node;
		fd = made_number(s);
	}
	if (socket_possible(s, file, fd)) {
		socket_record(s, submitter_of(holder), argument);
		finish(ctx, s, &finishing_ring);
	}
}

/* One parameter of the table's row; the `which`-th name takes the place of a pointer. Returns which is next. */
__noinline int put_ring_param(u32 i, u32 which)
{
	struct scratch *s = scratch_here();
	const struct yk_param *p = s ? choice_of(s, i) : NULL;

	if (!p)
		return which;
	switch (p->source) {
	case YK_SRC_PATH:
	case YK_SRC_STR:
		if (s->ring.names & 1 << (which & 1))
			put_text(s, kept(s, which)->text, masked(kept(s, which)->len, PATH_MASK));
		else
			put_none(s);
		return which + 1;
	case YK_SRC_RET:
		put_result(s);
		break;
	case YK_SRC_INT:
		put_sized(s, p->width, (s64)(s32)call_arg(s, p->arg));
		break;
	case YK_SRC_ARG:
		put_sized(s, p->width, call_arg(s, p->arg));
		break;
	default:
		put_none(s);
	}
	return which;
}

/* Of a path parameter, the directory that the `which`-th name starts from. Returns which is next. */
__noinline int item_kept_base(u32 i, u32 which)
{
	struct scratch *s = scratch_here();
	const struct yk_param *p = s ? choice_of(s, i) : NULL;
	u32 base = KEPT_BASE + (which & 1);

	if (!p || (p->source != YK_SRC_PATH && p->source != YK_SRC_STR))
		return which;
	if (s->ring.names & 1 << base)
		item_path(s, YK_I_BASE, i, kept(s, base)->cut, kept(s, base)->text,
			  masked(kept(s, base)->len, PATH_MASK));
	return which + 1;
}

__noinline int item_argument(void)
{
	struct scratch *s = scratch_here();

	if (!s)
		return 0;
	find_argument();
	item_of_file(s, (struct file *)s->node, (s32)s->arg[0]);
	return 0;
}

#define RING_PARAMS 6 /* of the calls told here */

static __always_inline void ring_simple_event(void *ctx)
{
	struct scratch *s = ring_begin();
	const struct yk_call *call = s ? call_of(s->nr) : NULL;
	struct task_struct *holder;
	u32 which = 0;

	if (!call)
		return;
	holder = (struct task_struct *)s->task;
	for (u32 i = 0; i < RING_PARAMS && i < call->nparams; i++)
		which = put_ring_param(i, which);
	task_facts(s, submitter_of(holder));
	which = 0;
	for (u32 i = 0; i < RING_PARAMS && i < call->nparams; i++)
		which = item_kept_base(i, which);
	if (!s->ring.names && s->nr != NR_CLOSE)
		item_argument();
	finish(ctx, s, &finishing_ring);
}

/* Takes the names of a request that was submitted earlier. */
__noinline int recall_names(u64 request)
{
	struct scratch *s = scratch_here();

	if (!s)
		return 0;
	for (u32 which = 0; which < KEPT_NAMES; which++) {
		struct ring_name_key key = { .request = request, .which = which };
		struct kept_name *from, *to = kept(s, which);

		if (!(s->ring.names & 1 << which))
			continue;
		from = bpf_map_lookup_elem(&ring_names, &key);
		if (!from) {
			s->ring.names &= ~(1 << which);
			continue;
		}
		to->len = masked(from->len, PATH_MASK);
		to->cut = from->cut;
		bpf_probe_read_kernel(to->text, masked(to->len, PATH_MASK), from->text);
	}
	return 0;
}

__noinline int forget_request(u64 request)
{
	struct ring_request *r = bpf_map_lookup_elem(&ring_requests, &request);
	u64 *last;

	if (!r)
		return 0;
	{
		struct ring_user_key user = { .ctx = r->ctx, .user_data = r->user_data };

		last = bpf_map_lookup_elem(&ring_users, &user);
		if (last && *last == request)
			bpf_map_delete_elem(&ring_users, &user);
	}
	for (u32 which = 0; which < KEPT_NAMES; which++) {
		struct ring_name_key key = { .request = request, .which = which };

		if (r->names & 1 << which)
			bpf_map_delete_elem(&ring_names, &key);
	}
	bpf_map_delete_elem(&ring_requests, &request);
	return 0;
}

/* Keeps the request at hand until it completes; false where there is no room. */
__noinline int remember_request(u64 request)
{
	struct scratch *s = scratch_here();
	struct ring_user_key user;

	if (!s)
		return 0;
	if (bpf_map_update_elem(&ring_requests, &request, &s->ring, BPF_ANY))
		return 0;
	for (u32 which = 0; which < KEPT_NAMES; which++) {
		struct ring_name_key key = { .request = request, .which = which };

		if (s->ring.names & 1 << which && bpf_map_update_elem(&ring_names, &key, kept(s, which), BPF_ANY)) {
			forget_request(request);
			return 0;
		}
	}
	user.ctx = s->ring.ctx;
	user.user_data = s->ring.user_data;
	if (bpf_map_update_elem(&ring_users, &user, &request, BPF_ANY))
		count(YK_N_RING_UNFOLLOWED);
	return 1;
}

/* Puts a request that was submitted earlier at hand. */
static __always_inline struct scratch *recall(u64 request)
{
	struct ring_request *r = bpf_map_lookup_elem(&ring_requests, &request);
	struct scratch *s = r ? scratch_here() : NULL;

	if (!s)
		return NULL;
	__builtin_memcpy(&s->ring, r, sizeof(s->ring));
	s->request = request;
	recall_names(request);
	return s;
}

/* Goes on with the program that writes the event of the request at hand; returns only where it is missing. */
static __always_inline void ring_tell(void *ctx, struct scratch *s, bool unfinished)
{
	s->unfinished = unfinished;
	if (unfinished)
		count(YK_N_RING_UNKNOWN);
	switch (s->ring.nr) {
	case NR_OPENAT:
	case NR_OPENAT2:
		CONTINUE_WITH(ctx, &ring_programs, YK_RING_OPEN);
		break;
	case NR_CLOSE:
	case NR_SHUTDOWN:
	case NR_FTRUNCATE:
	case NR_UNLINKAT:
	case NR_MKDIRAT:
	case NR_RENAMEAT2:
	case NR_LINKAT:
	case NR_SYMLINKAT:
		CONTINUE_WITH(ctx, &ring_programs, YK_RING_SIMPLE);
		break;
	default:
		CONTINUE_WITH(ctx, &ring_programs, YK_RING_SOCKET);
	}
}

/* After the event of an older request: the submission that brought it to light. */
static __always_inline int ring_resume(void *ctx)
{
	struct scratch *s = scratch_here();

	if (s && s->resumes) {
		s->resumes = 0;
		CONTINUE_WITH(ctx, &ring_programs, YK_RING_SUBMIT);
	}
	return 0;
}

SEC("raw_tp")
int RAW_PROGRAM(ring_open, void)
{
	MEASURED(ring_open);
	if (scratch_lost())
		return 0;
	ring_open_event(ctx);
	return ring_resume(ctx);
}

SEC("raw_tp")
int RAW_PROGRAM(ring_simple, void)
{
	MEASURED(ring_simple);
	if (scratch_lost())
		return 0;
	ring_simple_event(ctx);
	return ring_resume(ctx);
}

SEC("raw_tp")
int RAW_PROGRAM(ring_socket, void)
{
	MEASURED(ring_socket);
	if (scratch_lost())
		return 0;
	ring_socket_event(ctx);
	return ring_resume(ctx);
}

SEC("raw_tp")
int RAW_PROGRAM(ring_others, void)
{
	MEASURED(ring_others);
	if (scratch_lost())
		return 0;
	finish_here();
	return ring_resume(ctx);
}

/* The operation's arguments into s->ring. False: it is no rule's concern. */
static __always_inline bool ring_prepare(struct scratch *s, struct io_kiocb *req, u32 nr)
{
	struct task_struct *task = request_task(req);
	const struct yk_filter *filter = filter_of(live.generation);

	if (!filter)
		return false;
	s->generation = live.generation;
	s->bits = filter->calls[nr & (YK_CALLS - 1)];
	s->subject = (u64)submitter_of(task);
	s->must_send = !live.filter_on;
	if (!filter_task() && call_filtered(s))
		return false;
	__builtin_memset(&s->ring, 0, sizeof(s->ring));
	s->task = (u64)task;
	s->request = (u64)req;
	s->ring.nr = nr;
	s->ring.ctx = (u64)FIELD(io_kiocb, req, ctx);
	s->ring.user_data = FIELD(io_kiocb, req, cqe.user_data);
	s->ring.arg[0] = (s64)FIELD(io_kiocb, req, cqe.fd);
	ring_file_command();
	ring_socket_command();
	return true;
}

/* io_uring_submit_req(req); before 6.5 io_uring_submit_sqe(req, …). */
SEC("raw_tp")
int RAW_PROGRAM(ring_submit, struct bpf_raw_tracepoint_args)
{
	MEASURED(ring_submit);
	struct io_kiocb *req = (struct io_kiocb *)ctx->args[0];
	u64 request = ctx->args[0];
	u32 operation = FIELD(io_kiocb, req, opcode), *nr = bpf_map_lookup_elem(&ring_calls, &operation);
	struct task_struct *task;
	struct scratch *s;

	if (!nr || *nr >= YK_CALLS)
		return 0;
	task = request_task(req);
	if ((u32)FIELD(task_struct, task, tgid) == settings.self_tgid)
		return 0;
	/* The kernel has used this one's memory again: what lay there ended without a word (it was cancelled with its
	 * chain, or its completion found no room). */
	s = recall(request);
	if (s) {
		forget_request(request);
		s->resumes = 1;
		ring_tell(ctx, s, true);
		return 0;
	}
	s = scratch_here();
	if (!s)
		return 0;
	count(YK_N_RING);
	s->resumes = 0;
	if (!ring_prepare(s, req, *nr))
		return 0;
	if (FIELD(io_kiocb, req, flags) & REQ_CQE_SKIP || !remember_request(request))
		ring_tell(ctx, s, true);
	return 0;
}

/* A completion that names no request: one of several (a multishot accept or receive). Anybody who can write to the
 * ring can make such, so that it ends nothing. */
static __always_inline int ring_completed_again(void *ctx, u64 ring, u64 user_data, s64 res)
{
	struct ring_user_key user = { .ctx = ring, .user_data = user_data };
	u64 *request = bpf_map_lookup_elem(&ring_users, &user);
	struct scratch *s = request ? recall(*request) : NULL;

	if (!s || s->ring.ctx != ring || s->ring.user_data != user_data)
		return 0;
	if (s->ring.nr != NR_ACCEPT4 && s->ring.nr != NR_RECVFROM && s->ring.nr != NR_RECVMSG)
		return 0;
	s->ret = res;
	s->resumes = 0;
	ring_tell(ctx, s, false);
	return 0;
}

SEC("raw_tp")
int RAW_PROGRAM(ring_complete, struct bpf_raw_tracepoint_args)
{
	u64 request = ctx->args[1];
	s64 res = COMPLETION_RESULT(ctx);
	struct scratch *s;

	if (!request)
		return ring_completed_again(ctx, ctx->args[0], COMPLETION_USER_DATA(ctx), res);
	s = recall(request);
	if (!s)
		return 0;
	forget_request(request);
	s->ret = res;
	s->resumes = 0;
	ring_tell(ctx, s, false);
	return 0;
}

/* io_uring_cqe_overflow(ctx, user_data, …): the completion queue is full. Which request it was is not told, only the
 * number that userspace gave it; and another one's result may come under that number. */
SEC("raw_tp")
int RAW_PROGRAM(ring_overflow, struct bpf_raw_tracepoint_args)
{
	struct ring_user_key user = { .ctx = ctx->args[0], .user_data = ctx->args[1] };
	u64 *request = bpf_map_lookup_elem(&ring_users, &user), ended;
	struct scratch *s;

	if (!request)
		return 0;
	ended = *request;
	s = recall(ended);
	if (!s)
		return 0;
	forget_request(ended);
	s->resumes = 0;
	ring_tell(ctx, s, true);
	return 0;
}
