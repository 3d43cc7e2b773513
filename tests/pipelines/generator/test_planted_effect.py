"""A planted effect changes nothing before its first day, and the orders of those it is on from then on, by its percentage."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipelines.generator.dice import Dice
from pipelines.generator.generate import generate
from pipelines.generator.options import DEFAULT_END_DATE, GeneratorOptions
from pipelines.generator.orders import Rhythm
from pipelines.generator.planted_effect import Acceleration, PlantedEffect
from pipelines.generator.world import build_world
from schemas.errors import UsageError

FIRST = DEFAULT_END_DATE - timedelta(2)


def effect(**changes: object) -> PlantedEffect:
    given = {"customer_ids": ["C100001", "C100002"], "percent": 400, "first_date": FIRST, "days": 2}
    return PlantedEffect(**{**given, **changes})  # type: ignore[arg-type]


def segments(folder: Path, planted: PlantedEffect | None) -> dict[str, bytes]:
    generate(GeneratorOptions(events=4_000, days=5, has_truth=False, effect=planted), folder)
    landing = folder / "landing"
    return {str(path.relative_to(landing)): path.read_bytes() for path in landing.rglob("*.ndjson")}


def test_the_days_before_are_byte_for_byte_the_same(tmp_path: Path) -> None:
    without, planted = segments(tmp_path / "without", None), segments(tmp_path / "planted", effect())
    earlier = {name for name in without if name.split("/")[1][:10] < FIRST.isoformat()}
    assert len(earlier) >= 3
    assert {name: without[name] == planted[name] for name in earlier} == dict.fromkeys(earlier, True)
    assert without != planted


@pytest.mark.parametrize("percent", [-50, 0, 20, 300])
def test_orders_are_more_by_the_percentage_and_as_before_when_it_is_over(percent: int) -> None:
    world = build_world(GeneratorOptions(events=400_000, days=56, customers=1_000, skus=300))
    counts = np.zeros((3, 2))
    for seed in range(20):
        is_treated = np.random.default_rng([percent + 100, seed]).random(1_000) < 0.5
        rhythm = Rhythm.begin(world, Dice(seed, 1))
        rhythm.acceleration = Acceleration(is_treated, percent, 14, 28)
        for day in range(42):
            due = rhythm.take_due(world, day, Dice(seed, 2, day))
            counts[day // 14] += [is_treated[due].sum(), len(due) - is_treated[due].sum()]
    ratios = counts[:, 0] / counts[:, 1]
    assert ratios == pytest.approx([1, 1 + percent / 100, 1], rel=0.06)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: effect(percent=-95), "the effect is -95 percent; give -90 to 900"),
        (lambda: effect(days=0), "the effect lasts 0 days"),
        (lambda: effect(customer_ids=["C1"]), "the effect is on C1, who is no customer of this wholesaler"),
        (lambda: effect(first_date=date(2026, 12, 1)), "the effect begins on 2026-12-01; the days are 2026-11-16 to"),
    ],
)
def test_what_cannot_be_planted_is_one_line(make: Callable[[], PlantedEffect], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        generate(GeneratorOptions(events=400, days=5, effect=make()), tmp_path)
