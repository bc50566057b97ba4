/* Operations submitted through io_uring, by its three system calls alone; and the same ones by system call. */
#define _GNU_SOURCE
#include "actor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENTRIES 8
#define SLOT 2 /* index of the direct descriptor, plus one */
#ifndef IOSQE_CQE_SKIP_SUCCESS
#define IOSQE_CQE_SKIP_SUCCESS (1U << 6)
#endif
/* Newer than some systems' headers. */
enum { OP_SOCKET = 45, OP_BIND = 56, OP_LISTEN = 57, SETUP_SINGLE_ISSUER = 1 << 12, SETUP_DEFER_TASKRUN = 1 << 13 };

/* How an operation is submitted. */
static struct {
	int called, async, skip, polled, direct, full, late;
} way;

static struct {
	int fd;
	unsigned *sq_tail, *sq_flags, *cq_head, *cq_tail, *sq_array;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned sq_mask, cq_mask;
} ring = {.fd = -1};

static int setup(void)
{
	struct io_uring_params p = {0};
	int none[ENTRIES];

	if (way.polled)
		p.flags = IORING_SETUP_SQPOLL;
	if (way.late)
		p.flags = SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN;
	ring.fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (ring.fd < 0)
		return -1;
	size_t size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	size_t sq_size = p.sq_off.array + p.sq_entries * sizeof(unsigned);
	if (sq_size > size)
		size = sq_size;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
	ring.sqes = mmap(NULL, p.sq_entries * sizeof(*ring.sqes), PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQES);
	if (at == MAP_FAILED || (void *)ring.sqes == MAP_FAILED)
		return -1;
	ring.sq_tail = (unsigned *)(at + p.sq_off.tail);
	ring.sq_flags = (unsigned *)(at + p.sq_off.flags);
	ring.sq_array = (unsigned *)(at + p.sq_off.array);
	ring.sq_mask = *(unsigned *)(at + p.sq_off.ring_mask);
	ring.cq_head = (unsigned *)(at + p.cq_off.head);
	ring.cq_tail = (unsigned *)(at + p.cq_off.tail);
	ring.cq_mask = *(unsigned *)(at + p.cq_off.ring_mask);
	ring.cqes = (struct io_uring_cqe *)(at + p.cq_off.cqes);
	memset(none, -1, sizeof(none));
	return (int)syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, none, ENTRIES) < 0 ? -1 : 0;
}

static void push(const struct io_uring_sqe *sqe)
{
	unsigned tail = *ring.sq_tail;

	ring.sqes[tail & ring.sq_mask] = *sqe;
	ring.sq_array[tail & ring.sq_mask] = tail & ring.sq_mask;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
}

static int enter(unsigned submit, unsigned wait)
{
	unsigned flags = wait ? IORING_ENTER_GETEVENTS : 0;

	if (way.polled && __atomic_load_n(ring.sq_flags, __ATOMIC_ACQUIRE) & IORING_SQ_NEED_WAKEUP)
		flags |= IORING_ENTER_SQ_WAKEUP;
	return (int)syscall(SYS_io_uring_enter, ring.fd, submit, wait, flags, NULL, 0);
}

/* Waits for completions and returns the result of the one with this number; 0 where only the last came. */
static int reap(uint64_t wanted, uint64_t last)
{
	int result = 0;

	for (;;) {
		unsigned head = *ring.cq_head;

		if (head == __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE)) {
			if (enter(0, 1) < 0 && errno != EINTR)
				return -errno;
			continue;
		}
		struct io_uring_cqe cqe = ring.cqes[head & ring.cq_mask];
		__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
		if (cqe.user_data == wanted)
			result = cqe.res;
		if (cqe.user_data == last)
			return result;
	}
}

/* Nobody takes these: what completes after them finds the queue full. */
static int fill(void)
{
	struct io_uring_sqe nop = {.opcode = IORING_OP_NOP};

	for (unsigned i = 0; i < 2 * ENTRIES; i++) {
		push(&nop);
		if (enter(1, 0) < 0)
			return -1;
	}
	return 0;
}

/* The operation as the system call that means the same. */
static int by_call(const struct io_uring_sqe *sqe)
{
	int fd = sqe->fd;
	void *first = (void *)(uintptr_t)sqe->addr, *second = (void *)(uintptr_t)sqe->off;

	switch (sqe->opcode) {
	case IORING_OP_OPENAT:
		return (int)syscall(SYS_openat, fd, first, sqe->open_flags, sqe->len);
	case IORING_OP_OPENAT2:
		return (int)syscall(SYS_openat2, fd, first, second, sqe->len);
	case IORING_OP_UNLINKAT:
		return (int)syscall(SYS_unlinkat, fd, first, 0);
	case IORING_OP_MKDIRAT:
		return (int)syscall(SYS_mkdirat, fd, first, sqe->len);
	case IORING_OP_RENAMEAT:
		return (int)syscall(SYS_renameat2, fd, first, (int)sqe->len, second, 0);
	case IORING_OP_LINKAT:
		return (int)syscall(SYS_linkat, fd, first, (int)sqe->len, second, 0);
	case IORING_OP_SYMLINKAT:
		return (int)syscall(SYS_symlinkat, first, fd, second);
	case IORING_OP_CONNECT:
		return connect(fd, first, (socklen_t)sqe->off);
	case IORING_OP_ACCEPT:
		return accept4(fd, NULL, NULL, 0);
	case IORING_OP_SEND:
		return (int)sendto(fd, first, sqe->len, 0, second, sizeof(struct sockaddr_in));
	case IORING_OP_SENDMSG:
		return (int)sendmsg(fd, first, 0);
	case IORING_OP_RECV:
		return (int)recvfrom(fd, first, sqe->len, 0, NULL, NULL);
	case IORING_OP_RECVMSG:
		return (int)recvmsg(fd, first, 0);
	case OP_BIND:
		return bind(fd, first, (socklen_t)sqe->off);
	case OP_LISTEN:
		return listen(fd, (int)sqe->len);
	}
	errno = EINVAL;
	return -1;
}

/* Submits one operation the way that was asked for, and waits until it is over. */
static int perform(struct io_uring_sqe sqe)
{
	struct io_uring_sqe end = {.opcode = IORING_OP_NOP, .flags = IOSQE_IO_DRAIN, .user_data = 2};

	if (ring.fd < 0 && setup() < 0)
		return -1;
	if (way.called)
		return by_call(&sqe);
	if (way.full && fill() < 0)
		return -1;
	sqe.user_data = 1;
	if (way.async || way.late)
		sqe.flags |= IOSQE_ASYNC;
	if (way.skip)
		sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
	push(&sqe);
	push(&end);
	if (enter(2, 0) < 0)
		return -1;
	if (way.late && (usleep(300000), chdir("/") < 0)) /* the operation is done, its completion waits for us */
		return -1;
	int result = reap(1, 2);
	if (result < 0)
		errno = -result;
	return result < 0 ? -1 : result;
}

static struct io_uring_sqe named(int operation, int fd, const char *name)
{
	return (struct io_uring_sqe){.opcode = (uint8_t)operation, .fd = fd, .addr = (uint64_t)(uintptr_t)name};
}

static int do_open(const char *path, int flags)
{
	struct io_uring_sqe sqe = named(IORING_OP_OPENAT, AT_FDCWD, path);

	sqe.open_flags = (uint32_t)flags;
	sqe.len = 0600;
	if (way.direct)
		sqe.file_index = SLOT;
	return perform(sqe) < 0 ? -1 : 0;
}

static int do_openat2(const char *path)
{
	struct open_how { uint64_t flags, mode, resolve; } how = {O_RDONLY, 0, 0};
	struct io_uring_sqe sqe = named(IORING_OP_OPENAT2, AT_FDCWD, path);

	sqe.len = sizeof(how);
	sqe.off = (uint64_t)(uintptr_t)&how;
	return perform(sqe) < 0 ? -1 : 0;
}

/* Two names: what is there, and what comes to be. */
static int do_names(int operation, const char *from, const char *to)
{
	struct io_uring_sqe sqe = named(operation, AT_FDCWD, from);

	sqe.off = (uint64_t)(uintptr_t)to;
	if (operation != IORING_OP_SYMLINKAT)
		sqe.len = (uint32_t)AT_FDCWD;
	return perform(sqe) < 0 ? -1 : 0;
}

static int do_socket(int type)
{
	struct io_uring_sqe sqe = {.opcode = OP_SOCKET, .fd = AF_INET, .off = (uint64_t)type};

	if (!way.direct)
		return socket(AF_INET, type, 0);
	sqe.file_index = SLOT;
	return perform(sqe) < 0 ? -1 : SLOT - 1;
}

static struct io_uring_sqe on_socket(int operation, int fd)
{
	return (struct io_uring_sqe){.opcode = (uint8_t)operation, .fd = fd, .flags = way.direct ? IOSQE_FIXED_FILE : 0};
}

static int inet(char **a, struct sockaddr_in *out)
{
	memset(out, 0, sizeof(*out));
	out->sin_family = AF_INET;
	out->sin_port = htons((unsigned short)strtoul(a[1], NULL, 10));
	return inet_pton(AF_INET, a[0], &out->sin_addr) == 1 ? 0 : -1;
}

static int do_connect(char **a)
{
	struct sockaddr_in to;
	int fd = do_socket(SOCK_STREAM);

	if (fd < 0 || inet(a, &to) < 0)
		return -1;
	struct io_uring_sqe sqe = on_socket(IORING_OP_CONNECT, fd);
	sqe.addr = (uint64_t)(uintptr_t)&to;
	sqe.off = sizeof(to);
	return perform(sqe) < 0 ? -1 : 0;
}

/* A datagram: `send` with an address and `sendmsg`. */
static int do_datagram(char **a, int operation)
{
	struct sockaddr_in to;
	struct iovec data = {.iov_base = "ring", .iov_len = 4};
	struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &data, .msg_iovlen = 1};
	int fd = do_socket(SOCK_DGRAM);

	if (fd < 0 || inet(a, &to) < 0)
		return -1;
	struct io_uring_sqe sqe = on_socket(operation, fd);
	if (operation == IORING_OP_SENDMSG) {
		sqe.addr = (uint64_t)(uintptr_t)&message;
		sqe.len = 1;
	} else {
		sqe.addr = (uint64_t)(uintptr_t)data.iov_base;
		sqe.len = 4;
		sqe.addr2 = (uint64_t)(uintptr_t)&to;
		memcpy((char *)&sqe + 44, &(uint16_t){sizeof(to)}, 2); /* addr_len, missing in older headers */
	}
	return perform(sqe) < 0 ? -1 : 0;
}

/* Receives twice: into a buffer, and into one behind a message's header with room for its sender's address. */
static int receive_both(int fd)
{
	struct sockaddr_in from;
	char buffer[16];
	struct iovec data = {.iov_base = buffer, .iov_len = sizeof(buffer)};
	struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &data, .msg_iovlen = 1};
	struct io_uring_sqe sqe = on_socket(IORING_OP_RECV, fd);

	sqe.addr = (uint64_t)(uintptr_t)buffer;
	sqe.len = sizeof(buffer);
	if (perform(sqe) < 0)
		return -1;
	sqe = on_socket(IORING_OP_RECVMSG, fd);
	sqe.addr = (uint64_t)(uintptr_t)&message;
	sqe.len = 1;
	return perform(sqe) < 0 ? -1 : 0;
}

/* Takes one connection on a[0]:a[1] and what comes over it; a child makes it, by system calls. */
static int do_serve(char **a)
{
	struct sockaddr_in where;
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (inet(a, &where) < 0 || bind(listener, (struct sockaddr *)&where, sizeof(where)) < 0 || listen(listener, 4) < 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int failed = connect(fd, (struct sockaddr *)&where, sizeof(where)) < 0 || write(fd, "first", 5) != 5;
		usleep(100000);
		if (failed || write(fd, "second", 6) != 6)
			_exit(1);
		pause(); /* the connection stays */
	}
	struct io_uring_sqe sqe = {.opcode = IORING_OP_ACCEPT, .fd = listener, .file_index = way.direct ? SLOT : 0};
	int fd = perform(sqe);
	if (fd < 0)
		return -1;
	if (way.direct)
		fd = SLOT - 1;
	if (!way.skip && receive_both(fd) < 0)
		return -1;
	kill(child, SIGKILL);
	return waitpid(child, NULL, 0) < 0 ? -1 : 0;
}

/* Takes two datagrams that we sent to a[0]:a[1] by system calls, the second with its sender's address. */
static int do_take(char **a)
{
	struct sockaddr_in where;
	int fd = do_socket(SOCK_DGRAM), sender = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet(a, &where) < 0)
		return -1;
	if (way.direct) {
		struct io_uring_sqe sqe = on_socket(OP_BIND, fd);

		sqe.addr = (uint64_t)(uintptr_t)&where;
		sqe.addr2 = sizeof(where);
		if (perform(sqe) < 0)
			return -1;
	} else if (bind(fd, (struct sockaddr *)&where, sizeof(where)) < 0) {
		return -1;
	}
	for (int i = 0; i < 2; i++)
		if (sendto(sender, "datagram", 8, 0, (struct sockaddr *)&where, sizeof(where)) < 0)
			return -1;
	return receive_both(fd);
}

/* Makes a listening socket with nothing but io_uring (Linux 6.11). */
static int do_listen(char **a)
{
	struct sockaddr_in where;
	int fd = do_socket(SOCK_STREAM);

	if (fd < 0 || inet(a, &where) < 0)
		return -1;
	struct io_uring_sqe sqe = on_socket(OP_BIND, fd);
	sqe.addr = (uint64_t)(uintptr_t)&where;
	sqe.addr2 = sizeof(where);
	if (perform(sqe) < 0)
		return -1;
	sqe = on_socket(OP_LISTEN, fd);
	sqe.len = 4;
	return perform(sqe) < 0 ? -1 : 0;
}

static int run_operation(const char *what, char **a)
{
	if (!strcmp(what, "open"))
		return do_open(a[0], O_RDONLY);
	if (!strcmp(what, "create"))
		return do_open(a[0], O_WRONLY | O_CREAT | O_TRUNC);
	if (!strcmp(what, "openat2"))
		return do_openat2(a[0]);
	if (!strcmp(what, "unlink"))
		return perform(named(IORING_OP_UNLINKAT, AT_FDCWD, a[0]));
	if (!strcmp(what, "mkdir"))
		return perform(named(IORING_OP_MKDIRAT, AT_FDCWD, a[0]));
	if (!strcmp(what, "rename"))
		return do_names(IORING_OP_RENAMEAT, a[0], a[1]);
	if (!strcmp(what, "link"))
		return do_names(IORING_OP_LINKAT, a[0], a[1]);
	if (!strcmp(what, "symlink"))
		return do_names(IORING_OP_SYMLINKAT, a[0], a[1]);
	if (!strcmp(what, "connect"))
		return do_connect(a);
	if (!strcmp(what, "send"))
		return do_datagram(a, IORING_OP_SEND);
	if (!strcmp(what, "sendmsg"))
		return do_datagram(a, IORING_OP_SENDMSG);
	if (!strcmp(what, "serve"))
		return do_serve(a);
	if (!strcmp(what, "take"))
		return do_take(a);
	if (!strcmp(what, "listen"))
		return do_listen(a);
	errno = EINVAL;
	return -1;
}

/* ring WAY OPERATION ARGUMENT... ; WAY is plain, async, skip (success completes silently), polled (by a thread of the
 * kernel), direct (descriptors of the ring's own), full (no room for the completion), late (the completion comes after
 * a change of directory; Linux 6.1) or called (by system call, the ring being there all the same). */
static int do_ring(char **a)
{
	if (!a[0] || !a[1] || !a[2]) {
		errno = EINVAL;
		return -1;
	}
	way.called = !strcmp(a[0], "called");
	way.async = !strcmp(a[0], "async");
	way.skip = !strcmp(a[0], "skip");
	way.polled = !strcmp(a[0], "polled");
	way.direct = !strcmp(a[0], "direct");
	way.full = !strcmp(a[0], "full");
	way.late = !strcmp(a[0], "late");
	return run_operation(a[1], a + 2) < 0 ? -1 : 0;
}

const struct command ring_commands[] = {{"ring", REST, do_ring}, {NULL, 0, NULL}};
