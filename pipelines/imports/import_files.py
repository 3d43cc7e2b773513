"""The import of one file, from the look at its name to the segment in the landing."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipelines.garbage_collection import paused_collection
from pipelines.imports.compile_mapping import CompiledMapping, compile_mapping
from pipelines.imports.explode import check_can_explode
from pipelines.imports.input_file import InputPath, UnpackedFile, check_unchanged, find_input, fingerprint
from pipelines.imports.ledger import Ledger
from pipelines.imports.load_mapping import load_mapping
from pipelines.imports.mapping_errors import suggest
from pipelines.imports.readers.batch import ITEM_NUMBER, ROW_NUMBER, Batch, NestedRowReader, RowReader
from pipelines.imports.readers.open_reader import open_reader
from pipelines.imports.report import ImportReport, keep_report, read_report
from pipelines.landing import SOURCE_NAME, SegmentExistsError, SegmentWriter, normalise_source, open_segment
from schemas.errors import UsageError

IMPORT_VERSION = 1
"""Part of every segment's name. Raise it when the same file and mapping would give other events than before."""

NAME_LENGTH = 32  # hexadecimal digits: 128 bits of the sha256

RECORDS = "imports"
"""Below the lake: the report of each import and its refused rows. Not the landing, whose every file is events."""

Progress = Callable[[int, float | None], None]
"""Called now and then with the rows read and, where it is known, the share of the file that was read."""


@dataclass(frozen=True)
class LoadedMapping:
    """A mapping that was found and checked."""

    name: str
    file: str
    compiled: CompiledMapping


@dataclass(frozen=True)
class ImportPlaces:
    """Where an import writes."""

    landing: Path
    records: Path

    @classmethod
    def of(cls, lake: Path, landing: Path) -> "ImportPlaces":
        """The landing, and the records of imports below the lake."""
        return cls(landing, lake / RECORDS)


def prepare_mapping(name_or_path: str) -> LoadedMapping:
    """Find, read and check a mapping; one line for whatever is wrong with it."""
    name, mapping = load_mapping(name_or_path)
    try:
        return LoadedMapping(name, name_or_path, compile_mapping(mapping))
    except UsageError as error:
        raise UsageError(f"mapping {name_or_path}: {error}") from error


def import_file(
    path: Path,
    mapping: LoadedMapping | None,
    source: str | None,
    places: ImportPlaces,
    on_progress: Progress = lambda _rows, _share: None,
) -> ImportReport:
    """Import one file; the segment is there whole afterwards, or nothing is.

    The segment's name is a function of the file's bytes and of what the mapping says, so that the same import again
    finds it there and adds nothing.
    """
    file = find_input(path)
    source = _source_of(file, mapping, source)
    name = _segment_name(file, mapping)
    record = places.records / source / f"{name}.json"
    if (places.landing / source / f"{name}.ndjson").exists():
        earlier = read_report(record) or ImportReport(
            file=str(path),
            source=source,
            mapping=mapping.name if mapping else None,
            segment=f"{source}/{name}.ndjson",
            is_new=True,
        )
        return msgspec.structs.replace(earlier, file=str(path), is_new=False)
    report = ImportReport(
        file=str(path),
        source=source,
        mapping=mapping.name if mapping else None,
        segment=f"{source}/{name}.ndjson",
        is_new=True,
    )
    try:
        with open_segment(places.landing, source, name) as segment:
            if mapping is None:
                _copy_lines(file, segment, report, on_progress)
            else:
                _convert(file, mapping, segment, places.records, report, on_progress)
            check_unchanged(file)
            if report.segment is None:
                segment.discard()
            else:
                keep_report(report, record)
    except SegmentExistsError:  # Another process imported the same file at the same time, and was first.
        report.is_new = False
    return report


def _source_of(file: InputPath, mapping: LoadedMapping | None, said: str | None) -> str:
    """The source that was said, else the mapping's, else one made of a name."""
    if said is not None:
        if not SOURCE_NAME.fullmatch(said):
            raise UsageError(
                f"--source {said}: use only a to z, 0 to 9, _ and -, as in {normalise_source(said) or 'erp'}"
            )
        return said
    if mapping is not None:
        return mapping.compiled.mapping.source or normalise_source(mapping.name) or _no_source(mapping.file)
    if file.suffix not in (".ndjson", ".jsonl"):
        raise UsageError(
            f"{file.path} is no .ndjson or .jsonl file of events; say with --mapping what its columns mean"
        )
    return normalise_source(file.stem) or _no_source(str(file.path))


def _no_source(name: str) -> str:
    raise UsageError(f"no source can be made of the name {name}; give one, such as --source erp")


def _segment_name(file: InputPath, mapping: LoadedMapping | None) -> str:
    """Of the bytes of the file and of what the mapping says; comments and blanks in the mapping say nothing."""
    said = b"" if mapping is None else msgspec.json.encode(mapping.compiled.mapping, order="deterministic")
    parts = (f"maidian import {IMPORT_VERSION}".encode(), fingerprint(file).encode(), said)
    return hashlib.sha256(b"\n".join(parts)).hexdigest()[:NAME_LENGTH]


def _copy_lines(file: InputPath, segment: SegmentWriter, report: ImportReport, on_progress: Progress) -> None:
    """The bytes as they are, only out of gzip; ingest judges them."""
    unpacked = UnpackedFile(file)
    count, last = 0, b"\n"
    for block in unpacked.blocks():
        segment.write(block)
        count += block.count(b"\n")
        last = block[-1:]
        on_progress(count, unpacked.position / file.size_bytes)
    report.copied_line_count = count + (last != b"\n")
    if report.copied_line_count == 0:
        raise UsageError(f"{file.path} is empty: it holds no line; was its export cut short?")


def _convert(
    file: InputPath,
    mapping: LoadedMapping,
    segment: SegmentWriter,
    records: Path,
    report: ImportReport,
    on_progress: Progress,
) -> None:
    """Rows to events by the mapping; refused rows go to a file of their own beside the report."""
    from pipelines.imports.event_streams import write_events

    compiled = mapping.compiled
    with closing(open_reader(file, compiled.mapping.input, UnpackedFile(file))) as reader:
        explode = compiled.mapping.input.explode
        unseen = check_columns(file, reader, mapping.file, compiled.columns, explode)
    refused_path = records / report.source / f"{segment.name}.refused.ndjson"
    refused_path.unlink(missing_ok=True)  # Of an import that was killed before its segment was complete.
    with (
        open_segment(records, report.source, f"{segment.name}.refused") as refused,
        ExitStack() as readers,
        paused_collection(),
    ):

        def open_batches() -> Iterator[Batch]:
            unpacked = UnpackedFile(file)
            reader = readers.enter_context(closing(open_reader(file, compiled.mapping.input, unpacked)))
            return _watched(reader.batches(), file, unpacked, on_progress)

        ledger = Ledger(refused, unseen_columns=unseen)
        write_events(open_batches, compiled, report.source, segment, ledger)
        ledger.check_sums()
        report.add_counts(ledger)
        if not report.event_count:
            report.segment = None
            if ledger.refused_count:
                first = ledger.refused_sample[0]
                raise UsageError(
                    f"{file.path}: none of its {ledger.read_count:,} rows became an event, {ledger.refused_count:,} were "
                    f"refused; row {first.number:,}: {first.reason}"
                )
        if ledger.refused_count:
            report.refused_file = str(refused_path)
        else:
            refused.discard()


def check_columns(
    file: InputPath, reader: RowReader, mapping: str, columns: set[str], explode: str | None = None
) -> set[str]:
    """Refuse a mapping that names columns the file lacks. Gives the columns that only the rows can tell of."""
    wanted = columns | ({explode} if explode else set())
    if explode is not None:
        check_can_explode(reader, explode)
    names = reader.column_names
    if names is None:
        return wanted - {ROW_NUMBER, ITEM_NUMBER}
    for column in sorted(wanted):
        top = column.split(".")[0] if isinstance(reader, NestedRowReader) else column
        is_made = column == ROW_NUMBER or (column == ITEM_NUMBER and explode is not None)
        if column not in names and top not in names and not is_made:
            raise UsageError(f"mapping {mapping}: {file.path} has no column {column!r}; {suggest(column, names)}")
        if names.count(column) > 1:
            raise UsageError(f"{file.path}: the column {column!r} stands twice in the header; rename one")
    return set()


def _watched(
    batches: Iterator[Batch], file: InputPath, unpacked: UnpackedFile, on_progress: Progress
) -> Iterator[Batch]:
    rows = 0
    for batch in batches:
        yield batch
        rows += len(batch)
        on_progress(rows, unpacked.position / file.size_bytes if unpacked.position else None)
