"""What a generation is asked for. Equal options give equal bytes, on any day and any machine."""

from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.generator.planted_effect import PlantedEffect
from schemas.errors import UsageError

# About ten events a day of each customer make the mix of a wholesaler's shop (6 % order events) with the rhythms of
# customers.py; other numbers of customers work too, their rhythm is stretched.
EVENTS_A_CUSTOMER_AND_DAY = 10
CUSTOMERS_MIN, CUSTOMERS_MAX = 20, 100_000
EVENTS_A_SKU = 200
SKUS_MIN, SKUS_MAX = 300, 5_000
GARBAGE_RATIO = 0.005
DEFAULT_END_DATE = date(2026, 11, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorOptions:
    """How many events of how many days, and who makes them."""

    events: int
    """Distinct good events. Repeats and garbage come on top."""
    days: int = 30
    """Business days (Asia/Shanghai) up to and with `end_date`."""
    seed: int = 1
    end_date: date = DEFAULT_END_DATE
    """Never taken from the clock here: a demo that wants yesterday says so."""
    customers: int | None = None
    skus: int | None = None
    garbage_ratio: float = GARBAGE_RATIO
    """Garbage lines for each good event."""
    has_truth: bool = True
    """Write the Parquet files of truth/ too, not only its summary.json."""
    lines_per_segment: int = 100_000
    effect: PlantedEffect | None = None
    """Customers who order more often for some days. Up to its first day the bytes are those without it."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense, in one line."""
        for name, low, high in (
            ("events", 1, 10**10),
            ("days", 1, 3660),
            ("seed", 0, 2**63 - 1),
            ("customers", 1, 10**6),
            ("skus", 1, 10**5),
            ("lines_per_segment", 1, 10**7),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UsageError(f"{name} is {value}; give {low} to {high}")
        if not 0 <= self.garbage_ratio <= 1:
            raise UsageError(f"garbage_ratio is {self.garbage_ratio}; give 0 to 1")
        # The demo's devices with a dead battery think it is years ago, and every year must have four digits.
        if not date(2000, 1, 1) <= self.end_date - timedelta(days=self.days) <= self.end_date <= date(2090, 1, 1):
            raise UsageError(f"end_date is {self.end_date}; the days must lie between 2000 and 2090")

    @property
    def start_date(self) -> date:
        """The first business day."""
        return self.end_date - timedelta(days=self.days - 1)

    @property
    def customer_count(self) -> int:
        """As given, else what makes a natural mix."""
        natural = self.events // (self.days * EVENTS_A_CUSTOMER_AND_DAY)
        return self.customers or min(max(natural, CUSTOMERS_MIN), CUSTOMERS_MAX)

    @property
    def sku_count(self) -> int:
        """As given, else enough to be looked at a few times each."""
        return self.skus or min(max(self.events // EVENTS_A_SKU, SKUS_MIN), SKUS_MAX)

    @property
    def garbage_count(self) -> int:
        """Lines of garbage in the whole landing."""
        return round(self.events * self.garbage_ratio)
