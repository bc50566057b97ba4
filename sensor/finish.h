/* SPDX-License-Identifier: GPL-2.0 */
/* The end of every record: what rules ask of descriptors that the event is not about (others.bpf.c), and sending. */
#ifndef YARAK_FINISH_H
#define YARAK_FINISH_H

/* Sends what `s` holds. */
static __always_inline void send_record(struct scratch *s)
{
	u32 slot = ring_index(), size;
	void *ring = bpf_map_lookup_elem(&rings, &slot);

	if (s->ncuts)
		item_bytes(s, YK_I_CUTS, s->cuts, s->ncuts * sizeof(s->cuts[0]));
	size = s->off;
	close_record(s);
	if (!ring || size > OUT_SIZE) {
		lose(s->event);
		return;
	}
	send(ring, s->out, size, s->event, s->share);
}

/* The same where rules may ask for other descriptors; `programs` has the one of the caller's kind that appends them. In
 * every program itself they would double what the verifier has to look at. Comes back only where it sent by itself. */
static __always_inline void finish(void *ctx, struct scratch *s, void *programs)
{
	if (live.descriptors || live.descriptor_sets & YK_D_TABLE || (s->polled && live.descriptor_sets & YK_D_POLLED))
		CONTINUE_WITH(ctx, programs, 0);
	send_record(s);
}

#endif
