/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints that are no system call. Attached only while a rule is about them. */

#define EVENT_SWITCH 152
#define EVENT_SIGNAL_DELIVER 232
#define EVENT_PAGE_FAULT 290
#define SIGCHLD 17
#define PAGE_FAULT_RECORD (YK_HEADER_SIZE + 3 * sizeof(u16) + 2 * sizeof(u64) + sizeof(u32))

static __always_inline bool is_own(struct task_struct *task)
{
	return (u32)FIELD(task_struct, task, tgid) == settings.self_tgid;
}

/* Who sent it, by the receiver's count; 0 for the kernel (include/linux/signal_types.h; the ids of a kill, a queued
 * signal and a child's end stand at the same place). */
static __always_inline u64 sender_of(int sig, struct kernel_siginfo *info)
{
	int code;

	/* 0 and 1 are no pointers: without details, and from the kernel (SEND_SIG_NOINFO, SEND_SIG_PRIV). */
	if ((u64)info <= 1)
		return 0;
	code = FIELD(kernel_siginfo, info, si_code);
	if (code <= 0 || sig == SIGCHLD)
		return BPF_CORE_READ(info, _sifields._kill._pid);
	return 0;
}

SEC("tp_btf/signal_deliver")
int PROGRAM(signal_deliver, int sig, struct kernel_siginfo *info)
{
	struct task_struct *task = current_task();
	struct scratch *s = scratch_here();

	if (!s || is_own(task))
		return 0;
	begin(s, task, EVENT_SIGNAL_DELIVER, 3);
	put_u64(s, sender_of(sig, info));
	put_u64(s, s->tid);
	put_u8(s, sig);
	task_facts(s, task);
	finish(ctx, s, &finishing_signal);
	return 0;
}

/* The task that leaves the CPU, and the one that gets it. */
SEC("tp_btf/sched_switch")
int PROGRAM(sched_switch, bool preempted, struct task_struct *leaving, struct task_struct *next)
{
	struct task_struct *task = current_task();
	struct mm_struct *mm = FIELD(task_struct, task, mm);
	struct scratch *s = scratch_here();

	if (!s || is_own(task))
		return 0;
	begin(s, task, EVENT_SWITCH, 6);
	put_u64(s, FIELD(task_struct, next, pid));
	put_u64(s, FIELD(task_struct, task, maj_flt));
	put_u64(s, FIELD(task_struct, task, min_flt));
	put_u32(s, pages_kb(mm, YK_M_SIZE));
	put_u32(s, pages_kb(mm, YK_M_RSS));
	put_u32(s, pages_kb(mm, YK_M_SWAP));
	task_facts(s, task);
	finish(ctx, s, &finishing_switch);
	return 0;
}

#ifdef HAVE_PAGE_FAULT_TRACEPOINTS
/* A page fault may come in the middle of another program's work (a look into user memory), so that it must not touch
 * the scratch memory: its record is small enough for a place of its own. */
struct small_record {
	char bytes[PAGE_FAULT_RECORD + sizeof(struct yk_ext)];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct small_record);
} small_records SEC(".maps");

static __always_inline void small_header(char *r, u16 event, u32 nparams, u32 len)
{
	*(u64 *)(r + YK_HEADER_TS) = bpf_ktime_get_boot_ns();
	*(u64 *)(r + YK_HEADER_TID) = (u32)bpf_get_current_pid_tgid();
	*(u32 *)(r + YK_HEADER_LEN) = len;
	*(u16 *)(r + YK_HEADER_ID) = event;
	*(u32 *)(r + YK_HEADER_NPARAMS) = nparams;
}

static __always_inline int page_fault(u64 address, struct pt_regs *regs, u64 error)
{
	struct task_struct *task = current_task();
	u32 zero = 0, slot = ring_index();
	struct small_record *record = bpf_map_lookup_elem(&small_records, &zero);
	void *ring = bpf_map_lookup_elem(&rings, &slot);
	struct yk_ext ext = {};
	char *r, *at;

	if (!record || !ring || is_own(task))
		return 0;
	r = record->bytes;
	small_header(r, EVENT_PAGE_FAULT, 3, PAGE_FAULT_RECORD);
	at = r + YK_HEADER_SIZE;
	*(u16 *)at = sizeof(u64);
	*(u16 *)(at + 2) = sizeof(u64);
	*(u16 *)(at + 4) = sizeof(u32);
	*(u64 *)(at + 6) = address;
	*(u64 *)(at + 14) = INSTRUCTION_POINTER(regs);
	*(u32 *)(at + 22) = error;
	ext_of(&ext, task);
	ext.len = sizeof(ext);
	__builtin_memcpy(r + PAGE_FAULT_RECORD, &ext, sizeof(ext));
	send(ring, r, sizeof(*record), EVENT_PAGE_FAULT, YK_SHARE_ORDINARY);
	return 0;
}

SEC("tp_btf/page_fault_user")
int PROGRAM(page_fault_user, unsigned long address, struct pt_regs *regs, unsigned long error)
{
	return page_fault(address, regs, error);
}

SEC("tp_btf/page_fault_kernel")
int PROGRAM(page_fault_kernel, unsigned long address, struct pt_regs *regs, unsigned long error)
{
	return page_fault(address, regs, error);
}
#endif
