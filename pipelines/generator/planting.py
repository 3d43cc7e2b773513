"""Plants garbage: makes a good event of its own for each fault, and spoils it."""

from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.generator.devices import HOUR, SECOND, SOURCES
from pipelines.generator.dice import Dice
from pipelines.generator.garbage import FAULTS, fault_number
from pipelines.generator.parcels import GARBAGE, pack
from pipelines.generator.text import hexadecimals, instants, side_by_side, texts
from pipelines.generator.world import World

# What each event type adds. The texts are those that the faults replace.
OWN_FIELDS: dict[str, dict[str, Any]] = {
    "view": {"price": 12.5, "dwell_seconds": 3.5},
    "favorite": {"action": "add"},
    "search": {"query": "阿莫西林胶囊"},
    "search_result": {"query": "阿莫西林胶囊", "result_count": 12, "page": 1},
    "click": {"position": 3, "list": "search"},
    "order": {"status": "placed", "currency": "CNY"},
}


def plant(world: World, source: int, numbers: range, day: int, dice: Dice) -> pa.RecordBatch:
    """Garbage lines with these numbers of the generation, spread over a day of one source.

    Their event ids are their own: a line that is repaired and sent again is a new event.
    """
    count = len(numbers)
    at = world.day_at(day) + HOUR + dice.below(22 * HOUR, count)
    ids = texts(side_by_side(count, f"{SOURCES[source]}-", hexadecimals(dice.words(count))))
    occurred = texts(instants(at, 3, "+08:00")).to_pylist()
    received_at = at + dice.between(SECOND // 50, SECOND, count)
    received = texts(instants(received_at, 6, "Z")).to_pylist()
    sku_ids, customer_ids = world.catalogue.sku_ids, world.customers.customer_ids
    sku = dice.below(len(sku_ids), count).tolist()
    customer = dice.below(len(customer_ids), count).tolist()
    faults = [fault_number(number) for number in numbers]
    lines = []
    for row, event_id in enumerate(ids.to_pylist()):
        fault = FAULTS[faults[row]]
        event: dict[str, Any] = {
            "event_id": event_id,
            "event_type": fault.event_type,
            "occurred_at": occurred[row],
            "sent_at": occurred[row],
            "received_at": received[row],
            "customer_id": customer_ids[customer[row]],
            "anonymous_id": world.devices.anonymous_ids[0],
            "channel": SOURCES[source],
            **OWN_FIELDS[fault.event_type],
        }
        sku_id = sku_ids[sku[row]]
        if fault.event_type in ("view", "favorite", "click"):
            event["sku_id"] = sku_id
        if fault.event_type == "order":
            event["order_id"] = f"G-{event_id}"
            event["lines"] = [{"sku_id": sku_id, "quantity": 2, "unit_price": "12.5"}]
        lines.append(fault.spoil(event) + b"\n")
    return pack(
        pa.array(lines, type=pa.large_binary()),
        ids,
        role=GARBAGE,
        due_day=day,
        arrives_at=received_at,
        fault=np.asarray(faults, dtype=np.int64),
        is_corrected=np.zeros(count, dtype=bool),
    )
