"""`customer_sku_days`: what one customer did to one product in one day; longer look-backs sum its days."""

from schemas.tables.declaration import BOOLEAN, COUNT, DATE, INSTANT, MONEY, STRING, Check, Column, Table


def _instant(name: str, en: str, zh: str) -> Column:
    return Column(name, INSTANT, f"{en}; null when none", zh, unit="UTC", is_nullable=True)


TABLE = Table(
    name="customer_sku_days",
    en="What one customer did to one product in one day",
    zh="客户×商品×日：浏览、点击、收藏、下单汇总",
    grain="one customer and one product on one business day",
    key=("customer_id", "sku_id"),
    partition="event_date",
    version=3,
    columns=(
        Column("event_date", DATE, "Business day in the lake's time zone", "业务日期（湖时区）"),
        Column(
            "customer_id",
            STRING,
            "The buying company, as sent or resolved; events without one are left out",
            "客户编号（采购企业，含身份拼接结果）",
        ),
        Column("sku_id", STRING, "The product", "商品编码"),
        Column(
            "is_stitched",
            BOOLEAN,
            "At least one of these acts was sent without a customer_id and given one",
            "是否含身份拼接得出客户的行为",
        ),
        Column("view_count", COUNT, "Views of its page", "浏览次数"),
        Column("click_count", COUNT, "Clicks on it in a list", "点击次数"),
        Column("favorite_count", COUNT, "Times it was put on the favourites list", "收藏次数"),
        Column("unfavorite_count", COUNT, "Times it was taken off", "取消收藏次数"),
        Column("order_line_count", COUNT, "Order lines of sales ordered that day", "订单行数（有效销售）"),
        Column("quantity", COUNT, "Units on those lines", "数量（有效销售）", unit="pieces"),
        Column("amount", MONEY, "Sum of amount of those lines", "金额（有效销售）", unit="currency"),
        Column(
            "currency",
            STRING,
            "Currency of amount; null when the lines have none, or several",
            "币种；无或多币种时为空",
            is_nullable=True,
        ),
        Column("first_at", INSTANT, "First of all of these", "最早行为时间", unit="UTC"),
        Column("last_at", INSTANT, "Last of all of these", "最晚行为时间", unit="UTC"),
        _instant("first_view_at", "First view", "最早浏览时间"),
        _instant("last_view_at", "Last view", "最晚浏览时间"),
        _instant("last_favorite_at", "Last time it was put on the list", "最晚收藏时间"),
        _instant("last_unfavorite_at", "Last time it was taken off", "最晚取消收藏时间"),
        _instant("first_order_at", "First ordered_at of a sale", "最早下单时间（有效销售）"),
        _instant("last_order_at", "Last ordered_at of a sale", "最晚下单时间（有效销售）"),
    ),
    checks=(
        Check(
            "something_happened", "view_count + click_count + favorite_count + unfavorite_count + order_line_count > 0"
        ),
        Check(
            "views_have_instants",
            "(view_count > 0) = (first_view_at IS NOT NULL) AND (view_count > 0) = (last_view_at IS NOT NULL)",
        ),
        Check("favorites_have_instants", "(favorite_count > 0) = (last_favorite_at IS NOT NULL)"),
        Check("unfavorites_have_instants", "(unfavorite_count > 0) = (last_unfavorite_at IS NOT NULL)"),
        Check("orders_have_instants", "(order_line_count > 0) = (last_order_at IS NOT NULL)"),
        Check("no_lines_no_money", "order_line_count > 0 OR (quantity = 0 AND amount = 0)"),
    ),
)
