/* SPDX-License-Identifier: GPL-2.0 */
/* Every difference between kernel versions and architectures. */
#ifndef YARAK_COMPAT_H
#define YARAK_COMPAT_H

/* Since 6.2. Weak: where it is missing the verifier drops the branch that would call it. */
extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym __weak;

/* Since 6.10. */
extern void bpf_preempt_disable(void) __ksym __weak;
extern void bpf_preempt_enable(void) __ksym __weak;

/* Since 6.14. */
extern void bpf_local_irq_save(unsigned long *flags) __ksym __weak;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym __weak;

/* Where a task can lose the CPU within a program of a system call's tracepoint, which the loader knows (on 7.3 it can, on
 * 6.12 it cannot), programs of other tracepoints would write over its scratch memory, and the kernel skips the program
 * for all other tasks of that CPU until it is back (again.bpf.c). */
#define PREEMPTIBLE (bpf_ksym_exists(bpf_local_irq_save) && settings.preemptible)

static __always_inline void keep_cpu(void)
{
	if (PREEMPTIBLE)
		bpf_preempt_disable();
}

/* Without interrupts, so that a task whose time is up does not go here, but when the kernel has left the program. */
static __always_inline void release_cpu(void)
{
	unsigned long flags;

	if (PREEMPTIBLE) {
		bpf_local_irq_save(&flags);
		bpf_preempt_enable();
		bpf_local_irq_restore(&flags);
	}
}

/* Where the running CPU's own variables lie, from the address that they all have in common; 0 where only a register of
 * the machine's has it (arm64). */
extern const unsigned long this_cpu_off __ksym __weak;

static __always_inline u64 cpu_offset(void)
{
	return bpf_ksym_exists(&this_cpu_off) ? *(unsigned long *)bpf_this_cpu_ptr(&this_cpu_off) : 0;
}

/* BPF_PROG that keeps the CPU. */
#define PROGRAM(name, args...)                                                           \
	name(unsigned long long *ctx);                                                   \
	static __always_inline int ____##name(unsigned long long *ctx, ##args);          \
	int name(unsigned long long *ctx)                                                \
	{                                                                                \
		int result;                                                              \
                                                                                         \
		keep_cpu();                                                              \
		_Pragma("GCC diagnostic push")                                           \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                   \
		result = ____##name(___bpf_ctx_cast(args));                              \
		_Pragma("GCC diagnostic pop")                                            \
		release_cpu();                                                           \
		return result;                                                           \
	}                                                                                \
	static __always_inline int ____##name(unsigned long long *ctx, ##args)

/* The same for a program that takes its arguments as they come. */
#define RAW_PROGRAM(name, type)                             \
	name(type *ctx);                                    \
	static __always_inline int ____##name(type *ctx);   \
	int name(type *ctx)                                 \
	{                                                   \
		int result;                                 \
                                                            \
		keep_cpu();                                 \
		result = ____##name(ctx);                   \
		release_cpu();                              \
		return result;                              \
	}                                                   \
	static __always_inline int ____##name(type *ctx)

/* The verifier refuses a tail call with preemption off: the program that is called sees by `scratch_kept` whether
 * anybody came in between. */
#define CONTINUE_WITH(ctx, programs, index)             \
	do {                                            \
		release_cpu();                          \
		bpf_tail_call(ctx, programs, index);    \
		keep_cpu();                             \
	} while (0)

#define CAST(type, pointer) \
	((struct type *)bpf_rdonly_cast((const void *)(pointer), bpf_core_type_id_kernel(struct type)))

/* One member through a pointer of any provenance: a direct load where the kernel can check it (430 against 750 ns
 * for the whole open program), a checked copy elsewhere. The pointer is evaluated once, so that no access of ours
 * gets a relocation of its own. */
#define FIELD(type, pointer, member)                                       \
	({                                                                 \
		struct type *__p = (struct type *)(pointer);               \
		typeof(__p->member) __v;                                   \
		if (bpf_ksym_exists(bpf_rdonly_cast))                      \
			__v = CAST(type, __p)->member;                     \
		else                                                       \
			bpf_core_read(&__v, sizeof(__v), &__p->member);    \
		__v;                                                       \
	})

/* A member of a type that not every kernel has; 0 where it is missing. */
#define FIELD_IF_ANY(type, pointer, member) \
	(bpf_core_field_exists(struct type, member) ? FIELD(type, pointer, member) : 0)

/* A struct path, member by member: a copy of a whole struct keeps the offset of its first word from compile time. */
#define PATH(type, pointer, member)                                   \
	((struct path){ .mnt = FIELD(type, pointer, member.mnt),      \
			.dentry = FIELD(type, pointer, member.dentry) })

/* Eight bytes at an address of any provenance; 0 where there are none. A struct that begins with 64 bits stands in for
 * whatever is there. */
static __always_inline u64 word_at(u64 address)
{
	u64 word = 0;

	if (bpf_ksym_exists(bpf_rdonly_cast))
		return CAST(timespec64, address)->tv_sec;
	bpf_probe_read_kernel(&word, sizeof(word), (const void *)address);
	return word;
}

/* Address of an embedded member, computed without a load. */
#define MEMBER(type, pointer, member) ((void *)(pointer) + bpf_core_field_offset(struct type, member))

/* A pointer member as a number that can be reckoned with: the verifier lets nobody do that with a pointer. */
#define NUMBER(type, pointer, member) word_at((u64)MEMBER(type, pointer, member))

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct kernfs_node___parent6_15 {
	struct kernfs_node *__parent;
};
struct timespec64___inode {
	s64 tv_sec;
	long tv_nsec;
};
struct inode___before6_11 {
	struct timespec64___inode __i_ctime;
	struct timespec64___inode i_mtime;
};
struct inode___before6_6 {
	struct timespec64___inode i_ctime;
	struct timespec64___inode i_mtime;
};
struct inode___6_7 {
	struct timespec64___inode __i_mtime;
};
struct task_struct___state {
	u32 status;
};
struct io_kiocb___before6_13 {
	struct task_struct *task;
};
struct io_fixed_file {
	unsigned long file_ptr;
};
struct io_file_table___before6_13 {
	struct io_fixed_file *files;
};
struct io_ring_ctx___before6_13 {
	u32 nr_user_files;
};
struct io_open___before7_0 {
	struct filename *filename;
};
struct io_unlink___before7_0 {
	struct filename *filename;
};
struct io_mkdir___before7_0 {
	struct filename *filename;
};
struct io_rename___before7_0 {
	struct filename *oldpath, *newpath;
};
struct io_link___before7_0 {
	struct filename *oldpath, *newpath;
};
/* Until 6.10: addresses were copied to the kernel when the operation ran, and not when it was prepared. */
struct io_async_connect {
	int unused;
};
struct io_sr_msg___before6_10 {
	void *addr;
	u32 addr_len;
};
/* Gone since 6.2: the counters of a process's pages became per-CPU ones. */
typedef struct {
	s64 counter;
} atomic_long_t___before6_2;
struct mm_rss_stat___before6_2 {
	atomic_long_t___before6_2 count[4];
};
struct mm_struct___before6_2 {
	struct mm_rss_stat___before6_2 rss_stat;
};
#pragma clang attribute pop

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	if (bpf_core_field_exists(struct kernfs_node___parent6_15, __parent))
		return (struct kernfs_node *)BPF_CORE_READ((struct kernfs_node___parent6_15 *)node, __parent);
	return BPF_CORE_READ(node, parent);
}

#define NS_PER_S 1000000000ULL
/* The top bit of a ctime's nanoseconds says since 6.13 that somebody asked for it (I_CTIME_QUERIED). */
#define NSEC_MASK 0x7fffffffULL

static __always_inline u64 inode_ctime(struct inode *inode)
{
	if (bpf_core_field_exists(struct inode, i_ctime_sec))
		return FIELD(inode, inode, i_ctime_sec) * NS_PER_S + (FIELD(inode, inode, i_ctime_nsec) & NSEC_MASK);
	if (bpf_core_field_exists(struct inode___before6_11, __i_ctime))
		return BPF_CORE_READ((struct inode___before6_11 *)inode, __i_ctime.tv_sec) * NS_PER_S +
		       BPF_CORE_READ((struct inode___before6_11 *)inode, __i_ctime.tv_nsec);
	return BPF_CORE_READ((struct inode___before6_6 *)inode, i_ctime.tv_sec) * NS_PER_S +
	       BPF_CORE_READ((struct inode___before6_6 *)inode, i_ctime.tv_nsec);
}

static __always_inline u64 inode_mtime(struct inode *inode)
{
	if (bpf_core_field_exists(struct inode, i_mtime_sec))
		return FIELD(inode, inode, i_mtime_sec) * NS_PER_S + FIELD(inode, inode, i_mtime_nsec);
	if (bpf_core_field_exists(struct inode___6_7, __i_mtime))
		return BPF_CORE_READ((struct inode___6_7 *)inode, __i_mtime.tv_sec) * NS_PER_S +
		       BPF_CORE_READ((struct inode___6_7 *)inode, __i_mtime.tv_nsec);
	return BPF_CORE_READ((struct inode___before6_6 *)inode, i_mtime.tv_sec) * NS_PER_S +
	       BPF_CORE_READ((struct inode___before6_6 *)inode, i_mtime.tv_nsec);
}

/* The kernel's copy of a name in a prepared command. */
#define REQUEST_NAME(type, req, member)                                                    \
	(bpf_core_type_exists(struct delayed_filename)                                     \
		 ? (u64)FIELD(type, req, member.__incomplete_filename)                     \
		 : (u64)BPF_CORE_READ((struct type##___before7_0 *)(req), member))

/* The task that a request of io_uring belongs to: who submitted it, or the ring's polling thread. */
static __always_inline struct task_struct *request_task(struct io_kiocb *req)
{
	if (bpf_core_field_exists(struct io_kiocb, tctx)) {
		struct io_uring_task *tctx = FIELD(io_kiocb, req, tctx);

		return FIELD(io_uring_task, tctx, task);
	}
	return BPF_CORE_READ((struct io_kiocb___before6_13 *)req, task);
}

/* Low bits of a registered file's pointer hold flags. */
#define FIXED_FILE_MASK (~7UL)

/* What a ring has registered at an index. */
static __always_inline struct file *registered_file(struct io_ring_ctx *ring, u32 index)
{
	unsigned long pointer = 0;

	if (bpf_core_field_exists(struct io_file_table, data)) {
		struct io_rsrc_node **nodes = FIELD(io_ring_ctx, ring, file_table.data.nodes), *node = NULL;

		if (index >= FIELD(io_ring_ctx, ring, file_table.data.nr))
			return NULL;
		bpf_probe_read_kernel(&node, sizeof(node), nodes + index);
		pointer = node ? FIELD(io_rsrc_node, node, file_ptr) : 0;
	} else {
		struct io_file_table___before6_13 *table = MEMBER(io_ring_ctx, ring, file_table);
		struct io_fixed_file *files = BPF_CORE_READ(table, files);

		if (index >= BPF_CORE_READ((struct io_ring_ctx___before6_13 *)ring, nr_user_files))
			return NULL;
		bpf_probe_read_kernel(&pointer, sizeof(pointer), files + index);
	}
	return (struct file *)(pointer & FIXED_FILE_MASK);
}

#define ADDRESSES_COPIED_AT_SUBMISSION (!bpf_core_type_exists(struct io_async_connect))

/* Address of a prepared connect or bind: in a message, or (7.2 and stable kernels since June 2026) by itself. Nothing in
 * the type information tells which; but a message begins with a pointer, whose low bits are no address family. */
static __always_inline void *prepared_address(void *async)
{
	u16 family = 0;

	bpf_probe_read_kernel(&family, sizeof(family), async);
	return family & 7 ? async : MEMBER(io_async_msghdr, async, addr);
}

/* Where a prepared send has its destination in the caller's memory; 0: it has it as others have it. */
static __always_inline u64 unprepared_destination(struct io_kiocb *req, u32 *len)
{
	struct io_sr_msg___before6_10 *command = (struct io_sr_msg___before6_10 *)req;

	if (!bpf_core_field_exists(struct io_sr_msg___before6_10, addr))
		return 0;
	*len = BPF_CORE_READ(command, addr_len) & 0xffff;
	return (u64)BPF_CORE_READ(command, addr);
}

/* What io_uring_complete(ctx, req, cqe) hands over; before 6.13 io_uring_complete(ctx, req, user_data, res, …). */
#define COMPLETION_RESULT(ctx)                                        \
	(settings.ring_result_by_value ? (s64)(s32)(ctx)->args[3]     \
				       : (s64)FIELD(io_uring_cqe, (ctx)->args[2], res))
#define COMPLETION_USER_DATA(ctx)                              \
	(settings.ring_result_by_value ? (ctx)->args[2]        \
				       : FIELD(io_uring_cqe, (ctx)->args[2], user_data))

/* Who logged in; only a kernel that audits calls keeps it. */
static __always_inline u32 login_uid(struct task_struct *task)
{
	return bpf_core_field_exists(struct task_struct, loginuid) ? FIELD(task_struct, task, loginuid.val) : -1;
}

/* Pages that a process holds, by kind (include/linux/mm_types_task.h). Approximate: CPUs keep small changes back. */
#define MM_PAGES(mm, kind)                                                                        \
	(bpf_core_type_exists(struct mm_rss_stat___before6_2) ?                                    \
		 (u64)BPF_CORE_READ((struct mm_struct___before6_2 *)(mm), rss_stat.count[kind].counter) : \
		 (u64)BPF_CORE_READ((mm), rss_stat[kind].count))

/* A user string with its NUL, or an error below 0. Until 6.14 the helper returned 0 for an empty one. */
static __always_inline long user_string(char *to, u32 size, u64 pointer)
{
	long n = bpf_probe_read_user_str(to, size, (const void *)pointer);

	if (n || !size)
		return n;
	*to = 0;
	return 1;
}

/* Masks in an instruction that clang can't prove away: the verifier wants to see the bound it already knows. */
static __always_inline u32 masked(u32 v, const u32 mask)
{
	asm volatile("%0 &= %1" : "+r"(v) : "i"(mask));
	return v;
}

/* A number that clang knows nothing about: from a known one it makes a negation, which 6.12's verifier can't follow. */
static __always_inline u64 opaque(u64 v)
{
	asm volatile("" : "+r"(v));
	return v;
}

/* What a task entered the kernel with, by architecture; whole up to what is used, as one is copied to the stack. */
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
} __attribute__((preserve_access_index));

/* Successful exec clears the argument registers and pretends to be execve, whichever it was (set_personality_64bit). */
#define CALL_NUMBER(regs) ((u32)(regs)->orig_ax)
#define CALL_NUMBER_OF(task) ((u32)FIELD(pt_regs, entry_registers(task), orig_ax))
#define CALL_ARG0(regs) ((regs)->di)
#define CALL_ARG1(regs) ((regs)->si)
#define CALL_ARG2(regs) ((regs)->dx)
#define CALL_ARG3(regs) ((regs)->r10)
#define CALL_ARG4(regs) ((regs)->r8)
#define CALL_ARG5(regs) ((regs)->r9)
/* Of a function that a kprobe is on. */
#define FUNCTION_ARG0(at_entry) ((at_entry)->di)
/* The 32-bit entry: another table, arguments in other registers. */
#define TS_COMPAT 2
#define NARROW_ENTRY(task) (FIELD(task_struct, task, thread_info.status) & TS_COMPAT)
#define NARROW_ENTRY_IS_TOLD 1
#define IA32_ARG0(regs) ((u32)(regs)->bx)
#define IA32_ARG1(regs) ((u32)(regs)->cx)
#define IA32_ARG2(regs) ((u32)(regs)->dx)
#define IA32_ARG3(regs) ((u32)(regs)->si)
#define IA32_ARG4(regs) ((u32)(regs)->di)
#define IA32_ARG5(regs) ((u32)(regs)->bp)
/* Set by io_uring in the flags of its opens. */
#define O_LARGEFILE 0100000
#define HAVE_PAGE_FAULT_TRACEPOINTS
#define INSTRUCTION_POINTER(regs) FIELD(pt_regs, regs, ip)
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	u64 regs[31], sp, pc, pstate;
	u64 orig_x0;
	s32 syscallno;
} __attribute__((preserve_access_index));

/* The result stands where the first argument was; successful exec clears all but the number. */
#define CALL_NUMBER(regs) ((u32)(regs)->syscallno)
#define CALL_NUMBER_OF(task) ((u32)FIELD(pt_regs, entry_registers(task), syscallno))
#define CALL_ARG0(regs) ((regs)->orig_x0)
#define CALL_ARG1(regs) ((regs)->regs[1])
#define CALL_ARG2(regs) ((regs)->regs[2])
#define CALL_ARG3(regs) ((regs)->regs[3])
#define CALL_ARG4(regs) ((regs)->regs[4])
#define CALL_ARG5(regs) ((regs)->regs[5])
#define FUNCTION_ARG0(at_entry) ((at_entry)->regs[0])
/* AArch32 tasks: their table is not translated, so that their calls are only counted. */
#define TIF_32BIT 22
#define NARROW_ENTRY(task) (FIELD(task_struct, task, thread_info.flags) >> TIF_32BIT & 1)
#define NARROW_ENTRY_IS_TOLD 0
#define IA32_ARG0(regs) ((u32)CALL_ARG0(regs))
#define IA32_ARG1(regs) ((u32)CALL_ARG1(regs))
#define IA32_ARG2(regs) ((u32)CALL_ARG2(regs))
#define IA32_ARG3(regs) ((u32)CALL_ARG3(regs))
#define IA32_ARG4(regs) ((u32)CALL_ARG4(regs))
#define IA32_ARG5(regs) ((u32)CALL_ARG5(regs))
#define O_LARGEFILE 0400000
#else
#error "no system call registers for this architecture yet"
#endif

/* Kernel stacks are 16 KiB; the registers that a task entered the kernel with lie at the top. */
#define KERNEL_STACK 16384

enum bpf_func_id___5_15 {
	BPF_FUNC_task_pt_regs___5_15 = 175,
};

static __always_inline struct pt_regs *entry_registers(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id___5_15, BPF_FUNC_task_pt_regs___5_15))
		return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return FIELD(task_struct, task, stack) + KERNEL_STACK - bpf_core_type_size(struct pt_regs);
}

#endif
