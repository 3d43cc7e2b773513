"""What a definition of an audience may say: one TOML file a list, read by load_audience.py."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Days = Annotated[int, Meta(ge=1, le=400)]
LongDays = Annotated[int, Meta(ge=1, le=3650)]
Amount = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Lifecycle = Literal["registered", "browsing", "new", "active", "slowing", "dormant", "lost"]

ALL_PRODUCTS = 3  # of one company in one list; more than a message holds


class Title(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people call the list."""

    en: Text
    zh: Text


class CustomerConditions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions on the company, for every source; an empty list asks for nothing."""

    lifecycles: list[Lifecycle] = []
    customer_types: list[Text] = []
    regions: list[Text] = []


class SkuDayConditions(CustomerConditions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who viewed or favourited products, and has not bought them."""

    acts: Annotated[list[Literal["viewed", "favorited"]], Meta(min_length=1)] = field(
        default_factory=lambda: ["viewed", "favorited"]
    )
    within_days: Days = 30
    not_ordered: Literal["product", "category", "nothing"] = "product"
    not_ordered_days: LongDays = 180
    sku_ids: list[Text] = []
    category_ids: list[Text] = []
    brands: list[Text] = []


class ProfileConditions(CustomerConditions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a company stands, with the products it is most interested in."""

    never_ordered: bool = False
    least_visits: Annotated[int, Meta(ge=0)] = 0
    last_order_at_least_days: Annotated[int, Meta(ge=0)] | None = None
    last_order_at_most_days: Annotated[int, Meta(ge=0)] | None = None
    interests: Annotated[int, Meta(ge=0, le=100)] = 3


class ValueGroupConditions(CustomerConditions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a company's usual order is from the next threshold of its order-value group."""

    gap_at_most: Amount
    group_numbers: list[Annotated[int, Meta(ge=1)]] = []
    ordered_within_days: Days | None = None


class Exclusions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom and what this list leaves out, beside what every list leaves out."""

    customer_ids: list[Text] = []
    lifecycles: list[Lifecycle] = []
    customer_types: list[Text] = []
    regions: list[Text] = []
    ordered_within_days: Days | None = None
    sku_ids: list[Text] = []
    category_ids: list[Text] = []
    prescription_products: bool = False
    same_product_within_days: LongDays | None = None


class Audience(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One definition. `source` is the table that it starts from; `conditions` are of that source."""

    name: Name
    title: Title
    source: str
    conditions: Any
    exclusions: Exclusions = field(default_factory=Exclusions)
    order: Annotated[list[Text], Meta(min_length=1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    products_per_customer: Annotated[int, Meta(ge=1, le=100)] = ALL_PRODUCTS


class SkuDayAudience(Audience, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows are companies and products."""

    conditions: SkuDayConditions = field(default_factory=SkuDayConditions)


class ProfileAudience(Audience, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows are companies and the products they are most interested in."""

    conditions: ProfileConditions = field(default_factory=ProfileConditions)


class ValueGroupAudience(Audience, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows are companies."""

    conditions: ValueGroupConditions


def as_builtins(audience: Audience) -> dict[str, Any]:
    """The definition with its defaults, for the manifest and for the number of the export."""
    described: dict[str, Any] = msgspec.to_builtins(audience)
    return described
