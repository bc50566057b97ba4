// SPDX-License-Identifier: Apache-2.0
// The least that shows the sensor at work where Yarak itself has no build: loads the whole object, opens a file,
// executes a program by either call, and looks for them in the ring.
//
//     loader OBJECT OPENAT_EVENT OPENAT_PARAMETERS EXECVE_EVENT EXECVEAT_EVENT
//
// Says on each line what passed or failed; the loader library says why the kernel refused the object.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../sensor/event.h"

#define RING_BYTES (1 << 20)
#define WAIT_MS 100
#define WAITS 100
#define OPEN_FLAGS (O_CREAT | O_RDWR | O_CLOEXEC)
#define OPEN_MODE 0640
#define CHILD "yarak-marker-child"
enum { OPEN_FD, OPEN_DIRFD, OPEN_NAME, OPEN_FLAGS_GIVEN, OPEN_MODE_GIVEN };
enum { EXEC_RESULT, EXEC_EXE };

struct expected {
	__u16 openat, execve, execveat;
	char marker[128];
	int fd;
	bool opened, executed, executed_at;
};

struct parameter {
	const char *bytes;
	__u16 len;
};

static __u64 number_at(const char *at, size_t size)
{
	__u64 value = 0;

	memcpy(&value, at, size);
	return value;
}

static struct parameter parameter(const char *event, unsigned int wanted)
{
	unsigned int count = number_at(event + YK_HEADER_NPARAMS, 4);
	const char *lengths = event + YK_HEADER_SIZE, *at = lengths + 2 * count;

	for (unsigned int i = 0; i < wanted; i++)
		at += number_at(lengths + 2 * i, 2);
	return (struct parameter){ at, number_at(lengths + 2 * wanted, 2) };
}

static bool is_text(struct parameter p, const char *text)
{
	return p.len == strlen(text) + 1 && !memcmp(p.bytes, text, p.len);
}

static bool is_number(struct parameter p, __s64 value)
{
	return p.len <= 8 && number_at(p.bytes, p.len) == ((__u64)value & (~0ULL >> (64 - 8 * p.len)));
}

static int look(void *context, void *record, size_t size)
{
	struct expected *e = context;
	__u16 id = number_at((char *)record + YK_HEADER_ID, 2);

	if (id == e->openat && is_text(parameter(record, OPEN_NAME), e->marker))
		e->opened = is_number(parameter(record, OPEN_FD), e->fd) &&
			    is_number(parameter(record, OPEN_DIRFD), AT_FDCWD) &&
			    is_number(parameter(record, OPEN_FLAGS_GIVEN), OPEN_FLAGS) &&
			    is_number(parameter(record, OPEN_MODE_GIVEN), OPEN_MODE);
	else if (id == e->execve && is_text(parameter(record, EXEC_EXE), CHILD))
		e->executed = is_number(parameter(record, EXEC_RESULT), 0);
	else if (id == e->execveat && is_text(parameter(record, EXEC_EXE), CHILD))
		e->executed_at = is_number(parameter(record, EXEC_RESULT), 0);
	return 0;
}

static void size(struct bpf_object *object, const char *map, unsigned int entries)
{
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, map), entries);
}

static int put(struct bpf_object *object, const char *map, __u32 key, const void *value)
{
	return bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, map), &key, value, BPF_ANY);
}

static int load(struct bpf_object *object)
{
	unsigned int cpus = libbpf_num_possible_cpus();
	struct yk_settings settings = { .cpus_per_ring = cpus, .scan_slot = cpus, .snaplen = 80 };

	size(object, "scratches", cpus + 1);
	size(object, "directories", cpus * YK_DIRECTORIES);
	bpf_map__set_initial_value(bpf_object__find_map_by_name(object, ".rodata.settings"), &settings, sizeof(settings));
	return bpf_object__load(object);
}

/* Without a rule the filter drops nothing: `live.filter_on` is 0. */
static int connect_programs(struct bpf_object *object, __u16 event, __u8 parameters, int ring)
{
	struct yk_call call = { .event = event, .nparams = parameters, .share = YK_SHARE_ORDINARY };
	int wanted = bpf_program__fd(bpf_object__find_program_by_name(object, "dispatch_wanted"));
	int open = bpf_program__fd(bpf_object__find_program_by_name(object, "open"));

	return put(object, "rings", 0, &ring) || put(object, "calls", SYS_openat, &call) ||
	       put(object, "wanted", 0, &wanted) || put(object, "programs", SYS_openat, &open);
}

/* The iterator that finds the host's root, where paths end. */
static int learn_root(struct bpf_object *object)
{
	struct bpf_link *link = bpf_program__attach_iter(bpf_object__find_program_by_name(object, "scan_root"), NULL);
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	char nothing[64];

	return fd < 0 || read(fd, nothing, sizeof(nothing)) < 0;
}

static int attach(struct bpf_object *object)
{
	static const char *const names[] = { "exec", "dispatch" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!bpf_program__attach(bpf_object__find_program_by_name(object, names[i])))
			return 1;
	return 0;
}

static void execute(long call)
{
	static char *const argv[] = { CHILD, NULL }, *const envp[] = { NULL };

	if (!fork()) {
		if (call == SYS_execve)
			syscall(call, "/proc/self/exe", argv, envp);
		else
			syscall(call, AT_FDCWD, "/proc/self/exe", argv, envp, 0);
		_exit(1);
	}
	wait(NULL);
}

static void act(struct expected *e)
{
	snprintf(e->marker, sizeof(e->marker), "%s/yarak-marker-%d", getenv("TMPDIR") ?: "/tmp", getpid());
	e->fd = syscall(SYS_openat, AT_FDCWD, e->marker, OPEN_FLAGS, OPEN_MODE);
	execute(SYS_execve);
	execute(SYS_execveat);
	unlink(e->marker);
}

static bool all_seen(const struct expected *e)
{
	return e->opened && e->executed && e->executed_at;
}

static int say(const char *what, bool passed)
{
	printf("%s %s\n", what, passed ? "passed" : "failed");
	return !passed;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct ring_buffer *reader;
	struct expected e = {};
	int ring;

	if (!strcmp(argv[0], CHILD))
		return 0;
	if (argc != 6)
		return 2;
	e.openat = atoi(argv[2]);
	e.execve = atoi(argv[4]);
	e.execveat = atoi(argv[5]);
	object = bpf_object__open(argv[1]);
	if (say("load", object && !load(object)))
		return 1;
	ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, RING_BYTES, NULL);
	reader = ring_buffer__new(ring, look, &e, NULL);
	if (say("attach", reader && !connect_programs(object, e.openat, atoi(argv[3]), ring) && !learn_root(object) &&
				  !attach(object)))
		return 1;
	act(&e);
	for (int i = 0; i < WAITS && !all_seen(&e); i++)
		ring_buffer__poll(reader, WAIT_MS);
	return say("openat", e.opened) | say("execve", e.executed) | say("execveat", e.executed_at);
}
