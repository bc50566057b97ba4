/* SPDX-License-Identifier: GPL-2.0 */
/* open, openat, openat2, creat, open_by_handle_at: filtered by both names before anything is copied. */

#define NR_OPEN 2
#define NR_CREAT 85
#define NR_OPENAT 257
#define NR_OPEN_BY_HANDLE_AT 304
#define NR_OPENAT2 437
#define O_CREAT 0100
#define O_WRONLY 01
#define O_TRUNC 01000
#define SCAN_LIMIT 256
#define COMPARE_STEPS 64

struct open_args {
	u64 name;
	u64 flags;
	u64 mode;
	u64 resolve;
	s64 dirfd;
	u8 name_param;
	bool joined; /* s->base holds the full given name already */
};

struct open_how_user {
	u64 flags, mode, resolve;
};

static __always_inline void open_args(struct scratch *s, struct open_args *a)
{
	__builtin_memset(a, 0, sizeof(*a));
	a->dirfd = AT_FDCWD;
	a->name_param = 1;
	switch (s->nr) {
	case NR_OPEN:
		a->name = s->arg[0];
		a->flags = s->arg[1];
		a->mode = s->arg[2];
		break;
	case NR_CREAT:
		a->name = s->arg[0];
		a->flags = O_CREAT | O_WRONLY | O_TRUNC;
		a->mode = s->arg[1];
		break;
	case NR_OPEN_BY_HANDLE_AT:
		a->dirfd = (s32)s->arg[0];
		a->flags = s->arg[2];
		a->name_param = 3;
		break;
	case NR_OPENAT2: {
		struct open_how_user how = {};

		bpf_probe_read_user(&how, sizeof(how), (const void *)s->arg[2]);
		a->flags = how.flags;
		a->mode = how.mode;
		a->resolve = how.resolve;
		a->dirfd = (s32)s->arg[0];
		a->name = s->arg[1];
		a->name_param = 2;
		break;
	}
	default:
		a->dirfd = (s32)s->arg[0];
		a->name = s->arg[1];
		a->flags = s->arg[2];
		a->mode = s->arg[3];
		a->name_param = 2;
	}
}

/* Does the real name end in the given one? Eight bytes at a time; a longer text counts as another name, which costs
 * a second look-up and no more. */
__noinline int ends_in_given(struct scratch *s)
{
	u32 len, start;

	if (!s)
		return 0;
	len = masked(s->given_len, PATH_MASK);
	if (len > walk_len(&s->real))
		return 0;
	start = PATH_SIZE - len;
	for (u32 i = 0; i < COMPARE_STEPS; i++) {
		u32 at = i * 8;
		u64 a, b;

		if (at >= len)
			return 1;
		a = *(u64 *)&s->given[masked(at, PATH_MASK)];
		b = *(u64 *)&s->real.buf[masked(start + at, PATH_MASK)];
		if (len - at < 8) {
			u32 unused = 64 - 8 * (len - at);

			return (a ^ b) << (unused & 63) == 0;
		}
		if (a != b)
			return 0;
	}
	return 0;
}

#define GIVEN_CLIMBS 1 /* holds "../" */
#define GIVEN_DOTTED 2 /* has components that normalisation folds */

/* 1 where two bytes are equal. Without a branch: the verifier would follow every combination of them. */
static __always_inline u32 same_byte(u32 a, u32 b)
{
	return ((a ^ b) - 1) >> 31;
}

#define EVERY_BYTE(c) ((u64)(c) * 0x0101010101010101ULL)

/* High bits of the bytes that equal `c`; above a true one there may be false ones. */
static __always_inline u64 bytes_equal(u64 word, char c)
{
	u64 v = word ^ EVERY_BYTE(c);

	return (v - EVERY_BYTE(1)) & ~v & EVERY_BYTE(0x80);
}

/* Could there be anything to fold? Looks for "/." and "//" eight bytes at a time; says yes too often, never too rarely. */
static __always_inline bool maybe_dotted(struct scratch *s)
{
	if (s->given[0] == '.')
		return true;
	for (u32 i = 0; i < SCAN_LIMIT / 8; i++) {
		u64 word, next;

		if (i * 8 >= s->given_len)
			return false;
		word = *(u64 *)&s->given[i * 8];
		next = *(u64 *)&s->given[i * 8 + 1];
		if (bytes_equal(word, '/') & (bytes_equal(next, '.') | bytes_equal(next, '/')))
			return true;
	}
	return false;
}

/* Looks for what lexical normalisation would change. A text longer than the scan counts as both. */
__noinline int scan_given(struct scratch *s)
{
	u32 before = '/', found = 0;

	if (!s)
		return 0;
	if (s->given_len > SCAN_LIMIT)
		return GIVEN_CLIMBS | GIVEN_DOTTED;
	if (!maybe_dotted(s))
		/* "/etc/" is "/etc". */
		return s->given_len > 1 && s->given[masked(s->given_len - 1, PATH_MASK)] == '/' ? GIVEN_DOTTED : 0;
	for (u32 i = 0; i < SCAN_LIMIT; i++) {
		u32 c, after, ends, starts = same_byte(before, '/');

		if (i >= s->given_len)
			break;
		c = (u8)s->given[i];
		after = (u8)s->given[i + 1];
		ends = same_byte(after, '/') | same_byte(after, '.') | same_byte(after, 0);
		found |= (starts & same_byte(c, '.') & ends) * GIVEN_DOTTED;
		found |= (starts & same_byte(c, '/') & (i > 0)) * GIVEN_DOTTED;
		found |= (same_byte(before, '.') & same_byte(c, '.') & same_byte(after, '/')) * (GIVEN_CLIMBS | GIVEN_DOTTED);
		before = c;
	}
	if (s->given_len > 1)
		found |= same_byte(before, '/') * GIVEN_DOTTED;
	return found;
}

/* Full given name of a relative path: the text at the end, its directory walked before it. */
__noinline int join_given(struct scratch *s, s64 dirfd)
{
	struct task_struct *task;
	struct fs_struct *fs;
	struct path root, from;
	struct walk *w;
	u32 len;

	if (!s)
		return 0;
	w = &s->base;
	task = (struct task_struct *)s->task;
	fs = FIELD(task_struct, task, fs);
	if (dirfd == AT_FDCWD) {
		from = PATH(fs_struct, fs, pwd);
	} else {
		struct file *file = file_of(task, dirfd);

		if (!file)
			return 0;
		from = PATH(file, file, f_path);
	}
	root = PATH(fs_struct, fs, root);
	walk_begin(w, from.dentry, mount_of(from.mnt));
	w->stop_dentry = (u64)root.dentry;
	w->stop_mnt = (u64)mount_of(root.mnt);
	len = masked(s->given_len, PATH_MASK);
	/* Room for the text and the slash before it. */
	w->off = PATH_SIZE - len - 1;
	if (w->off >= PATH_SIZE)
		return 0;
	w->buf[masked(w->off, PATH_MASK)] = '/';
	bpf_probe_read_kernel(&w->buf[masked(w->off, PATH_MASK) + 1], masked(len, PATH_MASK), s->given);
	walk_up(w);
	return 1;
}

/* A relative name in the host's root file system, opened where it stands, needs no second look: it is the real one. */
static __always_inline bool plain_mount(struct task_struct *task, struct file *file, s64 dirfd)
{
	struct fs_struct *fs = FIELD(task_struct, task, fs);
	struct path root = PATH(fs_struct, fs, root), pwd = PATH(fs_struct, fs, pwd);
	struct path path = PATH(file, file, f_path);
	u64 host = live.host_root_mount;

	return dirfd == AT_FDCWD && (u64)mount_of(path.mnt) == host && (u64)mount_of(pwd.mnt) == host &&
	       (u64)mount_of(root.mnt) == host && (u64)root.dentry == live.host_root_dentry;
}

struct open_names {
	bool have_real;
	bool have_base;
	bool same;
	u8 scan;
};

static __always_inline void given_name(struct scratch *s, struct open_args *a)
{
	long len = a->name ? bpf_probe_read_user_str(s->given, PATH_SIZE, (const void *)a->name) : 0;

	s->given_len = len > 0 ? (len - 1) & PATH_MASK : 0;
	if (len == PATH_SIZE)
		mark_truncated(s);
}

/* Compares the given name with that of the file it led to. */
static __always_inline void open_names(struct scratch *s, struct task_struct *task, struct file *file,
				       struct open_args *a, struct open_names *n)
{
	bool relative, tail = false;

	__builtin_memset(n, 0, sizeof(*n));
	if (file) {
		n->have_real = true;
		file_facts(&s->file, file, s->ret);
		name_of_file(s, task, file, &s->file.kind);
		tail = s->given_len && ends_in_given(s);
	}
	relative = s->given_len && s->given[0] != '/';
	if (tail && !relative && walk_len(&s->real) == s->given_len)
		n->same = true;
	if (tail && relative && !a->joined && plain_mount(task, file, a->dirfd))
		n->same = true;
	if (!s->given_len)
		n->same = n->have_real;
	if (n->same)
		return;
	n->scan = scan_given(s);
	if (relative)
		n->have_base = a->joined || join_given(s, a->dirfd);
}

enum { NAME_REAL, NAME_JOINED, NAME_GIVEN };

/* Adds the clauses whose path atoms hold for one of the event's names. Global, and told which name instead of where it
 * is: the look-ups are verified once. */
__noinline int name_bits(u32 which, struct yk_bits *possible)
{
	/* Looked up again: before 6.2 a key may lie in a map's value, and not in memory that a function was handed. */
	struct scratch *s = scratch_here();
	const struct yk_filter *filter;
	const char *text;
	u32 len;

	if (!s || !possible)
		return 0;
	filter = filter_of(s->generation);
	if (!filter)
		return 0;
	if (which == NAME_GIVEN) {
		text = s->given;
		len = masked(s->given_len, PATH_MASK);
	} else {
		struct walk *w = which == NAME_REAL ? &s->real : &s->base;

		text = walk_text(w);
		len = walk_len(w);
	}
	path_bits(s, s->generation, possible, text, len);
	if (filter->has_filenames)
		filename_bits(s, s->generation, possible, text, len);
	return 0;
}

/* The path dimension: a clause survives when its atom holds for one of the names. */
static __always_inline bool filter_names(struct scratch *s, const struct yk_filter *filter, struct open_names *n)
{
	struct yk_bits possible = filter->any_path;

	if (!bits_and(&s->bits, &filter->climbing[n->scan & GIVEN_CLIMBS ? YK_CLIMBS : YK_STAYS]))
		return false;
	/* A cut name may be anything. */
	if ((n->have_real && s->real.cut & 1) || (!n->same && (n->scan & GIVEN_DOTTED || (n->have_base && s->base.cut))))
		return true;
	if (n->have_real)
		name_bits(NAME_REAL, &possible);
	if (!n->same) {
		if (n->have_base)
			name_bits(NAME_JOINED, &possible);
		else if (s->given_len && s->given[0] == '/')
			name_bits(NAME_GIVEN, &possible);
		else
			return true;
	}
	return bits_and(&s->bits, &possible);
}

static __always_inline void open_params(struct scratch *s, struct open_args *a, bool have_file)
{
	u32 dev = have_file ? s->file.dev : 0;
	u64 ino = have_file ? s->file.ino : 0;

	put_result(s);
	if (s->nr == NR_OPENAT || s->nr == NR_OPENAT2 || s->nr == NR_OPEN_BY_HANDLE_AT)
		put_u64(s, a->dirfd);
	if (s->nr == NR_OPEN_BY_HANDLE_AT) {
		put_u32(s, a->flags);
		if (have_file)
			put_text(s, walk_text(&s->real), walk_len(&s->real));
		else
			put_none(s);
		put_u32(s, dev);
		put_u64(s, ino);
		return;
	}
	if (s->given_len)
		put_text(s, s->given, s->given_len);
	else
		put_none(s);
	if (s->nr != NR_CREAT)
		put_u32(s, a->flags);
	put_u32(s, a->mode);
	if (s->nr == NR_OPENAT2)
		put_u32(s, a->resolve);
	put_u32(s, dev);
	put_u64(s, ino);
	if (s->nr == NR_CREAT)
		put_u16(s, have_file ? s->file.layer : 0);
}

/* The open's record, for the task that asked for it. */
static __always_inline void open_record(struct scratch *s, struct task_struct *task, struct open_args *a,
					struct open_names *n)
{
	open_params(s, a, n->have_real);
	task_facts(s, task);
	if (n->have_base) {
		u32 full = walk_len(&s->base), given = masked(s->given_len, PATH_MASK);
		u32 len = full > given + 1 ? full - given - 1 : 1;

		item_path(s, YK_I_BASE, a->name_param, s->base.cut, walk_text(&s->base), len);
	}
	if (n->have_real) {
		item_bytes(s, YK_I_FILE, &s->file, sizeof(s->file));
		item_path(s, YK_I_REAL, a->name_param, s->real.cut, walk_text(&s->real), walk_len(&s->real));
	}
	finish(s);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(open, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	struct open_names names;
	struct open_args args;
	struct scratch *s = call_begin(regs, ret);
	const struct yk_filter *filter = s ? filter_of(s->generation) : NULL;

	if (!filter)
		return 0;
	open_args(s, &args);
	if (live.filter_on && !filter_access(filter, &s->bits, args.flags)) {
		count(YK_N_FILTERED);
		return 0;
	}
	given_name(s, &args);
	open_names(s, task, file_of(task, ret), &args, &names);
	if (live.filter_on && !filter_names(s, filter, &names)) {
		count(YK_N_FILTERED);
		return 0;
	}
	open_record(s, task, &args, &names);
	return 0;
}
