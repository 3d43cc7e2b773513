"""The holdout: a stable share of companies that no list reaches, drawn within each order-value group.

A company is drawn once, at the first export after it became known, and keeps its side whatever it spends later: a draw
computed anew each day would move companies across as groups fill and empty. Companies that become known together are
ordered by a salted hash, and as many of the first are held out as bring the group's count to its share. So the share is
exact within one company a group, and who is held out depends on nothing a company does.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maidian.audiences.export_rules import Holdout

NO_GROUP = 0  # who has no paid order yet


@dataclass(frozen=True)
class Assignment:
    """One company's side in a draw, and its group when it was drawn (NO_GROUP for none)."""

    customer_id: str
    group_number: int
    is_held_out: bool


def draw_id_of(holdout: Holdout) -> str:
    """The name of the draw: the same salt and share continue it."""
    return hashlib.sha256(f"{holdout.percent}\0{holdout.salt}".encode()).hexdigest()[:16]


def draw(holdout: Holdout, kept: Iterable[Assignment], groups: Mapping[str, int]) -> list[Assignment]:
    """The sides of the companies that have none yet, ordered by company. `groups` holds every company's group now."""
    counts: dict[int, int] = {}
    known = set()
    for one in kept:
        known.add(one.customer_id)
        counts[one.group_number] = counts.get(one.group_number, 0) + 1
    new: dict[int, list[str]] = {}
    for customer in sorted(groups.keys() - known):
        new.setdefault(groups[customer], []).append(customer)
    key = hashlib.blake2b(holdout.salt.encode(), digest_size=32).digest()
    assigned = []
    for group, customers in new.items():
        before = counts.get(group, 0)
        offset = _hash(key, f"group\0{group}")[0] * 100 // 256  # rounds up or down as the salt says
        held = _due(holdout, offset, before + len(customers)) - _due(holdout, offset, before)
        ordered = sorted(customers, key=lambda customer: (_hash(key, customer), customer))
        assigned += [Assignment(customer, group, place < held) for place, customer in enumerate(ordered)]
    return sorted(assigned, key=lambda one: one.customer_id)


def _due(holdout: Holdout, offset: int, count: int) -> int:
    """How many of a group's companies are held out once it has so many."""
    return (holdout.percent * count + offset) // 100


def _hash(key: bytes, text: str) -> bytes:
    return hashlib.blake2b(text.encode(), key=key, digest_size=8).digest()
