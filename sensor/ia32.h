/* SPDX-License-Identifier: GPL-2.0 */
/* Calls through the 32-bit entry (int 0x80, or sysenter of a 32-bit program), told as the native calls they mean. */
#ifndef YARAK_IA32_H
#define YARAK_IA32_H

#define IA32_MMAP 90
#define IA32_SOCKETCALL 102
#define IA32_SEND 9 /* operations of socketcall */
#define IA32_RECV 10
#define IA32_IPC 117
#define IA32_SEMOP 1 /* operations of ipc */
#define IA32_SEMGET 2
#define IA32_SEMCTL 3
#define IA32_SEMTIMEDOP 4
#define IA32_IPC_64 0x100UL /* rides in their commands */
#define IA32_LLSEEK 140
#define IA32_PREAD64 180
#define IA32_PWRITE64 181
#define IA32_PREADV 333
#define IA32_PWRITEV 334
/* Calls of 32-bit programs that know times of 64 bits. */
#define IA32_FIRST_TIME64 403
#define IA32_LAST_TIME64 423

static __always_inline bool ia32_entry(void)
{
	return NARROW_ENTRY(current_task());
}

/* Number of the native call that means what a 32-bit one does. */
static __always_inline u32 ia32_counterpart(u32 nr)
{
	u32 *native = NARROW_ENTRY_IS_TOLD ? bpf_map_lookup_elem(&ia32_calls, &nr) : NULL;

	return native ? *native : YK_NO_CALL;
}

/* The x32 entry: a bit on the number, and numbers of its own for calls whose structures hold pointers, narrow there. */
#define X32_BIT 0x40000000

static __always_inline bool x32_is_narrow(u32 nr)
{
	return nr & X32_BIT && (nr & ~X32_BIT) >= YK_CALLS;
}

static __always_inline u32 x32_native(u32 nr)
{
	u32 plain = nr & ~X32_BIT;

	return x32_is_narrow(nr) ? ia32_counterpart(plain - YK_CALLS + YK_X32_CALLS) : plain;
}

static __always_inline u32 plain_native(struct pt_regs *regs)
{
	u32 nr = CALL_NUMBER(regs);

	return nr & X32_BIT ? x32_native(nr) : nr;
}

static __always_inline u32 ia32_native(struct pt_regs *regs)
{
	u32 nr = CALL_NUMBER(regs);

	if (nr == IA32_SOCKETCALL)
		nr = YK_IA32_SOCKETCALLS + (IA32_ARG0(regs) & 31);
	else if (nr == IA32_IPC)
		nr = YK_IA32_IPC + (IA32_ARG0(regs) & 31);
	return ia32_counterpart(nr);
}

/* Number of the native call that the task is in. */
static __always_inline u32 native_number(struct pt_regs *regs)
{
	return ia32_entry() ? ia32_native(regs) : plain_native(regs);
}

/* The same outside of its exit. */
static __always_inline u32 current_number(void)
{
	u32 nr = CALL_NUMBER_OF(current_task());

	return ia32_entry() ? ia32_counterpart(nr) : nr & X32_BIT ? x32_native(nr) : nr;
}

static __always_inline void arguments(struct scratch *s, struct pt_regs *regs)
{
	s->arg[0] = CALL_ARG0(regs);
	s->arg[1] = CALL_ARG1(regs);
	s->arg[2] = CALL_ARG2(regs);
	s->arg[3] = CALL_ARG3(regs);
	s->arg[4] = CALL_ARG4(regs);
	s->arg[5] = CALL_ARG5(regs);
	if (x32_is_narrow(CALL_NUMBER(regs))) {
		s->flags |= YK_X_IA32;
		s->wide_times = true;
	}
}

/* Arguments that stand in an array of the caller's memory. */
static __always_inline void ia32_words(struct scratch *s, u64 at)
{
	u32 word[6] = {};

	bpf_probe_read_user(word, sizeof(word), (const void *)at);
	for (int i = 0; i < 6; i++)
		s->arg[i] = word[i];
}

static __always_inline void ia32_socketcall(struct scratch *s)
{
	u32 operation = s->arg[0];

	ia32_words(s, s->arg[1]);
	/* send and recv are sendto and recvfrom without an address. */
	if (operation == IA32_SEND || operation == IA32_RECV) {
		s->arg[4] = 0;
		s->arg[5] = 0;
	}
}

/* ipc(operation, first, second, third, pointer, fifth). */
static __always_inline void ia32_ipc(struct scratch *s)
{
	u64 pointer = s->arg[4];
	u32 value = 0;

	switch (s->arg[0] & 31) {
	case IA32_SEMOP:
	case IA32_SEMTIMEDOP:
		s->arg[0] = s->arg[1];
		s->arg[1] = pointer;
		s->arg[3] = s->arg[5];
		return;
	case IA32_SEMCTL:
		bpf_probe_read_user(&value, sizeof(value), (const void *)pointer);
		s->arg[3] &= ~IA32_IPC_64;
		break;
	}
	s->arg[0] = s->arg[1];
	s->arg[1] = s->arg[2];
	s->arg[2] = s->arg[3];
	s->arg[3] = value;
}

/* A number of 64 bits whose halves are arguments. */
static __always_inline u64 ia32_wide(struct scratch *s, u32 low, u32 high)
{
	return s->arg[low] | s->arg[high] << 32;
}

/* Puts a call's arguments where the native call that it means has them; of calls whose event shows none nothing is moved. */
__noinline int ia32_rearrange(u32 slot, u32 nr)
{
	struct scratch *s = scratch_of(slot);

	if (!s)
		return 0;
	s->wide_times = nr >= IA32_FIRST_TIME64 && nr <= IA32_LAST_TIME64;
	switch (nr) {
	case IA32_SOCKETCALL:
		ia32_socketcall(s);
		break;
	case IA32_IPC:
		ia32_ipc(s);
		break;
	case IA32_MMAP:
		ia32_words(s, s->arg[0]);
		break;
	case IA32_LLSEEK:
		s->arg[1] = ia32_wide(s, 2, 1);
		s->arg[2] = s->arg[4];
		break;
	case IA32_PREAD64:
	case IA32_PWRITE64:
	case IA32_PREADV:
	case IA32_PWRITEV:
		s->arg[3] = ia32_wide(s, 3, 4);
		break;
	}
	return 0;
}

static __always_inline void ia32_arguments(struct scratch *s, struct pt_regs *regs)
{
	s->flags |= YK_X_IA32;
	s->arg[0] = IA32_ARG0(regs);
	s->arg[1] = IA32_ARG1(regs);
	s->arg[2] = IA32_ARG2(regs);
	s->arg[3] = IA32_ARG3(regs);
	s->arg[4] = IA32_ARG4(regs);
	s->arg[5] = IA32_ARG5(regs);
	ia32_rearrange(s->slot, CALL_NUMBER(regs));
}

/* A pointer in the caller's memory, as wide as the caller's are. */
static __always_inline u64 user_pointer(struct scratch *s, u64 at)
{
	u64 wide = 0;
	u32 narrow = 0;

	if (s->flags & YK_X_IA32) {
		bpf_probe_read_user(&narrow, sizeof(narrow), (const void *)at);
		return narrow;
	}
	bpf_probe_read_user(&wide, sizeof(wide), (const void *)at);
	return wide;
}

#endif
