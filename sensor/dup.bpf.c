/* SPDX-License-Identifier: GPL-2.0 */
/* Calls whose parameters need a hand: dup, ptrace, prctl, capset. */

#define NR_DUP 32
#define NR_DUP3 292
#define PTRACE_TRACEME 0
#define PR_SET_NAME 15
#define PR_GET_NAME 16

SEC("tp_btf/sys_exit")
int BPF_PROG(dup, struct pt_regs *regs, long ret)
{
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
	finish(s);
	return 0;
}

/* addr and data are variants: byte 0 chooses, an address follows. */
static __always_inline void put_word_variant(struct scratch *s, u64 v)
{
	char *to = out_at(s);

	to[0] = 0;
	*(u64 *)(to + 1) = v;
	param_done(s, 9);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(ptrace, struct pt_regs *regs, long ret)
{
	struct scratch *s = call_begin(regs, ret);

	if (!s)
		return 0;
	put_u64(s, ret);
	put_word_variant(s, s->arg[2]);
	put_word_variant(s, s->arg[3]);
	put_u16(s, s->arg[0]);
	put_u64(s, (s64)(s32)s->arg[1]);
	task_facts(s, current_task());
	finish(s);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(prctl, struct pt_regs *regs, long ret)
{
	u32 option;
	struct scratch *s = call_begin(regs, ret);

	if (!s)
		return 0;
	option = s->arg[0];
	put_u64(s, ret);
	put_u32(s, option);
	if (option == PR_SET_NAME || option == PR_GET_NAME) {
		put_user_text(s, s->arg[1]);
		put_u64(s, 0);
	} else {
		put_none(s);
		put_u64(s, s->arg[1]);
	}
	task_facts(s, current_task());
	finish(s);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(capset, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	struct scratch *s = call_begin(regs, ret);

	if (!s)
		return 0;
	put_u64(s, ret);
	put_u64(s, capability_word(task, bpf_core_field_offset(struct cred, cap_inheritable)));
	put_u64(s, capability_word(task, bpf_core_field_offset(struct cred, cap_permitted)));
	put_u64(s, capability_word(task, bpf_core_field_offset(struct cred, cap_effective)));
	task_facts(s, task);
	finish(s);
	return 0;
}
