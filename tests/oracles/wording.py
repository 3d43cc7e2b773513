"""Oracle of the normalised query: the standard library, and the few traditional characters that the tests use."""

import re
import unicodedata

SIMPLIFIED = {"膠": "胶", "頭": "头", "孢": "孢", "靈": "灵", "顆": "颗", "藥": "药", "點": "点"}


def normalized(text: str | None) -> str | None:
    """The comparable form of a text."""
    if text is None:
        return None
    lower = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"\s+", " ", "".join(SIMPLIFIED.get(one, one) for one in lower)).strip(" ")
