"""A person clicks in the demo shop; a minute later the events are in the lake, and a run later in every table."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.collector.demo_shop.routes import last_lines
from pipelines.collector.segment import GROWING_SUFFIX
from tests.conftest import REPOSITORY
from tests.pipelines.collector.clients.collector_under_test import Collector, maidian, running

PAGES = REPOSITORY / "pipelines" / "collector" / "demo_shop" / "pages"
MINUTE = timedelta(minutes=1)


@contextmanager
def following(lake: Path) -> Iterator[None]:
    """`maidian ingest --follow` on its defaults."""
    command = [sys.executable, "-m", "maidian", "ingest", "--follow", "--lake", str(lake)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def wait_for_events(collector: Collector, count: int) -> timedelta:
    """How long the first event took from the collector into the table."""
    give_up_at = time.monotonic() + 2 * MINUTE.total_seconds()
    while time.monotonic() < give_up_at:
        if (collector.lake / "events" / "current").exists():
            events = collector.events("demo-shop")
            if events.height >= count:
                return datetime.now(UTC) - min(events["received_at"])
        time.sleep(0.5)
    raise AssertionError(f"fewer than {count} events in the table")


@pytest.mark.ci
@pytest.mark.timeout(400)
def test_clicks_are_in_the_lake_within_a_minute(
    javascript_clients: Path, node: str, browser: str, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    maidian("init", "--lake", lake)
    with running(lake, [], "--demo-shop") as collector, following(lake):
        command = [node, "shop.cjs", browser, f"{collector.url}/shop/", str(tmp_path)]
        done = subprocess.run(command, cwd=javascript_clients, capture_output=True, text=True, timeout=100, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert wait_for_events(collector, 6) < MINUTE
    page = json.loads(done.stdout)
    assert page["shown"] == ["订单", "收藏", "浏览", "点击", "搜索结果", "搜索"]
    assert page["open"]["lines"] == [{"sku_id": "YP100235", "quantity": 10, "unit_price": "21.50"}]
    assert page["width"] == 360
    assert page["background"] == "rgb(18, 23, 21)"

    events = collector.events("demo-shop")
    kinds = Counter(events["event_type"])
    assert kinds == dict.fromkeys(["search", "search_result", "click", "view", "favorite", "order"], 1)
    assert set(events["customer_id"]) == {"C1024"}
    assert events["anonymous_id"].n_unique() == 1

    maidian("run", "--lake", lake)
    lines = pl.read_parquet(lake / "order_lines" / "current" / "**" / "*.parquet", hive_partitioning=True)
    (line,) = lines.iter_rows(named=True)
    assert (line["customer_id"], line["sku_id"], line["quantity"]) == ("C1024", "YP100235", 10)
    assert line["search_attribution"] == "exact"  # its click carries the search_id


@pytest.mark.ci
def test_the_client_in_the_page_is_the_published_one(javascript_clients: Path) -> None:
    package = javascript_clients / "node_modules" / "@segment" / "analytics-next"
    published = (package / "dist" / "umd" / "index.js").read_text(encoding="utf-8")
    without_map = published.rpartition("//# sourceMappingURL=")[0]
    assert (PAGES / "vendor" / "analytics-next.js").read_text(encoding="utf-8") == without_map
    assert (PAGES / "vendor" / "LICENSE-analytics-next.md").read_text() == (package / "LICENSE.MD").read_text()


def test_last_lines_are_the_newest_of_segments_finished_and_growing(tmp_path: Path) -> None:
    def line(second: int) -> str:
        return f'{{"received_at":"2026-11-20T09:30:0{second}Z"}}'

    (tmp_path / "a.ndjson").write_text(f"{line(1)}\n{line(4)}\r\nnot json\n")
    (tmp_path / f"b{GROWING_SUFFIX}").write_text(f'{line(3)}\n{line(5)}\r\n{{"received_at":"2026')
    (tmp_path / "c.txt").write_text(line(9))
    assert [json.loads(each)["received_at"][-3:-1] for each in last_lines(tmp_path, 3)] == ["05", "04", "03"]
    assert last_lines(tmp_path / "none", 3) == []


def test_the_page_asks_nobody_but_its_collector() -> None:
    for path in PAGES.glob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert "http://" not in text, path
        assert "https://" not in text, path
