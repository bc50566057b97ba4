/* SPDX-License-Identifier: GPL-2.0 */
/* Calls whose end the dispatcher did not see. Where a task can lose the CPU within a program (`PREEMPTIBLE`), the kernel
 * skips that program for all other tasks of the CPU until the first one is back: for a time slice, not for a moment. It
 * counts what it skips, and tells nobody of which type it was. A second program behind the dispatcher stands in. */

/* Tells where the kernel counts the runs of `dispatch` that are under way: the one word that is never behind. Marks of
 * our own are missing for as long as a task is in the program before it could set them, or after it took them back. */
SEC("iter/bpf_prog")
int find_dispatch(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog;
	struct bpf_prog_aux *aux;

	if (!prog)
		return 0;
	aux = FIELD(bpf_prog, prog, aux);
	if (FIELD(bpf_prog_aux, aux, id) == dispatcher.id)
		dispatcher.active = (u64)FIELD(bpf_prog, prog, active);
	return 0;
}

/* Whether somebody is at work in `dispatch` on this CPU. The kernel's counter is an int, or (arm64) a byte for each kind
 * of context: what is above it belongs to others. */
static __always_inline bool dispatch_held(void)
{
	return dispatcher.active && (u32)word_at(dispatcher.active + cpu_offset());
}

/* Attached where `PREEMPTIBLE`. A task that loses the CPU between the two programs finds another one in the first when
 * it comes back, now and then: its mark tells that its call was seen. */
SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch_again, struct pt_regs *regs, long ret)
{
	u32 nr = CALL_NUMBER(regs);
	bool unneeded = nr < YK_CALLS && quiet[nr];

	if ((!unneeded && dispatched_mark_taken()) || !dispatch_held())
		return 0;
	count(YK_N_RESCUED);
	if (unneeded)
		count(YK_N_CALLS);
	else
		dispatch_call(ctx, regs);
	return 0;
}
