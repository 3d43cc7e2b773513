"""One export, from the definition to the files.

The files are written under temporary names first, then the log is published, then the files get their names, the manifest
last. A kill at any point leaves no list that the log does not know. What it may leave, a log entry whose files have no name
yet, the same export mends when it is run again: it has the same number, and no second entry is made.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import msgspec

from maidian.audiences.books import WRITER, find_export, keep_draw, log_export
from maidian.audiences.decide import Moment, decide, match, tables_read
from maidian.audiences.definition import Audience, as_builtins
from maidian.audiences.export_rules import ExportRules
from maidian.audiences.holdouts import draw_id_of
from maidian.audiences.list_files import write_list
from maidian.audiences.list_rows import listed_columns, listed_rows, removed_columns, removed_rows
from maidian.audiences.pinned_tables import PinnedTables, pin_tables
from maidian.audiences.report import ListFile, Report, Request, make_report
from maidian.audiences.safe_text import without_phone_numbers
from maidian.audiences.unknown_values import check_known_values
from maidian.publish_rows import Audit
from schemas.errors import UsageError
from schemas.lake.durable import sync_folder, write_durably
from schemas.lake.lake import Lake
from schemas.lake.locks import hold_lock


def business_day(lake: Lake) -> date:
    """Today in the lake's time zone."""
    return datetime.now(UTC).astimezone(ZoneInfo(lake.time_zone)).date()


def export(lake: Lake, audience: Audience, rules: ExportRules, request: Request, audit: Audit) -> tuple[Report, bool]:
    """Write the list, the file of those removed and the manifest, and log it; whether it is new to the log.

    UsageError when the tables of the day are not there, or the definition names what the masters do not know.
    """
    if request.exported_date < request.as_of:
        raise UsageError(
            f"--as-of {request.as_of} is after the day of the export, {request.exported_date}; choose an earlier day"
        )
    with (
        hold_lock(lake.lock_path(WRITER), "an export"),  # two at once would not see each other in the log
        pin_tables(lake, tables_read(audience), request.as_of) as tables,
    ):
        check_known_values(tables.connection, audience)
        export_id = number_of(audience, rules, request, tables)
        number, is_logged = find_export(tables.connection, export_id, request.exported_date)
        moment = Moment(request.as_of, request.exported_date, number)
        staging, holdout = lake.fresh_staging(WRITER), rules.settings.holdout
        match(tables.connection, audience, request.as_of)
        draw_audit = None if request.is_trial else audit
        held_out = keep_draw(lake, tables.connection, holdout, moment.exported_date, staging, draw_audit)
        decide(tables.connection, audience, rules, moment, held_out)
        draw_id = draw_id_of(holdout) if holdout.percent else None
        if request.is_trial:
            return make_report(tables, audience, rules, request, export_id, draw_id, []), False
        files = _write_files(tables.connection, audience, rules, request, export_id)
        report = make_report(tables, audience, rules, request, export_id, draw_id, files)
        try:
            if not is_logged:
                log_export(lake, tables.connection, export_id, audience.name, draw_id, moment, staging, audit)
            _name_files(audience, request, report)
        finally:
            _remove_halves(request.folder, [file.name for file in files])
    return report, not is_logged


def number_of(audience: Audience, rules: ExportRules, request: Request, tables: PinnedTables) -> str:
    """The export's own number: the same definition, rules, days and data have the same, in whichever format."""
    made_of = {
        "definition": as_builtins(audience),
        "rules": rules.described(),
        "draw": draw_id_of(rules.settings.holdout),
        "as_of": request.as_of,
        "exported_date": request.exported_date,
        "snapshots": tables.input_ids(),
    }
    return hashlib.sha256(msgspec.json.encode(made_of, order="sorted")).hexdigest()[:16]


def _write_files(
    connection: duckdb.DuckDBPyConnection, audience: Audience, rules: ExportRules, request: Request, export_id: str
) -> list[ListFile]:
    """The two files under temporary names."""
    how, salt, language = rules.settings.phone_numbers, rules.settings.holdout.salt, request.language

    def hide(text: str) -> str:
        return without_phone_numbers(text, how, salt)

    request.folder.mkdir(parents=True, exist_ok=True)
    stem = _stem(audience, request, export_id)
    parts = (
        (f"{stem}.{request.shape}", listed_columns(audience), listed_rows),
        (f"{stem}_removed.{request.shape}", removed_columns(audience), removed_rows),
    )
    files = []
    try:
        for name, columns, rows in parts:
            half = _half(request.folder, name)
            count = write_list(half, columns, rows(connection, audience, language, hide), request.shape, language)
            with half.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            files.append(ListFile(name=name, row_count=count, byte_count=half.stat().st_size, sha256=digest))
    except BaseException:
        _remove_halves(request.folder, [name for name, _, _ in parts])
        raise
    return files


def _name_files(audience: Audience, request: Request, report: Report) -> None:
    """Give the files their names, and write the manifest: with it the export is whole."""
    for file in report.files:
        _half(request.folder, file.name).rename(request.folder / file.name)
    sync_folder(request.folder)
    manifest = f"{_stem(audience, request, report.export_id)}.{request.shape}.manifest.json"
    write_durably(request.folder / manifest, msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def _stem(audience: Audience, request: Request, export_id: str) -> str:
    return f"{audience.name}_{request.as_of}_{export_id[:8]}"


def _half(folder: Path, name: str) -> Path:
    return folder / f".{name}.tmp"


def _remove_halves(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        _half(folder, name).unlink(missing_ok=True)
