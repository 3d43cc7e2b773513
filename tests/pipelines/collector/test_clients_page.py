"""docs/clients.md says what is so: its mappings load, and the names it lists have the types it says."""

import re
from pathlib import Path

import pytest

from pipelines.collector.protocols.load_mapping import load_mappings
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "clients.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_there_are_mappings_to_try() -> None:
    assert len(BLOCKS) == 2


@pytest.mark.parametrize("block", BLOCKS)
def test_every_mapping_of_the_page_loads(block: str, tmp_path: Path) -> None:
    (tmp_path / "web.toml").write_text(block, encoding="utf-8")
    books = load_mappings(tmp_path).of("web")
    names = re.findall(r'"([^"]+)"', "".join(re.findall(r"^name = (.*)$", block, re.MULTILINE)))
    assert names
    assert set(names) <= set(books.sensors.rules)


def test_every_name_of_the_page_has_the_type_it_says() -> None:
    books = load_mappings().of("any")
    rows = re.findall(
        r"^\| (?:`(\w+)`|[\w, ]+)(?: \w+)? \| ([^|]*) \| ([^|]*) \|$", PAGE.split("| type |")[1], re.MULTILINE
    )
    checked = 0
    for book, column in ((books.segment, 1), (books.sensors, 2)):
        for row in rows:
            event_type = row[0] or "order"
            for name in re.split(r", |;| \{", row[column]):
                rules = book.rules.get(name.strip().removesuffix("}"))
                if rules is not None:
                    checked += 1
                    assert event_type in {rule.event_type for rule in rules}, name
    assert checked > 20
