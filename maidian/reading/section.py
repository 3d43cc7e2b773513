"""One part of an answer: a question in SQL over the tables, with headings in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass

from maidian.options import Language

Headings = Mapping[str, tuple[str, str]]
"""What stands over each column of the query, in its order: English and Chinese."""


@dataclass(frozen=True)
class Section:
    """A part of an answer.

    `sql` may use $value, what is looked up, $limit, the most rows to show, and $as_of. With `newest_of`, a table and its
    column that is to be $value, it may use $since too: the day from which on there are $limit rows of it; a question for
    the newest then opens the days that it needs and no others. Marts hold the partition of one day
    alone, facts the days up to it: see `reading/as_of.py`. An answer of one row that `is_card` stands as name and value,
    a line each.
    """

    name: str
    en: str
    zh: str
    sql: str
    headings: Headings
    is_card: bool = False
    newest_of: tuple[str, str] | None = None

    def title(self, language: Language) -> str:
        """What stands over the section."""
        return self.zh if language == "zh" else self.en

    def heading(self, column: str, language: Language) -> str:
        """What stands over a column."""
        return self.headings[column][language == "zh"]
