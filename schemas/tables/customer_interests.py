"""`customer_interests`: what a customer has been looking at and ordering of late, strongest first."""

from schemas.tables.customer_sku_days import TABLE as CUSTOMER_SKU_DAYS
from schemas.tables.declaration import BOOLEAN, COUNT, STRING, Check, Column, Table
from schemas.tables.sku_viewers import TABLE as SKU_VIEWERS

TABLE = Table(
    name="customer_interests",
    en="What each customer has been looking at and ordering in the 120 days up to a day: products, categories, brands",
    zh="客户兴趣：近 120 天每个客户关注与采购的商品、类目与品牌，按兴趣分排序",
    grain="one customer and one product, category or brand, as of one day",
    key=("customer_id", "entity_type", "entity_id"),
    partition="as_of",
    version=2,
    columns=(
        SKU_VIEWERS.column("as_of"),
        SKU_VIEWERS.column("customer_id"),
        Column("entity_type", STRING, "What entity_id is", "对象类型", allowed=("sku", "category", "brand")),
        Column("entity_id", STRING, "The sku_id, category_id or brand", "商品编码、类目编号或品牌"),
        Column(
            "entity_name",
            STRING,
            "Its name in the master of products; null when not known",
            "名称（商品主数据）",
            is_nullable=True,
        ),
        CUSTOMER_SKU_DAYS.column("is_stitched"),
        Column("rank", COUNT, "Place among the customer's entities of the type, 1 the strongest", "排名", unit="place"),
        SKU_VIEWERS.column("score"),
        Column("view_count", COUNT, "Views of it in the window", "浏览次数"),
        Column("click_count", COUNT, "Clicks on it in a list", "点击次数"),
        Column("favorite_count", COUNT, "Times it was put on the favourites list", "收藏次数"),
        Column("order_line_count", COUNT, "Order lines of sales of it", "订单行数（有效销售）"),
        CUSTOMER_SKU_DAYS.column("first_at"),
        CUSTOMER_SKU_DAYS.column("last_at"),
        Column("has_ordered", BOOLEAN, "Has a sale of it in the window", "窗口内是否已购（有效销售）"),
        Column(
            "is_before_first_order",
            BOOLEAN,
            "All of it happened before the customer's first sale in 180 days; true too while there is none",
            "是否全部发生在近 180 天内首次下单之前（没有下单也为是）",
        ),
    ),
    checks=(
        Check("something_happened", "view_count + click_count + favorite_count + order_line_count > 0"),
        Check("order_is_counted", "has_ordered = (order_line_count > 0)"),
        Check("rank_from_one", "rank >= 1"),
    ),
)
