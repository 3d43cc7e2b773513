"""How each client writes its lines: the JSON pieces that never change, built once.

A line is: type · head (id and time) · request · visit · subject · detail · place · search_id · ending. The subject says
what it is about; the detail adds what only some have; every piece from the request on starts with a comma or is empty.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.generator.actions import CLICK, FAVORITE, ORDER, PLACES, PROMOTION_PLACE, SEARCH, SEARCH_RESULT, VIEW
from pipelines.generator.devices import APP, MINIPROGRAM, WEB
from pipelines.generator.dice import TABLE_SIZE, Flags, Ints, wheel
from pipelines.generator.events import DWELL_STEPS, Events
from pipelines.generator.text import concat, look_up, money, quoted, text_table
from pipelines.generator.vocabulary import POOL_MAX
from pipelines.generator.world import World

# Shares of endings: nothing more; properties; a field the contract does not know.
ENDING_PERCENTS = (72, 24, 4)


@dataclass(frozen=True, slots=True)
class Style:
    """One client's tables, and where in them each thing stands."""

    digits: int
    """Decimals of the second."""
    suffix: str
    subjects: pa.Array
    views: int
    favorites: int
    clicks: int
    searches: int
    results: int
    details: pa.Array
    places: pa.Array
    endings: pa.Array
    by_ending: Ints
    """Wheel of endings."""
    sku_count: int
    query_count: int

    def subject(self, events: Events, tier: Ints, has_search_id: Flags) -> Ints:
        """The place of each event's subject."""
        favorite = self.favorites + events.sku + np.where(events.is_removal, 2, events.sku % 2) * self.sku_count
        result = np.where(events.page > 1, 2, 0) + has_search_id
        choices = {
            VIEW: self.views + events.sku + tier * self.sku_count,
            FAVORITE: favorite,
            SEARCH: self.searches + events.query,
            SEARCH_RESULT: self.results + events.query + result * self.query_count,
            CLICK: self.clicks + events.sku,
        }
        return np.select([events.kind == kind for kind in choices], list(choices.values()), default=0)

    def detail(self, events: Events, first_order: int) -> Ints:
        """The place of each event's detail; orders stand behind the table, from `first_order`."""
        place = np.where(events.dwell > 0, events.dwell, 0)
        clicked = 1 + DWELL_STEPS + events.place * POOL_MAX + events.position - 1
        place = np.where(events.kind == CLICK, clicked, place)
        place = np.where(events.page > 0, len(self.details) - 2 + np.minimum(events.page, 2) - 1, place)
        is_order = events.kind == ORDER
        return np.where(is_order, first_order + np.cumsum(is_order) - 1, place)


def build_style(world: World, source: int) -> Style:
    """The tables of one of the clients that people use (the ERP writes for itself)."""
    words, tiers = world.vocabulary, world.sku_price.shape[1]
    sku = text_table(world.catalogue.sku_ids)
    shelves = text_table([each.category_id for each in world.catalogue.categories])
    shelf = look_up(shelves, world.catalogue.category)
    # The app keeps money as decimal text, as its JSON library knows no decimals.
    mark = '"' if source == APP else ""
    query = text_table([quoted(each, is_ascii=source == MINIPROGRAM) for each in words.texts])
    found = words.result_count.tolist()
    nothing = text_table([""] * len(query))
    shown = text_table([_shown(world, number) for number in range(len(query))]) if source != APP else nothing

    subjects = [text_table([""])]
    views = 1
    for tier in range(tiers):
        price = text_table([money(each) for each in world.sku_price[:, tier].tolist()])
        more = ("",) if source == MINIPROGRAM else (f',"price":{mark}', price, f'{mark},"category_id":"', shelf, '"')
        subjects.append(concat(',"sku_id":"', sku, '"', *more))
    favorites = views + tiers * len(sku)
    actions = ("", ',"action":"add"', ',"action":"remove"')
    subjects += [concat(',"sku_id":"', sku, f'"{action}') for action in actions]
    clicks = favorites + len(actions) * len(sku)
    subjects.append(concat(',"sku_id":"', sku, '"'))
    searches = clicks + len(sku)
    subjects.append(concat(',"query":', query))
    results = searches + len(query)
    count = concat(',"result_count":', text_table([str(each) for each in found]))
    for skus in (shown, nothing):
        # A result without search_id must name its query.
        subjects.append(concat(',"query":', query, count, skus))
        subjects.append(concat(count, skus))
    endings, by_ending = _endings(source)
    return Style(
        digits=0 if source == MINIPROGRAM else 3,
        suffix="Z" if source == WEB else "+08:00",
        subjects=pa.concat_arrays(subjects),
        views=views,
        favorites=favorites,
        clicks=clicks,
        searches=searches,
        results=results,
        details=text_table(_details(source)),
        places=text_table(_places(world, source)),
        endings=text_table(endings),
        by_ending=by_ending,
        sku_count=len(sku),
        query_count=len(query),
    )


def _shown(world: World, query: int) -> str:
    skus = '","'.join([world.catalogue.sku_ids[sku] for sku in world.vocabulary.shown(query)])
    return f',"sku_ids":["{skus}"]' if skus else ""


def _details(source: int) -> list[str]:
    """Nothing; seconds on the page; place in a list; page of results."""
    dwells = [f',"dwell_seconds":{half / 2:g}' for half in range(1, DWELL_STEPS + 1)]
    lists = [name if source != MINIPROGRAM else "" for name in PLACES]
    clicked = [
        f',"position":{position}' + (f',"list":"{name}"' if name else "")
        for name in lists
        for position in range(1, POOL_MAX + 1)
    ]
    first_page = ',"page":1' if source == APP else ""
    return ["", *dwells, *clicked, first_page, ',"page":2']


def _places(world: World, source: int) -> list[str]:
    """Nothing; then by place, without a campaign and with each."""
    plain = ["" if source == MINIPROGRAM else f',"source":"{name}"' for name in PLACES]
    promoted = [f'{plain[PROMOTION_PLACE]},"campaign_id":"{each.campaign_id}"' for each in world.campaigns]
    return ["", *plain, *promoted]


def _endings(source: int) -> tuple[list[str], Ints]:
    """The end of the object and of the line, some with properties: nested, in Chinese, escaped, exact decimals."""
    systems = {
        WEB: ("Windows 10", "macOS 14", "Windows 7"),
        APP: ("Android 14", "iOS 18.1", "HarmonyOS 4"),
        MINIPROGRAM: ("微信8.0.49", "微信8.0.50", "支付宝10.6"),
    }[source]
    pages = ("首页", "搜索页", "商品详情", "购物车", "常购清单", "活动专区")
    properties = [
        f'{{"page":{quoted(page, is_ascii=is_ascii)},"os":{quoted(system)},"screen":{{"w":{width},"h":{height}}}{more}}}'
        for page in pages
        for system in systems
        for width, height in ((1920, 1080), (390, 844))
        for is_ascii, more in (
            (False, ""),
            (True, ',"tags":["老客户",null,true],"rate":0.10'),
            (False, ',"note":"\\"包邮\\"\\t满99","extra":{"gps":[30.5728,104.0668],"空":{}}'),
        )
    ]
    unknown = [f',"app_version":"{major}.{minor}.0"' for major in (3, 4) for minor in range(4)]
    endings = ["}\n", *(f',"properties":{each}}}\n' for each in properties), *(f"{each}}}\n" for each in unknown)]
    nothing, some, strange = ENDING_PERCENTS
    weights = [nothing, *[some / len(properties)] * len(properties), *[strange / len(unknown)] * len(unknown)]
    return endings, wheel(weights, TABLE_SIZE)
