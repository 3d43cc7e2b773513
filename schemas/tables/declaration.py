"""What a table declaration says: key, grain, partition, version, and every column's type, unit and meaning."""

import re
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

STRING = pa.string()
COUNT = pa.int64()
RATIO = pa.float64()
BOOLEAN = pa.bool_()
DATE = pa.date32()
INSTANT = pa.timestamp("us", tz="UTC")
SECONDS = pa.float64()
UNIT_MONEY = pa.decimal128(18, 4)  # as in the contract: one price
MONEY = pa.decimal128(38, 4)  # sums and products of prices

MART_PARTITION = "as_of"


@dataclass(frozen=True)
class Column:
    """One column. `allowed` is the closed set of its values, where it has one."""

    name: str
    type: pa.DataType
    en: str
    zh: str
    unit: str | None = None
    is_nullable: bool = False
    allowed: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Check:
    """What is true of every row across its columns, as an SQL condition; as in SQL, unknown (null) is not broken.

    The audit counts the rows that break it as `<name>_broken_count`.
    """

    name: str
    holds: str


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    `grain` is what one row stands for; `key` names it (with the partition, it is unique in the table);
    `partition` is the column whose value is the folder a row lives in; `version` rises when rows computed
    by older code no longer hold, and makes every partition dirty.
    """

    name: str
    en: str
    zh: str
    grain: str
    key: tuple[str, ...]
    partition: str
    version: int
    columns: tuple[Column, ...] = field(repr=False)
    checks: tuple[Check, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"table {self.name}: a column is declared twice")
        for name in (*self.key, self.partition):
            if name not in names:
                raise ValueError(f"table {self.name}: {name} is not one of its columns")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"table {self.name}: a name is lower case with underscores")

    @property
    def is_mart(self) -> bool:
        """Whether a partition says how things stood as of a day, looking back, and not what happened on it."""
        return self.partition == MART_PARTITION

    @cached_property
    def schema(self) -> pa.Schema:
        """All columns, the partition's too: what a reader sees."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.is_nullable) for c in self.columns])

    @cached_property
    def file_schema(self) -> pa.Schema:
        """The columns in a Parquet file: all but the partition's, which is the name of the folder."""
        return pa.schema([f for f in self.schema if f.name != self.partition])

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        return next((c for c in self.columns if c.name == name), None) or _no_column(self.name, name)


def _no_column(table: str, name: str) -> Column:
    raise KeyError(f"table {table} has no column {name}")
