"""The addresses of the demo shop: its page, and what landing has of its events.

The page uses the published client of the Segment protocol, unchanged (pages/vendor), as a shop of one's own would.
"""

from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from pipelines.collector.demo_shop import SOURCE
from pipelines.collector.segment import GROWING_SUFFIX
from pipelines.landing import SEGMENT_SUFFIXES

_PAGES = Path(__file__).with_name("pages")
_TAIL_BYTES = 256 * 1024
_SHOWN_LINES = 30
_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
}


def demo_shop_routes(landing: Path | None) -> list[BaseRoute]:
    """The routes. Without a landing of files the page shows the collector's answers alone."""

    def kept(_request: Request) -> Response:
        lines = [] if landing is None else last_lines(landing / SOURCE, _SHOWN_LINES)
        body = msgspec.json.encode({"is_shown": landing is not None, "lines": [msgspec.Raw(line) for line in lines]})
        return Response(body, media_type="application/json", headers=_HEADERS)

    return [
        Route("/", lambda _request: RedirectResponse("/shop/")),
        Route("/shop", lambda _request: RedirectResponse("/shop/")),
        Route("/shop/kept", kept),
        Mount("/shop", _Pages(directory=_PAGES, html=True)),
    ]


class _Pages(StaticFiles):
    """The files, with headers that let the page talk to nobody but its collector."""

    def file_response(self, *args: object, **keywords: object) -> Response:
        response: Response = super().file_response(*args, **keywords)  # type: ignore[arg-type]
        response.headers.update(_HEADERS)
        return response


def last_lines(folder: Path, count: int) -> list[bytes]:
    """The newest lines below a source's folder, the last one first, from segments finished and growing."""
    suffixes = (*SEGMENT_SUFFIXES, GROWING_SUFFIX)
    paths = [path for path in folder.glob("*") if path.name.endswith(suffixes)] if folder.is_dir() else []
    lines: list[bytes] = []
    for path in sorted(paths, key=_age)[:10]:
        for line in reversed(_tail(path)):
            try:
                msgspec.json.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError):  # torn, or refused: nothing to show
                continue
            lines.append(line)
    newest = sorted(lines, key=_received_at, reverse=True)
    return newest[:count]


class _Received(msgspec.Struct):
    received_at: str = ""


def _received_at(line: bytes) -> str:
    try:
        return msgspec.json.decode(line, type=_Received).received_at
    except msgspec.MsgspecError:
        return ""


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except FileNotFoundError:  # it got its final name this moment
        return 0.0


def _tail(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read()
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.split(b"\n") if line.strip()]
