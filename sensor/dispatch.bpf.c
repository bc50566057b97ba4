/* SPDX-License-Identifier: GPL-2.0 */
/* The one program attached to sys_exit: finds the call's program. A call that nothing needs has none. */

SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch, struct pt_regs *regs, long ret)
{
	u32 nr = CALL_NUMBER(regs);

	count(YK_N_CALLS);
	/* The number means something else to a 32-bit entry. */
	if (ia32_entry()) {
		count(YK_N_COMPAT);
		nr = ia32_native(regs);
	}
	bpf_tail_call(ctx, &programs, nr);
	return 0;
}

static __always_inline const struct yk_call *call_of(u32 nr)
{
	return bpf_map_lookup_elem(&calls, &nr);
}

/* Opens a system call's record: generation, filter, arguments, table entry. NULL: no rule can match. */
static __always_inline struct scratch *call_begin(struct pt_regs *regs, long ret)
{
	struct scratch *s = scratch_here();
	struct task_struct *task = current_task();
	u32 nr = native_number(regs) & (YK_CALLS - 1);
	const struct yk_call *call = call_of(nr);
	const struct yk_filter *filter;

	if (!s || !call)
		return NULL;
	/* What the sensor does itself is no event. */
	if ((u32)FIELD(task_struct, task, tgid) == settings.self_tgid) {
		count(YK_N_SELF);
		return NULL;
	}
	/* Read once per event: all tables hang under it. */
	s->generation = live.generation;
	filter = filter_of(s->generation);
	if (!filter)
		return NULL;
	if (!filter_common(filter, s->generation, &s->bits, nr, ret, task) && live.filter_on && !(call->flags & YK_C_STATE)) {
		count(YK_N_FILTERED);
		return NULL;
	}
	s->ret = ret;
	s->nr = nr;
	begin(s, task, call->event, call->nparams);
	if (ia32_entry())
		ia32_arguments(s, regs);
	else
		arguments(s, regs);
	s->share = call->share;
	return s;
}
