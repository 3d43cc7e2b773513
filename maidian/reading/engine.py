"""DuckDB, started beside other work: before its first query it takes 50 ms of one core, whatever the lake holds."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def start_engine() -> "Future[duckdb.DuckDBPyConnection]":
    """A database in memory, as soon as it is there. Meanwhile modules can be imported, and manifests read."""
    with_one_thread = ThreadPoolExecutor(1)
    started = with_one_thread.submit(_connect)
    with_one_thread.shutdown(wait=False)
    return started


def _connect() -> "duckdb.DuckDBPyConnection":
    import duckdb

    return duckdb.connect()
