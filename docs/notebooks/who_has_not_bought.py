"""A notebook to start from: which products are looked at and not bought, and by whom.

pip install 'maidian' marimo; MAIDIAN_LAKE=demo/lake marimo edit docs/notebooks/who_has_not_bought.py
"""

import marimo

app = marimo.App(width="medium")


@app.cell
def _():
    import marimo as mo
    import polars as pl

    import maidian

    return maidian, mo, pl


@app.cell
def _(maidian, mo, pl):
    # A lazy frame of what is published now; only the files of the newest day are read.
    viewers = maidian.open_table("sku_viewers")
    newest = viewers.select(pl.col("as_of").max()).collect().item()
    looked = viewers.filter(pl.col("as_of") == newest)
    mo.md(f"## Looked at and not bought, as of {newest}")
    return looked, newest


@app.cell
def _(looked, maidian, pl):
    products = (
        looked.group_by("sku_id")
        .agg(
            customers=pl.len(),
            not_bought=(~pl.col("has_ordered")).sum(),
            favourites=(pl.col("is_favorited") & ~pl.col("has_ordered")).sum(),
        )
        .join(maidian.open_table("skus").select("sku_id", "name", "brand"), on="sku_id", how="left")
        .sort("not_bought", "sku_id", descending=[True, False])
        .head(20)
        .collect()
    )
    products
    return (products,)


@app.cell
def _(looked, maidian, newest, pl, products):
    # Whom to call about the first of them: strongest interest first, with what they usually spend.
    first = products["sku_id"][0]
    groups = maidian.open_table("order_value_groups").filter(pl.col("as_of") == newest)
    to_call = (
        looked.filter((pl.col("sku_id") == first) & ~pl.col("has_ordered"))
        .join(groups.select("customer_id", "usual_order_amount", "gap_amount"), on="customer_id", how="left")
        .sort("score", "customer_id", descending=[True, False])
        .select(
            "customer_id", "view_count", "last_viewed_at", "is_favorited", "score", "usual_order_amount", "gap_amount"
        )
        .collect()
    )
    to_call
    return (to_call,)


if __name__ == "__main__":
    app.run()
