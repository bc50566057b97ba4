"""Yarak watches a Linux host through eBPF and runs Falco's rules on every system call."""

__version__ = "0.1.0"
