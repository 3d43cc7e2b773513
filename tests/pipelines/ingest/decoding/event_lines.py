"""Events of every type that are accepted, and how they are written.

All choices come from the `Random` that is handed in, so that hypothesis can shrink them and a seed repeats them.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.pipelines.ingest.decoding.odd_values import ANYTHING, KEYS, MONEY, TEXTS, Pairs, Token

INGESTED_AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def event(r: Random, *, is_plain: bool = False) -> Pairs:
    """An event that is accepted; plain ones are as clients send them, others have all that is allowed."""
    event_type = r.choice(["view", "favorite", "search", "search_result", "click", "order"])
    moment = INGESTED_AT - timedelta(seconds=r.randrange(5 * 86_400), microseconds=r.randrange(1_000_000))
    pairs = Pairs(
        [
            ("event_id", f"e-{r.getrandbits(64):016x}"),
            ("event_type", event_type),
            ("occurred_at", time_text(r, moment, is_plain=is_plain)),
            (r.choice(["customer_id", "anonymous_id"]), f"C{r.randrange(5000):05d}"),
        ]
    )

    def maybe(name: str, value: Callable[[], Any], likely: float = 0.4) -> None:
        if r.random() < likely and all(key != name for key, _ in pairs):
            pairs.append((name, value()))

    text = (lambda: f"t{r.randrange(1000)}") if is_plain else (lambda: short_text(r))
    skew = timedelta(seconds=r.choice([1, 1, 1, 2, 599, 600, 601, 7200]))
    if r.random() < 0.7:
        skew = r.choice([skew, skew, timedelta(seconds=-700), timedelta(days=-1)])  # only a known skew is corrected
        pairs.append(("sent_at", time_text(r, moment + timedelta(seconds=1), is_plain=is_plain)))
    maybe("received_at", lambda: time_text(r, moment + timedelta(seconds=1) + skew, is_plain=is_plain), 0.7)
    for name in (
        "customer_id",
        "buyer_id",
        "anonymous_id",
        "session_id",
        "channel",
        "search_id",
        "source",
        "campaign_id",
    ):
        maybe(name, text)
    maybe("placed_by", lambda: r.choice(["customer", "sales_rep"]), 0.2)
    maybe("properties", lambda: properties(r, is_plain=is_plain), 0.7)
    money = lambda: Token(f"{r.randrange(10**6) / 100}") if is_plain else good_money(r)  # noqa: E731
    count = lambda: Token(str(r.randrange(100)))  # noqa: E731
    if event_type in ("view", "favorite", "click"):
        pairs.append(("sku_id", text()))
    match event_type:
        case "view":
            maybe("price", money, 0.8)
            maybe("category_id", text)
            maybe("dwell_seconds", lambda: Token(r.choice(["0", "12", "3.5", "1e2", "9007199254740993", "0.1"])))
        case "favorite":
            maybe("action", lambda: r.choice(["add", "remove"]), 0.7)
        case "search":
            pairs.append(("query", text()))
        case "search_result":
            pairs.append(("result_count", count()))
            pairs.append((r.choice(["query", "search_id"]), text()))
            pairs[:] = Pairs(dict(pairs).items())
            maybe("query", text)
            maybe("page", count)
            maybe("sku_ids", lambda: [text() for _ in range(r.randrange(4))])
        case "click":
            maybe("position", count)
            maybe("list", text)
        case "order":
            pairs.append(("order_id", text()))
            pairs.append(("status", r.choice(["placed", "approved", "paid", "shipped", "returned", "cancelled"])))
            pairs.append(("lines", [order_line(r, text, money) for _ in range(r.randrange(1, 4))]))
            maybe("amount", money, 0.8)
            maybe("currency", lambda: r.choice(["CNY", "USD"]))
            maybe("campaign_ids", lambda: [text() for _ in range(r.randrange(3))])
            maybe("coupon_ids", lambda: [text() for _ in range(r.randrange(3))])
    if not is_plain:
        r.shuffle(pairs)
    return pairs


def order_line(r: Random, text: Callable[[], str], money: Callable[[], Any]) -> Pairs:
    pairs = Pairs([("sku_id", text()), ("quantity", Token(str(r.randrange(-20, 500)))), ("unit_price", money())])
    if r.random() < 0.4:
        pairs.append(("discount", money()))
    if r.random() < 0.1:
        pairs.append(("search_id", text()))
    return pairs


def anything(r: Random) -> Any:
    return deepcopy(r.choice(ANYTHING))


def short_text(r: Random) -> str:
    return r.choice([each for each in TEXTS if 1 <= len(each) <= 40])


def good_money(r: Random) -> Any:
    text = r.choice(
        [
            "0",
            "1",
            "12.5",
            "130.40",
            "0.0001",
            "-3.2",
            "99999999999999.9999",
            "1E2",
            "1.5e-3",
            "1.00000",
            "-0.0",
            "10e-1",
        ]
    )
    return r.choice([Token(text), text])


def time_text(r: Random, moment: datetime, *, is_plain: bool = False) -> str:
    if is_plain:
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    offset = r.choice([None, None, 0, 480, -330, 1439, -1439])
    shown = moment + timedelta(minutes=offset or 0)
    fraction = r.choice(
        [
            "",
            "",
            f".{moment.microsecond:06d}"[: r.randrange(2, 8)],
            f".{moment.microsecond:06d}789"[: r.randrange(8, 11)],
        ]
    )
    zone = (
        r.choice("Zz")
        if offset is None
        else f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
    )
    return f"{shown:%Y-%m-%d}{r.choice('TTt')}{shown:%H:%M:%S}{fraction}{zone}"


def properties(r: Random, *, is_plain: bool = False) -> Pairs:
    if is_plain:
        return Pairs(
            [
                ("url", f"https://shop.example.com/p/{r.randrange(10**5)}"),
                ("os", r.choice(["iOS", "Android"])),
                ("width", Token(str(r.randrange(320, 2000)))),
            ]
        )
    return Pairs([(name, value_inside(r, 0)) for name in r.sample(KEYS, r.randrange(4))])


def value_inside(r: Random, depth: int) -> Any:
    kind = r.randrange(9 if depth < 3 else 7)
    if kind < 2:
        return r.choice(TEXTS)
    if kind == 2:
        return r.choice([None, True, False])
    if kind == 3:
        return Token(r.choice(MONEY))
    if kind < 7:
        return Token(str(r.randrange(1000)))
    if kind == 7:
        return [value_inside(r, depth + 1) for _ in range(r.randrange(3))]
    return Pairs([(name, value_inside(r, depth + 1)) for name in r.sample(KEYS, r.randrange(3))])


def write(r: Random, value: Any, depth: int) -> str:
    """JSON text, compact or spaced, with escapes or without."""
    if isinstance(value, Token):
        return str(value)
    if isinstance(value, Pairs):
        style = r.choice(STYLES)
        written = [write(r, key, depth + 1) + style[1] + write(r, each, depth + 1) for key, each in value]
        return "{" + style[2] + style[0].join(written) + style[2] + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(r, each, depth + 1) for each in value) + "]"
    if isinstance(value, str) and r.random() < 0.02:
        return '"' + "".join(f"\\u{ord(c):04X}" if ord(c) < 0x10000 else c for c in value) + '"'
    return json.dumps(value, ensure_ascii=r.random() < 0.5)


STYLES = [
    (",", ":", ""),
    (",", ":", ""),
    (",", ":", ""),
    (",", ":", ""),
    (", ", ": ", ""),
    (" , ", " : ", " "),
    (",", "\t:\r", ""),
]
