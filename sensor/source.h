/* SPDX-License-Identifier: GPL-2.0 */
/* Reading one parameter's row: which way applies, and the number that it stands for. */
#ifndef YARAK_SOURCE_H
#define YARAK_SOURCE_H

#define PAGE_KB_SHIFT 2
#define NS_PER_US 1000
#define MM_FILE 0
#define MM_ANON 1
#define MM_SWAP 2
#define MM_SHMEM 3

static __always_inline u64 call_arg(struct scratch *s, u8 i)
{
	return s->arg[i < 6 ? i : 5];
}

static __always_inline void put_sized(struct scratch *s, u8 width, u64 v)
{
	switch (width) {
	case 0:
		put_none(s);
		break;
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

static __always_inline bool test_holds(struct scratch *s, const struct yk_test *test)
{
	u64 at;

	if (test->arg == YK_NO_ARG)
		return true;
	at = ((u32)call_arg(s, test->arg) >> (test->shift & 31)) - (u64)test->base;
	return (at < 64 && test->set >> at & 1) != test->inverted;
}

static __always_inline bool cond_holds(struct scratch *s, u32 index)
{
	const struct yk_cond *cond = bpf_map_lookup_elem(&conditions, &index);

	return cond && test_holds(s, &cond->test[0]) && test_holds(s, &cond->test[1]);
}

static __always_inline const struct yk_param *param_row(u32 row)
{
	return bpf_map_lookup_elem(&params, &row);
}

static __always_inline u32 first_row(struct scratch *s, u32 i)
{
	const struct yk_call *call = call_of(s->nr);

	return call ? call->first + i : YK_PARAM_ROWS;
}

static __always_inline u8 width_of(struct scratch *s, u32 i)
{
	const struct yk_param *p = param_row(first_row(s, i));

	return p ? p->width : 0;
}

/* The first way to parameter `i` whose condition holds; NULL: none does. */
static __always_inline const struct yk_param *choice_of(struct scratch *s, u32 i)
{
	u32 row = first_row(s, i);

	for (int n = 0; n < YK_MAX_CHOICES; n++) {
		const struct yk_param *p = param_row(row);

		if (!p)
			return NULL;
		if (!p->cond || cond_holds(s, p->cond - 1)) {
			s->row = row;
			return p;
		}
		if (!p->next)
			return NULL;
		row = p->next;
	}
	return NULL;
}

static __always_inline u64 missing(const struct yk_param *p)
{
	return p->mode & YK_P_ONES ? -1 : 0;
}

/* A long of the caller, whichever width its are. */
static __always_inline bool read_long(struct scratch *s, u64 at, s64 *v)
{
	s32 narrow = 0;

	if (!(s->flags & YK_X_IA32))
		return !bpf_probe_read_user(v, sizeof(*v), (const void *)at);
	if (bpf_probe_read_user(&narrow, sizeof(narrow), (const void *)at))
		return false;
	*v = narrow;
	return true;
}

static __always_inline u32 long_size(struct scratch *s)
{
	return s->flags & YK_X_IA32 ? 4 : 8;
}

static __always_inline u64 word_behind(struct scratch *s, const struct yk_param *p, u64 pointer)
{
	u16 half = 0;
	u32 word = 0;
	s64 wide = 0;

	switch (p->aux) {
	case YK_W_U16:
	case YK_W_I16:
		if (bpf_probe_read_user(&half, sizeof(half), (const void *)(pointer + p->off)))
			return missing(p);
		return p->aux == YK_W_I16 ? (s64)(__s16)half : half;
	case YK_W_U64:
		if (bpf_probe_read_user(&wide, sizeof(wide), (const void *)(pointer + p->off)))
			return missing(p);
		return wide;
	case YK_W_LONG:
		return read_long(s, pointer + p->off * long_size(s), &wide) ? wide : missing(p);
	default:
		if (bpf_probe_read_user(&word, sizeof(word), (const void *)(pointer + p->off)))
			return missing(p);
		return p->aux == YK_W_U32 ? word : p->aux == YK_W_I32 ? (s64)(s32)word : -(s64)(s32)word;
	}
}

/* struct timespec or timeval in ns. */
static __always_inline u64 time_at(struct scratch *s, const struct yk_param *p, u64 pointer, u64 unit)
{
	s64 seconds = 0, rest = 0;
	bool ok;

	if (s->flags & YK_X_IA32 && s->wide_times) {
		ok = !bpf_probe_read_user(&seconds, sizeof(seconds), (const void *)pointer) &&
		     !bpf_probe_read_user(&rest, sizeof(rest), (const void *)(pointer + sizeof(seconds)));
	} else {
		ok = read_long(s, pointer, &seconds) && read_long(s, pointer + long_size(s), &rest);
	}
	return ok ? seconds * NS_PER_S + rest * unit : missing(p);
}

static __always_inline u64 pages_kb(struct mm_struct *mm, u8 kind)
{
	u64 pages;

	if (!mm)
		return 0;
	switch (kind) {
	case YK_M_SIZE:
		pages = FIELD(mm_struct, mm, total_vm);
		break;
	case YK_M_RSS:
		pages = MM_PAGES(mm, MM_FILE) + MM_PAGES(mm, MM_ANON) + MM_PAGES(mm, MM_SHMEM);
		break;
	default:
		pages = MM_PAGES(mm, MM_SWAP);
	}
	return pages << PAGE_KB_SHIFT;
}

/* Facts of a descriptor that the kernel wrote into user memory. */
static __always_inline u64 object_at(struct scratch *s, const struct yk_param *p, u64 pointer)
{
	struct file *file;
	s32 fd = -1;

	bpf_probe_read_user(&fd, sizeof(fd), (const void *)(pointer + p->off));
	file = file_of((struct task_struct *)s->task, fd);
	if (!file)
		return 0;
	/* Through memory: a global function returns no kernel pointer. */
	if (p->source == YK_SRC_SOCK) {
		s->node = (u64)sock_of(file);
		return *(volatile u64 *)&s->node;
	}
	return FIELD(inode, FIELD(file, file, f_inode), i_ino);
}

/* Global: both the parameters and the items ask. */
__noinline u64 number_at(u32 slot, u64 pointer)
{
	struct scratch *s = scratch_of(slot);
	const struct yk_param *p = s ? param_row(s->row) : NULL;

	if (!s || !p)
		return 0;
	switch (p->source) {
	case YK_SRC_WORD:
		return word_behind(s, p, pointer);
	case YK_SRC_TIMESPEC:
		return time_at(s, p, pointer, 1);
	case YK_SRC_TIMEVAL:
		return time_at(s, p, pointer, NS_PER_US);
	default:
		return object_at(s, p, pointer);
	}
}

static __always_inline u64 number_of(struct scratch *s, const struct yk_param *p)
{
	u64 v = call_arg(s, p->arg);

	switch (p->source) {
	case YK_SRC_RET:
		return s->ret;
	case YK_SRC_ARG:
		return v;
	case YK_SRC_INT:
		return (s64)(s32)v;
	case YK_SRC_CONST:
		return p->arg;
	case YK_SRC_MEMORY:
		return pages_kb(FIELD(task_struct, s->task, mm), p->arg);
	case YK_SRC_VECTOR_LEN:
		return vector_len(s->slot, v, call_arg(s, p->aux));
	default:
		return v ? number_at(s->slot, v) : missing(p);
	}
}

#endif
