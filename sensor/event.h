/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0 */
/* The wire: what one ring-buffer record holds.
 *
 *   event      capture format: packed header, u16 length per parameter, parameter bytes (core/schema/events.tsv)
 *   extension  struct yk_ext, then items, each struct yk_item and `len` bytes
 *
 * core/src/event.rs reads exactly this; a test there compares sizes and offsets.
 */
#ifndef YARAK_EVENT_H
#define YARAK_EVENT_H

/* Members stand at their natural alignment: BPF has no unaligned access, so that clang would write a packed member
 * byte by byte. The capture format's own header is the exception; its offsets are given as numbers. */
#define YK_HEADER_TS 0  /* u64, boot clock, ns; userspace adds the epoch offset */
#define YK_HEADER_TID 8 /* u64, host view */
#define YK_HEADER_LEN 16 /* u32: header, lengths and parameters; the extension follows */
#define YK_HEADER_ID 20 /* u16 */
#define YK_HEADER_NPARAMS 22 /* u32 */
#define YK_HEADER_SIZE 26

enum yk_ext_flags {
	YK_X_TRUNCATED = 1 << 0,
	YK_X_ARGS_CHANGED = 1 << 1,
	YK_X_STATE_ONLY = 1 << 2,
	YK_X_SCAN = 1 << 3,
	YK_X_IA32 = 1 << 4,
	YK_X_IO_URING = 1 << 5,       /* submitted through io_uring */
	YK_X_RESULT_UNKNOWN = 1 << 6, /* told at submission: parameter 0 is empty */
	YK_X_ODD_GENERATION = 1 << 7, /* of the filter tables under which it was let through */
	YK_X_SCRIPT = 1 << 8,         /* the program was started to interpret the file that was named */
	YK_X_UNREAD = 1 << 9,         /* of a scan, by userspace: arguments and environment could not be read in time */
	YK_X_LATE = 1 << 10,          /* its strings are known from the call's end alone */
};

struct yk_ext {
	__u16 len; /* this block and its items */
	__u16 flags;
	__u32 tgid;
	__u64 start_boottime;
	__u64 cgroup;
	__u32 ppid;
	__u32 uid;
	__u32 gid;
	__u32 loginuid;
	__u32 exec_gen;
	char comm[16];
	__u32 cpu;
};

enum yk_item_kind {
	YK_I_FILE = 1,
	YK_I_SOCKET = 2,
	YK_I_REAL = 3,
	YK_I_BASE = 4,
	YK_I_CGROUP = 5,
	YK_I_UNIX = 6,
	YK_I_IDS = 7,
	YK_I_CUTS = 8,
	YK_I_OTHERS = 9, /* FILE, SOCKET, REAL and UNIX items of descriptors that the event is not about */
	YK_I_TABLE = 10, /* number of open descriptors (u64), then a word for each of their kinds (u64) */
};

/* A kind as a word: the capture format's number; from here on a socket's family; above that the first eight bytes of
 * the name that the kernel gives to an anonymous inode. */
#define YK_WORD_FAMILY 256
#define YK_TABLE_KINDS 32
/* Descriptors whose kinds are looked at, and words of the bit map that is counted. */
#define YK_TABLE_DESCRIPTORS 256
#define YK_TABLE_WORDS 256

struct yk_item {
	__u16 kind;
	__u16 len;
};

/* Ids that only birth, exec and the scan tell, of the host and (v) as the task sees them itself; 0 = none. */
struct yk_ids {
	__u32 sid;
	__u32 vtid;
	__u32 vpid;
	__u32 pgid;
	__u32 vsid;
	__u32 vpgid;
};

/* One of a YK_I_CUTS item: a parameter that did not fit, and how long it is in full (bytes; 0: not known). */
struct yk_cut {
	__u32 param;
	__u32 full;
};
#define YK_MAX_CUTS 4

/* Head of a YK_I_REAL or YK_I_BASE item; the text follows. */
struct yk_path_head {
	__u8 param; /* index of the parameter, YK_DESCRIPTOR for the event's descriptor */
	__u8 flags;
};

#define YK_DESCRIPTOR 255
#define YK_PATH_CUT 1
#define YK_PATH_DELETED 2

/* `created` rides in a bit that no kernel gives to f_flags. */
#define YK_OPEN_CREATED (1U << 31)

struct yk_file {
	__s64 fd;
	__u32 dev;
	__u8 kind;
	__u8 layer; /* overlayfs: 1 upper, 2 lower */
	__u16 mode;
	__u64 ino;
	__u64 ctime;
	__u32 open_flags;
	__u32 pid; /* of a pidfd, host view; 0: not known */
};

enum yk_socket_flags {
	YK_S_CONNECTED = 1 << 0,
	YK_S_NAME_CHANGED = 1 << 1,
	YK_S_LISTENING = 1 << 2,
	YK_S_LOCAL_KNOWN = 1 << 3,
	YK_S_REMOTE_KNOWN = 1 << 4,
};

enum yk_role { YK_ROLE_UNKNOWN, YK_ROLE_CLIENT, YK_ROLE_SERVER };

struct yk_socket {
	__s64 fd;
	__u64 ino;
	__u64 source;
	__u64 peer;
	__u8 laddr[16];
	__u8 raddr[16];
	__u16 family;
	__u8 type;
	__u8 protocol;
	__u8 role;
	__u8 flags;
	__u16 lport;
	__u16 rport;
	__u16 pad[3];
};

/* Capture format's descriptor types that the sensor tells apart. */
enum yk_fd_kind {
	YK_FD_UNKNOWN = 0,
	YK_FD_FILE = 1,
	YK_FD_DIRECTORY = 2,
	YK_FD_FIFO = 7,
	YK_FD_UNSUPPORTED = 10, /* anonymous inodes: the real-name item holds the kernel's name for it */
	YK_FD_MEMFD = 20,
	YK_FD_PIDFD = 21,
};

/* Where a parameter of the table-driven program comes from (column `sources` of events.tsv). */
enum yk_source {
	YK_SRC_NONE,
	YK_SRC_RET,
	YK_SRC_ARG,
	YK_SRC_INT,      /* signed 32-bit argument */
	YK_SRC_CONST,    /* `arg` is the value */
	YK_SRC_PATH,     /* user string that names a file; `aux`: register of its dirfd */
	YK_SRC_STR,
	YK_SRC_BUF,      /* user bytes; `aux`: register of their length, `off`: enum yk_length */
	YK_SRC_VECTOR,   /* struct iovec[]; `aux`: register of their number, `off`: enum yk_length */
	YK_SRC_VECTOR_LEN, /* bytes of all its parts */
	YK_SRC_POLL,     /* struct pollfd[] that something happened on; `aux`: register of their number */
	YK_SRC_WORD,     /* number in user memory, `off` bytes (longs: words) behind the pointer; `aux`: enum yk_word */
	YK_SRC_TIMESPEC, /* struct timespec, in ns */
	YK_SRC_TIMEVAL,  /* struct timeval, in ns */
	YK_SRC_MEMORY,   /* the task's memory in KiB; `arg`: enum yk_memory */
	YK_SRC_SOCK,     /* kernel address of the socket whose descriptor stands in user memory */
	YK_SRC_INODE,    /* inode of such a descriptor */
};

enum yk_word { YK_W_U16, YK_W_I16, YK_W_U32, YK_W_I32, YK_W_U64, YK_W_LONG, YK_W_NEGATED };
enum yk_memory { YK_M_SIZE, YK_M_RSS, YK_M_SWAP };

/* How long a buffer is. */
enum yk_length {
	YK_LEN_ARG,     /* as an argument says */
	YK_LEN_RESULT,  /* as the result says; nothing of a failed call */
	YK_LEN_DONE,    /* the result, or the argument where the call failed or did nothing */
	YK_LEN_POINTED, /* as the u32 says that an argument points to */
};

enum yk_param_mode {
	YK_P_SUCCESS = 1 << 0,    /* only of a successful call */
	YK_P_ONES = 1 << 1,       /* -1 where there is nothing to read, not 0 */
	YK_P_DESCRIPTOR = 1 << 2, /* a descriptor: the event's, unless one stands before it */
};

#define YK_NO_ARG 255
#define YK_MAX_PARAMS 18
#define YK_MAX_CHOICES 8
#define YK_PARAM_ROWS 1024
#define YK_CONDITIONS 128
#define YK_POLL_ENTRIES 64
#define YK_POLL_ENTRY 10 /* bytes: descriptor, flags */
#define YK_VECTOR_PARTS 64

/* One way to find a parameter. */
struct yk_param {
	__u8 source;
	__u8 arg;     /* argument register, or the constant */
	__u8 aux;
	__u8 width;   /* bytes on the wire, 0 variable */
	__u8 off;
	__u8 mode;
	__u8 variant; /* of a dynamic parameter: 1 + the index that goes before the value; 0: not dynamic */
	__u8 pad;
	__u16 cond;   /* 1 + index of the condition under which it applies, 0: always */
	__u16 next;   /* row of the way to take where it does not, 0: none */
};

/* Holds if ((argument >> shift) - base) < 64 and that bit is in `set`; `inverted`: if not. */
struct yk_test {
	__u64 set;
	__u32 base;
	__u8 arg; /* YK_NO_ARG: holds always */
	__u8 shift;
	__u8 inverted;
	__u8 pad;
};

/* Both must hold. */
struct yk_cond {
	struct yk_test test[2];
};

enum yk_call_flags {
	YK_C_STATE = 1 << 0,    /* feeds state: passes the filter */
	YK_C_CREATES_FD = 1 << 1,
	YK_C_CWD = 1 << 2,      /* tell the new working directory */
	YK_C_SNAPSHOT = 1 << 3, /* its strings are taken when it begins */
	YK_C_NAMES = 1 << 4,    /* it leaves no object that its strings stand for */
};

/* Eighths of a ring that may be in use when an event comes: what is left belongs to those that count more. */
enum yk_share {
	YK_SHARE_ORDINARY = 6,
	YK_SHARE_CRITICAL = 7, /* calls that change privileges, mounts, modules, other processes */
	YK_SHARE_LIFE = 8,     /* births, images and ends of processes */
};

/* One system call, indexed by its native number. */
struct yk_call {
	__u16 event;
	__u8 nparams;
	__u8 flags;
	__u8 share; /* enum yk_share */
	__u8 pad;
	__u16 first; /* row of its first parameter; the others follow */
};

/* Kernel filter. A clause is a bit; a dimension says which clauses are still possible. A generation uses as many words
 * as its rules have clauses for; these are the most. */
#define YK_CLAUSE_WORDS 16
#define YK_CALLS 512
/* Numbers of the 32-bit entry, and behind them the operations of its socketcall. */
#define YK_IA32_CALLS 612
#define YK_IA32_SOCKETCALLS 512
/* And behind these the numbers that the x32 entry has of its own, from 512 on. */
#define YK_X32_CALLS 544
/* And behind these the operations of the 32-bit entry's ipc. */
#define YK_IA32_IPC 580
#define YK_NO_CALL 0xffffffff
/* Operations of io_uring (IORING_OP_*). */
#define YK_RING_OPERATIONS 256
enum { YK_RING_OPEN, YK_RING_SIMPLE, YK_RING_SOCKET, YK_RING_SUBMIT, YK_RING_PROGRAMS };

struct yk_bits {
	__u64 w[YK_CLAUSE_WORDS];
};

enum { YK_ACCESS_READ, YK_ACCESS_WRITE, YK_ACCESS_RDWR, YK_ACCESSES };
enum { YK_RESULT_OK, YK_RESULT_FAIL, YK_RESULT_PROGRESS, YK_RESULTS };
enum { YK_HOST, YK_CONTAINER, YK_WHERES };
enum { YK_CLIMBS, YK_STAYS, YK_CLIMBINGS };
enum { YK_CREATES, YK_CREATES_NOT, YK_CREATINGS };
enum { YK_KIND_INET4, YK_KIND_INET6, YK_KIND_UNIX, YK_KIND_FILE, YK_KIND_DIRECTORY, YK_KIND_OTHER, YK_KINDS };
enum { YK_TRANSPORT_TCP, YK_TRANSPORT_UDP, YK_TRANSPORT_OTHER, YK_TRANSPORTS };
/* Dimensions that cost a look-up: asked only where a clause is left that restricts them. */
enum { YK_ASKS_WHERE, YK_ASKS_PATH, YK_ASKS_FILENAME, YK_ASKS_PORT, YK_ASKS_NAME, YK_ASKS_UID, YK_ASKS_INSIDE,
       YK_ASKS_OUTSIDE, YK_ASKS_KIND, YK_ASKS_FOLDER, YK_ASKS };

/* A file name's bit in this set is known from its length and its first eight bytes; a clear bit: no clause asks for it. */
#define YK_NAME_SET_WORDS 16
#define YK_NAME_SET_BITS (64 * YK_NAME_SET_WORDS)
#define YK_NAME_HASH 0x9e3779b97f4a7c15ULL

/* Everything of one generation that is looked up by a small number. */
struct yk_filter {
	struct yk_bits calls[YK_CALLS];
	struct yk_bits access[YK_ACCESSES];
	struct yk_bits result[YK_RESULTS];
	struct yk_bits where[YK_WHERES];
	struct yk_bits climbing[YK_CLIMBINGS]; /* the given string holds "../", or not */
	struct yk_bits creating[YK_CREATINGS]; /* the open may make a file, or not */
	struct yk_bits kind[YK_KINDS];         /* of the event's descriptor */
	struct yk_bits transport[YK_TRANSPORTS];
	struct yk_bits asks[YK_ASKS];
	struct yk_bits other_uid; /* possible for users that no clause names */
	__u64 name_set[YK_NAME_SET_WORDS];
	__u32 words; /* of yk_bits in use */
	__u32 failed_opens_climb; /* no clause is possible for a failed open whose given string does not hold "../" */
};

/* Key of the table of tasks' short names. */
struct yk_name_key {
	__u32 generation;
	char comm[16];
};

/* Key of the port table, and of the table of users. */
struct yk_number_key {
	__u32 generation;
	__u32 number; /* host byte order */
};

/* Key of the path trie: generation, then the text. An exact path carries its NUL, a prefix does not; a file name starts
 * with the byte 1, a directory that has atoms below it with the byte 2, one whose own files are asked for with 3. The longest match's bits include those of every
 * shorter one. */
#define YK_KEY_TEXT 248
#define YK_KEY_FILENAME 1
#define YK_KEY_DIRECTORY 2
#define YK_KEY_FOLDER 3
struct yk_path_key {
	__u32 prefixlen;
	__u32 generation;
	char text[YK_KEY_TEXT];
};

/* Key of the trie of networks. */
struct yk_net_key {
	__u32 prefixlen;
	__u32 generation;
	__u32 family; /* AF_INET, AF_INET6 */
	__u8 addr[16];
};
#define YK_SHUNS 2
struct yk_net {
	struct yk_bits wanted;         /* clauses that ask for an end in this network */
	struct yk_bits shunned[YK_SHUNS]; /* clauses that ask for an end outside of it */
};

/* Directories that a CPU remembers; a power of two. */
#define YK_DIRECTORIES 256

/* Longest mount-point prefix that the kernel puts before a path by itself. */
#define YK_PREFIX_TEXT 120
struct yk_mount_prefix {
	__u32 len;
	char text[YK_PREFIX_TEXT];
};

/* Set before load. */
struct yk_settings {
	__u32 self_tgid;
	__u32 cpus_per_ring;
	__u32 scan_slot;     /* index of the scratch space of the iterators: one behind the CPUs' */
	__u32 snaplen;
	__u32 hierarchy;     /* enum yk_hierarchy */
	__u32 ring_result_by_value; /* io_uring_complete hands the result over, and not the queue's entry */
	__u32 measured;      /* each tail-called program's run time is kept */
	__u32 preemptible;   /* a task can lose the CPU within a program */
	__u64 seed;          /* of the hashes by which directories are remembered */
};

/* The cgroup hierarchy whose ids tell containers apart. */
enum yk_hierarchy { YK_UNIFIED, YK_PIDS, YK_DEVICES, YK_CPU, YK_FREEZER };

/* Changed while running, each word by itself: a reader sees the old or the new value. */
struct yk_live {
	__u64 host_root_dentry;
	__u64 host_root_mount;
	__u32 host_root_dev;
	__u32 generation;
	__u32 filter_on;
	__u32 socket_history;
	__u32 polled; /* the consumer comes by itself: no wake-ups */
	__u32 mounts_epoch; /* changes after the table of mounts did */
	__u64 descriptors; /* told with every event, by number: a bit each */
	__u32 descriptor_sets; /* enum yk_descriptor_set: told as well */
	__u32 pad;
};

/* Where the kernel counts the runs of the program `dispatch` that are under way. */
struct yk_dispatcher {
	__u32 id;     /* of the program, told before `find_dispatch` runs */
	__u32 pad;
	__u64 active; /* per-CPU address; 0: not known */
};

#define YK_NUMBERED 64

enum yk_descriptor_set {
	YK_D_POLLED = 1 << 0, /* what poll waited for */
	YK_D_TABLE = 1 << 1,  /* how many are open, and of which kinds */
};

enum yk_counter {
	YK_N_CALLS,      /* system calls the dispatcher saw */
	YK_N_FILTERED,   /* dropped by the filter */
	YK_N_SENT,
	YK_N_SELF,       /* the sensor's own */
	YK_N_COMPAT,     /* 32-bit calls that are not quiet */
	YK_N_PATH_CUT,
	YK_N_TRUNCATED,
	YK_N_SCRATCH,    /* no scratch space: must stay 0 */
	YK_N_RING,       /* io_uring operations that rules ask for */
	YK_N_RING_UNKNOWN, /* of them, told with their result unknown */
	YK_N_RING_UNFOLLOWED, /* of them, those whose further completions can't be told */
	YK_N_SNAPSHOT_MISSED, /* strings of which nothing is known from the call's beginning */
	YK_N_SOCKETS_FORGOTTEN, /* whose place another one took */
	YK_N_RESCUED, /* runs of the dispatcher that the kernel skipped and another program made */
	YK_N_COUNTERS,
};

/* Events that found no room in their ring, by type. */
#define YK_EVENTS 512
struct yk_losses {
	__u64 n[YK_EVENTS];
};

/* The layout in numbers: checked here by the compiler, and in core/src/event.rs by a test that writes each member at
 * its number and reads it back. */
#define YK_LAYOUT(type, member, offset) \
	_Static_assert(__builtin_offsetof(struct type, member) == offset, #type "." #member " moved")

YK_LAYOUT(yk_ext, len, 0);
YK_LAYOUT(yk_ext, flags, 2);
YK_LAYOUT(yk_ext, tgid, 4);
YK_LAYOUT(yk_ext, start_boottime, 8);
YK_LAYOUT(yk_ext, cgroup, 16);
YK_LAYOUT(yk_ext, ppid, 24);
YK_LAYOUT(yk_ext, uid, 28);
YK_LAYOUT(yk_ext, gid, 32);
YK_LAYOUT(yk_ext, loginuid, 36);
YK_LAYOUT(yk_ext, exec_gen, 40);
YK_LAYOUT(yk_ext, comm, 44);
YK_LAYOUT(yk_ext, cpu, 60);
YK_LAYOUT(yk_ids, sid, 0);
YK_LAYOUT(yk_ids, vtid, 4);
YK_LAYOUT(yk_ids, vpid, 8);
YK_LAYOUT(yk_ids, pgid, 12);
YK_LAYOUT(yk_ids, vsid, 16);
YK_LAYOUT(yk_ids, vpgid, 20);
YK_LAYOUT(yk_file, fd, 0);
YK_LAYOUT(yk_file, dev, 8);
YK_LAYOUT(yk_file, kind, 12);
YK_LAYOUT(yk_file, layer, 13);
YK_LAYOUT(yk_file, mode, 14);
YK_LAYOUT(yk_file, ino, 16);
YK_LAYOUT(yk_file, ctime, 24);
YK_LAYOUT(yk_file, open_flags, 32);
YK_LAYOUT(yk_file, pid, 36);
YK_LAYOUT(yk_socket, fd, 0);
YK_LAYOUT(yk_socket, ino, 8);
YK_LAYOUT(yk_socket, source, 16);
YK_LAYOUT(yk_socket, peer, 24);
YK_LAYOUT(yk_socket, laddr, 32);
YK_LAYOUT(yk_socket, raddr, 48);
YK_LAYOUT(yk_socket, family, 64);
YK_LAYOUT(yk_socket, type, 66);
YK_LAYOUT(yk_socket, protocol, 67);
YK_LAYOUT(yk_socket, role, 68);
YK_LAYOUT(yk_socket, flags, 69);
YK_LAYOUT(yk_socket, lport, 70);
YK_LAYOUT(yk_socket, rport, 72);
_Static_assert(sizeof(struct yk_ext) == 64, "struct yk_ext grew");
_Static_assert(sizeof(struct yk_filter) == (YK_CALLS + 32) * sizeof(struct yk_bits) + 8 * YK_NAME_SET_WORDS + 8,
	       "struct yk_filter grew");
_Static_assert(sizeof(struct yk_net_key) == 28, "struct yk_net_key grew");
_Static_assert(sizeof(struct yk_call) == 8, "struct yk_call grew");
_Static_assert(sizeof(struct yk_param) == 12, "struct yk_param grew");
_Static_assert(sizeof(struct yk_cond) == 32, "struct yk_cond grew");
_Static_assert(sizeof(struct yk_live) == 56, "struct yk_live grew");
_Static_assert(sizeof(struct yk_settings) == 40, "struct yk_settings grew");
_Static_assert(sizeof(struct yk_dispatcher) == 16, "struct yk_dispatcher grew");

#endif
