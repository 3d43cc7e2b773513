"""Reading the suites of expectations, `schemas/expectations/<table>.json`: what the audit asks of each table."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

import msgspec

from schemas.errors import MaidianError

SUITES = files("schemas") / "expectations"


class Notes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why, in one sentence, for a person who does not program."""

    en: str
    zh: str


class Meta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What Great Expectations carries along without reading it."""

    notes: Notes


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One expectation of Great Expectations, over one metric (`kwargs["column"]`) of every partition."""

    type: str
    kwargs: dict[str, Any]
    severity: Literal["critical", "warning"]
    meta: Meta

    @property
    def metric(self) -> str:
        """The metric it judges."""
        metric: str = self.kwargs["column"]
        return metric


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a table's partitions must be like to be published."""

    name: str
    meta: Meta
    expectations: list[Expectation]

    @property
    def metrics(self) -> list[str]:
        """Every metric it judges, once."""
        return list(dict.fromkeys(expectation.metric for expectation in self.expectations))


def load_suite(table: str, folder: Traversable = SUITES) -> Suite:
    """The suite of a table. MaidianError when there is none or it cannot be read."""
    try:
        return msgspec.json.decode((folder / f"{table}.json").read_bytes(), type=Suite)
    except FileNotFoundError:
        raise MaidianError(
            f"table {table} has no suite of expectations; add schemas/expectations/{table}.json"
        ) from None
    except msgspec.MsgspecError as error:
        raise MaidianError(f"schemas/expectations/{table}.json cannot be read: {error}") from None
