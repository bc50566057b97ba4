"""`python -m yarak`."""

from yarak.cli import main

main()
