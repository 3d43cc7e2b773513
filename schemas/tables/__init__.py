"""The tables of the lake, one file each; a new file here is found without being listed anywhere."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from schemas.tables.declaration import Table


@cache
def declared_tables() -> dict[str, Table]:
    """Every declared table by name: each module of this package that has a `TABLE`."""
    modules = (import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__))
    tables = [module.TABLE for module in modules if hasattr(module, "TABLE")]
    return {table.name: table for table in tables}


def declared_log() -> Table:
    """`runs`, which is read like a table and kept as a log of lines: nothing audits, publishes or rolls it back."""
    from schemas.tables.runs import LOG

    return LOG
