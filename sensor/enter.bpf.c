/* SPDX-License-Identifier: GPL-2.0 */
/* Strings of calls that leave no object behind, taken when the call begins: at its end another thread may have put
 * others in their place. Attached only while a rule is about such a call. */

static __always_inline void snapshot_begin(struct scratch *s, struct pt_regs *regs)
{
	s->nr = native_number(regs) & (YK_CALLS - 1);
	s->tid = (u32)bpf_get_current_pid_tgid();
	s->flags = 0;
	call_arguments(s, regs);
	s->snapshot.nr = s->nr;
	s->snapshot.count = 0;
}

/* Keeps the string of parameter `i`, if it is one. */
__noinline int keep_text(u32 slot, u32 i)
{
	struct scratch *s = scratch_of(slot);
	const struct yk_param *p;
	u32 at;
	long n;

	if (!s)
		return 0;
	p = choice_of(s, i);
	at = s->snapshot.count;
	if (!p || (p->source != YK_SRC_PATH && p->source != YK_SRC_STR) || at >= YK_SNAPSHOT_TEXTS)
		return 0;
	n = user_string(s->given, PATH_SIZE, call_arg(s, p->arg));
	s->given_len = n > 0 ? n & (2 * PATH_SIZE - 1) : 0;
	s->snapshot.text[at].len = s->given_len;
	s->snapshot.text[at].hash = given_hash(s->slot);
	bpf_probe_read_kernel(s->snapshot.text[at].start, YK_SNAPSHOT_START, s->given);
	s->snapshot.count = at + 1;
	return 0;
}

static __always_inline int take_strings(struct pt_regs *regs)
{
	struct task_struct *task = current_task();
	struct scratch *s = scratch_here();
	const struct yk_call *call;

	if (!s || is_own(task))
		return 0;
	snapshot_begin(s, regs);
	call = call_of(s->nr);
	if (!call)
		return 0;
	for (u32 i = 0; i < YK_MAX_PARAMS && i < call->nparams; i++)
		keep_text(s->slot, i);
	/* One that found no room is missed, and counted, when the call ends. */
	(void)bpf_map_update_elem(&snapshots, &s->tid, &s->snapshot, BPF_ANY);
	return 0;
}

/* Attached to the kernel's functions of the calls in question, where it has kprobes: no other call pays for it. */
SEC("kprobe")
int snapshot_of_function(struct pt_regs *ctx)
{
	struct pt_regs regs;

	/* Its one argument, unknown to the verifier. */
	bpf_probe_read_kernel(&regs, sizeof(regs), (const void *)FUNCTION_ARG0(ctx));
	return take_strings(&regs);
}

SEC("tp_btf/sys_enter")
int PROGRAM(snapshot, struct pt_regs *regs, long number)
{
	MEASURED(snapshot);
	return take_strings(regs);
}

/* The one program attached to sys_enter, as `dispatch` is to sys_exit; only where the strings can't be had otherwise. */
SEC("tp_btf/sys_enter")
int BPF_PROG(enter, struct pt_regs *regs, long number)
{
	bpf_tail_call(ctx, &entering, native_number(regs));
	return 0;
}
