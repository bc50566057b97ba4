/* SPDX-License-Identifier: GPL-2.0 */
/* What exists, at start and after a loss: execve-shaped records of processes and clone-shaped ones of their further
 * threads, through the task iterator. Arguments and environment stay empty, they are another process's memory;
 * userspace reads them from /proc. */

static __always_inline void scan_leader(struct scratch *s, struct task_struct *task)
{
	begin(s, task, EVENT_EXECVE, EXECVE_PARAMS);
	s->tid = FIELD(task_struct, task, pid);
	s->flags = YK_X_STATE_ONLY | YK_X_SCAN;
	exec_params(s, task, NULL, false);
	task_facts(s, task);
	exec_items(s, task);
}

static __always_inline void scan_thread(struct scratch *s, struct task_struct *task)
{
	begin(s, task, EVENT_CLONE, CLONE_PARAMS);
	s->tid = FIELD(task_struct, task, pid);
	s->flags = YK_X_STATE_ONLY | YK_X_SCAN;
	clone_params(s, task, 0, CLONE_THREAD, false);
	task_facts(s, task);
	item_ids(s, task);
}

SEC("iter/task")
int scan(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct scratch *s;
	u32 size;

	if (!task || FIELD(task_struct, task, flags) & PF_KTHREAD || !FIELD(task_struct, task, mm))
		return 0;
	s = scratch_of(settings.scan_slot);
	if (!s)
		return 0;
	if (FIELD(task_struct, task, pid) == FIELD(task_struct, task, tgid))
		scan_leader(s, task);
	else
		scan_thread(s, task);
	close_record(s);
	size = s->off & OUT_MASK;
	/* The record's length goes first: the reader gets a byte stream. */
	s->nr = size;
	bpf_seq_write(ctx->meta->seq, &s->nr, sizeof(s->nr));
	bpf_seq_write(ctx->meta->seq, s->out, size);
	return 0;
}

/* The host's root: pid 1's, or the sensor's own where the iterator does not show pid 1. Paths are told from there. */
SEC("iter/task")
int scan_root(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct fs_struct *fs;
	struct path root;
	struct super_block *sb;
	u32 pid;

	if (!task)
		return 0;
	pid = FIELD(task_struct, task, pid);
	/* Ascending order: what pid 1 told stays. */
	if (pid != 1 && (pid != settings.self_tgid || live.host_root_dentry))
		return 0;
	fs = FIELD(task_struct, task, fs);
	root = PATH(fs_struct, fs, root);
	sb = FIELD(dentry, root.dentry, d_sb);
	live.host_root_dentry = (u64)root.dentry;
	live.host_root_mount = (u64)mount_of(root.mnt);
	live.host_root_dev = FIELD(super_block, sb, s_dev);
	return 0;
}
