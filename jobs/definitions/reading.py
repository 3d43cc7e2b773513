"""Frames that several branches of a job use."""

import polars as pl


def read_once(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The same rows, read and computed once however many branches use them.

    `cache` alone does not do that: Polars pushes the filters of the branches below it, and each of them then reads the
    files for itself. A function that it cannot look into keeps filters above.
    """
    return rows.cache().map_batches(_unchanged, predicate_pushdown=False, streamable=True)


def _unchanged(rows: pl.DataFrame) -> pl.DataFrame:
    return rows
