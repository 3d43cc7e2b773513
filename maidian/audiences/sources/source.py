"""What a list starts from: a question over one table, what it says of each row, and the sentence that says why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from maidian.audiences.definition import Audience
from maidian.options import Language

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ListColumn:
    """One column of a file: its name, type, and heading in both languages."""

    name: str
    type: pa.DataType
    en: str
    zh: str


@dataclass(frozen=True)
class Source:
    """One kind of list.

    `matched` is SQL for every row that meets the conditions: customer_id, sku_id (null where the list names no
    product) and the `columns`. It may use $as_of and the conditions by name, but not those of CustomerConditions.
    `orders` are the columns it may be ordered by. `reason` is one sentence: why the row is here; `reason_reads`
    are the columns that it looks at.
    """

    name: str
    shape: type[Audience]
    tables: tuple[str, ...]
    matched: str
    columns: tuple[ListColumn, ...]
    orders: tuple[str, ...]
    default_order: tuple[str, ...]
    reason: Callable[[Row, Any, Language], str]
    reason_reads: tuple[str, ...]
