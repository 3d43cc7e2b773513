"""What holds for every list: `<lake>/exports.toml`, all of it optional, and the customers' wishes it points to."""

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from maidian.audiences.load_audience import convert
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.toml_file import read_toml

NAME = "exports.toml"
"""The file in a lake."""

PhoneNumbers = Literal["mask", "hash", "keep"]
KEY_NAMES = ("customer_id", "客户编号")
CONSENT_NAMES = ("consent", "是否同意")
YES = frozenset({"yes", "true", "1", "y", "是", "同意"})
NO = frozenset({"no", "false", "0", "n", "否", "不同意"})


class FrequencyCap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A company gets at most so many lists in so many days, the day of the export included; 0 lists: no cap."""

    lists: Annotated[int, Meta(ge=0, le=1000)] = 4
    days: Annotated[int, Meta(ge=1, le=400)] = 30


class Holdout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The share of companies that no list reaches; another salt draws others."""

    percent: Annotated[int, Meta(ge=0, le=50)] = 10
    salt: Annotated[str, Meta(min_length=1, max_length=200)] = "maidian"


class ExportSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of the file."""

    suppression_file: str | None = None
    consent_file: str | None = None
    phone_numbers: PhoneNumbers = "mask"
    same_product_days: Annotated[int, Meta(ge=0, le=3650)] = 30
    frequency_cap: FrequencyCap = msgspec.field(default_factory=FrequencyCap)
    holdout: Holdout = msgspec.field(default_factory=Holdout)


@dataclass(frozen=True)
class ExportRules:
    """The settings with what the files hold. `consents` is None when no consent is asked for."""

    settings: ExportSettings = field(default_factory=ExportSettings)
    suppressed: frozenset[str] = frozenset()
    consents: frozenset[str] | None = None
    digests: dict[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """For the manifest: the settings and the SHA-256 of the files. The salt stays out: it tells who is held out."""
        settings = msgspec.to_builtins(self.settings)
        del settings["holdout"]["salt"]
        return {**settings, "file_sha256": self.digests}


def read_export_rules(lake: Lake, file: Path | None = None) -> ExportRules:
    """The rules of a file, else of the lake's own, else the defaults. UsageError for whatever is wrong with them."""
    path = file or lake.path / NAME
    if file is None and not path.exists():
        return ExportRules()
    settings = convert(read_toml(path, str(path)).keys, ExportSettings, str(path))
    suppressed: frozenset[str] = frozenset()
    consents: frozenset[str] | None = None
    digests = {}
    if settings.suppression_file is not None:
        listed = path.parent / settings.suppression_file
        digests["suppression_file"] = _digest(listed, path, "suppression_file")
        suppressed = frozenset(customer for _, customer, _ in _rows(listed, None))
    if settings.consent_file is not None:
        listed = path.parent / settings.consent_file
        digests["consent_file"] = _digest(listed, path, "consent_file")
        consents = _consents(listed)
    return ExportRules(settings, suppressed, consents, digests)


def _consents(path: Path) -> frozenset[str]:
    """Who said yes, and nowhere no."""
    said: dict[bool, set[str]] = {True: set(), False: set()}
    for number, customer, word in _rows(path, CONSENT_NAMES):
        if word.lower() not in YES | NO:
            raise UsageError(f"{path}, line {number}: consent is {word!r}; write yes or no (是 or 否)")
        said[word.lower() in YES].add(customer)
    return frozenset(said[True] - said[False])


def _digest(listed: Path, path: Path, key: str) -> str:
    try:
        return hashlib.sha256(listed.read_bytes()).hexdigest()
    except OSError as error:  # never taken for an empty list: it would let everybody through
        raise UsageError(
            f"{path}: {key}: {listed} cannot be read ({error.strerror}); mend the path or take the key out"
        ) from None


def _rows(path: Path, value_names: tuple[str, ...] | None) -> Iterator[tuple[int, str, str]]:
    """Line number, customer and value of each line of a CSV file with a header."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the file as CSV UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        key = _place(path, header, KEY_NAMES)
        value = None if value_names is None else _place(path, header, value_names)
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) <= max(key, value or 0) or not row[key].strip():
                raise UsageError(f"{path}, line {reader.line_num}: there is no customer or value; mend the line")
            customer = unicodedata.normalize("NFC", row[key].strip())  # as in events, so that they meet
            yield reader.line_num, customer, "" if value is None else row[value].strip()
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: is not CSV ({error}); mend the line") from None


def _place(path: Path, header: list[str], names: tuple[str, ...]) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    found = ", ".join(map(repr, header)) or "nothing"
    raise UsageError(f"{path}: the first line holds {found}; it needs a column {' or '.join(names)}")
