"""The generation, top to bottom: a world, day by day to segments of the landing, with the truth beside them."""

from collections.abc import Callable
from pathlib import Path

from pipelines.generator.delivery import Delivery
from pipelines.generator.dice import spread
from pipelines.generator.masters import write_masters
from pipelines.generator.options import GeneratorOptions
from pipelines.generator.planting import plant
from pipelines.generator.shop import Parcels, Shop
from pipelines.generator.truth import Summary, Truth
from pipelines.generator.world import GARBAGE_KEY, World, build_world
from schemas.errors import UsageError

LANDING, TRUTH, MASTERS = "landing", "truth", "masters"
GARBAGE_SOURCE_WEIGHTS = (45, 28, 20, 7)


def generate(
    options: GeneratorOptions,
    out: Path,
    *,
    landing: Path | None = None,
    on_day: Callable[[int, int], None] | None = None,
) -> Summary:
    """Write `out`/landing (or `landing`), `out`/truth and `out`/masters; say how many lines of what kind there are.

    `on_day` hears how many days and how many good events are done. Raises `UsageError` when a target exists and holds
    anything: segments never change, and two generations in one landing would have no truth.
    """
    landing = landing or out / LANDING
    _make_empty(landing, out / TRUTH, out / MASTERS)
    world = build_world(options)
    write_masters(world, out / MASTERS)
    shop, delivery, truth = Shop.open(world), Delivery(world, landing), Truth(world, out / TRUTH)
    garbage_of_day = spread(options.garbage_count, world.events_of_day)
    planted = event_count = 0
    for day in range(options.days):
        waiting = _garbage(world, range(planted, planted + garbage_of_day[day]), day)
        planted += garbage_of_day[day]
        for parcels in shop.parts_of(day):
            for segment in delivery.deliver(day, parcels + waiting):
                truth.note(segment, shop.office.book)
            waiting = []
        event_count += world.events_of_day[day]
        if on_day:
            on_day(day + 1, event_count)
    return truth.close(shop.office.book)


def _make_empty(*folders: Path) -> None:
    """Create the folders, or say which one is in the way before anything is written."""
    for folder in folders:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} exists already; remove it or name another directory")
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)


def _garbage(world: World, numbers: range, day: int) -> Parcels:
    """The day's garbage, by source."""
    parcels: Parcels = []
    start = numbers.start
    for source, count in enumerate(spread(len(numbers), GARBAGE_SOURCE_WEIGHTS)):
        if count:
            dice = world.dice(GARBAGE_KEY, day, source)
            parcels.append((source, plant(world, source, range(start, start + count), day, dice)))
            start += count
    return parcels
