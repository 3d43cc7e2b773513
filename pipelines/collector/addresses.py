"""The addresses of people in what clients send: dropped or cut to their network before anything is stored.

Works on the bytes of a line, good or bad, so that it holds for what becomes a reject too. It looks at values by the
names that clients give them; a version number that looks like an address stays.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Literal

# A backslash before a quote: JSON inside a string, as lists of Sensors Analytics have it.
_ADDRESS = re.compile(
    rb'(\\*"(?:[$_]?ip|(?:client|user|remote|source|real|x-real)[_-]?ip|(?:ip|remote|client)[_-]?addr(?:ess)?'
    rb'|x-forwarded-for)\\*"\s*:\s*)(\\*)"([^"\\]*)\\*"',
    re.IGNORECASE,
)
# Every name above ends like one of these. Most lines hold none, and to look for a pattern that begins with letters is
# thirty times as fast as to look for the names.
_ENDINGS = [
    re.compile(ending)
    for ending in (rb'ip\\*"', rb'Ip\\*"', rb'IP\\*"', rb'ddr(?:ess)?\\*"', rb'DDR(?:ESS)?\\*"', rb'-for\\*"')
]

_IPV4_PREFIX = 24
_IPV6_PREFIX = 48  # what a provider gives a household


def address_filter(mode: Literal["drop", "truncate", "keep"]) -> Callable[[list[bytes]], list[bytes]] | None:
    """What to do with the lines of a request; None when addresses are kept."""
    if mode == "keep":
        return None
    replace = _drop if mode == "drop" else _truncate

    def filtered(lines: list[bytes]) -> list[bytes]:
        text = b"\n".join(lines)
        if not any(ending.search(text) for ending in _ENDINGS):
            return lines
        return [_ADDRESS.sub(replace, line) for line in lines]

    return filtered


def _drop(match: re.Match[bytes]) -> bytes:
    return match[1] + b"null"


def _truncate(match: re.Match[bytes]) -> bytes:
    """Cut each address of the value; what is no address is dropped."""
    networks = [_network(each.strip()) for each in match[3].decode("latin-1").split(",")]
    if None in networks:
        return _drop(match)
    quote = match[2] + b'"'
    return match[1] + quote + ", ".join(map(str, networks)).encode() + quote


def _network(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    prefix = _IPV4_PREFIX if isinstance(address, ipaddress.IPv4Address) else _IPV6_PREFIX
    return str(ipaddress.ip_network((address, prefix), strict=False).network_address)
