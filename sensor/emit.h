/* SPDX-License-Identifier: GPL-2.0 */
/* Building one record in scratch memory and sending it. */
#ifndef YARAK_EMIT_H
#define YARAK_EMIT_H

static __always_inline struct scratch *scratch_of(u32 slot)
{
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);
	if (s)
		s->slot = slot;
	else
		count(YK_N_SCRATCH);
	return s;
}

/* Programs keep the CPU, so that its slot has one user at a time. */
static __always_inline struct scratch *scratch_here(void)
{
	struct scratch *s = scratch_of(bpf_get_smp_processor_id());

	if (s && PREEMPTIBLE)
		s->user = bpf_get_current_task();
	return s;
}

/* Whether the slot holds what this task left there: between two programs of a chain it may lose the CPU. */
static __always_inline bool scratch_kept(void)
{
	u32 slot = bpf_get_smp_processor_id();
	struct scratch *s;

	if (!PREEMPTIBLE)
		return true;
	s = bpf_map_lookup_elem(&scratches, &slot);
	return s && s->user == bpf_get_current_task();
}

/* The same for a program that has nothing to do without; its event is lost. */
static __always_inline bool scratch_lost(void)
{
	if (scratch_kept())
		return false;
	count(YK_N_SCRATCH);
	return true;
}

/* Opens a record of the current task. What is known already, s->task, s->flags and s->generation, stays. */
static __always_inline void record(struct scratch *s, u16 event, u32 nparams)
{
	s->ts = bpf_ktime_get_boot_ns();
	s->tid = (u32)bpf_get_current_pid_tgid();
	s->event = event;
	s->ncuts = 0;
	s->texts = 0;
	s->polled = 0;
	s->more_to_come = 0;
	s->param = 0;
	s->off = YK_HEADER_SIZE + 2 * nparams;
	s->ext_off = 0;
	s->share = YK_SHARE_ORDINARY;
}

static __always_inline void begin(struct scratch *s, struct task_struct *task, u16 event, u32 nparams)
{
	s->task = (u64)task;
	s->flags = 0;
	s->generation = live.generation;
	record(s, event, nparams);
}

static __always_inline char *out_at(struct scratch *s)
{
	return &s->out[masked(s->off, OUT_MASK)];
}

static __always_inline void param_done(struct scratch *s, u32 len)
{
	u32 i = s->param & 31;

	*(u16 *)&s->out[YK_HEADER_SIZE + 2 * i] = len;
	s->param = i + 1;
	s->off += len;
}

/* The same for a parameter written piece by piece from `start` on. */
static __always_inline void param_ends(struct scratch *s, u32 start)
{
	u32 len = s->off - start;

	s->off = start;
	param_done(s, len);
}

static __always_inline void put_none(struct scratch *s)
{
	param_done(s, 0);
}
static __always_inline void put_u8(struct scratch *s, u8 v)
{
	*(u8 *)out_at(s) = v;
	param_done(s, 1);
}
static __always_inline void put_u16(struct scratch *s, u16 v)
{
	*(u16 *)out_at(s) = v;
	param_done(s, 2);
}
static __always_inline void put_u32(struct scratch *s, u32 v)
{
	*(u32 *)out_at(s) = v;
	param_done(s, 4);
}
static __always_inline void put_u64(struct scratch *s, u64 v)
{
	*(u64 *)out_at(s) = v;
	param_done(s, 8);
}

/* The call's result, unless it was told before it was known. */
static __always_inline void put_result(struct scratch *s)
{
	if (s->flags & YK_X_RESULT_UNKNOWN)
		put_none(s);
	else
		put_u64(s, s->ret);
}

static __always_inline void mark_truncated(struct scratch *s)
{
	s->flags |= YK_X_TRUNCATED;
	count(YK_N_TRUNCATED);
}

/* The parameter that is written next, or is being written, does not fit; `full` bytes long, 0 if nobody knows. */
static __always_inline void mark_cut(struct scratch *s, u64 full)
{
	u32 i = s->ncuts;

	if (i < YK_MAX_CUTS) {
		s->cuts[i].param = s->param;
		s->cuts[i].full = full > 0xffffffff ? 0xffffffff : full;
		s->ncuts = i + 1;
	}
	mark_truncated(s);
}

/* `len` bytes of map memory (< PATH_SIZE + NAME_SIZE); the parameter gets a closing NUL. */
static __always_inline void put_text(struct scratch *s, const char *text, u32 len)
{
	char *to = out_at(s);

	len = masked(len, PATH_MASK);
	bpf_probe_read_kernel(to, len, text);
	to[len] = 0;
	param_done(s, len + 1);
}

/* The helper puts a NUL where a string does not fit; the longest one that fits has its own there. */
static __always_inline bool user_text_goes_on(u64 pointer)
{
	char last = 0;

	bpf_probe_read_user(&last, 1, (const void *)(pointer + PATH_SIZE - 1));
	return last;
}

/* A NUL-terminated string of user memory; empty where it can't be read. */
static __always_inline void put_user_text(struct scratch *s, u64 pointer)
{
	long n = pointer ? user_string(out_at(s), PATH_SIZE, pointer) : 0;

	if (n == PATH_SIZE && user_text_goes_on(pointer))
		mark_cut(s, 0);
	param_done(s, n > 0 ? (u32)n : 0);
}

static __always_inline void put_kernel_text(struct scratch *s, const void *pointer)
{
	long n = bpf_probe_read_kernel_str(out_at(s), PATH_SIZE, pointer);

	param_done(s, n > 0 ? (u32)n : 0);
}

/* Raw user bytes, at most `limit` of them (< DATA_SIZE). */
static __always_inline void put_user_bytes(struct scratch *s, u64 pointer, u64 len, u32 limit)
{
	u32 n = len > limit ? limit : (u32)len;

	if (len > limit)
		mark_cut(s, len);
	n = masked(n, DATA_MASK);
	if (!pointer || !n || bpf_probe_read_user(out_at(s), n, (const void *)pointer))
		n = 0;
	param_done(s, n);
}

/* Items. Each is written at s->off; the extension's length is known only at the end. */

static __always_inline void item_head(struct scratch *s, u16 kind, u16 len)
{
	struct yk_item *item = (struct yk_item *)out_at(s);

	item->kind = kind;
	item->len = len;
	s->off += sizeof(*item);
}

static __always_inline void item_bytes(struct scratch *s, u16 kind, const void *from, u32 len)
{
	len = masked(len, PATH_MASK);
	item_head(s, kind, len);
	bpf_probe_read_kernel(out_at(s), len, from);
	s->off += len;
}

static __always_inline void item_path(struct scratch *s, u16 kind, u8 param, u8 flags, const char *text, u32 len)
{
	struct yk_path_head *head;

	len = masked(len, PATH_MASK);
	item_head(s, kind, sizeof(*head) + len);
	head = (struct yk_path_head *)out_at(s);
	head->param = param;
	head->flags = flags;
	s->off += sizeof(*head);
	bpf_probe_read_kernel(out_at(s), len, text);
	s->off += len;
}

static __always_inline u32 ring_index(void)
{
	return bpf_get_smp_processor_id() / (settings.cpus_per_ring ? settings.cpus_per_ring : 1);
}

/* Fills in the header and the extension's length. */
static __always_inline void close_record(struct scratch *s)
{
	struct yk_ext *ext = (struct yk_ext *)&s->out[masked(s->ext_off, OUT_MASK)];

	*(u64 *)&s->out[YK_HEADER_TS] = s->ts;
	*(u64 *)&s->out[YK_HEADER_TID] = s->tid;
	*(u32 *)&s->out[YK_HEADER_LEN] = s->ext_off;
	*(u16 *)&s->out[YK_HEADER_ID] = s->event;
	*(u32 *)&s->out[YK_HEADER_NPARAMS] = s->param;
	ext->len = s->off - s->ext_off;
	ext->flags = s->flags | (s->generation & 1 ? YK_X_ODD_GENERATION : 0);
}

static __always_inline void lose_several(u16 event, u64 number)
{
	u32 zero = 0;
	struct yk_losses *n = bpf_map_lookup_elem(&losses, &zero);

	if (n)
		n->n[masked(event, YK_EVENTS - 1)] += number;
}

static __always_inline void lose(u16 event)
{
	lose_several(event, 1);
}

/* Sends a finished record. An event leaves the rest of its ring to those that count more, so that no flood of lesser
 * ones can push them out. */
static __always_inline void send(void *ring, void *record, u32 size, u16 event, u8 share)
{
	if (share < YK_SHARE_LIFE) {
		u64 eighth = bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) / 8;

		if (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > share * eighth) {
			lose(event);
			return;
		}
	}
	/* A wake-up is an interrupt to oneself; under load the consumer polls, which costs a tenth of it. */
	if (bpf_ringbuf_output(ring, record, size, live.polled ? BPF_RB_NO_WAKEUP : 0))
		lose(event);
	else
		count(YK_N_SENT);
}

#endif
