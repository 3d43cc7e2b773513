"""The tables a list may start from, one file each."""

from maidian.audiences.sources import customer_profiles, customer_sku_days, order_value_groups
from maidian.audiences.sources.source import Source

SOURCES: dict[str, Source] = {
    each.SOURCE.name: each.SOURCE for each in (customer_sku_days, customer_profiles, order_value_groups)
}
