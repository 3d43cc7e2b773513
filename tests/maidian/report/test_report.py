"""The report's numbers equal queries over the facts, and the page does for people what it promises, in a real browser."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from maidian.reading.views import connect
from maidian.report.questions import AUDITS, SECTIONS, SOURCES
from maidian.report.words import CHART_TEXT, NOTES, STEPS, WORDS
from schemas.lake.lake import open_lake
from tests.end_to_end.commands import maidian, maidian_json

pytestmark = pytest.mark.timeout(600)  # the first to ask for the demo builds it

Rows = list[list[str]]


@pytest.fixture(scope="module")
def pages(demo_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report in both languages, its lists long enough to hold everything."""
    folder = tmp_path_factory.mktemp("report")
    for language in ("en", "zh"):
        out = folder / f"{language}.html"
        maidian("--lang", language, "report", "--lake", demo_lake, "--out", out, "--limit", 100_000)
    return {language: folder / f"{language}.html" for language in ("en", "zh")}


@pytest.fixture(scope="module")
def tables(demo_lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(open_lake(demo_lake)) as connection:
        yield connection


class TableReader(HTMLParser):
    """The cells' values of each section's table, and the cards' texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, Rows] = {}
        self.cards: list[str] = []
        self._section, self._tag = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._tag = tag
        if tag == "section":
            self._section = values["id"] or ""
            self.rows[self._section] = []
        if tag == "tr":
            self.rows[self._section].append([])
        if tag == "td":
            self.rows[self._section][-1].append(values["data-value"] or "")

    def handle_data(self, data: str) -> None:
        if self._tag == "dd" and data.strip():
            self.cards.append(data)
            self._tag = ""


def shown(pages: dict[str, Path], section: str) -> Rows:
    return [row for row in TableReader(pages["en"].read_text()).rows[section] if row]


def asked(tables: duckdb.DuckDBPyConnection, sql: str) -> Rows:
    return [["" if value is None else str(value) for value in row] for row in tables.sql(sql).fetchall()]


def test_the_days(pages: dict[str, Path], tables: duckdb.DuckDBPyConnection) -> None:
    expected = """
        SELECT d, (SELECT count(*) FROM sessions WHERE event_date = d),
            (SELECT count(DISTINCT customer_id) FROM sessions WHERE event_date = d),
            (SELECT count(*) FROM searches WHERE event_date = d),
            (SELECT count(DISTINCT order_id) FROM order_lines WHERE event_date = d AND status NOT IN ('cancelled', 'returned')),
            (SELECT coalesce(sum(amount), 0) FROM order_lines WHERE event_date = d AND status NOT IN ('cancelled', 'returned'))
        FROM (SELECT DISTINCT event_date AS d FROM events) ORDER BY d"""
    found, wanted = shown(pages, "days"), asked(tables, expected)
    assert [row[:5] for row in found] == [row[:5] for row in wanted]
    assert [float(row[5]) for row in found] == [float(row[5]) for row in wanted]


def test_the_summary(pages: dict[str, Path], tables: duckdb.DuckDBPyConnection) -> None:
    expected = """
        SELECT count(*), (SELECT count(*) FROM sessions), (SELECT count(DISTINCT customer_id) FROM sessions),
            (SELECT count(*) FROM searches), (SELECT count(DISTINCT order_id) FROM order_lines WHERE is_sale),
            (SELECT round(sum(amount))::BIGINT FROM order_lines WHERE is_sale)
        FROM events"""
    cards = TableReader(pages["en"].read_text()).cards
    assert [card.replace(",", "") for card in cards] == asked(tables, expected)[0]


def test_the_funnel(pages: dict[str, Path], tables: duckdb.DuckDBPyConnection) -> None:
    expected = """
        WITH s AS (SELECT coalesce(has_results, click_count > 0) AS found, click_count > 0 AS clicked,
            windowed_order_line_count > 0 AS ordered, windowed_paid_line_count > 0 AS paid FROM searches)
        SELECT count(*), count(*) FILTER (found), count(*) FILTER (found AND clicked),
            count(*) FILTER (found AND clicked AND ordered), count(*) FILTER (found AND clicked AND ordered AND paid)
        FROM s"""
    rows, (counts,) = shown(pages, "funnel"), asked(tables, expected)
    assert [row[0] for row in rows] == list(STEPS)
    assert [row[1] for row in rows] == counts
    assert int(counts[0]) > int(counts[2]) > 0
    numbers = [int(count) for count in counts]
    assert [float(row[2]) for row in rows] == pytest.approx([number / numbers[0] for number in numbers])
    assert [float(row[3]) for row in rows[1:]] == pytest.approx(
        [later / earlier if earlier else 0 for earlier, later in pairwise(numbers) if earlier]
    )


def test_the_terms(pages: dict[str, Path], tables: duckdb.DuckDBPyConnection) -> None:
    expected = """
        SELECT query, count(*), count(DISTINCT customer_id), count(*) FILTER (windowed_order_line_count > 0)
        FROM searches WHERE event_date > (SELECT max(event_date) FROM events) - 28 GROUP BY query
        ORDER BY count(*) DESC, query"""
    found = [[row[0], row[1], row[2], row[6]] for row in shown(pages, "terms")]
    assert sorted(found) == sorted(asked(tables, expected))
    assert [int(row[1]) for row in found] == sorted((int(row[1]) for row in found), reverse=True)


def test_what_finds_nothing(pages: dict[str, Path], tables: duckdb.DuckDBPyConnection) -> None:
    expected = """
        SELECT query, count(*), count(*) FILTER (result_count = 0),
            count(DISTINCT customer_id) FILTER (result_count <= 3) FROM searches
        WHERE query IN (SELECT query FROM zero_result_terms WHERE as_of = (SELECT max(as_of) FROM zero_result_terms))
        GROUP BY query"""
    found = [row[:4] for row in shown(pages, "zero_results")]
    assert found
    assert sorted(found) == sorted(asked(tables, expected))


def test_the_groups(pages: dict[str, Path], tables: duckdb.DuckDBPyConnection) -> None:
    expected = """
        SELECT group_number, count(*), min(usual_order_amount), max(usual_order_amount)
        FROM order_value_groups WHERE as_of = (SELECT max(as_of) FROM order_value_groups) AND group_number IS NOT NULL
        GROUP BY group_number ORDER BY group_number"""
    found = [row[:4] for row in shown(pages, "groups")]
    assert found
    assert found == asked(tables, expected)


def test_what_is_looked_at_and_not_bought(pages: dict[str, Path], tables: duckdb.DuckDBPyConnection) -> None:
    expected = """
        WITH pairs AS (SELECT sku_id, customer_id, sum(view_count) AS views, max(last_order_at) AS ordered
            FROM customer_sku_days GROUP BY ALL HAVING sum(view_count) + sum(click_count) + sum(favorite_count) > 0)
        SELECT sku_id, count(*) FILTER (ordered IS NULL), count(*), sum(views) FROM pairs GROUP BY sku_id"""
    found = [[row[0], *row[2:5]] for row in shown(pages, "not_bought")]
    assert sorted(found) == sorted(asked(tables, expected))


def test_the_quality_of_the_data(pages: dict[str, Path], tables: duckdb.DuckDBPyConnection, demo_lake: Path) -> None:
    rejects = "SELECT kind, source, count(*), min(received_date), max(received_date) FROM rejects GROUP BY kind, source"
    assert sorted(shown(pages, "rejects")) == sorted(asked(tables, rejects))
    late = """
        SELECT landing_source, count(received_at), count(*) FILTER (CAST(received_at AS DATE) > event_date)
        FROM events GROUP BY 1 HAVING count(received_at) > 0 ORDER BY 1"""
    assert [row[:3] for row in shown(pages, "late")] == asked(tables, late)
    sources = {row[0]: [int(value) for value in row[1:]] for row in shown(pages, "sources")}
    accepted = dict(tables.sql("SELECT landing_source, count(*) FROM events GROUP BY 1").fetchall())
    rejected = dict(tables.sql("SELECT source, count(*) FROM rejects GROUP BY 1").fetchall())
    landing = {folder.name: folder for folder in (demo_lake / "landing").iterdir()}
    assert sources.keys() == landing.keys()
    for source, (lines, kept, repeated, refused) in sources.items():
        assert lines == sum(file.read_bytes().count(b"\n") for file in landing[source].glob("*.ndjson"))
        assert (kept, refused) == (accepted.get(source, 0), rejected.get(source, 0))
        assert lines == kept + repeated + refused
    audits = maidian_json("audit", "--lake", demo_lake)["tables"]
    assert [row[:2] for row in shown(pages, "audits")] == [
        [audit["table"], str(len(audit["findings"]))] for audit in audits
    ]


def test_every_word_is_there_in_both_languages() -> None:
    for section in (*SECTIONS, SOURCES, AUDITS):
        assert all(section.en + section.zh + en + zh for en, zh in section.headings.values())
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    for words in (*NOTES.values(), *CHART_TEXT.values(), *STEPS.values()):
        assert words.keys() == {"en", "zh"}


def test_the_same_tables_give_the_same_page(pages: dict[str, Path], demo_lake: Path, tmp_path: Path) -> None:
    maidian("report", "--lake", demo_lake, "--out", tmp_path / "again.html", "--limit", 100_000)
    assert (tmp_path / "again.html").read_bytes() == pages["en"].read_bytes()


def test_it_loads_nothing(pages: dict[str, Path]) -> None:
    for page in pages.values():
        text = page.read_text()
        assert not re.search(r"""(?:src|href)\s*=\s*["']?(?![#"'])|@import|url\((?!#)""", text)
        addresses = set(re.findall(r"https?://[^\s\"'<>]+", text))
        assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_a_folder_that_is_not_there(demo_lake: Path) -> None:
    done = maidian("report", "--lake", demo_lake, "--out", "nowhere/report.html", check=False)
    assert done.returncode == 2
    assert "there is no folder nowhere" in done.stderr


PROBE = """<script>
const seen = { width: document.documentElement.scrollWidth, height: innerHeight, lang: document.documentElement.lang };
const table = document.querySelector("#terms table"), column = 1, button = table.rows[0].cells[column].firstChild;
const values = () => [...table.tBodies[0].rows].map((row) => Number(row.cells[column].dataset.value));
button.click(); seen.descending = values(); button.click(); seen.ascending = values();
seen.sort = table.rows[0].cells[column].getAttribute("aria-sort");
const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
  .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
const paper = light(getComputedStyle(document.body).backgroundColor);
seen.paper = paper;
seen.contrasts = Object.fromEntries(["h1", ".lead", "a", "th button", "td", "summary", "svg text"].map((place) => {
  const style = getComputedStyle(document.querySelector(place));
  return [place, contrast(light(place.startsWith("svg") ? style.fill : style.color), paper)]; }));
seen.pictures = [...document.querySelectorAll("svg")].every((svg) => svg.closest("[role=img]").getAttribute("aria-label"));
seen.textSize = Math.min(...[...document.querySelectorAll("svg text")].map((text) => text.getBoundingClientRect().height)
  .filter(Boolean));
seen.headings = [...document.querySelectorAll("h1,h2,h3")].map((heading) => Number(heading.tagName[1]));
document.body.innerHTML = ""; document.body.append(JSON.stringify(seen));
</script></body>"""


@pytest.mark.ci
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_in_a_browser(language: str, scheme: str, pages: dict[str, Path], tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine; install it")
    # A window is never narrower than 500 points, a frame is.
    probed = tmp_path / "probed.html"
    probed.write_text(pages[language].read_text().replace("</body>", PROBE))
    outer = tmp_path / "outer.html"
    outer.write_text(
        f'<body><iframe src="{probed.name}" style="width: 360px; height: 800px; border: 0"></iframe><script>'
        "onload = () => { document.body.dataset.seen = frames[0].document.body.textContent }</script></body>"
    )
    done = subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
            f"--user-data-dir={tmp_path / 'profile'}", f"--blink-settings=preferredColorScheme={int(scheme == 'light')}",
            "--dump-dom", outer.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    assert found, done.stdout[:500]
    seen: dict[str, Any] = json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&"))
    assert seen["lang"] == {"en": "en", "zh": "zh-Hans"}[language]
    assert seen["width"] <= 360
    assert (seen["paper"] > 0.5) == (scheme == "light")
    assert {place: contrast for place, contrast in seen["contrasts"].items() if contrast < 4.5} == {}
    assert len(seen["descending"]) > 3
    assert seen["descending"] == sorted(seen["descending"], reverse=True)
    assert seen["ascending"] == sorted(seen["descending"])
    assert seen["sort"] == "ascending"
    assert seen["pictures"]
    assert seen["textSize"] >= 9
    assert seen["headings"][0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(seen["headings"]))
