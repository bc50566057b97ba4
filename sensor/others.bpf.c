/* SPDX-License-Identifier: GPL-2.0 */
/* What rules ask of descriptors that the event is not about: the end of a record, reached by a tail call. */

/* Number of the i-th descriptor that rules ask for: first by their numbers, then those that poll waited for; -1: none. */
static __always_inline s64 other_descriptor(const struct scratch *s, u32 i)
{
	u32 entry = i - YK_NUMBERED;

	if (i < YK_NUMBERED)
		return live.descriptors >> i & 1 ? i : -1;
	if (entry >= s->polled || !(live.descriptor_sets & YK_D_POLLED))
		return -1;
	return *(s64 *)&s->out[masked(s->polled_at + entry * YK_POLL_ENTRY, OUT_MASK)];
}

/* Appends it. Global, and with all conditions inside: a loop that only calls it is one path to the verifier. Nothing
 * global in between: the frames of a chain of calls share 512 bytes. */
__noinline int item_other(u32 slot, u32 i)
{
	struct scratch *s = scratch_of(slot);
	struct file *file;
	s64 fd;

	if (!s)
		return 0;
	fd = other_descriptor(s, i);
	file = file_of((struct task_struct *)s->task, fd);
	if (!file)
		return 0;
	if (s->off < OUT_SIZE - 2 * PATH_SIZE)
		item_of_file(s, file, fd);
	else
		mark_truncated(s);
	return 0;
}

/* One item around those of other descriptors, so that nobody takes them for the event's own. */
static __always_inline void item_others(struct scratch *s)
{
	u32 start = s->off;

	item_head(s, YK_I_OTHERS, 0);
	for (u32 i = 0; i < YK_NUMBERED + YK_POLL_ENTRIES; i++)
		item_other(s->slot, i);
	((struct yk_item *)&s->out[masked(start, OUT_MASK)])->len = s->off - start - sizeof(struct yk_item);
}

/* What kind of descriptor it is, as a word (YK_I_TABLE). */
static __always_inline u64 kind_word(struct scratch *s, struct file *file)
{
	u8 kind;

	if (socket_facts(s, file, 0)) {
		unmap_v4(s->slot);
		return YK_WORD_FAMILY + s->socket.family;
	}
	kind = kind_of_file(file);
	if (kind != YK_FD_UNSUPPORTED)
		return kind;
	return word_at((u64)FIELD(dentry, FIELD(file, file, f_path.dentry), d_name.name));
}

/* Adds the kind of a descriptor to those found so far. */
__noinline int table_kind(u32 slot, u32 fd)
{
	struct scratch *s = scratch_of(slot);
	struct file *file;
	u64 word, new = 1;

	if (!s)
		return 0;
	file = file_of((struct task_struct *)s->task, fd);
	if (!file)
		return 0;
	word = kind_word(s, file);
	/* Without branches, each of which would be another path to the verifier: the sign of x | -x is 0 for 0 alone. */
	for (u32 i = 0; i < YK_TABLE_KINDS; i++) {
		u64 other = s->kinds[i] ^ word;

		new &= (other | -other) >> 63;
	}
	if (new && s->nkinds < YK_TABLE_KINDS) {
		s->kinds[masked(s->nkinds, YK_TABLE_KINDS - 1)] = word;
		s->nkinds++;
	}
	return 0;
}

/* Adds the descriptors of one word of the table's bit map to those counted so far. */
__noinline int table_word(u32 slot, u64 at)
{
	struct scratch *s = scratch_of(slot);

	if (s)
		s->open += __builtin_popcountll(word_at(at));
	return 0;
}

/* How many descriptors the task has open, and of which kinds; nothing of a table that is larger than can be counted. */
__noinline int item_table(u32 slot)
{
	struct scratch *s = scratch_of(slot);
	struct files_struct *files;
	struct fdtable *table;
	u32 size;
	u64 bits;

	if (!s)
		return 0;
	files = FIELD(task_struct, s->task, files);
	if (!files)
		return 0;
	table = FIELD(files_struct, files, fdt);
	size = FIELD(fdtable, table, max_fds);
	if (size > 64 * YK_TABLE_WORDS)
		return 0;
	bits = NUMBER(fdtable, table, open_fds);
	s->nkinds = s->open = 0;
	__builtin_memset(s->kinds, 0, sizeof(s->kinds));
	for (u32 fd = 0; fd < YK_TABLE_DESCRIPTORS && fd < size; fd++)
		table_kind(s->slot, fd);
	for (u32 i = 0; i < YK_TABLE_WORDS && i < size / 64; i++)
		table_word(s->slot, bits + i * sizeof(u64));
	item_head(s, YK_I_TABLE, 8 * (1 + s->nkinds));
	*(u64 *)out_at(s) = s->open;
	s->off += 8;
	bpf_probe_read_kernel(out_at(s), sizeof(s->kinds), s->kinds);
	s->off += 8 * s->nkinds;
	return 0;
}

static __always_inline void append_others(struct scratch *s)
{
	if (live.descriptors || live.descriptor_sets & YK_D_POLLED)
		item_others(s);
	if (live.descriptor_sets & YK_D_TABLE)
		item_table(s->slot);
	send_record(s);
}

SEC("tp_btf/sys_exit")
int PROGRAM(others, struct pt_regs *regs, long ret)
{
	MEASURED(others);
	struct scratch *s = scratch_lost() ? NULL : scratch_here();

	if (!s)
		return 0;
	append_others(s);
	if (s->more_to_come)
		next_message(ctx, s, ret);
	return 0;
}

static __always_inline int finish_here(void)
{
	struct scratch *s = scratch_lost() ? NULL : scratch_here();

	if (s)
		append_others(s);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int PROGRAM(others_of_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	MEASURED(others_of_exec);
	return finish_here();
}

/* Of the child, whose table is a copy by now or its parent's own. */
SEC("tp_btf/sched_process_fork")
int PROGRAM(others_of_fork, struct task_struct *parent, struct task_struct *child)
{
	MEASURED(others_of_fork);
	return finish_here();
}

/* The table goes after this tracepoint. */
SEC("tp_btf/sched_process_exit")
int PROGRAM(others_of_exit, struct task_struct *exiting)
{
	MEASURED(others_of_exit);
	return finish_here();
}

SEC("tp_btf/signal_deliver")
int PROGRAM(others_of_signal, int sig, struct kernel_siginfo *info)
{
	MEASURED(others_of_signal);
	return finish_here();
}

/* Of the task that leaves, which is still the current one. */
SEC("tp_btf/sched_switch")
int PROGRAM(others_of_switch, bool preempted, struct task_struct *leaving, struct task_struct *next)
{
	MEASURED(others_of_switch);
	return finish_here();
}
