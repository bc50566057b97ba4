/* SPDX-License-Identifier: GPL-2.0 */
/* Calls whose parameters need a hand: dup, capset. */

SEC("tp_btf/sys_exit")
int PROGRAM(dup, struct pt_regs *regs, long ret)
{
	MEASURED(dup);
	struct task_struct *task = current_task();
	struct scratch *s = call_begin(regs, ret);

	if (!s)
		return 0;
	put_u64(s, ret);
	put_u64(s, (s64)(s32)s->arg[0]);
	if (s->nr != NR_DUP)
		put_u64(s, (s64)(s32)s->arg[1]);
	if (s->nr == NR_DUP3)
		put_u32(s, s->arg[2]);
	task_facts(s, task);
	item_descriptor(s->slot, ret >= 0 ? ret : (s64)(s32)s->arg[0]);
	finish(ctx, s, &finishing);
	return 0;
}

SEC("tp_btf/sys_exit")
int PROGRAM(capset, struct pt_regs *regs, long ret)
{
	MEASURED(capset);
	struct task_struct *task = current_task();
	struct scratch *s = call_begin(regs, ret);

	if (!s)
		return 0;
	put_u64(s, ret);
	put_u64(s, capability_word(task, bpf_core_field_offset(struct cred, cap_inheritable)));
	put_u64(s, capability_word(task, bpf_core_field_offset(struct cred, cap_permitted)));
	put_u64(s, capability_word(task, bpf_core_field_offset(struct cred, cap_effective)));
	task_facts(s, task);
	finish(ctx, s, &finishing);
	return 0;
}
