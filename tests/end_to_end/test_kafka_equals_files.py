"""A whole made-up shop through a topic of eight partitions: the tables equal those that its files give, row for row."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from infra.local.kafka.broker import Broker
from tests.end_to_end.cluster_work import shop_in_topic
from tests.end_to_end.commands import glob_of, maidian_json


def rows(lake: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(glob_of(lake, table), hive_partitioning=True)


def refused(lake: Path) -> pl.DataFrame:
    columns = ["source", "kind", "field", "reason", "raw"]
    return rows(lake, "rejects").select(columns).sort(columns)


@pytest.mark.ci
@pytest.mark.timeout(300)
def test_a_topic_gives_the_tables_that_the_same_lines_in_files_give(kafka_broker: Broker, tmp_path: Path) -> None:
    topic = shop_in_topic(kafka_broker, tmp_path, 10_000, days=4)
    by_files: dict[str, Any] = maidian_json("ingest", "--lake", tmp_path / "a", "--landing", tmp_path / "landing")
    by_topic: dict[str, Any] = maidian_json("ingest", "--lake", tmp_path / "b", "--landing", topic)
    assert by_topic["sources"] == by_files["sources"]
    assert by_topic["total"]["accepted_count"] == 10_000
    assert rows(tmp_path / "b", "events").sort("event_id").equals(rows(tmp_path / "a", "events").sort("event_id"))
    assert refused(tmp_path / "b").equals(refused(tmp_path / "a"))
    assert rows(tmp_path / "b", "rejects").select(pl.struct("segment", "byte_offset").is_unique().all()).item()
