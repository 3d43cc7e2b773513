"""The event contract, version 1: what a shop sends us, declared once.

Validation, the JSON Schema files, the Arrow and Parquet schema and the page docs/events.md are all generated from
these Structs. A published version never changes; a new nullable field is added here and nowhere else.

`Meta.description` is the English meaning, `Meta.extra["zh"]` the Chinese one, `extra["unit"]` the unit,
and `extra["column"]` the column type where the JSON type does not tell it (`instant`, `money`).
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

VERSION = 1

# Both patterns are for whole texts: in Python use fullmatch, for `$` also matches before a last newline.
# JSON number grammar: a decimal string is judged by the same rule as a bare number, so "1_000", " 1" and "１" are none.
MONEY_TEXT = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?$"
MONEY_PRECISION, MONEY_SCALE = 18, 4

# RFC 3339 with an offset. Libraries accept naive, date-only, T24:00, :60 and +99:00 times; this does not.
INSTANT_TEXT = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,9})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)

INT_MAX = 2**31 - 1  # counts and positions above this are faults of a client, not facts

EventId = Annotated[str, Meta(min_length=1, max_length=64)]
Id = Annotated[str, Meta(min_length=1, max_length=256)]
Query = Annotated[str, Meta(min_length=1, max_length=1024)]
Currency = Annotated[str, Meta(min_length=3, max_length=3)]
Count = Annotated[int, Meta(ge=0, le=INT_MAX)]
Quantity = Annotated[int, Meta(ge=-INT_MAX, le=INT_MAX)]
Seconds = Annotated[float, Meta(ge=0)]
Instant = Annotated[
    str, Meta(extra={"column": "instant"}, extra_json_schema={"format": "date-time", "pattern": INSTANT_TEXT})
]
Money = Annotated[
    int | float | Annotated[str, Meta(pattern=MONEY_TEXT)],
    Meta(extra={"column": "money"}),
]


class OrderLine(Struct, kw_only=True, forbid_unknown_fields=True):
    """One product in an order."""

    sku_id: Annotated[Id, Meta(description="The product ordered", extra={"zh": "商品编码"})]
    quantity: Annotated[
        Quantity,
        Meta(
            description="Units ordered; negative on a credit note", extra={"zh": "数量，红字单为负", "unit": "pieces"}
        ),
    ]
    unit_price: Annotated[
        Money, Meta(description="Price of one unit before the discount", extra={"zh": "单价", "unit": "currency"})
    ]
    discount: Annotated[
        Money | None,
        Meta(description="Taken off the whole line, positive", extra={"zh": "行折扣金额", "unit": "currency"}),
    ] = None
    search_id: Annotated[
        Id | None, Meta(description="The search that led to this line", extra={"zh": "来源搜索编号"})
    ] = None


class Event(Struct, kw_only=True, forbid_unknown_fields=True, tag_field="event_type"):
    """What every event carries, whatever its type."""

    event_id: Annotated[
        EventId, Meta(description="Unique for ever; the key by which repeats are dropped", extra={"zh": "事件唯一编号"})
    ]
    occurred_at: Annotated[
        Instant, Meta(description="When it happened, by the client's clock", extra={"zh": "发生时间（客户端时钟）"})
    ]
    sent_at: Annotated[
        Instant | None, Meta(description="When the client sent it, by the client's clock", extra={"zh": "发送时间"})
    ] = None
    received_at: Annotated[
        Instant | None, Meta(description="When the collector took it in", extra={"zh": "接收时间"})
    ] = None
    customer_id: Annotated[
        Id | None, Meta(description="The buying company; null before login", extra={"zh": "客户编号（采购企业）"})
    ] = None
    buyer_id: Annotated[Id | None, Meta(description="The person at that company", extra={"zh": "采购员编号"})] = None
    placed_by: Annotated[
        Literal["customer", "sales_rep"], Meta(description="Who keyed it in", extra={"zh": "录入方：客户或业务员"})
    ] = "customer"
    anonymous_id: Annotated[Id | None, Meta(description="The device", extra={"zh": "设备编号"})] = None
    session_id: Annotated[
        Id | None, Meta(description="The client's own session; derived when absent", extra={"zh": "会话编号"})
    ] = None
    channel: Annotated[
        Id, Meta(description="web, app, miniprogram, erp or a platform's name", extra={"zh": "渠道"})
    ] = "web"
    search_id: Annotated[
        Id | None,
        Meta(description="Ties search, result, click, favourite and order line together", extra={"zh": "搜索编号"}),
    ] = None
    source: Annotated[
        Id | None,
        Meta(
            description="Where on the site: search, category, recommendation, promotion, direct",
            extra={"zh": "站内来源"},
        ),
    ] = None
    campaign_id: Annotated[Id | None, Meta(description="The promotion that led here", extra={"zh": "活动编号"})] = None
    properties: Annotated[
        Raw | UnsetType,
        Meta(
            description="Anything else, as JSON text; unknown top-level fields are kept here too",
            extra={"zh": "其他属性（JSON 文本）", "column": "json"},
            extra_json_schema={"type": "object"},
        ),
    ] = UNSET


class View(Event, tag="view"):
    """A buyer looked at a product page."""

    sku_id: Annotated[Id, Meta(description="The product", extra={"zh": "商品编码"})]
    price: Annotated[
        Money | None, Meta(description="The price shown", extra={"zh": "展示价格", "unit": "currency"})
    ] = None
    category_id: Annotated[Id | None, Meta(description="The category it was shown under", extra={"zh": "类目编号"})] = (
        None
    )
    dwell_seconds: Annotated[
        Seconds | None, Meta(description="Time spent on the page", extra={"zh": "停留时长", "unit": "seconds"})
    ] = None


class Favorite(Event, tag="favorite"):
    """A buyer put a product on the favourites list, or took it off."""

    sku_id: Annotated[Id, Meta(description="The product", extra={"zh": "商品编码"})]
    action: Annotated[
        Literal["add", "remove"], Meta(description="Put on the list or taken off", extra={"zh": "收藏动作"})
    ] = "add"


class Search(Event, tag="search"):
    """A buyer searched."""

    query: Annotated[Query, Meta(description="What was typed", extra={"zh": "搜索词"})]


class SearchResult(Event, tag="search_result"):
    """The shop answered a search. Carries `search_id` or `query`, so that the search can be found."""

    result_count: Annotated[Count, Meta(description="Products found", extra={"zh": "结果数", "unit": "products"})]
    query: Annotated[Query | None, Meta(description="What was typed", extra={"zh": "搜索词"})] = None
    page: Annotated[Count | None, Meta(description="Which page of results", extra={"zh": "页码", "unit": "page"})] = (
        None
    )
    sku_ids: Annotated[
        list[Id] | None, Meta(description="Products shown, in order", extra={"zh": "展示的商品编码"})
    ] = None


class Click(Event, tag="click"):
    """A buyer clicked a product in a list."""

    sku_id: Annotated[Id, Meta(description="The product", extra={"zh": "商品编码"})]
    position: Annotated[
        Count | None,
        Meta(description="Place in the list, as the client counts", extra={"zh": "列表位置", "unit": "place"}),
    ] = None
    list: Annotated[Id | None, Meta(description="Which list", extra={"zh": "列表名称"})] = None


class Order(Event, tag="order"):
    """An order was placed or changed its status. A later status may leave the lines out."""

    order_id: Annotated[Id, Meta(description="The shop's order number", extra={"zh": "订单编号"})]
    status: Annotated[
        Literal["placed", "approved", "paid", "shipped", "returned", "cancelled"],
        Meta(description="The status reached", extra={"zh": "订单状态"}),
    ]
    lines: Annotated[
        "list[OrderLine] | None",
        Meta(description="Products ordered; required when placed", extra={"zh": "订单行"}),
    ] = None
    amount: Annotated[
        Money | None,
        Meta(description="Order total as the shop states it", extra={"zh": "订单金额", "unit": "currency"}),
    ] = None
    currency: Annotated[Currency | None, Meta(description="Currency of its money, ISO 4217", extra={"zh": "币种"})] = (
        None
    )
    campaign_ids: Annotated["list[Id] | None", Meta(description="Promotions applied", extra={"zh": "参与活动编号"})] = (
        None
    )
    coupon_ids: Annotated["list[Id] | None", Meta(description="Coupons used", extra={"zh": "优惠券编号"})] = None


EVENT_TYPES: dict[str, type[Event]] = {
    "view": View,
    "favorite": Favorite,
    "search": Search,
    "search_result": SearchResult,
    "click": Click,
    "order": Order,
}
EVENT_TYPES_ZH = {
    "view": "浏览商品",
    "favorite": "收藏或取消收藏",
    "search": "搜索",
    "search_result": "搜索结果",
    "click": "点击商品",
    "order": "订单",
}
AnyEvent = View | Favorite | Search | SearchResult | Click | Order

# Rules over several fields: at least one of the names must be there. Named after the first.
AT_LEAST_ONE: dict[type[Event], tuple[str, str]] = {
    Event: ("customer_id", "anonymous_id"),
    SearchResult: ("search_id", "query"),
}
STATUS_THAT_NEEDS_LINES = "placed"
