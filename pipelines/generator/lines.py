"""From events to NDJSON lines, a client's style at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from pipelines.generator.actions import (
    CLICK,
    EVENT_TYPES,
    FAVORITE,
    ORDER,
    PLACES,
    PROMOTION_PLACE,
    SEARCH_RESULT,
    VIEW,
)
from pipelines.generator.clocks import Requests
from pipelines.generator.devices import APP, DAY, MINIPROGRAM
from pipelines.generator.dice import Dice, Flags, Ints
from pipelines.generator.events import Events
from pipelines.generator.parcels import FAVORITE_REMOVED, FIRST, pack
from pipelines.generator.styles import Style
from pipelines.generator.text import Bytes, hexadecimals, instants, join, look_up, side_by_side, text_table, texts
from pipelines.generator.visits import Visits
from pipelines.generator.world import World

COLLECTOR_DIGITS = 6
"""The collector stamps microseconds, in UTC."""
OPENINGS = [f'{{"event_type":"{name}",' for name in EVENT_TYPES]
"""The type stands first, as in the contract's examples: a reader knows at once what the line must hold."""
CHANNELS = (',"channel":"web"', ',"channel":"app"', ',"channel":"miniprogram"')


@dataclass(frozen=True, slots=True)
class Batch:
    """Some visits and all that comes of them."""

    visits: Visits
    events: Events
    requests: Requests
    search_ids: Bytes
    """Search -> its id, sent or not."""
    orders: Ints
    """The order book's numbers of the orders placed, in the order of their events."""
    order_texts: Sequence[str]
    """As `orders`: the fields of each order event."""
    first_visit: int
    """The number of the first visit in the whole generation."""


def event_ids(source: int, count: int, dice: Dice) -> Bytes:
    """Ids as each client makes them: UUIDs, 32 digits, short ones. At least 64 random bits, so that no two are equal."""
    first = hexadecimals(dice.words(count))
    if source == MINIPROGRAM:
        return side_by_side(count, "mp-", first)
    second = hexadecimals(dice.words(count))
    if source == APP:
        return side_by_side(count, first, second)
    return side_by_side(
        count, first[:, :8], "-", first[:, 8:12], "-4", first[:, 13:], "-a", second[:, 1:4], "-", second[:, 4:]
    )


def write_lines(world: World, style: Style, source: int, batch: Batch, dice: Dice) -> pa.RecordBatch:
    """The parcels of one source's events of a batch."""
    visits, requests, devices = batch.visits, batch.requests, world.devices
    of_source = devices.source[visits.device] == source
    rows = np.flatnonzero(of_source[batch.events.visit])
    events = _rows_of(batch.events, rows)
    count = len(rows)
    device, customer = visits.device[events.visit], visits.customer[events.visit]
    has_search_id = devices.has_search_id[device] & (events.search >= 0)
    tier = np.where(events.is_logged_in, world.customers.tier[customer], 0)
    ordered = np.cumsum(batch.events.kind == ORDER)[rows] - 1
    is_order = events.kind == ORDER
    details = pa.concat_arrays([style.details, text_table([batch.order_texts[each] for each in ordered[is_order]])])
    ids = event_ids(source, count, dice)
    heads = side_by_side(
        count,
        '"event_id":"',
        ids,
        '","occurred_at":"',
        instants(requests.occurred_at[rows], style.digits, style.suffix),
        '"',
    )
    line = join(
        look_up(text_table(OPENINGS), events.kind),
        texts(heads),
        _requests(style, batch, of_source, devices.has_sent_at, requests.of_event[rows]),
        _visits(world, source, visits, of_source, events, dice),
        look_up(style.subjects, style.subject(events, tier, has_search_id)),
        look_up(details, style.detail(events, len(style.details))),
        look_up(style.places, _places(world, visits, events)),
        look_up(_search_ids(batch), np.where(has_search_id, events.search, len(batch.search_ids))),
        look_up(style.endings, dice.pick(style.by_ending, count)),
    )
    received_at = requests.received_at[requests.of_event[rows]]
    return pack(
        line,
        texts(ids),
        role=FIRST,
        due_day=(received_at - world.start_at) // DAY,
        arrives_at=received_at,
        kind=np.where(events.is_removal, FAVORITE_REMOVED, events.kind),
        happened_at=events.happened_at,
        lake_at=requests.lake_at[rows],
        is_corrected=requests.is_corrected[rows],
        visit=batch.first_visit + events.visit,
        customer=np.where(events.is_logged_in, customer, -1),
        actual_customer=customer,
        device=device,
        sku=events.sku,
        query=np.where((events.kind == SEARCH_RESULT) & has_search_id, -1, events.query),
        order=np.where(is_order, batch.orders[ordered] if len(batch.orders) else -1, -1),
    )


def _rows_of(events: Events, rows: Ints) -> Events:
    """Some of the events; visits keep their numbers."""
    columns = {each.name: getattr(events, each.name) for each in fields(Events)}
    return Events(**{name: column if name == "first_of_visit" else column[rows] for name, column in columns.items()})


def _requests(style: Style, batch: Batch, of_source: Flags, has_sent_at: Flags, of_event: Ints) -> pa.Array:
    """`sent_at` and `received_at`, built once a request."""
    requests = batch.requests
    mine = of_source[requests.visit]
    received_at = instants(requests.received_at[mine], COLLECTOR_DIGITS, "Z")
    received = (',"received_at":"', received_at, '"')
    count = len(received_at)
    sent = (',"sent_at":"', instants(requests.sent_at[mine], style.digits, style.suffix), '"')
    both = pa.concat_arrays([texts(side_by_side(count, *received)), texts(side_by_side(count, *sent, *received))])
    says_when = has_sent_at[batch.visits.device[requests.visit[mine]]]
    place = (np.cumsum(mine) - 1)[of_event]
    return look_up(both, place + says_when[place] * count)


def _visits(world: World, source: int, visits: Visits, of_source: Flags, events: Events, dice: Dice) -> pa.Array:
    """Who, on what device, in which session: two texts a visit, before the login and after."""
    devices, customers = world.devices, world.customers
    mine = np.flatnonzero(of_source)
    session_ids = texts(hexadecimals(dice.words(len(mine)))).to_pylist()
    rows: list[str] = []
    for device, customer, buyer, session_id in zip(
        visits.device[mine].tolist(),
        visits.customer[mine].tolist(),
        visits.buyer[mine].tolist(),
        session_ids,
        strict=True,
    ):
        nobody = ',"customer_id":null,"buyer_id":null' if devices.has_nulls[device] else ""
        session = f',"session_id":"{session_id}"' if devices.has_session_id[device] else ""
        # "web" is the contract's default: half of the browsers leave it out.
        channel = CHANNELS[source] if source or device % 2 else ""
        rest = f',"anonymous_id":"{devices.anonymous_ids[device]}"{session}{channel}'
        rows.append(nobody + rest)
        customer_id = customers.customer_ids[customer]
        rows.append(f',"customer_id":"{customer_id}","buyer_id":"{customer_id}-{buyer + 1}"{rest}')
    place = (np.cumsum(of_source) - 1)[events.visit]
    return look_up(text_table(rows), place * 2 + events.is_logged_in)


def _places(world: World, visits: Visits, events: Events) -> Ints:
    """Where on the site, and the campaign that led there; searches and orders say neither."""
    day = (visits.start_at[events.visit] - world.start_at) // DAY
    promoted = len(PLACES) + 1 + world.campaign_of_day[day]
    place = np.where(events.place == PROMOTION_PLACE, promoted, 1 + events.place)
    says_where = np.isin(events.kind, (VIEW, CLICK, FAVORITE))
    return np.where(says_where, place, 0)


def _search_ids(batch: Batch) -> pa.Array:
    """`search_id` by search, and nothing at the end."""
    count = len(batch.search_ids)
    return pa.concat_arrays([texts(side_by_side(count, ',"search_id":"', batch.search_ids, '"')), text_table([""])])
