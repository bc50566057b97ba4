/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel filter: which clauses of the loaded rules are still possible for this event. A clause is one bit, a
 * dimension ANDs the bits it leaves; nothing left means that no rule can match. What can't be computed leaves all. */
#ifndef YARAK_FILTER_H
#define YARAK_FILTER_H

#define O_ACCMODE 3
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define EINPROGRESS 115
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
/* O_CREAT and the bit of O_TMPFILE that is no other flag. */
#define O_MAKES (00000100 | 020000000)

/* Read anew by every loop: a bound that lived on would make the verifier follow each value of it to the end. */
#define FOR_WORDS(f, i) \
	for (u32 i = 0, __n = *(const volatile u32 *)&(f)->words; i < YK_CLAUSE_WORDS && i < __n; i++)

static __always_inline u64 bits_and(const struct yk_filter *f, struct yk_bits *bits, const struct yk_bits *with)
{
	u64 left = 0;

	FOR_WORDS(f, i)
		left |= bits->w[i] &= with->w[i];
	return left;
}

/* Some bit is in both. */
static __always_inline u64 bits_meet(const struct yk_filter *f, const struct yk_bits *bits, const struct yk_bits *with)
{
	u64 common = 0;

	FOR_WORDS(f, i)
		common |= bits->w[i] & with->w[i];
	return common;
}

/* Of the clauses that ask, those that were found stay; those that don't ask all stay. */
static __always_inline u64 bits_keep(const struct yk_filter *f, struct yk_bits *bits, const struct yk_bits *asks,
				     const struct yk_bits *found)
{
	u64 left = 0;

	FOR_WORDS(f, i)
		left |= bits->w[i] &= ~asks->w[i] | (found ? found->w[i] : 0);
	return left;
}

static __always_inline void bits_or(const struct yk_filter *f, struct yk_bits *bits, const struct yk_bits *with)
{
	FOR_WORDS(f, i)
		bits->w[i] |= with->w[i];
}

static __always_inline void bits_clear(const struct yk_filter *f, struct yk_bits *bits)
{
	FOR_WORDS(f, i)
		*(volatile u64 *)&bits->w[i] = 0; /* or clang calls memset */
}

static __always_inline const struct yk_filter *filter_of(u32 gen)
{
	u32 slot = gen & 1;

	return bpf_map_lookup_elem(&filters, &slot);
}

/* The call and its result: what is known before anything is read. */
static __always_inline u64 filter_call(const struct yk_filter *f, struct yk_bits *bits, u32 nr, s64 ret)
{
	const struct yk_bits *call = &f->calls[nr & (YK_CALLS - 1)];
	const struct yk_bits *result =
		&f->result[ret >= 0 ? YK_RESULT_OK : ret == -EINPROGRESS ? YK_RESULT_PROGRESS : YK_RESULT_FAIL];
	u64 left = 0;

	FOR_WORDS(f, i)
		left |= bits->w[i] = call->w[i] & result->w[i];
	return left;
}

/* Host or container; a cgroup that userspace has not classified yet is both. */
static __always_inline u64 filter_where(const struct yk_filter *f, struct yk_bits *bits, struct task_struct *task)
{
	u64 cgroup = FIELD(kernfs_node, cgroup_node(task), id);
	const u32 *where = bpf_map_lookup_elem(&cgroups, &cgroup);

	return where ? bits_and(f, bits, &f->where[*where & 1]) : 1;
}

static __always_inline u64 filter_uid(const struct yk_filter *f, u32 gen, struct yk_bits *bits,
				      struct task_struct *task)
{
	const struct cred *cred = FIELD(task_struct, task, cred);
	struct yk_number_key key = { .generation = gen, .number = FIELD(cred, cred, euid.val) };
	const struct yk_bits *found = bpf_map_lookup_elem(&uids, &key);

	return bits_keep(f, bits, &f->asks[YK_ASKS_UID], found ? found : &f->other_uid);
}

static __always_inline u64 filter_name(const struct yk_filter *f, u32 gen, struct yk_bits *bits,
				       struct task_struct *task)
{
	struct yk_name_key key = { .generation = gen };

	/* Up to the NUL: what stands behind it is left over from longer names. */
	bpf_probe_read_kernel_str(key.comm, sizeof(key.comm), MEMBER(task_struct, task, comm));
	return bits_keep(f, bits, &f->asks[YK_ASKS_NAME], bpf_map_lookup_elem(&names, &key));
}

/* The dimensions that go by the task. Look-ups all, and so the last of the cheap ones. Global, as are the other groups
 * of dimensions: each is verified once, and not once for every way that led to it. */
__noinline int filter_task(void)
{
	struct scratch *s = scratch_here();
	const struct yk_filter *f = s ? filter_of(s->generation) : NULL;
	struct task_struct *task;
	struct yk_bits *bits;
	u32 gen;

	if (!f)
		return 1;
	task = (struct task_struct *)s->subject;
	bits = &s->bits;
	gen = s->generation;
	if (bits_meet(f, bits, &f->asks[YK_ASKS_WHERE]) && !filter_where(f, bits, task))
		return 0;
	if (bits_meet(f, bits, &f->asks[YK_ASKS_UID]) && !filter_uid(f, gen, bits, task))
		return 0;
	return !bits_meet(f, bits, &f->asks[YK_ASKS_NAME]) || filter_name(f, gen, bits, task) != 0;
}

static __always_inline u64 filter_access(const struct yk_filter *f, struct yk_bits *bits, u32 open_flags)
{
	u32 mode = open_flags & O_ACCMODE;

	if (mode > YK_ACCESS_RDWR)
		mode = YK_ACCESS_RDWR;
	return bits_and(f, bits, &f->access[mode]) &&
	       bits_and(f, bits, &f->creating[open_flags & O_MAKES ? YK_CREATES : YK_CREATES_NOT]);
}

static __always_inline u64 filter_family(const struct yk_filter *f, struct yk_bits *bits, u16 family)
{
	u32 which = family == AF_INET ? YK_KIND_INET4 : family == AF_INET6 ? YK_KIND_INET6 :
		    family == AF_UNIX ? YK_KIND_UNIX : YK_KIND_OTHER;

	return bits_and(f, bits, &f->kind[which]);
}

/* What an internet socket carries; where its protocol is 0 the type tells. */
static __always_inline u64 filter_transport(const struct yk_filter *f, struct yk_bits *bits, const struct yk_socket *k)
{
	u32 which = YK_TRANSPORT_OTHER;

	if (k->protocol == IPPROTO_TCP || (!k->protocol && k->type == SOCK_STREAM))
		which = YK_TRANSPORT_TCP;
	else if (k->protocol == IPPROTO_UDP || (!k->protocol && k->type == SOCK_DGRAM))
		which = YK_TRANSPORT_UDP;
	return bits_and(f, bits, &f->transport[which]);
}

static __always_inline void port_bits(const struct yk_filter *f, u32 gen, struct yk_bits *possible, u16 port)
{
	struct yk_number_key key = { .generation = gen, .number = port };
	const struct yk_bits *found = bpf_map_lookup_elem(&ports, &key);

	if (found)
		bits_or(f, possible, found);
}

/* Either port may be the one that a clause asks for: roles are userspace's to tell. */
static __always_inline u64 filter_ports(const struct yk_filter *f, u32 gen, struct yk_bits *bits,
					struct yk_bits *possible, const struct yk_socket *k)
{
	bits_clear(f, possible);
	port_bits(f, gen, possible, k->lport);
	port_bits(f, gen, possible, k->rport);
	return bits_keep(f, bits, &f->asks[YK_ASKS_PORT], possible);
}

static __always_inline const struct yk_net *net_of(u32 gen, u16 family, const u8 *addr, bool known)
{
	struct yk_net_key key = { .generation = gen, .family = family };

	if (!known)
		return NULL;
	key.prefixlen = 8 * (sizeof(key.generation) + sizeof(key.family) + (family == AF_INET ? 4 : 16));
	__builtin_memcpy(key.addr, addr, 16);
	return bpf_map_lookup_elem(&nets, &key);
}

/* A clause that wants an end in its networks needs one there; a clause that wants one outside fails where both ends
 * are known and inside. */
static __always_inline u64 filter_nets(const struct yk_filter *f, u32 gen, struct yk_bits *bits,
				       const struct yk_socket *k)
{
	const struct yk_net *l = net_of(gen, k->family, k->laddr, k->flags & YK_S_LOCAL_KNOWN);
	const struct yk_net *r = net_of(gen, k->family, k->raddr, k->flags & YK_S_REMOTE_KNOWN);
	const struct yk_bits *asks = &f->asks[YK_ASKS_INSIDE];
	u64 left = 0;

	FOR_WORDS(f, i) {
		u64 keep = ~asks->w[i] | (l ? l->wanted.w[i] : 0) | (r ? r->wanted.w[i] : 0);

		if (l && r)
			keep &= ~(l->shunned[0].w[i] & r->shunned[0].w[i]) & ~(l->shunned[1].w[i] & r->shunned[1].w[i]);
		left |= bits->w[i] &= keep;
	}
	return left;
}

/* The socket dimensions, of s->socket. */
__noinline int filter_socket(void)
{
	struct scratch *s = scratch_here();
	const struct yk_filter *f = s ? filter_of(s->generation) : NULL;
	const struct yk_socket *k;
	struct yk_bits *bits;
	u32 gen;

	if (!f)
		return 1;
	k = &s->socket;
	bits = &s->bits;
	gen = s->generation;
	if (!filter_family(f, bits, k->family))
		return 0;
	if (k->family != AF_INET && k->family != AF_INET6)
		return 1;
	if (!filter_transport(f, bits, k))
		return 0;
	if (bits_meet(f, bits, &f->asks[YK_ASKS_PORT]) && !filter_ports(f, gen, bits, &s->possible, k))
		return 0;
	if (!bits_meet(f, bits, &f->asks[YK_ASKS_INSIDE]) && !bits_meet(f, bits, &f->asks[YK_ASKS_OUTSIDE]))
		return 1;
	return filter_nets(f, gen, bits, k) != 0;
}

/* Adds the clauses whose path atoms hold for `text`. A text longer than the key can match prefixes only, which is
 * all that longer atoms are compiled to. */
static __always_inline void path_bits(const struct yk_filter *f, struct scratch *s, struct yk_bits *possible,
				      const char *text, u32 len, bool whole)
{
	struct yk_path_key *key = &s->key;
	const struct yk_bits *found;
	u32 n = len < YK_KEY_TEXT ? len : YK_KEY_TEXT - 1;

	n &= 255;
	if (n >= YK_KEY_TEXT)
		n = YK_KEY_TEXT - 1;
	bpf_probe_read_kernel(key->text, n, text);
	key->text[n] = 0;
	key->generation = s->generation;
	key->prefixlen = 8 * (sizeof(key->generation) + n + (whole && len < YK_KEY_TEXT));
	found = bpf_map_lookup_elem(&paths, key);
	if (found)
		bits_or(f, possible, found);
}

/* An entry that is found whole, under its own kind of key; `n` bytes at most YK_KEY_TEXT - 2. */
static __always_inline void kind_bits(const struct yk_filter *f, struct scratch *s, struct yk_bits *possible, u8 kind,
				      const char *text, u32 n)
{
	struct yk_path_key *key = &s->key;
	const struct yk_bits *found;

	n &= 255;
	if (n > YK_KEY_TEXT - 2)
		return;
	key->text[0] = kind;
	bpf_probe_read_kernel(&key->text[1], n, text);
	key->text[1 + n] = 0;
	key->generation = s->generation;
	key->prefixlen = 8 * (sizeof(key->generation) + n + 2);
	found = bpf_map_lookup_elem(&paths, key);
	if (found)
		bits_or(f, possible, found);
}

/* Whether some clause may ask for a file of this name: `first` holds its first eight bytes, zeroes behind its end. */
static __always_inline bool name_asked(const struct yk_filter *f, u64 first, u32 len)
{
	u32 bit = ((first ^ len) * YK_NAME_HASH) >> 54;

	return f->name_set[bit >> 6 & (YK_NAME_SET_WORDS - 1)] >> (bit & 63) & 1;
}

#endif
