"""One lint per file."""
