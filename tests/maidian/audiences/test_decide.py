"""The queries equal a slow oracle row by row, whatever the shop, the definition and the rules."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maidian.audiences.decide import Moment, decide, match
from maidian.audiences.definition import Audience
from maidian.audiences.export_rules import ExportRules
from maidian.audiences.list_rows import listed_rows, removed_rows
from maidian.audiences.load_audience import order_of
from maidian.audiences.removal_rules import RULES
from maidian.audiences.sources import SOURCES
from maidian.options import Language
from tests.maidian.audiences.draw_audiences import draw_case
from tests.maidian.audiences.small_tables import connect
from tests.oracles import audiences as oracle

Pair = tuple[str, str | None]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def outcome(
    tables: dict[str, Any], audience: Audience, rules: ExportRules, moment: Moment, held_out: frozenset[str]
) -> tuple[list[Pair], dict[Pair, str], int]:
    """The list in its order, the rule of each row removed, and the number of rows that matched."""
    with connect(tables) as connection:
        match(connection, audience, moment.as_of)
        decide(connection, audience, rules, moment, held_out)
        listed = connection.execute("SELECT customer_id, sku_id FROM decided WHERE removed_by IS NULL ORDER BY place")
        in_list: list[Pair] = [(str(customer), sku) for customer, sku in listed.fetchall()]
        rest = connection.execute("SELECT customer_id, sku_id, removed_by FROM decided WHERE removed_by IS NOT NULL")
        removed: dict[Pair, str] = {(str(customer), sku): rule for customer, sku, rule in rest.fetchall()}
        (matched,) = connection.execute("SELECT count(*) FROM matched").fetchall()
        # Every row has its sentences in both languages.
        for language in LANGUAGES:
            assert len(list(listed_rows(connection, audience, language, str))) == len(in_list)
            texts = list(removed_rows(connection, audience, language, str))
            assert len(texts) == len(removed)
            assert all("{" not in row[-1] and "None" not in row[-1] for row in texts)
        return in_list, removed, int(matched[0])


def check(
    tables: dict[str, Any], audience: Audience, rules: ExportRules, moment: Moment, held_out: frozenset[str]
) -> set[str]:
    listed, removed, matched_count = outcome(tables, audience, rules, moment, held_out)
    for customer, sku in listed:  # nobody who matches an exclusion is in the list
        assert oracle.rule_of({"customer_id": customer, "sku_id": sku}, tables, audience, rules, moment) is None
        assert customer not in held_out
    assert not set(listed) & removed.keys()
    assert len(listed) + len(removed) == matched_count
    order = order_of(audience, SOURCES[audience.source])
    assert (listed, removed) == oracle.decide(tables, audience, order, rules, moment, held_out)
    return set(removed.values())


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_equals_the_oracle_and_nobody_excluded_is_listed(seed: int) -> None:
    check(*draw_case(seed))


@pytest.mark.ci
@pytest.mark.timeout(600)
def test_many_shops_meet_every_rule() -> None:
    """Else a rule could be broken and no test would see it."""
    seen: set[str] = set()
    for seed in range(300):
        seen |= check(*draw_case(seed))
    assert seen == set(RULES)
