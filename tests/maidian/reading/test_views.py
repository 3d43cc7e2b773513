"""Every table in SQL and as a lazy frame: the same rows, of the declared columns and types."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

import maidian
from maidian.reading.views import connect, select_statement, sql_type
from schemas.errors import UsageError
from schemas.lake.lake import create_lake, open_lake
from schemas.tables import declared_tables

TABLES = sorted(declared_tables())
OF_EXPORTS = {"export_log", "holdouts", "promotion_effects"}  # the demo exports no list

# The first to ask for the demo builds it.
pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("name", TABLES)
def test_a_view_holds_the_rows_that_polars_reads(name: str, demo_lake: Path) -> None:
    table = declared_tables()[name]
    with connect(open_lake(demo_lake)) as connection:
        in_sql = connection.sql(f'FROM "{name}"').pl()
    read = maidian.open_table(name, demo_lake).collect()
    assert (read.height > 0) == (name not in OF_EXPORTS)
    assert in_sql.columns == read.columns == [column.name for column in table.columns]
    keys = [*table.key, table.partition]
    as_read = read.with_columns(pl.col(pl.Datetime).dt.convert_time_zone("Asia/Shanghai"))
    assert in_sql.cast(dict(as_read.schema)).sort(keys).equals(as_read.sort(keys))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_never_published_is_a_view_without_rows(name: str, tmp_path: Path) -> None:
    with connect(create_lake(tmp_path / "lake")) as connection:
        columns = connection.sql(f'SELECT column_name, column_type FROM (DESCRIBE "{name}")').fetchall()
        assert connection.sql(f'SELECT count(*) FROM "{name}"').fetchall() == [(0,)]
    declared = [(column.name, sql_type(column.type)) for column in declared_tables()[name].columns]
    assert [(column, kind.replace('"', "")) for column, kind in columns] == [
        (column, kind.replace('"', "")) for column, kind in declared
    ]
    assert maidian.open_table(name, tmp_path / "lake").collect().height == 0


def test_a_column_declared_after_the_files_were_written_is_null(tmp_path: Path) -> None:
    table = declared_tables()["sku_viewers"]
    old = tmp_path / "as_of=2026-11-20" / "part-0.parquet"
    old.parent.mkdir()
    pl.DataFrame({"sku_id": ["A"], "customer_id": ["C"]}).write_parquet(old)
    row = duckdb.sql(f"SELECT as_of, sku_id, score, typeof(score) FROM ({select_statement(table, [old])})").fetchall()[
        0
    ]
    assert row == (date(2026, 11, 20), "A", None, "DOUBLE")


def test_tables_and_columns_say_what_they_mean(demo_lake: Path) -> None:
    with connect(open_lake(demo_lake)) as connection:
        said = dict(
            connection.sql(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'sku_viewers'"
            ).fetchall()
        )
    for column in declared_tables()["sku_viewers"].columns:
        assert column.en in said[column.name]
        assert column.zh in said[column.name]


def test_an_unknown_table_names_those_there_are(demo_lake: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no table 'sku_viewer'; the tables are: .*sku_viewers"):
        maidian.open_table("sku_viewer", demo_lake)


def test_the_lake_is_that_of_the_environment(demo_lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIDIAN_LAKE", str(demo_lake))
    assert maidian.open_table("skus").collect().height > 0
