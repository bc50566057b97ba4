/* SPDX-License-Identifier: GPL-2.0 */
/* open, openat, openat2, creat, open_by_handle_at: filtered by both names before anything is copied. */

#define O_CREAT 0100
#define O_WRONLY 01
#define O_TRUNC 01000
#define SCAN_LIMIT 256
#define COMPARE_STEPS 64
/* Components of a relative name that are compared one by one. */
#define RELATIVE_STEPS 16
/* Names as long as those of libraries. */
#define SHORT_NAME 128

struct open_how_user {
	u64 flags, mode, resolve;
};

static __always_inline void openat2_args(struct scratch *s, struct open_args *a)
{
	struct open_how_user how = {};

	bpf_probe_read_user(&how, sizeof(how), (const void *)s->arg[2]);
	a->flags = how.flags;
	a->mode = how.mode;
	a->resolve = how.resolve;
}

static __always_inline bool names_directory(u32 nr)
{
	return nr != NR_OPEN && nr != NR_CREAT;
}

static __always_inline void open_args(struct scratch *s, struct open_args *a)
{
	u32 first = names_directory(s->nr);

	a->dirfd = first ? (s32)s->arg[0] : AT_FDCWD;
	a->name = first ? s->arg[1] : s->arg[0];
	a->flags = first ? s->arg[2] : s->arg[1];
	a->mode = first ? s->arg[3] : s->arg[2];
	a->resolve = 0;
	a->name_param = first + 1;
	switch (s->nr) {
	case NR_CREAT:
		a->flags = O_CREAT | O_WRONLY | O_TRUNC;
		a->mode = s->arg[1];
		break;
	case NR_OPEN_BY_HANDLE_AT:
		a->name = 0;
		a->mode = 0;
		a->name_param = 3;
		break;
	case NR_OPENAT2:
		openat2_args(s, a);
		break;
	}
}

/* Does the real name end in the given one? Eight bytes at a time; a longer text counts as another name, which costs
 * a second look-up and no more. */
__noinline int ends_in_given(void)
{
	struct scratch *s = scratch_here();
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

#define EVERY_BYTE(c) ((u64)(c) * 0x0101010101010101ULL)

/* The high bits of the bytes that equal `c`; above a true one there may be false ones. */
static __always_inline u64 bytes_near(u64 word, u8 c)
{
	u64 v = word ^ EVERY_BYTE(c);

	return (v - EVERY_BYTE(1)) & ~v & EVERY_BYTE(0x80);
}

/* The same without false ones. */
static __always_inline u64 bytes_equal(u64 word, u8 c)
{
	u64 v = word ^ EVERY_BYTE(c), low = EVERY_BYTE(0x7f);

	return ~(((v & low) + low) | v | low);
}

/* The place of the highest marked byte of a word: which of the eight. */
static __always_inline u32 highest_byte(u64 marks)
{
	u32 high = (marks >> 32 != 0) * 4;

	marks >>= 8 * high;
	high += (marks >> 16 != 0) * 2;
	marks >>= (marks >> 16 != 0) * 16;
	return high + (marks >> 8 != 0);
}

/* Where the last component starts, and a hash of what stands before it. The seed is a secret: nobody can name a
 * directory that is taken for another one. */
static __always_inline void given_directory(struct scratch *s)
{
	u32 high = highest_byte(bytes_equal(s->slash_word, '/'));
	u64 hash;

	s->given_last = s->slash_at + high + 1;
	hash = chain_step(s->slash_hash, s->slash_word & ~0ULL >> (56 - 8 * high & 63));
	s->given_chain = chain_step(hash, s->given_last) | 1;
}

/* Words that are looked at in one go: at fixed places, so that no bound is checked between them. */
#define SCAN_WORDS 8

/* Finds the last component, and says whether there could be anything to fold: a dot at the start, "/." or "//" ('.' and
 * '/' differ in their last bit). Says yes too often, never too rarely. Global, and what it finds in map memory: what is
 * known behind the loop would make the verifier follow the next one from each of its ends. */
__noinline int maybe_dotted(void)
{
	struct scratch *s = scratch_here();
	u64 folds = 0, hash, ahead;
	u32 len;

	if (!s)
		return 0;
	len = s->given_len;
	ahead = *(u64 *)&s->given[0];
	s->slash_word = 0;
	s->given_last = 0;
	s->given_chain = 0;
	hash = settings.seed ^ s->generation;
	for (u32 at = 0; at < SCAN_LIMIT; at += 8 * SCAN_WORDS) {
		const char *words = &s->given[masked(at, SCAN_LIMIT - 1)];

#pragma unroll
		for (u32 i = 0; i < SCAN_WORDS; i++) {
			u64 word = ahead, next, slashes;

			if (at + i * 8 >= len)
				goto end;
			/* Whole words only: one that straddles two that were just written waits for both. */
			ahead = *(u64 *)&words[i * 8 + 8];
			next = word >> 8 | ahead << 56;
			slashes = bytes_near(word, '/');
			folds |= slashes & bytes_near(next & EVERY_BYTE(0xfe), '.');
			if (slashes) {
				s->slash_word = word;
				s->slash_hash = hash;
				s->slash_at = at + i * 8;
			}
			hash = chain_step(hash, word);
		}
	}
end:
	if (s->slash_word)
		given_directory(s);
	return folds != 0 || s->given[0] == '.';
}

/* Looks for what lexical normalisation would change. A text longer than the scan counts as both. */
__noinline int scan_given(void)
{
	struct scratch *s = scratch_here();
	u64 dotted = 0, climbs = 0, word = 0, before = (u64)'/' << 56;
	u32 len;

	if (!s)
		return 0;
	if (s->given_len > SCAN_LIMIT)
		return GIVEN_CLIMBS | GIVEN_DOTTED;
	if (!maybe_dotted())
		/* "/etc/" is "/etc". */
		return s->given_len > 1 && s->given_last == s->given_len ? GIVEN_DOTTED : 0;
	len = s->given_len;
	/* Eight bytes at a time, each with the ones beside it, and without branches: the verifier would follow every
	 * combination of them. Zeroes stand behind the end. */
	for (u32 at = 0; at < SCAN_LIMIT; at += 8) {
		u64 ahead, after, slash, dot, slash_before, slash_after;

		if (at >= len)
			break;
		word = *(u64 *)&s->given[at];
		ahead = *(u64 *)&s->given[at + 8];
		after = word >> 8 | ahead << 56;
		before = word << 8 | before >> 56;
		slash = bytes_equal(word, '/');
		dot = bytes_equal(word, '.');
		slash_before = bytes_equal(before, '/');
		slash_after = bytes_equal(after, '/');
		dotted |= slash_before & dot & (slash_after | bytes_equal(after, '.') | bytes_equal(after, 0));
		/* The slash before the first byte is nobody's. */
		dotted |= slash_before & slash & ~(at ? 0 : 0x80ULL);
		climbs |= bytes_equal(before, '.') & dot & slash_after;
		before = word;
	}
	if (climbs)
		return GIVEN_CLIMBS | GIVEN_DOTTED;
	return dotted || (len > 1 && s->given[masked(len - 1, SCAN_LIMIT - 1)] == '/') ? GIVEN_DOTTED : 0;
}

/* Full given name of a relative path: the text at the end, its directory walked before it. */
__noinline int join_given(s64 dirfd)
{
	struct scratch *s = scratch_here();
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
	walk_up(s->slot, WALK_BASE);
	return 1;
}

/* A directory in the host's root file system, of a task that has the host's root: seen under its real name. */
static __always_inline bool plain_place(struct task_struct *task, struct vfsmount *mnt)
{
	struct fs_struct *fs = FIELD(task_struct, task, fs);
	struct path root = PATH(fs_struct, fs, root);
	u64 host = live.host_root_mount;

	return (u64)mount_of(mnt) == host && (u64)mount_of(root.mnt) == host && (u64)root.dentry == live.host_root_dentry;
}

static __always_inline void read_given(struct scratch *s, u64 name)
{
	long len = name ? user_string(s->given, PATH_SIZE, name) : 0;

	s->given_len = len > 0 ? (len - 1) & PATH_MASK : 0;
	/* What is read eight bytes at a time ends in zeroes. */
	*(u64 *)&s->given[masked(s->given_len, PATH_MASK)] = 0;
	if (len == PATH_SIZE && user_text_goes_on(name))
		mark_truncated(s);
}

/* Adds every clause that asks for a file name, where this one may be among them; `first`: its first eight bytes. */
static __always_inline void filename_maybe(const struct yk_filter *f, struct scratch *s, u64 first, u32 len)
{
	if (name_asked(f, first, len))
		bits_or(f, &s->possible, &f->asks[YK_ASKS_FILENAME]);
}

/* What the real name's directory and last component leave; false where the directory is not known yet. */
static __always_inline bool quick_real(const struct yk_filter *f, struct scratch *s, struct task_struct *task)
{
	struct dentry *dentry = FIELD(file, s->file_at, f_path.dentry);
	struct dentry *parent = FIELD(dentry, dentry, d_parent);

	if (dentry == parent)
		return false;
	s->real_chain = directory_chain(s, task, parent);
	if (!directory_bits(f, s, s->real_chain))
		return false;
	if (bits_meet(f, &s->bits, &f->asks[YK_ASKS_FILENAME])) {
		u64 first = word_at(NUMBER(dentry, dentry, d_name.name));
		u32 len = FIELD(dentry, dentry, d_name.len);

		filename_maybe(f, s, len < 8 ? first & ((1ULL << (8 * len & 63)) - 1) : first, len);
	}
	return true;
}

static __always_inline struct dentry *directory_of(struct file *file)
{
	struct dentry *dentry = FIELD(file, file, f_path.dentry);

	return FIELD(dentry, dentry, d_parent);
}

/* The directory that a relative name starts from, where it is seen under its real name. */
static __always_inline bool quick_base(const struct yk_filter *f, struct scratch *s, struct task_struct *task,
				       s64 dirfd)
{
	struct path from;

	if (dirfd == AT_FDCWD) {
		struct fs_struct *fs = FIELD(task_struct, task, fs);

		from = PATH(fs_struct, fs, pwd);
	} else {
		struct file *file = file_of(task, dirfd);

		if (!file)
			return false;
		from = PATH(file, file, f_path);
	}
	if (!plain_place(task, from.mnt))
		return false;
	/* The file's own directory has had its say. */
	if (s->file_at && directory_of((struct file *)s->file_at) == from.dentry) {
		s->base_chain = s->real_chain;
		return true;
	}
	s->base_chain = directory_chain(s, task, from.dentry);
	return directory_bits(f, s, s->base_chain);
}

static __always_inline bool quick_given(const struct yk_filter *f, struct scratch *s, struct task_struct *task,
					s64 dirfd)
{
	u32 last = masked(s->given_last, PATH_MASK);

	if (!s->given_len)
		return s->file_at != 0;
	if (s->scan & GIVEN_DOTTED)
		return false;
	if (s->given[0] != '/') {
		if (!quick_base(f, s, task, dirfd))
			return false;
	} else {
		if (!directory_bits(f, s, s->given_chain))
			return false;
	}
	if (bits_meet(f, &s->bits, &f->asks[YK_ASKS_FILENAME]))
		filename_maybe(f, s, *(u64 *)&s->given[last], s->given_len - last);
	return true;
}

/* The path dimension without spelling anything out: false where no clause is left. */
__noinline int quick_names(s64 dirfd)
{
	struct scratch *s = scratch_here();
	const struct yk_filter *f = s ? filter_of(s->generation) : NULL;
	struct task_struct *task;

	if (!f)
		return 1;
	task = (struct task_struct *)s->task;
	bits_clear(f, &s->possible);
	/* A descriptor that another thread closed already: its file is unknown. */
	if (s->file_at ? !quick_real(f, s, task) : s->ret >= 0)
		return 1;
	if (!quick_given(f, s, task, dirfd))
		return 1;
	return bits_keep(f, &s->bits, &f->asks[YK_ASKS_PATH], &s->possible) != 0;
}

/* Is the directory `from` as far above the file as the given name is long? */
static __always_inline bool starts_at(struct scratch *s, struct dentry *from)
{
	struct dentry *dentry = FIELD(file, s->file_at, f_path.dentry);
	u32 len = 0;

	for (int i = 0; i < RELATIVE_STEPS; i++) {
		len += FIELD(dentry, dentry, d_name.len) + 1;
		dentry = FIELD(dentry, dentry, d_parent);
		if (dentry == from)
			return len == s->given_len + 1;
	}
	return false;
}

/* A relative name that is the tail of the real one, from a directory that is seen under its real name. */
static __always_inline bool same_relative(struct scratch *s, struct task_struct *task, s64 dirfd)
{
	struct fs_struct *fs = FIELD(task_struct, task, fs);

	return dirfd == AT_FDCWD && plain_place(task, FIELD(file, s->file_at, f_path.mnt)) &&
	       plain_place(task, FIELD(fs_struct, fs, pwd.mnt)) && starts_at(s, FIELD(fs_struct, fs, pwd.dentry));
}

/* Spells the names out, and finds out whether they are one. */
__noinline int open_names(s64 dirfd)
{
	struct scratch *s = scratch_here();
	struct task_struct *task;
	bool relative, tail = false;

	if (!s)
		return 0;
	task = (struct task_struct *)s->task;
	relative = s->given_len && s->given[0] != '/';
	s->same_name = s->have_base = 0;
	if (s->file_at) {
		file_facts(&s->file, (struct file *)s->file_at, s->ret);
		name_of_file(s, task, (struct file *)s->file_at, s->file.kind);
		tail = s->given_len && ends_in_given();
	}
	if (!s->given_len)
		s->same_name = s->file_at != 0;
	else if (tail)
		s->same_name = relative ? !s->joined && same_relative(s, task, dirfd) : walk_len(&s->real) == s->given_len;
	if (!s->same_name && relative)
		s->have_base = s->joined || join_given(dirfd);
	return 0;
}

enum { NAME_REAL, NAME_JOINED, NAME_GIVEN };

/* Adds the clauses whose path atoms hold for one of the event's names, and remembers the directory that it is in or
 * starts from. Told which name instead of where it is: before 6.2 a key may lie in a map's value, and not in memory
 * that a function was handed. */
__noinline int name_bits(u32 which, u64 chain)
{
	struct scratch *s = scratch_here();
	const struct yk_filter *f = s ? filter_of(s->generation) : NULL;
	u32 len, last, rest;
	const char *text;

	if (!f)
		return 0;
	last = s->given_len - s->given_last;
	rest = s->given_len;
	if (which == NAME_GIVEN) {
		text = s->given;
		len = masked(s->given_len, PATH_MASK);
	} else {
		struct walk *w = which == NAME_REAL ? &s->real : &s->base;

		text = walk_text(w);
		len = walk_len(w);
		if (which == NAME_REAL)
			last = rest = w->leaf;
	}
	path_bits(f, s, &s->possible, text, len, true);
	if (!last) {
		bits_or(f, &s->possible, &f->asks[YK_ASKS_FILENAME]);
		bits_or(f, &s->possible, &f->asks[YK_ASKS_FOLDER]);
	} else if (last <= len && bits_meet(f, &s->bits, &f->asks[YK_ASKS_FILENAME])) {
		kind_bits(f, s, &s->possible, YK_KEY_FILENAME, text + masked(len - last, PATH_MASK), last);
	}
	if (last < len && bits_meet(f, &s->bits, &f->asks[YK_ASKS_FOLDER]))
		kind_bits(f, s, &s->possible, YK_KEY_FOLDER, text, len > last + 1 ? len - last - 1 : 1);
	/* Before the rest stands the slash, which is all there is of the root. */
	if (chain && rest && rest < len)
		directory_learn(f, s, chain, text, len > rest + 1 ? len - rest - 1 : 1);
	return 0;
}

/* The chain once more: a rename between hashing and spelling must not be remembered. */
static __always_inline u64 still(struct scratch *s, struct task_struct *task, u64 chain, struct dentry *dentry)
{
	return chain && directory_chain(s, task, dentry) == chain ? chain : 0;
}

static __always_inline void real_bits(struct scratch *s, struct task_struct *task)
{
	name_bits(NAME_REAL, still(s, task, s->real_chain, directory_of((struct file *)s->file_at)));
}

static __always_inline void base_bits(struct scratch *s, struct task_struct *task, s64 dirfd)
{
	struct fs_struct *fs = FIELD(task_struct, task, fs);

	name_bits(NAME_JOINED, dirfd == AT_FDCWD ? still(s, task, s->base_chain, FIELD(fs_struct, fs, pwd.dentry)) : 0);
}

/* A cut name, or one that nobody knows any more, may be anything. */
static __always_inline bool name_unknown(struct scratch *s)
{
	if (s->file_at ? s->real.cut & 1 : s->ret >= 0)
		return true;
	return !s->same_name && (s->scan & GIVEN_DOTTED || (s->have_base && s->base.cut));
}

/* The path dimension: a clause survives when its atom holds for one of the names. */
__noinline int filter_names(s64 dirfd)
{
	struct scratch *s = scratch_here();
	const struct yk_filter *f = s ? filter_of(s->generation) : NULL;
	struct task_struct *task;

	if (!f || name_unknown(s))
		return 1;
	task = (struct task_struct *)s->task;
	if (s->given[0] == '/' && s->given_len && !(s->scan & GIVEN_DOTTED))
		directory_learn(f, s, s->given_chain, s->given, s->given_last > 1 ? s->given_last - 1 : 1);
	bits_clear(f, &s->possible);
	if (s->file_at)
		real_bits(s, task);
	if (!s->same_name) {
		if (s->have_base)
			base_bits(s, task, dirfd);
		else if (s->given_len && s->given[0] == '/')
			name_bits(NAME_GIVEN, 0);
		else
			return 1;
	}
	return bits_keep(f, &s->bits, &f->asks[YK_ASKS_PATH], &s->possible) != 0;
}

/* What was opened. A regular file in memory counts as one here, and as a memfd in userspace: clauses allow for that. */
static __always_inline bool filter_kind(const struct yk_filter *f, struct scratch *s)
{
	u32 which = YK_KIND_OTHER;

	if (!bits_meet(f, &s->bits, &f->asks[YK_ASKS_KIND]))
		return true;
	if (s->file_at) {
		struct inode *inode = FIELD(file, s->file_at, f_inode);
		u16 format = FIELD(inode, inode, i_mode) & S_IFMT;

		which = format == S_IFREG ? YK_KIND_FILE : format == S_IFDIR ? YK_KIND_DIRECTORY : YK_KIND_OTHER;
	}
	return bits_and(f, &s->bits, &f->kind[which]) != 0;
}

/* Two dots in a row in the first SHORT_NAME bytes of the given name. Says yes too often, never too rarely. */
static __always_inline bool short_name_climbs(const struct scratch *s, u32 len)
{
	u64 word = *(const u64 *)&s->given[0], found = 0;

#pragma unroll
	for (u32 i = 0; i < SHORT_NAME / 8; i++) {
		u64 next, pairs;

		if (i * 8 >= len)
			break;
		next = *(const u64 *)&s->given[i * 8 + 8];
		pairs = (word ^ EVERY_BYTE('.')) | ((word >> 8 | next << 56) ^ EVERY_BYTE('.'));
		found |= (pairs - EVERY_BYTE(1)) & ~pairs & EVERY_BYTE(0x80);
		word = next;
	}
	return found;
}

/* A failed open of which nothing is asked but whether it climbs, which it does not. Programs that search for libraries
 * and headers make them by the thousand: nothing is set up for them but the name. Callers with other registers or other
 * numbers go the long way. */
static __always_inline bool fails_unasked(struct pt_regs *regs, long ret)
{
	const struct yk_filter *f = ret < 0 && live.filter_on ? filter_of(live.generation) : NULL;
	u32 nr = CALL_NUMBER(regs);
	struct scratch *s;
	u64 name;
	long n;

	if (!f || !f->failed_opens_climb || nr >= YK_CALLS || nr == NR_OPEN_BY_HANDLE_AT || ia32_entry())
		return false;
	s = scratch_here();
	if (!s)
		return false;
	name = names_directory(nr) ? CALL_ARG1(regs) : CALL_ARG0(regs);
	n = bpf_probe_read_user_str(s->given, SHORT_NAME, (const void *)name);
	if (n <= 0 || n >= SHORT_NAME)
		return false;
	*(u64 *)&s->given[masked(n, SHORT_NAME - 1)] = 0;
	return !short_name_climbs(s, n);
}

/* Every dimension, cheapest first; the names are spelled out only where no cheaper one has decided. */
static __always_inline bool open_possible(const struct yk_filter *f, struct scratch *s, struct open_args *a)
{
	if (!filter_access(f, &s->bits, a->flags))
		return false;
	read_given(s, a->name);
	s->scan = scan_given();
	if (!bits_and(f, &s->bits, &f->climbing[s->scan & GIVEN_CLIMBS ? YK_CLIMBS : YK_STAYS]))
		return false;
	s->file_at = (u64)file_of((struct task_struct *)s->task, s->ret);
	s->real_chain = s->base_chain = 0;
	if (!quick_names(a->dirfd) || !filter_kind(f, s))
		return false;
	if (!filter_task())
		return false;
	open_names(a->dirfd);
	return filter_names(a->dirfd);
}

/* What is sent whatever the filter says has its names all the same. */
static __always_inline void open_unfiltered(struct scratch *s, struct open_args *a)
{
	read_given(s, a->name);
	s->file_at = (u64)file_of((struct task_struct *)s->task, s->ret);
	open_names(a->dirfd);
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
		put_user_text(s, a->name);
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
static __always_inline void open_record(struct scratch *s, struct task_struct *task, struct open_args *a)
{
	open_params(s, a, s->file_at != 0);
	task_facts(s, task);
	if (s->have_base) {
		u32 full = walk_len(&s->base), given = masked(s->given_len, PATH_MASK);
		u32 len = full > given + 1 ? full - given - 1 : 1;

		item_path(s, YK_I_BASE, a->name_param, s->base.cut, walk_text(&s->base), len);
	}
	if (s->file_at) {
		item_bytes(s, YK_I_FILE, &s->file, sizeof(s->file));
		item_path(s, YK_I_REAL, a->name_param, s->real.cut, walk_text(&s->real), walk_len(&s->real));
	}
}

SEC("tp_btf/sys_exit")
int PROGRAM(open, struct pt_regs *regs, long ret)
{
	MEASURED(open);
	const struct yk_filter *filter;
	struct open_args *args;
	struct scratch *s;

	if (fails_unasked(regs, ret)) {
		count(YK_N_FILTERED);
		return 0;
	}
	s = call_enter(regs, ret);
	filter = s ? filter_of(s->generation) : NULL;
	if (!filter)
		return 0;
	args = &s->asked;
	open_args(s, args);
	if (s->must_send) {
		open_unfiltered(s, args);
	} else if (!open_possible(filter, s, args)) {
		count(YK_N_FILTERED);
		return 0;
	}
	if (call_record(s)) {
		open_record(s, current_task(), args);
		finish(ctx, s, &finishing);
	}
	return 0;
}
