"""Everything that can be done to a good event, before and after it is written.

All choices come from the `Random` that is handed in, so that hypothesis can shrink them and a seed repeats them.
"""

from datetime import timedelta
from random import Random
from typing import Any

from tests.pipelines.ingest.decoding.event_lines import INGESTED_AT, anything, event, properties, value_inside, write
from tests.pipelines.ingest.decoding.odd_values import (
    BAD_MONEY,
    FLOATS,
    INTEGERS,
    KEYS,
    MONEY,
    TEXTS,
    TIMES,
    Pairs,
    Token,
)


def line(r: Random) -> bytes:
    """One line: often good, often with one thing wrong, sometimes with several."""
    pairs = event(r)
    for _ in range(r.choice([0, 0, 0, 1, 1, 1, 2, 3])):
        r.choice(CHANGES)(r, pairs)
    raw = write(r, pairs, depth=0).encode("utf-8", "surrogatepass")
    for _ in range(r.choice([0, 0, 0, 0, 1, 2])):
        raw = r.choice(DAMAGES)(r, raw)
    return raw


def block(r: Random, count: int) -> bytes:
    """Lines, the last of them with or without its line feed."""
    return b"\n".join(line(r) for _ in range(count)) + r.choice([b"\n", b""])


# What is done to an event before it is written.


def pick(r: Random, pairs: Pairs) -> Pairs:
    """The event, or an object inside it."""
    inner = [pairs, pairs, pairs]
    for _, value in pairs:
        inner.extend(each for each in (value if isinstance(value, list) else []) if isinstance(each, Pairs))
        inner.extend([value] if isinstance(value, Pairs) else [])
    return r.choice(inner)


def drop(r: Random, pairs: Pairs) -> None:
    chosen = pick(r, pairs)
    if chosen:
        del chosen[r.randrange(len(chosen))]


def repeat(r: Random, pairs: Pairs) -> None:
    chosen = pick(r, pairs)
    if chosen:
        key, value = r.choice(chosen)
        chosen.insert(r.randrange(len(chosen) + 1), (key, r.choice([value, None, anything(r)])))


def rename(r: Random, pairs: Pairs) -> None:
    chosen = pick(r, pairs)
    if chosen:
        at = r.randrange(len(chosen))
        other = r.choice([*ALL_FIELDS, *KEYS, str(chosen[at][0]).upper()])
        chosen[at] = (other, chosen[at][1])


def add(r: Random, pairs: Pairs) -> None:
    value = r.choice([anything(r), value_inside(r, 0), properties(r)])
    pick(r, pairs).append((r.choice([*ALL_FIELDS, *KEYS, "extra", "top_level.extra"]), value))


def put(r: Random, pairs: Pairs) -> None:
    """Another value for a field, of the kind that the field has, or of any."""
    chosen = pick(r, pairs)
    if not chosen:
        return
    at = r.randrange(len(chosen))
    key, old = chosen[at]
    values: list[Any] = [r.choice(TEXTS), anything(r), None]
    if str(key).endswith("_at"):
        values = [r.choice(TIMES)] * 5 + values
    elif key in ("price", "amount", "unit_price", "discount"):
        values = [Token(r.choice(MONEY)), r.choice(MONEY), r.choice(BAD_MONEY)] * 2 + values
    elif key in ("quantity", "position", "page", "result_count"):
        values = [Token(r.choice(INTEGERS))] * 5 + values
    elif key == "dwell_seconds":
        values = [Token(r.choice(FLOATS))] * 5 + values
    elif isinstance(old, list) and not isinstance(old, Pairs):
        values = [[*old, anything(r)], [*old, r.choice(TEXTS)], [], *values]
    chosen[at] = (key, r.choice(values))


def put_time(r: Random, pairs: Pairs) -> None:
    names = ["occurred_at", "sent_at", "received_at"]
    for name in r.sample(names, r.randrange(1, 4)):
        pairs[:] = Pairs((key, value) for key, value in pairs if key != name)
        pairs.append((name, r.choice(TIMES)))


def put_near_bound(r: Random, pairs: Pairs) -> None:
    """Times a hair within and beyond every limit."""
    hair = timedelta(microseconds=r.choice([-1, 0, 1]))
    received = INGESTED_AT - timedelta(days=r.choice([0, 1, 2000]))
    distance = r.choice([timedelta(seconds=300), timedelta(days=-400), timedelta(seconds=-5)])
    sent = received - r.choice([timedelta(), timedelta(seconds=600) + hair, timedelta(seconds=-600) - hair])
    times = {"received_at": received, "sent_at": sent, "occurred_at": received + distance + hair}
    for name in times:
        pairs[:] = Pairs((key, value) for key, value in pairs if key != name)
    kept = r.choice(
        [
            ["received_at", "occurred_at"],
            ["received_at", "sent_at", "occurred_at"],
            ["occurred_at"],
            ["sent_at", "occurred_at"],
        ]
    )
    pairs.extend((name, times[name].isoformat()) for name in kept)


def nest(r: Random, pairs: Pairs) -> None:
    depth = r.choice([1, 60, 61, 62, 63, 64, 65, 1200])
    opened, closed = r.choice([("[", "]"), ('{"a":', "}")])
    inside = "1" if opened != "[" else ""
    pairs.append(
        (
            r.choice(["properties", "extra"]),
            Token('{"deep":' * r.randrange(2) + opened * depth + inside + closed * depth),
        )
    )
    if pairs[-1][1].startswith('{"deep":'):
        pairs[-1] = (pairs[-1][0], Token(pairs[-1][1] + "}"))


CHANGES = [drop, repeat, rename, add, add, put, put, put, put, put_time, put_near_bound, nest]


# What is done to the bytes.


def flip(r: Random, raw: bytes) -> bytes:
    at = r.randrange(len(raw) + 1)
    return (
        raw[:at]
        + bytes([r.choice(b'\x00\x09\x0a\x0b\x0c\x0d\x20"\\{}[],:0123nulltrue\x7f\x80\xbf\xc0\xed\xf5\xff')])
        + raw[at + r.randrange(2) :]
    )


def cut(r: Random, raw: bytes) -> bytes:
    return raw[: r.randrange(len(raw) + 1)]


def wrap(r: Random, raw: bytes) -> bytes:
    return r.choice(
        [
            raw + b"\r", b" " + raw, raw + b"\x0c", b"\xef\xbb\xbf" + raw, raw + raw, raw + b"," + raw, b"[" + raw + b"]", b'"' + raw + b'"', raw + b" null",
            raw.replace(b",", b"\n", 1), raw.replace(b":", b" :"), raw.replace(b'":', b'"\t\r :', 1), raw.replace(b"e", b"\\u0065", 1), raw.replace(b'"s', b'"\\u0073'),
            b"", b" \t\r", b"\x0b\x0c", b"null", b"1", b'"\\ud800"', b"[]", b"{}", b"\xef\xbb\xbf", b"\xff\xfe" + raw, raw.decode("latin-1").encode("utf-16-le"), raw.replace(b":", b"::", 1),
            raw.replace(b'"', b"'"), raw + b"}", raw.replace(b"}", b",}", 1), raw.replace(b"{", b"{,", 1), raw.replace(b"\xe9\x98\xbf", b"\xc0\xaf"), raw.replace(b"a", b"\xed\xa0\x80", 1), raw + b"\x00",
            raw.replace(b"C", b"\\/", 1), raw.replace(b"C", b"\\ud83d\\udc8a", 1), raw.replace(b"t", b"\\ud83d", 1), raw.replace(b"t", b"\\uD83Dx", 1), b"/*x*/" + raw, b"\xc2\xa0" + raw,
        ]
    )  # fmt: skip


def repeat_escaped(_r: Random, raw: bytes) -> bytes:
    return raw.replace(b"{", b'{"sku\\u005fid":"z",', 1)


DAMAGES = [flip, flip, cut, wrap, wrap, wrap, repeat_escaped]

ALL_FIELDS = [
    "event_id",
    "event_type",
    "occurred_at",
    "sent_at",
    "received_at",
    "customer_id",
    "buyer_id",
    "placed_by",
    "anonymous_id",
    "session_id",
    "channel",
    "search_id",
    "source",
    "campaign_id",
    "properties",
    "sku_id",
    "price",
    "category_id",
    "dwell_seconds",
    "action",
    "query",
    "result_count",
    "page",
    "sku_ids",
    "position",
    "list",
    "order_id",
    "status",
    "lines",
    "amount",
    "currency",
    "campaign_ids",
    "coupon_ids",
    "quantity",
    "unit_price",
    "discount",
]
