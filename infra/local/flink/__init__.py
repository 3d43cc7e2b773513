"""A Flink session cluster with Beam on it: every part a process of this machine."""
