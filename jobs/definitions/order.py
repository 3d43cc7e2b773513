"""The first or last of several rows, in a given order."""

from collections.abc import Sequence

import polars as pl


def last_of_each(rows: pl.LazyFrame, key: Sequence[str], order: Sequence[str]) -> pl.LazyFrame:
    """One row a key: the last in the order, of which the first column is an instant.

    Only the rows of a key's last instant are sorted, hardly more than there are keys. `rows` are used twice.
    """
    instants = rows.group_by(key).agg(pl.col(order[0]).max())
    return (
        rows.join(instants, on=[*key, order[0]], how="semi", nulls_equal=True)
        .sort(order)
        .unique(key, keep="last", maintain_order=True)
    )
