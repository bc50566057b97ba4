/* SPDX-License-Identifier: GPL-2.0 */
/* What the loader tells the programs, each in a section of its own, so that it finds the struct at offset 0. */
#ifndef YARAK_TOLD_H
#define YARAK_TOLD_H

/* Before they are loaded: the verifier drops what they rule out. */
const volatile struct yk_settings settings SEC(".rodata.settings");
volatile struct yk_live live SEC(".data.live");
/* Numbers of calls that nothing needs, neither as one of the native entry nor as one of the 32-bit entry. */
volatile u8 quiet[YK_CALLS] SEC(".data.quiet");
volatile struct yk_dispatcher dispatcher SEC(".data.dispatcher");

#endif
