"""The audit: what Great Expectations says of a partition's metrics, and what a person is told."""

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.engine.audit import audit_partitions, judge, merge_outcomes
from jobs.engine.suites import Expectation, Meta, Notes, Suite
from schemas.errors import MaidianError, RefusedError
from tests.jobs.engine.small_shop import SUITES, TABLES, day

DAILY = TABLES["daily_spends"]


def write(tmp_path: Path, number: int, *rows: tuple[str, int]) -> tuple[str, list[Path]]:
    path = tmp_path / f"event_date={day(number)}" / "part-0.parquet"
    path.parent.mkdir(exist_ok=True)
    names, amounts = [row[0] for row in rows], [row[1] for row in rows]
    columns = {"customer_id": pa.array(names, pa.string()), "amount": pa.array(amounts, pa.int64())}
    pq.write_table(pa.table(columns), path)
    return str(day(number)), [path]


def suite(*expectations: tuple[str, dict[str, object], str]) -> Suite:
    meta = Meta(Notes("Why.", "原因。"))
    made = [Expectation(kind, kwargs, severity, meta) for kind, kwargs, severity in expectations]  # type: ignore[arg-type]
    return Suite("daily_spends", meta, made)


def test_partitions_that_pass_leave_their_outcomes(tmp_path: Path) -> None:
    partitions = dict([write(tmp_path, 1, ("ann", 3)), write(tmp_path, 2, ("ann", 3), ("bob", 0))])
    outcomes = audit_partitions(DAILY, partitions, suites=SUITES)
    assert outcomes[0] == {
        "expectation": "expect_column_values_to_be_between",
        "column": "row_count",
        "severity": "critical",
        "success": True,
        "observed": [1, 2],
        "partition_count": 2,
        "failed": {},
    }
    assert [outcome["success"] for outcome in outcomes] == [True, True, True]


def test_a_critical_failure_names_table_day_expectation_value_and_rows(tmp_path: Path) -> None:
    partitions = dict([write(tmp_path, 1, ("ann", 3)), write(tmp_path, 2, ("ann", -3), ("bob", 0), ("ann", 1))])
    with pytest.raises(RefusedError) as raised:
        audit_partitions(DAILY, partitions, suites=SUITES)
    assert str(raised.value) == (
        "the audit refused table daily_spends, event_date 2026-11-03: duplicate_key_count is 1, which fails "
        "expect_column_values_to_be_between(max_value=0): No key twice; e.g. (customer_id=ann), (customer_id=ann) "
        "(and 1 more critical expectations of daily_spends failed); what was published before stands"
    )


def test_a_failed_warning_is_told_and_kept_and_does_not_refuse(tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / f"event_date={day(1)}" / "part-0.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"order_id": ["o1"], "amount": [-5]}), path)
    outcomes = audit_partitions(TABLES["late_orders"], {str(day(1)): [path]}, told.append, SUITES)
    [line] = told
    assert line.startswith("table late_orders, event_date 2026-11-02: amount_negative_count is 1")
    assert line.endswith("e.g. (order_id=o1, amount=-5)")
    assert outcomes[2]["success"] is False
    assert outcomes[2]["failed"] == {"2026-11-02": 1}


def test_an_empty_partition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"row_count is 0, which fails .*min_value=1"):
        audit_partitions(DAILY, dict([write(tmp_path, 1)]), suites=SUITES)


def test_nothing_to_publish_is_nothing_to_judge() -> None:
    assert audit_partitions(DAILY, {}, suites=SUITES) == []


def test_the_failing_partitions_are_told_apart() -> None:
    rows = [{"partition": str(day(n)), "row_count": n} for n in range(4)]
    [outcome] = judge(
        suite(("expect_column_values_to_be_between", {"column": "row_count", "min_value": 2}, "critical")), rows
    )
    assert outcome.failed == {str(day(0)): 0, str(day(1)): 1}
    assert outcome.observed == [0, 3]


def test_an_expectation_about_the_whole_fails_with_every_partition() -> None:
    rows = [{"partition": str(day(n)), "row_count": n} for n in range(2)]
    kinds = suite(("expect_column_sum_to_be_between", {"column": "row_count", "min_value": 5}, "critical"))
    [outcome] = judge(kinds, rows)
    assert outcome.failed == {str(day(0)): 0, str(day(1)): 1}


def test_one_metric_may_be_judged_twice_with_different_severity() -> None:
    between = "expect_column_values_to_be_between"
    twice = suite(
        (between, {"column": "row_count", "max_value": 10}, "critical"),
        (between, {"column": "row_count", "max_value": 5}, "warning"),
    )
    outcomes = judge(twice, [{"partition": str(day(0)), "row_count": 7}])
    assert [(outcome.severity, outcome.success) for outcome in outcomes] == [("critical", True), ("warning", False)]


def test_a_suite_that_cannot_be_evaluated_is_our_fault_not_the_datas() -> None:
    broken = suite(("expect_column_values_to_be_between", {"column": "no_such_count", "max_value": 0}, "critical"))
    with pytest.raises(MaidianError, match=r"daily_spends\.json: .* on no_such_count cannot be evaluated"):
        judge(broken, [{"partition": str(day(0)), "row_count": 7, "no_such_count_": 1}])


def test_outcomes_of_two_parts_are_one() -> None:
    between = "expect_column_values_to_be_between"
    rows = [{"partition": str(day(n)), "row_count": n} for n in range(4)]
    one = suite((between, {"column": "row_count", "min_value": 1}, "critical"))

    def kept(part: list[dict[str, object]]) -> list[dict[str, object]]:
        return [msgspec.to_builtins(outcome) for outcome in judge(one, part)]

    assert merge_outcomes(kept(rows[:2]), kept(rows[2:])) == kept(rows)
    assert merge_outcomes([], kept(rows)) == kept(rows)
