"""The truth equals what the reference decoder and plain Python make of the lines."""

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pipelines.generator.garbage import FAULTS
from schemas.events.rejects import RejectKind
from tests.pipelines.generator.small_shop import Shop, place_of

STATUSES = ("placed", "approved", "paid", "shipped", "returned", "cancelled")


def test_every_line_is_an_event_a_repeat_or_a_reject(shop: Shop) -> None:
    places = [place_of(row) for name in ("events", "repeats", "rejects") for row in shop.truth(name)]
    assert len(places) == len(set(places))
    assert set(places) == set(shop.lines)


def test_byte_offsets_lead_to_the_lines(shop: Shop) -> None:
    for name in ("events", "repeats", "rejects"):
        for row in shop.truth(name):
            assert row["byte_offset"] == shop.offsets[place_of(row)]
            assert row["segment"].startswith(row["source"] + "/")


def test_events_are_what_the_lines_say(shop: Shop) -> None:
    sent = ("event_id", "event_type", "customer_id", "anonymous_id", "sku_id", "query", "order_id", "occurred_at")
    for truth in shop.truth("events"):
        row = shop.rows[place_of(truth)]
        assert {name: truth[name] for name in sent} == {name: row[name] for name in sent}
        assert truth["event_date"] == (truth["occurred_at"] + timedelta(hours=8)).date()
        assert truth["is_corrected"] == (row["occurred_at"] != row["client_at"])


def test_corrected_clocks_are_right_and_others_nearly(shop: Shop) -> None:
    for truth in shop.truth("events"):
        error = abs(truth["occurred_at"] - truth["happened_at"])
        assert error <= (timedelta(seconds=30) if truth["is_corrected"] else timedelta(minutes=10))


def test_repeats_are_the_bytes_of_an_event_that_came_before(shop: Shop) -> None:
    first = {row["event_id"]: place_of(row) for row in shop.truth("events")}
    for row in shop.truth("repeats"):
        assert shop.lines[place_of(row)] == shop.lines[first[row["event_id"]]]


def test_rejects_are_refused_for_the_reason_planted(shop: Shop) -> None:
    rejects = shop.truth("rejects")
    assert {place_of(row) for row in rejects} == set(shop.refused)
    for row in rejects:
        assert row["raw"] == shop.lines[place_of(row)]
        assert (row["kind"], row["field"]) == shop.refused[place_of(row)]
    assert Counter(row["kind"] for row in rejects) == shop.summary.rejected_by_kind
    assert set(shop.summary.rejected_by_kind) == {kind.value for kind in RejectKind}
    assert len(rejects) > len(FAULTS), "so that every fault was planted"


def order_histories(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """Order events by order, in the order that decides: instant, then lifecycle."""
    histories: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in shop.first_rows():
        if row["event_type"] == "order":
            histories[row["order_id"]].append(row)
    for history in histories.values():
        history.sort(key=lambda row: (row["occurred_at"], STATUSES.index(row["status"])))
    return histories


def test_orders_stand_as_their_events_leave_them(shop: Shop) -> None:
    histories = order_histories(shop)
    orders = {row["order_id"]: row for row in shop.truth("orders")}
    assert set(orders) == set(histories)
    for order_id, truth in orders.items():
        history = histories[order_id]
        placed = [row for row in history if row["status"] == "placed"]
        paid = [row["occurred_at"] for row in history if row["status"] == "paid"]
        assert truth["status"] == history[-1]["status"]
        assert truth["last_at"] == history[-1]["occurred_at"]
        assert truth["ordered_at"] == placed[0]["occurred_at"]
        assert truth["event_date"] == (truth["ordered_at"] + timedelta(hours=8)).date()
        assert truth["paid_at"] == (paid[0] if paid else None)
        assert truth["is_keyed_twice"] == (len(placed) > 1)
        assert (truth["channel"], truth["placed_by"]) == (placed[0]["channel"], placed[0]["placed_by"])
        assert {row["customer_id"] for row in history} == {truth["customer_id"]}
        assert truth["amount"] == sum(amount_of(line) for line in placed[0]["lines"])
        assert placed[0]["amount"] in (None, truth["amount"])
    assert any(truth["is_keyed_twice"] for truth in orders.values())
    assert len({truth["status"] for truth in orders.values()}) >= 4


def amount_of(line: dict[str, Any]) -> Decimal:
    amount: Decimal = line["quantity"] * line["unit_price"] - (line["discount"] or 0)
    return amount


def test_order_lines_are_those_of_the_events(shop: Shop) -> None:
    wanted = []
    for order_id, history in order_histories(shop).items():
        last = [row for row in history if row["lines"]][-1]
        first = next(row for row in history if row["status"] == "placed")
        for number, (line, own) in enumerate(zip(last["lines"], first["lines"], strict=True), 1):
            money = (line["unit_price"], line["discount"] or 0, amount_of(line))
            wanted.append((order_id, number, line["sku_id"], line["quantity"], *money, own["search_id"]))
    names = ("order_id", "line_number", "sku_id", "quantity", "unit_price", "discount", "amount", "search_id")
    found = [tuple(row[name] for name in names) for row in shop.truth("order_lines")]
    assert sorted(found) == sorted(wanted)


def test_customer_sku_days_are_the_sums_of_events_and_sales(shop: Shop) -> None:
    counts: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in shop.first_rows():
        if row["customer_id"] and row["sku_id"]:
            name = {"view": "view_count", "click": "click_count"}.get(row["event_type"])
            if row["event_type"] == "favorite":
                name = "favorite_count" if row["action"] == "add" else "unfavorite_count"
            counts[(row["occurred_at"] + timedelta(hours=8)).date(), row["customer_id"], row["sku_id"]][str(name)] += 1
    for line in shop.truth("order_lines"):
        if line["is_sale"]:
            counted = counts[line["event_date"], line["customer_id"], line["sku_id"]]
            counted.update(order_line_count=1, quantity=line["quantity"], amount=line["amount"])
    found = shop.truth("customer_sku_days")
    assert len(found) == len(counts)
    for row in found:
        key = tuple(row.pop(name) for name in ("event_date", "customer_id", "sku_id"))
        assert row == {name: counts[key][name] for name in row}


def test_a_sale_is_neither_cancelled_nor_returned(shop: Shop) -> None:
    for row in (*shop.truth("orders"), *shop.truth("order_lines")):
        assert row["is_sale"] == (row["status"] not in ("cancelled", "returned"))
