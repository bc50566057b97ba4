/* SPDX-License-Identifier: GPL-2.0 */
/* Buffers in parts: the caller's struct iovec[]. */
#ifndef YARAK_VECTOR_H
#define YARAK_VECTOR_H

struct iovec_user {
	u64 base, len;
};
struct iovec_ia32 {
	u32 base, len;
};

static __always_inline struct iovec_user part_of(struct scratch *s, u64 parts, u32 i)
{
	struct iovec_user part = {};
	struct iovec_ia32 narrow = {};

	if (s->flags & YK_X_IA32) {
		bpf_probe_read_user(&narrow, sizeof(narrow), (const void *)(parts + i * sizeof(narrow)));
		part.base = narrow.base;
		part.len = narrow.len;
	} else {
		bpf_probe_read_user(&part, sizeof(part), (const void *)(parts + i * sizeof(part)));
	}
	return part;
}

/* Bytes of one part. Global, like all bodies of long loops: the verifier looks at it once. */
__noinline u64 part_len(u32 slot, u64 parts, u32 i)
{
	struct scratch *s = scratch_of(slot);

	return s ? part_of(s, parts, i).len : 0;
}

/* Bytes of the first YK_VECTOR_PARTS parts. */
__noinline u64 vector_len(u32 slot, u64 parts, u64 count)
{
	u64 sum = 0;

	for (u32 i = 0; i < YK_VECTOR_PARTS && i < count; i++)
		sum += part_len(slot, parts, i);
	return sum;
}

/* Up to s->left bytes of one part; false where its memory can't be read. */
__noinline int put_part(u32 slot, u64 parts, u32 i)
{
	struct scratch *s = scratch_of(slot);
	struct iovec_user part;
	u32 n;

	if (!s)
		return 0;
	part = part_of(s, parts, i);
	n = masked(part.len < s->left ? (u32)part.len : s->left, DATA_MASK);
	if (n && bpf_probe_read_user(out_at(s), n, (const void *)part.base))
		return 0;
	s->off += n;
	s->left -= n;
	return 1;
}

/* `want` bytes of the parts, or as many as the snap length allows. */
__noinline int put_vector(u32 slot, u64 parts, u64 count, u64 want)
{
	struct scratch *s = scratch_of(slot);
	u32 start;

	if (!s)
		return 0;
	start = s->off;
	s->left = want < settings.snaplen ? want : settings.snaplen;
	if (want > s->left)
		mark_cut(s, want);
	for (u32 i = 0; i < YK_VECTOR_PARTS && i < count; i++)
		if (!put_part(slot, parts, i))
			break;
	param_ends(s, start);
	return 0;
}

#endif
