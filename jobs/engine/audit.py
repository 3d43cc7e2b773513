"""The audit: no partition is published before Great Expectations has judged it.

Great Expectations has no Polars engine, so it judges one row of metrics a partition and never sees the rows
themselves; see docs/decisions/0005-audit.md. Importing it takes seconds, hence only when there is something to judge.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from jobs.engine.expectations import failing_rows
from jobs.engine.metrics import PARTITION, measure, sample
from jobs.engine.suites import SUITES, Expectation, Suite, load_suite
from schemas.errors import RefusedError
from schemas.tables.declaration import Table

Partitions = Mapping[str, Sequence[Path]]
"""The files each partition will have, by the partition's value."""

Metrics = Mapping[str, Any]
"""One row of `metrics.measure`: a partition's value and its metrics."""

SHOWN_FAILURES = 20  # partitions kept with an outcome; one faulty release can spoil a year of days

log = logging.getLogger(__name__)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one expectation, as the manifest keeps it.

    `observed` is the least and the greatest value over the partitions judged, `failed` the value of those that failed.
    """

    expectation: str
    column: str
    severity: str
    success: bool
    observed: list[int | float]
    partition_count: int
    failed: dict[str, int | float] = {}


def audit_partitions(
    table: Table,
    partitions: Partitions,
    warn: Callable[[str], None] = log.warning,
    suites: Traversable = SUITES,
    measured: Sequence[Metrics] | None = None,
) -> list[dict[str, Any]]:
    """Measure and judge the partitions that are about to be published; the outcomes to keep in the snapshot.

    `measured` are the metrics, where whoever computed the partitions has taken them. Raises `RefusedError` when a critical
    expectation fails. A failed warning goes to `warn`, one line each.
    """
    if not partitions:
        return []
    suite = load_suite(table.name, suites)
    outcomes = judge(suite, measure(table, partitions, suite.metrics) if measured is None else measured)
    failures: dict[str, list[str]] = {"critical": [], "warning": []}
    for expectation, outcome in zip(suite.expectations, outcomes, strict=True):
        if not outcome.success:
            failures[outcome.severity].append(_describe(table, partitions, expectation, outcome))
    for line in failures["warning"]:
        warn(line)
    if failures["critical"]:
        first, others = failures["critical"][0], len(failures["critical"]) - 1
        more = f" (and {others} more critical expectations of {table.name} failed)" if others else ""
        raise RefusedError(f"the audit refused {first}{more}; what was published before stands")
    return [msgspec.to_builtins(outcome) for outcome in outcomes]


def judge(suite: Suite, metrics: Sequence[Metrics]) -> list[Outcome]:
    """Let Great Expectations judge rows of metrics by a suite; one outcome an expectation."""
    return [
        _outcome(expectation, metrics, failing)
        for expectation, failing in zip(suite.expectations, failing_rows(suite, metrics), strict=True)
    ]


def merge_outcomes(earlier: Sequence[Mapping[str, Any]], later: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The outcomes of two audits of one suite as one: a long rebuild is audited and published in parts."""
    if not earlier or not later:
        return [dict(outcome) for outcome in (*earlier, *later)]
    return [
        {
            **one,
            "success": one["success"] and other["success"],
            "observed": [min(one["observed"][0], other["observed"][0]), max(one["observed"][1], other["observed"][1])],
            "partition_count": one["partition_count"] + other["partition_count"],
            "failed": dict([*one["failed"].items(), *other["failed"].items()][:SHOWN_FAILURES]),
        }
        for one, other in zip(earlier, later, strict=True)
    ]


def _outcome(expectation: Expectation, metrics: Sequence[Metrics], failing: Sequence[int]) -> Outcome:
    values = [row[expectation.metric] for row in metrics]
    return Outcome(
        expectation=expectation.type,
        column=expectation.metric,
        severity=expectation.severity,
        success=not failing,
        observed=[min(values), max(values)],
        partition_count=len(values),
        failed={metrics[index][PARTITION]: values[index] for index in sorted(failing)[:SHOWN_FAILURES]},
    )


def _describe(table: Table, partitions: Partitions, expectation: Expectation, outcome: Outcome) -> str:
    """One line: table, day, what was expected, what was seen, and a few of the rows."""
    value, observed = next(iter(outcome.failed.items()))
    others = f" (and {len(outcome.failed) - 1} more days)" if len(outcome.failed) > 1 else ""
    rows = sample(table, value, partitions[value], expectation.metric)
    shown = "; e.g. " + ", ".join(_show(row) for row in rows) if rows else ""
    return (
        f"table {table.name}, {table.partition} {value}{others}: {expectation.metric} is {observed}, which fails "
        f"{expectation.type}({_arguments(expectation)}): {expectation.meta.notes.en.rstrip('.')}{shown}"
    )


def _arguments(expectation: Expectation) -> str:
    return ", ".join(f"{name}={value}" for name, value in expectation.kwargs.items() if name != "column")


def _show(row: Mapping[str, Any]) -> str:
    return "(" + ", ".join(f"{name}={value}" for name, value in row.items()) + ")"
