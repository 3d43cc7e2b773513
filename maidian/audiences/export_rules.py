"""What holds for every list: `<lake>/exports.toml`, all of it optional, and the customers' wishes it points to."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from maidian.audiences.customer_file import customer_rows, read_customers
from maidian.audiences.load_audience import convert
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.toml_file import read_toml

NAME = "exports.toml"
"""The file in a lake."""

PhoneNumbers = Literal["mask", "hash", "keep"]
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
        suppressed = read_customers(listed)
    if settings.consent_file is not None:
        listed = path.parent / settings.consent_file
        digests["consent_file"] = _digest(listed, path, "consent_file")
        consents = _consents(listed)
    return ExportRules(settings, suppressed, consents, digests)


def _consents(path: Path) -> frozenset[str]:
    """Who said yes, and nowhere no."""
    said: dict[bool, set[str]] = {True: set(), False: set()}
    for number, customer, word in customer_rows(path, CONSENT_NAMES):
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
