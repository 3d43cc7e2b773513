"""What the collector answers besides taking events in: health, metrics, and the documents that browser clients ask for."""

from collections.abc import Sequence

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pipelines.collector.heading import key_of_query, read_heading
from pipelines.collector.keys import WriteKeys
from pipelines.collector.metrics import Metrics
from pipelines.collector.protocols.segment import settings_document, source_config


def make_pages(keys: WriteKeys, metrics: Metrics, more: Sequence[BaseRoute] = ()) -> Starlette:
    """The pages, with more routes behind them, such as the demo shop's."""

    async def settings(request: Request) -> Response:
        key: str = request.path_params["key"]
        if keys.holder(key.encode()) is None:
            return _wrong_key()
        return Response(settings_document(key, _base_url(request)), media_type="application/json")

    async def config(request: Request) -> Response:
        key = read_heading(request.headers.raw).key or key_of_query(request.url.query.encode())
        if key is None or keys.holder(key) is None:
            return _wrong_key()
        return Response(source_config(key.decode()), media_type="application/json")

    async def numbers(_request: Request) -> Response:
        return Response(metrics.exposition(), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})

    return Starlette(
        routes=[
            Route("/health", _health),
            Route("/metrics", numbers),
            Route("/v1/projects/{key}/settings", settings),
            Route("/sourceConfig", config),
            Route("/sourceConfig/", config),
            *more,
        ],
        exception_handlers={404: _not_found, 405: _not_found},
    )


async def _health(_request: Request) -> Response:
    """Whether this worker answers. Whether the disk takes anything, each request finds out afresh."""
    return JSONResponse({"status": "ok"})


async def _not_found(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "nothing is collected at this address"}, status_code=404)


def _wrong_key() -> Response:
    return JSONResponse({"error": "unknown or missing write key"}, status_code=401)


def _base_url(request: Request) -> str:
    """Where the client reached us, as it would write it. A proxy says whether that was TLS."""
    scheme = "https" if request.headers.get("x-forwarded-proto", request.url.scheme) == "https" else "http"
    return f"{scheme}://{request.url.netloc}"
