"""What the live tests share: a running sensor, stand-in programs, a container, and the checks for what they need."""
