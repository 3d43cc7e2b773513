"""Questions over the tables as of a day: of the right days, and of files that lack a column declared later."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maidian.reading.as_of import connect_as_of
from schemas.lake.lake import Lake, create_lake
from schemas.lake.publish import Change, NewFile, publish
from schemas.lake.snapshots import current_snapshot
from schemas.tables.declaration import STRING, Column
from tests.schemas.lake.small_table import NUMBERS, put

LETTERED = replace(NUMBERS, columns=(*NUMBERS.columns, Column("letter", STRING, "Letter", "字", is_nullable=True)))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake")


def put_lettered(lake: Lake, day: str, number: int, letter: str) -> None:
    """A day whose file holds the column that others lack."""
    staging = lake.fresh_staging("run")
    path = staging / "lettered.parquet"
    pq.write_table(pa.table({"number": pa.array([number], pa.int64()), "letter": [letter]}), path)
    change = Change(add={day: [NewFile(path, "part-0.parquet", 1)]})
    publish(lake, LETTERED, current_snapshot(lake, "numbers"), change, {}, staging)


def asked(lake: Lake, sql: str, fact_days: int = 30) -> list[tuple[object, ...]]:
    with connect_as_of(lake, date(2026, 11, 20), [LETTERED], fact_days) as tables:
        return tables.ask(sql, {})


@pytest.mark.parametrize("lettered_day", ["2026-11-01", "2026-11-19"])
def test_a_column_that_some_files_lack_is_null_there_whichever_come_first(lake: Lake, lettered_day: str) -> None:
    put(lake, {"2026-11-10": [10]})
    put_lettered(lake, lettered_day, 7, "g")
    assert asked(lake, "SELECT number, letter FROM numbers ORDER BY number") == [(7, "g"), (10, None)]
    assert asked(lake, "SELECT sum(number) FROM numbers") == [(17,)]


def test_a_fact_is_seen_on_the_days_asked_for_and_up_to_the_day(lake: Lake) -> None:
    put(lake, {"2026-11-10": [10], "2026-11-20": [20], "2026-11-21": [21]})
    days = "SELECT number, number_date FROM numbers ORDER BY number"
    assert asked(lake, days) == [(10, date(2026, 11, 10)), (20, date(2026, 11, 20))]
    assert asked(lake, days, fact_days=10) == [(20, date(2026, 11, 20))]


def test_a_table_without_days_or_never_published_has_no_rows_and_its_columns(lake: Lake) -> None:
    assert asked(lake, "SELECT number, letter FROM numbers") == []
    put(lake, {"2026-01-01": [1]})
    assert asked(lake, "SELECT number, letter FROM numbers") == []


def test_a_question_may_name_tables_of_its_own(lake: Lake) -> None:
    put(lake, {"2026-11-10": [1, 2]})
    assert asked(lake, "\n  WITH doubled AS (SELECT number * 2 AS n FROM numbers) SELECT sum(n) FROM doubled") == [(6,)]
    assert asked(lake, "SELECT 1") == [(1,)]


def test_a_mistake_in_a_question_is_told(lake: Lake) -> None:
    put(lake, {"2026-11-10": [1]})
    with pytest.raises(duckdb.BinderException, match="no_such_column"):
        asked(lake, "SELECT no_such_column FROM numbers")
