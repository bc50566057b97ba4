/* SPDX-License-Identifier: GPL-2.0 */
/* Every map of the sensor. */
#ifndef YARAK_MAPS_H
#define YARAK_MAPS_H

#define PATH_SIZE 4096
#define PATH_MASK (PATH_SIZE - 1)
#define NAME_SIZE 256
/* Of one request: two names, and the directories that relative ones start from. */
#define KEPT_NAMES 4
#define OUT_SIZE 32768
#define OUT_MASK (OUT_SIZE - 1)
/* Longest I/O buffer that is kept: the ceiling of the snap length. */
#define DATA_SIZE 16384
#define DATA_MASK (DATA_SIZE - 1)

#define SIGHTS_BITS 12
#define SIGHTS (1 << SIGHTS_BITS)
#define SIGHT_TAKEN 1

/* A name that outlives the system call that brought it. */
struct kept_name {
	u32 len;
	u32 cut;
	char text[PATH_SIZE];
};

/* What a request of io_uring asks for, laid out as the registers of the system call that means the same. */
struct ring_request {
	u64 arg[6];
	u64 ctx;
	u64 user_data;
	u32 nr;
	u32 slot;  /* direct descriptor that the result goes to: index + 1, or RING_SLOT_ANY; 0 none */
	u32 names; /* bits of the names kept for it */
	u32 addr_len;
	char addr[128];
};

/* A path on its way from the leaf up. Lives in map memory: a loop-carried offset on the stack makes the verifier
 * explore every value of it. */
struct walk {
	u64 dentry;
	u64 mnt;
	u64 stop_dentry;
	u64 stop_mnt;
	u32 off;
	u8 cut;
	u8 reached_stop;
	u8 leaf; /* length of the last component; 0: not known */
	char buf[PATH_SIZE + NAME_SIZE];
};

/* What an open asks for, whichever call it is. */
struct open_args {
	u64 name;
	u64 flags;
	u64 mode;
	u64 resolve;
	s64 dirfd;
	u8 name_param;
};

/* Where a socket's call has its buffers and its address: the caller's memory. */
struct message {
	u64 data, size;
	u64 parts, count; /* the buffer in parts; none: `data` is all of it */
	u64 control, control_len;
	u64 addr;
	u32 addr_len;
	bool sends, receives;
};

/* What a call says of its socket; `source` and `peer` are the kernel's before anything is made of them. */
struct socket_view {
	u64 source, peer;
	bool known;
};

struct scratch {
	u32 slot; /* its own index: global functions are told it (5.10 hands them numbers alone) */
	u64 user; /* task of the last program, where one can lose the CPU */
	/* Pointers pass through memory: a global function takes no kernel pointer as an argument. */
	u64 task;
	u64 node;
	u64 arg[6];
	s64 ret;
	u64 ts;
	u32 nr;
	u32 tid;
	u32 off;
	u32 param;
	u32 batch; /* message of a call that moves several, from 0 */
	u32 left; /* bytes or entries still to write */
	u32 ext_off;
	u32 given_len;
	u32 given_last; /* where its last component starts */
	u32 slash_at;    /* where the last word with a slash is, */
	u64 slash_word;  /* the word, */
	u64 slash_hash;  /* and what the words before it hash to */
	u64 given_chain; /* of the directory as given */
	u16 event;
	u16 flags;
	u8 share; /* enum yk_share */
	u8 unfinished; /* the io_uring request at hand has no result yet */
	u8 resumes;    /* a submission waits behind this event */
	u8 must_send; /* whatever the filter says */
	u8 wide_times; /* of a caller with longs of 32 bits */
	u8 more_to_come; /* another message of the batch */
	u8 next_message; /* the program at work was called for one */
	u8 joined;    /* s->base holds the given name with its directory already */
	u64 subject; /* whose event it is */
	u64 dentry;  /* where a chain starts */
	u64 chain; /* what it was hashed to */
	/* An open's names; and below what is known of a socket's call. Here and not on the stack, where the verifier
	 * follows each combination of values. */
	struct open_args asked;
	u64 file_at; /* struct file, or 0 */
	u64 real_chain; /* of the file's directory */
	u64 base_chain; /* of the one that a relative name starts from */
	u8 have_base;
	u8 same_name;
	u8 scan;
	u8 call_flags; /* enum yk_call_flags */
	u32 row; /* of the parameter at hand */
	u32 ncuts;
	u32 texts; /* strings of this call so far */
	u32 polled;    /* entries of a list of descriptors in the record, */
	u32 polled_at; /* and where the first one is */
	u32 open; /* descriptors of the task */
	u32 nkinds;
	u64 kinds[YK_TABLE_KINDS];
	struct snapshot snapshot;
	struct yk_cut cuts[YK_MAX_CUTS];
	union {
		struct {
			struct walk real;
			struct walk base;
		};
		struct walk walks[2]; /* by WALK_REAL and WALK_BASE */
	};
	struct walk spare;
	u32 generation;
	struct yk_bits bits;     /* clauses still possible */
	struct yk_bits possible; /* clauses that one dimension leaves */
	struct yk_path_key key;
	struct yk_socket socket;
	struct message message;
	struct socket_view view;
	struct yk_file file;
	u8 addr_read; /* once is enough */
	u32 addr_len;
	char addr[128];
	u64 request; /* struct io_kiocb of the io_uring request at hand */
	struct ring_request ring;
	struct kept_name kept[KEPT_NAMES];
	char given[PATH_SIZE + NAME_SIZE] __attribute__((aligned(8)));
	char out[OUT_SIZE + DATA_SIZE];
};

/* Strings of calls under way, by thread: removed when the call ends, or the thread. No LRU map, which would put out
 * calls under way while other CPUs hold free entries. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct snapshot);
} snapshots SEC(".maps");

/* System call number -> what is done when it begins. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, YK_CALLS);
	__type(key, u32);
	__type(value, u32);
} entering SEC(".maps");

/* One per CPU, and one more for the iterators; an array because a per-CPU value may not exceed 32 KiB. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* What the dispatcher saw last of a task, where tasks can lose the CPU between it and `dispatch_again`: the task itself, or
 * `SIGHT_TAKEN` with it once the second program knows. By a hash, so that one may stand where another stood. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SIGHTS);
	__type(key, u32);
	__type(value, u64);
} sights SEC(".maps");

static __always_inline u64 *sight_of(u64 task)
{
	u32 slot = (task >> 6) * 0x9e3779b97f4a7c15ULL >> (64 - SIGHTS_BITS);

	return bpf_map_lookup_elem(&sights, &slot);
}

/* Says that this task's call is seen. */
static __always_inline void leave_sight(void)
{
	u64 task, *sight;

	if (!PREEMPTIBLE)
		return;
	task = bpf_get_current_task();
	sight = sight_of(task);
	if (sight)
		*sight = task;
}

enum seen { SEEN, SKIPPED, UNSURE };

/* Whether this task's call was seen; asked once for each. */
static __always_inline enum seen take_sight(void)
{
	u64 task = bpf_get_current_task(), *sight = sight_of(task), found;

	if (!sight)
		return UNSURE;
	found = *sight;
	if (found == task) {
		*sight = task | SIGHT_TAKEN;
		return SEEN;
	}
	return !found || found == (task | SIGHT_TAKEN) ? SKIPPED : UNSURE;
}

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct ring);
} rings SEC(".maps") = { .values = {} };

/* The program for calls that are not quiet. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} wanted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, YK_CALLS);
	__type(key, u32);
	__type(value, u32);
} programs SEC(".maps");

/* The program that goes on where one event is not all that a call has to tell: the same once more. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} more SEC(".maps");

/* The program that ends a record with descriptors it is not about: one for each tracepoint, since the kernel lets a
 * program go on in none that has other arguments. */
struct follower {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
};
struct follower finishing SEC(".maps"), finishing_exec SEC(".maps"), finishing_fork SEC(".maps"),
	finishing_exit SEC(".maps"), finishing_signal SEC(".maps"), finishing_switch SEC(".maps"),
	finishing_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, YK_CALLS);
	__type(key, u32);
	__type(value, struct yk_call);
} calls SEC(".maps");

/* The calls' parameters, row by row. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, YK_PARAM_ROWS);
	__type(key, u32);
	__type(value, struct yk_param);
} params SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, YK_CONDITIONS);
	__type(key, u32);
	__type(value, struct yk_cond);
} conditions SEC(".maps");

/* Number of a 32-bit call -> the native call that means the same, or YK_NO_CALL. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, YK_IA32_CALLS);
	__type(key, u32);
	__type(value, u32);
} ia32_calls SEC(".maps");

/* Operation of io_uring -> the call that means the same, or YK_NO_CALL where nothing needs it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, YK_RING_OPERATIONS);
	__type(key, u32);
	__type(value, u32);
} ring_calls SEC(".maps");

/* The programs that write events of io_uring, by YK_RING_*. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, YK_RING_PROGRAMS);
	__type(key, u32);
	__type(value, u32);
} ring_programs SEC(".maps");

/* Requests between submission and completion, by struct io_kiocb. What does not fit is told at submission. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct ring_request);
} ring_requests SEC(".maps");

/* The last of them under each number that userspace gave: some completions name no request. */
struct ring_user_key {
	u64 ctx;
	u64 user_data;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct ring_user_key);
	__type(value, u64);
} ring_users SEC(".maps");

/* Their names: the kernel drops its copies before the completion. */
struct ring_name_key {
	u64 request;
	u64 which;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct ring_name_key);
	__type(value, struct kept_name);
} ring_names SEC(".maps");

/* Two generations side by side, by parity. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct yk_filter);
} filters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct yk_path_key);
	__type(value, struct yk_bits);
} paths SEC(".maps");

/* Clauses that ask for a task's short name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct yk_name_key);
	__type(value, struct yk_bits);
} names SEC(".maps");

/* Clauses that ask for a port. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct yk_number_key);
	__type(value, struct yk_bits);
} ports SEC(".maps");

/* Users that clauses name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct yk_number_key);
	__type(value, struct yk_bits);
} uids SEC(".maps");

/* Networks that clauses name. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct yk_net_key);
	__type(value, struct yk_net);
} nets SEC(".maps");

/* What the path atoms make of a whole directory; `chain` says which one, and of which generation. YK_DIRECTORIES a CPU,
 * so that nobody else writes while one reads. */
struct directory {
	u64 chain;
	struct yk_bits possible;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, YK_DIRECTORIES);
	__type(key, u32);
	__type(value, struct directory);
} directories SEC(".maps");

/* Kernel device number -> where that file system sits in the host's mount namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct yk_mount_prefix);
} mounts SEC(".maps");

/* cgroup id -> YK_HOST or YK_CONTAINER; absent: unknown. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, u32);
} cgroups SEC(".maps");

/* What a socket's last event knew: the role, and the peer a datagram went to. Each socket has its place by its inode
 * number, where a later one puts it out: an LRU hash takes six times as long, for every connection. 0 in `ino` while it
 * is written. */
struct socket_memory {
	volatile u64 ino;
	u8 role;
	u8 pad;
	u16 rport;
	u32 pad2;
	u8 raddr[16];
};
#define YK_SOCKETS 16384 /* a power of two */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, YK_SOCKETS);
	__type(key, u32);
	__type(value, struct socket_memory);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, YK_N_COUNTERS);
	__type(key, u32);
	__type(value, u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct yk_losses);
} losses SEC(".maps");

static __always_inline void count(u32 which)
{
	u64 *n = bpf_map_lookup_elem(&counters, &which);
	if (n)
		(*n)++;
}

static __always_inline struct socket_memory *socket_place(u64 ino)
{
	u32 slot = ino & (YK_SOCKETS - 1);

	return bpf_map_lookup_elem(&sockets, &slot);
}

/* What is remembered of a socket; false where that is nothing, or just being written. */
static __always_inline bool socket_recall(u64 ino, struct socket_memory *to)
{
	struct socket_memory *m = socket_place(ino);

	if (!m || m->ino != ino)
		return false;
	__builtin_memcpy((void *)to, (const void *)m, sizeof(*to));
	barrier();
	return m->ino == ino;
}

static __always_inline void socket_remember(u64 ino, u8 role, u16 rport, const u8 raddr[16])
{
	struct socket_memory *m = socket_place(ino);

	if (!m)
		return;
	if (m->ino && m->ino != ino)
		count(YK_N_SOCKETS_FORGOTTEN);
	m->ino = 0;
	barrier();
	m->role = role;
	m->rport = rport;
	__builtin_memcpy(m->raddr, raddr, 16);
	barrier();
	m->ino = ino;
}

#endif
