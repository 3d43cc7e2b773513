"""Why a row that matched is not in the list: every rule, in the order in which the first that applies is named.

First what the law and the customer say, then the definition, then what the customer may buy, then what it has had enough
of, then the size of the list. The holdout comes last: its companies are those that the list would have reached, so that
those reached and those not differ in nothing else.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class RemovalRule:
    """One rule. `applies` is SQL over the columns of decide.py; null means that it does not apply.

    `en` and `zh` are sentences that may name columns of the row in braces.
    """

    name: str
    en: str
    zh: str
    applies: str


def _controlled(condition: str) -> str:
    return f"sku_id IS NOT NULL AND (is_prescription OR is_controlled) AND ({condition})"


BEFORE_SIZE = (
    RemovalRule("suppressed", "The company is on the suppression list", "客户在停止联系名单中", "is_suppressed"),
    RemovalRule("no_consent", "The company has not consented", "客户未同意接收营销信息", "NOT has_consent"),
    RemovalRule(
        "excluded_customer",
        "The definition leaves this company out",
        "名单定义排除了该客户",
        "list_contains($excluded_customer_ids::VARCHAR[], customer_id)",
    ),
    RemovalRule(
        "excluded_customer_type",
        "The definition leaves companies of type {customer_type} out",
        "名单定义排除了类型为 {customer_type} 的客户",
        "list_contains($excluded_customer_types::VARCHAR[], customer_type)",
    ),
    RemovalRule(
        "excluded_region",
        "The definition leaves {region} out",
        "名单定义排除了地区 {region}",
        "len(list_filter($excluded_regions::VARCHAR[], lambda each: starts_with(region, each))) > 0",
    ),
    RemovalRule(
        "excluded_lifecycle",
        "The definition leaves companies out that are {lifecycle}",
        "名单定义排除了生命周期为 {lifecycle} 的客户",
        "list_contains($excluded_lifecycles::VARCHAR[], lifecycle)",
    ),
    RemovalRule(
        "ordered_recently",
        "The company last ordered on {last_sale_date}, within the days that the definition leaves out",
        "客户最近下单于 {last_sale_date}，在名单定义排除的天数内",
        "last_sale_date > $as_of - $ordered_within_days::INTEGER",
    ),
    RemovalRule(
        "excluded_product",
        "The definition leaves this product out",
        "名单定义排除了该商品",
        "list_contains($excluded_sku_ids::VARCHAR[], sku_id)"
        " OR list_contains($excluded_category_ids::VARCHAR[], category_id)"
        " OR ($excludes_prescription AND is_prescription)",
    ),
    RemovalRule(
        "unknown_product",
        "The product is not in the master of products, so nobody knows who may buy it",
        "商品主数据中没有该商品，无法判断是否可售",
        "sku_id IS NOT NULL AND has_master AND NOT is_known_product",
    ),
    RemovalRule(
        "license_expired",
        "The company's licence was good until {license_expires_date}, and the product is on prescription or controlled",
        "客户许可证有效期至 {license_expires_date}，不得推荐处方药或特殊管理药品",
        _controlled("license_expires_date < $exported_date"),
    ),
    RemovalRule(
        "license_unknown",
        "The product is controlled, and nothing is known of the company's licence",
        "特殊管理药品，客户许可证有效期未知",
        "sku_id IS NOT NULL AND is_controlled AND license_expires_date IS NULL",
    ),
    RemovalRule(
        "license_scope",
        "The product needs a licence for {sku_license_scope}, which the company's does not name",
        "商品需要经营范围“{sku_license_scope}”，客户许可证不含",
        "len(needed_scopes) > 0 AND NOT list_has_all(held_scopes, needed_scopes)",
    ),
    RemovalRule(
        "sales_area",
        "The product is sold in {sku_sales_area} alone, and the company is not there",
        "商品限在 {sku_sales_area} 销售，客户不在该区域",
        "len(sold_areas) > 0 AND NOT list_has_any(own_areas, sold_areas)",
    ),
    RemovalRule(
        "bought_recently",
        "The company bought this product on {last_bought_date}",
        "客户已于 {last_bought_date} 购买该商品",
        "last_bought_date > $as_of - $same_product_days::INTEGER",
    ),
    RemovalRule(
        "frequency_cap",
        "The company was in {list_count} lists of late, as many as it may be",
        "客户近期已进入 {list_count} 个名单，达到上限",
        "$most_lists::INTEGER > 0 AND list_count >= $most_lists::INTEGER",
    ),
)

AFTER_SIZE = (
    RemovalRule(
        "product_limit",
        "The list holds enough other products for the company",
        "该客户的推荐商品数已达上限",
        "product_place > $products_per_customer::INTEGER",
    ),
    RemovalRule(
        "size_limit",
        "The list holds as many companies as it may, and others come first",
        "名单客户数已达上限",
        "customer_place > $most_customers::BIGINT",
    ),
    RemovalRule(
        "held_out",
        "The company is held out of every list, so that the effect of lists can be measured",
        "对照组客户，不发送，用于衡量效果",
        "is_held_out",
    ),
)

RULES = {rule.name: rule for rule in (*BEFORE_SIZE, *AFTER_SIZE)}
HELD_OUT = "held_out"
