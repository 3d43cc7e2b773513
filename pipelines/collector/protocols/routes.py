"""Which path speaks which protocol: everything the collector has to know to serve every client."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from pipelines.collector.protocols import native, segment, sensors
from pipelines.collector.protocols.rulebook import Rulebooks
from pipelines.collector.protocols.translation import Request, Translation

Translate = Callable[[Request, Rulebooks], Translation]
ProtocolName = Literal["native", "segment", "sensors"]


class Route(NamedTuple):
    """One path. Its protocol tells how a client takes a refusal (CORS, 429, Retry-After)."""

    path: str
    methods: tuple[str, ...]
    protocol: ProtocolName
    translate: Translate


_CALLS = ("track", "identify", "page", "screen", "group", "alias")
_SHORT_CALLS = ("t", "i", "p", "s", "g", "a")

ROUTES: tuple[Route, ...] = (
    Route("/v1/events", ("POST",), "native", native.translate_events),
    *(Route(f"/v1/{call}", ("POST",), "segment", segment.translate_call) for call in (*_CALLS, *_SHORT_CALLS)),
    *(Route(f"/{call}", ("POST",), "segment", segment.translate_call) for call in _SHORT_CALLS),
    *(
        Route(path, ("POST",), "segment", segment.translate_batch)
        for path in ("/v1/batch", "/v1/import", "/v1/b", "/b", "/beacon/v1/batch")
    ),
    *(Route(path, ("POST",), "segment", segment.ignore_metrics) for path in ("/v1/m", "/m")),
    *(Route(path, ("GET", "POST"), "sensors", sensors.translate_events) for path in ("/sa", "/sa.gif", "/debug")),
)
"""What takes events in. Beside these: GET `/v1/projects/{key}/settings` answers `segment.settings_document`, GET
`/sourceConfig/` (key in Basic or `?writeKey=`) `segment.source_config`; `/m` and the two documents store nothing."""
