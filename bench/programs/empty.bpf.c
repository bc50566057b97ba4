/* SPDX-License-Identifier: GPL-2.0 */
/* What any sensor must pay that sees every system call: one program on sys_exit that does nothing. */
char licence[] __attribute__((section("license"), used)) = "GPL";

__attribute__((section("tp_btf/sys_exit"), used)) int empty_sys_exit(unsigned long long *ctx)
{
	(void)ctx;
	return 0;
}
