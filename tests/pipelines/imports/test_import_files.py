"""A file becomes one segment or nothing, the same file twice becomes it once, and what is wrong is one line."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.imports import import_files
from pipelines.imports.import_files import prepare_mapping
from schemas.errors import MaidianError, UsageError
from tests.pipelines.imports.small_mappings import ORDERS, VIEW_ROWS, VIEWS, Workshop


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


# --- without a mapping -----------------------------------------------------------------------------------------------

LINES = b'{"event_id":"1"}\r\n\n  not json at all \xff\n{"event_id":"2"}\n'


def test_lines_are_copied_byte_for_byte(shop: Workshop) -> None:
    report = shop.run(shop.write("Old Log.ndjson", LINES))
    assert report.source == "old-log"
    assert report.copied_line_count == 4
    assert shop.segment(report) == LINES


def test_packed_lines_are_copied_as_they_were_before_packing(shop: Workshop) -> None:
    report = shop.run(shop.write("log.jsonl.gz", gzip.compress(LINES)), source="web_1")
    assert report.source == "web_1"
    assert report.segment is not None
    assert report.segment.startswith("web_1/")
    assert shop.segment(report) == LINES


def test_last_line_may_lack_its_line_feed(shop: Workshop) -> None:
    report = shop.run(shop.write("log.ndjson", b"{}\n{}"))
    assert report.copied_line_count == 2
    assert shop.segment(report) == b"{}\n{}"


def test_other_files_need_a_mapping(shop: Workshop) -> None:
    with pytest.raises(UsageError, match=r"orders\.csv is no \.ndjson or \.jsonl file of events; say with --mapping"):
        shop.run(shop.write("orders.csv", VIEW_ROWS))


def test_name_that_gives_no_source_asks_for_one(shop: Workshop) -> None:
    file = shop.write("订单.ndjson", LINES)
    with pytest.raises(UsageError, match="give one, such as --source erp"):
        shop.run(file)
    assert shop.run(file, source="erp").source == "erp"


@pytest.mark.parametrize("source", ["ERP", "a b", "../x", "", "订单"])
def test_source_is_what_a_folder_may_be_called(shop: Workshop, source: str) -> None:
    with pytest.raises(UsageError, match="--source"):
        shop.run(shop.write("log.ndjson", LINES), source=source)


# --- idempotence -----------------------------------------------------------------------------------------------------


def test_same_file_twice_adds_nothing_and_says_what_it_was(shop: Workshop) -> None:
    file = shop.write("views.csv", VIEW_ROWS)
    first = shop.run(file, VIEWS)
    left_behind = shop.left_behind()
    again = shop.run(file, VIEWS)
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.segment, again.read_count, again.events) == (first.segment, first.read_count, first.events)
    assert shop.left_behind() == left_behind


def test_segment_is_named_after_bytes_and_mapping_not_after_file_or_comments(shop: Workshop) -> None:
    first = shop.run(shop.write("views.csv", VIEW_ROWS), VIEWS)
    renamed = shop.run(shop.write("copy.csv", VIEW_ROWS), "# another comment\n" + VIEWS)
    assert not renamed.is_new
    assert renamed.segment == first.segment
    other_bytes = shop.run(shop.write("views.csv", VIEW_ROWS + "2026-11-20T09:00:02Z,v3,P3,3\n"), VIEWS)
    other_mapping = shop.run(shop.write("views.csv", VIEW_ROWS), VIEWS + 'channel = "app"\n')
    assert len({first.segment, other_bytes.segment, other_mapping.segment}) == 3


def test_event_ids_are_a_function_of_row_and_source(shop: Workshop) -> None:
    def ids(name: str, rows: str, mapping: str = VIEWS, source: str | None = None) -> list[str]:
        lines = shop.segment(shop.run(shop.write(name, rows), mapping, source)).splitlines()
        return [json.loads(line)["event_id"] for line in lines]

    first = ids("a.csv", VIEW_ROWS)
    header, *rows = VIEW_ROWS.splitlines(keepends=True)
    assert len(set(first)) == 2
    assert all(len(each) == 32 for each in first)
    assert ids("b.csv", header + "2026-11-20T09:00:09Z,v9,P9,9\n" + rows[1])[1] == first[1], "its place says nothing"
    assert ids("c.csv", VIEW_ROWS, VIEWS + 'channel = "app"\n') == first, "nor does what the mapping makes of it"
    assert set(ids("d.csv", VIEW_ROWS, source="other")).isdisjoint(first)
    two = VIEWS + VIEWS[VIEWS.index("[[event]]") :]
    assert len(set(ids("e.csv", VIEW_ROWS, two))) == 4, "two events of one row are two"


def test_ids_of_orders_are_a_function_of_all_rows(shop: Workshop) -> None:
    mapping = ORDERS.format(rows="adjacent").replace('event_id = "{order}"\n', "")
    header = "order,product,pieces,price\n"

    def event_id(rows: str) -> str:
        (line,) = shop.segment(shop.run(shop.write("o.csv", header + rows), mapping)).splitlines()
        return str(json.loads(line)["event_id"])

    first = event_id("1,P,1,1\n1,Q,1,1\n")
    assert len({first, event_id("1,P,1,1\n1,Q,2,1\n"), event_id("1,P,1,1\n")}) == 3
    assert event_id("1,P,1,1\n\n1,Q,1,1\n") == first


# --- nothing half-written --------------------------------------------------------------------------------------------

LATIN = VIEW_ROWS.encode() + "2026-11-20T09:00:02Z,v3,Café,1\n".encode("latin-1")

BROKEN = {
    "empty.csv": (b"", r"empty\.csv is empty \(0 bytes\)"),
    "feeds.ndjson.csv": (b"\xff\xfe", r"is empty: it has no header line"),
    "packed.csv.gz": (gzip.compress(b""), r"packed\.csv\.gz is empty: it has no header line"),
    "truncated.csv.gz": (gzip.compress(os.urandom(9999).hex().encode())[:-2000], r"broken or truncated gzip file"),
    "damaged.csv.gz": (gzip.compress(VIEW_ROWS.encode())[:-8] + b"12345678", r"broken or truncated gzip file"),
    "latin.csv": (LATIN, rf"byte {LATIN.index(0xE9)} is not utf-8; say the encoding"),
    "names.csv": (b"time,visitor,product,cost\n", r"no column 'price'; known: time, visitor, product, cost"),
    "near.csv": (b"time,visitor,product,prices\n", r"no column 'price'; did you mean prices\?"),
    "twice.csv": (b"time,visitor,product,price,price\n", r"the column 'price' stands twice in the header"),
    "bad.csv": (b"time,visitor,product,price\nsoon,v,p,1\n", r"none of its 1 rows became an event, 1 were refused; row 1: occurred_at: time 'soon'"),
    "document.parquet": (b"PAR1 no", r"is not a Parquet file"),
    "document.xlsx": (b"PK no", r"is not an XLSX workbook"),
    "document.pdf": (b"%PDF", r"the name tells no format; say \[input\] format"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_file_that_cannot_be_read_is_one_line_and_leaves_nothing(shop: Workshop, name: str) -> None:
    content, message = BROKEN[name]
    with pytest.raises(UsageError, match=message) as caught:
        shop.run(shop.write(name, content), VIEWS)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)
    assert shop.left_behind() == []


def test_truncated_gzip_of_lines_leaves_nothing(shop: Workshop) -> None:
    file = shop.write("log.ndjson.gz", gzip.compress(os.urandom(99999).hex().encode())[:-20])
    with pytest.raises(UsageError, match="broken or truncated gzip file"):
        shop.run(file)
    assert shop.left_behind() == []


def test_missing_file_and_directory_are_one_line(shop: Workshop) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.csv: no such file"):
        shop.run(shop.folder / "nowhere.csv", VIEWS)
    with pytest.raises(UsageError, match="is a directory; name the files in it"):
        shop.run(shop.folder, VIEWS)
    with pytest.raises(UsageError, match="is not a regular file"):
        shop.run(Path(os.devnull), VIEWS)


def test_file_that_is_still_being_written_is_refused(shop: Workshop) -> None:
    file = shop.write("views.csv", VIEW_ROWS)

    def write_on(_rows: int, _share: float | None) -> None:
        with file.open("a") as appended:
            appended.write("2026-11-20T09:00:02Z,v3,P3,3\n")

    with pytest.raises(UsageError, match="changed while it was read; import it again when it is complete"):
        import_files.import_file(file, shop.mapping(VIEWS), None, shop.places, write_on)
    assert shop.left_behind() == []


def test_key_that_comes_back_is_refused_with_what_to_do(shop: Workshop) -> None:
    rows = "order,product,pieces,price\nA,P,1,1\nB,P,1,1\nA,Q,1,1\n"
    file = shop.write("orders.csv", rows)
    with pytest.raises(
        UsageError, match=r'order \'A\' do not lie together \(row 1 and again row 3\); set rows = "scatt'
    ):
        shop.run(file, ORDERS.format(rows="adjacent"))
    assert shop.left_behind() == []
    assert shop.run(file, ORDERS.format(rows="scattered")).event_count == 2


def test_file_without_rows_is_no_error_and_no_segment(shop: Workshop) -> None:
    report = shop.run(shop.write("views.csv", "time,visitor,product,price\n"), VIEWS)
    assert (report.segment, report.read_count, report.event_count) == (None, 0, 0)
    assert shop.left_behind() == []


def test_landing_that_cannot_be_written_is_the_machines_fault(shop: Workshop) -> None:
    shop.write("lake", b"")
    with pytest.raises(MaidianError, match="cannot write") as caught:
        shop.run(shop.write("views.csv", VIEW_ROWS), VIEWS)
    assert caught.value.exit_code == 1


def test_killed_import_leaves_no_segment_and_the_next_one_cleans_up(shop: Workshop) -> None:
    row = "2026-11-20T09:00:00Z,visitor,product,1.50\n"
    file = shop.write("views.csv", "time,visitor,product,price\n" + row * 400_000)
    mapping = shop.write("views.toml", VIEWS.replace("[event.fields]", '[event.fields]\nevent_id = "{row_number}"'))
    command = [
        sys.executable,
        "-m",
        "maidian",
        "import",
        str(file),
        "--mapping",
        str(mapping),
        "--lake",
        str(shop.lake),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    while not any(path.stat().st_size for path in shop.landing.glob("shop/*.tmp")):
        assert process.poll() is None, "it must not be done before it is killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(shop.landing.rglob("*.ndjson")) == []
    report = import_files.import_file(file, prepare_mapping(str(mapping)), None, shop.places)
    assert report.read_count == report.event_count == 400_000
    assert report.segment is not None
    assert [name for name in shop.left_behind() if not name.startswith("imports/")] == [f"landing/{report.segment}"]
    assert shop.segment(report).count(b"\n") == 400_000


def test_columns_that_no_row_has_are_named(shop: Workshop) -> None:
    file = shop.write("v.ndjson", '{"time":"2026-11-20T09:00:00Z","visitor":"v","product":"p","pricee":1}\n')
    assert shop.run(file, VIEWS).unseen_columns == ["price"]


def test_two_imports_of_one_file_at_once_add_it_once(shop: Workshop) -> None:
    file, mapping = shop.write("views.csv", VIEW_ROWS), shop.mapping(VIEWS)
    inner = []

    def import_meanwhile(_rows: int, _share: float | None) -> None:
        inner.append(import_files.import_file(file, mapping, None, shop.places))

    outer = import_files.import_file(file, mapping, None, shop.places, import_meanwhile)
    assert [report.is_new for report in (*inner, outer)] == [True, False]
    assert outer.segment == inner[0].segment
    assert len(list(shop.landing.rglob("*"))) == 2


def test_constants_need_not_be_texts(shop: Workshop) -> None:
    mapping = VIEWS.replace('"{product}"', "{ value = 5 }").replace('"{price}"', "1.50") + "dwell_seconds = 3\n"
    (event, _) = [
        json.loads(line) for line in shop.segment(shop.run(shop.write("v.csv", VIEW_ROWS), mapping)).splitlines()
    ]
    assert (event["sku_id"], event["price"], event["dwell_seconds"]) == ("5", "1.5", 3)
