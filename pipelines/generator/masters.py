"""Master data as the ERP would export it: SKUs, customers, campaigns."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from pipelines.generator.customers import REGIONS, TYPES
from pipelines.generator.licences import is_controlled, license_expires_date, license_scope, needed_scope, sales_area
from pipelines.generator.text import money
from pipelines.generator.world import World
from schemas.lake.durable import write_durably


def write_masters(world: World, folder: Path) -> None:
    """skus.csv, customers.csv and campaigns.csv."""
    catalogue, customers = world.catalogue, world.customers
    write_durably(folder / "skus.csv", _csv(SKU_COLUMNS, (_sku(world, each) for each in range(len(catalogue.sku_ids)))))
    write_durably(
        folder / "customers.csv", _csv(CUSTOMER_COLUMNS, (_customer(world, c) for c in range(len(customers))))
    )
    write_durably(folder / "campaigns.csv", _csv(CAMPAIGN_COLUMNS, _campaigns(world)))


SKU_COLUMNS = (
    "sku_id",
    "name",
    "generic_name",
    "brand",
    "manufacturer",
    "specification",
    "category_id",
    "category_name",
    "price",
    "is_prescription",
    "stock",
    "is_controlled",
    "license_scope",
    "sales_area",
)


def _sku(world: World, sku: int) -> tuple[object, ...]:
    catalogue = world.catalogue
    drug, maker = catalogue.drugs[int(catalogue.drug[sku])], catalogue.makers[int(catalogue.maker[sku])]
    category = catalogue.categories[drug.category]
    specification = catalogue.specifications[sku]
    return (
        catalogue.sku_ids[sku],
        f"{maker.short_name} {drug.name} {specification}",
        drug.name,
        maker.short_name,
        maker.name,
        specification,
        category.category_id,
        category.name,
        money(int(catalogue.price[sku])),
        "true" if drug.is_prescription else "false",
        int(catalogue.stock[sku]),
        "true" if is_controlled(drug, category.name) else "false",
        needed_scope(drug, category.name),
        sales_area(sku),
    )


CUSTOMER_COLUMNS = (
    "customer_id",
    "name",
    "type",
    "region",
    "city",
    "buyer_count",
    "registered_at",
    "license_expires_date",
    "license_scope",
)


def _customer(world: World, customer: int) -> tuple[object, ...]:
    customers = world.customers
    region, city = REGIONS[int(customers.region[customer])]
    type_name = TYPES[int(customers.type[customer])].name
    registered = world.date_of(0) + timedelta(days=int(customers.registered_day[customer]))
    return (
        customers.customer_ids[customer],
        customers.names[customer],
        type_name,
        region,
        city,
        int(customers.buyer_count[customer]),
        f"{registered}T00:00:00+08:00",
        license_expires_date(world, customer),
        license_scope(customer, type_name),
    )


CAMPAIGN_COLUMNS = ("campaign_id", "name", "category_id", "start_date", "end_date")


def _campaigns(world: World) -> Iterable[tuple[object, ...]]:
    for each in world.campaigns:
        shelf = world.catalogue.categories[each.category].category_id
        yield each.campaign_id, each.name, shelf, world.date_of(each.first_day), world.date_of(each.last_day)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Comma-separated with a header line; UTF-8 without a mark."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
