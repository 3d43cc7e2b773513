"""`sku_viewers`: who viewed, clicked or favourited a product of late, and whether they bought it."""

from schemas.tables.declaration import BOOLEAN, COUNT, DATE, INSTANT, RATIO, STRING, Check, Column, Table

TABLE = Table(
    name="sku_viewers",
    en="Who viewed, clicked or favourited a product in the 30 days up to a day, and whether they bought it",
    zh="商品关注客户：近 30 天浏览、点击或收藏过该商品的客户，及是否已购",
    grain="one product and one customer, as of one day",
    key=("sku_id", "customer_id"),
    partition="as_of",
    version=3,
    columns=(
        Column("as_of", DATE, "The last business day counted", "统计截止业务日期"),
        Column("sku_id", STRING, "The product", "商品编码"),
        Column(
            "customer_id", STRING, "The buying company, as sent or resolved", "客户编号（采购企业，含身份拼接结果）"
        ),
        Column(
            "is_stitched",
            BOOLEAN,
            "At least one act was sent without a customer_id and given one",
            "是否含身份拼接得出客户的行为",
        ),
        Column("view_count", COUNT, "Views of its page", "浏览次数"),
        Column("favorite_count", COUNT, "Times it was put on the favourites list", "收藏次数"),
        Column("click_count", COUNT, "Clicks on it in a list", "点击次数"),
        Column(
            "first_viewed_at",
            INSTANT,
            "First view in the window; null when none",
            "最早浏览时间",
            unit="UTC",
            is_nullable=True,
        ),
        Column(
            "last_viewed_at",
            INSTANT,
            "Last view in the window; null when none",
            "最晚浏览时间",
            unit="UTC",
            is_nullable=True,
        ),
        Column("is_favorited", BOOLEAN, "Put on the favourites list, and not taken off since", "当前是否收藏"),
        Column("has_ordered", BOOLEAN, "Has a sale of it in the window", "窗口内是否已购（有效销售）"),
        Column(
            "last_ordered_at",
            INSTANT,
            "Last ordered_at of a sale in the window; null when none",
            "最晚下单时间（有效销售）",
            unit="UTC",
            is_nullable=True,
        ),
        Column(
            "score",
            RATIO,
            "Interest: view 1, click 1, favourite 3, order line 5, each halved every 30 days; millionths, summed exactly",
            "兴趣分：浏览 1、点击 1、收藏 3、订单行 5，每 30 天衰减一半",
            unit="points",
        ),
    ),
    checks=(
        Check("has_looked", "view_count + click_count + favorite_count > 0"),
        Check("order_has_instant", "has_ordered = (last_ordered_at IS NOT NULL)"),
        Check(
            "views_have_instants",
            "(view_count > 0) = (first_viewed_at IS NOT NULL) AND (view_count > 0) = (last_viewed_at IS NOT NULL)",
        ),
        Check("favorited_was_added", "NOT is_favorited OR favorite_count > 0"),
    ),
)
