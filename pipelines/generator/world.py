"""The wholesaler's world: what stays the same from the first event to the last."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from pipelines.generator.catalogue import Catalogue, build_catalogue
from pipelines.generator.customers import PLACED_RATIO, Customers, build_customers
from pipelines.generator.devices import DAY, HOUR, Devices, build_devices
from pipelines.generator.dice import Dice, Ints, spread
from pipelines.generator.options import GeneratorOptions
from pipelines.generator.vocabulary import Vocabulary, build_vocabulary

# Asia/Shanghai has had no summer time since 1991, so an offset does.
ZONE_OFFSET = 8 * HOUR
EPOCH = date(1970, 1, 1)

# Events by weekday, Monday first: pharmacies restock early in the week.
WEEKDAY_WEIGHTS = (118, 112, 106, 104, 100, 66, 44)

CAMPAIGN_EVERY_DAYS, CAMPAIGN_DAYS = 9, 5
CAMPAIGN_DISCOUNT_PERCENT = 8

# A day of more events than this is made in parts, so that memory does not grow with it.
EVENTS_A_PART = 120_000

# The first word of every key of dice: each part of the world has its own.
CATALOGUE_KEY, VOCABULARY_KEY, CUSTOMERS_KEY, DEVICES_KEY, VISITS_KEY, ORDERS_KEY, GARBAGE_KEY, REPEATS_KEY = range(8)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A promotion of one category for a few days; days count from the first business day."""

    campaign_id: str
    name: str
    category: int
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is fixed before the first event."""

    options: GeneratorOptions
    catalogue: Catalogue
    vocabulary: Vocabulary
    customers: Customers
    devices: Devices
    campaigns: tuple[Campaign, ...]
    campaign_of_day: Ints
    """Day -> campaign, -1 for none."""
    events_of_day: tuple[int, ...]
    sku_price: Ints
    """[sku, tier] in ten-thousandths of a yuan."""
    start_at: int
    """The first instant of the first business day, in microseconds since 1970 UTC."""

    @property
    def end_at(self) -> int:
        """The first instant after the last business day."""
        return self.start_at + self.options.days * DAY

    def date_of(self, day: int) -> date:
        """The business day."""
        return self.options.start_date + timedelta(days=day)

    def day_at(self, day: int) -> int:
        """The first instant of a business day."""
        return self.start_at + day * DAY

    def dice(self, *key: int) -> Dice:
        """Dice of this generation's seed."""
        return Dice(self.options.seed, *key)


def build_world(options: GeneratorOptions) -> World:
    """Draw the world; nothing is drawn twice from one stream, so adding to one part leaves the others as they were."""
    catalogue = build_catalogue(options.sku_count, Dice(options.seed, CATALOGUE_KEY))
    orders_a_day = options.events / options.days * PLACED_RATIO
    customers = build_customers(
        options.customer_count, options.days, orders_a_day, catalogue, Dice(options.seed, CUSTOMERS_KEY)
    )
    campaigns = _campaigns(options, catalogue)
    campaign_of_day = np.full(options.days, -1)
    for number, campaign in enumerate(campaigns):
        campaign_of_day[campaign.first_day : campaign.last_day + 1] = number
    weekdays = [(options.start_date + timedelta(days=day)).weekday() for day in range(options.days)]
    return World(
        options=options,
        catalogue=catalogue,
        vocabulary=build_vocabulary(catalogue, Dice(options.seed, VOCABULARY_KEY)),
        customers=customers,
        devices=build_devices(customers, Dice(options.seed, DEVICES_KEY)),
        campaigns=campaigns,
        campaign_of_day=campaign_of_day,
        events_of_day=tuple(spread(options.events, [WEEKDAY_WEIGHTS[each] for each in weekdays])),
        sku_price=catalogue.tier_prices(),
        start_at=(options.start_date - EPOCH).days * DAY - ZONE_OFFSET,
    )


def instant(microseconds: int) -> datetime:
    """A moment of the world as a datetime."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _campaigns(options: GeneratorOptions, catalogue: Catalogue) -> tuple[Campaign, ...]:
    """One campaign at a time, each for another category; a gap between two, to compare with."""
    campaigns = []
    for number, first_day in enumerate(range(CAMPAIGN_DAYS - 1, options.days, CAMPAIGN_EVERY_DAYS)):
        category = (number * 5 + options.seed) % len(catalogue.categories)
        starts_on = options.start_date + timedelta(days=first_day)
        campaigns.append(
            Campaign(
                campaign_id=f"promo-{starts_on:%Y%m%d}",
                name=f"{catalogue.categories[category].name}满减{starts_on:%m}月{starts_on:%d}日",
                category=category,
                first_day=first_day,
                last_day=min(first_day + CAMPAIGN_DAYS - 1, options.days - 1),
            )
        )
    return tuple(campaigns)
