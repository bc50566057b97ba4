/* SPDX-License-Identifier: GPL-2.0 */
/* What the path atoms make of a whole directory, remembered. An open below a directory that no atom is about is done
 * without spelling out its name. */
#ifndef YARAK_DIRECTORY_H
#define YARAK_DIRECTORY_H

#define CHAIN_MIX 0xff51afd7ed558ccdULL
/* Longest directory text whose atoms are looked up. */
#define DIRECTORY_TEXT (YK_KEY_TEXT - 8)

static __always_inline u64 chain_step(u64 hash, u64 value)
{
	hash = (hash ^ value) * CHAIN_MIX;
	return hash ^ hash >> 32;
}

/* Hashes everything that the real name of the directory s->dentry is made of: the dentries and names up to where the
 * name starts, the generation of the atoms, the epoch of the mounts. So nothing has to be told of a rename: the chain is
 * another one. `to_root`: the name starts at the superblock's root. Leaves 0 in s->chain where it starts elsewhere. */
__noinline int hash_chain(bool to_root)
{
	struct scratch *s = scratch_here();
	u64 hash, dentry, host = live.host_root_dentry;

	if (!s)
		return 0;
	s->chain = 0;
	dentry = s->dentry;
	hash = settings.seed ^ ((u64)s->generation << 32 | live.mounts_epoch);
	for (int i = 0; i < WALK_STEPS; i++) {
		u64 parent = NUMBER(dentry, dentry, d_parent);

		if (dentry == host || (to_root && dentry == parent)) {
			s->chain = chain_step(hash, dentry) | 1;
			return 1;
		}
		if (dentry == parent)
			return 0;
		hash = chain_step(hash, dentry ^ FIELD(dentry, dentry, d_name.hash_len) << 8);
		dentry = parent;
	}
	return 0;
}

static __always_inline struct directory *directory_slot(u64 chain)
{
	u32 slot = bpf_get_smp_processor_id() * YK_DIRECTORIES + (chain >> 8 & (YK_DIRECTORIES - 1));

	return bpf_map_lookup_elem(&directories, &slot);
}

/* The chain of a directory whose real name depends on nothing else; 0 for others (`real_name` has the cases). */
static __always_inline u64 directory_chain(struct scratch *s, struct task_struct *task, struct dentry *dentry)
{
	struct super_block *sb = FIELD(dentry, dentry, d_sb);
	bool host = FIELD(super_block, sb, s_dev) == live.host_root_dev;

	if (!host) {
		struct fs_struct *fs = FIELD(task_struct, task, fs);
		struct dentry *root = FIELD(fs_struct, fs, root.dentry);

		if (FIELD(dentry, root, d_sb) == sb)
			return 0;
	}
	s->dentry = (u64)dentry;
	hash_chain(!host);
	return s->chain;
}

/* Adds the clauses that are possible below a directory; false where that is not known yet. */
static __always_inline bool directory_bits(const struct yk_filter *f, struct scratch *s, u64 chain)
{
	struct directory *d = chain ? directory_slot(chain) : NULL;

	if (!d || d->chain != chain)
		return false;
	bits_or(f, &s->possible, &d->possible);
	return true;
}

/* Remembers a directory by its real name: the atoms that lie below it, and the prefixes that its files carry. */
static __always_inline void directory_learn(const struct yk_filter *f, struct scratch *s, u64 chain, const char *text,
					    u32 len)
{
	struct directory *d = directory_slot(chain);
	struct yk_path_key *key = &s->key;
	const struct yk_bits *found;

	if (!d || !len || len > DIRECTORY_TEXT)
		return;
	len = masked(len, 255);
	d->chain = 0;
	bits_clear(f, &d->possible);
	kind_bits(f, s, &d->possible, YK_KEY_DIRECTORY, text, len);
	bpf_probe_read_kernel(key->text, len, text);
	/* "/" carries its slash already. */
	if (len > 1)
		key->text[len++] = '/';
	key->prefixlen = 8 * (sizeof(key->generation) + len);
	found = bpf_map_lookup_elem(&paths, key);
	if (found)
		bits_or(f, &d->possible, found);
	d->chain = chain;
}

#endif
