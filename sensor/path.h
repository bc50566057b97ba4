/* SPDX-License-Identifier: GPL-2.0 */
/* Names of files, from the dentry up. */
#ifndef YARAK_PATH_H
#define YARAK_PATH_H

#define WALK_STEPS 64

static __always_inline void walk_begin(struct walk *w, struct dentry *dentry, struct mount *mnt)
{
	w->dentry = (u64)dentry;
	w->mnt = (u64)mnt;
	w->stop_dentry = 0;
	w->stop_mnt = 0;
	w->off = PATH_SIZE;
	w->cut = 0;
	w->reached_stop = 0;
	w->leaf = 0;
}

static __always_inline u32 walk_len(struct walk *w)
{
	return masked(PATH_SIZE - w->off, PATH_MASK);
}

static __always_inline char *walk_text(struct walk *w)
{
	return &w->buf[masked(w->off, PATH_MASK)];
}

/* Puts "/" and the dentry's name before what is there; false when it does not fit. */
static __always_inline bool walk_prepend(struct walk *w, struct dentry *dentry)
{
	const unsigned char *name = FIELD(dentry, dentry, d_name.name);
	u32 len = masked(FIELD(dentry, dentry, d_name.len), NAME_SIZE - 1);
	u32 to = w->off - len - 1;

	if (to >= PATH_SIZE)
		return false;
	w->buf[masked(to, PATH_MASK)] = '/';
	bpf_probe_read_kernel(&w->buf[masked(to, PATH_MASK) + 1], len, name);
	w->off = to;
	if (!w->leaf)
		w->leaf = len;
	return true;
}

enum { WALK_REAL, WALK_BASE };

/* Without a mount: up to the superblock's root. With one: through the mounts, to the namespace's root or to
 * (stop_dentry, stop_mnt). One step; true when there is another. Global: the verifier follows a loop's body as often as
 * it may run, and a call is one instruction to it. */
__noinline int walk_step(u32 slot, u32 which)
{
	struct scratch *s = scratch_of(slot);
	struct dentry *dentry, *parent;
	struct walk *w;

	if (!s)
		return 0;
	/* No choice of two pointers: the verifier would take every step twice. */
	w = &s->walks[masked(which, 1)];
	dentry = (struct dentry *)w->dentry;
	if (w->dentry == w->stop_dentry && w->mnt == w->stop_mnt) {
		w->reached_stop = 1;
		return 0;
	}
	parent = FIELD(dentry, dentry, d_parent);
	if (w->mnt) {
		struct mount *mnt = (struct mount *)w->mnt;
		struct vfsmount *vfs = MEMBER(mount, mnt, mnt);

		if (dentry == FIELD(vfsmount, vfs, mnt_root) || dentry == parent) {
			struct mount *up = FIELD(mount, mnt, mnt_parent);

			if (up == mnt)
				return 0;
			w->dentry = (u64)FIELD(mount, mnt, mnt_mountpoint);
			w->mnt = (u64)up;
			return 1;
		}
	} else if (dentry == parent) {
		return 0;
	}
	if (!walk_prepend(w, dentry)) {
		w->cut = 1;
		return 0;
	}
	w->dentry = (u64)parent;
	return 1;
}

/* Global, so that the verifier looks at it once and not at every call. */
__noinline int walk_up(u32 slot, u32 which)
{
	struct scratch *s = scratch_of(slot);
	struct walk *w;

	if (!s)
		return 0;
	w = &s->walks[masked(which, 1)];
	for (int i = 0; i < WALK_STEPS; i++) {
		if (!walk_step(slot, which))
			goto done;
	}
	w->cut = 1;
done:
	if (w->cut)
		count(YK_N_PATH_CUT);
	if (w->off == PATH_SIZE) {
		w->off = PATH_SIZE - 1;
		w->buf[PATH_SIZE - 1] = '/';
	}
	return 0;
}

static __always_inline struct mount *mount_of(struct vfsmount *vfs)
{
	return (struct mount *)((void *)vfs - opaque(bpf_core_field_offset(struct mount, mnt)));
}

/* Names of anonymous inodes and memfds have no directory: their root dentry's own name is the name. */
static __always_inline bool nameless_root(struct dentry *dentry)
{
	return FIELD(dentry, dentry, d_parent) == dentry;
}

static __always_inline void walk_bare_name(struct walk *w, struct dentry *dentry)
{
	const unsigned char *name = FIELD(dentry, dentry, d_name.name);
	u32 len = masked(FIELD(dentry, dentry, d_name.len), NAME_SIZE - 1);

	w->off = PATH_SIZE - len;
	bpf_probe_read_kernel(&w->buf[masked(w->off, PATH_MASK)], len, name);
}

/* Puts the place where the file system sits in the host's mount namespace before a finished walk. */
static __always_inline void walk_prefix(struct walk *w, const struct yk_mount_prefix *prefix)
{
	u32 len = prefix->len & 127, to = w->off - len;

	if (len > YK_PREFIX_TEXT || to >= PATH_SIZE)
		return;
	/* The root of a mounted file system is named by its mount point alone. */
	if (w->off == PATH_SIZE - 1)
		to++;
	bpf_probe_read_kernel(&w->buf[masked(to, PATH_MASK)], len, prefix->text);
	w->off = to;
}

/* The file's own name: from the superblock's root and the place where that sits on the host; a container's own file
 * system, or one that the host has not mounted, through the mounts of the caller's namespace. Never stops at a
 * chroot or at a bind mount's root. */
static __always_inline void real_name(struct scratch *s, struct task_struct *task, struct path path)
{
	struct walk *w = &s->real;
	struct super_block *sb = FIELD(dentry, path.dentry, d_sb);
	u32 dev = FIELD(super_block, sb, s_dev);
	struct fs_struct *fs = FIELD(task_struct, task, fs);
	const struct yk_mount_prefix *prefix = NULL;

	if (dev == live.host_root_dev) {
		walk_begin(w, path.dentry, NULL);
		w->stop_dentry = live.host_root_dentry;
		walk_up(s->slot, WALK_REAL);
		/* A host root that is a subtree (a btrfs subvolume) is reached before the superblock's. */
		if (w->reached_stop || w->cut)
			return;
	} else {
		struct path root = PATH(fs_struct, fs, root);
		struct super_block *own = FIELD(dentry, root.dentry, d_sb);

		if (own != sb)
			prefix = bpf_map_lookup_elem(&mounts, &dev);
	}
	if (prefix) {
		walk_begin(w, path.dentry, NULL);
		walk_up(s->slot, WALK_REAL);
		walk_prefix(w, prefix);
		return;
	}
	walk_begin(w, path.dentry, mount_of(path.mnt));
	walk_up(s->slot, WALK_REAL);
}

/* A directory as the caller sees it: through the mounts, to the caller's root. */
static __always_inline void seen_name(struct scratch *s, struct task_struct *task, struct path path)
{
	struct walk *w = &s->base;
	struct fs_struct *fs = FIELD(task_struct, task, fs);
	struct path root = PATH(fs_struct, fs, root);

	walk_begin(w, path.dentry, mount_of(path.mnt));
	w->stop_dentry = (u64)root.dentry;
	w->stop_mnt = (u64)mount_of(root.mnt);
	walk_up(s->slot, WALK_BASE);
}

#endif
