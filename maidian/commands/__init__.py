"""One file a command; each exposes `command`. The table of names is in `maidian.cli`."""
