"""Whatever is in a file, its rows add up, and each is where the counts say it is."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.imports.import_files import import_file
from pipelines.imports.report import ImportReport
from schemas.errors import UsageError
from tests.pipelines.imports.small_mappings import Workshop, rejects_of

# A row may be dropped, taken by the first event, by the second, by both, by none, or refused by either.
MAPPING = """
source = "s"

[[drop]]
name = "drop x"
when = { column = "key", starts_with = "x" }

[[drop]]
name = "drop yx"
when = { column = "key", contains = "x" }

[[event]]
type = "order"
when = { column = "pieces", empty = false }
group_by = "key"
rows = "ROWS"

[event.fields]
occurred_at = "{time}"
anonymous_id = "a"
order_id = "{key}"
status = { column = "status", default = "paid" }

[event.line]
sku_id = "p"
quantity = "{pieces}"
unit_price = "1"

[[event]]
type = "search"
when = { column = "status", is_not = "none" }

[event.fields]
occurred_at = "{time}"
anonymous_id = "a"
query = "{key}"
"""

HEADER = "key,time,pieces,status"
good_times = st.just("2026-11-20T09:00:00Z")
cells = st.tuples(
    st.sampled_from(["k1", "k2", "k3", "x", "yx", ""]),
    st.one_of(good_times, good_times, good_times, st.sampled_from(["soon", ""])),
    st.sampled_from(["1", "-2", "", "1.5", "9"]),
    st.sampled_from(["paid", "returned", "none", "odd", ""]),
)
rows = cells.map(",".join)
lines = st.lists(st.one_of(rows, rows, rows, rows, st.text('a,"\n\r', max_size=12)), max_size=25)


def counted(report: ImportReport) -> tuple[int, int]:
    in_events = sum(each.row_count for each in report.events)
    return (
        (report.read_count or 0) + report.used_again_count,
        in_events + sum(report.filtered_counts.values()) + report.refused_count,
    )


@given(lines, st.sampled_from(["adjacent", "scattered"]))
def test_rows_add_up(tmp_path_factory: pytest.TempPathFactory, text_lines: list[str], order: str) -> None:
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    file = shop.write("in.csv", "\n".join([HEADER, *text_lines, ""]))
    try:
        report = import_file(file, shop.mapping(MAPPING.replace("ROWS", order)), None, shop.places)
    except UsageError as error:
        came_back = order == "adjacent" and "do not lie together" in str(error)
        assert came_back or "none of its" in str(error)  # noqa: PT017 - one of two
        assert not list(shop.landing.rglob("*.ndjson"))
        return
    said, found = counted(report)
    assert said == found
    assert report.segment is None or rejects_of(shop.segment(report)) == []
    events = [] if report.segment is None else [json.loads(line) for line in shop.segment(report).splitlines()]
    assert Counter((event["event_type"], event.get("status")) for event in events) == Counter(
        {(each.event_type, each.status): each.event_count for each in report.events}
    )
    assert sum(len(event.get("lines", [0])) for event in events) == sum(each.row_count for each in report.events)
    refused = [] if report.refused_file is None else shop.folder.joinpath(report.refused_file).read_text().splitlines()
    assert len(refused) == report.refused_count
    # The events of rows are in the file's order, and no order is there twice.
    order_ids = [event["order_id"] for event in events if event["event_type"] == "order"]
    assert len(set(order_ids)) == len(order_ids)


RULES = """key,time,pieces,status
x1,2026-11-20T09:00:00Z,1,paid
yx,2026-11-20T09:00:00Z,1,paid
k1,2026-11-20T09:00:00Z,1,none
k1,2026-11-20T09:00:00Z,2,paid
k2,2026-11-20T09:00:00Z,,none
k3,2026-11-20T09:00:00Z,,paid
k4,2026-11-20T09:00:00Z,1.5,paid

"""


def test_each_row_counts_where_it_went(tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    report = shop.run(shop.write("in.csv", RULES), MAPPING.replace("ROWS", "adjacent"))
    assert report.read_count == 8
    assert report.used_again_count == 2  # the second row of k1, and that of k4
    assert report.filtered_counts == {"blank line": 1, "drop x": 1, "drop yx": 1, "no [[event]] takes it": 1}
    assert [(each.event_type, each.status, each.row_count, each.event_count) for each in report.events] == [
        ("search", None, 3, 3)
    ]
    assert {each.row: each.reason.split(":")[0] for each in report.refused_sample} == {
        3: "status",
        4: "row 3 of its order",
        7: "quantity",
    }
    assert report.refused_count == 3
