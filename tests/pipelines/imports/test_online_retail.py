"""The two real data sets through their mappings, against plain SQL over the files: nothing of ours is in it."""

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipelines.imports.import_files import ImportPlaces, import_file, prepare_mapping

pytestmark = [pytest.mark.ci, pytest.mark.timeout(300)]

CSV = """
    SELECT row_number() OVER () AS place, InvoiceNo AS invoice, StockCode AS sku, Description AS description,
           CAST(Quantity AS BIGINT) AS quantity, CAST(InvoiceDate AS TIMESTAMP) AS invoiced_at,
           CAST(UnitPrice AS DECIMAL(18, 4)) AS price, CustomerID AS customer, Country AS country
    FROM read_csv('{}', all_varchar = true, header = true, parallel = false)
"""

# The segment as JSON texts, taken apart by DuckDB.
SEGMENT = """
    SELECT event->>'order_id' AS invoice, event->>'status' AS status, event->>'customer_id' AS customer,
           event->>'anonymous_id' AS anonymous_id, event->>'event_type' AS event_type, event->>'currency' AS currency,
           event->>'channel' AS channel, event->>'occurred_at' AS occurred_at,
           event->'lines' AS lines, event->'properties' AS properties
    FROM (SELECT CAST(line AS JSON) AS event
          FROM read_csv('{}', columns = {{'line': 'VARCHAR'}}, delim = '\\x01', quote = '', escape = '', header = false))
"""


@pytest.fixture(scope="module")
def retail(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Views `csv`, `segment` and `lines` of it."""
    file = shared_data / "online_retail" / "online_retail.csv.gz"
    places = ImportPlaces.of(folder := tmp_path_factory.mktemp("retail"), folder / "landing")
    report = import_file(file, prepare_mapping("online_retail"), None, places)
    assert report.read_count == 541_909
    assert [(each.status, each.row_count, each.event_count) for each in report.events] == [
        ("paid", 532_621, 22_064),
        ("returned", 9_288, 3_836),
    ]
    assert (report.refused_count, report.filtered_counts, report.differing_counts) == (0, {}, {"InvoiceDate": 43})
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE csv AS {CSV.format(file)}")
    connection.execute(f"CREATE TABLE segment AS {SEGMENT.format(places.landing / str(report.segment))}")
    connection.execute("""
        CREATE TABLE lines AS
        SELECT invoice, status, place, line->>'sku_id' AS sku, CAST(line->>'quantity' AS BIGINT) AS quantity,
               CAST(line->>'unit_price' AS DECIMAL(18, 4)) AS price, properties->'descriptions'->>(place - 1) AS description
        FROM (SELECT *, unnest(range(1, len(lines) + 1)) AS place, unnest(lines) AS line
              FROM (SELECT * REPLACE (CAST(lines AS JSON[]) AS lines) FROM segment))
    """)
    return connection


def both(retail: duckdb.DuckDBPyConnection, csv: str, segment: str) -> None:
    """Two queries with equal answers, and not empty ones."""
    expected = retail.execute(csv).fetchall()
    assert expected
    assert retail.execute(segment).fetchall() == expected


def test_totals_are_equal(retail: duckdb.DuckDBPyConnection) -> None:
    of_lines = "count(*), count(DISTINCT invoice), count(DISTINCT sku), sum(quantity), sum(quantity * price)"
    both(retail, f"SELECT {of_lines} FROM csv", f"SELECT {of_lines} FROM lines")
    returned = f"SELECT invoice LIKE 'C%', {of_lines} FROM csv GROUP BY 1 ORDER BY 1"
    both(retail, returned, f"SELECT status = 'returned', {of_lines} FROM lines GROUP BY 1 ORDER BY 1")


def test_every_line_is_there_in_its_place(retail: duckdb.DuckDBPyConnection) -> None:
    """Line by line, in the order of the file within its invoice; exact doubles stay."""
    fields = "sku, quantity, price, description"
    csv = f"SELECT invoice, row_number() OVER (PARTITION BY invoice ORDER BY place) AS n, {fields} FROM csv"
    differing = f"""
        SELECT count(*) FROM ({csv}) c FULL JOIN lines l ON c.invoice = l.invoice AND c.n = l.place
        WHERE (c.sku, c.quantity, c.price, c.description) IS DISTINCT FROM (l.sku, l.quantity, l.price, l.description)
    """
    assert retail.execute(differing).fetchone() == (0,)


def test_customers_are_equal_and_those_without_one_are_kept(retail: duckdb.DuckDBPyConnection) -> None:
    both(
        retail,
        "SELECT DISTINCT invoice, replace(customer, '.0', ''), country FROM csv ORDER BY 1",
        "SELECT invoice, customer, properties->>'country' FROM segment ORDER BY 1",
    )
    both(
        retail,
        "SELECT DISTINCT invoice, 'invoice-' || invoice FROM csv WHERE customer IS NULL ORDER BY 1",
        "SELECT invoice, anonymous_id FROM segment WHERE anonymous_id IS NOT NULL ORDER BY 1",
    )


def test_time_is_that_of_the_first_row_on_the_clocks_of_london(retail: duckdb.DuckDBPyConnection) -> None:
    invoiced = retail.execute("SELECT invoice, arg_min(invoiced_at, place) FROM csv GROUP BY 1").fetchall()
    occurred = retail.execute("SELECT invoice, occurred_at FROM segment").fetchall()
    assert {invoice: dt.datetime.fromisoformat(text).astimezone(dt.UTC) for invoice, text in occurred} == {
        invoice: moment.replace(tzinfo=ZoneInfo("Europe/London")).astimezone(dt.UTC) for invoice, moment in invoiced
    }


def test_the_rest_is_the_same_for_all(retail: duckdb.DuckDBPyConnection) -> None:
    found = retail.execute("SELECT DISTINCT event_type, currency, channel FROM segment").fetchall()
    assert found == [("order", "GBP", "erp")]


def test_all_events_of_otto_are_accounted_for(shared_data: Path, tmp_path: Path) -> None:
    file = shared_data / "otto" / "train.jsonl"
    report = import_file(file, prepare_mapping("otto"), None, ImportPlaces.of(tmp_path, tmp_path / "landing"))
    assert report.read_count == 862
    counts = [(each.event_type, each.status, each.row_count, each.event_count) for each in report.events]
    assert counts == [("view", None, 800, 800), ("click", None, 52, 52), ("order", "placed", 10, 5)]
    assert (report.refused_count, report.filtered_counts, report.unseen_columns) == (0, {}, [])

    sent = {"clicks": "view", "carts": "click"}
    expected = set()
    for line in file.read_text().splitlines():
        session = json.loads(line)
        for each in session["events"]:
            kind = sent.get(each["type"], f"order {each['ts']}")
            expected.add((f"otto-{session['session']}", kind, str(each["aid"])))
    found = set()
    ids = set()
    for line in (tmp_path / "landing" / str(report.segment)).read_text().splitlines():
        event = json.loads(line)
        ids.add(event["event_id"])
        if event["event_type"] == "order":
            millisecond = event["order_id"].rsplit("-", 1)[1]
            found |= {(event["anonymous_id"], f"order {millisecond}", each["sku_id"]) for each in event["lines"]}
        else:
            found.add((event["anonymous_id"], event["event_type"], event["sku_id"]))
    assert found == expected
    assert len(ids) == 857
