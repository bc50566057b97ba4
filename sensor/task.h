/* SPDX-License-Identifier: GPL-2.0 */
/* What every event says about its task. */
#ifndef YARAK_TASK_H
#define YARAK_TASK_H

#define CGROUP_DEPTH 12

static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

/* Index into css_set.subsys, or -1 for the unified hierarchy. The numbers differ between kernel configurations. */
static __always_inline s32 hierarchy_index(void)
{
	switch (settings.hierarchy) {
	case YK_PIDS:
		return bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	case YK_DEVICES:
		return bpf_core_enum_value(enum cgroup_subsys_id, devices_cgrp_id);
	case YK_CPU:
		return bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id);
	case YK_FREEZER:
		return bpf_core_enum_value(enum cgroup_subsys_id, freezer_cgrp_id);
	default:
		return -1;
	}
}

static __always_inline struct kernfs_node *cgroup_node(struct task_struct *task)
{
	struct css_set *set = FIELD(task_struct, task, cgroups);
	struct cgroup *cgroup;

	s32 subsys = hierarchy_index();

	if (subsys >= 0 && subsys < 16) {
		struct cgroup_subsys_state *css;

		bpf_core_read(&css, sizeof(css), &set->subsys[subsys]);
		cgroup = FIELD(cgroup_subsys_state, css, cgroup);
	} else {
		cgroup = FIELD(css_set, set, dfl_cgrp);
	}
	return FIELD(cgroup, cgroup, kn);
}

static __always_inline u32 parent_of(struct task_struct *task)
{
	struct task_struct *leader = FIELD(task_struct, task, group_leader);
	struct task_struct *parent = FIELD(task_struct, leader, real_parent);

	return FIELD(task_struct, parent, tgid);
}

/* Id as the host sees it. */
static __always_inline u32 pid_number(struct pid *pid)
{
	struct upid first;

	if (!pid)
		return 0;
	bpf_probe_read_kernel(&first, sizeof(first), MEMBER(pid, pid, numbers));
	return first.nr;
}

/* Number and namespace of an id at a level of its own. */
static __always_inline struct upid upid_at(struct pid *pid, u32 level)
{
	struct upid found;

	bpf_probe_read_kernel(&found, sizeof(found), MEMBER(pid, pid, numbers) + level * bpf_core_type_size(struct upid));
	return found;
}

/* Id in the task's own, innermost pid namespace. */
static __always_inline u32 pid_inside(struct pid *pid)
{
	return upid_at(pid, FIELD(pid, pid, level) & 31).nr;
}

/* Id as the task sees it; 0 where it has none in the task's pid namespace, as getsid and getpgid have it. */
static __always_inline u32 pid_seen(struct task_struct *task, struct pid *pid)
{
	struct pid *own = FIELD(task_struct, task, thread_pid);
	u32 level = FIELD(pid, own, level) & 31;
	struct upid seen;

	if (!pid || FIELD(pid, pid, level) < level)
		return 0;
	seen = upid_at(pid, level);
	return seen.ns == upid_at(own, level).ns ? seen.nr : 0;
}

/* Path of the cgroup in the chosen hierarchy, sent only while userspace has not classified its id. */
__noinline int cgroup_path(u32 slot)
{
	struct scratch *s = scratch_of(slot);
	struct kernfs_node *node;
	struct walk *w;

	if (!s)
		return 0;
	node = (struct kernfs_node *)s->node;
	w = &s->spare;
	w->off = PATH_SIZE;
	for (int i = 0; i < CGROUP_DEPTH; i++) {
		struct kernfs_node *parent = kernfs_parent(node);
		const char *name;
		char text[128];
		long len;

		if (!parent)
			break;
		name = BPF_CORE_READ(node, name);
		len = bpf_probe_read_kernel_str(text, sizeof(text), name);
		if (len > 1) {
			u32 n = (len - 1) & 127, to = w->off - n - 1;

			if (to >= PATH_SIZE)
				break;
			w->buf[masked(to, PATH_MASK)] = '/';
			bpf_probe_read_kernel(&w->buf[masked(to, PATH_MASK) + 1], n, text);
			w->off = to;
		}
		node = parent;
	}
	item_bytes(s, YK_I_CGROUP, walk_text(w), walk_len(w));
	return 0;
}

static __always_inline void ext_of(struct yk_ext *ext, struct task_struct *task)
{
	const struct cred *cred = FIELD(task_struct, task, cred);
	struct task_struct *leader = FIELD(task_struct, task, group_leader);

	ext->tgid = FIELD(task_struct, task, tgid);
	ext->ppid = parent_of(task);
	ext->uid = FIELD(cred, cred, euid.val);
	ext->gid = FIELD(cred, cred, egid.val);
	ext->loginuid = login_uid(task);
	ext->exec_gen = FIELD(task_struct, task, self_exec_id);
	ext->start_boottime = FIELD(task_struct, leader, start_boottime);
	ext->cgroup = FIELD(kernfs_node, cgroup_node(task), id);
	ext->cpu = bpf_get_smp_processor_id();
	bpf_probe_read_kernel(ext->comm, sizeof(ext->comm), MEMBER(task_struct, task, comm));
}

/* Closes the parameters and opens the extension with the task's facts. */
static __always_inline void task_facts(struct scratch *s, struct task_struct *task)
{
	struct yk_ext *ext;
	u64 cgroup;

	s->ext_off = s->off;
	ext = (struct yk_ext *)out_at(s);
	ext_of(ext, task);
	cgroup = ext->cgroup;
	s->off += sizeof(*ext);
	if (!bpf_map_lookup_elem(&cgroups, &cgroup)) {
		s->node = (u64)cgroup_node(task);
		cgroup_path(s->slot);
	}
}

#endif
