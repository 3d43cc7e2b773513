"""Mappings and files for tests that are about something else than the mapping."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.imports.import_files import ImportPlaces, LoadedMapping, import_file, prepare_mapping
from pipelines.imports.report import ImportReport
from pipelines.ingest.decoding.decode import decode

VIEWS = """
source = "shop"
[[event]]
type = "view"
[event.fields]
occurred_at = "{time}"
anonymous_id = "{visitor}"
sku_id = "{product}"
price = "{price}"
"""

VIEW_ROWS = """time,visitor,product,price
2026-11-20T09:00:00+08:00,v1,P1,1.50
2026-11-20T09:00:01+08:00,v2,P2,2
"""

ORDERS = """
source = "erp"
[[event]]
type = "order"
group_by = "order"
rows = "{rows}"
[event.fields]
event_id = "{{order}}"
occurred_at = "2026-11-20T09:00:00Z"
anonymous_id = "a"
order_id = "{{order}}"
status = "paid"
[event.line]
sku_id = "{{product}}"
quantity = "{{pieces}}"
unit_price = "{{price}}"
"""


def rejects_of(segment: bytes) -> list[Any]:
    """What ingest would refuse of a segment."""
    decoded = decode(
        segment, first_byte=0, landing_source="s", time_zone="UTC", ingested_at=datetime(2030, 1, 1, tzinfo=UTC)
    )
    assert decoded.line_count == decoded.accepted.num_rows + decoded.rejects.num_rows
    rejects: list[Any] = decoded.rejects.to_pylist()
    return rejects


class Workshop:
    """A folder with files, mappings and a lake of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = folder / "lake"
        self.landing = self.lake / "landing"
        self.places = ImportPlaces.of(self.lake, self.landing)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def mapping(self, text: str, name: str = "mapping.toml") -> LoadedMapping:
        return prepare_mapping(str(self.write(name, text)))

    def run(self, file: Path, mapping: str | None = None, source: str | None = None) -> ImportReport:
        return import_file(file, None if mapping is None else self.mapping(mapping), source, self.places)

    def segment(self, report: ImportReport) -> bytes:
        assert report.segment is not None
        return (self.landing / report.segment).read_bytes()

    def left_behind(self) -> list[str]:
        """Every file below the lake."""
        return sorted(str(path.relative_to(self.lake)) for path in self.lake.rglob("*") if path.is_file())
