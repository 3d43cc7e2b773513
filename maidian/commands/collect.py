"""`maidian collect`: the HTTP collector."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from maidian.options import LANDING_IN_LAKE, lake_folder_option
from pipelines.kafka_topic import SCHEME, KafkaTopic, check_properties, parse_topic, require_library
from schemas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.routing import BaseRoute

    from pipelines.collector.landing import Landing
    from pipelines.collector.landing_files import FileLandingLimits
    from pipelines.collector.metrics import Metrics
    from pipelines.collector.settings import CollectorSettings

SPOOL_IN_LAKE = "spool"
"""Where events wait on disk while the broker is away."""


@click.command(name="collect")
@lake_folder_option
@click.option(
    "--landing",
    envvar="MAIDIAN_LANDING",
    show_default="<lake>/landing",
    show_envvar=True,
    metavar="DIR|kafka://…",
    help="Where events are kept: a directory, or a Kafka topic.",
)
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path),
    envvar="MAIDIAN_COLLECTOR_SETTINGS",
    show_default="<lake>/collector.toml",
    show_envvar=True,
    metavar="FILE",
    help="Write keys, limits, origins.",
)
@click.option("--host", help="The address to listen on, in place of the settings'.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port, in place of the settings'; 0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes on the port, in place of the settings'.")
@click.option(
    "--demo-shop",
    "has_demo_shop",
    is_flag=True,
    help="Serve a small shop at /shop/ whose clicks arrive as events, under the source demo-shop.",
)
@click.option("--print-settings", "is_printing", is_flag=True, help="Print a settings file with a fresh key, and end.")
def command(
    lake: Path,
    landing: str | None,
    settings_file: Path | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    has_demo_shop: bool,
    is_printing: bool,
) -> None:
    """Take events in over HTTP from tracking clients, and keep them in landing before answering.

    Write keys stand in the settings; --print-settings makes a file to start from. SIGTERM or Ctrl-C ends it: requests
    under way are finished. SIGHUP has settings and mappings read again. `maidian ingest --follow` beside it brings the events into their table.
    """
    from pipelines.collector.settings import CollectorSettings
    from pipelines.collector.settings_file import SETTINGS_NAME, read_collector_settings, settings_to_start_from

    if is_printing:
        click.echo(settings_to_start_from())
        return
    given = {"host": host, "port": port, "workers": workers}
    options = {name: value for name, value in given.items() if value is not None}

    def read() -> CollectorSettings:
        if has_demo_shop and settings_file is None and not (lake / SETTINGS_NAME).exists():
            settings = CollectorSettings()  # a shop to try needs no file; its source is added below
        else:
            settings = read_collector_settings(settings_file or lake / SETTINGS_NAME)
        settings = msgspec.structs.replace(settings, **options)
        if has_demo_shop:
            settings = _with_demo_shop(settings)
        if not settings.sources:
            raise UsageError(
                f"{settings_file or lake / SETTINGS_NAME} names no source; add `[sources.web]` with write_keys, as "
                "`maidian collect --print-settings` shows"
            )
        return settings

    target = landing or str(lake / LANDING_IN_LAKE)
    _serve(read, lake, target, settings_file or lake / SETTINGS_NAME, has_demo_shop=has_demo_shop)


def _with_demo_shop(settings: "CollectorSettings") -> "CollectorSettings":
    """The settings with the demo shop's own source and key."""
    from pipelines.collector.demo_shop import SOURCE, WRITE_KEY
    from pipelines.collector.settings import SourceSettings

    sources = {**settings.sources, SOURCE: SourceSettings(write_keys=(WRITE_KEY,))}
    return msgspec.structs.replace(settings, sources=sources)


def _serve(
    read: "Callable[[], CollectorSettings]", lake: Path, landing: str, settings_file: Path, *, has_demo_shop: bool
) -> None:
    settings = read()  # before libraries are asked for: its mistakes are the first to mend
    try:
        from pipelines.collector.server import listen, serve
        from pipelines.collector.worker import Blueprint
    except ModuleNotFoundError as error:
        raise UsageError(f"the collector needs {error.name}; install it with `pip install maidian[collect]`") from None
    from pipelines.collector.protocols.load_mapping import FOLDER_IN_LAKE, load_mappings

    pages: list[BaseRoute] = []
    if has_demo_shop:
        from pipelines.collector.demo_shop.routes import demo_shop_routes

        pages = demo_shop_routes(None if landing.startswith(SCHEME) else Path(landing))

    def make(settings: "CollectorSettings") -> Blueprint:
        opener = _opener(landing, settings, lake, settings_file)
        opener.check()
        return Blueprint(settings, load_mappings(lake / FOLDER_IN_LAKE), opener, pages)

    blueprint = make(settings)
    listeners = listen(settings.host, settings.port, settings.workers)
    address, port = listeners[0].getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    ready = f"collecting on http://{shown}:{port} into {landing}"
    if has_demo_shop:
        ready += f"\nthe demo shop is at http://{shown}:{port}/shop/"
    serve(blueprint, listeners, partial(click.echo, ready), lambda: make(read()))


def _opener(
    landing: str, settings: "CollectorSettings", lake: Path, settings_file: Path
) -> "_FileLandingOpener | _KafkaLandingOpener":
    if landing.startswith(SCHEME):
        spool = Path(settings.spool_folder) if settings.spool_folder else lake / SPOOL_IN_LAKE
        return _KafkaLandingOpener(parse_topic(landing, settings_file), spool.absolute(), settings)
    return _FileLandingOpener(landing, settings)


def _file_limits(settings: "CollectorSettings") -> "FileLandingLimits":
    from pipelines.collector.landing_files import FileLandingLimits

    return FileLandingLimits(
        max_segment_bytes=settings.max_segment_bytes,
        max_segment_seconds=settings.max_segment_seconds,
        max_waiting_bytes=settings.max_buffered_bytes,
        max_commit_seconds=settings.max_commit_seconds,
    )


@dataclass(frozen=True)
class _KafkaLandingOpener:
    """Opens the landing in a topic in each worker."""

    topic: KafkaTopic
    spool: Path
    settings: "CollectorSettings"

    def check(self) -> None:
        """Say now what no worker could mend. The broker may be away: the spool is there for that."""
        from pipelines.collector.landing import make_folder

        require_library()
        check_properties(self.topic)
        make_folder(self.spool, "spool", "spool_folder")

    def __call__(self, metrics: "Metrics") -> "Landing":
        """A landing of this process."""
        from pipelines.collector.kafka_limits import KafkaLandingLimits
        from pipelines.collector.landing_kafka import KafkaLanding

        limits = KafkaLandingLimits(
            delivery_seconds=self.settings.delivery_seconds,
            max_spool_bytes=self.settings.max_spool_bytes,
            max_waiting_bytes=self.settings.max_buffered_bytes,
        )
        file_limits = _file_limits(self.settings)
        return KafkaLanding(self.topic, self.spool, limits, file_limits, metrics.count_commit, metrics.note_kafka)


@dataclass(frozen=True)
class _FileLandingOpener:
    """Opens the landing in files in each worker."""

    target: str
    settings: "CollectorSettings"

    def check(self) -> None:
        """Say now what no worker could mend."""
        from pipelines.collector.landing import make_folder

        make_folder(Path(self.target), "landing", "--landing")

    def __call__(self, metrics: "Metrics") -> "Landing":
        """A landing of this process."""
        from pipelines.collector.landing_files import FileLanding

        return FileLanding(Path(self.target), _file_limits(self.settings), metrics.count_commit)
