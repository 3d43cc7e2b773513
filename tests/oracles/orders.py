"""Oracle of `orders`: order by order, from what its lines say."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

OF_LINES = {
    "line_number",
    "sku_id",
    "quantity",
    "unit_price",
    "discount",
    "amount",
    "net_sales_amount",
    "search_id",
    "search_attribution",
}


def expected(tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The rows of the day."""
    lines = [line for line in tables["order_lines"].to_pylist() if line["event_date"] == day]
    rows = []
    for order_id in sorted({line["order_id"] for line in lines}):
        of_order = [line for line in lines if line["order_id"] == order_id]
        told = [{name: line[name] for name in line if name not in OF_LINES | {"event_date"}} for line in of_order]
        assert told == [told[0]] * len(told), "lines of one order differ in more than product, amounts and search"
        total = sum((line["quantity"] * line["unit_price"] - line["discount"] for line in of_order), Decimal(0))
        is_sale = told[0]["status"] in ("placed", "approved", "paid", "shipped")
        is_credit_note = told[0]["status"] == "returned" and total < 0
        rows.append(
            {
                **told[0],
                "is_sale": is_sale,
                "line_count": len(of_order),
                "sku_count": len({line["sku_id"] for line in of_order}),
                "quantity": sum(line["quantity"] for line in of_order),
                "discount": sum((line["discount"] for line in of_order), Decimal(0)),
                "amount": total,
                "net_sales_amount": total if is_sale or is_credit_note else Decimal(0),
                "is_from_search": [line["search_id"] for line in of_order] != [None] * len(of_order),
            }
        )
    return rows
