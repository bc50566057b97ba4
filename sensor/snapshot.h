/* SPDX-License-Identifier: GPL-2.0 */
/* What a call's strings were when it began (enter.bpf.c), compared with what they are when it ends. */
#ifndef YARAK_SNAPSHOT_H
#define YARAK_SNAPSHOT_H

#define YK_SNAPSHOT_TEXTS 2
#define YK_SNAPSHOT_START 256

struct snapshot_text {
	u64 hash;
	u32 len; /* with the NUL; 0: it could not be read */
	u32 pad;
	char start[YK_SNAPSHOT_START];
};
struct snapshot {
	u32 nr;
	u32 count;
	struct snapshot_text text[YK_SNAPSHOT_TEXTS];
};

#endif
