"""One process of the collector: its own event loop, application and segments, on a listening socket of its own."""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

import uvicorn
from starlette.routing import BaseRoute

from pipelines.collector.answers import Origins
from pipelines.collector.app import Collector
from pipelines.collector.http_guard import sweep
from pipelines.collector.intake import Intake
from pipelines.collector.keys import WriteKeys
from pipelines.collector.landing import Landing
from pipelines.collector.metrics import Metrics
from pipelines.collector.pages import make_pages
from pipelines.collector.protocols.load_mapping import Mappings
from pipelines.collector.rate_limit import RateLimits
from pipelines.collector.settings import CollectorSettings
from pipelines.collector.whole_requests import collecting

SWITCH_SECONDS = 0.0005
SWEEP_TICKS = 10  # of uvicorn's ticks, ten a second
STOP_SECONDS = 10  # for requests under way when the collector is told to stop; then they are broken off, not kept


@dataclass(frozen=True)
class Blueprint:
    """All that a worker is made from. Made before the workers are forked, so nothing in it runs yet."""

    settings: CollectorSettings
    mappings: Mappings
    open_landing: Callable[[Metrics], Landing]
    """Called in the worker: a landing has threads and connections of its own."""
    more_routes: Sequence[BaseRoute] = field(default=())
    """Pages beside the collector's own, such as the demo shop's."""


class _Server(uvicorn.Server):
    """uvicorn's server with a landing that opens before it and closes after it."""

    def __init__(self, config: uvicorn.Config, landing: Landing, settings: CollectorSettings, metrics: Metrics) -> None:
        super().__init__(config)
        self._metrics = metrics
        self._landing = landing
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._landing.start()
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        if counter % SWEEP_TICKS == 0:
            sweep(
                self.server_state.connections,
                self._settings.head_timeout_seconds,
                self._settings.body_timeout_seconds,
                self._settings.keep_alive_seconds,
            )
            self._metrics.set_connections(len(self.server_state.connections))
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._landing.close()

    async def serve_until_cut(self, listener: socket.socket, life_line: int) -> None:
        """Serve; end as for SIGTERM when the other end of `life_line` closes."""
        loop = asyncio.get_running_loop()

        def stop() -> None:
            loop.remove_reader(life_line)
            self.should_exit = True

        loop.add_reader(life_line, stop)
        await self.serve(sockets=[listener])


@dataclass(frozen=True)
class Shared:
    """What the workers of one collector have in common: memory, made before they are forked."""

    rate_limits: RateLimits
    metrics: Metrics

    def take_part(self, worker: int) -> None:
        """Be this worker from now on."""
        self.rate_limits.take_part(worker)
        self.metrics.take_part(worker)


def share(settings: CollectorSettings) -> Shared:
    """Make what the workers share."""
    key_count = sum(len(each.write_keys) for each in settings.sources.values())
    return Shared(RateLimits(settings.workers, key_count), Metrics(settings.workers, list(settings.sources)))


def make_server(blueprint: Blueprint, landing: Landing, shared: Shared) -> "_Server":
    """The server of one worker, with its application and its way past it for requests that arrive as a whole."""
    settings = blueprint.settings
    pages = make_pages(WriteKeys(settings.sources), shared.metrics, blueprint.more_routes)
    intake = Intake(settings, landing, blueprint.mappings, shared.rate_limits, shared.metrics)
    origins = Origins(settings.allowed_origins)
    config = uvicorn.Config(
        Collector(settings, intake, origins, pages),
        http=collecting(intake, origins, settings.max_connections, settings.max_body_bytes),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    return _Server(config, landing, settings, shared.metrics)


def run_worker(blueprint: Blueprint, listener: socket.socket, shared: Shared, life_line: int) -> None:
    """Serve until SIGTERM, or until the other end of `life_line` closes because the supervisor died."""
    # Whoever sends nonsense would fill the log with "Invalid HTTP request"; the metrics count it.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    # What is there now stays; requests leave little behind that only the collector of cycles can free.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # The landing's thread does little Python between system calls, and every request waits for it: by default it would
    # have to wait five milliseconds for the event loop each time.
    sys.setswitchinterval(SWITCH_SECONDS)
    landing = blueprint.open_landing(shared.metrics)
    server = make_server(blueprint, landing, shared)

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # uvicorn takes these over while it serves and, at its end, raises the signal that stopped it once more for whoever
    # had it before: for us that is no way to die.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the supervisor's; a service manager may send it to all of us
    signal.pthread_sigmask(signal.SIG_SETMASK, ())

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(server.serve_until_cut(listener, life_line))
