"""Exports of the demo's lake: the files, the log and the holdout, again and again, and when something breaks."""

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import duckdb
import pyarrow.parquet as pq
import pytest

from jobs.engine.audit import audit_partitions
from maidian.audiences.export import export
from maidian.audiences.export_rules import ExportRules, ExportSettings, FrequencyCap, Holdout
from maidian.audiences.list_files import Format
from maidian.audiences.load_audience import load_audience
from maidian.audiences.report import Report, Request
from maidian.reading.views import connect
from schemas.errors import RefusedError, UsageError
from schemas.lake.lake import Lake, open_lake

pytestmark = pytest.mark.timeout(600)  # the first to ask for the demo builds it

AS_OF, TODAY = date(2026, 11, 20), date(2026, 11, 21)
FORMATS: tuple[Format, ...] = get_args(Format)


def link_or_copy(source: str, target: str) -> None:
    """Parquet files are never changed, so a link is a copy; locks and JSON are."""
    if source.endswith(".parquet"):
        Path(target).hardlink_to(source)
    else:
        shutil.copyfile(source, target)


@pytest.fixture
def lake(demo_lake: Path, tmp_path: Path) -> Lake:
    """A lake of one's own: the tables of the demo, without what no list reads."""
    unread = shutil.ignore_patterns("landing", "ingest", "events", "session_events", "runs", "staging")
    shutil.copytree(demo_lake, tmp_path / "lake", symlinks=True, copy_function=link_or_copy, ignore=unread)
    return open_lake(tmp_path / "lake")


def passes(*_: object) -> list[dict[str, Any]]:
    """An audit that has seen it all: the real one takes seconds to import, and one test below uses it."""
    return []


def make(
    lake: Lake,
    out: Path,
    audience: str = "viewed_not_ordered",
    rules: ExportRules | None = None,
    audit: Callable[..., list[dict[str, Any]]] = passes,
    **changes: Any,
) -> tuple[Report, bool]:
    asked = {"as_of": AS_OF, "exported_date": TODAY, "shape": "csv", "language": "en", "folder": out, **changes}
    return export(lake, load_audience(lake, audience), rules or ExportRules(), Request(**asked), audit)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def ask(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    with connect(lake) as connection:
        return connection.execute(sql).fetchall()


def test_files_manifest_log_and_holdout_agree(lake: Lake, tmp_path: Path) -> None:
    report, is_new = make(lake, tmp_path / "out", audit=audit_partitions, shape="parquet")
    licences = {"license_expired", "license_unknown", "license_scope", "sales_area"}
    assert licences <= report.removed_row_counts.keys()  # the demo's masters hold some of each
    assert report.warnings == []
    stem = f"viewed_not_ordered_2026-11-20_{report.export_id[:8]}"
    wanted = [f"{stem}.parquet", f"{stem}.parquet.manifest.json", f"{stem}_removed.parquet"]
    assert is_new
    assert names(tmp_path / "out") == wanted
    manifest = json.loads((tmp_path / "out" / wanted[1]).read_bytes())
    for file in manifest["files"]:
        content = (tmp_path / "out" / file["name"]).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["byte_count"])
    listed = pq.read_table(tmp_path / "out" / wanted[0]).to_pylist()
    removed = pq.read_table(tmp_path / "out" / wanted[2]).to_pylist()
    assert len(listed) == report.listed_row_count == manifest["files"][0]["row_count"] > 0
    assert len(removed) == report.removed_row_count == sum(report.removed_row_counts.values()) > 0
    assert report.matched_row_count == len(listed) + len(removed)
    assert manifest["snapshots"]["customer_sku_days"] == (lake.path / "customer_sku_days/current").readlink().name
    assert manifest["definition"]["conditions"]["within_days"] == 30

    log = ask(lake, "SELECT customer_id, outcome, removed_by, sku_ids, exported_date, export_number FROM export_log")
    assert {customer: sorted(skus) for customer, outcome, _, skus, *_ in log if outcome == "listed"} == by_customer(
        listed
    )
    held = [row for row in removed if row["removed_by"] == "held_out"]
    assert {customer: sorted(skus) for customer, outcome, _, skus, *_ in log if outcome == "held_out"} == by_customer(
        held
    )
    assert {row[0] for row in log} == {row["customer_id"] for row in listed + removed}
    assert {row[4:] for row in log} == {(TODAY, 1)}
    drawn = dict(ask(lake, "SELECT customer_id, is_held_out FROM holdouts"))
    assert {row["customer_id"] for row in held} <= {customer for customer, is_held_out in drawn.items() if is_held_out}
    assert not {row["customer_id"] for row in listed} & {customer for customer, is_held in drawn.items() if is_held}
    assert drawn.keys() == {
        row[0] for row in ask(lake, "SELECT customer_id FROM customer_profiles WHERE as_of = '2026-11-20'")
    }
    assert report.held_out_customer_count == len({row["customer_id"] for row in held}) > 0


def by_customer(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found[row["customer_id"]] = sorted([*found.get(row["customer_id"], []), row["sku_id"]])
    return found


@pytest.mark.parametrize("shape", FORMATS)
def test_again_on_the_same_day_are_the_same_bytes_and_no_second_entry(
    shape: Format, lake: Lake, tmp_path: Path
) -> None:
    first, is_new = make(lake, tmp_path / "one", "browsed_never_ordered", shape=shape)
    rows = ask(lake, "SELECT count(*) FROM export_log")
    make(lake, tmp_path / "between", "near_threshold")
    second, is_new_again = make(lake, tmp_path / "two", "browsed_never_ordered", shape=shape)
    assert (is_new, is_new_again) == (True, False)
    assert first == second
    assert names(tmp_path / "one") == names(tmp_path / "two")
    for name in names(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert ask(lake, "SELECT count(*) FROM export_log WHERE audience = 'browsed_never_ordered'") == rows
    assert ask(lake, "SELECT DISTINCT export_number FROM export_log ORDER BY 1") == [(1,), (2,)]


def test_the_list_equals_the_question_asked_in_sql(lake: Lake, tmp_path: Path) -> None:
    """Of one who looked within 30 days and did not buy, nothing is lost and nothing added."""
    report, _ = make(lake, tmp_path / "out", shape="ndjson")
    rows = [
        json.loads(line) for file in report.files for line in (tmp_path / "out" / file.name).read_text().splitlines()
    ]
    wanted = ask(
        lake,
        """SELECT customer_id, sku_id FROM customer_sku_days WHERE event_date > DATE '2026-10-21' GROUP BY ALL
        HAVING sum(order_line_count) = 0 AND (sum(view_count) > 0
            OR max(last_favorite_at) > coalesce(max(last_unfavorite_at), '-infinity'))""",
    )
    assert sorted((row["customer_id"], row["sku_id"]) for row in rows) == sorted(wanted)


def test_the_cap_counts_lists_of_earlier_days_and_held_out_companies_too(lake: Lake, tmp_path: Path) -> None:
    cap = ExportRules(settings=ExportSettings(frequency_cap=FrequencyCap(lists=2, days=3)))
    before = [make(lake, tmp_path, "browsed_never_ordered", cap, exported_date=TODAY + timedelta(n))[0] for n in (0, 1)]
    third, _ = make(lake, tmp_path, "browsed_never_ordered", cap, exported_date=TODAY + timedelta(2))
    assert before[0].listed_row_count == before[1].listed_row_count > 0
    reached = dict(before[0].removed_row_counts)
    capped = {"frequency_cap": before[0].listed_row_count + reached.pop("held_out")}
    assert third.removed_row_counts == {**reached, **capped}
    fourth, _ = make(lake, tmp_path, "browsed_never_ordered", cap, exported_date=TODAY + timedelta(3))
    assert fourth.listed_row_count == before[0].listed_row_count  # the first is out of the three days


def test_who_is_held_out_stays_so_on_other_days_and_in_other_lists(lake: Lake, tmp_path: Path) -> None:
    rules = ExportRules(settings=ExportSettings(frequency_cap=FrequencyCap(lists=0)))
    for number, audience in enumerate(["near_threshold", "browsed_never_ordered"]):
        make(lake, tmp_path, audience, rules, exported_date=TODAY + timedelta(number))
    assert ask(lake, "SELECT count(*) - count(DISTINCT customer_id) FROM holdouts") == [(0,)]
    both = (
        "SELECT count(*) FROM export_log JOIN holdouts USING (customer_id) WHERE (outcome = 'listed') AND is_held_out"
    )
    assert ask(lake, both) == [(0,)]
    off = ExportRules(settings=ExportSettings(holdout=Holdout(percent=0)))
    report, _ = make(lake, tmp_path, "near_threshold", off)
    assert (report.held_out_customer_count, report.draw_id) == (0, None)


def test_a_trial_leaves_nothing_behind(lake: Lake, tmp_path: Path) -> None:
    trial, _ = make(lake, tmp_path / "out", "near_threshold", is_trial=True)
    assert names(tmp_path / "out") == []
    assert lake.table_names().count("export_log") + lake.table_names().count("holdouts") == 0
    real, _ = make(lake, tmp_path / "out", "near_threshold")
    assert (trial.export_id, trial.removed_row_counts) == (real.export_id, real.removed_row_counts)


def test_an_audit_that_refuses_leaves_no_list(lake: Lake, tmp_path: Path) -> None:
    def refuse(table: Any, _: object) -> list[dict[str, Any]]:
        if table.name == "export_log":
            raise RefusedError("no")
        return []

    with pytest.raises(RefusedError):
        make(lake, tmp_path / "out", audit=refuse)
    assert names(tmp_path / "out") == []
    assert "export_log" not in lake.table_names()


def test_no_list_has_its_name_before_it_is_logged_and_one_that_lacks_its_name_gets_it_the_next_time(
    lake: Lake, tmp_path: Path
) -> None:
    seen: list[list[str]] = []

    def look(*_: object) -> list[dict[str, Any]]:
        seen.append([name for name in names(tmp_path / "out") if not name.startswith(".")])
        return []

    report, _ = make(lake, tmp_path / "out", audit=look)
    assert seen == [[], []]  # the draw, the log
    shutil.rmtree(tmp_path / "out")
    (tmp_path / "out" / report.files[0].name).mkdir(parents=True)  # what the name is needed for cannot be renamed over
    with pytest.raises(OSError, match="directory"):
        make(lake, tmp_path / "out")
    assert names(tmp_path / "out") == [report.files[0].name]  # nothing half-written stays
    (tmp_path / "out" / report.files[0].name).rmdir()
    again, is_new = make(lake, tmp_path / "out")
    assert (again, is_new) == (report, False)
    assert len(names(tmp_path / "out")) == 3


def test_days_that_cannot_be(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--as-of 2026-01-01: customer_profiles of that day is not built"):
        make(lake, tmp_path, as_of=date(2026, 1, 1))
    with pytest.raises(UsageError, match="is after the day of the export"):
        make(lake, tmp_path, exported_date=AS_OF - timedelta(1))


def test_a_product_that_nobody_knows(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\ntitle = { en = "a", zh = "名" }\nsource = "customer_sku_days"\n[conditions]\nsku_ids = ["YP9"]\n',
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match=r"\[conditions\] sku_ids: the master of products has no sku_id 'YP9'"):
        make(lake, tmp_path, str(path))


def test_duckdb_reads_what_was_published(lake: Lake, tmp_path: Path) -> None:
    make(lake, tmp_path, "near_threshold")
    glob = str((lake.path / "export_log/current").resolve() / "*" / "*.parquet")
    query = f"SELECT count(*), count(DISTINCT export_id) FROM read_parquet('{glob}', hive_partitioning = true)"
    (row,) = duckdb.sql(query).fetchall()
    assert row[0] > 0
    assert row[1] == 1


def test_no_product_is_listed_for_whom_the_masters_say_may_not_buy_it(lake: Lake, tmp_path: Path) -> None:
    """Asked of the masters in SQL, over every list that names products."""
    for audience in ("viewed_not_ordered", "browsed_never_ordered"):
        make(lake, tmp_path, audience)
    forbidden = """
        SELECT count(*) FROM (SELECT customer_id, unnest(sku_ids) AS sku_id FROM export_log) AS l
        JOIN skus AS s USING (sku_id) JOIN customers AS c USING (customer_id)
        WHERE ((s.is_prescription OR s.is_controlled) AND c.license_expires_date < DATE '2026-11-21')
            OR (s.is_controlled AND c.license_expires_date IS NULL)
            OR (s.is_prescription AND NOT contains(c.license_scope, ';处方药'))
            OR (s.is_controlled AND NOT contains(c.license_scope, '精神'))
            OR (s.sales_area IS NOT NULL AND NOT contains(s.sales_area, c.sales_area))"""
    assert ask(lake, forbidden) == [(0,)]
    assert ask(lake, "SELECT count(*) > 100 FROM (SELECT unnest(sku_ids) FROM export_log)") == [(True,)]
