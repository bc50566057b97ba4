/* SPDX-License-Identifier: GPL-2.0 */
/* The table-driven program: every system call whose parameters are arguments, results, strings and buffers. */

static __always_inline u64 call_arg(struct scratch *s, u8 i)
{
	return s->arg[i < 6 ? i : 5];
}

static __always_inline void put_sized(struct scratch *s, u8 width, u64 v)
{
	switch (width) {
	case 1:
		put_u8(s, v);
		break;
	case 2:
		put_u16(s, v);
		break;
	case 4:
		put_u32(s, v);
		break;
	default:
		put_u64(s, v);
	}
}

/* Row `i` of the call's table entry. */
static __always_inline const struct yk_param *param_at(struct scratch *s, u32 i)
{
	const struct yk_call *call = call_of(s->nr);

	return call ? &call->params[i & (YK_MAX_PARAMS - 1)] : NULL;
}

/* Global: looked at once instead of sixteen times. */
__noinline int put_param(u32 slot, u32 i)
{
	struct scratch *s = scratch_of(slot);
	const struct yk_param *p;

	if (!s)
		return 0;
	p = param_at(s, i);
	if (!p)
		return 0;
	switch (p->source) {
	case YK_SRC_RET:
		put_sized(s, p->width, s->ret);
		break;
	case YK_SRC_ARG:
		put_sized(s, p->width, call_arg(s, p->arg));
		break;
	case YK_SRC_INT:
		put_sized(s, p->width, (s64)(s32)call_arg(s, p->arg));
		break;
	case YK_SRC_FD:
		put_u64(s, (s64)(s32)call_arg(s, p->arg));
		break;
	case YK_SRC_CONST:
		put_sized(s, p->width, p->arg);
		break;
	case YK_SRC_PATH:
	case YK_SRC_STR:
		put_user_text(s, call_arg(s, p->arg));
		break;
	case YK_SRC_BUF:
		put_user_bytes(s, call_arg(s, p->arg),
			       p->aux == YK_NO_ARG ? (s->ret > 0 ? s->ret : 0) : call_arg(s, p->aux), settings.snaplen);
		break;
	default:
		put_none(s);
	}
	return 0;
}

/* Walks the directory that a relative path argument starts from, as the caller sees it; false where there is none. */
static __always_inline bool directory_name(struct scratch *s, s64 dirfd)
{
	struct task_struct *task;
	struct path path;

	task = (struct task_struct *)s->task;
	if (dirfd == AT_FDCWD) {
		struct fs_struct *fs = FIELD(task_struct, task, fs);

		path = PATH(fs_struct, fs, pwd);
	} else {
		struct file *file = file_of(task, dirfd);

		if (!file)
			return false;
		path = PATH(file, file, f_path);
	}
	seen_name(s, task, path);
	return true;
}

__noinline int item_base(u32 slot, u32 param, s64 dirfd)
{
	struct scratch *s = scratch_of(slot);

	if (!s || !directory_name(s, dirfd))
		return 0;
	item_path(s, YK_I_BASE, param, s->base.cut, walk_text(&s->base), walk_len(&s->base));
	return 0;
}

static __always_inline void item_cwd(struct scratch *s, struct task_struct *task, u8 param)
{
	struct fs_struct *fs = FIELD(task_struct, task, fs);
	struct path pwd = PATH(fs_struct, fs, pwd);

	seen_name(s, task, pwd);
	item_path(s, YK_I_REAL, param, s->base.cut, walk_text(&s->base), walk_len(&s->base));
}

/* The items that a parameter brings: a relative path's directory, the first descriptor's facts. Returns whether it was
 * a descriptor. */
__noinline int item_of_param(u32 slot, u32 i, bool described)
{
	struct scratch *s = scratch_of(slot);
	const struct yk_param *p;

	if (!s)
		return 0;
	p = param_at(s, i);
	if (!p)
		return 0;
	if (p->source == YK_SRC_PATH) {
		char first = 0;

		bpf_probe_read_user(&first, 1, (const void *)call_arg(s, p->arg));
		if (first != '/')
			item_base(s->slot, i, p->aux == YK_NO_ARG ? AT_FDCWD : (s64)(s32)call_arg(s, p->aux));
	} else if (p->source == YK_SRC_FD && !described) {
		item_descriptor(s->slot, (s64)(s32)call_arg(s, p->arg));
		return 1;
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(simple, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool described;
	struct scratch *s = call_begin(regs, ret);
	const struct yk_call *call = s ? call_of(s->nr) : NULL;

	if (!call)
		return 0;
	for (u32 i = 0; i < YK_MAX_PARAMS && i < call->nparams; i++)
		put_param(s->slot, i);
	task_facts(s, task);
	if (call->flags & YK_C_CREATES_FD && ret >= 0)
		item_descriptor(s->slot, ret);
	described = call->flags & YK_C_CREATES_FD;
	for (u32 i = 0; i < YK_MAX_PARAMS && i < call->nparams; i++)
		described |= item_of_param(s->slot, i, described);
	if (call->flags & YK_C_CWD && ret >= 0)
		item_cwd(s, task, 1);
	finish(s);
	return 0;
}

/* Any other call: its number (capture code 0, userspace fills it in) and the native one. */
SEC("tp_btf/sys_exit")
int BPF_PROG(generic, struct pt_regs *regs, long ret)
{
	struct scratch *s = call_begin(regs, ret);

	if (!s)
		return 0;
	put_u16(s, 0);
	put_u16(s, s->nr);
	task_facts(s, current_task());
	finish(s);
	return 0;
}
