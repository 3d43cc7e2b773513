"""One measurement of a campaign, from the tables to rows of `promotion_effects`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from maidian.effects.campaign import Campaign, Sides, enter_given, enter_logged, logged_campaign
from maidian.effects.measure import Measurement, Row
from maidian.effects.outcomes import Windows, gather
from maidian.publish_rows import Audit, publish_rows
from maidian.reading.as_of import files_between, newest_as_of
from maidian.reading.views import create_view
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.lake.locks import hold_lock
from schemas.lake.snapshots import current_snapshot
from schemas.tables import declared_tables
from schemas.tables.promotion_effects import PERIODS, TABLE

WRITER = "effect"
"""The lock and the staging area."""

LOGS = ("export_log", "holdouts")
FACTS = ("order_lines", "customer_sku_days")


@dataclass(frozen=True)
class Asked:
    """What was asked for. `treated` are the companies of a campaign that is not in the log, else None."""

    name: str
    first_date: date | None
    last_date: date | None
    treated: Collection[str] | None
    windows: Windows
    as_of: date | None


def measure_effect(lake: Lake, asked: Asked, audit: Audit | None) -> list[Row]:
    """The rows of a campaign, kept in `promotion_effects`; without an audit nothing is kept: a trial.

    The periods after the effect's own come once all of their days are there. UsageError when those of the effect are not.
    """
    as_of = newest_as_of(lake, asked.as_of)
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{lake.time_zone}'")
        _create_views(connection, lake, LOGS, (date.min, date.max))
        campaign = _campaign(connection, asked)
        periods = _whole_periods(campaign, asked.windows, as_of)
        _create_views(connection, lake, FACTS, (campaign.first_date - timedelta(asked.windows.before_days), as_of))
        sides = _enter(connection, campaign, asked)
        span: dict[str, object] = {
            "name": campaign.name,
            "first": campaign.first_date,
            "last": campaign.last_date,
        }
        outcomes = gather(connection, asked.windows, span)
    rows = Measurement(campaign, sides, asked.windows, outcomes, as_of).rows(periods)
    if audit is not None:
        _keep(lake, rows, as_of, audit)
    return rows


def _create_views(
    connection: duckdb.DuckDBPyConnection, lake: Lake, names: Sequence[str], days: tuple[date, date]
) -> None:
    for name in names:
        files = files_between(current_snapshot(lake, name), *days)
        create_view(connection, declared_tables()[name], lake.tables.fetch(files))


def _campaign(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Campaign:
    if asked.treated is None:
        return logged_campaign(connection, asked.name, asked.first_date, asked.last_date)
    assert asked.first_date is not None
    return Campaign(asked.name, asked.first_date, asked.first_date)


def _enter(connection: duckdb.DuckDBPyConnection, campaign: Campaign, asked: Asked) -> Sides:
    if asked.treated is None:
        return enter_logged(connection, campaign, asked.windows.before_days)
    return enter_given(connection, campaign, asked.treated, asked.windows.before_days)


def _whole_periods(campaign: Campaign, windows: Windows, as_of: date) -> tuple[str, ...]:
    """The periods whose last day is known: half a period would make whoever came late look poor."""
    ends = {name: campaign.last_date + timedelta(windows.of()[name][1] - 1) for name in PERIODS}
    whole = tuple(name for name in PERIODS if ends[name] <= as_of and windows.days(name))
    if "effect" not in whole:
        raise UsageError(
            f"{campaign.name}: its {windows.effect_days} days end on {ends['effect']}, and the tables are built up to "
            f"{as_of}; ask again then, or for fewer --days"
        )
    return whole if windows.after_days else ("effect",)


def _keep(lake: Lake, rows: Sequence[Row], as_of: date, audit: Audit) -> None:
    """Put the rows in place of those that the campaign has on that day."""
    names = TABLE.file_schema.names
    new = pa.Table.from_pylist([{name: row[name] for name in names} for row in rows], schema=TABLE.file_schema)
    with hold_lock(lake.lock_path(WRITER), "a measurement of an effect"):
        base = current_snapshot(lake, TABLE.name)
        mine = {(row["campaign"], row["campaign_first_date"]) for row in rows}
        others = [
            row
            for path in (lake.tables.fetch(base.files([as_of.isoformat()])) if base else [])
            for row in pq.read_table(path, partitioning=None).to_pylist()
            if (row["campaign"], row["campaign_first_date"]) not in mine
        ]
        kept = pa.concat_tables([pa.Table.from_pylist(others, schema=TABLE.file_schema), new]).sort_by(
            [(name, "ascending") for name in TABLE.key]
        )
        staging = lake.fresh_staging(WRITER)
        publish_rows(lake, TABLE, base, kept, as_of, staging, audit)
