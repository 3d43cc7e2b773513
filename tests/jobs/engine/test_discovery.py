"""Finding the jobs and their order; each wrong declaration is one clear error."""

from dataclasses import replace

import pytest

from jobs.engine.declaration import Input, Job
from jobs.engine.discovery import find_jobs, order_jobs, with_upstream
from jobs.engine.division import Divided
from schemas.errors import MaidianError, UsageError
from tests.jobs.engine.small_shop import DAILY, JOBS, LATE, TABLES, WEEKLY


def test_a_table_is_made_before_it_is_read_and_equals_go_by_name() -> None:
    ordered = [job.table for job in order_jobs(JOBS, TABLES)]
    assert ordered == ["daily_spends", "late_orders", "weekly_spends"]
    assert [job.table for job in order_jobs(JOBS[::-1], TABLES)] == ordered


def test_every_job_of_the_package_is_found_in_an_order_that_works() -> None:
    made = {"events", "rejects", "skus", "customers"}  # by ingest and import
    for job in find_jobs():
        assert {read.table for read in job.inputs if not read.is_reference} <= made
        assert {read.table for read in job.inputs if read.is_reference} <= {"skus", "customers"}
        made.add(job.table)
    assert {"order_lines", "customer_sku_days", "sku_viewers"} <= made


def test_jobs_that_read_each_other_are_refused() -> None:
    circle = replace(DAILY, inputs=(Input("weekly_spends"),))
    with pytest.raises(MaidianError, match=r"in a circle: daily_spends, weekly_spends"):
        order_jobs([circle, WEEKLY], TABLES)


def test_a_job_that_reads_its_own_table_is_refused() -> None:
    with pytest.raises(MaidianError, match=r"in a circle: daily_spends"):
        order_jobs([replace(DAILY, inputs=(Input("daily_spends"),))], TABLES)


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (replace(DAILY, table="sales"), r"job sales: table sales is not declared"),
        (replace(DAILY, inputs=(Input("orders"),)), r"job daily_spends: table orders is not declared"),
        (replace(DAILY, inputs=(Input("events"), Input("events", 1))), r"an input is declared twice"),
        (replace(LATE, narrow={"daily_spends": lambda frame, _: frame}), r"narrow names daily_spends"),
        (replace(LATE, needed={"daily_spends": lambda frame, _: frame}), r"needed names daily_spends"),
        (replace(DAILY, division=Divided("shelf")), r"it is divided by shelf, which is no column of events"),
        (
            replace(DAILY, division=Divided("customer_id", whole=("orders",))),
            r"its division names orders, which is not",
        ),
    ],
)
def test_a_wrong_declaration_is_named(job: Job, message: str) -> None:
    with pytest.raises(MaidianError, match=message):
        order_jobs([job], TABLES)


def test_two_jobs_of_one_table_are_refused() -> None:
    with pytest.raises(MaidianError, match="two jobs make table daily_spends"):
        order_jobs([DAILY, DAILY], TABLES)


def test_a_table_comes_with_all_it_depends_on_and_nothing_else() -> None:
    ordered = order_jobs(JOBS, TABLES)
    assert with_upstream(ordered, ["weekly_spends"]) == [DAILY, WEEKLY]
    assert with_upstream(ordered, []) == ordered


def test_a_table_without_a_job_is_an_error_of_usage() -> None:
    with pytest.raises(UsageError, match="no job makes a table events; there are: daily_spends"):
        with_upstream(order_jobs(JOBS, TABLES), ["events"])
