"""Online Retail, 541,909 real order lines: the tables equal plain SQL over the CSV, to the penny."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.commands import glob_of, maidian, maidian_json

pytestmark = [pytest.mark.ci, pytest.mark.timeout(600)]

# What the CSV says, as SQL over its text: nothing of ours is in it.
CSV_SQL = """
    SELECT InvoiceNo AS invoice, StockCode AS sku, CustomerID AS customer,
           CAST(Quantity AS BIGINT) AS quantity, CAST(UnitPrice AS DECIMAL(18, 4)) AS price
    FROM read_csv('{path}', all_varchar = true, header = true)
"""


@pytest.fixture(scope="module")
def csv(shared_data: Path) -> Path:
    return shared_data / "online_retail" / "online_retail.csv.gz"


@pytest.fixture(scope="module")
def lake(csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("retail") / "lake"
    maidian("init", "--lake", lake, "--time-zone", "Europe/London")
    maidian("import", csv, "--mapping", "online_retail", "--lake", lake)
    maidian("ingest", "--lake", lake)
    maidian("run", "--lake", lake)
    return lake


def one_row(sql: str) -> tuple[object, ...]:
    (row,) = duckdb.sql(sql).fetchall()
    return tuple(row)


def in_csv(csv: Path, select: str, where: str = "true") -> tuple[object, ...]:
    return one_row(f"SELECT {select} FROM ({CSV_SQL.format(path=csv)}) WHERE {where}")


def in_lake(lake: Path, select: str, where: str = "true") -> tuple[object, ...]:
    return one_row(f"SELECT {select} FROM read_parquet('{glob_of(lake, 'order_lines')}') WHERE {where}")


def test_gross_sales_equal_the_csv_to_the_penny(csv: Path, lake: Path) -> None:
    expected = in_csv(csv, "sum(quantity * price)", "invoice NOT LIKE 'C%'")
    assert in_lake(lake, "sum(amount)", "status NOT IN ('cancelled', 'returned')") == expected
    assert in_lake(lake, "sum(amount)", "is_sale") == expected


def test_sales_net_of_returns_equal_the_csv_to_the_penny(csv: Path, lake: Path) -> None:
    expected = in_csv(csv, "sum(quantity * price)")
    assert expected == (Decimal("9747747.934"),)
    assert in_lake(lake, "sum(net_sales_amount)") == expected
    assert in_lake(lake, "sum(amount)") == expected


def test_lines_invoices_products_and_customers_equal_the_csv(csv: Path, lake: Path) -> None:
    expected = in_csv(csv, "count(*), count(DISTINCT invoice), count(DISTINCT sku), count(DISTINCT customer)")
    assert expected[0] == 541_909
    counted = in_lake(lake, "count(*), count(DISTINCT order_id), count(DISTINCT sku_id), count(DISTINCT customer_id)")
    assert counted == expected


def test_each_invoice_has_its_lines_and_amount(csv: Path, lake: Path) -> None:
    differing = one_row(f"""
        WITH csv AS (SELECT invoice, count(*) AS n, sum(quantity * price) AS amount
                     FROM ({CSV_SQL.format(path=csv)}) GROUP BY ALL),
             lake AS (SELECT order_id AS invoice, line_count AS n, amount FROM read_parquet('{glob_of(lake, "orders")}'))
        SELECT count(*) FROM csv FULL JOIN lake USING (invoice)
        WHERE csv.n IS DISTINCT FROM lake.n OR csv.amount IS DISTINCT FROM lake.amount
    """)
    assert differing == (0,)
    of_lines = in_lake(lake, "count(DISTINCT order_id), count(*), sum(quantity), sum(amount), sum(net_sales_amount)")
    orders = "count(*), sum(line_count), sum(quantity), sum(amount), sum(net_sales_amount)"
    assert one_row(f"SELECT {orders} FROM read_parquet('{glob_of(lake, 'orders')}')") == of_lines


def test_importing_again_adds_nothing(csv: Path, lake: Path) -> None:
    before = in_lake(lake, "count(*), sum(amount)")
    maidian("import", csv, "--mapping", "online_retail", "--lake", lake)
    assert maidian_json("ingest", "--lake", lake)["total"]["accepted_count"] == 0
    maidian("run", "--lake", lake)
    assert in_lake(lake, "count(*), sum(amount)") == before
