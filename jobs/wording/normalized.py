"""One form for what is typed in many: 「ＡＭＯＸ　膠囊 」 and "amox 胶囊" are one query."""

from functools import cache

import polars as pl

# The blocks that hold Chinese characters, and those reserved for more: extension A and the main block, compatibility
# forms, and the planes of the rarer extensions.
IDEOGRAPHS = ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))


def normalized(text: pl.Expr) -> pl.Expr:
    """The text in NFKC, lower case, traditional characters made simplified, runs of space one space, trimmed.

    NFKC makes full-width letters, digits and spaces the usual ones. Null stays null; nothing but space is an empty text.
    """
    return (
        text.str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_many(simplified())
        .str.replace_all(r"\s+", " ")
        .str.strip_chars(" ")
    )


@cache
def simplified() -> dict[str, str]:
    """Each traditional character and its simplified one, by OpenCC.

    Character by character, without OpenCC's phrases: a prefix of a query is then a prefix of its simplified form, on
    which the folding of keystrokes rests.
    """
    from opencc import OpenCC

    characters = "\n".join(chr(code) for first, last in IDEOGRAPHS for code in range(first, last + 1))
    converter = OpenCC("t2s")
    pairs = zip(characters.split("\n"), converter.convert(characters).split("\n"), strict=True)
    table = {one: other for one, other in pairs if one != other}
    # A few lead to another traditional one; the end of the way is meant, so that what is simplified stays as it is.
    return {one: table.get(other, other) for one, other in table.items()}
