"""Each fault spoils a good line in just the way it says."""

from datetime import UTC, datetime

import pytest

from pipelines.generator.garbage import FAULTS, KINDS, ORDER, OVERSIZE_MOST, Fault, fault_number
from pipelines.generator.options import GeneratorOptions
from pipelines.generator.parcels import column
from pipelines.generator.planting import plant
from pipelines.generator.world import World, build_world
from schemas.events.rejects import RejectKind
from tests.oracles.reference_decoder import RefusedError, Settings, read_line

SETTINGS = Settings(0, "web", "Asia/Shanghai", datetime(2026, 12, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(GeneratorOptions(events=100, days=2, customers=5, skus=20))


@pytest.fixture(scope="module")
def garbage(world: World) -> dict[int, bytes]:
    """One line of each fault."""
    rows = plant(world, 0, range(len(FAULTS)), 0, world.dice(99))
    lines = rows.column("line").to_pylist()
    return dict(zip(column(rows, "fault").tolist(), lines, strict=True))


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=lambda n: f"{FAULTS[n].kind}-{FAULTS[n].field}-{n}")
def test_a_fault_is_refused_for_its_kind_and_field(garbage: dict[int, bytes], number: int) -> None:
    line = garbage[number].removesuffix(b"\n")
    assert b"\n" not in line
    with pytest.raises(RefusedError) as refused:
        read_line(line, SETTINGS)
    assert (refused.value.kind, refused.value.field) == (FAULTS[number].kind, FAULTS[number].field)


def test_a_line_that_is_not_spoiled_is_accepted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.generator import garbage, planting

    types = ("view", "favorite", "search", "search_result", "click", "order")
    honest = tuple(Fault("none", None, each, garbage._dump) for each in types)
    monkeypatch.setattr(planting, "FAULTS", honest)
    monkeypatch.setattr(planting, "fault_number", lambda number: number)
    rows = plant(world, 0, range(len(types)), 0, world.dice(99))
    accepted = [read_line(line.removesuffix(b"\n"), SETTINGS) for line in rows.column("line").to_pylist()]
    assert [row["event_type"] for row in accepted] == list(types)


def test_every_kind_of_the_contract_has_a_fault() -> None:
    assert set(KINDS) == {kind.value for kind in RejectKind}


def test_every_kind_comes_before_a_second_of_any() -> None:
    first = [FAULTS[fault_number(number)].kind for number in range(len(KINDS))]
    assert sorted(first) == sorted(KINDS)
    assert sorted(ORDER) == list(range(len(FAULTS)))


def test_megabytes_are_few() -> None:
    kinds = [FAULTS[fault_number(number)].kind for number in range(10_000)]
    assert kinds.count("oversize") == OVERSIZE_MOST
