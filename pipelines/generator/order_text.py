"""The fields of an order event as JSON text, as a shop's client or the ERP writes them."""

import numpy as np

from pipelines.generator.dice import Flags
from pipelines.generator.orders import Drafts
from pipelines.generator.text import money
from pipelines.generator.world import World

# The shop leaves the total out of some orders, and gives a coupon with some.
WITHOUT_AMOUNT_EVERY, COUPON_EVERY = 11, 9


def shop_texts(world: World, drafts: Drafts, order_ids: list[str], search_ids: list[str | None]) -> list[str]:
    """One text an order, in a shop client's compact JSON; `search_ids` is by line."""
    lines = [
        f'{{"sku_id":"{sku}","quantity":{quantity},"unit_price":{price}'
        + (f',"discount":{discount}' if discount else "")
        + (f',"search_id":"{search}"}}' if search else "}")
        for sku, quantity, price, discount, search in zip(*_columns(world, drafts), search_ids, strict=True)
    ]
    rows = []
    bounds = drafts.first_line.tolist()
    for number, (order_id, amount, campaign) in enumerate(
        zip(order_ids, drafts.amounts().tolist(), drafts.campaign.tolist(), strict=True)
    ):
        more = f',"campaign_ids":["{world.campaigns[campaign].campaign_id}"]' if campaign >= 0 else ""
        if number % COUPON_EVERY == 0:
            more += f',"coupon_ids":["满减券{amount // 10_000_000 + 1}"]'
        if number % WITHOUT_AMOUNT_EVERY:
            more += f',"amount":{money(amount)}'
        rows.append(
            f',"order_id":"{order_id}","status":"placed","lines":[{",".join(lines[bounds[number] : bounds[number + 1]])}]'
            f',"currency":"CNY"{more}'
        )
    return rows


def office_texts(world: World, drafts: Drafts, wanted: Flags) -> list[str]:
    """The lines of the wanted orders ("" for others) as the ERP writes them: spaces, and money as decimal text."""
    bounds = drafts.first_line
    is_wanted_line = np.repeat(wanted, np.diff(bounds))
    lines = [
        f'{{"sku_id": "{sku}", "quantity": {quantity}, "unit_price": "{price}", "discount": "{discount or "0.00"}"}}'
        if is_line_wanted
        else ""
        for sku, quantity, price, discount, is_line_wanted in zip(
            *_columns(world, drafts), is_wanted_line.tolist(), strict=True
        )
    ]
    return [
        f"[{', '.join(lines[low:high])}]" if each else ""
        for low, high, each in zip(bounds[:-1].tolist(), bounds[1:].tolist(), wanted.tolist(), strict=True)
    ]


def _columns(world: World, drafts: Drafts) -> tuple[list[str], list[int], list[str], list[str]]:
    return (
        [world.catalogue.sku_ids[sku] for sku in drafts.sku.tolist()],
        drafts.quantity.tolist(),
        [money(price) for price in drafts.unit_price.tolist()],
        [money(discount) if discount else "" for discount in drafts.discount.tolist()],
    )
