/* SPDX-License-Identifier: GPL-2.0 */
/* Birth, change of image and death of processes. These feed state: they pass the filter and may fill a ring to the brim. */

#define EVENT_EXECVE 293
#define EVENT_EXECVEAT 331
#define EVENT_CLONE 223
#define EVENT_FORK 225
#define EVENT_VFORK 227
#define EVENT_CLONE3 335
#define EVENT_PROCEXIT 186
#define EXECVEAT_PARAMS 30
#define EXECVE_PARAMS 31 /* the last one is the file name as given */
#define CLONE_PARAMS 21
#define ARGS_LIMIT 4095
#define PIDTYPE_PGID 2
#define PIDTYPE_SID 3
#define RLIMIT_NOFILE 7
#define PF_KTHREAD 0x00200000
#define REAPER_STEPS 32
#define EXE_WRITABLE 1
#define EXE_UPPER_LAYER 2
#define EXE_FROM_MEMFD 4
#define EXE_LOWER_LAYER 8
#define CAP_DAC_OVERRIDE 1
#define CLONE_VM 0x100
#define CLONE_FS 0x200
#define CLONE_FILES 0x400
#define CLONE_THREAD 0x10000
#define CLONE_NEWPID 0x20000000
#define ARRAY_STRINGS 64

static __always_inline struct pid *signal_pid(struct task_struct *task, u32 type)
{
	struct signal_struct *signal = FIELD(task_struct, task, signal);
	struct pid *pid = NULL;

	bpf_core_read(&pid, sizeof(pid), &signal->pids[type]);
	return pid;
}

static __always_inline u32 tty_of(struct task_struct *task)
{
	struct signal_struct *signal = FIELD(task_struct, task, signal);
	struct tty_struct *tty = FIELD(signal_struct, signal, tty);
	struct tty_driver *driver;
	u32 minor;

	if (!tty)
		return 0;
	driver = FIELD(tty_struct, tty, driver);
	minor = FIELD(tty_driver, driver, minor_start) + FIELD(tty_struct, tty, index);
	return (minor & 0xff) | (FIELD(tty_driver, driver, major) << 8) | ((minor & 0xfff00) << 12);
}

static __always_inline u64 fd_limit(struct task_struct *task)
{
	struct signal_struct *signal = FIELD(task_struct, task, signal);
	u64 limit = 0;

	bpf_core_read(&limit, sizeof(limit), &signal->rlim[RLIMIT_NOFILE].rlim_cur);
	return limit;
}

static __always_inline u64 capability_word(struct task_struct *task, u32 offset)
{
	const struct cred *cred = FIELD(task_struct, task, cred);
	u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (void *)cred + offset);
	return v;
}

static __always_inline bool writable_by(struct task_struct *task, struct inode *inode)
{
	const struct cred *cred = FIELD(task_struct, task, cred);
	u16 mode = FIELD(inode, inode, i_mode);
	u64 caps = capability_word(task, bpf_core_field_offset(struct cred, cap_effective));

	if (caps & (1ULL << CAP_DAC_OVERRIDE))
		return true;
	if (FIELD(inode, inode, i_uid).val == FIELD(cred, cred, fsuid.val))
		return mode & 0200;
	if (FIELD(inode, inode, i_gid).val == FIELD(cred, cred, fsgid.val))
		return mode & 0020;
	return mode & 0002;
}

/* Facts of the executable into s->file and s->real; returns the capture format's execve flags. */
static __always_inline u32 exe_facts(struct scratch *s, struct task_struct *task, struct file *exe)
{
	struct inode *inode = FIELD(file, exe, f_inode);
	u32 flags = 0;

	file_facts(&s->file, exe, -1);
	name_of_file(s, task, exe, s->file.kind);
	if (writable_by(task, inode))
		flags |= EXE_WRITABLE;
	if (s->file.layer == 1)
		flags |= EXE_UPPER_LAYER;
	else if (s->file.layer == 2)
		flags |= EXE_LOWER_LAYER;
	if (s->file.kind == YK_FD_MEMFD)
		flags |= EXE_FROM_MEMFD;
	return flags;
}

__noinline int put_seen_cwd(u32 slot)
{
	struct scratch *s = scratch_of(slot);
	struct task_struct *task;
	struct fs_struct *fs;

	if (!s)
		return 0;
	task = (struct task_struct *)s->task;
	fs = FIELD(task_struct, task, fs);
	if (!fs) {
		put_none(s);
		return 0;
	}
	seen_name(s, task, PATH(fs_struct, fs, pwd));
	put_text(s, walk_text(&s->base), walk_len(&s->base));
	return 0;
}

/* Strings that lie between two user addresses, at most ARGS_LIMIT bytes of them. */
static __always_inline void put_user_strings(struct scratch *s, u64 start, u64 end)
{
	put_user_bytes(s, start, end > start ? end - start : 0, ARGS_LIMIT);
}

/* String `i` of the caller's pointer array behind what is written. 0: there is none, 1: written, 2: cut. A function of
 * its own, so that the loop below is one branch for the verifier. */
__noinline int add_string(u32 slot, u64 array, u32 i)
{
	struct scratch *s = scratch_of(slot);
	u64 pointer;
	u32 room;
	long n;

	if (!s)
		return 0;
	pointer = user_pointer(s, array + i * long_size(s));
	room = masked(s->left, PATH_MASK);
	if (!pointer)
		return 0;
	n = user_string(out_at(s), room, pointer);
	if (n <= 0)
		return room ? 0 : 2;
	s->off += n;
	s->left -= n;
	return n == room ? 2 : 1;
}

/* Strings of the caller's pointer array from `first` on, at most ARRAY_STRINGS and ARGS_LIMIT bytes of them. */
__noinline int put_string_array(u32 slot, u64 array, u32 first)
{
	struct scratch *s = scratch_of(slot);
	u32 start;
	int more = 2;

	if (!s)
		return 0;
	if (!array) {
		put_none(s);
		return 0;
	}
	start = s->off;
	s->left = ARGS_LIMIT;
	for (u32 i = 0; i < ARRAY_STRINGS; i++) {
		more = add_string(s->slot, array, first + i);
		if (more != 1)
			break;
	}
	if (more)
		mark_cut(s, 0);
	param_ends(s, start);
	return 0;
}

static __always_inline void put_image(struct scratch *s, struct task_struct *task, bool readable)
{
	struct mm_struct *mm = FIELD(task_struct, task, mm);
	u32 before = s->off;
	u64 args, end;

	if (!mm || !readable) {
		put_none(s);
		put_none(s);
		return;
	}
	args = FIELD(mm_struct, mm, arg_start);
	end = FIELD(mm_struct, mm, arg_end);
	put_user_text(s, args);
	put_user_strings(s, args + (s->off - before), end);
}

static __always_inline void put_ids(struct scratch *s, struct task_struct *task)
{
	put_u64(s, FIELD(task_struct, task, pid));
	put_u64(s, FIELD(task_struct, task, tgid));
	put_u64(s, parent_of(task));
}

static __always_inline void put_memory(struct scratch *s, struct task_struct *task)
{
	struct mm_struct *mm = FIELD(task_struct, task, mm);

	put_u64(s, FIELD(task_struct, task, maj_flt));
	put_u64(s, FIELD(task_struct, task, min_flt));
	put_u32(s, pages_kb(mm, YK_M_SIZE));
	put_u32(s, pages_kb(mm, YK_M_RSS));
	put_u32(s, pages_kb(mm, YK_M_SWAP));
}

/* The executable as its process sees it; an anonymous one has only the real name, which s->real holds. */
static __always_inline void put_exe_name(struct scratch *s, struct task_struct *task, struct file *exe)
{
	if (!exe) {
		put_none(s);
	} else if (s->file.kind == YK_FD_MEMFD) {
		put_text(s, walk_text(&s->real), walk_len(&s->real));
	} else {
		seen_name(s, task, PATH(file, exe, f_path));
		put_text(s, walk_text(&s->base), walk_len(&s->base));
	}
}

static __always_inline void put_owner(struct scratch *s, struct task_struct *task)
{
	put_u32(s, tty_of(task));
	put_u64(s, pid_seen(task, signal_pid(task, PIDTYPE_PGID)));
	put_u32(s, login_uid(task));
}

static __always_inline void put_capabilities(struct scratch *s, struct task_struct *task)
{
	put_u64(s, capability_word(task, bpf_core_field_offset(struct cred, cap_inheritable)));
	put_u64(s, capability_word(task, bpf_core_field_offset(struct cred, cap_permitted)));
	put_u64(s, capability_word(task, bpf_core_field_offset(struct cred, cap_effective)));
}

/* The parameters of an execve event. `readable`: the task is the current one, so that its memory can be read. */
static __always_inline void exec_params(struct scratch *s, struct task_struct *task, const char *filename, bool readable)
{
	struct mm_struct *mm = FIELD(task_struct, task, mm);
	struct file *exe = mm ? FIELD(mm_struct, mm, exe_file) : NULL;
	u32 flags = exe ? exe_facts(s, task, exe) : 0;

	put_u64(s, 0);
	put_image(s, task, readable);
	put_ids(s, task);
	put_seen_cwd(s->slot);
	put_u64(s, fd_limit(task));
	put_memory(s, task);
	put_kernel_text(s, MEMBER(task_struct, task, comm));
	put_none(s);
	if (mm && readable)
		put_user_strings(s, FIELD(mm_struct, mm, env_start), FIELD(mm_struct, mm, env_end));
	else
		put_none(s);
	put_owner(s, task);
	put_u32(s, flags);
	put_capabilities(s, task);
	put_u64(s, exe ? s->file.ino : 0);
	put_u64(s, exe ? s->file.ctime : 0);
	put_u64(s, exe ? inode_mtime(FIELD(file, exe, f_inode)) : 0);
	put_u32(s, FIELD(cred, FIELD(task_struct, task, cred), euid.val));
	put_exe_name(s, task, exe);
	put_u64(s, pid_number(signal_pid(task, PIDTYPE_PGID)));
	put_u32(s, FIELD(cred, FIELD(task_struct, task, cred), egid.val));
	if (s->event == EVENT_EXECVEAT)
		return;
	if (filename)
		put_kernel_text(s, filename);
	else
		put_none(s);
}

/* Session and group, and the ids that the task has in its own pid namespace. */
static __always_inline void item_ids(struct scratch *s, struct task_struct *task)
{
	struct task_struct *leader = FIELD(task_struct, task, group_leader);
	struct yk_ids *ids;

	item_head(s, YK_I_IDS, sizeof(*ids));
	ids = (struct yk_ids *)out_at(s);
	ids->sid = pid_number(signal_pid(task, PIDTYPE_SID));
	ids->vtid = pid_inside(FIELD(task_struct, task, thread_pid));
	ids->vpid = pid_inside(FIELD(task_struct, leader, thread_pid));
	ids->pgid = pid_number(signal_pid(task, PIDTYPE_PGID));
	ids->vsid = pid_seen(task, signal_pid(task, PIDTYPE_SID));
	ids->vpgid = pid_seen(task, signal_pid(task, PIDTYPE_PGID));
	s->off += sizeof(*ids);
}

static __always_inline void exec_items(struct scratch *s, struct task_struct *task)
{
	item_ids(s, task);
	item_path(s, YK_I_REAL, 27, s->real.cut, walk_text(&s->real), walk_len(&s->real));
}

SEC("tp_btf/sched_process_exec")
int PROGRAM(exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct scratch *s = scratch_here();

	if (!s)
		return 0;
	if (current_number() == NR_EXECVEAT)
		begin(s, current_task(), EVENT_EXECVEAT, EXECVEAT_PARAMS);
	else
		begin(s, current_task(), EVENT_EXECVE, EXECVE_PARAMS);
	s->share = YK_SHARE_LIFE;
	/* The kernel puts another string in the place of the one named when it finds an interpreter for it. */
	if (FIELD(linux_binprm, bprm, interp) != FIELD(linux_binprm, bprm, filename))
		s->flags |= YK_X_SCRIPT;
	exec_params(s, current_task(), FIELD(linux_binprm, bprm, filename), true);
	task_facts(s, current_task());
	exec_items(s, current_task());
	finish(ctx, s, &finishing_exec);
	return 0;
}

/* A failed exec changes nothing; its arguments are still in the registers. */
SEC("tp_btf/sys_exit")
int PROGRAM(exec_failed, struct pt_regs *regs, long ret)
{
	MEASURED(exec_failed);
	struct task_struct *task = current_task();
	u64 argv, envp, filename;
	struct scratch *s;

	if (ret >= 0)
		return 0;
	s = call_begin(regs, ret);
	if (!s)
		return 0;
	filename = s->nr == NR_EXECVEAT ? s->arg[1] : s->arg[0];
	argv = s->nr == NR_EXECVEAT ? s->arg[2] : s->arg[1];
	envp = s->nr == NR_EXECVEAT ? s->arg[3] : s->arg[2];
	put_u64(s, ret);
	put_user_text(s, argv ? user_pointer(s, argv) : 0);
	put_string_array(s->slot, argv, 1);
	put_ids(s, task);
	put_seen_cwd(s->slot);
	put_u64(s, fd_limit(task));
	put_memory(s, task);
	put_kernel_text(s, MEMBER(task_struct, task, comm));
	put_none(s);
	put_string_array(s->slot, envp, 0);
	put_owner(s, task);
	/* The image that was not taken: its flags, inode and times. */
	put_none(s);
	put_capabilities(s, task);
	put_none(s);
	put_none(s);
	put_none(s);
	put_u32(s, FIELD(cred, FIELD(task_struct, task, cred), euid.val));
	put_none(s);
	put_u64(s, pid_number(signal_pid(task, PIDTYPE_PGID)));
	put_u32(s, FIELD(cred, FIELD(task_struct, task, cred), egid.val));
	if (s->event == EVENT_EXECVE)
		put_user_text(s, filename);
	task_facts(s, task);
	finish(ctx, s, &finishing);
	return 0;
}

/* A thread of the sensor's own process, which is no event. */
static __always_inline bool sensors_own(struct task_struct *task)
{
	if ((u32)FIELD(task_struct, task, tgid) != settings.self_tgid)
		return false;
	count(YK_N_SELF);
	return true;
}

static __always_inline u16 clone_event(u32 nr)
{
	switch (nr) {
	case NR_FORK:
		return EVENT_FORK;
	case NR_VFORK:
		return EVENT_VFORK;
	case NR_CLONE3:
		return EVENT_CLONE3;
	default:
		return EVENT_CLONE;
	}
}

/* Flags in the call's arguments; struct clone_args begins with them. */
static __always_inline u32 asked_flags(struct scratch *s)
{
	u64 flags = 0;

	if (s->nr == NR_CLONE)
		return s->arg[0];
	if (s->nr == NR_CLONE3)
		bpf_probe_read_user(&flags, sizeof(flags), (const void *)s->arg[0]);
	return flags;
}

/* The bits that state and the readers of recordings need; the caller-side event has the call's own flags. */
static __always_inline u32 child_flags(struct task_struct *parent, struct task_struct *child)
{
	struct pid *pid = FIELD(task_struct, child, thread_pid);
	struct pid *above = FIELD(task_struct, parent, thread_pid);
	u32 flags = 0;

	if (FIELD(task_struct, child, pid) != FIELD(task_struct, child, tgid))
		flags |= CLONE_THREAD;
	if (FIELD(task_struct, child, files) == FIELD(task_struct, parent, files))
		flags |= CLONE_FILES;
	if (FIELD(task_struct, child, fs) == FIELD(task_struct, parent, fs))
		flags |= CLONE_FS;
	if (FIELD(task_struct, child, mm) == FIELD(task_struct, parent, mm))
		flags |= CLONE_VM;
	if (FIELD(pid, pid, level) > FIELD(pid, above, level))
		flags |= CLONE_NEWPID;
	return flags;
}

/* When the innermost pid namespace's first process began, boot clock in ns; 0 on the host. */
static __always_inline u64 namespace_start(struct task_struct *task)
{
	struct pid *pid = FIELD(task_struct, task, thread_pid);
	u32 level = FIELD(pid, pid, level) & 31;
	struct task_struct *init;
	struct upid inner;

	if (!level)
		return 0;
	bpf_probe_read_kernel(&inner, sizeof(inner),
			      MEMBER(pid, pid, numbers) + level * bpf_core_type_size(struct upid));
	init = FIELD(pid_namespace, inner.ns, child_reaper);
	return init ? FIELD(task_struct, init, start_boottime) : 0;
}

/* `told`: with the image and directory, which are the parent's and which state has anyhow. */
static __always_inline void clone_params(struct scratch *s, struct task_struct *child, u64 res, u32 flags, bool told)
{
	put_u64(s, res);
	put_image(s, current_task(), told);
	put_ids(s, child);
	if (told)
		put_seen_cwd(s->slot);
	else
		put_none(s);
	put_u64(s, fd_limit(child));
	put_memory(s, child);
	put_kernel_text(s, MEMBER(task_struct, child, comm));
	put_none(s);
	put_u32(s, flags);
	put_u32(s, FIELD(cred, FIELD(task_struct, child, cred), euid.val));
	put_u32(s, FIELD(cred, FIELD(task_struct, child, cred), egid.val));
	put_u64(s, pid_inside(FIELD(task_struct, child, thread_pid)));
	put_u64(s, pid_inside(FIELD(task_struct, FIELD(task_struct, child, group_leader), thread_pid)));
	put_u64(s, namespace_start(child));
}

/* Whether a rule may be about this call. */
static __always_inline bool rules_ask(u32 nr)
{
	const struct yk_filter *filter = filter_of(live.generation);
	u64 any = 0;

	if (!filter)
		return false;
	for (int i = 0; i < YK_CLAUSE_WORDS; i++)
		any |= filter->calls[nr & (YK_CALLS - 1)].w[i];
	return any;
}

/* Runs before the child does, so that nothing the child does can be seen before its birth. */
SEC("tp_btf/sched_process_fork")
int PROGRAM(fork, struct task_struct *parent, struct task_struct *child)
{
	struct scratch *s;
	bool asked;
	u32 flags;

	if (FIELD(task_struct, child, flags) & PF_KTHREAD || sensors_own(child))
		return 0;
	s = scratch_here();
	if (!s)
		return 0;
	s->nr = current_number();
	begin(s, child, clone_event(s->nr), CLONE_PARAMS);
	s->tid = FIELD(task_struct, child, pid);
	s->share = YK_SHARE_LIFE;
	/* The sensor's children are events, their making is not. */
	if ((u32)FIELD(task_struct, parent, tgid) == settings.self_tgid)
		s->flags |= YK_X_STATE_ONLY;
	flags = child_flags(parent, child);
	asked = rules_ask(s->nr);
	clone_params(s, child, 0, flags, asked);
	task_facts(s, child);
	item_ids(s, child);
	if (asked)
		finish(ctx, s, &finishing_fork);
	else
		send_record(s);
	return 0;
}

/* The caller's side, sent only where a rule asks for it. */
SEC("tp_btf/sys_exit")
int PROGRAM(cloned, struct pt_regs *regs, long ret)
{
	MEASURED(cloned);
	struct scratch *s;

	/* The child's side went out at the fork itself. */
	if (ret == 0)
		return 0;
	s = call_begin(regs, ret);
	if (!s)
		return 0;
	clone_params(s, current_task(), ret, asked_flags(s), true);
	task_facts(s, current_task());
	finish(ctx, s, &finishing);
	return 0;
}

/* Who inherits the children: the nearest ancestor that asked to, or the namespace's init. */
static __always_inline u32 reaper_of(struct task_struct *task)
{
	struct task_struct *at = task;
	struct pid *pid = FIELD(task_struct, task, thread_pid);
	u32 level = FIELD(pid, pid, level) & 31;
	struct task_struct *init;
	struct upid inner;

	for (int i = 0; i < REAPER_STEPS; i++) {
		struct signal_struct *signal;

		at = FIELD(task_struct, at, real_parent);
		if (!at || FIELD(task_struct, at, pid) <= 1)
			break;
		signal = FIELD(task_struct, at, signal);
		if (BPF_CORE_READ_BITFIELD_PROBED(signal, is_child_subreaper))
			return FIELD(task_struct, at, tgid);
	}
	bpf_probe_read_kernel(&inner, sizeof(inner),
			      MEMBER(pid, pid, numbers) + level * bpf_core_type_size(struct upid));
	if (!inner.ns)
		return 1;
	init = FIELD(pid_namespace, inner.ns, child_reaper);
	return init ? FIELD(task_struct, init, tgid) : 1;
}

SEC("tp_btf/sched_process_exit")
int PROGRAM(process_exit, struct task_struct *exiting)
{
	struct task_struct *task = current_task();
	struct scratch *s;
	s32 status;

	if (FIELD(task_struct, task, flags) & PF_KTHREAD || sensors_own(task))
		return 0;
	s = scratch_here();
	if (!s)
		return 0;
	begin(s, task, EVENT_PROCEXIT, 5);
	/* A call that the thread was killed in has no end. */
	bpf_map_delete_elem(&snapshots, &s->tid);
	s->share = YK_SHARE_LIFE;
	status = FIELD(task_struct, task, exit_code);
	put_u64(s, status);
	put_u64(s, (status >> 8) & 0xff);
	put_u8(s, status & 0x7f);
	put_u8(s, !!(status & 0x80));
	put_u64(s, reaper_of(task));
	task_facts(s, task);
	finish(ctx, s, &finishing_exit);
	return 0;
}
