"""The holdout: the share asked for, in every group, for companies that stay on their side."""

from collections import Counter
from random import Random

import pytest

from maidian.audiences.export_rules import Holdout
from maidian.audiences.holdouts import Assignment, draw, draw_id_of

COUNT = 100_000


def companies(count: int, *, seed: int) -> dict[str, int]:
    """Companies with their groups: few spend much, and a fifth has not paid yet."""
    groups = Random(seed).choices(range(6), [20, 40, 20, 12, 6, 2], k=count)
    return {f"C{number:06}": group for number, group in enumerate(groups)}


def held(assigned: list[Assignment]) -> set[str]:
    return {one.customer_id for one in assigned if one.is_held_out}


@pytest.mark.parametrize(("percent", "salt"), [(10, "a"), (33, "b")])
def test_the_share_holds_overall_and_in_every_group(percent: int, salt: str) -> None:
    groups = companies(COUNT, seed=1)
    assigned = draw(Holdout(percent=percent, salt=salt), [], groups)
    assert {one.customer_id: one.group_number for one in assigned} == groups
    assert abs(100 * len(held(assigned)) / COUNT - percent) < 0.01  # 0.2 points were asked for
    sizes = Counter(groups.values())
    of_group = Counter(one.group_number for one in assigned if one.is_held_out)
    for group, size in sizes.items():
        assert abs(of_group[group] - size * percent / 100) <= 1


def test_nobody_changes_sides_and_the_share_stays_while_companies_come_and_spend_more() -> None:
    holdout = Holdout(percent=10, salt="a")
    random, groups, kept = Random(2), companies(5_000, seed=2), []
    before: set[str] = set()
    for day in range(20):
        kept += draw(holdout, kept, groups)
        assert held(kept) >= before
        assert held(kept) - before <= groups.keys() - {f"C{n:06}" for n in range(5_000 + 1_000 * (day - 1))} or day == 0
        before = held(kept)
        groups |= {f"C{5_000 + 1_000 * day + number:06}": random.randrange(3) for number in range(1_000)}
        groups |= {customer: random.randrange(6) for customer in random.sample(sorted(groups), 500)}
    assert len(kept) == len({one.customer_id for one in kept})
    assert abs(100 * len(before) / len(kept) - 10) < 0.05
    # Who moves to another group takes its side along: there the share holds but for chance.
    sizes = Counter(groups[one.customer_id] for one in kept)
    of_group = Counter(groups[customer] for customer in before)
    for group, size in sizes.items():
        assert abs(of_group[group] / size - 0.1) < 4 * (0.1 * 0.9 / size) ** 0.5


def test_few_at_a_time_come_to_the_same_share() -> None:
    """Three a day would never be one in ten if each day were rounded for itself."""
    holdout, kept = Holdout(percent=10, salt="a"), []
    for day in range(200):
        kept += draw(
            holdout, kept, {f"C{3 * day + number}": 1 for number in range(3)} | {o.customer_id: 1 for o in kept}
        )
    assert abs(len(held(kept)) - 60) <= 1


def test_another_salt_draws_others_and_the_order_of_companies_does_not_matter() -> None:
    groups = companies(10_000, seed=3)
    backwards = dict(reversed(groups.items()))
    assert draw(Holdout(salt="a"), [], groups) == draw(Holdout(salt="a"), [], backwards)
    one, other = (held(draw(Holdout(salt=salt), [], groups)) for salt in "ab")
    assert len(one & other) < 200  # 100 by chance
    assert draw_id_of(Holdout(salt="a")) != draw_id_of(Holdout(salt="b"))
    assert draw_id_of(Holdout(percent=5)) != draw_id_of(Holdout(percent=10))


def test_a_group_is_no_hint_and_an_id_is_none_either() -> None:
    """Who is held out has nothing to do with the numbers of companies, such as their age."""
    assigned = draw(Holdout(salt="a"), [], companies(20_000, seed=4))
    early = sum(one.is_held_out for one in assigned[: 20_000 // 2])
    assert abs(early - 20_000 * 0.05) < 4 * (20_000 * 0.1 * 0.9 / 4) ** 0.5
