"""What the collector reads of a request's headers, in one pass over them, and where clients put their keys."""

import base64
import binascii
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qs

from pipelines.collector.protocols.translation import HEADERS_READ

QUERY_KEYS = ("write_key", "writeKey", "token", "project")
"""Names of the key in an address, in the order they count; the last two are those of Sensors Analytics' server address."""

MOST_QUERY_FIELDS = 100  # no client sends more; without a limit a long address costs much to take apart

_FOR_PROTOCOL = {name.encode(): name for name in HEADERS_READ}
_READ = {
    *_FOR_PROTOCOL,
    b"authorization",
    b"content-length",
    b"origin",
    b"x-write-key",
    b"access-control-request-headers",
}


class Heading(NamedTuple):
    """What counts of the headers."""

    key: bytes | None
    origin: bytes | None
    content_length: bytes | None
    wanted_headers: bytes
    for_protocol: dict[str, str]


def read_heading(headers: Iterable[tuple[bytes, bytes]]) -> Heading:
    """Read headers with lower-case names; of several of one name the last counts."""
    key = origin = content_length = None
    wanted_headers = b""
    for_protocol = {}
    for name, value in headers:
        if name not in _READ:
            continue
        if name in _FOR_PROTOCOL:
            for_protocol[_FOR_PROTOCOL[name]] = value.decode("latin-1")
        if name == b"authorization":
            key = _key_of_authorization(value) or key
        elif name == b"content-length":
            content_length = value
        elif name == b"origin":
            origin = value
        elif name == b"x-write-key":
            key = value or key
        elif name == b"access-control-request-headers":
            wanted_headers = value
    return Heading(key, origin, content_length, wanted_headers, for_protocol)


def key_of_query(query: bytes) -> bytes | None:
    """The key in an address."""
    if not query:
        return None
    try:
        values = parse_qs(query.decode("latin-1"), max_num_fields=MOST_QUERY_FIELDS)
    except ValueError:
        return None
    return next((values[name][0].encode("utf-8", "replace") for name in QUERY_KEYS if name in values), None)


def _key_of_authorization(value: bytes) -> bytes | None:
    """Basic with the key as user, as Segment's clients do, or Bearer."""
    scheme, _, rest = value.partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip() or None
    if scheme.lower() != b"basic":
        return None
    try:
        return base64.b64decode(rest.strip()).partition(b":")[0] or None
    except binascii.Error:
        return None
