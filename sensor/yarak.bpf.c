/* SPDX-License-Identifier: GPL-2.0 */
/* The sensor, one compilation unit: its programs share scratch memory and tail-call one another. */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "event.h"
#include "numbers.h"
#include "told.h"
#include "compat.h"
#include "snapshot.h"
#include "maps.h"
#include "measure.h"
#include "emit.h"
#include "path.h"
#include "task.h"
#include "ia32.h"
#include "filter.h"
#include "directory.h"
#include "fd.h"
#include "finish.h"
#include "vector.h"
#include "dispatch.bpf.c"
#include "again.bpf.c"
#include "source.h"
#include "simple.bpf.c"
#include "open.bpf.c"
#include "process.bpf.c"
#include "socket.bpf.c"
#include "dup.bpf.c"
#include "others.bpf.c"
#include "tracepoints.bpf.c"
#include "enter.bpf.c"
#include "scan.bpf.c"
#include "scan_files.bpf.c"
#include "io_uring.bpf.c"

char LICENSE[] SEC("license") = "GPL";
