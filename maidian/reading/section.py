"""One part of an answer: a question in SQL over the tables, with headings in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from maidian.options import Language

Headings = Mapping[str, tuple[str, str]]
"""What stands over each column of the query, in its order: English and Chinese."""


class Newest(NamedTuple):
    """A fact, its column that is to be $value, and how many rows of the section a day of it makes."""

    table: str
    column: str
    rows: str = "count(*)"


@dataclass(frozen=True)
class Section:
    """A part of an answer.

    `sql` may use $value, what is looked up, $limit, the most rows to show, and $as_of. Marts hold the partition of one day
    alone, facts the days up to it: see `reading/as_of.py`. `fact_days` says of how many days, where it is not of all;
    `newest_of`, that it shows the newest rows of a fact, and needs no older days than those are of. An answer of one row
    that `is_card` stands as name and value, a line each.
    """

    name: str
    en: str
    zh: str
    sql: str
    headings: Headings
    is_card: bool = False
    fact_days: int | None = None
    newest_of: Newest | None = None

    def title(self, language: Language) -> str:
        """What stands over the section."""
        return self.zh if language == "zh" else self.en

    def heading(self, column: str, language: Language) -> str:
        """What stands over a column."""
        return self.headings[column][language == "zh"]
