"""The collector's settings: declared once, and read, checked and documented from here.

They stand in `<lake>/collector.toml` or a file named with `--settings` (settings_file.py); docs/collect.md lists every
one, and a test compares. The unit stands in the name.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

MEBIBYTE = 1024 * 1024


def _about(description: str, **bounds: Any) -> Meta:
    return Meta(description=description, **bounds)


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[sources.NAME]`: who may send under this name, and how much."""

    write_keys: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._~-]+$")], ...],
        _about("Keys that clients of this source send; several, so that one can replace another", min_length=1),
    ]
    max_requests_per_second: Annotated[
        int, _about("Requests a second for each key, over all workers; 0 is no limit", ge=0, le=1_000_000)
    ] = 0


class CollectorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, in the order of the page."""

    sources: Annotated[
        dict[Annotated[str, Meta(pattern=r"^[a-z0-9_-]+$")], SourceSettings],
        _about("Who may send: a table for each source, whose name is its folder in the landing"),
    ] = {}
    host: Annotated[str, _about("The address to listen on; a proxy in front of it does TLS", min_length=1)] = (
        "127.0.0.1"
    )
    port: Annotated[int, _about("The port to listen on; 0 takes a free one", ge=0, le=65_535)] = 8000
    workers: Annotated[
        int, _about("Processes on the one port, each with segments of its own; one a core", ge=1, le=256)
    ] = 2
    allowed_origins: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^(\*|null|[a-z][a-z0-9+.-]*://[^/\s]+)$")], ...],
        _about('Origins of the pages that may read the answers, as "https://shop.example"; "*" is any'),
    ] = ("*",)
    ip_addresses: Annotated[
        Literal["drop", "truncate", "keep"],
        _about(
            "What becomes of the addresses of people that events carry (`ip`, `$ip`, `ip_address` …), before anything "
            "is stored; truncated to the network, /24 or /48. The connection's own address is never stored"
        ),
    ] = "drop"
    max_body_bytes: Annotated[
        int, _about("A body longer than this, before or after unzipping, is refused", ge=1024, le=256 * MEBIBYTE)
    ] = 8 * MEBIBYTE
    max_buffered_bytes: Annotated[
        int,
        _about(
            "Bodies being read and requests waiting for the disk, in one worker; past it clients are told to come again",
            ge=MEBIBYTE,
            le=64 * 1024 * MEBIBYTE,
        ),
    ] = 128 * MEBIBYTE
    max_connections: Annotated[
        int, _about("Open connections of one worker; past it new ones get 503", ge=1, le=100_000)
    ] = 2000
    head_timeout_seconds: Annotated[int, _about("For a request's line and headers to arrive", ge=1, le=600)] = 10
    body_timeout_seconds: Annotated[int, _about("For a request's body to arrive", ge=1, le=3600)] = 30
    keep_alive_seconds: Annotated[
        int, _about("How long a connection may be silent between requests; longer than the proxy's", ge=1, le=3600)
    ] = 75
    hold_seconds: Annotated[
        int,
        _about("How long a request of Sensors Analytics is held while there is no room, before 503", ge=0, le=600),
    ] = 10
    max_segment_bytes: Annotated[
        int, _about("A segment of this size is given its name, for the ingest to read", ge=1024, le=4096 * MEBIBYTE)
    ] = 64 * MEBIBYTE
    max_segment_seconds: Annotated[int, _about("So is a segment of this age", ge=1, le=3600)] = 15
    max_commit_seconds: Annotated[
        int,
        _about("A disk that needs longer for one write is away: those who wait are told to come again", ge=1, le=600),
    ] = 10
    kafka: Annotated[
        dict[str, Any],
        _about(
            "Properties of the Kafka client, by librdkafka's names, as `security.protocol`; secrets go into the "
            "environment instead: MAIDIAN_KAFKA_SASL_PASSWORD is `sasl.password`"
        ),
    ] = {}
    delivery_seconds: Annotated[
        int,
        _about("A broker that has not acknowledged an event for so long is away, and the spool is used", ge=1, le=300),
    ] = 5
    spool_folder: Annotated[
        str,
        _about("Where events wait while the broker is away; empty is `<lake>/spool`. It must outlive the collector"),
    ] = ""
    max_spool_bytes: Annotated[
        int,
        _about("What may wait there, of all workers; past it clients are told to come again", ge=MEBIBYTE, le=1 << 50),
    ] = 1024 * MEBIBYTE
