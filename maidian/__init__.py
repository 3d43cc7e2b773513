"""Buy-side behaviour tracking for B2B wholesale shops: the entry point over `schemas`, `pipelines` and `jobs`."""

from maidian.reading.open_table import open_table

__all__ = ["open_table"]
__version__ = "0.1.0"
