"""`maidian settings`, and what a changed setting does to the next run."""

import json
import tomllib
from pathlib import Path

import pytest

from schemas.lake.lake import Lake
from schemas.lake.snapshots import current_snapshot
from schemas.settings import DEFAULTS
from tests.maidian.commands.small_lake import event, lake_with, maidian


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_with(tmp_path / "lake", event(1, 1), event(3, 2))


def test_the_settings_in_force_are_printed_as_the_file_that_sets_them(lake: Lake) -> None:
    shown = maidian(lake, "settings")
    assert shown.exit_code == 0
    assert tomllib.loads(shown.stdout) == json.loads(maidian(lake, "settings", "--json").stdout)
    assert tomllib.loads(shown.stdout)["view_weight"] == DEFAULTS.view_weight
    (lake.path / "settings.toml").write_text("view_weight = 7")
    assert "view_weight = 7\n" in maidian(lake, "settings").stdout
    assert "# 浏览的权重 " in maidian(lake, "settings", "--lang=zh").stdout


def test_a_changed_setting_rebuilds_the_tables_that_use_it_and_is_recorded(lake: Lake) -> None:
    maidian(lake, "run")
    (lake.path / "settings.toml").write_text("view_weight = 7")
    dirty = json.loads(maidian(lake, "status", "--json").stdout)["tables"]
    assert {one["table"]: one["dirty_day_count"] for one in dirty}["sku_viewers"] == 1
    document = json.loads(maidian(lake, "run", "--json").stdout)
    days = {table["table"]: table["days"] for table in document["tables"]}
    assert days["sku_viewers"] == 1
    assert days["order_lines"] == days["customer_sku_days"] == 0
    snapshot = current_snapshot(lake, "sku_viewers")
    assert snapshot is not None
    assert snapshot.manifest.state["job"]["settings"]["view_weight"] == 7
    assert maidian(lake, "run").stdout == "every table is up to date\n"


def test_a_setting_that_no_table_uses_rebuilds_nothing(lake: Lake, tmp_path: Path) -> None:
    maidian(lake, "run")
    (tmp_path / "defaults.toml").write_text("view_weight = 1")
    done = maidian(lake, "run", "--settings", str(tmp_path / "defaults.toml"))
    assert done.stdout == "every table is up to date\n"


@pytest.mark.parametrize(
    "command", [("run",), ("status",), ("settings",), ("backfill", "--from", "2026-11-01", "--to", "2026-11-01")]
)
def test_wrong_settings_end_with_code_2_and_one_line(lake: Lake, command: tuple[str, ...]) -> None:
    (lake.path / "settings.toml").write_text("view_weight = -7")
    done = maidian(lake, *command)
    assert done.exit_code == 2
    assert done.stderr == (
        f"error: settings {lake.path / 'settings.toml'}, line 1: view_weight is -7; give a whole number, 0 to 1000\n"
    )
