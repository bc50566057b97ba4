/* SPDX-License-Identifier: GPL-2.0 */
/* Calls whose end the dispatcher did not see. Where a task can lose the CPU within a program (`PREEMPTIBLE`), the kernel
 * skips that program for all other tasks of the CPU until the first one is back: for a time slice, not for a moment. It
 * counts what it skips, and tells nobody of which type it was. A second program behind the dispatcher stands in. */

/* Tells where the kernel counts the runs of `dispatch` that are under way. A word of our own would be missing for as long as
 * a task is in the program before it could set it, or after it took it back. */
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
	u64 offset = cpu_offset();

	return dispatcher.active && offset && (u32)word_at(dispatcher.active + offset);
}

/* Whether the kernel skipped `dispatch` for the call at hand. Nothing is left there by one that nobody needs, nor for sure by
 * one whose task shares its place with another: then it was skipped if somebody is in `dispatch` still. */
static __always_inline bool dispatch_skipped(bool needed)
{
	enum seen seen = needed ? take_sight() : UNSURE;

	return seen == SKIPPED || (seen == UNSURE && dispatch_held());
}

/* Attached where `PREEMPTIBLE`. */
SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch_again, struct pt_regs *regs, long ret)
{
	u32 nr = CALL_NUMBER(regs);
	bool needed = nr >= YK_CALLS || !quiet[nr];

	if (!dispatch_skipped(needed))
		return 0;
	count(YK_N_RESCUED);
	if (needed)
		dispatch_call(ctx, regs);
	else
		count(YK_N_CALLS);
	return 0;
}
