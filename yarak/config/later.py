"""Keys that Falco knows and Yarak has not built yet: read without a complaint, named once in a notice.

A key leaves this table when it is declared in `settings`. An entry stands for everything below it.
"""

from __future__ import annotations

from typing import Final

KEYS: Final = {
    "watch_config_files": "restart when a configuration or rules file changes",
    "engine.kmod": "the kernel module's buffers",
    "engine.modern_ebpf.drop_failed_exit": "failed system calls dropped in the kernel",
    "engine.modern_ebpf.disable_iterators": "initial process scan without BPF iterators",
    "plugins_hostinfo": "host information for plugins",
    "program_output": "alerts to a program's standard input",
    "http_output": "alerts to an HTTP endpoint",
    "webserver": "health and metrics endpoint",
    "libs_logger": "log lines of the capture library",
    "metrics": "periodic metrics snapshots",
    "base_syscalls.custom_set": "own choice of system calls",
    "base_syscalls.repair": "the smallest choice of system calls that state needs",
    "falco_libs.thread_table_auto_purging_interval_s": "how often dead threads are looked for",
    "falco_libs.thread_table_auto_purging_thread_timeout_s": "age of threads that are looked at",
}
"""Dotted key → what it is for."""
