"""`visit_parts`: the stretches of visits within one day, from which the next day's sessions are joined over midnight."""

from schemas.tables.declaration import DATE, INSTANT, STRING, Column, Table

TABLE = Table(
    name="visit_parts",
    en="One stretch of one visit within one day; sessions join the stretches on both sides of midnight",
    zh="访问片段：一次访问在一个业务日内的连续部分，用于跨午夜拼接会话",
    grain="one stretch of one visit on one business day",
    key=("visit_key", "started_at"),
    partition="event_date",
    version=1,
    columns=(
        Column("event_date", DATE, "Business day in the lake's time zone", "业务日期（湖时区）"),
        Column(
            "visit_key",
            STRING,
            "s and the client's session_id; where there is none d and the device, where there is none c and the customer",
            "访问键：s+客户端会话编号；无会话编号时 d+设备，无设备时 c+客户",
        ),
        Column("started_at", INSTANT, "First event", "开始时间", unit="UTC"),
        Column("ended_at", INSTANT, "Last event", "结束时间", unit="UTC"),
        Column("first_event_id", STRING, "The first event's id", "首个事件编号"),
        Column(
            "first_customer_id",
            STRING,
            "The first customer_id any of its events was sent with; null when none",
            "片段内首个已知客户编号；无则为空",
            is_nullable=True,
        ),
    ),
)
