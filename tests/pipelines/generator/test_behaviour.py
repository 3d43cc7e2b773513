"""Customers behave as customers do: what the generation promises about chains, time, devices and money."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import pytest

from tests.pipelines.generator.small_shop import OPTIONS, Shop, place_of

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def visits(shop: Shop) -> list[Rows]:
    """The rows of each true visit in the order in which they happened, with what the truth knows."""
    by_visit: dict[int, Rows] = defaultdict(list)
    for truth in shop.truth("events"):
        if truth["visit_number"] is not None:
            known = {name: truth[name] for name in ("happened_at", "actual_customer_id", "is_corrected")}
            by_visit[truth["visit_number"]].append(shop.rows[place_of(truth)] | known)
    return [sorted(rows, key=lambda row: row["happened_at"]) for rows in by_visit.values()]


def share(rows: Rows, name: str) -> float:
    return sum(bool(row[name]) for row in rows) / len(rows)


def test_the_mix_is_that_of_a_shop(shop: Shop) -> None:
    wanted = {"view": 0.55, "click": 0.12, "search": 0.12, "search_result": 0.11, "favorite": 0.04, "order": 0.06}
    for event_type, ratio in wanted.items():
        assert shop.summary.accepted_by_type[event_type] / OPTIONS.events == pytest.approx(ratio, abs=0.03), event_type


def test_a_click_on_a_result_follows_its_search(visits: list[Rows]) -> None:
    clicks = 0
    for rows in visits:
        searched: set[str | None] = set()
        query = None
        for row in rows:
            if row["event_type"] == "search":
                query = row["query"]
                searched.add(row["search_id"])
            elif row["event_type"] == "search_result":
                assert row["search_id"] in searched
                assert row["query"] in (query, None)
            elif row["event_type"] == "click" and row["list"] == "search":
                clicks += 1
                assert query is not None
                assert row["search_id"] in searched
    assert clicks > 200


def test_a_search_without_results_is_not_clicked(visits: list[Rows]) -> None:
    empty = 0
    for rows in visits:
        for row, after in pairwise(rows):
            if row["event_type"] == "search_result" and row["result_count"] == 0:
                empty += 1
                assert not (after["event_type"] == "click" and after["list"] == "search")
    assert empty > 50


def test_results_show_as_many_products_as_they_count(shop: Shop) -> None:
    shown = [row for row in shop.first_rows() if row["sku_ids"]]
    assert shown
    assert all(len(row["sku_ids"]) == min(6, row["result_count"]) for row in shown)


def test_most_clients_send_no_search_id(shop: Shop) -> None:
    searches = [row for row in shop.first_rows() if row["event_type"] == "search"]
    assert 0.1 < share(searches, "search_id") < 0.5


def test_visitors_are_anonymous_until_they_log_in_and_stay_so_then(visits: list[Rows]) -> None:
    logins = 0
    for rows in visits:
        known = [row["customer_id"] is not None for row in rows]
        assert known == sorted(known), "nobody logs out"
        assert len({row["anonymous_id"] for row in rows}) == 1
        assert {row["customer_id"] for row in rows} <= {None, rows[0]["actual_customer_id"]}
        logins += known[0] is False and known[-1] is True
    assert logins > 20


def test_orders_have_a_customer(shop: Shop) -> None:
    assert all(row["customer_id"] for row in shop.first_rows() if row["event_type"] == "order")


def test_a_removed_favourite_was_one(shop: Shop) -> None:
    truths = [truth for truth in shop.truth("events") if truth["event_type"] == "favorite" and truth["customer_id"]]
    liked: set[tuple[str, str]] = set()
    later = 0
    added_on: dict[tuple[str, str], Any] = {}
    for truth in sorted(truths, key=lambda truth: truth["happened_at"]):
        key = (truth["customer_id"], truth["sku_id"])
        if shop.rows[place_of(truth)]["action"] == "add":
            liked.add(key)
            added_on[key] = truth["event_date"]
        elif truth["anonymous_id"]:
            later += key in added_on and added_on[key] < truth["event_date"]
            assert key in liked
    assert later > 0, "some are removed on a later day"


def test_all_instants_lie_within_the_days(shop: Shop) -> None:
    dates = {row["event_date"] for row in shop.truth("events")}
    assert min(dates) == OPTIONS.start_date
    assert max(dates) == OPTIONS.end_date
    assert len(dates) == OPTIONS.days


def test_every_line_was_received_and_lies_in_the_segment_of_that_day(shop: Shop) -> None:
    for truth in shop.truth("events"):
        received_at = shop.rows[place_of(truth)]["received_at"]
        day = (received_at + timedelta(hours=8)).date()
        assert truth["segment"].split("/")[1].startswith(str(day))


def test_some_events_are_late_and_some_clocks_wrong(shop: Shop) -> None:
    truths = shop.truth("events")
    late = [truth for truth in truths if not truth["segment"].split("/")[1].startswith(str(truth["event_date"]))]
    assert 0.003 < len(late) / len(truths) < 0.1
    assert any(truth["source"] in ("app", "miniprogram") for truth in late)
    skews = {
        round((row["received_at"] - row["sent_at"]).total_seconds() / 3600)
        for row in shop.first_rows()
        if row["sent_at"] and row["client_at"] != row["occurred_at"]
    }
    assert min(skews) < 0 < max(skews)


def test_repeats_come_soon_later_and_through_another_source(shop: Shop) -> None:
    first = {row["event_id"]: row for row in shop.truth("events")}
    ways: Counter[str] = Counter()
    for row in shop.truth("repeats"):
        origin = first[row["event_id"]]
        same_day = row["segment"].split("/")[1][:10] == origin["segment"].split("/")[1][:10]
        ways["elsewhere" if row["source"] != origin["source"] else "soon" if same_day else "later"] += 1
    assert set(ways) == {"soon", "later", "elsewhere"}


def test_types_of_customers_order_on_different_levels(shop: Shop) -> None:
    lines = (shop.out / "masters" / "customers.csv").read_text(encoding="utf-8").splitlines()[1:]
    kind = {line.split(",")[0]: line.split(",")[2] for line in lines}
    amounts = defaultdict(list)
    for order in shop.truth("orders"):
        amounts[kind[order["customer_id"]]].append(float(order["amount"]))
    assert 200 < median(amounts["clinic"]) < 480
    assert 500 < median(amounts["single_pharmacy"]) < 1100
    assert median(amounts["pharmacy_chain"]) > 2000


def test_every_person_and_product_is_in_the_masters(shop: Shop) -> None:
    def ids(name: str) -> set[str]:
        lines = (shop.out / "masters" / name).read_text(encoding="utf-8").splitlines()[1:]
        assert len({line.split(",")[0] for line in lines}) == len(lines)
        return {line.split(",")[0] for line in lines}

    rows = shop.first_rows()
    assert {row["customer_id"] for row in rows} - {None} <= ids("customers.csv")
    assert {row["sku_id"] for row in rows} - {None} <= ids("skus.csv")
    assert {row["campaign_id"] for row in rows} - {None} <= ids("campaigns.csv")
    assert any(row["campaign_id"] for row in rows)


def test_clients_differ_in_what_they_send(shop: Shop) -> None:
    rows = [row for row in shop.first_rows() if row["anonymous_id"]]
    assert 0.3 < share(rows, "session_id") < 0.85
    assert 0.8 < share(rows, "sent_at") < 1
    assert 0.1 < share(rows, "properties") < 0.5
    assert {row["channel"] for row in shop.first_rows()} == {"web", "app", "miniprogram", "erp"}
    prices = [row["price"] for row in rows if row["price"] is not None]
    assert {price.normalize().as_tuple().exponent for price in prices} >= {-2, -3, -4}


def test_lines_have_the_length_of_real_ones(shop: Shop) -> None:
    good = [len(shop.lines[place]) for place in shop.rows]
    assert 300 < sum(good) / len(good) < 450
