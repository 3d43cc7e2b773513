"""Who may buy what: licences of customers, and what products ask of them. By the number alone, so that nothing is drawn."""

from pipelines.generator.catalogue import Drug
from pipelines.generator.world import World

RX, CONTROLLED = "处方药", "二类精神药品"
NERVES = "神经及精神用药"

# Of so many customers one each: its licence ran out a month ago, is not known, does not name prescription drugs.
EXPIRED_EVERY, UNKNOWN_EVERY, WITHOUT_RX_EVERY = 12, 20, 15
# Types that may buy controlled drugs.
MAY_BUY_CONTROLLED = ("hospital", "distributor")

# Of so many products one is sold in one region alone.
LOCAL_EVERY = 40
LOCAL_AREA = "江苏;浙江;上海"


def license_expires_date(world: World, customer: int) -> str:
    """The licence's last day, in the year after next for most; empty when not known."""
    if customer % UNKNOWN_EVERY == UNKNOWN_EVERY - 1:
        return ""
    days = -30 if customer % EXPIRED_EVERY == EXPIRED_EVERY - 1 else 400 + customer % 365
    return world.date_of(world.options.days - 1 + days).isoformat()


def license_scope(customer: int, type_name: str) -> str:
    """What the licence names."""
    scopes = ["非处方药"]
    if customer % WITHOUT_RX_EVERY != WITHOUT_RX_EVERY - 1:
        scopes.append(RX)
    if type_name in MAY_BUY_CONTROLLED:
        scopes.append(CONTROLLED)
    return ";".join(scopes)


def is_controlled(drug: Drug, category_name: str) -> bool:
    """Prescription drugs of the nerves stand for them all."""
    return drug.is_prescription and category_name == NERVES


def needed_scope(drug: Drug, category_name: str) -> str:
    """What a licence must name; empty when nothing."""
    if is_controlled(drug, category_name):
        return f"{RX};{CONTROLLED}"
    return RX if drug.is_prescription else ""


def sales_area(sku: int) -> str:
    """Where the product may be sold; empty when everywhere."""
    return LOCAL_AREA if sku % LOCAL_EVERY == LOCAL_EVERY - 1 else ""
