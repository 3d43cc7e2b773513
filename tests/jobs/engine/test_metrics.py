"""Each metric counts the rows that break its rule, and those rows can be shown."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.engine.metrics import measure, metric_names, sample
from schemas.tables.declaration import BOOLEAN, COUNT, DATE, INSTANT, MONEY, RATIO, STRING, Check, Column, Table

DAY = date(2026, 11, 20)
TABLE = Table(
    name="visits",
    en="Visits",
    zh="访问",
    grain="one visit",
    key=("visit_date", "visit_id"),
    partition="visit_date",
    version=1,
    columns=(
        Column("visit_date", DATE, "Day", "日期"),
        Column("visit_id", STRING, "Visit", "访问"),
        Column("kind", STRING, "Kind", "类别", is_nullable=True, allowed=("web", "app")),
        Column("view_count", COUNT, "Views", "浏览"),
        Column("amount", MONEY, "Amount", "金额", is_nullable=True),
        Column("share_ratio", RATIO, "Share", "占比", is_nullable=True),
        Column("is_bounce", BOOLEAN, "Bounce", "跳出"),
        Column("started_at", INSTANT, "Start", "开始"),
        Column("ended_at", INSTANT, "End", "结束", is_nullable=True),
    ),
    checks=(
        Check("amount_is_twice_the_views", "amount = 2 * view_count"),
        Check("bounce_has_no_end", "is_bounce = (ended_at IS NULL)"),
    ),
)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOOD = {"visit_id": "v", "kind": "web", "view_count": 1, "is_bounce": True, "started_at": NOON}


def write(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    folder = tmp_path / f"visit_date={DAY}"
    folder.mkdir()
    full = [{**GOOD, "visit_id": f"v{number}", **row} for number, row in enumerate(rows)]
    schema = pa.schema([pa.field(field.name, field.type) for field in TABLE.file_schema])
    path = folder / "part-0.parquet"
    pq.write_table(pa.Table.from_pylist(full, schema=schema), path)
    return path


def metrics(path: Path) -> dict[str, Any]:
    [row] = measure(TABLE, {str(DAY): [path]}, metric_names(TABLE))
    return row


def test_good_rows_break_no_rule(tmp_path: Path) -> None:
    broken = {name for name, value in metrics(write(tmp_path, {}, {})).items() if value}
    assert broken == {
        *("partition", "row_count", "amount_null_count", "share_ratio_null_count", "ended_at_null_count"),
        *("visit_id_distinct_count", "kind_distinct_count", "is_bounce_true_ratio"),
    }


@pytest.mark.parametrize(
    ("metric", "bad"),
    [
        ("visit_id_null_count", {"visit_id": None}),
        ("kind_unexpected_count", {"kind": "fax"}),
        ("view_count_negative_count", {"view_count": -1}),
        ("amount_negative_count", {"amount": Decimal("-0.0001")}),
        ("share_ratio_negative_count", {"share_ratio": -0.5}),
        ("started_at_outside_day_count", {"started_at": datetime(2026, 11, 19, 9, 59, 59, tzinfo=UTC)}),
        ("started_at_outside_day_count", {"started_at": datetime(2026, 11, 21, 12, tzinfo=UTC)}),
        ("started_at_after_day_count", {"started_at": datetime(2026, 11, 21, 12, tzinfo=UTC)}),
        ("started_at_after_ended_at_count", {"ended_at": datetime(2026, 11, 20, 11, tzinfo=UTC)}),
        ("ended_at_after_started_at_count", {"ended_at": datetime(2026, 11, 20, 13, tzinfo=UTC)}),
        ("amount_is_twice_the_views_broken_count", {"amount": Decimal("2.0001"), "view_count": 1}),
        ("bounce_has_no_end_broken_count", {"is_bounce": False}),
        ("bounce_has_no_end_broken_count", {"ended_at": NOON}),
    ],
)
def test_a_row_that_breaks_a_rule_is_counted_and_shown(tmp_path: Path, metric: str, bad: dict[str, Any]) -> None:
    path = write(tmp_path, {}, bad, {"kind": None})
    assert metrics(path)[metric] == 1
    [shown] = sample(TABLE, str(DAY), [path], metric)
    assert shown["visit_id"] == bad.get("visit_id", "v1")
    assert bad.items() <= shown.items()


@pytest.mark.parametrize(
    "good",
    [
        {"started_at": datetime(2026, 11, 19, 10, tzinfo=UTC)},  # midnight, fourteen hours ahead of UTC
        {"started_at": datetime(2026, 11, 21, 11, 59, 59, tzinfo=UTC)},  # the last second, twelve hours behind
        {"amount": Decimal(0), "view_count": 0},
        {"ended_at": NOON, "is_bounce": False},
    ],
)
def test_the_edges_of_the_rules_are_inside(tmp_path: Path, good: dict[str, Any]) -> None:
    measured = metrics(write(tmp_path, good))
    counted = {name: value for name, value in measured.items() if name.endswith("_count") and value}
    assert {name for name in counted if not name.endswith(("_null_count", "_distinct_count"))} == {"row_count"}


def test_numbers_of_the_whole_have_no_rows_to_show(tmp_path: Path) -> None:
    path = write(tmp_path, {"kind": "app"}, {"kind": None, "is_bounce": False}, {"kind": "web"}, {"kind": "web"})
    assert metrics(path)["is_bounce_true_ratio"] == 0.75
    assert metrics(path)["kind_distinct_count"] == 2
    for name in ("is_bounce_true_ratio", "kind_distinct_count", "row_count"):
        assert sample(TABLE, str(DAY), [path], name) == []


def test_keys_are_duplicates_within_a_partition_with_the_partition_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, {"visit_id": "a"}, {"visit_id": "a"}, {"visit_id": "a"}, {})
    assert metrics(path)["duplicate_key_count"] == 2
    assert sample(TABLE, str(DAY), [path], "duplicate_key_count") == [{"visit_id": "a"}] * 3


@given(
    keys=st.lists(st.tuples(st.sampled_from(["", "a", "b", "药"]), st.none() | st.integers(0, 2)), max_size=8),
    is_sorted=st.booleans(),
)
def test_duplicates_are_found_in_any_order_of_rows(
    tmp_path_factory: pytest.TempPathFactory, keys: list[tuple[str, int | None]], is_sorted: bool
) -> None:
    table = Table(
        name="pairs",
        en="Pairs",
        zh="对",
        grain="a pair",
        key=("day", "name", "number"),
        partition="day",
        version=1,
        columns=(
            Column("day", DATE, "Day", "日期"),
            Column("name", STRING, "Name", "名称"),
            Column("number", COUNT, "Number", "编号", is_nullable=True),
        ),
    )
    if is_sorted:
        keys = sorted(keys, key=lambda key: (key[0], -1 if key[1] is None else key[1]))
    path = tmp_path_factory.mktemp("pairs") / f"day={DAY}" / "part-0.parquet"
    path.parent.mkdir()
    names, numbers = [name for name, _ in keys], [number for _, number in keys]
    pq.write_table(pa.table({"name": names, "number": numbers}, schema=table.file_schema), path)
    [row] = measure(table, {str(DAY): [path]}, ["duplicate_key_count"])
    assert row["duplicate_key_count"] == len(keys) - len(set(keys))


def test_only_the_metrics_asked_for_are_computed(tmp_path: Path) -> None:
    [row] = measure(TABLE, {str(DAY): [write(tmp_path, {})]}, ["row_count", "kind_null_count"])
    assert row == {"partition": str(DAY), "row_count": 1, "kind_null_count": 0}


def test_a_partition_of_several_files_is_measured_as_one(tmp_path: Path) -> None:
    path = write(tmp_path, {"visit_id": "a"})
    [row] = measure(TABLE, {str(DAY): [path, path]}, ["row_count", "duplicate_key_count"])
    assert row == {"partition": str(DAY), "row_count": 2, "duplicate_key_count": 1}
