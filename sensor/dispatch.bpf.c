/* SPDX-License-Identifier: GPL-2.0 */
/* The one program attached to sys_exit: finds the call's program. A call that nothing needs has none. */

SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch, struct pt_regs *regs, long ret)
{
	count(YK_N_CALLS);
	/* The number means something else to a 32-bit entry. */
	if (FIELD(task_struct, current_task(), thread_info.status) & TS_COMPAT) {
		count(YK_N_COMPAT);
		return 0;
	}
	bpf_tail_call(ctx, &programs, CALL_NUMBER(regs));
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
	u32 nr = CALL_NUMBER(regs) & (YK_CALLS - 1);
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
	if (!filter_common(filter, &s->bits, nr, ret, task) && live.filter_on && !(call->flags & YK_C_STATE)) {
		count(YK_N_FILTERED);
		return NULL;
	}
	s->arg[0] = CALL_ARG0(regs);
	s->arg[1] = CALL_ARG1(regs);
	s->arg[2] = CALL_ARG2(regs);
	s->arg[3] = CALL_ARG3(regs);
	s->arg[4] = CALL_ARG4(regs);
	s->arg[5] = CALL_ARG5(regs);
	s->ret = ret;
	s->nr = nr;
	begin(s, task, call->event, call->nparams);
	s->drop_class = call->drop_class;
	s->reserve = call->flags & YK_C_STATE;
	return s;
}
