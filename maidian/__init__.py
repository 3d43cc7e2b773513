"""Buy-side behaviour tracking for B2B wholesale shops: the entry point over `schemas`, `pipelines` and `jobs`."""

__version__ = "0.1.0"
