"""`identities`: which customer a device belongs to, as of a day on which it was seen."""

from schemas.tables.declaration import BOOLEAN, COUNT, DATE, INSTANT, STRING, Check, Column, Table

TABLE = Table(
    name="identities",
    en="Which customer a device belongs to, as the 30 business days that end with the day show it",
    zh="设备归属：根据截至当日的 30 个业务日判断设备属于哪个客户",
    grain="one device seen on one business day",
    key=("anonymous_id",),
    partition="event_date",
    version=1,
    columns=(
        Column("event_date", DATE, "Business day in the lake's time zone", "业务日期（湖时区）"),
        Column("anonymous_id", STRING, "The device", "设备编号"),
        Column(
            "customer_id",
            STRING,
            "The last customer seen on it up to the end of the day; null when none, or when it is shared",
            "截至当日最后出现的客户；无或共用设备时为空",
            is_nullable=True,
        ),
        Column(
            "previous_customer_id",
            STRING,
            "The last customer seen on it before the day; null when none, or when it is shared",
            "当日之前最后出现的客户；无或共用设备时为空",
            is_nullable=True,
        ),
        Column("customer_count", COUNT, "Different customers seen on it", "出现过的客户数"),
        Column(
            "is_shared",
            BOOLEAN,
            "As many customers (4) that it belongs to none of them and nothing is stitched by it",
            "是否共用设备（客户数达到 4 个，不做身份拼接）",
        ),
        Column("first_seen_at", INSTANT, "First event on it in the 30 days", "30 日内最早出现时间", unit="UTC"),
        Column("last_seen_at", INSTANT, "Last event on it, which is of the day", "最晚出现时间（当日）", unit="UTC"),
    ),
    checks=(Check("shared_belongs_to_none", "NOT is_shared OR customer_id IS NULL"),),
)
