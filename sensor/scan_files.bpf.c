/* SPDX-License-Identifier: GPL-2.0 */
/* Every descriptor that is open when a recording begins: records without parameters whose extension tells the file.
 * The iterator passes over threads that share their leader's table. Loaded only where something may be recorded. */

SEC("iter/task_file")
int scan_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct scratch *s;
	u32 size;

	if (!task || !file || FIELD(task_struct, task, flags) & PF_KTHREAD)
		return 0;
	s = scratch_of(settings.scan_slot);
	if (!s)
		return 0;
	begin(s, task, 0, 0);
	s->tid = FIELD(task_struct, task, pid);
	s->flags = YK_X_STATE_ONLY | YK_X_SCAN;
	task_facts(s, task);
	item_of_file(s, file, ctx->fd);
	close_record(s);
	size = s->off & OUT_MASK;
	s->nr = size;
	bpf_seq_write(ctx->meta->seq, &s->nr, sizeof(s->nr));
	bpf_seq_write(ctx->meta->seq, s->out, size);
	return 0;
}
