/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers of the system calls that programs know by name, by architecture. */
#ifndef YARAK_NUMBERS_H
#define YARAK_NUMBERS_H

#if defined(__TARGET_ARCH_x86)
#define NR_OPEN 2
#define NR_CLOSE 3
#define NR_DUP 32
#define NR_SOCKET 41
#define NR_CONNECT 42
#define NR_ACCEPT 43
#define NR_SENDTO 44
#define NR_RECVFROM 45
#define NR_SENDMSG 46
#define NR_RECVMSG 47
#define NR_SHUTDOWN 48
#define NR_BIND 49
#define NR_LISTEN 50
#define NR_CLONE 56
#define NR_FORK 57
#define NR_VFORK 58
#define NR_FTRUNCATE 77
#define NR_CREAT 85
#define NR_OPENAT 257
#define NR_MKDIRAT 258
#define NR_UNLINKAT 263
#define NR_LINKAT 265
#define NR_SYMLINKAT 266
#define NR_ACCEPT4 288
#define NR_DUP3 292
#define NR_RECVMMSG 299
#define NR_OPEN_BY_HANDLE_AT 304
#define NR_SENDMMSG 307
#define NR_RENAMEAT2 316
#define NR_EXECVEAT 322
#elif defined(__TARGET_ARCH_arm64)
#define NR_DUP 23
#define NR_DUP3 24
#define NR_MKDIRAT 34
#define NR_UNLINKAT 35
#define NR_SYMLINKAT 36
#define NR_LINKAT 37
#define NR_FTRUNCATE 46
#define NR_OPENAT 56
#define NR_CLOSE 57
#define NR_SOCKET 198
#define NR_BIND 200
#define NR_LISTEN 201
#define NR_ACCEPT 202
#define NR_CONNECT 203
#define NR_SENDTO 206
#define NR_RECVFROM 207
#define NR_SHUTDOWN 210
#define NR_SENDMSG 211
#define NR_RECVMSG 212
#define NR_CLONE 220
#define NR_ACCEPT4 242
#define NR_RECVMMSG 243
#define NR_OPEN_BY_HANDLE_AT 265
#define NR_SENDMMSG 269
#define NR_RENAMEAT2 276
#define NR_EXECVEAT 281
/* Not there: numbers beyond every table. */
#define NR_OPEN (YK_CALLS + 0)
#define NR_CREAT (YK_CALLS + 1)
#define NR_FORK (YK_CALLS + 2)
#define NR_VFORK (YK_CALLS + 3)
#else
#error "no system call numbers for this architecture yet"
#endif

/* The same everywhere since 5.0. */
#define NR_CLONE3 435
#define NR_OPENAT2 437

#endif
