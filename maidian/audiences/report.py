"""What an export did, as the manifest beside its files holds it: nothing in it says when, so that it is the same again."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from maidian import __version__
from maidian.audiences.definition import Audience, as_builtins
from maidian.audiences.export_rules import ExportRules
from maidian.audiences.list_files import Format
from maidian.audiences.pinned_tables import PinnedTables
from maidian.audiences.removal_rules import HELD_OUT, RULES
from maidian.audiences.unknown_values import warnings_of
from maidian.options import Language


@dataclass(frozen=True)
class Request:
    """What was asked for. `exported_date` is the business day that the list goes out on; `is_trial` keeps nothing."""

    as_of: date
    exported_date: date
    shape: Format
    language: Language
    folder: Path
    is_trial: bool = False


class ListFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an export."""

    name: str
    row_count: int
    byte_count: int
    sha256: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an export did: matched_row_count = listed_row_count + removed_row_count."""

    export_id: str
    audience: str
    title: dict[str, str]
    as_of: date
    exported_date: date
    matched_row_count: int
    listed_row_count: int
    removed_row_count: int
    removed_row_counts: dict[str, int]
    matched_customer_count: int
    listed_customer_count: int
    held_out_customer_count: int
    warnings: list[str]
    files: list[ListFile]
    definition: dict[str, Any]
    rules: dict[str, Any]
    snapshots: dict[str, str | None]
    draw_id: str | None
    format: Format
    language: Language
    maidian_version: str


def make_report(
    tables: PinnedTables,
    audience: Audience,
    rules: ExportRules,
    request: Request,
    export_id: str,
    draw_id: str | None,
    files: list[ListFile],
) -> Report:
    """Count the table `decided` and put the rest beside it."""
    by_rule = tables.connection.execute("SELECT removed_by, count(*) FROM decided GROUP BY removed_by").fetchall()
    rows: Counter[str | None] = Counter(dict(by_rule))
    listed = rows.pop(None, 0)
    counts = f"""SELECT count(DISTINCT customer_id), count(DISTINCT customer_id) FILTER (removed_by IS NULL),
        count(DISTINCT customer_id) FILTER (removed_by = '{HELD_OUT}') FROM decided"""  # noqa: S608 our own text
    (customers,) = tables.connection.execute(counts).fetchall()
    return Report(
        export_id=export_id,
        audience=audience.name,
        title=msgspec.to_builtins(audience.title),
        as_of=request.as_of,
        exported_date=request.exported_date,
        matched_row_count=listed + rows.total(),
        listed_row_count=listed,
        removed_row_count=rows.total(),
        removed_row_counts={name: rows[name] for name in RULES if rows[name]},
        matched_customer_count=customers[0],
        listed_customer_count=customers[1],
        held_out_customer_count=customers[2],
        warnings=warnings_of(tables.connection, request.language),
        files=files,
        definition=as_builtins(audience),
        rules=rules.described(),
        snapshots=tables.input_ids(),
        draw_id=draw_id,
        format=request.shape,
        language=request.language,
        maidian_version=__version__,
    )
