"""`events`: one row an accepted event, as it was sent. Columns come from the contract; the lake adds five."""

from schemas.events.columns import Field, contract_fields
from schemas.events.contract import EVENT_TYPES, VERSION
from schemas.tables.declaration import DATE, INSTANT, STRING, Column, Table

NEVER_NULL = {"event_id", "occurred_at", "placed_by", "channel"}
ALLOWED = {  # in the order of a life, which a Literal does not keep; a test holds them to the contract
    "placed_by": ("customer", "sales_rep"),
    "action": ("add", "remove"),
    "status": ("placed", "approved", "paid", "shipped", "returned", "cancelled"),
}


def _column(field: Field) -> Column:
    return Column(
        field.name,
        field.type,
        field.en,
        field.zh,
        unit="UTC" if field.type == INSTANT else field.unit,
        is_nullable=field.name not in NEVER_NULL,
        allowed=ALLOWED.get(field.name),
    )


_FIELDS = {field.name: _column(field) for field in contract_fields()}

TABLE = Table(
    name="events",
    en="Every accepted event, once, as it was sent",
    zh="全部已接收事件，去重，保留原始内容",
    grain="one event",
    key=("event_id",),
    partition="event_date",
    version=VERSION,
    columns=(
        Column("event_date", DATE, "Business day of occurred_at in the lake's time zone", "业务日期（湖时区）"),
        _FIELDS.pop("event_id"),
        Column("event_type", STRING, "One of the six types", "事件类型", allowed=tuple(EVENT_TYPES)),
        Column("landing_source", STRING, "The folder of landing it came from", "落地来源"),
        Column(
            "occurred_at",
            INSTANT,
            "When it happened: the client's time, shifted when its clock was off",
            "发生时间（时钟偏差已校正）",
            unit="UTC",
        ),
        Column("client_at", INSTANT, "When it happened, by the client's clock", "发生时间（客户端时钟）", unit="UTC"),
        *(column for name, column in _FIELDS.items() if name != "occurred_at"),
    ),
)
