"""What the engine knows of the tables: their declarations, and the suites they are judged by."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from jobs.engine.suites import SUITES
from schemas.tables import declared_tables
from schemas.tables.declaration import Table


@dataclass(frozen=True)
class Catalog:
    """Declarations by name, and the folder of suites."""

    tables: Mapping[str, Table]
    suites: Traversable = SUITES


def declared_catalog() -> Catalog:
    """All that is declared in `schemas`."""
    return Catalog(declared_tables())
