"""Which product names a search term may have meant: by its letters, its sound, or the initials of its sound.

A term and a name are compared without anything but letters and digits, in three ways:
- name:     the characters themselves (阿斯匹林 and 阿司匹林肠溶片);
- pinyin:   the sound of all of them, without tones (阿末西林, amoxilin and 阿莫西林胶囊);
- initials: the first letter of each sound, for terms in Latin letters and digits alone (amxl and 阿莫西林胶囊).
Each way compares the term with the stretches of the name: from any character of the name on, as long as the term, or to
the name's end. similarity = 1 - edits / length of the term, where edits is the least number of single letters to put in,
take out or replace (Levenshtein) over all stretches. Below 0.7 a name is not near; a term of less than 2 characters, or of
less than 3 letters of sound or initials, is near nothing in that way, for it would be near everything.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import cast

import numpy as np
import polars as pl

# In the order in which equal similarities are preferred, with the least length of a term in each.
WAYS = {"name": 2, "pinyin": 3, "initials": 3}
LEAST_CHARACTERS = 2
# One wrong letter of four is a slip, one of three another word. In tenths, so that the comparison is exact.
MOST_EDITS_TENTHS = 3
# Nobody's product name is longer; what is pasted into a search box may be.
MAX_TERM_LENGTH = 64
HELD_NAMES = 100_000  # a shop's products; 300 bytes each

SUGGESTION = pl.Struct({"sku_id": pl.String, "name": pl.String, "matched_by": pl.String, "similarity": pl.Float64})
NEAREST_SCHEMA = pl.Schema({"query": pl.String(), "suggestions": pl.List(SUGGESTION)})

Forms = Mapping[str, Sequence[str]]
"""By way of comparing, what each character of a text is: itself, its sound, its initial."""


def nearest(terms: pl.LazyFrame, skus: pl.LazyFrame, limit: int) -> pl.LazyFrame:
    """For each `query` of the terms that has any, its nearest products, nearest first, at most `limit`.

    `skus` has sku_id, name and the normalised `text` of the name, each text once. Equally near ones come in the order of
    WAYS, then of sku_id.
    """
    both = pl.concat([terms.select("query"), skus.select("sku_id", "name", "text")], how="diagonal")
    return both.map_batches(lambda frame: _nearest(frame, limit), schema=NEAREST_SCHEMA)


@lru_cache(maxsize=HELD_NAMES)
def forms(text: str) -> Forms:
    """The text in each way of comparing."""
    from pypinyin import lazy_pinyin

    characters = "".join(one for one in text if one.isalnum())
    # Phrase by phrase, for some characters sound differently in another word; what is not Chinese stays as it is.
    one_by_one = cast("Callable[[str], str]", list)  # its annotation says less than it does
    sounds = lazy_pinyin(characters, errors=one_by_one)
    return {"name": characters, "pinyin": sounds, "initials": [sound[0] for sound in sounds]}


def _nearest(frame: pl.DataFrame, limit: int) -> pl.DataFrame:
    terms = frame.filter(pl.col("query").is_not_null())["query"].to_list()
    products = frame.filter(pl.col("text").is_not_null()).sort("sku_id").to_dicts()
    found: dict[str, dict[int, tuple[float, int]]] = {term: {} for term in terms}
    for rank, way in enumerate(WAYS):
        for term, product, similarity in _near(way, terms, [product["text"] for product in products]):
            best = found[term]
            best[product] = min(best.get(product, (0.0, 0)), (-similarity, rank))
    ways = list(WAYS)
    rows = [
        {
            "query": term,
            "suggestions": [
                {
                    "sku_id": products[product]["sku_id"],
                    "name": products[product]["name"],
                    "matched_by": ways[rank],
                    "similarity": -negative,
                }
                for negative, rank, product in sorted((*how, product) for product, how in best.items())[:limit]
            ],
        }
        for term, best in found.items()
        if best
    ]
    return pl.DataFrame(rows, schema=NEAREST_SCHEMA)


def _near(way: str, terms: Iterable[str], names: Sequence[str]) -> Iterable[tuple[str, int, float]]:
    """Each term with the places of the names near it, and how near."""
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist

    by_length: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for term in terms:
        characters, form = "".join(forms(term)["name"]), "".join(forms(term)[way])
        is_long_enough = len(characters) >= LEAST_CHARACTERS and WAYS[way] <= len(form) <= MAX_TERM_LENGTH
        if is_long_enough and (way != "initials" or characters.isascii()):
            by_length[len(form)][form].append(term)
    tails = _tails(way, names)
    spelled = sorted(tails)
    table = np.array(spelled, dtype=f"U{MAX_TERM_LENGTH}")
    for length, by_form in by_length.items():
        # Cut to the length, sorted tails that begin alike still stand together: each run of them is one stretch.
        cut = table.astype(f"U{length}")
        starts = np.flatnonzero(np.concatenate(([True], cut[1:] != cut[:-1]))) if spelled else np.array([], dtype=int)
        ends = np.append(starts[1:], len(spelled))
        wanted, most = list(by_form), length * MOST_EDITS_TENTHS // 10
        edits = cdist(wanted, cut[starts].tolist(), scorer=Levenshtein.distance, score_cutoff=most, dtype=np.uint8)
        for row, column in zip(*np.nonzero(edits <= most), strict=True):
            similarity = (length - int(edits[row, column])) / length
            for tail in spelled[starts[column] : ends[column]]:
                for product in tails[tail]:
                    for term in by_form[wanted[row]]:
                        yield term, product, similarity


def _tails(way: str, names: Sequence[str]) -> dict[str, list[int]]:
    """How each name reads from each of its characters on, as far as a term may reach, with the places of the names."""
    tails: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        tail = ""
        for part in reversed(forms(name)[way]):
            tail = (part + tail)[:MAX_TERM_LENGTH]
            tails[tail].append(place)
    return tails
