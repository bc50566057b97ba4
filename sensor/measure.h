/* SPDX-License-Identifier: GPL-2.0 */
/* Run times of the programs that others go on in. The kernel's statistics (kernel.bpf_stats_enabled) book what a
 * tail-called program takes to the one that is attached; so, while they are on when the sensor is loaded, each of these
 * keeps its own. Else the verifier drops all of it. */
#ifndef YARAK_MEASURE_H
#define YARAK_MEASURE_H

struct yk_runs {
	u64 runs, ns;
};

/* A member for each program that is tail-called, under its name: that is how it is listed. Every one has to be here, as
 * the next to begin ends what went on in it. */
struct yk_run_times {
	struct yk_runs dispatch_wanted, open, simple, generic, socket, dup, capset, exec_failed, cloned, snapshot;
	struct yk_runs others, others_of_exec, others_of_fork, others_of_exit, others_of_signal, others_of_switch;
	struct yk_runs ring_submit, ring_open, ring_simple, ring_socket, ring_others;
};

#define MEASURED_PROGRAMS (sizeof(struct yk_run_times) / sizeof(struct yk_runs))

volatile struct yk_run_times run_times SEC(".data.run_times");

/* What runs on this CPU; nothing but page faults, which are not measured, comes in between. */
struct span {
	u64 began;
	u32 program; /* from 1; 0: none */
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct span);
} spans SEC(".maps");

static __always_inline struct span *span_here(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&spans, &zero);
}

static __always_inline void span_ends(struct span *span, u64 now)
{
	volatile struct yk_runs *runs = (volatile struct yk_runs *)&run_times;
	u32 program = span->program - 1;

	span->program = 0;
	if (program >= MEASURED_PROGRAMS)
		return;
	__sync_fetch_and_add(&runs[program].runs, 1);
	__sync_fetch_and_add(&runs[program].ns, now - span->began);
}

static __always_inline u32 measure_begins(u32 program)
{
	struct span *span = settings.measured ? span_here() : NULL;
	u64 now;

	if (!span)
		return 0;
	now = bpf_ktime_get_ns();
	span_ends(span, now);
	span->began = now;
	span->program = program + 1;
	return 1;
}

static __always_inline void measure_ends(const u32 *measured)
{
	struct span *span = *measured && settings.measured ? span_here() : NULL;

	if (span)
		span_ends(span, bpf_ktime_get_ns());
}

/* First in a program: until it returns, or another one goes on. */
#define MEASURED(name)                                               \
	u32 __measured __attribute__((cleanup(measure_ends), unused)) = \
		measure_begins(__builtin_offsetof(struct yk_run_times, name) / sizeof(struct yk_runs))

#endif
