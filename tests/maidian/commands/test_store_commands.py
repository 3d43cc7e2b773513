"""Commands on a lake in an object store: those that work do as on a folder, the others say that they do not, in a line."""

import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner

from infra.local.process import free_ports
from jobs.engine.scan import scan_files
from maidian import open_table
from maidian.cli import cli
from maidian.failures import explain_failure
from maidian.reading.object_dataset import dataset_of
from schemas.lake.lake import Lake, create_lake
from schemas.lake.place import StorePlace
from schemas.lake.snapshots import current_snapshot
from schemas.lake.storage.object_lake import client_of
from tests.maidian.commands.small_lake import EVENTS, add_events, event, lake_with, maidian, order


@pytest.fixture
def lake(store_place: StorePlace) -> Lake:
    """Two days of events, not run yet."""
    return lake_with(store_place, event(1, 19), event(2, 20, sku_id="S2"), order(3, 20, "O1"))


def test_run_and_what_reads_its_tables(lake: Lake, tmp_path: Path) -> None:
    assert maidian(lake, "run", "order_lines", "sku_viewers", "--json").exit_code == 0
    # By Polars, by DuckDB, and by DuckDB from a copy.
    viewers = open_table("sku_viewers", lake.name)
    assert viewers.filter(pl.col("as_of") == pl.date(2026, 11, 20)).select("sku_id").collect()["sku_id"].to_list() == [
        "S1",
        "S2",
    ]
    sql = "SELECT event_date, sum(quantity), max(unit_price) FROM order_lines GROUP BY ALL"
    asked = maidian(lake, "sql", "-c", sql, "--format", "csv")
    assert asked.stdout.splitlines()[1:] == ["2026-11-20,2,3.5000"], asked.output
    database = tmp_path / "shop.duckdb"
    assert maidian(lake, "sql", "--save", str(database), "--copy").exit_code == 0
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchall() == [(3,)]
        assert connection.execute("SELECT DISTINCT outcome FROM runs WHERE step = ''").fetchall() == [("done",)]
    # What is clean stays, a day that changes is rebuilt, and only that.
    assert '"days":0' in maidian(lake, "run", "order_lines", "--json").stdout
    add_events(lake, order(4, 19, "O2"))
    assert '"days":1' in maidian(lake, "run", "order_lines", "--json").stdout


def test_listing_rolling_back_and_collecting_garbage(lake: Lake) -> None:
    assert maidian(lake, "backfill", "--from", "2026-11-20", "--to", "2026-11-20", "order_events").exit_code == 0
    assert "order_events" in maidian(lake, "status").stdout
    assert lake.name in maidian(lake, "audit", "--json").stdout
    add_events(lake, event(5, 19))
    assert len(maidian(lake, "rollback", "events", "--list").stdout.splitlines()) == 2
    assert "now shows" in maidian(lake, "rollback", "events").stdout
    assert open_table("events", lake.name).collect().height == 3
    collected = maidian(lake, "gc", "--keep", "1", "--min-age", "0d")
    assert collected.exit_code == 0, collected.output
    assert open_table("events", lake.name).collect().height == 3


def test_a_database_of_views_would_not_last(lake: Lake, tmp_path: Path) -> None:
    saved = maidian(lake, "sql", "--save", str(tmp_path / "shop.duckdb"))
    assert (saved.exit_code, saved.stderr.count("\n")) == (2, 1)
    assert "add --copy for the rows" in saved.stderr


def test_settings_and_audiences_are_read_from_the_store_as_they_are_now(lake: Lake, store_place: StorePlace) -> None:
    client = client_of(store_place)
    client.put("settings.toml", b"mart_days = 7\n")
    assert "\nmart_days = 7\n" in maidian(lake, "settings").stdout
    client.put("audiences/ours.toml", b'name = "ours"\nsource = "customer_profiles"\n')
    assert "ours" in maidian(lake, "export", "--list").output
    client.delete(["settings.toml", "audiences/ours.toml"])
    assert "\nmart_days = 1\n" in maidian(lake, "settings").stdout
    assert "ours" not in maidian(lake, "export", "--list").output


def test_a_machine_without_copies_reads_the_same(lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAIDIAN_WORK", str(tmp_path / "another machine"))
    assert maidian(lake, "sql", "-c", "SELECT count(*) AS n FROM events", "--format", "csv").stdout == "n\n3\n"


REFUSED = {
    ("collect",): "this command needs a lake in a directory",
    ("ingest",): "holds no landing; give one with --landing",
    ("import", "x.csv"): "holds no landing; give one with --landing",
    ("run", "--runner", "flink"): "its workers share a lake's directory",
}


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_what_cannot_be_is_one_line_and_wrong_usage(store_place: StorePlace, arguments: tuple[str, ...]) -> None:
    create_lake(store_place)
    name, *others = arguments
    refused = CliRunner().invoke(cli, [name, "--lake", str(store_place), *others])
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert REFUSED[arguments] in refused.stderr


WRONG = {
    "s3://no-such-bucket-of-ours/shop": (2, "there is no bucket no-such-bucket-of-ours at http://127.0.0.1"),
    "s3://{bucket}/elsewhere": (2, "no lake at s3://{bucket}/elsewhere; make one with `maidian init --lake s3:"),
    "s3://Not_A_Bucket/x": (2, "'Not_A_Bucket' cannot be a bucket; write s3://BUCKET/PREFIX"),
    "s3://{bucket}/a//b": (2, "use only letters, digits, _ . - and single slashes after the bucket"),
    "gs://{bucket}/x": (2, "only folders and s3://BUCKET/PREFIX are known"),
}


@pytest.mark.parametrize("place", WRONG)
def test_a_wrong_place_is_one_line(store_place: StorePlace, place: str) -> None:
    code, message = WRONG[place]
    failed = CliRunner().invoke(cli, ["status", "--lake", place.format(bucket=store_place.bucket)])
    assert (failed.exit_code, failed.stderr.count("\n")) == (code, 1), failed.stderr
    assert message.format(bucket=store_place.bucket) in failed.stderr


def test_a_store_that_is_away_or_wrongly_named_is_one_line(
    store_place: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_lake(store_place)
    [port] = free_ports(1)
    for url, code, message in (
        (f"http://127.0.0.1:{port}", 1, f"does not answer; check http://127.0.0.1:{port}, then run it again"),
        ("127.0.0.1:9000", 2, "AWS_ENDPOINT_URL is 127.0.0.1:9000; write it with http:// or https://"),
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        failed = CliRunner().invoke(cli, ["gc", "--lake", str(store_place)])
        assert (failed.exit_code, failed.stderr.count("\n")) == (code, 1), failed.stderr
        assert message in failed.stderr
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET" in CliRunner().invoke(cli, ["gc", "--lake", str(store_place)]).stderr


def test_a_store_that_goes_away_while_libraries_read_it_is_one_line(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = current_snapshot(lake, "events")
    assert events is not None
    [port] = free_ports(1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(OSError) as by_polars:
        scan_files(EVENTS, events.files()).collect()
    with duckdb.connect() as connection:
        connection.register("objects", dataset_of(EVENTS, events))
        with pytest.raises(duckdb.Error) as by_duckdb:
            connection.execute("SELECT count(event_id) FROM objects").fetchall()
    for caught in (by_polars.value, by_duckdb.value):
        failure = explain_failure(caught)
        assert failure.message.startswith("the object store failed while it was read (")
        assert (failure.exit_code, failure.is_internal) == (1, False)


WITHOUT = (
    "import sys; sys.modules['obstore'] = None; from maidian.cli import main; main()"  # as if it were not installed
)


def test_without_the_library_it_says_what_to_install() -> None:
    asked = [sys.executable, "-c", WITHOUT, "status", "--lake", "s3://shop/lake"]
    failed = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stderr) == (
        2,
        "error: a lake at s3://shop/lake needs the library obstore; install it: pip install 'maidian[s3]'\n",
    )
