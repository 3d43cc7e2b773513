"""Draws docs/pictures/order_value_groups.png: what customers usually spend in an order, and how they group.

    python docs/pictures/order_value_groups.py LAKE

of a lake that holds Online Retail (README: import, ingest, run). Needs the extra `report`.
"""

import sys
from pathlib import Path

import altair as alt
import polars as pl

PICTURE = Path(__file__).with_suffix(".png")
BINS_A_DECADE = 16


def read_newest(lake: Path) -> pl.DataFrame:
    """The customers of the newest day."""
    rows = pl.scan_parquet((lake / "order_value_groups" / "current").resolve(), hive_partitioning=True)
    return rows.filter(pl.col("as_of") == pl.col("as_of").max()).collect()


def draw(customers: pl.DataFrame) -> alt.LayerChart:
    """A histogram over the logarithm of the usual order, a colour a group, and each group's next threshold."""
    decade = (pl.col("usual_order_amount").cast(pl.Float64).log10() * BINS_A_DECADE).floor() / BINS_A_DECADE
    bars = (
        customers.group_by(least=10**decade, greatest=10 ** (decade + 1 / BINS_A_DECADE), group="group_number")
        .agg(customers=pl.len())
        .sort("least", "group")
    )
    groups = customers.group_by(group="group_number").agg(
        threshold=pl.col("group_threshold_amount").first().cast(pl.Float64),
        label=pl.format(
            "{}: {} customers, next step {}",
            "group_number",
            pl.len(),
            pl.col("group_threshold_amount").first().cast(pl.Int64),
        ).first(),
    )
    top = pl.col("customers").cum_sum().over("least", order_by="group")
    bars = bars.join(groups.select("group", "label"), on="group").with_columns(
        top=top, bottom=top - pl.col("customers")
    )
    amount = alt.X("least:Q", title="usual order, GBP (log scale)").scale(type="log", nice=False)
    colour = alt.Color("label:N", title="group").scale(scheme="tableau10").legend(orient="top", columns=2)
    height = alt.Y("bottom:Q", title="customers")
    histogram = alt.Chart(bars).mark_rect().encode(amount, x2="greatest:Q", y=height, y2="top:Q", color=colour)
    steps = alt.Chart(groups.sort("group")).mark_rule(strokeDash=[4, 3]).encode(x="threshold:Q")
    day = customers["as_of"][0]
    title = f"Order-value groups, Online Retail, the 180 days to {day}: {customers.height:,} customers"
    return alt.layer(histogram, steps).properties(width=760, height=320, title=title)


if __name__ == "__main__":
    draw(read_newest(Path(*sys.argv[1:]))).save(PICTURE, scale_factor=1.5)
