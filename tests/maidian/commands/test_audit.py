"""`maidian audit`: the last audit of every table, on a terminal, for a scheduler and as a page."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from jobs.engine.discovery import find_jobs
from schemas.lake.lake import Lake
from tests.maidian.commands.small_lake import add_events, event, lake_with, maidian, order

WORKING = [job.table for job in find_jobs()]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A sale below zero pieces: the audit tells of it and publishes."""
    lines = [{"sku_id": "S1", "quantity": -2, "unit_price": "3.5"}]
    sale = order(2, 1, "o1") | {"lines": lines, "status": "paid"}
    lake = lake_with(tmp_path / "lake", event(1, 1), sale, event(3, 2))
    maidian(lake, "run")
    return lake


class Balance(HTMLParser):
    """Every tag that opens is closed, in order; what a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [
            str(value) for name, value in attrs if name in ("src", "href") and not str(value).startswith("#")
        ]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_table_is_there_with_what_was_not_met(lake: Lake) -> None:
    done = maidian(lake, "audit")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    made = [line.split()[0] for line in lines[1:] if not line.startswith("warning: ")]
    assert made == ["events", *(table for table in WORKING if table in made)]
    assert {"order_lines", "customer_sku_days", "sku_viewers"} <= set(made)
    told = [line for line in lines if line.startswith("warning: customer_sku_days, 2026-11-01: 1 row: ")]
    assert any(line.endswith(": A sale below zero pieces should have been sent as a return.") for line in told)


def test_json_holds_every_outcome_with_its_reasons(lake: Lake) -> None:
    tables = {one["table"]: one for one in json.loads(maidian(lake, "audit", "--json").stdout)["tables"]}
    findings = {one["outcome"]["column"]: one for one in tables["customer_sku_days"]["findings"]}
    assert findings["quantity_negative_count"]["outcome"]["failed"] == {"2026-11-01": 1}
    assert findings["quantity_negative_count"]["zh"] == "有效销售数量为负，应作为退货上报。"
    assert findings["row_count"]["outcome"]["success"] is True


def test_refused_data_is_told_with_its_reason_until_it_is_put_right(lake: Lake, tmp_path: Path) -> None:
    add_events(lake, order(4, 3, None))  # an order without a number cannot come from ingest
    maidian(lake, "run")
    lines = maidian(lake, "audit").stdout.splitlines()
    assert any(line.startswith("order_events ") and line.endswith("(newer data refused)") for line in lines)
    assert any("the audit refused table order_events, event_date 2026-11-03" in line for line in lines)
    maidian(lake, "audit", "--html", str(tmp_path / "audit.html"))
    assert "Newer data was refused at" in (tmp_path / "audit.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_stands_alone_and_says_everything(lake: Lake, tmp_path: Path, language: str) -> None:
    path = tmp_path / "audit.html"
    assert maidian(lake, "audit", f"--lang={language}", "--html", str(path)).stdout == f"wrote {path}\n"
    page = path.read_text(encoding="utf-8")
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    assert parser.loaded == []
    assert "http" not in page
    assert "url(" not in page
    tables = json.loads(maidian(lake, "audit", "--json").stdout)["tables"]
    for table in tables:
        assert f'<details id="{table["table"]}"' in page
        section = page.split(f'<details id="{table["table"]}"')[1].split("</details>")[0]
        assert section.count("<tr>") == 1 + len(table["findings"])
    assert re.search(r"(warnings: 2|2 项提醒)", page)


def test_an_empty_lake_has_an_empty_page(tmp_path: Path) -> None:
    maidian(tmp_path / "lake", "init")
    assert maidian(tmp_path / "lake", "audit").exit_code == 0
    maidian(tmp_path / "lake", "audit", "--html", str(tmp_path / "audit.html"))
    assert "No table has been published yet." in (tmp_path / "audit.html").read_text(encoding="utf-8")


def test_a_page_without_a_folder_is_wrong_usage(lake: Lake, tmp_path: Path) -> None:
    done = maidian(lake, "audit", "--html", str(tmp_path / "nowhere" / "audit.html"))
    assert done.exit_code == 2
    assert "there is no folder" in done.stderr
