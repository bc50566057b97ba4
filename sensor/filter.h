/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel filter: which clauses of the loaded rules are still possible for this event. A clause is one bit, a
 * dimension ANDs the bits it leaves; nothing left means that no rule can match. What can't be computed leaves all. */
#ifndef YARAK_FILTER_H
#define YARAK_FILTER_H

static __always_inline u64 bits_and(struct yk_bits *bits, const struct yk_bits *with)
{
	u64 left = 0;

	for (int i = 0; i < YK_CLAUSE_WORDS; i++) {
		bits->w[i] &= with->w[i];
		left |= bits->w[i];
	}
	return left;
}

static __always_inline void bits_or(struct yk_bits *bits, const struct yk_bits *with)
{
	for (int i = 0; i < YK_CLAUSE_WORDS; i++)
		bits->w[i] |= with->w[i];
}

static __always_inline const struct yk_filter *filter_of(u32 gen)
{
	u32 slot = gen & 1;

	return bpf_map_lookup_elem(&filters, &slot);
}

#define O_ACCMODE 3
#define AF_INET 2
#define AF_INET6 10
#define EINPROGRESS 115

/* Clauses outside of `set` that are still possible. */
static __always_inline u64 bits_beyond(const struct yk_bits *bits, const struct yk_bits *set)
{
	u64 beyond = 0;

	for (int i = 0; i < YK_CLAUSE_WORDS; i++)
		beyond |= bits->w[i] & ~set->w[i];
	return beyond;
}

/* The task's short name; looked up only where a clause that asks for one is left. */
static __always_inline bool filter_name(const struct yk_filter *f, u32 gen, struct yk_bits *bits,
					struct task_struct *task)
{
	struct yk_name_key key = { .generation = gen };
	struct yk_bits possible = f->any_name;
	const struct yk_bits *found;

	if (!bits_beyond(bits, &f->any_name))
		return true;
	/* Up to the NUL: what stands behind it is left over from longer names. */
	bpf_probe_read_kernel_str(key.comm, sizeof(key.comm), MEMBER(task_struct, task, comm));
	found = bpf_map_lookup_elem(&names, &key);
	if (found)
		bits_or(&possible, found);
	return bits_and(bits, &possible);
}

/* Dimensions that depend on nothing but the task. */
static __always_inline bool filter_task(const struct yk_filter *f, u32 gen, struct yk_bits *bits,
					struct task_struct *task)
{
	u64 cgroup;
	u32 *where;

	cgroup = FIELD(kernfs_node, cgroup_node(task), id);
	where = bpf_map_lookup_elem(&cgroups, &cgroup);
	if (where && !bits_and(bits, &f->where[*where & 1]))
		return false;
	return filter_name(f, gen, bits, task);
}

/* Dimensions that every system call has. */
static __always_inline bool filter_common(const struct yk_filter *f, u32 gen, struct yk_bits *bits, u32 nr, s64 ret,
					  struct task_struct *task)
{
	*bits = f->calls[nr & (YK_CALLS - 1)];
	if (!bits_and(bits, &f->result[ret >= 0 || ret == -EINPROGRESS ? YK_RESULT_OK : YK_RESULT_FAIL]))
		return false;
	return filter_task(f, gen, bits, task);
}

static __always_inline bool filter_access(const struct yk_filter *f, struct yk_bits *bits, u32 open_flags)
{
	u32 mode = open_flags & O_ACCMODE;

	if (mode > YK_ACCESS_RDWR)
		mode = YK_ACCESS_RDWR;
	return bits_and(bits, &f->access[mode]);
}

static __always_inline void port_bits(u32 gen, struct yk_bits *possible, u16 port)
{
	struct yk_port_key key = { .generation = gen, .port = port };
	const struct yk_bits *found = bpf_map_lookup_elem(&ports, &key);

	if (found)
		bits_or(possible, found);
}

/* The socket dimensions. Either port may be the one that a clause asks for: roles are userspace's to tell. */
static __always_inline bool filter_socket(const struct yk_filter *f, u32 gen, struct yk_bits *bits,
					  const struct yk_socket *k)
{
	bool v4 = k->family == AF_INET, v6 = k->family == AF_INET6;
	struct yk_bits possible = f->any_port;

	if (!bits_and(bits, &f->family[v4 ? YK_IPV4 : v6 ? YK_IPV6 : YK_NO_INET]))
		return false;
	if (f->has_ports && (v4 || v6)) {
		port_bits(gen, &possible, k->lport);
		port_bits(gen, &possible, k->rport);
	}
	return bits_and(bits, &possible);
}

/* Adds the clauses whose path atoms hold for `text`. A text longer than the key can match prefixes only, which is
 * all that longer atoms are compiled to. */
static __always_inline void path_bits(struct scratch *s, u32 gen, struct yk_bits *possible, const char *text, u32 len)
{
	struct yk_path_key *key = &s->key;
	const struct yk_bits *found;
	u32 n = len < YK_KEY_TEXT ? len : YK_KEY_TEXT - 1;

	n &= 255;
	if (n >= YK_KEY_TEXT)
		n = YK_KEY_TEXT - 1;
	bpf_probe_read_kernel(key->text, n, text);
	key->text[n] = 0;
	key->generation = gen;
	key->prefixlen = 8 * (sizeof(key->generation) + n + (len < YK_KEY_TEXT));
	found = bpf_map_lookup_elem(&paths, key);
	if (found)
		bits_or(possible, found);
}

/* The last component, under the byte 1. */
static __always_inline void filename_bits(struct scratch *s, u32 gen, struct yk_bits *possible, const char *text,
					  u32 len)
{
	struct yk_path_key *key = &s->key;
	const struct yk_bits *found;
	u32 start = 0, n;

	len = masked(len, PATH_MASK);
	/* Names have at most 255 bytes: look for the last slash there. */
	for (u32 i = 1; i <= NAME_SIZE; i++) {
		u32 at = len - i;
		char c = 0;

		if (i > len)
			break;
		bpf_probe_read_kernel(&c, 1, text + masked(at, PATH_MASK));
		if (c == '/') {
			start = at + 1;
			break;
		}
	}
	n = (len - start) & 255;
	if (n > YK_KEY_TEXT - 2)
		return;
	key->text[0] = 1;
	bpf_probe_read_kernel(&key->text[1], n, text + masked(start, PATH_MASK));
	key->text[1 + n] = 0;
	key->generation = gen;
	key->prefixlen = 8 * (sizeof(key->generation) + n + 2);
	found = bpf_map_lookup_elem(&paths, key);
	if (found)
		bits_or(possible, found);
}

#endif
