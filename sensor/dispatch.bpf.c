/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the program of a call that something may need. */
static __always_inline void dispatch_call(unsigned long long *ctx, struct pt_regs *regs)
{
	MEASURED(dispatch_wanted);
	u32 nr = CALL_NUMBER(regs);

	count(YK_N_CALLS);
	/* The number means something else to a 32-bit entry. */
	if (ia32_entry()) {
		count(YK_N_COMPAT);
		nr = ia32_native(regs);
	}
	/* A place in the table that is known beforehand is jumped to; one that is not costs a retpoline. */
	if (nr == NR_OPENAT)
		bpf_tail_call_static(ctx, &programs, NR_OPENAT);
	bpf_tail_call(ctx, &programs, nr);
	/* Numbers of the x32 entry have no program: they are looked at where nothing else was found. */
	if (nr & X32_BIT && nr != YK_NO_CALL)
		bpf_tail_call(ctx, &programs, x32_native(nr));
}

SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch_wanted, struct pt_regs *regs, long ret)
{
	leave_sight();
	dispatch_call(ctx, regs);
	return 0;
}

/* The one program that is always attached to sys_exit. Every system call of the machine pays for what stands here, so
 * it looks at nothing but the number: one that nothing needs through either entry is done with. Nothing lives across its
 * one helper call, so that no register has to be saved; what is more than that is a program of its own. */
SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch, struct pt_regs *regs, long ret)
{
	u32 nr = CALL_NUMBER(regs);

	if (nr < YK_CALLS && quiet[nr]) {
		count(YK_N_CALLS);
		return 0;
	}
	bpf_tail_call(ctx, &wanted, 0);
	return 0;
}

static __always_inline const struct yk_call *call_of(u32 nr)
{
	return bpf_map_lookup_elem(&calls, &nr);
}

static __always_inline void call_arguments(struct scratch *s, struct pt_regs *regs)
{
	if (ia32_entry())
		ia32_arguments(s, regs);
	else
		arguments(s, regs);
}

/* A system call on its way through the filter: generation, arguments, the clauses that its number and result leave.
 * NULL: it is the sensor's own, or no rule can match. Nothing is said of the event yet: `call_record` does that, once
 * every dimension has had its say. */
static __always_inline struct scratch *call_enter(struct pt_regs *regs, long ret)
{
	struct scratch *s = scratch_here();
	struct task_struct *task = current_task();
	bool ia32 = NARROW_ENTRY(task);
	u32 nr = (ia32 ? ia32_native(regs) : plain_native(regs)) & (YK_CALLS - 1);
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
	s->must_send = !live.filter_on || call->flags & YK_C_STATE;
	if (!filter_call(filter, &s->bits, nr, ret) && !s->must_send) {
		count(YK_N_FILTERED);
		return NULL;
	}
	s->task = s->subject = (u64)task;
	s->joined = 0;
	s->ret = ret;
	s->nr = nr;
	s->flags = 0;
	if (ia32)
		ia32_arguments(s, regs);
	else
		arguments(s, regs);
	return s;
}

/* Opens the record of a call that the filter let pass. */
static __always_inline bool call_record(struct scratch *s)
{
	const struct yk_call *call = call_of(s->nr);

	if (!call)
		return false;
	record(s, call->event, call->nparams);
	s->share = call->share;
	return true;
}

/* Counts a call that no rule can match any more; false where it has to be sent all the same. */
static __always_inline bool call_filtered(struct scratch *s)
{
	if (s->must_send)
		return false;
	count(YK_N_FILTERED);
	return true;
}

/* Filter and record of a call that has no dimensions of its own. */
static __always_inline struct scratch *call_begin(struct pt_regs *regs, long ret)
{
	struct scratch *s = call_enter(regs, ret);

	if (!s)
		return NULL;
	if (!filter_task() && call_filtered(s))
		return NULL;
	return call_record(s) ? s : NULL;
}
