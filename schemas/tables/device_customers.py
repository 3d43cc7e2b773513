"""`device_customers`: which customers were seen on which devices in a day, and when; identities look back over its days."""

from schemas.tables.declaration import DATE, INSTANT, STRING, Column, Table

TABLE = Table(
    name="device_customers",
    en="Which customers were seen on which device on one day, from when to when",
    zh="设备×客户停留×日：当日在该设备上出现过的客户及起止时间",
    grain="one stay of one customer on one device, or the device without any, on one business day",
    key=("anonymous_id", "last_event_id"),
    partition="event_date",
    version=2,
    columns=(
        Column("event_date", DATE, "Business day in the lake's time zone", "业务日期（湖时区）"),
        Column("anonymous_id", STRING, "The device", "设备编号"),
        Column(
            "customer_id",
            STRING,
            "The buying company, as sent; null for the events sent without one",
            "客户编号（上报值）；未登录事件为空",
            is_nullable=True,
        ),
        Column("first_at", INSTANT, "First event of the stay", "停留首个事件时间", unit="UTC"),
        Column(
            "first_client_at",
            INSTANT,
            "The first event's time by the client's clock, which orders events of one instant",
            "首个事件的客户端时间（同一时刻排序用）",
            unit="UTC",
        ),
        Column("first_event_id", STRING, "The first event's id", "首个事件编号"),
        Column("last_at", INSTANT, "Last event of the stay", "停留最后事件时间", unit="UTC"),
        Column(
            "last_client_at",
            INSTANT,
            "The last event's time by the client's clock, which orders events of one instant",
            "最后一次事件的客户端时间（同一时刻排序用）",
            unit="UTC",
        ),
        Column("last_event_id", STRING, "The last event's id", "最后一次事件编号"),
    ),
)
