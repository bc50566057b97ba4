"""Comparable figures: every row stands against the same machine in the same run. `python -m bench` prints the table."""
