"""What happens in a visit: blocks (a search, or browsing a shelf) of products, and an order at the end of some visits.

A visit is a row of blocks, a block a row of units: a header and its products. Each unit may give up to four events:

    header of a search   keystroke search · search · result · second page
    product              click · view · favourite · favourite taken back
    order                order

so a matrix units x 4 of yes or no, read row by row, is the order of events.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.generator.customers import PREFERRED_CATEGORIES
from pipelines.generator.dice import TABLE_SIZE, Dice, Flags, Ints, lognormal, wheel
from pipelines.generator.visits import FROM_THE_START, Part, Visits
from pipelines.generator.world import World

HEADER, PRODUCT, ORDER_UNIT = range(3)
SLOTS = 4
VIEW, FAVORITE, SEARCH, SEARCH_RESULT, CLICK, ORDER = range(6)
EVENT_TYPES = ("view", "favorite", "search", "search_result", "click", "order")
KINDS = np.asarray([[SEARCH, SEARCH, SEARCH_RESULT, SEARCH_RESULT], [CLICK, VIEW, FAVORITE, FAVORITE], [ORDER] * 4])

PLACES = ("search", "category", "recommendation", "promotion", "direct")
SEARCH_PLACE, CATEGORY_PLACE, RECOMMENDATION_PLACE, PROMOTION_PLACE, DIRECT_PLACE = range(5)

BLOCKS_MAX, PRODUCTS_MAX = 14, 24
BLOCKS = np.clip(lognormal(3.3, 0.6), 1, BLOCKS_MAX)
PRODUCTS = np.clip(lognormal(3.1, 0.7), 1, PRODUCTS_MAX)
SEARCH_CLICKS = wheel([40, 33, 16, 7, 4])
BROWSING_PLACES = wheel([0, 55, 25, 0, 20])

SEARCH_BLOCK_RATIO, PROMOTION_RATIO = 0.54, 0.16
UNSTOCKED_RATIO, SHELF_RATIO, ANY_DRUG_RATIO = 0.03, 0.07, 0.03
OWN_SHELF_RATIO = 0.6
KEYSTROKE_RATIO, RESULT_RATIO, SECOND_PAGE_RATIO, SECOND_PAGE_FROM = 0.05, 0.93, 0.1, 20
BROWSING_CLICK_RATIO, VIEW_RATIO, FAVORITE_RATIO, TAKEN_BACK_RATIO = 0.05, 0.93, 0.075, 0.06
LATER_REMOVAL_RATIO = 0.35


@dataclass(slots=True)
class Units:
    """The rows of the matrix, those of one visit together. SKUs are -1 on headers; searches are numbered by block."""

    visit: Ints
    type: Ints
    sku: Ints
    position: Ints
    query: Ints
    search: Ints
    place: Ints
    happens: Flags
    first_of_visit: Ints
    """Visit -> its first unit; one entry more than visits, so that the next is the end."""


def plan_units(world: World, part: Part, visits: Visits, last_favorite: Ints, dice: Dice) -> Units:
    """Draw what each visit does. `last_favorite` is by customer, -1 for none: some take it off the list."""
    campaign = int(world.campaign_of_day[part.day])
    block_counts = dice.pick(BLOCKS, len(visits)) + visits.is_ordering
    visit_of_block = np.repeat(np.arange(len(visits)), block_counts)
    ends = np.cumsum(block_counts)
    blocks = len(visit_of_block)
    is_order = np.zeros(blocks, dtype=bool)
    is_order[ends[visits.is_ordering] - 1] = True
    is_search = dice.chance(SEARCH_BLOCK_RATIO, blocks) & ~is_order
    place = np.where(is_search, SEARCH_PLACE, dice.pick(BROWSING_PLACES, blocks))
    if campaign >= 0:
        place = np.where(dice.chance(PROMOTION_RATIO, blocks) & ~is_search, PROMOTION_PLACE, place)
    query = np.full(blocks, -1)
    searching = np.flatnonzero(is_search)
    query[searching] = choose_queries(world, visits.customer[visit_of_block[searching]], dice)
    products = np.where(is_search, dice.pick(SEARCH_CLICKS, blocks), dice.pick(PRODUCTS, blocks))
    has_products = ~is_order & (~is_search | (world.vocabulary.pool_size[query] > 0))
    unit_counts = 1 + products * has_products

    block = np.repeat(np.arange(blocks), unit_counts)
    first_of_block = np.cumsum(unit_counts) - unit_counts
    is_header = np.zeros(len(block), dtype=bool)
    is_header[first_of_block] = True
    first_block = ends - block_counts
    units = Units(
        visit=visit_of_block[block],
        type=np.where(is_header, np.where(is_order[block], ORDER_UNIT, HEADER), PRODUCT),
        sku=np.full(len(block), -1),
        position=1 + dice.below(30, len(block)),
        query=query[block],
        search=np.where(is_search, np.cumsum(is_search) - 1, -1)[block],
        place=place[block],
        happens=np.zeros((len(block), SLOTS), dtype=bool),
        first_of_visit=np.append(first_of_block[first_block], len(block)),
    )
    _choose_products(world, units, visits, campaign, dice)
    _choose_events(world, units, dice)
    _take_off_favorites(units, visits, last_favorite, dice)
    return units


def choose_queries(world: World, customer: Ints, dice: Dice) -> Ints:
    """What each customer types: mostly a drug they buy, sometimes a shelf, another drug, or what is not sold."""
    count, words, catalogue = len(customer), world.vocabulary, world.catalogue
    drug = catalogue.drug[choose_skus(world, customer, dice)]
    drug = np.where(dice.chance(ANY_DRUG_RATIO, count), dice.below(len(catalogue.drugs), count), drug)
    query = words.by_drug[drug, dice.below(words.by_drug.shape[1], count)]
    shelves = np.stack([each[:3] for each in words.by_category])
    shelf = shelves[catalogue.category[choose_skus(world, customer, dice)], dice.below(3, count)]
    query = np.where(dice.chance(SHELF_RATIO, count), shelf, query)
    unstocked = words.unstocked[dice.below(len(words.unstocked), count)]
    return np.where(dice.chance(UNSTOCKED_RATIO, count), unstocked, query)


def choose_skus(world: World, customer: Ints, dice: Dice) -> Ints:
    """A SKU for each customer: from a favourite shelf, else from the whole shop, by popularity. Visitors have no shelf."""
    count = len(customer)
    shelf = world.customers.preferred[customer, dice.below(PREFERRED_CATEGORIES, count)]
    own = world.catalogue.by_category[shelf, dice.below(TABLE_SIZE, count)]
    is_own = dice.chance(OWN_SHELF_RATIO, count) & (customer >= 0)
    return np.where(is_own, own, dice.pick(world.catalogue.by_popularity, count))


def _choose_products(world: World, units: Units, visits: Visits, campaign: int, dice: Dice) -> None:
    """Fill in the SKU of every product unit: from the search's results, the promotion, or the customer's taste."""
    words = world.vocabulary
    product = units.type == PRODUCT
    found = np.flatnonzero(product & (units.search >= 0))
    query = units.query[found]
    # The product of two draws: the first results are clicked most.
    rank = dice.below(words.pool_size[query], len(found)) * dice.below(1 << 16, len(found)) >> 16
    units.sku[found] = words.pools[words.pool_start[query] + rank]
    units.position[found] = rank + 1
    browsed = np.flatnonzero(product & (units.search < 0))
    units.sku[browsed] = choose_skus(world, visits.customer[units.visit[browsed]], dice)
    if campaign >= 0:
        promoted = np.flatnonzero(product & (units.place == PROMOTION_PLACE))
        units.sku[promoted] = dice.pick(world.catalogue.by_category[world.campaigns[campaign].category], len(promoted))


def _choose_events(world: World, units: Units, dice: Dice) -> None:
    """Say which of its events each unit has."""
    happens, count = units.happens, len(units.type)
    is_search, product = units.search >= 0, units.type == PRODUCT
    header = np.flatnonzero((units.type == HEADER) & is_search)
    happens[header, 0] = dice.chance(KEYSTROKE_RATIO, len(header))
    happens[header, 1] = True
    has_result = dice.chance(RESULT_RATIO, len(header))
    happens[header, 2] = has_result
    is_long = world.vocabulary.result_count[units.query[header]] > SECOND_PAGE_FROM
    happens[header, 3] = dice.chance(SECOND_PAGE_RATIO, len(header)) & has_result & is_long
    happens[:, 0] |= product & (is_search | dice.chance(BROWSING_CLICK_RATIO, count))
    happens[:, 1] |= product & (~is_search | dice.chance(VIEW_RATIO, count))
    product_index = np.flatnonzero(product)
    is_liked = dice.chance(FAVORITE_RATIO, len(product_index)) & happens[product_index, 1]
    happens[product_index, 2] = is_liked
    happens[product_index, 3] = is_liked & dice.chance(TAKEN_BACK_RATIO, len(product_index))
    happens[:, 0] |= units.type == ORDER_UNIT


def _take_off_favorites(units: Units, visits: Visits, last_favorite: Ints, dice: Dice) -> None:
    """In a customer's first visit, when it begins on a shelf and logged in: look at an old favourite, take it off."""
    known = np.flatnonzero((visits.customer >= 0) & (visits.login == FROM_THE_START))
    _, first = np.unique(visits.customer[known], return_index=True)
    visit = known[first]
    unit = units.first_of_visit[visit] + 1
    unit = np.minimum(unit, len(units.type) - 1)
    old = last_favorite[visits.customer[visit]]
    fits = (old >= 0) & (units.type[unit] == PRODUCT) & (units.search[unit] < 0) & (units.visit[unit] == visit)
    fits &= dice.chance(LATER_REMOVAL_RATIO, len(visit))
    unit, visit, old = unit[fits], visit[fits], old[fits]
    units.sku[unit] = old
    units.happens[unit] = (False, True, False, True)
    last_favorite[visits.customer[visit]] = -1
