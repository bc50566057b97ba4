/* SPDX-License-Identifier: GPL-2.0 */
/* The table-driven program: every system call whose parameters are arguments, results, strings and buffers. */

/* What the caller's buffer of `asked` bytes holds. */
static __always_inline u64 buffer_len(struct scratch *s, u8 kind, u64 asked)
{
	u32 pointed = 0;

	switch (kind) {
	case YK_LEN_RESULT:
		return s->ret > 0 ? s->ret : 0;
	case YK_LEN_DONE:
		return s->ret > 0 ? s->ret : asked;
	case YK_LEN_POINTED:
		bpf_probe_read_user(&pointed, sizeof(pointed), (const void *)asked);
		return pointed;
	default:
		return asked;
	}
}

/* struct pollfd of the caller. */
struct pollfd_user {
	s32 fd;
	__s16 events, revents;
};

/* The entries that something happened on: u16 number, then s64 descriptor and s16 kernel flags each. */
__noinline int put_polled(u32 slot, u64 entries, u64 count)
{
	struct scratch *s = scratch_of(slot);
	u32 start;

	if (!s)
		return 0;
	start = s->off;
	s->left = 0;
	s->off += sizeof(u16);
	for (u32 i = 0; i < YK_POLL_ENTRIES && i < count && s->ret > 0; i++) {
		struct pollfd_user entry = {};
		char *to = out_at(s);

		bpf_probe_read_user(&entry, sizeof(entry), (const void *)(entries + i * sizeof(entry)));
		if (!entry.revents)
			continue;
		*(s64 *)to = entry.fd;
		*(__s16 *)(to + sizeof(s64)) = entry.revents;
		s->off += YK_POLL_ENTRY;
		s->left++;
	}
	if (count > YK_POLL_ENTRIES)
		mark_cut(s, 2 + count * YK_POLL_ENTRY);
	*(u16 *)&s->out[masked(start, OUT_MASK)] = s->left;
	s->polled = s->left;
	s->polled_at = start + sizeof(u16);
	param_ends(s, start);
	return 0;
}

/* Words that are hashed in one call. */
#define HASH_WORDS 16

/* Takes the words from `at` on into s->chain; false behind the last one. */
__noinline int given_hash_from(u32 slot, u32 at)
{
	struct scratch *s = scratch_of(slot);
	u64 hash;

	if (!s)
		return 0;
	hash = s->chain;
	for (u32 i = 0; i < HASH_WORDS && at < s->given_len; i++, at += 8)
		hash = (hash ^ *(u64 *)&s->given[masked(at, PATH_MASK)]) * 0x100000001b3;
	s->chain = hash;
	return at < s->given_len;
}

/* Hash of s->given, word by word; what lies behind its end counts as zeros. */
__noinline u64 given_hash(u32 slot)
{
	struct scratch *s = scratch_of(slot);

	if (!s)
		return 0;
	*(u64 *)&s->given[masked(s->given_len, PATH_MASK)] = 0;
	s->chain = 0xcbf29ce484222325;
	for (u32 at = 0; at < PATH_SIZE; at += 8 * HASH_WORDS)
		if (!given_hash_from(slot, at))
			break;
	return s->chain;
}

/* Whether the strings of the call at hand are taken when it begins: a rule of its generation is about it. */
static __always_inline bool snapshot_due(const struct scratch *s)
{
	const struct yk_filter *f = filter_of(s->generation);
	const struct yk_bits *asked;

	if (!f)
		return false;
	asked = &f->calls[s->nr & (YK_CALLS - 1)];
	return bits_meet(f, asked, asked);
}

/* A string of a call that leaves no object behind. Where it was taken when the call began and is another now, the event
 * says so and has the first: that is closer to what the kernel used. Where it should have been taken and was not, nobody
 * knows whether it is another. */
__noinline int put_given_text(u32 slot, u64 pointer)
{
	struct scratch *s = scratch_of(slot);
	struct snapshot *before;
	struct snapshot_text *text;
	u32 index, start, len;

	if (!s)
		return 0;
	index = s->texts;
	start = s->off;
	put_user_text(s, pointer);
	s->texts = index + 1;
	len = *(u16 *)&s->out[YK_HEADER_SIZE + 2 * ((s->param - 1) & 31)];
	if (!(s->call_flags & YK_C_SNAPSHOT)) {
		s->flags |= len ? YK_X_LATE : YK_X_ARGS_CHANGED;
		return 0;
	}
	if (index >= YK_SNAPSHOT_TEXTS)
		return 0;
	before = bpf_map_lookup_elem(&snapshots, &s->tid);
	if (!before || before->nr != s->nr || index >= before->count) {
		if (snapshot_due(s)) {
			s->flags |= YK_X_ARGS_CHANGED;
			count(YK_N_SNAPSHOT_MISSED);
		}
		return 0;
	}
	text = &before->text[masked(index, YK_SNAPSHOT_TEXTS - 1)];
	s->given_len = len;
	bpf_probe_read_kernel(s->given, masked(len, PATH_MASK), &s->out[masked(start, OUT_MASK)]);
	if (len && text->len == len && text->hash == given_hash(s->slot))
		return 0;
	s->flags |= YK_X_ARGS_CHANGED;
	if (!text->len || text->len > YK_SNAPSHOT_START)
		return 0;
	s->off = start;
	s->param--;
	bpf_probe_read_kernel(out_at(s), text->len & (2 * YK_SNAPSHOT_START - 1), text->start);
	param_done(s, text->len);
	return 0;
}

static __always_inline void put_source(struct scratch *s, const struct yk_param *p)
{
	u64 at = call_arg(s, p->arg), count = call_arg(s, p->aux), len;

	if (p->mode & YK_P_SUCCESS && s->ret < 0) {
		put_sized(s, p->width, missing(p));
		return;
	}
	switch (p->source) {
	case YK_SRC_NONE:
		put_none(s);
		break;
	case YK_SRC_PATH:
	case YK_SRC_STR:
		if (s->call_flags & YK_C_NAMES)
			put_given_text(s->slot, at);
		else
			put_user_text(s, at);
		break;
	case YK_SRC_BUF:
		put_user_bytes(s, at, buffer_len(s, p->off, count), settings.snaplen);
		break;
	case YK_SRC_VECTOR:
		len = buffer_len(s, p->off, p->off == YK_LEN_RESULT ? 0 : vector_len(s->slot, at, count));
		put_vector(s->slot, at, count, len);
		break;
	case YK_SRC_POLL:
		put_polled(s->slot, at, count);
		break;
	default:
		put_sized(s, p->width, number_of(s, p));
	}
}

/* Global: looked at once instead of eighteen times. */
__noinline int put_param(u32 slot, u32 i)
{
	struct scratch *s = scratch_of(slot);
	const struct yk_param *p;
	u32 index;

	if (!s)
		return 0;
	p = choice_of(s, i);
	if (!p) {
		put_sized(s, width_of(s, i), 0);
		return 0;
	}
	if (!p->variant) {
		put_source(s, p);
		return 0;
	}
	/* A dynamic parameter: the variant's index belongs to its length. */
	index = s->param & 31;
	*out_at(s) = p->variant - 1;
	s->off++;
	put_source(s, p);
	*(u16 *)&s->out[YK_HEADER_SIZE + 2 * index] += 1;
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
	p = choice_of(s, i);
	if (!p)
		return 0;
	if (p->source == YK_SRC_PATH) {
		char first = 0;

		bpf_probe_read_user(&first, 1, (const void *)call_arg(s, p->arg));
		if (first != '/')
			item_base(s->slot, i, p->aux == YK_NO_ARG ? AT_FDCWD : (s64)(s32)call_arg(s, p->aux));
	} else if (p->mode & YK_P_DESCRIPTOR && !described && !(p->mode & YK_P_SUCCESS && s->ret < 0)) {
		item_descriptor(s->slot, number_of(s, p));
		return 1;
	}
	return 0;
}

/* The strings of a call that is not told. */
static __always_inline void forget_snapshot(struct pt_regs *regs)
{
	const struct yk_call *call = call_of(native_number(regs));
	u32 tid = (u32)bpf_get_current_pid_tgid();

	if (call && call->flags & YK_C_SNAPSHOT)
		bpf_map_delete_elem(&snapshots, &tid);
}

SEC("tp_btf/sys_exit")
int PROGRAM(simple, struct pt_regs *regs, long ret)
{
	MEASURED(simple);
	struct task_struct *task = current_task();
	bool described = false;
	struct scratch *s = call_begin(regs, ret);
	const struct yk_call *call = s ? call_of(s->nr) : NULL;

	if (!call) {
		forget_snapshot(regs);
		return 0;
	}
	s->call_flags = call->flags;
	for (u32 i = 0; i < YK_MAX_PARAMS && i < call->nparams; i++)
		put_param(s->slot, i);
	if (call->flags & YK_C_SNAPSHOT)
		bpf_map_delete_elem(&snapshots, &s->tid);
	task_facts(s, task);
	if (call->flags & YK_C_CREATES_FD && ret >= 0) {
		item_descriptor(s->slot, ret);
		described = true;
	}
	for (u32 i = 0; i < YK_MAX_PARAMS && i < call->nparams; i++)
		described |= item_of_param(s->slot, i, described);
	if (call->flags & YK_C_CWD && ret >= 0)
		item_cwd(s, task, 1);
	finish(ctx, s, &finishing);
	return 0;
}

/* Any other call: its number (capture code 0, userspace fills it in) and the native one. */
SEC("tp_btf/sys_exit")
int PROGRAM(generic, struct pt_regs *regs, long ret)
{
	MEASURED(generic);
	struct scratch *s = call_begin(regs, ret);

	if (!s)
		return 0;
	put_u16(s, 0);
	put_u16(s, s->nr);
	task_facts(s, current_task());
	finish(ctx, s, &finishing);
	return 0;
}
