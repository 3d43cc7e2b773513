"""Write keys: which source each belongs to.

A key is compared in constant time with every key there is: how long it takes tells nothing of what they are.
"""

import hmac
from dataclasses import dataclass

import msgspec

from pipelines.collector.settings import SourceSettings


@dataclass(frozen=True)
class KeyHolder:
    """Whose key it is: the source, and the number of the key among all keys, for counting without naming it."""

    source: str
    number: int
    max_requests_per_second: int


class WriteKeys:
    """Every key of the settings."""

    def __init__(self, sources: dict[str, SourceSettings]) -> None:
        pairs = [(key, name, each) for name, each in sources.items() for key in each.write_keys]
        self._holders = [
            (key.encode(), KeyHolder(name, number, each.max_requests_per_second))
            for number, (key, name, each) in enumerate(pairs)
        ]

    def __len__(self) -> int:
        return len(self._holders)

    def holder(self, key: bytes) -> KeyHolder | None:
        """Whose key this is; None when nobody's. Looks at every key, whichever it is."""
        found = None
        for known, holder in self._holders:
            if hmac.compare_digest(known, key):
                found = holder
        return found


class _BodyWithKey(msgspec.Struct):
    writeKey: str = ""  # noqa: N815 -- the clients' name


_read_key = msgspec.json.Decoder(_BodyWithKey).decode


def key_of_body(body: bytes) -> bytes | None:
    """The `writeKey` of a JSON object; None when there is none or the body is no such object."""
    try:
        return _read_key(body).writeKey.encode() or None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
